"""Tables that stand side by side under one header: 序号 姓名 身份证号 | 序号 姓名 身份证号, two people in a row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from members.roster.read.cells import Cell

if TYPE_CHECKING:
    from members.roster.columns.headers import Column

Moves = dict[int, int]  # column of the first table → the column of a further one that says the same


class Beside(list):
    """The cells of a person of a further table, moved to the columns of the first."""


def blocks_of(columns: Sequence[Column]) -> list[list[Column]]:
    """Return the columns of each table; one list where there is but one table.

    Columns of a further table begin with its number, or behind an empty column, or where the first one's begin again.
    """
    names = [column.index for column in columns if column.field == "name"]
    numbers = [column.index for column in columns if column.field == "id_number"]
    pairs = [(min(pair), max(pair)) for pair in zip(names, numbers, strict=False)]
    if len(names) != len(numbers) or any(pairs[at][1] > pairs[at + 1][0] for at in range(len(pairs) - 1)):
        return [list(columns)]
    starts = [0]
    for (_, last), (first, _) in pairwise(pairs):
        between = columns[last + 1 : first + 1]
        numbered = [column.index for column in between if column.field == "number"]
        empty = [column.index + 1 for column in between if not column.folded]
        again = [column.index for column in between if column.folded == columns[starts[-1]].folded]
        starts.append(max(numbered or empty or again or [first]))
    return [list(columns[start:end]) for start, end in zip(starts, [*starts[1:], None], strict=True)]


def are_rosters(blocks: Sequence[Sequence[Column]], of_others: set[int], *, is_grouped: bool) -> bool:
    """Whether each block lists people of its own. Else the further ones say more of the same person: his family."""
    if any(column.index in of_others for block in blocks[1:] for column in block if column.field == "name"):
        return False
    if all(any(column.field == "number" for column in block) for block in blocks):
        return True
    if all(not block[-1].folded for block in blocks[:-1]):  # an empty column between
        return True
    shapes = {tuple(column.folded for column in block if column.folded) for block in blocks}
    return len(shapes) == 1 and not is_grouped


def moves_of(blocks: Sequence[Sequence[Column]]) -> tuple[list[Column], list[Moves]]:
    """Return the columns of the one table that all blocks become, and for each further block what moves where."""
    kept, moves = list(blocks[0]), []
    for block in blocks[1:]:
        free, moved = list(kept), {}
        for column in block:
            same = [one for one in free if column.folded and one.folded == column.folded]
            same = same or [one for one in free if column.field and one.field == column.field]
            if same:
                free.remove(same[0])
                moved[same[0].index] = column.index
            else:
                kept.append(column)
                moved[column.index] = column.index
        moves.append(moved)
    return kept, moves


def taken_apart(cells: Sequence[Cell], kept: frozenset[int], moves: Sequence[Moves]) -> Iterator[list[Cell]]:
    """Yield the cells of the first person of a row, then those of the others where there are any."""
    further = {source for moved in moves for source in moved.values()}
    yield ["" if index in further or index not in kept else cell for index, cell in enumerate(cells)]
    for moved in moves:
        row = Beside([""] * len(cells))
        for target, source in moved.items():
            if source < len(cells):
                row[target] = cells[source]
        if any(cell != "" for cell in row):
            yield row
