"""Writing the trail: `record` for an act, `transition` for a change of status. Both inside the caller's transaction."""

import re
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Any

from django.conf import settings
from django.core.exceptions import FieldDoesNotExist
from django.db import models, transaction
from django.http import HttpRequest

from foundation.audit.models import Entry
from foundation.protection.fields import BlindIndexField, ProtectedField, TailIndexField
from foundation.protection.masks import mask_all, scrub

SYSTEM = "系统"
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}", re.ASCII)
_ACTION = re.compile(r"[a-z_]+(\.[a-z_]+)+", re.ASCII)


class NotAllowed(Exception):
    """The life-cycle does not allow this step; the text is a sentence for people."""


class Conflict(Exception):
    """Somebody else changed the row first; the text is a sentence for people."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an act came from: the network address and the number of the request."""

    address: str = ""
    request_id: str = ""


def origin_of(request: HttpRequest) -> Origin:
    """Return the origin of a request: the same for every call with one request.

    Behind a proxy (BEHIND_PROXY) the address is the last one the proxy wrote; what a client wrote is not believed.
    """
    known = getattr(request, "audit_origin", None)
    if known is None:
        address = request.META.get("REMOTE_ADDR", "")
        if settings.SECURE_PROXY_SSL_HEADER:
            address = request.META.get("HTTP_X_FORWARDED_FOR", address).rpartition(",")[2].strip()
        given = request.META.get("HTTP_X_REQUEST_ID", "")
        known = Origin(address[:45], given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex)
        request.audit_origin = known  # type: ignore[attr-defined]
    return known


def record(
    action: str,
    target: models.Model | None,
    *,
    actor: Any,
    organization_id: int | None = None,
    fields: Iterable[str] | Mapping[str, Sequence[Any] | None] = (),
    reason: str = "",
    person_id: int | None = None,
    details: Mapping[str, Any] | None = None,
    label: str = "",
    origin: Origin | None = None,
) -> Entry:
    """Write one entry and return it: one INSERT, in the transaction of the change. It is sealed later.

    `action` is a dotted verb ("driver.reveal"). `actor` is a user, or None for the system; without `origin` the one
    the audit middleware gave the actor counts. `fields` names fields, or maps each to (before, after): values of
    protected fields are masked here, identity and mobile numbers in any text too. `label` shows the target to
    people and must not name a person in full (masks.mask_name).

    Raises ValueError for an action that is no dotted verb; TransactionManagementError outside a transaction.
    """
    entry = draft(
        action,
        target,
        actor=actor,
        organization_id=organization_id,
        fields=fields,
        reason=reason,
        person_id=person_id,
        details=details,
        label=label,
        origin=origin,
    )
    _require_transaction()
    entry.save()
    return entry


def draft(
    action: str,
    target: models.Model | None,
    *,
    actor: Any,
    organization_id: int | None = None,
    fields: Iterable[str] | Mapping[str, Sequence[Any] | None] = (),
    reason: str = "",
    person_id: int | None = None,
    details: Mapping[str, Any] | None = None,
    label: str = "",
    origin: Origin | None = None,
) -> Entry:
    """Return an entry that is not written yet; for `record_all`. Parameters as `record`. No query."""
    if not _ACTION.fullmatch(action):
        raise ValueError(f"not a dotted verb: {action!r}")
    origin = origin or getattr(actor, "origin", None) or Origin()
    return Entry(
        actor_id=getattr(actor, "pk", None),
        actor_name=name_of(actor)[:150],
        action=action,
        object_type=target._meta.label_lower if target is not None else "",
        object_id=str(target.pk) if target is not None else "",
        object_label=scrub(label)[:200],
        organization_id=organization_id,
        person_id=person_id,
        fields=_masked_fields(target, fields),
        details=_scrubbed(dict(details or {})),
        reason=scrub(reason)[:500],
        request_id=origin.request_id,
        address=origin.address,
    )


def record_all(entries: Iterable[Entry]) -> int:
    """Write many drafted entries, 1,000 per INSERT, and return how many. Those given as a list have their keys then.

    Raises TransactionManagementError outside a transaction.
    """
    _require_transaction()
    return len(Entry.objects.bulk_create(entries, batch_size=1000))


def transition(
    instance: models.Model,
    to: Any,
    *,
    field: str = "status",
    actor: Any,
    changes: Mapping[str, Any] | None = None,
    action: str,
    reason: str = "",
    next_table: Mapping[Any, Iterable[Any]],
    organization_id: int | None = None,
    person_id: int | None = None,
    details: Mapping[str, Any] | None = None,
    label: str = "",
    origin: Origin | None = None,
) -> Entry:
    """Move `instance` to the status `to` together with `changes` (field → value) and write the entry.

    One UPDATE … WHERE pk AND status=old and one INSERT in one transaction. The status of `instance` is what the
    caller saw; if another one changed it first, nothing is written. Afterwards `instance` carries the new values.

    Raises NotAllowed when `next_table` has no such step, Conflict when not exactly one row had the old status.
    """
    step = Step(instance, to, changes or {}, reason, organization_id, person_id, details, label)
    (entry,) = transition_all([step], field=field, actor=actor, action=action, next_table=next_table, origin=origin)
    return entry


