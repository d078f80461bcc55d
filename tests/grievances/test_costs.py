"""What lodging and sweeping cost in statements: pinned, so that nobody makes them dearer without saying so."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from foundation.notifications.models import Delivery
from grievances.models import Clock, Grievance
from grievances.workflow import sweep
from tests.grievances.conftest import at

pytestmark = pytest.mark.django_db


def statements(work) -> int:
    with CaptureQueriesContext(connection) as queries:
        work()
    return len([one for one in queries if "SAVEPOINT" not in one["sql"]])


def test_lodging_costs_the_same_however_many_cases_there_are(desk):
    desk.lodged("11-20 08:00")  # sets up the offices
    first = statements(lambda: desk.lodged("11-20 09:00"))
    for hour in range(10, 14):
        desk.lodged(f"11-20 {hour}:00")
    assert statements(lambda: desk.lodged("11-20 15:00")) == first <= 33


def test_a_sweep_with_nothing_to_do_costs_four_statements(desk):
    desk.lodged("11-20 09:00")
    assert statements(lambda: sweep(at("11-20 09:01"))) <= 4


def test_a_sweep_costs_by_what_is_due_and_not_by_what_is_there(desk):
    for hour in (8, 9, 10):
        desk.lodged(f"11-20 {hour:02}:00")
    sweep(at("11-20 09:59"))  # the first reminders; sets up the offices
    one = statements(lambda: sweep(at("11-20 10:01")))
    for hour in (15, 16, 17):
        desk.lodged(f"11-20 {hour}:00")
    assert statements(lambda: sweep(at("11-20 11:01"))) <= one + 2


def test_ten_cases_that_go_up_together_cost_as_many_statements_as_one(desk):
    spent = []
    for day, number in ((20, 1), (23, 1), (24, 10)):  # the first sets up the offices
        cases = [desk.lodged(f"11-{day} 10:00", urgency="urgent") for _ in range(number)]
        Delivery.objects.all().delete()  # one phone lodged them all: what it was told meanwhile would be hurried along
        spent.append(statements(lambda day=day: sweep(at(f"11-{day} 10:15"))))
        assert {case.rung for case in Grievance.objects.filter(pk__in=[one.pk for one in cases])} == {1}
        Clock.objects.running().update(state="void", ended_at=at(f"11-{day} 10:16"))
    assert spent[2] <= spent[1] <= 40
