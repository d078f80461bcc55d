"""What the tests of notifications share: moments, a sink, short ways to publish and to look."""

import json
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import transaction

from foundation.notifications import workflow
from foundation.notifications.models import Delivery, RecipientSettings
from tests.factories import UserFactory

SHANGHAI = ZoneInfo("Asia/Shanghai")
MORNING = datetime(2026, 11, 24, 9, 30, tzinfo=SHANGHAI)  # a Tuesday


def at(day, hour, minute=0):
    """Return an instant in November 2026, Chinese time."""
    return datetime(2026, 11, day, hour, minute, tzinfo=SHANGHAI)


def tell(*recipients, number=1, subject="grievances.grievance:1", when=MORNING, **more):
    """Publish one message about a case in a transaction of its own."""
    words = {
        "event": "grievance.accepted",
        "recipients": recipients,
        "subject": subject,
        "title": f"诉求有了进展（{number}）",
        "dedupe": f"{subject}:step:{number}",
        "at": when,
    }
    words |= more
    event = words.pop("event")
    with transaction.atomic():
        return workflow.publish(event, **words)


def reachable(**more):
    """Return a user with a phone and an e-mail address."""
    digest = more.pop("digest", False)
    from foundation.accounts.workflow import phone_index

    phone = more.pop("phone", "19000007720")
    user = UserFactory(phone=phone, phone_index=phone_index(phone), **more)
    RecipientSettings.objects.create(user=user, email="someone@example.com", digest=digest)
    return user


def lines(path):
    """Return what the sink holds, oldest first."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def outside(**filters):
    """Return the deliveries of outside channels in the order of publication."""
    return Delivery.objects.exclude(channel="in_app").filter(**filters).order_by("pk")
