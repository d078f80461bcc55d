"""Read-only figures of the registry, one file per subject. Every function takes already scoped querysets."""

from members.statistics.development import Pipeline, pipeline
from members.statistics.membership import (
    BranchSize,
    MemberCoverage,
    absences,
    branch_sizes,
    committee_map,
    member_counts,
    member_coverage,
    placed_counts,
)
from members.statistics.registry import (
    DECLARED_MEMBER,
    coverage,
    driver_counts,
    expiring,
    import_totals,
    open_transfers,
    placement,
    recent_imports,
    unverified,
)
from members.statistics.verification import FunnelRow, funnel, funnel_of, open_counts

__all__ = [
    "DECLARED_MEMBER",
    "BranchSize",
    "FunnelRow",
    "MemberCoverage",
    "Pipeline",
    "absences",
    "branch_sizes",
    "committee_map",
    "coverage",
    "driver_counts",
    "expiring",
    "funnel",
    "funnel_of",
    "import_totals",
    "member_counts",
    "member_coverage",
    "open_counts",
    "open_transfers",
    "pipeline",
    "placed_counts",
    "placement",
    "recent_imports",
    "unverified",
]
