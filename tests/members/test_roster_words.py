"""Words that companies and platforms write for choices and organisations: understood where they can mean one thing."""

import pytest

from members.roster.check.readers import choice_of, plate_of
from members.roster.fields import BY_CODE
from tests.members.rosters import catalogue


@pytest.mark.parametrize(
    ("field", "cell", "value"),
    [
        ("sex", "M", "male"),
        ("sex", "f", "female"),
        ("sex", 1.0, "male"),
        ("sex", "2", "female"),
        ("union_member", True, True),
        ("union_member", 0.0, False),
        ("union_member", "是的", True),
        ("union_member", "✕", False),
        ("union_member", "没有", False),
        ("union_member", "已入会", True),
        ("veteran", "退役军人", True),
        ("veteran", "非退役军人", False),
        ("group", "巡游出租汽车驾驶员", "taxi"),
        ("group", "網絡預約出租汽車駕駛員", "ride_hailing"),
        ("declared_political_status", "中共党员（预备）", "probationary"),
        ("ethnicity", "蒙族", "蒙古族"),
    ],
)
def test_choices_in_other_words(field, cell, value):
    assert choice_of(BY_CODE[field])(cell)[:2] == (value, "")


@pytest.mark.parametrize(
    ("field", "cell"), [("sex", "未知"), ("sex", 3.0), ("union_member", "也许"), ("veteran", "会员"), ("group", "滴滴")]
)
def test_words_that_could_mean_anything_are_refused(field, cell):
    assert choice_of(BY_CODE[field])(cell).code == "choice_unknown"


def test_a_plate_in_traditional_characters_needs_no_dot():
    assert plate_of("蘇E12345")[:2] == plate_of("蘇E·12345")[:2] == ("苏E12345", "")


@pytest.mark.parametrize(
    ("importing", "cell", "code"),
    [
        ("510100", "510106.0", "510106"),
        ("510100", "金牛", "510106"),
        ("510100", "成都金牛区", "510106"),
        ("510100", "四川省成都市金牛区", "510106"),
        ("510100", "金牛区道路运输行业委员会", "510106"),
        ("510100", "金牛区（510106）", "510106"),
        ("510100", "510106-金牛区", "510106"),
        ("510106", "成都市金牛区", "510106"),
        ("510400", "攀枝花东区", "510402"),
        ("510100", "510107 金牛区", None),
        ("510100", "金牛区、武侯区", None),
        ("510100", "昆山", None),
        ("510400", "东", None),
    ],
)
def test_committees_in_other_words(importing, cell, code):
    unit, _, _ = catalogue(importing).committee(cell)
    assert (unit.code if unit else None) == code


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("510106—01", "510106-01"),
        ("510106-01 金牛区危货运输企业党支部", "510106-01"),
        ("金牛区危货运输企业党支部（510106-01）", "510106-01"),
        ("中共成都市金牛区危货运输企业党支部", "510106-01"),
        ("510106-02 金牛区危货运输企业党支部", None),
        ("危货运输企业党支部", None),
    ],
)
def test_branches_in_other_words(cell, code):
    units = catalogue("510100")
    unit, _, _ = units.branch(cell, units.importing)
    assert (unit.code if unit else None) == code


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("510106", "510106"),
        ("金牛名单", "510106"),
        ("金牛（120人）", "510106"),
        ("一、金牛", "510106"),
        ("金牛-网约车", "510106"),
        ("成都金牛", "510106"),
        ("填报单位：金牛", "510106"),
        ("填报单位：510106", "510106"),
        ("成都金牛运输公司", None),
        ("武侯、金牛", None),
        ("510106 510107", None),
        ("汇总表", None),
    ],
)
def test_sheets_and_titles_name_a_county_in_few_words(line, code):
    for unit in (catalogue("510100").named_by(line, ()), catalogue("510100").named_by("Sheet1", (line,))):
        assert (unit.code if unit else None) == code
