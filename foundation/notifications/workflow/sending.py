"""Sending: what is due is claimed for a while, handed over, and its outcome written down at once.

A killed worker leaves at most one message handed over and not noted; the next one sends it again under the same key.
Everything else it held is found when its lease is over.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils import timezone

from foundation.accounts.rules import may_sign_in
from foundation.notifications import leases, rules
from foundation.notifications.channels import Channel, InApp, Outgoing, Refused, Unavailable, outside
from foundation.notifications.choices import EXTERNAL, NOT_CONFIGURED, ChannelKind, DeliveryStatus
from foundation.notifications.models import Delivery, RecipientSettings
from foundation.notifications.workflow.digests import build_digests

log = logging.getLogger("portal.notifications")

IN_APP_BATCH = 1_000
OUTSIDE_BATCH = 100
LEASE_SECONDS = 60
SILENT_IN_A_ROW = 3  # calls without an answer: the provider is away, the rest waits for the next wake-up
ALONE_AFTER = 2  # starts without an outcome: whatever kills its worker shall take no neighbour with it


def drain(at: datetime | None = None, *, seconds: float = 5.0) -> bool:
    """Send what is due for about so many seconds; return whether more is due. For the worker.

    The inbox first, 1,000 rows per UPDATE; then each outside channel in turn, claimed by 100 and noted one by one. A
    provider that does not answer three times in a row is left alone until the next wake-up. Never raises for what is
    wrong with a message. `at` stands for the present in tests.
    """
    deadline = time.monotonic() + seconds
    while InApp().deliver(at or timezone.now(), IN_APP_BATCH) == IN_APP_BATCH:
        if time.monotonic() > deadline:
            return True
    more = False
    for number, kind in enumerate(EXTERNAL):
        share = max(0.0, deadline - time.monotonic()) / (len(EXTERNAL) - number)
        more |= _Run(outside(kind), at).drain(time.monotonic() + share)
    return more


@dataclass
class _Tally:
    sent: int = 0
    retried: int = 0
    given_up: int = 0


class _Run:
    """One worker's turn on one channel."""

    def __init__(self, channel: Channel, at: datetime | None) -> None:
        self.channel = channel
        self.fixed = at
        self.owner = leases.new_owner()
        self.tally = _Tally()
        self.silent = 0
        self.held_since = 0.0

    @property
    def now(self) -> datetime:
        return self.fixed or timezone.now()

    def drain(self, deadline: float) -> bool:
        """Send until nothing is due, the provider is away (both: False) or the time is over (True)."""
        try:
            while self.silent < SILENT_IN_A_ROW:
                batch = self._claimed()
                if not batch:
                    return False
                self._send_all(batch, deadline)
                if time.monotonic() > deadline:
                    return True
            return False
        finally:
            if any((self.tally.sent, self.tally.retried, self.tally.given_up)):
                log.info("notifications: channel=%s %s", self.channel.kind, self.tally)

    def _claimed(self) -> list[Delivery]:
        """Claim the next rows: those nobody has died over together, the others one at a time."""
        at = self.now
        due = Delivery.objects.due_outside(at, self.channel.kind, quiet=rules.is_quiet(at))
        self.held_since = time.monotonic()
        keys = leases.claim_many(
            due.filter(starts__lt=ALONE_AFTER), self.owner, LEASE_SECONDS, OUTSIDE_BATCH, now=at
        ) or leases.claim_many(due.filter(starts__gte=ALONE_AFTER), self.owner, LEASE_SECONDS, 1, now=at)
        rows = Delivery.objects.filter(pk__in=keys, lease_owner=self.owner)
        return list(rows.select_related("notification__user").order_by("due_at", "pk"))

    def _send_all(self, batch: list[Delivery], deadline: float) -> None:
        """Send a claimed batch until the time is over or the provider is away; what was not begun is given back."""
        addresses = _addresses(self.channel.kind, batch)
        left = {delivery.pk for delivery in batch}
        try:
            for delivery in batch:
                if time.monotonic() > deadline or self.silent >= SILENT_IN_A_ROW:
                    return
                self._hold(left)
                left.discard(delivery.pk)
                self._send(delivery, addresses.get(delivery.pk, ""))
        except leases.LeaseLost:
            log.warning("notifications: channel=%s lease lost, another worker goes on", self.channel.kind)
        finally:
            if left:
                leases.release_many(Delivery.objects.filter(pk__in=left), self.owner)

    def _hold(self, left: set[int]) -> None:
        """Renew the leases of what is left before they grow old. Raises LeaseLost when they may be over already."""
        age = time.monotonic() - self.held_since
        if age + settings.NOTIFY_TIMEOUT_SECONDS > LEASE_SECONDS:
            raise leases.LeaseLost(self.channel.kind)
        if age > LEASE_SECONDS / 4:
            self.held_since = time.monotonic()
            leases.renew_many(Delivery.objects.filter(pk__in=left), self.owner, LEASE_SECONDS, now=self.now)

    def _send(self, delivery: Delivery, address: str) -> None:
        if delivery.starts > rules.MOST_STARTS:
            self._give_up(delivery, DeliveryStatus.QUARANTINED, "stopped", "发送这条消息时后台几次中途停下，已经搁置。")
            return
        try:
            self._hand_over(delivery, address)
        except Refused as refused:
            self.silent = 0
            self._give_up(delivery, DeliveryStatus.REFUSED, refused.code, str(refused))
        except Unavailable as away:
            self.silent += 1
            self._try_again(delivery, away.code, str(away))
        except Exception as error:
            # A mistake of ours with this one message; its text could quote personal data, so the log gets the kind.
            log.error("notifications: delivery %s: %s", delivery.pk, type(error).__name__)
            self._try_again(delivery, "mistake", f"本系统组这条消息时出错（{type(error).__name__}）。")
        else:
            self.silent = 0
            self.tally.sent += 1
            self._note(delivery, status=DeliveryStatus.SENT, sent_at=self.now, error_code="", error="", failed_at=None)

    def _hand_over(self, delivery: Delivery, address: str) -> None:
        notification = delivery.notification
        if not self.channel.is_configured():
            raise Refused(NOT_CONFIGURED, f"{delivery.get_channel_display()}还没有开通，没有发。")
        if notification.user is not None and not may_sign_in(notification.user):
            raise Refused("account_closed", "收件账号已经停用或锁定。")
        if not address:
            raise Refused("no_address", f"收件人没有{_ADDRESS_WORD[self.channel.kind]}。")
        self.channel.send(
            Outgoing(
                key=f"{notification.dedupe_key}:{delivery.channel}",
                recipient=delivery.recipient,
                address=address,
                template=notification.event,
                title=notification.title,
                body=notification.body,
                url=notification.url,
                at=self.now,
            )
        )

    def _try_again(self, delivery: Delivery, code: str, sentence: str) -> None:
        attempts = delivery.attempts + 1
        if attempts >= rules.MOST_ATTEMPTS:
            self._give_up(
                delivery,
                DeliveryStatus.QUARANTINED,
                code,
                f"{sentence}试了 {attempts} 次，已经搁置。",
                attempts=attempts,
            )
            return
        self.tally.retried += 1
        now = self.now
        self._note(
            delivery,
            attempts=attempts,
            due_at=rules.next_attempt(now, attempts, urgent=delivery.urgent),
            error_code=code[:40],
            error=sentence[:200],
            failed_at=now,
        )

    def _give_up(self, delivery: Delivery, status: DeliveryStatus, code: str, sentence: str, **changes) -> None:
        self.tally.given_up += 1
        log.warning("notifications: delivery %s: %s, %s", delivery.pk, status.value, code)
        self._note(delivery, status=status, error_code=code[:40], error=sentence[:200], failed_at=self.now, **changes)

    def _note(self, delivery: Delivery, **outcome) -> None:
        """Write an outcome and let go of the row. One UPDATE. Raises LeaseLost when another worker has it now."""
        rows = Delivery.objects.filter(pk=delivery.pk, lease_owner=self.owner, status=DeliveryStatus.WAITING)
        if rows.update(lease_owner="", lease_until=None, starts=0, **outcome) != 1:
            raise leases.LeaseLost(str(delivery.pk))


