"""Sending again what a provider refused or what was set aside: one, or all that a list shows."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from foundation.audit import trail
from foundation.notifications import rules
from foundation.notifications.channels import available
from foundation.notifications.choices import DELIVERY_NEXT, EXTERNAL, GIVEN_UP, DeliveryStatus
from foundation.notifications.models import Delivery
from foundation.notifications.querysets import DeliveryQuerySet
from foundation.notifications.workflow.publishing import wake_up

AT_ONCE = 1_000  # the most that one act lets wait again
NOT_YOURS = "重发通知由系统管理员做。"


def resend(actor: Any, delivery: Delivery, at: datetime | None = None) -> None:
    """Let a delivery that was given up wait again, as if it had never been tried; it keeps its key and its error.

    What follows in its case and has been sent stays sent. Quiet hours hold. One UPDATE, one audit entry, a wake-up.

    Raises PermissionDenied without a registered yes (rules.register_decider), trail.NotAllowed for what was not given
    up, trail.Conflict when somebody else was quicker.
    """
    if not rules.may(actor, rules.RESEND):
        raise PermissionDenied(NOT_YOURS)
    trail.transition(
        delivery,
        DeliveryStatus.WAITING,
        actor=actor,
        action="notification.resend",
        next_table=DELIVERY_NEXT,
        changes={"due_at": at or timezone.now(), "attempts": 0, "starts": 0},
        details={"channel": delivery.channel, "event": delivery.notification.event},
        label=f"{delivery.get_channel_display()} {delivery.recipient}",
    )
    wake_up()


def resendable(rows: DeliveryQuerySet) -> DeliveryQuerySet:
    """Return of these what was given up and has a channel that is on: what is off would be given up again at once."""
    return rows.filter(status__in=GIVEN_UP, channel__in=[kind for kind in EXTERNAL if available(kind)])


def resend_all(
    actor: Any, rows: DeliveryQuerySet, *, seen_at: datetime, at: datetime | None = None, filters: dict | None = None
) -> int:
    """Let all of `rows` that were given up by `seen_at` wait again and return how many, 1,000 at most, oldest first.

    `seen_at` is when the list was looked at: what is posted twice finds nothing the second time, also where the
    provider has refused again meanwhile. `filters` says in the trail what the list showed. Channels that are off are
    left out. Two queries, one entry, a wake-up.

    Raises PermissionDenied without a registered yes.
    """
    if not rules.may(actor, rules.RESEND):
        raise PermissionDenied(NOT_YOURS)
    with transaction.atomic():
        seen = resendable(rows).filter(failed_at__lte=seen_at)
        keys = list(seen.order_by("pk").values_list("pk", flat=True)[:AT_ONCE])
        # The condition is asked again: what somebody else has let wait meanwhile is his.
        again = Delivery.objects.filter(pk__in=keys, status__in=GIVEN_UP, failed_at__lte=seen_at)
        number = again.update(status=DeliveryStatus.WAITING, due_at=at or timezone.now(), attempts=0, starts=0)
        if number:
            trail.record(
                "notification.resend_all", None, actor=actor, details={"rows": number, "filters": filters or {}}
            )
            wake_up()
    return number
