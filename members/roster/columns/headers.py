"""Header rows: how their texts are folded, which rows they are, and which column holds which field."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256

from foundation.protection.canonical import strip_spaces, to_simplified
from members.roster.columns import beside
from members.roster.fields import BY_CODE, FIELDS, REPORT_COLUMNS
from members.roster.read.cells import Cell, letter_of

_BRACKETED = re.compile(
    r"\([^()]*\)|\[[^\[\]]*\]|【[^【】]*】|\{[^{}]*\}|〔[^〔〕]*〕|〈[^〈〉]*〉|《[^《》]*》|<[^<>]*>"
)
_OTHERS = re.compile(r"家属|亲属|家庭|家人|配偶|父亲|母亲|父母|子女|紧急|担保人|车主|联系人")
_FIRMS = re.compile(r"企业|公司|单位|法人|法定代表人|负责人")
_OPEN_BRACKET = re.compile(r"(?<=.)[(\[【{〔].*$")
_MARKS = re.compile(r"[*★☆※●▲#_]|^[0-9]{1,2}[.、]|[:;,.。、]+$")
_NO_HEADER = re.compile(r"\d{11}")
_LONGEST_HEADER = 60
HEADER_ROWS = 4  # at most: groups of groups, names


@lru_cache(maxsize=4096)
def label_of(text: str) -> str:
    """Return a header text as it is named in messages: NFKC, without spaces and line breaks."""
    return strip_spaces(text)


@lru_cache(maxsize=4096)
def folded_header(text: str) -> str:
    """Return what a header text is recognised by.

    Simplified, lower case, without spaces, asterisks, leading numbers and whatever stands in brackets.
    """
    if len(text) > 4 * _LONGEST_HEADER:
        return ""
    label = to_simplified(label_of(text))[0].casefold()
    folded, before = label, ""
    while folded != before:
        before, folded = folded, _BRACKETED.sub(_kept_of_brackets, folded)
    folded = _MARKS.sub("", _OPEN_BRACKET.sub("", folded))
    return folded or _MARKS.sub("", re.sub(r"[()\[\]【】{}]", "", label))


def _kept_of_brackets(bracketed: re.Match[str]) -> str:
    """Return nothing of 手机号(必填), but all of 联系电话(家属): that is another person's."""
    return bracketed[0][1:-1] if _OTHERS.search(bracketed[0]) else ""


# Folded header → field and how well it fits: of two columns for one field the better header counts, wherever it stands.
KNOWN: dict[str, tuple[str, int]] = {
    folded_header(header): (entry.code, rank) for entry in FIELDS for rank, header in enumerate(entry.headers)
}
_UNKNOWN = ("", 0)
_DRIVERS = {"司机", "驾驶员", "驾驶人", "从业人员"}
_LOOSE = 100  # ranks behind every header of the list
_SIGNS = re.compile(r"[\"“”'‘’!?↓↑▼▽△]|^[0-9]{1,2}(?=[一-鿿])|^[a-z][.、]")
_WHOSE = re.compile(r"^(?:司机|驾驶员|驾驶人|从业人员|本人|人员|员工|职工|党员|个人)的?|本人$")
_COUNTED = re.compile(r"(?<=[一-鿿])[1-9一二三]$")
_OR = re.compile(r"[/\\、或]")
_LATIN = re.compile(r"[a-z][a-z.]*")


@lru_cache(maxsize=4096)
def meaning_of(folded: str) -> tuple[str, int]:
    """Return the field a folded header stands for and the rank of that header; ("", 0) when unknown.

    Also without what says whose it is (驾驶员电话), which of several (手机号2), or the same once more (姓名Name).
    """
    if (known := KNOWN.get(folded)) or len(folded) > _LONGEST_HEADER:
        return known or _UNKNOWN
    plain = _SIGNS.sub("", folded)
    if field_rank := KNOWN.get(plain) or KNOWN.get(_WHOSE.sub("", plain)):
        return field_rank[0], field_rank[1] + _LOOSE
    code, rank = KNOWN.get(_COUNTED.sub("", _WHOSE.sub("", plain)), _UNKNOWN)
    if code and BY_CODE[code].supplements:
        return code, rank + _LOOSE
    parts = [part for part in _OR.split(plain) if part]
    if len(parts) < 2 and (latin := _LATIN.search(plain)):
        parts = [latin[0].strip("."), _LATIN.sub("", plain)]
    fields = {KNOWN.get(_WHOSE.sub("", part), _UNKNOWN)[0] for part in parts}
    return (fields.pop(), 2 * _LOOSE) if len(fields) == 1 and len(parts) > 1 else _UNKNOWN


