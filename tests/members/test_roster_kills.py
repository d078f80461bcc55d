"""Workers that die in every phase, in twos, too late, or on ground that moved: what is written is what was planned.

Killed processes are real (SIGKILL), and only the product's own sweep mends what they left. Each kind of test is run
sabotaged too: with the guard taken out it must notice.
"""

import csv
import threading
import time
from functools import wraps

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from branches.models import Organization
from dashboard.demo.rosters import HEADERS, roster_rows
from foundation.notifications.leases import claim
from members.choices import Fate, ImportStatus
from members.models import Driver, Person, RosterImport, RosterResult, RosterRow
from members.roster.apply.belongings import Belongings
from members.workflow import import_run, imports
from members.workflow.import_run import advance, run_to_end
from members.workflow.imports import NotReady, confirm, request_cancel, request_undo, upload
from tests.factories import OrganizationFactory
from tests.members.roster_workers import (
    FINISHED,
    At,
    account,
    die,
    ended,
    file_database,
    forked,
    killed_at,
    killed_at_statement,
    lease_runs_out,
    registry,
    swept,
    worked_off,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
KILLED = -9
PLACE, COUNTIES = "510100", {"510105": "青羊区", "510106": "金牛区", "510107": "武侯区"}
SEED = 11
PHONE, REMARKS = HEADERS.index("手机号"), HEADERS.index("备注")


def write(path, rows):
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows([HEADERS, *rows])


def drivers(count, start=0):
    return list(roster_rows(count, SEED, start, counties=tuple(COUNTIES)))


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Have forty drivers registered, chunks of a few rows, and a database other processes can see."""
    monkeypatch.setattr(import_run.steps, "CHUNK", 16)
    monkeypatch.setattr(import_run.steps, "APPLY_CHUNK", 12)
    monkeypatch.setattr(import_run.steps, "UNDO_CHUNK", 10)
    monkeypatch.setattr(imports, "wake", lambda batch: None)  # every message is lost
    city = OrganizationFactory(code=PLACE, kind="industry_committee", level="city", short_name="成都市")
    for code, name in COUNTIES.items():
        OrganizationFactory(parent=city, code=code, kind="industry_committee", level="county", short_name=name)
    with file_database(tmp_path / "portal.sqlite3"):
        write(tmp_path / "first.csv", drivers(40))
        assert run_to_end(uploaded(tmp_path / "first.csv").pk).created == 40
        yield tmp_path
    connections.close_all()


@pytest.fixture
def roster(place):
    """Write a roster of seventy: thirty who are registered, ten of them changed, forty new ones, one wrong."""
    rows = drivers(70, start=10)
    for number in range(0, 30, 3):
        rows[number][PHONE] = f"1990000{number:04}"
        rows[number][REMARKS] = f"第 {number} 行改过"
    rows[50][PHONE] = "123"
    path = place / "second.csv"
    write(path, rows)
    return path


def uploaded(path, *, at_once=True):
    organization = Organization.objects.get(code=PLACE)
    with path.open("rb") as content:
        return upload(None, organization, content, path.name, apply_at_once=at_once, wake_worker=False)


def undisturbed(path):
    """Import a file in peace; return what came of it, and take it back."""
    before = registry()
    batch = run_to_end(uploaded(path).pk)
    result = registry(), account(batch.pk)
    request_undo(None, batch)
    run_to_end(batch.pk)
    assert registry() == before
    return result


# --- one worker, killed -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("line", "nth"),
    [
        ("phase=parse", 1),
        ("phase=plan", 1),
        ("phase=stage", 1),
        ("phase=staged", 1),
        ("phase=staged", 5),
        ("phase=apply", 1),
        ("phase=chunk", 1),
        ("phase=chunk", 3),
        ("phase=finish", 1),
    ],
)
def test_a_killed_import_ends_as_if_nothing_had_happened(roster, line, nth):
    expected = undisturbed(roster)
    batch = uploaded(roster)
    assert killed_at(batch.pk, line, nth=nth) == KILLED
    half = account(batch.pk)
    assert advance(batch.pk) is False, "the lease of the dead worker still runs"
    assert account(batch.pk) == half
    assert swept(batch.pk).status == ImportStatus.DONE
    assert (registry(), account(batch.pk)) == expected


def test_an_import_killed_before_any_statement_ends_as_if_nothing_had_happened(roster):
    expected = undisturbed(roster)
    killed = 0
    for number in range(2, 600, 17):
        batch = uploaded(roster)
        killed += (end := killed_at_statement(batch.pk, number)) == KILLED
        swept(batch.pk)
        assert (registry(), account(batch.pk)) == expected, f"killed before statement {number}"
        request_undo(None, RosterImport.objects.get(pk=batch.pk))
        run_to_end(batch.pk)
        if end == FINISHED:
            break
    assert killed > 8
    assert end == FINISHED, "the run has more statements than were tried"


def test_an_import_killed_again_and_again_gets_through(roster):
    expected = undisturbed(roster)
    batch = uploaded(roster)
    for line in ("phase=staged", "phase=chunk", "phase=chunk", "phase=chunk"):
        assert killed_at(batch.pk, line) == KILLED
        lease_runs_out(batch.pk)
    swept(batch.pk)
    assert (registry(), account(batch.pk)) == expected


def test_an_import_that_always_kills_its_worker_is_set_aside(roster):
    batch = uploaded(roster)
    before = registry()
    for _ in range(import_run.MOST_STARTS):
        assert killed_at(batch.pk, "phase=parse") == KILLED
        lease_runs_out(batch.pk)
    assert swept(batch.pk).failure_code == "gave_up"
    assert registry() == before


@pytest.mark.parametrize(("line", "nth"), [("phase=undo", 1), ("phase=undone", 1), ("phase=undone", 4)])
def test_a_killed_undo_ends_as_if_nothing_had_happened(roster, line, nth):
    before = registry()
    batch = run_to_end(uploaded(roster).pk)
    request_undo(None, batch)
    assert killed_at(batch.pk, line, nth=nth) == KILLED
    assert swept(batch.pk).status == ImportStatus.UNDONE
    assert registry() == before
    assert {undone for _, _, undone in account(batch.pk)["results"]} == {"undone"}


def test_the_parser_dies_with_its_worker(roster, place):
    rows = drivers(3000)
    write(place / "long.csv", rows)
    batch = uploaded(place / "long.csv")
    parsers = set(_parsers())
    assert killed_at(batch.pk, "phase=staged") == KILLED
    deadline = time.monotonic() + 10
    while set(_parsers()) - parsers and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not set(_parsers()) - parsers


def _parsers():
    from pathlib import Path

    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                if b"members.roster.read.parser" in (process / "cmdline").read_bytes():
                    yield int(process.name)
            except OSError:
                continue


@pytest.mark.parametrize("sabotage", ["the last line result is forgotten", "chunks are written in parts"])
def test_these_tests_notice_when_a_guard_is_missing(roster, monkeypatch, sabotage):
    expected = undisturbed(roster)
    batch = uploaded(roster)
    if sabotage == "chunks are written in parts":
        # Within the second chunk: its people are there, the line results are not.
        monkeypatch.setattr(Belongings, "vehicles", _parted(Belongings.vehicles))
        assert ended(forked(lambda: worked_off(batch.pk))) == KILLED
        monkeypatch.setattr(Belongings, "vehicles", Belongings.vehicles.__wrapped__)
    else:
        assert killed_at(batch.pk, "phase=chunk", nth=2) == KILLED
        monkeypatch.setattr(import_run._Run, "_last_written", lambda run: -1)
    swept(batch.pk)
    assert (registry(), account(batch.pk)) != expected


def _parted(verb):
    calls = []

    @wraps(verb)
    def vehicles(*arguments):
        calls.append(1)
        if len(calls) == 2:
            connection._commit()
            die()
        return verb(*arguments)

    return vehicles


# --- two workers ------------------------------------------------------------------------------------------------------
def test_of_two_workers_at_one_batch_one_works(roster):
    expected = undisturbed(roster)
    batch = uploaded(roster)
    workers = [forked(lambda: worked_off(batch.pk)) for _ in range(3)]
    assert [ended(worker) for worker in workers] == [FINISHED] * 3
    assert swept(batch.pk).status == ImportStatus.DONE
    assert (registry(), account(batch.pk)) == expected


def _stolen(pk):
    lease_runs_out(pk)
    assert claim(RosterImport.objects.claimable(timezone.now()).filter(pk=pk), "somebody else", 30) == pk


def test_a_worker_that_lost_its_lease_writes_nothing_more(roster):
    batch = uploaded(roster)
    with At("phase=chunk", lambda: _stolen(batch.pk)).listening():
        worked_off(batch.pk)
    assert RosterResult.objects.filter(roster_import=batch).count() == 4
    assert RosterImport.objects.get(pk=batch.pk).lease_owner == "somebody else"


def test_that_test_notices_a_lease_nobody_looks_at(roster, monkeypatch):
    batch = uploaded(roster)
    monkeypatch.setattr(import_run.steps, "renew", lambda rows, key, owner, seconds, /, **changes: None)
    with At("phase=chunk", lambda: _stolen(batch.pk)).listening():
        advance(batch.pk)  # staged
        batch.refresh_from_db()
        advance(batch.pk)
    assert RosterResult.objects.filter(roster_import=batch).count() > 4


# --- ground that moves ------------------------------------------------------------------------------------------------
def previewed(path):
    batch = run_to_end(uploaded(path, at_once=False).pk)
    assert batch.status == ImportStatus.PREVIEW
    return batch


def test_an_edit_between_preview_and_write_is_planned_again_and_shown(roster):
    batch = previewed(roster)
    seen = batch.plan_digest
    changed = RosterRow.objects.filter(roster_import=batch, fate=Fate.UPDATED).order_by("ordinal").last()
    Person.objects.filter(pk=changed.person_id).update(name="示例改名", name_key="示例改名", version=2)
    before = registry()
    confirm(None, batch, seen)
    batch = run_to_end(batch.pk)
    # It comes to light in the chunk it stands in: those before it are written, it is shown with what stands there now.
    assert (batch.status, batch.replanned) == (ImportStatus.PREVIEW, True)
    assert batch.plan_digest != seen
    assert batch.applied < batch.created + batch.updated
    assert RosterRow.objects.get(pk=changed.pk).before != changed.before
    if not batch.applied:
        assert registry() == before
    with pytest.raises(NotReady, match="重新算过"):
        confirm(None, batch, seen)
    confirm(None, batch, batch.plan_digest)
    batch = run_to_end(batch.pk)
    assert (batch.status, batch.applied) == (ImportStatus.DONE, batch.created + batch.updated)


def test_another_import_of_the_same_people_in_between_is_planned_again(roster):
    batch = previewed(roster)
    other = run_to_end(uploaded(roster).pk)
    assert (other.created, other.updated) == (39, 10)
    stands = registry()
    confirm(None, batch, batch.plan_digest)
    batch = run_to_end(batch.pk)
    assert (batch.status, batch.replanned, batch.applied) == (ImportStatus.PREVIEW, True, 0)
    assert (batch.created, batch.updated, batch.unchanged, batch.rejected) == (0, 0, 69, 1)
    assert registry() == stands


def test_two_imports_of_the_same_new_people_at_once_register_each_of_them_once(place):
    write(place / "one.csv", drivers(60, start=40))
    write(place / "two.csv", drivers(60, start=70))
    batches = [uploaded(place / name) for name in ("one.csv", "two.csv")]
    assert [ended(worker) for worker in [forked(lambda pk=b.pk: worked_off(pk)) for b in batches]] == [FINISHED] * 2
    ends = [swept(batch.pk) for batch in batches]
    assert [batch.status for batch in ends] == [ImportStatus.DONE] * 2
    assert Driver.objects.count() == 40 + 90
    assert sum(batch.created for batch in ends) == 90
    assert sum(batch.created + batch.unchanged for batch in ends) == 120


def test_somebody_else_registers_one_of_the_people_while_the_chunk_is_written(place, tmp_path):
    """The look before the write saw nobody: on PostgreSQL only the unique index can tell, at the last moment."""
    write(place / "new.csv", drivers(10, start=40))
    batch = previewed(place / "new.csv")
    staged = RosterRow.objects.filter(roster_import=batch).order_by("ordinal")[4]
    confirm(None, batch, batch.plan_digest)
    ends = []

    def work():
        try:
            worked_off(batch.pk)
            ends.append(FINISHED)
        finally:
            connections.close_all()

    worker = threading.Thread(target=work)
    with transaction.atomic():
        Person.objects.create(
            name="示例某人", name_key="示例某人", id_number="x", id_number_index=staged.id_number_index
        )
        worker.start()
        _wait_until_it_waits(worker)
    worker.join(30)
    assert ends == [FINISHED]
    batch.refresh_from_db()
    assert (batch.status, batch.replanned, batch.applied) == (ImportStatus.PREVIEW, True, 0)
    assert (batch.created, batch.updated) == (9, 1)
    assert not RosterResult.objects.filter(roster_import=batch).exists()


def _wait_until_it_waits(worker):
    """Until the other connection stands still before our lock; on SQLite it cannot even begin."""
    deadline = time.monotonic() + 10
    while worker.is_alive() and time.monotonic() < deadline:
        time.sleep(0.1)
        if connection.vendor == "sqlite":
            return
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            if cursor.fetchone()[0]:
                return


def test_an_import_cancelled_in_the_middle_keeps_what_is_written_and_can_be_taken_back(roster):
    before = registry()
    batch = uploaded(roster)
    with At("phase=chunk", lambda: request_cancel(None, RosterImport.objects.get(pk=batch.pk)), nth=2).listening():
        worked_off(batch.pk)
    batch.refresh_from_db()
    assert batch.status == ImportStatus.CANCELLED
    assert batch.applied == RosterResult.objects.filter(roster_import=batch).count() == 8
    assert registry() != before
    request_undo(None, batch)
    assert run_to_end(batch.pk).status == ImportStatus.UNDONE
    assert registry() == before


def test_an_undo_leaves_and_counts_who_was_changed_since(roster):
    batch = run_to_end(uploaded(roster).pk)
    made = RosterResult.objects.filter(roster_import=batch, fate=Fate.CREATED).first()
    changed = RosterResult.objects.filter(roster_import=batch, fate=Fate.UPDATED).first()
    for result in (made, changed):
        Person.objects.filter(pk=result.person_id).update(ethnicity="藏族", version=9)
    request_undo(None, batch)
    batch = run_to_end(batch.pk)
    assert (batch.status, batch.undo_conflicts) == (ImportStatus.UNDONE, 2)
    left = set(RosterResult.objects.filter(roster_import=batch, undone="changed").values_list("pk", flat=True))
    assert left == {made.pk, changed.pk}
    assert Driver.objects.count() == 40 + 1
    assert Person.objects.get(pk=changed.person_id).phone.startswith("1990000")
