"""The work that is measured: `python -m bench.work NAME ARGUMENTS-AS-JSON` does one piece and reports on itself."""

from __future__ import annotations

import json
import os
import resource
import statistics
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import django

TABLES = (
    "members_enterprise",
    "members_person",
    "members_driver",
    "members_vehicle",
    "members_drivervehicle",
    "members_credential",
)
STAGING = ("members_rosterresult", "members_rosterrow", "members_rosterimport")
PLACE = "510100"


class Clock:
    """Times a block; knows what the database backend spent on it, where it is a process of this machine."""

    def __init__(self) -> None:
        self.seconds = self.backend = 0.0

    @contextmanager
    def running(self) -> Iterator[None]:
        """Time the block; blocks add up."""
        backend, start = _backend_seconds(), time.perf_counter()
        try:
            yield
        finally:
            self.seconds += time.perf_counter() - start
            self.backend += _backend_seconds() - backend


def _backend_seconds() -> float:
    from django.db import connection

    if connection.vendor != "postgresql":
        return 0.0
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        try:
            content = Path(f"/proc/{cursor.fetchone()[0]}/stat").read_text()
        except OSError:
            return 0.0
    fields = content.rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def empty_registry() -> None:
    """Leave organisations only. Outside the clock."""
    from django.db import connection

    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"TRUNCATE {', '.join((*TABLES, *STAGING))} RESTART IDENTITY CASCADE")
            return
        cursor.execute("PRAGMA foreign_keys = OFF")  # all of them go: nothing is left that could point at nothing
        for table in (*STAGING, *reversed(TABLES)):
            cursor.execute(f"DELETE FROM {table}")
        cursor.execute("PRAGMA foreign_keys = ON")


def settle() -> None:
    """Have the database finish what earlier work left to it. Outside the clock."""
    from django.db import connection

    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("VACUUM ANALYZE")
            cursor.execute("CHECKPOINT")
        else:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            cursor.execute("ANALYZE")


# --- ours -------------------------------------------------------------------------------------------------------------
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


