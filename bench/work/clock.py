"""What every piece of work shares: the clock, the tables, a settled database, whole requests timed."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

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


def timed(requests: dict[str, Callable], times: int) -> dict[str, float]:
    """Return {name: median milliseconds} of requests done by turns, so many times each after two to warm up."""
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


def measured(clock: Clock, requests: dict[str, Callable], times: int) -> dict:
    """Time whole requests within the clock; return milliseconds and queries of each."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    queries = {}
    with clock.running():
        milliseconds = timed(requests, times)
    for name, request in requests.items():
        with CaptureQueriesContext(connection) as captured:
            request()
        queries[name] = len(captured)
    return {"milliseconds": milliseconds, "queries": queries}
