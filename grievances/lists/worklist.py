"""The work list by due time: tabs, conditions, groups, keyset pages and counts that stop at a cap.

One query counts every tab and group, one more fetches a page. Each begins with who decides (or handles) the case and in
which status it is, so the index (organization, status, next_due_at) or (handler, next_due_at) is its way in; what is
open in a scope is then sorted, the closed rest of the table is not read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property

from django.core import signing
from django.db.models import F, IntegerField, Q, Subquery

from branches.capabilities import Capability
from branches.choices import Duty, Extent
from branches.models import Office, Organization, Workday
from branches.scope import Reach
from branches.workflow import offices_of
from foundation.accounts.models import User
from grievances.choices import ENDED, OPEN, PAUSED, Channel, Status
from grievances.models import Category, Grievance
from grievances.querysets import BY_TREE, GrievanceQuerySet
from grievances.rules import times

COUNT_CAP = 1_000
LATE_SHOWN = 100
CALENDAR_AHEAD = timedelta(days=30)
WIDE = 8  # committees: from here on the newest of a scope are found along the index of all rather than gathered
_SALT = "grievances.worklist"
# What a list shows, and what its next step is reckoned from.
_UNIT = ("short_name", "level", "path", "depth")
SHOWN = (
    "number",
    "title",
    "status",
    "urgency",
    "lodged_at",
    "assigned_at",
    "next_due_at",
    "next_clock",
    "calendar_missing",
    "supervised_at",
    "rung",
    "reopened",
    "answered_by",
    "lodged_by",
    "category__name",
    "collector__organization_id",
    "handler__duty",
    *(f"{place}__{name}" for place in ("organization", "handler__organization") for name in _UNIT),
)
MY_TURN = frozenset({Status.ASSIGNED, Status.IN_HAND, Status.WAITING_FOR_COMPLAINANT})

TABS = {
    "mine": "我经手的",
    "unit": "本单位",
    "below": "下级单位",
    "moved": "升到上级的",
    "supervised": "督办",
    "to-confirm": "等回访",
    "ended": "已办结",
}
GROUPS = {
    "missing": "日历未载入",
    "late": "已逾期",
    "today": "今天到期",
    "soon": "3 个工作日内",
    "later": "以后",
    "paused": "已暂停",
    "none": "没有时限",
}
STAGES = [(status.value, status.label) for status in Status if status in OPEN | ENDED]


class CountOf(Subquery):
    """How many rows a (sliced) queryset has, as a column."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) counted)"
    output_field = IntegerField()


@dataclass(frozen=True)
class Reader:
    """Who reads the list, and what is his: the reach, and the offices whose work falls to him."""

    reach: Reach
    offices: frozenset[int]
    handling: frozenset[int]  # those of them that handle

    @classmethod
    def of(cls, reach: Reach) -> Reader:
        """Return the reader behind a reach, at its instant. Three queries the first time."""
        found = offices_of(reach, reach.at, [Duty.HANDLE, Duty.COLLECT])
        handling = frozenset(one.pk for one in found if one.duty == Duty.HANDLE)
        return cls(reach, frozenset(one.pk for one in found), handling)

    @cached_property
    def own_committees(self) -> frozenset[int]:
        """Return the units of the posts by which he sees whole committees."""
        return self.reach.units(Capability.GRIEVANCE_VIEW, BY_TREE)

    @cached_property
    def committees_below(self) -> frozenset[int]:
        """Return the committees of his scope below his own. One query."""
        return self.reach.region(Capability.GRIEVANCE_VIEW, only=BY_TREE).committee_ids - self.own_committees

    @property
    def _stands_at_the_top(self) -> bool:
        """Whether nothing can be moved up from his committees: one of them has nobody above."""
        return any(
            post.organization_id in self.own_committees and len(post.path) == Organization.steplen
            for post in self.reach.posts
        )

    @cached_property
    def calling_back(self) -> frozenset[int]:
        """Return the committees whose complainants he calls back."""
        return self.reach.units(Capability.GRIEVANCE_CALL_BACK, {Extent.UNIT, Extent.UNIT_NOT_HANDLER})

    def tabs(self) -> list[str]:
        """Return the tabs that can hold anything for him, and the one to begin with first asked for."""
        found = ["mine", "unit"]
        if self.committees_below:
            found.append("below")
        if self.own_committees and not self._stands_at_the_top:
            found.append("moved")
        found.append("supervised")
        if self.calling_back:
            found.append("to-confirm")
        return [*found, "ended"]

    def first_tab(self) -> str:
        """Return the tab to begin with: what one's committee has, or what one has in hand."""
        return "unit" if self.own_committees else "mine"


