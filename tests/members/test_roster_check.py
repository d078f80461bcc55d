"""What cells mean, and what is compared between rows."""

from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from members.roster.check import Catalogue, Unit, check
from members.roster.check.messages import MESSAGES, message
from members.roster.check.readers import (
    choice_of,
    date_of,
    driving_class_of,
    id_number_of,
    is_empty,
    name_of,
    number_text_of,
    phone_of,
    plate_of,
    text_of,
    uscc_of,
)
from members.roster.columns import PersonRow, Table
from members.roster.columns.headers import columns_of
from members.roster.fields import BY_CODE, FIELDS
from tests.members.rosters import TODAY, areas, catalogue

ID = "510105199001011237"


def checked(header, *lines, organization="510100", units=None, sheet="Sheet1"):
    """Check lines under a header, as rows 2, 3, … of a sheet."""
    table = Table(sheet, 1, 1, (), columns_of([header], {}))
    rows = [PersonRow(table, at + 2, list(line)) for at, line in enumerate(lines)]
    return list(check(rows, units or catalogue(organization), today=TODAY, areas=areas()))


def codes(row):
    return [code for _, code, _ in row.errors]


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("2011.07", "2011-07"),
        ("2011.7", "2011-07"),
        ("2011-07", "2011-07"),
        ("2011-07-01", "2011-07-01"),
        ("2011/7/1", "2011-07-01"),
        ("2011.7.1", "2011-07-01"),
        ("201107", "2011-07"),
        ("20110701", "2011-07-01"),
        ("2011年7月", "2011-07"),
        ("2011年07月", "2011-07"),
        ("2011年7月1日", "2011-07-01"),
        ("2011 年 7 月 1 号", "2011-07-01"),
        ("２０１１．０７", "2011-07"),
        ("'2011.07", "2011-07"),
        ("2011-07-01 00:00:00", "2011-07-01"),
        ("2011-07-01T08:30:00", "2011-07-01"),
        ("2011/7/1 8:30", "2011-07-01"),
        ("40725", "2011-07-01"),
        ("40725.0", "2011-07-01"),
        ("201107.0", "2011-07"),
        (40725, "2011-07-01"),
        (40725.0, "2011-07-01"),
        (40725.4, "2011-07-01"),
        (201107.0, "2011-07"),
        (20110701.0, "2011-07-01"),
        (2011.07, "2011-07"),
        (2011.12, "2011-12"),
        (date(2011, 7, 1), "2011-07-01"),
        (datetime(2011, 7, 1, 23, 59), "2011-07-01"),
        ("2026-11-20", "2026-11-20"),
        ("2026.11", "2026-11"),
        ("2011 7 1", "2011-07-01"),
        ("2011 1 1", "2011-01-01"),
        ("2011　11", "2011-11"),
        ("2011年7月份", "2011-07"),
        ("2011.7.", "2011-07"),
        ("2011年7月1日 星期五", "2011-07-01"),
        ("2011-07-01T00:00:00+08:00", "2011-07-01"),
        ("二〇一一年七月", "2011-07"),
        ("二○一一年十二月", "2011-12"),
        ("一九八五年十月三十一日", "1985-10-31"),
        ("2011年七月", "2011-07"),
    ],
)
def test_dates_people_write_are_read(cell, value):
    assert date_of(cell, TODAY)[:2] == (value, "")


@pytest.mark.parametrize(
    "cell",
    [
        "2011-13-45", "2011.02.30", "不详", "2099年7月", "2026-11-21", "2026.12", "2011", "11.07", "2011.7.1.1", "七月",
        "1011-07-01", "2011-07-", "201113", "20110231", "0", "999999999999", "2011年", 2011.0, 2011.1, 2011.13, -5.0,
        0.0, 1e300, float("inf"), True, time(8, 0), timedelta(hours=30), date(2030, 1, 1), "2011--07",
        "1900-01-00", "2011.07.00", "20110700", 20110700.0, "2011 13", "二〇一一年十十月", "二〇一一年二月三十日",
    ],
)  # fmt: skip
def test_what_is_no_date_is_refused(cell):
    assert date_of(cell, TODAY).code == "date_invalid"


