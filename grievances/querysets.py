"""Questions about grievances, policies, clocks and campaigns. Who asks for rows gets those of his scope only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Self

from django.apps import apps
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from branches.capabilities import CAPABILITIES, Capability
from branches.choices import Duty, Extent, Role
from branches.querysets import ScopedQuerySet
from branches.scope import Reach, Region, reach_of, subtree
from branches.workflow.offices import offices_of
from grievances.choices import IN_LEDGER, OPEN, TO_CONFIRM, WITH_HANDLER, ClockState, Status, WorkOrderStatus

BY_TREE = frozenset(
    {Extent.SUBTREE, Extent.SUBTREE_BELOW, Extent.SUBTREE_ABOVE, Extent.UNIT, Extent.UNIT_NOT_HANDLER, Extent.GUIDED}
)

LEDGER_LINE = (
    "title", "number", "external_number", "channel", "status", "urgency", "supervised_at", "next_due_at", "next_clock",
    "calendar_missing", "lodged_at", "closed_at", "close_reason", "solved", "satisfaction",
)  # fmt: skip
COLLECTED = frozenset({Extent.UNIT, Extent.ASSIGNED})
BY_FIRST_COMMITTEE = frozenset({Extent.ALL, Extent.SUBTREE, Extent.GUIDED, Extent.AGGREGATE})


def _assisted_by(offices: list[int]) -> QuerySet:
    assists = apps.get_model("grievances", "Assist")._base_manager
    return assists.filter(office_id__in=offices, until_at__isnull=True).values("grievance_id")


def _still_there(at: datetime) -> QuerySet:
    """Return the posts at the unit of a draft by which its writer may still go on with it."""
    posts = apps.get_model("branches", "Appointment")._base_manager.filter(
        organization_id=OuterRef("collector__organization_id"), user_id=OuterRef("lodged_by_id"), from_at__lte=at
    )
    lodging = CAPABILITIES[Capability.GRIEVANCE_LODGE_FOR_DRIVER]
    roles = [role for role in Role if lodging.get(role, Extent.NONE) != Extent.NONE]
    return posts.filter(Q(until_at__isnull=True) | Q(until_at__gt=at), role__in=roles)


class CategoryQuerySet(QuerySet):
    """Categories. The list is everybody's."""

    def offered(self) -> Self:
        """Return the categories one may choose, main ones before their kinds."""
        return self.filter(is_active=True).order_by("position", "code")


