"""What is done with rows of others when two people turn out to be one, and when a membership ends.

The registry knows nobody above it: whoever has a foreign key to Person, Driver or PartyMember registers here, in
`ready()`. A house test finds a foreign key to PartyMember whose model is not registered.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

_on_merge: dict[str, Callable[[int, int], list]] = {}


def register(model: str, *, on_merge: Callable[[int, int], list]) -> None:
    """Say how the rows of `model` ("app.Model") follow a person.

    `on_merge(winner_id, loser_id)` moves them inside the transaction of the merge and returns the keys that moved.
    """
    _on_merge[model] = on_merge


def person_merged(*, winner_id: int, loser_id: int) -> dict[str, list]:
    """Move every registered row from the loser to the winner and return the keys that moved, by model."""
    return {model: move(winner_id, loser_id) for model, move in _on_merge.items()}


# --- a membership ends, or goes to another unit -----------------------------------------------------------------------
@dataclass(frozen=True)
class MembershipEnding:
    """One kind of row that ends with a membership. `find` returns the running rows, `end` ends them."""

    model: str  # "members.Affiliation"
    label: str  # 活动关系
    unit: str  # 条
    find: Callable  # (member, at, leaving) -> queryset
    end: Callable  # (member, *, at, actor, reason, leaving) -> None


_on_membership_end: dict[str, MembershipEnding] = {}


def register_membership(
    model: str, *, label: str, unit: str, find: Callable[..., QuerySet], end: Callable[..., None]
) -> None:
    """Say what becomes of the rows of `model` ("app.Model") when a membership ends or leaves a unit.

    `leaving` is the Organization that the formal relation leaves while the membership goes on elsewhere (a transfer
    within the system), None when the membership itself is over. `find(member, at, leaving)` returns the rows that run
    and would end; `end(member, at=, actor=, reason=, leaving=)` ends them inside the transaction of the change.
    """
    _on_membership_end[model] = MembershipEnding(model, label, unit, find, end)


def membership_registered() -> tuple[MembershipEnding, ...]:
    """Return every kind of row that ends with a membership. No query."""
    return tuple(_on_membership_end.values())


def membership_rows(member, at: datetime, leaving=None) -> list[tuple[MembershipEnding, int]]:
    """Return (ending, number of rows) for what would end now; for the page that asks first. One query per kind."""
    counted = ((one, one.find(member, at, leaving).count()) for one in membership_registered())
    return [(one, number) for one, number in counted if number]


def membership_ended(member, *, at: datetime, actor, reason: str, leaving=None) -> dict[str, int]:
    """End every registered row inside the transaction of the change; return how many by model."""
    ended = {one.model: number for one, number in membership_rows(member, at, leaving)}
    for one in membership_registered():
        if one.model in ended:
            one.end(member, at=at, actor=actor, reason=reason, leaving=leaving)
    return ended