def test_october_as_a_number_cannot_be_told_from_january():
    (row,) = checked(["姓名", "身份证号", "入党时间"], ["张伟", ID, 2011.1])
    assert codes(row) == ["date_invalid"]
    assert "2011.01 或 2011.10" in row.errors[0][2]
    assert date_of("2011.10", TODAY).value == "2011-10"


NOTHING = ["", "无", "無", "暂无", "—", "-", "/", "——", "－", "NULL", "N/A", " 无 ", "\u3000", "暂 无"]
OPTIONAL = "手机号 车牌号 性别 入党时间 党支部 所属县区 所属企业 工会会员 从业资格证号"


@pytest.mark.parametrize("word", NOTHING)
@pytest.mark.parametrize("header", OPTIONAL.split())
def test_words_for_nothing_clear_nothing(word, header):
    (row,) = checked(["姓名", "身份证号", header], ["张伟", ID, word])
    assert row.values == {"name": "张伟", "id_number": ID}
    assert row.errors == row.warnings == row.notes == []
    assert row.committee.code == "510100"


@pytest.mark.parametrize("word", ["", "无", "—", "/", "暂无", "  "])
def test_words_for_nothing_mean_missing_where_something_must_be(word):
    (row,) = checked(["姓名", "身份证号"], [word, word])
    assert codes(row) == ["name_missing", "id_missing"]


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        (510105199001011237.0, "id_numeric_cell"),
        (510105199001011237, "id_numeric_cell"),
        (1.0, "id_numeric_cell"),
        ("5.10105E+17", "id_numeric_cell"),
        ("5.10105199001011e17", "id_numeric_cell"),
        ("５.１E+17", "id_numeric_cell"),
        ("51010519900101123", "id_length"),
        ("510105900101123", "id_length"),
        (True, "id_length"),
        (date(1990, 1, 1), "id_length"),
        ("51010519900101123O", "id_characters"),
        ("51010519900101l237", "id_characters"),
        ("510105********1237", "id_characters"),
        ("51010519900101123×", "id_characters"),
        ("51010519900101123Х", "id_characters"),  # Cyrillic
        ("٥10105199001011237", "id_characters"),  # an Arabic digit
        ("510105199013011237", "id_birthdate"),
        ("510105201101011237", "id_birthdate"),
        ("510105192501011237", "id_birthdate"),
        ("510105199001011238", "id_checksum"),
        ("510105199001011237", ""),
        ("'510105199001011237", ""),
        ("’510105 19900101 1237\u00a0", ""),
        ("５１０１０５１９９００１０１１２３７", ""),
        ("\u200e510105199001011237\t", ""),
        ("51040319671210726x", ""),
        ("51040319671210726Ｘ", ""),
    ],
)
def test_identity_numbers_fail_by_the_first_rule_that_fits(cell, code):
    assert id_number_of(cell, TODAY).code == code


def test_age_turns_on_the_birthday():
    def number(birth):
        first = f"510105{birth:%Y%m%d}123"
        weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
        return (
            first + "10X98765432"[sum(int(digit) * weight for digit, weight in zip(first, weights, strict=True)) % 11]
        )

    today = date(2026, 11, 20)
    assert id_number_of(number(date(2010, 11, 20)), today).code == ""
    assert id_number_of(number(date(2010, 11, 21)), today).code == "id_birthdate"
    assert id_number_of(number(date(1926, 11, 20)), today).code == ""
    assert id_number_of(number(date(1925, 11, 20)), today).code == "id_birthdate"


