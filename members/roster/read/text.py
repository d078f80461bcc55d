"""Text files: encoding by a strict rule, then delimiter and rows.

Guessing encodings calls short Chinese registries Latin or Korean: nothing is guessed.
"""

import codecs
import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from members.roster.read.refusals import RosterRefused

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SAMPLE = 64 * 1024
_DELIMITERS = ",\t;|"
_LONGEST_CELL = 32_767  # what a spreadsheet can hold
_FORCED_TEXT = re.compile(r'="([^"]*)"')  # how exports keep a spreadsheet from making a number of digits


def encoding_of(path: Path) -> str:
    """Return the encoding of a text file: byte order mark, else strict UTF-8, else strict GB18030.

    Raises RosterRefused: encoding_unknown, wrong_type (zero characters: no text at all).
    """
    with path.open("rb") as file:
        head = file.read(4)
    for mark, encoding in _BOMS:
        if head.startswith(mark):
            candidates = [encoding]
            break
    else:
        candidates = ["utf-8", "gb18030"]
    for encoding in candidates:
        if _decodes(path, encoding):
            return encoding
    raise RosterRefused("encoding_unknown")


def _decodes(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    with path.open("rb") as file:
        try:
            while chunk := file.read(1 << 20):
                if "\0" in decoder.decode(chunk):
                    raise RosterRefused("wrong_type", what="二进制文件")
            decoder.decode(b"", final=True)
        except UnicodeError:
            return False
    return True


def rows_of(path: Path, encoding: str) -> Iterator[list[str]]:
    """Yield the rows of a text file, one for each row a person sees: blank rows count, quoted line breaks do not."""
    csv.field_size_limit(_LONGEST_CELL * 4)
    with path.open(encoding=encoding, newline="") as file:
        sample = file.read(_SAMPLE)
        file.seek(0)
        delimiter, has_hint = delimiter_of(sample)
        quoting = csv.QUOTE_MINIMAL if _quotes_close(file, delimiter) else csv.QUOTE_NONE
        file.seek(0)
        if has_hint:
            file.readline()
        lines: Iterable[str] = file
        for row in csv.reader(lines, delimiter=delimiter, quoting=quoting):
            if any('="' in cell for cell in row):
                row = [match[1] if (match := _FORCED_TEXT.fullmatch(cell)) else cell for cell in row]
            yield row


def delimiter_of(sample: str) -> tuple[str, bool]:
    """Return the character that cuts the sample into the most equal rows; and whether a line `sep=` names it."""
    if hint := re.match(r"sep=([,;\t|])\r?\n?", sample.removeprefix("\ufeff")):
        return hint[1], True
    best, best_score = ",", 0
    for delimiter in _DELIMITERS:
        try:
            rows = list(csv.reader(sample.splitlines(keepends=True)[:80], delimiter=delimiter))
        except csv.Error:
            continue
        widths = Counter(len(row) for row in rows if len(row) > 1)
        if not widths:
            continue
        width, agreeing = widths.most_common(1)[0]
        # Agreement counts more than width: commas within remarks come and go.
        if (score := (width - 1) * agreeing**2) > best_score:
            best, best_score = delimiter, score
    return best, False


def _quotes_close(file, delimiter: str) -> bool:
    """Whether quotes in the file come in pairs: a stray one (5" tyre) would swallow the rows after it."""
    longest = 0
    try:
        for row in csv.reader(file, delimiter=delimiter):
            if row and (length := max(map(len, row))) > longest:
                longest = length
                if longest > _LONGEST_CELL:
                    return False
                if longest > 500 and any(cell.count("\n") > 20 for cell in row):
                    return False
    except csv.Error:
        return False
    return True
