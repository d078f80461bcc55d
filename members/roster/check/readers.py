"""What one cell means: for each kind of field a function from a cell to its meaning. No clock, no other rows."""

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import NamedTuple

from foundation.protection.canonical import (
    canonical_id_number,
    canonical_name,
    canonical_phone,
    canonical_plate,
    nfkc,
    strip_spaces,
    to_simplified,
)
from foundation.protection.identifiers import NAME_MAX, id_number_error, phone_error, plate_error, uscc_error
from members.roster.fields import Field
from members.roster.read.cells import Cell, shown


class Meaning(NamedTuple):
    """The value of a cell (None: empty), the code of its error, whether Traditional was folded, a remark for people."""

    value: str | bool | None = None
    code: str = ""
    folded: bool = False
    note: str = ""


Reader = Callable[[Cell], Meaning]
EMPTY = Meaning()

_EMPTY_WORDS = frozenset({"", "无", "無", "暂无", "暫無", "null", "none", "nan", "n/a", "#n/a"})
_STROKES = "-—–―‐‑‒_/\\"
_SCIENTIFIC = re.compile(r"[0-9](?:\.[0-9]+)?[Ee]\+?[0-9]+")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
_WHOLE = re.compile(r"([0-9]+)\.0+")


def is_empty(text: str) -> bool:
    """Whether a text without spaces means that nothing is known: 无, 暂无, —, -, /."""
    if text in _EMPTY_WORDS:
        return True
    if text[0] in _STROKES:
        return text.strip(_STROKES) == ""
    return len(text) <= 4 and text.isascii() and text.casefold() in _EMPTY_WORDS


def _plain(cell: Cell) -> str:
    """Return a cell as text in NFKC without spaces; "" when it means empty."""
    text = strip_spaces(shown(cell))
    return "" if is_empty(text) else text


def name_of(cell: Cell) -> Meaning:
    """Return the name as it is stored."""
    name = canonical_name(shown(cell))
    if is_empty(name):
        return Meaning(code="name_missing")
    if len(name) > NAME_MAX:
        return Meaning(name, "name_too_long")
    return Meaning(name, folded=to_simplified(name)[1])


def id_number_of(cell: Cell, today: date) -> Meaning:
    """Return the identity number; every check but that for duplicates."""
    if type(cell) in (float, int):
        return Meaning(code="id_numeric_cell")
    number = canonical_id_number(shown(cell))
    if is_empty(number):
        return Meaning(code="id_missing")
    return Meaning(number, id_number_error(number, today) or "")


def phone_of(cell: Cell) -> Meaning:
    """Return the phone number; a number cell is fine, no digit of it is lost."""
    if not (text := _plain(cell)):
        return EMPTY
    phone = canonical_phone(text)
    return Meaning(phone, phone_error(phone or text) or "")


def plate_of(cell: Cell) -> Meaning:
    """Return the number plate."""
    if type(cell) is str and plate_error(cell) is None:  # nearly all of them
        return Meaning(cell)
    if not (text := _plain(cell)):
        return EMPTY
    plate = canonical_plate(text)
    return Meaning(plate, plate_error(plate or text) or "")


def choice_of(field: Field) -> Reader:
    """Return the reader of a field with choices."""
    choices = {strip_spaces(word).casefold(): value for word, value in field.choices.items()}

    def read(cell: Cell) -> Meaning:
        if not (text := _plain(cell)):
            return EMPTY
        simplified, folded = to_simplified(text)
        value = choices.get(simplified.casefold())
        if value is None:
            return Meaning(simplified, "choice_unknown")
        return Meaning(value, folded=folded)

    return read


_CLASSES = re.compile(r"(?:A[123]|B[12]|C[1-6]|[DEFMNP])+")


def driving_class_of(cell: Cell) -> Meaning:
    """Return the vehicles a licence allows: A2, C1D. Source: GA 482."""
    if not (text := _plain(cell)):
        return EMPTY
    classes = re.sub(r"[、,，/;.+&和及]|[证照本]$", "", text.upper())
    return Meaning(classes) if len(classes) <= 10 and _CLASSES.fullmatch(classes) else Meaning(text, "choice_unknown")


def uscc_of(cell: Cell) -> Meaning:
    """Return the credit code of a firm. A wrong one rejects nobody: it is left out and said."""
    if not (text := _plain(cell)):
        return EMPTY
    if type(cell) in (float, int) or _SCIENTIFIC.fullmatch(text):
        return Meaning(note="digits_lost")
    code = text.upper().replace("-", "").strip("'‘’`")
    return Meaning(note="uscc_invalid") if uscc_error(code) else Meaning(code)


def number_text_of(field: Field) -> Reader:
    """Return the reader of a number that is kept as text, such as that of a certificate."""

    def read(cell: Cell) -> Meaning:
        if type(cell) is str and cell.isascii() and cell.isdigit() and len(cell) <= field.longest:  # nearly all
            return Meaning(cell)
        if not (text := _plain(cell)):
            return EMPTY
        if type(cell) in (float, int):
            if abs(cell) >= 1e15 or not float(cell).is_integer():
                return Meaning(note="digits_lost")
        elif _SCIENTIFIC.fullmatch(text):
            return Meaning(note="digits_lost")
        elif whole := _WHOLE.fullmatch(text):
            text = whole[1]
        text = _CONTROLS.sub("", text).strip("'‘’`").upper()
        return Meaning(text) if len(text) <= field.longest else Meaning(note="too_long")

    return read


