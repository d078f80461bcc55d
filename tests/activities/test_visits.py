"""Visits of instructors: who may, whom a problem reaches, who answers and who confirms, how many are asked for."""

import uuid
from datetime import date, datetime, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from activities import workflow
from activities.models import InstructionVisit, VisitFollowUp, VisitTarget
from activities.statistics import visited
from activities.workflow import Problem
from activities.workflow.promises import remind_of_follow_ups
from branches.workflow import dissolve_organization
from dashboard.integrity import CHECKS
from foundation.audit.models import Entry
from foundation.audit.trail import Conflict, NotAllowed
from foundation.notifications.models import Notification
from tests.activities.conftest import CHINA, NOW, members_of, post
from tests.factories import AppointmentFactory

pytestmark = pytest.mark.django_db
TODAY = NOW.date()
DUE = TODAY + timedelta(days=10)
VALUES = {"visited_date": TODAY, "form": "on_the_spot", "subjects": ["minutes"], "content": "看了记录"}


def visit(branch, actor, *owners, key=None, at=NOW, **values):
    problems = [Problem(f"补写第 {number} 份记录", owner, DUE) for number, owner in enumerate(owners, start=1)]
    return workflow.record_visit(branch, VALUES | values, problems, actor=actor, at=at, key=key)


def problem_of(branch, actor, owner="branch"):
    return visit(branch, actor, owner).follow_ups.select_related("visit__organization", "owner_organization").get()


# --- recording --------------------------------------------------------------------------------
def test_an_instructor_writes_down_a_visit_and_those_who_have_to_act_are_told(
    tree, instructor, secretary, county_clerk
):
    made = visit(tree.branch, instructor, "branch", "branch", "committee")
    assert [one.owner_organization_id for one in made.follow_ups.order_by("pk")] == [
        tree.branch.pk,
        tree.branch.pk,
        tree.county.pk,
    ]
    told = dict(Notification.objects.filter(event="visit.problems").values_list("user", "title"))
    assert set(told) == {secretary.pk, county_clerk.pk}
    assert "2 个问题" in told[secretary.pk]
    entry = Entry.objects.get(action="visit.record")
    assert entry.details == {"problems": 3}
    assert "看了记录" not in str(entry.fields)


def test_nobody_else_writes_down_visits(tree, instructor, secretary, county_clerk, leader, outsider):
    for who in (secretary, county_clerk, leader, outsider):
        with pytest.raises(PermissionDenied):
            visit(tree.branch, who)
    with pytest.raises(PermissionDenied):
        visit(tree.second_branch, instructor)
    assert not InstructionVisit.objects.exists()


def test_the_same_form_posted_twice_is_one_visit(tree, instructor, secretary):
    key = uuid.uuid4()
    first, second = (visit(tree.branch, instructor, "branch", key=key) for _ in range(2))
    assert first.pk == second.pk
    assert VisitFollowUp.objects.count() == 1


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"visited_date": TODAY + timedelta(days=1)}, "visited_date"),
        ({"visited_date": TODAY - timedelta(days=94)}, "visited_date"),
        ({"visited_date": None}, "visited_date"),
        ({"subjects": ["everything"]}, "subjects"),
        ({"form": "by_drone"}, "form"),
        ({"subjects": [], "content": "  "}, "__all__"),
    ],
)
def test_what_is_no_visit_is_refused_in_words_and_nothing_is_saved(tree, instructor, values, field):
    with pytest.raises(ValidationError) as refused:
        visit(tree.branch, instructor, "branch", **values)
    assert field in refused.value.message_dict
    assert not InstructionVisit.objects.exists()
    assert not VisitFollowUp.objects.exists()


@pytest.mark.parametrize(
    ("problem", "field"),
    [
        (Problem(" ", "branch", DUE), "problem_1"),
        (Problem("补写", "branch", None), "due_1"),
        (Problem("补写", "branch", TODAY - timedelta(days=1)), "due_1"),
        (Problem("补写", "branch", TODAY + timedelta(days=400)), "due_1"),
    ],
)
def test_a_problem_says_what_and_until_when(tree, instructor, problem, field):
    with pytest.raises(ValidationError) as refused:
        workflow.record_visit(tree.branch, VALUES, [problem], actor=instructor, at=NOW)
    assert set(refused.value.message_dict) == {field}
    assert not InstructionVisit.objects.exists()