@dataclass(slots=True)
class Column:
    """A column of a table: where it stands, what heads it and what it is taken for."""

    index: int
    letter: str
    label: str  # as messages name it; "" when nothing heads it
    folded: str  # the key of a mapping by hand
    field: str  # "" when left out
    rank: int  # how well the header fits the field, 0 best
    left_out: str = ""  # unknown | repeated | by_hand | nameless | ours
    suggestion: str = ""  # a field its cells look like, offered and never taken


@dataclass(slots=True)
class Table:
    """A header and the people under it. A sheet may hold several, one below the other."""

    sheet: str
    header_row: int  # the lowest row of the header, as a person sees it
    header_rows: int
    titles: tuple[str, ...]  # what stands above the header
    columns: list[Column]
    moves: list[dict[int, int]] = field(default_factory=list)  # of tables beside this one, see `beside.py`

    @property
    def fingerprint(self) -> str:
        """The shape of the header, wherever its columns stand: what a saved mapping is found by."""
        held = (column.folded for column in self.columns if column.left_out != "ours")
        shape = "\n".join(sorted(filter(None, held)))
        return sha256(shape.encode()).hexdigest()[:32]

    def of(self, field: str) -> list[Column]:
        """Return the columns of a field: the one that counts first, then those that fill its empty cells."""
        return sorted((column for column in self.columns if column.field == field), key=lambda column: column.rank)

    def index_of(self, field: str) -> int | None:
        """Return where the column that counts for a field stands."""
        held = self.of(field)
        return held[0].index if held else None

    def missing(self) -> list[str]:
        """Return the fields without which no row can be imported and which no column holds."""
        return [field for field in ("name", "id_number") if self.index_of(field) is None]


def field_of(folded: str, mapping: Mapping[str, str]) -> tuple[str, int]:
    """Return the field a folded header stands for and the rank of that header; ("", 0) when unknown.

    What was mapped by hand goes before every synonym.
    """
    if not folded:
        return "", 0
    if folded in mapping:
        return mapping[folded], -1
    return meaning_of(folded)


