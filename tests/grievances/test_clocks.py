"""The arithmetic of due times: the worked examples of the rule, and 345 more, counted by a script of its own."""

import json
from datetime import UTC, date, datetime, time
from pathlib import Path

import pytest

from branches.reference import workday_rows
from grievances.choices import Unit
from grievances.rules.clocks import CHINA, Limit, due, explain

EXAMPLES = json.loads((Path(__file__).parent / "clock_examples.json").read_text(encoding="utf-8"))
CALENDAR = {row["date"]: row["is_workday"] for row in workday_rows()}
CALENDAR = {
    (day if isinstance(day, date) else date.fromisoformat(day)): bool(worked) for day, worked in CALENDAR.items()
}


def counted(example):
    closes_at = time(0) if example["closes_at"] == "24:00" else time.fromisoformat(example["closes_at"])
    pauses = [
        (datetime.fromisoformat(begun), ended and datetime.fromisoformat(ended)) for begun, ended in example["pauses"]
    ]
    return due(
        datetime.fromisoformat(example["start"]),
        Limit(example["amount"], example["unit"], closes_at),
        pauses=pauses,
        calendar=CALENDAR,
        extension=example["extension"],
    )


def test_there_are_the_twelve_of_the_rule_and_more_than_two_hundred():
    assert len(EXAMPLES) > 212
    assert {example["unit"] for example in EXAMPLES} == set(Unit.values)
    assert {example["why_empty"] for example in EXAMPLES} == {"", "paused", "calendar"}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: f"{example['id']} {example['words'][:40]}")
def test_due_times_equal_those_counted_by_hand(example):
    found = counted(example)
    why = "paused" if found.paused else "calendar" if found.missing else ""
    assert found.at == (example["due"] and datetime.fromisoformat(example["due"]))
    assert why == example["why_empty"]
    assert [day.isoformat() for day in found.counted] == example["counted"]


@pytest.mark.parametrize("example", EXAMPLES[::7], ids=lambda example: str(example["id"]))
def test_the_zone_an_instant_is_written_in_does_not_matter(example):
    moved = example | {"start": datetime.fromisoformat(example["start"]).astimezone(UTC).isoformat()}
    assert counted(moved).at == counted(example).at


def test_a_due_time_says_how_it_was_counted():
    start = datetime(2026, 11, 20, 15, 33, tzinfo=CHINA)
    said = explain(due(start, Limit(5, Unit.WORKING_DAYS), calendar=CALENDAR))
    assert said == "5 个工作日：11-23、24、25、26、27，至 18:00"


def test_the_month_is_said_where_it_changes_and_granted_days_are_counted():
    start = datetime(2026, 11, 23, 9, tzinfo=CHINA)
    said = explain(due(start, Limit(5, Unit.WORKING_DAYS), calendar=CALENDAR, extension=5))
    assert said == "10 个工作日：11-24、25、26、27、30、12-01、02、03、04、07，至 18:00"


def test_an_hour_limit_says_how_long_it_stood_still():
    start = datetime(2026, 11, 22, 23, 10, tzinfo=CHINA)
    pause = (datetime(2026, 11, 22, 23, 30, tzinfo=CHINA), datetime(2026, 11, 22, 23, 50, tzinfo=CHINA))
    said = explain(due(start, Limit(2, Unit.HOURS), pauses=[pause], calendar={}))
    assert said == "2 小时：11-22 23:10 起，停 20 分钟，至 11-23 01:30"


def test_a_missing_year_is_said_aloud():
    start = datetime(2026, 12, 28, 9, tzinfo=CHINA)
    found = due(start, Limit(5, Unit.WORKING_DAYS), calendar=CALENDAR)
    assert found.at is None
    assert found.missing == date(2027, 1, 1)
    assert explain(found) == "5 个工作日：要数到 2027 年，日历未载入，载入后再算"


def test_a_paused_clock_has_no_due_time_and_says_so():
    start = datetime(2026, 11, 23, 9, tzinfo=CHINA)
    found = due(
        start, Limit(2, Unit.WORKING_DAYS), pauses=[(datetime(2026, 11, 23, 10, tzinfo=CHINA), None)], calendar=CALENDAR
    )
    assert found.at is None
    assert explain(found) == "2 个工作日：已暂停，补充或恢复以后再接着算"
