"""Hand-over: who has the work from an instant on, the note, the list as it stood, taking note, reminders."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from branches import handover, rules
from branches.choices import Duty, Role
from branches.models import Appointment, HandOver, Office
from branches.workflow import acknowledge_hand_over, note_for_successor
from branches.workflow.handover import count_ended, heirs_of, remind_of_endings
from foundation.audit.models import Entry
from foundation.audit.trail import Conflict, NotAllowed
from foundation.notifications.models import Notification
from foundation.notifications.workflow import Recipient, publish
from tests.factories import AppointmentFactory, UserFactory

pytestmark = pytest.mark.django_db
NOW = timezone.now()


@pytest.fixture
def post(secretary):
    return secretary.appointments.get()


def end(post, at):
    Appointment.objects.filter(pk=post.pk).update(until_at=at)
    post.refresh_from_db()
    return post


def after(post, name="接任书记", **fields):
    """Appoint somebody to the same post from its end on."""
    user = UserFactory(username=fields.pop("username", "next-secretary"), name=name)
    values = {"organization": post.organization, "role": post.role, "from_at": post.until_at} | fields
    return AppointmentFactory(user=user, **values)


# --- who has it -------------------------------------------------------------------------------------------------------
def test_the_successor_has_the_work_from_the_instant_of_the_end(post):
    end(post, NOW + timedelta(days=20))
    heir = after(post)
    found = heirs_of(post, post.until_at)
    assert {one.pk for each in found.values() for one in each.people} == {heir.pk}
    assert {each.how for each in found.values()} == {"successor"}
    assert "接任书记（接任）" in found[""].words


def test_without_a_successor_it_is_the_deputys_else_a_colleagues_else_the_level_aboves(post, tree, county_clerk):
    end(post, NOW)
    assert heirs_of(post, NOW)[""].how == "above"
    assert heirs_of(post, NOW)[""].people[0].user == county_clerk
    colleague = AppointmentFactory(organization=tree.branch, role="station_manager")
    assert heirs_of(post, NOW)[Duty.COLLECT].people == (colleague,)
    assert heirs_of(post, NOW)[Duty.HANDLE].how == "nobody"  # the county has nobody who handles, nor has the city
    deputy = AppointmentFactory(organization=tree.branch, role="branch_committee_member")
    Office.objects.create(organization=tree.branch, duty=Duty.HANDLE, holder=post, deputy=deputy)
    found = heirs_of(post, NOW)[Duty.HANDLE]
    assert (found.how, found.people) == ("deputy", (deputy,))


def test_a_post_without_an_end_is_looked_at_as_if_it_were_over(post, county_clerk, tree):
    Office.objects.create(organization=tree.branch, duty=Duty.COLLECT, holder=post)
    assert {one.user for one in heirs_of(post, NOW)[""].people} == {county_clerk}


def test_asking_who_has_it_writes_nothing(post):
    offices = Office.objects.count()
    heirs_of(post, NOW + timedelta(days=1))
    assert Office.objects.count() == offices


def test_every_business_post_hands_something_over_and_no_administrator_does():
    assert not handover.HANDED_OVER & {Role.AUDITOR, Role.SECURITY_ADMIN, Role.SYSTEM_ADMIN, Role.PARTNER}
    for role in (Role.SECRETARY, Role.CLERK, Role.HANDLER, Role.LEADER, Role.STATION_MANAGER):
        assert handover.work_of(role), role
    keys = [work.key for work in handover.registered()]
    assert len(keys) == len(set(keys)) > 10


# --- the note ---------------------------------------------------------------------------------------------------------
def test_the_holder_writes_a_note_and_nobody_else(post, secretary, county_clerk):
    paper = note_for_successor(post, " 货主答应周五回话。\r\n等他电话。 ", actor=secretary)
    assert paper.note == "货主答应周五回话。\n等他电话。"
    assert Entry.objects.filter(action="hand_over.noted").count() == 1
    note_for_successor(post, paper.note, actor=secretary)
    assert Entry.objects.filter(action="hand_over.noted").count() == 1
    with pytest.raises(PermissionDenied):
        note_for_successor(post, "改", actor=county_clerk)
    end(post, NOW)
    with pytest.raises(PermissionDenied):
        note_for_successor(post, "晚了", actor=secretary)


@pytest.mark.parametrize("text", ["打他 19000007720", "身份证 510402198506120019", "长" * 2001])
def test_a_note_with_a_number_or_too_long_is_refused_in_words(post, secretary, text):
    with pytest.raises(ValidationError) as refused:
        note_for_successor(post, text, actor=secretary)
    assert "note" in refused.value.message_dict
    assert not HandOver.objects.exists()


# --- the list as it stood, taking note --------------------------------------------------------------------------------
def test_the_sweep_counts_once_and_tells_who_has_the_work(post, county_clerk):
    end(post, NOW - timedelta(minutes=1))
    heir = after(post)
    assert count_ended(NOW) == 1
    paper = HandOver.objects.get()
    assert paper.counted_at == NOW
    assert {line["key"] for line in paper.content} == {work.key for work in handover.work_of(Role.SECRETARY)}
    told = Notification.objects.get(event="appointment.handed_over")
    assert told.user == heir.user
    assert told.url == reverse("branches:hand_over", args=[post.pk])
    assert count_ended(NOW + timedelta(minutes=1)) == 0
    assert Notification.objects.filter(event="appointment.handed_over").count() == 1


def test_a_post_that_was_withdrawn_or_ended_long_ago_is_not_counted(post, tree):
    end(post, post.from_at)
    AppointmentFactory(organization=tree.second_branch, role="secretary", until_at=NOW - timedelta(days=40))
    AppointmentFactory(organization=tree.province, role="auditor", until_at=NOW - timedelta(days=1))
    assert count_ended(NOW) == 0


def test_the_successor_takes_note_once(post, secretary, county_clerk):
    end(post, NOW + timedelta(days=1))
    heir = after(post)
    with pytest.raises(NotAllowed):
        acknowledge_hand_over(post, actor=heir.user, at=NOW)
    later = NOW + timedelta(days=2)
    for other in (secretary, county_clerk):
        with pytest.raises(PermissionDenied):
            acknowledge_hand_over(post, actor=other, at=later)
    paper = acknowledge_hand_over(post, actor=heir.user, at=later)
    assert (paper.acknowledged_by, paper.acknowledged_at, paper.counted_at) == (heir.user, later, later)
    with pytest.raises(Conflict):
        acknowledge_hand_over(post, actor=heir.user, at=later)
    assert Entry.objects.filter(action="hand_over.acknowledged").count() == 1


def test_the_database_wants_the_evidence(post, secretary):
    for fields in (
        {"note": "有"},
        {"noted_at": NOW},
        {"acknowledged_at": NOW},
        {"acknowledged_at": NOW, "acknowledged_by": secretary},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            HandOver.objects.create(appointment=post, **fields)


# --- reminders --------------------------------------------------------------------------------------------------------
def test_people_are_told_a_month_and_a_week_before_and_once_each(post, secretary, county_clerk, leader, tree):
    assert remind_of_endings(NOW) == 0
    end(post, NOW + timedelta(days=40))
    assert remind_of_endings(NOW) == 0
    told = Notification.objects.filter(event="appointment.ending")
    for days, users in ((15, {secretary, county_clerk}), (36, {secretary, county_clerk, leader})):
        at = NOW + timedelta(days=days)
        remind_of_endings(at)
        remind_of_endings(at + timedelta(hours=1))
        stage = rules.post_reminder_of(post.until_at, at)
        assert {one.user for one in told.filter(dedupe_key__contains=f":{stage}")} == users
    assert told.count() == 5


def test_the_head_is_not_asked_where_somebody_is_appointed_already(post, leader, county_clerk):
    end(post, NOW + timedelta(days=3))
    after(post)
    remind_of_endings(NOW)
    assert leader not in {one.user for one in Notification.objects.filter(event="appointment.ending")}


def test_a_clerks_end_is_told_to_the_clerk_above(county_clerk, city_clerk):
    end(county_clerk.appointments.get(), NOW + timedelta(days=3))
    remind_of_endings(NOW)
    assert {one.user for one in Notification.objects.filter(event="appointment.ending")} == {county_clerk, city_clerk}


# --- pages ------------------------------------------------------------------------------------------------------------
def page_of(post):
    return reverse("branches:hand_over", args=[post.pk])


def test_the_page_is_the_holders_before_the_end_and_the_successors_after(post, secretary, sign_in):
    end(post, NOW + timedelta(hours=1))
    heir = after(post)
    holder, successor = sign_in(secretary), sign_in(heir.user)
    assert "接任书记（接任）" in holder.get(page_of(post)).content.decode()
    assert holder.post(reverse("branches:hand_over_note", args=[post.pk]), {"note": "周五回话"}).status_code == 302
    assert successor.get(page_of(post)).status_code == 404
    end(post, NOW)
    Appointment.objects.filter(pk=heir.pk).update(from_at=NOW)
    for address in ("hand_over", "hand_over_print", "hand_over_note"):
        assert holder.get(reverse(f"branches:{address}", args=[post.pk])).status_code == 404
    text = successor.get(page_of(post)).content.decode()
    assert "周五回话" in text
    assert "确认接手" in text
    assert "周五回话" in successor.get(reverse("branches:hand_over_print", args=[post.pk])).content.decode()
    assert "确认接手" in successor.get("/").content.decode()
    done = reverse("branches:hand_over_acknowledge", args=[post.pk])
    assert holder.post(done).status_code == 404
    assert successor.post(done).status_code == 302
    assert successor.post(done).status_code == 409
    assert not successor.get("/").context["hand_overs"]


def test_who_else_reads_it(post, county_clerk, leader, instructor, security_admin, neighbour_clerk, handler, sign_in):
    for user, status in (
        (county_clerk, 200),
        (leader, 200),
        (instructor, 200),
        (security_admin, 404),
        (neighbour_clerk, 404),
        (handler, 404),
    ):
        assert sign_in(user).get(page_of(post)).status_code == status, user
    listed = sign_in(county_clerk).get(reverse("branches:hand_over_list"))
    assert not listed.context["rows"]
    end(post, NOW + timedelta(days=5))
    for user, number in ((county_clerk, 1), (leader, 1), (security_admin, 0), (neighbour_clerk, 0)):
        assert len(sign_in(user).get(reverse("branches:hand_over_list")).context["rows"]) == number, user


def test_a_refused_note_comes_back_with_what_was_typed(post, secretary, sign_in):
    answer = sign_in(secretary).post(reverse("branches:hand_over_note", args=[post.pk]), {"note": "打 19000007720"})
    assert answer.status_code == 422
    assert "不要写身份证号和手机号" in answer.content.decode()
    assert "打 19000007720" in answer.content.decode()


# --- messages ---------------------------------------------------------------------------------------------------------
def message(user, at, event="grievance.accepted", number=1):
    with transaction.atomic():
        publish(
            event,
            recipients=[Recipient(user_id=user.pk)],
            subject=f"grievances.grievance:{number}",
            title="测试消息",
            dedupe=f"test:{event}:{number}:{user.pk}",
            at=at,
        )
    Notification.objects.filter(user=user, dedupe_key__contains=f"{event}:{number}").update(created_at=at, due_at=at)


def test_messages_of_an_ended_post_leave_inbox_bell_and_address(post, secretary, sign_in):
    message(secretary, NOW - timedelta(days=1))
    message(secretary, NOW - timedelta(days=1), event="account.welcome", number=2)
    client, one = sign_in(secretary), Notification.objects.get(event="grievance.accepted")
    assert "测试消息" in client.get(reverse("notifications:list")).content.decode()
    assert client.get(reverse("notifications:list")).context["unread"] == 2
    end(post, NOW)
    page = client.get(reverse("notifications:list"))
    assert [row.event for _, rows in page.context["days"] for row in rows] == ["account.welcome"]
    assert page.context["unread"] == 1
    assert client.post(reverse("notifications:read", args=[one.pk]), {"open": "1"}).status_code == 404
    # What comes after the end is his own: that a post of his has ended, a code, a welcome elsewhere.
    message(secretary, timezone.now(), number=3)
    assert client.get(reverse("notifications:list")).context["unread"] == 2


def test_who_holds_a_post_in_the_unit_still_keeps_his_messages(post, secretary, tree, sign_in):
    message(secretary, NOW - timedelta(days=1))
    end(post, NOW)
    assert not Notification.objects.visible_to(secretary).exists()
    AppointmentFactory(user=secretary, organization=tree.neighbour_branch, role="secretary", from_at=NOW)
    assert not Notification.objects.visible_to(secretary).exists()
    AppointmentFactory(user=secretary, organization=tree.branch, role="branch_committee_member", from_at=NOW)
    assert Notification.objects.visible_to(secretary).count() == 1


def test_sabotage_without_the_veil_the_message_stays(post, secretary, monkeypatch):
    from foundation.notifications import rules as notification_rules

    message(secretary, NOW - timedelta(days=1))
    end(post, NOW)
    monkeypatch.setattr(notification_rules, "_veils", [])
    assert Notification.objects.visible_to(secretary).exists()
