"""Reading: an inbox shows what is committed and due, whether or not a worker has come by."""

from __future__ import annotations

from datetime import datetime

from django.db.models import IntegerField, OuterRef, Subquery
from django.utils import timezone

from foundation.accounts.models import User
from foundation.notifications.models import Notification

SHOWN_AT_MOST = 99  # the bell says 99+ beyond it
UNREAD = "unread_notifications"  # the attribute of an account that a request brought


class _Number(Subquery):
    """How many rows a query has, as a value: SQL cannot count what a LIMIT leaves in one SELECT."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) counted)"
    output_field = IntegerField()


def unread_of_account() -> Subquery:
    """Return the number `unread_count` gives, as an expression on the row of the account itself. One index."""
    unread = Notification.objects.in_inbox_of(OuterRef("pk")).unread().order_by()
    return _Number(unread.values("pk")[: SHOWN_AT_MOST + 1])


def unread_shown(user: User) -> int:
    """Return the number for the bell: what came with the account, else `unread_count`. No query, or one."""
    known = getattr(user, UNREAD, None)
    return unread_count(user) if known is None else known


def _forget_unread(user: User) -> None:
    setattr(user, UNREAD, None)  # what is shown after the change is counted anew


def unread_count(user: User, at: datetime | None = None) -> int:
    """Return how many notifications an account has not read, 100 for any number above 99. One query, one index."""
    unread = Notification.objects.visible_to(user, at).unread()
    return unread.order_by()[: SHOWN_AT_MOST + 1].count()


def mark_read(user: User, pk: int, at: datetime | None = None) -> bool:
    """Mark one's own notification read; return whether it was unread. One UPDATE.

    A foreign one, a missing one and one read before change nothing and answer alike: False. No audit entry.
    """
    at = at or timezone.now()
    _forget_unread(user)
    return Notification.objects.visible_to(user, at).unread().filter(pk=pk).update(read_at=at) == 1


def mark_all_read(user: User, at: datetime | None = None) -> int:
    """Mark every due notification of an account read; return how many were unread. One UPDATE."""
    at = at or timezone.now()
    _forget_unread(user)
    return Notification.objects.visible_to(user, at).unread().update(read_at=at)
