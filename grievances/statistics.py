"""What is counted of grievances, each figure with its numerator, denominator, exclusions and unit written out.

Every function takes rows that are scoped already and counts what `counted()` leaves of them: accepted cases without
those withdrawn or merged since and without remarks about this portal. A case counts once, at the committee that had it
first (`origin`), wherever it was decided later. What a figure counts is one condition, `FIGURES[code].condition(at)`;
the ledger lists exactly those rows under the same name, so a figure and the rows behind its link cannot differ.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Count, DateField, F, Q, Sum
from django.db.models.functions import TruncMonth

from grievances.choices import (
    OPEN,
    Channel,
    ClockKind,
    ClockState,
    CloseReason,
    Measure,
    Result,
    Satisfaction,
    Status,
)
from grievances.models import Category, Clock, MonthlyFigures
from grievances.querysets import GrievanceQuerySet
from grievances.rules.clocks import CHINA

SMALLEST_CELL = 5  # docs/permissions.md, aggregate: no cell under five persons
RATED = (Satisfaction.SATISFIED, Satisfaction.BASICALLY_SATISFIED, Satisfaction.DISSATISFIED)


@dataclass(frozen=True, slots=True)
class Period:
    """Cases lodged, or closed, from one instant to before another; None: no bound."""

    by: str = "lodged"  # lodged | closed
    from_at: datetime | None = None
    until_at: datetime | None = None

    def of(self, rows: GrievanceQuerySet) -> GrievanceQuerySet:
        """Return the rows of the period. By closing, only closed ones are left."""
        field = "closed_at" if self.by == "closed" else "lodged_at"
        if self.by == "closed":
            rows = rows.filter(status=Status.CLOSED)
        if self.from_at is not None:
            rows = rows.filter(**{f"{field}__gte": self.from_at})
        return rows if self.until_at is None else rows.filter(**{f"{field}__lt": self.until_at})


@dataclass(frozen=True, slots=True)
class Figure:
    """One count: what it is called, in which unit, what exactly it counts in words, and the same as a condition."""

    code: str
    label: str
    says: str
    condition: Callable[[datetime], Q]
    unit: str = "件"


@dataclass(frozen=True, slots=True)
class Rate:
    """One count divided by another; `national` is the published value for comparison, in percent."""

    code: str
    label: str
    numerator: str
    denominator: str
    says: str
    national: int | None = None


NATIONAL_SOURCE = "交通运输部公布的 2025 年全国 12328 货车司机诉求指标（据媒体转载，请核对原文），只作参照"
EXCLUDED = "不算草稿、撤回、并入别件的，和对本网站的意见建议"


def _first_progress(at: datetime, *conditions: Q) -> Q:
    """Return "the first progress clock meets one of these": it began when the case was first assigned."""
    first = Clock.objects.filter(kind=ClockKind.PROGRESS, started_at=F("grievance__first_assigned_at"))
    met = Q()
    for condition in conditions:
        met |= condition
    return Q(pk__in=first.filter(met).values("grievance_id"))


def _progress_due(prefix: str, at: datetime) -> Q:
    """Return "given, or due": a clock that was stopped counts when its time was over before it was stopped."""
    return (
        Q(**{f"{prefix}state": ClockState.MET})
        | Q(**{f"{prefix}state": ClockState.RUNNING, f"{prefix}due_at__lte": at})
        | Q(**{f"{prefix}state": ClockState.VOID, f"{prefix}due_at__lte": F(f"{prefix}ended_at")})
    )


def _progress_in_time(prefix: str) -> Q:
    """Return "given before it was due", or while there was no due time: what is not due is not late."""
    return Q(**{f"{prefix}state": ClockState.MET}) & (
        Q(**{f"{prefix}due_at__isnull": True}) | Q(**{f"{prefix}due_at__gte": F(f"{prefix}ended_at")})
    )


def _plain(**conditions) -> Callable[[datetime], Q]:
    return lambda at: Q(**conditions)


def _counted_as(measure: Measure) -> Callable[[datetime], Q]:
    return _plain(status=Status.CLOSED, solved=Result.SOLVED, measure=measure)


FIGURES: dict[str, Figure] = {
    figure.code: figure
    for figure in (
        Figure("accepted", "受理", "受理了的诉求", lambda at: Q()),
        Figure("open", "在办", "受理了、还没办结的诉求", _plain(status__in=sorted(OPEN))),
        Figure("closed", "办结", "诉求人确认、回访核实或三次没联系上而办结的诉求", _plain(status=Status.CLOSED)),
        Figure(
            "progress_due",
            "该反馈进度",
            "第一次转办后，进度已经反馈了的，或者反馈时限已经到了的诉求",
            lambda at: _first_progress(at, _progress_due("", at)),
        ),
        Figure(
            "progress_in_time",
            "按时反馈进度",
            "第一次转办后，在时限以内反馈了进度的诉求",
            lambda at: _first_progress(at, _progress_in_time("")),
        ),
        Figure("reached", "回访到的", "诉求人自己确认或回访时说了解决没有的诉求", lambda at: ~Q(solved="")),
        Figure("solved", "解决了", "诉求人说解决了", _plain(solved=Result.SOLVED)),
        Figure("partly", "解决了一部分", "诉求人说解决了一部分；不算进解决率的分子", _plain(solved=Result.PARTLY)),
        Figure("not_solved", "没解决", "诉求人说没解决，转上一级重办", _plain(solved=Result.NOT_SOLVED)),
        Figure("rated", "评价了的", "诉求人评了满意、基本满意或不满意", _plain(satisfaction__in=RATED)),
        Figure(
            "satisfied",
            "满意和基本满意",
            "诉求人评了满意或基本满意",
            _plain(satisfaction__in=(Satisfaction.SATISFIED, Satisfaction.BASICALLY_SATISFIED)),
        ),
        Figure("dissatisfied", "不满意", "诉求人评了不满意", _plain(satisfaction=Satisfaction.DISSATISFIED)),
        Figure("unrated", "未评", "回访到了，没有评价", _plain(satisfaction=Satisfaction.UNRATED)),
        Figure(
            "unreachable",
            "未联系上",
            "三次没联系上而办结；不算满意，也不算解决，单列",
            _plain(close_reason=CloseReason.UNREACHABLE),
        ),
        Figure("case_solved", "解决问题", "办结、诉求人说解决了，按件算", _counted_as(Measure.CASE_SOLVED)),
        Figure("dispute_mediated", "调解纠纷", "办结、诉求人说解决了，按人次算", _counted_as(Measure.DISPUTE_MEDIATED)),
        Figure("other_help", "其他帮助", "办结、诉求人说解决了，按人次算", _counted_as(Measure.OTHER_HELP)),
        Figure("money", "涉及金额", "写了涉及金额的诉求", _plain(amount_involved__isnull=False)),
        Figure("recovered", "追回金额", "追回了钱的诉求", _plain(amount_recovered__gt=0)),
        Figure(
            "overdue",
            "逾期",
            "受理了、还没办结，现在有一项时限已过的诉求",
            lambda at: Q(status__in=sorted(OPEN), next_due_at__lte=at),
        ),
        Figure("supervised", "督办", "受理了、还没办结，上级正在督办的诉求", _plain(supervised_at__isnull=False)),
    )
}
RATES: tuple[Rate, ...] = (
    Rate(
        "response",
        "响应率",
        "progress_in_time",
        "progress_due",
        "按时反馈了进度的 ÷ 该反馈的（已反馈，或时限已到）；每件只看第一次转办后的那一次反馈",
        97,
    ),
    Rate("solved", "解决率", "solved", "reached", "诉求人说“解决了”的 ÷ 回访到的；“解决了一部分”单列，不算解决", 85),
    Rate(
        "satisfied",
        "满意率",
        "satisfied",
        "rated",
        "满意和基本满意的 ÷ 评价了的；未评的和未联系上的不算满意，也不在分母里",
        89,
    ),
)
MEASURES: dict[str, str] = {"case_solved": "件", "dispute_mediated": "人次", "other_help": "人次"}
# What stands only for now, counted from the few open cases; the rest changes slowly and is kept by month.
NOW = ("open", "overdue", "supervised")
EVER = date(1900, 1, 1)  # where all time begins, in the rows counted ahead
KEPT = tuple(code for code in FIGURES if code not in NOW)
# Counted by condition in one pass; those of the clocks are joined in a second one.
_IN_ONE_PASS = tuple(code for code in FIGURES if not code.startswith("progress"))


@dataclass(slots=True)
class Counts:
    """The figures of one unit or of several: cases by code of FIGURES, person-times by measure, money in yuan."""

    cases: dict[str, int]
    person_times: dict[str, int]
    involved: Decimal = Decimal(0)
    recovered: Decimal = Decimal(0)

    def __getitem__(self, code: str) -> int:
        """Return how many cases a figure counts."""
        return self.cases.get(code, 0)

    def add(self, other: Counts) -> None:
        """Add another unit's figures. Measures are added each to itself, never to one another."""
        for mine, theirs in ((self.cases, other.cases), (self.person_times, other.person_times)):
            for code, number in theirs.items():
                mine[code] = mine.get(code, 0) + number
        self.involved += other.involved
        self.recovered += other.recovered

    def rate(self, rate: Rate) -> float | None:
        """Return a rate in percent with one digit; None where nothing is in the denominator."""
        whole = self[rate.denominator]
        return round(100 * self[rate.numerator] / whole, 1) if whole else None


