"""The outbox: publishing, and marking a backlog."""

from __future__ import annotations

import time

from bench.work.clock import Clock


def publish_events(clock: Clock, *, events: int, rounds: int) -> dict:
    """Publish events to a thousand accounts, so many in each transaction; timed is the slowest round."""
    from django.db import transaction

    from foundation.accounts.models import User
    from foundation.notifications.models import Delivery, Notification
    from foundation.notifications.workflow import Message, publish_many, publishing

    Delivery.objects.all().delete()
    Notification.objects.all().delete()
    names = [f"bench-{number}" for number in range(1000)]
    User.objects.bulk_create((User(username=name, name="测", password="!") for name in names), ignore_conflicts=True)
    users = list(User.objects.filter(username__in=names))
    publishing.wake_up = lambda: None  # nobody is there to hear it
    slowest = 0.0
    for round_ in range(rounds):
        messages = [
            Message(
                "grievance.accepted",
                [users[number % len(users)]],
                f"grievances.grievance:{number // 2}",
                "您的诉求有了进展",
                f"{round_}:{number}",
                url="/help/",
            )
            for number in range(events)
        ]
        start = time.perf_counter()
        with clock.running(), transaction.atomic():
            publish_many(messages)
        slowest = max(slowest, time.perf_counter() - start)
    return {"slowest": slowest, "events": events * rounds}


def drain_inbox(clock: Clock) -> dict:
    """Mark every inbox entry that waits."""
    from foundation.notifications.models import Delivery
    from foundation.notifications.workflow import drain

    waiting = Delivery.objects.filter(status="waiting").count()
    with clock.running():
        drain(seconds=600)
    assert not Delivery.objects.filter(status="waiting").exists()
    return {"marked": waiting}
