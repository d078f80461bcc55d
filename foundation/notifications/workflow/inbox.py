"""Reading: an inbox shows what is committed and due, whether or not a worker has come by."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

from foundation.accounts.models import User
from foundation.notifications.models import Notification

SHOWN_AT_MOST = 99  # the bell says 99+ beyond it


def unread_count(user: User, at: datetime | None = None) -> int:
    """Return how many notifications an account has not read, 100 for any number above 99. One query, one index."""
    unread = Notification.objects.visible_to(user, at).unread()
    return unread.order_by()[: SHOWN_AT_MOST + 1].count()


def mark_read(user: User, pk: int, at: datetime | None = None) -> bool:
    """Mark one's own notification read; return whether it was unread. One UPDATE.

    A foreign one, a missing one and one read before change nothing and answer alike: False. No audit entry.
    """
    at = at or timezone.now()
    return Notification.objects.visible_to(user, at).unread().filter(pk=pk).update(read_at=at) == 1


def mark_all_read(user: User, at: datetime | None = None) -> int:
    """Mark every due notification of an account read; return how many were unread. One UPDATE."""
    at = at or timezone.now()
    return Notification.objects.visible_to(user, at).unread().update(read_at=at)
