"""Verbs on exports: ask for one, write it, fetch it, let it expire.

The job in the database is the truth. A writer holds it by a lease and writes to a file of its own; what a killed writer
leaves is never shown, the next one begins anew.
"""

from __future__ import annotations

import logging
import os
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from celery import current_app
from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone

from branches.capabilities import CAPABILITIES
from branches.scope import Reach, reach_of
from foundation.audit import trail
from foundation.notifications import leases
from members.choices import EXPORT_NEXT, ExportStatus
from members.lists.exporting import Asked, Exporting, exporting
from members.lists.paging import count_of
from members.models import ExportJob
from members.workflow import looks
from members.workflow.export_files import WRITERS

logger = logging.getLogger(__name__)
LEASE_SECONDS = 60
STARTS_AT_MOST = 5
KEPT = timedelta(hours=24)


def request_export(
    asked: Asked,
    columns: Sequence[str],
    *,
    format: str,
    reason: str,
    unmask: bool,
    actor,
    at: datetime | None = None,
) -> ExportJob:
    """Ask for a file of exactly the rows of a list and return the job. About five statements.

    Raises PermissionDenied without the list's right (or reveal, unmasked), ValidationError (reason, too many rows, more
    in clear than a day allows; the last is written down).
    """
    at = at or timezone.now()
    reach = reach_of(actor)
    kind = exporting(asked.list_name)
    if not kind.may(reach, masked=True):
        raise PermissionDenied(f"导出{kind.title}不在您的权限里。")
    if unmask and not kind.may(reach, masked=False):
        raise PermissionDenied("不打码导出不在您的权限里。")
    reason = " ".join(reason.split())
    if not 4 <= len(reason) <= 200:
        raise ValidationError({"reason": "请写明用途，4 到 200 个字。"})
    codes = [column.code for column in kind.columns(columns, reach)]
    limit = kind.row_limit(reach, masked=not unmask)
    query = kind.stored(asked)
    rows = kind.opened(query, reach, timezone.localdate(at)).rows()
    total = count_of(rows, cap=limit)
    if not total.exact:
        most = f"{'不打码最多' if unmask else '一次最多'} {limit:,} {kind.unit}"
        raise ValidationError(f"这份名单太长，{most}。请加条件，分几次导出。")
    if not total.number:
        raise ValidationError(f"没有可以导出的{kind.thing}。")
    details = {"rows": total.number, "columns": codes, "masked": not unmask, "format": format}
    details["conditions"] = dict(asked.values)
    place = kind.place_of(reach)
    with transaction.atomic():
        left = looks.unmasked_rows_left(actor, at) if unmask else total.number
        job = None
        if total.number <= left:
            job = ExportJob.objects.create(
                created_by=actor,
                list_name=kind.name,
                query=query,
                columns=codes,
                format=format,
                reason=reason,
                masked=not unmask,
                row_limit=limit,
                total=total.number,
                created_at=at,
            )
            wake(job)
        action = f"{kind.action}.export" if job is not None else f"{kind.action}.export_braked"
        trail.record(action, job, actor=actor, organization_id=place, reason=reason, details=details)
    if job is None:
        raise ValidationError(looks.unmasked_sentence(left), code="too_many")
    return job


def wake(job: ExportJob) -> None:
    """Send the wake-up once the job is committed; if it is lost, the sweep finds the job."""
    task = current_app.tasks["members.tasks.write_export"]
    transaction.on_commit(lambda: task.delay(job.pk), robust=True)


# --- writing ----------------------------------------------------------------------------------------------------------
def folder() -> Path:
    """Return the private folder of the files, made when needed."""
    path = Path(settings.MEDIA_ROOT) / "exports"
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path


def write_next(pk: int | None = None) -> bool:
    """Write one export that waits or whose writer died (a certain one with `pk`), and return whether there was one.

    One task writes one whole file: 430,000 rows take some fifteen seconds; progress and lease are renewed every CHUNK.
    """
    claimable = ExportJob.objects.claimable(timezone.now())
    owner = leases.new_owner()
    claimed = leases.claim(claimable.filter(pk=pk) if pk else claimable, owner, LEASE_SECONDS)
    if claimed is None:
        return False
    job = ExportJob.objects.select_related("created_by").get(pk=claimed)
    logger.info("export %s: start %s", job.pk, job.starts)
    try:
        _write(job, owner)
    except leases.LeaseLost:
        logger.warning("export %s: another writer has it", job.pk)
    except PermissionDenied as error:
        _fail(job, str(error) or "提交以后，您的权限变了。")
    return True


