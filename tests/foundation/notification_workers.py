"""Workers of the outbox as processes that can be killed at any instant, on a database both sides can see."""

from __future__ import annotations

import os
import random
import signal
import time
from datetime import timedelta

from django.db import connections
from django.utils import timezone

from foundation.notifications.choices import DeliveryStatus
from foundation.notifications.models import Delivery
from foundation.notifications.workflow import drain
from tests.foundation.notifications import lines
from tests.members.roster_workers import ended, forked

KILLED = -signal.SIGKILL


def work() -> None:
    """Do what a worker does, until nothing is due."""
    while drain(seconds=5):
        pass


def killed_when(path, count: int, chance: random.Random) -> int:
    """Start a worker and kill it from outside some microseconds after the sink holds `count` lines."""
    pid = forked(work)
    deadline = time.monotonic() + 20
    while len(lines_so_far(path)) < count and time.monotonic() < deadline:
        time.sleep(0.001)
    time.sleep(chance.random() / 200)
    os.kill(pid, signal.SIGKILL)
    return ended(pid)


def lines_so_far(path) -> list[bytes]:
    """Return the whole lines of a file somebody is writing."""
    return path.read_bytes().split(b"\n")[:-1] if path.exists() else []


def leases_run_out() -> int:
    """Let the time pass after which rows of a dead worker count as abandoned; return how many it held."""
    held = Delivery.objects.filter(status=DeliveryStatus.WAITING).exclude(lease_owner="")
    return held.update(lease_until=timezone.now() - timedelta(seconds=1))


def finished() -> None:
    """Let one more worker, alive to its end, do the rest."""
    for _ in range(6):
        leases_run_out()
        if ended(forked(work)) == 0 and not Delivery.objects.filter(status=DeliveryStatus.WAITING).exists():
            break
    connections.close_all()


def calls(path) -> list[str]:
    """Return the keys of all provider calls in their order."""
    return [line["dedupe_key"] for line in lines(path)]
