"""Which county the people of a table belong to, where a sheet holds several tables or several lines name one."""

from tests.members.test_roster_columns import ID, roster

__all__ = ["roster"]

HEADER = ["序号", "姓名", "身份证号", "手机号"]


def line(at):
    return [at + 1, "张李王刘陈"[at] + "伟", ID[at], ""]


def counties(outcome):
    return [row.committee.code for row in outcome.rows]


def test_a_title_over_the_same_header_begins_another_county(roster):
    outcome = roster([["金牛区名单"], HEADER, line(0), ["武侯区名单"], HEADER, line(1), ["合计", 2]])
    assert counties(outcome) == ["510106", "510107"]
    assert [table.titles for table in outcome.roster.tables] == [("金牛区名单",), ("武侯区名单",)]


def test_bands_of_counties_under_one_title(roster):
    rows = [["成都市司机名单"], ["金牛区"], HEADER, line(0), ["武侯区"], HEADER, line(1)]
    assert counties(roster(rows, merged=["A2:D2", "A5:D5"])) == ["510106", "510107"]


def test_the_line_of_the_unit_counts_where_the_title_names_only_the_city(roster):
    rows = [["成都市司机名单"], ["填报单位：金牛区", "", "2026年3月"], HEADER, line(0)]
    assert counties(roster(rows)) == ["510106"]


def test_a_title_that_names_no_county_leaves_that_of_the_sheet(roster):
    outcome = roster(
        [
            ["金牛区名单"],
            ["一、货车"],
            HEADER,
            line(0),
            ["二、网约车"],
            ["姓名", "身份证号"],
            line(1)[1:],
            ["三、客运"],
            HEADER,
            line(2),
        ]
    )
    assert counties(outcome) == ["510106"] * 3
    assert outcome.roster.tables[1].titles == ("二、网约车", "中共成都市金牛区道路运输行业委员会")


def test_the_titles_of_printed_pages_begin_nothing(roster):
    rows = [["金牛区名单"], ["第1页"], HEADER, line(0), ["金牛区名单"], ["第2页"], HEADER, line(1)]
    outcome = roster([*rows, ["金牛区名单"], HEADER, line(2)])
    assert counties(outcome) == ["510106"] * 3
    assert len(outcome.roster.tables) == 1


def test_a_second_sheet_begins_anew(roster):
    outcome = roster([["金牛区名单"], HEADER, line(0)], others={"Sheet2": [["名单"], HEADER, line(1)]})
    assert counties(outcome) == ["510106", "510100"]
