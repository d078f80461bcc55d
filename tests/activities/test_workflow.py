"""The verbs of activities: who may, what a roll must hold, what turns done, and the same form twice."""

import uuid
from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction

from activities import workflow
from activities.models import Activity, Attendance, ComplianceStatus
from activities.statistics import taken_part
from activities.workflow.roll import candidates
from branches.workflow import dissolve_organization
from foundation.audit.models import Entry
from foundation.audit.trail import Conflict, NotAllowed
from foundation.notifications.models import Notification
from tests.activities.conftest import NOON, NOW, all_present, members_of, post, tie
from tests.factories import OrganizationFactory
from tests.factories.members import PersonFactory

pytestmark = pytest.mark.django_db
VALUES = {"topic": "冬季行车安全", "starts_at": NOON, "mode": "mixed"}


def roll_of(branch, kind="theme_day"):
    return candidates([branch], kind, NOW)


def recorded(branch, actor, kind="theme_day", *, held_at=NOON, key=None, **statuses):
    roll = roll_of(branch, kind)
    return workflow.record(
        branch, kind, VALUES | {"starts_at": held_at}, all_present(roll, **statuses), actor=actor, at=NOW, key=key
    )


def november(branch, kind="theme_day"):
    return ComplianceStatus.objects.get(organization=branch, kind=kind, from_date=date(2026, 11, 1))


# --- recording --------------------------------------------------------------------------------
def test_a_theme_day_with_twelve_present_and_three_excused(tree, secretary, fifteen):
    workflow.recompute(2026)
    assert november(tree.branch).done == 0
    excused = {one.key: "excused" for one in roll_of(tree.branch)[:3]}
    activity = recorded(tree.branch, secretary, **excused)
    assert (activity.expected, activity.present, activity.excused, activity.absent) == (15, 12, 3, 0)
    assert (november(tree.branch).due, november(tree.branch).done) == (1, 1)
    taken = taken_part(Activity.objects.visible_to(secretary), Attendance.objects.visible_to(secretary))
    assert (taken.activities, taken.person_times, taken.persons) == (1, 12, 12)
    entry = Entry.objects.get(action="activity.record")
    assert entry.details["present"] == 12
    assert "测试甲" not in str(entry.fields) + str(entry.details)


def test_person_times_and_persons_are_counted_apart(tree, secretary, fifteen):
    keys = [one.key for one in roll_of(tree.branch)]
    recorded(tree.branch, secretary, **{keys[0]: "absent"})
    second = recorded(
        tree.branch, secretary, kind="party_lecture", held_at=NOON - timedelta(days=2), **{keys[0]: "excused"}
    )
    workflow.amend(second, {"guests": 40}, actor=secretary, at=NOW, reason="还有司机来听")
    taken = taken_part(Activity.objects.all(), Attendance.objects.all())
    assert (taken.person_times, taken.persons, taken.guests) == (14 + 14 + 40, 14, 40)
    assert taken.persons <= taken.person_times


def test_members_tied_to_the_branch_are_on_the_roll_without_a_vote_and_those_who_left_are_not(tree, secretary):
    full = members_of(tree.branch, 2)
    members_of(tree.branch, 1, status="probationary", prefix="乙")
    tie(members_of(tree.neighbour_branch, 1, prefix="丙")[0], tree.branch)
    left = members_of(tree.neighbour_branch, 1, prefix="丁")[0]
    ended = tie(left, tree.branch)
    ended.until_date, ended.status = date(2026, 5, 1), "ended"
    ended.save()
    roll = roll_of(tree.branch)
    assert [one.may_vote for one in roll] == [True, True, False, False]
    assert {one.person_id for one in roll if one.may_vote} == {one.pk for one in full}
    assert left.pk not in {one.person_id for one in roll}
    assert {one.note for one in roll} == {"", "预备党员", "流动纳入，计活动不计表决"}


def test_groups_of_the_branch_are_on_its_roll(tree, fifteen):
    group = OrganizationFactory(parent=type(tree.branch).objects.get(pk=tree.branch.pk), kind="group")
    members_of(group, 2, prefix="组")
    branch = type(tree.branch).objects.get(pk=tree.branch.pk)
    assert len(candidates([branch], "theme_day", NOW)) == 17
    assert {one.organization_id for one in candidates([branch], "theme_day", NOW)} == {branch.pk}


