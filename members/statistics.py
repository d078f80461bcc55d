"""Read-only figures of the registry. Every function takes already scoped querysets; units stand in each docstring."""

from __future__ import annotations

from datetime import date

from django.db.models import Count, Q, Sum
from django.db.models.functions import Coalesce

from members.choices import Coverage, Fate, ImportStatus, PoliticalStatus
from members.models import RosterImport
from members.querysets import DriverQuerySet, EnterpriseQuerySet, RegistrationTransferQuerySet, RosterImportQuerySet

DECLARED_MEMBER = (PoliticalStatus.MEMBER, PoliticalStatus.PROBATIONARY)


def driver_counts(drivers: DriverQuerySet, on: date) -> dict[str, int]:
    """Return registered, operating and declared-member drivers on a date. Unit: 人. One query.

    `declared_unplaced` are those who call themselves Party members and belong to no branch yet: leads to be checked,
    never members by their own word (domain d.3).
    """
    return drivers.order_by().aggregate(
        registered=Count("pk"),
        operating=Count(
            "pk",
            filter=Q(operating_from_date__lte=on)
            & (Q(operating_until_date__isnull=True) | Q(operating_until_date__gt=on)),
        ),
        declared_unplaced=Count(
            "pk", filter=Q(declared_political_status__in=DECLARED_MEMBER, person__party_member__isnull=True)
        ),
    )


def coverage(enterprises: EnterpriseQuerySet) -> dict[str, int]:
    """Return {"enterprises": n, "covered": n, "uncovered": n}; covered = any but `none`. Unit: 户. One query."""
    return enterprises.order_by().aggregate(
        enterprises=Count("pk"),
        covered=Count("pk", filter=~Q(coverage=Coverage.NONE)),
        uncovered=Count("pk", filter=Q(coverage=Coverage.NONE)),
    )


def recent_imports(imports: RosterImportQuerySet, limit: int = 6) -> list[RosterImport]:
    """Return the newest batches with their organisation, newest first. One query."""
    return list(imports.select_related("organization").order_by("-created_at", "-pk")[:limit])


def open_transfers(transfers: RegistrationTransferQuerySet) -> int:
    """Return how many registration transfers wait for an answer or a decision. Unit: 件. One query."""
    return transfers.open().order_by().count()


def import_totals() -> dict[str, dict[str, int]]:
    """Return {"states": {state: batches}, "rows": {result: rows of finished batches}} of the whole house. One query.

    For /metrics; not scoped, carries no personal data.
    """
    sums = {f"rows_{fate}": _sum(fate) for fate in Fate.values}
    states = {f"state_{state}": Count("pk", filter=Q(status=state)) for state in ImportStatus.values}
    found = RosterImport.objects.order_by().aggregate(**sums, **states)
    return {
        "states": {state: found[f"state_{state}"] for state in ImportStatus.values},
        "rows": {fate: found[f"rows_{fate}"] for fate in Fate.values},
    }


def _sum(fate: str):
    return Coalesce(Sum(fate, filter=Q(status__in=[ImportStatus.DONE, ImportStatus.UNDONE])), 0)
