"""Writing many rows at once: COPY on PostgreSQL, one prepared INSERT on SQLite. Keys are reserved beforehand.

No signal is sent and no field is prepared by Django: callers pass values as the columns hold them (sealed texts,
folded keys). Everything runs in the caller's transaction.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import orjson
from django.db import connection, models
from django.db.models.lookups import Lookup

# NUL cannot be stored by PostgreSQL; no cell means anything by it.
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\0": None})
_MUCH = 1 << 20  # bytes handed over at once: each time another thread may run in between


@models.ForeignKey.register_lookup
@models.Field.register_lookup
class Among(Lookup):
    """`field__among=[…]`: like `in` for thousands of values, at the price of one parameter.

    PostgreSQL is given a subquery it cannot look into: it expects a few values and goes by the index, also in the
    joins that follow, where the true number would make it read whole tables again for every chunk.
    """

    lookup_name = "among"

    def get_prep_lookup(self):
        """Take any iterable of values as the columns hold them."""
        return orjson.dumps(list(self.rhs)).decode()

    def as_sql(self, compiler, connection):
        """Return the condition for SQLite."""
        left, params = self.process_lhs(compiler, connection)
        return f"{left} IN (SELECT value FROM json_each(%s))", [*params, self.rhs]  # noqa: S608 a column's name

    def as_postgresql(self, compiler, connection):
        """Return the condition for PostgreSQL; the values are cast to the column's type."""
        left, params = self.process_lhs(compiler, connection)
        kind = {"UUIDField": "uuid", "CharField": "text"}.get(self.lhs.output_field.get_internal_type(), "bigint")
        return f"{left} = ANY(ARRAY(SELECT jsonb_array_elements_text(%s::jsonb)::{kind}))", [*params, self.rhs]


class Hex(models.Func):
    """A blind index as 32 hexadecimal digits: thousands of UUID objects cost more than the query that found them."""

    template = "%(expressions)s"
    output_field = models.CharField()

    def as_postgresql(self, compiler, connection, **context):
        """Return the digits without dashes; SQLite stores them so."""
        return self.as_sql(compiler, connection, template="encode(uuid_send(%(expressions)s), 'hex')", **context)


class AsStored(models.Func):
    """A column as the database holds it: sealed texts stay sealed, JSON stays text."""

    template = "%(expressions)s"
    output_field = models.TextField()


def reserve_ids(model: type[models.Model], count: int) -> list[int]:
    """Return `count` new primary keys nobody else will get. One query.

    SQLite has one writer and this runs in its transaction, so the highest key is nobody else's to pass.
    """
    if not count:
        return []
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # The name is looked up once in the subquery, not for every key.
            cursor.execute(
                "SELECT array_agg(nextval(sequence)) FROM generate_series(1, %s),"
                " (SELECT pg_get_serial_sequence(%s, 'id')::regclass AS sequence OFFSET 0) AS named",
                [count, table],
            )
            return cursor.fetchone()[0]
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
        row = cursor.fetchone()
        first = (row[0] if row else 0) + 1
        return list(range(first, first + count))


Line = str | tuple[Any, ...]  # a row, or the end of one, as the database takes it


def lines(model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> list[Line]:
    """Return rows of column values (attribute names as in the model) as the database takes them.

    No query: it may run in another thread. Blind indexes may be given as UUID or as 32 hexadecimal digits.
    """
    given = list(zip(*rows, strict=True))
    if not given:
        return []
    fields = [model._meta.get_field(name) for name in columns]
    # Column by column: most need one look only, and nothing is done to a value that is fine as it is.
    if connection.vendor == "postgresql":
        texts = [_as_text(field, values) for field, values in zip(fields, given, strict=True)]
        return list(map("\t".join, zip(*texts, strict=True)))
    bound = [_as_bound(field, values) for field, values in zip(fields, given, strict=True)]
    return list(zip(*bound, strict=True))


def insert(
    model: type[models.Model],
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    ends: tuple[Sequence[str], Iterable[Line]] | None = None,
) -> None:
    """Insert rows of column values. One statement.

    `ends` are further columns and, for each row, what `lines` made of them beforehand.
    """
    begun = lines(model, columns, rows)
    if not begun:
        return
    further, ended = ends or ((), ())
    names = ", ".join(connection.ops.quote_name(model._meta.get_field(name).column) for name in (*columns, *further))
    table = connection.ops.quote_name(model._meta.db_table)
    if connection.vendor == "postgresql":
        if further:
            begun = [f"{start}\t{end}" for start, end in zip(begun, ended, strict=True)]
        content = io.BytesIO(("\n".join(begun) + "\n").encode())
        # Django wraps the errors of execute() only; callers wait for its IntegrityError.
        with connection.cursor() as cursor, connection.wrap_database_errors:
            cursor.copy_expert(f"COPY {table} ({names}) FROM STDIN", content, _MUCH)
        return
    if further:
        begun = [start + end for start, end in zip(begun, ended, strict=True)]
    marks = ", ".join(["%s"] * (len(columns) + len(further)))
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {table} ({names}) VALUES ({marks})",  # noqa: S608 names come from the model
            begun,
        )


def _as_text(field: models.Field, values: Sequence[Any]) -> Sequence[str]:
    """Return a column as COPY's text format writes it."""
    if isinstance(field, models.JSONField):
        return _escaped(_as_json(values))
    if isinstance(field, models.CharField | models.TextField):
        return _escaped(values)
    if isinstance(field, models.BooleanField):
        return ["\\N" if value is None else "t" if value else "f" for value in values]
    if isinstance(field, models.DateField):  # one instant or day stands in thousands of rows
        return _mapped(str, values, "\\N")
    return ["\\N" if value is None else str(value) for value in values]


def _as_json(values: Sequence[Any]) -> list[str]:
    return ["[]" if value == [] else orjson.dumps(value).decode() for value in values]


def _escaped(texts: Sequence[str | None]) -> Sequence[str]:
    if None in texts:
        return ["\\N" if text is None else text.translate(_ESCAPES) for text in texts]
    together = "".join(texts)
    if any(special in together for special in "\\\t\n\r\0"):
        return [text.translate(_ESCAPES) for text in texts]
    return texts


def _as_bound(field: models.Field, values: Sequence[Any]) -> Sequence[Any]:
    """Return a column as it is bound on SQLite."""
    if isinstance(field, models.JSONField):
        return _as_json(values)
    if isinstance(field, models.UUIDField):
        return [value.hex if type(value) is UUID else value for value in values]
    if isinstance(field, models.DateTimeField):
        return _mapped(_naive, values, None)
    if isinstance(field, models.DateField):
        return _mapped(date.isoformat, values, None)
    if isinstance(field, models.CharField | models.TextField):
        return [value and value.replace("\0", "") for value in values]
    return values


def _mapped(written: Callable[[Any], str], values: Sequence[Any], nothing: str | None) -> list[Any]:
    known: dict[Any, Any] = {value: written(value) for value in set(values) - {None}}
    known[None] = nothing
    return [known[value] for value in values]


def _naive(value: datetime) -> str:
    return str(value.astimezone(UTC).replace(tzinfo=None))
