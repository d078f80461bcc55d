"""Cells as they cross a pipe, rest in the staging table and are shown to people."""

from datetime import date, datetime, time, timedelta
from typing import Any

import orjson

# What a cell may hold. Numbers stay numbers: an identity number that is a number has already lost its last digits.
Cell = str | float | int | bool | date | datetime | time | timedelta

_MARK = "$"
_PARSERS = {
    "date": date.fromisoformat,
    "datetime": datetime.fromisoformat,
    "time": time.fromisoformat,
    "seconds": lambda text: timedelta(seconds=float(text)),
}


def _tagged(cell: Any) -> dict[str, str]:
    """Return a date or time as {"$": kind, "v": text}; anything else is no cell."""
    if isinstance(cell, datetime):
        return {_MARK: "datetime", "v": cell.isoformat()}
    if isinstance(cell, date):
        return {_MARK: "date", "v": cell.isoformat()}
    if isinstance(cell, time):
        return {_MARK: "time", "v": cell.isoformat()}
    if isinstance(cell, timedelta):
        return {_MARK: "seconds", "v": str(cell.total_seconds())}
    raise TypeError(type(cell).__name__)


def _untagged(cell: Any) -> Cell:
    if cell is None:  # not-a-number, which JSON has no word for
        return ""
    if type(cell) is dict:
        return _PARSERS[cell[_MARK]](cell["v"])
    return cell


def pack(rows: Any) -> bytes:
    """Return cells, a row of cells or rows of cells as JSON; dates keep their kind."""
    return orjson.dumps(rows, default=_tagged, option=orjson.OPT_PASSTHROUGH_DATETIME)


def unpack_rows(packed: bytes) -> list[list[Cell]]:
    """Return the rows that pack() made into JSON. No search for dates where the text holds no mark."""
    rows = orjson.loads(packed)
    if b'{"$":' in packed or b"null" in packed:
        return [[_untagged(cell) for cell in row] for row in rows]
    return rows


def unpack(packed: bytes) -> list[Cell]:
    """Return one row of cells that pack() made into JSON."""
    return [_untagged(cell) for cell in orjson.loads(packed)]


def shown(cell: Cell | None) -> str:
    """Return a cell as a spreadsheet would show it without any format: 13800138000.0 → 13800138000."""
    if cell is None or cell == "":
        return ""
    if type(cell) is str:
        return cell
    if type(cell) is bool:
        return "TRUE" if cell else "FALSE"
    if type(cell) is float:
        if cell.is_integer() and abs(cell) < 1e15:
            return str(int(cell))
        return f"{cell:.15g}".replace("e+", "E+").replace("e-", "E-")
    if type(cell) is datetime:
        return cell.isoformat(sep=" ")
    return str(cell)


def letter_of(index: int) -> str:
    """Return the letters a spreadsheet shows above a column: 0 → A, 26 → AA."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
