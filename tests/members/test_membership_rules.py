"""Dates and rules of membership, by examples and by what must always hold."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from branches.choices import Kind
from members.choices import Absence, MemberStatus
from members.rules.lost_contact import decidable_from, decide_sentence, remove_sentence
from members.rules.membership import (
    absence_of,
    date_sentences,
    flowing_since_before,
    has_vote_at,
    may_hold_formal,
    months_after,
    party_standing,
)
from members.rules.placement import Rung, suggest

DAYS = st.dates(date(1960, 1, 1), date(2100, 1, 1))


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2024, 2, 29), 48, date(2028, 2, 29)),
        (date(2026, 8, 31), 6, date(2027, 2, 28)),
        (date(2026, 12, 1), 1, date(2027, 1, 1)),
        (date(2026, 3, 31), -1, date(2026, 2, 28)),
    ],
)
def test_months_are_counted_by_the_calendar(day, months, expected):
    assert months_after(day, months) == expected


@given(DAYS, DAYS)
def test_the_query_for_flowing_members_says_the_same_as_the_rule(since, on):
    assert (since <= flowing_since_before(on)) == (absence_of(since, on) == Absence.FLOWING)


def test_an_absence_is_short_until_six_months_are_full():
    since = date(2026, 1, 15)
    assert absence_of(None, since) == Absence.HOME
    assert absence_of(since, date(2026, 7, 14)) == Absence.SHORT
    assert absence_of(since, date(2026, 7, 15)) == Absence.FLOWING
    assert absence_of(since, date(2026, 1, 14)) == Absence.HOME


@given(DAYS, st.integers(0, 80 * 366))
def test_party_standing_grows_by_one_on_each_anniversary_and_never_falls(full, later):
    on = full + timedelta(days=later)
    years = party_standing(full, on)
    assert months_after(full, 12 * years) <= on < months_after(full, 12 * (years + 1))
    assert party_standing(full, on + timedelta(days=1)) - years in (0, 1)


def test_party_standing_counts_from_the_day_of_full_membership_only():
    assert party_standing(None, date(2026, 1, 1)) is None
    assert party_standing(date(2026, 1, 2), date(2026, 1, 1)) is None
    assert party_standing(date(2020, 2, 29), date(2021, 2, 28)) == 1
    assert party_standing(date(2020, 3, 1), date(2021, 2, 28)) == 0


@pytest.mark.parametrize(
    ("status", "joined", "full", "wrong"),
    [
        (MemberStatus.FULL, date(2024, 7, 1), date(2025, 6, 30), "full_date"),
        (MemberStatus.FULL, date(2024, 7, 1), date(2025, 7, 1), None),
        (MemberStatus.FULL, date(2024, 2, 29), date(2025, 2, 27), "full_date"),
        (MemberStatus.FULL, date(2024, 2, 29), date(2025, 2, 28), None),
        (MemberStatus.FULL, date(2024, 7, 1), None, "full_date"),
        (MemberStatus.FULL, None, date(2025, 7, 1), "joined_date"),
        (MemberStatus.PROBATIONARY, date(2024, 7, 1), date(2025, 7, 1), "full_date"),
        (MemberStatus.PROBATIONARY, date(2027, 1, 1), None, "joined_date"),
        (MemberStatus.PROBATIONARY, date(2026, 1, 1), None, None),
    ],
)
def test_full_membership_comes_a_calendar_year_after_admission(status, joined, full, wrong):
    assert set(date_sentences(status, joined, full, date(2026, 11, 27))) == ({wrong} if wrong else set())


def test_the_vote_lies_where_the_formal_relation_is_and_full_members_only_have_it():
    assert has_vote_at(MemberStatus.FULL, 1, 1)
    assert not has_vote_at(MemberStatus.FULL, 1, 2)
    assert not has_vote_at(MemberStatus.FULL, None, 2)
    assert not has_vote_at(MemberStatus.PROBATIONARY, 1, 1)
    assert not has_vote_at(MemberStatus.SUSPENDED, 1, 1)


def test_no_formal_relation_lies_with_a_cloud_branch_or_a_committee():
    assert {kind for kind in Kind if may_hold_formal(kind)} == {
        Kind.BRANCH, Kind.ENTERPRISE_BRANCH, Kind.JOINT_BRANCH, Kind.MOBILE_BRANCH, Kind.GENERAL_BRANCH,
    }  # fmt: skip


def test_the_firms_branch_goes_before_the_territorial_one_and_the_cloud_is_for_activities():
    assert suggest(["firm"], ["place"], ["cloud"]).organization == "firm"
    assert suggest([], ["place"], ["cloud"]).rung == Rung.TERRITORIAL
    cloud = suggest([], [], ["cloud"])
    assert (cloud.organization, cloud.kind, cloud.places) == ("cloud", "activity", False)
    assert suggest([], [], []).organization is None


TRIES = [("phone", date(2026, 1, 1)), ("phone", date(2026, 2, 1)), ("visit", date(2026, 3, 1))]


def test_the_branch_decides_after_six_months_and_enough_tries_and_is_told_when_and_by_what():
    since = date(2026, 1, 1)
    early = decide_sentence(since, TRIES, date(2026, 6, 30))
    assert "第三十三条" in early
    assert "2026-07-01" in early
    assert decide_sentence(since, TRIES, date(2026, 7, 1)) == ""
    assert "2 次" in decide_sentence(since, TRIES[1:], date(2026, 7, 1))
    assert "1 种" in decide_sentence(since, TRIES[:2], date(2026, 7, 1))


@given(DAYS)
def test_day_before_refused_day_itself_accepted(since):
    first = decidable_from(since)
    assert decide_sentence(since, TRIES, first - timedelta(days=1))
    early = [(way, since) for way, _ in TRIES]
    assert decide_sentence(since, early, first) == ""
    removable = months_after(since, 24)
    assert remove_sentence(since, removable - timedelta(days=1))
    assert remove_sentence(since, removable) == ""
