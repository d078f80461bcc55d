"""Workers of the roster pipeline as processes that can be killed: forked from the test, on a database both can see."""

from __future__ import annotations

import logging
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db import connection, connections
from django.utils import timezone

from dashboard.canonical import lines
from foundation.protection.keyring import keyring
from members.choices import IMPORT_WORKING
from members.models import RosterImport, RosterResult
from members.tasks.imports import sweep_imports
from members.workflow.import_run import advance

LOG = logging.getLogger("portal.roster")
FINISHED, RAISED = 0, 3


@contextmanager
def file_database(path) -> Iterator[None]:
    """Let the block work on a copy of the database in a file: the one in memory no other process can see.

    PostgreSQL needs none.
    """
    if connection.vendor == "postgresql":
        yield
        return
    keyring()  # made on first use, but not beside a database that is in use
    with connection.cursor() as cursor:
        cursor.execute("VACUUM INTO %s", [str(path)])
    in_memory, name = connections["default"], connections.settings["default"]["NAME"]
    on_disk = in_memory.copy()
    # The second name is that of connections other threads will open.
    on_disk.settings_dict["NAME"] = connections.settings["default"]["NAME"] = str(path)
    connections["default"] = on_disk
    try:
        yield
    finally:
        on_disk.close()
        connections["default"], connections.settings["default"]["NAME"] = in_memory, name


class At(logging.Handler):
    """Does something when the pipeline writes a certain line to its log, the n-th time it does."""

    def __init__(self, text: str, action: Callable[[], None], *, nth: int = 1) -> None:
        super().__init__()
        self.text, self.action, self.left = text, action, nth

    def emit(self, record: logging.LogRecord) -> None:
        if self.text in record.getMessage():
            self.left -= 1
            if self.left == 0:
                self.action()

    @contextmanager
    def listening(self) -> Iterator[At]:
        """Listen during the block."""
        level = LOG.level
        LOG.addHandler(self)
        LOG.setLevel(logging.INFO)
        try:
            yield self
        finally:
            LOG.removeHandler(self)
            LOG.setLevel(level)


def die() -> None:
    """End this process as the kernel does when memory runs out: nothing is rolled back, closed or released by us."""
    os.kill(os.getpid(), signal.SIGKILL)


def die_at_statement(number: int) -> Callable[..., object]:
    """Return a wrapper of statements that kills the process before the n-th one."""
    left = [number]

    def execute(run, sql, params, many, context):
        left[0] -= 1
        if left[0] < 0:
            die()
        return run(sql, params, many, context)

    return execute


def forked(work: Callable[[], object]) -> int:
    """Start a process that does `work` with its own database connection and ends; return its id."""
    connections.close_all()
    pid = os.fork()
    if pid:
        return pid
    code = RAISED
    try:
        work()
        connections.close_all()
        code = FINISHED
    except BaseException:
        traceback.print_exc(file=sys.__stderr__)
    finally:
        os._exit(code)


def ended(pid: int) -> int:
    """Wait for a process; return its exit code, or the negative number of the signal that killed it."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def killed_at(pk: int, line: str, *, nth: int = 1) -> int:
    """Work on a batch in a process that dies at a line of its log; return how it ended."""

    def work() -> None:
        with At(line, die, nth=nth).listening():
            worked_off(pk)

    return ended(forked(work))


def killed_at_statement(pk: int, number: int) -> int:
    """Work on a batch in a process that dies before its n-th statement; return how it ended."""

    def work() -> None:
        with connection.execute_wrapper(die_at_statement(number)):
            worked_off(pk)

    return ended(forked(work))


def worked_off(pk: int) -> None:
    """Work on a batch until a worker has nothing more to do for it."""
    while advance(pk):
        pass


def lease_runs_out(pk: int) -> None:
    """Let the time pass after which a batch counts as abandoned."""
    RosterImport.objects.filter(pk=pk, lease_until__isnull=False).update(
        lease_until=timezone.now() - timedelta(seconds=1)
    )


def swept(pk: int) -> RosterImport:
    """Let the product's own sweep find the batch and finish it; return it."""
    for _ in range(6):
        lease_runs_out(pk)
        sweep_imports()
        batch = RosterImport.objects.get(pk=pk)
        if batch.status not in IMPORT_WORKING and not batch.undo_requested:
            break
    return batch


def registry() -> list[str]:
    """Return the canonical dump without what imports say about themselves."""
    return [line for line in lines() if not line.startswith(("members.RosterImport\t", "members.RosterResult\t"))]


def account(pk: int) -> dict[str, object]:
    """Return what a batch says about itself that must not depend on how often its worker was killed."""
    names = ("status", "rows", "created", "updated", "unchanged", "rejected", "warnings", "applied", "undo_conflicts")
    batch = RosterImport.objects.filter(pk=pk).values(*names).get()
    results = RosterResult.objects.filter(roster_import_id=pk).order_by("ordinal")
    batch["results"] = list(results.values_list("ordinal", "fate", "undone"))
    return batch