def _write(job: ExportJob, owner: str) -> None:
    if job.starts > STARTS_AT_MOST:
        return _fail(job, "写了几次都没有写完，已经停下。请联系系统管理员。")
    if job.status == ExportStatus.WAITING:
        _step(job, ExportStatus.WRITING, "export.start", {})
    reach, kind = reach_of(job.created_by), exporting(job.list_name)
    if not kind.may(reach, job.masked):
        raise PermissionDenied("提交以后，您的权限变了，没有写。")
    columns = kind.columns(job.columns, reach)
    name = f"{secrets.token_hex(16)}.{job.format}"
    part = folder() / f"{name}.part"
    os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    writer = WRITERS[job.format](part, [column.label for column in columns], [column.width for column in columns])
    written = 0
    try:
        asked = kind.opened(job.query, reach, timezone.localdate(job.created_at))
        for rows in kind.chunks(asked, columns, reach, job.masked, job.row_limit):
            writer.write(rows)
            written += len(rows)
            leases.renew(ExportJob.objects.all(), job.pk, owner, LEASE_SECONDS, written=written)
        writer.close(_notes(job, kind, kind.said(asked), written))
    except BaseException:
        writer.abandon()
        part.unlink(missing_ok=True)
        raise
    with transaction.atomic():
        now = timezone.now()
        # Whoever lost the lease meanwhile stops here: another writer makes the file.
        leases.renew(ExportJob.objects.all(), job.pk, owner, LEASE_SECONDS)
        changes = {"file_name": name, "finished_at": now, "expires_at": now + KEPT, "written": written}
        _step(job, ExportStatus.READY, "export.finish", changes | {"lease_owner": "", "lease_until": None})
        os.replace(part, folder() / name)
    logger.info("export %s: ready, %s rows", job.pk, written)


def _step(job: ExportJob, to: ExportStatus, action: str, changes: dict) -> None:
    trail.transition(job, to, actor=None, action=action, next_table=EXPORT_NEXT, changes=changes)


def _fail(job: ExportJob, sentence: str) -> None:
    job.refresh_from_db()
    changes = {"failure": sentence[:200], "finished_at": timezone.now(), "lease_owner": "", "lease_until": None}
    _step(job, ExportStatus.FAILED, "export.fail", changes)


def _notes(job: ExportJob, kind: Exporting, conditions: str, written: int) -> list[tuple[str, str]]:
    return [
        ("导出人", f"{trail.name_of(job.created_by)}（{job.created_by.get_username()}）"),
        ("导出时间", timezone.localtime(job.created_at).strftime("%Y-%m-%d %H:%M")),
        ("用途", job.reason),
        ("范围", conditions),
        ("行数", f"{written:,} {kind.unit}"),
        ("个人信息", "已打码" if job.masked else "未打码，用完请销毁"),
        ("提醒", "本文件含个人信息，只可用于上面写明的用途。每次导出都有审计记录。"),
    ]


# --- fetching and expiry ----------------------------------------------------------------------------------------------
def fetch(job: ExportJob, *, actor, at: datetime | None = None) -> Path:
    """Return where the finished file lies, for its owner, and write the download down.

    Raises PermissionDenied when it is another's, the right is gone or a post is over by which he asked for it;
    FileNotFoundError when it is not ready or over.
    """
    at = at or timezone.now()
    reach, kind = reach_of(actor), exporting(job.list_name)
    if job.created_by_id != actor.pk or not kind.may(reach, job.masked):
        raise PermissionDenied("这个文件不在您的权限里。")
    # The rows are those of the posts he held then: the same right at another committee opens another file.
    if not _posts(reach_of(actor, job.created_at), kind) <= _posts(reach, kind):
        raise PermissionDenied("导出这份名单时的任职已经结束，不能再下载。")
    path = folder() / job.file_name
    if job.status != ExportStatus.READY or (job.expires_at and job.expires_at <= at) or not path.is_file():
        raise FileNotFoundError("这个文件已经过期，请重新导出。")
    with transaction.atomic():
        trail.record(
            f"{kind.action}.export_download",
            job,
            actor=actor,
            organization_id=kind.place_of(reach),
            reason=job.reason,
            details={"rows": job.written, "masked": job.masked},
        )
    return path


def _posts(reach: Reach, kind: Exporting) -> set[tuple[str, int]]:
    return {(post.role, post.organization_id) for post in reach.posts if post.role in CAPABILITIES[kind.capability]}


def expire(at: datetime) -> int:
    """Delete files past their day and what killed writers left behind; return how many jobs expired."""
    over = ExportJob.objects.filter(status=ExportStatus.READY, expires_at__lte=at)
    number = 0
    for job in over:
        with transaction.atomic():
            _step(job, ExportStatus.EXPIRED, "export.expire", {})
        (folder() / job.file_name).unlink(missing_ok=True)
        number += 1
    wanted = set(ExportJob.objects.filter(status=ExportStatus.READY).values_list("file_name", flat=True))
    for path in folder().iterdir():
        old = datetime.fromtimestamp(path.stat().st_mtime, tz=at.tzinfo) < at - timedelta(hours=1)
        if path.name not in wanted and old:
            path.unlink(missing_ok=True)
    return number
