"""What the database refuses, said in words and at the right field.

A verb asks `checked` before it writes; `in_words` catches what another writer made true in between. PostgreSQL and
SQLite name a check constraint in their error, SQLite names the columns of a unique one instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import IntegrityError, models, transaction

_SQLITE_UNIQUE = re.compile(r"UNIQUE constraint failed: (?P<columns>[\w., ]+)")
_NAMED = re.compile(r'(?:CHECK constraint failed: |constraint ")(?P<name>\w+)')


def checked(instance: models.Model, *, exclude: Iterable[str] = ()) -> models.Model:
    """Return the instance when its fields and constraints hold. One query per unique field or constraint.

    Raises ValidationError with a message per field; a broken unique constraint is said at its first field.
    """
    exclude = set(exclude)
    errors: dict[str, list[ValidationError]] = {}
    try:
        instance.clean_fields(exclude=exclude)
    except ValidationError as error:
        errors = dict(error.error_dict)
        exclude |= set(errors)
    for constraint in instance._meta.constraints:
        try:
            constraint.validate(type(instance), instance, exclude=exclude)
        except ValidationError:
            field = _field_of(constraint)
            said = ValidationError(_sentence(constraint), code=constraint.name)
            errors.setdefault(field, []).append(said)
    if errors:
        raise ValidationError(errors)
    return instance


@contextmanager
def in_words(model: type[models.Model]) -> Iterator[None]:
    """Run a block in its own savepoint; turn an IntegrityError of `model` into a ValidationError with its sentence.

    Raises IntegrityError as it came when it speaks of no constraint of the model.
    """
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        constraint = broken_constraint(model, str(error))
        if constraint is None:
            raise
        raise ValidationError({_field_of(constraint): [_sentence(constraint)]}, code=constraint.name) from error


def broken_constraint(model: type[models.Model], text: str) -> models.BaseConstraint | None:
    """Return the constraint of the model that a database error speaks of, or None. No query."""
    named = _NAMED.search(text)
    if named:
        return next((one for one in model._meta.constraints if one.name == named["name"]), None)
    unique = _SQLITE_UNIQUE.search(text)
    if not unique:
        return None
    columns = {column.strip() for column in unique["columns"].split(",")}
    table = model._meta.db_table
    for constraint in model._meta.constraints:
        if isinstance(constraint, models.UniqueConstraint) and constraint.fields:
            own = {f"{table}.{model._meta.get_field(name).column}" for name in constraint.fields}
            if own == columns:
                return constraint
    return None


def _field_of(constraint: models.BaseConstraint) -> str:
    fields = getattr(constraint, "fields", ())
    return fields[0] if fields else NON_FIELD_ERRORS


def _sentence(constraint: models.BaseConstraint) -> str:
    return str(constraint.violation_error_message)
