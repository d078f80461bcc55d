"""What is kept for a time only: files of ended cases, unfinished answers, files of work orders nobody read.

A case itself, its words and its trail stay.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce

from foundation.audit import trail
from grievances.choices import ENDED
from grievances.models import AnswerDraft, Evidence, WorkOrderImport
from grievances.workflow.evidence import folder, path_of
from grievances.workflow.work_orders import folder as work_order_folder
from grievances.workflow.work_orders import give_up_unread
from members.workflow import retention

STRAY = timedelta(days=1)  # a file no row names: the process died between writing it and the commit
CHUNK = 200


def register() -> None:
    """Have the daily deletion look here too; called once when the app is ready."""
    retention.register("evidence", "办结很久的诉求材料（个）", purge_evidence)
    retention.register("stray_evidence", "没有主的诉求材料（个）", purge_stray_files)
    retention.register("answer_drafts", "没写完、过了保存期的答复", purge_answer_drafts)
    retention.register("work_orders", "一直没有读的热线工单文件（份）", purge_unread_work_orders)
    retention.register("stray_work_orders", "没有主的热线工单文件（个）", purge_stray_work_orders)


def purge_evidence(at: datetime, *, dry_run: bool) -> int:
    """Delete the files of cases that ended EVIDENCE_RETENTION_DAYS ago and return how many; one entry per case.

    The file goes first: a kill in between leaves a row without a file, which the next run deletes.
    """
    limit = at - timedelta(days=settings.EVIDENCE_RETENTION_DAYS)
    ended = Evidence.objects.filter(grievance__status__in=sorted(ENDED)).annotate(
        ended_at=Coalesce("grievance__closed_at", "grievance__lodged_at")
    )
    outlived = ended.filter(ended_at__lt=limit, at__lt=limit).order_by("pk")
    if dry_run:
        return outlived.count()
    gone = 0
    while rows := list(outlived.select_related("grievance")[:CHUNK]):
        for row in rows:
            path_of(row).unlink(missing_ok=True)
        with transaction.atomic():
            for case in {row.grievance_id: row.grievance for row in rows}.values():
                trail.record(
                    "grievance.evidence_purged",
                    case,
                    actor=None,
                    organization_id=case.organization_id,
                    details={"files": sum(row.grievance_id == case.pk for row in rows)},
                    label=case.number,
                )
            Evidence.objects.filter(pk__in=[row.pk for row in rows]).delete()
        gone += len(rows)
    return gone


def purge_stray_files(at: datetime, *, dry_run: bool) -> int:
    """Delete files older than a day that no row names and return how many. One query."""
    return _purge_stray(folder(), Evidence.objects.all(), at, dry_run=dry_run)


def purge_answer_drafts(at: datetime, *, dry_run: bool) -> int:
    """Delete unfinished answers nobody touched for ANSWER_DRAFT_RETENTION_DAYS, and those of ended cases.

    Returns how many; one entry per case.
    """
    limit = at - timedelta(days=settings.ANSWER_DRAFT_RETENTION_DAYS)
    outlived = AnswerDraft.objects.filter(Q(at__lt=limit) | Q(grievance__status__in=sorted(ENDED))).order_by("pk")
    if dry_run:
        return outlived.count()
    gone = 0
    while rows := list(outlived.select_related("grievance")[:CHUNK]):
        with transaction.atomic():
            for case in {row.grievance_id: row.grievance for row in rows}.values():
                trail.record(
                    "grievance.answer_draft_purged",
                    case,
                    actor=None,
                    organization_id=case.organization_id,
                    label=case.number,
                )
            AnswerDraft.objects.filter(pk__in=[row.pk for row in rows]).delete()
        gone += len(rows)
    return gone


def purge_unread_work_orders(at: datetime, *, dry_run: bool) -> int:
    """Give up files of work orders that waited WORK_ORDER_RETENTION_DAYS and return how many: the file goes, at once.

    What was lodged from a file that was read in part stays, and so do the fates of its rows. One entry per file.
    """
    limit = at - timedelta(days=settings.WORK_ORDER_RETENTION_DAYS)
    forgotten = WorkOrderImport.objects.claimable(at).filter(created_at__lt=limit).order_by("pk")
    if dry_run:
        return forgotten.count()
    return sum(give_up_unread(batch, at) for batch in list(forgotten))


def purge_stray_work_orders(at: datetime, *, dry_run: bool) -> int:
    """Delete files of work orders older than a day that no batch names and return how many. One query."""
    return _purge_stray(work_order_folder(), WorkOrderImport.objects.all(), at, dry_run=dry_run)


def _purge_stray(place: Path, rows: QuerySet, at: datetime, *, dry_run: bool) -> int:
    limit = (at - STRAY).timestamp()
    old = {path.name: path for path in place.iterdir() if path.is_file() and path.stat().st_mtime < limit}
    named = set(rows.filter(stored_file__in=list(old)).values_list("stored_file", flat=True))
    stray = old.keys() - named
    for name in () if dry_run else stray:
        old[name].unlink(missing_ok=True)
    return len(stray)
