"""Last stage: workbooks that say what became of the rows, in the shape of the file that came in.

The rejected rows stand as they stood, sheet by sheet and under their own headers, with the reasons in a last column:
corrected and uploaded again, the workbook goes in alone. Rows are read and written one after the other, so that a
workbook of any size takes the memory of one chunk.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

import orjson
import xlsxwriter

from foundation.protection.spreadsheets import FORMULA_STARTS
from members.choices import Fate
from members.models import RosterImport, RosterRow
from members.roster.columns.headers import folded_header, meaning_of
from members.roster.fields import BY_CODE, OUTCOME, REASONS, REMINDERS
from members.roster.read import unpack

REJECTED, RESULT = "rejected", "result"
KINDS = (REJECTED, RESULT)

_AT_A_TIME = 2_000
_MOST_TITLES = 3  # above a further table of a sheet; a header is looked for no farther down
_FORBIDDEN = re.compile(r"[\[\]:*?/\\]")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_LONGEST_CELL = 32_767
_TEXT_FIELDS = frozenset({"id_number", "phone", "credential_number", "uscc", "declared_joined", "birth_date"})
_WIDTHS = {"name": 12, "id_number": 22, "phone": 14, "credential_number": 22, "uscc": 22, "enterprise_name": 26}


def write_rejected(batch: RosterImport, path: str | os.PathLike[str]) -> int:
    """Write the rejected rows of a batch, each with all its errors in a last column; return how many. One query.

    Cells are what they were: text stays text, and a number stays a number, so that an identity number which a
    spreadsheet has destroyed is not taken for a whole one when the workbook comes back.
    """
    rows = RosterRow.objects.filter(roster_import=batch, fate=Fate.REJECTED).order_by("ordinal")
    return _write(batch, path, rows, [(REASONS, _reasons)], empty="没有被拒绝的行")


def write_result(batch: RosterImport, path: str | os.PathLike[str]) -> int:
    """Write every row of a batch with what became of it, its warnings and its errors; return how many. One query."""
    rows = RosterRow.objects.filter(roster_import=batch).order_by("ordinal")
    extra = [(OUTCOME, _outcome), (REMINDERS, _reminders), (REASONS, _reasons)]
    return _write(batch, path, rows, extra, empty="没有可以列出的行")


WRITERS = {REJECTED: write_rejected, RESULT: write_result}


def _lines(remarks: Iterable[Sequence[str]]) -> str:
    return "\n".join(f"{column}：{sentence}" for column, _, sentence in remarks)


def _reasons(row: RosterRow) -> str:
    return _lines(row.errors)


def _reminders(row: RosterRow) -> str:
    return _lines(row.warnings)


def _outcome(row: RosterRow) -> str:
    label = Fate(row.fate).label
    fields = "、".join(BY_CODE[code].label for code in row.changed_fields if code in BY_CODE)
    return f"{label}：{fields}" if fields else label


class Tables:
    """The tables a batch was read from: which one a row belongs to."""

    def __init__(self, batch: RosterImport) -> None:
        """Sort what was understood of the file by sheet and place."""
        self._by_sheet: dict[str, list[dict]] = {}
        for table in batch.columns:
            self._by_sheet.setdefault(table["sheet"][:60], []).append(table)
        for tables in self._by_sheet.values():
            tables.sort(key=lambda table: table["header_row"])

    def of(self, sheet: str, row: int) -> dict:
        """Return the table whose header stands nearest above a row."""
        tables = self._by_sheet.get(sheet) or [{"sheet": sheet, "header_row": 0, "titles": [], "columns": []}]
        return next((table for table in reversed(tables) if table["header_row"] < row), tables[0])


def _write(
    batch: RosterImport,
    path: str | os.PathLike[str],
    rows: Any,
    extra: Sequence[tuple[str, Any]],
    *,
    empty: str,
) -> int:
    options = {"constant_memory": True, "strings_to_numbers": False, "strings_to_formulas": False}
    tables = Tables(batch)
    count = 0
    with xlsxwriter.Workbook(path, options | {"strings_to_urls": False}) as workbook:
        book = _Book(workbook)
        for row in rows.iterator(chunk_size=_AT_A_TIME):
            cells = unpack(orjson.dumps(orjson.loads(row.sealed)["raw"]))
            sheet = book.sheet(tables.of(row.sheet, row.row), [label for label, _ in extra])
            sheet.add(cells, [make(row) for _, make in extra])
            count += 1
        if not count:
            workbook.add_worksheet(empty)
    os.chmod(path, 0o600)
    return count


class _Book:
    def __init__(self, workbook: xlsxwriter.Workbook) -> None:
        self.workbook = workbook
        font = {"font_size": 11, "valign": "top"}
        self.text = workbook.add_format(font | {"num_format": "@"})
        self.quoted = workbook.add_format(font | {"num_format": "@", "quote_prefix": True})
        self.plain = workbook.add_format(font)
        self.head = workbook.add_format({"bold": True, "bg_color": "#F2EEE7", "border": 1, "text_wrap": True})
        self.title = workbook.add_format({"bold": True})
        self.added = workbook.add_format(font | {"num_format": "@", "text_wrap": True, "font_color": "#B3261E"})
        self.formats = {
            datetime: workbook.add_format(font | {"num_format": "yyyy-mm-dd hh:mm:ss"}),
            date: workbook.add_format(font | {"num_format": "yyyy-mm-dd"}),
            time: workbook.add_format(font | {"num_format": "hh:mm:ss"}),
            timedelta: workbook.add_format(font | {"num_format": "[h]:mm:ss"}),
        }
        self._sheets: dict[str, _Sheet] = {}
        self._names: set[str] = set()

    def sheet(self, table: dict, added: list[str]) -> _Sheet:
        """Return the sheet a table's rows go to, its header written."""
        sheet = self._sheets.get(table["sheet"])
        if sheet is None:
            sheet = _Sheet(self, self._name(table["sheet"]))
            self._sheets[table["sheet"]] = sheet
        sheet.under(table, added)
        return sheet

    def _name(self, wanted: str) -> str:
        """Return a name a workbook may give a sheet; that of the original where it can be kept."""
        bare = _FORBIDDEN.sub(" ", _CONTROL.sub("", wanted)).strip("' ")[:31] or "名册"
        if bare.casefold() == "history":
            bare = "History 1"
        name, number = bare, 1
        while name.casefold() in self._names:
            number += 1
            name = f"{bare[: 30 - len(str(number))]} {number}"
        self._names.add(name.casefold())
        return name


