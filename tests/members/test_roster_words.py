"""Words that companies and platforms write for choices and organisations: understood where they can mean one thing."""

import pytest

from members.roster.check.readers import choice_of, plate_of
from members.roster.fields import BY_CODE


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