def no_counts() -> Counts:
    """Return figures of nothing, to add to."""
    return Counts({}, {})


def counts_by_unit(rows: GrievanceQuerySet, at: datetime, codes: Iterable[str] = FIGURES) -> dict[int, Counts]:
    """Return {committee that had them first: its figures} of scoped rows at an instant. Two queries.

    Units with no case are left out. `codes` narrows what is counted (fewer conditions, less time).
    """
    return {key[0]: counts for key, counts in _grouped(rows, at, codes, ("origin_id",)).items()}


def counts_by_month(rows: GrievanceQuerySet, by: str, at: datetime) -> dict[tuple[int, date], Counts]:
    """Return {(committee, first day of the month lodged or closed in): the KEPT figures}. Two queries."""
    return _grouped(with_month(rows, by), at, KEPT, ("origin_id", "month"))


def with_month(rows: GrievanceQuerySet, by: str) -> GrievanceQuerySet:
    """Annotate cases with the `month` they were lodged, or closed, in (China); by closing, only closed ones."""
    field = "closed_at" if by == "closed" else "lodged_at"
    return Period(by).of(rows).annotate(month=TruncMonth(field, output_field=DateField(), tzinfo=CHINA))


def _grouped(rows: GrievanceQuerySet, at: datetime, codes: Iterable[str], keys: tuple[str, ...]) -> dict[tuple, Counts]:
    wanted = frozenset(codes)
    asked = [code for code in _IN_ONE_PASS if code in wanted]
    counted = rows.counted().order_by()
    # Named apart from the columns: an alias like a column's name would be taken for it by the next condition.
    sums: dict[str, Any] = {f"n_{code}": Count("pk", filter=FIGURES[code].condition(at) or None) for code in asked}
    for code in MEASURES:
        if code in wanted:
            sums[f"{code}_persons"] = Sum("person_times", filter=FIGURES[code].condition(at), default=0)
    if "money" in wanted:
        sums["involved"] = Sum("amount_involved", default=Decimal(0))
        sums["recovered_yuan"] = Sum("amount_recovered", default=Decimal(0))
    found = {
        tuple(row[key] for key in keys): Counts(
            {code: row[f"n_{code}"] for code in asked},
            {code: row[f"{code}_persons"] for code in MEASURES if code in wanted},
            row.get("involved", Decimal(0)),
            row.get("recovered_yuan", Decimal(0)),
        )
        for row in counted.values(*keys).annotate(**sums)
    }
    if {"progress_due", "progress_in_time"} & wanted:
        first = counted.filter(clocks__kind=ClockKind.PROGRESS, clocks__started_at=F("first_assigned_at"))
        progress = first.values_list(*keys).annotate(
            n_due=Count("pk", filter=_progress_due("clocks__", at)),
            n_in_time=Count("pk", filter=_progress_in_time("clocks__")),
        )
        for *key, due, in_time in progress:
            found[tuple(key)].cases |= {"progress_due": due, "progress_in_time": in_time}
    return found


