"""Questions to the outbox and the inbox."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Self

from django.db import models
from django.db.models import OuterRef, Q, Subquery
from django.utils import timezone

from foundation.notifications import rules
from foundation.notifications.choices import DIGEST, EXTERNAL, GIVEN_UP, NOT_CONFIGURED, ChannelKind, DeliveryStatus


class NotificationQuerySet(models.QuerySet):
    """Notifications; everybody sees his own only."""

    def visible_to(self, user: Any, at: datetime | None = None) -> Self:
        """Return the inbox of an account at an instant (default now): its own, due, digests left out. One index.

        Without what a higher floor says may be read no more (`rules.register_veil`).
        """
        if user is None or not user.is_authenticated:
            return self.none()
        return self.in_inbox_of(user.pk, at)

    def in_inbox_of(self, user_id: Any, at: datetime | None = None) -> Self:
        """Return the same for the number of an account, or for an expression that stands for one."""
        at = at or timezone.now()
        rows = self.filter(user_id=user_id, due_at__lte=at).exclude(event=DIGEST)
        for veil in rules.veils(at):
            rows = rows.filter(~veil)
        return rows

    def unread(self) -> Self:
        """Return those nobody has read."""
        return self.filter(read_at__isnull=True)

    def newest_first(self) -> Self:
        """Return them in the order of the inbox, which never ties."""
        return self.order_by("-due_at", "-pk")


class DeliveryQuerySet(models.QuerySet):
    """Deliveries: a notification on one channel."""

    def given_up(self) -> Self:
        """Return what a provider refused and what was set aside, newest first. One index."""
        return self.filter(status__in=GIVEN_UP).order_by("-pk")

    def failed(self) -> Self:
        """Return of these what a provider refused or did not take, without what met a channel that is off."""
        return self.exclude(status=DeliveryStatus.REFUSED, error_code=NOT_CONFIGURED)

    def without_channel(self) -> Self:
        """Return of these what was not sent because its channel was off."""
        return self.filter(status=DeliveryStatus.REFUSED, error_code=NOT_CONFIGURED)

    def due_in_app(self, at: datetime) -> Self:
        """Return what the inbox shows by `at` and is not marked so yet, in the order it is shown."""
        waiting = self.filter(channel=ChannelKind.IN_APP, status=DeliveryStatus.WAITING, due_at__lte=at)
        return waiting.order_by("due_at", "pk")

    def due_outside(self, at: datetime, channel: str, *, quiet: bool) -> Self:
        """Return what may be sent on one outside channel: due, held by nobody, next of its case for its recipient.

        A row waits for every earlier one of the same recipient, subject and channel that is due and neither sent nor
        given up; what is planned for later does not hold up what comes before it. In quiet hours only urgent rows.
        What has been due longest comes first: the order of the index, so that sent rows are never walked through.
        """
        earlier = self.model._base_manager.filter(
            Q(not_before__isnull=True) | Q(not_before__lte=at),
            recipient=OuterRef("recipient"),
            subject=OuterRef("subject"),
            channel=channel,
            status=DeliveryStatus.WAITING,
            pk__lt=OuterRef("pk"),
        ).exclude(channel=ChannelKind.IN_APP)  # says to both databases that the partial index serves
        # The first of them, not EXISTS: PostgreSQL turns that into a join, and joins all with all as long as it has not
        # counted a table that was empty an hour ago. As a question per row it always goes by the index.
        rows = self.alias(waits_for=Subquery(earlier.order_by("pk").values("pk")[:1])).filter(
            Q(lease_until__isnull=True) | Q(lease_until__lt=at),
            waits_for__isnull=True,
            channel=channel,
            status=DeliveryStatus.WAITING,
            due_at__lte=at,
            digest=False,
        )
        return (rows.filter(urgent=True) if quiet else rows).order_by("due_at", "pk")

    def due_for_digest(self, at: datetime) -> Self:
        """Return what waits for a digest that is to be made by `at`, by recipient and channel, oldest first."""
        return self.filter(
            channel__in=EXTERNAL, status=DeliveryStatus.WAITING, digest=True, due_at__lte=at, lease_owner=""
        ).order_by("recipient", "channel", "pk")

    def stuck(self, before: datetime) -> Self:
        """Return what a dead worker has held since before an instant and the sweep has not freed."""
        return self.filter(status=DeliveryStatus.WAITING, lease_until__lt=before)
