"""Verbs on dues: setting what a member owes, writing down who paid, taking an entry back. The portal collects nothing.

`PartyMember.dues_paid_until_date` is derived: `settle` writes what `rules.dues.paid_until` makes of the register, in
the transaction of the change. Only the reception of a letter writes it too, by the same rule.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone

from branches.capabilities import Capability
from branches.constraints import checked, in_words
from branches.models import Organization
from branches.rules import may
from branches.scope import reach_of
from foundation.audit import trail
from foundation.audit.trail import Conflict, NotAllowed
from foundation.protection.masks import mask_name
from members.choices import DuesCategory, DuesMethod
from members.models import DuesRate, DuesRecord, PartyMember
from members.rules import dues as rules
from members.rules.dues import BANDS, MOST_MONTHS, RELIEF_DUE

REASON_LENGTHS = (2, 200)


@dataclass(frozen=True)
class Payment:
    """What one member paid: from which month (as the page showed it) to which, and how much in all."""

    member_id: int
    from_month: date
    until_month: date  # the last month it pays for
    amount: Decimal


def set_rate(
    member: PartyMember,
    *,
    category: str,
    from_month: date,
    income: Decimal | None = None,
    monthly_due: Decimal | None = None,
    reason: str = "",
    document: str = "",
    actor,
    at: datetime | None = None,
) -> DuesRate:
    """Set what a member owes each month from a month on and return it; a rate from the same month is replaced.

    `income` (after tax, by the month) is reckoned with and forgotten: neither the row nor the trail keeps it. Months
    that were paid keep the due they were paid by. Raises PermissionDenied, ValidationError per field.
    """
    at = at or timezone.now()
    _require_payer(member, actor)
    month = rules.month_of(from_month)
    due = _reckoned(category, income, monthly_due)
    errors = {}
    if sentence := rules.due_sentence(category, due):
        errors["monthly_due"] = sentence
    if month > rules.months_after(rules.month_of(timezone.localdate(at)), MOST_MONTHS):
        errors["from_month"] = "最多提前一年定。"
    if member.joined_date and month < rules.month_of(member.joined_date):
        errors["from_month"] = f"党费从支部大会通过那个月起交：{member.joined_date:%Y-%m}。"
    reason, document = " ".join(reason.split()), " ".join(document.split())
    if category == DuesCategory.HARDSHIP:
        if not REASON_LENGTHS[0] <= len(reason) <= REASON_LENGTHS[1]:
            errors["reason"] = "请写明有什么困难，2 到 200 个字。"
        if not 2 <= len(document) <= 80:
            errors["document"] = f"请写上级党委批准的文号（{rules.HARDSHIP_ARTICLE}）。"
    if errors:
        raise ValidationError(errors)
    values = {
        "category": category,
        "monthly_due": due,
        "reason": reason if category == DuesCategory.HARDSHIP else "",
        "approval_document": document if category == DuesCategory.HARDSHIP else "",
        "set_by": actor,
        "set_at": at,
    }
    with transaction.atomic():
        rate = DuesRate.objects.filter(member=member, from_date=month).first() or DuesRate(
            member=member, from_date=month
        )
        for name, value in values.items():
            setattr(rate, name, value)
        with in_words(DuesRate):
            checked(rate, exclude=["member", "set_by"]).save()
        # How much somebody owes tells what he earns: the trail names the fields only.
        _trace("dues.set_rate", rate, member, actor, fields=["category", "monthly_due"], details={"from": month})
    return rate


def _reckoned(category: str, income: Decimal | None, monthly_due: Decimal | None) -> Decimal:
    if category in BANDS:
        if income is None or income <= 0:
            raise ValidationError(
                {"income": "请填每月税后收入；按季度有收入的，填上季度的月平均。收入只用来算，不保存。"}
            )
        return rules.due_of(category, income)
    if category == DuesCategory.RELIEF:
        return RELIEF_DUE
    if monthly_due is None:
        raise ValidationError({"monthly_due": "请填每月应交多少元；免交填 0。"})
    return monthly_due


def record_payments(
    organization: Organization,
    payments: Sequence[Payment],
    *,
    paid_date: date,
    method: str,
    actor,
    at: datetime | None = None,
) -> list[DuesRecord]:
    """Write down what members of a branch paid, all of it or nothing, and return the months.

    Each month carries the due of its own time; what is over the dues falls on the last (自愿多交). A payment that
    begins elsewhere than where the register stands now was typed on an old page, or sent twice: it is refused.
    About four queries and three statements per member. Raises PermissionDenied, ValidationError naming the member.
    """
    at = at or timezone.now()
    if not may(actor, Capability.DUES_RECORD, at=organization):
        raise PermissionDenied("登记党费由支部书记来办。")
    today = timezone.localdate(at)
    if not payments:
        raise ValidationError("还没有选谁交了。")
    if paid_date > today:
        raise ValidationError({"paid_date": "日期还没有到。"})
    if len({payment.member_id for payment in payments}) != len(payments):
        raise ValidationError("同一个人填了两次。")
    made: list[DuesRecord] = []
    with transaction.atomic():
        roll = {
            one.pk: one
            for one in PartyMember.objects.paying_in([organization.pk])
            .select_related("person")
            .filter(pk__in=[payment.member_id for payment in payments])
        }
        for payment in payments:
            member = roll.get(payment.member_id)
            if member is None:
                raise ValidationError("名册里有人已经不在本支部交党费。请刷新页面再填，什么都没有保存。")
            rows = _months_of(member, payment, organization, paid_date, method, today)
            for row in rows:
                row.recorded_by, row.recorded_at = actor, at
                with _said_of(member), in_words(DuesRecord):
                    checked(row, exclude=["member", "organization", "recorded_by"]).save(force_insert=True)
            settle(member, at)
            _trace(
                "dues.record", rows[-1], member, actor, organization,
                details={"from": rows[0].month, "to": rows[-1].month, "count": len(rows)},
            )  # fmt: skip
            made += rows
    return made


def _months_of(member, payment: Payment, organization, paid_date: date, method: str, today: date) -> list[DuesRecord]:
    """Return the unsaved months of a payment. Two queries. Raises ValidationError naming the member."""
    name = member.person.name
    rates = list(member.dues_rates.order_by("from_date").values_list("from_date", "monthly_due"))
    first = rules.owed_from(member.dues_paid_until_date, member.joined_date, [pair[0] for pair in rates])
    if first is None:
        raise ValidationError(f"{name}还没有定党费标准，请先定标准。")
    if first != payment.from_month:
        raise ValidationError(f"{name}的党费刚刚记过，已经交到 {first:%Y-%m}。请刷新页面再填，什么都没有保存。")
    months = rules.months_between(first, payment.until_month)
    if not months:
        raise ValidationError(f"{name}已经交到 {first:%Y-%m}，不用再交。")
    if months[-1] > rules.months_after(rules.month_of(today), MOST_MONTHS):
        raise ValidationError(f"{name}：最多预交 {MOST_MONTHS} 个月。")
    dues = [rules.rate_in_force(rates, month) for month in months]
    if None in dues:
        lacking = months[dues.index(None)]
        raise ValidationError(f"{name}的 {lacking:%Y-%m} 还没有标准，请先定从那个月起的标准。")
    if payment.amount != payment.amount.quantize(rules.CENT):
        raise ValidationError(f"{name}：金额最多到分。")
    try:
        paid = rules.shares(dues, payment.amount)
    except ValueError:
        owed = sum(dues, Decimal(0))
        raise ValidationError(
            f"{name}应交 {owed} 元（{len(months)} 个月），填的是 {payment.amount} 元。"
            "有困难要少交的，先按困难登记标准；只交一部分月份的，把“交到”改早。"
        ) from None
    return [
        DuesRecord(
            member=member, organization=organization, month=month, due=due, paid=amount, paid_date=paid_date,
            method=method if amount else DuesMethod.EXEMPT,
        )
        for month, due, amount in zip(months, dues, paid, strict=True)
    ]  # fmt: skip


@contextmanager
def _said_of(member: PartyMember) -> Iterator[None]:
    """Name the member whom a refusal of the database is about."""
    try:
        yield
    except ValidationError as error:
        raise ValidationError(f"{member.person.name}：{''.join(error.messages)}什么都没有保存。") from error


def take_back(record: DuesRecord, *, reason: str, actor, at: datetime | None = None) -> DuesRecord:
    """Counter an entry with a reason and return the counter entry; the month is open again. Nothing is deleted.

    Raises PermissionDenied, ValidationError, NotAllowed (a counter entry, or countered already), Conflict.
    """
    at = at or timezone.now()
    if not may(actor, Capability.DUES_RECORD, at=record.organization):
        raise PermissionDenied("冲正由登记这一笔的支部来办。")
    said = " ".join((reason or "").split())
    if not REASON_LENGTHS[0] <= len(said) <= REASON_LENGTHS[1]:
        raise ValidationError({"reason": "请写明为什么冲正，2 到 200 个字。"})
    if record.counters_id is not None or record.reversed_at is not None:
        raise NotAllowed("这一笔已经冲正，不能再冲。")
    counter = DuesRecord(
        member=record.member, organization=record.organization, month=record.month, due=-record.due, paid=-record.paid,
        paid_date=timezone.localdate(at), method=record.method, recorded_by=actor, recorded_at=at, counters=record,
        reason=said,
    )  # fmt: skip
    with transaction.atomic():
        if DuesRecord.objects.filter(pk=record.pk, reversed_at__isnull=True).update(reversed_at=at) != 1:
            raise Conflict("这一笔刚刚被别人冲正了。")
        with in_words(DuesRecord):
            counter.save(force_insert=True)
        record.reversed_at = at
        member = PartyMember.objects.select_related("person").get(pk=record.member_id)
        settle(member, at)
        _trace(
            "dues.take_back", record, member, actor, record.organization, reason=said, details={"month": record.month}
        )
    return counter


def settle(member: PartyMember, at: datetime, *, known: date | None = None) -> date | None:
    """Write and return the first month that is not paid, as the register makes it. Two queries and one UPDATE.

    `known`: what a letter says, if it counts instead of what the row says now. The version of the member stays: whoever
    corrects something else meanwhile does not conflict with a payment; the months themselves are held by their unique
    constraint.
    """
    # Held before the months are read: of two who write at once, the second sees what the first has written.
    held = PartyMember.objects.select_for_update().filter(pk=member.pk)
    stored = held.values_list("dues_paid_until_date", flat=True).first()
    until = rules.paid_until(known or stored, *months_of(member.pk))
    if until != stored:
        PartyMember.objects.filter(pk=member.pk).update(dues_paid_until_date=until, updated_at=at)
    member.dues_paid_until_date = until
    return until


def months_of(member_id: int) -> tuple[set[date], set[date]]:
    """Return (months that stand, months that were taken back and not paid again) of a member. One query."""
    paid, undone = set(), set()
    rows = DuesRecord.objects.filter(member=member_id, counters__isnull=True).order_by()
    for month, reversed_at in rows.values_list("month", "reversed_at"):
        (undone if reversed_at else paid).add(month)
    return paid, undone - paid


def _require_payer(member: PartyMember, actor) -> None:
    region = reach_of(actor).region(Capability.DUES_RECORD)
    if not PartyMember.objects.paying_in(region.organization_ids).filter(pk=member.pk).exists():
        raise PermissionDenied("党费标准由收他党费的支部来定。")


def _trace(
    action: str, row, member: PartyMember, actor, organization=None, *, fields=(), details=None, reason=""
) -> None:
    trail.record(
        action,
        row,
        actor=actor,
        organization_id=organization.pk if organization is not None else member.formal_organization_id,
        person_id=member.pk,
        fields=fields,
        reason=reason,
        label=mask_name(member.person.name),
        details={
            name: f"{value:%Y-%m}" if isinstance(value, date) else value for name, value in (details or {}).items()
        },
    )