def test_a_dissolved_branch_gets_no_visit_and_its_problems_end_with_it(tree, instructor, city_clerk):
    made = problem_of(tree.branch, instructor)
    dissolve_organization(
        tree.branch,
        actor=city_clerk,
        document="〔2026〕9号",
        dissolved_date=TODAY,
        successor=tree.second_branch,
        reason="并",
    )
    made.refresh_from_db()
    assert (made.status, made.note) == ("dropped", "组织撤销")


# --- answering and confirming -----------------------------------------------------------------
def test_the_branch_answers_and_the_instructor_confirms(tree, instructor, secretary):
    made = problem_of(tree.branch, instructor)
    workflow.answer_follow_up(made, "补好了", actor=secretary, at=NOW)
    assert Notification.objects.get(event="visit.answered").user_id == instructor.pk
    with pytest.raises(PermissionDenied):
        workflow.close_follow_up(made, "done", actor=secretary, at=NOW)
    workflow.close_follow_up(made, "done", actor=instructor, at=NOW)
    made.refresh_from_db()
    assert (made.status, made.answered_by, made.closed_by) == ("done", secretary, instructor)
    for act in (
        lambda: workflow.answer_follow_up(made, "再答", actor=secretary, at=NOW),
        lambda: workflow.close_follow_up(made, "dropped", "算了", actor=instructor, at=NOW),
    ):
        with pytest.raises(NotAllowed):
            act()


def test_what_is_not_done_goes_back_with_a_reason(tree, instructor, secretary):
    made = problem_of(tree.branch, instructor)
    with pytest.raises(NotAllowed):
        workflow.close_follow_up(made, "done", actor=instructor, at=NOW)  # nobody has answered
    workflow.answer_follow_up(made, "补好了", actor=secretary, at=NOW)
    with pytest.raises(ValidationError):
        workflow.close_follow_up(made, "open", " ", actor=instructor, at=NOW)
    workflow.close_follow_up(made, "open", "少了十月的", actor=instructor, at=NOW)
    assert (made.status, made.answer, made.note) == ("open", "", "少了十月的")
    assert Notification.objects.get(event="visit.given_back").user_id == secretary.pk
    workflow.answer_follow_up(made, "十月的也补了", actor=secretary, at=NOW + timedelta(hours=1))
    assert Notification.objects.filter(event="visit.answered").count() == 2


def test_what_the_committee_shall_do_is_not_answered_by_the_branch(tree, instructor, secretary, county_clerk):
    made = problem_of(tree.branch, instructor, "committee")
    with pytest.raises(PermissionDenied):
        workflow.answer_follow_up(made, "补好了", actor=secretary, at=NOW)
    with pytest.raises(ValidationError):
        workflow.answer_follow_up(made, "  ", actor=county_clerk, at=NOW)
    workflow.answer_follow_up(made, "派人去了", actor=county_clerk, at=NOW)
    assert made.status == "answered"


def test_of_two_answers_one_wins_and_one_is_told(tree, instructor, secretary, branch_committee_member):
    made = problem_of(tree.branch, instructor)
    seen = VisitFollowUp.objects.select_related("visit__organization", "owner_organization").get(pk=made.pk)
    workflow.answer_follow_up(made, "我补了", actor=secretary, at=NOW)
    with pytest.raises(Conflict):
        workflow.answer_follow_up(seen, "我也补了", actor=branch_committee_member, at=NOW)
    made.refresh_from_db()
    assert made.answer == "我补了"


def test_a_successor_confirms_what_was_begun_and_who_left_does_not(tree, instructor, secretary):
    made = problem_of(tree.branch, instructor)
    workflow.answer_follow_up(made, "补好了", actor=secretary, at=NOW)
    instructor.appointments.update(until_at=NOW - timedelta(minutes=1))
    with pytest.raises(PermissionDenied):
        workflow.close_follow_up(made, "done", actor=instructor, at=NOW)
    workflow.close_follow_up(made, "done", actor=post(tree.branch, "instructor", "接任"), at=NOW)
    assert made.status == "done"


