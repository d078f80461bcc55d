"""Steps around an activity: plan, notify, cancel, make up."""

from __future__ import annotations

from datetime import timedelta

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from activities import workflow
from activities.choices import AHEAD, ATTENDANCE_NEXT, ActivityKind, ActivityStatus, AttendanceStatus, Mode
from activities.forms import CancelForm, MakeUpForm, NoQuestions, PlanForm
from activities.views.pages import activity_or_404, crumbs, roll_lines, unit_to_record_for
from activities.workflow.activities import recorded_by, units_of
from branches.views.pages import confirm_page, form_page
from foundation.audit.trail import NotAllowed


@login_required
@require_http_methods(["GET", "POST"])
def create(request):
    """Show and take a plan."""
    unit, at = unit_to_record_for(request), timezone.now()
    asked = request.GET.get("kind", "")
    initial = {
        "kind": asked if asked in ActivityKind.values else ActivityKind.THEME_DAY,
        "day": timezone.localdate(at) + timedelta(days=1),
        "time": "14:00",
        "mode": Mode.OFFLINE,
    }
    return form_page(
        request,
        PlanForm(request.POST if request.method == "POST" else None, organization=unit, initial=initial),
        lambda form: workflow.plan(
            unit,
            form.cleaned_data["kind"],
            form.values(),
            actor=request.user,
            at=at,
            venues=form.venues(),
            with_others=form.others(),
            key=form.cleaned_data["key"],
        ),
        success="已列入计划",
        next_url=lambda made: redirect("activities:detail", made.pk),
        title="安排一次活动",
        meta=unit.short_name,
        submit="列入计划",
        cancel_url=reverse("activities:list"),
        crumbs=crumbs(None, "安排一次活动"),
    )


@login_required
@require_http_methods(["GET", "POST"])
def notify(request, pk: int):
    """Show whom a notice reaches and send it."""
    activity = activity_or_404(request, pk, to_record=True)
    if activity.status != ActivityStatus.PLANNED:
        raise NotAllowed("通知已经发过，或者活动已经开过、取消了。")
    return confirm_page(
        request,
        NoQuestions(request.POST if request.method == "POST" else None),
        lambda form: workflow.notify(activity, actor=request.user, at=timezone.now()),
        success="通知已发出",
        **_page(activity, "发通知"),
        consequence=(
            "通知发给参加支部的书记、委员、指导员，和有账号的党员。没有账号的党员收不到，请照旧打电话或在群里说一声。"
        ),
        submit="发通知",
    )


@login_required
@require_http_methods(["GET", "POST"])
def cancel(request, pk: int):
    """Show and take the end of a plan, or of a record made by mistake."""
    activity = activity_or_404(request, pk, to_record=True)
    if activity.status == ActivityStatus.CANCELLED:
        raise NotAllowed("已经取消了。")
    was_held = activity.status not in AHEAD
    return confirm_page(
        request,
        CancelForm(request.POST if request.method == "POST" else None),
        lambda form: workflow.cancel(activity, form.cleaned_data["reason"], actor=request.user, at=timezone.now()),
        success="已取消",
        **_page(activity, "取消"),
        consequence=(
            "这条记录不再计入组织生活和人次，名册留着备查。"
            if was_held
            else "活动不开了。已经通知过的人会收到取消的消息。"
        ),
        submit="取消这条记录" if was_held else "取消活动",
        danger=True,
    )


@login_required
@require_http_methods(["GET", "POST"])
def make_up(request, pk: int):
    """Show and take who made up for what he missed."""
    activity, at = activity_or_404(request, pk), timezone.now()
    own = {one.pk for one in recorded_by(request.user, units_of(activity), at)}
    if not own:
        raise PermissionDenied
    if activity.status != ActivityStatus.DONE:
        raise NotAllowed("开过的活动才有补学。")
    lines = [
        (line.pk, f"{line.name}（{line.label}）")
        for line in roll_lines(request, activity)
        if line.organization_id in own and AttendanceStatus.MADE_UP in ATTENDANCE_NEXT[line.status]
    ]
    return form_page(
        request,
        MakeUpForm(
            request.POST if request.method == "POST" else None,
            lines=lines,
            initial={"made_up_date": timezone.localdate(at)},
        ),
        lambda form: workflow.make_up(
            activity,
            [int(pk) for pk in form.cleaned_data["lines"]],
            form.cleaned_data["made_up_date"],
            actor=request.user,
            at=at,
            note=form.cleaned_data["note"],
        ),
        success="补学已记下",
        **_page(activity, "记补学"),
        submit="记下",
    )


def _page(activity, title: str) -> dict:
    url = reverse("activities:detail", args=[activity.pk])
    return {
        "title": f"{title}：{activity.get_kind_display()}",
        "meta": activity.topic,
        "next_url": url,
        "cancel_url": url,
        "crumbs": crumbs(activity, title),
    }
