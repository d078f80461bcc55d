"""The ledger (台账): accepted cases of one's scope under conditions, newest first. One table of conditions for all.

A figure of the statistics page links here with `figure`, and gets exactly the rows it counts: both ask the same
condition (`statistics.FIGURES`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time
from functools import cached_property
from typing import ClassVar

from django.db.models import Q
from django.utils.dateparse import parse_date

from branches.capabilities import Capability
from branches.models import Organization
from branches.scope import Reach, subtree
from grievances import statistics
from grievances.choices import (
    IN_LEDGER,
    Channel,
    ClockKind,
    Level,
    Measure,
    Result,
    Satisfaction,
    Status,
)
from grievances.models import Campaign, Category, Grievance
from grievances.querysets import GrievanceQuerySet
from grievances.rules.clocks import CHINA
from members.lists.paging import Count, Cursor, Page, count_of, page_of
from members.querysets import EVERYTHING, Ordered

# Not in the ledger, listed only when somebody asks for them by name. Drafts are their writers' own.
BESIDE = (Status.LODGED, Status.NOT_ACCEPTED, Status.WITHDRAWN, Status.MERGED)
OVERDUE = "1"


class WrongCondition(ValueError):
    """A condition that means nothing; the text is a sentence for people."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition: its label, the choices a page offers, what it asks, and the value in words."""

    code: str
    label: str
    ask: Callable[[str, Ledger], Q]
    choices: tuple[tuple[str, str], ...] = ()
    kind: str = "choice"  # choice | date | hidden
    show: Callable[[str, Ledger], str] | None = None


def _one_of(name: str, choices) -> Callable[[str, Ledger], Q]:
    known = {value for value, _ in choices}

    def ask(value: str, ledger: Ledger) -> Q:
        if value not in known:
            raise WrongCondition(f"没有“{value[:20]}”这个选项。")
        return Q(**{name: value})

    return ask


def _day(value: str) -> datetime:
    try:
        day = parse_date(value)
    except ValueError:
        day = None
    if day is None:
        raise WrongCondition(f"“{value[:20]}”不是日期，写成 2026-11-24 这样。")
    return datetime.combine(day, time(0), CHINA)


def _key(value: str) -> int:
    if not (value.isascii() and value.isdigit() and len(value) < 19):
        raise WrongCondition("条件里的编号不对。")
    return int(value)


def _from(value: str, ledger: Ledger) -> Q:
    return Q(**{f"{ledger.dated}__gte": _day(value)})


def _until(value: str, ledger: Ledger) -> Q:
    return Q(**{f"{ledger.dated}__lt": _day(value)})


def _by(value: str, ledger: Ledger) -> Q:
    if value not in ("lodged", "closed"):
        raise WrongCondition("按提交时间，或按办结时间。")
    return Q(status=Status.CLOSED) if value == "closed" else Q()


def _category(value: str, ledger: Ledger) -> Q:
    keys = list(Category.objects.filter(Q(code=value) | Q(parent__code=value)).values_list("pk", flat=True))
    if not keys:
        raise WrongCondition(f"没有“{value[:20]}”这个类别。")
    return Q(category__in=keys)


def _overdue(value: str, ledger: Ledger) -> Q:
    if value == OVERDUE:
        return statistics.FIGURES["overdue"].condition(ledger.at) | Q(status=Status.LODGED, next_due_at__lte=ledger.at)
    if value not in ClockKind.values:
        raise WrongCondition(f"没有“{value[:20]}”这一步。")
    return statistics.late_at(value, ledger.at)


def _flag(condition: Q) -> Callable[[str, Ledger], Q]:
    def ask(value: str, ledger: Ledger) -> Q:
        if value not in ("0", "1"):
            raise WrongCondition("是或否填 1 或 0。")
        return condition if value == "1" else ~condition

    return ask


def _figure(value: str, ledger: Ledger) -> Q:
    if value not in statistics.FIGURES:
        raise WrongCondition(f"没有“{value[:20]}”这个数。")
    return statistics.FIGURES[value].condition(ledger.at)


def _unit(value: str, ledger: Ledger) -> Q:
    ledger.reach.region(ledger.scope)
    below = ledger.reach.below(_key(value))
    if below is not None:
        return Q(origin_id__in=below)
    organization = ledger.organization(_key(value))  # seen by the office one holds: not in a region of one's own
    if organization is None:
        return Q(pk__in=[])
    return Q(origin_id__in=Organization.objects.filter(subtree(organization.path)).order_by().values("pk"))


def _campaign(value: str, ledger: Ledger) -> Q:
    seen = Campaign.objects.visible_to(ledger.reach).filter(pk=_key(value))
    return Q(campaigns__campaign__in=seen.values("pk"))


def _unit_name(value: str, ledger: Ledger) -> str:
    region = ledger.reach.region(ledger.scope)
    if name := dict(ledger.reach.names([_key(value)])).get(_key(value)):
        return name
    organization = ledger.organization(_key(value))
    seen = region.everything or _key(value) in region.own_organization_ids
    return organization.short_name if seen and organization is not None else "不在您的辖区"


def _campaign_name(value: str, ledger: Ledger) -> str:
    seen = Campaign.objects.visible_to(ledger.reach).filter(pk=_key(value))
    return seen.values_list("name", flat=True).first() or "不在您的辖区"


