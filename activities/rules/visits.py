"""Who may do what with visits and their problems, how many visits are asked for, when people are reminded. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any

from activities.choices import FOLLOW_UP_NEXT, FollowUpStatus
from activities.rules.calendar import is_in_force
from branches.capabilities import Capability
from branches.choices import BRANCHES, Kind
from branches.scope import reach_of

# Five branches and no more are looked after well: domain part 5 ("my 3-5 branches"), local custom, no limit.
BRANCHES_USUAL = (3, 5)
# 《中国共产党支部工作条例（试行）》第四条: a branch has three full members at least (secondary).
FULL_MEMBERS_LEAST = 3
DAYS_AHEAD = 3  # how long before a problem is due its owner is reminded (local custom)
LONGEST_BACK = timedelta(days=93)  # a visit is written down within about a quarter
LONGEST_AHEAD = timedelta(days=366)


def may_visit(who, organization) -> bool:
    """Return whether a user (or reach) is an instructor of an organisation. Source: `activity,record_visit`."""
    return reach_of(who).covers(Capability.ACTIVITY_RECORD_VISIT, organization)


def may_answer(who, follow_up) -> bool:
    """Return whether a user (or reach) answers a problem: who records for the organisation that has to see to it.

    Source: `activity,record`. Reads follow_up.owner_organization.
    """
    return reach_of(who).covers(Capability.ACTIVITY_RECORD, follow_up.owner_organization)


def may_close(who, follow_up) -> bool:
    """Return whether a user (or reach) confirms, gives back or drops a problem: an instructor of the branch.

    Not only the one who wrote it down: a successor finishes what was begun. Reads follow_up.visit.organization.
    """
    return may_visit(who, follow_up.visit.organization)


def may_withdraw(who, visit) -> bool:
    """Return whether a user (or reach) may withdraw a visit: its own instructor, while he is one there."""
    reach = reach_of(who)
    return visit.withdrawn_at is None and visit.instructor_id == reach.user_id and may_visit(reach, visit.organization)


def is_visited(kind: str) -> bool:
    """Return whether organisations of this kind have an instructor: branches and 党总支."""
    return kind in BRANCHES or kind == Kind.GENERAL_BRANCH


def outcomes(status: str) -> tuple[str, ...]:
    """Return how an instructor may move on a problem in a status, the usual first."""
    order = (FollowUpStatus.DONE, FollowUpStatus.OPEN, FollowUpStatus.DROPPED)
    return tuple(one for one in order if one in FOLLOW_UP_NEXT[FollowUpStatus(status)])


def is_overdue(follow_up, on: date) -> bool:
    """Return whether a problem should have been answered before a day and is not. What waits to be confirmed is not."""
    return follow_up.status == FollowUpStatus.OPEN and follow_up.due_date < on


def target_for(targets: Iterable[Any], line: Sequence[int], on: date) -> Any | None:
    """Return the row that says how many visits an organisation is to get, on a day; None: nobody says.

    `line` is the organisation and those above it, nearest first. The nearest one's row stands before those above it,
    the row for all comes last; of one place the newest.
    """
    place = {pk: number for number, pk in enumerate(line)}
    fitting = [
        row for row in targets if (row.organization_id is None or row.organization_id in place) and is_in_force(row, on)
    ]
    return min(
        fitting,
        key=lambda row: (place.get(row.organization_id, len(place)), -row.from_date.toordinal(), -(row.pk or 0)),
        default=None,
    )


def stage_of(due_date: date, today: date, days_ahead: int) -> str | None:
    """Return the stage of a reminder of something with a due day: "ahead", "late", or None when it is too early."""
    if due_date < today:
        return "late"
    return "ahead" if due_date <= today + timedelta(days=days_ahead) else None
