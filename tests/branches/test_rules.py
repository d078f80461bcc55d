"""The table of permissions equals its specification, cell by cell; the rules of the tree."""

import csv
from pathlib import Path

import pytest

from branches import rules
from branches.capabilities import CAPABILITIES, Capability
from branches.choices import (
    ANONYMOUS,
    MAY_STAND_UNDER,
    OUTSIDER,
    REQUIRED_POSTS,
    ROLE_AT,
    SEPARATED_ROLES,
    Extent,
    Kind,
    Role,
)

TABLE = Path(__file__).resolve().parents[2] / "docs" / "permissions.csv"
with TABLE.open(encoding="utf-8-sig", newline="") as handle:
    LINES = list(csv.DictReader(handle))
COLUMNS = [ANONYMOUS, OUTSIDER, *Role.values]


def test_the_table_has_a_column_for_everybody_and_a_line_for_every_capability():
    assert list(LINES[0])[2:] == COLUMNS
    assert {f"{line['resource']}.{line['action']}" for line in LINES} == set(Capability.values)
    assert len(LINES) == len(Capability.values)


@pytest.mark.parametrize("line", LINES, ids=lambda line: f"{line['resource']}.{line['action']}")
def test_every_cell_is_what_the_code_says(line):
    cells = CAPABILITIES[Capability(f"{line['resource']}.{line['action']}")]
    assert {column: cells.get(column, Extent.NONE) for column in COLUMNS} == {
        column: Extent(line[column]) for column in COLUMNS
    }


def test_every_extent_of_the_table_is_explained():
    said = TABLE.with_suffix(".md").read_text(encoding="utf-8")
    used = {line[column] for line in LINES for column in COLUMNS}
    for extent in used:
        assert extent in said


def test_every_kind_has_its_place_and_every_role_its_kinds():
    assert set(MAY_STAND_UNDER) == set(Kind)
    assert set(ROLE_AT) == set(Role)
    for kind, roles in REQUIRED_POSTS.items():
        for role in roles:
            assert rules.may_hold_at(role, kind)


@pytest.mark.parametrize(
    ("kind", "parent", "fits"),
    [
        (Kind.MOBILE_BRANCH, Kind.INDUSTRY_COMMITTEE, True),
        (Kind.CLOUD_BRANCH, Kind.ENTERPRISE_COMMITTEE, True),
        (Kind.BRANCH, Kind.GENERAL_BRANCH, True),
        (Kind.BRANCH, Kind.BRANCH, False),
        (Kind.GROUP, Kind.INDUSTRY_COMMITTEE, False),
        (Kind.GROUP, Kind.JOINT_BRANCH, True),
        (Kind.INDUSTRY_COMMITTEE, Kind.ENTERPRISE_COMMITTEE, False),
        (Kind.INDUSTRY_COMMITTEE, None, True),
        (Kind.BRANCH, None, False),
        (Kind.DEPARTMENT, Kind.DEPARTMENT, True),
        (Kind.MOBILE_BRANCH, Kind.DEPARTMENT, False),
    ],
)
def test_which_kind_may_stand_under_which(kind, parent, fits):
    assert rules.may_stand_under(kind, parent) is fits


@pytest.mark.parametrize(
    ("level", "parent", "fits"),
    [
        ("county", "city", True),
        ("city", "county", False),
        ("base", "base", True),
        ("city", None, True),
        ("city", "city", True),
    ],
)
def test_a_level_never_stands_above_its_parent(level, parent, fits):
    assert rules.level_fits(level, parent) is fits


@pytest.mark.parametrize("role", Role)
def test_separated_roles_exclude_everything_else_both_ways(role):
    for other in Role:
        if other == role:
            continue
        excluded = role in SEPARATED_ROLES or other in SEPARATED_ROLES
        assert bool(rules.excluded_by(role, frozenset({other}))) is excluded, (role, other)
    assert not rules.excluded_by(role, frozenset({role}))


@pytest.mark.parametrize(("code", "zone"), [("320576", True), ("320571", True), ("320581", False), ("510411", False)])
def test_functional_zones_are_no_divisions(code, zone):
    assert rules.is_functional_zone(code) is zone


def test_the_capability_answers_at_an_organisation_and_anywhere(tree, county_clerk, outsider):
    assert rules.may(county_clerk, Capability.ORGANIZATION_CHANGE)
    assert rules.may(county_clerk, Capability.ORGANIZATION_CHANGE, at=tree.branch)
    assert not rules.may(county_clerk, Capability.ORGANIZATION_CHANGE, at=tree.neighbour_branch)
    assert not rules.may(outsider, Capability.ORGANIZATION_CHANGE)
    assert rules.may(None, Capability.GRIEVANCE_SUBMIT)
    assert not rules.may(None, Capability.DRIVER_VIEW)
