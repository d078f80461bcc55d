"""Every roster file gives what its key says, as far as a file alone can tell."""

import pytest

from tests.members.rosters import FILES, FOLDER, OF_THE_PLAN, catalogue, key_of, outcome_of, units


@pytest.mark.parametrize("name", FILES)
def test_a_roster_gives_the_rows_errors_and_warnings_of_its_key(name):
    key = key_of(name)
    outcome = outcome_of(FOLDER / name, key["organization"])
    assert len(outcome.rows) == key["rows"]
    for entries, found in (
        (key["errors"], [(row.sheet, row.row, label, code) for row in outcome.rows for label, code, _ in row.errors]),
        (
            key["warnings"],
            [(row.sheet, row.row, label, code) for row in outcome.rows for label, code, _ in row.warnings],
        ),
    ):
        expected = [
            (entry["sheet"], entry["row"], entry["column"], entry["code"])
            for entry in entries
            if entry["code"] not in OF_THE_PLAN
        ]
        assert sorted(found) == sorted(expected)
    assert sum(row.is_rejected for row in outcome.rows) == key["rejected"] - sum(
        entry["code"] in OF_THE_PLAN for entry in key["errors"]
    )


@pytest.mark.parametrize("name", FILES)
def test_a_roster_gives_the_values_of_its_samples(name):
    key = key_of(name)
    outcome = outcome_of(FOLDER / name, key["organization"])
    by_id = {unit.id: unit.code for unit in units().values()}
    for sample in key["samples"]:
        row = outcome.at(sample["row"], sample["sheet"])
        found = {
            "sheet": row.sheet,
            "row": row.row,
            "id": row.values["id_number"],
            "name": row.values["name"],
            "phone": row.values.get("phone", ""),
            "committee": row.committee.code,
            "branch": by_id.get(row.values.get("declared_branch"), ""),
            "joined": row.values.get("declared_joined", "")[:7],
        }
        assert {name: found[name] for name in sample} == sample


def test_every_sentence_says_what_to_do_and_shows_no_whole_number():
    outcome = outcome_of(FOLDER / "12-every-rule.xlsx", "510100")
    for row in outcome.rows:
        for _, code, sentence in (*row.errors, *row.warnings, *row.notes):
            assert sentence.endswith("。"), code
            for hidden in (row.values.get("id_number"), row.values.get("phone")):
                assert hidden is None or hidden not in sentence


def test_what_the_platform_export_adds_is_named():
    table = outcome_of(FOLDER / "09-platform-export.xlsx", "510105").roster.tables[0]
    left_out = [(column.letter, column.label) for column in table.columns if column.left_out == "unknown"]
    assert left_out == [
        ("A", "driver_uuid"),
        ("F", "city"),
        ("G", "register_time"),
        ("H", "order_count_30d"),
        ("I", "app_version"),
    ]


def test_skipped_sheets_are_named_with_the_reason():
    roster = outcome_of(FOLDER / "08-several-sheets.xlsx").roster
    assert set(roster.skipped) == {
        ("Sheet2", "empty"),
        ("去年名单", "hidden"),
        ("字典", "hidden"),
        ("填写说明", "no_header"),
    }


def test_the_catalogue_holds_nothing_of_another_city():
    assert catalogue("510100").committee("昆山市") == catalogue("510100").committee("云岭县") == (None, False, False)
