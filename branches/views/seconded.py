"""The page of first secretaries (第一书记): who is seconded where, by whom, until when; and where nobody is."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from branches import rules, statistics
from branches.capabilities import Capability
from branches.models import Appointment, Organization
from branches.views.appointments import PER_PAGE, _doors, _tabs
from branches.views.organizations import _page_url

WITHOUT_SHOWN = 30


@login_required
@require_safe
def first_secretary_list(request):
    """Answer with the first secretaries of the reader's scope, whose secondment ends first at the top. Six queries."""
    _doors(request)
    at = timezone.now()
    rows = Appointment.objects.visible_to(request.reach).not_ended(at).first_secretaries()
    rows = rows.select_related("user", "organization").order_by("until_at", "organization__path", "pk")
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    seen = Organization.objects.manageable_by(request.reach, Capability.APPOINTMENT_VIEW)
    without = list(statistics.without_first_secretary(seen, at)[: WITHOUT_SHOWN + 1])
    soon = rules.months_after(timezone.localdate(at), max(rules.SECONDMENT_REMINDERS))
    query = request.GET.copy()
    context = {
        "at": at,
        "page": page,
        "rows": [
            (
                post,
                post.until_at is not None and timezone.localdate(post.until_at) <= soon,
                rules.may_end_appointment(request.reach, post),
            )
            for post in page.object_list
        ],
        "without": [
            (one, request.reach.covers(Capability.APPOINTMENT_APPOINT, one)) for one in without[:WITHOUT_SHOWN]
        ],
        "more": len(without) > WITHOUT_SHOWN,
        "tabs": _tabs(request, "seconded", page.paginator.count),
        "previous_url": _page_url(query, page.previous_page_number() if page.has_previous() else None),
        "next_url": _page_url(query, page.next_page_number() if page.has_next() else None),
    }
    return render(request, "branches/first_secretary_list.html", context)
