"""The same rosters in other clothes: same people, same errors, only other row numbers."""

import random

import pytest

from tests.members.roster_mangle import FORMATS, MANGLERS, grids_of
from tests.members.rosters import FILES, FOLDER, findings_of, key_of, outcome_of

_SEVERAL_SHEETS = {"08-several-sheets.xlsx"}


def mangled(name, seed, path):
    """Write a mangled copy; return (sheet, row) → (sheet, row) of the original."""
    chance = random.Random(f"{name} {seed}")
    grids = grids_of(FOLDER / name)
    spreadsheets = ["xlsx", "xlsx from C4", "ods"]
    form = chance.choice(spreadsheets if name in _SEVERAL_SHEETS else list(FORMATS))
    below = 3 if form == "xlsx from C4" else 0
    for mangle in MANGLERS:
        if chance.random() < 0.7:
            for grid in grids:
                if grid.rows:
                    mangle(grid, chance)
    renamed = {grid.name: grid.name for grid in grids}
    if len(grids) == 1 and chance.random() < 0.5:
        grids[0].name = "工作表1"
    FORMATS[form](grids, path)
    places = {}
    for grid, original in zip(grids, renamed, strict=True):
        shown = "" if form not in spreadsheets else grid.name or "Sheet1"
        for at, row in enumerate(grid.rows):
            if row.origin is not None:
                places[shown, at + 1 + below] = (original, row.origin)
    return form, places


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("name", FILES)
def test_a_mangled_roster_gives_the_same_outcome(name, seed, tmp_path):
    path = tmp_path / "upload"
    form, places = mangled(name, seed, path)
    key = key_of(name)
    expected = outcome_of(FOLDER / name, key["organization"])
    found = outcome_of(path, key["organization"])

    def at_home(findings):
        return sorted((*places[sheet, row], field, code) for sheet, row, field, code in findings)

    assert at_home(found.errors) == findings_of(key["errors"]), form
    assert at_home(found.warnings) == findings_of(key["warnings"]), form
    values = {places[row.sheet, row.row]: (row.values, row.committee) for row in found.rows if not row.is_rejected}
    assert values == {
        (row.sheet, row.row): (row.values, row.committee) for row in expected.rows if not row.is_rejected
    }, form
    assert len(found.rows) == key["rows"]
