"""Doors of notifications: one's own inbox and choices; given-up deliveries for system administrators."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from itertools import groupby
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from foundation.audit.trail import Conflict, NotAllowed
from foundation.notifications import rules, workflow
from foundation.notifications.channels import available
from foundation.notifications.choices import EXTERNAL, ChannelKind, DeliveryStatus
from foundation.notifications.forms import PreferencesForm
from foundation.notifications.models import Delivery, Notification
from foundation.notifications.querysets import DeliveryQuerySet
from foundation.notifications.workflow.resending import AT_ONCE
from foundation.protection.masks import mask_email, mask_phone

PAGE = 30
# What was not sent, in parts: what failed is for somebody to look into, what met no channel is not.
SHOWN: dict[str, tuple[str, Callable[[DeliveryQuerySet], DeliveryQuerySet]]] = {
    "": ("没发成", DeliveryQuerySet.failed),
    "refused": ("被拒绝", lambda rows: rows.failed().filter(status=DeliveryStatus.REFUSED)),
    "quarantined": ("已搁置", lambda rows: rows.filter(status=DeliveryStatus.QUARANTINED)),
    "off": ("通道未开通", DeliveryQuerySet.without_channel),
}
COUNTED = ("", "off")


@login_required
@require_GET
def inbox(request):
    """Show one's own notifications by day, newest first, all or the unread. Three queries at most."""
    show = "unread" if request.GET.get("show") == "unread" else ""
    mine = Notification.objects.visible_to(request.user)
    rows = mine.unread() if show else mine
    before = mine.filter(pk=_number(request.GET.get("before"))).values_list("due_at", "pk").first()
    if before:
        rows = rows.filter(Q(due_at__lt=before[0]) | Q(due_at=before[0], pk__lt=before[1]))
    page = list(rows.newest_first()[: PAGE + 1])
    more, page = len(page) > PAGE, page[:PAGE]
    unread = workflow.unread_shown(request.user)
    here = reverse("notifications:list")
    asked = {"show": show} if show else {}
    context = {
        "days": [(day, list(of_day)) for day, of_day in groupby(page, key=lambda row: timezone.localdate(row.due_at))],
        "unread": unread,
        "show": show,
        "tabs": [
            {"label": "全部", "url": here, "current": not show},
            {"label": "未读", "url": f"{here}?show=unread", "current": bool(show), "count": _shown(unread)},
        ],
        "first_url": f"{here}?{urlencode(asked)}" if before else "",
        "next_url": f"{here}?{urlencode(asked | {'before': page[-1].pk})}" if more else "",
        "may_see_deliveries": rules.may(request.user, rules.RESEND),
    }
    return render(request, "notifications/inbox.html", context)


@login_required
@require_POST
def read(request, pk: int):
    """Mark one read; with `open`, go to what it is about. An htmx caller gets the line and the bell anew."""
    notification = Notification.objects.visible_to(request.user).filter(pk=pk).first()
    if notification is None:
        raise Http404
    workflow.mark_read(request.user, pk)
    if "open" in request.POST:
        return redirect(notification.url or "notifications:list")
    if getattr(request, "htmx", False):
        notification.read_at = notification.read_at or timezone.now()
        return render(request, "notifications/_read.html", {"row": notification})
    return redirect("notifications:list")


@login_required
@require_POST
def read_all(request):
    """Mark everything read and say how many those were."""
    number = workflow.mark_all_read(request.user)
    messages.success(request, f"已把 {number} 条标为已读" if number else "没有未读的通知")
    return redirect("notifications:list")


@login_required
@require_http_methods(["GET", "POST"])
def preferences(request):
    """Show and take one's own choices."""
    channels = tuple(kind for kind in EXTERNAL if available(kind))
    now = workflow.settings_of(request.user)
    initial = {"email": now.email, "wecom_id": now.wecom_id, "digest": now.digest}
    form = PreferencesForm(
        request.POST or None, initial=initial, channels=channels, on=workflow.choices_of(request.user)
    )
    if request.method == "POST" and form.is_valid():
        given = {name: form.cleaned_data.get(name, value) for name, value in initial.items()}
        workflow.choose(request.user, form.chosen, **given)
        messages.success(request, "通知设置已保存")
        return redirect("notifications:preferences")
    context = {"form": form, "channels": channels, "has_phone": bool(request.user.phone)}
    return render(request, "notifications/preferences.html", context, status=422 if form.errors else 200)


