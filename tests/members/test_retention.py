"""What is kept for a time only goes when the time is over, in pieces, and nothing else goes with it."""

import os
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.utils import timezone

from dashboard.demo.rosters import write_roster
from foundation.audit.models import Entry
from members.choices import ExportStatus, ImportStatus
from members.models import Driver, ExportJob, RosterImport, RosterResult, RosterRow
from members.tasks.retention import purge_expired as purge_task
from members.workflow import exports, retention
from members.workflow.imports import NotReady, request_undo
from tests.factories import UserFactory
from tests.members.roster_runs import load_units, staged, written

pytestmark = pytest.mark.django_db


@pytest.fixture
def roster(divisions, tmp_path):
    """Write a roster of twenty, two of them wrong."""
    load_units()
    path = tmp_path / "roster.xlsx"
    write_roster(path, 20, seed=3, mistakes_per_thousand=3)
    return path


def after(days):
    return timezone.now() + timedelta(days=days)


def test_line_results_go_after_ninety_days_and_the_registry_stays(roster):
    batch = written(roster, "510100")
    purged, done = retention.purge_expired(after(89))
    assert (purged["rows"], purged["results"], done) == (0, 0, True)
    purged, done = retention.purge_expired(after(91))
    assert (purged["rows"], purged["results"], done) == (20, 18, True)
    assert Driver.objects.count() == 18
    batch.refresh_from_db()
    assert (batch.rows, batch.created, batch.rejected) == (20, 18, 2)


def test_the_setting_says_how_long(roster, settings):
    settings.ROSTER_RETENTION_DAYS = 5
    written(roster, "510100")
    assert retention.purge_expired(after(6))[0]["rows"] == 20


def test_a_purged_batch_cannot_be_taken_back_and_says_why(roster):
    batch = written(roster, "510100")
    retention.purge_expired(after(91))
    batch.refresh_from_db()
    with pytest.raises(NotReady, match="保存期"):
        request_undo(None, batch)


def test_a_batch_taken_back_late_is_kept_from_then_on(roster):
    batch = written(roster, "510100")
    RosterImport.objects.filter(pk=batch.pk).update(finished_at=after(-200))
    call_command("undo_import", str(batch.pk), stdout=StringIO())
    assert retention.purge_expired(after(0))[0]["rows"] == 0
    assert retention.purge_expired(after(91))[0]["rows"] == 20


def test_what_waits_or_works_is_left_alone(roster):
    batch = staged(roster, "510100")
    for status in (ImportStatus.UPLOADED, ImportStatus.PARSING, ImportStatus.APPLYING):
        RosterImport.objects.filter(pk=batch.pk).update(status=status)
        assert retention.purge_expired(after(400))[0]["rows"] == 0
    assert RosterRow.objects.count() == 20


def test_a_preview_nobody_confirms_is_cancelled_and_goes(roster, django_capture_on_commit_callbacks):
    batch = staged(roster, "510100")
    assert retention.purge_expired(after(89))[0]["previews"] == 0
    with django_capture_on_commit_callbacks(execute=True):
        assert retention.purge_expired(after(91))[0]["previews"] == 1
    batch.refresh_from_db()
    assert (batch.status, batch.stored_file) == (ImportStatus.CANCELLED, "")
    assert not RosterRow.objects.exists()


def test_it_works_in_pieces_and_goes_on_where_it_stopped(roster, monkeypatch):
    monkeypatch.setattr(retention, "CHUNK", 6)
    written(roster, "510100")
    purged, done = retention.purge_expired(after(91), seconds=0)
    assert (purged["rows"], purged["results"], done) == (6, 0, False)
    purged, done = retention.purge_expired(after(91))
    assert (purged["rows"], purged["results"], done) == (14, 18, True)


def test_every_deletion_is_on_record_without_personal_data(roster):
    written(roster, "510100")
    retention.purge_expired(after(91))
    entries = Entry.objects.filter(action="roster_import.purge")
    assert {entry.details["table"]: entry.details["rows"] for entry in entries} == {
        "rosterrow": 20,
        "rosterresult": 18,
    }


def test_a_dry_run_counts_the_same_and_changes_nothing(roster):
    written(roster, "510100")
    RosterImport.objects.update(finished_at=after(-91), created_at=after(-91))
    entries = Entry.objects.count()
    said = StringIO()
    call_command("purge_expired", dry_run=True, stdout=said)
    assert "名册行：会删 20" in said.getvalue()
    assert (RosterRow.objects.count(), RosterResult.objects.count(), Entry.objects.count()) == (20, 18, entries)
    said = StringIO()
    call_command("purge_expired", stdout=said)
    assert "名册行：已删 20" in said.getvalue()
    assert "名册写入结果：已删 18" in said.getvalue()
    assert not RosterRow.objects.exists()


def test_an_upload_file_without_a_batch_goes_after_a_day(roster, settings):
    batch = staged(roster, "510100")
    folder = Path(settings.MEDIA_ROOT) / "rosters"
    stray = folder / "left-behind"
    stray.write_bytes(b"x")
    assert retention.purge_expired(after(0))[0]["files"] == 0
    long_ago = after(-2).timestamp()
    for path in folder.iterdir():
        os.utime(path, (long_ago, long_ago))
    others = set(folder.iterdir()) - {stray, folder / batch.stored_file}
    assert retention.purge_expired(after(0))[0]["files"] == 1 + len(others)
    assert (folder / batch.stored_file).exists()
    assert not stray.exists()


def test_an_export_past_its_day_loses_its_file(db):
    name = "0" * 32 + ".csv"
    (exports.folder() / name).write_bytes(b"x")
    now = timezone.now()
    job = ExportJob.objects.create(
        created_by=UserFactory(), list_name="drivers", format="csv", reason="核对", row_limit=1, status="ready",
        file_name=name, finished_at=now, expires_at=now + timedelta(hours=24),
    )  # fmt: skip
    assert retention.purge_expired(now)[0]["exports"] == 0
    assert retention.purge_expired(after(2), dry_run=True)[0]["exports"] == 1
    assert retention.purge_expired(after(2))[0]["exports"] == 1
    job.refresh_from_db()
    assert job.status == ExportStatus.EXPIRED
    assert not (exports.folder() / name).exists()


def test_the_daily_task_is_on_the_schedule_and_runs(roster, settings):
    from celery import current_app

    names = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert purge_task.name in names
    current_app.loader.import_default_modules()
    assert names <= set(current_app.tasks)
    written(roster, "510100")
    RosterImport.objects.update(finished_at=after(-100))
    RosterImport.objects.update(created_at=after(-100))
    purge_task.delay()
    assert not RosterRow.objects.exists()
