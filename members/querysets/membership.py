"""Questions about Party members, their ties, transfers and searches. Those that take a user answer for his scope."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Self

from django.apps import apps
from django.db.models import BigIntegerField, Case, F, FilteredRelation, Q, When
from django.db.models.functions import Coalesce

from branches.capabilities import Capability
from branches.choices import BRANCHES, Kind
from branches.querysets import ScopedQuerySet
from branches.scope import Region
from members.choices import (
    AFFILIATION_OVER,
    DEVELOPMENT_OPEN,
    LETTER_OPEN,
    LETTER_SIGNED,
    LOST_OPEN,
    MEMBER_CURRENT,
    MEMBER_LEFT,
    MEMBER_PAYING,
    MEMBER_VOTING,
    STEPS,
    AffiliationKind,
    AffiliationStatus,
    DevelopmentWhen,
    LetterStatus,
    StepRecorder,
)
from members.querysets.search import TypedSearch

# 云上党支部 gathers for activities only: it holds no formal relation and places nobody (domain a.1).
PLACING_KINDS = BRANCHES - {Kind.CLOUD_BRANCH}


def placed_in(organization_ids) -> Q:
    """Return the condition on a person id: formally a member there, or tied to it by a running affiliation."""
    members = apps.get_model("members", "PartyMember")._base_manager.filter(formal_organization_id__in=organization_ids)
    tied = apps.get_model("members", "Affiliation")._base_manager.filter(
        organization_id__in=organization_ids, until_date__isnull=True
    )
    return Q(pk__in=members.values("pk").union(tied.values("member_id"), all=True))


class PartyMemberQuerySet(TypedSearch):
    """Party members, visible through the formal organisation or a running affiliation."""

    view_capability = Capability.PARTY_MEMBER_VIEW

    def within(self, region: Region) -> Self:
        """Return the members placed in the region, those it has to place, and those who left one of its units.

        To place: the formal relation lies outside the system, and the driver is registered with a committee of the
        region. Else nobody would see whom no branch has yet.
        """
        drivers = apps.get_model("members", "Driver")._base_manager
        registered = drivers.filter(registering_committee_id__in=region.committee_ids).values("pk")
        to_place = Q(status__in=sorted(MEMBER_CURRENT), formal_organization__isnull=True, pk__in=registered)
        gone = Q(status__in=sorted(MEMBER_LEFT), last_organization_id__in=region.organization_ids)
        return self.filter(placed_in(region.organization_ids) | to_place | gone)

    def current(self) -> Self:
        """Return those who are members now, the suspended among them."""
        return self.filter(status__in=sorted(MEMBER_CURRENT))

    def voting_at(self, organization) -> Self:
        """Return those with vote and election rights in a unit: full members whose formal relation is there.

        Source: 《关于进一步加强和改进流动党员管理工作的意见》: votes only where the formal relation is.
        """
        return self.filter(status__in=sorted(MEMBER_VOTING), formal_organization=organization)

    def taking_part_at(self, organization) -> Self:
        """Return the current members who take part in a unit's life: formally there, or reported in there."""
        tied = apps.get_model("members", "Affiliation")._base_manager.filter(
            organization=organization, until_date__isnull=True, status=AffiliationStatus.REPORTED_IN
        )
        return self.current().filter(Q(formal_organization=organization) | Q(pk__in=tied.values("member_id")))

    def paying_in(self, organization_ids) -> Self:
        """Return the members who pay dues to these units: formally there, or taken in there while flowing.

        Source: 党费收缴、使用和管理的规定 第十条: to the branch of the formal relation; on the road to where one has
        reported in (secondary).
        """
        tied = apps.get_model("members", "Affiliation")._base_manager.filter(
            organization_id__in=organization_ids,
            kind=AffiliationKind.FLOWING,
            until_date__isnull=True,
            status=AffiliationStatus.REPORTED_IN,
        )
        there = Q(formal_organization_id__in=organization_ids) | Q(pk__in=tied.values("member_id"))
        return self.filter(there, status__in=sorted(MEMBER_PAYING))

    def with_placement(self) -> Self:
        """Annotate `placed_id`: the one branch a member counts in, None when no branch has him.

        The branch of the formal relation; else the branch that has taken him in and where he has reported. A cloud
        branch counts for nobody. No query of its own.
        """
        # At most one flowing tie runs (members_affiliation_one_flowing), so the join makes no second row.
        running = Q(
            affiliations__kind=AffiliationKind.FLOWING,
            affiliations__status=AffiliationStatus.REPORTED_IN,
            affiliations__until_date__isnull=True,
        )
        placing = sorted(PLACING_KINDS)
        return self.annotate(taken_in=FilteredRelation("affiliations", condition=running)).annotate(
            placed_id=Case(
                When(formal_organization__kind__in=placing, then=F("formal_organization_id")),
                When(taken_in__organization__kind__in=placing, then=F("taken_in__organization_id")),
                output_field=BigIntegerField(),
            )
        )

    def with_unit(self) -> Self:
        """Annotate `placed_id` and `unit_id`: where a member is counted, whether placed or still to be placed.

        The branch that has him; else the unit of the formal relation; else the committee where he is registered as a
        driver; None for whom no unit of ours has.
        """
        committee = F("person__driver__registering_committee_id")
        return self.with_placement().annotate(
            unit_id=Coalesce("placed_id", "formal_organization_id", committee, output_field=BigIntegerField())
        )

    def away_since(self, on: date) -> Self:
        """Return those who were away from the branch of their formal relation on a date already."""
        return self.filter(absent_since_date__lte=on)

    def with_person(self) -> Self:
        """Join what a list shows: person, driver with committee and firm, formal organisation."""
        return self.select_related(
            "person", "person__driver__registering_committee", "person__driver__enterprise", "formal_organization"
        )


