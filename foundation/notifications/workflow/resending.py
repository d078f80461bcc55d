"""Sending again what a provider refused or what was set aside."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.utils import timezone

from foundation.audit import trail
from foundation.notifications import rules
from foundation.notifications.choices import DELIVERY_NEXT, DeliveryStatus
from foundation.notifications.models import Delivery
from foundation.notifications.workflow.publishing import wake_up


def resend(actor: Any, delivery: Delivery, at: datetime | None = None) -> None:
    """Let a delivery that was given up wait again, as if it had never been tried; it keeps its key and its error.

    What follows in its case and has been sent stays sent. Quiet hours hold. One UPDATE, one audit entry, a wake-up.

    Raises PermissionDenied without a registered yes (rules.register_decider), trail.NotAllowed for what was not given
    up, trail.Conflict when somebody else was quicker.
    """
    if not rules.may(actor, rules.RESEND):
        raise PermissionDenied("重发通知由系统管理员做。")
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