_ADDRESS_WORD = {ChannelKind.EMAIL: "邮箱", ChannelKind.SMS: "电话", ChannelKind.WECOM: "企业微信账号"}


def _addresses(kind: str, batch: list[Delivery]) -> dict[int, str]:
    """Return {delivery id: address} as it is now; who has moved since gets it at the new one. One query at most."""
    if kind == ChannelKind.SMS:
        return {
            one.pk: one.notification.user.phone if one.notification.user else one.notification.phone for one in batch
        }
    users = [one.notification.user_id for one in batch if one.notification.user_id is not None]
    column = "email" if kind == ChannelKind.EMAIL else "wecom_id"
    own = dict(RecipientSettings.objects.filter(user__in=users).values_list("user_id", column))
    return {
        one.pk: one.notification.email if one.notification.user_id is None else own.get(one.notification.user_id, "")
        for one in batch
    }


def sweep(at: datetime | None = None) -> bool:
    """Make digests that are due and were not made, and return whether anything is due to be sent. For beat.

    Four or five short queries, each on an index of what waits.
    """
    at = at or timezone.now()
    build_digests(at)
    quiet = rules.is_quiet(at)
    return Delivery.objects.due_in_app(at).exists() or any(
        Delivery.objects.due_outside(at, kind, quiet=quiet).exists() for kind in EXTERNAL
    )