@pytest.mark.parametrize(
    ("cell", "value", "code"),
    [
        ("13800138000", "13800138000", ""),
        (13800138000.0, "13800138000", ""),
        (13800138000, "13800138000", ""),
        ("13800138000.0", "13800138000", ""),
        ("138 0013 8000", "13800138000", ""),
        ("138-0013-8000", "13800138000", ""),
        ("138—0013—8000", "13800138000", ""),
        ("+86 13800138000", "13800138000", ""),
        ("0086-13800138000", "13800138000", ""),
        ("8613800138000", "13800138000", ""),
        ("１３８００１３８０００", "13800138000", ""),
        ("12800138000", None, "phone_invalid"),
        ("1380013800", None, "phone_invalid"),
        ("0512-58123456", None, "phone_invalid"),
        ("13800138000/13900139000", None, "phone_invalid"),
        ("1.38001E+10", None, "phone_invalid"),
        (1.5, None, "phone_invalid"),
        (True, None, "phone_invalid"),
        ("'", None, "phone_invalid"),
    ],
)
def test_phones(cell, value, code):
    meaning = phone_of(cell)
    assert meaning.code == code
    assert code or meaning.value == value


@pytest.mark.parametrize(
    ("cell", "value"),
    [("川A12345", "川A12345"), ("川a·12345", "川A12345"), ("川Ａ 1B2C3", "川A1B2C3"), ("川A12345D", "川A12345D")],
)
def test_plates(cell, value):
    assert plate_of(cell)[:2] == (value, "")


@pytest.mark.parametrize("cell", ["川A1234", "川AI2345", "A12345", "川A123456", "川A12345、川B12345", 12345.0, "·"])
def test_wrong_plates(cell):
    assert plate_of(cell).code == "plate_invalid"


@pytest.mark.parametrize(
    ("field", "cell", "value"),
    [
        ("sex", "女 ", "female"),
        ("ethnicity", "汉", "汉族"),
        ("ethnicity", "维吾尔族", "维吾尔族"),
        ("group", "道路货运", "truck"),
        ("group", "巡遊出租", "taxi"),
        ("declared_political_status", "中共预备党员", "probationary"),
        ("union_member", "√", True),
        ("union_member", "×", False),
        ("union_member", "Ｙ", True),
        ("union_member", True, True),
        ("veteran", "否", False),
        ("veteran", 0.0, False),
        ("work_status", "在崗", "on_duty"),
    ],
)
def test_choices_by_any_of_their_words(field, cell, value):
    assert choice_of(BY_CODE[field])(cell)[:2] == (value, "")


def test_a_choice_nobody_knows_is_named_with_what_can_be_written():
    (row,) = checked(["姓名", "身份证号", "司机类别"], ["张伟", ID, "宇航员"])
    assert row.errors == [("司机类别", "choice_unknown", row.errors[0][2])]
    assert "“宇航员”" in row.errors[0][2]
    assert "货车司机、网约车司机" in row.errors[0][2]


@pytest.mark.parametrize(
    ("cell", "value"), [("a2", "A2"), ("C1、D", "C1D"), ("Ｂ２", "B2"), ("C1照", "C1"), ("A1A2", "A1A2")]
)
def test_driving_classes(cell, value):
    assert driving_class_of(cell).value == value


def test_numbers_that_lost_their_digits_are_left_out_and_said():
    header = ["姓名", "身份证号", "从业资格证号", "统一社会信用代码"]
    (row,) = checked(header, ["张伟", ID, 5.101051990010112e17, "91510104MA62LXXX01"])
    assert not row.is_rejected
    assert [code for _, code, _ in row.notes] == ["digits_lost", "uscc_invalid"]
    assert "credential_number" not in row.values
    assert "uscc" not in row.values
    assert number_text_of(BY_CODE["credential_number"])(518577757442.0).value == "518577757442"


def test_a_right_credit_code_is_kept():
    assert uscc_of("911100006000373410").note == "uscc_invalid"
    assert uscc_of("9111 0000 6000 3734 1L").value == "91110000600037341L"


