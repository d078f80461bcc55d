"""Publishing: rows of the outbox, written in the transaction of the change they tell about.

Nothing is sent here. After the commit a wake-up goes to the workers; if it is lost, the sweep finds the rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from celery import current_app
from django.db import connection, transaction
from django.db.models import Case, Q, When
from django.utils import timezone

from foundation.accounts.models import User
from foundation.notifications import rules
from foundation.notifications.channels import available
from foundation.notifications.choices import EXTERNAL, ChannelKind, DeliveryStatus, EventGroup
from foundation.notifications.models import Delivery, Notification, Preference, RecipientSettings
from foundation.protection import canonical
from foundation.protection.fields import ProtectedField
from foundation.protection.identifiers import phone_error
from foundation.protection.masks import scrub
from foundation.protection.seal import blind

AT_ONCE = 500  # rows per INSERT: SQLite takes 32,766 parameters
_PLAIN = frozenset({str, int, bool, ChannelKind, DeliveryStatus})  # the databases take them as they are
_WAKE_UP = "foundation.notifications.tasks.drain_outbox"


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who is told: an account (`user_id`), or a phone number or e-mail address of somebody without one.

    Raises ValueError when both or neither are given, or the phone number is none. Nothing but the sealed column keeps
    the address; the key is an account's number or a blind index.
    """

    user_id: int | None = None
    phone: str = ""
    email: str = ""

    def __post_init__(self):
        if (self.user_id is None) == (not self.phone and not self.email):
            raise ValueError("a recipient is an account, or a phone number or e-mail address")
        if self.phone:
            object.__setattr__(self, "phone", canonical.canonical_phone(self.phone))
            if phone_error(self.phone):
                raise ValueError("not a phone number")  # which one is not repeated: it would reach the log

    @property
    def key(self) -> str:
        """The opaque name of the recipient: "user:12", "phone:<32 digits>", "email:<32 digits>"."""
        if self.user_id is not None:
            return f"user:{self.user_id}"
        if self.phone:
            return f"phone:{blind(self.phone, 'notification.phone').hex}"
        return f"email:{blind(self.email.lower(), 'notification.email').hex}"


@dataclass(frozen=True, slots=True)
class Message:
    """What `publish` takes, for `publish_many`."""

    event: str
    recipients: Sequence[Recipient | User]
    subject: str
    title: str
    dedupe: str
    body: str = ""
    url: str = ""
    urgent: bool = False
    at: datetime | None = None
    not_before: datetime | None = None


def publish(
    event: str,
    *,
    recipients: Iterable[Recipient | User],
    subject: str,
    title: str,
    body: str = "",
    url: str = "",
    urgent: bool = False,
    dedupe: str,
    at: datetime | None = None,
    not_before: datetime | None = None,
) -> int:
    """Tell recipients something, in the transaction of the change; return how many were not told it before.

    `event` is dotted ("grievance.accepted"); its first word decides the group of the preferences. `subject` names the
    row it is about ("grievances.grievance:123"): per recipient, subject and channel the order of publication is kept.
    `dedupe` names the happening ("grievance:123:accepted:7"): whoever was told under that name is not told again.
    `title` (100 characters) is all that leaves the portal, in text messages, subject lines and group chats: it must
    hold no personal data, and identity and phone numbers in it are masked all the same. `body` is shown in the inbox
    only. `url` is an address on this site. `urgent` rings in the quiet hours (22:00 to 7:00) too and skips the digest.
    `at` is the instant of the change (default now), `not_before` plans ahead.

    An inbox entry is written for every account, other channels by preference where there is an address. Somebody
    without an account is told on each channel he has an address for. Inactive accounts are written to their inbox only.

    Costs, for up to 500 recipients, one query for the settings (accounts with outside channels: three) and two
    INSERTs. Raises TransactionManagementError outside a transaction, ValueError for a malformed event, subject or url,
    for a text that is too long, and for a phone or identity number in subject, dedupe or url.
    """
    message = Message(event, list(recipients), subject, title, dedupe, body, url, urgent, at, not_before)
    return publish_many([message])


def publish_many(messages: Iterable[Message]) -> int:
    """Publish many messages in their order; return how many notifications were new. 10,000 take under two seconds.

    As `publish`: same checks, same errors, before anything is written. Two INSERTs for every 500 notifications.
    """
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("a notification is written in the transaction of the change")
    messages = list(messages)
    for message in messages:
        _check(message)
    pairs = [(message, _as_recipient(one)) for message in messages for one in message.recipients]
    now = timezone.now()
    new = 0
    for part in _parts(pairs):
        new += _write(part, now)
    if new:
        wake_up()
    return new


