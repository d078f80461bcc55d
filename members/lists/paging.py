"""Keyset pages: page one thousand costs what page one costs. Counts that never walk the whole table.

A cursor names the row at the edge of a page by its key, signed together with the list and the order it was made for:
nothing personal stands in an address, and nobody can ask where a row that he may not see would stand, neither with
the key of a firm in the list of drivers nor with that of a driver in an order by something he may not see of him.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from django.core import signing
from django.db import connections
from django.db.models import F, Func, Q, QuerySet, Value

from members.querysets import Ordered, Part, any_of

COUNT_CAP = 10_000
_SALT = "members.cursor"


@dataclass(frozen=True, slots=True)
class Cursor:
    """The edge of a page: the list and order it was made for, the run it lies in, its key, and which way to go on."""

    made_for: str
    run: int
    pk: int
    backwards: bool = False

    def token(self) -> str:
        """Return the cursor as a signed text for an address."""
        return signing.dumps([self.made_for, self.run, self.pk, int(self.backwards)], salt=_SALT)

    @classmethod
    def read(cls, token: str) -> Cursor | None:
        """Return the cursor of a token, None for one that is not ours (the list then starts at its beginning)."""
        try:
            made_for, run, pk, backwards = signing.loads(token, salt=_SALT)
        except (signing.BadSignature, ValueError, TypeError):
            return None
        return cls(str(made_for), int(run), int(pk), bool(backwards))


@dataclass(frozen=True, slots=True)
class Page:
    """Keys of one page in their order, and the tokens of its neighbours ("" where there is none)."""

    keys: tuple[int, ...]
    previous: str = ""
    next: str = ""


def name_of(run: Ordered) -> str:
    """Return what a cursor into this run is made for: the table and the order, not the conditions. No query."""
    return f"{run.rows.model._meta.label_lower} {' '.join(run.order)}"


def page_of(
    runs: Sequence[Ordered], parts: Sequence[Part], cursor: Cursor | None, size: int, *, small: bool = False
) -> Page:
    """Return one page of keys from runs that follow each other, each restricted to the union of `parts` (a scope).

    `small`: the rows are known to be few, so they are gathered and sorted instead of found along an index of all.
    One query per run that is needed to fill the page, and one for the cursor's place where the order is by more than
    the key.
    """
    if not parts or not runs:
        return Page(())
    names = [name_of(run) for run in runs]
    if cursor is not None and (cursor.run >= len(runs) or cursor.made_for != names[cursor.run]):
        cursor = None  # of another list or order: begin at the beginning, as with one that is not ours
    backwards = cursor is not None and cursor.backwards
    start = cursor.run if cursor else 0
    found: list[tuple[int, int]] = []  # (run, key)
    steps = range(start, -1, -1) if backwards else range(start, len(runs))
    for step in steps:
        edge = cursor.pk if cursor is not None and step == start else None
        wanted = size + 1 - len(found)
        found += [(step, pk) for pk in _keys(runs[step], parts, edge, backwards, wanted, small)]
        if len(found) > size:
            break
    more = len(found) > size
    found = found[:size]
    if backwards:
        found.reverse()
    if not found:
        return Page(())
    has_previous = more if backwards else cursor is not None
    has_next = cursor is not None if backwards else more
    return Page(
        tuple(pk for _, pk in found),
        Cursor(names[found[0][0]], *found[0], backwards=True).token() if has_previous else "",
        Cursor(names[found[-1][0]], *found[-1]).token() if has_next else "",
    )


def _keys(run: Ordered, parts: Sequence[Part], edge: int | None, backwards: bool, limit: int, small: bool) -> list[int]:
    down = run.descending != backwards
    rows = run.rows
    if edge is not None:
        place = _place(run, edge)
        if place is None:
            return []
        rows = rows.filter(_beyond(run.order, place, down))
    sign = "-" if down else ""
    pieces = [piece for part in parts for piece in (part.each or (part.condition,))]
    may_unite = connections[rows.db].features.supports_slicing_ordering_in_compound
    if run.order == ("pk",) and not small and len(pieces) > 1 and may_unite:
        # Each committee's rows lie in key order in one index; together they do not, and a walk along all keys may
        # pass hundreds of thousands of rows before it meets one of a county whose rows were imported in one go.
        first, *rest = (rows.filter(piece).order_by(f"{sign}pk").values_list("pk")[:limit] for piece in pieces)
        united = first.union(*rest).order_by(f"{sign}pk")
        return [row[0] for row in united[:limit]]
    rows = rows.filter(any_of(parts))
    order = list(run.order)
    if small and may_unite:
        rows, order = _unindexed(rows, order)
    keys = rows.order_by(*(f"{sign}{name}" for name in order)).values_list("pk", flat=True)
    return list(keys[:limit])


def _unindexed(rows, order: list[str]):
    # The planner believes that rows of a small scope are spread evenly over an index of all rows; they are not.
    if order == ["pk"]:
        return rows.annotate(gathered_key=F("pk") + 0), ["gathered_key"]
    first = Func(F(order[0]), Value(""), template="(%(expressions)s)", arg_joiner=" || ")
    first.output_field = rows.model._meta.get_field("person").related_model._meta.get_field("name_key")
    return rows.annotate(gathered_first=first), ["gathered_first", *order[1:]]


def _place(run: Ordered, pk: int) -> tuple | None:
    if run.order == ("pk",):
        return (pk,)
    rows = run.rows.model._base_manager.all()
    annotations = {name: value for name, value in run.rows.query.annotations.items() if name in run.order}
    return (rows.annotate(**annotations) if annotations else rows).filter(pk=pk).values_list(*run.order).first()


def _beyond(order: tuple[str, ...], place: tuple, down: bool) -> Q:
    if len(order) == 1:
        return Q(**{f"{order[0]}__{'lt' if down else 'gt'}": place[0]})
    first, last = order
    # The bound on the first column alone is what the index is entered by.
    strict, loose = ("lt", "lte") if down else ("gt", "gte")
    return Q(**{f"{first}__{loose}": place[0]}) & (
        Q(**{f"{first}__{strict}": place[0]}) | Q(**{f"{last}__{strict}": place[1]})
    )


# --- counts -----------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Count:
    """A number of rows: exact up to the cap, else an estimate of the planner, else "more than the cap"."""

    number: int
    exact: bool

    def __str__(self) -> str:
        """Return 12,486 · 约 43 万 · 1 万以上 · 50 以上."""
        if self.exact:
            return f"{self.number:,}"
        if self.number > COUNT_CAP:
            return f"约 {_rounded(self.number)}"
        return f"{self.number:,} 以上" if self.number < COUNT_CAP else f"{COUNT_CAP // 10_000} 万以上"


def count_of(rows: QuerySet, cap: int = COUNT_CAP) -> Count:
    """Return how many rows there are: at most `cap` are counted. One query, two beyond the cap on PostgreSQL."""
    rows, known = rows.order_by(), None
    if _estimates(rows) and not rows.query.where:
        known = estimate(rows)  # a whole table: the planner knows its size, nothing need be counted
        if known > 2 * cap:
            return Count(known, False)
    number = rows.values("pk")[: cap + 1].count()
    if number <= cap:
        return Count(number, True)
    if not _estimates(rows):
        return Count(cap, False)
    return Count(max(estimate(rows) if known is None else known, cap + 1), False)


def _estimates(rows: QuerySet) -> bool:
    return connections[rows.db].vendor == "postgresql"


def estimate(rows: QuerySet) -> int:
    """Return how many rows the planner expects (PostgreSQL). One EXPLAIN, nothing is read."""
    plan = rows.values("pk").explain(format="json")
    return int(json.loads(plan)[0]["Plan"]["Plan Rows"])


def _rounded(number: int) -> str:
    if number >= 100_000:
        return f"{round(number / 10_000)} 万"
    return f"{number / 10_000:.1f} 万"


def in_order(keys: Sequence[int], rows) -> list:
    """Return the rows (a queryset) of a page in the order of its keys. One query and its joins."""
    by_key = {row.pk: row for row in rows.filter(pk__in=keys)} if keys else {}
    return [by_key[key] for key in keys if key in by_key]
