"""Second stage: raw rows become rows of people under known columns; all else is named, never silently dropped."""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice
from typing import NamedTuple

from foundation.protection.canonical import canonical_id_number, canonical_phone, canonical_plate
from foundation.protection.identifiers import phone_error, plate_error
from members.roster.columns.beside import taken_apart
from members.roster.columns.headers import (
    HEADER_ROWS,
    Column,
    Table,
    field_of,
    find_header,
    folded_header,
    has_number,
    label_of,
    layout_of,
)
from members.roster.columns.sift import SAMPLE, TITLE, Sifter, is_sample
from members.roster.read import Cell, RosterRefused, Sheet, Workbook

__all__ = ["Column", "Ignored", "PersonRow", "Roster", "Table", "folded_header", "label_of", "recognise"]

_HEADER_WITHIN = 100  # rows from the top of a sheet in which a header is looked for
_SAMPLED = 60  # rows of people whose cells suggest what an unknown column holds
_DIGITS = re.compile(r"[0-9]+")
_MOST_IGNORED = 200  # rows named one by one; the rest is counted


class PersonRow(NamedTuple):
    """A row that is a person: merged cells filled down, as long as its table is wide."""

    table: Table
    row: int
    cells: list[Cell]


@dataclass(frozen=True, slots=True)
class Ignored:
    """A row that is no person: why, and how it begins. The text holds no row of a person."""

    sheet: str
    row: int
    kind: str
    text: str


class Roster:
    """The people of a workbook, in its order. Tables, skipped sheets and ignored rows are known once all are drawn."""

    def __init__(self, workbook: Workbook, mapping: Mapping[str, str]) -> None:
        self._workbook = workbook
        self._mapping = mapping
        self.tables: list[Table] = []
        self.skipped: list[tuple[str, str]] = []  # sheet, hidden | empty | no_header
        self.ignored: list[Ignored] = []
        self.ignored_counts: Counter[str] = Counter()
        self.people = 0

    def __iter__(self) -> Iterator[PersonRow]:
        """Yield the rows of people.

        Raises RosterRefused: no_visible_sheet, no_header, no_rows, or what reading raises.
        """
        met: set[str] = set()
        for sheet in self._workbook:
            met.add(sheet.name)
            for person in _Sheet(self, sheet, self._mapping).people():
                self.people += 1
                yield person
        for name, visible in self._workbook.sheets:
            if name not in met:
                self.skipped.append((name, "empty" if visible else "hidden"))
        if not met:
            raise RosterRefused("no_visible_sheet")
        if not self.tables:
            raise RosterRefused("no_header")
        if not self.people:
            raise RosterRefused("no_rows")

    def ignore(self, sheet: str, row: int, kind: str, cells: list[Cell]) -> None:
        """Note a row that is no person."""
        self.ignored_counts[kind] += 1
        if kind != "blank" and len(self.ignored) < _MOST_IGNORED:
            text = next((cell.strip() for cell in cells if type(cell) is str and cell.strip()), "")
            self.ignored.append(Ignored(sheet, row, kind, "" if kind == SAMPLE else text[:40]))


def recognise(workbook: Workbook, mapping: Mapping[str, str] | None = None) -> Roster:
    """Return the people of a workbook under the columns we know.

    `mapping` names fields by hand: folded header (`folded_header`) → field code, or "" to leave the column out.
    """
    return Roster(workbook, mapping or {})


