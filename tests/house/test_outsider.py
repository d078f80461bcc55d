"""Everybody tries every question: what comes back is what an oracle says that walks parent links in plain Python."""

from datetime import date, timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from branches.choices import Kind
from branches.models import Organization
from branches.querysets import ScopedQuerySet, users_visible_to
from branches.scope import reach_of
from foundation.accounts.models import User
from members.models import Driver, Enterprise, Person, Vehicle
from tests.factories import AppointmentFactory, GuidanceFactory, OrganizationFactory, UserFactory
from tests.house.conftest import CAST
from tests.house.oracle import MODELS, Oracle, cells
from tests.house.registry import House

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
        if model is not User:
            with pytest.raises(AssertionError):
                compare(model, house.cast)


# --- random trees -----------------------------------------------------------------------------------------------------
ROLES = sorted(set(next(iter(cells().values()))) - {"anonymous", "outsider"})
SHAPES = st.lists(st.integers(min_value=0, max_value=8), min_size=3, max_size=9)
POSTS = st.lists(st.tuples(st.integers(0, 8), st.sampled_from(ROLES), st.booleans()), min_size=1, max_size=4)
ROWS = st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)), min_size=1, max_size=4)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    shape=SHAPES, posts=POSTS, rows=ROWS, guided=st.integers(0, 8), move=st.tuples(st.integers(0, 8), st.integers(0, 8))
)
def test_random_trees_posts_and_rows_agree_with_the_oracle(db, shape, posts, rows, guided, move):
    with transaction.atomic():
        user, units = _random_tree(shape, move)
        for place, role, running in posts:
            until = None if running else timezone.now() - timedelta(days=1)
            post = {"user": user, "organization": units[place % len(units)], "role": role, "until_at": until}
            if not user.appointments.filter(role=role, organization=post["organization"]).exists():
                AppointmentFactory(**post)
        department = units[guided % len(units)]
        under = units[(guided + 1) % len(units)]
        GuidanceFactory(organization=under, guiding_organization=department)
        _random_rows(units, rows, user)
        for model in MODELS:
            assert visible(model, user) == Oracle().rows(model, user), model
        transaction.set_rollback(True)


def _random_tree(shape, move):
    """Return somebody and the units of a tree whose n-th unit stands below the unit its number names."""
    pks: list[int] = []
    for number, parent in enumerate(shape):
        above = Organization.objects.get(pk=pks[parent % number]) if number and parent % 4 else None
        made = OrganizationFactory(parent=above, kind=Kind.ENTERPRISE_COMMITTEE, level="base")
        pks.append(made.pk)
    one, other = (Organization.objects.get(pk=pks[at % len(pks)]) for at in move)
    if not other.path.startswith(one.path):
        Organization.objects.move(one, other, "last-child")  # paths are handed on to others
        OrganizationFactory(kind=Kind.ENTERPRISE_COMMITTEE, level="base")
    return UserFactory(), list(Organization.objects.filter(pk__in=pks).order_by("pk"))


def _random_rows(units, rows, user) -> None:
    house = House(tree=None)
    for number, (committee, branch) in enumerate(rows):
        home, place = units[committee % len(units)], units[branch % len(units)]
        firm = Enterprise.objects.create(
            name=f"测试{number}", name_key=f"测试{number}", committee=home, organization=place if branch % 2 else None
        )
        driver = house.add_driver(str(number), home, enterprise=firm)
        member = Person.objects.get(pk=driver.pk)
        if branch % 3:
            house.place(member, formal=place)
        else:
            house.place(member, tied_to=place, until=None if committee % 2 else date(2026, 1, 1))
        house.add_batch(str(number), place, user if committee % 2 else None)
    house.add_export("own", user)
    house.add_export("another's", UserFactory())
    house.claim("0", house.drivers["0"], OrganizationFactory(kind=Kind.ENTERPRISE_COMMITTEE, level="base"), user)
