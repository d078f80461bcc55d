"""Codes of wrong identity numbers, phones, plates and credit codes; masks."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation.protection.identifiers import (
    birth_date_of,
    check_character,
    id_number_error,
    phone_error,
    plate_error,
    sex_of,
    uscc_error,
)
from foundation.protection.masks import (
    MASKS,
    mask_address,
    mask_certificate,
    mask_id_number,
    mask_name,
    mask_phone,
    scrub,
)

TODAY = date(2026, 7, 1)


def numbered(first_17):
    return first_17 + check_character(first_17)


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("11010120000101001X", "id_checksum"),
        (numbered("11010120000101001"), None),
        ("", "id_missing"),
        ("5.10105E+17", "id_numeric_cell"),
        ("5.10105199001011E+17", "id_numeric_cell"),
        ("5.101051990010E+17", "id_numeric_cell"),
        ("41010219830502649", "id_length"),
        ("5117021971070642950", "id_length"),
        ("442000830221058", "id_length"),
        ("5101181969052194OX", "id_characters"),
        ("510185********335X", "id_characters"),
        ("32050619910228988×", "id_characters"),
        ("5104112000010100１7", "id_characters"),
        ("X10411200001010017", "id_characters"),
        ("653101199013012825", "id_birthdate"),
        ("320583198902308565", "id_birthdate"),
        ("510411190002290012", "id_birthdate"),
        ("510411000001010012", "id_birthdate"),
        ("419001198606246168", "id_checksum"),
    ],
)
def test_the_first_rule_that_is_broken_gives_the_code(number, code):
    assert id_number_error(number, TODAY) == code


def test_the_number_the_standard_prints_is_right_and_its_neighbour_wrong():
    assert id_number_error("11010519491231002X", TODAY) is None
    assert id_number_error("110105194912310020", TODAY) == "id_checksum"


@pytest.mark.parametrize(
    ("born", "code"),
    [
        ("20100701", None),  # sixteen today
        ("20100702", "id_birthdate"),  # sixteen tomorrow
        ("19250702", None),  # a hundred, a hundred and one tomorrow
        ("19250701", "id_birthdate"),
        ("20270101", "id_birthdate"),
    ],
)
def test_the_age_is_counted_in_full_years(born, code):
    assert id_number_error(numbered(f"510411{born}001"), TODAY) == code


@given(st.integers(0, 999), st.dates(date(1927, 1, 1), date(2009, 1, 1)), st.integers(0, 16))
def test_every_single_wrong_digit_is_found(order, born, position):
    right = numbered(f"510411{born:%Y%m%d}{order:03}")
    assert id_number_error(right, TODAY) is None
    assert birth_date_of(right) == born
    assert sex_of(right) == ("male" if order % 2 else "female")
    wrong = right[:position] + str((int(right[position]) + 1) % 10) + right[position + 1 :]
    assert id_number_error(wrong, TODAY) in {"id_checksum", "id_birthdate"}


def test_a_division_nobody_knows_is_no_error():
    assert id_number_error(numbered("99999920000101001"), TODAY) is None


@pytest.mark.parametrize("phone", ["", "13800138000", "19900001111"])
def test_right_phones(phone):
    assert phone_error(phone) is None


@pytest.mark.parametrize(
    "phone",
    [
        "1380013800",
        "12800138000",
        "051258123456",
        "13800138000/13900139000",
        "1.38E+10",
        "１３８００１３８０００",
        "138001380001",
        "13800138000\n",
    ],
)
def test_wrong_phones(phone):
    assert phone_error(phone) == "phone_invalid"


@pytest.mark.parametrize(
    "plate",
    [
        "",
        "川A12345",
        "川AD12345",
        "川A12345D",
        "川A1234挂",
        "川A1234学",
        "粤Z1234港",
        "粤Z1234澳",
        "川AN489R",
        "苏UFU4465",
    ],
)
def test_right_plates(plate):
    assert plate_error(plate) is None


@pytest.mark.parametrize(
    "plate",
    [
        "川A1234",
        "川AI2345",
        "A12345",
        "川A123456",
        "川O1234O",
        "川A12",
        "川O12345",
        "川I12345",
        "某A12345",
        "川A1234挂1",
        "川A挂2345",
        "川A１2345",
        "川AL12345",
        "川A12345L",
        "川A1234警察",
        "川A12345\n",
    ],
)
def test_wrong_plates(plate):
    assert plate_error(plate) == "plate_invalid"


def test_credit_codes():
    assert uscc_error("") is None
    assert uscc_error("91110108551385082Q") is None
    assert uscc_error("911101085513850820") == "uscc_invalid"
    assert uscc_error("91110108551385082q") == "uscc_invalid"
    assert uscc_error("9111010855138508IQ") == "uscc_invalid"
    assert uscc_error("short") == "uscc_invalid"


def test_a_credit_code_whose_remainder_is_zero_is_right():
    """A published mistake (alphabet[31 - r]) fails where the weighted sum is a multiple of 31: one code in thirty."""
    alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    weights = [pow(3, place, 31) for place in range(17)]
    found = 0
    for number in range(200):
        body = f"91510400{number:09d}"
        if sum(alphabet.index(letter) * weight for letter, weight in zip(body, weights, strict=True)) % 31 == 0:
            assert uscc_error(f"{body}0") is None
            found += 1
    assert found > 0


@pytest.mark.parametrize(
    ("mask", "text", "shown"),
    [
        (mask_id_number, "510411200001010017", "510411********0017"),
        (mask_id_number, "5104112000", "****"),
        (mask_phone, "19000007720", "190****7720"),
        (mask_phone, "7720", "****"),
        (mask_address, "四川省攀枝花市仁和区迤沙拉大道1号", "四川省攀枝花市仁和区****"),
        (mask_address, "幸福小院3栋", "****"),
        (mask_certificate, "510411200001010017", "510411********0017"),
        (mask_certificate, "5104110012345678", "****5678"),
        (mask_certificate, "12345", "****"),
        (mask_name, "张伟", "张*"),
        (mask_name, "阿卜来提·依明", "阿***"),
    ],
)
def test_masks(mask, text, shown):
    assert mask(text) == shown


@given(st.sampled_from(sorted(set(MASKS) - {"name", "address"})), st.text("0123456789X", min_size=1, max_size=30))
def test_no_mask_shows_more_than_ten_characters_or_everything(mask, text):
    shown = MASKS[mask](text).replace("*", "")
    assert len(shown) <= 10
    assert len(shown) < len(text) or not shown


@pytest.mark.parametrize("mask", sorted(MASKS))
def test_of_nothing_a_mask_makes_nothing(mask):
    assert MASKS[mask]("") == ""


def test_numbers_in_free_text_are_masked():
    assert scrub("电话19000007720，证号51041120000101001x。") == "电话190****7720，证号510411********001x。"
    assert scrub("流水号 2026070100012345678901") == "流水号 2026070100012345678901"
    assert scrub("一\x00二\n三") == "一二\n三"
