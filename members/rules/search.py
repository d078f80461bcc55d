"""What somebody meant by the text in a search box. Pure: no query, no clock.

Deciding first and asking one index afterwards is what keeps every search quick: one OR over all columns uses none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from foundation.protection.canonical import canonical_id_number, canonical_phone, canonical_plate, name_key


class Kind(StrEnum):
    """What a typed text is."""

    NOTHING = "nothing"  # empty, or nothing that an index could answer
    ID_NUMBER = "id_number"
    ID_TAIL = "id_tail"
    PHONE = "phone"
    PHONE_TAIL = "phone_tail"
    PLATE = "plate"
    INITIALS = "initials"
    NAME = "name"


LABELS = {
    Kind.ID_NUMBER: "身份证号",
    Kind.ID_TAIL: "身份证号后四位",
    Kind.PHONE: "手机号",
    Kind.PHONE_TAIL: "后四位",
    Kind.PLATE: "车牌",
    Kind.INITIALS: "拼音首字母",
    Kind.NAME: "姓名",
}
# Kinds whose text says who a person is: asked by POST, never repeated in an address, a log or a saved filter.
SENSITIVE = frozenset({Kind.ID_NUMBER, Kind.ID_TAIL, Kind.PHONE, Kind.PHONE_TAIL})

_ID_NUMBER = re.compile(r"[0-9]{17}[0-9X]").fullmatch
_ID_TAIL = re.compile(r"[0-9]{3}X").fullmatch
_PHONE = re.compile(r"1[3-9][0-9]{9}").fullmatch
_PHONE_TAIL = re.compile(r"[0-9]{4}").fullmatch
_PLATE = re.compile(
    "[京津冀晋蒙辽吉黑沪苏浙皖闽赣鲁豫鄂湘粤桂琼渝川贵云藏陕甘青宁新][A-HJ-NP-Z][A-HJ-NP-Z0-9]{0,6}[挂学警港澳]?"
).fullmatch
_LETTERS = re.compile(r"[A-Za-z]{1,50}").fullmatch
_HAS_DIGIT = re.compile(r"[0-9]").search


@dataclass(frozen=True, slots=True)
class Query:
    """What was typed, decided: the kind and the canonical text its index knows."""

    kind: Kind
    canonical: str = ""

    @property
    def label(self) -> str:
        """Return the kind in words, "" for nothing."""
        return LABELS.get(self.kind, "")

    @property
    def sensitive(self) -> bool:
        """Return whether the text must not be written down anywhere."""
        return self.kind in SENSITIVE


def classify(text: str) -> Query:
    """Return what a typed text means.

    18 characters are an identity number, 11 digits a mobile, 4 digits the end of a mobile or an identity number,
    3 digits and X of an identity number; a province and a letter begin a plate; Latin letters alone are pinyin
    initials; anything else without digits begins a name or a given name. What no index could answer is NOTHING,
    never a scan.
    """
    text = (text or "").strip()[:60]
    number = canonical_id_number(text)
    if _ID_NUMBER(number):
        return Query(Kind.ID_NUMBER, number)
    phone = canonical_phone(text)
    if _PHONE(phone):
        return Query(Kind.PHONE, phone)
    if _PHONE_TAIL(number):
        return Query(Kind.PHONE_TAIL, number)
    if _ID_TAIL(number):
        return Query(Kind.ID_TAIL, number)
    plate = canonical_plate(text)
    if _PLATE(plate):
        return Query(Kind.PLATE, plate)
    key = name_key(text)
    if not key or _HAS_DIGIT(key):
        return Query(Kind.NOTHING)
    if _LETTERS(key):
        return Query(Kind.INITIALS, key.lower())
    return Query(Kind.NAME, key)
