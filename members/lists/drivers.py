"""The conditions of the driver list: what may be filtered, the right each needs, and the list they make."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import ClassVar

from django.core.exceptions import PermissionDenied
from django.db.models import Exists, Min, OuterRef, Q, Subquery
from django.utils.dateparse import parse_date
from django.utils.functional import cached_property

from branches.capabilities import Capability
from branches.choices import COMMITTEES
from branches.models import Organization
from branches.scope import Reach, subtree
from foundation.protection.canonical import name_key
from members.choices import Employment, Group, PoliticalStatus, WorkStatus
from members.lists.paging import Count, Cursor, Page, count_of, page_of
from members.models import Credential, Driver, RosterResult
from members.querysets import DriverQuerySet, Ordered, Part, any_of
from members.rules.drivers import EXPIRING_DAYS, STALE_DAYS, same_rows
from members.rules.search import Kind, Query

ORDERS = {"newest": "最近登记", "name": "姓名", "expires": "资格到期"}
SMALL = 5_000  # rows that are gathered and sorted rather than found along an index
YES_NO = [("1", "是"), ("0", "否")]


class WrongFilter(ValueError):
    """A condition that means nothing; the text is a sentence for people."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition: its code, label, the right it needs, the choices a page offers, and what it asks."""

    code: str
    label: str
    ask: Callable[[str, date, Reach], Q]
    choices: tuple[tuple[str, str], ...] = ()
    needs: Capability = Capability.DRIVER_VIEW
    show: Callable[[str], str] | None = None  # the value in words


def _one_of(field_name: str, values) -> Callable[[str, date, Reach], Q]:
    def ask(value: str, today: date, reach: Reach) -> Q:
        if value not in values:
            raise WrongFilter(f"没有“{value}”这个选项。")
        return Q(**{field_name: value})

    return ask


def _flag(field_name: str) -> Callable[[str, date, Reach], Q]:
    def ask(value: str, today: date, reach: Reach) -> Q:
        return Q(**{field_name: _boolean(value)})

    return ask


def _boolean(value: str) -> bool:
    if value not in {"0", "1"}:
        raise WrongFilter("是或否填 1 或 0。")
    return value == "1"


def _key(value: str) -> int:
    if not (value.isascii() and value.isdigit() and len(value) < 19):
        raise WrongFilter("条件里的编号不对。")
    return int(value)


def _operating(value: str, today: date, reach: Reach) -> Q:
    at_work = Q(operating_from_date__lte=today) & (
        Q(operating_until_date__isnull=True) | Q(operating_until_date__gt=today)
    )
    if _boolean(value):
        return at_work
    return (
        Q(operating_from_date__isnull=True)
        | Q(operating_from_date__gt=today)
        | Q(operating_until_date__isnull=False, operating_until_date__lte=today)
    )


def _committee(value: str, today: date, reach: Reach) -> Q:
    # The scope of the list is added to it: of a foreign committee only those are found who are placed in one's own.
    organization = Organization.objects.filter(pk=_key(value)).only("pk", "path").first()
    if organization is None:
        return Q(pk__in=[])
    below = Organization.objects.filter(subtree(organization.path), kind__in=COMMITTEES).order_by()
    found = sorted(below.values_list("pk", flat=True))
    return Q(registering_committee_id__in=found) if len(found) != 1 else Q(registering_committee_id=found[0])


def _enterprise(value: str, today: date, reach: Reach) -> Q:
    if value.isascii() and value.isdigit():
        return Q(enterprise_id=_key(value))
    return Q(enterprise__name_key__prefix=name_key(value))


def _verified_before(value: str, today: date, reach: Reach) -> Q:
    day = today - timedelta(days=STALE_DAYS) if value == "stale" else _day(value)
    return Q(last_verified_date__lt=day) | Q(last_verified_date__isnull=True)


def _verified_since(value: str, today: date, reach: Reach) -> Q:
    day = today - timedelta(days=STALE_DAYS) if value == "fresh" else _day(value)
    return Q(last_verified_date__gte=day)


def _expires_before(value: str, today: date, reach: Reach) -> Q:
    day = today + timedelta(days=EXPIRING_DAYS) if value == "soon" else _day(value)
    return Q(Exists(Credential.objects.filter(driver_id=OuterRef("pk"), expires_date__lte=day)))


def _day(value: str) -> date:
    try:
        day = parse_date(value)
    except ValueError:
        day = None
    if day is None:
        raise WrongFilter(f"“{value}”不是日期，写成 2026-11-24 这样。")
    return day


def _unplaced(value: str, today: date, reach: Reach) -> Q:
    declared = Q(declared_political_status__in=[PoliticalStatus.MEMBER, PoliticalStatus.PROBATIONARY])
    placed = Q(person__party_member__isnull=False)
    return declared & ~placed if _boolean(value) else declared & placed


