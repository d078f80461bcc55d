"""The desk of a branch (支部工作台): what must be done this month, and the three things done most often."""

from __future__ import annotations

from datetime import date

from django.utils import timezone

from activities.choices import ActivityKind
from activities.models import Activity, ComplianceStatus, VisitFollowUp
from branches.capabilities import Capability
from branches.choices import BRANCHES, Role
from branches.models import Organization
from branches.scope import Reach

_AHEAD_SHOWN = 5


def branches_of(reach: Reach) -> list[int]:
    """Return the branches whose secretary or committee member somebody is. No query."""
    return [
        post.organization_id
        for post in reach.posts
        if post.role in (Role.SECRETARY, Role.BRANCH_COMMITTEE_MEMBER) and post.kind in BRANCHES
    ]


def branch_desk(request, branches: list[int]) -> dict:
    """Return what the branches of a secretary owe in the periods of today, what is planned, and what is late.

    Five queries, however many branches.
    """
    reach, at = request.reach, timezone.now()
    today = timezone.localdate(at)
    units = Organization.objects.manageable_by(reach, Capability.ACTIVITY_RECORD).filter(pk__in=branches)
    lines = ComplianceStatus.objects.visible_to(reach).filter(organization__in=branches)
    order = {kind: number for number, kind in enumerate(ActivityKind.values)}
    now: dict[int, list[dict]] = {}
    for line in sorted(lines.on(today), key=lambda one: (one.done >= one.due, one.until_date, order[one.kind])):
        now.setdefault(line.organization_id, []).append(_line(line, today))
    late: dict[int, int] = {}
    first = today.replace(month=1, day=1)
    for organization, due, done in (
        lines.late(today).filter(from_date__gte=first).order_by().values_list("organization_id", "due", "done")
    ):
        late[organization] = late.get(organization, 0) + due - done
    ahead = Activity.objects.visible_to(reach).of_units(branches).ahead().select_related("organization")
    waiting = list(ahead.defer("agenda", "minutes", "decisions")[:_AHEAD_SHOWN])
    desks = [
        {"unit": unit, "lines": now.get(unit.pk, []), "late": late.get(unit.pk, 0)} for unit in units.order_by("path")
    ]
    problems = VisitFollowUp.objects.visible_to(reach).waiting_for(branches).select_related("visit__instructor")
    return {
        "problems": list(problems[:_AHEAD_SHOWN]),
        "desks": desks,
        "ahead": waiting,
        "unrecorded": sum(one.starts_at <= at for one in waiting),
        "left": sum(not line["is_done"] for desk in desks for line in desk["lines"]),
        "today": today,
        "may_lodge": reach.has(Capability.GRIEVANCE_LODGE_FOR_DRIVER),
    }


def _line(line: ComplianceStatus, today: date) -> dict:
    last = date.fromordinal(line.until_date.toordinal() - 1)
    return {
        "label": ActivityKind(line.kind).label,
        "kind": line.kind,
        "is_done": line.done >= line.due,
        "done": line.done,
        "due": line.due,
        "last": last,
        "days": (last - today).days,
        "is_monthly": (line.until_date - line.from_date).days < 32,
    }
