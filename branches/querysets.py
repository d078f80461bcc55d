"""Questions about organisations, appointments and offices; and the base of every scoped queryset of the house."""

from __future__ import annotations

from datetime import date, datetime
from typing import Self

from django.apps import apps
from django.contrib.auth import get_user_model
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce
from treebeard.mp_tree import MP_NodeQuerySet

from branches.capabilities import Capability
from branches.choices import BRANCHES, AppointmentSource, OrganizationStatus, Role
from branches.handover import HANDED_OVER
from branches.scope import Reach, Region, reach_of, subtree


class ScopedQuerySet(QuerySet):
    """Rows that lie somewhere in the organisation tree.

    A model names its view capability and says in `within` which of its rows lie in a region. No appointment, no rows.
    """

    view_capability: Capability

    def visible_to(self, who) -> Self:
        """Return the rows the user (or reach) may see. One or two queries for the reach, one for its organisations."""
        return self.manageable_by(who, self.view_capability)

    def manageable_by(self, who, capability: Capability) -> Self:
        """Return the rows on which the user (or reach) may exercise the capability."""
        reach: Reach = reach_of(who)
        region = reach.region(capability)
        if region.everything:
            return self.all()
        if region.empty:
            return self.none()
        return self.within(region)

    def within(self, region: Region) -> Self:
        """Return the rows that lie in the region; each model says how."""
        raise TypeError(f"{type(self).__name__} does not say how its rows lie in a region")


class OrganizationQuerySet(ScopedQuerySet, MP_NodeQuerySet):
    """Organisations, ordered by their place in the tree."""

    view_capability = Capability.ORGANIZATION_VIEW

    def within(self, region: Region) -> Self:
        """Return the organisations of the region."""
        return self.filter(pk__in=region.organization_ids | region.own_organization_ids)

    def subtree_of(self, organization) -> Self:
        """Return the organisation and everything below it."""
        return self.filter(subtree(organization.path))

    def running(self) -> Self:
        """Return the organisations that have not been dissolved."""
        return self.exclude(status=OrganizationStatus.DISSOLVED)

    def branches(self) -> Self:
        """Return the branches of every kind, without committees, departments and groups."""
        return self.filter(kind__in=BRANCHES)


class GuidanceQuerySet(ScopedQuerySet):
    """Guidance lines."""

    view_capability = Capability.GUIDANCE_VIEW

    def within(self, region: Region) -> Self:
        """Return the lines over organisations of the region."""
        return self.filter(organization_id__in=region.organization_ids)

    def running(self, on) -> Self:
        """Return the lines in force on a date."""
        return self.filter(Q(until_date__isnull=True) | Q(until_date__gt=on), from_date__lte=on)


class AppointmentQuerySet(ScopedQuerySet):
    """Who holds which post where."""

    view_capability = Capability.APPOINTMENT_VIEW

    def within(self, region: Region) -> Self:
        """Return the appointments at organisations of the region, and one's own where the extent is `own`."""
        condition = Q(organization_id__in=region.organization_ids)
        if region.own_user_id:
            condition |= Q(user_id=region.own_user_id)
        return self.filter(condition)

    def running(self, at: datetime) -> Self:
        """Return the appointments in force at an instant."""
        return self.filter(Q(until_at__isnull=True) | Q(until_at__gt=at), from_at__lte=at)

    def first_secretaries(self) -> Self:
        """Return the first secretaries (第一书记): leaders whom another unit has seconded to a committee."""
        return self.filter(role=Role.LEADER, source=AppointmentSource.SECONDED)

    def not_ended(self, at: datetime) -> Self:
        """Return the appointments that run at an instant or begin later."""
        return self.filter(Q(until_at__isnull=True) | Q(until_at__gt=at))

    def hand_overs_for(self, who) -> Self:
        """Return the posts that have begun and whose hand-over a user (or reach) may read. Queries as `visible_to`.

        Who sees posts and figures of the unit; the holder while he holds it; whoever holds the same post now, and once
        it has ended, the deputy of an office there. The former holder is none of these.
        """
        reach: Reach = reach_of(who)
        regions = [reach.region(one) for one in (Capability.APPOINTMENT_VIEW, Capability.STATISTICS_VIEW)]
        units = regions[0].organization_ids & regions[1].organization_ids
        mine = (Q(until_at__isnull=True) | Q(until_at__gt=reach.at)) & Q(user_id=reach.user_id)
        condition = Q(organization_id__in=units) | (mine if reach.posts else Q(pk__in=[]))
        for post in reach.posts:
            condition |= Q(organization_id=post.organization_id, role=post.role)
        at_post = [post.organization_id for post in reach.posts]
        deputised = apps.get_model("branches", "Office")._base_manager.filter(
            Q(deputy__until_at__isnull=True) | Q(deputy__until_at__gt=reach.at),
            organization_id__in=at_post,
            deputy__user_id=reach.user_id,
            deputy__from_at__lte=reach.at,
        )
        condition |= Q(until_at__lte=reach.at, organization_id__in=deputised.values("organization_id"))
        begun = Q(from_at__lte=reach.at) & (Q(until_at__isnull=True) | Q(until_at__gt=F("from_at")))
        return self.filter(condition, begun, role__in=sorted(HANDED_OVER))


