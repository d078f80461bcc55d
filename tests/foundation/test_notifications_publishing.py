"""Publishing: in the transaction of the change, once per happening, on the channels people chose."""

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.transaction import TransactionManagementError
from django.test.utils import CaptureQueriesContext

from foundation.notifications import workflow
from foundation.notifications.models import Delivery, Notification, Preference
from foundation.notifications.workflow import Message, Recipient
from tests.factories import UserFactory
from tests.foundation.notifications import MORNING, at, reachable, tell

pytestmark = pytest.mark.django_db


@pytest.fixture
def sink(settings, tmp_path):
    settings.NOTIFY_SINK = str(tmp_path / "sink.jsonl")
    return tmp_path / "sink.jsonl"


@pytest.fixture
def clerk(db):
    return UserFactory(name="示例专干")


def test_one_notification_per_recipient_with_its_inbox_entry(clerk):
    other = UserFactory()
    assert tell(clerk, Recipient(user_id=other.pk), body="正文", url="/grievances/1/") == 2
    notification = Notification.objects.get(user=clerk)
    assert notification.dedupe_key == f"grievances.grievance:1:step:1:user:{clerk.pk}"
    assert (notification.event, notification.body, notification.url) == ("grievance.accepted", "正文", "/grievances/1/")
    assert notification.due_at == MORNING
    delivery = notification.deliveries.get()
    assert (delivery.channel, delivery.status, delivery.recipient) == ("in_app", "waiting", f"user:{clerk.pk}")


@pytest.mark.django_db(transaction=True)
def test_publishing_outside_a_transaction_is_refused(transactional_db):
    user = UserFactory()
    with pytest.raises(TransactionManagementError):
        workflow.publish(
            "grievance.accepted", recipients=[user], subject="grievances.grievance:1", title="标题", dedupe="1"
        )


@pytest.mark.django_db(transaction=True)
def test_what_is_rolled_back_was_never_published(transactional_db):
    user = UserFactory()

    with transaction.atomic():
        tell(user)
        transaction.set_rollback(True)
    assert not Notification.objects.exists()
    assert not Delivery.objects.exists()


def test_the_same_happening_is_told_once(clerk):
    other = UserFactory()
    assert tell(clerk) == 1
    assert tell(clerk, other) == 1
    assert tell(clerk, clerk, other) == 0
    assert Notification.objects.count() == Delivery.objects.count() == 2


def test_only_a_repeated_key_is_passed_over_in_silence(clerk):
    with pytest.raises(IntegrityError), transaction.atomic():
        workflow.publishing.insert_new(
            [
                Notification(
                    event="a.b",
                    user_id=clerk.pk,
                    phone="19000007720",  # an account and a number: refused by the database
                    recipient="user:1",
                    subject="a:1",
                    title="标题",
                    dedupe_key="x",
                    due_at=MORNING,
                )
            ]
        )