class _Sheet:
    """One pass over the rows of a sheet, with a look ahead of a few rows where a header may begin."""

    def __init__(self, roster: Roster, sheet: Sheet, mapping: Mapping[str, str]) -> None:
        self.roster, self.sheet, self.mapping = roster, sheet, mapping
        self.rows = sheet.rows()
        self.ahead: deque[tuple[int, list[Cell]]] = deque()
        self.titles: list[str] = []  # of the table to come
        self.wide: dict[int, set[int]] = {}
        self.tall: dict[int, int] = {}  # row where a merged cell begins → the lowest row one reaches
        for top, left, bottom, right in sheet.merged:
            if right > left:
                self.wide.setdefault(top + 1, set()).add(left)
            if bottom > top:
                self.tall[top + 1] = max(bottom + 1, self.tall.get(top + 1, 0))

    def people(self) -> Iterator[PersonRow]:
        """Yield the people of every table of the sheet."""
        if not self._look(1):
            self.roster.skipped.append((self.sheet.name, "empty"))
            return
        self._look(_HEADER_WITHIN)
        found = find_header([cells for _, cells in self.ahead], self.mapping)
        if found is None:
            self.roster.skipped.append((self.sheet.name, "no_header"))
            return
        while found is not None:
            table = self._begin(*found)
            found = yield from self._under(table)

    def _look(self, count: int) -> bool:
        """Draw rows until so many lie ahead; whether there is one at all."""
        while len(self.ahead) < count and (row := next(self.rows, None)) is not None:
            self.ahead.append(row)
        return bool(self.ahead)

    def _begin(self, titles: int, count: int) -> Table:
        """Take titles and header off the rows ahead."""
        above, self.titles = self.titles, []
        groups: list[Cell] = []
        for _ in range(titles):
            number, cells = self.ahead.popleft()
            groups = cells if sum(map(_is_text, cells)) > 1 else []
            above.extend(label_of(cell) for cell in cells if type(cell) is str and cell.strip())
            self.roster.ignore(
                self.sheet.name, number, "title" if any(cell != "" for cell in cells) else "blank", cells
            )
        header = [self.ahead.popleft() for _ in range(count)]
        # A cell merged downwards makes the rows it reaches part of the header: 联系电话 over 本人 and 家属.
        reach = max(self.tall.get(number, 0) for number, _ in header)
        while (
            len(header) < HEADER_ROWS and header[-1][0] < reach and self._look(1) and not has_number(self.ahead[0][1])
        ):
            header.append(self.ahead.popleft())
        columns, moves = layout_of([cells for _, cells in header], self.mapping, groups)
        table = Table(self.sheet.name, header[-1][0], len(header), tuple(above), columns, moves)
        self.header_texts = {tuple(_texts(cells)) for _, cells in header}
        if moves:
            self.rows, self.ahead = self._apart(table, chain(self.ahead, self.rows)), deque()
        self.roster.tables.append(table)
        return table

    def _apart(self, table: Table, rows: Iterator[tuple[int, list[Cell]]]) -> Iterator[tuple[int, list[Cell]]]:
        """Yield the people of tables side by side one after the other, up to a header of another kind."""
        kept = frozenset(column.index for column in table.columns)
        width = max(kept) + 1
        sources = {source for moved in table.moves for source in moved.values()}
        filler = _Filler(sources, table.header_row, self.sheet.merged)
        own = self.header_texts
        self.header_texts = own | {
            tuple(_texts(part)) for texts in own for part in taken_apart(list(texts), kept, table.moves)
        }
        for number, cells in rows:
            if tuple(_texts(cells)) not in own and len(_known(cells, self.mapping)) > 1:
                yield number, cells
                break
            cells = cells + [""] * (width - len(cells))
            filler.remember(number, cells)
            parts = list(taken_apart(cells, kept, table.moves))
            if len(parts) > 1:
                filler.fill(number, cells)
                parts = [parts[0], *list(taken_apart(cells, kept, table.moves))[1:]]
            for part in parts:
                yield number, part
        yield from rows

    def _under(self, table: Table) -> Iterator[PersonRow]:
        """Yield the people under a header; return where and how long the next table's header is, None at the end."""
        sifter = Sifter(table, self.wide)
        held = {column.index for column in table.columns if column.label}
        filler = _Filler(held, table.header_row, self.sheet.merged)
        sampler = _Sampler(table)
        width = max((column.index for column in table.columns), default=-1) + 1
        id_number = sifter.id_number if sifter.id_number is not None else -1
        name = sifter.name if sifter.name is not None else -1
        number_at = sifter.number if sifter.number is not None else -1
        ahead, rows, merged, sampling = self.ahead, self.rows, filler.columns, True
        while True:
            item = ahead.popleft() if ahead else next(rows, None)
            if item is None:
                sampler.suggest()
                return None
            number, cells = item
            if len(cells) < width:
                cells = cells + [""] * (width - len(cells))
            if merged and type(cells) is list:
                filler.remember(number, cells)
            found = cells[id_number] if id_number >= 0 else ""
            # Nearly every row is a person with a whole identity number: decided here, the others with care.
            if type(found) is str and len(found) == 18 and found[:17].isdigit() and not sifter.in_block:
                sifter.after_note = False
                mark, called = cells[number_at] if number_at >= 0 else "", cells[name] if name >= 0 else ""
                has_mark = (type(mark) is str and "例" in mark) or (type(called) is str and "例" in called)
                kind = SAMPLE if has_mark and is_sample(called, mark) else ""
            else:
                ahead.appendleft((number, cells))
                header = self._header_ahead(sifter)
                if header == "repeated" and self._is_titled_anew(table):
                    self._look(table.header_rows)
                    sampler.suggest()
                    return 0, table.header_rows
                if header == "repeated":
                    self.roster.ignore(self.sheet.name, number, "header", cells)
                    ahead.popleft()
                    sifter.in_block = sifter.after_note = False
                    continue
                if type(header) is tuple:
                    sampler.suggest()
                    return header
                ahead.popleft()
                kind = sifter.kind_of(number, cells, above_header=header == "before")
                if kind == TITLE:
                    self.titles.extend(label_of(cell) for cell in cells if type(cell) is str and cell.strip())
            if kind:
                self.roster.ignore(self.sheet.name, number, kind, cells)
                continue
            if self.titles:
                self.titles = []
            if merged and type(cells) is list:
                filler.fill(number, cells)
            if sampling:
                sampling = sampler.take(cells)
            yield PersonRow(table, number, cells)

    def _is_titled_anew(self, table: Table) -> bool:
        """Whether titles that the table does not have stand over its header where it repeats, page numbers aside."""
        had = {_DIGITS.sub("", title) for title in table.titles}
        return not table.moves and any(_DIGITS.sub("", title) not in had for title in self.titles)

    def _header_ahead(self, sifter: Sifter) -> tuple[int, int] | str | None:
        """Return what the next row has to do with a header.

        "repeated": it is one of the running header's; a place: a new header begins with it; "before": it stands alone
        above a header; None: nothing.
        """
        number, cells = self.ahead[0]
        if tuple(_texts(cells)) in self.header_texts:
            return "repeated"
        filled = [cell for cell in cells if type(cell) is str and cell.strip()]
        known = len(_known(cells, self.mapping))
        # A title may stand over a further table; a person of whom only the name is known may not be taken for one.
        if not known and len(filled) != 1 and number not in self.wide:
            return None
        self._look(2 * HEADER_ROWS)
        window = [row for _, row in islice(self.ahead, 2 * HEADER_ROWS)]
        # A header has two texts at least; without one in sight nothing needs a closer look.
        if not known and not any(sum(map(_is_text, row)) > 1 for row in window):
            return None
        found = find_header(window, self.mapping)
        if found is None or any(sifter.has_id(row) for row in window[: found[0] + found[1]]):
            return None
        start, count = found
        if not start:
            return found
        if start == 1 and number in self.wide and len(filled) > 1:
            return 0, count + 1  # groups over the columns; they add nothing, but they are no person
        if any(sum(1 for cell in row if cell != "") > 1 for row in window[:start]):
            return None
        return "before"


