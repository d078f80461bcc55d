"""Figures: what each counts, of what, and what it leaves out."""

from datetime import timedelta
from decimal import Decimal

import pytest

from branches.choices import Duty
from branches.workflow import office_of
from grievances import statistics, workflow
from grievances.choices import FollowUpMethod, Result, Satisfaction
from grievances.models import Category, Grievance
from grievances.statistics import FIGURES, RATES, Period, counts_by_unit, total
from tests.grievances.conftest import at

pytestmark = pytest.mark.django_db
LATER = at("12-20 09:00")
RATE = {rate.code: rate for rate in RATES}


def counted(moment=LATER, rows=None):
    return total(counts_by_unit(Grievance.objects.all() if rows is None else rows, moment))


def called_back(desk, case, *, when, solved=Result.SOLVED, satisfaction=Satisfaction.SATISFIED):
    workflow.follow_up(
        case,
        actor=desk.second_clerk,
        method=FollowUpMethod.PHONE,
        was_reached=True,
        solved=solved,
        satisfaction=satisfaction,
        at=at(when),
    )


def test_progress_in_time_counts_and_what_is_not_due_yet_does_not(desk):
    desk.in_hand("11-23 10:40")
    desk.assigned()
    before_due = counted(at("11-24 09:00"))
    assert (before_due["progress_in_time"], before_due["progress_due"]) == (1, 1)
    after = counted(at("11-25 09:00"))
    assert (after["progress_in_time"], after["progress_due"]) == (1, 2)
    assert after.rate(RATE["response"]) == 50.0


def test_progress_given_too_late_is_due_and_not_in_time(desk):
    desk.in_hand("11-25 10:40")
    found = counted()
    assert (found["progress_in_time"], found["progress_due"]) == (0, 1)


def test_only_the_first_progress_clock_of_a_case_counts(desk):
    case = desk.answered()
    workflow.confirm(case, solved=Result.NOT_SOLVED, satisfaction=Satisfaction.DISSATISFIED, at=at("11-27 09:00"))
    city_office = office_of(desk.tree.city, Duty.HANDLE)
    workflow.assign(case, city_office, actor=desk.city_clerk, at=at("11-27 10:00"))
    found = counted()  # the second one is long overdue by now
    assert (found["progress_in_time"], found["progress_due"]) == (1, 1)


def test_a_progress_clock_that_was_stopped_counts_only_if_it_was_over(desk):
    early, late = desk.assigned(), desk.assigned()
    workflow.escalate(early, actor=desk.clerk, reason="货主在外市。", at=at("11-23 09:00"))
    workflow.escalate(late, actor=desk.clerk, reason="货主在外市。", at=at("11-25 09:00"))
    found = counted()
    assert (found["progress_in_time"], found["progress_due"]) == (0, 1)


def test_partly_solved_is_its_own_figure_and_not_solved(desk):
    for solved in (Result.SOLVED, Result.PARTLY):
        called_back(desk, desk.answered(), when="11-27 10:00", solved=solved)
    desk.answered()  # asked by nobody yet
    found = counted()
    assert (found["solved"], found["partly"], found["reached"]) == (1, 1, 2)
    assert found.rate(RATE["solved"]) == 50.0


def test_unrated_and_unreachable_are_neither_satisfied_nor_in_the_denominator(desk):
    called_back(desk, desk.answered(), when="11-27 10:00", satisfaction=Satisfaction.BASICALLY_SATISFIED)
    called_back(desk, desk.answered(), when="11-27 10:00", satisfaction=Satisfaction.UNRATED)
    silent = desk.answered()
    for hour in (9, 13, 17):
        workflow.follow_up(
            silent,
            actor=desk.second_clerk,
            method=FollowUpMethod.PHONE,
            was_reached=False,
            note_text="没有人接。",
            at=at(f"11-27 {hour:02}:00"),
        )
    found = counted()
    assert (found["satisfied"], found["rated"], found["unrated"], found["unreachable"]) == (1, 1, 1, 1)
    assert found.rate(RATE["satisfied"]) == 100.0
    assert (found["closed"], found["reached"]) == (3, 2)


def test_nothing_in_the_denominator_is_no_rate(desk):
    desk.accepted()
    assert [counted().rate(rate) for rate in RATES] == [None, None, None]


def test_drafts_withdrawn_merged_and_remarks_about_the_portal_are_counted_nowhere(desk):
    kept = desk.in_hand()
    workflow.withdraw(desk.in_hand(), at=at("11-24 09:00"))
    workflow.merge(desk.accepted(), kept, actor=desk.clerk, at=at("11-24 09:00"))
    desk.lodged()  # nobody has accepted it
    Grievance.objects.filter(pk=desk.accepted().pk).update(category=Category.objects.get(code="portal_feedback"))
    found = counted()
    assert found["accepted"] == 1
    assert sum(statistics.by_channel(Grievance.objects.all()).values()) == 1
    assert sum(statistics.heat(Grievance.objects.all()).values()) == 1


