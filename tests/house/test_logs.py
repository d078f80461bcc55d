"""No personal data reaches the log: neither from a roster, nor from a sign-in, nor from an error on a page."""

import logging

import pytest
from django.test import Client

from dashboard.demo.names import People
from dashboard.demo.rosters import write_roster
from members.models import Driver, Person
from members.roster.apply import Applier
from tests.factories import UserFactory
from tests.members.roster_runs import load_units, written

pytestmark = pytest.mark.django_db


@pytest.fixture
def logged(caplog):
    """Listen to everything the most talkative setting lets through (LOG_LEVEL=DEBUG) and give it as one text."""
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, logger="django")

    def text():
        return "\n".join(caplog.handler.format(record) for record in caplog.records)

    return text


def personal(people):
    for person in people:
        yield from (person.name, person.id_number, person.phone, person.id_number[6:14])


def test_importing_a_roster_logs_nobody(divisions, tmp_path, logged):
    load_units()
    path = tmp_path / "roster.xlsx"
    write_roster(path, 30, seed=3, mistakes_per_thousand=20)
    batch = written(path, "510100")
    assert batch.rejected
    assert batch.created
    text = logged()
    assert "phase=apply" in text, "the log was listened to"
    people = People(3)
    found = [value for value in personal(people[index] for index in range(30)) if value in text]
    assert found == []


def test_a_roster_the_database_refuses_logs_nobody(divisions, tmp_path, logged, monkeypatch):
    """The database's own words quote the row it refuses; they must not get further than the exception."""
    load_units()
    path = tmp_path / "roster.xlsx"
    write_roster(path, 10, seed=3)
    apply = Applier.apply

    def twice(self, rows):
        apply(self, rows)
        return apply(self, rows)

    monkeypatch.setattr(Applier, "apply", twice)
    batch = written(path, "510100")
    assert batch.failure_code
    people = People(3)
    values = list(personal(people[index] for index in range(10)))
    text = logged()
    assert "IntegrityError" in text
    assert [value for value in values if value in text or value in batch.failure] == []


def test_a_failed_sign_in_logs_neither_name_nor_password(logged):
    UserFactory(username="known-user", name="示例记录人", password="Right-Horse-7")
    client = Client()
    for username, password in (("known-user", "Wrong-Horse-7"), ("Typed-My-Pass-1", "Wrong-Horse-8")):
        for _ in range(6):
            client.post("/accounts/login/", {"login": username, "password": password})
    text = logged()
    for value in ("known-user", "Typed-My-Pass-1", "typed-my-pass-1", "Wrong-Horse", "Right-Horse", "示例记录人"):
        assert value not in text


def test_looking_somebody_up_logs_no_number(tree, county_clerk, sign_in, logged):
    client = sign_in(county_clerk)
    client.post("/drivers/search/", {"q": "510402198506120017"})
    client.post("/search/", {"q": "19000000001"})
    client.get("/drivers/999999/")
    text = logged()
    assert "510402198506120017" not in text
    assert "19000000001" not in text
    assert not Driver.objects.exists()
    assert not Person.objects.exists()