class GrievanceQuerySet(ScopedQuerySet):
    """Grievances. A reader sees them through the committee that has or had them, the unit, or the office he holds."""

    view_capability = Capability.GRIEVANCE_VIEW

    def manageable_by(self, who, capability: Capability) -> Self:
        """Return the grievances on which a user (or reach) may exercise the capability. At most five queries.

        `subtree` and `unit`: decided there, or first brought there. `held`, `lodged_or_held`: with one's unit now, or
        lodged by it. `office`: addressed to an office whose work falls to one, as handler or as help.
        """
        reach: Reach = reach_of(who)
        condition = Q()
        for part in self._parts(reach, capability):
            condition |= part
        return self.filter(condition) if condition else self.none()

    def _parts(self, reach: Reach, capability: Capability) -> Iterator[Q]:
        region = reach.region(capability, only=BY_TREE)
        if region.every_committee:  # committees decide and committees had it first: nothing is left out
            yield ~Q(status=Status.DRAFT)
            return
        tree = region.organization_ids
        if tree:
            yield (Q(organization_id__in=tree) | Q(origin_id__in=tree)) & ~Q(status=Status.DRAFT)
        yield from self._own_parts(reach, capability)

    def _own_parts(self, reach: Reach, capability: Capability) -> Iterator[Q]:
        held = reach.units(capability, {Extent.HELD, Extent.LODGED_OR_HELD, Extent.OWN})
        if held:
            yield Q(handler__organization_id__in=held, status__in=sorted(WITH_HANDLER | TO_CONFIRM))
        lodged = reach.units(capability, {Extent.LODGED_OR_HELD, Extent.OWN})
        if lodged:
            yield Q(collector__organization_id__in=lodged) & ~Q(status=Status.DRAFT)
        if reach.units(capability, {Extent.OFFICE}):
            mine = [office.pk for office in offices_of(reach, reach.at, [Duty.HANDLE])]
            if mine:
                yield Q(handler_id__in=mine) | Q(pk__in=_assisted_by(mine))

    def decided_by(
        self, reach: Reach, committees: Iterable[int], *, and_own: bool = False, gathered: bool = True
    ) -> Self:
        """Return those that these committees of the reader's scope decide; with `and_own` also what his unit has.

        A part of `visible_to`, said so that one index serves it: the whole scope is an OR of who decides and who had it
        first, and that costs a scan. Committees outside the scope are left out. Not `gathered`: the rows are not looked
        up by committee, so that a page of the newest can be cut along the index of all. At most four queries.
        """
        mine = reach.region(self.view_capability, only=BY_TREE).committee_ids.intersection(committees)
        rows, name = (
            (self, "organization_id") if gathered else (self.alias(decided_by=F("organization_id") + 0), "decided_by")
        )
        condition = Q(**{f"{name}__in": sorted(mine)}) & ~Q(status=Status.DRAFT) if mine else Q()
        for part in self._own_parts(reach, self.view_capability) if and_own else ():
            condition |= part
        return rows.filter(condition) if condition else self.none()

    def moved_up_from(self, reach: Reach, committees: Iterable[int]) -> Self:
        """Return those that began at committees of the reader's scope and are decided outside these now."""
        mine = sorted(reach.region(self.view_capability, only=BY_TREE).committee_ids.intersection(committees))
        began = self.filter(origin_id__in=mine, rung__gt=0).exclude(status=Status.DRAFT)
        return began.exclude(organization_id__in=mine)

    def within(self, region: Region) -> Self:
        """Return the grievances that committees of the region decide, or had first."""
        return self.filter(Q(organization_id__in=region.organization_ids) | Q(origin_id__in=region.organization_ids))

    def drafts_for(self, who) -> Self:
        """Return the drafts a user (or reach) may go on with, the newest first. Three queries at most.

        His own, as long as he may lodge at the unit they were noted for; and those whose writer has no such post there
        any more, once the work of that unit's collecting office falls to him. Nobody else sees a draft.
        """
        reach: Reach = reach_of(who)
        units = reach.units(Capability.GRIEVANCE_LODGE_FOR_DRIVER, frozenset(Extent) - {Extent.NONE})
        if not units:
            return self.none()
        own = Q(lodged_by_id=reach.user_id, collector__organization_id__in=units)
        below = Q()
        for post in reach.posts:
            if post.organization_id in units:
                below |= subtree(post.path, "collector__organization__")
        left = self.filter(below, ~Exists(_still_there(reach.at)), status=Status.DRAFT).order_by()
        # Whose work that is, is asked only where somebody has left something.
        if orphans := list(left.values_list("pk", "collector_id")):
            mine = {office.pk for office in offices_of(reach, reach.at, [Duty.COLLECT])}
            own |= Q(pk__in=[pk for pk, office in orphans if office in mine])
        drafts = self.filter(own, status=Status.DRAFT)
        return drafts.with_names().select_related("lodged_by").order_by("-lodged_at", "-pk")

    def open(self) -> Self:
        """Return those in which somebody still owes something."""
        return self.filter(status__in=sorted(OPEN))

    def in_ledger(self) -> Self:
        """Return those that were accepted (台账)."""
        return self.filter(status__in=sorted(IN_LEDGER))

    def counted(self) -> Self:
        """Return the accepted ones that figures count: without remarks about the portal (see `not_counted`)."""
        categories = self.model._meta.get_field("category").related_model._base_manager
        return self.in_ledger().exclude(category__in=categories.filter(is_about_portal=True))

    def counted_for(self, who) -> Self:
        """Return the rows a user (or reach) may have counted: first brought to his committees, collected by his unit.

        Who sees figures of a subtree counts by the committee that had a case first; who sees those of his own unit
        counts what it collected. At most two queries.
        """
        reach: Reach = reach_of(who)
        region = reach.region(Capability.STATISTICS_VIEW, only=BY_FIRST_COMMITTEE)
        collected = reach.units(Capability.STATISTICS_VIEW, COLLECTED)
        if region.everything or region.every_committee:
            return self.all()
        condition = Q(origin_id__in=region.committee_ids) if region.committee_ids else Q()
        if collected:
            condition |= Q(collector__organization_id__in=collected)
        return self.filter(condition) if condition else self.none()

    def to_confirm(self) -> Self:
        """Return those answered and not confirmed yet."""
        return self.filter(status__in=sorted(TO_CONFIRM))

    def overdue(self, at: datetime) -> Self:
        """Return the open ones of which something is late at an instant."""
        return self.open().filter(next_due_at__lte=at)

    def by_due(self) -> Self:
        """Order by what is due first; those whose calendar is missing before all, those without a due time last."""
        return self.order_by("-calendar_missing", F("next_due_at").asc(nulls_last=True), "pk")

    def supervised(self) -> Self:
        """Return the open ones that a superior has ordered to be seen to (督办)."""
        return self.open().filter(supervised_at__isnull=False)

    def found_by(self, text: str) -> Self:
        """Return those whose number, hotline number or title a person means by a text."""
        text = text.strip()
        if not text:
            return self
        return self.filter(Q(number__startswith=text.upper()) | Q(external_number=text) | Q(title__icontains=text))

    def with_names(self) -> Self:
        """Take along what a list shows: category, committees, offices with their organisations. No query more."""
        return self.select_related(
            "category__parent",
            "organization",
            "origin",
            "collector__organization",
            "handler__organization",
            "supervisor__organization",
        )

    def as_lines(self) -> Self:
        """Return what one line of the ledger shows and no more: names of category and owners beside the case. No query.

        Half the time of a page of fifty went into making objects of which only a name was shown.
        """
        owners = {
            f"{owner}_name": F(f"{owner}__organization__short_name") for owner in ("collector", "handler", "supervisor")
        }
        return self.only(*LEDGER_LINE).annotate(category_name=F("category__name"), **owners)

    def not_counted(self) -> Self:
        """Return those that no figure counts: drafts, withdrawn, merged, and remarks about the portal itself."""
        return self.filter(
            Q(status__in=[Status.DRAFT, Status.WITHDRAWN, Status.MERGED]) | Q(category__is_about_portal=True)
        )


