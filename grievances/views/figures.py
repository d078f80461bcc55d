"""The page of figures: what was done for drivers in a period, each number a link to exactly the cases it counts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time

from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from branches.capabilities import Capability
from branches.choices import COMMITTEES, Extent
from branches.models import Organization
from grievances import statistics
from grievances.choices import Channel, ClockKind, Measure
from grievances.models import Category, Grievance
from grievances.querysets import BY_FIRST_COMMITTEE, COLLECTED
from grievances.rules.clocks import CHINA
from grievances.statistics import FIGURES, RATES, Counts, Period, Shown
from grievances.views.ledger import address
from members.views.drivers import needs

MONTHS_OFFERED = 12
OUTCOMES = ("reached", "solved", "partly", "not_solved", "rated", "satisfied", "dissatisfied", "unrated", "unreachable")


@dataclass(frozen=True, slots=True)
class Span:
    """The period a page is of: whole months, by lodging or by closing."""

    code: str  # 2026-11, 2026, all
    by: str
    from_month: date | None
    until_month: date | None

    @property
    def label(self) -> str:
        """The period in words."""
        if self.code == "all":
            return "全部时间"
        return f"{self.code[:4]} 年" if len(self.code) == 4 else f"{self.code[:4]} 年 {int(self.code[5:])} 月"

    @property
    def conditions(self) -> dict[str, str]:
        """The same period as conditions of the ledger."""
        found = {"by": self.by} if self.by == "closed" else {}
        if self.from_month:
            found["from"] = self.from_month.isoformat()
        if self.until_month:
            found["until"] = self.until_month.isoformat()
        return found

    @property
    def period(self) -> Period:
        """The same period for the cases themselves."""
        return Period(self.by, _midnight(self.from_month), _midnight(self.until_month))


def _midnight(day: date | None) -> datetime | None:
    return datetime.combine(day, time(0), CHINA) if day else None


def span_of(source, today: date) -> Span:
    """Return the period somebody asked for; without a word this year by lodging. Raises BadRequest."""
    code, by = source.get("period") or str(today.year), source.get("by") or "lodged"
    if by not in ("lodged", "closed"):
        raise BadRequest("按提交时间，或按办结时间。")
    if code == "all":
        return Span(code, by, None, None)
    try:
        if len(code) == 4:
            first = date(int(code), 1, 1)
            return Span(code, by, first, date(first.year + 1, 1, 1))
        if len(code) != 7 or code[4] != "-":
            raise ValueError
        first = date(int(code[:4]), int(code[5:]), 1)
        return Span(code, by, first, date(first.year + first.month // 12, first.month % 12 + 1, 1))
    except ValueError as error:
        raise BadRequest("时间写成 2026-11、2026 或者 all。") from error


def periods(today: date) -> list[tuple[str, str]]:
    """Return the periods a page offers: this year and last, all, the last twelve months."""
    offered = [(str(today.year), "今年"), (str(today.year - 1), "去年"), ("all", "全部时间")]
    year, month = today.year, today.month
    for _ in range(MONTHS_OFFERED):
        offered.append((f"{year}-{month:02}", f"{year} 年 {month} 月"))
        year, month = (year, month - 1) if month > 1 else (year - 1, 12)
    return offered


@login_required
@require_safe
def figures(request):
    """Answer with the figures of the reader's scope. At most ten queries, whatever the number of cases and units.

    Committees are read from the months counted ahead, and the page says of when; a unit that only collects is counted
    at once. Who sees aggregates only gets no link and no cell under five.
    """
    needs(request, Capability.STATISTICS_VIEW)
    reach, at = request.reach, timezone.now()
    span = span_of(request.GET, timezone.localdate(at))
    rows = Grievance.objects.counted_for(reach)
    shown = _shown(reach, rows, span, at)
    aggregate = _sees_aggregates_only(reach)
    linked = not aggregate and reach.has(Capability.GRIEVANCE_VIEW)
    now = statistics.counts_by_unit(rows.open(), at, statistics.NOW)
    total, total_now = statistics.total(shown.by_unit), statistics.total(now)
    units = _units(reach, shown, now) if not aggregate else []
    context = {
        "span": span,
        "periods": periods(timezone.localdate(at)),
        "at": at,
        "as_of": shown.as_of,
        "scope": "、".join(sorted({post.name for post in reach.posts})) or "",
        "aggregate": aggregate,
        "rates": [_rate_tile(rate, total, span, linked, aggregate) for rate in RATES],
        "now": _cells({code: total_now[code] for code in statistics.NOW}, {}, linked, aggregate),
        "accepted": _cells({"accepted": total["accepted"]}, span.conditions, linked, aggregate)[0],
        "outcomes": _cells({code: total[code] for code in OUTCOMES}, span.conditions, linked, aggregate),
        "measures": _measures(total, span, linked, aggregate),
        "money": _money(total, span, linked, aggregate),
        "channels": _channels(shown, span, linked, aggregate),
        "units": [_unit_line(unit, counts, current, span, linked) for unit, counts, current in units],
        "heat": _heat(shown, units, span, linked) if len(units) > 1 else None,
        "stages": [] if aggregate else _stages(rows, at, linked),
        "offices": [] if aggregate else _offices(rows, at, linked),
        "excluded": statistics.EXCLUDED,
        "national_source": statistics.NATIONAL_SOURCE,
    }
    return render(request, "grievances/figures.html", context)


def _sees_aggregates_only(reach) -> bool:
    rows_too = reach.region(Capability.STATISTICS_VIEW, only=frozenset(Extent) - {Extent.AGGREGATE})
    return rows_too.empty


def _shown(reach, rows, span: Span, at: datetime) -> Shown:
    collected = reach.units(Capability.STATISTICS_VIEW, COLLECTED)
    region = reach.region(Capability.STATISTICS_VIEW, only=BY_FIRST_COMMITTEE)
    if not collected:
        kind = "all" if span.from_month is None else "year" if len(span.code) == 4 else "month"
        first = span.from_month or statistics.EVER
        ahead = statistics.counted_ahead(region.committee_ids, span.by, kind, first)
        if ahead is not None:
            return ahead
    return statistics.counted_now(span.period.of(rows), at)


def _link(linked: bool, conditions: dict, **more) -> str:
    return address("grievances:ledger", conditions, **more) if linked else ""


def _cells(numbers: dict[str, int], conditions: dict, linked: bool, aggregate: bool) -> list[dict]:
    kept = statistics.protected(numbers) if aggregate else numbers
    return [
        {
            "label": FIGURES[code].label,
            "says": FIGURES[code].says,
            "unit": FIGURES[code].unit,
            "value": kept[code],
            "url": _link(linked and numbers[code] > 0, conditions, figure=code),
        }
        for code in numbers
    ]


def _rate_tile(rate, counts: Counts, span: Span, linked: bool, aggregate: bool) -> dict:
    parts = {code: counts[code] for code in (rate.numerator, rate.denominator)}
    missing = counts[rate.denominator] - counts[rate.numerator]
    # The part that is not in the numerator is a cell, too.
    small = aggregate and any(0 < number < statistics.SMALLEST_CELL for number in (*parts.values(), missing))
    return {
        "label": rate.label,
        "value": None if small else counts.rate(rate),
        "small": small,
        "numerator": counts[rate.numerator],
        "denominator": counts[rate.denominator],
        "numerator_url": _link(linked, span.conditions, figure=rate.numerator),
        "denominator_url": _link(linked, span.conditions, figure=rate.denominator),
        "says": rate.says,
        "national": rate.national,
    }


def _measures(counts: Counts, span: Span, linked: bool, aggregate: bool) -> list[dict]:
    cases = {code: counts[code] for code in statistics.MEASURES}
    kept = statistics.protected(cases) if aggregate else cases
    return [
        {
            "label": FIGURES[code].label,
            "says": FIGURES[code].says,
            "unit": unit,
            "value": None
            if kept[code] is None
            else counts.person_times.get(code, 0)
            if unit == "人次"
            else counts[code],
            "cases": kept[code],
            "in_cases": unit == "人次",
            "url": _link(linked and counts[code] > 0, span.conditions, figure=code),
            "measure": Measure(code).label,
        }
        for code, unit in statistics.MEASURES.items()
    ]


def _money(counts: Counts, span: Span, linked: bool, aggregate: bool) -> list[dict]:
    found = []
    for code, yuan in (("money", counts.involved), ("recovered", counts.recovered)):
        hidden = aggregate and 0 < counts[code] < statistics.SMALLEST_CELL
        found.append(
            {
                "label": FIGURES[code].label,
                "yuan": None if hidden else f"{yuan:,.2f}",
                "cases": None if hidden else counts[code],
                "url": _link(linked and counts[code] > 0, span.conditions, figure=code),
            }
        )
    return found


def _channels(shown: Shown, span: Span, linked: bool, aggregate: bool) -> list[dict]:
    kept = statistics.protected(shown.channels) if aggregate else shown.channels
    most = max(shown.channels.values(), default=0)
    return [
        {
            "label": Channel(code).label,
            "value": kept[code],
            "most": most,
            "url": _link(linked and number > 0, span.conditions, channel=code),
        }
        for code, number in shown.channels.items()
        if number
    ]


def _units(reach, shown: Shown, now: dict[int, Counts]) -> list[tuple[Organization, Counts, Counts]]:
    """Return (unit, its figures with those below it, what stands now): the units next below the reader's own."""
    region = reach.region(Capability.STATISTICS_VIEW)
    own = sorted({post.path for post in (*reach.posts, *reach.guided)}, key=len, reverse=True)
    known = Organization.objects.filter(pk__in=region.committee_ids, kind__in=COMMITTEES).order_by("path")
    lines: dict[str, tuple[Organization, Counts, Counts]] = {}
    for row in known.only("pk", "path", "depth", "short_name"):
        if row.pk not in shown.by_unit and row.pk not in now and row.path not in lines and not _is_next(row, own):
            continue
        top = next((row.path[: len(path) + Organization.steplen] for path in own if row.path.startswith(path)), "")
        if row.path == top or row.path in own:
            row.is_own = row.path in own  # its line holds what came to itself, not to those below
            lines.setdefault(row.path, (row, statistics.no_counts(), statistics.no_counts()))
        line = lines.get(top) or lines.get(row.path)
        if line is not None:
            line[1].add(shown.by_unit.get(row.pk, statistics.no_counts()))
            line[2].add(now.get(row.pk, statistics.no_counts()))
    return list(lines.values())


