"""How dues (党费) are reckoned, and up to which month they are paid. Pure; Decimal yuan, months as their first day.

Source: 《关于中国共产党党费收缴、使用和管理的规定》（中组发〔2008〕3号）, secondary: not compared with it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from members.choices import DuesCategory
from members.rules.membership import months_after

CENT = Decimal("0.01")
# 第二条 (secondary): one rate on the whole income after tax, not on the part above a bound; the bound itself belongs to
# the lower band. 第四条 (secondary): whoever is paid otherwise than by the month takes last quarter's average.
INCOME_BANDS: tuple[tuple[Decimal | None, Decimal], ...] = (
    (Decimal("3000"), Decimal("0.005")),
    (Decimal("5000"), Decimal("0.01")),
    (Decimal("10000"), Decimal("0.015")),
    (None, Decimal("0.02")),
)
PENSION_BANDS: tuple[tuple[Decimal | None, Decimal], ...] = (  # 第五条 (secondary)
    (Decimal("5000"), Decimal("0.005")),
    (None, Decimal("0.01")),
)
BANDS = {DuesCategory.INCOME: INCOME_BANDS, DuesCategory.PENSION: PENSION_BANDS}
PEASANT_LEAST, PEASANT_MOST = Decimal("0.20"), Decimal("1.00")  # 第六条 (secondary)
RELIEF_DUE = Decimal("0.20")  # 第六条 (secondary)
HARDSHIP_ARTICLE = "党费收缴、使用和管理的规定第七条"  # the branch discusses, the committee above approves (secondary)
# 《中国共产党章程》第九条: six months in a row without dues and without a proper reason. A number to ask at, no gate.
SILENT_MONTHS = 6
SILENT_SENTENCE = (
    "连着六个月没有交。请先问问他是不是有难处：困难的可以由支部研究、报上级党委批准少交或免交。"
    "党章第九条对没有正当理由、连续六个月不交党费有规定；是不是属于这种情况，由支部大会和上级党委判断，系统不会自动做什么。"
)
MOST_MONTHS = 12  # paid at once, before or after: a year


def rate_of(category: str, income: Decimal) -> Decimal:
    """Return the rate of a monthly income after tax: 0.005, 0.01, 0.015 or 0.02. The bound is in the lower band."""
    for bound, rate in BANDS[DuesCategory(category)]:
        if bound is None or income <= bound:
            return rate
    raise AssertionError("the last band has no bound")


def due_of(category: str, income: Decimal) -> Decimal:
    """Return the monthly due of an income after tax: the rate on the whole of it, half up to 分."""
    return (income * rate_of(category, income)).quantize(CENT, ROUND_HALF_UP)


def due_sentence(category: str, due: Decimal) -> str:
    """Return why an amount cannot be the monthly due of a category; "" when it can."""
    if due != due.quantize(CENT):
        return "金额最多到分，如 15.30。"
    if category == DuesCategory.PEASANT and not PEASANT_LEAST <= due <= PEASANT_MOST:
        return f"农民党员每月 {PEASANT_LEAST} 元到 {PEASANT_MOST} 元。"
    if category == DuesCategory.RELIEF and due != RELIEF_DUE:
        return f"学生、失业、领取救济的党员每月 {RELIEF_DUE} 元。"
    if category == DuesCategory.HARDSHIP:
        return "" if due >= 0 else "金额不能是负数。"
    return "" if due > 0 else f"每月应交要大于 0；免交的按困难登记（{HARDSHIP_ARTICLE}）。"


# --- months -----------------------------------------------------------------------------------------------------------
def month_of(day: date) -> date:
    """Return the first day of a day's month."""
    return day.replace(day=1)


def next_month(month: date) -> date:
    """Return the first day of the following month."""
    return months_after(month, 1)


def months_between(first: date, last: date) -> list[date]:
    """Return the months from one to another, both included; nothing when the last comes before the first."""
    return list(_walk(first, last))


def _walk(first: date, last: date) -> Iterator[date]:
    month = month_of(first)
    while month <= last:
        yield month
        month = next_month(month)


def owed_from(paid_until: date | None, joined: date | None, rates: Iterable[date]) -> date | None:
    """Return the first month that is not paid; None when it is not known from when somebody owes.

    What was said before (a letter, a payment) counts; else the first month for which a rate was set, not before the
    month in which the branch meeting admitted him. Source: 第九条 (secondary): 预备党员从支部大会通过之日起交.
    """
    if paid_until is not None:
        return month_of(paid_until)
    first = min(rates, default=None)
    if first is None:
        return None
    return max(first, month_of(joined)) if joined else first


def rate_in_force(rates: Sequence[tuple[date, Decimal]], month: date) -> Decimal | None:
    """Return the due of a month from (from month, due) in any order; None before the first. 第八条 (secondary)."""
    begun = [pair for pair in rates if pair[0] <= month]
    return max(begun)[1] if begun else None


def paid_until(known: date | None, paid: Collection[date], undone: Collection[date]) -> date | None:
    """Return the first month that is not paid, from what was known before and the months of this register.

    `paid` are the months that stand, `undone` those that were taken back and not paid again. The one place where
    `PartyMember.dues_paid_until_date` comes from: a month taken back opens again, months paid in advance count as soon
    as nothing before them is open.
    """
    starts = [month_of(known)] if known else [min(paid)] if paid else []
    starts += undone
    if not starts:
        return None
    month = min(starts)
    while month in paid:
        month = next_month(month)
    return month


def shares(dues: Sequence[Decimal], amount: Decimal) -> list[Decimal]:
    """Return how an amount falls on months with these dues: each its due, what is over (自愿多交) on the last.

    Raises ValueError when it does not cover them.
    """
    over = amount - sum(dues, Decimal(0))
    if over < 0 or not dues:
        raise ValueError("the amount does not cover the months")
    return [*dues[:-1], dues[-1] + over]
