"""What people choose, the daily digest, sending again, and the end of a notification."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from foundation.audit.models import Entry
from foundation.audit.trail import Conflict, NotAllowed
from foundation.notifications import rules, workflow
from foundation.notifications.models import Delivery, Notification, Preference, RecipientSettings
from foundation.notifications.workflow import Recipient, retention
from tests.factories import UserFactory
from tests.foundation.notifications import MORNING, at, lines, outside, reachable, tell

pytestmark = pytest.mark.django_db
PHONE = Recipient(phone="19000007720")


@pytest.fixture
def sink(settings, tmp_path):
    settings.NOTIFY_SINK = str(tmp_path / "sink.jsonl")
    return tmp_path / "sink.jsonl"


def choose(user, on=None, **more):
    workflow.choose(user, on or {}, **{"email": "someone@example.com", "wecom_id": "", "digest": False} | more)


# --- choices ---------------------------------------------------------------------------------------------------------
def test_choices_begin_with_the_defaults_and_cost_one_query():
    user = UserFactory()
    with CaptureQueriesContext(connection) as queries:
        on = workflow.choices_of(user)
    assert len(queries) == 1
    assert len(on) == 7 * 3
    assert on["grievance", "sms"]
    assert on["registry", "email"]
    assert not on["registry", "sms"]


def test_only_what_differs_is_kept_and_a_choice_can_be_taken_back():
    user = UserFactory()
    choose(user, {("registry", "email"): True, ("registry", "sms"): True})
    assert list(Preference.objects.values_list("group", "channel", "is_on")) == [("registry", "sms", True)]
    choose(user, {("registry", "sms"): False})
    assert not workflow.choices_of(user)["registry", "sms"]


@pytest.mark.parametrize("pair", [("grievance", "in_app"), ("weather", "sms"), ("grievance", "pigeon")])
def test_the_inbox_cannot_be_switched_off_nor_the_unknown_switched_on(pair):
    with pytest.raises(ValueError, match="outside channel"):
        choose(UserFactory(), {pair: False})


def test_a_change_of_address_is_traced_masked():
    user = UserFactory()
    choose(user)
    choose(user, email="other@example.com")
    entry = Entry.objects.filter(action="notification.change_address").latest("pk")
    assert entry.fields == {"email": ["s****@example.com", "o****@example.com"]}
    choose(user, {("registry", "sms"): True}, email="other@example.com")
    assert Entry.objects.filter(action="notification.change_address").count() == 2


def test_leaving_the_digest_lets_go_what_waited_for_it(sink):
    user = reachable(digest=True)
    tell(user)
    workflow.choose(user, {}, email="someone@example.com", wecom_id="", digest=False, at=at(24, 10))
    assert set(outside().values_list("digest", "due_at")) == {(False, at(24, 10))}


# --- the digest ------------------------------------------------------------------------------------------------------
def test_what_can_wait_comes_once_a_day_grouped_by_case(sink):
    user = reachable(digest=True)
    for number in range(1, 6):
        tell(user, number=number)
    tell(user, subject="grievances.grievance:2")
    workflow.drain(MORNING)
    assert lines(sink) == []
    assert workflow.build_digests(at(25, 7, 59)) == 0
    assert workflow.build_digests(at(25, 8)) == 2, "one for each channel"
    workflow.drain(at(25, 8))
    assert [(line["template"], line["dedupe_key"].rpartition(":")[2]) for line in lines(sink)] == [
        ("notification.digest", "email"),
        ("notification.digest", "sms"),
    ]
    digest = Notification.objects.filter(event="notification.digest").first()
    assert digest.title == "您有 6 条通知，涉及 2 件事"
    assert digest.body == ("1. … → 诉求有了进展（3） → 诉求有了进展（4） → 诉求有了进展（5）\n2. 诉求有了进展（1）")
    bundled = outside(status="bundled")
    assert bundled.count() == 12
    assert {one.bundled_into.event for one in bundled} == {"notification.digest"}


def test_a_digest_lists_its_titles_in_the_mail_only(settings, mailoutbox):
    settings.EMAIL_HOST = "mail.example"
    tell(reachable(digest=True))
    workflow.build_digests(at(25, 8))
    workflow.drain(at(25, 8))
    assert mailoutbox[0].subject == "您有 1 条通知，涉及 1 件事"
    assert "1. 诉求有了进展（1）" in mailoutbox[0].body


def test_a_digest_is_made_once_and_is_no_entry_of_the_inbox(sink):
    user = reachable(digest=True)
    tell(user)
    workflow.build_digests(at(25, 8))
    assert workflow.build_digests(at(25, 8)) == 0
    assert workflow.sweep(at(25, 8)) is True
    assert Notification.objects.filter(event="notification.digest").count() == 2
    assert workflow.unread_count(user, at(25, 8)) == 1
    assert Notification.objects.visible_to(user, at(25, 8)).count() == 1


def test_the_sweep_makes_a_digest_nobody_was_there_to_make(sink):
    tell(reachable(digest=True))
    workflow.sweep(at(25, 11))
    assert outside(status="bundled").count() == 2


def test_digests_go_in_portions(sink, monkeypatch):
    from foundation.notifications.workflow import digests

    monkeypatch.setattr(digests, "AT_ONCE", 3)
    for number in range(4):
        tell(reachable(digest=True, phone=f"1900000772{number}"))
    assert workflow.build_digests(at(25, 8)) == 8
    assert not outside(status="waiting", digest=True).exists()


def test_an_urgent_message_skips_the_digest(sink):
    user = reachable(digest=True)
    tell(user, urgent=True)
    workflow.drain(MORNING)
    assert len(lines(sink)) == 2


# --- sending again ---------------------------------------------------------------------------------------------------
@pytest.fixture
def given_up(settings):
    settings.NOTIFY_SMS_URL = settings.NOTIFY_SINK = ""
    tell(PHONE)
    workflow.drain(MORNING)
    return outside().get(status="refused")


def test_the_system_administrator_sends_again_and_it_is_traced(given_up, system_admin, settings, tmp_path):
    settings.NOTIFY_SINK = str(tmp_path / "sink.jsonl")
    workflow.resend(system_admin, given_up, at(24, 10))
    delivery = outside().get()
    assert (delivery.status, delivery.attempts, delivery.starts, delivery.due_at) == ("waiting", 0, 0, at(24, 10))
    entry = Entry.objects.get(action="notification.resend")
    assert (entry.actor_id, entry.object_id) == (system_admin.pk, str(given_up.pk))
    assert entry.details == {"channel": "sms", "event": "grievance.accepted"}
    workflow.drain(at(24, 10))
    assert len(lines(tmp_path / "sink.jsonl")) == 1


def test_nobody_else_sends_again(given_up, county_clerk, auditor, security_admin, outsider):
    for actor in (county_clerk, auditor, security_admin, outsider):
        with pytest.raises(PermissionDenied):
            workflow.resend(actor, given_up)
    assert outside().get().status == "refused"


def test_what_was_sent_is_not_sent_again(given_up, system_admin):
    Delivery.objects.filter(pk=given_up.pk).update(status="sent", sent_at=MORNING)
    with pytest.raises(Conflict):
        workflow.resend(system_admin, given_up)
    given_up.refresh_from_db()
    with pytest.raises(NotAllowed):
        workflow.resend(system_admin, given_up)


def test_without_a_decider_only_the_system_may(given_up, monkeypatch, system_admin):
    monkeypatch.setattr(rules, "_deciders", [])
    assert rules.may(None, rules.RESEND)
    assert not rules.may(system_admin, rules.RESEND)


# --- the end ---------------------------------------------------------------------------------------------------------
def later(days):
    return MORNING + timedelta(days=days)


def test_what_was_delivered_and_read_goes_after_half_a_year():
    user = UserFactory()
    tell(user)
    tell(user, number=2)
    workflow.drain(MORNING)
    workflow.mark_read(user, Notification.objects.first().pk, MORNING)
    assert workflow.purge(later(179)) == (0, True)
    assert workflow.purge(later(181), dry_run=True) == (1, True)
    assert workflow.purge(later(181)) == (1, True)
    assert [one.read_at for one in Notification.objects.all()] == [None]
    assert Delivery.objects.count() == 1
    assert Entry.objects.get(action="notification.purge").details == {"rows": 1}


def test_what_waits_stays(sink):
    tell(PHONE)
    assert workflow.purge(later(400)) == (0, True)
    workflow.drain(MORNING)
    assert workflow.purge(later(400)) == (1, True)


def test_a_digest_goes_after_its_parts(sink, monkeypatch):
    monkeypatch.setattr(retention, "CHUNK", 2)
    user = reachable(digest=True)
    tell(user)
    workflow.build_digests(at(25, 8))
    workflow.drain(at(25, 8))
    assert workflow.purge(later(400)) == (0, True), "its part has not been read"
    workflow.mark_all_read(user, at(25, 9))
    assert workflow.purge(later(400)) == (3, True)
    assert not Delivery.objects.exists()


def test_the_daily_deletion_takes_notifications_along(settings):
    from members.workflow.retention import purge_expired

    settings.NOTIFICATION_RETENTION_DAYS = 5
    user = UserFactory()
    tell(user)
    workflow.drain(MORNING)
    workflow.mark_all_read(user)
    purged, done = purge_expired(timezone.now() + timedelta(days=20))
    assert (purged["notifications"], done) == (1, True)


def test_settings_go_with_the_account():
    user = reachable()
    choose(user, {("registry", "sms"): True})
    user.delete()
    assert not RecipientSettings.objects.exists()
    assert not Preference.objects.exists()
