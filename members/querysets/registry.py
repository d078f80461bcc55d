"""Questions about drivers, firms, vehicles and imports. Every one that takes a user answers only for his scope."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Self

from django.apps import apps
from django.db.models import Case, Q, Value, When

from branches.capabilities import Capability
from branches.querysets import ScopedQuerySet
from branches.scope import Region, reach_of
from members.choices import (
    IMPORT_WORKING,
    TRANSFER_MOVED,
    TRANSFER_OPEN,
    Coverage,
    ExportStatus,
    ImportStatus,
    VehicleStatus,
)
from members.querysets.membership import placed_in
from members.querysets.search import TypedSearch
from members.rules.search import Query

# More drivers than this are not named one by one in a query; more committees than this are not asked one by one.
MANY = 5_000
FEW = 40


@dataclass(frozen=True)
class Part:
    """A part of a scope: one condition, and the same said as several whose rows come ordered by key from one index."""

    condition: Q
    each: tuple[Q, ...] = ()


EVERYTHING = Part(Q())  # for rows that are scoped already


def any_of(parts: Sequence[Part]) -> Q:
    """Return the parts of a scope as one condition; without a part there is none: the caller answers with no row."""
    found = Q()
    for part in parts:
        if not part.condition:
            return Q()
        found |= part.condition
    return found


def _committee_parts(committees: list[int]) -> list[Part]:
    if not committees:
        return []
    each = tuple(Q(registering_committee_id=pk) for pk in committees)
    together = Q(registering_committee_id__in=committees) if len(each) > 1 else each[0]
    return [Part(together, each if len(each) <= FEW else ())]


class DriverQuerySet(TypedSearch):
    """Drivers; visible through the registering committee or through the branch of membership."""

    view_capability = Capability.DRIVER_VIEW

    def within(self, region: Region) -> Self:
        """Return the drivers registered with a committee of the region, placed in a unit of it, or of one's platform.

        A platform's are those of its firms, and those registered with its own committee: what it imports goes there.
        The declared branch of a roster gives no scope. At most three small queries at once (`scope_parts`): what they
        find makes the condition one that an index serves.
        """
        parts = self.scope_parts(region)
        return self.filter(any_of(parts)) if parts else self.none()

    def scope_parts(self, region: Region) -> list[Part]:
        """Return conditions which together, by OR, say the same as `within`, each served by one index.

        At most three queries: the drivers placed in the region who are registered elsewhere are few and are named one
        by one, so that no subquery stands between a list and its index. An empty list: the region covers no row.
        """
        if region.everything or region.every_committee:
            return [EVERYTHING]
        committees = sorted(region.committee_ids | region.own_organization_ids)
        parts = _committee_parts(committees)
        if region.organization_ids:
            elsewhere = self.model._base_manager.filter(placed_in(region.organization_ids))
            elsewhere = elsewhere.exclude(registering_committee_id__in=committees) if committees else elsewhere
            found = list(elsewhere.order_by().values_list("pk", flat=True)[: MANY + 1])
            if len(found) > MANY:
                parts.append(Part(placed_in(region.organization_ids)))
            elif found:
                parts.append(Part(Q(pk__in=found)))
        if region.own_organization_ids:
            firms = apps.get_model("members", "Enterprise")._base_manager
            own = list(firms.filter(organization_id__in=region.own_organization_ids).values_list("pk", flat=True))
            if own:
                parts.append(Part(Q(enterprise_id__in=own)))
        return parts

    def best_matches(self, query: Query, limit: int) -> list:
        """Return at most `limit` drivers a typed text means, best first, with what a list shows. One query per run."""
        found: list = []
        for run in self.in_order_of(query):
            if len(found) < limit:
                found += run.rows.with_person().order_by(*run.order)[: limit - len(found)]
        return found

    def with_person(self) -> Self:
        """Join the person, for lists."""
        return self.select_related("person", "registering_committee", "enterprise", "declared_branch")

    def operating(self, on: date) -> Self:
        """Return those who actually drive on a date."""
        return self.filter(
            Q(operating_until_date__isnull=True) | Q(operating_until_date__gt=on), operating_from_date__lte=on
        )


class EnterpriseQuerySet(ScopedQuerySet):
    """Firms, visible through the committee that registered them or as one's own platform."""

    view_capability = Capability.ENTERPRISE_VIEW

    def within(self, region: Region) -> Self:
        """Return the firms of the region."""
        return self.filter(
            Q(committee_id__in=region.organization_ids)
            | Q(organization_id__in=region.organization_ids | region.own_organization_ids)
        )

    def covered(self) -> Self:
        """Return the firms that are covered in any way: a unit of their own, a joint one, an instructor."""
        return self.exclude(coverage=Coverage.NONE)


def _registered_in(region: Region) -> Q:
    """Return the condition on a vehicle "registered in the region, or of a firm of one's own platform"."""
    committees = region.committee_ids | region.own_organization_ids
    return Q(registering_committee_id__in=committees) | Q(enterprise__organization_id__in=region.own_organization_ids)


