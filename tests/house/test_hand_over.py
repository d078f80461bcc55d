"""The term ends, the successor holds the work, the former holder sees nothing from that instant on: at every door."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from branches.models import Appointment
from tests.factories import AppointmentFactory, UserFactory
from tests.house.doors import client_of, is_let_in, knock, rows_for
from tests.house.oracle import MODELS, Oracle
from tests.house.test_outsider import visible
from tests.house.url_policy import DOORS

# Whose post ends, and which rows are near to it.
POSTS = {"secretary": "branch", "handler": "home", "county_clerk": "county"}
# Rows of somebody himself: they pass to nobody, and what came of a post is closed to the former holder, too.
OWN = {"export", "ready_export", "filter", "notification", "draft"}
# Who holds an office by name is named by the clerk: until then its duty is the successor's, its deputy is not.
BY_NAME = {"handler": {"branches:office_arrange"}}
# What every account opens, with a post or without.
GUARDED = [name for name, door in DOORS.items() if door.needs not in ("public", "signed in") and not door.data]
OF_THE_ACCOUNT = {name for name in GUARDED if DOORS[name].needs.startswith("notification.view")}


def answers(house, who: str, place: str, rows_of: str) -> dict[str, bool]:
    """Return which doors let somebody in, with the rows near to somebody; whatever it does is undone."""
    found = {}
    for name in GUARDED:
        with transaction.atomic():
            keys = rows_for(house, name, place, rows_of)
            found[name] = is_let_in(knock(client_of(house, who), house, name, keys))
            transaction.set_rollback(True)
    return found


@pytest.mark.parametrize("who", POSTS)
def test_at_the_instant_of_the_end_every_door_changes_hands(house, who, monkeypatch):
    place, at = POSTS[who], timezone.now()
    post = house.cast[who].appointments.get()
    successor = UserFactory(username=f"successor-of-{who}", name="测试接任", is_staff=house.cast[who].is_staff)
    monkeypatch.setitem(house.cast, "successor", successor)
    # An hour before the end, which both posts know of.
    Appointment.objects.filter(pk=post.pk).update(until_at=at + timedelta(hours=1))
    next_post = AppointmentFactory(
        user=successor, organization=post.organization, role=post.role, from_at=at + timedelta(hours=1)
    )
    before, nothing = answers(house, who, place, who), answers(house, "successor", place, who)
    assert sum(before.values()) > 15
    assert not any(open_ for name, open_ in nothing.items() if name not in OF_THE_ACCOUNT)
    seen = {model: visible(model, house.cast[who]) for model in MODELS}
    # The hour passes. Nobody does anything.
    Appointment.objects.filter(pk=post.pk).update(until_at=at)
    Appointment.objects.filter(pk=next_post.pk).update(from_at=at)
    after, former = answers(house, "successor", place, who), answers(house, who, place, who)
    assert {name for name, open_ in former.items() if open_} <= OF_THE_ACCOUNT
    for name, open_ in before.items():
        if not OWN & set(DOORS[name].names.values()):
            assert after[name] == (open_ and name not in BY_NAME.get(who, ())), name
    oracle = Oracle()
    for model in MODELS:
        assert visible(model, successor) == oracle.rows(model, successor)
        assert visible(model, house.cast[who]) == oracle.rows(model, house.cast[who])
        if model.__name__ not in ("ExportJob", "Notification"):
            assert visible(model, successor) >= seen[model] - visible(model, house.cast[who])


def test_without_the_end_the_test_goes_red(house):
    """The former holder is let in as long as his post runs: the test above measures something."""
    found = answers(house, "secretary", "branch", "secretary")
    assert {name for name, open_ in found.items() if open_} - OF_THE_ACCOUNT
