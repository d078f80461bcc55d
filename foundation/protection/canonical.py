"""One spelling for what people write in many: names, identity numbers, phones, plates. No clock, no database.

Names are stored as written (`canonical_name`) and searched folded (`name_key`): folding damages legal names such as
乾 or 昇. Folding works character by character, so the key of a prefix is a prefix of the key.
"""

import re
import sys
import unicodedata
from functools import lru_cache

from opencc import OpenCC
from pypinyin.constants import PINYIN_DICT

from foundation.protection.surnames import COMPOUND_SURNAMES, GIVEN_INITIALS, SURNAME_INITIALS

DOT = "·"
# Dots people write between the parts of a name. A full stop is one only between Chinese characters.
_LOOKALIKE_DOTS = "•‧・･∙⋅●"
# Control characters, spaces, soft hyphen, zero-width characters, direction marks, fillers.
_SPACE = (
    "\\s\\x00-\\x1f\\x7f-\\x9f\\xad\u034f\u061c\u115f\u1160\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff"
)
_HAN = "\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_SPACES = re.compile(f"[{_SPACE}]+")
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\xad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]+"
)
_PLAIN_PLATE = re.compile("[京津冀晋蒙辽吉黑沪苏浙皖闽赣鲁豫鄂湘粤桂琼渝川贵云藏陕甘青宁新][A-Z0-9]{6,7}").fullmatch
_PLAIN_NAME = re.compile("[\u4e00-\u9fff]+").fullmatch
_HAN_NAME = re.compile(f"[{_HAN}]+").fullmatch
_INSIDE_CHINESE = re.compile(f"(?<=[{_HAN}{DOT}])[{_SPACE}]+(?=[{_HAN}{DOT}])")
_FULL_STOP = re.compile(f"(?<=[{_HAN}])[{_SPACE}]*\\.[{_SPACE}]*(?=[{_HAN}])")
_TO_DOT = str.maketrans(dict.fromkeys(_LOOKALIKE_DOTS, DOT))
_APOSTROPHES = str.maketrans(dict.fromkeys("'’‘`´ʼ′", ""))
_DASHES = str.maketrans(dict.fromkeys("-‐‑‒–—―−﹣", ""))
_PLATE_DOTS = str.maketrans(dict.fromkeys(DOT + _LOOKALIKE_DOTS + ".", ""))
_COUNTRY_PREFIX = re.compile(r"(?:\+86|0086|86)(?=1[0-9]{10}$)")
_NUMBER_CELL = re.compile(r"([0-9]+)\.0+")
_SEPARATORS_IN_KEY = str.maketrans(dict.fromkeys(DOT + _LOOKALIKE_DOTS + ".-'’", ""))
_VARIATION_SELECTORS = [*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)]


def nfkc(text: str) -> str:
    """Return the text in NFKC: full width to half width, compatibility forms to plain ones."""
    return text if text.isascii() else unicodedata.normalize("NFKC", text)


def strip_spaces(text: str) -> str:
    """Return the text in NFKC without spaces of any kind, zero-width characters, direction marks and controls."""
    # Twice: "¨" becomes a space and an accent, which then joins the letter before it.
    return nfkc(_SPACES.sub("", nfkc(text)))


def canonical_id_number(text: str) -> str:
    """Return an identity number: NFKC, no spaces, no apostrophes, upper case. It is not checked."""
    if text.isascii() and text.isalnum():
        return text.upper()
    return strip_spaces(text).translate(_APOSTROPHES).upper()


def canonical_phone(text: str) -> str:
    """Return a phone number: NFKC, no spaces, dashes or prefix 86; 13800138000.0 loses ".0". It is not checked."""
    if text.isascii() and text.isdigit() and len(text) == 11:
        return text
    text = strip_spaces(text).translate(_DASHES).translate(_APOSTROPHES)
    whole = _NUMBER_CELL.fullmatch(text)
    return _COUNTRY_PREFIX.sub("", whole[1] if whole else text)


def canonical_plate(text: str) -> str:
    """Return a plate: NFKC, no spaces, no middle dots, upper case, Simplified (蘇E·12345 → 苏E12345). Not checked."""
    if _PLAIN_PLATE(text):
        return text
    text = strip_spaces(text).translate(_PLATE_DOTS).upper()
    return text[:1].translate(_simplified()) + text[1:-1] + text[-1:].translate(_simplified()) if text[1:] else text


