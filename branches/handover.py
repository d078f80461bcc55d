"""What a post hands over when it ends: each kind of open work, registered by the app that has it.

Nothing is handed over by these functions: work is addressed to offices and units, so at the instant a post ends it is
the successor's, the deputy's or that of the level above. They only say what there is, so that people can see it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.apps import apps

from branches.choices import BUSINESS_ROLES, COMMITTEES, DUTY_ROLES, Duty, Role

# A service account belongs to a platform, not to a person; the three administrators have no business work.
HANDED_OVER: frozenset[str] = BUSINESS_ROLES - {Role.PARTNER}


@dataclass(frozen=True)
class Work:
    """One kind of open work. `count` and `address` take the appointment; `count` the instant, too."""

    key: str  # "grievances.turn"
    label: str  # 轮到本单位办的诉求
    unit: str  # 件
    roles: frozenset[str]
    count: Callable[[Any, datetime], int]
    address: Callable[[Any], str]  # the list behind the number, for whoever holds the post
    duty: str = ""  # addressed to the office of this duty; "": to whoever holds the post


_work: dict[str, Work] = {}


def register(
    key: str,
    *,
    label: str,
    unit: str,
    roles: Iterable[str],
    count: Callable[[Any, datetime], int],
    address: Callable[[Any], str],
    duty: str = "",
) -> None:
    """Say what posts of some roles hand over. `count(appointment, at)` is the number of rows that are open then.

    `address(appointment)` leads to these rows, for whoever holds the post; who stands in elsewhere, too, sees more.
    """
    _work[key] = Work(key, label, unit, frozenset(roles), count, address, duty)


def registered() -> tuple[Work, ...]:
    """Return every kind of work, in the order of registration: lower apps first. No query."""
    return tuple(_work.values())


def work_of(role: str) -> list[Work]:
    """Return the kinds of work a post of this role hands over. No query."""
    return [work for work in registered() if role in work.roles]


def duties_of(role: str) -> list[Duty]:
    """Return the duties whose work falls to a role where nobody is named (`DUTY_ROLES`)."""
    return [duty for duty, roles in DUTY_ROLES.items() if role in roles]


def units_of(organization) -> list[int]:
    """Return the organisations a post at this one works for: a committee and all below it, else the unit itself.

    One query for a committee, none for a unit.
    """
    if organization.kind not in COMMITTEES:
        return [organization.pk]
    units = apps.get_model("branches", "Organization").objects.subtree_of(organization)
    return list(units.order_by().values_list("pk", flat=True))
