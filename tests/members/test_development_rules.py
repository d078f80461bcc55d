"""Gates of the way to membership: the day before, the day, leap years, votes, one extension; each has its article."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from members.choices import FINAL_STEPS, REFUSABLE, STEPS, StepNumber, StepRecorder, StepResult, built_on, next_steps
from members.rules.development import (
    GATE_LABELS,
    Facts,
    Proposal,
    Votes,
    ahead_of,
    closed_gates,
    gate_codes,
    half_year_ends,
    half_years_full,
    of_age_from,
    order_sentence,
    probation_ends,
    review_to_record,
    target_from,
    workdays_in,
)
from members.rules.membership import months_after

N = StepNumber
DAYS = st.dates(date(2015, 1, 1), date(2032, 12, 31))
ONE = timedelta(days=1)
# A busy machine is no fault of a date.
calm = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
CALENDAR = {
    date(2026, 3, 1) + timedelta(days=n): (date(2026, 3, 1) + timedelta(days=n)).weekday() < 5 for n in range(60)
}
PASSED = Votes(entitled=10, present=8, votes_for=6, votes_against=1, votes_abstained=1)


def codes(number, facts, now):
    return [gate.code for gate in closed_gates(number, facts, now)]


def gate(number, facts, now, code):
    return next(one for one in closed_gates(number, facts, now) if one.code == code)


def activist_on(day, **more):
    return Facts(born=date(1990, 1, 1), done={N.ACTIVIST: day, N.CULTIVATED: day}, **more)


# --- the table of steps -----------------------------------------------------------------------------------------------
def test_there_are_25_steps_and_each_follows_only_earlier_ones():
    assert list(STEPS) == list(range(1, 26)) == [*StepNumber]
    assert all(before < number for number, step in STEPS.items() for before in step.after)
    assert all(step.article.startswith("第") for step in STEPS.values())
    assert {step.by for step in STEPS.values()} == {*StepRecorder}


def test_the_next_steps_follow_from_what_is_done_and_some_stand_side_by_side():
    assert next_steps(()) == (1,)
    assert next_steps(range(1, 9)) == (9, 10, 11)
    assert next_steps([*range(1, 9), 10]) == (9, 11)
    assert next_steps(range(1, 18)) == (18, 19, 20)
    assert next_steps(range(1, 26)) == ()
    # Every order that respects the table ends with all 25.
    done = []
    while steps := next_steps(done):
        done.append(steps[-1])
    assert sorted(done) == list(STEPS)


def test_what_a_step_carries_is_all_that_comes_after_it():
    assert built_on(25) == frozenset()
    assert built_on(10) == frozenset(range(12, 26))
    assert built_on(1) == frozenset(range(2, 26))
    assert all(again < number for number, again in REFUSABLE.items())
    assert all(STEPS[again].by == StepRecorder.BRANCH for again in REFUSABLE.values())
    # Refusing never undoes what has changed a stage.
    for number, again in REFUSABLE.items():
        assert not FINAL_STEPS & {again, *(one for one in built_on(again) if one < number)}


# --- dates ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("activist", "first"),
    [
        (date(2025, 3, 10), date(2026, 3, 10)),  # 365 days
        (date(2023, 3, 1), date(2024, 3, 1)),  # 366: 29 February lies between
        (date(2024, 2, 29), date(2025, 2, 28)),  # no such day: the last of the month
        (date(2023, 2, 28), date(2024, 2, 28)),
        (date(2027, 12, 31), date(2028, 12, 31)),
    ],
)
def test_a_target_needs_a_year_by_calendar_one_day_less_is_refused_with_article_and_day(activist, first):
    facts = activist_on(activist, half_years=frozenset({1, 2}), notice_workdays=0)
    assert target_from(activist) == first
    refused = gate(N.TARGET, facts, Proposal(on=first - ONE), "year")
    assert refused.opens == first
    assert "第十三条" in str(refused)
    assert f"{first:%Y-%m-%d}" in str(refused)
    assert codes(N.TARGET, facts, Proposal(on=first)) == []


def test_day_364_is_refused_and_day_365_is_accepted_in_a_common_year_and_day_366_in_a_leap_year():
    for start, days in ((date(2025, 4, 1), 365), (date(2023, 4, 1), 366)):
        facts = activist_on(start, half_years=frozenset({1, 2}), notice_workdays=0)
        assert "year" in codes(N.TARGET, facts, Proposal(on=start + timedelta(days=days - 1)))
        assert codes(N.TARGET, facts, Proposal(on=start + timedelta(days=days))) == []


@calm
@given(DAYS)
def test_a_year_is_never_shorter_than_365_days_nor_longer_than_366_but_for_29_february(start):
    first = target_from(start)
    is_leap_day = (start.month, start.day) == (2, 29)
    assert (first - start).days in ((365,) if is_leap_day else (365, 366))
    assert (first.month, first.day) == ((2, 28) if is_leap_day else (start.month, start.day))
    facts = activist_on(start, half_years=frozenset({1, 2}), notice_workdays=0)
    assert "year" in codes(N.TARGET, facts, Proposal(on=first - ONE))
    assert "year" not in codes(N.TARGET, facts, Proposal(on=first))


@calm
@given(DAYS, st.integers(0, 3000))
def test_the_gate_of_a_year_opens_once_and_stays_open(start, days):
    facts = activist_on(start, notice_workdays=0)
    on = start + timedelta(days=days)
    assert ("year" in codes(N.TARGET, facts, Proposal(on=on))) == (on < target_from(start))


@calm
@given(st.dates(date(1960, 1, 1), date(2014, 12, 31)))
def test_who_is_eighteen_today_may_apply_and_not_the_day_before(born):
    first = of_age_from(born)
    assert first.year == born.year + 18
    refused = gate(N.APPLICATION, Facts(born=born), Proposal(on=first - ONE), "age")
    assert refused.opens == first
    assert "第五条" in str(refused)
    assert codes(N.APPLICATION, Facts(born=born), Proposal(on=first)) == []


def test_born_on_29_february_is_of_age_on_28_february():
    assert of_age_from(date(2008, 2, 29)) == date(2026, 2, 28)
    assert "出生日期" in str(gate(N.APPLICATION, Facts(), Proposal(on=date(2026, 1, 1)), "age"))


@calm
@given(DAYS, st.sampled_from([None, *range(6, 13)]))
def test_probation_is_discussed_when_it_is_over_prolonged_or_not(meeting, months):
    until = probation_ends(meeting, months)
    assert until == months_after(meeting, 12 + (months or 0))
    facts = Facts(done={N.CONFIRMATION_ASKED: meeting}, probation_until=until, extended_months=months)
    for result in (StepResult.CONFIRM, StepResult.EXTEND):
        early = Proposal(on=until - ONE, votes=PASSED, result=result, months=6)
        refused = gate(N.CONFIRMATION_MEETING, facts, early, "probation")
        assert refused.opens == until
        assert "第三十一条" in str(refused)
    on_the_day = Proposal(on=until, votes=PASSED, result=StepResult.CONFIRM)
    assert codes(N.CONFIRMATION_MEETING, facts, on_the_day) == []
    # To strike somebody off nobody has to wait.
    struck = Proposal(on=until - ONE, votes=PASSED, result=StepResult.CANCEL)
    assert codes(N.CONFIRMATION_MEETING, facts, struck) == []


def test_probation_from_29_february_ends_on_28_february_and_prolonged_by_six_months_on_29_august():
    assert probation_ends(date(2024, 2, 29)) == date(2025, 2, 28)
    assert probation_ends(date(2024, 2, 29), 6) == date(2025, 8, 29)
    assert probation_ends(date(2024, 8, 31), 6) == date(2026, 2, 28)


def test_an_extension_is_given_once_and_for_six_to_twelve_months():
    until = date(2026, 3, 1)
    facts = Facts(done={N.CONFIRMATION_ASKED: until}, probation_until=until)
    again = Facts(done={N.CONFIRMATION_ASKED: until}, probation_until=until, extended_months=6)

    def asked(months):
        return Proposal(on=until, votes=PASSED, result=StepResult.EXTEND, months=months)

    for months in (None, 0, 5, 13):
        assert "第三十一条" in str(gate(N.CONFIRMATION_MEETING, facts, asked(months), "extension"))
    for months in (6, 9, 12):
        assert codes(N.CONFIRMATION_MEETING, facts, asked(months)) == []
    refused = gate(N.CONFIRMATION_MEETING, again, asked(6), "extension")
    assert "只能延长一次" in str(refused)
    assert "第三十一条" in str(refused)


def test_a_late_discussion_and_a_late_talk_are_said_and_stop_nothing():
    until = date(2026, 3, 1)
    facts = Facts(done={N.CONFIRMATION_ASKED: until}, probation_until=until)
    late = Proposal(on=date(2026, 4, 2), votes=PASSED, result=StepResult.CONFIRM)
    assert [(one.code, one.warns) for one in closed_gates(N.CONFIRMATION_MEETING, facts, late)] == [("in_time", True)]
    applied = Facts(done={N.APPLICATION: date(2026, 1, 31)})
    assert codes(N.TALK, applied, Proposal(on=date(2026, 2, 28))) == []
    (warning,) = closed_gates(N.TALK, applied, Proposal(on=date(2026, 3, 1)))
    assert warning.warns
    assert "第七条" in str(warning)


@calm
@given(DAYS)
def test_approval_within_three_months_within_six_with_a_reason_never_later(meeting):
    facts = Facts(done={N.ADMISSION_MEETING: meeting})
    three, six = months_after(meeting, 3), months_after(meeting, 6)

    def closed(on, reason=""):
        return codes(N.ADMISSION_APPROVED, facts, Proposal(on=on, late_reason=reason))

    assert closed(three) == []
    assert closed(three + ONE) == ["approval"]
    assert closed(three + ONE, "  ") == ["approval"]
    assert closed(six, "党委换届") == []
    assert closed(six + ONE, "党委换届") == ["approval"]
    assert "第二十六条" in str(gate(N.ADMISSION_APPROVED, facts, Proposal(on=six + ONE), "approval"))


@calm
@given(DAYS)
def test_meeting_within_a_month_of_the_pre_review_and_confirmation_approved_within_three(day):
    facts = Facts(done={N.PRE_REVIEW: day, N.POLITICAL_REVIEW: day}, review_result=StepResult.QUALIFIED, introducers=2)
    last = months_after(day, 1)
    assert codes(N.ADMISSION_MEETING, facts, Proposal(on=last, votes=PASSED)) == []
    late = gate(N.ADMISSION_MEETING, facts, Proposal(on=last + ONE, votes=PASSED), "pre_review")
    assert "第十九条" in str(late)
    confirmed = Facts(done={N.CONFIRMATION_MEETING: day})
    last = months_after(day, 3)
    assert codes(N.CONFIRMATION_APPROVED, confirmed, Proposal(on=last)) == []
    assert codes(N.CONFIRMATION_APPROVED, confirmed, Proposal(on=last + ONE)) == ["confirmation"]


@calm
@given(DAYS)
def test_a_political_review_is_good_for_a_year(day):
    facts = Facts(done={N.POLITICAL_REVIEW: day}, review_result=StepResult.QUALIFIED, introducers=2, notice_workdays=0)
    last = months_after(day, 12)
    assert codes(N.BRANCH_REVIEW, facts, Proposal(on=last)) == []
    assert "第十六条" in str(gate(N.BRANCH_REVIEW, facts, Proposal(on=last + ONE), "political_review"))


def test_without_a_political_review_or_with_a_bad_one_nobody_goes_on():
    for facts in (
        Facts(introducers=2),
        Facts(introducers=2, done={N.POLITICAL_REVIEW: date(2026, 1, 1)}, review_result=StepResult.UNQUALIFIED),
    ):
        assert "political_review" in codes(N.BRANCH_REVIEW, facts, Proposal(on=date(2026, 1, 2)))


# --- reviews ----------------------------------------------------------------------------------------------------------
def test_each_full_half_year_wants_its_review():
    start = date(2024, 8, 31)
    on = target_from(start)
    assert [half_year_ends(start, n) for n in (1, 2, 3)] == [date(2025, 2, 28), date(2025, 8, 31), date(2026, 2, 28)]
    for there, missing in ((set(), "1、2"), ({1}, "2"), ({2}, "1")):
        facts = activist_on(start, half_years=frozenset(there), notice_workdays=0)
        refused = gate(N.TARGET, facts, Proposal(on=on), "reviews")
        assert f"第 {missing} 个半年" in str(refused)
        assert "第十一条" in str(refused)
    assert codes(N.TARGET, activist_on(start, half_years=frozenset({1, 2}), notice_workdays=0), Proposal(on=on)) == []


@calm
@given(DAYS, st.integers(0, 1500))
def test_the_review_of_a_half_year_may_be_held_once_that_has_begun(start, days):
    on = start + timedelta(days=days)
    full = half_years_full(start, on)
    assert half_year_ends(start, full) <= on < half_year_ends(start, full + 1)
    assert review_to_record(start, range(1, full + 1), on) == full + 1
    assert review_to_record(start, range(1, full + 2), on) is None
    assert review_to_record(start, (), on) == 1


# --- votes ------------------------------------------------------------------------------------------------------------
def meeting(votes):
    facts = Facts(
        done={N.PRE_REVIEW: date(2026, 3, 1), N.POLITICAL_REVIEW: date(2026, 2, 1)},
        review_result=StepResult.QUALIFIED,
        introducers=2,
    )
    return closed_gates(N.ADMISSION_MEETING, facts, Proposal(on=date(2026, 3, 20), votes=votes))


@pytest.mark.parametrize(
    ("votes", "closed"),
    [
        (Votes(10, 6, 6, 0, 0), []),
        (Votes(10, 6, 5, 1, 0), ["majority"]),  # exactly half of those entitled
        (Votes(10, 5, 5, 0, 0), ["quorum", "majority"]),  # exactly half are there
        (Votes(10, 5, 7, 0, 0, 2), ["quorum"]),  # written opinions make no quorum
        (Votes(10, 6, 6, 0, 1, 1), []),  # a written opinion counts among the votes
        (Votes(11, 6, 6, 0, 0), []),
        (Votes(11, 6, 5, 1, 0), ["majority"]),
        (Votes(3, 2, 2, 0, 0), []),
        (Votes(4, 3, 2, 0, 1), ["majority"]),
        (None, ["quorum", "majority"]),
    ],
)
def test_present_and_approval_must_be_more_than_half_of_those_entitled(votes, closed):
    found = meeting(votes)
    assert [one.code for one in found] == closed
    for one in found:
        assert {"quorum": "第二十条", "majority": "第二十一条"}[one.code] in str(one)


@calm
@given(st.integers(1, 60), st.data())
def test_a_vote_passes_exactly_when_more_than_half_of_the_entitled_came_and_approved(entitled, data):
    present = data.draw(st.integers(0, entitled))
    written = data.draw(st.integers(0, entitled - present))
    spoke = present + written
    votes_for = data.draw(st.integers(0, spoke))
    against = data.draw(st.integers(0, spoke - votes_for))
    votes = Votes(entitled, present, votes_for, against, spoke - votes_for - against, written)
    assert votes.adds_up
    closed = [one.code for one in meeting(votes)]
    assert ("quorum" not in closed) == (present > entitled / 2)
    assert ("majority" not in closed) == (votes_for > entitled / 2)
    assert not Votes(entitled, present, votes_for + 1, against, votes.votes_abstained, written).adds_up


# --- what is typed ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("days", "hours", "enough"),
    [
        (None, None, False),
        (Decimal("2.5"), 23, False),
        (Decimal(3), None, True),
        (None, 24, True),
        (Decimal(0), 24, True),
    ],
)
def test_training_is_three_days_or_twenty_four_hours(days, hours, enough):
    now = Proposal(on=date(2026, 3, 1), training_days=days, training_hours=hours)
    found = closed_gates(N.TRAINING, Facts(), now)
    assert (found == []) == enough
    assert all("第十七条" in str(one) for one in found)


@pytest.mark.parametrize(("number", "fits"), [(0, False), (1, True), (2, True), (3, False)])
def test_one_or_two_contact_persons(number, fits):
    assert (closed_gates(N.CULTIVATORS, Facts(), Proposal(on=date(2026, 3, 1), sponsors=number)) == []) == fits


@pytest.mark.parametrize("number", [0, 1, 2, 3])
def test_exactly_two_introducers_when_named_and_still_at_the_meeting(number):
    named = closed_gates(N.INTRODUCERS, Facts(), Proposal(on=date(2026, 3, 1), sponsors=number))
    assert (named == []) == (number == 2)
    facts = Facts(done={N.PRE_REVIEW: date(2026, 3, 1)}, introducers=number)
    later = codes(N.ADMISSION_MEETING, facts, Proposal(on=date(2026, 3, 2), votes=PASSED))
    assert ("introducers" in later) == (number != 2)


def test_a_notice_lasts_five_working_days_of_the_calendar():
    facts = activist_on(date(2025, 1, 1), half_years=frozenset({1, 2}))
    monday, friday = date(2026, 3, 2), date(2026, 3, 6)

    def closed(notice, on=date(2026, 3, 20), calendar=CALENDAR):
        return closed_gates(N.TARGET, facts, Proposal(on=on, notice=notice, calendar=calendar))

    assert closed((monday, friday)) == []
    for notice, said in (
        ((monday, friday - ONE), "只有 4 个"),
        ((monday + ONE, friday + 2 * ONE), "只有 4 个"),
        (None, "没有填"),
        ((monday, date(2026, 3, 21)), "才结束"),
    ):
        (refused,) = closed(notice)
        assert said in str(refused), notice
    (refused,) = closed((monday, friday), calendar={})
    assert "没有载入" in str(refused)
    free = activist_on(date(2025, 1, 1), half_years=frozenset({1, 2}), notice_workdays=0)
    assert codes(N.TARGET, free, Proposal(on=date(2026, 3, 20))) == []


@calm
@given(st.dates(date(2026, 3, 1), date(2026, 4, 20)), st.integers(0, 9))
def test_working_days_are_counted_with_both_ends(first, days):
    last = first + timedelta(days=days)
    assert workdays_in(first, last, CALENDAR) == sum((first + timedelta(days=n)).weekday() < 5 for n in range(days + 1))


def test_a_branch_without_leave_to_develop_is_told_before_anybody_votes():
    facts = Facts(
        may_develop=False,
        done={N.POLITICAL_REVIEW: date(2026, 3, 1), N.PRE_REVIEW: date(2026, 3, 1)},
        review_result=StepResult.QUALIFIED,
        introducers=2,
    )
    for number in (N.PRE_REVIEW, N.ADMISSION_MEETING):
        (refused,) = closed_gates(number, facts, Proposal(on=date(2026, 3, 2), is_preview=True))
        assert refused.code == "may_develop"


# --- all of them ------------------------------------------------------------------------------------------------------
def test_what_was_let_pass_is_asked_no_more_and_every_gate_has_a_name():
    facts = activist_on(date(2026, 1, 1))
    now = Proposal(on=date(2026, 2, 1))
    assert codes(N.TARGET, facts, now) == ["year", "notice"]
    assert [one.code for one in closed_gates(N.TARGET, facts, now, ["year"])] == ["notice"]
    every = {code for number in STEPS for code in gate_codes(number)}
    assert every == set(GATE_LABELS)
    assert "talk" not in gate_codes(N.TALK)


def test_a_step_is_not_done_before_the_one_it_follows():
    facts = Facts(done={1: date(2026, 1, 10)})
    assert "2026-01-10" in order_sentence(N.TALK, facts, date(2026, 1, 9))
    assert order_sentence(N.TALK, facts, date(2026, 1, 10)) == ""
    assert "第 2 步" in order_sentence(N.ACTIVIST, facts, date(2026, 1, 10))


def test_what_comes_next_and_what_is_due():
    day = date(2025, 3, 10)
    done = dict.fromkeys(range(1, 6), day)
    ahead = ahead_of("activist", Facts(done=done))
    assert (ahead.next_step, ahead.opens) == (6, date(2026, 3, 10))
    assert (ahead.due_kind, ahead.due) == ("review", date(2025, 9, 10))
    ahead = ahead_of("activist", Facts(done=done, half_years=frozenset({1})))
    assert ahead.due == date(2026, 3, 10)
    done |= dict.fromkeys(range(6, 14), day)
    assert ahead_of("development_target", Facts(done=done)).due == date(2025, 4, 10)
    done |= {14: day, 15: day}
    ahead = ahead_of("development_target", Facts(done=done))
    assert (ahead.next_step, ahead.due_kind, ahead.due) == (16, "approval", date(2025, 6, 10))
    done |= dict.fromkeys(range(16, 23), day)
    ahead = ahead_of("probationary", Facts(done=done, probation_until=date(2026, 3, 10)))
    assert (ahead.next_step, ahead.opens, ahead.due_kind) == (23, date(2026, 3, 10), "probation")
    assert ahead_of("full", Facts(done=dict.fromkeys(STEPS, day))).next_step is None
    assert ahead_of("ended", Facts(done=done)).due_kind == ""
