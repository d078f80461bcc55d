"""Questions about activities, their roll, and what is due."""

from __future__ import annotations

from datetime import date, datetime
from typing import Self

from django.apps import apps
from django.db.models import Exists, F, OuterRef, Q

from activities.choices import AHEAD, PENDING, TOOK_PART, UNRESOLVED, ActivityStatus, FollowUpStatus
from branches.capabilities import Capability
from branches.querysets import ScopedQuerySet
from branches.scope import Region

_FEW = 3  # organisations whose shared activities are looked up first


class ActivityQuerySet(ScopedQuerySet):
    """Activities: seen by the unit that keeps the record, by those that hold it together with it, and from above."""

    view_capability = Capability.ACTIVITY_VIEW

    def within(self, region: Region) -> Self:
        """Return the activities of organisations of the region, alone or with others. One query where they are few."""
        partners = apps.get_model("activities", "CoOrganizer")._base_manager
        if len(region.organization_ids) <= _FEW:
            # Named by key, the rows of a unit are found by index; as a condition, every activity would be looked at.
            shared = partners.filter(organization_id__in=region.organization_ids).order_by()
            keys = list(shared.values_list("activity_id", flat=True))
            own = Q(organization_id__in=region.organization_ids)
            return self.filter(own | Q(pk__in=keys) if keys else own)
        with_others = partners.filter(activity_id=OuterRef("pk"), organization_id__in=region.organization_ids)
        return self.filter(Q(organization_id__in=region.organization_ids) | Exists(with_others))

    def of_units(self, organization_ids) -> Self:
        """Return the activities that count for these organisations: their own and those held together with them."""
        return self.within(Region(organization_ids=frozenset(organization_ids)))

    def ahead(self) -> Self:
        """Return what is planned or notified, soonest first."""
        return self.filter(status__in=AHEAD).order_by("starts_at", "pk")

    def done_between(self, first: datetime, last: datetime) -> Self:
        """Return what was held from one instant until before another."""
        return self.filter(status=ActivityStatus.DONE, held_at__gte=first, held_at__lt=last)

    def newest_first(self) -> Self:
        """Return them by the day they were or will be held, newest first."""
        return self.order_by(F("starts_at").desc(nulls_last=True), "-pk")


class AttendanceQuerySet(ScopedQuerySet):
    """Lines of rolls, seen where the unit is seen for which the person stands on the roll."""

    view_capability = Capability.ACTIVITY_VIEW

    def within(self, region: Region) -> Self:
        """Return the lines of organisations of the region."""
        return self.filter(organization_id__in=region.organization_ids)

    def took_part(self) -> Self:
        """Return the lines that count as a person-time: present, or made up later."""
        return self.filter(status__in=TOOK_PART)


class ComplianceRuleQuerySet(ScopedQuerySet):
    """Rules of the calendar: everybody's who may read them."""

    view_capability = Capability.COMPLIANCE_RULE_VIEW

    def within(self, region: Region) -> Self:
        """Return no row: whoever may read them has them all (`all` in docs/permissions.csv)."""
        return self.none()

    def in_force_in(self, first: date, last: date) -> Self:
        """Return the rules that are in force on some day of a period (`last` exclusive)."""
        return self.filter(Q(until_date__isnull=True) | Q(until_date__gt=first), from_date__lt=last)


class ComplianceStatusQuerySet(ScopedQuerySet):
    """What a branch owes in a period and what it has done."""

    view_capability = Capability.ACTIVITY_VIEW

    def within(self, region: Region) -> Self:
        """Return the lines of organisations of the region."""
        return self.filter(organization_id__in=region.organization_ids)

    def missing(self) -> Self:
        """Return the lines with less done than due."""
        return self.filter(done__lt=F("due"))

    def on(self, day: date) -> Self:
        """Return the lines whose period a day lies in."""
        return self.filter(from_date__lte=day, until_date__gt=day)

    def late(self, day: date) -> Self:
        """Return the lines whose period has ended with something missing."""
        return self.missing().filter(until_date__lte=day)


# --- instructors ----------------------------------------------------------------------------------
class InstructionVisitQuerySet(ScopedQuerySet):
    """Visits of instructors, seen where the branch is seen."""

    view_capability = Capability.ACTIVITY_VIEW

    def within(self, region: Region) -> Self:
        """Return the visits to organisations of the region."""
        return self.filter(organization_id__in=region.organization_ids)

    def counting(self) -> Self:
        """Return the visits that count: those nobody has withdrawn."""
        return self.filter(withdrawn_at__isnull=True)


class VisitFollowUpQuerySet(ScopedQuerySet):
    """Problems found on visits, seen where the visit is seen."""

    view_capability = Capability.ACTIVITY_VIEW

    def within(self, region: Region) -> Self:
        """Return the problems of visits to organisations of the region."""
        return self.filter(visit__organization_id__in=region.organization_ids)

    def unresolved(self) -> Self:
        """Return what is open or waits to be confirmed, soonest due first."""
        return self.filter(status__in=UNRESOLVED).order_by("due_date", "pk")

    def waiting_for(self, organization_ids) -> Self:
        """Return what these organisations have to do now, soonest due first."""
        mine = self.filter(status=FollowUpStatus.OPEN, owner_organization_id__in=organization_ids)
        return mine.order_by("due_date", "pk")

    def overdue(self, day: date) -> Self:
        """Return what should have been answered before a day and is not."""
        return self.filter(status=FollowUpStatus.OPEN, due_date__lt=day)


class VisitTargetQuerySet(ScopedQuerySet):
    """How many visits are asked for: everybody's who may read the rules of the calendar."""

    view_capability = Capability.COMPLIANCE_RULE_VIEW

    def within(self, region: Region) -> Self:
        """Return no row: whoever may read them has them all (`all` in docs/permissions.csv)."""
        return self.none()

    def in_force(self, day: date) -> Self:
        """Return the rows in force on a day."""
        return self.filter(Q(until_date__isnull=True) | Q(until_date__gt=day), from_date__lte=day)


# --- joint conferences ----------------------------------------------------------------------------
class JointConferenceQuerySet(ScopedQuerySet):
    """Joint conferences, seen where the committee is seen that keeps them."""

    view_capability = Capability.JOINT_CONFERENCE_VIEW

    def within(self, region: Region) -> Self:
        """Return the conferences of organisations of the region."""
        return self.filter(organization_id__in=region.organization_ids)


class ConferenceMeetingQuerySet(ScopedQuerySet):
    """Meetings of joint conferences."""

    view_capability = Capability.JOINT_CONFERENCE_VIEW

    def within(self, region: Region) -> Self:
        """Return the meetings of conferences of the region."""
        return self.filter(conference__organization_id__in=region.organization_ids)


class ActionItemQuerySet(ScopedQuerySet):
    """What joint conferences decided to do."""

    view_capability = Capability.JOINT_CONFERENCE_VIEW

    def within(self, region: Region) -> Self:
        """Return the items of conferences of the region."""
        return self.filter(meeting__conference__organization_id__in=region.organization_ids)

    def pending(self) -> Self:
        """Return what is not yet closed, soonest due first."""
        return self.filter(status__in=PENDING).order_by("due_date", "pk")

    def overdue(self, day: date) -> Self:
        """Return what should have been done before a day and is not."""
        return self.filter(status__in=PENDING, due_date__lt=day)