@dataclass(slots=True)
class Shown:
    """What a page shows of a period: figures by unit, accepted cases by channel and by (main category, unit).

    `as_of` is when they were counted.
    """

    by_unit: dict[int, Counts]
    channels: dict[str, int]
    heat: dict[tuple[int, int], int]
    as_of: datetime


def counted_now(rows: GrievanceQuerySet, at: datetime) -> Shown:
    """Return the KEPT figures counted from the cases themselves. Five queries; for a few thousand cases."""
    return Shown(counts_by_unit(rows, at, KEPT), by_channel(rows), heat(rows), at)


def counted_ahead(units: Collection[int] | None, by: str, span: str, first: date) -> Shown | None:
    """Return the KEPT figures of committees (None: of all) counted ahead; None before these were ever counted.

    `span` is month, year or all, `first` its first day (EVER for all). One query, a row for each committee.
    """
    months = MonthlyFigures.objects.filter(by=by, span=span, month=first)
    shown = Shown({}, {channel.value: 0 for channel in Channel}, {}, None)
    for unit, counts, persons, channels, categories, involved, recovered, as_of in months.order_by().values_list(
        "organization_id", "counts", "person_times", "channels", "categories",
        "amount_involved", "amount_recovered", "as_of",
    ):  # fmt: skip
        shown.as_of = as_of
        if units is not None and unit not in units:
            continue
        shown.by_unit.setdefault(unit, no_counts()).add(Counts(counts, persons, involved, recovered))
        for channel, number in channels.items():
            shown.channels[channel] += number
        for category, number in categories.items():
            key = int(category), unit
            shown.heat[key] = shown.heat.get(key, 0) + number
    if shown.as_of is None:
        last = MonthlyFigures.objects.order_by("-as_of").values_list("as_of", flat=True).first()
        if last is None:
            return None
        shown.as_of = last
    return shown


