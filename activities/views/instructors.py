"""Who looks after which branches, how often they are visited, and which branches nobody looks after."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Count, Exists, F, OuterRef, Q
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from activities.choices import FollowUpStatus
from activities.models import VisitFollowUp
from activities.rules import visits as rules
from activities.statistics import visited
from activities.views.visits import tabs
from branches.capabilities import Capability
from branches.choices import BRANCHES, OrganizationStatus, Role
from branches.models import Appointment, Organization
from members.choices import MemberStatus
from members.views.drivers import needs

PAGE = 50


@login_required
@require_safe
def instructors(request):
    """Answer with the instructors in scope and their branches, or (?show=without) the branches that have none.

    Nobody is ranked: instructors by name, branches in tree order. At most ten queries.
    """
    needs(request, Capability.ACTIVITY_VIEW)
    at = timezone.now()
    seen = Organization.objects.manageable_by(request.reach, Capability.ACTIVITY_VIEW)
    branches = seen.filter(kind__in=BRANCHES, status__in=[OrganizationStatus.ACTIVE, OrganizationStatus.RECTIFYING])
    posts = Appointment.objects.running(at).filter(role=Role.INSTRUCTOR)
    without = branches.filter(~Exists(posts.filter(organization_id=OuterRef("pk"))))
    show = "without" if request.GET.get("show") == "without" else "instructors"
    context = {"show": show, "at": at, "without": without.count(), "usual": rules.BRANCHES_USUAL}
    context |= _without(request, without) if show == "without" else _with(request, posts, branches, at)
    page = context["page"]
    here = reverse("activities:instructors") + ("?show=without&" if show == "without" else "?")
    context |= {
        "tabs": tabs(request, "instructors", page.paginator.count if show == "instructors" else ""),
        "previous_url": f"{here}page={page.previous_page_number()}" if page.has_previous() else "",
        "next_url": f"{here}page={page.next_page_number()}" if page.has_next() else "",
    }
    return render(request, "activities/instructors.html", context)


def _with(request, posts, branches, at) -> dict:
    own = posts.filter(organization__in=branches)
    people = own.order_by().values("user_id", name=F("user__name")).annotate(branch_count=Count("pk"))
    page = Paginator(people.order_by("name", "user_id"), PAGE).get_page(request.GET.get("page"))
    shown = [row["user_id"] for row in page.object_list]
    by_user: dict[int, list[Organization]] = {}
    for post in own.filter(user_id__in=shown).select_related("organization").order_by("organization__path"):
        by_user.setdefault(post.user_id, []).append(post.organization)
    ids = {one.pk for units in by_user.values() for one in units}
    counted = visited(ids, timezone.localdate(at))
    waiting = VisitFollowUp.objects.visible_to(request.reach).unresolved()
    waiting = waiting.filter(visit__organization_id__in=ids).order_by()
    by_branch = {
        pk: (number, answered)
        for pk, number, answered in waiting.values_list("visit__organization_id").annotate(
            number=Count("pk"), answered=Count("pk", filter=Q(status=FollowUpStatus.ANSWERED))
        )
    }
    rows = [
        row
        | {
            "branches": [
                {"unit": one, "visited": counted[one.pk], "problems": by_branch.get(one.pk, (0, 0))[0]}
                for one in by_user.get(row["user_id"], [])
            ],
            "is_many": row["branch_count"] > rules.BRANCHES_USUAL[1],
        }
        for row in page.object_list
    ]
    return {"page": page, "rows": rows}


def _without(request, without) -> dict:
    full = Count("members", filter=Q(members__status=MemberStatus.FULL))
    page = Paginator(without.annotate(full=full).order_by("path"), PAGE).get_page(request.GET.get("page"))
    rows = [
        {
            "unit": one,
            "full": one.full,
            "is_small": one.full < rules.FULL_MEMBERS_LEAST,
            "may_appoint": request.reach.covers(Capability.APPOINTMENT_APPOINT, one),
        }
        for one in page.object_list
    ]
    return {"page": page, "rows": rows}
