"""The channels: how one message leaves the portal. Each call ends well, or raises Refused or Unavailable.

What leaves is the title and an address on this site, never the body: a locked telephone shows it to whoever looks.
The key of a delivery goes along (Idempotency-Key, Message-ID), so that a provider can recognise a second call.
"""

from __future__ import annotations

import hashlib
import json
import os
import smtplib
import urllib.error
import urllib.request
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db import connection, transaction

from foundation.notifications.choices import DIGEST, ChannelKind, DeliveryStatus
from foundation.notifications.models import Delivery
from foundation.protection.masks import scrub

_TRY_AGAIN = frozenset({408, 425, 429})  # client errors that mean: later
_IN_APP_LOCK = 0x6E6F7469  # the advisory lock of whoever marks the inbox


class Refused(Exception):
    """The provider will not take this message, now or later. `code` for machines, the text for people."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


class Unavailable(Exception):
    """The provider did not answer or cannot at the moment; another time it may. `code` as in Refused."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message to one address on one channel."""

    key: str
    recipient: str
    address: str
    template: str
    title: str
    body: str
    url: str
    at: datetime

    @property
    def link(self) -> str:
        """The full address of the page, "" while the portal does not know its own (ORIGIN)."""
        return f"{settings.ORIGIN}{self.url}" if settings.ORIGIN and self.url else ""

    @property
    def line(self) -> str:
        """Title and link in one line."""
        return f"{self.title} {self.link}".strip()


class Channel(Protocol):
    """A way out of the portal."""

    kind: ChannelKind

    def is_configured(self) -> bool:
        """Return whether the settings say where to send. No call, no query."""
        ...

    def send(self, message: Outgoing) -> None:
        """Hand one message to the provider. Raises Refused or Unavailable; returns when it has it."""
        ...


class InApp:
    """The inbox. It reads the notification itself; what is left to do is to note that it is shown."""

    kind = ChannelKind.IN_APP

    def is_configured(self) -> bool:
        """Return True: it is a page of the portal."""
        return True

    def deliver(self, at: datetime, limit: int) -> int:
        """Mark up to `limit` due deliveries sent, in their order, and return how many. One UPDATE, no lease.

        Nothing can be half done: a killed worker's UPDATE never was. On PostgreSQL one worker marks at a time, so that
        nobody passes an older message; the next one waits for some milliseconds.
        """
        with transaction.atomic():
            if connection.vendor == "postgresql":
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_IN_APP_LOCK])
            due = Delivery.objects.due_in_app(at).values("pk")[:limit]
            return Delivery.objects.filter(pk__in=due).update(status=DeliveryStatus.SENT, sent_at=at)


class Email:
    """E-mail by SMTP, with the settings of Django."""

    kind = ChannelKind.EMAIL

    def is_configured(self) -> bool:
        """Return whether EMAIL_HOST is set."""
        return bool(settings.EMAIL_HOST)

    def send(self, message: Outgoing) -> None:
        """Send one mail: the title as its subject, link and site below. A digest lists its titles."""
        listed = message.body if message.template == DIGEST else message.title
        text = "\n\n".join(filter(None, (listed, message.link, f"{settings.SITE_NAME} · 请登录后查看详情，不要回复。")))
        host = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].strip("> ") or "localhost"
        name = hashlib.sha256(message.key.encode()).hexdigest()[:32]
        mail = EmailMessage(
            subject=message.title,
            body=text,
            to=[message.address],
            headers={"Message-ID": f"<{name}@{host}>", "Auto-Submitted": "auto-generated"},
            connection=get_connection(timeout=settings.NOTIFY_TIMEOUT_SECONDS)
            if settings.EMAIL_BACKEND.endswith("smtp.EmailBackend")
            else None,
        )
        try:
            mail.send()
        except smtplib.SMTPRecipientsRefused as error:
            code = min((answer[0] for answer in error.recipients.values()), default=550)
            raise _smtp(code) from None
        except smtplib.SMTPResponseException as error:  # includes refused senders, data and sign-in
            raise _smtp(error.smtp_code) from None
        except (smtplib.SMTPException, OSError) as error:
            raise Unavailable("smtp_unreachable", f"邮件服务器没有应答（{type(error).__name__}）。") from None


def _smtp(code: int) -> Exception:
    """Return the error for an answer of an SMTP server: there 5xx means never and 4xx means later."""
    if code in (530, 534, 535):  # our own sign-in is wrong: not the fault of this message
        return Unavailable(f"smtp_{code}", f"邮件服务器不让本站登录（代码 {code}）。请检查 EMAIL_HOST_USER 和口令。")
    if 500 <= code < 600:
        return Refused(f"smtp_{code}", f"邮件服务器不收这封信（代码 {code}）。多半是邮箱地址不对。")
    return Unavailable(f"smtp_{code}", f"邮件服务器暂时不收信（代码 {code}）。")


