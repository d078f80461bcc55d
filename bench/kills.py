"""`python -m bench.kills [--rows N] [--db sqlite|postgresql]`: an import whose worker is killed once in each phase.

The product runs as its supervisor starts it (web, worker, beat). The worker is killed with SIGKILL when its log shows a
phase; the supervisor starts another, and the product's own sweep alone heals the batch. Afterwards `canonical_dump`
must equal that of an undisturbed run on a fresh database. Prints what was killed when, and the seconds; exit code 1
when the two differ. Minutes, not seconds: a reading that died is found when its lease of two minutes is over.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.measure import ROOT
from bench.world import Worlds

# What the log says → which time it is said that the worker dies.
DEATHS = (
    ("phase=parse", 1),
    ("phase=plan", 1),
    ("phase=staged", 3),
    ("phase=apply", 1),
    ("phase=chunk", 2),
    ("phase=finish", 1),
)
UPLOAD = """
import django; django.setup()
from branches.models import Organization
from members.workflow.imports import upload
with open({file!r}, "rb") as content:
    batch = upload(None, Organization.objects.get(code="510100"), content, "roster.xlsx", apply_at_once=True)
print(batch.pk)
"""
ROSTER = """
import django; django.setup()
from dashboard.demo.rosters import write_roster
write_roster({file!r}, {rows}, 7)
"""
STATUS = """
import django; django.setup()
from members.models import RosterImport
print(RosterImport.objects.order_by("-pk").values_list("status", flat=True)[0])
"""
PATIENCE = 1_800


def main() -> int:
    """Run both imports on each database and compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--db", nargs="*", default=["sqlite", "postgresql"])
    options = parser.parse_args()
    differ = False
    with tempfile.TemporaryDirectory(prefix="portal-kills-") as folder:
        found = Worlds(Path(folder))
        try:
            os.environ.update(found.base)
            file = Path(folder) / "roster.xlsx"
            script = ROSTER.format(file=str(file), rows=options.rows)
            python(found.base, script)
            for database in [name for name in options.db if name in found.names]:
                dumps = []
                for kind in ("undisturbed", "killed"):
                    environment = found.world(database, "rosters" if kind == "undisturbed" else "rosters again")
                    seconds = imported(environment, file, deaths=DEATHS if kind == "killed" else ())
                    dumps.append(dump(environment, Path(folder) / f"{database}-{kind}.txt"))
                    say(f"{database}, {kind}: {options.rows:,} rows in {seconds:.0f} s, {lines(dumps[-1]):,} lines")
                same = dumps[0].read_bytes() == dumps[1].read_bytes()
                differ |= not same
                say(f"{database}: the two are {'equal' if same else 'NOT equal'}")
        finally:
            found.drop()
    return int(differ)


def imported(environment: dict[str, str], file: Path, *, deaths) -> float:
    """Start the product, upload the file, kill the worker as told, wait for the end; return the seconds it took."""
    with tempfile.TemporaryDirectory(prefix="portal-kills-var-") as var_dir:
        own = environment | {
            "VAR_DIR": var_dir,
            "MEDIA_ROOT": f"{var_dir}/media",
            "PORT": "8931",
            "LOG_LEVEL": "INFO",
            "DJANGO_SETTINGS_MODULE": "config.settings",
        }
        portal = subprocess.Popen(
            [sys.executable, "-m", "config.supervisor"], cwd=ROOT, env=own, stdout=subprocess.DEVNULL
        )
        try:
            log = Path(var_dir) / "log" / "worker.log"
            wait(lambda: log.exists() and "ready" in said(log, 0))
            started = time.monotonic()
            python(own, UPLOAD.format(file=str(file)))
            read = 0
            for words, nth in deaths:
                wait(lambda words=words, nth=nth, read=read: said(log, read).count(words) >= nth)
                os.kill(worker_of(portal.pid), signal.SIGKILL)
                say(f"  {time.monotonic() - started:6.1f} s  killed at {words}")
                time.sleep(0.5)  # what the dead one had written arrives
                read = len(said(log, 0))
            wait(lambda: python(own, STATUS).strip() in ("done", "failed"), every=2)
            return time.monotonic() - started
        finally:
            portal.send_signal(signal.SIGTERM)
            portal.wait(60)


def said(log: Path, since: int) -> str:
    """Return what the log of the worker says from a place on."""
    return log.read_text("utf-8", "replace")[since:]


def worker_of(supervisor: int) -> int:
    """Return the process of the worker that the supervisor started."""
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            command = (entry / "cmdline").read_bytes()
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError):
            continue
        if parent == supervisor and b"celery" in command and b"worker" in command:
            return int(entry.name)
    raise RuntimeError("no worker is running")


def dump(environment: dict[str, str], path: Path) -> Path:
    """Write the canonical dump without the batches themselves: how often one was started is no business row."""
    text = subprocess.run(
        [sys.executable, "manage.py", "canonical_dump"],
        cwd=ROOT,
        env=environment | {"DJANGO_SETTINGS_MODULE": "config.settings"},
        capture_output=True,
        check=True,
    ).stdout
    path.write_bytes(text)
    return path


def lines(path: Path) -> int:
    """Return how many lines a file has."""
    return path.read_bytes().count(b"\n")


def python(environment: dict[str, str], script: str) -> str:
    """Run a few lines with the product's settings and return what they print."""
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return done.stdout


def wait(until, *, every: float = 0.05) -> None:
    """Wait until something holds; raise after half an hour."""
    deadline = time.monotonic() + PATIENCE
    while not until():
        if time.monotonic() > deadline:
            raise TimeoutError("waited for half an hour")
        time.sleep(every)


def say(text: str) -> None:
    """Print at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
