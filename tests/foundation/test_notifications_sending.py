"""Sending: in order within a case, at a decent hour, again after trouble, and set aside when nothing helps."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from foundation.notifications import leases, rules, workflow
from foundation.notifications.choices import DeliveryStatus
from foundation.notifications.models import Delivery, Notification
from foundation.notifications.workflow import Recipient, sending
from tests.factories import UserFactory
from tests.foundation.notifications import MORNING, at, lines, outside, reachable, tell
from tests.foundation.providers import Gateway, served

pytestmark = pytest.mark.django_db
PHONE = Recipient(phone="19000007720")


@pytest.fixture
def sink(settings, tmp_path):
    settings.NOTIFY_SINK = str(tmp_path / "sink.jsonl")
    return tmp_path / "sink.jsonl"


def sent(sink):
    """Return (case, step) of every call, in their order."""
    return [tuple(line["dedupe_key"].split(":")[i] for i in (1, 3)) for line in lines(sink)]


def minutes(number):
    return MORNING + timedelta(minutes=number)


# --- the way of a message --------------------------------------------------------------------------------------------
def test_the_inbox_is_marked_and_outside_channels_are_called(sink):
    user = reachable()
    tell(user)
    assert workflow.drain(MORNING) is False
    assert set(Delivery.objects.values_list("channel", "status", "sent_at", "starts", "lease_owner")) == {
        (channel, "sent", MORNING, 0, "") for channel in ("in_app", "email", "sms")
    }
    assert [line["dedupe_key"] for line in lines(sink)] == [
        f"grievances.grievance:1:step:1:user:{user.pk}:email",
        f"grievances.grievance:1:step:1:user:{user.pk}:sms",
    ]
    assert {(line["recipient"], line["template"]) for line in lines(sink)} == {
        (f"user:{user.pk}", "grievance.accepted")
    }


def test_nothing_is_sent_before_it_is_due_nor_twice(sink):
    tell(PHONE, not_before=minutes(60))
    workflow.drain(minutes(59))
    assert sent(sink) == []
    workflow.drain(minutes(60))
    workflow.drain(minutes(61))
    assert sent(sink) == [("1", "1")]


def test_no_personal_data_in_the_sink(sink):
    tell(PHONE, Recipient(email="someone@example.com"), reachable(name="示例姓名"))
    workflow.drain(MORNING)
    text = sink.read_text()
    assert len(lines(sink)) == 4
    assert [word for word in ("7720", "someone", "示例姓名") if word in text] == []


def test_the_inbox_is_marked_a_thousand_at_a_time(monkeypatch):
    monkeypatch.setattr(sending, "IN_APP_BATCH", 4)
    tell(*[UserFactory() for _ in range(9)])
    with CaptureQueriesContext(connection) as queries:
        workflow.drain(MORNING)
    assert Delivery.objects.filter(status="sent").count() == 9
    assert sum(one["sql"].startswith("UPDATE") for one in queries.captured_queries) == 3


# --- order -----------------------------------------------------------------------------------------------------------
def test_a_case_is_told_in_order(sink):
    for number in range(1, 6):
        tell(PHONE, number=number)
    workflow.drain(MORNING)
    assert sent(sink) == [("1", str(number)) for number in range(1, 6)]


def test_a_later_message_waits_for_the_earlier_one_of_its_case_and_for_no_other(settings):
    with served(Gateway(503, 200)) as gateway:
        settings.NOTIFY_SMS_URL = gateway.url
        tell(PHONE, number=1)
        tell(PHONE, number=2)
        tell(PHONE, number=1, subject="grievances.grievance:2")
        workflow.drain(MORNING)
        assert list(outside().values_list("status", flat=True)) == ["waiting", "waiting", "sent"]
        workflow.drain(minutes(1))
    assert [call["id"].split(":")[1:4:2] for call in gateway.calls] == [["1", "1"], ["2", "1"], ["1", "1"], ["1", "2"]]


def test_what_was_given_up_holds_nobody_up(settings):
    with served(Gateway(400, 200)) as gateway:
        settings.NOTIFY_SMS_URL = gateway.url
        tell(PHONE, number=1)
        tell(PHONE, number=2)
        workflow.drain(MORNING)
    assert list(outside().values_list("status", flat=True)) == ["refused", "sent"]


def test_another_recipient_of_the_case_is_not_held_up(settings):
    with served(Gateway(503, 200)) as gateway:
        settings.NOTIFY_SMS_URL = gateway.url
        tell(PHONE, Recipient(phone="19000007721"))
        workflow.drain(MORNING)
    assert list(outside().values_list("status", flat=True)) == ["waiting", "sent"]


def test_what_is_planned_ahead_holds_up_nothing_until_its_time(sink):
    tell(PHONE, number=1, not_before=minutes(60))
    tell(PHONE, number=2)
    workflow.drain(MORNING)
    tell(PHONE, number=3, when=minutes(60))
    workflow.drain(minutes(60))
    assert sent(sink) == [("1", "2"), ("1", "1"), ("1", "3")]


def test_a_row_another_worker_holds_holds_up_its_case(sink):
    tell(PHONE, number=1)
    tell(PHONE, number=2)
    leases.claim_many(
        outside().order_by("pk").filter(notification__dedupe_key__contains="step:1"), "x", 60, 1, now=MORNING
    )
    workflow.drain(MORNING)
    assert sent(sink) == []
    workflow.drain(MORNING + timedelta(seconds=61))
    assert sent(sink) == [("1", "1"), ("1", "2")]


# --- quiet hours -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("when", "quiet"), [
    (at(24, 21, 59), False), (at(24, 22), True), (at(24, 23, 59), True), (at(25, 0), True), (at(25, 6, 59), True),
    (at(25, 7), False),
])  # fmt: skip
def test_quiet_hours_are_ten_to_seven_in_china(when, quiet):
    assert rules.is_quiet(when) is quiet
    assert rules.after_quiet_hours(when) == (at(25, 7) if quiet else when)


def test_at_night_only_urgent_messages_ring(sink):
    tell(PHONE, number=1, when=at(24, 21, 50))
    tell(PHONE, number=1, subject="grievances.grievance:2", when=at(24, 22, 30), urgent=True)
    workflow.drain(at(24, 22, 30))  # the first was due before ten, but nobody came by
    assert sent(sink) == [("2", "1")]
    workflow.drain(at(25, 7))
    assert sent(sink) == [("2", "1"), ("1", "1")]


def test_urgent_news_of_a_case_brings_along_what_waited(sink):
    tell(PHONE, number=1, when=at(24, 22, 10))
    tell(PHONE, number=2, when=at(24, 22, 30), urgent=True)
    workflow.drain(at(24, 22, 30))
    assert sent(sink) == [("1", "1"), ("1", "2")]


def test_the_inbox_knows_no_night():
    tell(UserFactory(), when=at(24, 23))
    workflow.drain(at(24, 23))
    assert Delivery.objects.get().status == "sent"


def test_a_second_attempt_keeps_the_night_too():
    assert rules.next_attempt(at(24, 21, 50), 3, urgent=False) == at(25, 7)
    assert rules.next_attempt(at(24, 21, 50), 3, urgent=True) == at(24, 22, 15)


# --- trouble ---------------------------------------------------------------------------------------------------------
def test_trouble_is_tried_again_later_and_later_and_then_set_aside(settings):
    waits = []
    with served(Gateway(503)) as gateway:
        settings.NOTIFY_SMS_URL = gateway.url
        tell(PHONE, urgent=True)
        now = MORNING
        while (delivery := outside().get()).status == "waiting":
            now = delivery.due_at
            workflow.drain(now)
            waits.append((outside().get().due_at - now) // timedelta(minutes=1))
    assert waits == [1, 5, 25, 60, 60, 60, 60, 0]
    assert len(gateway.calls) == rules.MOST_ATTEMPTS
    assert delivery.status == DeliveryStatus.QUARANTINED
    assert (delivery.attempts, delivery.error_code, delivery.failed_at) == (8, "http_503", now)
    assert delivery.error == "短信网关暂时不收（HTTP 503）。试了 8 次，已经搁置。"


def test_a_refusal_is_told_and_not_tried_again(settings):
    with served(Gateway(400)) as gateway:
        settings.NOTIFY_SMS_URL = gateway.url
        tell(PHONE)
        workflow.drain(MORNING)
        workflow.drain(minutes(600))
    delivery = outside().get()
    assert (delivery.status, delivery.error_code, delivery.sent_at) == ("refused", "http_400", None)
    assert delivery.error == "短信网关不收这条消息（HTTP 400）。"
    assert len(gateway.calls) == 1


def test_success_after_trouble_leaves_no_error(settings):
    with served(Gateway(503, 200)) as gateway:
        settings.NOTIFY_SMS_URL = gateway.url
        tell(PHONE)
        workflow.drain(MORNING)
        workflow.drain(minutes(1))
    delivery = outside().get()
    assert (delivery.status, delivery.error, delivery.failed_at, delivery.attempts) == ("sent", "", None, 1)


def test_a_provider_that_is_away_is_left_alone_after_three_calls(settings):
    with served(Gateway(503)) as gateway:
        settings.NOTIFY_SMS_URL = gateway.url
        for case in range(10):
            tell(PHONE, subject=f"grievances.grievance:{case}")
        assert workflow.drain(MORNING) is False
        assert len(gateway.calls) == 3
    assert set(outside().filter(attempts=0).values_list("starts", "lease_owner", "due_at")) == {(0, "", MORNING)}
    assert outside().filter(attempts=0).count() == 7


def test_a_channel_that_is_away_does_not_hold_up_another(settings, mailoutbox):
    settings.EMAIL_HOST = "mail.example"
    with served(Gateway(503)) as gateway:
        settings.NOTIFY_SMS_URL = gateway.url
        for case in range(5):
            tell(PHONE, Recipient(email="someone@example.com"), subject=f"grievances.grievance:{case}")
        workflow.drain(MORNING)
    assert len(mailoutbox) == 5


@pytest.mark.parametrize(("change", "code"), [
    ({"is_active": False}, "account_closed"), ({"locked_at": MORNING}, "account_closed"), ({"phone": ""}, "no_address"),
])  # fmt: skip
def test_what_changed_since_the_publication_counts(sink, change, code):
    user = reachable()
    tell(user)
    for name, value in change.items():
        setattr(user, name, value)
    user.save()
    workflow.drain(MORNING)
    delivery = outside(channel="sms").get()
    assert (delivery.status, delivery.error_code) == ("refused", code)


def test_a_channel_that_is_not_configured_says_so(settings):
    settings.NOTIFY_SMS_URL = ""
    tell(PHONE)
    workflow.drain(MORNING)
    assert outside().get().error == "短信还没有开通，没有发。"


def test_a_mistake_of_ours_with_one_message_stops_no_other(sink, monkeypatch, caplog):
    tell(PHONE)
    tell(PHONE, subject="grievances.grievance:2")
    send = sending.Outgoing

    def fails_for_the_first(**words):
        if ":1:step" in words["key"]:
            raise ZeroDivisionError(f"about {words['address']}")
        return send(**words)

    monkeypatch.setattr(sending, "Outgoing", fails_for_the_first)
    workflow.drain(MORNING)
    assert sent(sink) == [("2", "1")]
    assert outside().first().error_code == "mistake"
    assert "ZeroDivisionError" in caplog.text
    assert "19000007720" not in caplog.text


def test_what_kills_its_worker_is_set_aside_alone(sink, monkeypatch):
    """The worker dies over the second message, again and again; no neighbour goes with it."""

    class Died(BaseException):
        pass

    for case in range(1, 6):
        tell(PHONE, subject=f"grievances.grievance:{case}")
    hand_over = sending._Run._hand_over

    def dies(self, delivery, address):
        if delivery.subject.endswith(":2"):
            raise Died
        hand_over(self, delivery, address)

    monkeypatch.setattr(sending._Run, "_hand_over", dies)
    monkeypatch.setattr(leases, "release_many", lambda rows, owner: 0)  # the dead give nothing back
    now = MORNING
    for _ in range(rules.MOST_STARTS):
        with pytest.raises(Died):
            workflow.drain(now)
        now += timedelta(seconds=61)
    workflow.drain(now)
    workflow.drain(now)
    assert list(outside().values_list("status", "error_code")) == [
        ("sent", ""), ("quarantined", "stopped"), ("sent", ""), ("sent", ""), ("sent", ""),
    ]  # fmt: skip
    assert sorted(sent(sink)) == [("1", "1"), ("3", "1"), ("4", "1"), ("5", "1")]


def test_a_worker_whose_lease_is_over_stops_and_writes_nothing(sink, monkeypatch):
    tell(PHONE)
    hand_over = sending._Run._hand_over

    def slowly(self, delivery, address):
        hand_over(self, delivery, address)
        Delivery.objects.filter(pk=delivery.pk).update(lease_owner="somebody else", starts=2)

    monkeypatch.setattr(sending._Run, "_hand_over", slowly)
    workflow.drain(MORNING)
    delivery = outside().get()
    assert (delivery.status, delivery.lease_owner) == ("waiting", "somebody else")


def test_a_worker_that_slept_too_long_sends_nothing_more(sink, monkeypatch):
    tell(PHONE)
    tell(PHONE, subject="grievances.grievance:2")
    claimed = sending._Run._claimed

    def then_asleep(self):
        batch = claimed(self)
        self.held_since -= sending.LEASE_SECONDS
        monkeypatch.setattr(sending._Run, "_claimed", lambda self: [])
        return batch

    monkeypatch.setattr(sending._Run, "_claimed", then_asleep)
    workflow.drain(MORNING)
    assert sent(sink) == []
    assert set(outside().values_list("starts", "lease_owner")) == {(0, "")}


def test_leases_are_renewed_while_a_slow_provider_works(sink, monkeypatch):
    for case in range(1, 4):
        tell(PHONE, subject=f"grievances.grievance:{case}")
    hand_over, renewed = sending._Run._hand_over, []

    def slowly(self, delivery, address):
        hand_over(self, delivery, address)
        self.held_since -= sending.LEASE_SECONDS / 3

    renew = leases.renew_many
    monkeypatch.setattr(sending._Run, "_hand_over", slowly)
    monkeypatch.setattr(leases, "renew_many", lambda rows, *rest, **more: renewed.append(renew(rows, *rest, **more)))
    workflow.drain(MORNING)
    assert renewed == [2, 1]
    assert len(sent(sink)) == 3


# --- the sweep -------------------------------------------------------------------------------------------------------
def test_the_sweep_says_whether_anything_is_due(sink):
    assert workflow.sweep(MORNING) is False
    tell(PHONE, when=at(24, 23))
    assert workflow.sweep(at(24, 23)) is False
    assert workflow.sweep(at(25, 7)) is True
    workflow.drain(at(25, 7))
    assert workflow.sweep(at(25, 7)) is False
    tell(UserFactory(), when=at(25, 7))
    assert workflow.sweep(at(25, 7)) is True


def test_the_sweep_finds_what_lost_its_wake_up(sink):
    from foundation.notifications.tasks import sweep_outbox

    tell(PHONE, urgent=True)  # inside the transaction of the test: its wake-up never comes
    assert sent(sink) == []
    sweep_outbox()
    assert sent(sink) == [("1", "1")]


def test_draining_stops_when_the_time_is_over_and_says_that_there_is_more(sink):
    for case in range(5):
        tell(PHONE, subject=f"grievances.grievance:{case}")
    assert workflow.drain(MORNING, seconds=-1) is True
    assert sent(sink) == []
    assert set(outside().values_list("starts", "lease_owner")) == {(0, "")}
    assert Notification.objects.count() == 5


@pytest.mark.postgresql
def test_what_comes_next_is_found_by_the_index_before_the_table_was_ever_counted(sink):
    """Ten thousand messages came in at once and PostgreSQL knew of none: every claim compared all with all."""
    tell(PHONE)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM pg_statistic WHERE starelid = 'notifications_delivery'::regclass")
        cursor.execute("UPDATE pg_class SET reltuples = -1, relpages = 0 WHERE relname = 'notifications_delivery'")
    plan = Delivery.objects.due_outside(MORNING, "sms", quiet=False).explain()
    conditions = [line for line in plan.splitlines() if "Index Cond" in line]
    assert any("recipient" in line and "subject" in line for line in conditions), plan
    assert "Nested Loop" not in plan
