"""How dues are reckoned: bands on the whole amount, half up to 分; up to which month they are paid."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from members.rules import dues

D = Decimal
months = st.dates(date(2015, 1, 1), date(2030, 12, 31)).map(dues.month_of)


@pytest.mark.parametrize(
    ("income", "due"),
    [
        ("0.01", "0.00"),
        ("2999.99", "15.00"),
        ("3000.00", "15.00"),
        ("3000.01", "30.00"),
        ("5000.00", "50.00"),
        ("5000.01", "75.00"),
        ("10000.00", "150.00"),
        ("10000.01", "200.00"),
        ("4250.50", "42.51"),  # 42.505: half up, not to the even
        ("3000.50", "30.01"),  # 30.005
    ],
)
def test_the_rate_is_that_of_the_whole_amount_and_a_bound_is_in_the_lower_band(income, due):
    assert dues.due_of("income", D(income)) == D(due)


@pytest.mark.parametrize(("income", "due"), [("5000.00", "25.00"), ("5000.01", "50.00"), ("20000.00", "200.00")])
def test_pensioners_have_two_bands(income, due):
    assert dues.due_of("pension", D(income)) == D(due)


@given(st.decimals(D("0.01"), D("999999.99"), places=2), st.sampled_from(["income", "pension"]))
def test_a_due_is_in_cents_and_never_more_than_the_highest_rate(income, category):
    due = dues.due_of(category, income)
    assert due == due.quantize(dues.CENT)
    assert D(0) <= due <= income * D("0.02") + D("0.005")
    assert abs(due - income * dues.rate_of(category, income)) <= D("0.005")


@given(st.decimals(D("0.01"), D("99999.98"), places=2))
def test_who_earns_more_never_owes_less(income):
    assert dues.due_of("income", income) <= dues.due_of("income", income + dues.CENT)


@pytest.mark.parametrize(
    ("category", "amount", "fits"),
    [
        ("peasant", "0.19", False), ("peasant", "0.20", True), ("peasant", "1.00", True), ("peasant", "1.01", False),
        ("relief", "0.20", True), ("relief", "0.30", False), ("hardship", "0", True), ("hardship", "-1", False),
        ("income", "0", False), ("income", "0.01", True), ("income", "1.005", False),
    ],
)  # fmt: skip
def test_what_an_amount_may_be(category, amount, fits):
    assert (dues.due_sentence(category, D(amount)) == "") is fits


def test_who_owes_from_when():
    rates = [date(2026, 3, 1), date(2026, 1, 1)]
    assert dues.owed_from(date(2025, 6, 1), date(2010, 7, 1), rates) == date(2025, 6, 1)
    assert dues.owed_from(None, date(2010, 7, 1), rates) == date(2026, 1, 1)
    assert dues.owed_from(None, date(2026, 2, 17), rates) == date(2026, 2, 1), "from the month of the branch meeting"
    assert dues.owed_from(None, date(2026, 2, 17), []) is None
    assert dues.rate_in_force([(date(2026, 3, 1), D(2)), (date(2026, 1, 1), D(1))], date(2026, 2, 1)) == D(1)
    assert dues.rate_in_force([(date(2026, 3, 1), D(2))], date(2026, 2, 1)) is None


@given(st.sets(months, max_size=24), st.none() | months, st.sets(months, max_size=3))
def test_the_first_month_that_is_not_paid_is_really_open_and_nothing_before_it_was_taken_back(paid, known, undone):
    undone = undone - paid
    until = dues.paid_until(known, paid, undone)
    if until is None:
        assert known is None
        assert not paid | undone
        return
    assert until not in paid
    assert all(month >= until for month in undone)
    assert dues.paid_until(until, paid, undone) == until, "reckoned again it is the same"
    start = min([*([known] if known else [min(paid)] if paid else []), *undone])
    assert set(dues.months_between(start, until)) - {until} <= paid, "every month on the way was paid"


@given(st.lists(st.decimals(D(0), D(300), places=2), min_size=1, max_size=12), st.decimals(D(0), D(500), places=2))
def test_an_amount_falls_on_its_months_and_none_of_it_is_lost(owed, over):
    total = sum(owed, D(0))
    found = dues.shares(owed, total + over)
    assert sum(found, D(0)) == total + over
    assert all(share >= due for share, due in zip(found, owed, strict=True))
    assert found[:-1] == owed[:-1]
    if total:
        with pytest.raises(ValueError, match="cover"):
            dues.shares(owed, total - dues.CENT)


def test_no_float_comes_near_money():
    assert all(isinstance(rate, Decimal) for bands in dues.BANDS.values() for _, rate in bands)
    with pytest.raises(TypeError):
        dues.due_of("income", 3000.5)
