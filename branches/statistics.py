"""Read-only figures of the organisation tree. Every function takes an already scoped queryset."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Count, Exists, F, Max, OuterRef, Q

from branches import rules
from branches.choices import COMMITTEES, REQUIRED_POSTS, DivisionLevel, Kind, OrganizationStatus, Role
from branches.handover import HANDED_OVER
from branches.models import Appointment, Division, Organization
from branches.querysets import OrganizationQuerySet
from branches.scope import Reach


def tree_counts(organizations: OrganizationQuerySet) -> dict[str, int]:
    """Return {"committees": n, "branches": n, "organizations": n} of those not dissolved. Unit: 个. One query."""
    return (
        organizations.running()
        .order_by()
        .aggregate(
            organizations=Count("pk"),
            committees=Count("pk", filter=Q(kind__in=COMMITTEES)),
            branches=Count("pk", filter=Q(kind__in=_BRANCH_KINDS)),
        )
    )


_BRANCH_KINDS = frozenset(kind for kind, posts in REQUIRED_POSTS.items() if Role.SECRETARY in posts) - {
    Kind.GENERAL_BRANCH
}


def posts_required(organizations: OrganizationQuerySet, role: Role) -> OrganizationQuerySet:
    """Return the working organisations in which this post must not stand empty (`REQUIRED_POSTS`). No query."""
    kinds = [kind for kind, posts in REQUIRED_POSTS.items() if role in posts]
    return organizations.filter(kind__in=kinds, status__in=[OrganizationStatus.ACTIVE, OrganizationStatus.RECTIFYING])


def vacant(organizations: OrganizationQuerySet, role: Role, at: datetime) -> OrganizationQuerySet:
    """Return the organisations whose required post is empty at an instant, longest vacancy first, never filled last.

    Each has `vacant_since` (aware datetime: end of the last term; null when the post was never filled). One query.
    """
    posts = Appointment.objects.filter(organization_id=OuterRef("pk"), role=role)
    return (
        posts_required(organizations, role)
        .filter(~Exists(posts.running(at)))
        .annotate(vacant_since=Max("appointments__until_at", filter=Q(appointments__role=role)))
        .order_by("vacant_since", "path")
    )


def vacancies(organizations: OrganizationQuerySet, at: datetime) -> dict[str, int]:
    """Return {role: number of required posts that are empty}. Unit: 个岗位. One query per required role (three)."""
    roles = sorted(set().union(*REQUIRED_POSTS.values()))
    return {role: vacant(organizations, role, at).order_by().count() for role in roles}


@dataclass(frozen=True)
class Vacancy:
    """A required post that nobody holds; `since` is the end of the last term, None when it was never filled."""

    organization: Organization
    role: Role
    since: datetime | None


def vacancy_rows(organizations: OrganizationQuerySet, at: datetime, role: str = "") -> list[Vacancy]:
    """Return the empty required posts, longest vacancy first, never filled last; of one role or of all.

    Unit: 个岗位. One query per required role (three at most).
    """
    roles = [Role(role)] if role else sorted(set().union(*REQUIRED_POSTS.values()))
    rows = [
        Vacancy(organization, wanted, organization.vacant_since)
        for wanted in roles
        for organization in vacant(organizations, wanted, at)
    ]
    rows.sort(key=lambda row: (row.since is None, row.since or at, row.organization.path))
    return rows


def hand_overs_waiting(reach: Reach) -> list[Appointment]:
    """Return what a reader has to hand over soon, and what came to him and he has not taken note of, soonest first.

    His own posts that end within a month; those of a predecessor in the same post that ended within three. One query.
    """
    if not reach.posts:
        return []
    at = reach.at
    soon = Q(user_id=reach.user_id, until_at__gt=at, until_at__lte=at + timedelta(days=max(rules.POST_REMINDERS)))
    came = Q(pk__in=[])
    for post in reach.posts:
        came |= Q(organization_id=post.organization_id, role=post.role)
    came &= Q(until_at__lte=at, until_at__gt=at - timedelta(days=90), hand_over__acknowledged_at__isnull=True)
    came &= ~Q(user_id=reach.user_id) & Q(until_at__gt=F("from_at"))
    posts = Appointment.objects.filter(soon | came, role__in=sorted(HANDED_OVER), from_at__lte=at)
    return list(posts.select_related("organization", "user").order_by("until_at", "pk")[:5])


def without_first_secretary(organizations: OrganizationQuerySet, at: datetime) -> OrganizationQuerySet:
    """Return the working industry committees to which nobody is seconded as 第一书记 at an instant. No query.

    No post that must not stand empty: the organisation department seconds where it sees fit.
    """
    seconded = Appointment.objects.running(at).first_secretaries().filter(organization_id=OuterRef("pk"))
    working = [OrganizationStatus.ACTIVE, OrganizationStatus.RECTIFYING]
    committees = organizations.filter(kind=Kind.INDUSTRY_COMMITTEE, status__in=working)
    return committees.filter(~Exists(seconded)).order_by("path")


def by_kind_and_level(organizations: OrganizationQuerySet) -> dict[tuple[str, str], int]:
    """Return {(kind, level): number} of the organisations not dissolved. Unit: 个. One query."""
    rows = organizations.running().order_by().values_list("kind", "level").annotate(number=Count("pk"))
    return {(kind, level): number for kind, level, number in rows}


@dataclass(frozen=True)
class DivisionCheck:
    """The check of a committee's divisions ("1+9"): each with the committee that is there, or None.

    `others` are committees below it without one of these divisions, such as those of functional zones.
    """

    committee: Organization
    rows: tuple[tuple[Division, Organization | None], ...]
    others: tuple[Organization, ...]

    @property
    def present(self) -> int:
        """Return how many divisions have a working committee. Unit: 个."""
        return sum(committee is not None for _, committee in self.rows)

    @property
    def working(self) -> list[Organization]:
        """Return the committees that are there."""
        return [committee for _, committee in self.rows if committee is not None]

    @property
    def missing(self) -> list[Division]:
        """Return the divisions without one."""
        return [division for division, committee in self.rows if committee is None]

    @property
    def complete(self) -> bool:
        """Return whether none is missing."""
        return not self.missing


def one_plus_nine(committee: Organization, on: date) -> DivisionCheck | None:
    """Return which divisions below a committee's own have a working industry committee below it, by division code.

    Of a city: its districts and counties, without functional zones, which need none. Of a province: its prefectures
    and the counties under it directly. None when the committee has no division with divisions below it.
    Three queries. Source: the "1+9" system (docs/domain, part 1 a.1).
    """
    if committee.kind != Kind.INDUSTRY_COMMITTEE or committee.division_id is None:
        return None
    valid = Division.objects.filter(Q(valid_until__isnull=True) | Q(valid_until__gt=on)).filter(
        Q(valid_from__isnull=True) | Q(valid_from__lte=on)
    )
    expected = list(valid.filter(parent_id=committee.division_id))
    collective = [division.pk for division in expected if division.name in rules.COLLECTIVE_DIVISIONS]
    if collective:
        expected = [division for division in expected if division.pk not in collective]
        expected += valid.filter(parent_id__in=collective)
    expected = [
        division
        for division in expected
        if division.level != DivisionLevel.COUNTY or not rules.is_functional_zone(division.pk)
    ]
    if not expected:
        return None
    working = (
        Organization.objects.subtree_of(committee)
        .filter(
            kind=Kind.INDUSTRY_COMMITTEE,
            depth=committee.depth + 1,
            status__in=[OrganizationStatus.ACTIVE, OrganizationStatus.RECTIFYING],
        )
        .select_related("division")
    )
    by_division = {found.division_id: found for found in working}
    rows = tuple((division, by_division.get(division.pk)) for division in sorted(expected, key=lambda one: one.pk))
    wanted = {division.pk for division in expected}
    others = tuple(found for found in working if found.division_id not in wanted)
    return DivisionCheck(committee, rows, others)
