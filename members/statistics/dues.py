"""Figures of the register of dues: sums by unit, one line per member. Yuan as Decimal, months as their first day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Count, QuerySet, Sum

from members.choices import DuesCategory
from members.models import DuesRate, DuesRecord, PartyMember
from members.querysets import DuesRecordQuerySet
from members.rules import dues as rules


@dataclass(frozen=True)
class Sums:
    """What a unit wrote down for some months: yuan paid, different persons who paid."""

    paid: Decimal = Decimal("0.00")
    persons: int = 0


@dataclass(frozen=True)
class Line:
    """One member in the register of a branch."""

    member: PartyMember
    category: str  # in words, "" when no rate is set
    due: Decimal | None  # of the month of today
    owed_from: date | None  # the first month that is not paid
    open_months: int  # months before the month of today that are not paid
    is_silent: bool  # six of them or more: something to ask about, nothing else
    months: int  # of the range, paid
    paid: Decimal  # of the range, wherever it was written down


def sums_of(records: DuesRecordQuerySet, first: date, last: date) -> dict[int, Sums]:
    """Return {unit: sums} of scoped records for months from `first` to `last`; units without any are missing.

    Counter entries take away what they counter. Two queries.
    """
    within = records.between(first, last).order_by()
    paid = dict(within.values_list("organization").annotate(Sum("paid")))
    persons = dict(within.standing().values_list("organization").annotate(Count("member", distinct=True)))
    return {pk: Sums(amount, persons.get(pk, 0)) for pk, amount in paid.items()}


def register_of(members: QuerySet, first: date, last: date, today: date) -> list[Line]:
    """Return one line per member in the order of `members`, for months from `first` to `last`. Three queries."""
    people = list(members.select_related("person"))
    keys = [one.pk for one in people]
    rates = rates_of(keys)
    entries: dict[int, list[tuple[date, Decimal]]] = defaultdict(list)
    records = DuesRecord.objects.standing().filter(member__in=keys).between(first, last).order_by()
    for member, month, amount in records.values_list("member", "month", "paid"):
        entries[member].append((month, amount))
    return [_line(one, rates.get(one.pk, []), entries[one.pk], today) for one in people]


def rates_of(member_ids: Iterable[int]) -> dict[int, list[DuesRate]]:
    """Return {member: rates, the oldest first}. One query."""
    found: dict[int, list[DuesRate]] = defaultdict(list)
    for rate in DuesRate.objects.filter(member__in=list(member_ids)).order_by("from_date"):
        found[rate.member_id].append(rate)
    return found


def _line(member: PartyMember, rates: list[DuesRate], entries: list[tuple[date, Decimal]], today: date) -> Line:
    month = rules.month_of(today)
    now = next((rate for rate in reversed(rates) if rate.from_date <= month), None)
    owed = rules.owed_from(member.dues_paid_until_date, member.joined_date, [rate.from_date for rate in rates])
    unpaid = rules.months_between(owed, rules.months_after(month, -1)) if owed and now else []
    return Line(
        member=member,
        category=DuesCategory(now.category).label if now else "",
        due=now.monthly_due if now else None,
        owed_from=owed,
        open_months=len(unpaid),
        is_silent=len(unpaid) >= rules.SILENT_MONTHS,
        months=len(entries),
        paid=sum((amount for _, amount in entries), Decimal("0.00")),
    )


@dataclass(frozen=True)
class Proposal:
    """What a member would pay up to a month: from when and how much, or nothing; `lacks` says what is missing."""

    member: PartyMember
    from_month: date | None
    months: int
    amount: Decimal
    lacks: str = ""


def proposals_of(members: QuerySet, until: date) -> list[Proposal]:
    """Return what each member owes up to a month (included), in the order of `members`. Two queries."""
    people = list(members.select_related("person"))
    rates = rates_of([one.pk for one in people])
    return [_proposal(one, rates.get(one.pk, []), until) for one in people]


def _proposal(member: PartyMember, rates: list[DuesRate], until: date) -> Proposal:
    pairs = [(rate.from_date, rate.monthly_due) for rate in rates]
    first = rules.owed_from(member.dues_paid_until_date, member.joined_date, [pair[0] for pair in pairs])
    nothing = Decimal("0.00")
    if first is None:
        return Proposal(member, None, 0, nothing, "还没有定标准")
    months = rules.months_between(first, until)
    dues = [rules.rate_in_force(pairs, month) for month in months]
    if None in dues:
        return Proposal(member, first, 0, nothing, f"{first:%Y-%m} 起没有标准")
    return Proposal(member, first, len(months), sum(dues, nothing))
