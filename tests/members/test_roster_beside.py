"""Tables side by side in one sheet, as rosters are laid out for print: two people in a row."""

from tests.members.test_roster_columns import ID, people, roster

__all__ = ["roster"]

PHONES = ["13800138000", "13800138001", "13800138002", "13800138003"]
HEADER = ["序号", "姓名", "身份证号", "手机号"]


def line(at, *, phone=True):
    return [at + 1, "张李王刘"[at] + "伟", ID[at], PHONES[at] if phone else ""]


def phones(outcome):
    return [row.values.get("phone") for row in outcome.rows]


def test_both_people_of_a_row_are_read(roster):
    outcome = roster(
        [["司机名单"], [*HEADER, "", *HEADER], [*line(0), "", *line(2)], [*line(1, phone=False), "", *line(3)]]
    )
    assert people(outcome) == [(3, "张伟", ID[0]), (3, "王伟", ID[2]), (4, "李伟", ID[1]), (4, "刘伟", ID[3])]
    assert phones(outcome) == [PHONES[0], PHONES[2], None, PHONES[3]]
    assert [column.label for column in outcome.roster.tables[0].columns] == HEADER


def test_the_last_row_may_be_half_empty(roster):
    outcome = roster([HEADER * 2, [*line(0), *line(1)], line(2), ["合计", "", "", 3]])
    assert people(outcome) == [(2, "张伟", ID[0]), (2, "李伟", ID[1]), (3, "王伟", ID[2])]
    assert outcome.errors == []


def test_the_right_table_may_have_other_columns(roster):
    rows = [[*HEADER, "", "姓名", "车牌号", "身份证号"], [*line(0), "", "李伟", "川A12345", ID[1]]]
    outcome = roster(rows)
    assert people(outcome) == [(2, "张伟", ID[0]), (2, "李伟", ID[1])]
    assert [row.values.get("plate") for row in outcome.rows] == [None, "川A12345"]


def test_a_number_twice_in_one_row_is_a_duplicate(roster):
    outcome = roster([HEADER * 2, [*line(0), *line(0)]])
    assert outcome.errors == [("Sheet1", 2, "id_number", "duplicate_in_file")]
    assert "第 2 行" in outcome.rows[1].errors[0][2]


def test_the_header_repeats_and_another_table_follows_below(roster):
    outcome = roster(
        [
            HEADER * 2,
            [*line(0), *line(1)],
            HEADER * 2,
            [*line(2), *line(3)],
            [],
            ["姓名", "车牌号", "", "", "", "", "身份证号"],
            ["陈静", "川A12345", "", "", "", "", ID[4]],
        ]
    )
    assert [row.values["id_number"] for row in outcome.rows] == ID[:5]
    assert outcome.rows[4].values["plate"] == "川A12345"


def test_merged_cells_fill_their_own_table(roster):
    header = ["党支部", "姓名", "身份证号"]
    rows = [
        header * 2,
        ["510106-01", "张伟", ID[0], "510107-01", "李伟", ID[1]],
        ["", "王伟", ID[2], "", "刘伟", ID[3]],
    ]
    outcome = roster(rows, merged=["A2:A3", "D2:D3"])
    branches = [row.values.get("declared_branch") for row in outcome.rows]
    assert [row.values["id_number"] for row in outcome.rows] == ID[:4]
    assert branches[0] == branches[2] != branches[1] == branches[3]


def test_the_family_of_a_driver_drives_nothing(roster):
    outcome = roster(
        [
            ["序号", "司机", "", "", "家属", "", ""],
            ["", "姓名", "身份证号", "手机号", "姓名", "身份证号", "手机号"],
            [1, "张伟", ID[0], "", "李伟", ID[1], PHONES[1]],
        ],
        merged=["A1:A2", "B1:D1", "E1:G1"],
    )
    assert people(outcome) == [(3, "张伟", ID[0])]
    assert phones(outcome) == [None]
    assert [column.left_out for column in outcome.roster.tables[0].columns[4:]] == ["repeated"] * 3
