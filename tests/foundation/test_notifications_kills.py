"""Workers that are killed while they send: nothing is lost, and at most what was just in flight is sent twice.

The processes are real and SIGKILL ends them from outside, wherever they are. Each test is run sabotaged too: with the
guard taken out it must notice.
"""

import random
import time
from collections import Counter

import pytest
from django.db import transaction

from foundation.notifications.models import Delivery, Notification
from foundation.notifications.workflow import Message, Recipient, drain, publish_many, sending
from tests.factories import UserFactory
from tests.foundation.notification_workers import (
    KILLED,
    calls,
    ended,
    finished,
    forked,
    killed_when,
    leases_run_out,
    work,
)
from tests.members.roster_workers import file_database

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
COUNT, CASES, KILLS = 2_000, 500, 3


@pytest.fixture
def outbox(tmp_path, settings, monkeypatch, transactional_db):
    """Publish two thousand text messages about five hundred cases; return the file their calls are written to."""
    settings.NOTIFY_SINK = str(tmp_path / "sink.jsonl")
    monkeypatch.setattr("foundation.notifications.workflow.publishing.wake_up", lambda: None)
    with file_database(tmp_path / "db.sqlite3"):
        people = [Recipient(phone=f"1900000{number:04}") for number in range(50)]
        with transaction.atomic():
            publish_many(
                Message(
                    "grievance.accepted",
                    [people[number % CASES % 50]],
                    f"grievances.grievance:{number % CASES}",
                    "您的诉求有了进展",
                    f"{number % CASES}:{number // CASES}",
                    urgent=True,
                )
                for number in range(COUNT)
            )
        yield tmp_path / "sink.jsonl"


def some_workers_die(path, kills=KILLS):
    """Kill workers one after another, each somewhere on its way, and let a last one finish."""
    chance = random.Random(7)
    for number in range(1, kills + 1):
        # Not where a batch of a hundred ends: there a worker has nothing in flight.
        assert killed_when(path, number * (COUNT // (kills + 2) + 37), chance) == KILLED
        leases_run_out()
    finished()


def problems(path, in_flight=KILLS):
    """Return what is wrong: messages lost, more sent twice than were in flight, a case out of order."""
    times, wrong = Counter(calls(path)), []
    keys = {f"{one}:sms" for one in Notification.objects.values_list("dedupe_key", flat=True)}
    if lost := keys - times.keys():
        wrong.append(f"{len(lost)} lost")
    if (twice := sum(times.values()) - len(times)) > in_flight:
        wrong.append(f"{twice} sent twice")
    if unsent := Delivery.objects.exclude(status="sent").count():
        wrong.append(f"{unsent} not marked")
    told = {}
    for key in dict.fromkeys(calls(path)):
        case, step = key.split(":")[:2]
        if told.get(case, -1) + 1 != int(step):
            wrong.append(f"case {case} out of order")
        told[case] = int(step)
    return wrong


def test_killed_workers_lose_nothing_and_repeat_only_what_was_in_flight(outbox):
    some_workers_die(outbox)
    assert problems(outbox) == []
    assert len(calls(outbox)) <= COUNT + KILLS


def test_two_workers_at_once_send_nothing_twice(outbox):
    first, second = forked(work), forked(work)
    assert {ended(first), ended(second)} == {0}
    finished()
    assert problems(outbox, in_flight=0) == []


# --- the guards taken out: each of these must be noticed -------------------------------------------------------------
def test_sabotaged_marking_before_the_call_loses_messages(outbox, monkeypatch):
    """A worker that notes a batch as sent and then sends it loses what it had not come to."""
    claimed = sending._Run._claimed

    def noted_first(self):
        batch = claimed(self)
        keys = [one.pk for one in batch]
        Delivery.objects.filter(pk__in=keys).update(status="sent", sent_at=self.now, lease_owner="", lease_until=None)
        return batch

    monkeypatch.setattr(sending._Run, "_claimed", noted_first)
    monkeypatch.setattr(sending._Run, "_note", lambda self, delivery, **outcome: time.sleep(0.001))  # a call
    some_workers_die(outbox)
    assert any("lost" in one for one in problems(outbox))


def test_sabotaged_marking_at_the_end_of_a_batch_repeats_messages(outbox, monkeypatch):
    """A worker that notes a batch only when all of it is sent repeats more than what was in flight."""
    note, send_all = sending._Run._note, sending._Run._send_all

    def later(self, delivery, **outcome):
        self.noted = [*getattr(self, "noted", []), (delivery, outcome)]

    def then_all(self, batch, deadline):
        send_all(self, batch, deadline)
        for delivery, outcome in self.__dict__.pop("noted", []):
            note(self, delivery, **outcome)

    monkeypatch.setattr(sending._Run, "_note", later)
    monkeypatch.setattr(sending._Run, "_send_all", then_all)
    some_workers_die(outbox)
    assert any("sent twice" in one for one in problems(outbox))


def test_sabotaged_claims_let_two_workers_send_the_same(outbox, monkeypatch):
    """Workers that send what they see, without claiming it, both take the same batch."""
    together = outbox.with_name("together")  # both look before either sends

    def seen(self):
        if self.channel.kind != "sms":
            return []
        free = Delivery.objects.filter(status="waiting", channel="sms").select_related("notification__user")
        batch = list(free.order_by("pk")[:100])
        with together.open("ab") as file:
            file.write(b".")
        deadline = time.monotonic() + 10
        while together.stat().st_size < 2 and time.monotonic() < deadline:
            time.sleep(0.001)
        return batch

    monkeypatch.setattr(sending._Run, "_claimed", seen)
    monkeypatch.setattr(sending._Run, "_hold", lambda self, left: None)
    monkeypatch.setattr(sending._Run, "_note", _noted_by_anybody)
    first, second = forked(work), forked(work)
    ended(first), ended(second)
    assert any("sent twice" in one for one in problems(outbox, in_flight=0))


def _noted_by_anybody(self, delivery, **outcome):
    Delivery.objects.filter(pk=delivery.pk).update(lease_owner="", lease_until=None, **outcome)


def test_a_killed_worker_leaves_no_inbox_half_marked(outbox):
    user = UserFactory()
    with transaction.atomic():
        publish_many(Message("a.b", [user], "a:1", "标题", f"{number}") for number in range(500))
    for number in (1, 2):
        killed_when(outbox, number, random.Random(number))
    drain(seconds=60)
    assert set(Delivery.objects.filter(channel="in_app").values_list("status", flat=True)) == {"sent"}
