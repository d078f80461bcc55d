"""Who may do what with an activity, and what a roll must hold. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from activities.choices import AHEAD, NEXT, ActivityStatus, AttendanceStatus
from branches.capabilities import Capability
from branches.choices import BRANCHES, Kind
from branches.scope import reach_of


def may_record(who, organization) -> bool:
    """Return whether a user (or reach) may plan, notify, record and correct activities of an organisation.

    Source: docs/permissions.csv, `activity,record`. Queries as `branches.rules.may`.
    """
    return reach_of(who).covers(Capability.ACTIVITY_RECORD, organization)


def may_keep_rules(who) -> bool:
    """Return whether a user (or reach) may change the rules of the calendar. Source: `compliance_rule,change`."""
    return reach_of(who).has(Capability.COMPLIANCE_RULE_CHANGE)


def may_hold_alone(kind: str) -> bool:
    """Return whether an organisation of this kind keeps records of activities: branches, committees, 党总支."""
    return kind not in (Kind.DEPARTMENT, Kind.GROUP)


def has_members(kind: str) -> bool:
    """Return whether the roll of an organisation of this kind lists members; else it lists who holds its posts."""
    return kind in BRANCHES


def next_steps(activity, at: datetime) -> tuple[str, ...]:
    """Return which statuses an activity may be moved to now; 完成 only once its time has come."""
    allowed = NEXT[activity.status]
    return tuple(
        status
        for status in (ActivityStatus.DONE, ActivityStatus.NOTIFIED, ActivityStatus.CANCELLED)
        if status in allowed and not (status == ActivityStatus.DONE and activity.starts_at > at)
    )


def is_overdue(activity, at: datetime) -> bool:
    """Return whether something planned should have been held by now and nobody has said that it was."""
    return activity.status in AHEAD and activity.starts_at <= at


def sums(statuses: Iterable[str]) -> dict[str, int]:
    """Return the sums of a roll: expected = present + excused + absent + made_up. Unit: 人."""
    counted = Counter(str(status) for status in statuses)
    parts = {status.value: counted[status.value] for status in AttendanceStatus}
    return {"expected": sum(parts.values()), **parts}
