"""The first three stages in a process beside the worker's, so that reading and writing each have a processor.

The process is a fork of the worker: nothing has to be loaded again, and the catalogue and the keys come along for
free, so it seals the rows it has checked. What strangers sent is still parsed in the confined child of `read.py`
alone, which this process starts and watches.
"""

from __future__ import annotations

import gc
import os
import signal
import struct
import traceback
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple, Self

import orjson

from foundation.protection.seal import blinder, sealer
from members.models import RosterRow
from members.roster.check import Catalogue, CheckedRow, check
from members.roster.columns import Roster, recognise
from members.roster.read import RosterRefused, pack, read
from members.rules.people import ID_NUMBER, PHONE

_FRAME = struct.Struct(">cII")
_ROWS, _END, _REFUSED, _BROKEN = b"R", b"Z", b"X", b"!"
_SEALED = RosterRow._meta.get_field("sealed").aad


class Drawn(NamedTuple):
    """A checked row as it comes over: what it says, its blind indexes, and the sealed text (cells and values as JSON).

    The indexes are 32 hexadecimal digits, None without a number.
    """

    sheet: str
    row: int
    values: dict[str, Any]
    errors: list[list[str]]
    warnings: list[list[str]]
    id_index: str | None
    phone_index: str | None
    sealed: str


class CheckedFile:
    """The rows of people of a file, checked, in chunks; use it in a `with` statement, so that the process ends with it.

    `headers` (sheet → field → header) is filled before the rows it heads are drawn; `about` once all are.
    """

    def __init__(
        self,
        path: Path,
        mapping: dict[str, str],
        catalogue: Catalogue,
        *,
        today: date,
        areas: frozenset[str],
        size: int,
    ) -> None:
        self.headers: dict[str, dict[str, str]] = {}
        self.about: dict[str, Any] = {}
        self._from, to = os.pipe()
        self._pid = os.fork()
        if self._pid == 0:
            try:
                _become_a_reader(to)
                with os.fdopen(to, "wb") as out:
                    _write_all(out, path, mapping, catalogue, today, areas, size)
            finally:
                os._exit(0)
        os.close(to)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __iter__(self) -> Iterator[list[Drawn]]:
        """Yield the chunks. Raises RosterRefused as reading does."""
        while True:
            kind, payload, lines = self._next()
            if kind == _END:
                self.about = orjson.loads(payload)
                return
            headers, rows = orjson.loads(payload)
            for sheet, named in headers.items():
                self.headers.setdefault(sheet, {}).update(named)
            yield [Drawn._make([*row, sealed]) for row, sealed in zip(rows, lines.decode().split("\n"), strict=True)]

    def _next(self) -> tuple[bytes, bytes, bytes]:
        kind, first, second = _FRAME.unpack(self._draw(_FRAME.size))
        payload, lines = self._draw(first), self._draw(second)
        if kind == _REFUSED:
            code, values = orjson.loads(payload)
            raise RosterRefused(code, **values)
        if kind == _BROKEN:
            raise RuntimeError(f"the process that reads broke off:\n{payload.decode()}")
        return kind, payload, lines

    def _draw(self, length: int) -> bytes:
        parts: list[bytes] = []
        while length:
            part = os.read(self._from, min(length, 1 << 20))
            if not part:
                raise self._died()
            parts.append(part)
            length -= len(part)
        return b"".join(parts)

    def _died(self) -> Exception:
        _, status = os.waitpid(self._pid, 0)
        self._pid = 0
        # The kernel kills when the machine is short of memory.
        if os.waitstatus_to_exitcode(status) == -signal.SIGKILL:
            return RosterRefused("too_much_memory")
        return RuntimeError("the process that reads has ended without a word")

    def close(self) -> None:
        """End the process and the parser it started, if they still run."""
        if self._pid:
            for kill in (os.killpg, os.kill):  # before it has made its group, there is none to kill
                try:
                    kill(self._pid, signal.SIGKILL)
                    break
                except ProcessLookupError:
                    continue
            os.waitpid(self._pid, 0)
            self._pid = 0
        if self._from >= 0:
            os.close(self._from)
            self._from = -1


