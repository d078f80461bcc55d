"""Cases that come due all at once, and a worker that is killed again and again: every stage exactly once.

The processes and the kills are real (SIGKILL). Each test of a guard is run sabotaged, too: it must go red.
"""

import os
import re
import signal
import time
from collections import Counter
from datetime import timedelta
from importlib import import_module
from io import BytesIO

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from branches.models import Organization
from dashboard.demo import grievances as demo
from dashboard.demo.grievances import world as made_up
from dashboard.integrity import CHECKS
from foundation.audit.models import Entry
from foundation.notifications.models import Notification
from foundation.notifications.workflow import publishing
from grievances import notices
from grievances.choices import Channel, ClockState, WorkOrderFate, WorkOrderStatus
from grievances.models import Clock, Grievance, SlaPolicy, Statement, WorkOrderImport, WorkOrderRow
from grievances.tasks import sweep_work_orders
from grievances.workflow import sweep, work_orders
from grievances.workflow.work_orders import read_next, take_file
from tests.conftest import build_tree, load_shipped_data
from tests.factories import AppointmentFactory, UserFactory
from tests.members.roster_workers import die, ended, file_database, forked

sweeping = import_module("grievances.workflow.sweep")
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
KILLED, FINISHED = -9, 0
CASES = 90
LATE = demo.HORIZON + timedelta(days=30)


@pytest.fixture
def world(tmp_path, settings, monkeypatch):
    """Build the tree with a clerk, a handler and a leader in one city, in a database other processes can see."""
    settings.MEDIA_ROOT = tmp_path / "media"
    monkeypatch.setattr(publishing, "wake_up", lambda: None)  # every message is lost
    load_shipped_data()
    tree = build_tree()
    for role in ("clerk", "handler", "leader"):
        # Whatever has nobody of its own falls to the province: everybody is told of somebody's lateness.
        AppointmentFactory(user=UserFactory(username=f"city-{role}"), organization=tree.city, role=role)
        AppointmentFactory(user=UserFactory(username=f"province-{role}"), organization=tree.province, role=role)
    AppointmentFactory(user=UserFactory(username="county-clerk"), organization=tree.county, role="clerk")
    assert SlaPolicy.objects.exists()
    with file_database(tmp_path / "portal.sqlite3"):
        yield tree
    connections.close_all()


@pytest.fixture
def due(world, monkeypatch):
    """Load cases of the last two days: nearly all are open, and within a month every clock of theirs is late."""
    monkeypatch.setattr(made_up, "FIRST", demo.HORIZON - timedelta(days=2))
    monkeypatch.setattr(sweeping, "BATCH", 8)  # many batches of few cases: there is something left to die in
    counties = Organization.objects.filter(level="county", kind="industry_committee").values_list("pk", flat=True)
    demo.load_grievances(list(counties), CASES, seed=3)
    assert Clock.objects.to_mark(LATE).count() > CASES
    return world


def swept_to_the_end(minutes: int = 0):
    while sweep(LATE + timedelta(minutes=minutes), seconds=60):
        pass


def killed_while_sweeping(after: int) -> int:
    """Sweep in a process that is killed from outside once so many clocks more are marked."""
    before = Clock.objects.filter(overdue_at__isnull=False).count()
    pid = forked(lambda: swept_to_the_end(after))
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if Clock.objects.filter(overdue_at__isnull=False).count() >= before + after:
            break
        connections.close_all()
        time.sleep(0.01)
    os.kill(pid, signal.SIGKILL)
    return ended(pid)


def stages() -> dict:
    """Return what was done how often: marks, messages by clock, and ascents by case with their traces."""
    marked = Clock.objects.filter(overdue_at__isnull=False)
    told = Counter(
        key.split(":overdue")[0].rpartition("clock:")[2]
        # Who works on a case and supervises it is told once, not as its supervisor.
        for key in Notification.objects.filter(dedupe_key__contains=":overdue:").values_list("dedupe_key", flat=True)
    )
    ascents = Entry.objects.filter(action="grievance.escalate_by_clock").values_list("object_id", flat=True)
    return {
        "late and not marked": Clock.objects.to_mark(LATE).count(),
        "marked and told nobody": sum(
            str(pk) not in told for pk in marked.filter(due_at__gt=demo.HORIZON).values_list("pk", flat=True)
        ),
        "ascents": Counter(ascents),
        "escalated clocks": Counter(
            str(pk) for pk in marked.filter(escalated_at__gte=LATE).values_list("grievance_id", flat=True)
        ),
        "broken": [sentence for check in ("owners", "clocks") for sentence in CHECKS[check][1](LATE)],
    }