def _from_import(value: str, today: date, reach: Reach) -> Q:
    from members.models import RosterImport

    batch = RosterImport.objects.visible_to(reach).filter(pk=_key(value)).values("pk")
    made = RosterResult.objects.filter(roster_import__in=batch, person_id__isnull=False)
    return Q(pk__in=made.values("person_id"))


_PARTY = Capability.PARTY_MEMBER_VIEW
CONDITIONS: dict[str, Condition] = {
    condition.code: condition
    for condition in (
        Condition("group", "司机类别", _one_of("group", Group.values), tuple(Group.choices)),
        Condition("operating", "实际营运", _operating, tuple(YES_NO)),
        Condition("work_status", "从业状态", _one_of("work_status", WorkStatus.values), tuple(WorkStatus.choices)),
        Condition("employment", "从业方式", _one_of("employment", Employment.values), tuple(Employment.choices)),
        Condition("committee", "登记委员会", _committee),
        Condition("enterprise", "企业", _enterprise, needs=Capability.ENTERPRISE_VIEW),
        Condition(
            "declared",
            "政治面貌（自述）",
            _one_of("declared_political_status", PoliticalStatus.values),
            tuple(PoliticalStatus.choices),
            _PARTY,
        ),
        Condition(
            "declared_branch",
            "写了所在支部",
            lambda value, today, reach: Q(declared_branch__isnull=not _boolean(value)),
            tuple(YES_NO),
            _PARTY,
        ),
        Condition(
            "declares",
            "申报在支部",
            lambda value, today, reach: Q(declared_branch_id=_key(value)),
            needs=_PARTY,
        ),
        Condition(
            "placed",
            "编入支部",
            lambda value, today, reach: Q(person__party_member__formal_organization_id=_key(value)),
            needs=_PARTY,
        ),
        Condition("unplaced", "自述党员未编入支部", _unplaced, tuple(YES_NO), _PARTY),
        Condition("union", "工会会员", _flag("union_member"), tuple(YES_NO)),
        Condition("veteran", "退役军人", _flag("person__is_veteran"), tuple(YES_NO)),
        Condition(
            "verified_before",
            "最近核实早于",
            _verified_before,
            show=lambda value: "半年前" if value == "stale" else value,
        ),
        Condition(
            "verified_since",
            "最近核实不早于",
            _verified_since,
            show=lambda value: "半年前" if value == "fresh" else value,
        ),
        Condition(
            "expires_before",
            "资格到期不晚于",
            _expires_before,
            needs=Capability.CREDENTIAL_VIEW,
            show=lambda value: "30 天内" if value == "soon" else value,
        ),
        Condition("batch", "名册批次", _from_import, needs=Capability.ROSTER_IMPORT_VIEW),
    )
}