def wake_up() -> None:
    """Send the workers one wake-up when this transaction commits, however often it is called in it.

    The message carries nothing. A broker that is away does not hinder the change: the sweep comes every 30 seconds.
    """
    if any(call is _send_wake_up for _, call, *_ in connection.run_on_commit):
        return
    transaction.on_commit(_send_wake_up, robust=True)


def _send_wake_up() -> None:
    current_app.tasks[_WAKE_UP].apply_async(expires=120)


def _check(message: Message) -> None:
    if not rules.is_event(message.event) or len(message.event) > 60:
        raise ValueError(f"not a dotted event: {message.event!r}")
    if not rules.is_subject(message.subject) or len(message.subject) > 100:
        raise ValueError("subject is app.model:key, for example grievances.grievance:123")
    if not rules.is_local_path(message.url) or len(message.url) > 200:
        raise ValueError("url is an address on this site, for example /grievances/123/")
    if not message.title.strip() or len(message.title) > 100 or len(message.body) > 2000:
        raise ValueError("a title has 1 to 100 characters, a body 2,000 at most")
    if not message.dedupe or len(message.dedupe) > 200:
        raise ValueError("dedupe has 1 to 200 characters")
    if any(scrub(text) != text for text in (message.subject, message.dedupe, message.url)):
        raise ValueError("a phone or identity number in subject, dedupe or url")


def _as_recipient(one: Recipient | User) -> Recipient:
    return one if isinstance(one, Recipient) else Recipient(user_id=one.pk)


def _parts(pairs: list[tuple[Message, Recipient]]) -> Iterator[list[tuple[Message, Recipient]]]:
    for start in range(0, len(pairs), AT_ONCE):
        yield pairs[start : start + AT_ONCE]


def _write(pairs: list[tuple[Message, Recipient]], now: datetime) -> int:
    drafts: dict[str, tuple[Message, Recipient, str, datetime]] = {}
    for message, recipient in pairs:
        key = recipient.key
        due_at = max(message.at or now, message.not_before or message.at or now)
        drafts.setdefault(f"{message.dedupe}:{key}", (message, recipient, key, due_at))
    rows = [
        Notification(
            event=message.event,
            user_id=recipient.user_id,
            phone=recipient.phone,
            email=recipient.email,
            recipient=key,
            subject=message.subject,
            title=scrub(message.title),
            body=scrub(message.body),
            url=message.url,
            urgent=message.urgent,
            dedupe_key=dedupe_key,
            created_at=message.at or now,
            due_at=due_at,
        )
        for dedupe_key, (message, recipient, key, due_at) in drafts.items()
    ]
    new = insert_new(rows)
    ways = _Ways({recipient.user_id for _, recipient, _, _ in drafts.values() if recipient.user_id is not None})
    deliveries = []
    for dedupe_key, pk in new.items():
        message, recipient, key, due_at = drafts[dedupe_key]
        for channel in ways.channels(message.event, recipient):
            outside = channel != ChannelKind.IN_APP
            digest = outside and not message.urgent and recipient.user_id in ways.digests
            first = due_at
            if digest:
                first = rules.next_digest(due_at)
            elif outside and not message.urgent:
                first = rules.after_quiet_hours(due_at)
            deliveries.append(
                Delivery(
                    notification_id=pk,
                    channel=channel,
                    recipient=key,
                    subject=message.subject,
                    urgent=message.urgent,
                    digest=digest,
                    not_before=message.not_before,
                    due_at=first,
                )
            )
    for start in range(0, len(deliveries), AT_ONCE):
        part = deliveries[start : start + AT_ONCE]
        for delivery, (pk,) in zip(part, _insert(part, "RETURNING id"), strict=True):
            delivery.pk = pk
    _hurry([one for one in deliveries if one.urgent and one.channel != ChannelKind.IN_APP], now)
    return len(new)