def test_a_withdrawn_visit_counts_no_more_and_drops_what_was_open(tree, instructor, secretary):
    made = visit(tree.branch, instructor, "branch", "branch")
    first = made.follow_ups.select_related("visit__organization", "owner_organization").order_by("pk")[0]
    workflow.answer_follow_up(first, "补好了", actor=secretary, at=NOW)
    workflow.close_follow_up(first, "done", actor=instructor, at=NOW)
    assert visited([tree.branch.pk], TODAY)[tree.branch.pk].done == 1
    with pytest.raises(ValidationError):
        workflow.withdraw_visit(made, " ", actor=instructor, at=NOW)
    with pytest.raises(PermissionDenied):
        workflow.withdraw_visit(made, "记错", actor=post(tree.branch, "instructor", "另一个"), at=NOW)
    workflow.withdraw_visit(made, "记错", actor=instructor, at=NOW)
    assert list(made.follow_ups.order_by("pk").values_list("status", flat=True)) == ["done", "dropped"]
    assert visited([tree.branch.pk], TODAY)[tree.branch.pk].done == 0
    with pytest.raises(NotAllowed):
        workflow.withdraw_visit(made, "再撤", actor=instructor, at=NOW)


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "answered"},
        {"status": "done", "answer": "好了", "answered_at": NOW},
        {"status": "done", "closed_at": NOW},
        {"status": "dropped", "closed_at": NOW},
        {"answer": "好了"},
        {"closed_at": NOW},
    ],
)
def test_the_database_wants_the_evidence_of_a_status(tree, instructor, fields):
    made = problem_of(tree.branch, instructor)
    with pytest.raises(IntegrityError), transaction.atomic():
        VisitFollowUp.objects.filter(pk=made.pk).update(**fields)


# --- how many -----------------------------------------------------------------------------------
def test_the_nearest_committee_says_how_many_visits_and_else_the_row_for_all(tree, instructor):
    def asked(branch):
        return visited([branch.pk], TODAY)[branch.pk].due

    assert (asked(tree.branch), asked(tree.neighbour_branch)) == (1, 1)  # as shipped: a quarter, local custom
    for unit, times in ((tree.city, 2), (tree.county, 3)):
        VisitTarget.objects.create(
            organization=unit, frequency="month", times=times, from_date=date(2026, 1, 1), source="地方做法"
        )
    assert (asked(tree.branch), asked(tree.branches[2]), asked(tree.neighbour_branch)) == (3, 2, 1)
    visit(tree.branch, instructor)
    visit(tree.branch, instructor, visited_date=TODAY - timedelta(days=40))
    counted = visited([tree.branch.pk], TODAY)[tree.branch.pk]
    assert (counted.done, counted.until_date, counted.last_date, counted.is_met) == (1, date(2026, 12, 1), TODAY, False)


def test_a_number_of_visits_begins_tomorrow_and_is_kept_by_system_administrators(tree, system_admin, county_clerk):
    fresh = VisitTarget(frequency="month", times=1, from_date=TODAY, source="地方做法")
    with pytest.raises(PermissionDenied):
        workflow.save_target(fresh, fields=["times"], actor=county_clerk, at=NOW)
    with pytest.raises(ValidationError):
        workflow.save_target(fresh, fields=["times"], actor=system_admin, at=NOW)
    fresh.from_date = TODAY + timedelta(days=1)
    workflow.save_target(fresh, fields=["times"], actor=system_admin, at=NOW)
    fresh.times = 4
    with pytest.raises(ValidationError):
        workflow.save_target(fresh, fields=["times"], actor=system_admin, at=NOW)


# --- reminders ----------------------------------------------------------------------------------
def test_a_problem_is_recalled_once_when_it_is_near_and_once_when_it_is_late(tree, instructor, secretary):
    problem_of(tree.branch, instructor)

    def morning(day):
        return datetime(day.year, day.month, day.day, 9, tzinfo=CHINA)

    assert remind_of_follow_ups(morning(DUE - timedelta(days=4))) == 0
    for day in (DUE - timedelta(days=3), DUE, DUE + timedelta(days=1), DUE + timedelta(days=2)):
        assert remind_of_follow_ups(morning(day)) == 1
    told = Notification.objects.filter(event__startswith="visit.follow_up_").values_list("event", "user")
    assert sorted(told) == sorted(
        [
            ("visit.follow_up_ahead", secretary.pk),
            ("visit.follow_up_late", secretary.pk),
            ("visit.follow_up_late", instructor.pk),
        ]
    )


# --- pages --------------------------------------------------------------------------------------
def test_three_taps_write_down_a_visit(tree, instructor, secretary, sign_in):
    client = sign_in(instructor)
    home = client.get("/")
    assert home.templates[0].name == "dashboard/instructor_desk.html"
    url = f"{reverse('activities:visit_record')}?unit={tree.branch.pk}"
    assert url in home.content.decode()
    form = client.get(url).context["form"]
    shown = {name: form[name].value() for name in form.fields if form[name].value() is not None}
    answer = client.post(url, shown | {"unit": tree.branch.pk, "subjects": ["minutes"]})
    made = InstructionVisit.objects.get()
    assert answer.url == reverse("activities:visit_detail", args=[made.pk])
    assert made.visited_date == timezone.localdate()
    assert not made.follow_ups.exists()


