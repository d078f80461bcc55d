"""Person-times are never fewer than persons (domain d.11, 9), whatever is held, with whomever, made up or amended."""

from datetime import timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from activities import workflow
from activities.models import Activity, Attendance
from activities.statistics import taken_part
from activities.workflow.roll import candidates
from tests.activities.conftest import NOON, NOW, members_of, tie

STATES = st.sampled_from(["present", "excused", "absent"])
MEETINGS = st.lists(
    st.tuples(st.lists(STATES, min_size=6, max_size=6), st.integers(0, 40), st.booleans(), st.booleans()), max_size=6
)


@pytest.mark.django_db
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(meetings=MEETINGS)
def test_person_times_are_at_least_persons(house_of_rolls, meetings):
    branch, second, secretary = house_of_rolls
    with transaction.atomic():
        expected, seen = 0, set()
        for number, (states, guests, shared, made_up) in enumerate(meetings):
            units = [branch, second] if shared else [branch]
            roll = candidates(units, "theme_day", NOW)
            statuses = {one.key: states[place % len(states)] for place, one in enumerate(roll)}
            statuses[roll[0].key] = "present"
            activity = workflow.record(
                branch,
                "theme_day",
                {"topic": "学习", "starts_at": NOON - timedelta(days=number), "guests": guests},
                statuses,
                actor=secretary,
                at=NOW,
                with_others=units[1:],
            )
            away = activity.roll.filter(status__in=["excused", "absent"])
            if made_up and away.exists():
                chosen = [away.earliest("pk").pk]
                workflow.make_up(activity, chosen, NOON.date(), actor=secretary, at=NOW)
            took = [line for line in activity.roll.all() if line.status in ("present", "made_up")]
            expected += len(took) + guests
            seen |= {line.person_id for line in took}
            assert activity.roll.values("person_id").distinct().count() == activity.roll.count()
        taken = taken_part(Activity.objects.all(), Attendance.objects.all())
        assert (taken.person_times, taken.persons) == (expected, len(seen))
        assert taken.person_times - taken.guests >= taken.persons
        assert sum(one.person_times for one in Activity.objects.all()) == taken.person_times
        transaction.set_rollback(True)


@pytest.fixture
def house_of_rolls(tree, city_clerk):
    """Give two branches members, some of them tied to the other: a person who stands on two rolls is one person."""
    first = members_of(tree.branch, 4)
    members_of(tree.second_branch, 3, prefix="乙")
    tie(first[0], tree.second_branch)
    return tree.branch, tree.second_branch, city_clerk