def test_a_committee_meeting_is_of_those_who_hold_posts(tree, secretary, branch_committee_member, fifteen):
    person = fifteen[0].person
    person.user = secretary
    person.save(update_fields=["user"])
    roll = roll_of(tree.branch, "committee_meeting")
    assert {(one.person_id, one.user_id) for one in roll} == {(person.pk, None), (None, branch_committee_member.pk)}
    activity = recorded(tree.branch, secretary, kind="committee_meeting")
    assert activity.expected == 2


def test_where_no_member_is_registered_the_posts_are_the_roll(tree, secretary):
    assert [one.user_id for one in roll_of(tree.branch)] == [secretary.pk]
    assert recorded(tree.branch, secretary).expected == 1


def test_an_empty_roll_an_incomplete_one_and_one_without_anybody_are_refused(tree, secretary, county_clerk, fifteen):
    roll = roll_of(tree.branch)
    for statuses, words in (
        (all_present(roll[:-1]), "没有记完"),
        (all_present(roll) | {"p0": "present"}, "名册刚刚变了"),
        (dict.fromkeys((one.key for one in roll), "excused"), "没有一个人到会"),
        (dict.fromkeys((one.key for one in roll), "made_up"), "只有到会"),
    ):
        with pytest.raises(ValidationError, match=words):
            workflow.record(tree.branch, "theme_day", VALUES, statuses, actor=secretary, at=NOW)
    with pytest.raises(ValidationError, match="名册是空的"):
        workflow.record(tree.second_branch, "theme_day", VALUES, {}, actor=county_clerk, at=NOW)
    assert not Activity.objects.exists()


def test_nothing_is_recorded_ahead_of_its_time_or_a_year_late(tree, secretary, fifteen):
    statuses = all_present(roll_of(tree.branch))
    for at, words in ((NOW + timedelta(minutes=1), "还没到"), (NOW - timedelta(days=367), "一年以前")):
        with pytest.raises(ValidationError, match=words):
            workflow.record(tree.branch, "theme_day", VALUES | {"starts_at": at}, statuses, actor=secretary, at=NOW)


def test_only_the_secretary_the_committee_and_the_clerks_above_record(
    tree, secretary, branch_committee_member, county_clerk, leader, instructor, outsider, neighbour_clerk, fifteen
):
    for who in (leader, instructor, outsider, neighbour_clerk):
        with pytest.raises(PermissionDenied):
            recorded(tree.branch, who)
    with pytest.raises(PermissionDenied):
        recorded(tree.second_branch, secretary)
    for hours, who in enumerate((secretary, branch_committee_member, county_clerk)):
        recorded(tree.branch, who, held_at=NOON - timedelta(hours=hours))
    assert Activity.objects.count() == 3


def test_the_same_form_twice_is_one_record(tree, secretary, fifteen):
    key = uuid.uuid4()
    first = recorded(tree.branch, secretary, key=key)
    assert recorded(tree.branch, secretary, key=key) == first
    assert Activity.objects.count() == 1
    assert Attendance.objects.count() == 15


# --- plan, notify, hold, cancel --------------------------------------------------------------------------------
def planned(tree, actor, **more):
    values = VALUES | {"starts_at": NOW + timedelta(days=2)}
    return workflow.plan(tree.branch, "member_assembly", values, actor=actor, at=NOW, **more)


def test_from_plan_to_notice_to_done(tree, secretary, branch_committee_member, instructor, fifteen):
    member = fifteen[3].person
    member.user = post(tree.county, "handler", "有账号的党员")
    member.save(update_fields=["user"])
    activity = planned(tree, secretary, venues=["支部活动室", "线上会场"])
    told = workflow.notify(activity, actor=secretary, at=NOW)
    assert told == 3
    users = set(Notification.objects.filter(event="activity.notified").values_list("user_id", flat=True))
    assert users == {branch_committee_member.pk, instructor.pk, member.user_id}
    assert "冬季" not in Notification.objects.filter(event="activity.notified").first().title
    later = activity.starts_at + timedelta(hours=2)
    roll = candidates([tree.branch], "member_assembly", later)
    workflow.hold(activity, {"decisions": "通过两项"}, all_present(roll), actor=secretary, at=later)
    activity.refresh_from_db()
    assert (activity.status, activity.held_at, activity.present) == ("done", activity.starts_at, 15)
    assert [venue.place for venue in activity.venues.all()] == ["支部活动室", "线上会场"]
    line = ComplianceStatus.objects.get(organization=tree.branch, kind="member_assembly", from_date=date(2026, 10, 1))
    assert (line.due, line.done) == (1, 1)