class _Sheet:
    def __init__(self, book: _Book, name: str) -> None:
        self.book = book
        self.sheet = book.workbook.add_worksheet(name)
        self.line = 0
        self.table: dict | None = None
        self.width = 0
        self.held: frozenset[int] = frozenset()
        self.as_text: frozenset[int] = frozenset()

    def under(self, table: dict, added: list[str]) -> None:
        """Write titles and header of a table, unless its rows are being written already."""
        if table is self.table:
            return
        further = self.table is not None
        self.table = table
        columns = [column for column in table["columns"] if column["left_out"] != "ours"]
        self.width = max((column["index"] for column in columns), default=-1) + 1
        self.held = frozenset(column["index"] for column in columns)
        self.as_text = frozenset(column["index"] for column in columns if column["field"] in _TEXT_FIELDS)
        if not further:
            self._set_widths(columns, added)
        else:
            self.line += 1
        titles = [title for title in table["titles"] if title]
        for title in titles[-_MOST_TITLES:] if further else titles[:50]:
            self._write(0, title, self.book.title)
            self.line += 1
        for column in columns:
            self._write(column["index"], header_text(column), self.book.head)
        for offset, label in enumerate(added):
            self._write(self.width + offset, label, self.book.head)
        self.line += 1

    def _set_widths(self, columns: list[dict], added: list[str]) -> None:
        for column in columns:
            wide = _WIDTHS.get(column["field"], max(10, min(24, 2 * len(column["label"]) + 2)))
            form = self.book.text if column["index"] in self.as_text else None
            self.sheet.set_column(column["index"], column["index"], wide, form)
        for offset, label in enumerate(added):
            self.sheet.set_column(self.width + offset, self.width + offset, 24 if label == OUTCOME else 60)

    def add(self, cells: Sequence[Any], added: Sequence[str]) -> None:
        """Write one row: its cells as they stood, then what is said about it."""
        for index, cell in enumerate(cells[: self.width]):
            if cell != "" and index in self.held:
                self._write(index, cell, self.book.text if index in self.as_text else self.book.plain)
        for offset, text in enumerate(added):
            if text:
                self._write(self.width + offset, text, self.book.added)
        self.line += 1

    def _write(self, index: int, cell: Any, form: Any) -> None:
        kind = type(cell)
        if kind is str:
            text = _CONTROL.sub("", cell)[:_LONGEST_CELL]
            if text.startswith(FORMULA_STARTS) and form in (self.book.text, self.book.plain):
                form = self.book.quoted
            self.sheet.write_string(self.line, index, text, form)
        elif kind is bool:
            self.sheet.write_boolean(self.line, index, cell, form)
        elif kind in self.book.formats:
            self._write_time(index, cell)
        else:
            self.sheet.write_number(self.line, index, cell, form)

    def _write_time(self, index: int, cell: Any) -> None:
        moment = cell.replace(tzinfo=None) if isinstance(cell, datetime | time) else cell
        if isinstance(moment, date) and moment.year < 1900:  # no spreadsheet can hold it as a date
            self.sheet.write_string(self.line, index, moment.isoformat(), self.book.text)
            return
        self.sheet.write_datetime(self.line, index, moment, self.book.formats[type(cell)])


def header_text(column: dict) -> str:
    """Return what heads a column in the workbook: its own header, unless that would be understood otherwise.

    What was mapped by hand, or understood only together with the header above it, is said in words that every reader
    of rosters knows: 身份证号（证件编码）, 不导入：手机号.
    """
    label, field = column["label"], column["field"]
    meant = meaning_of(folded_header(label))[0]
    if meant == field or column["left_out"] == "repeated":
        return label
    if not field:
        return f"不导入：{label}"
    if meaning_of(column["folded"])[0] == field:
        return column["folded"]
    return f"{BY_CODE[field].label}（{label}）"


__all__ = ["KINDS", "REJECTED", "RESULT", "WRITERS", "Tables", "header_text", "write_rejected", "write_result"]
