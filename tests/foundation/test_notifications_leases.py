"""Leases: who takes work, for how long, and what two workers at once get."""

import threading
from datetime import timedelta

import pytest
from django.db import connections, transaction

from foundation.notifications import leases
from foundation.notifications.models import Delivery
from tests.factories import UserFactory
from tests.foundation.notifications import MORNING, tell

pytestmark = pytest.mark.django_db


def rows(count):
    user = UserFactory()
    for number in range(count):
        tell(user, number=number)
    return list(Delivery.objects.order_by("pk").values_list("pk", flat=True))


def free(at=MORNING):
    return Delivery.objects.filter(lease_owner="") | Delivery.objects.filter(lease_until__lt=at)


def test_a_batch_is_taken_oldest_first_and_once():
    keys = rows(5)
    assert leases.claim_many(free(), "one", 60, 3, now=MORNING) == keys[:3]
    assert leases.claim_many(free(), "two", 60, 3, now=MORNING) == keys[3:]
    assert leases.claim_many(free(), "three", 60, 3, now=MORNING) == []
    held = Delivery.objects.filter(lease_owner="one")
    assert {(one.lease_until, one.starts) for one in held} == {(MORNING + timedelta(seconds=60), 1)}


def test_a_lease_that_is_over_is_anybody_s():
    keys = rows(2)
    leases.claim_many(free(), "dead", 60, 2, now=MORNING)
    later = MORNING + timedelta(seconds=61)
    assert leases.claim_many(free(later), "next", 60, 2, now=later) == keys
    assert set(Delivery.objects.values_list("starts", flat=True)) == {2}


def test_what_was_not_begun_is_given_back_without_a_start():
    keys = rows(3)
    leases.claim_many(free(), "one", 60, 2, now=MORNING)
    assert leases.release_many(Delivery.objects.all(), "one") == 2
    assert set(Delivery.objects.values_list("starts", "lease_owner", "lease_until")) == {(0, "", None)}
    assert leases.claim_many(free(), "two", 60, 9, now=MORNING) == keys


def test_renewing_holds_only_one_s_own_rows():
    rows(3)
    leases.claim_many(free(), "one", 60, 2, now=MORNING)
    leases.claim_many(free(), "two", 60, 2, now=MORNING)
    assert leases.renew_many(Delivery.objects.all(), "one", 600, now=MORNING) == 2
    assert Delivery.objects.filter(lease_until=MORNING + timedelta(seconds=600)).count() == 2


@pytest.mark.django_db(transaction=True)
def test_a_row_somebody_took_meanwhile_is_left_out(transactional_db, monkeypatch):
    """The UPDATE asks the condition again: on SQLite nothing else stands between two workers."""
    keys = rows(3)
    claimable = free()
    ask = type(claimable).values_list

    def and_somebody_comes(self, *fields, **more):
        found = list(ask(self, *fields, **more))
        Delivery.objects.filter(pk=keys[1]).update(lease_owner="quick", lease_until=MORNING + timedelta(hours=1))
        monkeypatch.setattr(type(claimable), "values_list", ask)
        return found

    monkeypatch.setattr(type(claimable), "values_list", and_somebody_comes)
    assert leases.claim_many(claimable, "slow", 60, 3, now=MORNING) == [keys[0], keys[2]]
    assert Delivery.objects.get(pk=keys[1]).lease_owner == "quick"


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_workers_pass_over_rows_somebody_is_just_taking(transactional_db):
    keys = rows(6)
    taken, ready, go = {}, threading.Event(), threading.Event()

    def first():
        with transaction.atomic():
            taken["first"] = leases.claim_many(free(), "first", 60, 3, now=MORNING)
            ready.set()
            go.wait(10)
        connections.close_all()

    worker = threading.Thread(target=first)
    worker.start()
    ready.wait(10)
    taken["second"] = leases.claim_many(free(), "second", 60, 3, now=MORNING)  # would hang, were it to wait
    go.set()
    worker.join(10)
    assert taken == {"first": keys[:3], "second": keys[3:]}