def _headed_by(rows: Sequence[Sequence[Cell]], mapping: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """Return of each column the header text, the lowest that is not empty, what it is recognised by, and its group.

    The first two differ where the text means nothing alone but something with the one above it (入党 over 时间) or
    the one that reaches over it from the left (证件 over 类型 and 号码).
    """
    headed = []
    groups = [""] * len(rows)
    for index in range(max(map(len, rows))):
        cells = [row[index] if index < len(row) else "" for row in rows]
        cells = [cell if type(cell) is str and cell.strip() else "" for cell in cells]
        lowest = max((at for at, cell in enumerate(cells) if cell), default=0)
        groups = [
            cell or ("" if at >= lowest else group) for at, (cell, group) in enumerate(zip(cells, groups, strict=True))
        ]
        text = cells[lowest]
        folded = folded_header(text)
        above = next((group for group in reversed(groups[:lowest]) if group), "")
        if above and not field_of(folded, mapping)[0]:
            both = folded_header(above + text)
            if field_of(both, mapping)[0]:
                folded = both
            elif above in cells and not _OTHERS.search(text) and not _is_group(rows, index, lowest):
                # 身份证号 over "18 位": a hint, not the name of the column
                text, folded = (above, upper) if field_of(upper := folded_header(above), mapping)[0] else (text, folded)
        headed.append((text, folded, above))
    return headed


def _is_group(rows: Sequence[Sequence[Cell]], index: int, lowest: int) -> bool:
    """Whether the cells above a header text reach over the column right of it, which has a text of its own."""
    right = [row[index + 1] if index + 1 < len(row) else "" for row in rows]
    return right[lowest] != "" and not any(cell != "" for cell in right[:lowest])


def _known_fields(headed: Sequence[tuple[str, str, str]], mapping: Mapping[str, str]) -> set[str]:
    texts = {folded: field for _, folded, _ in headed if (field := field_of(folded, mapping)[0])}
    fields = set(texts.values())
    # A list of vehicles names drivers too; they are people only beside their identity numbers.
    if "id_number" not in fields and not any(field == "name" for text, field in texts.items() if text not in _DRIVERS):
        fields.discard("name")
    return fields


def _is_header(fields: set[str]) -> bool:
    """Whether there are a name and an identity number, or one of them and two more known columns."""
    known = fields - {"number"}
    return {"name", "id_number"} <= known or (len(known) >= 3 and bool(known & {"name", "id_number"}))


def has_number(cells: Sequence[Cell]) -> bool:
    """Whether digits stand in a row that no header has: those of a phone or an identity number."""
    return any(
        bool(_NO_HEADER.search(cell)) if type(cell) is str else type(cell) in (int, float) and cell >= 1e10
        for cell in cells
    )


def find_header(rows: Sequence[Sequence[Cell]], mapping: Mapping[str, str]) -> tuple[int, int] | None:
    """Return where the first header in these rows begins and how many rows it takes, or None.

    The first row where a header can begin decides the place; around it the reading that knows most columns wins, of
    equals the one with fewer rows, then the higher one.
    """
    for first in range(len(rows)):
        readings = _readings(rows, first, mapping)
        if not readings:
            continue
        # A row that is a header alone begins it. Else the row above may be a title, and the header begins below it.
        lowest = min(-count for _, count, _ in readings)
        for start in range(first + 1, first + lowest):
            readings += _readings(rows, start, mapping)
        _, count, start = max(readings)
        return -start, -count
    return None


def _readings(rows: Sequence[Sequence[Cell]], start: int, mapping: Mapping[str, str]) -> list[tuple[int, int, int]]:
    """Return (known columns, minus rows, minus start) for each number of rows that make a header from this row on."""
    readings = []
    for count in range(1, min(HEADER_ROWS, len(rows) - start) + 1):
        if has_number(rows[start + count - 1]):
            break  # a person
        fields = _known_fields(_headed_by(rows[start : start + count], mapping), mapping)
        if _is_header(fields):
            readings.append((len(fields), -count, -start))
    return readings


def columns_of(rows: Sequence[Sequence[Cell]], mapping: Mapping[str, str]) -> list[Column]:
    """Return the columns under the rows of a header, each field held by one column or by several that supplement."""
    return layout_of(rows, mapping)[0]


def layout_of(
    rows: Sequence[Sequence[Cell]], mapping: Mapping[str, str], groups: Sequence[Cell] = ()
) -> tuple[list[Column], list[beside.Moves]]:
    """Return the columns under the rows of a header, and what moves under them from tables beside the first.

    `groups` is the row above, where it stands over several columns.
    """
    columns, moves, of_others = [], [], set()
    headed = _headed_by(rows, mapping)
    over = [group for _, _, group in _headed_by([groups, rows[-1]], mapping)] if groups else [""] * len(headed)
    for index, ((text, folded, group), higher) in enumerate(zip(headed, over, strict=False)):
        if _OTHERS.search(higher) or _FIRMS.search(higher) or _OTHERS.search(group) or _FIRMS.search(group):
            of_others.add(index)
        field, rank = field_of(folded, mapping)
        left_out = "" if field else "by_hand" if folded in mapping else "unknown" if folded else "nameless"
        if not field and folded in REPORT_COLUMNS:
            left_out = "ours"
        columns.append(Column(index, letter_of(index), label_of(text), folded, field, rank, left_out))
    blocks = beside.blocks_of(columns)
    if len(blocks) > 1 and beside.are_rosters(blocks, of_others, is_grouped=bool(groups) or len(rows) > 1):
        columns, moves = beside.moves_of(blocks)
    elif len(blocks) > 1:
        held = {column.field for column in blocks[0]}
        for column in (column for block in blocks[1:] for column in block if column.field in held - {""}):
            column.field, column.left_out = "", "repeated"
    for entry in FIELDS:
        same = [column for column in columns if column.field == entry.code]
        same.sort(key=lambda column: (column.index in of_others, column.rank, column.index))
        for column in same[1:]:
            if not entry.supplements or (entry.code == "phone" and column.index in of_others):
                column.field, column.left_out = "", "repeated"
    return columns, moves