def _hurry(urgent: list[Delivery], now: datetime) -> None:
    """Let what waits before an urgent message in its case go before it, instead of holding it up till morning.

    One query where anything is urgent and leaves the portal, one UPDATE for each row that waited; those are few.
    """
    if not urgent:
        return
    last: dict[tuple[str, str, str], Delivery] = {}
    for one in urgent:
        last.setdefault((one.recipient, one.subject, one.channel), one)
    waiting = Delivery.objects.filter(
        Q(not_before__isnull=True) | Q(not_before__lte=now),
        recipient__in={recipient for recipient, _, _ in last},
        subject__in={subject for _, subject, _ in last},
        channel__in=EXTERNAL,
        status=DeliveryStatus.WAITING,
        urgent=False,
    ).exclude(channel=ChannelKind.IN_APP)
    for row in waiting.only("recipient", "subject", "channel", "due_at"):
        following = last.get((row.recipient, row.subject, row.channel))
        if following is not None and row.pk < following.pk:
            due_at = min(row.due_at, following.due_at)
            Delivery.objects.filter(pk=row.pk, status=DeliveryStatus.WAITING).update(
                urgent=True, digest=False, due_at=due_at
            )


def insert_new(rows: list[Notification]) -> dict[str, int]:
    """Insert notifications whose key is not there yet; return {dedupe key: id} of those, in their order. One INSERT.

    ON CONFLICT DO NOTHING names the one key it means, unlike bulk_create(ignore_conflicts): there any broken rule
    would lose the row in silence, and the ids of the new ones are not told.
    """
    written = _insert(rows, "ON CONFLICT (dedupe_key) DO NOTHING RETURNING id, dedupe_key")
    return {dedupe_key: pk for pk, dedupe_key in written}


def _insert(rows: Sequence[Notification] | Sequence[Delivery], ending: str) -> list[tuple]:
    """Insert rows of one model in one statement; return what it returns, by its first column.

    Columns that are stored as they are in Python are not prepared one by one: that would be half of the time.
    """
    if not rows:
        return []
    meta = rows[0]._meta
    fields = [one for one in meta.concrete_fields if not one.primary_key]
    params = []
    for row in rows:
        for field in fields:
            value = getattr(row, field.attname)
            plain = value is None or (type(value) in _PLAIN and not isinstance(field, ProtectedField))
            params.append(value if plain else field.get_db_prep_save(value, connection))
    columns = ", ".join(connection.ops.quote_name(one.column) for one in fields)
    values = ", ".join(["(" + ", ".join(["%s"] * len(fields)) + ")"] * len(rows))
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {meta.db_table} ({columns}) VALUES {values} {ending}", params)  # noqa: S608 - names
        return sorted(cursor.fetchall())


class _Ways:
    """Which channels lead to which accounts; two or three queries for any number of them, none where none is asked."""

    def __init__(self, user_ids: set[int]) -> None:
        self.outside = tuple(kind for kind in EXTERNAL if available(kind))
        self.digests: set[int] = set()
        self._addresses: dict[int, set[str]] = {}
        self._chosen: dict[tuple[int, str, str], bool] = {}
        if user_ids and self.outside:
            self._read(user_ids)

    def _read(self, user_ids: set[int]) -> None:
        open_users = User.objects.open_for_sign_in().filter(pk__in=user_ids)
        for pk, phone_index in open_users.values_list("pk", "phone_index"):
            self._addresses[pk] = {ChannelKind.SMS} if phone_index else set()
        settings = RecipientSettings.objects.filter(user__in=user_ids)
        blank = [Case(When(**{name: ""}, then=False), default=True) for name in ("email", "wecom_id")]
        for pk, has_email, has_wecom, digest in settings.values_list("user_id", *blank, "digest"):
            if pk not in self._addresses:
                continue
            if digest:
                self.digests.add(pk)
            if has_email:
                self._addresses[pk].add(ChannelKind.EMAIL)
            if has_wecom:
                self._addresses[pk].add(ChannelKind.WECOM)
        chosen = Preference.objects.filter(user__in=user_ids)
        self._chosen = {
            (pk, group, channel): is_on
            for pk, group, channel, is_on in chosen.values_list("user_id", "group", "channel", "is_on")
        }

    def channels(self, event: str, recipient: Recipient) -> list[str]:
        """Return the channels of one message to one recipient, the inbox first."""
        if recipient.user_id is None:
            # Not configured is told at the delivery: a message without any way would be lost in silence.
            ways = ((ChannelKind.SMS, recipient.phone), (ChannelKind.EMAIL, recipient.email))
            return [channel for channel, address in ways if address]
        group = rules.group_of(event)
        addresses = self._addresses.get(recipient.user_id, ())
        wanted = (kind for kind in self.outside if kind in addresses)
        return [ChannelKind.IN_APP, *(kind for kind in wanted if self._is_on(recipient.user_id, group, kind))]

    def _is_on(self, user_id: int, group: EventGroup, channel: str) -> bool:
        chosen = self._chosen.get((user_id, group, channel))
        return rules.is_on_by_default(group, channel) if chosen is None else chosen
