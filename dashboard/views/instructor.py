"""The desk of an instructor (指导员工作台): my branches, what is missing there, what waits for me, my visits."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from activities.choices import ActivityKind, FollowUpStatus
from activities.models import ComplianceStatus, InstructionVisit, VisitFollowUp
from activities.rules.visits import is_overdue
from activities.statistics import visited
from branches.capabilities import Capability
from branches.choices import Role
from branches.models import Appointment, Organization
from branches.scope import Reach

_SHOWN = 5


def looked_after(reach: Reach) -> list[int]:
    """Return the branches whose instructor somebody is. No query."""
    return [post.organization_id for post in reach.posts if post.role == Role.INSTRUCTOR]


def instructor_desk(request, branches: list[int]) -> dict:
    """Return the branches of an instructor with who leads them, what is missing, and how often they are to be visited.

    Nine queries, however many branches. Numbers of phones are masked here as everywhere; the office's is public.
    """
    reach, at = request.reach, timezone.now()
    today = timezone.localdate(at)
    units = Organization.objects.manageable_by(reach, Capability.ACTIVITY_VIEW).filter(pk__in=branches)
    posts = Appointment.objects.visible_to(reach).running(at).filter(organization__in=branches, role=Role.SECRETARY)
    secretaries = {post.organization_id: post.user for post in posts.select_related("user")}
    missing: dict[int, list[dict]] = {}
    later: dict[int, int] = {}
    month_after = today.replace(day=28) + timedelta(days=4)
    lines = ComplianceStatus.objects.visible_to(reach).filter(organization__in=branches).on(today).missing()
    for line in lines.order_by("until_date", "pk"):
        last = line.until_date.fromordinal(line.until_date.toordinal() - 1)
        if line.until_date > month_after.replace(day=1):
            later[line.organization_id] = later.get(line.organization_id, 0) + 1
            continue
        missing.setdefault(line.organization_id, []).append({"label": ActivityKind(line.kind).label, "last": last})
    counted = visited(branches, today)
    follow_ups = VisitFollowUp.objects.visible_to(reach).unresolved().filter(visit__organization__in=branches)
    problems = list(follow_ups.select_related("visit__organization", "owner_organization"))
    mine = InstructionVisit.objects.visible_to(reach).counting().filter(instructor_id=reach.user_id)
    return {
        "cards": [
            {
                "unit": unit,
                "secretary": secretaries.get(unit.pk),
                "missing": missing.get(unit.pk, []),
                "later": later.get(unit.pk, 0),
                "visited": counted[unit.pk],
            }
            for unit in units.order_by("path")
        ],
        "to_confirm": [one for one in problems if one.status == FollowUpStatus.ANSWERED],
        "waiting": [
            {"one": one, "is_overdue": is_overdue(one, today)} for one in problems if one.status == FollowUpStatus.OPEN
        ][:_SHOWN],
        "left": len(problems),
        "visits": list(mine.select_related("organization").order_by("-visited_date", "-pk")[:_SHOWN]),
        "lacking": sum(len(found) for found in missing.values()),
        "today": today,
    }