def text_of(field: Field) -> Reader:
    """Return the reader of free text: as written, without spaces around it and control characters."""

    def read(cell: Cell) -> Meaning:
        if not _plain(cell):
            return EMPTY
        text = _CONTROLS.sub("", shown(cell).replace("\r\n", "\n").replace("\r", "\n")).strip()
        if len(text) > field.longest:
            return Meaning(text[: field.longest], note="cut")
        return Meaning(text) if text else EMPTY

    return read


# --- dates ----------------------------------------------------------------------------------------------------------
_WRITTEN = re.compile(r"([0-9]{4})[-./年]([0-9]{1,2})(?:[-./月]([0-9]{1,2})[日号]?|月份?)?")
_WITH_TIME = re.compile(
    r"(.*?[0-9日号])(?:T|(?<=[0-9日号]))[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?"
)
_SPACED = re.compile(r"([0-9]{4})\s+([0-9]{1,2})(?:\s+([0-9]{1,2}))?")
_WEEKDAY = re.compile(r"(?<=[0-9日号])\(?(?:星期|周|礼拜)[一二三四五六日天]\)?$")
_IN_WORDS = re.compile(
    "([〇○零一二三四五六七八九0-9]{4})年([一二三四五六七八九十0-9]{1,2})月份?(?:([一二三四五六七八九十0-9]{1,3})[日号]?)?"
)
_DIGITS = str.maketrans("〇○零一二三四五六七八九", "000123456789")
_ONES = ("", *"一二三四五六七八九")
_COUNTED = {
    f"{tens}{one}": 10 * at + n for at, tens in enumerate(("", "十", "二十", "三十")) for n, one in enumerate(_ONES)
}
_DAY_ZERO = date(1899, 12, 30)  # spreadsheets count days from here
_FIRST_SERIAL = 7_500  # 1920; smaller whole numbers are years, not days
_FIRST_YEAR = 1900


def date_of(cell: Cell, today: date) -> Meaning:
    """Return an ISO date, or year and month (2012-01) where no day is said; `date_invalid` else or in the future."""
    if isinstance(cell, date):  # a datetime is a date too
        return _dated(cell.date() if isinstance(cell, datetime) else cell, today)
    if type(cell) in (float, int):
        return _numbered(float(cell), today)
    if type(cell) is not str:
        return Meaning(code="date_invalid")
    if not (text := _plain(cell)):
        return EMPTY
    text = to_simplified(text)[0].strip("'‘’`")
    if (timed := _WITH_TIME.fullmatch(re.sub(r"[\sT]+", " ", cell.strip()).replace(" ", "T"))) and "T" in timed[0]:
        text = strip_spaces(timed[1])
    if whole := _WHOLE.fullmatch(text):
        text = whole[1]
    if text.isascii() and text.isdigit():
        if spaced := _SPACED.fullmatch(nfkc(cell).strip()):  # 2011 1 1 is not 2011.11
            return _built("-".join(filter(None, spaced.groups())), *_ymd(spaced.groups()), today)
        return _numbered(float(text), today) if len(text) <= 8 else Meaning(text, "date_invalid")
    text = _WEEKDAY.sub("", text).removesuffix(".")
    if written := _WRITTEN.fullmatch(text) or _IN_WORDS.fullmatch(text):
        return _built(text, *_ymd(written.groups()), today)
    return Meaning(text, "date_invalid")


def _ymd(parts: tuple[str | None, ...]) -> tuple[int, int, int | None]:
    """Return year, month and day, written in digits or in words (二〇一一, 十二, 二十一)."""
    year, month, day = parts
    return int((year or "").translate(_DIGITS)), _counted(month or ""), _counted(day) if day else None


def _counted(text: str) -> int:
    """Return a month or day; 0, which no calendar has, for words that are none."""
    return int(text) if text.isdecimal() else _COUNTED.get(text, 0)


def _numbered(number: float, today: date) -> Meaning:
    """201107, 20110701, 2011.07 and the serial numbers of spreadsheets."""
    text = shown(number)
    whole = int(number) if 0 <= number < 1e9 else 0  # not-a-number and the infinities compare false
    if 190_000 <= whole <= 210_012 and number == whole:
        return _built(text, whole // 100, whole % 100, None, today)
    if 19_000_000 <= whole <= 21_001_231 and number == whole:
        return _built(text, whole // 10_000, whole // 100 % 100, whole % 100, today)
    if _FIRST_SERIAL <= whole <= 99_999:
        return _dated(_DAY_ZERO + timedelta(days=whole), today)
    if re.fullmatch(r"(?:19|20)[0-9]{2}\.[0-9]{2}", text):
        return _built(text, int(text[:4]), int(text[5:]), None, today)
    # As a number 2011.10 is 2011.1: January or October, nobody can tell.
    ambiguous = re.fullmatch(r"(?:19|20)[0-9]{2}\.1", text)
    return Meaning(text, "date_invalid", note="month_lost" if ambiguous else "")


def _built(text: str, year: int, month: int, day: int | None, today: date) -> Meaning:
    try:
        built = date(year, month, 1 if day is None else day)
    except ValueError:
        return Meaning(text, "date_invalid")
    if built.year < _FIRST_YEAR or built > today:
        return Meaning(text, "date_invalid")
    return Meaning(f"{year:04}-{month:02}" if day is None else built.isoformat())


def _dated(day: date, today: date) -> Meaning:
    return _built(day.isoformat(), day.year, day.month, day.day, today)
