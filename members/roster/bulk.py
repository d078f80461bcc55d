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

_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def reserve_ids(model: type[models.Model], count: int) -> list[int]:
    """Return `count` new primary keys nobody else will get. One query.

    SQLite has one writer and this runs in its transaction, so the highest key is nobody else's to pass.
    """
    if not count:
        return []
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)", [table, count]
            )
            return [row[0] for row in cursor.fetchall()]
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
        row = cursor.fetchone()
        first = (row[0] if row else 0) + 1
        return list(range(first, first + count))


def insert(model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Insert rows of column values (attribute names as in the model). One statement."""
    fields = [model._meta.get_field(name) for name in columns]
    names = ", ".join(connection.ops.quote_name(field.column) for field in fields)
    table = connection.ops.quote_name(model._meta.db_table)
    if connection.vendor == "postgresql":
        converters = [_text_converter(field) for field in fields]
        buffer = io.StringIO()
        for row in rows:
            buffer.write(
                "\t".join(
                    "\\N" if value is None else converter(value)
                    for converter, value in zip(converters, row, strict=True)
                )
            )
            buffer.write("\n")
        buffer.seek(0)
        with connection.cursor() as cursor:
            cursor.copy_expert(f"COPY {table} ({names}) FROM STDIN", buffer)
        return
    converters = [_value_converter(field) for field in fields]
    marks = ", ".join(["%s"] * len(fields))
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {table} ({names}) VALUES ({marks})",  # noqa: S608 names come from the model
            [
                tuple(
                    None if value is None else converter(value)
                    for converter, value in zip(converters, row, strict=True)
                )
                for row in rows
            ],
        )


def _escaped(text: str) -> str:
    # NUL cannot be stored by PostgreSQL; no cell means anything by it.
    return text.translate(_ESCAPES).replace("\0", "")


def _text_converter(field: models.Field) -> Callable[[Any], str]:
    """Return how a column's value is written in COPY's text format."""
    if isinstance(field, models.JSONField):
        return lambda value: _escaped(orjson.dumps(value).decode())
    if isinstance(field, models.CharField | models.TextField):
        return _escaped
    if isinstance(field, models.BooleanField):
        return lambda value: "t" if value else "f"
    return str


def _value_converter(field: models.Field) -> Callable[[Any], Any]:
    """Return how a column's value is bound on SQLite."""
    if isinstance(field, models.JSONField):
        return lambda value: orjson.dumps(value).decode()
    if isinstance(field, models.UUIDField):
        return _hex
    if isinstance(field, models.DateTimeField):
        return _naive
    if isinstance(field, models.DateField):
        return date.isoformat
    if isinstance(field, models.CharField | models.TextField):
        return lambda value: value.replace("\0", "")
    return lambda value: value


def _hex(value: UUID) -> str:
    return value.hex


def _naive(value: datetime) -> str:
    return str(value.astimezone(UTC).replace(tzinfo=None))
