"""What people choose: channels for groups of events, addresses, the digest."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from foundation.accounts.models import User
from foundation.audit import trail
from foundation.notifications import rules
from foundation.notifications.choices import EXTERNAL, ChannelKind, DeliveryStatus, EventGroup
from foundation.notifications.models import Delivery, Preference, RecipientSettings
from foundation.notifications.workflow.publishing import wake_up

_ADDRESSES = ("email", "wecom_id")


def settings_of(user: User) -> RecipientSettings:
    """Return the settings of an account; not stored yet, those it begins with. One query."""
    return RecipientSettings.objects.filter(user=user).first() or RecipientSettings(user=user)


def choices_of(user: User) -> dict[tuple[str, str], bool]:
    """Return {(group, channel): on} for every group and outside channel, in the order they are shown. One query."""
    chosen = {
        (group, channel): is_on
        for group, channel, is_on in Preference.objects.filter(user=user).values_list("group", "channel", "is_on")
    }
    pairs = [(group.value, channel.value) for group in EventGroup for channel in EXTERNAL]
    return {pair: chosen.get(pair, rules.is_on_by_default(*pair)) for pair in pairs}


def choose(
    user: User,
    on: Mapping[tuple[str, str], bool],
    *,
    email: str,
    wecom_id: str,
    digest: bool,
    at: datetime | None = None,
) -> None:
    """Keep one's own choices; holds for what is published from now on.

    `on` maps (group, outside channel) to on or off; pairs left out stay as they are. Without the digest from now on,
    what waited for it is sent soon. A change of address is traced, with the address masked; a choice is a taste.

    Raises ValueError for the inbox, which cannot be switched off, and for unknown groups and channels. Six statements
    at most, one for each choice that changed.
    """
    known = choices_of(user)
    if not on.keys() <= known.keys():
        raise ValueError("a choice is a known group and an outside channel")
    with transaction.atomic():
        for (group, channel), is_on in on.items():
            if known[group, channel] != is_on:
                Preference.objects.update_or_create(user=user, group=group, channel=channel, defaults={"is_on": is_on})
        before = settings_of(user)
        now = {"email": email, "wecom_id": wecom_id}
        RecipientSettings.objects.update_or_create(user=user, defaults=now | {"digest": digest})
        changed = {
            name: (getattr(before, name), now[name]) for name in _ADDRESSES if getattr(before, name) != now[name]
        }
        if changed:
            trail.record("notification.change_address", before, actor=user, fields=changed, label=user.username)
        if before.digest and not digest:
            at = at or timezone.now()
            waiting = Delivery.objects.filter(
                recipient=f"user:{user.pk}", digest=True, status=DeliveryStatus.WAITING
            ).exclude(channel=ChannelKind.IN_APP)
            if waiting.update(digest=False, due_at=rules.after_quiet_hours(at)):
                wake_up()
