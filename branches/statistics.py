"""Read-only figures of the organisation tree. Every function takes an already scoped queryset."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Count, Exists, Max, OuterRef, Q

from branches.choices import COMMITTEES, REQUIRED_POSTS, Kind, OrganizationStatus, Role
from branches.models import Appointment
from branches.querysets import OrganizationQuerySet


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