def test_free_text_loses_controls_and_what_is_too_long():
    meaning = text_of(BY_CODE["remarks"])("  第一行\r\n第二行\x00" + "长" * 600)
    assert meaning.value.startswith("第一行\n第二行长")
    assert len(meaning.value) == 500
    assert meaning.note == "cut"


def test_names_that_look_like_formulas_are_text():
    for name in ('=HYPERLINK("http://example.invalid","点我")', "+cmd|' /C calc'!A0", "@SUM(1+1)*cmd"):
        assert name_of(name)[:2] == (name, "")


def test_a_column_shift_is_hinted_at():
    header = ["姓名", "身份证号", "手机号"]
    right, left = checked(header, ["张伟", "男", ID], ["510115200011139697", "13800138000", ""])
    assert "向右移了一格" in right.errors[0][2]
    assert "向左移了一格" in next(text for _, code, text in left.errors if code == "id_length")


def test_all_errors_of_a_row_are_told_and_no_warning_of_it():
    header = ["姓名", "性别", "身份证号", "手机号", "车牌号", "区县"]
    (row,) = checked(header, ["", "女", "51010519900101123", "123", "川A12", "云岭县"])
    assert codes(row) == ["name_missing", "id_length", "phone_invalid", "plate_invalid", "organization_unknown"]
    assert row.warnings == []


def test_the_first_of_a_repeated_number_counts_even_if_it_is_rejected():
    header = ["姓名", "身份证号"]
    first, second, third = checked(header, ["", ID], ["张伟", f" {ID}"], ["张伟", f"'{ID}"])
    assert codes(first) == ["name_missing"]
    assert codes(second) == codes(third) == ["duplicate_in_file"]
    assert "第 2 行" in third.errors[0][2]
    assert ID not in third.errors[0][2]


def test_a_wrong_number_twice_is_wrong_twice_and_no_duplicate():
    wrong = "510105199001011238"
    assert [codes(row) for row in checked(["姓名", "身份证号"], ["甲", wrong], ["乙", wrong])] == [["id_checksum"]] * 2


def test_a_phone_is_shared_only_with_rows_that_go_in():
    header = ["姓名", "身份证号", "手机号"]
    rows = checked(
        header,
        ["", "51040319671210726X", "13800138000"],
        ["张伟", ID, "13800138000"],
        ["李娜", "510115200011139697", "+86 138 0013 8000"],
    )
    assert [[code for _, code, _ in row.warnings] for row in rows] == [[], [], ["phone_shared"]]
    assert "第 3 行" in rows[2].warnings[0][2]


def test_sex_birth_and_area_are_compared_with_the_number():
    header = ["姓名", "身份证号", "性别", "出生年月"]
    agrees, month, differs = checked(
        header,
        ["张伟", ID, "男", "1990-01-01"],
        ["李娜", "51040319671210726X", "女", "1967.12"],
        ["王芳", "512081198001014233", "女", "1980.02"],
    )
    assert agrees.warnings == month.warnings == []
    assert [code for _, code, _ in differs.warnings] == ["area_unknown", "sex_mismatch", "birth_mismatch"]


def test_traditional_characters_are_folded_with_a_warning_and_the_name_is_kept():
    (row,) = checked(["姓名", "身份证号", "区縣"], ["劉偉", ID, "金牛區"], organization="510100")
    assert row.values["name"] == "劉偉"
    assert row.committee.code == "510106"
    assert [(label, code) for label, code, _ in row.warnings] == [
        ("姓名", "traditional_folded"),
        ("区縣", "traditional_folded"),
    ]