def test_a_problem_travels_from_the_instructor_to_the_secretary_and_back(tree, instructor, secretary, sign_in):
    today = timezone.localdate()
    made = workflow.record_visit(
        tree.branch,
        VALUES | {"visited_date": today},
        [Problem("补写九月记录", "branch", today)],
        actor=instructor,
        at=timezone.now(),
    )
    one = made.follow_ups.get()
    desk = sign_in(secretary).get("/").content.decode()
    assert "谁在等我" in desk
    assert "补写九月记录" in desk
    answer = reverse("activities:follow_up_answer", args=[one.pk])
    assert sign_in(secretary).post(answer, {"answer": " "}).status_code == 422
    assert sign_in(secretary).post(answer, {"answer": "补好了"}).status_code == 302
    assert sign_in(secretary).get(answer).status_code == 409
    assert "补写九月记录" not in sign_in(secretary).get("/").content.decode()
    assert "1 个回复等您确认" in sign_in(instructor).get("/").content.decode()
    close = reverse("activities:follow_up_close", args=[one.pk])
    assert sign_in(instructor).post(close, {"outcome": "dropped"}).status_code == 422
    assert sign_in(instructor).post(close, {"outcome": "done"}).status_code == 302
    assert sign_in(instructor).get(close).status_code == 409
    assert "已解决" in sign_in(secretary).get(reverse("activities:visit_detail", args=[made.pk])).content.decode()


def test_a_half_written_problem_is_refused_at_its_field(tree, instructor, sign_in):
    data = {"form": "phone", "subjects": ["minutes"], "visited_date": timezone.localdate(), "problem_2": "补写"}
    answer = sign_in(instructor).post(reverse("activities:visit_record"), data)
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {"due_2"}
    assert not InstructionVisit.objects.exists()


def test_the_list_of_instructors_counts_their_branches_and_names_branches_without(
    tree, instructor, county_clerk, sign_in
):
    AppointmentFactory(user=instructor, organization=tree.second_branch, role="instructor")
    members_of(tree.branches[2], 2)
    clerk = sign_in(county_clerk)
    page = clerk.get(reverse("activities:instructors"))
    (row,) = page.context["rows"]
    assert (row["branch_count"], len(row["branches"])) == (2, 2)
    assert page.context["without"] == 0
    AppointmentFactory(organization=tree.city, role="clerk", user=county_clerk)
    without = clerk.get(reverse("activities:instructors"), {"show": "without"})
    found = {one["unit"].pk: one for one in without.context["rows"]}
    assert not {tree.branch.pk, tree.second_branch.pk} & set(found)
    assert (found[tree.branches[2].pk]["full"], found[tree.branches[2].pk]["is_small"]) == (2, True)


def test_an_overdue_problem_stands_on_the_list_of_the_committee(tree, instructor, county_clerk, sign_in):
    late = problem_of(tree.branch, instructor)
    problem_of(tree.branch, instructor)
    VisitFollowUp.objects.filter(pk=late.pk).update(due_date=timezone.localdate() - timedelta(days=1))
    VisitFollowUp.objects.exclude(pk=late.pk).update(due_date=timezone.localdate())
    rows = sign_in(county_clerk).get(reverse("activities:follow_up_list"), {"state": "overdue"}).context["rows"]
    assert [(row["one"].pk, row["is_overdue"]) for row in rows] == [(late.pk, True)]


def test_an_instructor_changes_no_member(tree, instructor, sign_in):
    member = members_of(tree.branch, 1)[0]
    client = sign_in(instructor)
    assert client.get(reverse("members:member_detail", args=[member.pk])).status_code == 200
    for name in ("member_change", "member_absence", "member_end"):
        assert client.get(reverse(f"members:{name}", args=[member.pk])).status_code in (403, 404)


def test_a_problem_of_the_branch_that_another_unit_owns_is_found(tree, instructor):
    made = problem_of(tree.branch, instructor)
    problem_of(tree.branch, instructor, "committee")
    assert list(CHECKS["problems"][1](NOW)) == []
    VisitFollowUp.objects.filter(pk=made.pk).update(owner_organization=tree.second_branch)
    assert list(CHECKS["problems"][1](NOW)) == [f"走访发现的问题 {made.pk}：写明支部办，办理的组织却不是走访的支部"]
