"""A year whose working days are not loaded is said aloud to the administrators, once a week."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from branches.models import Workday
from branches.workflow.reference import remind_of_calendar
from foundation.notifications.models import Notification

pytestmark = pytest.mark.django_db


def at(year, month, day, hour=9):
    return datetime(year, month, day, hour, tzinfo=ZoneInfo("Asia/Shanghai"))


def titles():
    return list(Notification.objects.order_by("pk").values_list("title", flat=True))


def test_from_november_on_next_year_is_asked_for_once_a_week(tree, system_admin):
    assert remind_of_calendar(at(2026, 10, 31)) == 0
    assert remind_of_calendar(at(2026, 11, 2)) == 1
    assert remind_of_calendar(at(2026, 11, 5)) == 0
    assert remind_of_calendar(at(2026, 11, 9)) == 1
    assert titles() == ["2027 年的工作日历还没有载入"] * 2
    assert set(Notification.objects.values_list("user", flat=True)) == {system_admin.pk}


def test_a_year_that_is_there_is_not_asked_for(tree, system_admin):
    Workday.objects.create(date="2027-01-01", is_workday=False)
    assert remind_of_calendar(at(2026, 11, 27)) == 0


def test_the_year_that_runs_is_asked_for_at_any_time(tree, system_admin):
    assert remind_of_calendar(at(2027, 3, 1)) == 1
    assert titles() == ["2027 年的工作日历还没有载入"]


def test_nobody_else_is_told(tree, county_clerk, auditor):
    assert remind_of_calendar(at(2026, 11, 27)) == 0
