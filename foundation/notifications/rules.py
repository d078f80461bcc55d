"""Rules of notifications: quiet hours, back-off, who may send again. Pure; time is passed in."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Q

from foundation.notifications.choices import DEFAULTS, GROUP_OF, ChannelKind, EventGroup

QUIET_FROM, QUIET_UNTIL = time(22, 0), time(7, 0)  # nobody's phone rings for what can wait until morning
DIGEST_AT = time(8, 0)
PORTAL_TIME = ZoneInfo("Asia/Shanghai")

BACK_OFF_MINUTES = (1, 5, 25, 60)  # after the first, second, third failure; the last goes on
MOST_ATTEMPTS = 8  # calls a provider did not answer, about four and a half hours; then set aside
MOST_STARTS = 4  # workers that died over a row with nothing written down; then set aside

# What can be done to deliveries. Who may do it is known to branches, which registers its answer.
RESEND = "resend"

_EVENT = re.compile(r"[a-z_]+(\.[a-z_]+)+", re.ASCII)
_SUBJECT = re.compile(r"[a-z_]+(\.[a-z_]+)*:[A-Za-z0-9_.-]+", re.ASCII)
_LOCAL_PATH = re.compile(r"/(?![/\\])[!-\[\]-~]*", re.ASCII)

_deciders: list[Callable[[object, str], bool]] = []
_veils: list[Callable[[datetime], Q]] = []


def register_decider(decider: Callable[[object, str], bool]) -> None:
    """Add a function (actor, action) -> bool that may allow an action on deliveries.

    The lower floor knows no posts: branches registers here, in `ready()`, what docs/permissions.csv says.
    """
    if decider not in _deciders:
        _deciders.append(decider)


def register_veil(veil: Callable[[datetime], Q]) -> None:
    """Add a function (instant) → condition on notifications that their recipient may read no more.

    The lower floor knows no posts: branches registers, in `ready()`, that what came in a post ends with the post.
    """
    if veil not in _veils:
        _veils.append(veil)


def veils(at: datetime) -> list[Q]:
    """Return the conditions under which a notification is in nobody's inbox at an instant any more. No query."""
    return [veil(at) for veil in _veils]


def may(actor, action: str) -> bool:
    """Return whether an actor may do this; None is the system itself. Costs what the registered deciders cost."""
    return actor is None or any(decide(actor, action) for decide in _deciders)


def group_of(event: str) -> EventGroup:
    """Return the group of an event ("grievance.accepted" → 诉求)."""
    return GROUP_OF.get(event.partition(".")[0], EventGroup.OTHER)


def is_on_by_default(group: str, channel: str) -> bool:
    """Return whether a channel is on for a group of events until somebody chooses otherwise."""
    return channel == ChannelKind.IN_APP or channel in DEFAULTS[EventGroup(group)]


def is_quiet(at: datetime) -> bool:
    """Return whether an instant lies in the quiet hours, 22:00 to 7:00 in Asia/Shanghai."""
    clock = at.astimezone(PORTAL_TIME).time()
    return clock >= QUIET_FROM or clock < QUIET_UNTIL


def after_quiet_hours(at: datetime) -> datetime:
    """Return the instant itself, or the end of the quiet hours it lies in."""
    if not is_quiet(at):
        return at
    local = at.astimezone(PORTAL_TIME)
    day = local.date() + timedelta(days=1 if local.time() >= QUIET_FROM else 0)
    return datetime.combine(day, QUIET_UNTIL, PORTAL_TIME)


def next_digest(at: datetime) -> datetime:
    """Return when the next daily digest is made: 8:00 in Asia/Shanghai, after `at`."""
    local = at.astimezone(PORTAL_TIME)
    day = local.date() + timedelta(days=1 if local.time() >= DIGEST_AT else 0)
    return datetime.combine(day, DIGEST_AT, PORTAL_TIME)


def next_attempt(at: datetime, attempts: int, *, urgent: bool) -> datetime:
    """Return when to try again after the given number of failures (at least one), quiet hours respected."""
    wait = BACK_OFF_MINUTES[min(attempts, len(BACK_OFF_MINUTES)) - 1]
    again = at + timedelta(minutes=wait)
    return again if urgent else after_quiet_hours(again)


def is_event(text: str) -> bool:
    """Return whether a text is a dotted event ("grievance.accepted")."""
    return bool(_EVENT.fullmatch(text))


def is_subject(text: str) -> bool:
    """Return whether a text names a row ("grievances.grievance:123")."""
    return bool(_SUBJECT.fullmatch(text))


def is_local_path(text: str) -> bool:
    """Return whether a text is "" or an address on this site ("/grievances/123/")."""
    return not text or bool(_LOCAL_PATH.fullmatch(text))