def test_a_cancelled_plan_is_told_and_a_cancelled_record_counts_no_more(
    tree, secretary, branch_committee_member, fifteen
):
    activity = planned(tree, secretary)
    workflow.notify(activity, actor=secretary, at=NOW)
    workflow.cancel(activity, "大雪封路", actor=secretary, at=NOW)
    assert Notification.objects.filter(event="activity.cancelled").count() == 1
    done = recorded(tree.branch, secretary)
    assert november(tree.branch).done == 1
    with pytest.raises(ValidationError, match="原因"):
        workflow.cancel(done, " ", actor=secretary, at=NOW)
    workflow.cancel(done, "记错了月份", actor=secretary, at=NOW)
    assert november(tree.branch).done == 0
    assert taken_part(Activity.objects.all(), Attendance.objects.all()).person_times == 0
    with pytest.raises(NotAllowed):
        workflow.cancel(done, "再取消", actor=secretary, at=NOW)


def test_two_who_hold_the_same_plan_one_wins(tree, secretary, county_clerk, fifteen):
    activity = planned(tree, secretary)
    later = activity.starts_at + timedelta(hours=2)
    stale = Activity.objects.get(pk=activity.pk)
    roll = all_present(candidates([tree.branch], "member_assembly", later))
    workflow.hold(activity, {}, roll, actor=secretary, at=later)
    with pytest.raises((Conflict, NotAllowed)):
        workflow.hold(stale, {}, roll, actor=county_clerk, at=later)
    assert Attendance.objects.filter(activity=activity).count() == 15


# --- correcting --------------------------------------------------------------------------------
def test_a_wrong_tap_is_corrected_with_a_reason_and_a_stale_page_is_refused(tree, secretary, fifteen):
    activity = recorded(tree.branch, secretary)
    stale = Activity.objects.get(pk=activity.pk)
    line = activity.roll.first()
    with pytest.raises(ValidationError, match="为什么"):
        workflow.amend(activity, {}, actor=secretary, at=NOW, statuses={f"a{line.pk}": "absent"})
    workflow.amend(activity, {}, actor=secretary, at=NOW, statuses={f"a{line.pk}": "absent"}, reason="点错了")
    assert (activity.present, activity.absent, activity.expected) == (14, 1, 15)
    assert Entry.objects.get(action="activity.amend").details["roll"] == {f"a{line.pk}": ["present", "absent"]}
    with pytest.raises(Conflict):
        workflow.amend(stale, {"topic": "别的主题"}, actor=secretary, at=NOW, reason="改主题")


def test_moving_a_record_to_another_month_moves_what_is_done(tree, secretary, fifteen):
    activity = recorded(tree.branch, secretary)
    workflow.amend(activity, {"starts_at": NOON - timedelta(days=30)}, actor=secretary, at=NOW, reason="是上个月开的")
    assert november(tree.branch).done == 0
    october = ComplianceStatus.objects.get(organization=tree.branch, kind="theme_day", from_date=date(2026, 10, 1))
    assert october.done == 1


def test_who_was_excused_makes_up_and_is_a_person_time(tree, secretary, fifteen):
    excused = roll_of(tree.branch)[0]
    activity = recorded(tree.branch, secretary, **{excused.key: "excused"})
    line = activity.roll.get(person_id=excused.person_id)
    present = activity.roll.filter(status="present").first()
    with pytest.raises(ValidationError, match="补学日期"):
        workflow.make_up(activity, [line.pk], date(2026, 11, 30), actor=secretary, at=NOW)
    with pytest.raises(ValidationError, match="请选择"):
        workflow.make_up(activity, [present.pk], date(2026, 11, 24), actor=secretary, at=NOW)
    assert workflow.make_up(activity, [line.pk], date(2026, 11, 24), actor=secretary, at=NOW) == 1
    assert (activity.made_up, activity.excused, activity.person_times) == (1, 0, 15)


# --- held together --------------------------------------------------------------------------------
def test_each_unit_keeps_the_roll_of_its_own_people(tree, secretary, fifteen):
    members_of(tree.second_branch, 4, prefix="乙")
    other = post(tree.second_branch, "secretary", "二支部书记")
    roll = roll_of(tree.branch)
    activity = workflow.record(
        tree.branch, "theme_day", VALUES, all_present(roll), actor=secretary, at=NOW, with_others=[tree.second_branch]
    )
    assert (activity.expected, november(tree.second_branch).done) == (15, 0)
    theirs = all_present(roll_of(tree.second_branch))
    with pytest.raises(PermissionDenied):
        workflow.join(activity, tree.second_branch, theirs, actor=secretary, at=NOW)
    workflow.join(activity, tree.second_branch, theirs, actor=other, at=NOW)
    assert (activity.expected, november(tree.second_branch).done) == (19, 1)
    with pytest.raises(NotAllowed):
        workflow.join(activity, tree.second_branch, theirs, actor=other, at=NOW)
    mine = taken_part(Activity.objects.visible_to(other), Attendance.objects.visible_to(other))
    assert (mine.activities, mine.person_times, mine.persons) == (1, 4, 4)


