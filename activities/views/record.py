"""Recording what was held, on a phone: everybody is present until somebody says otherwise."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from activities import workflow
from activities.choices import AHEAD, ActivityKind, ActivityStatus, AttendanceStatus, Mode
from activities.forms import AmendForm, RecordForm, statuses_of
from activities.models import Activity, ComplianceStatus
from activities.rules import acts
from activities.views.pages import (
    ROLL_WORDS,
    activity_or_404,
    crumbs,
    roll_lines,
    unit_to_record_for,
    units_to_choose,
)
from activities.workflow.activities import recorded_by, units_of
from activities.workflow.roll import Candidate, candidates
from branches.choices import Kind
from branches.models import Organization
from foundation.audit.trail import NotAllowed

_HALF_HOUR = timedelta(minutes=30)


@login_required
@require_http_methods(["GET", "POST"])
def record(request):
    """Show and take what was held. Every field is filled in: who was not there is all that is left to say."""
    unit, at = unit_to_record_for(request), timezone.now()
    missing = _missing(unit, at)
    kind = request.POST.get("kind") or request.GET.get("kind", "")
    if kind not in ActivityKind.values:
        kind = next(iter(missing), ActivityKind.THEME_DAY)
    roll = candidates([unit], kind, at)
    form = RecordForm(request.POST if request.method == "POST" else None, initial=_initial(unit, kind, at))
    if request.method == "POST" and form.is_valid():
        try:
            activity = workflow.record(
                unit,
                kind,
                _named(form.values(), kind),
                statuses_of(request.POST),
                actor=request.user,
                at=timezone.now(),
                key=form.cleaned_data["key"],
            )
        except ValidationError as error:
            form.add_refusal(error)
        else:
            return _saved(request, activity)
    context = {
        "kinds": [(value, label, value in missing) for value, label in ActivityKind.choices],
        "kind": kind,
        "kind_label": ActivityKind(kind).label,
        "unit": unit,
        "units": units_to_choose(request),
        "title": "记一次会",
        "crumbs": crumbs(None, "记一次会"),
    }
    return _form(request, form, roll, context)


@login_required
@require_http_methods(["GET", "POST"])
def hold(request, pk: int):
    """Show and take the roll of a planned activity."""
    activity, at = activity_or_404(request, pk, to_record=True), timezone.now()
    if activity.status not in AHEAD:
        raise NotAllowed("已经记过，或者已经取消。")
    units = recorded_by(request.user, units_of(activity), at)
    roll = candidates(units, activity.kind, at)
    initial = _of(activity) | ({"day": timezone.localdate(at)} if activity.starts_at > at else {})
    form = RecordForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            workflow.hold(
                activity,
                _named(form.values(), activity.kind),
                statuses_of(request.POST),
                actor=request.user,
                at=timezone.now(),
            )
        except ValidationError as error:
            form.add_refusal(error)
        else:
            return _saved(request, activity)
    context = {
        "kind": activity.kind,
        "kind_label": activity.get_kind_display(),
        "unit": activity.organization,
        "title": f"记到会情况：{activity.get_kind_display()}",
        "crumbs": crumbs(activity, "记到会情况"),
        "cancel_url": reverse("activities:detail", args=[activity.pk]),
    }
    return _form(request, form, roll, context)


@login_required
@require_http_methods(["GET", "POST"])
def join(request, pk: int, organization: int):
    """Show and take the roll of a unit that held an activity together with another."""
    activity = activity_or_404(request, pk)
    partners = activity.co_organizers.select_related("organization").filter(rolled_at=None)
    mine = Organization.objects.visible_to(request.reach).filter(pk=organization)
    partner = get_object_or_404(partners, organization__in=mine)
    if not acts.may_record(request.reach, partner.organization):
        raise PermissionDenied
    if activity.status != ActivityStatus.DONE:
        raise NotAllowed("牵头的组织记下召开情况以后，再记本支部的名册。")
    roll = candidates([partner.organization], activity.kind, activity.held_at)
    refused = None
    if request.method == "POST":
        try:
            workflow.join(
                activity, partner.organization, statuses_of(request.POST), actor=request.user, at=timezone.now()
            )
        except ValidationError as error:
            refused = error
        else:
            return _saved(request, activity)
    form = RecordForm(initial=_of(activity))
    context = {
        "kind": activity.kind,
        "kind_label": activity.get_kind_display(),
        "unit": partner.organization,
        "only_roll": True,
        "refused": refused.messages if refused else [],
        "title": f"记本支部的名册：{activity.get_kind_display()}",
        "crumbs": crumbs(activity, "记本支部的名册"),
        "cancel_url": reverse("activities:detail", args=[activity.pk]),
    }
    return _form(request, form, roll, context, status=422 if refused else 200)


@login_required
@require_http_methods(["GET", "POST"])
def amend(request, pk: int):
    """Show and take corrections of a plan or a record; the page knows which version it was made for."""
    activity, at = activity_or_404(request, pk, to_record=True), timezone.now()
    if activity.status == ActivityStatus.CANCELLED:
        raise NotAllowed("已经取消，不能再改。")
    is_done = activity.status == ActivityStatus.DONE
    form = AmendForm(request.POST if request.method == "POST" else None, initial=_of(activity), is_done=is_done)
    own = {one.pk for one in recorded_by(request.user, units_of(activity), at)} if is_done else set()
    lines = [line for line in roll_lines(request, activity) if line.organization_id in own]
    if request.method == "POST" and form.is_valid():
        seen = Activity(**{field.attname: getattr(activity, field.attname) for field in Activity._meta.concrete_fields})
        seen.version = form.cleaned_data["version"]
        try:
            workflow.amend(
                seen,
                _named(form.values(), activity.kind),
                actor=request.user,
                at=timezone.now(),
                statuses=statuses_of(request.POST) or None,
                reason=form.cleaned_data.get("reason", ""),
            )
        except ValidationError as error:
            form.add_refusal(error)
        else:
            messages.success(request, "已更正")
            return redirect("activities:detail", activity.pk)
    roll = [
        Candidate(f"a{line.pk}", line.organization_id, line.name, "补学" if line.made_up_date else "")
        for line in lines
        if line.status != AttendanceStatus.MADE_UP
    ]
    context = {
        "kind": activity.kind,
        "kind_label": activity.get_kind_display(),
        "unit": activity.organization,
        "is_amending": True,
        "title": f"更正：{activity.get_kind_display()}",
        "crumbs": crumbs(activity, "更正"),
        "cancel_url": reverse("activities:detail", args=[activity.pk]),
    }
    return _form(request, form, roll, context, known={f"a{line.pk}": line.status for line in lines})


# --- what they share --------------------------------------------------------------------------------------------------
def _form(request, form, roll, context: dict, *, known=None, status: int = 200):
    posted = statuses_of(request.POST) if request.method == "POST" else (known or {})
    states = [
        {
            "candidate": one,
            "options": [
                (value, word, posted.get(one.key, AttendanceStatus.PRESENT) == value)
                for value, word in ROLL_WORDS.items()
            ],
        }
        for one in roll
    ]
    counted = acts.sums(posted.get(one.key, AttendanceStatus.PRESENT) for one in roll)
    context |= {"form": form, "roll": states, "counted": counted}
    return render(request, "activities/record.html", context, status=422 if form.is_bound else status)


def _saved(request, activity: Activity):
    month = timezone.localtime(activity.held_at).month
    messages.success(
        request,
        f"已保存，{month} 月{activity.get_kind_display()}完成：到 {activity.present} 人，应到 {activity.expected} 人",
    )
    return redirect("activities:detail", activity.pk)


def _missing(unit: Organization, at: datetime) -> list[str]:
    """Return the kinds a unit still owes in the periods of today, what ends first at the front. One query."""
    today = timezone.localdate(at)
    lines = ComplianceStatus.objects.filter(organization=unit).on(today).missing().order_by("until_date", "pk")
    order = {kind: number for number, kind in enumerate(ActivityKind.values)}
    rows = lines.values_list("until_date", "kind")
    return [kind for _, kind in sorted(rows, key=lambda row: (row[0], order[row[1]]))]


def _initial(unit: Organization, kind: str, at: datetime) -> dict:
    """Return what is known: now, to the half hour; how they met last time, or online for those on the road."""
    local = timezone.localtime(at)
    last = (
        Activity.objects.of_units([unit.pk])
        .filter(kind=kind, status=ActivityStatus.DONE)
        .order_by("-starts_at")
        .first()
    )
    usual = Mode.MIXED if unit.kind in (Kind.MOBILE_BRANCH, Kind.CLOUD_BRANCH) else Mode.OFFLINE
    floor = local - (local - local.replace(hour=0, minute=0, second=0, microsecond=0)) % _HALF_HOUR
    return {
        "day": local.date(),
        "time": floor.strftime("%H:%M"),
        "mode": last.mode if last else usual,
        "topic": f"{local.month} 月{ActivityKind(kind).label}",
    }


def _of(activity: Activity) -> dict:
    local = timezone.localtime(activity.starts_at)
    names = ("mode", "topic", "agenda", "minutes", "decisions", "guests", "version")
    return {name: getattr(activity, name) for name in names} | {
        "day": local.date(),
        "time": local.strftime("%H:%M"),
    }


def _named(values: dict, kind: str) -> dict:
    return values | {"topic": values.get("topic") or ActivityKind(kind).label}
