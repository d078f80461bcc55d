"""The compliance calendar: a committee's branches for a month, one branch for a year, and the rules behind it."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, time

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import F, Q, Sum
from django.db.models.functions import Least
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from activities.choices import ActivityKind
from activities.models import Activity, Attendance, ComplianceRule, ComplianceStatus
from activities.rules import acts
from activities.statistics import by_kind, ending_in, fulfilled, taken_part
from branches.capabilities import Capability
from branches.choices import BRANCHES, Kind
from branches.filters import key_of
from branches.models import Organization
from members.views.drivers import needs

PAGE = 50
FIRST_YEAR = 2018


def month_of(text: str, today: date) -> date:
    """Return the first day of a month written 2026-11; of this month for what is none."""
    try:
        year, month = (int(part) for part in text.split("-"))
        found = date(year, month, 1)
    except ValueError:
        return today.replace(day=1)
    return found if FIRST_YEAR <= year <= today.year + 1 else today.replace(day=1)


def following(month: date) -> date:
    """Return the first day of the month after."""
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


@login_required
@require_safe
def calendar(request):
    """Answer with n of m for the branches in scope: what had to be done by the end of a month. At most ten queries."""
    needs(request, Capability.ACTIVITY_VIEW)
    today = timezone.localdate()
    month = month_of(request.GET.get("month", ""), today)
    lines = ending_in(ComplianceStatus.objects.visible_to(request.reach), month, following(month))
    kind = request.GET.get("kind", "")
    kind = kind if kind in ActivityKind.values else ""
    if kind:
        lines = lines.filter(kind=kind)
    kinds = by_kind(lines)
    counted = fulfilled(lines)
    grouped = lines.order_by().values("organization_id", name=F("organization__short_name"))
    grouped = grouped.annotate(asked=Sum("due"), met=Sum(Least(F("done"), F("due"))))
    show = "all" if request.GET.get("show") == "all" else "missing"
    if show == "missing":
        grouped = grouped.filter(met__lt=F("asked"))
    page = Paginator(grouped.order_by("organization__path"), PAGE).get_page(request.GET.get("page"))
    cells = defaultdict(dict)
    shown = lines.filter(organization_id__in=[row["organization_id"] for row in page.object_list])
    for line in shown.order_by("kind"):
        cells[line.organization_id][line.kind] = line
    columns = [(value, label) for value, label in ActivityKind.choices if value in kinds]
    rows = [
        {**row, "cells": [(label, cells[row["organization_id"]].get(value)) for value, label in columns]}
        for row in page.object_list
    ]
    here = _url(month, kind, show)
    context = {
        "month": month,
        "is_over": following(month) <= today,
        "columns": columns,
        "totals": [kinds[value] for value, _ in columns],
        "counted": counted,
        "rows": rows,
        "page": page,
        "kind": kind,
        "kinds": ActivityKind.choices,
        "tabs": [
            {
                "label": "有缺的",
                "url": _url(month, kind, "missing"),
                "current": show == "missing",
                "count": counted.incomplete,
            },
            {"label": "全部支部", "url": _url(month, kind, "all"), "current": show == "all", "count": counted.branches},
        ],
        "previous": _url(date(month.year - (month.month == 1), (month.month - 2) % 12 + 1, 1), kind, show),
        "next": _url(following(month), kind, show),
        "show": show,
        "previous_page": f"{here}&page={page.previous_page_number()}" if page.has_previous() else "",
        "next_page": f"{here}&page={page.next_page_number()}" if page.has_next() else "",
    }
    return render(request, "activities/calendar.html", context)


def _url(month: date, kind: str, show: str) -> str:
    query = f"month={month:%Y-%m}" + (f"&kind={kind}" if kind else "") + (f"&show={show}" if show != "missing" else "")
    return f"{reverse('activities:calendar')}?{query}"


@login_required
@require_safe
def branch_calendar(request, pk: int):
    """Answer with the year of one organisation: periods by kind, person-times and persons. At most ten queries."""
    needs(request, Capability.ACTIVITY_VIEW)
    units = Organization.objects.manageable_by(request.reach, Capability.ACTIVITY_VIEW)
    unit = get_object_or_404(units, pk=pk)
    today = timezone.localdate()
    asked = request.GET.get("year", "")
    year = key_of(asked) or today.year
    year = year if FIRST_YEAR <= year <= today.year + 1 else today.year
    lines = ComplianceStatus.objects.filter(organization=unit, from_date__year=year).select_related("rule")
    by_kind_: dict[str, list[ComplianceStatus]] = defaultdict(list)
    for line in lines.order_by("from_date"):
        by_kind_[line.kind].append(line)
    kinds = [
        {
            "label": label,
            "value": value,
            "rule": by_kind_[value][-1].rule,
            "cells": [_cell(line, today) for line in by_kind_[value]],
            "due": sum(line.due for line in by_kind_[value] if line.from_date <= today),
            "done": sum(min(line.done, line.due) for line in by_kind_[value] if line.from_date <= today),
        }
        for value, label in ActivityKind.choices
        if value in by_kind_
    ]
    first, last = (timezone.make_aware(_midnight(date(one, 1, 1))) for one in (year, year + 1))
    held = Activity.objects.of_units([unit.pk]).done_between(first, last)
    own = Attendance.objects.filter(organization=unit)
    context = {
        "unit": unit,
        "year": year,
        "today": today,
        "kinds": kinds,
        "taken": taken_part(held, own),
        "due": sum(one["due"] for one in kinds),
        "done": sum(one["done"] for one in kinds),
        "years": [one for one in (year - 1, year, year + 1) if FIRST_YEAR <= one <= today.year + 1],
        "may_record": acts.may_record(request.reach, unit) and acts.may_hold_alone(unit.kind),
        "is_branch": unit.kind in BRANCHES,
        "crumbs": [("组织生活", reverse("activities:list")), (unit.short_name, "")],
    }
    return render(request, "activities/branch_calendar.html", context)


def _midnight(day: date):
    return datetime.combine(day, time.min)


def _cell(line: ComplianceStatus, today: date) -> dict:
    span = (line.until_date - line.from_date).days
    if span < 32:
        label = f"{line.from_date.month} 月"
    elif span < 100:
        label = f"{(line.from_date.month - 1) // 3 + 1} 季度"
    else:
        label = "上半年" if span < 200 and line.from_date.month == 1 else "下半年" if span < 200 else "全年"
    if line.done >= line.due:
        state = "done"
    elif line.until_date <= today:
        state = "late"
    else:
        state = "now" if line.from_date <= today else "next"
    return {"line": line, "label": label, "state": state, "last": date.fromordinal(line.until_date.toordinal() - 1)}


@login_required
@require_safe
def rules(request):
    """Answer with the rules behind the calendar, each with its source. Three queries."""
    needs(request, Capability.COMPLIANCE_RULE_VIEW)
    today = timezone.localdate()
    rows = ComplianceRule.objects.visible_to(request.reach).filter(Q(until_date__isnull=True) | Q(until_date__gt=today))
    kinds = dict(Kind.choices)
    order = {kind: number for number, kind in enumerate(ActivityKind.values)}
    found = sorted(rows.select_related("organization"), key=lambda rule: (order[rule.kind], rule.pk))
    context = {
        "rows": [(rule, "、".join(kinds.get(kind, kind) for kind in rule.organization_kinds)) for rule in found],
        "today": today,
        "crumbs": [("组织生活", reverse("activities:list")), ("规定", "")],
    }
    return render(request, "activities/rules.html", context)
