"""Rules of grievances. Pure; time is passed in."""

from __future__ import annotations

from branches.capabilities import Capability
from branches.rules import may


def may_lodge(who) -> bool:
    """Return whether somebody may lodge: everybody may, signed in or not (docs/permissions.csv, grievance submit)."""
    return may(who, Capability.GRIEVANCE_SUBMIT)