def assert_every_stage_was_done_once():
    found = stages()
    assert found["late and not marked"] == 0
    assert found["marked and told nobody"] == 0
    assert found["ascents"] == found["escalated clocks"]
    assert found["broken"] == []
    assert len(found["ascents"]) > CASES // 2
    # Nobody was told of one clock twice: the name of the happening without its instant, which differs from run to run.
    names = Notification.objects.filter(dedupe_key__contains=":overdue").values_list("user_id", "dedupe_key")
    told = Counter((user, key.partition(":overdue")[0], ":supervisor:" in key) for user, key in names)
    assert max(told.values()) == 1


def test_cases_due_at_once_are_swept_once_though_the_worker_is_killed_three_times(due):
    assert [killed_while_sweeping(after) for after in (10, 20, 30)] == [KILLED] * 3
    assert Clock.objects.to_mark(LATE).exists(), "it was killed too late to say anything"
    swept_to_the_end()
    assert_every_stage_was_done_once()


def written() -> list:
    """Return what a sweep leaves behind, without keys that depend on the order of writing."""
    entries = {
        pk: (action, case, fields)
        for pk, action, case, fields in Entry.objects.values_list("pk", "action", "object_id", "fields")
    }
    case_of = dict(Clock.objects.values_list("pk", "grievance_id"))
    return [
        sorted(map(repr, entries.values())),
        sorted(map(repr, Grievance.objects.values_list("pk", *_MOVED))),
        sorted(map(repr, Clock.objects.values_list("grievance_id", "kind", "rung", *_TICKED))),
        sorted(
            repr((case, text, is_public, entries.get(entry)))
            for case, text, is_public, entry in Statement.objects.values_list(
                "grievance_id", "text", "is_public", "entry_id"
            )
        ),
        sorted(
            repr((_without_key(event, case_of), *rest))
            for event, *rest in Notification.objects.values_list("dedupe_key", "subject", "title", "url", "due_at")
        ),
    ]


_MOVED = (
    "status", "organization_id", "rung", "handler_id", "supervisor_id", "next_due_at", "next_clock", "calendar_missing",
)  # fmt: skip
_TICKED = (
    "policy_id", "organization_id", "state", "due_at", "explanation", "ended_at", "remind_at", "reminded_at",
    "overdue_at", "escalated_at",
)  # fmt: skip


def _without_key(event: str, case_of: dict[int, int]) -> str:
    return re.sub(r"clock:(\d+)", lambda found: f"clock of {case_of[int(found[1])]}", event)


def test_a_batch_leaves_behind_what_one_clock_after_the_other_does(due, monkeypatch):
    found = []
    for together in (1, 7, 200):
        monkeypatch.setattr(sweeping, "BATCH", together)
        with transaction.atomic():
            sweep(demo.HORIZON + timedelta(hours=20), seconds=60)  # reminders of what is not late yet
            swept_to_the_end()
            found.append(written())
            transaction.set_rollback(True)
    assert len(found[0][4]) > CASES * 3
    assert found[0] == found[1] == found[2]


def test_two_workers_at_once_do_every_stage_once(due):
    workers = [forked(swept_to_the_end) for _ in range(2)]
    assert FINISHED in [ended(worker) for worker in workers]
    swept_to_the_end()
    assert_every_stage_was_done_once()


@pytest.mark.postgresql
def test_a_case_somebody_holds_is_left_for_the_next_minute_and_holds_up_no_other(due):
    held = Clock.objects.to_mark(LATE).order_by("due_at", "pk").values_list("grievance_id", flat=True)[0]
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("SELECT 1 FROM grievances_grievance WHERE id = %s FOR UPDATE", [held])
            swept_to_the_end()
            assert set(Clock.objects.to_mark(LATE).values_list("grievance_id", flat=True)) == {held}
            cursor.execute("ROLLBACK")
    finally:
        other.close()
    swept_to_the_end()
    assert_every_stage_was_done_once()


def _dying_at(nth: int, monkeypatch, *, committed: bool):
    tell, calls = notices.overdue, []

    def overdue(*arguments):
        calls.append(1)
        if len(calls) == nth:
            if committed:
                connection._commit()
            die()
        return tell(*arguments)

    monkeypatch.setattr(notices, "overdue", overdue)
    assert ended(forked(swept_to_the_end)) == KILLED
    monkeypatch.setattr(notices, "overdue", tell)


