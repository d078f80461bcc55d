"""`python -m bench.message_kills [--messages N] [--cases N]`: what must be said, by workers that are killed.

The product runs as its supervisor starts it (web, worker, beat) on PostgreSQL and a Redis of its own; the text messages
go to a gateway of this program, which counts them. Nothing but the product's own sweeps heals what a kill leaves.

1. So many messages; the worker and its children are killed with SIGKILL every 15 seconds: none lost, at most one in a
   thousand sent twice, and those only that were in flight.
2. Redis is flushed in the middle of sending, twice: everything is sent within five minutes.
3. So many cases of which something is late at once; the worker is killed three times: every stage exactly once.

Prints what was seen; exit code 1 when it is not what it should be. About ten minutes.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from bench.kills import python, said, say, wait, worker_of
from bench.measure import ROOT
from bench.world import Worlds

EVERY = 15.0  # seconds between two kills
REDIS_PORT, PORTAL_PORT = 6391, 8932
CALL = 0.008  # seconds a gateway takes to answer
TWICE = 0.001  # of all messages
FLUSHED_WITHIN = 300.0

PUBLISH = """
import django; django.setup()
from django.db import transaction
from foundation.notifications.workflow import Message, Recipient, publish_many
with transaction.atomic():
    publish_many(
        Message("grievance.accepted", [Recipient(phone=f"1900000{{number % 500:04}}")],
                f"grievances.grievance:{{number // 2}}", "您的诉求有了进展", f"{name}:{{number // 2}}:{{number % 2}}",
                urgent=True)
        for number in range({count})
    )
"""
WAITING = """
import django; django.setup()
from foundation.notifications.models import Delivery
print(Delivery.objects.exclude(status="sent").filter(channel="sms").count())
"""
CASES = """
import django; django.setup()
from datetime import timedelta
from branches.models import Organization
from dashboard.demo import grievances as demo
from dashboard.demo.grievances import HORIZON, world
from foundation.accounts.models import User
from branches.models import Appointment
from django.utils import timezone
# Whatever has nobody of its own falls to the level above: somebody is told of everything.
for top in Organization.objects.filter(depth=1):
    for role in ("clerk", "handler", "leader"):
        user = User.objects.create_user(username=f"top-{top.pk}-{role}", name="虚构")
        since = timezone.now() - timedelta(days=900)
        Appointment.objects.create(user=user, organization=top, role=role, from_at=since)
world.FIRST = HORIZON - timedelta(days=2)
counties = Organization.objects.filter(kind="industry_committee", level="county").order_by("code")
demo.load_grievances(list(counties.values_list("pk", flat=True)), COUNT, seed=3)
"""
MARKED = """
import django; django.setup()
from grievances.models import Clock
print(Clock.objects.filter(overdue_at__isnull=False).count())
"""
STAGES = """
import django; django.setup()
import json
from collections import Counter
from django.utils import timezone
from dashboard.demo.grievances import HORIZON
from dashboard.integrity import CHECKS
from foundation.audit.models import Entry
from foundation.notifications.models import Notification
from grievances.models import Clock
at = timezone.now()
marked = Clock.objects.filter(overdue_at__gte=HORIZON)
names = list(Notification.objects.filter(dedupe_key__contains=":overdue").values_list("user_id", "dedupe_key"))
told = Counter((user, key.partition(":overdue")[0], ":supervisor:" in key) for user, key in names)
heard = {key.partition(":overdue")[0].rpartition("clock:")[2] for _, key in names}
ascents = Counter(Entry.objects.filter(action="grievance.escalate_by_clock").values_list("object_id", flat=True))
clocks = Counter(str(pk) for pk in marked.filter(escalated_at__isnull=False).values_list("grievance_id", flat=True))
swept = marked.filter(due_at__gt=HORIZON)
print(json.dumps({
    "late and not marked": Clock.objects.to_mark(at).count(),
    "marked": swept.count(),
    "told nobody": sum(str(pk) not in heard for pk in swept.values_list("pk", flat=True)),
    "told twice of one clock": sum(number > 1 for number in told.values()),
    "sent up": sum(ascents.values()),
    "sent up without a clock, or a clock without": len((ascents - clocks) + (clocks - ascents)),
    "broken": len([s for check in ("owners", "clocks") for s in CHECKS[check][1](at)]),
}))
"""


class Gateway(ThreadingHTTPServer):
    """Takes text messages and remembers the key and the instant of each."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.calls: list[tuple[str, float]] = []

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.server_address[1]}/send"


