"""Questions about verifications, calls and declarations. Those that take a user answer for his scope."""

from __future__ import annotations

from datetime import date
from typing import Self

from django.apps import apps
from django.db.models import Exists, OuterRef, Q

from branches.capabilities import Capability
from branches.querysets import ScopedQuerySet
from branches.scope import Region
from members.choices import (
    VERIFICATION_OPEN,
    DeclarationStatus,
    FunnelStage,
    RecruitStatus,
    VerificationStatus,
)


class VerificationQuerySet(ScopedQuerySet):
    """Cases, seen by the committee that has them and by the branch they are assigned to."""

    view_capability = Capability.VERIFICATION_VIEW

    def within(self, region: Region) -> Self:
        """Return the cases of committees of the region and those assigned to a unit of it."""
        return self.filter(Q(organization_id__in=region.organization_ids) | Q(unit_id__in=region.organization_ids))

    def open(self) -> Self:
        """Return the cases that are not over."""
        return self.filter(status__in=sorted(VERIFICATION_OPEN))

    def overdue(self, on: date) -> Self:
        """Return the open cases whose last day is gone."""
        return self.open().filter(due_date__lt=on)

    def at_stage(self, stage: str) -> Self:
        """Return the cases that have come as far as a stage of the funnel (FunnelStage)."""
        return self.filter(stage_condition(stage))

    def with_names(self) -> Self:
        """Join what a list shows."""
        return self.select_related("person", "organization", "unit")


def stage_condition(stage: str) -> Q:
    """Return the condition "has come as far as this stage"; a closed lead was none."""
    found = ~Q(status=VerificationStatus.CLOSED)
    if stage == FunnelStage.FOUND:
        return found
    if stage == FunnelStage.CHECKED:
        return found & Q(started_at__isnull=False)
    if stage == FunnelStage.CONFIRMED:
        return Q(status=VerificationStatus.CONFIRMED)
    members = apps.get_model("members", "PartyMember").objects.current().with_placement()
    placed = members.filter(pk=OuterRef("person_id"), placed_id__isnull=False)
    return Q(Exists(placed), status=VerificationStatus.CONFIRMED)


class RecruitCampaignQuerySet(ScopedQuerySet):
    """Calls, seen by whoever sees what they bring."""

    view_capability = Capability.DECLARATION_VIEW

    def within(self, region: Region) -> Self:
        """Return the calls of committees of the region."""
        return self.filter(organization_id__in=region.organization_ids)

    def running(self, on: date) -> Self:
        """Return the calls that take declarations on a day."""
        return self.filter(status=RecruitStatus.RUNNING, from_date__lte=on, until_date__gte=on)


class DeclarationQuerySet(ScopedQuerySet):
    """Declarations, seen by the clerks of the committee that received them."""

    view_capability = Capability.DECLARATION_VIEW

    def within(self, region: Region) -> Self:
        """Return the declarations received by committees of the region."""
        return self.filter(organization_id__in=region.organization_ids)

    def waiting(self) -> Self:
        """Return those nobody has decided yet."""
        return self.filter(status=DeclarationStatus.SUBMITTED)