@dataclass
class DriverList:
    """The drivers a reader asked for: conditions, a typed text, an order. Nothing is read before `page` or `count`."""

    list_name: ClassVar[str] = "drivers"
    reach: Reach
    today: date
    values: dict[str, str] = field(default_factory=dict)
    query: Query | None = None
    order: str = "newest"
    keys: tuple[int, ...] = ()  # only these rows: what somebody ticked
    scope: Capability | None = None  # another right than seeing, for example export

    def __post_init__(self) -> None:
        """Refuse conditions the reader has no right to, and keep only those we know.

        Raises PermissionDenied: a filter on a field tells its value; WrongFilter.
        """
        self.values = {code: self.values[code].strip() for code in CONDITIONS if self.values.get(code, "").strip()}
        for code in self.values:
            if not self.reach.has(CONDITIONS[code].needs):
                raise PermissionDenied(f"您看不到“{CONDITIONS[code].label}”，也不能按它筛选。")
        if self.order not in ORDERS or (self.order == "expires" and "expires_before" not in self.values):
            self.order = "newest"
        if self.query is not None and self.query.kind == Kind.NOTHING:
            self.query = None

    @property
    def capability(self) -> Capability:
        """The right that opens the list: a whole identity number may be looked up by some of those who may see."""
        if self.scope is not None:
            return self.scope
        if self.query is not None and self.query.kind == Kind.ID_NUMBER:
            return Capability.DRIVER_IDENTITY_FIND_BY_ID_NUMBER
        return Capability.DRIVER_VIEW

    @cached_property
    def parts(self) -> list[Part]:
        """Return the scope as conditions of one index each. At most three queries."""
        return Driver.objects.scope_parts(self.reach.region(self.capability))

    def filtered(self) -> DriverQuerySet:
        """Return all drivers that meet the conditions, without scope and without the typed text."""
        return self._met.filter(pk__in=self.keys) if self.keys else self._met

    @cached_property
    def _met(self) -> DriverQuerySet:
        # Asked once: a committee in the conditions is looked up in the tree.
        rows = Driver.objects.all()
        view = self.reach.region(Capability.DRIVER_VIEW)
        for code, value in self.values.items():
            condition = CONDITIONS[code]
            rows = rows.filter(condition.ask(value, self.today, self.reach))
            # A right that reaches less far than seeing the row narrows the rows that may be filtered by it.
            if condition.needs in _ROW_RIGHTS and not same_rows(self.reach.region(condition.needs), view):
                rows = rows.filter(pk__in=Driver.objects.manageable_by(self.reach, condition.needs).values("pk"))
        needs = _KIND_RIGHTS.get(self.query.kind) if self.query is not None else None
        if needs is not None and not same_rows(self.reach.region(needs), view):
            rows = rows.filter(pk__in=Driver.objects.manageable_by(self.reach, needs).values("pk"))
        return rows

    def rows(self) -> DriverQuerySet:
        """Return exactly the drivers of the list, in no order: for counts and exports."""
        rows = self.filtered()
        if self.query is not None:
            rows = rows.matching(self.query)
        return rows.filter(any_of(self.parts)) if self.parts else rows.none()

    def runs(self) -> list[Ordered]:
        """Return the list as runs in the order of an index each."""
        rows = self.filtered()
        if self.query is not None:
            return rows.in_order_of(self.query)
        if self.order == "name":
            return [Ordered(rows, ("person__name_key", "pk"))]
        if self.order == "expires":
            credentials = Credential.objects.filter(driver_id=OuterRef("pk")).order_by().values("driver_id")
            soonest = credentials.annotate(soonest=Min("expires_date")).values("soonest")
            return [Ordered(rows.annotate(expires=Subquery(soonest)), ("expires", "pk"))]
        return [Ordered(rows, ("pk",), descending=True)]

    def page(self, cursor: Cursor | None, size: int) -> Page:
        """Return the keys of one page (members.lists.paging.page_of)."""
        small = self.query is None and self.count.exact and self.count.number <= SMALL
        if len(self.parts) == 1 and len(self.parts[0].each) == 1 and self.order == "newest":
            small = False  # one committee: its index has the very order
        return page_of(self.runs(), self.parts, cursor, size, small=small)

    @cached_property
    def count(self) -> Count:
        """Return how many drivers the list has. Unit: 人. Not asked for a typed text: see `shown_count`."""
        return count_of(self.rows()) if self.parts else Count(0, True)

    def shown_count(self, page: Page, size: int) -> Count:
        """Return the count for people: of a typed text, what the first page holds, or "more than that"."""
        if self.query is None:
            return self.count
        more = bool(page.next or page.previous)
        return Count(size if more else len(page.keys), not more)

    def in_force(self) -> list[tuple[str, str]]:
        """Return (code, "司机类别：货车") for every condition in force. One query for each unit or firm."""
        return [(code, f"{CONDITIONS[code].label}：{self._shown(code, value)}") for code, value in self.values.items()]

    def _shown(self, code: str, value: str) -> str:
        condition = CONDITIONS[code]
        if condition.show is not None:
            return condition.show(value)
        if code in _ORGANIZATIONS:
            region = self.reach.region(Capability.DRIVER_VIEW)
            named = Organization.objects.filter(pk=_key(value))
            if not region.everything:
                named = named.filter(pk__in=region.organization_ids | region.own_organization_ids)
            return named.values_list("short_name", flat=True).first() or "不在您的辖区"
        if code == "enterprise" and value.isascii() and value.isdigit():
            from members.models import Enterprise

            firms = Enterprise.objects.visible_to(self.reach).filter(pk=_key(value))
            return firms.values_list("name", flat=True).first() or "不在您的辖区"
        return dict(condition.choices).get(value, value)


_ORGANIZATIONS = frozenset({"committee", "declares", "placed"})  # their value is the key of an organisation
_ROW_RIGHTS = frozenset({Capability.PARTY_MEMBER_VIEW, Capability.CREDENTIAL_VIEW, Capability.ENTERPRISE_VIEW})
# What somebody typed asks about a field: only in rows where he may see it.
_KIND_RIGHTS = {
    Kind.PHONE: Capability.DRIVER_IDENTITY_MASKED,
    Kind.PHONE_TAIL: Capability.DRIVER_IDENTITY_MASKED,
    Kind.ID_TAIL: Capability.DRIVER_IDENTITY_MASKED,
    Kind.PLATE: Capability.VEHICLE_VIEW,
}
__all__ = ["CONDITIONS", "ORDERS", "DriverList", "WrongFilter"]
