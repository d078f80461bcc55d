"""The list of Party members: its conditions, a typed text, and the rows they make, for the page and the file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import ClassVar

from django.db.models import Q

from branches.capabilities import Capability
from branches.models import Organization
from branches.scope import Reach
from members.choices import MEMBER_CURRENT, MEMBER_LEFT, Absence, MemberStatus
from members.lists.drivers import WrongFilter
from members.lists.paging import Count, Cursor, Page, count_of, page_of
from members.models import Affiliation, BackboneTag, ContactPair, PartyMember
from members.querysets import EVERYTHING, Ordered, PartyMemberQuerySet
from members.rules.drivers import same_rows
from members.rules.membership import flowing_since_before
from members.rules.search import Kind, Query
from members.statistics import committee_map

PLACEMENTS = {"placed": "已编入支部", "unplaced": "还没有编入"}
SCOPES = {"left": "已离开的"}
TAGS = {"backbone": "骨干", "veteran": "退役军人", "contact": "结对联系司机的"}
LABELS = {
    "status": "党籍",
    "absence": "外出",
    "placement": "编入",
    "committee": "党委",
    "unit": "支部",
    "branch": "编入的支部",
    "scope": "范围",
    "tag": "标记",
}
WORDS: dict[str, dict[str, str]] = {
    "status": dict(MemberStatus.choices),
    "absence": dict(Absence.choices),
    "placement": PLACEMENTS,
    "scope": SCOPES,
    "tag": TAGS,
}
# What somebody typed asks about a field: only in rows where he may see it.
_KIND_RIGHTS = {
    Kind.ID_NUMBER: Capability.DRIVER_IDENTITY_FIND_BY_ID_NUMBER,
    Kind.PHONE: Capability.DRIVER_IDENTITY_MASKED,
    Kind.PHONE_TAIL: Capability.DRIVER_IDENTITY_MASKED,
    Kind.ID_TAIL: Capability.DRIVER_IDENTITY_MASKED,
}


def needed_for(query: Query) -> Capability | None:
    """Return the right beside seeing members that a typed text asks for."""
    return _KIND_RIGHTS.get(query.kind)


@dataclass
class MemberList:
    """The members a reader asked for. Nothing is read before `page`, `count` or `in_force`."""

    list_name: ClassVar[str] = "members"
    reach: Reach
    today: date
    values: dict[str, str] = field(default_factory=dict)
    query: Query | None = None
    scope: Capability = Capability.PARTY_MEMBER_VIEW  # another right than seeing, for example export

    def __post_init__(self) -> None:
        """Keep only the conditions we know. Raises WrongFilter for one that means nothing."""
        self.values = {name: self.values[name].strip() for name in LABELS if self.values.get(name, "").strip()}
        for name, value in self.values.items():
            _check(name, value)
        if self.query is not None and self.query.kind in (Kind.NOTHING, Kind.PLATE):
            self.query = None

    def filtered(self) -> PartyMemberQuerySet:
        """Return the members in scope that meet the conditions, without the typed text. Queries as `visible_to`."""
        return self._met

    @cached_property
    def _met(self) -> PartyMemberQuerySet:
        rows = PartyMember.objects.manageable_by(self.reach, self.scope)
        needs = _KIND_RIGHTS.get(self.query.kind) if self.query is not None else None
        if needs is not None and not same_rows(self.reach.region(needs), self.reach.region(self.scope)):
            # A number is asked only where it may be seen: a right that reaches less far narrows the rows.
            rows = rows.filter(pk__in=PartyMember.objects.manageable_by(self.reach, needs).values("pk"))
        left = self.values.get("scope") == "left" or self.values.get("status") in MEMBER_LEFT
        rows = rows.filter(status__in=sorted(MEMBER_LEFT if left else MEMBER_CURRENT))
        if self.values.keys() & _PLACED:
            rows = rows.with_unit()
        for name, value in self.values.items():
            rows = rows.filter(_CONDITIONS[name](value, self.today))
        return rows

    def rows(self) -> PartyMemberQuerySet:
        """Return exactly the members of the list, in no order: for counts and exports."""
        return self._met if self.query is None else self._met.matching(self.query)

    def page(self, cursor: Cursor | None, size: int) -> Page:
        """Return the keys of one page, by name or best first (members.lists.paging.page_of)."""
        runs = [Ordered(self._met, ("person__name_key", "pk"))]
        if self.query is not None:
            runs = self._met.in_order_of(self.query)
        return page_of(runs, [EVERYTHING], cursor, size)

    @cached_property
    def count(self) -> Count:
        """Return how many members the list has. Unit: 人. One query."""
        return count_of(self.rows())

    def in_force(self) -> list[tuple[str, str]]:
        """Return (code, "党籍：正式党员") for every condition in force. One query for each unit."""
        return [(name, f"{LABELS[name]}：{_shown(name, value)}") for name, value in self.values.items()]


def _check(name: str, value: str) -> None:
    if name in WORDS:
        known = value in WORDS[name]
    else:
        known = (value.isascii() and value.isdigit() and len(value) < 19) or (name == "committee" and value == "none")
    if not known:
        raise WrongFilter("这个筛选条件看不懂。")


def _absence(value: str, today: date) -> Q:
    away, flowing = Q(absent_since_date__lte=today), Q(absent_since_date__lte=flowing_since_before(today))
    home = ~away | Q(absent_since_date__isnull=True)
    return {Absence.HOME: home, Absence.SHORT: away & ~flowing, Absence.FLOWING: flowing}[Absence(value)]


def _unit(value: str, today: date) -> Q:
    tied = Affiliation.objects.running().filter(organization_id=int(value)).values("member_id")
    return Q(placed_id=int(value)) | Q(formal_organization_id=int(value)) | Q(pk__in=tied)


def _committee(value: str, today: date) -> Q:
    if value == "none":
        return Q(unit_id__isnull=True)
    return Q(unit_id__in=[pk for pk, above in committee_map().items() if above == int(value)])


def _tagged(value: str) -> Q:
    return {
        "backbone": Q(pk__in=BackboneTag.objects.running().values("person_id")),
        "veteran": Q(person__is_veteran=True),
        "contact": Q(pk__in=ContactPair.objects.running().values("member_id")),
    }[value]


_PLACED = frozenset({"placement", "unit", "branch", "committee"})  # ask where a member is counted
_CONDITIONS: dict[str, Callable[[str, date], Q]] = {
    "status": lambda value, today: Q(status=value),
    "absence": _absence,
    "placement": lambda value, today: Q(placed_id__isnull=value == "unplaced"),
    "committee": _committee,
    "unit": _unit,
    "branch": lambda value, today: Q(placed_id=int(value)),
    "tag": lambda value, today: _tagged(value),
    "scope": lambda value, today: Q(),  # which statuses are asked for at all, see `_met`
}


def _shown(name: str, value: str) -> str:
    if name in WORDS:
        return WORDS[name][value]
    if value == "none":
        return "没有本系统的组织"
    return Organization.objects.filter(pk=int(value)).values_list("short_name", flat=True).first() or "—"
