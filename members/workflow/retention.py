"""Deleting what has outlived its retention. Done by the system alone, in small transactions; a kill loses nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, Model, OuterRef, Q
from django.db.models.functions import Coalesce, Greatest

from foundation.accounts import workflow as accounts
from foundation.audit import trail
from foundation.notifications import workflow as notifications
from members.choices import ExportStatus, ImportStatus
from members.models import ExportJob, RosterImport, RosterResult, RosterRow
from members.workflow import exports, import_reports
from members.workflow.imports import FOLDER, request_cancel

CHUNK = 10_000  # rows per transaction: a second or so
STRAY_FILE = timedelta(days=1)  # a file no batch names: its upload was cut off
ENDED = (ImportStatus.DONE, ImportStatus.FAILED, ImportStatus.UNDONE, ImportStatus.CANCELLED)
LABELS = {
    "previews": "搁置太久、现已取消的导入（批）",
    "rows": "名册行",
    "results": "名册写入结果",
    "files": "没有主的上传文件（个）",
    "exports": "过期的导出文件（个）",
    "accounts": "登录会话、验证码和失败记录",
    "notifications": "发出并读过的通知",
}
_further: dict[str, Callable[..., int]] = {}


def register(key: str, label: str, purge: Callable[..., int]) -> None:
    """Have the daily deletion do more: `purge(at, dry_run=)` of a higher app returns how many it deleted, or would."""
    LABELS[key] = label
    _further[key] = purge


def purge_expired(at: datetime, *, dry_run: bool = False, seconds: float | None = None) -> tuple[dict[str, int], bool]:
    """Delete what has outlived its retention and return ({key of LABELS: how many}, whether all of it was done).

    Staged rows and line results of roster imports that ended ROSTER_RETENTION_DAYS ago (undo ends with them; the batch
    with its counts stays), previews nobody confirmed in that time, upload files without a batch, export files past
    their day, sign-in leftovers, old notifications. `seconds` limits the time; `dry_run` counts and changes nothing.
    """
    until = None if seconds is None else time.monotonic() + seconds
    limit = at - timedelta(days=settings.ROSTER_RETENTION_DAYS)
    purged = {
        "previews": _cancel_previews(limit, dry_run=dry_run),
        "rows": 0,
        "results": 0,
        "files": _delete_stray_files(at, dry_run=dry_run),
        "exports": _expire_exports(at, dry_run=dry_run),
        "accounts": _purge_accounts(at, dry_run=dry_run),
    } | {key: purge(at, dry_run=dry_run) for key, purge in _further.items()}
    left = None if until is None else until - time.monotonic()
    purged["notifications"], done = notifications.purge(at, dry_run=dry_run, seconds=left)
    if not done:
        return purged, False
    if not dry_run:
        import_reports.discard_old(at.timestamp())
    for batch in _outlived(limit):
        for key, model in (("rows", RosterRow), ("results", RosterResult)):
            for number in _delete(batch, model, dry_run=dry_run):
                purged[key] += number
                if until is not None and time.monotonic() > until:
                    return purged, False
    return purged, True


def _outlived(limit: datetime) -> list[RosterImport]:
    """Return the batches that ended before `limit` and still have rows or results, oldest first.

    Where nothing was written there is nothing to take back: counted from the upload.
    """
    ended_at = Greatest(Coalesce("finished_at", "created_at"), Coalesce("undone_at", "created_at"))
    batches = RosterImport.objects.annotate(ended_at=ended_at).filter(
        Exists(RosterRow.objects.filter(roster_import=OuterRef("pk")))
        | Exists(RosterResult.objects.filter(roster_import=OuterRef("pk"))),
        Q(ended_at__lt=limit) | Q(created_at__lt=limit, applied=0),
        undo_requested=False,
        status__in=ENDED,
    )
    return list(batches.order_by("pk"))


def _delete(batch: RosterImport, model: type[Model], *, dry_run: bool) -> Iterator[int]:
    """Delete the rows of a batch in one table, yielding how many went after each transaction."""
    rows = model._base_manager.filter(roster_import=batch)
    if dry_run:
        yield rows.count()
        return
    while True:
        with transaction.atomic():
            keys = list(rows.order_by("ordinal").values_list("pk", flat=True)[:CHUNK])
            if not keys:
                return
            number, _ = model._base_manager.filter(pk__in=keys).delete()
            trail.record(
                "roster_import.purge",
                batch,
                actor=None,
                organization_id=batch.organization_id,
                details={"table": model._meta.model_name, "rows": number},
            )
        yield number


def _cancel_previews(limit: datetime, *, dry_run: bool) -> int:
    """Cancel what waited for a confirmation all that time."""
    forgotten = RosterImport.objects.filter(status=ImportStatus.PREVIEW, created_at__lt=limit)
    if dry_run:
        return forgotten.count()
    for batch in (batches := list(forgotten)):
        request_cancel(None, batch)
    return len(batches)


def _delete_stray_files(at: datetime, *, dry_run: bool) -> int:
    folder = Path(settings.MEDIA_ROOT) / FOLDER
    if not folder.is_dir():
        return 0
    limit = (at - STRAY_FILE).timestamp()
    old = {path.name: path for path in folder.iterdir() if path.is_file() and path.stat().st_mtime < limit}
    named = RosterImport.objects.filter(stored_file__in=list(old)).exclude(status__in=ENDED)
    stray = old.keys() - set(named.values_list("stored_file", flat=True))
    for name in () if dry_run else stray:
        old[name].unlink(missing_ok=True)
    return len(stray)


def _expire_exports(at: datetime, *, dry_run: bool) -> int:
    if dry_run:
        return ExportJob.objects.filter(status=ExportStatus.READY, expires_at__lte=at).count()
    return exports.expire(at)


def _purge_accounts(at: datetime, *, dry_run: bool) -> int:
    with transaction.atomic():
        number = accounts.purge_expired(at)
        if dry_run:
            transaction.set_rollback(True)
    return number