def rows_of(tab: str, reader: Reader) -> GrievanceQuerySet:
    """Return the cases of a tab: rows the reader may see, asked for so that one index leads to them."""
    rows, reach = Grievance.objects.all(), reader.reach
    ours = reader.own_committees | reader.committees_below
    if tab == "mine":
        return _my_turn(rows, reader)
    if tab == "to-confirm":
        return rows.decided_by(reach, reader.calling_back).to_confirm()
    if tab == "moved":
        return rows.moved_up_from(reach, ours)
    if tab == "ended":
        return rows.decided_by(reach, ours, and_own=True, gathered=len(ours) < WIDE).filter(status__in=sorted(ENDED))
    if tab == "supervised":
        return rows.decided_by(reach, ours, and_own=True).supervised()
    if tab == "below":
        return rows.decided_by(reach, reader.committees_below).open()
    return rows.decided_by(reach, reader.own_committees, and_own=True).open()


def _my_turn(rows: GrievanceQuerySet, reader: Reader) -> GrievanceQuerySet:
    """Return the cases in which somebody waits for the reader: to accept, to assign, to report, to answer."""
    reach = reader.reach
    deciding = reach.units(Capability.GRIEVANCE_ASSIGN, {Extent.UNIT})
    held = reach.units(Capability.GRIEVANCE_ANSWER, {Extent.HELD})
    mine, turn = Q(), sorted(MY_TURN)
    if deciding:
        mine |= Q(organization_id__in=deciding, status__in=[Status.ACCEPTED, Status.LODGED])
    if reader.handling and reader.own_committees:  # he deputises an office: of the cases he sees by his own post
        ours = reader.own_committees | reader.committees_below
        mine |= Q(handler_id__in=reader.handling, organization_id__in=ours, status__in=turn)
    elif reader.handling:
        mine |= Q(handler_id__in=reader.handling, status__in=turn)
    if held:
        offices = Office.objects.filter(organization_id__in=held, duty=Duty.HANDLE).values("pk")
        mine |= Q(handler_id__in=offices, status__in=turn)
    return rows.filter(mine) if mine else rows.none()


