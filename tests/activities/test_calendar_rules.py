"""What is due and done, as a pure function: periods, articles, exceptions, nearest rule, and the same twice."""

from dataclasses import dataclass
from datetime import date
from itertools import pairwise

import pytest

from activities.rules.calendar import Unit, binding, calendar, due_of, period_of, periods

BRANCHES = ("branch", "mobile_branch")


@dataclass(frozen=True)
class Rule:
    """A rule without a database."""

    pk: int = 1
    kind: str = "theme_day"
    frequency: str = "month"
    times: int = 1
    organization_kinds: tuple = BRANCHES
    condition: str = "always"
    online_counts: bool = True
    organization_id: int | None = None
    from_date: date = date(2018, 10, 28)
    until_date: date | None = None


UNIT = Unit(7, "branch", (7, 3, 1))


def of(lines, first=None):
    return [(line.from_date, line.due, line.done) for line in lines if first is None or line.from_date == first]


@pytest.mark.parametrize(
    ("frequency", "number", "last"),
    [("month", 12, date(2026, 12, 1)), ("quarter", 4, date(2026, 10, 1)), ("half_year", 2, date(2026, 7, 1)),
     ("year", 1, date(2026, 1, 1))],
)  # fmt: skip
def test_periods_cover_the_year_without_gap(frequency, number, last):
    found = periods(frequency, 2026)
    assert len(found) == number
    assert found[0][0] == date(2026, 1, 1)
    assert (found[-1][0], found[-1][1]) == (last, date(2027, 1, 1))
    assert all(one[1] == other[0] for one, other in pairwise(found))
    assert period_of(frequency, date(2026, 11, 30))[0] <= date(2026, 11, 30)


def test_a_month_counts_its_own_days_only():
    held = {(7, "theme_day"): [(date(2026, 1, 31), "offline"), (date(2026, 3, 1), "offline")]}
    lines = calendar([UNIT], [Rule()], held, 2026)
    assert of(lines)[:3] == [(date(2026, 1, 1), 1, 1), (date(2026, 2, 1), 1, 0), (date(2026, 3, 1), 1, 1)]
    assert len(lines) == 12


def test_what_is_held_online_counts_where_the_rule_says_so():
    held = {(7, "theme_day"): [(date(2026, 1, 5), "online"), (date(2026, 2, 5), "mixed")]}
    strict, easy = Rule(online_counts=False), Rule(online_counts=True)
    assert [line.done for line in calendar([UNIT], [strict], held, 2026)][:2] == [0, 1]
    assert [line.done for line in calendar([UNIT], [easy], held, 2026)][:2] == [1, 1]


def test_a_committee_meets_where_there_was_one_when_the_month_began():
    rule = Rule(kind="committee_meeting", condition="has_committee")
    unit = Unit(7, "branch", (7,), committee=((date(2026, 3, 2), date(2026, 6, 1)),))
    assert [line.from_date.month for line in calendar([unit], [rule], {}, 2026)] == [4, 5]


def test_each_group_meets():
    rule = Rule(kind="group_meeting", condition="has_groups")
    unit = Unit(7, "branch", (7,), groups=((date(2020, 1, 1), None), (date(2026, 2, 1), None)))
    assert [line.due for line in calendar([unit], [rule], {}, 2026)] == [1] + [2] * 11
    assert due_of(rule, UNIT, date(2026, 1, 1), date(2026, 2, 1)) == 0


def test_a_branch_owes_nothing_for_a_period_that_began_before_it_or_after_its_end():
    unit = Unit(7, "branch", (7,), since=date(2026, 2, 2), until=date(2026, 11, 1))
    assert [line.from_date.month for line in calendar([unit], [Rule()], {}, 2026)] == list(range(3, 11))
    quarterly = Rule(kind="member_assembly", frequency="quarter")
    assert [line.from_date.month for line in calendar([unit], [quarterly], {}, 2026)] == [4, 7]


def test_a_rule_binds_from_its_day_on_and_a_period_that_has_begun_keeps_its_own():
    old, new = Rule(pk=1, until_date=date(2026, 4, 15)), Rule(pk=2, times=2, from_date=date(2026, 4, 15))
    lines = calendar([UNIT], [old, new], {}, 2026)
    assert [line.due for line in lines] == [1] * 4 + [2] * 8
    assert [line.rule_id for line in lines] == [1] * 4 + [2] * 8


def test_the_nearest_committee_s_rule_stands_before_those_above():
    everywhere, city, county = (
        Rule(pk=1),
        Rule(pk=2, organization_id=1, times=2),
        Rule(pk=3, organization_id=3, times=3),
    )
    rules = [everywhere, city, county]
    assert binding(rules, "theme_day", "branch", (7, 3, 1), date(2026, 1, 1)) is county
    assert binding(rules, "theme_day", "branch", (8, 4, 1), date(2026, 1, 1)) is city
    assert binding(rules, "theme_day", "branch", (9, 5), date(2026, 1, 1)) is everywhere
    assert binding(rules, "theme_day", "cloud_branch", (9, 5), date(2026, 1, 1)) is None
    lines = calendar([UNIT, Unit(8, "mobile_branch", (8, 4, 1)), Unit(9, "branch", (9,))], rules, {}, 2026)
    assert {line.organization_id: line.due for line in lines} == {7: 3, 8: 2, 9: 1}


def test_counting_twice_gives_the_same():
    held = {(7, "theme_day"): [(date(2026, 5, 5), "offline")]}
    assert calendar([UNIT], [Rule()], held, 2026) == calendar([UNIT], [Rule()], held, 2026)
