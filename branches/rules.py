"""Rules of the organisation tree: who may do what, what may stand where. Pure; time is passed in."""

from __future__ import annotations

from branches.capabilities import CAPABILITIES, Capability
from branches.choices import BUSINESS_ROLES, MAY_STAND_UNDER, ROLE_AT, SEPARATED_ROLES, Kind, Level, Role
from branches.scope import reach_of

__all__ = ["CAPABILITIES", "Capability", "excluded_by", "may", "may_hold_at", "may_stand_under"]

_RUNGS = [Level.PROVINCE, Level.CITY, Level.COUNTY, Level.BASE]


def may(who, capability: Capability, at=None) -> bool:
    """Return whether a user (or reach) may do this at an organisation; without `at`, whether anywhere at all.

    Costs the one or two queries of `reach_of` for a user, none for a reach. Source: docs/permissions.csv.
    """
    reach = reach_of(who)
    return reach.has(capability) if at is None else reach.covers(capability, at)


def may_stand_under(kind: str, parent_kind: str | None) -> bool:
    """Return whether an organisation of this kind may stand under that kind (None: at the top)."""
    return (Kind(parent_kind) if parent_kind else None) in MAY_STAND_UNDER[Kind(kind)]


def level_fits(level: str, parent_level: str | None) -> bool:
    """Return whether a level may stand under that one: never above its parent, base units under base units."""
    if parent_level is None:
        return True
    return _RUNGS.index(Level(level)) >= _RUNGS.index(Level(parent_level))


def may_hold_at(role: str, kind: str) -> bool:
    """Return whether a role can be held at an organisation of this kind."""
    return Kind(kind) in ROLE_AT[Role(role)]


def excluded_by(role: str, held: frozenset[str]) -> frozenset[str]:
    """Return those of the held roles that exclude the new one.

    Auditor, security and system administrator exclude each other and every business role (docs/permissions.md).
    """
    role = Role(role)
    if role in SEPARATED_ROLES:
        return frozenset(other for other in held if other != role)
    return frozenset(other for other in held if other not in BUSINESS_ROLES)
