"""The whole cast at once, with the rows of tests/house/registry.py."""

import pytest

from tests.house import registry

CAST = (
    "province_clerk",
    "city_clerk",
    "county_clerk",
    "neighbour_clerk",
    "leader",
    "organisation_reader",
    "secretary",
    "branch_committee_member",
    "instructor",
    "station_manager",
    "handler",
    "partner",
    "auditor",
    "security_admin",
    "system_admin",
    "outsider",
)


@pytest.fixture
def house(request, tree) -> registry.House:
    """Return the tree with everybody in it and everything registered."""
    return registry.build(tree, {name: request.getfixturevalue(name) for name in CAST})