class OfficeQuerySet(ScopedQuerySet):
    """Offices: organisation and duty."""

    view_capability = Capability.APPOINTMENT_VIEW

    def within(self, region: Region) -> Self:
        """Return the offices of the organisations of the region."""
        return self.filter(organization_id__in=region.organization_ids)


class TermQuerySet(ScopedQuerySet):
    """Terms of branches and committees."""

    view_capability = Capability.APPOINTMENT_VIEW

    def within(self, region: Region) -> Self:
        """Return the terms of the organisations of the region."""
        return self.filter(organization_id__in=region.organization_ids)

    def running(self) -> Self:
        """Return the terms that have not ended, with `due_date`: the approved day, else the planned one."""
        running = self.filter(ended_date__isnull=True)
        return running.annotate(due_date=Coalesce("changed_end_date", "planned_end_date"))

    def due_by(self, day: date) -> Self:
        """Return the running terms that are due for re-election by a day, soonest first."""
        return self.running().filter(due_date__lte=day).order_by("due_date", "organization__path")


class BranchFileSnapshotQuerySet(ScopedQuerySet):
    """Frozen branch files."""

    view_capability = Capability.BRANCH_FILE_VIEW

    def within(self, region: Region) -> Self:
        """Return the snapshots of the organisations of the region."""
        return self.filter(organization_id__in=region.organization_ids)


def of_ended_posts(at: datetime) -> Q:
    """Return the condition on a notification that its recipient got it in a post that has ended at an instant.

    Whatever it was about: somebody with two posts loses the messages of that time, never the work. Who holds a post in
    the same unit again, or still, keeps them; what concerns the account itself stays.
    """
    posts = apps.get_model("branches", "Appointment")._base_manager
    again = posts.filter(
        Q(until_at__isnull=True) | Q(until_at__gt=at),
        user_id=OuterRef("user_id"),
        organization_id=OuterRef("organization_id"),
        from_at__lte=at,
    )
    gone = posts.filter(
        ~Exists(again),
        user_id=OuterRef("user_id"),
        from_at__lte=OuterRef("created_at"),
        until_at__gt=OuterRef("created_at"),
        until_at__lte=at,
    )
    return Q(Exists(gone)) & ~Q(event__startswith="account.")


def users_visible_to(who, capability: Capability = Capability.USER_VIEW) -> QuerySet:
    """Return the accounts a user (or reach) may see: whoever holds or held a post in his region.

    Accounts live below the tree, so their queryset cannot say it itself. Queries as `visible_to`.
    """
    users = get_user_model()._default_manager.all()
    region = reach_of(who).region(capability)
    if region.everything:
        return users
    if not region.organization_ids:
        return users.none()
    posts = apps.get_model("branches", "Appointment")._base_manager.filter(
        user_id=OuterRef("pk"), organization_id__in=region.organization_ids
    )
    return users.filter(Exists(posts))