@pytest.mark.parametrize("nth", [1, 7, 31])
def test_a_worker_that_dies_between_the_mark_and_the_message_leaves_neither(due, monkeypatch, nth):
    _dying_at(nth, monkeypatch, committed=False)
    swept_to_the_end()
    assert_every_stage_was_done_once()


def test_these_tests_notice_a_mark_that_is_written_before_what_follows_from_it(due, monkeypatch):
    _dying_at(7, monkeypatch, committed=True)
    swept_to_the_end()
    with pytest.raises(AssertionError):
        assert_every_stage_was_done_once()


def test_these_tests_notice_a_stage_that_is_done_by_whoever_comes(due, monkeypatch):
    from grievances.querysets import ClockQuerySet

    swept_to_the_end()
    # The column no longer guards: the same clocks are late once more.
    monkeypatch.setattr(ClockQuerySet, "to_mark", lambda rows, at: rows.filter(due_at__lte=at, kind="promise"))
    for pk in list(Clock.objects.filter(kind="promise").values_list("pk", flat=True)[:5]):
        sweeping._mark_overdue([pk], LATE + timedelta(hours=1))
    twice = Notification.objects.filter(dedupe_key__contains=":overdue:supervisor:").values_list(
        "dedupe_key", flat=True
    )
    assert max(Counter(key.split(":overdue")[0] for key in twice).values()) > 1


# --- files of work orders ---------------------------------------------------------------------------------------------
def uploaded(world, rows: int) -> WorkOrderImport:
    text = "工单编号,标题,内容,来电人\n" + "".join(f"GD{n},停车难{n},找不到位。,测试甲\n" for n in range(rows))
    clerk = world.county.appointments.get(role="clerk").user
    return take_file(
        clerk,
        world.county,
        Channel.HOTLINE_12328,
        BytesIO(text.encode()),
        "a.csv",
        at=timezone.now(),
        wake_worker=False,
    )


def lease_runs_out(pk: int) -> None:
    WorkOrderImport.objects.filter(pk=pk, lease_until__isnull=False).update(
        lease_until=timezone.now() - timedelta(seconds=1)
    )


def _killed_at_row(batch, nth: int, monkeypatch, *, committed: bool = False) -> None:
    create, calls = WorkOrderRow.objects.create, []

    def dying(**values):
        calls.append(1)
        if len(calls) == nth:
            if committed:
                connection._commit()
            die()
        return create(**values)

    monkeypatch.setattr(WorkOrderRow.objects, "create", dying)
    assert ended(forked(lambda: read_next(batch.pk, seconds=60))) == KILLED
    monkeypatch.setattr(WorkOrderRow.objects, "create", create)


def healed(batch) -> WorkOrderImport:
    assert read_next(batch.pk, seconds=60) is False, "the lease of the dead worker still runs"
    assert WorkOrderImport.objects.get(pk=batch.pk).status == WorkOrderStatus.WAITING
    lease_runs_out(batch.pk)
    sweep_work_orders()
    batch.refresh_from_db()
    return batch


def test_a_killed_file_of_work_orders_ends_as_if_nothing_had_happened(world, monkeypatch):
    batch = uploaded(world, 12)
    _killed_at_row(batch, 5, monkeypatch)
    assert WorkOrderRow.objects.count() == Grievance.objects.count() == 4
    batch = healed(batch)
    assert (batch.status, batch.rows, batch.created, batch.unchanged) == (WorkOrderStatus.DONE, 12, 12, 0)
    assert Grievance.objects.count() == 12
    assert set(WorkOrderRow.objects.values_list("fate", flat=True)) == {WorkOrderFate.CREATED}


def test_that_test_notices_a_case_that_is_lodged_before_its_fate_is_written(world, monkeypatch):
    batch = uploaded(world, 12)
    _killed_at_row(batch, 5, monkeypatch, committed=True)
    batch = healed(batch)
    assert (batch.created, batch.unchanged) == (11, 1)


def test_a_file_that_always_kills_its_worker_is_set_aside(world, monkeypatch):
    batch = uploaded(world, 3)
    for _ in range(work_orders.STARTS_AT_MOST):
        _killed_at_row(batch, 1, monkeypatch)
        lease_runs_out(batch.pk)
    sweep_work_orders()
    batch.refresh_from_db()
    assert (batch.status, Grievance.objects.count()) == (WorkOrderStatus.FAILED, 0)
    assert ClockState.RUNNING not in set(Clock.objects.values_list("state", flat=True))
