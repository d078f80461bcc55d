"""Reminders of verifications: three days before the last day, and once when it is gone."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from members import notices
from members.models import Verification

DAYS_BEFORE = 3
OVERDUE_DAYS = 7  # a case is told of once: older ones were told of already
AT_ONCE = 500


def remind_of_due(at: datetime) -> int:
    """Tell those who have a case that is due within three days, or was due within the last week; once each.

    Returns how many cases were looked at. About five queries per case.
    """
    today = timezone.localdate(at)
    first, last = today - timedelta(days=OVERDUE_DAYS), today + timedelta(days=DAYS_BEFORE)
    cases = Verification.objects.open().filter(due_date__range=(first, last)).select_related("organization")
    rows = list(cases.order_by("due_date", "pk")[:AT_ONCE])
    for case in rows:
        with transaction.atomic():
            notices.verification_due(case, days=(case.due_date - today).days, at=at)
    return len(rows)
