"""Up the ladder by hand, by the clock, by a superior; offices without people; supervision."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from branches.choices import Duty
from branches.models import Appointment, Office
from branches.workflow import acting_for, office_of, offices_of
from foundation.audit import trail
from foundation.audit.models import Entry
from foundation.notifications.models import Notification
from grievances import notices, workflow
from grievances.choices import ClockKind, ClockState, PauseKind, Status
from grievances.models import Clock, Grievance, Pause, SlaPolicy, Supervision
from grievances.workflow import clocks
from tests.grievances.conftest import at

pytestmark = pytest.mark.django_db


def told(user) -> int:
    return Notification.objects.filter(user=user).count()


def test_a_case_is_escalated_with_a_reason_and_its_level_clocks_begin_anew(desk):
    case = desk.in_hand()
    promised = Clock.objects.get(grievance=case, kind=ClockKind.PROMISE).due_at
    with pytest.raises(ValidationError):
        workflow.escalate(case, actor=desk.clerk, reason=" ", at=at("11-24 09:00"))
    workflow.escalate(case, actor=desk.clerk, reason="货主在外市。", at=at("11-24 09:00"))
    case.refresh_from_db()
    assert (case.status, case.organization, case.origin, case.rung) == (
        Status.ACCEPTED,
        desk.tree.city,
        desk.tree.county,
        1,
    )
    running = {one.kind: one.due_at for one in Clock.objects.running().filter(grievance=case)}
    assert running == {ClockKind.TRANSFER: at("11-24 11:00"), ClockKind.PROMISE: promised}
    with pytest.raises(PermissionDenied):
        workflow.assign(case, desk.office, actor=desk.clerk, at=at("11-24 10:00"))


def test_a_superior_reads_but_decides_only_what_came_up(desk):
    case = desk.lodged()
    assert Grievance.objects.visible_to(desk.city_clerk).filter(pk=case.pk).exists()
    with pytest.raises(PermissionDenied):
        workflow.accept(case, actor=desk.city_clerk, at=at("11-20 15:00"))
    workflow.take_up(case, actor=desk.city_clerk, reason="涉及两个县。", at=at("11-20 15:10"))
    workflow.accept(case, actor=desk.city_clerk, at=at("11-20 15:20"))
    assert (case.organization, case.status) == (desk.tree.city, Status.ACCEPTED)
    assert Grievance.objects.visible_to(desk.clerk).filter(pk=case.pk).exists()  # where it began is not shut out


def test_nobody_takes_up_what_is_not_below_him(desk, neighbour_clerk):
    case = desk.lodged()
    for somebody in (desk.clerk, neighbour_clerk, desk.officer):
        with pytest.raises(PermissionDenied):
            workflow.take_up(case, actor=somebody, reason="我来办。", at=at("11-20 15:00"))


def test_the_top_has_nobody_above(desk):
    case = desk.lodged()
    workflow.take_up(case, actor=desk.province_clerk, reason="省里督办。", at=at("11-20 15:00"))
    with pytest.raises(ValidationError):
        workflow.escalate(case, actor=desk.province_clerk, reason="再往上。", at=at("11-20 15:10"))


# --- offices ----------------------------------------------------------------------------------------------------------
def test_an_absent_holder_without_a_deputy_is_stood_in_for_by_the_level_above(desk):
    office = desk.office
    mine = Appointment.objects.get(user=desk.officer)
    assert [one.user for one in acting_for(office, at("11-20 15:00"))] == [desk.officer]
    Office.objects.filter(pk=office.pk).update(holder=mine, absent_from_at=at("11-20 00:00"))
    office.refresh_from_db()
    assert [one.user for one in acting_for(office, at("11-20 15:00"))] == [desk.city_officer]


def test_the_level_above_holds_what_nobody_below_does(desk):
    Appointment.objects.filter(user=desk.officer).update(until_at=at("11-01 00:00"))
    assert [one.user for one in acting_for(desk.office, at("11-20 15:00"))] == [desk.city_officer]
    assert desk.office in offices_of(desk.city_officer, at("11-20 15:00"))
    case = desk.accepted()
    workflow.assign(case, desk.office, actor=desk.clerk, at=at("11-20 17:00"))
    workflow.report_progress(case, actor=desk.city_officer, text="市里代办。", at=at("11-23 09:00"))
    assert case.status == Status.IN_HAND


def test_the_deputy_stands_in_while_the_holder_is_away(desk):
    holder = Appointment.objects.get(user=desk.clerk)
    deputy = Appointment.objects.get(user=desk.second_clerk)
    office = office_of(desk.tree.county, Duty.SUPERVISE)
    Office.objects.filter(pk=office.pk).update(holder=holder, deputy=deputy)
    office.refresh_from_db()
    assert [one.user for one in acting_for(office, at("11-20 15:00"))] == [desk.clerk]
    Office.objects.filter(pk=office.pk).update(absent_from_at=at("11-20 00:00"), absent_until_at=at("11-22 00:00"))
    office.refresh_from_db()
    assert [one.user for one in acting_for(office, at("11-20 15:00"))] == [desk.second_clerk]
    assert [one.user for one in acting_for(office, at("11-22 00:00"))] == [desk.clerk]


def test_nothing_is_assigned_to_where_nobody_is(desk):
    Appointment.objects.filter(role="handler").update(until_at=at("11-01 00:00"))
    case = desk.accepted()
    with pytest.raises(ValidationError):
        workflow.assign(case, desk.office, actor=desk.clerk, at=at("11-20 17:00"))


# --- by the clock -----------------------------------------------------------------------------------------------------
def test_an_unanswered_case_goes_up_by_itself_exactly_once(desk):
    case = desk.in_hand()
    due = Clock.objects.get(grievance=case, kind=ClockKind.ANSWER).due_at
    assert workflow.sweep(due - timedelta(hours=1)) is False
    assert Grievance.objects.get(pk=case.pk).organization == desk.tree.county
    for _ in range(3):
        workflow.sweep(due)
    case.refresh_from_db()
    assert (case.organization, case.status, case.rung) == (desk.tree.city, Status.ACCEPTED, 1)
    ended = Clock.objects.get(grievance=case, kind=ClockKind.ANSWER)
    assert (ended.state, ended.overdue_at, ended.escalated_at) == (ClockState.VOID, due, due)
    sent_up = Entry.objects.filter(action="grievance.escalate_by_clock", object_id=str(case.pk))
    assert [one.actor_name for one in sent_up] == ["系统"]
    assert told(desk.city_clerk) >= 1


def test_what_the_policy_does_not_send_up_is_marked_and_told_once(desk):
    case = desk.assigned("11-20 17:05")
    due = Clock.objects.get(grievance=case, kind=ClockKind.PROGRESS).due_at
    before = told(desk.officer)
    for when in (due - timedelta(hours=1), due - timedelta(hours=1), due, due):
        workflow.sweep(when)
    case.refresh_from_db()
    assert case.organization == desk.tree.county
    assert Clock.objects.get(grievance=case, kind=ClockKind.PROGRESS).overdue_at == due
    assert told(desk.officer) - before == 2  # the reminder some hours before, and the mark


def test_an_urgent_case_nobody_passes_on_goes_up_after_a_quarter_of_an_hour(desk):
    case = desk.lodged("11-20 14:00", urgency="urgent")
    workflow.sweep(at("11-20 14:15"))
    case.refresh_from_db()
    assert (case.organization, case.status) == (desk.tree.city, Status.LODGED)
    workflow.sweep(at("11-20 14:30"))
    workflow.sweep(at("11-20 14:45"))
    case.refresh_from_db()
    assert case.organization == desk.tree.province  # and no further


def test_a_clock_without_a_calendar_waits_for_it_and_stands_first(desk):
    case = desk.assigned("12-28 10:00")
    answer = Clock.objects.get(grievance=case, kind=ClockKind.ANSWER)
    assert answer.due_at is None
    assert "日历未载入" in answer.explanation
    other = desk.assigned("11-20 17:05")
    assert list(Grievance.objects.by_due())[:2] == [case, other]
    from branches.models import Workday

    Workday.objects.bulk_create(
        Workday(date=f"2027-01-{day:02}", is_workday=day not in (1, 2, 3, 9, 10)) for day in range(1, 15)
    )
    workflow.sweep(at("12-28 10:01"))
    answer.refresh_from_db()
    case.refresh_from_db()
    assert answer.due_at == at("2027-01-05 18:00")  # 12-29, 30, 31, 01-04, 05
    assert case.calendar_missing is False


def test_a_case_that_rested_for_more_than_a_year_is_due_again_by_the_calendar(desk):
    case = desk.assigned("11-20 17:05")
    started = at("2025-08-04 10:00")
    Clock.objects.filter(grievance=case).update(started_at=started)
    Pause.objects.create(
        grievance=case, kind=PauseKind.JUDICIAL, from_at=at("2025-08-06 10:00"), until_at=at("2026-12-07 09:00")
    )
    clocks.recount(case)
    answer = Clock.objects.get(grievance=case, kind=ClockKind.ANSWER)
    assert (answer.due_at, answer.missing_date) == (at("2026-12-10 18:00"), None)  # 08-05, 12-07, 08, 09, 10


def test_the_nearest_jurisdiction_decides_the_limit(desk):
    national = SlaPolicy.objects.get(clock="transfer", urgency="")
    local = SlaPolicy.objects.create(
        clock="transfer",
        organization=desk.tree.city,
        from_date="2026-02-11",
        amount=1,
        unit="hours",
        rule="1 小时内派单",
        source="测试用的本地规定",
    )
    case = desk.lodged("11-20 14:00")
    found = Clock.objects.get(grievance=case)
    assert (found.policy, found.due_at) == (local, at("11-20 15:00"))
    far = desk.lodged("11-20 14:00", division=desk.tree.neighbour_county.division)
    assert Clock.objects.get(grievance=far).policy == national


# --- supervision ------------------------------------------------------------------------------------------------------
def test_a_superior_orders_a_case_to_be_seen_to_and_hears_back(desk):
    case = desk.in_hand()
    made = workflow.supervise(
        case, actor=desk.city_clerk, organization=desk.tree.city, demand="三天内办好。", at=at("11-24 09:00")
    )
    assert list(Grievance.objects.supervised()) == [case]
    assert case.organization == desk.tree.county
    with pytest.raises(PermissionDenied):
        workflow.supervise(case, actor=desk.officer, organization=desk.team, demand="快办。", at=at("11-24 09:00"))
    workflow.report_on_supervision(made, actor=desk.officer, report="已经约好。", at=at("11-24 15:00"))
    assert not Grievance.objects.supervised().exists()
    with pytest.raises(trail.Conflict):
        workflow.report_on_supervision(made, actor=desk.officer, report="又约了。", at=at("11-24 16:00"))
    assert Supervision.objects.get().report == "已经约好。"


def test_a_clock_that_cannot_be_worked_on_holds_up_no_other(desk, monkeypatch, caplog):
    broken, sound = desk.in_hand(), desk.in_hand()
    tell = notices.overdue

    def fail_for_the_first(grievance, clock, bag):
        if grievance.pk == broken.pk:
            raise RuntimeError("on purpose")
        tell(grievance, clock, bag)

    monkeypatch.setattr(notices, "overdue", fail_for_the_first)
    workflow.sweep(at("11-27 18:00"))
    assert [Grievance.objects.get(pk=case.pk).organization for case in (broken, sound)] == [
        desk.tree.county,
        desk.tree.city,
    ]
    monkeypatch.undo()
    workflow.sweep(at("11-27 18:01"))
    assert Grievance.objects.get(pk=broken.pk).organization == desk.tree.city


def test_who_works_on_a_case_and_supervises_it_is_told_once_that_it_is_late(desk):
    case = desk.accepted()
    late = Clock.objects.get(grievance=case, kind=ClockKind.TRANSFER).due_at
    while workflow.sweep(late):
        pass
    told = Notification.objects.filter(subject=f"grievances.grievance:{case.pk}", title__contains="过了时限")
    people = list(told.values_list("user", flat=True))
    assert len(people) == len(set(people))
    assert desk.clerk.pk in people