@dataclass(frozen=True, slots=True)
class Step:
    """One row's part of `transition_all`; the parameters of `transition` that differ from row to row."""

    instance: models.Model
    to: Any
    changes: Mapping[str, Any] = dataclass_field(default_factory=dict)
    reason: str = ""
    organization_id: int | None = None
    person_id: int | None = None
    details: Mapping[str, Any] | None = None
    label: str = ""


def transition_all(
    steps: Sequence[Step],
    *,
    field: str = "status",
    actor: Any,
    action: str,
    next_table: Mapping[Any, Iterable[Any]],
    origin: Origin | None = None,
) -> list[Entry]:
    """Move many rows of one model as `transition` moves one: all of them or none. Return the entries in their order.

    One UPDATE … WHERE pk IN … AND status=old for all rows that change alike, one INSERT for 1,000 entries.

    Raises NotAllowed when `next_table` lacks a step, Conflict when any row had another status than its caller saw.
    """
    alike: dict[tuple, list[Step]] = {}
    for step in steps:
        old = getattr(step.instance, field)
        if step.to not in next_table.get(old, ()):
            raise NotAllowed(_refusal(step.instance, field, old, step.to, next_table.get(old, ())))
        alike.setdefault((type(step.instance), old, step.to, _as_key(step.changes)), []).append(step)
    entries = [
        draft(
            action,
            step.instance,
            actor=actor,
            organization_id=step.organization_id,
            fields={field: (getattr(step.instance, field), step.to)}
            | {name: (getattr(step.instance, name), value) for name, value in step.changes.items()},
            reason=step.reason,
            person_id=step.person_id,
            details=step.details,
            label=step.label,
            origin=origin,
        )
        for step in steps
    ]
    with transaction.atomic():
        for (model, old, to, _), group in alike.items():
            # The base manager: a default manager that leaves rows out must not look like a conflict.
            rows = model._base_manager.filter(pk__in={step.instance.pk for step in group}, **{field: old})
            if rows.update(**{field: to}, **group[0].changes) != len(group):
                raise Conflict("这条记录刚刚被别人改过，您的操作没有保存。请刷新页面，看过现在的内容再做。")
        record_all(entries)
    for step in steps:
        for name, value in ({field: step.to} | dict(step.changes)).items():
            setattr(step.instance, name, value)
    return entries


def _as_key(changes: Mapping[str, Any]) -> tuple:
    """Return what two rows must share to be changed by one UPDATE."""
    return tuple(
        (name, value.pk if isinstance(value, models.Model) else repr(value)) for name, value in sorted(changes.items())
    )


def name_of(actor: Any) -> str:
    """Return how the trail names an account: its display name, else its user name, 系统 for None."""
    if actor is None:
        return SYSTEM
    return getattr(actor, "name", "") or str(actor.get_username())


def _require_transaction() -> None:
    connection = transaction.get_connection()
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("an audit entry is written in the transaction of the change")


def _masked_fields(target: models.Model | None, fields: Any) -> dict[str, list[Any] | None]:
    if isinstance(fields, str):
        raise ValueError("fields is a list of names or a mapping, not one text")
    if not isinstance(fields, Mapping):
        return dict.fromkeys(fields)
    return {
        name: None if pair is None else [_masked_value(target, name, value) for value in pair]
        for name, pair in fields.items()
    }


def _masked_value(target: models.Model | None, name: str, value: Any) -> Any:
    if target is not None:
        try:
            field = target._meta.get_field(name)
        except FieldDoesNotExist:
            pass
        else:
            if isinstance(field, ProtectedField):
                return field.mask(value)
            if isinstance(field, BlindIndexField | TailIndexField):
                return mask_all(str(value)) if value is not None else ""
    if isinstance(value, models.Model):
        return value.pk
    return _scrubbed(value)


def _scrubbed(value: Any) -> Any:
    if isinstance(value, str):
        return scrub(str(value))
    if isinstance(value, Mapping):
        return {str(key): _scrubbed(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_scrubbed(item) for item in value]
    return value


def _refusal(instance: models.Model, field: str, old: Any, to: Any, allowed: Iterable[Any]) -> str:
    labels = dict(instance._meta.get_field(field).flatchoices)  # type: ignore[union-attr]
    steps = "、".join(f"「{labels.get(step, step)}」" for step in labels if step in set(allowed))
    ending = f"现在只能改为{steps}。" if steps else "它已经办结，不能再改。"
    return f"现在的状态是「{labels.get(old, old)}」，不能改为「{labels.get(to, to)}」。{ending}"
