"""Verbs of a roster import that people do: upload, map, confirm, cancel, undo. The worker's part is in import_run."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import IO

from celery import current_app
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from branches.capabilities import Capability
from branches.constraints import in_words
from branches.models import Organization
from branches.rules import may
from foundation.audit import trail
from members.choices import IMPORT_NEXT, IMPORT_WORKING, ImportPhase, ImportStatus
from members.models import RosterImport, RosterMapping
from members.roster.fields import BY_CODE
from members.roster.read import RosterRefused

FOLDER = "rosters"


class NotReady(Exception):
    """The step cannot be taken now; the text is a sentence for people."""


def stored_path(batch: RosterImport) -> Path:
    """Return where the uploaded file of a batch lies."""
    return Path(settings.MEDIA_ROOT) / FOLDER / batch.stored_file


def upload(
    actor,
    organization: Organization,
    content: IO[bytes],
    file_name: str,
    *,
    apply_at_once: bool = False,
    accepted_fields: Iterable[str] = (),
    mapping: Mapping[str, str] | None = None,
    wake_worker: bool = True,
) -> RosterImport:
    """Keep a roster file and queue it for reading; return the batch. `actor` None is the system (the command).

    The file gets a random name and mode 0600 and is deleted when the import has ended.

    Raises PermissionDenied outside one's scope, RosterRefused for a file that is too big or empty.
    """
    if actor is not None and not may(actor, Capability.ROSTER_IMPORT_UPLOAD, at=organization):
        raise PermissionDenied
    stored, size, digest = _keep(content)
    try:
        with transaction.atomic():
            batch = RosterImport.objects.create(
                organization=organization,
                uploaded_by=actor,
                file_name=_display_name(file_name),
                stored_file=stored,
                file_size=size,
                file_digest=digest,
                apply_at_once=apply_at_once,
                accepted_fields=sorted(accepted_fields),
                mapping=dict(mapping or {}),
                confirmed_by=actor if apply_at_once else None,
            )
            trail.record(
                "roster_import.upload",
                batch,
                actor=actor,
                organization_id=organization.pk,
                details={"size": size, "digest": digest},
            )
            if wake_worker:
                wake(batch)
    except BaseException:
        (Path(settings.MEDIA_ROOT) / FOLDER / stored).unlink(missing_ok=True)
        raise
    return batch


def map_columns(actor, batch: RosterImport, columns: Mapping[str, str], *, save_as: str = "") -> None:
    """Say by hand which header means which field ("" leaves it out) and have the file read again.

    With `save_as` the mapping is kept for the next file of this shape at this organisation.

    Raises PermissionDenied, NotReady, ValueError for a field that does not exist, ValidationError for a name that the
    mapping of another shape has; then nothing is changed.
    """
    _require(actor, Capability.ROSTER_IMPORT_UPLOAD, batch)
    if unknown := [code for code in columns.values() if code and code not in BY_CODE]:
        raise ValueError(f"没有这个字段：{unknown[0]}")
    if batch.roster_results.exists():
        raise NotReady("这份名册已经写入了一部分，不能再改列的对应。要改，请先撤销。")
    with transaction.atomic():
        trail.transition(
            batch,
            ImportStatus.PARSING,
            actor=actor,
            action="roster_import.map",
            next_table=IMPORT_NEXT,
            changes={"mapping": dict(columns), "phase": ImportPhase.WAITING, "lease_until": None, "starts": 0},
            organization_id=batch.organization_id,
        )
        if save_as and batch.shape:
            _keep_mapping(actor, batch, save_as[:60], columns)
        wake(batch)


def _keep_mapping(actor, batch: RosterImport, name: str, columns: Mapping[str, str]) -> None:
    """Keep a mapping for a shape of file, in place of one that is kept already. One statement: nobody comes between.

    Raises ValidationError when the mapping of another shape has the name.
    """
    mapping = RosterMapping(
        organization_id=batch.organization_id, shape=batch.shape, name=name, columns=dict(columns), saved_by=actor
    )
    with in_words(RosterMapping):
        RosterMapping.objects.bulk_create(
            [mapping],
            update_conflicts=True,
            unique_fields=["organization", "shape"],
            update_fields=["name", "columns", "saved_by", "updated_at"],
        )


def confirm(actor, batch: RosterImport, plan_digest: str, *, accepted_fields: Iterable[str] = ()) -> None:
    """Write what the plan says. `plan_digest` is that of the plan the person saw.

    Raises PermissionDenied; NotReady when the plan changed meanwhile or a field that changes in 30 % of the rows or
    more has not been ticked; trail.Conflict when somebody else confirmed first.
    """
    _require(actor, Capability.ROSTER_IMPORT_APPLY, batch)
    if batch.status == ImportStatus.PREVIEW and batch.plan_digest != plan_digest:
        raise NotReady("核对之后，登记情况有变，计划已经重新算过。请再看一遍再写入。")
    accepted = sorted(set(batch.accepted_fields) | (set(accepted_fields) & set(BY_CODE)))
    if missing := [code for code in braked_fields(batch) if code not in accepted]:
        labels = "、".join(BY_CODE[code].label for code in missing)
        raise NotReady(f"还没有勾选：{labels}。三成以上的人会改动这些内容，请核对后勾选，或者把这一列设为不导入。")
    with transaction.atomic():
        trail.transition(
            batch,
            ImportStatus.APPLYING,
            actor=actor,
            action="roster_import.confirm",
            next_table=IMPORT_NEXT,
            changes={
                "accepted_fields": accepted,
                "confirmed_by": actor,
                "confirmed_at": timezone.now(),
                "phase": ImportPhase.WAITING,
                "lease_until": None,
                "starts": 0,
                "replanned": False,
            },
            organization_id=batch.organization_id,
            details={"plan": batch.plan_digest},
        )
        wake(batch)


def request_cancel(actor, batch: RosterImport) -> None:
    """Stop the import: at once when it waits for a person, else at the next chunk. What was written stays; undo it.

    Raises PermissionDenied, NotReady when there is nothing to stop.
    """
    _require(actor, Capability.ROSTER_IMPORT_UPLOAD, batch)
    with transaction.atomic():
        # What the person saw may be a step behind the worker: the row itself says what there is to stop.
        at_work = RosterImport.objects.filter(pk=batch.pk, status__in=IMPORT_WORKING)
        if at_work.update(cancel_requested=True):
            trail.record("roster_import.cancel", batch, actor=actor, organization_id=batch.organization_id)
            wake(batch)
            return
        batch.refresh_from_db(fields=["status", "stored_file"])
        if ImportStatus.CANCELLED not in IMPORT_NEXT[batch.status]:
            raise NotReady("这次导入已经结束，没有可以停止的。")
        if batch.status == ImportStatus.PREVIEW:
            trail.transition(
                batch,
                ImportStatus.CANCELLED,
                actor=actor,
                action="roster_import.cancel",
                next_table=IMPORT_NEXT,
                changes={"finished_at": timezone.now(), "phase": ImportPhase.NONE},
                organization_id=batch.organization_id,
            )
            transaction.on_commit(lambda: forget_file(batch))


def request_undo(actor, batch: RosterImport, *, reason: str = "") -> None:
    """Have the batch taken back; rows changed since are left and listed. `actor` None is the system (the command).

    Raises PermissionDenied; NotReady when nothing was written or what is needed has been purged.
    """
    _require(actor, Capability.ROSTER_IMPORT_UNDO, batch)
    if ImportStatus.UNDONE not in IMPORT_NEXT[batch.status]:
        raise NotReady("这次导入现在不能撤销：只有结束了的导入才能撤销，撤销过的不能再撤。")
    if batch.applied and not batch.roster_results.exists():
        raise NotReady("这次导入的留底已经过了保存期，不能再整批撤销。请逐条修改。")
    with transaction.atomic():
        changed = RosterImport.objects.filter(pk=batch.pk, status=batch.status, undo_requested=False).update(
            undo_requested=True, undone_by=actor, phase=ImportPhase.UNDO, lease_until=None, starts=0
        )
        if not changed:
            raise NotReady("已经在撤销了，请稍等。")
        trail.record(
            "roster_import.request_undo", batch, actor=actor, organization_id=batch.organization_id, reason=reason
        )
        wake(batch)
    batch.refresh_from_db()


def braked_fields(batch: RosterImport) -> list[str]:
    """Return the fields that would change in 30 % of the rows or more, in column order. No query."""
    percent = settings.ROSTER_BRAKE_PERCENT
    return [
        code
        for code in BY_CODE
        if batch.field_changes.get(code) and batch.field_changes[code] * 100 >= percent * batch.rows
    ]


def forget_file(batch: RosterImport) -> None:
    """Delete the uploaded file; its rows are staged, sealed."""
    if batch.stored_file:
        stored_path(batch).unlink(missing_ok=True)
        RosterImport.objects.filter(pk=batch.pk).update(stored_file="")
        batch.stored_file = ""


def _require(actor, capability: Capability, batch: RosterImport) -> None:
    if actor is None:
        return
    visible = RosterImport.objects.manageable_by(actor, capability).filter(pk=batch.pk).exists()
    if not visible:
        raise PermissionDenied


def _keep(content: IO[bytes]) -> tuple[str, int, str]:
    folder = Path(settings.MEDIA_ROOT) / FOLDER
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    stored = secrets.token_hex(16)
    digest, size = hashlib.sha256(), 0
    descriptor = os.open(folder / stored, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as target:
            while block := content.read(1 << 20):
                size += len(block)
                if size > settings.ROSTER_MAX_BYTES:
                    megabyte = 1024 * 1024
                    raise RosterRefused(
                        "too_large", size=f"{size // megabyte}+", limit=settings.ROSTER_MAX_BYTES // megabyte
                    )
                digest.update(block)
                target.write(block)
            target.flush()
            os.fsync(target.fileno())
        if not size:
            raise RosterRefused("empty")
    except BaseException:
        (folder / stored).unlink(missing_ok=True)
        raise
    return stored, size, digest.hexdigest()


def _display_name(file_name: str) -> str:
    name = file_name.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(letter for letter in name if letter.isprintable())[:200] or "名册"


def wake(batch: RosterImport) -> None:
    """Send the wake-up once the change is committed; if it is lost, the sweep finds the batch."""
    task = current_app.tasks["members.tasks.imports.advance_import"]
    transaction.on_commit(lambda: task.delay(batch.pk), robust=True)