def canonical_name(text: str) -> str:
    """Return a name as it is stored: as written, but NFKC, without needless spaces, the separator always U+00B7.

    Spaces are removed at the ends and between Chinese characters; elsewhere a run of them becomes one.
    """
    if _PLAIN_NAME(text):
        return text
    text = _INVISIBLE.sub("", nfkc(text)).translate(_TO_DOT)
    text = _INSIDE_CHINESE.sub("", _FULL_STOP.sub(DOT, _INSIDE_CHINESE.sub("", text.strip())))
    return _SPACES.sub(" ", text).strip()


def name_key(name: str) -> str:
    """Return the key a name is found by: Simplified, lower case, half width, without separators and spaces.

    name_key(a + b) starts with name_key(a), so a prefix of a name finds it.
    """
    if _PLAIN_NAME(name):
        return name.translate(_simplified())
    return _folded(name).translate(_simplified())


def given_key(name: str) -> str:
    """Return the key of the name without the surname: what follows the first separator (阿卜来提·依明 → 依明),
    else what follows a compound surname or the first character; "" when nothing does.
    """  # noqa: D205 - one sentence
    if not _PLAIN_NAME(name):
        written = canonical_name(name)
        _, separator, rest = written.partition(DOT if DOT in written else " ")
        if separator:
            return name_key(rest)
    key = name_key(name)
    if key.isascii():
        return ""
    return key[2:] if len(key) > 2 and key[:2] in COMPOUND_SURNAMES else key[1:]


def initials(name: str) -> str:
    """Return the pinyin initials of a name in lower case: 张伟 → "zw", 单雄信 → "sxx", Anna → "a".

    A surname is read as one (单 shan, 曾 zeng, 尉迟 yuchi), except in names with a separator, which are transcribed.
    """
    # Readings are those of the characters as written: folded, 乾 (qian) would be read as 干 (gan).
    plain = name
    if not _PLAIN_NAME(name):
        plain = _folded(name)
        if not _HAN_NAME(plain) or DOT in canonical_name(name):
            return _initials_of_mixed(plain, name)
    simplified = _simplified()
    surname = simplified.get(ord(plain[0])) or plain[0]
    head = SURNAME_INITIALS.get(surname) or _initial[plain[0]]
    if len(plain) > 2:
        head = SURNAME_INITIALS.get(surname + (simplified.get(ord(plain[1])) or plain[1])) or head
    return head + "".join([_initial[character] for character in plain[len(head) :]])


def to_simplified(text: str) -> tuple[str, bool]:
    """Return the text in Simplified characters and whether that changed it. Words are looked at, not only
    characters (乾隆 stays). For headers, choices and organisations; a stored name is never folded.
    """  # noqa: D205 - two sentences
    if text.isascii() or text.translate(_simplified()) == text:
        return text, False
    simplified = _opencc().convert(text)
    return simplified, simplified != text


def _folded(name: str) -> str:
    return strip_spaces(name).casefold().translate(_SEPARATORS_IN_KEY)


def _initials_of_mixed(key: str, name: str) -> str:
    if key.isascii():  # Latin words: the first letter of each
        return "".join([word[0] for word in re.split(r"[^0-9a-z]+", nfkc(name).casefold()) if word])
    found, in_word = [], False
    for character in key:
        reading = _initial[character]
        if reading:
            found.append(reading)
        elif character.isalnum() and not in_word:
            found.append(unicodedata.normalize("NFD", character)[0] if _is_latin(character) else "")
        in_word = not reading and character.isalnum()
    return "".join(found)


def _is_latin(character: str) -> bool:
    return unicodedata.normalize("NFD", character)[0].isascii()


class _Initials(dict):
    """Character → initial of its usual reading, found once; "" for what has none."""

    def __missing__(self, character: str) -> str:
        readings = PINYIN_DICT.get(ord(character), "")
        initial = GIVEN_INITIALS.get(character) or unicodedata.normalize("NFD", readings)[:1]
        self[character] = initial
        return initial


_initial = _Initials()


@lru_cache(maxsize=1)
def _opencc() -> OpenCC:
    return OpenCC("t2s")


@lru_cache(maxsize=1)
def _simplified() -> dict[int, str | None]:
    """Every Han character that is another one in Simplified, and the selectors of glyph variants, which vanish."""
    ranges = ((0x3400, 0xA000), (0xF900, 0xFB00), (0x20000, min(0x33480, sys.maxunicode)))
    traditional = [chr(code) for first, end in ranges for code in range(first, end)]
    simplified = _opencc().convert("\n".join(traditional)).split("\n")
    table: dict[int, str | None] = {
        ord(before): after for before, after in zip(traditional, simplified, strict=True) if before != after
    }
    return table | dict.fromkeys(_VARIATION_SELECTORS)
