"""The daily digest: what can wait, once a day, grouped by what it is about."""

from __future__ import annotations

from datetime import datetime
from itertools import groupby

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from foundation.notifications import rules
from foundation.notifications.choices import DIGEST, DeliveryStatus
from foundation.notifications.models import Delivery, Notification
from foundation.notifications.workflow.publishing import insert_new, wake_up

AT_ONCE = 200  # digests per transaction
SHOWN_SUBJECTS = 20
SHOWN_TITLES = 3  # of one subject, the newest


class _Overtaken(Exception):
    """Another worker has made one of these digests just now."""


def build_digests(at: datetime | None = None) -> int:
    """Make the digests that are due by `at` and return how many. Twice a day does no harm: what is bundled is gone.

    One digest per recipient and channel. 200 in a transaction of five statements; a killed run goes on at the next.
    """
    at = at or timezone.now()
    made = 0
    while True:
        try:
            with transaction.atomic():
                number = _build(at)
        except _Overtaken:
            return made
        made += number
        if number < AT_ONCE:
            return made


def _build(at: datetime) -> int:
    due = Delivery.objects.due_for_digest(at)
    pairs = list(due.values_list("recipient", "channel").distinct().order_by("recipient", "channel")[:AT_ONCE])
    if not pairs:
        return 0
    waiting = due.filter(recipient__in={recipient for recipient, _ in pairs}).select_related("notification")
    wanted = set(pairs)
    bundles = {
        pair: list(rows)
        for pair, rows in groupby(waiting, key=lambda row: (row.recipient, row.channel))
        if pair in wanted
    }
    drafts = {pair: _draft(rows, at) for pair, rows in bundles.items()}
    new = insert_new(list(drafts.values()))
    if len(new) != len(drafts):
        raise _Overtaken
    Delivery.objects.bulk_create(
        Delivery(
            notification_id=new[draft.dedupe_key],
            channel=channel,
            recipient=recipient,
            subject=draft.subject,
            due_at=rules.after_quiet_hours(at),
        )
        for (recipient, channel), draft in drafts.items()
    )
    for pair, rows in bundles.items():
        bundled = due.filter(pk__in=[row.pk for row in rows]).order_by()
        changed = bundled.update(status=DeliveryStatus.BUNDLED, bundled_into=new[drafts[pair].dedupe_key])
        if changed != len(rows):
            raise _Overtaken
    wake_up()
    return len(new)


def _draft(rows: list[Delivery], at: datetime) -> Notification:
    """Return the digest of some deliveries to one recipient: how many, and their titles by subject in order."""
    subjects: dict[str, list[str]] = {}
    for row in rows:
        subjects.setdefault(row.subject, []).append(row.notification.title)
    lines = []
    for number, titles in enumerate(list(subjects.values())[:SHOWN_SUBJECTS], start=1):
        hidden = len(titles) - SHOWN_TITLES
        lines.append(f"{number}. " + " → ".join((["…"] if hidden > 0 else []) + titles[-SHOWN_TITLES:]))
    if len(subjects) > SHOWN_SUBJECTS:
        lines.append(f"另有 {len(subjects) - SHOWN_SUBJECTS} 件事，请登录后查看。")
    first, last = rows[0], rows[-1]
    day = at.astimezone(rules.PORTAL_TIME).date()
    return Notification(
        event=DIGEST,
        user_id=first.notification.user_id,
        recipient=first.recipient,
        subject=f"notification.digest:{day.isoformat()}",
        title=f"您有 {len(rows)} 条通知，涉及 {len(subjects)} 件事",
        body="\n".join(lines),
        url=reverse("notifications:list"),
        dedupe_key=f"{DIGEST}:{first.channel}:{last.pk}:{first.recipient}",
        created_at=at,
        due_at=at,
        read_at=at,  # its parts are in the inbox already
    )
