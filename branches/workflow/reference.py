"""Verbs on the reference tables, row by row. Whole files are loaded by command."""

from __future__ import annotations

from collections.abc import Iterable

from django.core.exceptions import PermissionDenied
from django.db import models, transaction

from branches import rules
from branches.capabilities import Capability
from branches.constraints import checked, in_words
from foundation.audit import trail


def save_reference(row: models.Model, capability: Capability, *, fields: Iterable[str], actor, adding: bool):
    """Write a division or a day and return it. Raises PermissionDenied, ValidationError."""
    if actor is not None and not rules.may(actor, capability):
        raise PermissionDenied("区划和工作日历由系统管理员维护。")
    checked(row)
    with transaction.atomic():
        with in_words(type(row)):
            row.save(force_insert=adding)
        action = f"{row._meta.model_name}.{'added' if adding else 'changed'}"
        trail.record(action, row, actor=actor, fields=list(fields), label=str(row))
    return row
