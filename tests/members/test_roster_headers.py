"""Headers in other words, and headers of several rows whose groups say whose a column is."""

import pytest

from members.roster.columns.headers import folded_header, meaning_of
from tests.members.test_roster_columns import ID, people, roster

__all__ = ["roster"]

OWN, OTHER = "13800138000", "13900139000"


@pytest.mark.parametrize(
    ("written", "field"),
    [
        ("驾驶员联系电话", "phone"),
        ("本人手机号", "phone"),
        ("联系电话（本人）", "phone"),
        ("手机号码2", "phone"),
        ("手机/电话", "phone"),
        ("姓名Name", "name"),
        ("Name\n姓名", "name"),
        ("性别 / Sex", "sex"),
        ("①姓名", "name"),
        ("“姓名”", "name"),
        ("姓名▼", "name"),
        ("从业人员身份证号", "id_number"),
        ("身分證字號", "id_number"),
        ("聯絡電話", "phone"),
        ("网络预约出租汽车驾驶员证号", "credential_number"),
        ("联系电话（家属）", ""),
        ("紧急联系电话", ""),
        ("家庭电话", ""),
        ("车牌号/车型", ""),
        ("姓名2", ""),
        ("驾驶证号", ""),
        ("手机型号", ""),
        ("所属企业联系电话", ""),
    ],
)
def test_headers_in_other_words(written, field):
    assert meaning_of(folded_header(written))[0] == field


def test_the_word_of_the_list_goes_before_others(roster):
    outcome = roster([["驾驶员", "姓名", "身份证号"], ["一队", "张伟", ID[0]]])
    assert people(outcome) == [(2, "张伟", ID[0])]


def phone_of(outcome):
    return outcome.rows[0].values.get("phone")


def test_a_cell_merged_downwards_makes_the_row_below_part_of_the_header(roster):
    outcome = roster(
        [["序号", "姓名", "身份证号", "联系电话", ""], ["", "", "", "本人", "家属"], [1, "张伟", ID[0], OWN, OTHER]],
        merged=["A1:A2", "B1:B2", "C1:C2", "D1:E1"],
    )
    assert people(outcome) == [(3, "张伟", ID[0])]
    assert phone_of(outcome) == OWN
    assert [column.label for column in outcome.roster.tables[0].columns][3:] == ["本人", "家属"]


def test_a_group_reaches_over_the_columns_right_of_it(roster):
    outcome = roster(
        [
            ["编号", "姓名", "证件", "", "联系方式", ""],
            ["", "", "类型", "号码", "手机", "微信"],
            [1, "张伟", "身份证", ID[0], OWN],
        ]
    )
    assert people(outcome) == [(3, "张伟", ID[0])]
    assert phone_of(outcome) == OWN


def test_a_header_of_four_rows_is_read(roster):
    rows = [["序号", "名册", ""], ["", "身份", ""], ["", "证件", ""], ["", "姓名", "身份证号"], ["示例", "某某", ID[1]]]
    outcome = roster([*rows, [1, "张伟", ID[0]]], merged=["A1:A4", "B1:C1", "B2:C2"])
    assert people(outcome) == [(6, "张伟", ID[0])]


@pytest.mark.parametrize("group", ["家属", "紧急联系人", "所属企业信息"])
def test_the_phone_of_another_is_not_the_drivers(group, roster):
    rows = [["司机", "", "", group, ""], ["姓名", "身份证号", "联系电话", "名称", "联系电话"]]
    outcome = roster([*rows, ["张伟", ID[0], "", "某某", OTHER]])
    assert people(outcome) == [(3, "张伟", ID[0])]
    assert phone_of(outcome) is None


def test_a_group_named_after_a_firm_hides_nobody(roster):
    rows = [["某某公司司机", "", ""], ["姓名", "身份证号", "联系电话"], ["张伟", ID[0], OWN]]
    assert phone_of(roster(rows, merged=["A1:C1"])) == OWN


def test_a_hint_under_a_header_is_not_its_name(roster):
    rows = [["姓名", "身份证号", "入党时间", "", "联系电话"], ["", "18 位数字", "年", "月", "本人"]]
    outcome = roster([*rows, ["张伟", ID[0], 2011, 7, OWN]], merged=["A1:A2", "C1:D1"])
    assert people(outcome) == [(3, "张伟", ID[0])]
    assert outcome.rows[0].values == {"name": "张伟", "id_number": ID[0], "phone": OWN}
    assert [column.label for column in outcome.roster.tables[0].columns] == ["姓名", "身份证号", "年", "月", "本人"]


def test_a_list_of_vehicles_is_no_roster(roster):
    rows = [["车牌号", "驾驶员", "联系电话", "所属企业"], ["川A12345", "张伟", OWN, "某公司"]]
    outcome = roster([["驾驶员", "身份证号"], ["张伟", ID[0]]], others={"车辆": rows})
    assert people(outcome) == [(2, "张伟", ID[0])]
    assert outcome.roster.skipped == [("车辆", "no_header")]