class Sms:
    """Text messages by the HTTP gateway of the operator (NOTIFY_SMS_URL): one JSON object per message.

    `{"id": key, "phone": …, "template": event, "text": …}`, `Authorization: Bearer NOTIFY_SMS_TOKEN`.
    """

    kind = ChannelKind.SMS

    def is_configured(self) -> bool:
        """Return whether NOTIFY_SMS_URL is set."""
        return bool(settings.NOTIFY_SMS_URL)

    def send(self, message: Outgoing) -> None:
        """Hand one text message to the gateway."""
        headers = {"Idempotency-Key": message.key}
        if settings.NOTIFY_SMS_TOKEN:
            headers["Authorization"] = f"Bearer {settings.NOTIFY_SMS_TOKEN}"
        content = {"id": message.key, "phone": message.address, "template": message.template, "text": message.line}
        _post(settings.NOTIFY_SMS_URL, content, headers, "短信网关")


class WeCom:
    """A robot of a WeCom group, or an application behind a webhook (NOTIFY_WECOM_URL); mentions the recipient."""

    kind = ChannelKind.WECOM

    def is_configured(self) -> bool:
        """Return whether NOTIFY_WECOM_URL is set."""
        return bool(settings.NOTIFY_WECOM_URL)

    def send(self, message: Outgoing) -> None:
        """Post one line that mentions the recipient. WeCom answers 200 and says in the answer how it went."""
        content = {
            "msgtype": "text",
            "touser": message.address,
            "text": {"content": message.line, "mentioned_list": [message.address]},
        }
        answer = _post(settings.NOTIFY_WECOM_URL, content, {"Idempotency-Key": message.key}, "企业微信")
        code = answer.get("errcode", 0) if isinstance(answer, dict) else 0
        if code in (-1, 45009, 45011, 45033):  # busy, too many calls
            raise Unavailable(f"wecom_{code}", f"企业微信暂时不收（代码 {code}）。")
        if code != 0:
            words = scrub(str(answer.get("errmsg", "")))[:60]
            raise Refused(f"wecom_{code}"[:40], f"企业微信不收这条消息（代码 {code}）。{words}".strip())


class Sink:
    """Stands in for an outside channel while NOTIFY_SINK is set: appends one JSON line per call to that file.

    `{"dedupe_key", "recipient", "template", "at"}`; the recipient is the opaque key, the address stays here.
    """

    def __init__(self, kind: ChannelKind) -> None:
        self.kind = kind

    def is_configured(self) -> bool:
        """Return whether NOTIFY_SINK is set."""
        return bool(settings.NOTIFY_SINK)

    def send(self, message: Outgoing) -> None:
        """Append one line, in one write: several workers may share the file."""
        line = json.dumps(
            {
                "dedupe_key": message.key,
                "recipient": message.recipient,
                "template": message.template,
                "at": message.at.isoformat(),
            }
        )
        try:
            descriptor = os.open(settings.NOTIFY_SINK, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            try:
                os.write(descriptor, f"{line}\n".encode())
            finally:
                os.close(descriptor)
        except OSError as error:
            raise Unavailable("sink", f"NOTIFY_SINK 写不进去（{error.strerror}）。") from None


_CHANNELS: dict[str, Channel] = {one.kind: one for one in (Email(), Sms(), WeCom())}


def outside(kind: str) -> Channel:
    """Return the channel for one kind that leads outside: the sink while NOTIFY_SINK is set."""
    return Sink(ChannelKind(kind)) if settings.NOTIFY_SINK else _CHANNELS[kind]


def available(kind: str) -> bool:
    """Return whether a channel that leads outside is configured. No call, no query."""
    return outside(kind).is_configured()


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        """Follow nowhere: the answer is then an error of its own."""
        return


_OPENER = urllib.request.build_opener(_NoRedirect)


def _post(url: str, content: dict[str, Any], headers: dict[str, str], name: str) -> Any:
    """Post JSON and return the parsed answer, None for another one. Raises Refused or Unavailable.

    The words of the provider are not repeated: they may quote the number.
    """
    request = urllib.request.Request(  # noqa: S310 - the settings allow http and https only
        url,
        data=json.dumps(content, ensure_ascii=False).encode(),
        headers={"Content-Type": "application/json; charset=utf-8"} | headers,
        method="POST",
    )
    try:
        with _OPENER.open(request, timeout=settings.NOTIFY_TIMEOUT_SECONDS) as answer:
            text = answer.read(65536)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code >= 500 or error.code in _TRY_AGAIN:
            raise Unavailable(f"http_{error.code}", f"{name}暂时不收（HTTP {error.code}）。") from None
        raise Refused(f"http_{error.code}", f"{name}不收这条消息（HTTP {error.code}）。") from None
    except TimeoutError:
        raise Unavailable("timeout", f"{name} {settings.NOTIFY_TIMEOUT_SECONDS} 秒没有应答。") from None
    except OSError as error:  # URLError among them
        reason = getattr(error, "reason", error)
        if isinstance(reason, TimeoutError):
            raise Unavailable("timeout", f"{name} {settings.NOTIFY_TIMEOUT_SECONDS} 秒没有应答。") from None
        raise Unavailable("unreachable", f"{name}连不上（{type(reason).__name__}）。") from None
    try:
        return json.loads(text)
    except ValueError:
        return None
