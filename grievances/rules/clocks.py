"""When something is due: one arithmetic for every deadline, pure, in Asia/Shanghai.

Source: docs/domain (clocks). Hour limits run around the clock; day limits count the days of the official calendar from
the day after the start (《民法典》第二百零一条) to the closing time of the last one (第二百零三条). A day the calendar
does not hold is never guessed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from grievances.choices import Unit

CHINA = ZoneInfo("Asia/Shanghai")
ROUND_THE_CLOCK = time(0, 0)  # closing at 24:00
OFFICE_CLOSES = time(18, 0)

Interval = tuple[datetime, datetime | None]  # [from, until); None: still open


@dataclass(frozen=True, slots=True)
class Limit:
    """So many minutes, hours or working days; `closes_at` 00:00 means at 24:00 of the day."""

    amount: int
    unit: str
    closes_at: time = OFFICE_CLOSES


@dataclass(frozen=True, slots=True)
class Due:
    """The due instant, or why there is none; and how it was counted.

    `at` is aware (Asia/Shanghai). Without it either `missing` is the first day the calendar does not hold, or the
    clock stands still (`paused`). `counted` are the days of a day limit, `held` what pauses added to an hour limit.
    """

    at: datetime | None
    limit: Limit
    start: datetime
    counted: tuple[date, ...] = ()
    held: timedelta = timedelta(0)
    missing: date | None = None
    paused: bool = False

    def __str__(self) -> str:
        """Return the counting in words: 5 个工作日：11-23、24、25、26、27，至 18:00."""
        return explain(self)


def due(
    start: datetime, limit: Limit, *, pauses: Iterable[Interval] = (), calendar: Mapping[date, bool], extension: int = 0
) -> Due:
    """Return when something started at `start` (aware) is due. No query, no clock.

    `calendar` maps each known day to whether it is worked; `pauses` may touch, overlap and be open; `extension` are
    working days granted on top of a day limit.
    """
    start = start.astimezone(CHINA)
    spans = _merged(pauses)
    if limit.unit == Unit.WORKING_DAYS:
        return _by_days(start, limit, spans, calendar, limit.amount + extension)
    return _by_the_clock(start, limit, spans)


def _by_the_clock(start: datetime, limit: Limit, spans: Sequence[Interval]) -> Due:
    length = timedelta(minutes=limit.amount) if limit.unit == Unit.MINUTES else timedelta(hours=limit.amount)
    at, held = start + length, timedelta(0)
    for begun, ended in spans:
        if begun >= at:
            break  # it was due before the pause began
        if ended is None:
            return Due(None, limit, start, held=held, paused=True)
        paused = max(ended - max(begun, start), timedelta(0))
        at, held = at + paused, held + paused
    return Due(at, limit, start, held=held)


def _by_days(
    start: datetime, limit: Limit, spans: Sequence[Interval], calendar: Mapping[date, bool], amount: int
) -> Due:
    day, counted = start.date(), []
    open_since = next((begun for begun, ended in spans if ended is None), None)
    while len(counted) < amount:
        day += timedelta(days=1)
        closing = closing_of(day, limit.closes_at)
        if open_since is not None and closing >= open_since:
            return Due(None, limit, start, tuple(counted), paused=True)
        if day not in calendar:
            if open_since is not None:
                return Due(None, limit, start, tuple(counted), paused=True)
            return Due(None, limit, start, tuple(counted), missing=day)
        if calendar[day] and not _is_paused(closing, spans):
            counted.append(day)
    return Due(closing_of(counted[-1], limit.closes_at), limit, start, tuple(counted))


def closing_of(day: date, closes_at: time) -> datetime:
    """Return the instant a working day closes; 00:00 is the midnight after it."""
    if closes_at == ROUND_THE_CLOCK:
        day += timedelta(days=1)
    return datetime.combine(day, closes_at, CHINA)


def _is_paused(at: datetime, spans: Sequence[Interval]) -> bool:
    return any(begun <= at and (ended is None or at < ended) for begun, ended in spans)


def _merged(pauses: Iterable[Interval]) -> list[Interval]:
    """Return the pauses in order, those that touch or overlap made one, in Asia/Shanghai."""
    found: list[Interval] = []
    for begun, ended in sorted(pauses, key=lambda pause: pause[0]):
        begun, ended = begun.astimezone(CHINA), ended and ended.astimezone(CHINA)
        if ended is not None and ended <= begun:
            continue
        if found and (found[-1][1] is None or begun <= found[-1][1]):
            before = found[-1]
            until = None if ended is None or before[1] is None else max(before[1], ended)
            found[-1] = (before[0], until)
        else:
            found.append((begun, ended))
    return found


def explain(due: Due) -> str:
    """Return how a due time was counted, for people: the same function answers the page and the complainant."""
    limit = due.limit
    if limit.unit == Unit.WORKING_DAYS:
        asked = f"{len(due.counted) if due.at else limit.amount} {Unit.WORKING_DAYS.label}"
    else:
        asked = f"{limit.amount} {Unit(limit.unit).label}"
    if due.paused:
        return f"{asked}：已暂停，补充或恢复以后再接着算"
    if due.missing is not None:
        return f"{asked}：要数到 {due.missing:%Y} 年，日历未载入，载入后再算"
    assert due.at is not None
    if limit.unit == Unit.WORKING_DAYS:
        return f"{asked}：{_days(due.counted)}，至 {_closing(limit)}"
    held = f"，停 {_length(due.held)}" if due.held else ""
    return f"{asked}：{due.start:%m-%d %H:%M} 起{held}，至 {due.at:%m-%d %H:%M}"


def _closing(limit: Limit) -> str:
    return "24:00" if limit.closes_at == ROUND_THE_CLOCK else f"{limit.closes_at:%H:%M}"


def _days(days: Sequence[date]) -> str:
    """Return 11-23、24、27、12-01: the month is said where it changes."""
    said, month = [], None
    for day in days:
        said.append(f"{day:%d}" if day.month == month else f"{day:%m-%d}")
        month = day.month
    return "、".join(said)


def _length(length: timedelta) -> str:
    minutes = max(int(length.total_seconds() // 60), 1)
    days, minutes = divmod(minutes, 24 * 60)
    hours, minutes = divmod(minutes, 60)
    parts = [(days, "天"), (hours, "小时"), (minutes, "分钟")]
    return " ".join(f"{number} {unit}" for number, unit in parts if number)
