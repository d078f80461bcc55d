"""What is kept of ended cases only for a time: their files. The case itself, its words and its trail stay."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Coalesce

from foundation.audit import trail
from grievances.choices import ENDED
from grievances.models import Evidence
from grievances.workflow.evidence import folder, path_of
from members.workflow import retention

STRAY = timedelta(days=1)  # a file no row names: the process died between writing it and the commit
CHUNK = 200


def register() -> None:
    """Have the daily deletion look here too; called once when the app is ready."""
    retention.register("evidence", "办结很久的诉求材料（个）", purge_evidence)
    retention.register("stray_evidence", "没有主的诉求材料（个）", purge_stray_files)


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
    limit = (at - STRAY).timestamp()
    old = {path.name: path for path in folder().iterdir() if path.is_file() and path.stat().st_mtime < limit}
    named = set(Evidence.objects.filter(stored_file__in=list(old)).values_list("stored_file", flat=True))
    stray = old.keys() - named
    for name in () if dry_run else stray:
        old[name].unlink(missing_ok=True)
    return len(stray)