def _become_a_reader(to: int) -> None:
    """Let go of what is the worker's: its signals, its group, its open files, the database connection among them."""
    os.setpgid(0, 0)
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    os.closerange(3, to)
    os.closerange(to + 1, 4096)
    gc.disable()  # a collection would touch, and so copy, all that is shared with the worker


def _write_all(out, path, mapping, catalogue, today, areas, size) -> None:
    """Write every frame; whatever happens is a frame too."""
    try:
        with read(path) as workbook:
            roster = recognise(workbook, mapping)
            known = 0
            chunk: list[CheckedRow] = []
            # The first chunk is a small one: the worker need not wait for a whole one before it begins.
            enough = max(size // 4, 1)
            for row in check(roster, catalogue, today=today, areas=areas):
                chunk.append(row)
                if len(chunk) == enough:
                    known = _write_rows(out, roster, chunk, known)
                    chunk, enough = [], size
            if chunk:
                _write_rows(out, roster, chunk, known)
        _write(out, _END, pack(_about(roster)))
    except RosterRefused as refused:
        values = {name: str(value) for name, value in refused.values.items()}
        _write(out, _REFUSED, orjson.dumps([refused.code, values]))
    except BrokenPipeError:
        os._exit(0)  # nobody listens any more
    except BaseException as error:
        # Where it happened, never with what values: they would be a person's.
        where = "".join(traceback.format_tb(error.__traceback__))
        _write(out, _BROKEN, f"{where}{type(error).__name__}".encode())


def _write_rows(out, roster: Roster, chunk: list[CheckedRow], known: int) -> int:
    """Write a chunk with the headers that have come up since the last one; return how many tables are known."""
    seal, blind_id, blind_phone = sealer(_SEALED), blinder(ID_NUMBER), blinder(PHONE)
    tables = len(roster.tables)
    # The last table may still lose nameless columns, never gain one.
    headers: dict[str, dict[str, str]] = {}
    for table in roster.tables[max(known - 1, 0) :]:
        named = headers.setdefault(table.sheet, {})
        for column in table.columns:
            if column.field:
                named.setdefault(column.field, column.label)
    rows, lines = [], []
    for row in chunk:
        values = row.values
        number, phone = values.get("id_number"), values.get("phone")
        rows.append(
            (
                row.sheet,
                row.row,
                values,
                row.errors,
                row.warnings,
                blind_id(number) if number else None,
                blind_phone(phone) if phone else None,
            )
        )
        lines.append(seal(f'{{"raw":{pack(row.cells).decode()},"values":{orjson.dumps(values).decode()}}}'))
    _write(out, _ROWS, orjson.dumps([headers, rows]), "\n".join(lines).encode())
    return tables


def _write(out, kind: bytes, payload: bytes, lines: bytes = b"") -> None:
    out.write(_FRAME.pack(kind, len(payload), len(lines)))
    out.write(payload)
    out.write(lines)
    out.flush()


def _about(roster: Roster) -> dict[str, Any]:
    """Return what was understood of the file, for the page: sheets, columns, and the shape of the first header."""
    return {
        "sheets": [{"sheet": name, "skipped": why} for name, why in roster.skipped]
        + [{"sheet": row.sheet, "row": row.row, "ignored": row.kind, "text": row.text} for row in roster.ignored],
        "columns": [
            {
                "sheet": table.sheet,
                "header_row": table.header_row,
                "header_rows": table.header_rows,
                "titles": list(table.titles),
                "columns": [
                    {
                        "letter": column.letter,
                        "label": column.label,
                        "folded": column.folded,
                        "field": column.field,
                        "left_out": column.left_out,
                        "suggestion": column.suggestion,
                        "index": column.index,
                    }
                    for column in table.columns
                ],
            }
            for table in roster.tables
        ],
        "shape": shape_of(roster),
    }


def shape_of(roster: Roster) -> str:
    """Return the shape by which a mapping kept for such files is found."""
    return roster.tables[0].fingerprint if roster.tables else ""