def test_a_clerk_above_both_records_both(tree, county_clerk, fifteen):
    members_of(tree.second_branch, 4, prefix="乙")
    roll = candidates([tree.branch, tree.second_branch], "theme_day", NOW)
    activity = workflow.record(
        tree.branch,
        "theme_day",
        VALUES,
        all_present(roll),
        actor=county_clerk,
        at=NOW,
        with_others=[tree.second_branch],
    )
    assert activity.expected == 19
    assert november(tree.second_branch).done == 1


# --- what the database holds --------------------------------------------------------------------------------
def test_an_update_of_the_status_alone_is_refused_by_the_database(tree, secretary, fifteen):
    plan = planned(tree, secretary)
    done = recorded(tree.branch, secretary)
    for pk, fields in (
        (plan.pk, {"status": "done"}),
        (plan.pk, {"status": "notified"}),
        (plan.pk, {"status": "cancelled"}),
        (plan.pk, {"present": 3}),
        (done.pk, {"status": "planned"}),
        (done.pk, {"absent": 2}),
        (done.pk, {"held_at": None}),
        (done.pk, {"topic": ""}),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Activity.objects.filter(pk=pk).update(**fields)
    line = done.roll.first()
    for fields in ({"user": secretary}, {"person": None}, {"status": "made_up"}, {"status": "late"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Attendance.objects.filter(pk=line.pk).update(**fields)


# --- endings --------------------------------------------------------------------------------
def test_what_a_dissolved_branch_had_planned_is_cancelled_and_what_it_held_stays(tree, city_clerk, secretary, fifteen):
    held, ahead = recorded(tree.branch, secretary), planned(tree, secretary)
    dissolve_organization(
        tree.branch,
        actor=city_clerk,
        document="〔2026〕9号",
        dissolved_date=date(2026, 11, 24),
        reason="合并",
        successor=tree.second_branch,
    )
    ahead.refresh_from_db()
    held.refresh_from_db()
    assert (ahead.status, ahead.cancel_reason, held.status) == ("cancelled", "组织撤销", "done")


def test_two_people_who_are_one_stand_once_on_a_roll(tree, secretary, fifteen):
    from members.endings import person_merged

    keys = [one.key for one in roll_of(tree.branch)]
    activity = recorded(tree.branch, secretary, **{keys[0]: "absent"})
    loser, winner = (int(key[1:]) for key in keys[:2])
    person_merged(winner_id=winner, loser_id=loser)
    activity.refresh_from_db()
    assert (activity.expected, activity.present, activity.absent) == (14, 14, 0)
    stranger = PersonFactory()
    person_merged(winner_id=stranger.pk, loser_id=winner)
    assert activity.roll.filter(person=stranger).count() == 1


def test_an_unveiling_is_held_in_several_places_joined_by_video(tree, county_clerk):
    places = ["主会场：党群服务中心", "分会场：物流园", "分会场：出租车公司", "分会场：加油站"]
    values = {"topic": "三个支部授牌", "mode": "mixed", "starts_at": NOW + timedelta(days=1)}
    made = workflow.plan(tree.county, "unveiling", values, actor=county_clerk, at=NOW, venues=places)
    roll = candidates([tree.county], "unveiling", NOW)
    later = NOW + timedelta(days=2)
    workflow.hold(made, {"guests": 120}, all_present(roll), actor=county_clerk, at=later)
    assert list(made.venues.order_by("position").values_list("place", flat=True)) == places
    assert (made.mode, made.status, made.person_times) == ("mixed", "done", len(roll) + 120)


def test_the_second_record_of_one_meeting_is_refused_in_words_and_a_cancelled_one_makes_room(
    tree, secretary, branch_committee_member, fifteen
):
    first = recorded(tree.branch, secretary)
    with pytest.raises(Conflict, match="刚刚有人记过"):
        recorded(tree.branch, branch_committee_member)
    recorded(tree.branch, branch_committee_member, kind="heart_talk")
    recorded(tree.branch, secretary, kind="heart_talk")
    workflow.cancel(first, "名册记错", actor=secretary, at=NOW)
    recorded(tree.branch, branch_committee_member)
    assert november(tree.branch).done == 1