@pytest.fixture
def province():
    """Return a province with two cities that both have an 东区."""
    top = Unit(1, "510000", "中共四川省道路运输行业委员会", "四川省", is_committee=True, is_territorial=True)
    beneath = [
        Unit(2, "510400", "中共甲市道路运输行业委员会", "甲市", (), 1, is_committee=True, is_territorial=True),
        Unit(3, "510500", "中共乙市道路运输行业委员会", "乙市", (), 1, is_committee=True, is_territorial=True),
        Unit(
            4, "510402", "中共甲市东区道路运输行业委员会", "东区", ("东城",), 2, is_committee=True, is_territorial=True
        ),
        Unit(5, "510502", "中共乙市东区道路运输行业委员会", "东区", (), 3, is_committee=True, is_territorial=True),
        Unit(6, "510402-01", "云上党支部", "", (), 4, is_branch=True),
        Unit(7, "510502-01", "云上党支部", "", (), 5, is_branch=True),
    ]
    return Catalogue(top, beneath)


@pytest.mark.parametrize(
    ("county", "branch", "committee", "declared"),
    [
        ("510402", "云上党支部", 4, 6),
        ("甲市东区", "云上党支部", 4, 6),
        ("四川省甲市东区", "", None, None),
        ("中共乙市东区道路运输行业委员会", "云上党支部", 5, 7),
        ("乙市东区道路运输行业委员会", "", 5, None),
        ("东城", "510502-01", 4, 7),
        (510502.0, "", 5, None),
        ("东区", "", None, None),
        ("甲市", "云上党支部", None, None),
    ],
)
def test_units_are_found_by_code_name_short_name_and_alias(province, county, branch, committee, declared):
    (row,) = checked(["姓名", "身份证号", "区县", "党支部"], ["张伟", ID, county, branch], units=province)
    if committee is None:
        assert set(codes(row)) <= {"organization_unknown"}
    else:
        assert (row.values["committee"], row.values.get("declared_branch")) == (committee, declared)


def test_an_ambiguous_name_says_so_and_a_foreign_one_says_nothing(province):
    header = ["姓名", "身份证号", "区县"]
    ambiguous, foreign, nowhere = checked(
        header, ["甲", ID, "东区"], ["乙", ID, "昆山市"], ["丙", ID, "云岭县"], units=province
    )
    assert codes(ambiguous) == ["organization_unknown"]
    assert "不止一个" in ambiguous.errors[0][2]
    assert foreign.errors[0][2].replace("昆山市", "云岭县") == nowhere.errors[0][2]


def test_a_row_without_a_county_goes_to_the_importing_committee_and_names_none():
    (row,) = checked(["姓名", "身份证号", "区县"], ["张伟", ID, ""], organization="510106")
    assert row.committee.code == "510106"
    assert "committee" not in row.values


cells = st.one_of(
    st.text(max_size=60),
    st.text(alphabet="0123456789Xx.-/年月日 　'+E（）无", max_size=24),
    st.floats(allow_nan=True, allow_infinity=True),
    st.integers(min_value=-(10**19), max_value=10**19),
    st.booleans(),
    st.dates(),
    st.datetimes(),
    st.times(),
    st.timedeltas(),
)
_HEADER = [entry.headers[0] for entry in FIELDS]


@settings(deadline=None, max_examples=200)
@given(st.lists(st.lists(cells, min_size=len(_HEADER), max_size=len(_HEADER)), max_size=4))
def test_no_cell_whatsoever_stops_the_check(lines):
    for row in checked(_HEADER, *lines):
        assert row.errors or {"name", "id_number"} <= set(row.values)
        assert not row.is_rejected or not row.warnings
        for label, code, sentence in (*row.errors, *row.warnings, *row.notes):
            assert label in _HEADER
            assert code in MESSAGES
            assert "{" not in MESSAGES[code] or sentence != MESSAGES[code]


def test_every_message_can_be_written():
    values = {"text": "甲", "number": ID, "length": 1, "where": "第 2 行", "other": "乙", "choices": "丙", "side": "右"}
    for code in MESSAGES:
        assert message(code, **values).endswith("。")
        assert ID not in message(code, **{**values, "text": f"号码 {ID} 手机 13800138000"})


def test_empty_is_empty_only_as_a_whole():
    assert is_empty("——")
    assert not is_empty("无锡")
    assert not is_empty("-2+3")
    assert not is_empty("—1")
