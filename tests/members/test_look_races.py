"""The limit of a day holds for two looks at once, with real threads on PostgreSQL; once more with its lock away.

SQLite has one writer: its transactions begin IMMEDIATE, so there is nothing to race.
"""

import threading
from contextlib import suppress

import pytest
from django.core.exceptions import ValidationError

from foundation.audit.models import Entry
from members.workflow import looks, people
from tests.branches.test_races import together
from tests.factories.members import DriverFactory

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("sabotaged", [False, True])
def test_two_looks_at_once_are_counted_one_after_the_other(county_clerk, tree, settings, monkeypatch, sabotaged):
    settings.REVEALS_PER_DAY = 1
    driver = DriverFactory(committee=tree.county)
    both_counted, really = threading.Barrier(2), people.trail.record

    def wait_for_the_other(*args, **more):
        with suppress(threading.BrokenBarrierError):  # broken: the other one waits for the account, as it should
            both_counted.wait(1.5)
        return really(*args, **more)

    monkeypatch.setattr(people.trail, "record", wait_for_the_other)
    if sabotaged:
        monkeypatch.setattr(looks, "_hold", lambda actor: None)
    raised = together(
        *[lambda: people.reveal(driver, "phone", actor=county_clerk, reason="提醒证件到期") for _ in range(2)]
    )
    assert (Entry.objects.filter(action="driver.reveal").count() == 2) is sabotaged, raised
    assert [type(one) for one in raised].count(ValidationError) == (0 if sabotaged else 1)
