"""The child process: parses one file under hard limits and writes its rows to standard output.

Frames are one letter, four bytes of length and JSON: W the workbook, S a sheet begins, R rows of it, E the sheet ends,
Z all is read, X refused. Nothing of the file is ever written to disk or to standard error.
"""

import json
import os
import resource
import struct
import sys
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import python_calamine as calamine

from members.roster.read import merges, text
from members.roster.read.cells import pack
from members.roster.read.limits import Limits
from members.roster.read.refusals import RosterRefused
from members.roster.read.signature import kind_of

CHUNK = 2000
_FRAME = struct.Struct(">cI")


def main(argv: list[str]) -> int:
    """Parse argv[0] under the limits of argv[1] (JSON). Every end is a frame; the exit code is for the log."""
    path, limits = Path(argv[0]), Limits(**json.loads(argv[1]))
    _confine(path, limits)
    # Panics of the parser would print the file's path and its parts.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    try:
        for kind, payload in frames(path, limits):
            _write(kind, payload)
    except RosterRefused as refusal:
        _write(b"X", pack([refusal.code, {name: str(value) for name, value in refusal.values.items()}]))
    except MemoryError:
        _write(b"X", pack(["too_much_memory", {}]))
    except BrokenPipeError:
        os._exit(0)  # nobody listens any more
    except BaseException:  # a panic of the parser is a BaseException
        _write(b"X", pack(["damaged", {}]))
    sys.stdout.buffer.flush()
    return 0


def _confine(path: Path, limits: Limits) -> None:
    seconds = limits.seconds_for(path.stat().st_size)
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory, limits.memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 2))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def _write(kind: bytes, payload: bytes) -> None:
    sys.stdout.buffer.write(_FRAME.pack(kind, len(payload)) + payload)
    sys.stdout.buffer.flush()


def frames(path: Path, limits: Limits) -> Iterator[tuple[bytes, bytes]]:
    """Yield the frames of a file. Raises RosterRefused."""
    kind = kind_of(path, limits)
    if kind == "text":
        encoding = text.encoding_of(path)
        yield b"W", pack({"format": kind, "encoding": encoding, "sheets": [["", True]]})
        yield b"S", pack({"index": 0, "merged": []})
        yield from _rows(text.rows_of(path, encoding), "", limits)
        yield b"E", b""
    else:
        yield from _workbook(path, kind, limits)
    yield b"Z", b""


def _workbook(path: Path, kind: str, limits: Limits) -> Iterator[tuple[bytes, bytes]]:
    workbook = _opened(path, kind)
    sheets = [
        (meta.name, meta.visible == calamine.SheetVisibleEnum.Visible)
        for meta in workbook.sheets_metadata
        if meta.typ == calamine.SheetTypeEnum.WorkSheet
    ]
    yield b"W", pack({"format": kind, "encoding": "", "sheets": sheets})
    for index, (name, visible) in enumerate(sheets):
        if not visible:
            continue
        try:
            sheet = workbook.get_sheet_by_name(name)
        except calamine.CalamineError as error:
            raise RosterRefused("damaged") from error
        if sheet.start is None or sheet.end is None:
            continue
        if sheet.end[0] + 1 > limits.max_rows:
            raise RosterRefused("too_many_rows", sheet=name, count=sheet.end[0] + 1, limit=limits.max_rows)
        if sheet.end[1] + 1 > limits.max_columns:
            raise RosterRefused("too_many_columns", sheet=name, count=sheet.end[1] + 1, limit=limits.max_columns)
        merged = sheet.merged_cell_ranges
        if merged is None:
            merged = merges.ranges_of(path, kind, name)
        yield b"S", pack({"index": index, "merged": [[*start, *end] for start, end in merged]})
        rows: Iterable = sheet.iter_rows()
        if first_column := sheet.start[1]:  # calamine pads rows above the used range, not columns left of it
            left = [""] * first_column
            rows = (left + row for row in rows)
        yield from _rows(rows, name, limits)
        yield b"E", b""


def _opened(path: Path, kind: str) -> calamine.CalamineWorkbook:
    try:
        with path.open("rb") as file:  # by content: a file object has no name that could lie
            return calamine.load_workbook(file)
    except calamine.PasswordError as error:
        raise RosterRefused("encrypted") from error
    except calamine.CalamineError as error:
        if kind == "xls" and _has_password_record(path):
            raise RosterRefused("encrypted") from error
        raise RosterRefused("damaged") from error


def _has_password_record(path: Path) -> bool:
    """Whether an old workbook that cannot be opened carries the record FILEPASS among its first ones."""
    content = path.read_bytes()
    at = content.find(b"\x09\x08\x10\x00\x00\x06\x05\x00")
    for _ in range(8):
        if at < 0 or at + 4 > len(content):
            return False
        record, length = struct.unpack_from("<HH", content, at)
        if record == 0x002F:
            return True
        at += 4 + length
    return False


def _rows(rows: Iterable[list], sheet: str, limits: Limits) -> Iterator[tuple[bytes, bytes]]:
    count = 0
    iterator = iter(rows)
    while chunk := list(islice(iterator, CHUNK)):
        count += len(chunk)
        if count > limits.max_rows:
            raise RosterRefused("too_many_rows", sheet=sheet, count=f"{limits.max_rows} 多", limit=limits.max_rows)
        if (width := max(map(len, chunk))) > limits.max_columns:
            raise RosterRefused("too_many_columns", sheet=sheet, count=width, limit=limits.max_columns)
        yield b"R", pack(chunk)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
