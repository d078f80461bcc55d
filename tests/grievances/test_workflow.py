"""The closed loop 收集 → 台账 → 转办 → 反馈 → 回访, verb by verb: what each does, refuses, and leaves behind."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction

from branches.choices import Duty
from branches.workflow import office_of
from foundation.audit import trail
from foundation.audit.models import Entry
from grievances import workflow
from grievances.choices import (
    NEXT,
    ClockKind,
    ClockState,
    CloseReason,
    ExtensionStatus,
    Result,
    Satisfaction,
    Status,
)
from grievances.models import Clock, Extension, FollowUp, Grievance, Statement
from grievances.workflow.lodging import Complaint
from tests.grievances.conftest import PHONE, at

pytestmark = pytest.mark.django_db


def clock(case, kind, state=ClockState.RUNNING):
    return Clock.objects.get(grievance=case, kind=kind, state=state)


def actions(case):
    rows = Entry.objects.filter(object_type="grievances.grievance", object_id=str(case.pk))
    return list(rows.order_by("id").values_list("action", flat=True))


# --- the loop ---------------------------------------------------------------------------------------------------------
def test_a_case_goes_from_the_form_to_a_confirmed_answer(desk):
    case = desk.answered()
    workflow.confirm(case, solved=Result.SOLVED, satisfaction=Satisfaction.SATISFIED, at=at("11-27 09:00"))
    case.refresh_from_db()
    assert (case.status, case.close_reason, case.solved, case.satisfaction) == (
        Status.CLOSED,
        CloseReason.CONFIRMED,
        Result.SOLVED,
        Satisfaction.SATISFIED,
    )
    assert actions(case) == [
        "grievance.lodge",
        "grievance.accept",
        "grievance.assign",
        "grievance.report_progress",
        "grievance.answer",
        "grievance.close",
    ]
    assert not Clock.objects.running().filter(grievance=case).exists()
    assert case.next_due_at is None


def test_each_clock_starts_and_ends_where_the_rule_says(desk):
    case = desk.lodged("11-20 14:48")
    assert clock(case, ClockKind.TRANSFER).due_at == at("11-20 16:48")
    workflow.accept(case, actor=desk.clerk, at=at("11-20 15:00"))
    workflow.assign(case, desk.office, actor=desk.clerk, at=at("11-20 15:33"))
    assert clock(case, ClockKind.TRANSFER, ClockState.MET).ended_at == at("11-20 15:33")
    assert clock(case, ClockKind.PROGRESS).due_at == at("11-24 18:00")
    assert clock(case, ClockKind.ANSWER).due_at == at("11-27 18:00")
    assert clock(case, ClockKind.PROMISE).due_at == at("11-27 18:00")
    assert (case.next_due_at, case.next_clock) == (at("11-24 18:00"), ClockKind.PROGRESS)
    workflow.report_progress(case, actor=desk.officer, text="在核实。", at=at("11-23 10:40"))
    assert clock(case, ClockKind.PROGRESS, ClockState.MET).ended_at == at("11-23 10:40")
    workflow.answer(
        case, actor=desk.officer, result=Result.SOLVED, text="付清了。", amount_recovered=18600, at=at("11-26 15:00")
    )
    assert clock(case, ClockKind.ANSWER, ClockState.MET).ended_at == at("11-26 15:00")
    assert clock(case, ClockKind.CALL_BACK).due_at == at("11-30 18:00")


def test_an_accepted_case_has_three_owners(desk):
    case = desk.accepted()
    assert case.collector == office_of(desk.tree.county, Duty.COLLECT)
    assert case.handler == desk.county_office
    assert case.supervisor == office_of(desk.tree.county, Duty.SUPERVISE)


@pytest.mark.parametrize("owner", ["collector", "handler", "supervisor"])
def test_the_database_keeps_the_three_owners(desk, owner):
    case = desk.accepted()
    with pytest.raises(IntegrityError), transaction.atomic():
        Grievance.objects.filter(pk=case.pk).update(**{owner: None})


@pytest.mark.parametrize("status", sorted(set(Status.values) - {Status.LODGED, Status.DRAFT, Status.NOT_ACCEPTED}))
def test_a_status_alone_is_refused_by_the_database(desk, status):
    case = desk.lodged()
    if status == Status.WITHDRAWN:
        return  # needs no evidence but the entry
    with pytest.raises(IntegrityError), transaction.atomic():
        Grievance.objects.filter(pk=case.pk).update(status=status)


def test_every_status_can_be_left_only_as_the_table_says():
    assert set(NEXT) == set(Status.values)
    assert NEXT[Status.MERGED] == NEXT[Status.WITHDRAWN] == frozenset()
    assert Status.CLOSED not in NEXT[Status.IN_HAND]  # nothing is closed without an answer and a follow-up


# --- may ------------------------------------------------------------------------------------------------------------
def test_only_the_clerk_of_the_committee_that_has_it_accepts(desk):
    case = desk.lodged()
    for somebody in (desk.city_clerk, desk.province_clerk, desk.officer, desk.secretary):
        with pytest.raises(PermissionDenied):
            workflow.accept(case, actor=somebody, at=at("11-20 15:00"))
    assert Grievance.objects.get(pk=case.pk).status == Status.LODGED


def test_only_the_office_that_has_it_answers(desk):
    case = desk.in_hand()
    for somebody in (desk.clerk, desk.city_officer, desk.secretary, desk.city_clerk):
        with pytest.raises(PermissionDenied):
            workflow.answer(
                case, actor=somebody, result=Result.SOLVED, text="好了。", amount_recovered=0, at=at("11-24 09:00")
            )


def test_a_secretary_answers_what_his_branch_has(desk):
    case = desk.accepted()
    workflow.assign(case, office_of(desk.tree.branch, Duty.HANDLE), actor=desk.clerk, at=at("11-20 17:00"))
    workflow.report_progress(case, actor=desk.secretary, text="已打电话核实。", at=at("11-21 09:00"))
    assert case.status == Status.IN_HAND


def test_who_answered_or_holds_the_handling_office_does_not_call_back(desk):
    case = desk.answered()
    Grievance.objects.filter(pk=case.pk).update(answered_by=desk.clerk)
    case.refresh_from_db()
    with pytest.raises(PermissionDenied):
        workflow.follow_up(
            case,
            actor=desk.clerk,
            method="phone",
            was_reached=True,
            solved=Result.SOLVED,
            satisfaction=Satisfaction.SATISFIED,
            at=at("11-27 09:00"),
        )
    workflow.follow_up(
        case,
        actor=desk.second_clerk,
        method="phone",
        was_reached=True,
        solved=Result.SOLVED,
        satisfaction=Satisfaction.UNRATED,
        at=at("11-27 09:00"),
    )
    assert case.close_reason == CloseReason.CALLED_BACK


# --- what must be there ---------------------------------------------------------------------------------------------
def test_an_answer_needs_result_text_and_the_amount_of_a_money_case(desk):
    case = desk.in_hand()
    with pytest.raises(ValidationError) as refused:
        workflow.answer(case, actor=desk.officer, result="", text=" ", at=at("11-24 09:00"))
    assert set(refused.value.message_dict) == {"result", "text", "amount_recovered"}
    assert Grievance.objects.get(pk=case.pk).status == Status.IN_HAND


def test_a_refusal_says_why_and_where_to_go_and_can_be_objected_to(desk):
    case = desk.lodged()
    with pytest.raises(ValidationError):
        workflow.refuse(case, actor=desk.clerk, reason="  ", at=at("11-20 15:00"))
    workflow.refuse(case, actor=desk.clerk, reason="属于人社部门，请拨打 12333。", at=at("11-20 15:00"))
    assert not Clock.objects.running().filter(grievance=case).exists()
    workflow.object_to_refusal(case, words="他们让我找交通部门。", at=at("11-21 09:00"))
    assert (case.status, case.organization) == (Status.LODGED, desk.tree.city)
    assert clock(case, ClockKind.TRANSFER).due_at == at("11-21 11:00")


def test_an_anonymous_case_keeps_neither_name_nor_phone(desk):
    case = desk.lodged(is_anonymous=True)
    case.refresh_from_db()
    assert (case.complainant_name, case.phone, case.phone_index, case.person) == ("", "", None, None)
    entry = Entry.objects.get(object_id=str(case.pk), action="grievance.lodge")
    assert (entry.actor_name, entry.address) == ("诉求人", "")


def test_a_hotline_number_is_unique_in_its_channel(desk):
    desk.lodged(channel="hotline_12328", external_number="12328-1")
    desk.lodged(channel="hotline_12345", external_number="12328-1")
    with pytest.raises(ValidationError) as refused:
        desk.lodged(channel="hotline_12328", external_number="12328-1")
    assert "external_number" in refused.value.message_dict or "channel" in refused.value.message_dict
    assert Grievance.objects.count() == 2


def test_ones_own_open_case_is_suggested_before_another_is_lodged(desk):
    case = desk.lodged()
    assert workflow.similar_to(f"190 0000 {PHONE[-4:]}", case.category, at("11-25 10:00")) == [case]
    assert workflow.similar_to("19000000001", case.category, at("11-25 10:00")) == []
    assert workflow.similar_to("not a phone", case.category, at("11-25 10:00")) == []


def test_numbers_count_up_by_division_and_day(desk):
    assert [desk.lodged().number for _ in range(3)] == [
        "SQ51040220261120-0001",
        "SQ51040220261120-0002",
        "SQ51040220261120-0003",
    ]
    assert desk.lodged("11-21 00:01").number == "SQ51040220261121-0001"


# --- the complainant --------------------------------------------------------------------------------------------------
def test_code_and_passphrase_open_a_case_and_nothing_else_does(desk):
    told = Complaint(
        title="停车难", description="没有车位。", category=desk.lodged().category, division=desk.tree.county.division
    )
    lodged = workflow.lodge(told, at=at("11-20 14:48"))
    code = lodged.grievance.track_code
    assert workflow.found_by_code(f"{code[:4]}-{code[4:].lower()}", lodged.passphrase.lower()) == lodged.grievance
    assert workflow.found_by_code(code, "WRONG9") is None
    assert workflow.found_by_code("AAAAAAAA", lodged.passphrase) is None
    assert lodged.passphrase not in repr(Grievance.objects.filter(pk=lodged.grievance.pk).values())


def test_the_clocks_stand_still_while_the_complainant_is_asked(desk):
    case = desk.assigned("11-23 09:00")
    workflow.ask_complainant(case, actor=desk.officer, text="请把运单拍给我们。", at=at("11-24 10:00"))
    assert clock(case, ClockKind.ANSWER).due_at is None
    assert "已暂停" in clock(case, ClockKind.ANSWER).explanation
    workflow.reply(case, text="发过来了。", at=at("11-26 09:00"))
    assert case.status == Status.IN_HAND
    assert clock(case, ClockKind.ANSWER).due_at == at("12-02 18:00")


def test_not_solved_goes_one_level_up_to_other_hands_and_the_promise_stays(desk):
    case = desk.answered()
    promised = Clock.objects.get(grievance=case, kind=ClockKind.PROMISE).due_at
    workflow.confirm(
        case, solved=Result.NOT_SOLVED, satisfaction=Satisfaction.DISSATISFIED, at=at("11-27 09:00"), words="没付。"
    )
    case.refresh_from_db()
    assert (case.status, case.organization, case.rung, case.reopened) == (Status.ACCEPTED, desk.tree.city, 1, 1)
    assert case.handler == office_of(desk.tree.city, Duty.HANDLE)
    assert clock(case, ClockKind.TRANSFER).due_at == at("11-27 11:00")
    assert clock(case, ClockKind.PROMISE).due_at == promised
    assert not Clock.objects.running().filter(grievance=case, kind=ClockKind.CALL_BACK).exists()


def test_partly_solved_and_satisfied_closes(desk):
    case = desk.answered()
    workflow.confirm(case, solved=Result.PARTLY, satisfaction=Satisfaction.BASICALLY_SATISFIED, at=at("11-27 09:00"))
    assert case.status == Status.CLOSED


def test_three_documented_attempts_close_it_as_unreachable_and_silence_is_not_satisfaction(desk):
    case = desk.answered()
    for number, when in enumerate(["11-27 09:00", "11-27 14:00", "11-30 10:00"], start=1):
        workflow.follow_up(
            case, actor=desk.clerk, method="phone", was_reached=False, note_text=f"第 {number} 次没人接。", at=at(when)
        )
    case.refresh_from_db()
    assert (case.status, case.close_reason) == (Status.CLOSED, CloseReason.UNREACHABLE)
    assert (case.solved, case.satisfaction) == ("", "")
    assert clock(case, ClockKind.CALL_BACK, ClockState.MET).ended_at == at("11-30 10:00")


def test_three_calls_in_a_row_are_one_attempt(desk):
    case = desk.answered()
    workflow.follow_up(
        case, actor=desk.clerk, method="phone", was_reached=False, note_text="没人接。", at=at("11-27 09:00")
    )
    with pytest.raises(ValidationError):
        workflow.follow_up(
            case, actor=desk.clerk, method="phone", was_reached=False, note_text="又没人接。", at=at("11-27 09:05")
        )
    assert FollowUp.objects.count() == 1


def test_a_closed_case_comes_back_when_it_is_not_solved_after_all_but_not_for_ever(desk):
    case = desk.answered()
    workflow.confirm(case, solved=Result.SOLVED, satisfaction=Satisfaction.SATISFIED, at=at("11-27 09:00"))
    with pytest.raises(ValidationError):
        workflow.say_not_solved(case, words="钱又没到。", at=at("2027-03-30 09:00"))
    workflow.say_not_solved(case, words="钱又没到。", at=at("12-10 09:00"))
    assert (case.status, case.organization) == (Status.ACCEPTED, desk.tree.city)


# --- sideways ---------------------------------------------------------------------------------------------------------
def test_a_returned_case_goes_back_to_the_desk_with_its_clock_running(desk):
    case = desk.assigned("11-20 15:33")
    workflow.return_to_unit(case, actor=desk.officer, reason="是运管所的事。", at=at("11-23 09:00"))
    assert case.status == Status.ACCEPTED
    assert clock(case, ClockKind.ANSWER).due_at == at("11-27 18:00")
    workflow.assign(case, desk.office, actor=desk.clerk, at=at("11-23 10:00"))
    assert clock(case, ClockKind.ANSWER).due_at == at("11-27 18:00")


def test_a_duplicate_is_merged_into_the_first_and_counts_no_more(desk):
    first, second = desk.accepted(), desk.lodged("11-21 09:00")
    workflow.merge(second, first, actor=desk.clerk, at=at("11-21 10:00"))
    second.refresh_from_db()
    assert (second.status, second.merged_into) == (Status.MERGED, first)
    assert not Clock.objects.running().filter(grievance=second).exists()
    assert actions(first)[-1] == "grievance.merged_in"


def test_two_cases_merged_into_each_other_on_the_same_picture_do_not_both_vanish(desk):
    first, second = desk.accepted(), desk.accepted()
    seen_first, seen_second = Grievance.objects.get(pk=first.pk), Grievance.objects.get(pk=second.pk)
    workflow.merge(first, second, actor=desk.clerk, at=at("11-21 10:00"))
    with pytest.raises(trail.Conflict):
        workflow.merge(seen_second, seen_first, actor=desk.second_clerk, at=at("11-21 10:00"))
    second.refresh_from_db()
    assert (second.status, second.merged_into) == (Status.ACCEPTED, None)


def test_an_extension_is_asked_once_before_it_is_due_and_decided_above(desk):
    case = desk.in_hand()
    asked = workflow.request_extension(case, actor=desk.officer, days=5, reason="货主在外地。", at=at("11-26 10:00"))
    with pytest.raises(ValidationError):
        workflow.request_extension(case, actor=desk.officer, days=1, reason="再延。", at=at("11-26 11:00"))
    with pytest.raises(PermissionDenied):
        workflow.decide_extension(asked, actor=desk.clerk, approve=True, at=at("11-26 12:00"))
    workflow.decide_extension(asked, actor=desk.city_clerk, approve=True, at=at("11-26 12:00"))
    assert clock(case, ClockKind.ANSWER).due_at == at("12-04 18:00")
    with pytest.raises(trail.Conflict):
        workflow.decide_extension(asked, actor=desk.city_clerk, approve=False, at=at("11-26 13:00"))


def test_nobody_asks_for_more_time_where_nobody_could_grant_it(desk):
    case = desk.in_hand()
    Grievance.objects.filter(pk=case.pk).update(organization=desk.tree.province)
    case = Grievance.objects.select_related("organization", "handler__organization").get(pk=case.pk)
    with pytest.raises(ValidationError, match="没有可以批延期的委员会"):
        workflow.request_extension(case, actor=desk.officer, days=5, reason="货主在外地。", at=at("11-26 10:00"))
    assert not Extension.objects.exists()


def test_a_refused_or_late_extension_changes_nothing(desk):
    case = desk.in_hand()
    before = clock(case, ClockKind.ANSWER).due_at
    with pytest.raises(ValidationError):
        workflow.request_extension(case, actor=desk.officer, days=5, reason="来不及。", at=before)
    asked = workflow.request_extension(case, actor=desk.officer, days=5, reason="来不及。", at=at("11-26 10:00"))
    workflow.decide_extension(asked, actor=desk.city_clerk, approve=False, at=at("11-26 12:00"))
    assert clock(case, ClockKind.ANSWER).due_at == before


def test_an_extension_is_not_granted_for_a_clock_that_has_ended(desk):
    case = desk.in_hand()
    asked = workflow.request_extension(case, actor=desk.officer, days=5, reason="货主在外地。", at=at("11-26 10:00"))
    workflow.escalate(case, actor=desk.clerk, reason="要市里协调。", at=at("11-26 11:00"))
    promised = clock(case, ClockKind.PROMISE).due_at
    asked = Extension.objects.select_related("clock__grievance__organization").get(pk=asked.pk)
    with pytest.raises(trail.Conflict):
        workflow.decide_extension(asked, actor=desk.province_clerk, approve=True, at=at("11-26 12:00"))
    assert clock(case, ClockKind.PROMISE).due_at == promised
    assert Extension.objects.get(pk=asked.pk).status == ExtensionStatus.REQUESTED
    workflow.decide_extension(asked, actor=desk.province_clerk, approve=False, at=at("11-26 12:00"))


def test_a_granted_due_time_is_reminded_of_and_marked_like_the_first(desk):
    case = desk.in_hand()
    first = clock(case, ClockKind.ANSWER)
    asked = workflow.request_extension(case, actor=desk.officer, days=5, reason="货主在外地。", at=at("11-26 10:00"))
    workflow.sweep(first.remind_at)
    assert clock(case, ClockKind.ANSWER).reminded_at == first.remind_at
    workflow.decide_extension(asked, actor=desk.city_clerk, approve=True, at=at("11-27 17:00"))
    granted = clock(case, ClockKind.ANSWER)
    assert (granted.due_at, granted.reminded_at) == (at("12-04 18:00"), None)
    workflow.sweep(at("11-27 17:01"))
    assert clock(case, ClockKind.ANSWER).reminded_at is None
    workflow.sweep(granted.remind_at)
    assert clock(case, ClockKind.ANSWER).reminded_at == granted.remind_at


def test_a_shorter_extension_one_level_up_does_not_shorten_the_promise(desk):
    case = desk.in_hand()
    asked = workflow.request_extension(case, actor=desk.officer, days=5, reason="货主在外地。", at=at("11-26 10:00"))
    workflow.decide_extension(asked, actor=desk.city_clerk, approve=True, at=at("11-26 12:00"))
    promised = clock(case, ClockKind.PROMISE).due_at
    assert promised == at("12-04 18:00")
    case.refresh_from_db()
    workflow.escalate(case, actor=desk.clerk, reason="要市里协调。", at=at("11-27 09:00"))
    office = office_of(desk.tree.city, Duty.HANDLE)
    workflow.assign(case, office, actor=desk.city_clerk, at=at("11-27 10:00"))
    asked = workflow.request_extension(case, actor=desk.city_officer, days=1, reason="等回函。", at=at("11-30 10:00"))
    workflow.decide_extension(asked, actor=desk.province_clerk, approve=True, at=at("11-30 12:00"))
    assert clock(case, ClockKind.ANSWER).due_at == at("12-07 18:00")
    assert clock(case, ClockKind.PROMISE).due_at == promised


def test_two_who_act_on_the_same_picture_do_not_both_win(desk):
    case = desk.lodged()
    seen = Grievance.objects.get(pk=case.pk)
    workflow.accept(case, actor=desk.clerk, at=at("11-20 15:00"))
    with pytest.raises((trail.Conflict, trail.NotAllowed)):
        workflow.refuse(seen, actor=desk.second_clerk, reason="不归我们。", at=at("11-20 15:01"))
    assert Grievance.objects.get(pk=case.pk).status == Status.ACCEPTED


def test_what_was_said_stands_beside_its_entry_and_internal_words_stay_inside(desk):
    case = desk.in_hand()
    workflow.note_internally(case, actor=desk.officer, text="货主另有两件同类诉求。", at=at("11-23 11:00"))
    said = Statement.objects.filter(grievance=case)
    assert not said.get(kind="internal").is_public
    assert all(Entry.objects.filter(pk=one.entry_id, object_id=str(case.pk)).exists() for one in said)


def test_a_change_of_policy_moves_no_running_clock(desk):
    case = desk.assigned("11-20 15:33")
    policy = clock(case, ClockKind.ANSWER).policy
    type(policy).objects.filter(pk=policy.pk).update(amount=1)
    workflow.ask_complainant(case, actor=desk.officer, text="请补充。", at=at("11-23 09:00"))
    workflow.reply(case, text="补充了。", at=at("11-23 10:00"))
    assert clock(case, ClockKind.ANSWER).due_at == at("11-27 18:00")
    assert at("11-27 18:00") - at("11-20 15:33") > timedelta(days=7)
