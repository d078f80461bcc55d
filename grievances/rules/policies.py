"""Which policy row applies to a clock of a grievance. Pure: rows are passed in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from grievances.choices import ClockKind
from grievances.rules.clocks import Limit


def applying(
    policies: Iterable, *, clock: str, category_ids: Sequence[int], level: str, urgency: str, line: Sequence[int]
):
    """Return the policy that says most about a case, or None.

    `category_ids` are the category and its parent, `line` the deciding committee and those above it, nearest first. The
    nearest jurisdiction wins, then the exact category, then its parent, then level, urgency, and the later date. The
    promise to the complainant is the limit of the answer.
    """
    wanted = ClockKind.ANSWER if clock == ClockKind.PROMISE else clock
    ranked = [
        (_nearness(policy, category_ids, line), policy)
        for policy in policies
        if policy.clock == wanted
        and policy.level in ("", level)
        and policy.urgency in ("", urgency)
        and (policy.category_id is None or policy.category_id in category_ids)
        and (policy.organization_id is None or policy.organization_id in line)
    ]
    return max(ranked, key=lambda one: one[0])[1] if ranked else None


def _nearness(policy, category_ids: Sequence[int], line: Sequence[int]) -> tuple:
    place = -len(line) if policy.organization_id is None else -list(line).index(policy.organization_id)
    subject = -len(category_ids) if policy.category_id is None else -list(category_ids).index(policy.category_id)
    return place, subject, bool(policy.level), bool(policy.urgency), policy.from_date, policy.pk


def limit_of(row) -> Limit:
    """Return the limit of a policy or of a clock that copied one."""
    return Limit(row.amount, row.unit, row.closes_at)
