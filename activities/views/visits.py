"""Visits of instructors: the list, one visit with its problems, writing one down, and what becomes of a problem."""

from __future__ import annotations

from datetime import date, timedelta
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from activities import workflow
from activities.choices import UNRESOLVED, FollowUpOwner, FollowUpStatus, VisitForm, VisitSubject
from activities.forms import AnswerForm, CancelForm, CloseForm, VisitRecordForm
from activities.models import InstructionVisit, VisitFollowUp
from activities.rules import visits as rules
from activities.views.pages import crumbs
from branches.capabilities import Capability
from branches.filters import key_of
from branches.models import Organization
from branches.views.pages import confirm_page, form_page
from foundation.audit.trail import NotAllowed
from members.views.drivers import needs

PAGE = 50
USUAL_DAYS = 14  # offered as the day by which a problem is seen to
STATES = {
    "overdue": "过了期限",
    "open": "待办",
    "answered": "等指导员确认",
    "done": "已解决",
    "dropped": "不再办",
}


# --- visits ---------------------------------------------------------------------------------------------------------
@login_required
@require_safe
def visit_list(request):
    """Answer with the visits in scope, newest first; ?unit= narrows to one branch. At most eight queries."""
    needs(request, Capability.ACTIVITY_VIEW)
    rows = InstructionVisit.objects.visible_to(request.reach)
    unit = _unit(request)
    if unit is not None:
        rows = rows.filter(organization=unit)
    left = Count("follow_ups", filter=Q(follow_ups__status__in=sorted(UNRESOLVED)))
    rows = rows.select_related("organization", "instructor").annotate(problems=Count("follow_ups"), left=left)
    page = Paginator(rows.order_by("-visited_date", "-pk"), PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": page.object_list,
        "unit": unit,
        "tabs": tabs(request, "visits", page.paginator.count),
        "may_visit": request.reach.has(Capability.ACTIVITY_RECORD_VISIT),
        **_turning("activities:visit_list", page, {"unit": unit.pk} if unit else {}),
    }
    return render(request, "activities/visit_list.html", context)