def test_somebody_without_an_account_is_told_at_his_address_which_is_sealed(settings):
    settings.NOTIFY_SMS_URL = settings.EMAIL_HOST = ""
    assert tell(Recipient(phone="190 0000 7720"), Recipient(email="a@example.com")) == 2
    by_phone, by_mail = Notification.objects.order_by("pk")
    assert (by_phone.phone, by_phone.user) == ("19000007720", None)
    assert by_phone.recipient.startswith("phone:")
    assert "7720" not in by_phone.dedupe_key
    assert "example" not in by_mail.dedupe_key
    assert [one.channel for one in Delivery.objects.order_by("pk")] == ["sms", "email"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT phone FROM notifications_notification WHERE id = %s", [by_phone.pk])
        assert "7720" not in cursor.fetchone()[0]
    assert Recipient(phone="19000007720").key == by_phone.recipient, "the same number is the same recipient"


@pytest.mark.parametrize(
    "wrong", [{}, {"user_id": 1, "phone": "19000007720"}, {"phone": "12345"}, {"user_id": 1, "email": "a@example.com"}]
)
def test_a_recipient_is_an_account_or_an_address(wrong):
    with pytest.raises(ValueError, match=r"recipient|phone number") as refused:
        Recipient(**wrong)
    assert "12345" not in str(refused.value)


@pytest.mark.parametrize(
    "wrong",
    [
        {"event": "accepted"},
        {"subject": "grievance 1"},
        {"url": "https://elsewhere.example/"},
        {"url": "//elsewhere.example/"},
        {"url": "/\\elsewhere.example/"},
        {"url": "/drivers/?phone=19000007720"},
        {"dedupe": "driver:19000007720"},
        {"dedupe": ""},
        {"title": " "},
        {"title": "长" * 101},
        {"body": "长" * 2001},
    ],
)
def test_malformed_messages_are_refused_before_anything_is_written(clerk, wrong):
    good = Message("a.b", [clerk], "a:1", "好的", "1")
    words = {"event": "a.b", "subject": "a:1", "title": "标题", "dedupe": "2"} | wrong
    with pytest.raises(ValueError, match=r"event|subject|url|title|dedupe"), transaction.atomic():
        workflow.publish_many([good, Message(recipients=[clerk], **words)])
    assert not Notification.objects.exists()


def test_numbers_in_texts_are_masked(clerk):
    tell(clerk, title="请回电 19000007720", body="身份证号 510402198506120017")
    notification = Notification.objects.get()
    assert notification.title == "请回电 190****7720"
    assert notification.body == "身份证号 510402********0017"


# --- channels --------------------------------------------------------------------------------------------------------
def channels_of(user):
    rows = Delivery.objects.filter(notification__user=user).order_by("pk")
    return [one.channel for one in rows]


def test_outside_channels_need_an_address_and_a_provider(sink, settings):
    user, nobody = reachable(), UserFactory()
    tell(user, nobody)
    assert channels_of(user) == ["in_app", "email", "sms"]
    assert channels_of(nobody) == ["in_app"]
    settings.NOTIFY_SINK = ""
    tell(user, number=2)
    assert channels_of(user)[3:] == ["in_app"]
    settings.NOTIFY_SMS_URL = "http://127.0.0.1:9/"
    tell(user, number=3)
    assert channels_of(user)[4:] == ["in_app", "sms"]


def test_defaults_and_choices_decide(sink):
    user = reachable()
    tell(user, event="roster_import.done", subject="members.rosterimport:1")
    assert channels_of(user) == ["in_app", "email"], "no text messages about imports unless asked for"
    Preference.objects.create(user=user, group="registry", channel="sms", is_on=True)
    Preference.objects.create(user=user, group="registry", channel="email", is_on=False)
    tell(user, event="roster_import.done", subject="members.rosterimport:1", number=2)
    assert channels_of(user)[2:] == ["in_app", "sms"]


def test_a_closed_account_gets_an_inbox_entry_only(sink):
    user = reachable(is_active=False)
    tell(user)
    assert channels_of(user) == ["in_app"]


def test_quiet_hours_hold_back_what_is_not_urgent(sink):
    user = reachable()
    tell(user, when=at(24, 23))
    tell(user, number=2, when=at(24, 23), subject="grievances.grievance:2", urgent=True)
    first, second = Notification.objects.order_by("pk")
    assert {one.channel: one.due_at for one in first.deliveries.all()} == {
        "in_app": at(24, 23),
        "email": at(25, 7),
        "sms": at(25, 7),
    }
    assert {one.due_at for one in second.deliveries.all()} == {at(24, 23)}


def test_what_is_planned_ahead_is_due_then(sink):
    user = reachable()
    tell(user, not_before=at(26, 23))
    assert Notification.objects.get().due_at == at(26, 23)
    assert set(Delivery.objects.exclude(channel="in_app").values_list("due_at", flat=True)) == {at(27, 7)}


def test_the_digest_takes_what_is_not_urgent(sink):
    user = reachable(digest=True)
    tell(user)
    tell(user, number=2, urgent=True, subject="grievances.grievance:2")
    waiting, at_once = Notification.objects.order_by("pk")
    assert {(one.channel, one.digest) for one in waiting.deliveries.all()} == {
        ("in_app", False),
        ("email", True),
        ("sms", True),
    }
    assert {one.due_at for one in waiting.deliveries.filter(digest=True)} == {at(25, 8)}
    assert not at_once.deliveries.filter(digest=True).exists()


def test_an_urgent_message_takes_along_what_waits_before_it_in_its_case(sink):
    user = reachable(digest=True)
    tell(user)
    tell(user, number=2, subject="grievances.grievance:2")
    tell(user, number=3, not_before=at(30, 9))
    tell(user, number=4, when=at(24, 23), urgent=True)
    hurried = Delivery.objects.filter(urgent=True, notification__urgent=False)
    assert {one.notification.dedupe_key[:29] for one in hurried} == {"grievances.grievance:1:step:1"}
    assert {(one.channel, one.digest, one.due_at) for one in hurried} == {
        ("email", False, at(24, 23)),
        ("sms", False, at(24, 23)),
    }


# --- cost and wake-up ------------------------------------------------------------------------------------------------
def cost(messages):
    with (
        CaptureQueriesContext(
            connection,
        ) as queries,
        transaction.atomic(),
    ):
        workflow.publish_many(messages)
    return len([one for one in queries.captured_queries if not one["sql"].startswith(("SAVEPOINT", "RELEASE"))])


def message(users, number):
    return Message("grievance.accepted", users, "grievances.grievance:1", "标题", f"cost:{number}")


def test_three_cost_what_one_costs(sink):
    users = [reachable() for _ in range(3)]
    assert cost([message(users[:1], 1)]) == cost([message(users, 2)]) == 5


def test_without_outside_channels_two_statements_do(clerk):
    assert cost([message([clerk], 1)]) == 2


def test_one_wake_up_per_transaction(django_capture_on_commit_callbacks, clerk):
    with django_capture_on_commit_callbacks() as calls:
        tell(clerk)
        with transaction.atomic():
            tell(clerk, number=2)
        tell(clerk, number=2)
    assert len(calls) == 1


def test_a_wake_up_of_an_undone_part_does_not_replace_the_others(django_capture_on_commit_callbacks, clerk):
    with django_capture_on_commit_callbacks() as calls:
        try:
            with transaction.atomic():
                tell(clerk)
                raise ZeroDivisionError
        except ZeroDivisionError:
            pass
        tell(clerk, number=2)
    assert len(calls) == 1


def test_nothing_new_wakes_nobody(django_capture_on_commit_callbacks, clerk):
    tell(clerk)
    with django_capture_on_commit_callbacks() as calls:
        tell(clerk)
    assert calls == []


@pytest.mark.django_db(transaction=True)
def test_the_commit_wakes_the_worker(transactional_db, sink):
    user = reachable()
    tell(user, when=None, urgent=True)
    assert set(Delivery.objects.values_list("status", flat=True)) == {"sent"}
    assert len(sink.read_text().splitlines()) == 2
