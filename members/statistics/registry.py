"""Read-only figures of the registry. Every function takes already scoped querysets; units stand in each docstring."""

from __future__ import annotations

from datetime import date, timedelta

from django.db.models import Count, Exists, OuterRef, Q, Sum
from django.db.models.functions import Coalesce

from members.choices import Coverage, Fate, ImportStatus, PoliticalStatus
from members.models import Credential, RosterImport
from members.querysets import DriverQuerySet, EnterpriseQuerySet, RegistrationTransferQuerySet, RosterImportQuerySet
from members.rules.drivers import EXPIRING_DAYS, STALE_DAYS

DECLARED_MEMBER = (PoliticalStatus.MEMBER, PoliticalStatus.PROBATIONARY)


def driver_counts(drivers: DriverQuerySet, on: date) -> dict[str, int]:
    """Return registered, operating, verified and declared-member drivers on a date. Unit: 人. One query.

    `verified` and `stale` add up to `registered`: verified within half a year (STALE_DAYS) or not.

    `declared_unplaced` are those who call themselves Party members and belong to no branch yet: leads to be checked,
    never members by their own word (domain d.3).
    """
    stale = Q(last_verified_date__lt=on - timedelta(days=STALE_DAYS)) | Q(last_verified_date__isnull=True)
    return drivers.order_by().aggregate(
        registered=Count("pk"),
        verified=Count("pk", filter=~stale),
        stale=Count("pk", filter=stale),
        operating=Count(
            "pk",
            filter=Q(operating_from_date__lte=on)
            & (Q(operating_until_date__isnull=True) | Q(operating_until_date__gt=on)),
        ),
        declared_unplaced=Count(
            "pk", filter=Q(declared_political_status__in=DECLARED_MEMBER, person__party_member__isnull=True)
        ),
    )


def unverified(drivers: DriverQuerySet, on: date) -> int:
    """Return the drivers nobody verified within half a year (STALE_DAYS). Unit: 人. One query."""
    day = on - timedelta(days=STALE_DAYS)
    return drivers.filter(Q(last_verified_date__lt=day) | Q(last_verified_date__isnull=True)).order_by().count()


def expiring(drivers: DriverQuerySet, on: date) -> dict[str, int]:
    """Return {"expired": n, "soon": n}: drivers with a licence past its day, and with one that ends within 30 days.

    Unit: 人 (a driver with both is counted in both). One query.
    """
    licences = Credential.objects.filter(driver_id=OuterRef("pk"))
    soon = on + timedelta(days=EXPIRING_DAYS)
    return drivers.order_by().aggregate(
        expired=Count("pk", filter=Exists(licences.filter(expires_date__lt=on))),
        soon=Count("pk", filter=Exists(licences.filter(expires_date__gte=on, expires_date__lte=soon))),
    )


def placement(drivers: DriverQuerySet) -> dict[str, int]:
    """Return {"declared": n, "placed": n}: drivers who call themselves Party members, and those of them with a branch.

    Unit: 人; the rate is placed / declared. One query.
    """
    declared = drivers.filter(declared_political_status__in=DECLARED_MEMBER).order_by()
    return declared.aggregate(
        declared=Count("pk"), placed=Count("pk", filter=Q(person__party_member__formal_organization__isnull=False))
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