def _known(cells: list[Cell], mapping: Mapping[str, str]) -> list[str]:
    """Return the texts of a row that are known headers."""
    return [cell for cell in cells if type(cell) is str and cell and field_of(folded_header(cell), mapping)[0]]


def _is_text(cell: Cell) -> bool:
    return type(cell) is str and cell != ""


def _texts(cells: list[Cell]) -> list[str]:
    texts = [label_of(cell) if type(cell) is str else str(cell) for cell in cells]
    while texts and not texts[-1]:
        texts.pop()
    return texts


class _Filler:
    """In a cell merged over several rows the value counts for each of them."""

    def __init__(self, held: set[int], header_row: int, merged: list[list[int]]) -> None:
        self.columns: dict[int, deque[tuple[int, int]]] = {}
        for top, left, bottom, _ in sorted(merged):
            if bottom > top and left in held and top + 1 > header_row:
                self.columns.setdefault(left, deque()).append((top + 1, bottom + 1))
        self.values: dict[int, tuple[int, Cell]] = {}  # column → last row, value

    def remember(self, number: int, cells: list[Cell]) -> None:
        """Note the values of merged cells that begin in this row."""
        for column, ranges in self.columns.items():
            while ranges and ranges[0][0] <= number:
                top, bottom = ranges.popleft()
                if top == number:
                    self.values[column] = (bottom, cells[column])

    def fill(self, number: int, cells: list[Cell]) -> None:
        """Write the values of merged cells that reach into this row."""
        for column, (bottom, value) in self.values.items():
            if number <= bottom and cells[column] == "":
                cells[column] = value


class _Sampler:
    """Looks at the cells of columns nobody knows and says what they look like."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.unknown = [column for column in table.columns if column.left_out in {"unknown", "nameless"}]
        self.cells: dict[int, list[Cell]] = {column.index: [] for column in self.unknown}
        self.left = _SAMPLED

    def take(self, cells: list[Cell]) -> bool:
        """Note a row; whether more are wanted."""
        for index, seen in self.cells.items():
            if cells[index] != "":
                seen.append(cells[index])
        self.left -= 1
        if not self.left:
            self.suggest()
        return self.left > 0

    def suggest(self) -> None:
        """Write the suggestions; columns with neither header nor cells are no columns."""
        for column in self.unknown:
            seen = self.cells[column.index]
            column.suggestion = next((field for field, fits in _LOOKS if _mostly(fits, seen)), "")
            if column.suggestion and self.table.index_of(column.suggestion) is not None:
                column.suggestion = ""
        empty = {
            column.index for column in self.unknown if column.left_out == "nameless" and not self.cells[column.index]
        }
        self.table.columns = [column for column in self.table.columns if column.index not in empty]
        self.unknown = []


_LOOKS = (
    ("id_number", lambda text: bool(re.fullmatch(r"[0-9]{17}[0-9X]", canonical_id_number(text)))),
    ("phone", lambda text: bool(text) and phone_error(canonical_phone(text)) is None),
    ("plate", lambda text: bool(text) and plate_error(canonical_plate(text)) is None),
    ("sex", lambda text: text.strip() in {"男", "女"}),
)


def _mostly(fits, cells: list[Cell]) -> bool:
    texts = [cell if type(cell) is str else f"{cell:.0f}" if type(cell) is float else str(cell) for cell in cells]
    return len(texts) >= 3 and sum(map(fits, texts)) * 5 >= len(texts) * 4