@login_required
@require_GET
def deliveries(request):
    """Show what was not sent, newest first, recipients masked: what failed, or what met a channel that is off.

    Four queries and those of the decider.
    """
    _require_resend(request)
    shown, channel, rows = _asked(request.GET)
    before = _number(request.GET.get("before"))
    found = rows.select_related("notification__user")
    page = list((found.filter(pk__lt=before) if before else found)[: PAGE + 1])
    more, page = len(page) > PAGE, page[:PAGE]
    off = [kind for kind in EXTERNAL if not available(kind)]
    waiting = workflow.resendable(rows)[: AT_ONCE + 1].count()
    context = {
        "rows": [(row, _masked_recipient(row.notification), row.channel not in off) for row in page],
        "show": shown,
        "channel": channel,
        "tabs": [
            {
                "label": label,
                "url": _deliveries(code, channel),
                "current": code == shown,
                "count": _some(narrow(_given_up(channel))) if code in COUNTED else "",
            }
            for code, (label, narrow) in SHOWN.items()
        ],
        "kinds": [("", "全部通道", _deliveries(shown, ""))]
        + [(kind.value, kind.label, _deliveries(shown, kind.value)) for kind in EXTERNAL],
        "first_url": _deliveries(shown, channel) if before else "",
        "next_url": _deliveries(shown, channel, before=page[-1].pk) if more else "",
        "channels": [(kind.label, kind not in off) for kind in EXTERNAL],
        "is_any_on": len(off) < len(EXTERNAL),
        "off": "、".join(kind.label for kind in off),
        "waiting": min(waiting, AT_ONCE),
        "waiting_more": waiting > AT_ONCE,
        "seen_at": timezone.now().isoformat(),
    }
    return render(request, "notifications/deliveries.html", context)


@login_required
@require_POST
def resend_all(request):
    """Let all that the list shows wait again, as it was when it was looked at."""
    _require_resend(request)
    shown, channel, rows = _asked(request.POST)
    now = timezone.now()
    words = {"show": SHOWN[shown][0]} | ({"channel": ChannelKind(channel).label} if channel else {})
    number = workflow.resend_all(
        request.user, rows, seen_at=min(_moment(request.POST.get("seen_at")) or now, now), at=now, filters=words
    )
    left = workflow.resendable(rows)[: AT_ONCE + 1].count()
    if number:
        later = "，7:00 以后发出，紧急的马上发" if rules.is_quiet(now) else "，马上发出"
        further = f"。还有 {left if left <= AT_ONCE else f'{AT_ONCE:,} 多'} 条，再点一次" if left else ""
        messages.success(request, f"{number:,} 条已排队{later}{further}")
    else:
        messages.info(request, "这些已经重发过，或者通道还没有开通")
    return redirect(_deliveries(shown, channel))


@login_required
@require_POST
def resend(request, pk: int):
    """Let a delivery wait again, and go back to the list it stood in."""
    _require_resend(request)
    shown, channel, _ = _asked(request.POST)
    delivery = get_object_or_404(Delivery.objects.given_up().select_related("notification"), pk=pk)
    try:
        workflow.resend(request.user, delivery)
    except (Conflict, NotAllowed) as error:
        messages.warning(request, str(error))
    else:
        later = rules.is_quiet(timezone.now()) and not delivery.urgent
        messages.success(request, "已排队，7:00 以后发出" if later else "已排队，马上发出")
    return redirect(_deliveries(shown, channel))


def _asked(data) -> tuple[str, str, DeliveryQuerySet]:
    """Return which part of what was given up is asked for, on which channel ("" is every one), and its rows."""
    shown = data.get("show", "") if data.get("show", "") in SHOWN else ""
    channel = data.get("channel", "") if data.get("channel", "") in EXTERNAL else ""
    return shown, channel, SHOWN[shown][1](_given_up(channel))


def _given_up(channel: str) -> DeliveryQuerySet:
    rows = Delivery.objects.given_up()
    return rows.filter(channel=channel) if channel else rows


def _deliveries(shown: str, channel: str, **more) -> str:
    asked = {name: value for name, value in {"show": shown, "channel": channel, **more}.items() if value}
    here = reverse("notifications:deliveries")
    return f"{here}?{urlencode(asked)}" if asked else here


def _some(rows: DeliveryQuerySet) -> str:
    """Return how many, beyond a thousand only that."""
    number = rows[: AT_ONCE + 1].count()
    return f"{AT_ONCE:,}+" if number > AT_ONCE else str(number) if number else ""


def _moment(text: str | None) -> datetime | None:
    try:
        moment = parse_datetime(text or "")
    except ValueError:
        return None
    return moment if moment is not None and moment.tzinfo is not None else None


def _require_resend(request) -> None:
    if not rules.may(request.user, rules.RESEND):
        raise PermissionDenied("通知投递由系统管理员查看。")


def _masked_recipient(notification: Notification) -> str:
    if notification.user is not None:
        return f"账号 {notification.user.username}"
    return mask_phone(notification.phone) if notification.phone else mask_email(notification.email)


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 18 else 0


def _shown(unread: int) -> str:
    return "99+" if unread > 99 else str(unread) if unread else ""
