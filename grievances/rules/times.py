"""How a due time is said: overdue, today, later. Pure; time and calendar are passed in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from grievances.rules.clocks import CHINA

SOON_DAYS = 3  # working days


@dataclass(frozen=True, slots=True)
class Said:
    """Words for a due time with their tone: bad, warn or ok."""

    text: str
    tone: str


def length(span: timedelta) -> str:
    """Return a length of time in its two largest units: 3 天 20 小时, 3 小时 55 分, 25 分钟."""
    minutes = max(int(span.total_seconds() // 60), 1)
    days, rest = divmod(minutes, 24 * 60)
    hours, rest = divmod(rest, 60)
    if days:
        return f"{days} 天 {hours} 小时" if hours else f"{days} 天"
    if hours:
        return f"{hours} 小时 {rest} 分" if rest else f"{hours} 小时"
    return f"{rest} 分钟"


def said(due_at: datetime, at: datetime) -> Said:
    """Return how far away a due time is: 超 20 小时, 剩 35 分钟 (today), 11-25 18:00 (later)."""
    if due_at <= at:
        return Said(f"超 {length(at - due_at)}", "bad")
    local, now = due_at.astimezone(CHINA), at.astimezone(CHINA)
    if due_at < end_of(now.date()):
        return Said(f"剩 {length(due_at - at)}", "warn")
    return Said(f"{local:%m-%d %H:%M}" if local.year == now.year else f"{local:%Y-%m-%d %H:%M}", "ok")


def end_of(day: date) -> datetime:
    """Return the midnight in China that ends a day."""
    return datetime.combine(day + timedelta(days=1), datetime.min.time(), CHINA)


def working_days_left(due_at: datetime, at: datetime, calendar: Mapping[date, bool]) -> int | None:
    """Return how many working days lie after today up to the day it is due; None where the calendar has a gap."""
    day, last, left = at.astimezone(CHINA).date(), due_at.astimezone(CHINA).date(), 0
    while day < last:
        day += timedelta(days=1)
        if day not in calendar:
            return None
        left += calendar[day]
    return left


def end_of_soon(at: datetime, calendar: Mapping[date, bool]) -> datetime | None:
    """Return the midnight that ends the third working day after today; None where the calendar has a gap."""
    day, counted = at.astimezone(CHINA).date(), 0
    while counted < SOON_DAYS:
        day += timedelta(days=1)
        if day not in calendar:
            return None
        counted += calendar[day]
    return end_of(day)
