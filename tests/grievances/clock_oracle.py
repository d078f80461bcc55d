"""Worked examples of the grievance clocks, counted by brute force.

This script is the second opinion on the product's deadlines. It follows the page "How a grievance's clocks count" and
imports nothing of the product, on purpose: a mistake in the product cannot then repeat itself here. It knows no
shortcut: a hand is moved over the clock face minute by minute (second by second where an example has seconds), and at
every closing time it looks whether that day counts.

Run it from the root of the project; it takes the calendar as a file and prints the examples:

    python tests/grievances/clock_oracle.py branches/data/workdays.csv > tests/grievances/clock_examples.json

The number of examples of each kind goes to the error output. The script stops with an error when an example that was
worked out by hand comes out differently.

What the page leaves open, and what is taken here:

- A pause is [from, until): a moment equal to "from" is paused, a moment equal to "until" is not.
- A pause that begins at the very moment an hour limit runs out does not move it: no paused time lies before the due
  moment. At a closing time it does: the page says "paused at that day's closing time".
- A pause that begins after the due moment changes nothing, even when it is still open.
- An open pause that keeps the due moment away gives "paused", also where the calendar is missing.
- "counted" holds the days counted so far, also when there is no due moment.
- Extensions are working days, so only day limits have them.
"""

import csv
import json
import sys
from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta, timezone
from typing import NamedTuple

SHANGHAI = timezone(timedelta(hours=8))  # no summer time in these years
WEEKDAYS = "一二三四五六日"
MADE_UP = (
    *("2025-01-26", "2025-02-08", "2025-04-27", "2025-09-28", "2025-10-11"),
    *("2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10"),
)
UNITS = {"minutes": "分钟", "hours": "小时", "working_days": "个工作日"}


class Pause(NamedTuple):
    """A stretch of time in which the clock stands; without an end it is still open."""

    begin: datetime
    end: datetime | None

    def holds(self, moment: datetime) -> bool:
        """Say whether the moment lies in [begin, end)."""
        return self.begin <= moment and (self.end is None or moment < self.end)


class Case(NamedTuple):
    """A question to the clock, and the answer worked out by hand where there is one."""

    kind: str
    start: datetime
    amount: int
    unit: str
    closes_at: str
    extension: int
    pauses: list[Pause]
    by_hand: str | None


class Answer(NamedTuple):
    """What the hand found."""

    due: datetime | None
    why_empty: str
    counted: list[date]
    skipped: list[date]
    stood: timedelta
    missing: date | None


# ---------------------------------------------------------------------------------------------------------------------
# Counting


def read_calendar(path: str) -> dict[date, bool]:
    """Read the days of the file, and whether each is a working day."""
    with open(path, encoding="utf-8", newline="") as file:
        return {date.fromisoformat(row["date"]): row["is_workday"] == "1" for row in csv.DictReader(file)}


def walk_hours(case: Case) -> Answer:
    """Move the hand tick by tick; a tick in a pause uses nothing of the limit."""
    moments = [case.start, *(moment for pause in case.pauses for moment in pause if moment)]
    tick = timedelta(seconds=1) if any(moment.second for moment in moments) else timedelta(minutes=1)
    limit = timedelta(minutes=case.amount) if case.unit == "minutes" else timedelta(hours=case.amount)
    hand, used, stood = case.start, timedelta(0), timedelta(0)
    while used < limit:
        holding = [pause for pause in case.pauses if pause.holds(hand)]
        if any(pause.end is None for pause in holding):
            return Answer(None, "paused", [], [], stood, None)
        if holding:
            stood += tick
        else:
            used += tick
        hand += tick
    return Answer(hand, "", [], [], stood, None)


def walk_days(case: Case, calendar: dict[date, bool]) -> Answer:
    """Move the hand minute by minute from the midnight after the start, and look at the calendar at each closing."""
    closing = time(18, 0) if case.closes_at == "18:00" else time(0, 0)
    counted: list[date] = []
    skipped: list[date] = []
    midnight = datetime.combine(case.start.date(), time(0, 0), SHANGHAI) + timedelta(days=1)
    hand = midnight
    while True:
        hand += timedelta(minutes=1)
        if hand.time() != closing:
            continue
        day = (hand - timedelta(minutes=1)).date()  # the day that is closing; 24:00 is written 00:00 of the next one
        holding = [pause for pause in case.pauses if pause.holds(hand)]
        if any(pause.end is None for pause in holding):
            return Answer(None, "paused", counted, skipped, timedelta(0), None)
        if day not in calendar:
            still_open = any(pause.end is None for pause in case.pauses)
            return Answer(None, "paused" if still_open else "calendar", counted, skipped, timedelta(0), day)
        if not calendar[day]:
            continue
        if holding:
            skipped.append(day)
            continue
        counted.append(day)
        if len(counted) == case.amount + case.extension:
            return Answer(hand, "", counted, skipped, timedelta(0), None)


# ---------------------------------------------------------------------------------------------------------------------
# Words


def name_days(days: list[date], year: int) -> str:
    """Write days the short way: 11-23、24、12-01; the year only where it is another one."""
    parts, before = [], None
    for day in days:
        if before == (day.year, day.month):
            parts.append(f"{day:%d}")
        else:
            parts.append(f"{day:%m-%d}" if day.year == year else f"{day:%Y-%m-%d}")
        before = (day.year, day.month)
    return "、".join(parts)


def name_moment(moment: datetime, year: int) -> str:
    """Write a moment the short way, with seconds only where there are some."""
    shape = "%m-%d %H:%M" if moment.year == year else "%Y-%m-%d %H:%M"
    return moment.strftime(shape + (":%S" if moment.second else ""))


