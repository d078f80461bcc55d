"""Between the plan and its application rows rest in the staging table: what they say is sealed, the rest is plain.

What needs no database (taking rows over, opening seals) is done one chunk ahead in a second thread while the database
works on the chunk before; the thread never touches the database.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any, TypeVar

import orjson

from foundation.protection.seal import opener, sealer
from members.choices import Fate
from members.models import RosterRow
from members.roster import bulk
from members.roster.aside import Drawn
from members.roster.bulk import AsStored, Hex
from members.roster.plan import Candidate

_COLUMNS = (
    "roster_import_id",
    "ordinal",
    "sheet",
    "row",
    "sealed",
    "id_number_index",
    "phone_index",
    "errors",
    "warnings",
    "fate",
    "changed_fields",
    "before",
    "person_id",
)
_STAGED = (
    "ordinal",
    "sheet",
    "row",
    "fate",
    "person_id",
    AsStored("sealed"),
    Hex("id_number_index"),
    Hex("phone_index"),
    AsStored("changed_fields"),
    AsStored("before"),
    AsStored("errors"),
    AsStored("warnings"),
)
_AAD = {name: RosterRow._meta.get_field(name).aad for name in ("sealed", "before")}
_END: Any = object()
T = TypeVar("T")


def candidates(drawn: Iterable[list[Drawn]]) -> Iterator[list[Candidate]]:
    """Yield the chunks of checked rows numbered, ready for the plan. No query."""
    ordinal = count()
    for chunk in drawn:
        yield [
            Candidate(next(ordinal), sheet, row, values, sealed, errors, warnings, id_index, phone_index)
            for sheet, row, values, errors, warnings, id_index, phone_index, sealed in chunk
        ]


def stage(import_id: int, rows: Sequence[Candidate]) -> None:
    """Write planned rows to the staging table. One statement."""
    seal_before = sealer(_AAD["before"])
    bulk.insert(
        RosterRow,
        _COLUMNS,
        (
            (
                import_id,
                row.ordinal,
                row.sheet[:60],
                row.row,
                row.sealed,
                row.id_index,
                row.phone_index,
                row.errors,
                row.warnings,
                row.fate,
                row.changed,
                seal_before(orjson.dumps(row.before).decode()) if row.before else "",
                row.person_id,
            )
            for row in rows
        ),
    )


def staged(import_id: int, *, after: int, until: int, limit: int, fates: Sequence[str] = ()) -> list[tuple]:
    """Return the next staged rows behind the ordinal `after`, still sealed; `reopened` makes rows of them.

    At most `limit` of them; fewer where `fates` leaves out others, none only behind `until`. One query, with `fates`
    one for each stretch of `limit` rows that holds none of them.
    """
    rows: list[tuple] = []
    while not rows and after < until:
        # A stretch of ordinals: asked for "the next ones", both databases would sort all that are left, every time.
        stretch = RosterRow.objects.filter(roster_import_id=import_id, ordinal__gt=after, ordinal__lte=after + limit)
        if fates:
            stretch = stretch.filter(fate__in=fates)
        rows = list(stretch.order_by("ordinal").values_list(*_STAGED))
        after += limit
    return rows


def reopened(rows: Iterable[tuple]) -> list[Candidate]:
    """Return what `staged` gave as rows again. No query. Raises SealBroken."""
    open_row, open_before = opener(_AAD["sealed"]), opener(_AAD["before"])
    return [
        Candidate(
            ordinal=ordinal,
            sheet=sheet,
            row=row,
            values=orjson.loads(open_row(sealed))["values"],
            errors=_list(errors),
            warnings=_list(warnings),
            id_index=id_index,
            phone_index=phone_index,
            fate=fate,
            person_id=person_id,
            changed=_list(changed),
            before=orjson.loads(open_before(before)) if before else {},
        )
        for (
            ordinal,
            sheet,
            row,
            fate,
            person_id,
            sealed,
            id_index,
            phone_index,
            changed,
            before,
            errors,
            warnings,
        ) in rows
    ]


def replan(import_id: int, row: Candidate) -> None:
    """Write what a new plan says of a staged row. One UPDATE."""
    RosterRow.objects.filter(roster_import_id=import_id, ordinal=row.ordinal).update(
        fate=row.fate,
        person_id=row.person_id,
        changed_fields=row.changed,
        before=orjson.dumps(row.before).decode() if row.before else "",
        errors=row.errors,
        warnings=row.warnings,
    )


def _list(stored: str) -> list:
    return [] if stored == "[]" else orjson.loads(stored)


def drawn_ahead(items: Iterator[T]) -> Generator[T, None, None]:
    """Yield the items, the next one being drawn in a second thread meanwhile; never more than one ahead."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        coming = pool.submit(next, items, _END)
        while (item := coming.result()) is not _END:
            coming = pool.submit(next, items, _END)
            yield item


class Tally:
    """Adds up the fates of a plan and the digest a person confirms."""

    def __init__(self) -> None:
        self.fates: Counter[str] = Counter()
        self.fields: Counter[str] = Counter()
        self.warnings = self.out_of_scope = 0
        self._digest = hashlib.sha256()

    def add(self, rows: Iterable[Candidate]) -> None:
        """Count planned rows."""
        outlines = []
        for row in rows:
            self.fates[row.fate] += 1
            outlines.append((row.ordinal, *row.outline()))
            if row.warnings:
                self.warnings += len(row.warnings)
            if row.changed:
                self.fields.update(row.changed)
            if row.errors:
                self.out_of_scope += any(error[1] == "out_of_scope" for error in row.errors)
        self._digest.update(orjson.dumps(outlines))

    def columns(self) -> dict[str, Any]:
        """Return the columns of the batch that say what the plan came to."""
        return {
            "rows": self.fates.total(),
            "created": self.fates[Fate.CREATED],
            "updated": self.fates[Fate.UPDATED],
            "unchanged": self.fates[Fate.UNCHANGED],
            "rejected": self.fates[Fate.REJECTED],
            "warnings": self.warnings,
            "stored_matches": self.fates[Fate.UPDATED] + self.fates[Fate.UNCHANGED],
            "out_of_scope": self.out_of_scope,
            "field_changes": dict(self.fields),
            "plan_digest": self._digest.hexdigest(),
        }