@dataclass
class WorkList:
    """One list somebody asked for: tab and conditions; `at` is the instant that divides late from due."""

    reader: Reader
    tab: str
    at: datetime
    values: Mapping[str, str] = field(default_factory=dict)
    size: int = 50

    @cached_property
    def categories(self) -> list[Category]:
        """Return every category, main ones before their kinds. One query."""
        return list(Category.objects.order_by("position", "code"))

    @cached_property
    def soon(self) -> datetime | None:
        """Return the midnight that ends the third working day from now. One query."""
        return times.end_of_soon(self.at, calendar_from(self.at))

    @property
    def by_due(self) -> bool:
        """Whether the list goes by due time; what has ended goes newest first."""
        return self.tab != "ended"

    def conditions(self) -> Q:
        """Return what the filters say, without the group."""
        found, values = Q(), self.values
        if values.get("category"):
            chosen = int(values["category"])
            found &= Q(category_id__in=[one.pk for one in self.categories if chosen in (one.pk, one.parent_id)])
        if values.get("stage"):
            found &= Q(status=values["stage"])
        if values.get("channel"):
            found &= Q(channel=values["channel"])
        if values.get("unit"):
            found &= Q(organization_id=int(values["unit"]))
        return found

    def rows(self, tab: str | None = None) -> GrievanceQuerySet:
        """Return the cases of a tab that meet the conditions, in no order."""
        return rows_of(tab or self.tab, self.reader).filter(self.conditions()).found_by(self.values.get("q", ""))

    def group(self, code: str) -> Q:
        """Return the condition of a group of due times; together the groups hold every open case once."""
        today, soon = times.end_of(self.at.astimezone(times.CHINA).date()), self.soon
        if code == "missing":
            return Q(calendar_missing=True)
        dated = Q(calendar_missing=False)
        if code == "late":
            return dated & Q(next_due_at__lte=self.at)
        if code == "today":
            return dated & Q(next_due_at__gt=self.at, next_due_at__lt=today)
        if code == "soon":
            return dated & (Q(next_due_at__gte=today, next_due_at__lt=soon) if soon else Q(pk__in=[]))
        if code == "later":
            return dated & Q(next_due_at__gte=soon or today)
        paused = Q(status__in=sorted(PAUSED))
        return dated & Q(next_due_at__isnull=True) & (paused if code == "paused" else ~paused)

    def group_of(self, row: Grievance) -> str:
        """Return the group a row stands in. No query beyond that of `soon`."""
        if row.calendar_missing:
            return "missing"
        if row.next_due_at is None:
            return "paused" if row.status in PAUSED else "none"
        if row.next_due_at <= self.at:
            return "late"
        if row.next_due_at < times.end_of(self.at.astimezone(times.CHINA).date()):
            return "today"
        return "soon" if self.soon is not None and row.next_due_at < self.soon else "later"

    def counts(self) -> dict[str, int]:
        """Return {tab: cases, "in <group>": cases of this list}, none counted beyond the cap. One query."""
        asked = {tab: rows_of(tab, self.reader) for tab in self.reader.tabs()}
        if self.by_due:
            asked |= {f"in {code}": self.rows().filter(self.group(code)) for code in GROUPS}
        else:
            asked["in ended"] = self.rows()
        columns = {
            f"n{place}": CountOf(rows.order_by().values("pk")[: COUNT_CAP + 1])
            for place, rows in enumerate(asked.values())
        }
        # One row to hang the numbers on: the reader's own.
        found = User.objects.filter(pk=self.reader.reach.user_id).values_list(*columns.values()).first()
        return dict(zip(asked, (number or 0 for number in found or [0] * len(asked)), strict=True))

    def page(self, cursor: Cursor | None) -> Page:
        """Return one page of rows with what a list shows of them. One query."""
        names = ("category", "organization", "collector", "handler__organization")
        rows = self.rows().select_related(*names).only(*SHOWN)
        if self.values.get("when"):
            rows = rows.filter(self.group(self.values["when"]))
        backwards = cursor is not None and cursor.backwards
        if cursor is not None:
            rows = rows.filter(self._beyond(cursor))
        found = list(rows.order_by(*self._order(backwards))[: self.size + 1])
        more, found = len(found) > self.size, found[: self.size]
        if backwards:
            found.reverse()
        if not found:
            return Page(())
        has_previous = more if backwards else cursor is not None
        has_next = cursor is not None if backwards else more
        return Page(
            tuple(found),
            Cursor.at_row(found[0], backwards=True).token() if has_previous else "",
            Cursor.at_row(found[-1]).token() if has_next else "",
        )

    def _order(self, backwards: bool) -> Sequence:
        if not self.by_due:
            return ("lodged_at", "pk") if backwards else ("-lodged_at", "-pk")
        if backwards:
            return ("calendar_missing", F("next_due_at").desc(nulls_first=True), "-pk")
        return ("-calendar_missing", F("next_due_at").asc(nulls_last=True), "pk")

    def _beyond(self, cursor: Cursor) -> Q:
        if not self.by_due:
            sign = "gt" if cursor.backwards else "lt"
            same = Q(lodged_at=cursor.at, **{f"pk__{sign}": cursor.pk})
            return Q(**{f"lodged_at__{sign}": cursor.at}) | same
        if cursor.backwards:
            before = Q(next_due_at__isnull=False) if cursor.at is None else Q(next_due_at__lt=cursor.at)
            same = Q(next_due_at=cursor.at) if cursor.at is not None else Q(next_due_at__isnull=True)
            here = Q(calendar_missing=cursor.missing) & (before | same & Q(pk__lt=cursor.pk))
            return here if cursor.missing else here | Q(calendar_missing=True)
        after = Q(pk__in=[]) if cursor.at is None else Q(next_due_at__gt=cursor.at) | Q(next_due_at__isnull=True)
        same = Q(next_due_at=cursor.at) if cursor.at is not None else Q(next_due_at__isnull=True)
        here = Q(calendar_missing=cursor.missing) & (after | same & Q(pk__gt=cursor.pk))
        return here | Q(calendar_missing=False) if cursor.missing else here