class _Answer(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        key = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["id"]
        self.server.calls.append((key, time.monotonic()))
        time.sleep(CALL)
        try:
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")
        except OSError:  # the caller was killed
            pass

    def log_message(self, *args) -> None:
        """Say nothing."""


@contextmanager
def gateway() -> Iterator[Gateway]:
    """Serve in a thread during the block."""
    server = Gateway()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def redis() -> Iterator[str]:
    """Run a Redis of our own, which may be flushed; yield its address."""
    command = ["redis-server", "--port", str(REDIS_PORT), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        time.sleep(0.5)
        yield f"redis://127.0.0.1:{REDIS_PORT}/0"
    finally:
        process.terminate()
        process.wait(10)


@contextmanager
def portal(environment: dict[str, str], var_dir: str) -> Iterator[subprocess.Popen]:
    """Run the product during the block, its worker ready."""
    process = subprocess.Popen(
        [sys.executable, "-m", "config.supervisor"], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL
    )
    try:
        log = Path(var_dir) / "log" / "worker.log"
        wait(lambda: log.exists() and "ready" in said(log, 0))
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def kill_worker(supervisor: int) -> float:
    """Kill the worker with its children and return the instant."""
    worker = worker_of(supervisor)
    family = [worker, *_children(worker)]
    at = time.monotonic()
    for pid in family:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return at


def _children(parent: int) -> list[int]:
    listed = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return [int(pid) for pid in listed]


def messages(run: subprocess.Popen, environment, server: Gateway, count: int) -> list[str]:
    """Publish messages, kill the worker whenever it has worked for fifteen seconds; return what is wrong."""
    started, kills = time.monotonic(), []
    log = Path(environment["VAR_DIR"]) / "log" / "worker.log"
    starts = said(log, 0).count(" ready.")
    alive_since = started
    python(environment, PUBLISH.format(name="kills", count=count))
    while len({key for key, _ in server.calls}) < count or int(python(environment, WAITING)):
        if time.monotonic() - started > 1_200:
            break
        if said(log, 0).count(" ready.") > starts:  # the next one has come up
            starts, alive_since = starts + 1, time.monotonic()
        if alive_since and time.monotonic() - alive_since >= EVERY:
            kills.append(kill_worker(run.pid))
            alive_since = 0.0
        time.sleep(0.2)
    calls = list(server.calls)
    sent, wrong = Counter(key for key, _ in calls), []
    twice = [key for key, number in sent.items() if number > 1]
    lost = count - len(sent)
    # In flight: handed over just before a kill, so that nobody could note it any more.
    first = dict(reversed(calls))
    idle = [key for key in twice if not any(-0.05 <= kill - first[key] <= 1.0 for kill in kills)]
    say(
        f"  {count:,} messages in {time.monotonic() - started:.0f} s, worker killed {len(kills)} times: {lost} lost, "
        f"{len(twice)} sent twice ({len(twice) / count:.2%}), of these {len(idle)} that were not in flight"
    )
    if lost:
        wrong.append(f"{lost} messages lost")
    if len(twice) > count * TWICE:
        wrong.append(f"{len(twice)} messages sent twice")
    if idle:
        wrong.append(f"{len(idle)} messages sent twice that were not in flight")
    if len(kills) < 3:
        wrong.append("too few kills to say anything")
    return wrong


def flushed(environment, server: Gateway, count: int) -> list[str]:
    """Flush Redis right after publishing and once more in the middle; return what is wrong."""
    server.calls.clear()
    started = time.monotonic()
    python(environment, PUBLISH.format(name="flushed", count=count))
    _flush()
    again = False
    while len({key for key, _ in server.calls}) < count and time.monotonic() - started < FLUSHED_WITHIN * 2:
        if not again and len(server.calls) > count // 2:
            again = True
            _flush()
        time.sleep(0.1)
    taken = max((at for _, at in server.calls), default=0) - started
    sent = len({key for key, _ in server.calls})
    say(f"  {count:,} messages, Redis flushed twice: {sent:,} sent within {taken:.0f} s")
    return [] if sent == count and taken <= FLUSHED_WITHIN else [f"{count - sent} messages not sent in five minutes"]


def _flush() -> None:
    subprocess.run(["redis-cli", "-p", str(REDIS_PORT), "flushall"], check=True, stdout=subprocess.DEVNULL)


def cases(environment, var_dir: str, count: int) -> list[str]:
    """Load cases that are late, let the product mark them, kill its worker three times; return what is wrong."""
    python(environment, CASES.replace("COUNT", str(count)))
    kills, stages = 0, {}
    before = int(python(environment, MARKED))
    with portal(environment, var_dir) as run:
        started = time.monotonic()
        while time.monotonic() - started < 900:
            found = int(python(environment, MARKED))
            if kills < 3 and found > before:
                kill_worker(run.pid)
                kills += 1
                say(f"  {time.monotonic() - started:6.1f} s  killed, {found - before:,} clocks marked since")
                before = found
            stages = json.loads(python(environment, STAGES)) if kills == 3 else {"late and not marked": 1}
            if not stages["late and not marked"]:
                break
            time.sleep(0.2)
    say(f"  {count:,} cases in {time.monotonic() - started:.0f} s: {stages}")
    return [f"{name}: {number}" for name, number in stages.items() if number and name not in ("marked", "sent up")] + (
        [] if kills == 3 else ["the worker was not killed three times"]
    )


def main() -> int:
    """Run the three and say what was seen."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=10_000)
    parser.add_argument("--cases", type=int, default=5_000)
    parser.add_argument("--only", nargs="*", choices=("messages", "cases"), default=("messages", "cases"))
    options = parser.parse_args()
    if shutil.which("redis-server") is None:
        say("redis-server was not found.")
        return 2
    wrong: list[str] = []
    with tempfile.TemporaryDirectory(prefix="portal-kills-") as folder, redis() as broker, gateway() as server:
        worlds = Worlds(Path(folder))
        if "postgresql" not in worlds.names:
            say("No PostgreSQL was found.")
            return 2
        try:
            for name in options.only:
                var_dir = f"{folder}/run-{name}"
                environment = worlds.world("postgresql", f"rosters {name}") | {
                    "VAR_DIR": var_dir,
                    "MEDIA_ROOT": f"{var_dir}/media",
                    "PORT": str(PORTAL_PORT),
                    "LOG_LEVEL": "INFO",
                    "DJANGO_SETTINGS_MODULE": "config.settings",
                    "REDIS_URL": broker,
                    "NOTIFY_SMS_URL": server.url,
                }
                say(name)
                if name == "messages":
                    with portal(environment, var_dir) as run:
                        wrong += messages(run, environment, server, options.messages)
                        wrong += flushed(environment, server, max(options.messages // 5, 10))
                else:
                    wrong += cases(environment, var_dir, options.cases)
        finally:
            worlds.drop()
    say("\n".join(wrong) or "everything as it should be")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