@login_required
@require_safe
def visit_detail(request, pk: int):
    """Answer with one visit and its problems, each with its next step. At most eight queries."""
    visit = visit_or_404(request, pk)
    today = timezone.localdate()
    follow_ups = visit.follow_ups.select_related("owner_organization", "answered_by", "closed_by").order_by("pk")
    context = {
        "visit": visit,
        "subjects": [VisitSubject(one).label for one in visit.subjects],
        "problems": [_line(request, one, visit, today) for one in follow_ups],
        "may_withdraw": rules.may_withdraw(request.reach, visit),
        "crumbs": visit_crumbs(visit),
    }
    return render(request, "activities/visit_detail.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def visit_record(request):
    """Show and take a visit: ?unit= names the branch, what was looked at is one tap."""
    needs(request, Capability.ACTIVITY_RECORD_VISIT)
    at = timezone.now()
    units = list(
        Organization.objects.manageable_by(request.reach, Capability.ACTIVITY_RECORD_VISIT).running().order_by("path")
    )
    asked = request.POST.get("unit") or request.GET.get("unit", "")
    unit = next((one for one in units if str(one.pk) == asked), None) if asked else next(iter(units), None)
    if unit is None or not rules.is_visited(unit.kind):
        raise Http404
    today = timezone.localdate(at)
    usual = {f"due_{number}": today + timedelta(days=USUAL_DAYS) for number in range(1, 4)}
    owners = {f"owner_{number}": FollowUpOwner.BRANCH for number in range(1, 4)}
    initial = {"visited_date": today, "form": VisitForm.ON_THE_SPOT} | usual | owners
    return form_page(
        request,
        VisitRecordForm(request.POST if request.method == "POST" else None, initial=initial),
        lambda form: workflow.record_visit(
            unit, form.values(), form.problems(), actor=request.user, at=at, key=form.cleaned_data["key"]
        ),
        success="走访已记下",
        next_url=lambda made: redirect("activities:visit_detail", made.pk),
        template="activities/visit_form.html",
        title="记一次走访",
        unit=unit,
        units=units,
        crumbs=visit_crumbs(None, "记一次走访"),
    )


@login_required
@require_http_methods(["GET", "POST"])
def visit_withdraw(request, pk: int):
    """Show and take why a visit was written down by mistake."""
    visit = visit_or_404(request, pk)
    if not rules.may_visit(request.reach, visit.organization):
        raise PermissionDenied
    if visit.withdrawn_at is not None:
        raise NotAllowed("这次走访已经撤回了。")
    if not rules.may_withdraw(request.reach, visit):
        raise PermissionDenied
    url = reverse("activities:visit_detail", args=[visit.pk])
    return confirm_page(
        request,
        CancelForm(request.POST if request.method == "POST" else None),
        lambda form: workflow.withdraw_visit(visit, form.cleaned_data["reason"], actor=request.user, at=timezone.now()),
        success="走访已撤回",
        next_url=url,
        cancel_url=url,
        title="撤回这次走访",
        consequence="这次走访不再计数，没有了结的问题不再办；记录留着备查。",
        submit="撤回",
        danger=True,
        crumbs=visit_crumbs(visit, "撤回"),
    )


# --- problems -------------------------------------------------------------------------------------------------------
@login_required
@require_safe
def follow_up_list(request):
    """Answer with the problems in scope by the day they are due; ?state= and ?unit= narrow. At most eight queries."""
    needs(request, Capability.ACTIVITY_VIEW)
    today = timezone.localdate()
    rows = VisitFollowUp.objects.visible_to(request.reach)
    state, unit = request.GET.get("state", ""), _unit(request)
    state = state if state in STATES or state == "all" else ""
    if unit is not None:
        rows = rows.filter(visit__organization=unit)
    if state == "overdue":
        rows = rows.overdue(today)
    elif state in STATES:
        rows = rows.filter(status=state)
    elif not state:
        rows = rows.unresolved()
    rows = rows.select_related("visit__organization", "owner_organization").order_by("due_date", "pk")
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    chosen = {"state": state} if state else {}
    chosen |= {"unit": unit.pk} if unit else {}
    context = {
        "page": page,
        "rows": [_line(request, one, one.visit, today) for one in page.object_list],
        "unit": unit,
        "state": state,
        "states": STATES.items(),
        "tabs": tabs(request, "problems", page.paginator.count),
        **_turning("activities:follow_up_list", page, chosen),
    }
    return render(request, "activities/follow_up_list.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def follow_up_answer(request, pk: int):
    """Show and take what was done about a problem."""
    follow_up = follow_up_or_404(request, pk)
    if not rules.may_answer(request.reach, follow_up):
        raise PermissionDenied
    if follow_up.status != FollowUpStatus.OPEN:
        raise NotAllowed("已经回复过，或者已经了结。")
    return form_page(
        request,
        AnswerForm(request.POST if request.method == "POST" else None),
        lambda form: workflow.answer_follow_up(
            follow_up, form.cleaned_data["answer"], actor=request.user, at=timezone.now()
        ),
        success="已回复，等指导员确认",
        **_page(follow_up, "回复指导员"),
        submit="回复",
    )


@login_required
@require_http_methods(["GET", "POST"])
def follow_up_close(request, pk: int):
    """Show and take what the instructor says: done, not yet, no more."""
    follow_up = follow_up_or_404(request, pk)
    if not rules.may_close(request.reach, follow_up):
        raise PermissionDenied
    choices = rules.outcomes(follow_up.status)
    if not choices:
        raise NotAllowed("这个问题已经了结。")
    return form_page(
        request,
        CloseForm(
            request.POST if request.method == "POST" else None, status=follow_up.status, initial={"outcome": choices[0]}
        ),
        lambda form: workflow.close_follow_up(
            follow_up, form.cleaned_data["outcome"], form.cleaned_data["note"], actor=request.user, at=timezone.now()
        ),
        success="已记下",
        **_page(follow_up, "确认结果"),
        submit="确认",
        template="activities/follow_up_close.html",
        follow_up=follow_up,
    )


# --- what they share ------------------------------------------------------------------------------------------------
def visit_or_404(request, pk: int) -> InstructionVisit:
    """Return a visit within reach; the answer for a foreign one is that of none. Two queries."""
    needs(request, Capability.ACTIVITY_VIEW)
    rows = InstructionVisit.objects.visible_to(request.reach).select_related("organization", "instructor")
    return get_object_or_404(rows, pk=pk)


def follow_up_or_404(request, pk: int) -> VisitFollowUp:
    """Return a problem within reach; the answer for a foreign one is that of none. Two queries."""
    needs(request, Capability.ACTIVITY_VIEW)
    rows = VisitFollowUp.objects.visible_to(request.reach)
    return get_object_or_404(rows.select_related("visit__organization", "owner_organization", "answered_by"), pk=pk)


def tabs(request, current: str, count: int) -> list[dict]:
    """Return the tabs of what instructors do; the figure stands at the one that is open."""
    lines = (
        ("instructors", "指导员", reverse("activities:instructors")),
        ("visits", "走访", reverse("activities:visit_list")),
        ("problems", "发现的问题", reverse("activities:follow_up_list")),
    )
    return [
        {"label": label, "url": url, "current": name == current, "count": count if name == current else ""}
        for name, label, url in lines
    ]


def visit_crumbs(visit: InstructionVisit | None, *last: str) -> list[tuple[str, str]]:
    """Return the breadcrumbs to a visit or to a word below the list."""
    line = [crumbs(None)[0], ("走访", reverse("activities:visit_list"))]
    if visit is not None:
        here = reverse("activities:visit_detail", args=[visit.pk]) if last else ""
        line.append((visit.organization.short_name, here))
    return line + [(word, "") for word in last]


def _line(request, follow_up: VisitFollowUp, visit: InstructionVisit, today: date) -> dict:
    follow_up.visit = visit
    return {
        "one": follow_up,
        "is_overdue": rules.is_overdue(follow_up, today),
        "may_answer": follow_up.status == FollowUpStatus.OPEN and rules.may_answer(request.reach, follow_up),
        "may_close": follow_up.status in UNRESOLVED and rules.may_close(request.reach, follow_up),
    }


def _page(follow_up: VisitFollowUp, title: str) -> dict:
    url = reverse("activities:visit_detail", args=[follow_up.visit_id])
    return {
        "title": title,
        "meta": follow_up.problem,
        "next_url": url,
        "cancel_url": url,
        "crumbs": visit_crumbs(follow_up.visit, title),
    }


def _unit(request) -> Organization | None:
    unit = key_of(request.GET.get("unit", ""))
    if unit is None:
        return None
    return get_object_or_404(Organization.objects.manageable_by(request.reach, Capability.ACTIVITY_VIEW), pk=unit)


def _turning(name: str, page, chosen: dict) -> dict[str, str]:
    def address(number: int) -> str:
        return f"{reverse(name)}?{urlencode(chosen | {'page': number})}"

    return {
        "previous_url": address(page.previous_page_number()) if page.has_previous() else "",
        "next_url": address(page.next_page_number()) if page.has_next() else "",
    }