def name_length(length: timedelta) -> str:
    """Write a length of time in hours, minutes and seconds."""
    seconds = int(length.total_seconds())
    parts = ((seconds // 3600, "小时"), (seconds // 60 % 60, "分"), (seconds % 60, "秒"))
    return " ".join(f"{number} {unit}" for number, unit in parts if number)


def say(case: Case, answer: Answer) -> str:
    """Count the example in words, as a person would do by hand."""
    year = case.start.year
    begin = f"从 {name_moment(case.start, year)}（周{WEEKDAYS[case.start.weekday()]}）起"
    if case.unit != "working_days":
        if answer.due is None:
            return f"{begin} {case.amount} {UNITS[case.unit]}，未到时已暂停且暂停未结束，无到期时间"
        stood = f"，其间暂停 {name_length(answer.stood)}，顺延" if answer.stood else ""
        return f"{begin} {case.amount} {UNITS[case.unit]}{stood}，至 {name_moment(answer.due, year)}"
    wanted = f"{case.amount}+{case.extension}" if case.extension else f"{case.amount}"
    begin += f"，延期 {case.extension} 个工作日" if case.extension else ""
    days = f"{name_days(answer.counted, year)} " if answer.counted else ""
    skipped = f"；{name_days(answer.skipped, year)} 闭班时处于暂停，不计" if answer.skipped else ""
    if answer.due is not None:
        last = answer.counted[-1]
        ending = f"{name_days([last], year)} {case.closes_at}"
        return f"{begin}，次日起数 {wanted} 个工作日：{days}共 {len(answer.counted)} 个{skipped}，至 {ending}"
    so_far = f"{begin}，次日起数 {wanted} 个工作日：{days}只数到 {len(answer.counted)} 个{skipped}"
    if answer.why_empty == "paused":
        return f"{so_far}，已暂停且暂停未结束，无到期时间"
    return f"{so_far}，{answer.missing} 的日历未载入，无到期时间"


# ---------------------------------------------------------------------------------------------------------------------
# Examples


def moment(text: str) -> datetime:
    """Read "2026-11-20 15:33" as a moment in Shanghai."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def pauses_of(texts: Iterable[str]) -> list[Pause]:
    """Read "2026-11-24 10:00 > 2026-11-26 09:00"; an open pause has nothing behind the arrow."""
    pauses = []
    for text in texts:
        begin, end = (part.strip() for part in text.split(">"))
        pauses.append(Pause(moment(begin), moment(end) if end else None))
    return pauses


def days(
    kind: str, start: str, amount: int, *pauses: str, at: str = "18:00", plus: int = 0, by_hand: str | None = None
) -> Case:
    """Ask for a limit in working days."""
    return Case(kind, moment(start), amount, "working_days", at, plus, pauses_of(pauses), by_hand)


def hours(kind: str, start: str, amount: int, *pauses: str, at: str = "18:00", by_hand: str | None = None) -> Case:
    """Ask for a limit in hours."""
    return Case(kind, moment(start), amount, "hours", at, 0, pauses_of(pauses), by_hand)


def minutes(kind: str, start: str, amount: int, *pauses: str, at: str = "18:00", by_hand: str | None = None) -> Case:
    """Ask for a limit in minutes."""
    return Case(kind, moment(start), amount, "minutes", at, 0, pauses_of(pauses), by_hand)


def worked() -> list[Case]:
    """Repeat the twelve examples of the page, with the answers printed there."""
    kind = "worked"
    return [
        days(kind, "2026-11-20 15:33", 2, by_hand="2026-11-24 18:00"),
        days(kind, "2026-11-20 15:33", 5, by_hand="2026-11-27 18:00"),
        days(kind, "2026-11-21 10:00", 2, by_hand="2026-11-24 18:00"),
        days(kind, "2026-02-13 09:00", 5, by_hand="2026-02-27 18:00"),
        days(kind, "2026-02-14 20:30", 2, by_hand="2026-02-25 18:00"),
        days(kind, "2026-04-30 17:59", 2, by_hand="2026-05-07 18:00"),
        days(kind, "2026-09-30 18:30", 5, by_hand="2026-10-13 18:00"),
        days(kind, "2026-11-23 09:00", 5, "2026-11-24 10:00 > 2026-11-26 09:00", by_hand="2026-12-02 18:00"),
        days(kind, "2026-11-23 09:00", 5, "2026-11-24 10:00 > 2026-11-24 16:00", by_hand="2026-11-30 18:00"),
        days(kind, "2026-11-23 09:00", 5, plus=5, by_hand="2026-12-07 18:00"),
        days(kind, "2026-12-28 09:00", 5, by_hand="calendar"),
        hours(kind, "2026-11-22 23:10", 2, "2026-11-22 23:30 > 2026-11-22 23:50", by_hand="2026-11-23 01:30"),
    ]


def holidays() -> list[Case]:
    """Start before, in and at the end of each holiday of 2025 and 2026."""
    kind = "holiday"
    return [
        # New Year 2025: 01-01
        days(kind, "2024-12-31 16:20", 1, by_hand="2025-01-02 18:00"),
        days(kind, "2025-01-01 00:00", 2, by_hand="2025-01-03 18:00"),
        days(kind, "2025-01-01 23:59", 5),
        # Spring Festival 2025: 01-28 to 02-04, made up on Sunday 01-26 and Saturday 02-08
        days(kind, "2025-01-24 17:00", 2, by_hand="2025-01-27 18:00"),
        days(kind, "2025-01-24 17:00", 5, by_hand="2025-02-07 18:00"),
        days(kind, "2025-01-27 18:00", 1, by_hand="2025-02-05 18:00"),
        days(kind, "2025-01-28 03:15", 4, by_hand="2025-02-08 18:00"),
        days(kind, "2025-01-31 12:00", 5, at="24:00", by_hand="2025-02-11 00:00"),
        days(kind, "2025-02-04 23:30", 1),
        # Tomb Sweeping 2025: 04-04 to 04-06
        days(kind, "2025-04-03 09:30", 1, by_hand="2025-04-07 18:00"),
        days(kind, "2025-04-04 06:00", 2),
        days(kind, "2025-04-06 23:59", 1),
        # Labour Day 2025: 05-01 to 05-05, made up on Sunday 04-27
        days(kind, "2025-04-25 19:00", 5, by_hand="2025-05-06 18:00"),
        days(kind, "2025-04-30 08:00", 2, by_hand="2025-05-07 18:00"),
        days(kind, "2025-05-02 14:45", 5),
        days(kind, "2025-05-05 21:10", 3, at="24:00"),
        # Dragon Boat 2025: 05-31 to 06-02
        days(kind, "2025-05-30 17:59", 2, by_hand="2025-06-04 18:00"),
        days(kind, "2025-05-31 01:00", 1),
        days(kind, "2025-06-02 18:00", 5),
        # National Day and Mid-Autumn 2025: 10-01 to 10-08, made up on Sunday 09-28 and Saturday 10-11
        days(kind, "2025-09-26 10:10", 5, by_hand="2025-10-10 18:00"),
        days(kind, "2025-09-30 18:01", 3, by_hand="2025-10-11 18:00"),
        days(kind, "2025-10-01 00:01", 4, by_hand="2025-10-13 18:00"),
        days(kind, "2025-10-06 11:11", 2),
        days(kind, "2025-10-08 22:00", 10, at="24:00"),
        # New Year 2026: 01-01 to 01-03, made up on Sunday 01-04
        days(kind, "2025-12-31 09:00", 1, by_hand="2026-01-04 18:00"),
        days(kind, "2026-01-01 12:00", 2, by_hand="2026-01-05 18:00"),
        days(kind, "2026-01-03 23:45", 5),
        # Spring Festival 2026: 02-15 to 02-23, made up on Saturday 02-14 and Saturday 02-28
        days(kind, "2026-02-12 07:00", 2, by_hand="2026-02-14 18:00"),
        days(kind, "2026-02-13 23:59", 1, at="24:00", by_hand="2026-02-15 00:00"),
        days(kind, "2026-02-15 00:00", 5, by_hand="2026-02-28 18:00"),
        days(kind, "2026-02-18 16:00", 6, by_hand="2026-03-02 18:00"),
        days(kind, "2026-02-23 20:20", 2),
        # Tomb Sweeping 2026: 04-04 to 04-06
        days(kind, "2026-04-03 13:00", 2, by_hand="2026-04-08 18:00"),
        days(kind, "2026-04-05 04:40", 5),
        days(kind, "2026-04-06 18:00", 1, at="24:00"),
        # Labour Day 2026: 05-01 to 05-05, made up on Saturday 05-09
        days(kind, "2026-04-30 10:00", 5, by_hand="2026-05-11 18:00"),
        days(kind, "2026-05-01 02:30", 4, by_hand="2026-05-09 18:00"),
        days(kind, "2026-05-03 09:09", 1),
        days(kind, "2026-05-05 17:17", 7, at="24:00"),
        # Dragon Boat 2026: 06-19 to 06-21
        days(kind, "2026-06-18 18:00", 1, by_hand="2026-06-22 18:00"),
        days(kind, "2026-06-19 05:05", 2),
        days(kind, "2026-06-21 15:00", 5),
        # Mid-Autumn 2026: 09-25 to 09-27, made up on Sunday 09-20
        days(kind, "2026-09-18 11:00", 5, by_hand="2026-09-24 18:00"),
        days(kind, "2026-09-24 14:00", 5, by_hand="2026-10-09 18:00"),
        days(kind, "2026-09-26 19:30", 1),
        days(kind, "2026-09-27 06:45", 4),
        # National Day 2026: 10-01 to 10-07, made up on Saturday 10-10
        days(kind, "2026-09-30 00:00", 3, by_hand="2026-10-10 18:00"),
        days(kind, "2026-10-01 10:00", 2, by_hand="2026-10-09 18:00"),
        days(kind, "2026-10-04 23:00", 4, at="24:00", by_hand="2026-10-13 00:00"),
        days(kind, "2026-10-07 08:08", 20),
    ]


def made_up_days() -> list[Case]:
    """Start on the day before each make-up day, and on the make-up day itself."""
    kind = "make-up day"
    found = []
    for index, day in enumerate(MADE_UP):
        before = date.fromisoformat(day) - timedelta(days=1)
        found.append(days(kind, f"{before} {(index * 5 + 3) % 24:02}:40", 1, by_hand=f"{day} 18:00"))
        found.append(days(kind, f"{day} {(index * 7 + 1) % 24:02}:15", 1 + index % 3))
    return [
        *found,
        # paused at the closing time of a make-up day
        days(kind, "2026-02-13 09:00", 1, "2026-02-14 17:00 > 2026-02-14 19:00", by_hand="2026-02-24 18:00"),
        days(kind, "2026-10-09 09:00", 2, "2026-10-10 00:00 > 2026-10-11 00:00", by_hand="2026-10-13 18:00"),
        days(kind, "2025-09-27 21:00", 3, "2025-09-28 18:00 > 2025-09-28 18:01", by_hand="2025-10-09 18:00"),
        days(
            kind, "2025-04-26 21:00", 1, "2025-04-27 23:00 > 2025-04-28 00:30", at="24:00", by_hand="2025-04-29 00:00"
        ),
    ]


def plain() -> list[Case]:
    """Start at every hour of the day, with every limit from one day to twenty, over two years."""
    found = []
    begin = moment("2025-01-02 00:07")
    for index in range(52):
        start = begin + timedelta(days=13, hours=7, minutes=19) * index
        at = "24:00" if index % 3 == 2 else "18:00"
        found.append(days("sweep", start.strftime("%Y-%m-%d %H:%M"), 1 + index * 7 % 20, at=at))
    kind = "edge of day"
    return [
        *found,
        # the hour of the start never matters
        days(kind, "2026-06-10 00:00", 1, by_hand="2026-06-11 18:00"),
        days(kind, "2026-06-10 00:00:01", 1, by_hand="2026-06-11 18:00"),
        days(kind, "2026-06-10 07:59:59", 1, by_hand="2026-06-11 18:00"),
        days(kind, "2026-06-10 08:00", 1, by_hand="2026-06-11 18:00"),
        days(kind, "2026-06-10 17:59:59", 1, by_hand="2026-06-11 18:00"),
        days(kind, "2026-06-10 18:00", 1, by_hand="2026-06-11 18:00"),
        days(kind, "2026-06-10 18:00:01", 1, by_hand="2026-06-11 18:00"),
        days(kind, "2026-06-10 23:59:59", 1, by_hand="2026-06-11 18:00"),
        days(kind, "2026-06-09 23:59:59", 1, by_hand="2026-06-10 18:00"),
        days(kind, "2026-06-10 00:00", 1, at="24:00", by_hand="2026-06-12 00:00"),
        days(kind, "2026-06-10 23:59:59", 1, at="24:00", by_hand="2026-06-12 00:00"),
        days(kind, "2026-06-12 23:59", 1, at="24:00", by_hand="2026-06-16 00:00"),
        days(kind, "2026-06-13 00:00", 1, at="24:00", by_hand="2026-06-16 00:00"),
        days(kind, "2026-06-14 23:59:59", 1, by_hand="2026-06-15 18:00"),
        days(kind, "2026-06-15 00:00", 1, by_hand="2026-06-16 18:00"),
        days(kind, "2025-07-11 06:30", 20, by_hand="2025-08-08 18:00"),
    ]


def day_pauses() -> list[Case]:
    """Pause clocks of working days in every way the page allows."""
    one, several, edge, late, still = "pause: one", "pause: several", "pause: edge", "pause: after due", "pause: open"
    return [
        # one pause; Monday 2026-11-23 is the start unless said otherwise
        days(one, "2026-11-23 09:00", 1, "2026-11-24 12:00 > 2026-11-24 20:00", by_hand="2026-11-25 18:00"),
        days(one, "2026-11-23 09:00", 2, "2026-11-23 10:00 > 2026-11-23 23:00", by_hand="2026-11-25 18:00"),
        days(one, "2026-11-23 09:00", 2, "2026-11-20 10:00 > 2026-11-22 23:00", by_hand="2026-11-25 18:00"),
        days(one, "2026-11-23 09:00", 2, "2026-11-20 10:00 > 2026-11-24 18:30", by_hand="2026-11-26 18:00"),
        days(one, "2026-11-23 09:00", 2, "2026-11-20 10:00 > 2026-11-24 09:30", by_hand="2026-11-25 18:00"),
        days(one, "2026-11-23 09:00", 2, "2026-11-23 09:00 > 2026-11-25 09:00", by_hand="2026-11-26 18:00"),
        days(one, "2026-11-20 09:00", 2, "2026-11-21 09:00 > 2026-11-22 20:00", by_hand="2026-11-24 18:00"),
        days(one, "2026-11-20 09:00", 2, "2026-11-20 17:00 > 2026-11-23 08:00", by_hand="2026-11-24 18:00"),
        days(one, "2026-11-20 09:00", 2, "2026-11-20 17:00 > 2026-11-23 18:30", by_hand="2026-11-25 18:00"),
        days(one, "2026-11-20 09:00", 5, "2026-11-26 17:00 > 2026-12-03 10:00"),
        days(one, "2026-11-20 09:00", 5, "2026-11-25 00:00 > 2026-11-26 00:00"),
        days(one, "2026-11-20 09:00", 5, "2026-11-25 00:00 > 2026-11-26 00:00", at="24:00"),
        # over holidays
        days(one, "2026-02-13 09:00", 5, "2026-02-13 15:00 > 2026-02-24 10:00", by_hand="2026-02-28 18:00"),
        days(one, "2026-02-13 09:00", 5, "2026-02-15 00:00 > 2026-02-24 00:00", by_hand="2026-02-27 18:00"),
        days(one, "2026-02-13 09:00", 5, "2026-02-20 00:00 > 2026-03-01 12:00"),
        days(one, "2026-04-30 09:00", 2, "2026-05-01 08:00 > 2026-05-06 17:59", by_hand="2026-05-07 18:00"),
        days(one, "2026-04-30 09:00", 2, "2026-05-01 08:00 > 2026-05-06 18:01", by_hand="2026-05-08 18:00"),
        days(one, "2025-09-29 09:00", 5, "2025-09-30 08:00 > 2025-10-11 20:00", by_hand="2025-10-17 18:00"),
        days(one, "2025-01-24 09:00", 5, "2025-01-26 10:00 > 2025-02-06 10:00"),
        days(one, "2025-04-03 09:00", 3, "2025-04-04 00:00 > 2025-04-07 00:00"),
        days(one, "2025-05-30 09:00", 3, "2025-05-30 12:00 > 2025-06-03 18:00:01"),
        days(one, "2026-06-18 09:00", 3, "2026-06-18 12:00 > 2026-06-22 19:00"),
        days(one, "2026-09-24 09:00", 4, "2026-09-25 00:00 > 2026-10-08 12:00", by_hand="2026-10-12 18:00"),
        # long: two months in court
        days(one, "2025-03-03 09:00", 5, "2025-03-05 11:00 > 2025-05-06 16:00", by_hand="2025-05-09 18:00"),
        # edges: [from, until)
        days(edge, "2026-11-23 09:00", 1, "2026-11-24 18:00 > 2026-11-24 18:01", by_hand="2026-11-25 18:00"),
        days(edge, "2026-11-23 09:00", 1, "2026-11-24 18:00 > 2026-11-24 18:00:01", by_hand="2026-11-25 18:00"),
        days(edge, "2026-11-23 09:00", 1, "2026-11-24 17:00 > 2026-11-24 18:00", by_hand="2026-11-24 18:00"),
        days(edge, "2026-11-23 09:00", 1, "2026-11-24 17:00 > 2026-11-24 18:00:01", by_hand="2026-11-25 18:00"),
        days(edge, "2026-11-23 09:00", 1, "2026-11-24 17:00 > 2026-11-24 17:59:59", by_hand="2026-11-24 18:00"),
        days(edge, "2026-11-23 09:00", 1, "2026-11-24 18:00 > 2026-11-24 18:00", by_hand="2026-11-24 18:00"),
        days(edge, "2026-11-23 09:00", 2, "2026-11-24 18:00 > 2026-11-25 18:00", by_hand="2026-11-26 18:00"),
        days(edge, "2026-11-23 09:00", 3, "2026-11-24 17:59:59 > 2026-11-26 18:00", by_hand="2026-11-30 18:00"),
        days(edge, "2026-11-20 09:00", 1, "2026-11-20 18:00 > 2026-11-23 18:00", by_hand="2026-11-23 18:00"),
        # edges at 24:00
        days(
            edge, "2026-11-23 09:00", 1, "2026-11-24 17:00 > 2026-11-24 19:00", at="24:00", by_hand="2026-11-25 00:00"
        ),
        days(
            edge, "2026-11-23 09:00", 1, "2026-11-24 20:00 > 2026-11-25 00:00", at="24:00", by_hand="2026-11-25 00:00"
        ),
        days(
            edge, "2026-11-23 09:00", 1, "2026-11-24 20:00 > 2026-11-25 00:01", at="24:00", by_hand="2026-11-26 00:00"
        ),
        days(
            edge, "2026-11-23 09:00", 1, "2026-11-25 00:00 > 2026-11-25 09:00", at="24:00", by_hand="2026-11-26 00:00"
        ),
        days(
            edge, "2026-11-23 09:00", 1, "2026-11-23 20:00 > 2026-11-24 09:00", at="24:00", by_hand="2026-11-25 00:00"
        ),
        days(
            edge, "2026-11-23 09:00", 1, "2026-11-24 00:00 > 2026-11-25 00:00", at="24:00", by_hand="2026-11-25 00:00"
        ),
        days(
            edge, "2026-11-26 09:00", 1, "2026-11-28 00:00 > 2026-11-30 00:00", at="24:00", by_hand="2026-12-01 00:00"
        ),
        days(
            edge, "2026-11-26 09:00", 1, "2026-11-28 00:01 > 2026-11-30 00:00", at="24:00", by_hand="2026-11-28 00:00"
        ),
        # several pauses
        days(
            several,
            "2026-11-23 09:00",
            5,
            "2026-11-24 10:00 > 2026-11-24 19:00",
            "2026-11-26 10:00 > 2026-11-26 19:00",
            by_hand="2026-12-02 18:00",
        ),
        days(
            several,
            "2026-11-23 09:00",
            5,
            "2026-11-24 10:00 > 2026-11-24 17:00",
            "2026-11-24 17:30 > 2026-11-25 09:00",
            "2026-11-27 16:00 > 2026-11-30 10:00",
            by_hand="2026-12-02 18:00",
        ),
        # the second lies behind the first due moment, but before the moved one
        days(
            several,
            "2026-11-23 09:00",
            2,
            "2026-11-24 10:00 > 2026-11-25 10:00",
            "2026-11-26 09:00 > 2026-11-27 09:00",
            by_hand="2026-11-27 18:00",
        ),
        # the second lies behind the moved due moment
        days(
            several,
            "2026-11-23 09:00",
            2,
            "2026-11-24 10:00 > 2026-11-25 10:00",
            "2026-11-26 18:30 > 2026-12-04 09:00",
            by_hand="2026-11-26 18:00",
        ),
        # touching: at closing time, and elsewhere
        days(
            several,
            "2026-11-23 09:00",
            2,
            "2026-11-24 10:00 > 2026-11-24 18:00",
            "2026-11-24 18:00 > 2026-11-24 21:00",
            by_hand="2026-11-26 18:00",
        ),
        days(
            several,
            "2026-11-23 09:00",
            2,
            "2026-11-24 10:00 > 2026-11-24 17:59",
            "2026-11-24 18:01 > 2026-11-24 21:00",
            by_hand="2026-11-25 18:00",
        ),
        days(
            several, "2026-11-23 09:00", 3, "2026-11-24 10:00 > 2026-11-25 12:00", "2026-11-25 12:00 > 2026-11-26 08:00"
        ),
        # overlapping, given in the wrong order, nested, the same twice: no day is left out twice
        days(
            several,
            "2026-11-23 09:00",
            3,
            "2026-11-24 10:00 > 2026-11-25 20:00",
            "2026-11-25 09:00 > 2026-11-26 09:00",
            by_hand="2026-11-30 18:00",
        ),
        days(
            several, "2026-11-23 09:00", 3, "2026-11-26 09:00 > 2026-11-26 19:00", "2026-11-24 10:00 > 2026-11-24 20:00"
        ),
        days(
            several,
            "2026-11-23 09:00",
            3,
            "2026-11-24 10:00 > 2026-11-27 09:00",
            "2026-11-25 09:00 > 2026-11-25 20:00",
            by_hand="2026-12-01 18:00",
        ),
        days(
            several, "2026-11-23 09:00", 3, "2026-11-25 09:00 > 2026-11-25 20:00", "2026-11-24 10:00 > 2026-11-27 09:00"
        ),
        days(
            several, "2026-11-23 09:00", 3, "2026-11-24 10:00 > 2026-11-24 19:00", "2026-11-24 10:00 > 2026-11-24 19:00"
        ),
        days(
            several,
            "2026-09-22 09:00",
            5,
            "2026-09-18 10:00 > 2026-09-23 18:00",
            "2026-09-24 12:00 > 2026-10-02 12:00",
            "2026-10-01 00:00 > 2026-10-08 18:00",
            "2026-10-10 18:00 > 2026-10-12 09:00",
        ),
        days(
            several,
            "2025-12-29 15:00",
            4,
            "2025-12-30 17:00 > 2025-12-31 09:00",
            "2025-12-31 18:00 > 2026-01-04 18:00",
            at="24:00",
        ),
        # begun after the due moment: nothing changes
        days(late, "2026-11-23 09:00", 2, "2026-11-25 18:01 > 2026-11-27 09:00", by_hand="2026-11-25 18:00"),
        days(late, "2026-11-23 09:00", 2, "2026-11-25 18:00:01 > 2026-11-27 09:00", by_hand="2026-11-25 18:00"),
        days(late, "2026-11-23 09:00", 2, "2026-11-26 09:00 > 2026-11-30 09:00", by_hand="2026-11-25 18:00"),
        days(
            late, "2026-11-23 09:00", 2, "2026-11-26 00:01 > 2026-11-30 09:00", at="24:00", by_hand="2026-11-26 00:00"
        ),
        days(late, "2026-11-23 09:00", 2, "2026-11-25 18:01 >", by_hand="2026-11-25 18:00"),
        days(late, "2026-11-23 09:00", 2, "2026-11-25 18:00:01 >", by_hand="2026-11-25 18:00"),
        days(late, "2026-11-23 09:00", 2, "2026-12-24 08:00 >", by_hand="2026-11-25 18:00"),
        days(late, "2026-11-23 09:00", 2, "2026-11-24 17:00 > 2026-11-25 08:00", "2026-11-27 09:00 >"),
        days(late, "2026-02-13 09:00", 1, "2026-02-16 09:00 >", by_hand="2026-02-14 18:00"),
        # still open
        days(still, "2026-11-23 09:00", 2, "2026-11-23 09:30 >", by_hand="paused"),
        days(still, "2026-11-23 09:00", 2, "2026-11-20 09:30 >", by_hand="paused"),
        days(still, "2026-11-23 09:00", 2, "2026-11-23 09:00 >", by_hand="paused"),
        days(still, "2026-11-23 09:00", 2, "2026-11-24 20:00 >", by_hand="paused"),
        days(still, "2026-11-23 09:00", 2, "2026-11-25 17:59 >", by_hand="paused"),
        days(still, "2026-11-23 09:00", 2, "2026-11-25 18:00 >", by_hand="paused"),
        days(still, "2026-11-23 09:00", 2, "2026-11-25 18:01 >", at="24:00", by_hand="paused"),
        days(still, "2026-11-23 09:00", 2, "2026-11-26 00:00 >", at="24:00", by_hand="paused"),
        days(
            still, "2026-11-23 09:00", 2, "2026-11-24 17:00 > 2026-11-25 08:00", "2026-11-26 12:00 >", by_hand="paused"
        ),
        days(
            still, "2026-11-23 09:00", 2, "2026-11-24 17:00 >", "2026-11-25 08:00 > 2026-11-25 09:00", by_hand="paused"
        ),
        days(
            still, "2026-11-23 09:00", 2, "2026-11-24 12:00 > 2026-11-25 12:00", "2026-11-25 12:00 >", by_hand="paused"
        ),
        days(still, "2026-02-13 09:00", 2, "2026-02-16 09:00 >", by_hand="paused"),
        days(still, "2025-10-01 09:00", 5, "2025-10-09 18:30 >", plus=5, by_hand="paused"),
    ]


def paused_sweep() -> list[Case]:
    """Pause clocks at odd moments over two years."""
    found = []
    begin = moment("2025-01-09 02:11")
    for index in range(24):
        start = begin + timedelta(days=29, hours=5, minutes=13) * index
        first = start + timedelta(hours=11 + index * 7 % 60)
        second = first + timedelta(hours=5 + index * 17 % 90)
        third = second + timedelta(hours=index * 11 % 70 - 8)
        fourth = max(second, third) + timedelta(hours=3 + index * 13 % 50)
        shape = "%Y-%m-%d %H:%M"
        found.append(
            days(
                "pause: sweep",
                start.strftime(shape),
                2 + index * 3 % 9,
                f"{first.strftime(shape)} > {second.strftime(shape)}",
                f"{third.strftime(shape)} > {fourth.strftime(shape)}",
                at="24:00" if index % 4 == 1 else "18:00",
                plus=3 if index % 5 == 4 else 0,
            )
        )
    return found


def extensions() -> list[Case]:
    """Extend clocks of working days."""
    kind = "extension"
    return [
        days(kind, "2026-11-20 15:33", 5, plus=5, by_hand="2026-12-04 18:00"),
        days(kind, "2026-11-20 15:33", 2, plus=1, by_hand="2026-11-25 18:00"),
        days(kind, "2026-02-13 09:00", 5, plus=5, by_hand="2026-03-05 18:00"),
        days(kind, "2026-09-30 18:30", 5, plus=5, by_hand="2026-10-20 18:00"),
        days(kind, "2025-09-27 10:00", 5, plus=5, at="24:00"),
        days(kind, "2025-12-24 10:00", 5, plus=3, by_hand="2026-01-06 18:00"),
        days(kind, "2026-11-23 09:00", 5, "2026-11-24 10:00 > 2026-11-26 09:00", plus=5, by_hand="2026-12-09 18:00"),
        # the pause lies behind N days, but before N + k
        days(kind, "2026-11-23 09:00", 5, "2026-12-01 10:00 > 2026-12-03 10:00", plus=5, by_hand="2026-12-09 18:00"),
        days(kind, "2026-11-23 09:00", 5, "2026-12-07 18:01 > 2026-12-09 10:00", plus=5, by_hand="2026-12-07 18:00"),
        days(kind, "2026-11-23 09:00", 5, "2026-12-02 10:00 >", plus=5, by_hand="paused"),
        days(kind, "2026-11-23 09:00", 5, "2026-12-07 18:01 >", plus=5, by_hand="2026-12-07 18:00"),
        days(kind, "2025-04-25 10:00", 10, plus=10),
    ]


def year_ends() -> list[Case]:
    """Count over the end of 2025, which is loaded, and of 2026, which is not."""
    inside, outside = "year end 2025", "year end 2026"
    return [
        days(inside, "2025-12-26 18:30", 5, by_hand="2026-01-05 18:00"),
        days(inside, "2025-12-29 08:00", 2, by_hand="2025-12-31 18:00"),
        days(inside, "2025-12-30 23:59", 1, at="24:00", by_hand="2026-01-01 00:00"),
        days(inside, "2025-12-31 23:59:59", 1, by_hand="2026-01-04 18:00"),
        days(inside, "2025-12-31 10:00", 20, by_hand="2026-01-29 18:00"),
        days(inside, "2025-12-30 10:00", 2, "2025-12-31 17:00 > 2026-01-02 09:00", by_hand="2026-01-05 18:00"),
        days(
            inside, "2025-12-30 10:00", 1, "2026-01-01 00:00 > 2026-01-01 08:00", at="24:00", by_hand="2026-01-05 00:00"
        ),
        # finishes on the last day loaded
        days(outside, "2026-12-30 09:00", 1, by_hand="2026-12-31 18:00"),
        days(outside, "2026-12-28 09:00", 3, by_hand="2026-12-31 18:00"),
        days(outside, "2026-12-24 22:00", 5, by_hand="2026-12-31 18:00"),
        days(outside, "2026-12-26 22:00", 4, at="24:00", by_hand="2027-01-01 00:00"),
        days(outside, "2026-12-17 09:00", 5, plus=5, by_hand="2026-12-31 18:00"),
        days(outside, "2026-12-28 09:00", 2, "2026-12-29 10:00 > 2026-12-30 10:00", by_hand="2026-12-31 18:00"),
        days(outside, "2026-12-28 09:00", 3, "2027-01-04 10:00 > 2027-01-05 10:00", by_hand="2026-12-31 18:00"),
        days(outside, "2026-12-28 09:00", 3, "2026-12-31 18:01 >", by_hand="2026-12-31 18:00"),
        # one day too many
        days(outside, "2026-12-31 00:00", 1, by_hand="calendar"),
        days(outside, "2026-12-31 17:00", 1, at="24:00", by_hand="calendar"),
        days(outside, "2026-12-31 23:59:59", 20, by_hand="calendar"),
        days(outside, "2026-12-28 09:00", 4, by_hand="calendar"),
        days(outside, "2026-12-18 09:00", 10, by_hand="calendar"),
        days(outside, "2026-12-17 09:00", 6, plus=5, by_hand="calendar"),
        days(outside, "2026-12-28 09:00", 3, "2026-12-29 10:00 > 2026-12-30 10:00", by_hand="calendar"),
        days(outside, "2026-12-30 09:00", 1, "2026-12-31 18:00 > 2026-12-31 18:30", by_hand="calendar"),
        days(outside, "2026-12-30 09:00", 1, "2027-01-01 00:00 > 2027-01-01 09:00", at="24:00", by_hand="calendar"),
        days(outside, "2026-12-28 09:00", 5, "2026-12-29 10:00 > 2027-01-06 10:00", by_hand="calendar"),
        # an open pause is said first, for as long as it is open
        days(outside, "2026-12-28 09:00", 5, "2026-12-29 10:00 >", by_hand="paused"),
        days(outside, "2026-12-30 09:00", 1, "2026-12-31 18:00 >", by_hand="paused"),
        days(outside, "2026-12-28 09:00", 5, "2026-12-31 20:00 >", by_hand="paused"),
        days(outside, "2026-12-28 09:00", 5, "2027-01-04 08:00 >", by_hand="paused"),
        # hours need no calendar
        hours(outside, "2026-12-31 23:00", 2, by_hand="2027-01-01 01:00"),
        hours(outside, "2026-12-31 22:00", 2, by_hand="2027-01-01 00:00"),
        minutes(outside, "2026-12-31 23:50", 15, by_hand="2027-01-01 00:05"),
        hours(outside, "2026-12-31 21:00", 2, "2026-12-31 22:00 > 2027-01-01 08:00", by_hand="2027-01-01 09:00"),
        hours(inside, "2025-12-31 23:30", 2, by_hand="2026-01-01 01:30"),
    ]


def short_clocks() -> list[Case]:
    """Run clocks of minutes and hours."""
    plain_kind, kind, late, still = "hours", "hours: pause", "hours: pause after due", "hours: pause open"
    return [
        minutes(plain_kind, "2026-11-20 15:33", 15, by_hand="2026-11-20 15:48"),
        minutes(plain_kind, "2026-11-20 23:50", 15, by_hand="2026-11-21 00:05"),
        minutes(plain_kind, "2026-02-28 23:45", 15, by_hand="2026-03-01 00:00"),
        minutes(plain_kind, "2026-11-20 15:33:20", 15, by_hand="2026-11-20 15:48:20"),
        minutes(plain_kind, "2025-06-30 23:59:59", 1, by_hand="2025-07-01 00:00:59"),
        minutes(plain_kind, "2025-10-01 03:00", 90, by_hand="2025-10-01 04:30"),
        hours(plain_kind, "2026-11-20 15:33", 2, by_hand="2026-11-20 17:33"),
        hours(plain_kind, "2026-11-20 17:30", 2, by_hand="2026-11-20 19:30"),
        hours(plain_kind, "2026-11-20 23:10", 2, by_hand="2026-11-21 01:10"),
        hours(plain_kind, "2026-11-22 22:00", 2, by_hand="2026-11-23 00:00"),
        hours(plain_kind, "2026-11-22 22:00", 2, at="24:00", by_hand="2026-11-23 00:00"),
        hours(plain_kind, "2026-02-16 23:00", 2, by_hand="2026-02-17 01:00"),
        hours(plain_kind, "2026-02-14 20:30", 72, by_hand="2026-02-17 20:30"),
        hours(plain_kind, "2026-09-30 18:30", 48, by_hand="2026-10-02 18:30"),
        hours(plain_kind, "2025-01-27 17:00", 240, by_hand="2025-02-06 17:00"),
        hours(plain_kind, "2025-03-31 12:00", 24, at="24:00", by_hand="2025-04-01 12:00"),
        hours(plain_kind, "2025-02-28 10:00", 24, by_hand="2025-03-01 10:00"),
        hours(plain_kind, "2026-07-08 00:00", 24, by_hand="2026-07-09 00:00"),
        hours(plain_kind, "2026-07-08 00:00:01", 1, by_hand="2026-07-08 01:00:01"),
        # pauses
        minutes(kind, "2026-11-20 15:33", 15, "2026-11-20 15:40 > 2026-11-20 16:40", by_hand="2026-11-20 16:48"),
        minutes(
            kind, "2026-11-20 15:33", 15, "2026-11-20 15:40:10 > 2026-11-20 15:40:55", by_hand="2026-11-20 15:48:45"
        ),
        minutes(kind, "2026-11-20 23:50", 15, "2026-11-21 00:04 > 2026-11-23 09:00", by_hand="2026-11-23 09:01"),
        hours(kind, "2026-11-20 15:00", 2, "2026-11-20 15:00 > 2026-11-20 16:00", by_hand="2026-11-20 18:00"),
        hours(kind, "2026-11-20 15:00", 2, "2026-11-20 14:00 > 2026-11-20 16:00", by_hand="2026-11-20 18:00"),
        hours(kind, "2026-11-20 15:00", 2, "2026-11-20 13:00 > 2026-11-20 15:00", by_hand="2026-11-20 17:00"),
        hours(kind, "2026-11-20 15:00", 2, "2026-11-20 12:00 > 2026-11-20 14:00", by_hand="2026-11-20 17:00"),
        hours(kind, "2026-11-20 15:00", 2, "2026-11-20 16:59 > 2026-11-20 18:00", by_hand="2026-11-20 18:01"),
        hours(kind, "2026-11-20 15:00", 2, "2026-11-20 16:00 > 2026-11-20 17:00", by_hand="2026-11-20 18:00"),
        hours(kind, "2026-11-20 15:00", 2, "2026-11-20 16:00 > 2026-11-20 16:00", by_hand="2026-11-20 17:00"),
        hours(
            kind,
            "2026-11-20 15:00",
            2,
            "2026-11-20 15:30 > 2026-11-20 15:45",
            "2026-11-20 16:30 > 2026-11-20 16:40",
            by_hand="2026-11-20 17:25",
        ),
        # the second begins behind the first due moment, but before the moved one
        hours(
            kind,
            "2026-11-20 15:00",
            2,
            "2026-11-20 16:00 > 2026-11-20 17:00",
            "2026-11-20 17:30 > 2026-11-20 18:30",
            by_hand="2026-11-20 19:00",
        ),
        # touching, overlapping, nested, the same twice, in the wrong order
        hours(
            kind,
            "2026-11-20 15:00",
            2,
            "2026-11-20 15:30 > 2026-11-20 16:00",
            "2026-11-20 16:00 > 2026-11-20 16:30",
            by_hand="2026-11-20 18:00",
        ),
        hours(
            kind,
            "2026-11-20 15:00",
            2,
            "2026-11-20 15:30 > 2026-11-20 16:10",
            "2026-11-20 16:00 > 2026-11-20 16:30",
            by_hand="2026-11-20 18:00",
        ),
        hours(
            kind,
            "2026-11-20 15:00",
            2,
            "2026-11-20 15:30 > 2026-11-20 16:30",
            "2026-11-20 15:40 > 2026-11-20 15:50",
            by_hand="2026-11-20 18:00",
        ),
        hours(
            kind,
            "2026-11-20 15:00",
            2,
            "2026-11-20 15:30 > 2026-11-20 16:30",
            "2026-11-20 15:30 > 2026-11-20 16:30",
            by_hand="2026-11-20 18:00",
        ),
        hours(
            kind,
            "2026-11-20 15:00",
            2,
            "2026-11-20 16:45 > 2026-11-20 16:55",
            "2026-11-20 14:30 > 2026-11-20 15:20",
            "2026-11-20 15:10 > 2026-11-20 15:40",
            by_hand="2026-11-20 17:50",
        ),
        # over midnight and over holidays: by the clock, the calendar is not asked
        hours(kind, "2026-02-14 20:30", 24, "2026-02-15 08:00 > 2026-02-24 08:00", by_hand="2026-02-24 20:30"),
        hours(kind, "2025-10-01 22:00", 2, "2025-10-01 23:00 > 2025-10-09 09:00", by_hand="2025-10-09 10:00"),
        hours(kind, "2025-12-31 23:00", 2, "2025-12-31 23:59 > 2026-01-01 00:01", by_hand="2026-01-01 01:02"),
        hours(
            kind, "2026-05-04 06:00", 72, "2026-05-04 18:00 > 2026-05-05 18:00", "2026-05-06 00:00 > 2026-05-06 12:34"
        ),
        # begun after the due moment, or at it
        hours(late, "2026-11-20 15:00", 2, "2026-11-20 17:01 > 2026-11-20 18:00", by_hand="2026-11-20 17:00"),
        hours(late, "2026-11-20 15:00", 2, "2026-11-20 17:00 > 2026-11-20 18:00", by_hand="2026-11-20 17:00"),
        hours(late, "2026-11-20 15:00", 2, "2026-11-20 17:00:01 >", by_hand="2026-11-20 17:00"),
        hours(late, "2026-11-20 15:00", 2, "2026-11-20 17:00 >", by_hand="2026-11-20 17:00"),
        hours(late, "2026-11-20 15:00", 2, "2026-11-23 09:00 >", by_hand="2026-11-20 17:00"),
        hours(
            late,
            "2026-11-20 15:00",
            2,
            "2026-11-20 16:00 > 2026-11-20 16:30",
            "2026-11-20 17:31 >",
            by_hand="2026-11-20 17:30",
        ),
        minutes(late, "2026-11-20 15:00", 15, "2026-11-20 15:16 >", by_hand="2026-11-20 15:15"),
        # still open
        hours(still, "2026-11-20 15:00", 2, "2026-11-20 16:59 >", by_hand="paused"),
        hours(still, "2026-11-20 15:00", 2, "2026-11-20 16:59:59 >", by_hand="paused"),
        hours(still, "2026-11-20 15:00", 2, "2026-11-20 15:00 >", by_hand="paused"),
        hours(still, "2026-11-20 15:00", 2, "2026-11-19 15:00 >", by_hand="paused"),
        hours(
            still, "2026-11-20 15:00", 2, "2026-11-20 16:00 > 2026-11-20 16:30", "2026-11-20 17:29 >", by_hand="paused"
        ),
        hours(
            still, "2026-11-20 15:00", 2, "2026-11-20 15:10 >", "2026-11-20 15:20 > 2026-11-20 15:30", by_hand="paused"
        ),
        minutes(still, "2026-12-31 23:50", 15, "2027-01-01 00:00 >", by_hand="paused"),
    ]


def all_cases() -> list[Case]:
    """Put the examples in order, the twelve of the page first."""
    return [
        *worked(),
        *holidays(),
        *made_up_days(),
        *plain(),
        *day_pauses(),
        *paused_sweep(),
        *extensions(),
        *year_ends(),
        *short_clocks(),
    ]


# ---------------------------------------------------------------------------------------------------------------------
# Output


def check_by_hand(number: int, case: Case, answer: Answer) -> None:
    """Stop when the answer is not the one worked out by hand."""
    if case.by_hand is None:
        return
    by_hand = case.by_hand if case.by_hand in ("paused", "calendar") else moment(case.by_hand).isoformat()
    found = answer.due.isoformat() if answer.due else answer.why_empty
    if by_hand != found:
        raise SystemExit(f"example {number}: by hand {by_hand}, counted {found}; {say(case, answer)}")


def as_row(number: int, case: Case, answer: Answer) -> dict[str, object]:
    """Shape one example for the file."""
    return {
        "id": number,
        "start": case.start.isoformat(),
        "amount": case.amount,
        "unit": case.unit,
        "closes_at": case.closes_at,
        "extension": case.extension,
        "pauses": [[pause.begin.isoformat(), pause.end.isoformat() if pause.end else None] for pause in case.pauses],
        "due": answer.due.isoformat() if answer.due else None,
        "why_empty": answer.why_empty,
        "counted": [day.isoformat() for day in answer.counted],
        "words": say(case, answer),
    }


def main() -> None:
    """Count every example and print the list, one example a line."""
    if len(sys.argv) != 2:
        raise SystemExit(f"usage: python {sys.argv[0]} workdays.csv > clock_examples.json")
    calendar = read_calendar(sys.argv[1])
    rows, kinds = [], Counter()
    for number, case in enumerate(all_cases(), start=1):
        answer = walk_days(case, calendar) if case.unit == "working_days" else walk_hours(case)
        check_by_hand(number, case, answer)
        kinds[case.kind] += 1
        rows.append(json.dumps(as_row(number, case, answer), ensure_ascii=False))
    sys.stdout.reconfigure(encoding="utf-8", newline="\n")
    sys.stdout.write("[\n" + ",\n".join(rows) + "\n]\n")
    sys.stderr.write("".join(f"{kind}: {number}\n" for kind, number in kinds.items()) + f"all: {len(rows)}\n")


if __name__ == "__main__":
    main()
