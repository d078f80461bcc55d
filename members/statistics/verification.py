"""Figures of verification: how many leads become members, by committee. Unit everywhere: 件 (one case, one person)."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Q

from branches.scope import Reach, reach_of
from members.choices import FunnelStage, VerificationStatus
from members.models import Verification
from members.querysets import VerificationQuerySet, stage_condition


@dataclass(frozen=True)
class FunnelRow:
    """One committee, and how far its candidates have come; each number counts those of the next with it."""

    committee_id: int
    name: str
    path: str  # of this moment, to sort by the tree
    found: int
    checked: int
    confirmed: int
    placed: int
    refuted: int


def funnel(who) -> list[FunnelRow]:
    """Return the funnel of each committee within a user's (or reach's) scope that has a case, in tree order.

    One query beside those of the reach. Each number has the rows behind it:
    `Verification.objects.visible_to(reach).at_stage(stage).filter(organization=committee)`.
    """
    reach: Reach = reach_of(who)
    return funnel_of(Verification.objects.visible_to(reach))


def funnel_of(cases: VerificationQuerySet) -> list[FunnelRow]:
    """Return the funnel of already scoped cases. One query."""
    stages = {f"n_{stage.value}": Count("pk", filter=stage_condition(stage)) for stage in FunnelStage}
    refuted = Count("pk", filter=Q(status=VerificationStatus.REFUTED))
    by_committee = cases.order_by().values("organization_id", "organization__short_name", "organization__path")
    rows = by_committee.annotate(**stages, n_refuted=refuted)
    found = [
        FunnelRow(
            row["organization_id"],
            row["organization__short_name"],
            row["organization__path"],
            row["n_found"],
            row["n_checked"],
            row["n_confirmed"],
            row["n_placed"],
            row["n_refuted"],
        )
        for row in rows
    ]
    return sorted(found, key=lambda row: row.path)


def open_counts(cases: VerificationQuerySet) -> dict[str, int]:
    """Return {status: n} for every status, zero included. One query."""
    found = dict(cases.order_by().values_list("status").annotate(number=Count("pk")))
    return {status: found.get(status, 0) for status in VerificationStatus.values}