class VehicleQuerySet(ScopedQuerySet):
    """Vehicles, visible through the registering committee or through a driver whom one may see."""

    view_capability = Capability.VEHICLE_VIEW

    def within(self, region: Region) -> Self:
        """Return the vehicles registered in the region, of one's platform, or driven now by a driver of the region."""
        parts = self.scope_parts(region)
        return self.filter(any_of(parts)) if parts else self.none()

    def scope_parts(self, region: Region) -> list[Part]:
        """Return conditions which together say the same as `within`, each served by one index. At most four queries."""
        if region.everything or region.every_committee:
            return [EVERYTHING]
        committees = sorted(region.committee_ids | region.own_organization_ids)
        parts = _committee_parts(committees)
        drivers = apps.get_model("members", "Driver").objects.within(region)
        links = apps.get_model("members", "DriverVehicle")._base_manager
        driven = links.filter(until_date__isnull=True, driver_id__in=drivers.values("pk"))
        # What a driver of ours drives and another committee has registered: few, so they are named.
        driven = driven.exclude(vehicle__registering_committee_id__in=committees) if committees else driven
        found = list(driven.order_by().values_list("vehicle_id", flat=True).distinct()[: MANY + 1])
        if len(found) > MANY:
            parts.append(Part(Q(pk__in=driven.values("vehicle_id"))))
        elif found:
            parts.append(Part(Q(pk__in=found)))
        if region.own_organization_ids:
            parts.append(Part(Q(enterprise__organization_id__in=region.own_organization_ids)))
        return parts

    def changeable_by(self, who) -> Self:
        """Return the vehicles whose registration the user (or reach) may change.

        Those registered in his region or of his platform: that a driver of his drives it lets him see a vehicle. Else
        whoever types a plate could tie any vehicle of the country to a driver and change it. Queries as `visible_to`.
        """
        region = reach_of(who).region(Capability.VEHICLE_CHANGE)
        return self.all() if region.everything else self.filter(_registered_in(region))

    def with_is_ours(self, who) -> Self:
        """Annotate `is_ours`: registered in the region of the user (or reach), or of his platform.

        A vehicle that is seen only because a driver of his drives it shows its plate, colour, kind and where it is
        registered; its firm, certificate, mass and history are for those who registered it (docs/decisions/0008).
        """
        region = reach_of(who).region(self.view_capability)
        if region.everything:
            return self.annotate(is_ours=Value(True))
        return self.annotate(is_ours=Case(When(_registered_in(region), then=Value(True)), default=Value(False)))

    def active(self) -> Self:
        """Return the vehicles in use."""
        return self.filter(status=VehicleStatus.ACTIVE)


class OfDriverQuerySet(ScopedQuerySet):
    """Rows that belong to a driver and are seen with him."""

    view_capability = Capability.CREDENTIAL_VIEW

    def within(self, region: Region) -> Self:
        """Return the rows whose driver lies in the region."""
        driver = apps.get_model("members", "Driver")
        return self.filter(driver_id__in=driver.objects.within(region).values("pk"))


class DriverVehicleQuerySet(OfDriverQuerySet):
    """Who drives which vehicle."""

    view_capability = Capability.VEHICLE_VIEW

    def running(self) -> Self:
        """Return the links without an end."""
        return self.filter(until_date__isnull=True)


class RegistrationTransferQuerySet(ScopedQuerySet):
    """Claims on a driver's registration.

    The old committee and those above it see a claim at once. The new one sees it when the driver has come to it: before
    that, a claim in its list would say that the person is registered elsewhere.
    """

    view_capability = Capability.DRIVER_CLAIM_REGISTRATION

    def within(self, region: Region) -> Self:
        """Return the claims on drivers of a committee of the region, and those by which drivers came to one."""
        arrived = Q(to_committee_id__in=region.committee_ids, status__in=TRANSFER_MOVED)
        return self.filter(Q(from_committee_id__in=region.committee_ids) | arrived)

    def open(self) -> Self:
        """Return the claims that wait for somebody."""
        return self.filter(status__in=TRANSFER_OPEN)


class RosterImportQuerySet(ScopedQuerySet):
    """Batches of roster rows, seen where they were uploaded."""

    view_capability = Capability.ROSTER_IMPORT_VIEW

    def within(self, region: Region) -> Self:
        """Return the batches of organisations of the region, and one's own at one's own platform.

        What somebody uploaded in a post that has ended is no longer his to read.
        """
        condition = Q(organization_id__in=region.organization_ids)
        if region.own_user_id:
            condition |= Q(uploaded_by_id=region.own_user_id, organization_id__in=region.own_organization_ids)
        return self.filter(condition)

    def claimable(self, at: datetime) -> Self:
        """Return the batches that have work to do and nobody working on them."""
        return self.filter(
            Q(status__in=IMPORT_WORKING)
            | Q(undo_requested=True)
            # Asked to stop just when the plan was ready: nobody has stopped it yet.
            | Q(status=ImportStatus.PREVIEW, cancel_requested=True),
            Q(lease_until__isnull=True) | Q(lease_until__lt=at),
        )


class ExportJobQuerySet(ScopedQuerySet):
    """Exports; everybody sees his own only."""

    view_capability = Capability.EXPORT_JOB_VIEW

    def within(self, region: Region) -> Self:
        """Return one's own exports."""
        return self.filter(created_by_id=region.own_user_id)

    def claimable(self, at: datetime) -> Self:
        """Return the exports that wait or whose writer died."""
        return self.filter(
            Q(lease_until__isnull=True) | Q(lease_until__lt=at),
            status__in=[ExportStatus.WAITING, ExportStatus.WRITING],
        )
