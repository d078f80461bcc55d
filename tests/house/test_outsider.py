"""Everybody tries every question: what comes back is what an oracle says that walks parent links in plain Python."""

from datetime import timedelta

import pytest
from django.utils import timezone

from branches.models import Organization
from branches.querysets import ScopedQuerySet, users_visible_to
from branches.scope import reach_of
from foundation.accounts.models import User
from members.models import Driver, Enterprise, Vehicle
from tests.factories import AppointmentFactory
from tests.house.conftest import CAST
from tests.house.oracle import MODELS, Oracle

MANAGED = (
    (Organization, "organization.change"),
    (Organization, "organization.dissolve"),
    (Driver, "driver.change"),
    (Driver, "driver_identity.reveal"),
    (Driver, "driver_identity.find_by_id_number"),
    (Driver, "credential.change"),
    (Driver, "driver.export"),
    (Enterprise, "enterprise.change"),
    (Vehicle, "vehicle.change"),
)


def visible(model, who):
    rows = users_visible_to(who) if model is User else model.objects.visible_to(who)
    return set(rows.values_list("pk", flat=True))


def compare(model, users: dict) -> set[int]:
    oracle, sizes = Oracle(), set()
    for name, user in users.items():
        wanted = oracle.rows(model, user)
        assert visible(model, user) == wanted, f"{model.__name__} as {name}"
        sizes.add(len(wanted))
    return sizes


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_the_question_for_visible_rows_equals_the_oracle(house, model):
    assert len(compare(model, house.cast)) > 1, "a table everybody or nobody sees proves nothing"


@pytest.mark.parametrize(("model", "capability"), MANAGED, ids=lambda value: getattr(value, "__name__", value))
def test_the_question_for_manageable_rows_equals_the_oracle(house, model, capability):
    oracle = Oracle()
    for name in CAST:
        found = set(model.objects.manageable_by(house.cast[name], capability).values_list("pk", flat=True))
        assert found == oracle.rows(model, house.cast[name], capability), name


def test_the_parts_of_a_list_say_the_same_as_the_question(house):
    from members.lists.paging import any_of

    for name in CAST:
        reach = reach_of(house.cast[name])
        parts = Driver.objects.scope_parts(reach.region("driver.view"))
        found = set(Driver.objects.filter(any_of(parts)).values_list("pk", flat=True)) if parts else set()
        assert found == Oracle().rows(Driver, house.cast[name]), name


def test_posts_that_have_ended_or_not_begun_and_closed_accounts_see_nothing(house):
    for fields in (
        {"until_at": timezone.now()},
        {"from_at": timezone.now() + timedelta(hours=1)},
    ):
        user = AppointmentFactory(organization=house.tree.county, role="clerk", **fields).user
        assert not any(visible(model, user) for model in MODELS)
    for field, value in (("is_active", False), ("locked_at", timezone.now())):
        user = AppointmentFactory(organization=house.tree.county, role="clerk").user
        setattr(user, field, value)
        user.save(update_fields=[field])
        assert not any(visible(model, user) for model in MODELS)


def test_somebody_with_two_posts_sees_the_union_and_no_more(house):
    user = house.cast["secretary"]
    AppointmentFactory(user=user, organization=house.tree.company, role="partner")
    AppointmentFactory(user=user, organization=house.tree.neighbour_county, role="handler")
    for model in MODELS:
        assert visible(model, user) == Oracle().rows(model, user), model


def test_the_comparison_goes_red_when_scope_is_missing(house, monkeypatch):
    monkeypatch.setattr(ScopedQuerySet, "visible_to", lambda self, who: self.all())
    for model in MODELS:
        if isinstance(model._default_manager.all(), ScopedQuerySet):
            with pytest.raises(AssertionError):
                compare(model, house.cast)