class SlaPolicyQuerySet(QuerySet):
    """Policies. The list is everybody's who may read it."""

    def in_force(self, on: date) -> Self:
        """Return the policies for what begins on a date."""
        return self.filter(Q(until_date__isnull=True) | Q(until_date__gt=on), from_date__lte=on)


class ClockQuerySet(QuerySet):
    """Clocks."""

    def running(self) -> Self:
        """Return the clocks that run or stand still, and have not ended."""
        return self.filter(state=ClockState.RUNNING)

    def to_mark(self, at: datetime) -> Self:
        """Return the clocks whose due time has passed and that nobody has marked."""
        return self.running().filter(due_at__lte=at, overdue_at__isnull=True)

    def to_remind(self, at: datetime) -> Self:
        """Return the clocks whose reminder is due and not sent."""
        return self.running().filter(remind_at__lte=at, reminded_at__isnull=True)

    def without_calendar(self, until: date) -> Self:
        """Return the clocks that could not be counted and whose missing day lies before `until`."""
        return self.running().filter(missing_date__lt=until)


class CampaignQuerySet(ScopedQuerySet):
    """Campaigns; read like the grievances of the committee that leads them."""

    view_capability = Capability.GRIEVANCE_VIEW

    def within(self, region: Region) -> Self:
        """Return the campaigns led by organisations of the region."""
        return self.filter(organization_id__in=region.organization_ids)


class WorkOrderImportQuerySet(ScopedQuerySet):
    """Files of work orders; seen by who may lodge for drivers at the unit that took them."""

    view_capability = Capability.GRIEVANCE_LODGE_FOR_DRIVER

    def within(self, region: Region) -> Self:
        """Return the files of organisations of the region."""
        return self.filter(organization_id__in=region.organization_ids)

    def claimable(self, at: datetime) -> Self:
        """Return the files that wait or whose worker died."""
        return self.filter(Q(lease_until__isnull=True) | Q(lease_until__lt=at), status=WorkOrderStatus.WAITING)