def _category_name(value: str, ledger: Ledger) -> str:
    return Category.objects.filter(code=value).values_list("name", flat=True).first() or value


_STATUSES = tuple((one.value, one.label) for one in Status if one in IN_LEDGER or one in BESIDE)
_LATE = ((OVERDUE, "任何一步"), *((kind.value, f"{kind.label}逾期") for kind in ClockKind))
_YES_NO = (("1", "是"), ("0", "否"))
CONDITIONS: dict[str, Condition] = {
    condition.code: condition
    for condition in (
        Condition("status", "状态", _one_of("status", _STATUSES), _STATUSES),
        Condition("category", "类别", _category, show=_category_name),
        Condition("channel", "来源", _one_of("channel", Channel.choices), tuple(Channel.choices)),
        Condition("level", "级别", _one_of("organization__level", Level.choices), tuple(Level.choices)),
        Condition("overdue", "逾期", _overdue, _LATE),
        Condition("supervised", "督办中", _flag(Q(supervised_at__isnull=False)), _YES_NO),
        Condition("campaign", "专项整治", _campaign, show=_campaign_name),
        Condition("measure", "计为", _one_of("measure", Measure.choices), tuple(Measure.choices)),
        Condition("result", "诉求人说", _one_of("solved", Result.choices), tuple(Result.choices)),
        Condition("satisfaction", "满意度", _one_of("satisfaction", Satisfaction.choices), tuple(Satisfaction.choices)),
        Condition("by", "时间", _by, (("lodged", "按提交"), ("closed", "按办结"))),
        Condition("from", "从", _from, kind="date"),
        Condition("until", "到（不含）", _until, kind="date"),
        Condition("unit", "首办单位", _unit, kind="hidden", show=_unit_name),
        Condition(
            "origin",
            "首办单位（本级）",
            lambda value, ledger: Q(origin_id=_key(value)),
            kind="hidden",
            show=_unit_name,
        ),
        Condition(
            "office",
            "承办单位",
            lambda value, ledger: Q(handler__organization_id=_key(value)),
            kind="hidden",
            show=_unit_name,
        ),
        Condition(
            "figure",
            "统计里的",
            _figure,
            kind="hidden",
            show=lambda value, ledger: statistics.FIGURES[value].label,
        ),
    )
}


@dataclass
class Ledger:
    """The cases a reader asked for: conditions and a typed number or title. Nothing is read before `page` or `count`.

    Raises WrongCondition for a value that means nothing.
    """

    list_name: ClassVar[str] = "ledger"
    reach: Reach
    at: datetime
    values: dict[str, str] = field(default_factory=dict)
    text: str = ""
    scope: Capability = Capability.GRIEVANCE_VIEW
    _organizations: dict[int, Organization | None] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        """Keep the conditions we know."""
        self.values = {code: self.values[code].strip() for code in CONDITIONS if self.values.get(code, "").strip()}
        self.text = " ".join(self.text.split())[:80]

    @property
    def dated(self) -> str:
        """The column the period is of."""
        return "closed_at" if self.values.get("by") == "closed" else "lodged_at"

    @cached_property
    def condition(self) -> Q:
        """Return all conditions together, without scope. At most one query for each of category and unit."""
        met = Q()
        for code, value in self.values.items():
            met &= CONDITIONS[code].ask(value, self)
        return met

    def organization(self, pk: int) -> Organization | None:
        """Return a unit that a condition names: asked once, for the condition and for its name. One query for each."""
        if pk not in self._organizations:
            self._organizations[pk] = Organization.objects.filter(pk=pk).only("pk", "path", "short_name").first()
        return self._organizations[pk]

    def rows(self) -> GrievanceQuerySet:
        """Return exactly the cases of the list, in no order: for counts and files."""
        rows = Grievance.objects.manageable_by(self.reach, self.scope)
        asks_beside = self.values.get("status") in BESIDE
        rows = rows if asks_beside else rows.counted()
        rows = rows.filter(self.condition)
        return rows.found_by(self.text) if self.text else rows

    def page(self, cursor: Cursor | None, size: int) -> Page:
        """Return the keys of one page, last lodged first (members.lists.paging.page_of). One or two queries."""
        return page_of([Ordered(self.rows(), ("lodged_at", "pk"), descending=True)], [EVERYTHING], cursor, size)

    @cached_property
    def count(self) -> Count:
        """Return how many cases the list has. Unit: 件. One query, two beyond ten thousand."""
        return count_of(self.rows())

    def in_force(self) -> list[tuple[str, str]]:
        """Return (code, "状态：办理中") for every condition in force. One query for each of unit, office, campaign."""
        return [(code, f"{CONDITIONS[code].label}：{self._shown(code, value)}") for code, value in self.values.items()]

    def _shown(self, code: str, value: str) -> str:
        condition = CONDITIONS[code]
        if condition.show is not None:
            return condition.show(value, self)
        return dict(condition.choices).get(value, value)


def month_bounds(month: date) -> tuple[date, date]:
    """Return the first day of a month and that of the next."""
    return month, date(month.year + month.month // 12, month.month % 12 + 1, 1)
