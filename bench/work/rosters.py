"""Rosters: importing and taking back, the limit of the machine, the stock way, planted errors."""

from __future__ import annotations

import time
from collections import Counter
from io import BytesIO
from pathlib import Path

from bench.work.clock import PLACE, TABLES, Clock, empty_registry, settle


def import_file(clock: Clock, *, file: str, fresh: bool, place: str = PLACE) -> dict:
    """Import a roster end to end, the whole pipeline: upload, read, check, stage, plan, apply, audit, seal."""
    from branches.models import Organization
    from foundation.audit.models import Entry
    from members.models import Person
    from members.workflow.import_run import run_to_end
    from members.workflow.imports import upload

    if fresh:
        empty_registry()
    settle()
    committee = Organization.objects.get(code=place)
    versions = Counter(Person._base_manager.values_list("version", flat=True)) if not fresh else None
    entries = Entry.objects.count()
    with clock.running(), open(file, "rb") as content:
        batch = upload(None, committee, content, Path(file).name, apply_at_once=True, wake_worker=False)
        batch = run_to_end(batch.pk)
    return {
        "status": batch.status,
        "rows": batch.rows,
        "created": batch.created,
        "unchanged": batch.unchanged,
        "rejected": batch.rejected,
        "audit_entries": Entry.objects.count() - entries,
        "people_written_again": (
            None if fresh else versions != Counter(Person._base_manager.values_list("version", flat=True))
        ),
    }


def clear(clock: Clock) -> dict:
    """Empty the registry."""
    empty_registry()
    return {}


def undo_last(clock: Clock) -> dict:
    """Take the last import back."""
    from members.models import RosterImport
    from members.workflow.import_run import run_to_end
    from members.workflow.imports import request_undo

    batch = RosterImport.objects.filter(status="done").latest("pk")
    request_undo(None, batch)
    with clock.running():
        batch = run_to_end(batch.pk)
    return {"status": batch.status, "rows": batch.rows}


# --- what the machine can do ------------------------------------------------------------------------------------------
def keep_rows(clock: Clock, *, folder: str) -> dict:
    """Write the rows of the registry as they stand into files, for the limit. PostgreSQL only."""
    from django.db import connection

    with connection.cursor() as cursor:
        for table in (*TABLES, "members_rosterrow"):
            with open(Path(folder) / table, "wb") as file:
                cursor.copy_expert(f"COPY {table} TO STDOUT", file)
    return {}


def parse_and_copy(clock: Clock, *, file: str, folder: str, heap: bool) -> dict:
    """Parse the file and COPY finished rows: into the indexed tables, or (`heap`) into one without an index."""
    import python_calamine
    from django.db import connection, transaction

    if not heap:
        empty_registry()
    settle()
    kept = {table: (Path(folder) / table).read_bytes() for table in (*TABLES, "members_rosterrow")}
    with clock.running():
        parsing = time.perf_counter()
        rows = len(python_calamine.load_workbook(file).get_sheet_by_index(0).to_python())
        parsed = time.perf_counter() - parsing
        with transaction.atomic(), connection.cursor() as cursor:
            if heap:
                cursor.execute("CREATE TEMP TABLE heap (LIKE members_rosterrow) ON COMMIT DROP")
                cursor.copy_expert("COPY heap FROM STDIN", BytesIO(kept["members_rosterrow"]))
            else:
                for table in TABLES:
                    cursor.copy_expert(f"COPY {table} FROM STDIN", BytesIO(kept[table]))
    return {"rows": rows - 1, "parse": parsed}


# --- the stock way ----------------------------------------------------------------------------------------------------
def stock_import(clock: Clock, *, file: str, fresh: bool) -> dict:
    """Load the sheet, dry run, real run, as the admin of django-import-export does it on two requests."""
    import tablib

    from bench.models import FlatDriver
    from bench.peer import FlatResource, create_table

    if fresh:
        create_table()
    settle()
    with clock.running():
        for dry_run in (True, False):
            data = tablib.Dataset().load(Path(file).read_bytes(), format="xlsx")
            result = FlatResource().import_data(data, dry_run=dry_run, raise_errors=False)
    if result.totals["error"]:
        raise RuntimeError(str(result.error_rows[0].errors[0].error))
    return {
        "rows": FlatDriver.objects.count(),
        "totals": dict(result.totals),
        "found": sorted(
            {row.number + 1 for row in result.invalid_rows} | {row.number + 1 for row in result.error_rows}
        ),
    }


# --- errors -----------------------------------------------------------------------------------------------------------
def find_errors(clock: Clock, *, file: str, place: str = PLACE) -> dict:
    """Return every error of a file as (sheet, row, column, code); nothing is written."""
    from branches.models import Organization
    from members.models import RosterRow
    from members.workflow.import_run import run_to_end
    from members.workflow.imports import request_cancel, upload

    with clock.running(), open(file, "rb") as content:
        batch = upload(None, Organization.objects.get(code=place), content, Path(file).name, wake_worker=False)
        batch = run_to_end(batch.pk)
    rows = RosterRow.objects.filter(roster_import=batch).values_list("sheet", "row", "errors")
    found = [[sheet, row, column, code] for sheet, row, errors in rows for column, code, _ in errors]
    request_cancel(None, batch)
    return {"found": found, "rejected": batch.rejected, "rows": batch.rows}