class AffiliationQuerySet(ScopedQuerySet):
    """Ties beside the formal one, seen by both ends."""

    view_capability = Capability.PARTY_MEMBER_VIEW

    def within(self, region: Region) -> Self:
        """Return the ties to a unit of the region, and those of members formally placed in it."""
        return self.filter(
            Q(organization_id__in=region.organization_ids)
            | Q(member__formal_organization_id__in=region.organization_ids)
        )

    def running(self) -> Self:
        """Return the ties that are neither ended nor declined."""
        return self.exclude(status__in=sorted(AFFILIATION_OVER))

    def waiting(self) -> Self:
        """Return the ties whose member has not reported in yet."""
        return self.filter(status__in=[AffiliationStatus.REGISTERED, AffiliationStatus.NOTIFIED])


class TransferQuerySet(ScopedQuerySet):
    """Transfers of a formal relation. The receiving side sees a letter once the sending side has signed it."""

    view_capability = Capability.TRANSFER_VIEW

    def within(self, region: Region) -> Self:
        """Return the transfers from a unit of the region, to one, and those that a unit of it drafted."""
        return self.filter(
            Q(from_organization_id__in=region.organization_ids)
            # From outside there is nobody else who could write it down.
            | Q(from_organization__isnull=True, to_organization_id__in=region.organization_ids)
            | Q(to_organization_id__in=region.organization_ids, status__in=sorted(LETTER_SIGNED))
        )

    def open(self) -> Self:
        """Return the transfers under way."""
        return self.filter(status__in=sorted(LETTER_OPEN))

    def overdue(self, on: date) -> Self:
        """Return the signed letters that nobody has received by their last valid day."""
        return self.filter(status=LetterStatus.AWAITING, expires_date__lt=on)


class LostContactQuerySet(ScopedQuerySet):
    """Searches for members who cannot be reached, seen where the member is placed."""

    view_capability = Capability.LOST_CONTACT_VIEW

    def within(self, region: Region) -> Self:
        """Return the searches of units of the region."""
        return self.filter(organization_id__in=region.organization_ids)

    def open(self) -> Self:
        """Return the searches that are not over."""
        return self.filter(status__in=sorted(LOST_OPEN))


class DevelopmentQuerySet(ScopedQuerySet):
    """Files of people on the way to membership, seen where their branch is."""

    view_capability = Capability.DEVELOPMENT_VIEW

    def within(self, region: Region) -> Self:
        """Return the files of units of the region."""
        return self.filter(organization_id__in=region.organization_ids)

    def open(self) -> Self:
        """Return the files that lead further: not ended, not full yet."""
        return self.filter(stage__in=sorted(DEVELOPMENT_OPEN))

    def acted_on_by(self, side: str) -> Self:
        """Return the files whose next step the branch, or the committee above, has to do."""
        return self.filter(next_step__in=[number for number, step in STEPS.items() if step.by == StepRecorder(side)])

    def when(self, what: str, on: date) -> Self:
        """Return the open files whose next step opens in the month of a day, or whose limit comes near or is past."""
        return self.open().filter(development_when(what, on))


def development_when(what: str, on: date) -> Q:
    """Return the condition behind one of DevelopmentWhen on a day: the list and the figures ask the same."""
    first = on.replace(day=1)
    following = (first + timedelta(days=32)).replace(day=1)
    return {
        DevelopmentWhen.OPENING: Q(opens_date__gte=first, opens_date__lt=following),
        DevelopmentWhen.DUE: Q(due_date__gte=on, due_date__lte=on + timedelta(days=31)),
        DevelopmentWhen.LATE: Q(due_date__lt=on),
    }[DevelopmentWhen(what)]
