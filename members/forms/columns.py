"""The page 核对列: what each column was taken for, and what a person chose instead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from members.models import RosterImport
from members.roster.columns.headers import meaning_of
from members.roster.fields import BY_CODE, FIELDS
from members.roster.lines import samples

CHOICES = [("", "不导入"), *((entry.code, entry.label) for entry in FIELDS)]


@dataclass(slots=True)
class Entry:
    """One column of the file: what stands in it, what it is taken for and why."""

    letter: str
    label: str
    sample: str
    field: str
    how: str
    sure: bool
    select: str = ""  # name of the control; "" where nothing can be chosen
    ask: bool = False

    @property
    def field_label(self) -> str:
        """Return what it is imported as."""
        return BY_CODE[self.field].label if self.field else "不导入"


@dataclass(slots=True)
class TableEntries:
    """One table of the file and its columns, those that want a decision first."""

    sheet: str
    header: str
    titles: list[str]
    entries: list[Entry] = field(default_factory=list)

    @property
    def known(self) -> int:
        """Return how many columns are imported. Unit: 列."""
        return sum(bool(entry.field) for entry in self.entries)

    @property
    def asking(self) -> int:
        """Return how many columns want a decision. Unit: 列."""
        return sum(entry.ask for entry in self.entries)


class ColumnsForm:
    """A select per header text; a header that comes again in another table follows the first."""

    choices = CHOICES

    def __init__(self, batch: RosterImport, *, with_samples: bool = True) -> None:
        """Read what was understood of the file. One query, for the samples."""
        self.batch = batch
        self.tables: list[TableEntries] = []
        self._selects: dict[str, tuple[str, str]] = {}  # control → folded header, field now
        seen: dict[str, str] = {}
        shown = samples(batch) if with_samples else {}
        for table in batch.columns:
            made = TableEntries(table["sheet"], _header_words(table), table["titles"])
            cells = shown.get((table["sheet"], table["header_row"]), {})
            for column in table["columns"]:
                if column["left_out"] != "ours":
                    made.entries.append(self._entry(column, table, cells.get(column["index"], []), seen))
            made.entries.sort(key=lambda entry: not entry.ask)
            self.tables.append(made)

    def _entry(self, column: dict, table: dict, cells: list[str], seen: dict[str, str]) -> Entry:
        how, sure = _how(column, self.batch.mapping, table)
        entry = Entry(
            letter=column["letter"],
            label=column["label"],
            sample="；".join(cells),
            field=column["field"],
            how=how,
            sure=sure,
            ask=bool(column["suggestion"]) and column["left_out"] == "unknown",
        )
        folded = column["folded"]
        if not folded:
            return entry
        if folded in seen:
            entry.how = f"和{seen[folded]}的同名列一样处理"
            return entry
        seen[folded] = f"“{table['sheet']}”" if table["sheet"] else "前面"
        entry.select = f"column-{len(self._selects)}"
        self._selects[entry.select] = (folded, column["field"])
        return entry

    def chosen(self, data: Mapping[str, str]) -> dict[str, str] | None:
        """Return the whole mapping by hand after this choice, or None when nothing was changed.

        Only what was changed goes into it: of two columns for one field the better header goes on to count.
        """
        mapping, changed = dict(self.batch.mapping), False
        for name, (folded, now) in self._selects.items():
            wanted = data.get(name, now)
            if wanted != now and (not wanted or wanted in BY_CODE):
                mapping[folded] = wanted
                changed = True
        return mapping if changed else None

    def without(self, code: str) -> dict[str, str]:
        """Return the mapping by hand that leaves out every column of a field."""
        mapping = dict(self.batch.mapping)
        for folded, field_code in _columns_of(self.batch):
            if field_code == code:
                mapping[folded] = ""
        return mapping


def _columns_of(batch: RosterImport):
    for table in batch.columns:
        for column in table["columns"]:
            if column["folded"]:
                yield column["folded"], column["field"]


def _header_words(table: dict) -> str:
    last, count = table["header_row"], table["header_rows"]
    return f"第 {last} 行" if count == 1 else f"第 {last - count + 1}–{last} 行（{'两三'[count - 2]}行合并）"


def _how(column: dict, mapping: Mapping[str, str], table: dict) -> tuple[str, bool]:
    """Return why a column is taken for what it is, and whether that is sure."""
    code, folded = column["field"], column["folded"]
    if not code:
        if column["suggestion"]:
            return f"列名认不出，内容像“{BY_CODE[column['suggestion']].label}”，请您定", False
        return {
            "by_hand": "您设为不导入",
            "repeated": "和另一列重复，以那一列为准",
            "nameless": "没有列名，不导入。要导入，请在表里补上列名",
        }.get(column["left_out"], "没有对应的登记项，不导入"), False
    if folded in mapping:
        return "按您的指定", True
    label, rank = BY_CODE[code].label, meaning_of(folded)[1]
    if code == "number":
        return "只用来认行，不登记", True
    first = min(
        (other["index"] for other in table["columns"] if other["field"] == code and _rank(other) <= rank),
        default=column["index"],
    )
    if first != column["index"] and BY_CODE[code].supplements:
        return f"“{label}”空着的，用这一列补", True
    if table["header_rows"] > 1 and column["label"].casefold() != folded:
        return "两行表头合起来认出", True
    return ("列名相同" if folded == label.casefold() else "同义列名"), True


def _rank(column: dict) -> int:
    return meaning_of(column["folded"])[1]
