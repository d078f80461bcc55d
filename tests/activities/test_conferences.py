"""Joint conferences: departments, meetings that begin with what was open, items and their results, reminders."""

import uuid
from datetime import date, datetime, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse

from activities import workflow
from activities.models import ActionItem, ActionItemNote, ConferenceMeeting, JointConference
from activities.rules.conferences import departments_of
from activities.workflow.promises import remind_of_items
from foundation.audit.trail import Conflict, NotAllowed
from foundation.notifications.models import Notification
from tests.activities.conftest import CHINA, NOW

pytestmark = pytest.mark.django_db
TODAY = NOW.date()
DEPARTMENTS = "区委组织部，两新组织科\n区公安分局，交警大队\n区总工会\n区公安分局"
HELD = {"held_date": TODAY - timedelta(days=5), "chair": "测试区长"}


@pytest.fixture
def conference(tree, county_clerk):
    values = {"name": "道路运输联席会议", "from_date": date(2026, 1, 1)}
    return workflow.set_up(tree.county, values, departments_of(DEPARTMENTS), actor=county_clerk, at=NOW)


@pytest.fixture
def meeting(conference, county_clerk):
    return workflow.record_meeting(conference, HELD, actor=county_clerk, at=NOW)


@pytest.fixture
def item(meeting, county_clerk):
    police = meeting.conference.departments.get(kind="public_security")
    return workflow.add_item(meeting, "划出货车停车位", police, TODAY + timedelta(days=10), actor=county_clerk, at=NOW)


def test_departments_are_read_line_by_line_and_their_kind_by_their_name():
    found = departments_of("市委社会工作部\n 市发展和改革委，交通科\n\n市发展和改革委\n某协会")
    assert [(one.name, one.contact_office, one.kind.value) for one in found] == [
        ("市委社会工作部", "", "social_work"),
        ("市发展和改革委", "交通科", "development_reform"),
        ("某协会", "", "other"),
    ]


def test_a_committee_sets_up_a_conference_with_its_departments(conference):
    assert [(one.name, one.contact_office, one.kind) for one in conference.departments.all()] == [
        ("区委组织部", "两新组织科", "organisation"),
        ("区公安分局", "交警大队", "public_security"),
        ("区总工会", "", "union"),
    ]


def test_only_clerks_of_the_line_keep_it_and_only_industry_committees_have_one(
    tree, conference, leader, secretary, neighbour_clerk, city_clerk, organisation_reader
):
    for who in (leader, secretary, neighbour_clerk, organisation_reader):
        with pytest.raises(PermissionDenied):
            workflow.record_meeting(conference, HELD, actor=who, at=NOW)
    seen = JointConference.objects
    assert [seen.visible_to(who).count() for who in (leader, organisation_reader, city_clerk)] == [1, 1, 1]
    assert [seen.visible_to(who).count() for who in (secretary, neighbour_clerk)] == [0, 0]
    values = {"name": "会", "from_date": TODAY}
    with pytest.raises(ValidationError):
        workflow.set_up(tree.branch, values, departments_of(DEPARTMENTS), actor=city_clerk, at=NOW)
    with pytest.raises(ValidationError) as refused:
        workflow.set_up(tree.city, values, departments_of("市公安局"), actor=city_clerk, at=NOW)
    assert "departments" in refused.value.message_dict


def test_a_department_that_leaves_stays_for_what_it_had_to_do(conference, item, county_clerk):
    change = departments_of("区委组织部，党建科\n区人社局")
    workflow.change(conference, {"document": "〔2026〕1 号"}, change, actor=county_clerk, at=NOW)
    there = {one.name: one for one in conference.departments.all()}
    assert set(there) == {"区委组织部", "区人社局", "区公安分局"}
    assert there["区公安分局"].has_left
    assert there["区委组织部"].contact_office == "党建科"
    with pytest.raises(ValidationError):
        workflow.add_item(item.meeting, "再议", there["区公安分局"], TODAY, actor=county_clerk, at=NOW)


def test_of_two_changes_one_wins_and_one_is_told(conference, meeting, county_clerk):
    seen = JointConference.objects.select_related("organization").get(pk=conference.pk)
    change = departments_of(DEPARTMENTS)
    workflow.change(conference, {"name": "新名称"}, change, actor=county_clerk, at=NOW)
    with pytest.raises(Conflict):
        workflow.change(seen, {"name": "另一个"}, change, actor=county_clerk, at=NOW)
    other = ConferenceMeeting.objects.select_related("conference__organization").get(pk=meeting.pk)
    workflow.amend_meeting(meeting, {"minutes": "议了停车"}, actor=county_clerk, at=NOW)
    with pytest.raises(Conflict):
        workflow.amend_meeting(other, {"minutes": "议了吃饭"}, actor=county_clerk, at=NOW)
    meeting.refresh_from_db()
    assert meeting.minutes == "议了停车"