@dataclass(frozen=True, slots=True)
class Cursor:
    """The edge of a page: where its row stands (calendar, due time or lodging, key), and which way to go on."""

    missing: bool
    at: datetime | None
    pk: int
    backwards: bool = False

    @classmethod
    def at_row(cls, row: Grievance, *, backwards: bool = False) -> Cursor:
        """Return the cursor at a row."""
        at = row.lodged_at if row.status in ENDED else row.next_due_at
        return cls(row.calendar_missing, at, row.pk, backwards)

    def token(self) -> str:
        """Return the cursor as a signed text for an address."""
        at = self.at.isoformat() if self.at else ""
        return signing.dumps([int(self.missing), at, self.pk, int(self.backwards)], salt=_SALT)

    @classmethod
    def read(cls, token: str) -> Cursor | None:
        """Return the cursor of a token, None for one that is not ours (the list then starts at its beginning)."""
        try:
            missing, at, pk, backwards = signing.loads(token, salt=_SALT)
            return cls(bool(missing), datetime.fromisoformat(at) if at else None, int(pk), bool(backwards))
        except (signing.BadSignature, ValueError, TypeError):
            return None


@dataclass(frozen=True, slots=True)
class Page:
    """Rows of one page in their order, and the tokens of its neighbours ("" where there is none)."""

    rows: tuple[Grievance, ...]
    previous: str = ""
    next: str = ""


def read_values(source: Mapping[str, str]) -> dict[str, str]:
    """Return the conditions of an address; raises ValueError for one that means nothing."""
    values = {name: source.get(name, "").strip() for name in ("q", "category", "stage", "channel", "unit", "when")}
    for name in ("category", "unit"):
        if values[name] and not (values[name].isascii() and values[name].isdigit() and len(values[name]) < 19):
            raise ValueError(name)
    known = {"stage": dict(STAGES), "channel": dict(Channel.choices), "when": GROUPS}
    for name, allowed in known.items():
        if values[name] and values[name] not in allowed:
            raise ValueError(name)
    values["q"] = values["q"][:60]
    return {name: value for name, value in values.items() if value}


def calendar_from(at: datetime) -> dict:
    """Return the official calendar of the days ahead: whether each is worked. One query."""
    today = at.astimezone(times.CHINA).date()
    return dict(
        Workday.objects.filter(date__gt=today, date__lte=today + CALENDAR_AHEAD).values_list("date", "is_workday")
    )


def late_here(reach: Reach, at: datetime) -> int:
    """Return how many cases are late for one's own unit, at most 100: for the navigation. One query, one index."""
    deciding = reach.units(Capability.GRIEVANCE_ASSIGN, {Extent.UNIT})
    held = reach.units(Capability.GRIEVANCE_ANSWER, {Extent.HELD, Extent.OFFICE})
    where = Q()
    if deciding:
        where |= Q(organization_id__in=deciding)
    elif held:
        where |= Q(handler__organization_id__in=held)
    if not where:
        return 0
    return Grievance.objects.overdue(at).filter(where).order_by().values("pk")[:LATE_SHOWN].count()
