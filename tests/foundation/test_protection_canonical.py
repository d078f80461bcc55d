"""One spelling for many, and the keys names are found by."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation.protection.canonical import (
    canonical_id_number,
    canonical_name,
    canonical_phone,
    canonical_plate,
    given_key,
    initials,
    name_key,
    strip_spaces,
    to_simplified,
)

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
names = st.text("张伟欧阳單雄信乾昇𠮷阿·•． \u3000\u200bＡa1", max_size=12)


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("张伟", "张伟"),
        ("张　伟", "张伟"),
        (" 张 伟\u200b", "张伟"),
        ("张\xa0伟", "张伟"),
        ("張偉", "張偉"),
        ("张乾昇", "张乾昇"),
        ("李𠮷明", "李𠮷明"),
        ("吉克·阿木", "吉克·阿木"),
        ("吉克•阿木", "吉克·阿木"),
        ("吉克‧阿木", "吉克·阿木"),
        ("吉克．阿木", "吉克·阿木"),
        ("吉克・阿木", "吉克·阿木"),
        ("吉克.阿木", "吉克·阿木"),
        ("吉克 · 阿木", "吉克·阿木"),
        ("吉克. 阿木", "吉克·阿木"),
        ("J. R. Müller", "J. R. Müller"),
        ("Anna   Maria", "Anna Maria"),
        ("Ａｎｎａ", "Anna"),
        ("张\x00伟", "张伟"),
        ("=HYPERLINK(1)", "=HYPERLINK(1)"),
        ("", ""),
        ("\u3000", ""),
    ],
)
def test_a_name_is_stored_as_written_but_for_spaces_and_dots(written, stored):
    assert canonical_name(written) == stored


@given(st.one_of(texts, names))
def test_a_stored_name_stays_as_it_is(text):
    once = canonical_name(text)
    assert canonical_name(once) == once
    assert "\x00" not in once


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("張偉", "张伟"),
        ("ANNA", "anna"),
        ("Ａnna", "anna"),
        ("吉克•阿木", "吉克阿木"),
        ("吉克.阿木", "吉克·阿木"),
        ("张 伟", "张伟"),
        ("崑山", "昆山"),
        ("辻\ufe00", "辻"),
    ],
)
def test_spellings_of_one_name_have_one_key(one, other):
    assert name_key(one) == name_key(other)


def test_different_names_have_different_keys():
    assert len({name_key(name) for name in ["张伟", "张玮", "章伟", "李𠮷明", "李吉明"]}) == 5


@given(names, names)
def test_the_key_of_a_prefix_is_a_prefix_of_the_key(one, other):
    assert name_key(one + other).startswith(name_key(one))


@given(names)
def test_a_key_is_its_own_key(name):
    assert name_key(name_key(name)) == name_key(name)


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("张伟", "伟"),
        ("张三丰", "三丰"),
        ("欧阳修", "修"),
        ("歐陽修", "修"),
        ("欧阳", "阳"),
        ("司马相如", "相如"),
        ("諸葛亮", "亮"),
        ("单于", "于"),
        ("阿卜来提·依明", "依明"),
        ("阿卜来提•依明", "依明"),
        ("买买提·阿不都·热依木", "阿不都热依木"),
        ("Anna Maria", "maria"),
        ("Anna", ""),
        ("张", ""),
        ("", ""),
    ],
)
def test_the_given_name_has_its_own_key(name, key):
    assert given_key(name) == key


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("张伟", "zw"),
        ("張偉", "zw"),
        ("单雄信", "sxx"),
        ("單雄信", "sxx"),
        ("仇英", "qy"),
        ("曾国藩", "zgf"),
        ("解缙", "xj"),
        ("查良镛", "zly"),
        ("朴正", "pz"),
        ("翟让", "zr"),
        ("覃海", "qh"),
        ("区寄", "oj"),
        ("乐毅", "yy"),
        ("尉迟恭", "ycg"),
        ("单于成", "cyc"),
        ("万俟卨", "mqx"),
        ("长孙无忌", "zswj"),
        ("欧阳修", "oyx"),
        ("万里", "wl"),
        ("尉健", "wj"),
        ("王单", "wd"),
        ("张乾", "zq"),
        ("李晟", "ls"),
        ("阿卜来提·依明", "abltym"),
        ("单·木", "dm"),
        ("Anna Maria", "am"),
        ("李A明", "lam"),
        ("曾𠮷明", "zjm"),
        ("李𠮷明", "ljm"),
        ("Jürgen 李", "jl"),
        ("", ""),
    ],
)
def test_initials_read_surnames_as_surnames(name, letters):
    assert initials(name) == letters


@given(texts)
def test_initials_are_small_letters_and_digits(text):
    assert all(letter.isalnum() and letter == letter.casefold() for letter in initials(text) if letter.isascii())


def test_simplified_words_and_whether_anything_changed():
    assert to_simplified("身份證號碼") == ("身份证号码", True)
    assert to_simplified("货车司机") == ("货车司机", False)
    assert to_simplified("乾隆") == ("乾隆", False)
    assert to_simplified("phone") == ("phone", False)


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("510411200001010017", "510411200001010017"),
        ("５１０４１１２０００01010017", "510411200001010017"),
        (" 510411 20000101 0017\xa0", "510411200001010017"),
        ("'510411200001010017", "510411200001010017"),
        ("’51041120000101001x", "51041120000101001X"),
        ("51041120000101001Ｘ", "51041120000101001X"),
        ("\u202a510411200001010017\u202c", "510411200001010017"),
        ("51041120000101001×", "51041120000101001×"),
    ],
)
def test_identity_numbers(written, number):
    assert canonical_id_number(written) == number


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("13800138000", "13800138000"),
        ("13800138000.0", "13800138000"),
        ("+86 138-0013-8000", "13800138000"),
        ("86-138-0013-8000", "13800138000"),
        ("0086 13800138000", "13800138000"),
        ("＋８６１３８００１３８０００", "13800138000"),
        ("138\xa00013\u30008000", "13800138000"),
        ("138—0013—8000", "13800138000"),
        ("86138001380", "86138001380"),
        ("0512-58123456", "051258123456"),
    ],
)
def test_phones(written, number):
    assert canonical_phone(written) == number


@pytest.mark.parametrize(
    ("written", "plate"),
    [
        ("川A12345", "川A12345"),
        ("川a·12345", "川A12345"),
        ("川Ａ１２３４５", "川A12345"),
        ("川A 1B2C3", "川A1B2C3"),
        ("蘇E•12345", "苏E12345"),
        ("蘇E12345", "苏E12345"),
        ("川A1234掛", "川A1234挂"),
        ("粤Z1234港", "粤Z1234港"),
        ("", ""),
    ],
)
def test_plates(written, plate):
    assert canonical_plate(written) == plate


@given(texts)
def test_canonical_forms_are_stable_and_without_spaces(text):
    for canonical in (canonical_id_number, canonical_phone, canonical_plate, strip_spaces):
        once = canonical(text)
        assert not any(character.isspace() or character in "\u200b\u202a\ufeff\x00" for character in once)
    assert strip_spaces(strip_spaces(text)) == strip_spaces(text)
