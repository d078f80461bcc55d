"""Checks of identity numbers, phones, plates and credit codes. Each takes the canonical form and gives a code or None.

The codes and their order are those of the roster import; the day is a parameter.
"""

import re
from datetime import date

from stdnum.cn import uscc
from stdnum.exceptions import ValidationError

NAME_MAX = 50  # 民委发〔2016〕33号: at least 50 characters
AGE_MIN, AGE_MAX = 16, 100  # full years

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)  # GB 11643
_CHECK_CHARACTERS = "10X98765432"
_ZERO_SUM = ord("0") * sum(_WEIGHTS)
_ID_SHAPE = re.compile(r"[0-9]{17}[0-9X]").fullmatch
_SCIENTIFIC = re.compile(r"[0-9](?:\.[0-9]+)?E\+?[0-9]+").fullmatch
_PHONE = re.compile(r"1[3-9][0-9]{9}").fullmatch
_PROVINCES = "京津冀晋蒙辽吉黑沪苏浙皖闽赣鲁豫鄂湘粤桂琼渝川贵云藏陕甘青宁新"
_PLATE = re.compile(  # GA 36: no I, no O; a new energy plate has a letter A–H, J, K first or last
    f"[{_PROVINCES}][A-HJ-NP-Z](?:[A-HJ-NP-Z0-9]{{4}}[A-HJ-NP-Z0-9挂学警港澳]"
    "|[A-HJK][A-HJ-NP-Z0-9]{5}|[A-HJ-NP-Z0-9]{5}[A-HJK])"
).fullmatch


def id_number_error(number: str, today: date) -> str | None:
    """Return the first code that fits a canonical identity number, or None when it is right.

    In this order: id_missing, id_numeric_cell (5.10105E+17 as text), id_length, id_characters, id_birthdate
    (impossible, under 16 or over 100 full years on `today`), id_checksum. An unknown area is no error: numbers keep
    the divisions of their time. Source: GB 11643.
    """
    if not number:
        return "id_missing"
    if len(number) != 18:
        return "id_numeric_cell" if _SCIENTIFIC(number) else "id_length"
    if not _ID_SHAPE(number):
        return "id_numeric_cell" if _SCIENTIFIC(number) else "id_characters"
    birth = birth_date_of(number)
    if birth is None or not AGE_MIN <= _age(birth, today) <= AGE_MAX:
        return "id_birthdate"
    return None if check_character(number[:17]) == number[17] else "id_checksum"


def check_character(first_17: str) -> str:
    """Return the 18th character for 17 ASCII digits. Source: GB 11643, weights 7 9 10 5 …, sum modulo 11."""
    a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q = first_17.encode()  # noqa: E741 - seventeen digits
    total = (
        7 * (a + k) + 9 * (b + l) + 10 * (c + m) + 5 * (d + n) + 8 * (e + o) + 4 * (f + p) + 2 * (g + q)
        + h + 6 * i + 3 * j
    )  # fmt: skip
    return _CHECK_CHARACTERS[(total - _ZERO_SUM) % 11]


def birth_date_of(number: str) -> date | None:
    """Return the date of birth in an 18-character number, None when there is no such date."""
    try:
        return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None


def sex_of(number: str) -> str:
    """Return "male" or "female" by the 17th digit: odd = male. Source: GB 11643."""
    return "male" if int(number[16]) % 2 else "female"


def phone_error(phone: str) -> str | None:
    """Return "phone_invalid" unless the canonical number is a mainland mobile number; "" is no error."""
    return None if not phone or _PHONE(phone) else "phone_invalid"


def plate_error(plate: str) -> str | None:
    """Return "plate_invalid" unless the canonical plate is one of GA 36; "" is no error."""
    return None if not plate or _PLATE(plate) else "plate_invalid"


def uscc_error(code: str) -> str | None:
    """Return "uscc_invalid" unless it is a unified social credit code (upper case, no separators); "" is no error.

    Source: GB 32100-2015.
    """
    if not code:
        return None
    try:
        return None if uscc.validate(code) == code else "uscc_invalid"
    except ValidationError:
        return "uscc_invalid"


def _age(birth: date, today: date) -> int:
    return today.year - birth.year - ((today.month, today.day) < (birth.month, birth.day))