def total(by_unit: Mapping[int, Counts]) -> Counts:
    """Return the figures of all units together. No query."""
    whole = no_counts()
    for counts in by_unit.values():
        whole.add(counts)
    return whole


def by_channel(rows: GrievanceQuerySet) -> dict[str, int]:
    """Return {channel: accepted cases}, unit 件, every channel in the order of the choices. One query."""
    found = dict(rows.counted().order_by().values_list("channel").annotate(Count("pk")))
    return {channel.value: found.get(channel.value, 0) for channel in Channel}


def heat(rows: GrievanceQuerySet) -> dict[tuple[int, int], int]:
    """Return {(main category, committee that had them first): accepted cases}, unit 件. Two queries."""
    main = {pk: parent or pk for pk, parent in Category.objects.values_list("pk", "parent_id")}
    found: dict[tuple[int, int], int] = {}
    for category, unit, number in (
        rows.counted().order_by().values_list("category_id", "origin_id").annotate(Count("pk"))
    ):
        key = main[category], unit
        found[key] = found.get(key, 0) + number
    return found


def overdue_by_stage(rows: GrievanceQuerySet, at: datetime) -> dict[str, int]:
    """Return {kind of clock: open cases of which that one is late}, unit 件, in the order of the choices. One query.

    A case with two late clocks stands at both stages: the stages are not summed.
    """
    # From the clocks: few are late, and the index of running ones finds them.
    late = Clock.objects.running().filter(due_at__lte=at, grievance__in=rows.counted().open().order_by().values("pk"))
    found = dict(late.order_by().values_list("kind").annotate(Count("pk")))
    return {kind.value: found.get(kind.value, 0) for kind in ClockKind}


def overdue_by_office(rows: GrievanceQuerySet, at: datetime, limit: int = 10) -> list[tuple[int, str, str, int]]:
    """Return (handling unit, its name, duty, late open cases), most first, unit 件. One query."""
    late = rows.counted().overdue(at).order_by()
    found = late.values_list("handler__organization_id", "handler__organization__short_name", "handler__duty").annotate(
        number=Count("pk")
    )
    return list(found.order_by("-number", "handler__organization_id")[:limit])


def late_at(kind: str, at: datetime) -> Q:
    """Return "open, and its clock of this kind is late": what `overdue_by_stage` counts."""
    late = Clock.objects.running().filter(kind=kind, due_at__lte=at)
    return Q(status__in=sorted(OPEN), pk__in=late.values("grievance_id"))


def protected(cells: Mapping[str, int]) -> dict[str, int | None]:
    """Return cells for who may see aggregates only: None for one under five; zero is nobody and stays.

    One hidden cell alone could be told from the total, so the smallest other one is hidden with it.
    """
    hidden = {code for code, number in cells.items() if 0 < number < SMALLEST_CELL}
    if len(hidden) == 1:
        others = {code: number for code, number in cells.items() if number >= SMALLEST_CELL}
        if others:
            hidden.add(min(others, key=lambda code: others[code]))
    return {code: None if code in hidden else number for code, number in cells.items()}
