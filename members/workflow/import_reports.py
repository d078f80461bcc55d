"""Fetching the workbooks of a roster import. They hold whole identity numbers: each fetch is checked and traced.

A small workbook is written while the person waits and leaves nothing on the disk. A big one is written by the worker
into private storage, mode 0600, and deleted after a day. The finished file is the truth: it gets its name when it is
complete, so a killed writer leaves nothing that could be taken for it, and whoever waits for it wakes the next one.
"""

from __future__ import annotations

import io
import os
import tempfile
import time
from pathlib import Path
from typing import IO

from celery import current_app
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction

from branches.capabilities import Capability
from foundation.audit import trail
from members.choices import ImportStatus
from members.models import RosterImport
from members.roster.report import REJECTED, WRITERS
from members.workflow.imports import NotReady

FOLDER = "reports"
AT_ONCE = 5_000  # rows; about two seconds
KEPT_SECONDS = 24 * 3600
_STUCK_SECONDS = 180  # longer than a task may run: the writer of such a file is dead


def rows_in(batch: RosterImport, kind: str) -> int:
    """Return how many rows the workbook will have. No query."""
    return batch.rejected if kind == REJECTED else batch.rows


def is_ready(batch: RosterImport, kind: str) -> bool:
    """Whether the workbook can be fetched now: small, or written already. No query."""
    return rows_in(batch, kind) <= AT_ONCE or _finished(batch, kind).exists()


def prepare(actor, batch: RosterImport, kind: str) -> bool:
    """See to it that the workbook gets written; return whether it can be fetched now.

    Raises PermissionDenied, NotReady when the batch has no rows to show.
    """
    _check(actor, batch)
    if is_ready(batch, kind):
        return True
    unfinished = _unfinished(batch, kind)
    if not unfinished.exists() or time.time() - unfinished.stat().st_mtime > _STUCK_SECONDS:
        current_app.tasks["members.tasks.imports.write_report"].delay(batch.pk, kind)
    return _finished(batch, kind).exists()


def fetch(actor, batch: RosterImport, kind: str) -> IO[bytes]:
    """Return the workbook, opened, and write the entry.

    Raises PermissionDenied; NotReady when the batch has no rows to show or the worker has not written it yet.
    """
    _check(actor, batch)
    if rows_in(batch, kind) <= AT_ONCE:
        with tempfile.NamedTemporaryFile(suffix=".xlsx", delete=False) as place:
            path = Path(place.name)
        try:
            WRITERS[kind](batch, path)
            opened: IO[bytes] = io.BytesIO(path.read_bytes())
        finally:
            path.unlink(missing_ok=True)
    else:
        try:
            opened = _finished(batch, kind).open("rb")
        except FileNotFoundError:
            raise NotReady("这张表还在生成，请稍等。") from None
    with transaction.atomic():
        trail.record(
            "roster_import.download",
            batch,
            actor=actor,
            organization_id=batch.organization_id,
            details={"kind": kind, "rows": rows_in(batch, kind)},
        )
    return opened


def write(batch: RosterImport, kind: str) -> None:
    """Write a big workbook into private storage, unless it is there. For the worker."""
    finished, unfinished = _finished(batch, kind), _unfinished(batch, kind)
    if finished.exists() or batch.status not in _SHOWN:
        return
    finished.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.NamedTemporaryFile(dir=finished.parent, prefix="writing-", delete=False) as place:
        scratch = Path(place.name)
    try:
        unfinished.touch(mode=0o600)
        WRITERS[kind](batch, scratch)
        os.replace(scratch, finished)
    finally:
        scratch.unlink(missing_ok=True)
        unfinished.unlink(missing_ok=True)


def discard_old(at: float | None = None) -> int:
    """Delete the workbooks that are a day old; return how many. `at` is in seconds since the epoch, default now."""
    limit, gone = (at or time.time()) - KEPT_SECONDS, 0
    for path in (Path(settings.MEDIA_ROOT) / FOLDER).glob("*"):
        if path.stat().st_mtime < limit:
            path.unlink(missing_ok=True)
            gone += 1
    return gone


_SHOWN = frozenset(
    {ImportStatus.PREVIEW, ImportStatus.APPLYING, ImportStatus.DONE, ImportStatus.UNDONE, ImportStatus.CANCELLED}
)


def _check(actor, batch: RosterImport) -> None:
    if not RosterImport.objects.manageable_by(actor, Capability.ROSTER_IMPORT_UPLOAD).filter(pk=batch.pk).exists():
        raise PermissionDenied
    if batch.status not in _SHOWN or not batch.roster_rows.exists():
        raise NotReady("这一批没有可以下载的内容：名册没有读成，或者已经过了保存期。")


def _finished(batch: RosterImport, kind: str) -> Path:
    # A batch planned anew has another digest, and so another file.
    return Path(settings.MEDIA_ROOT) / FOLDER / f"{batch.pk}-{kind}-{batch.plan_digest[:16]}.xlsx"


def _unfinished(batch: RosterImport, kind: str) -> Path:
    return _finished(batch, kind).with_suffix(".writing")


__all__ = ["AT_ONCE", "discard_old", "fetch", "is_ready", "prepare", "rows_in", "write"]
