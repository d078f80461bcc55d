"""The end of a notification: delivered, read, and old."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from foundation.audit import trail
from foundation.notifications.choices import DeliveryStatus
from foundation.notifications.models import Delivery, Notification

CHUNK = 5_000  # notifications per transaction


def purge(at: datetime, *, dry_run: bool = False, seconds: float | None = None) -> tuple[int, bool]:
    """Delete what NOTIFICATION_RETENTION_DAYS have passed over; return (how many notifications, whether all of them).

    Only what waits on no channel and was read, or has nobody with an inbox to read it; what an account has not read
    stays. A digest goes after its parts. One audit entry per 5,000.
    """
    until = None if seconds is None else time.monotonic() + seconds
    outlived = _outlived(at - timedelta(days=settings.NOTIFICATION_RETENTION_DAYS))
    if dry_run:
        return outlived.count(), True
    total = 0
    while True:
        with transaction.atomic():
            keys = list(outlived.order_by("created_at", "pk").values_list("pk", flat=True)[:CHUNK])
            if not keys:
                return total, True
            Delivery.objects.filter(notification__in=keys).delete()
            Notification.objects.filter(pk__in=keys).delete()
            trail.record("notification.purge", None, actor=None, details={"rows": len(keys)})
        total += len(keys)
        if until is not None and time.monotonic() > until:
            return total, False


def _outlived(limit: datetime):
    deliveries = Delivery.objects.filter(notification=OuterRef("pk"))
    parts = Delivery.objects.filter(bundled_into=OuterRef("pk"))
    return Notification.objects.filter(
        ~Exists(deliveries.filter(status=DeliveryStatus.WAITING)),
        ~Exists(parts),
        Q(read_at__isnull=False) | Q(user__isnull=True),
        created_at__lt=limit,
    )
