"""Text files: encoding by a strict rule, then delimiter and rows.

Guessing encodings calls short Chinese registries Latin or Korean: nothing is guessed.
"""

import codecs
import csv
import re
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TextIO

from members.roster.read.refusals import RosterRefused

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SAMPLE = 64 * 1024
_DELIMITERS = ",\t;|，"
_MOST_JOINED = 20  # lines of one cell
_LIKE_ID = re.compile(r"(?<![0-9])[0-9]{17}[0-9Xx](?![0-9])")
_LONGEST_CELL = 32_767  # what a spreadsheet can hold
_FORCED_TEXT = re.compile(r'="([^"]*)"')  # how exports keep a spreadsheet from making a number of digits


def encoding_of(path: Path) -> str:
    """Return the encoding of a text file: byte order mark, else strict UTF-8, else strict GB18030.

    Raises RosterRefused: encoding_unknown, wrong_type (full of zero characters: no text at all).
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


def is_full_of_zeros(text: str | bytes) -> bool:
    """Whether there are more zero bytes than a few strays in a text, or padding behind it."""
    zero: Any = b"\0" if isinstance(text, bytes) else "\0"
    return text.rstrip(zero).count(zero) * 20 > len(text)


def _decodes(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    with path.open("rb") as file:
        try:
            while chunk := file.read(1 << 20):
                if is_full_of_zeros(decoder.decode(chunk)):
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
        delimiter, width, has_hint = delimiter_of(sample.replace("\0", ""))
        close = _quotes_close(_lines(file), delimiter, width)
        file.seek(0)
        if has_hint:
            file.readline()
        lines = _lines(file)
        rows = _read(lines, delimiter) if close else _rows_of_stray_quotes(lines, delimiter, width)
        for row in rows:
            if any('="' in cell for cell in row):
                row = [match[1] if (match := _FORCED_TEXT.fullmatch(cell)) else cell for cell in row]
            yield row


def _lines(file: TextIO) -> Iterator[str]:
    for line in file:
        yield line if "\0" not in line else line.replace("\0", "")


def _read(lines: Iterable[str], delimiter: str, quoting: int = csv.QUOTE_MINIMAL):
    return csv.reader(lines, delimiter=delimiter, quoting=quoting, skipinitialspace=True)


def delimiter_of(sample: str) -> tuple[str, int, bool]:
    """Return the character that cuts the sample into the most equal rows, and how many cells they have; and whether
    a line `sep=` names it.
    """  # noqa: D205 - one sentence
    hint = re.match(r"sep=([,;\t|])\r?\n?", sample.removeprefix("\ufeff"))
    lines = sample.splitlines(keepends=True)[1 if hint else 0 :][:80]
    best, best_score, best_width = ",", 0, 1
    for delimiter in hint[1] if hint else _DELIMITERS:
        try:
            rows = list(_read(lines, delimiter))
        except csv.Error:
            continue
        widths = Counter(len(row) for row in rows if len(row) > 1)
        if not widths:
            continue
        width, agreeing = widths.most_common(1)[0]
        # Agreement counts more than width: commas within remarks come and go.
        if (score := (width - 1) * agreeing**2) > best_score:
            best, best_score, best_width = delimiter, score, width
    return hint[1] if hint else best, best_width, bool(hint)


def _is_row(line: str, delimiter: str, width: int) -> bool:
    """Whether a line within quotes looks like a row of its own: as many cells as others, and a person's number."""
    return line.count(delimiter) >= max(width - 1, 1) and (width > 3 or bool(_LIKE_ID.search(line)))


def _quotes_close(lines: Iterable[str], delimiter: str, width: int) -> bool:
    """Whether quotes in the file come in pairs: a stray one (5" tyre) would swallow the rows after it."""
    reader = _read(lines, delimiter)
    before = 0
    try:
        for row in reader:
            taken, before = reader.line_num - before, reader.line_num
            if not row:
                continue
            if taken > 1 and any(
                cell.count("\n") > 20 or any(_is_row(line, delimiter, width) for line in cell.splitlines()[1:])
                for cell in row
            ):
                return False
            if max(map(len, row)) > _LONGEST_CELL:
                return False
    except csv.Error:
        return False
    return True


def _rows_of_stray_quotes(lines: Iterable[str], delimiter: str, width: int) -> Iterator[list[str]]:
    """Yield one row for each line; only quotes that close before the next row join lines."""
    waiting: deque[str] = deque()
    lines = iter(lines)
    while waiting or (line := next(lines, None)) is not None:
        if waiting:
            line = waiting.popleft()
        joined, quotes = [line], line.count('"')
        while quotes % 2 and len(joined) <= _MOST_JOINED:
            following = waiting.popleft() if waiting else next(lines, None)
            if following is None:
                break
            joined.append(following)
            if _is_row(following, delimiter, width):
                break
            quotes += following.count('"')
        if quotes % 2 == 0:
            yield from _read(joined, delimiter)
            continue
        waiting.extendleft(reversed(joined[1:]))
        for row in _read([line], delimiter, csv.QUOTE_NONE):
            yield [cell.removeprefix('"') for cell in row]
