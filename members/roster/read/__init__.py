"""First stage: a file becomes sheets of raw cells, numbered as a person sees them.

The file is parsed in a child process with limits of memory and time (`parser.py`); this side only reads its frames, so
neither the web process nor the worker ever holds a sheet, and a parser that crashes is a sentence, not an outage.
"""

from __future__ import annotations

import json
import os
import selectors
import signal
import struct
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

import orjson

from members.roster.read.cells import Cell, letter_of, pack, shown, unpack, unpack_rows
from members.roster.read.limits import Limits
from members.roster.read.refusals import SENTENCES, RosterRefused

__all__ = [
    "SENTENCES",
    "Cell",
    "Limits",
    "RosterRefused",
    "Sheet",
    "Workbook",
    "letter_of",
    "pack",
    "read",
    "shown",
    "unpack",
]

_FRAME = struct.Struct(">cI")
_LONGEST_FRAME = 512 * 1024 * 1024
_ROOT = Path(__file__).resolve().parents[3]
_PATIENCE = 4  # on a busy machine a child waits for its turn; its processor time is limited apart


def read(path: str | os.PathLike[str], *, limits: Limits | None = None) -> Workbook:
    """Start reading a roster file; use the result in a `with` statement, so that the child ends with it.

    The kind of file is told by its bytes. Raises RosterRefused here or while rows are drawn; OSError without the file.
    """
    return Workbook(Path(path), limits or Limits())


@dataclass(slots=True)
class Sheet:
    """A visible sheet with cells. Rows can be drawn once."""

    name: str
    merged: list[list[int]]  # first row, first column, last row, last column, from 0
    chunks: Iterator[list[list[Cell]]]

    def rows(self) -> Iterator[tuple[int, list[Cell]]]:
        """Yield the number of the row as a person sees it, from 1, and its cells."""
        number = 0
        for chunk in self.chunks:
            for cells in chunk:
                number += 1
                yield number, cells


class Workbook:
    """The sheets of a file, streamed out of the child in their order; hidden ones are named, never read."""

    def __init__(self, path: Path, limits: Limits) -> None:
        self._seconds = limits.seconds_for(path.stat().st_size) * _PATIENCE
        # The child parses what strangers sent: it gets none of our environment, no keys, no database address.
        self._child = subprocess.Popen(
            [sys.executable, "-m", "members.roster.read.parser", str(path.resolve()), json.dumps(asdict(limits))],
            cwd=_ROOT,
            env={"PYTHONPATH": str(_ROOT), "PYTHONUTF8": "1", "PYTHONDONTWRITEBYTECODE": "1", "LC_ALL": "C.UTF-8"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            close_fds=True,
        )
        self._ready = selectors.DefaultSelector()
        self._ready.register(self._child.stdout, selectors.EVENT_READ)
        self.format = self.encoding = ""
        self.sheets: list[tuple[str, bool]] = []  # name, visible
        try:
            kind, payload = self._next()
            if kind != b"W":
                raise RosterRefused("damaged")
            about = orjson.loads(payload)
            self.format, self.encoding = about["format"], about["encoding"]
            self.sheets = [(name, visible) for name, visible in about["sheets"]]
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __iter__(self) -> Iterator[Sheet]:
        """Yield the visible sheets that hold cells. Rows left undrawn are passed over."""
        while True:
            kind, payload = self._next()
            if kind == b"Z":
                self.close()
                return
            if kind == b"S":
                about = orjson.loads(payload)
                chunks = self._chunks()
                yield Sheet(self.sheets[about["index"]][0], about["merged"], chunks)
                for _ in chunks:
                    pass

    def _chunks(self) -> Iterator[list[list[Cell]]]:
        while True:
            kind, payload = self._next()
            if kind == b"R":
                yield unpack_rows(payload)
            elif kind == b"E":
                return
            else:
                raise RosterRefused("damaged")

    def _next(self) -> tuple[bytes, bytes]:
        kind, length = _FRAME.unpack(self._draw(_FRAME.size))
        if length > _LONGEST_FRAME:
            raise RosterRefused("too_much_memory")
        payload = self._draw(length)
        if kind == b"X":
            code, values = orjson.loads(payload)
            raise RosterRefused(code, **values)
        return kind, payload

    def _draw(self, length: int) -> bytes:
        """Return exactly so many bytes of the child's output. Raises RosterRefused if it dies or falls silent."""
        parts: list[bytes] = []
        descriptor = self._child.stdout.fileno()
        while length:
            # Only the wait for the child counts, not the time our own side takes between two reads.
            if not self._ready.select(self._seconds):
                raise RosterRefused("too_slow")
            part = os.read(descriptor, min(length, 1 << 20))
            if not part:
                raise self._died()
            parts.append(part)
            length -= len(part)
        return b"".join(parts)

    def _died(self) -> RosterRefused:
        code = self._child.wait(self._seconds)
        if code == -signal.SIGXCPU:
            return RosterRefused("too_slow")
        # The allocator aborts at the limit; the kernel kills when the machine itself is short of memory.
        if code in (-signal.SIGABRT, -signal.SIGKILL):
            return RosterRefused("too_much_memory")
        return RosterRefused("damaged")

    def close(self) -> None:
        """End the child, if it still runs."""
        if self._child.poll() is None:
            self._child.kill()
            self._child.wait()
        if not self._child.stdout.closed:
            self._ready.close()
            self._child.stdout.close()
