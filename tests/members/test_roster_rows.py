"""Rows under a header that are no people, as companies and WPS write them; and people that look like such rows."""

import pytest

from tests.members.test_roster_columns import ID, people, roster

__all__ = ["roster"]

HEADER = ["序号", "姓名", "身份证号", "手机号"]


def between(roster, line):
    return roster([HEADER, [1, "张伟", ID[0], ""], line, [2, "李娜", ID[1], "13900139000"]])


@pytest.mark.parametrize(
    "line",
    [
        ["总人数", "120"],
        ["累计", "", 120],
        ["Total", "", 5],
        ["共120人"],
        ["", "", "", "甲公司合计：5人"],
        ["制表：甲", "复核：乙"],
        ["审核：", "王芳", "", "填报："],
        ["其中", "党员", "", 2],
        ["单位负责人（签字）：", "", "填表人（签字）："],
        ["单位负责人签字：甲", "填表人：乙"],
        ["其中：党员", "2人"],
        ["打印时间", "2026/3/5"],
        ["※说明：以上属实"],
        ["例1", "张三", "110101199001011237", ""],
        ["", "例：张三", "110101199001011237", ""],
        ["", "张三（例）", "110101199001011237", ""],
        ["举例", "张三", "110101199001011237", ""],
        ["", "文本", "文本", "文本"],
        ["填写说明", "填写真实姓名", "18位身份证号", "11位手机号"],
        ["", "", "（18位）", "（11位）"],
        ["", "同身份证", "18位", "11位"],
        ["", 0, 0, 0],
        ["/", "/", "/", "/"],
        [3, "——", "——", "——"],
        ["某某运输有限公司"],
        [1001],
    ],
)
def test_rows_that_are_no_people_are_ignored(line, roster):
    outcome = between(roster, line)
    assert people(outcome) == [(2, "张伟", ID[0]), (4, "李娜", ID[1])]
    assert sum(outcome.roster.ignored_counts.values()) == 1


@pytest.mark.parametrize(
    ("line", "codes"),
    [
        ([3, "无", "无", "无"], ["name_missing", "id_missing"]),
        ([3, "/", "/", "13800138000"], ["name_missing", "id_missing"]),
        (["甲公司：", "王芳", "", "13800138000"], ["id_missing"]),
        ([3, "例如", ID[2], ""], None),
        ([3, "周例", ID[2], ""], []),
        ([3, "共一", ID[2], ""], []),
        (["累计", "王芳", ID[2], ""], []),
    ],
)
def test_people_stay_people(line, codes, roster):
    outcome = between(roster, line)
    if codes is None:
        assert len(outcome.rows) == 2
    else:
        assert [row.row for row in outcome.rows] == [2, 3, 4]
        assert [code for _, code, _ in outcome.rows[1].errors] == codes


def test_what_stands_alone_in_no_column_is_named(roster):
    outcome = between(roster, ["某某运输有限公司"])
    assert [(row.row, row.text) for row in outcome.roster.ignored] == [(3, "某某运输有限公司")]
