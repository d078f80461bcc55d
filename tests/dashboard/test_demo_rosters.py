"""Roster files written for measuring are rosters the pipeline understands."""

import pytest

from dashboard.demo.rosters import HEADERS, write_roster
from members.choices import ImportStatus
from members.models import Driver
from tests.members.roster_runs import errors_of, field_at, load_units, places_of, written

pytestmark = pytest.mark.django_db


@pytest.fixture
def units(divisions):
    """Load the committees and branches of the sample rosters."""
    load_units()


@pytest.mark.parametrize("columns", [12, 15, 20])
def test_every_row_of_a_written_roster_is_imported(tmp_path, units, columns):
    path = tmp_path / "roster.xlsx"
    assert write_roster(path, 60, seed=3, columns=columns, branches=["510104-01"], members_per_thousand=300) == []
    batch = written(path, "510100")
    assert (batch.status, batch.rows, batch.created) == (ImportStatus.DONE, 60, 60), places_of(batch)
    assert batch.warnings == 0
    assert Driver.objects.filter(declared_branch__code="510104-01").exists() == (columns >= 18)


def test_the_next_part_of_a_roster_holds_other_people(tmp_path, units):
    for start in (0, 40):
        write_roster(tmp_path / "part.xlsx", 40, seed=3, start=start)
        assert written(tmp_path / "part.xlsx", "510100").created == 40


def test_the_same_roster_again_changes_nothing(tmp_path, units):
    write_roster(tmp_path / "roster.xlsx", 40, seed=3)
    written(tmp_path / "roster.xlsx", "510100")
    again = written(tmp_path / "roster.xlsx", "510100")
    assert (again.unchanged, again.created, again.updated, again.rejected) == (40, 0, 0, 0)


def test_exactly_the_planted_mistakes_are_found(tmp_path, units):
    path = tmp_path / "roster.xlsx"
    planted = write_roster(path, 60, seed=5, columns=20, mistakes_per_thousand=25)
    assert len({one.code for one in planted}) >= 10
    batch = written(path, "510100")
    expected = sorted((one.row, field_at(one.column), one.code) for one in planted)
    assert sorted((row, field_at(column), code) for _, row, column, code in places_of(batch)) == expected
    assert batch.rejected == len(planted)
    assert sum(errors_of(batch).values()) == len(planted)


def test_a_number_of_columns_that_is_not_offered_is_refused(tmp_path):
    with pytest.raises(ValueError, match="columns"):
        write_roster(tmp_path / "roster.xlsx", 1, seed=1, columns=len(HEADERS) + 1)