def test_a_meeting_is_recorded_once_and_not_ahead(conference, meeting, county_clerk):
    for held in (TODAY + timedelta(days=1), TODAY - timedelta(days=400), date(2025, 12, 31), None):
        with pytest.raises(ValidationError) as refused:
            workflow.record_meeting(conference, HELD | {"held_date": held}, actor=county_clerk, at=NOW)
        assert "held_date" in refused.value.message_dict
    with pytest.raises(ValidationError):
        workflow.record_meeting(conference, HELD, actor=county_clerk, at=NOW)
    with pytest.raises(ValidationError):
        workflow.record_meeting(conference, {"held_date": TODAY, "chair": ""}, actor=county_clerk, at=NOW)
    key = uuid.uuid4()
    again = {"held_date": TODAY, "chair": "测试区长"}
    rows = {workflow.record_meeting(conference, again, actor=county_clerk, at=NOW, key=key).pk for _ in range(2)}
    assert len(rows) == 1


def test_an_item_goes_on_by_notes_and_ends_with_a_result(item, county_clerk):
    assert item.contact_office == "交警大队"
    workflow.progress(item, "勘察过现场", "in_hand", actor=county_clerk, at=NOW)
    workflow.progress(item, "在报预算", actor=county_clerk, at=NOW)
    with pytest.raises(ValidationError):
        workflow.progress(item, " ", "done", actor=county_clerk, at=NOW)
    with pytest.raises(NotAllowed):
        workflow.progress(item, "退回去", "open", actor=county_clerk, at=NOW)
    workflow.progress(item, "划了 12 个", "done", actor=county_clerk, at=NOW)
    item.refresh_from_db()
    assert (item.status, item.result) == ("done", "划了 12 个")
    assert list(item.notes.values_list("text", flat=True)) == ["勘察过现场", "在报预算", "划了 12 个"]
    with pytest.raises(NotAllowed):
        workflow.progress(item, "再说", actor=county_clerk, at=NOW)


def test_who_closes_an_item_and_who_notes_on_it_do_not_pass_each_other(item, county_clerk):
    seen = ActionItem.objects.select_related("meeting__conference__organization").get(pk=item.pk)
    workflow.progress(item, "划了 12 个", "done", actor=county_clerk, at=NOW)
    for status in ("", "dropped"):
        with pytest.raises(Conflict):
            workflow.progress(seen, "还在办", status, actor=county_clerk, at=NOW)
    assert ActionItemNote.objects.count() == 1


@pytest.mark.parametrize(
    "fields", [{"status": "done"}, {"status": "dropped", "closed_at": NOW}, {"result": "好了"}, {"closed_at": NOW}]
)
def test_the_database_wants_a_result_of_what_is_closed(item, fields):
    with pytest.raises(IntegrityError), transaction.atomic():
        ActionItem.objects.filter(pk=item.pk).update(**fields)


def test_clerks_are_reminded_once_when_an_item_is_near_and_once_when_it_is_late(item, county_clerk, city_clerk):
    def morning(day):
        return datetime(day.year, day.month, day.day, 9, tzinfo=CHINA)

    due = item.due_date
    assert remind_of_items(morning(due - timedelta(days=8))) == 0
    for day in (due - timedelta(days=7), due, due + timedelta(days=1), due + timedelta(days=30)):
        assert remind_of_items(morning(day)) == 1
    told = Notification.objects.filter(event__startswith="action_item.").values_list("event", "user")
    assert sorted(told) == [("action_item.ahead", county_clerk.pk), ("action_item.late", county_clerk.pk)]


def test_the_next_meeting_begins_with_what_was_open_and_prints_on_one_sheet(item, county_clerk, sign_in):
    client = sign_in(county_clerk)
    conference = item.meeting.conference
    page = client.get(reverse("activities:meeting_create", args=[conference.pk]))
    assert "划出货车停车位" in page.content.decode()
    answer = client.post(
        reverse("activities:meeting_create", args=[conference.pk]),
        {
            "held_date": (item.meeting.held_date + timedelta(days=1)).isoformat(),
            "chair": "测试区长",
            "decisions": "继续划",
        },
    )
    following = ConferenceMeeting.objects.latest("pk")
    assert answer.url == reverse("activities:meeting_detail", args=[following.pk])
    sheet = client.get(reverse("activities:meeting_print", args=[following.pk])).content.decode()
    assert "以前定的" in sheet
    assert "划出货车停车位" in sheet
    assert "继续划" in sheet


def test_what_is_late_is_found_by_its_filter(item, county_clerk, sign_in):
    address = reverse("activities:item_list")
    client = sign_in(county_clerk)
    assert not client.get(address, {"state": "overdue"}).context["rows"] or item.due_date < date.today()
    ActionItem.objects.filter(pk=item.pk).update(due_date=date(2026, 1, 2))
    (row,) = client.get(address, {"state": "overdue"}).context["rows"]
    assert row["is_overdue"]
    assert client.get(address, {"conference": "999999"}).status_code == 404
