"""The whole cast at once, with the rows of tests/house/registry.py. Built once per module; every test is undone."""

import pytest
from django.db import transaction

from tests.conftest import build_tree, load_shipped_data
from tests.factories import AppointmentFactory, UserFactory
from tests.house import registry

# Name in tests/conftest.py → where in the tree, role.
POSTS = {
    "province_clerk": ("province", "clerk"),
    "city_clerk": ("city", "clerk"),
    "county_clerk": ("county", "clerk"),
    "neighbour_clerk": ("neighbour_county", "clerk"),
    "leader": ("county", "leader"),
    "organisation_reader": ("department", "organisation_reader"),
    "secretary": ("branch", "secretary"),
    "branch_committee_member": ("branch", "branch_committee_member"),
    "instructor": ("branch", "instructor"),
    "station_manager": ("county", "station_manager"),
    "handler": ("county", "handler"),
    "partner": ("company", "partner"),
    "auditor": ("province", "auditor"),
    "security_admin": ("province", "security_admin"),
    "system_admin": ("province", "system_admin"),
    "outsider": None,
}
CAST = tuple(POSTS)


@pytest.fixture(scope="module")
def _built(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), transaction.atomic():
        load_shipped_data()
        tree, cast = build_tree(), {}
        for name, post in POSTS.items():
            user = UserFactory(username=name.replace("_", "-"), name=f"测试{name}", password="Mountain-Road-88")
            if post:
                AppointmentFactory(user=user, organization=getattr(tree, post[0]), role=post[1])
            cast[name] = user
        yield registry.build(tree, cast)
        transaction.set_rollback(True)


@pytest.fixture
def house(_built, db) -> registry.House:
    """Return the tree with everybody in it and everything registered."""
    return _built


def pytest_collection_modifyitems(items):
    """Mark who uses the house: the databases to set up are read from marks."""
    for item in items:
        if "house" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.django_db)