def test_cases_and_person_times_are_never_summed_together(desk):
    called_back(desk, desk.answered(), when="11-27 10:00")
    dispute = desk.in_hand(category=Category.objects.get(code="accident_damages"), amount_involved=None)
    workflow.answer(
        dispute,
        actor=desk.officer,
        result=Result.SOLVED,
        text="双方签了调解书。",
        amount_recovered=Decimal("300.50"),
        person_times=7,
        at=at("11-26 15:00"),
    )
    called_back(desk, dispute, when="11-27 10:00")
    found = counted()
    assert (found["case_solved"], found["dispute_mediated"], found["other_help"]) == (1, 1, 0)
    assert found.person_times == {"case_solved": 1, "dispute_mediated": 7, "other_help": 0}
    assert statistics.MEASURES == {"case_solved": "件", "dispute_mediated": "人次", "other_help": "人次"}
    assert (found.involved, found.recovered) == (Decimal(18600), Decimal("18900.50"))


def test_a_case_counts_where_it_began_wherever_it_went(desk):
    case = desk.in_hand()
    workflow.escalate(case, actor=desk.clerk, reason="货主在外市。", at=at("11-24 09:00"))
    assert set(counts_by_unit(Grievance.objects.all(), LATER)) == {desk.tree.county.pk}


def test_a_period_counts_by_lodging_or_by_closing(desk):
    called_back(desk, desk.answered(), when="12-01 10:00")
    desk.in_hand()
    november = Period("lodged", at("11-01 00:00"), at("12-01 00:00"))
    december = Period("closed", at("12-01 00:00"), at("2027-01-01 00:00"))
    every = Grievance.objects.all()
    assert counted(rows=november.of(every))["accepted"] == 2
    assert counted(rows=december.of(every))["accepted"] == 1
    assert counted(rows=Period("closed", until_at=at("12-01 00:00")).of(every))["accepted"] == 0


def test_late_cases_by_stage_and_by_office(desk):
    case, other = desk.assigned(), desk.in_hand()
    moment = at("11-25 09:00")
    every = Grievance.objects.all()
    stages = statistics.overdue_by_stage(every, moment)
    assert {kind: number for kind, number in stages.items() if number} == {"progress": 1}
    assert statistics.overdue_by_office(every, moment) == [(desk.team.pk, desk.team.short_name, Duty.HANDLE, 1)]
    assert set(every.filter(statistics.late_at("progress", moment))) == {case}
    later = statistics.overdue_by_stage(every, at("11-30 09:00"))
    assert (later["progress"], later["answer"], later["promise"]) == (1, 2, 2)
    assert counted(at("11-30 09:00"))["overdue"] == 2
    assert other.pk


def test_a_figure_counts_exactly_the_rows_of_its_condition(desk):
    """Every figure against its own condition asked one by one: the one pass and the list behind a link agree."""
    desk.lodged()
    desk.accepted()
    desk.assigned()
    desk.in_hand("11-25 10:40")
    desk.answered()
    called_back(desk, desk.answered(), when="11-27 10:00")
    called_back(desk, desk.answered(), when="11-27 10:00", satisfaction=Satisfaction.UNRATED, solved=Result.PARTLY)
    called_back(desk, desk.answered(), when="11-27 10:00", solved=Result.NOT_SOLVED)
    for moment in (at("11-24 08:00"), at("11-26 09:00"), LATER):
        found = counted(moment)
        for code, figure in FIGURES.items():
            rows = Grievance.objects.all().counted().filter(figure.condition(moment))
            assert found[code] == rows.count(), (code, moment)


def test_who_sees_aggregates_only_gets_no_cell_under_five():
    assert statistics.protected({"a": 0, "b": 12, "c": 3, "d": 8}) == {"a": 0, "b": 12, "c": None, "d": None}
    assert statistics.protected({"a": 1, "b": 2, "c": 9}) == {"a": None, "b": None, "c": 9}
    assert statistics.protected({"a": 5, "b": 0}) == {"a": 5, "b": 0}


def test_figures_are_counted_in_the_scope_of_statistics(desk, neighbour_clerk):
    desk.accepted()
    own = Grievance.objects.counted_for(desk.clerk)
    assert counted(rows=own)["accepted"] == 1
    assert counted(rows=Grievance.objects.counted_for(desk.city_clerk))["accepted"] == 1
    for nobody in (neighbour_clerk, desk.officer, desk.secretary):  # the branch collected nothing
        assert counted(rows=Grievance.objects.counted_for(nobody))["accepted"] == 0


def test_figures_cost_two_queries_however_many_units(desk, django_assert_num_queries):
    desk.answered()
    with django_assert_num_queries(2):
        counts_by_unit(Grievance.objects.all(), LATER)
    desk.answered()
    with django_assert_num_queries(2):
        counts_by_unit(Grievance.objects.all(), LATER + timedelta(days=1))
