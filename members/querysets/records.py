"""Questions about dues, appraisals, cards, contact pairs and tags. Those that take a user answer for his scope."""

from __future__ import annotations

from datetime import date
from typing import Self

from django.apps import apps
from django.db.models import Q, QuerySet

from branches.capabilities import Capability
from branches.querysets import ScopedQuerySet
from branches.scope import Region
from members.choices import CardStatus
from members.querysets.membership import placed_in


def _members_within(region: Region):
    return apps.get_model("members", "PartyMember").objects.within(region).values("pk")


class DuesRateQuerySet(ScopedQuerySet):
    """What members owe each month, seen where they pay."""

    view_capability = Capability.DUES_VIEW

    def within(self, region: Region) -> Self:
        """Return the rates of the members who pay, or paid, in the region."""
        return self.filter(member__in=_members_within(region))


class DuesRecordQuerySet(ScopedQuerySet):
    """Months that were paid, seen by the branch that wrote them down and by that of the formal relation."""

    view_capability = Capability.DUES_VIEW

    def within(self, region: Region) -> Self:
        """Return the months registered by a unit of the region, and those of members formally in it."""
        return self.filter(
            Q(organization_id__in=region.organization_ids)
            | Q(member__formal_organization_id__in=region.organization_ids)
        )

    def standing(self) -> Self:
        """Return the months that count: neither taken back nor the counter entry that took one back."""
        return self.filter(counters__isnull=True, reversed_at__isnull=True)

    def between(self, first: date, last: date) -> Self:
        """Return the entries of the months from `first` to `last`, both included (first days of months)."""
        return self.filter(month__gte=first, month__lte=last)


class AppraisalQuerySet(ScopedQuerySet):
    """Yearly appraisals, seen by the unit that held them and by the one of the formal relation; by no one above."""

    view_capability = Capability.APPRAISAL_VIEW

    def within(self, region: Region) -> Self:
        """Return the appraisals held at a unit of the region, and those of members formally in it."""
        return self.filter(
            Q(organization_id__in=region.organization_ids)
            | Q(member__formal_organization_id__in=region.organization_ids)
        )


class MemberCardQuerySet(ScopedQuerySet):
    """Member cards, seen where the member is seen by who may see cards."""

    view_capability = Capability.MEMBER_CARD_VIEW

    def within(self, region: Region) -> Self:
        """Return the cards of the members who lie in the region."""
        return self.filter(member__in=_members_within(region))

    def standing(self) -> Self:
        """Return the cards that are not cancelled: at most one per member."""
        return self.exclude(status=CardStatus.CANCELLED)


class ContactPairQuerySet(ScopedQuerySet):
    """Who keeps contact with which driver, seen from both ends."""

    view_capability = Capability.CONTACT_PAIR_VIEW

    def within(self, region: Region) -> Self:
        """Return the pairs of members placed in the region, and of drivers registered with a committee of it."""
        placed = apps.get_model("members", "PartyMember")._base_manager.filter(placed_in(region.organization_ids))
        return self.filter(
            Q(member__in=placed.values("pk")) | Q(driver__registering_committee_id__in=region.committee_ids)
        )

    def running(self) -> Self:
        """Return the pairs that have not ended."""
        return self.filter(until_date__isnull=True)


class BackboneTagQuerySet(QuerySet):
    """Who was named a backbone; read of persons that came out of a scope."""

    def running(self) -> Self:
        """Return the tags in force."""
        return self.filter(until_date__isnull=True)