# --- reading ----------------------------------------------------------------------------------------------------------
def seed(clock: Clock, *, drivers: int) -> dict:
    """Load a registry of that size."""
    from dashboard.demo.scale import load

    with clock.running():
        loaded = load(drivers=drivers, members=drivers * 41 // 1000, organizations=1262, seed=1)
    settle()
    return {"drivers": loaded.drivers}


def clerk():
    """Return somebody who may see the whole province, made on first use."""
    from django.utils import timezone

    from branches.models import Appointment, Organization
    from foundation.accounts.models import User

    user, made = User.objects.get_or_create(username="bench-clerk", defaults={"name": "测量用账号"})
    if made:
        user.must_change_password = False
        user.save()
        root = Organization.objects.get(code="510000")
        Appointment.objects.create(
            user=user, organization=root, role="clerk", source="delegated", from_at=timezone.now()
        )
    return user


def _timed(requests: dict[str, Callable], times: int) -> dict[str, float]:
    taken: dict[str, list[float]] = {name: [] for name in requests}
    for turn in range(times + 2):
        for name, request in requests.items():
            start = time.perf_counter()
            response = request()
            if response.status_code != 200:
                raise RuntimeError(f"{name}: {response.status_code}")
            if turn > 1:  # the first ones warm templates and caches
                taken[name].append(time.perf_counter() - start)
    return {name: round(statistics.median(values) * 1000, 1) for name, values in taken.items()}


def our_pages(clock: Clock, *, times: int) -> dict:
    """Time whole requests of the driver list and the search; return milliseconds and queries of each."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext
    from django.urls import reverse

    from members.models import Driver, Vehicle

    client = Client()
    client.force_login(clerk())
    listing, search = reverse("members:driver_list"), reverse("members:search")
    some = Driver.objects.select_related("person").order_by("pk")[Driver.objects.count() // 2]
    plate = Vehicle.objects.filter(driver_links__driver=some).values_list("plate", flat=True).first()
    plate = plate or Vehicle.objects.order_by("pk").values_list("plate", flat=True).last()
    deep = _deep_page(listing)
    requests = {
        "first page": lambda: client.get(listing),
        "deep page": lambda: client.get(deep),
        "name, 2 characters": lambda: client.post(search, {"q": some.person.name[:2]}),
        "name, 3 characters": lambda: client.post(search, {"q": "王建国"}),
        "pinyin initials": lambda: client.post(search, {"q": "wjg"}),
        "identity number": lambda: client.post(search, {"q": some.person.id_number}),
        "phone, last four": lambda: client.post(search, {"q": some.person.phone[-4:]}),
        "plate": lambda: client.post(search, {"q": plate}),
        "nobody": lambda: client.post(search, {"q": "赵不存在"}),
    }
    queries = {}
    with clock.running():
        milliseconds = _timed(requests, times)
    for name, request in requests.items():
        with CaptureQueriesContext(connection) as captured:
            request()
        queries[name] = len(captured)
    return {"milliseconds": milliseconds, "queries": queries}


def _deep_page(listing: str) -> str:
    """Return the address of a page nine tenths down the list."""
    from members.lists.paging import Cursor
    from members.models import Driver

    edge = Driver.objects.order_by("-pk").values_list("pk", flat=True)[Driver.objects.count() * 9 // 10]
    return f"{listing}?at={Cursor('members.driver pk', 0, edge).token()}"


def stock_pages(clock: Clock, *, times: int) -> dict:
    """Time whole requests of the admin's own list over the same rows."""
    from django.test import Client, override_settings

    from foundation.accounts.models import User
    from members.models import Driver

    boss, _ = User.objects.get_or_create(
        username="bench-boss", defaults={"name": "测量用账号", "is_staff": True, "is_superuser": True}
    )
    client = Client()
    client.force_login(boss)
    some = Driver.objects.select_related("person").order_by("pk")[Driver.objects.count() // 2]
    deep = Driver.objects.count() // 50 * 9 // 10

    def listed(**query):
        return lambda: client.get("/stock/members/driver/", query)

    requests = {
        "first page": listed(),
        "deep page": listed(p=deep),
        "name, 2 characters": listed(q=some.person.name[:2]),
        "name, 3 characters": listed(q="王建国"),
        "pinyin initials": listed(q="wjg"),
        "plate": listed(q="川A12345"),
        "nobody": listed(q="赵不存在"),
    }
    with override_settings(ROOT_URLCONF="bench.urls"), clock.running():
        return {"milliseconds": _timed(requests, times)}


def raw_page(clock: Clock, *, times: int) -> dict:
    """Time the bare statement of a first page."""
    from django.db import connection

    taken = []
    with clock.running(), connection.cursor() as cursor:
        for _ in range(times + 2):
            start = time.perf_counter()
            cursor.execute(
                'SELECT d.person_id, p.name, d.registering_committee_id, d."group" FROM members_driver d'
                " JOIN members_person p ON p.id = d.person_id ORDER BY d.person_id DESC LIMIT 50"
            )
            cursor.fetchall()
            taken.append(time.perf_counter() - start)
    return {"milliseconds": {"first page": round(statistics.median(taken[2:]) * 1000, 2)}}


# --- files out --------------------------------------------------------------------------------------------------------
def our_export(clock: Clock, *, kind: str) -> dict:
    """Export every driver of the province, masked, with the columns of the list."""
    from django.utils import timezone

    from branches.scope import reach_of
    from members.lists.drivers import DriverList
    from members.models import ExportJob
    from members.workflow.exports import folder, request_export, write_next

    user = clerk()
    asked = DriverList(reach_of(user), timezone.localdate())
    from django.conf import settings

    settings.CELERY_TASK_ALWAYS_EAGER = False
    from members.workflow import exports

    exports.wake = lambda job: None  # written here, within the clock
    job = request_export(asked, (), format=kind, reason="测量导出用时", unmask=False, actor=user)
    with clock.running():
        write_next(job.pk)
    job = ExportJob.objects.get(pk=job.pk)
    path = next(iter(sorted(folder().iterdir(), key=lambda found: found.stat().st_mtime, reverse=True)))
    return {"status": job.status, "rows": job.written, "megabytes": round(path.stat().st_size / 2**20, 1)}


def stock_export(clock: Clock, *, kind: str, rows: int) -> dict:
    """Export the flat table with django-import-export."""
    from bench.models import FlatDriver
    from bench.peer import FlatResource

    with clock.running():
        data = FlatResource().export(FlatDriver.objects.order_by("pk")[:rows])
        getattr(data, kind)
    return {"rows": len(data)}


def publish_events(clock: Clock, *, events: int, rounds: int) -> dict:
    """Publish events to a thousand accounts, so many in each transaction; timed is the slowest round."""
    from django.db import transaction

    from foundation.accounts.models import User
    from foundation.notifications.models import Delivery, Notification
    from foundation.notifications.workflow import Message, publish_many, publishing

    Delivery.objects.all().delete()
    Notification.objects.all().delete()
    names = [f"bench-{number}" for number in range(1000)]
    User.objects.bulk_create((User(username=name, name="测", password="!") for name in names), ignore_conflicts=True)
    users = list(User.objects.filter(username__in=names))
    publishing.wake_up = lambda: None  # nobody is there to hear it
    slowest = 0.0
    for round_ in range(rounds):
        messages = [
            Message(
                "grievance.accepted",
                [users[number % len(users)]],
                f"grievances.grievance:{number // 2}",
                "您的诉求有了进展",
                f"{round_}:{number}",
                url="/help/",
            )
            for number in range(events)
        ]
        start = time.perf_counter()
        with clock.running(), transaction.atomic():
            publish_many(messages)
        slowest = max(slowest, time.perf_counter() - start)
    return {"slowest": slowest, "events": events * rounds}


def drain_inbox(clock: Clock) -> dict:
    """Mark every inbox entry that waits."""
    from foundation.notifications.models import Delivery
    from foundation.notifications.workflow import drain

    waiting = Delivery.objects.filter(status="waiting").count()
    with clock.running():
        drain(seconds=600)
    assert not Delivery.objects.filter(status="waiting").exists()
    return {"marked": waiting}


# --- grievances -------------------------------------------------------------------------------------------------------
def seed_grievances(clock: Clock, *, cases: int) -> dict:
    """Load cases over the committees of a province, and count their months."""
    from dashboard.demo.scale import load
    from grievances.models import Grievance

    with clock.running():
        load(drivers=0, members=0, organizations=526, grievances=cases, seed=1)
    count_ahead(Clock())
    settle()
    return {"cases": Grievance.objects.count()}


def count_ahead(clock: Clock) -> dict:
    """Count every month anew."""
    from dashboard.demo.grievances import HORIZON
    from grievances.workflow.figures import refresh_figures

    with clock.running():
        rows = refresh_figures(HORIZON)
    return {"rows": rows}


def grievance_pages(clock: Clock, *, times: int) -> dict:
    """Time whole requests of the province's clerk, and the query a county's work list begins with."""
    from django.db import connection
    from django.http import HttpResponse
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from branches.models import Organization
    from branches.scope import reach_of
    from grievances.models import Grievance

    user = clerk()
    client = Client()
    client.force_login(user)
    county = Organization.objects.get(code=PLACE)
    reach = reach_of(user)

    def work_list():
        rows = Grievance.objects.visible_to(reach).open().by_due()
        return HttpResponse(len(list(rows.with_names()[:50])))

    requests = {
        "work list, query": work_list,
        "ledger, first page": lambda: client.get("/grievances/ledger/"),
        "ledger, closed and solved": lambda: client.get("/grievances/ledger/?status=closed&result=solved"),
        "ledger, overdue": lambda: client.get("/grievances/ledger/?overdue=1"),
        "ledger, one county": lambda: client.get(f"/grievances/ledger/?unit={county.pk}"),
        "figures, all time": lambda: client.get("/grievances/figures/?period=all"),
        "figures, one month": lambda: client.get("/grievances/figures/?period=2026-10"),
    }
    queries = {}
    with clock.running():
        milliseconds = _timed(requests, times)
    for name, request in requests.items():
        with CaptureQueriesContext(connection) as captured:
            request()
        queries[name] = len(captured)
    return {"milliseconds": milliseconds, "queries": queries}


def sweep_due(clock: Clock, *, cases: int) -> dict:
    """Let so many cases of two days come due at once and have one worker sweep them."""
    from datetime import timedelta

    from branches.models import Organization
    from dashboard.demo import grievances as demo
    from dashboard.demo.grievances import HORIZON, world
    from grievances.choices import ClockState
    from grievances.models import Clock as Ticking
    from grievances.workflow import sweep

    late, world.FIRST = HORIZON + timedelta(days=30), HORIZON - timedelta(days=2)
    counties = Organization.objects.filter(kind="industry_committee", level="county").order_by("code")
    demo.load_grievances(list(counties.values_list("pk", flat=True)), cases, seed=2)
    settle()
    running = Ticking.objects.filter(state=ClockState.RUNNING, due_at__isnull=False, overdue_at__isnull=True)
    number = running.filter(due_at__lte=late).count()
    with clock.running():
        while sweep(late, seconds=60):
            pass
    return {"clocks": number, "cases": cases}


PIECES = {
    piece.__name__: piece
    for piece in (
        import_file, clear, undo_last, keep_rows, parse_and_copy, stock_import, find_errors, seed, our_pages,
        stock_pages, raw_page, our_export, stock_export, publish_events, drain_inbox,
        seed_grievances, count_ahead, grievance_pages, sweep_due,
    )
}  # fmt: skip


def main(name: str, arguments: str) -> None:
    """Do one piece and print what it took as one line of JSON."""
    warnings.simplefilter("ignore")
    django.setup()
    clock = Clock()
    before, rest = _spent(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    told = PIECES[name](clock, **json.loads(arguments))
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    report = {
        "seconds": clock.seconds,
        "cpu": _spent() - before + clock.backend,
        "peak_mb": own.ru_maxrss // 1024,
        "rest_mb": rest // 1024,
        "child_peak_mb": children.ru_maxrss // 1024,
        "told": told,
    }
    sys.stdout.write("\n" + json.dumps(report) + "\n")


def _spent() -> float:
    return sum(
        usage.ru_utime + usage.ru_stime
        for usage in (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