def _is_next(row: Organization, own: list[str]) -> bool:
    return row.path[: -Organization.steplen] in own or row.path in own


def _unit_line(unit: Organization, counts: Counts, now: Counts, span: Span, linked: bool) -> dict:
    where = _where(unit)
    return {
        "name": unit.short_name,
        "accepted": counts["accepted"],
        "accepted_url": _link(linked and counts["accepted"] > 0, span.conditions | where, figure="accepted"),
        "rates": [
            {
                "label": rate.label,
                "value": counts.rate(rate),
                "numerator": counts[rate.numerator],
                "denominator": counts[rate.denominator],
                "url": _link(linked and counts[rate.denominator] > 0, span.conditions | where, figure=rate.denominator),
            }
            for rate in RATES
        ],
        "overdue": now["overdue"],
        "overdue_url": _link(linked and now["overdue"] > 0, where, figure="overdue"),
    }


def _where(unit: Organization) -> dict[str, int]:
    return {"origin" if unit.is_own else "unit": unit.pk}


def _heat(shown: Shown, units, span: Span, linked: bool) -> dict:
    """Return the table of main categories by unit, shaded by how many cases stand in a cell. One query."""
    mains = list(Category.objects.filter(parent=None, is_about_portal=False).order_by("position", "code"))
    paths = dict(Organization.objects.filter(pk__in=shown.by_unit).values_list("pk", "path"))
    found: dict[tuple[int, int], int] = {}
    longest_first = sorted(units, key=lambda one: -len(one[0].path))
    for (category, origin), number in shown.heat.items():
        path = paths.get(origin, "")
        unit = next((row.pk for row, _, _ in longest_first if path.startswith(row.path)), None)
        if unit is not None:
            found[category, unit] = found.get((category, unit), 0) + number
    most = max(found.values(), default=0)
    return {
        "units": [row.short_name for row, _, _ in units],
        "lines": [
            {
                "label": main.name,
                "cells": [
                    {
                        "value": found.get((main.pk, row.pk), 0),
                        "shade": _shade(found.get((main.pk, row.pk), 0), most),
                        "url": _link(
                            linked and found.get((main.pk, row.pk), 0) > 0,
                            span.conditions,
                            category=main.code,
                            **_where(row),
                        ),
                    }
                    for row, _, _ in units
                ],
            }
            for main in mains
        ],
    }


def _shade(number: int, most: int) -> int:
    return 0 if not number else min(5, 1 + 5 * number // (most + 1))


def _stages(rows, at: datetime, linked: bool) -> list[dict]:
    return [
        {"label": ClockKind(kind).label, "value": number, "url": _link(linked and number > 0, {}, overdue=kind)}
        for kind, number in statistics.overdue_by_stage(rows, at).items()
    ]


def _offices(rows, at: datetime, linked: bool) -> list[dict]:
    return [
        {"label": name, "value": number, "url": _link(linked, {}, figure="overdue", office=unit)}
        for unit, name, _, number in statistics.overdue_by_office(rows, at)
    ]
