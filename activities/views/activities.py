"""The list of activities, one activity, and its minutes on paper."""

from __future__ import annotations

from datetime import date, datetime, time
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_safe

from activities.choices import AHEAD, ATTENDANCE_NEXT, ActivityKind, ActivityStatus, AttendanceStatus, Mode
from activities.models import Activity
from activities.notices import ACTIONS
from activities.rules import acts
from activities.views.pages import activity_or_404, crumbs, roll_lines
from activities.workflow.activities import units_of
from branches.capabilities import Capability
from branches.filters import key_of
from branches.models import Organization
from foundation.audit.models import Entry
from members.lists.paging import Cursor, count_of, in_order, page_of
from members.querysets import EVERYTHING, Ordered
from members.views.drivers import needs
from members.views.lists import size_of

UNRECORDED = "unrecorded"
NOT_YET = "ahead"
STATUS_WORDS = {NOT_YET: "还没开的", **dict(ActivityStatus.choices), UNRECORDED: "时间过了还没记"}


@login_required
@require_safe
def activity_list(request):
    """Answer with one page of the activities in scope, newest first. At most twelve queries."""
    needs(request, Capability.ACTIVITY_VIEW)
    at = timezone.now()
    rows, chosen, applied = _narrowed(request, at)
    size = size_of(request.GET)
    cursor = Cursor.read(request.GET["at"]) if request.GET.get("at") else None
    page = page_of([Ordered(rows, ("starts_at", "pk"), descending=True)], [EVERYTHING], cursor, size)
    named = Activity.objects.select_related("organization").defer("agenda", "minutes", "decisions")
    extra = {"size": size} if size != 50 else {}
    context = {
        "rows": in_order(page.keys, named),
        "count": count_of(rows),
        "at": at,
        "chosen": chosen,
        "applied": applied,
        "clear_url": reverse("activities:list"),
        "kinds": ActivityKind.choices,
        "modes": Mode.choices,
        "statuses": STATUS_WORDS.items(),
        "previous_url": _address(chosen, at=page.previous, **extra) if page.previous else "",
        "next_url": _address(chosen, at=page.next, **extra) if page.next else "",
        "may_record": request.reach.has(Capability.ACTIVITY_RECORD),
    }
    return render(request, "activities/list.html", context)


def _narrowed(request, at) -> tuple:
    """Return the rows under the conditions of the address, the conditions and what removes each."""
    rows = Activity.objects.visible_to(request.reach)
    chosen: dict[str, str] = {}
    labels: dict[str, str] = {}
    for name, words in (("kind", dict(ActivityKind.choices)), ("mode", dict(Mode.choices))):
        value = request.GET.get(name, "")
        if value in words:
            rows, chosen[name], labels[name] = rows.filter(**{name: value}), value, words[value]
    status = request.GET.get("status", "")
    if status in STATUS_WORDS:
        ahead = Q(status__in=sorted(AHEAD))
        special = {NOT_YET: ahead, UNRECORDED: ahead & Q(starts_at__lte=at)}
        rows = rows.filter(special.get(status, Q(status=status)))
        chosen["status"], labels["status"] = status, STATUS_WORDS[status]
    for name, lookup, word in (("from", "gte", "起"), ("until", "lt", "以前")):
        day = _day(request.GET.get(name, ""))
        if day is not None:
            rows = rows.filter(**{f"starts_at__{lookup}": timezone.make_aware(_midnight(day))})
            chosen[name], labels[name] = day.isoformat(), f"{day:%Y-%m-%d} {word}"
    unit = key_of(request.GET.get("unit", ""))
    if unit is not None:
        found = Organization.objects.manageable_by(request.reach, Capability.ACTIVITY_VIEW).filter(pk=unit).first()
        rows = rows.of_units([found.pk]) if found else rows.none()
        chosen["unit"], labels["unit"] = str(unit), found.short_name if found else "没有这个组织"
    applied = [
        {"label": labels[name], "url": _address({key: one for key, one in chosen.items() if key != name})}
        for name in chosen
    ]
    return rows, chosen, applied


def _day(text: str) -> date | None:
    try:
        day = parse_date(text)
    except ValueError:
        return None
    return day if day is not None and 1900 <= day.year < 2200 else None


def _midnight(day: date):
    return datetime.combine(day, time.min)


def _address(conditions: dict, **more) -> str:
    found = {name: value for name, value in (conditions | more).items() if value not in ("", None)}
    return reverse("activities:list") + (f"?{urlencode(found)}" if found else "")


@login_required
@require_safe
def detail(request, pk: int):
    """Answer with one activity: facts, roll, words, history, and the next step. At most twelve queries."""
    activity, at = activity_or_404(request, pk), timezone.now()
    context = _context(request, activity)
    lines = context["lines"]
    partners = list(activity.co_organizers.select_related("organization").order_by("pk"))
    recorded = [one for one in units_of(activity) if acts.may_record(request.reach, one)]
    own = {one.pk for one in recorded}
    may_record = activity.organization_id in own
    context |= {
        "at": at,
        "crumbs": crumbs(activity),
        "may_record": may_record,
        "steps": acts.next_steps(activity, at) if may_record else (),
        "is_overdue": acts.is_overdue(activity, at),
        "to_join": [
            one
            for one in partners
            if one.organization_id in own and one.rolled_at is None and activity.status == ActivityStatus.DONE
        ],
        "may_make_up": activity.status == ActivityStatus.DONE
        and any(
            line.organization_id in own and AttendanceStatus.MADE_UP in ATTENDANCE_NEXT[line.status] for line in lines
        ),
        "entries": _history(activity),
    }
    return render(request, "activities/detail.html", context)


@login_required
@require_safe
def minutes(request, pk: int):
    """Answer with the minutes as a sheet of A4. At most eight queries."""
    activity = activity_or_404(request, pk)
    context = _context(request, activity) | {"at": timezone.now(), "voters": None}
    context["voters"] = sum(line.may_vote for line in context["lines"])
    context["voters_present"] = sum(
        line.may_vote and line.status == AttendanceStatus.PRESENT for line in context["lines"]
    )
    return render(request, "activities/minutes.html", context)


def _context(request, activity: Activity) -> dict:
    lines = roll_lines(request, activity)
    names = {
        status: [line for line in lines if line.status == status]
        for status in (
            AttendanceStatus.PRESENT,
            AttendanceStatus.MADE_UP,
            AttendanceStatus.EXCUSED,
            AttendanceStatus.ABSENT,
        )
    }
    return {
        "activity": activity,
        "units": units_of(activity),
        "venues": list(activity.venues.select_related("station")),
        "lines": lines,
        "by_status": [(status.label, status.value, found) for status, found in names.items() if found],
        "unseen": activity.expected - len(lines),
    }


def _history(activity: Activity) -> list[dict]:
    return [
        {
            "at": entry.at,
            "who": entry.actor_name,
            "text": ACTIONS.get(entry.action, entry.action),
            "note": entry.reason,
        }
        for entry in Entry.objects.for_object(activity)[:20]
    ]
