"""Processes that live and die together, tried with small real programs."""

import os
import signal
import subprocess
import sys
import textwrap
import time

import psutil
import pytest

# A leader with a child of its own, as gunicorn and celery have; both say their pid.
LEADER = """
import os, signal, subprocess, sys, time
follower = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print("pids", os.getpid(), follower.pid, flush=True)
{extra}
time.sleep(600)
"""
SUPERVISOR = """
import sys
from pathlib import Path
from config import processes
from config.processes import Child, Keeper, Supervisor
processes.GRACE = 2.0
folder = Path(sys.argv[1])
program = [sys.executable, str(folder / "leader.py")]
lock = (folder / "lock").open("w")
children = [Child("one", program), Child("two", program)]
supervisor = Supervisor(children, folder, Keeper(lock.fileno()), with_parent="--with-parent" in sys.argv)
supervisor.listen()
try:
    code = supervisor.run(lambda: True, lambda: print("ready", flush=True))
finally:
    supervisor.stop()
sys.exit(code)
"""


def wait_until(condition, seconds=15.0):
    """Return the first true answer of `condition`; fail after `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if answer := condition():
            return answer
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds} s")


def gone(pids):
    """Tell whether none of the processes runs any more (one waiting to be reaped does not run)."""
    for pid in pids:
        try:
            if psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
                return False
        except psutil.NoSuchProcess:
            continue
    return True


def logged_pids(folder, name):
    """Return all pids a child and its followers reported so far."""
    log = folder / f"{name}.log"
    lines = log.read_text().splitlines() if log.exists() else []
    return [int(pid) for line in lines if line.startswith("pids ") for pid in line.split()[1:]]


@pytest.fixture
def family(tmp_path):
    """Start a supervisor of two leaders; whatever survives a failed test is killed afterwards."""
    started = []

    def start(extra="", *arguments, prefix=()):
        (tmp_path / "leader.py").write_text(LEADER.format(extra=textwrap.dedent(extra)))
        (tmp_path / "family.py").write_text(SUPERVISOR)
        process = subprocess.Popen(
            [*prefix, sys.executable, str(tmp_path / "family.py"), str(tmp_path), *arguments],
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": os.getcwd(), "PYTHONIOENCODING": "utf-8"},
        )
        started.append(process)
        wait_until(lambda: len(logged_pids(tmp_path, "one")) == 2 and len(logged_pids(tmp_path, "two")) == 2)
        return process

    yield start
    pids = logged_pids(tmp_path, "one") + logged_pids(tmp_path, "two")
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()
    for pid in pids:
        if not gone([pid]):
            os.kill(pid, signal.SIGKILL)


def test_a_child_that_dies_is_started_again_and_its_followers_are_ended(family, tmp_path):
    process = family()
    leader, follower = logged_pids(tmp_path, "one")
    os.kill(leader, signal.SIGKILL)
    wait_until(lambda: len(logged_pids(tmp_path, "one")) == 4)
    assert gone([leader, follower])
    assert not gone(logged_pids(tmp_path, "one")[2:])
    assert not gone(logged_pids(tmp_path, "two"))
    process.send_signal(signal.SIGTERM)
    said, _ = process.communicate(timeout=15)
    assert "[one] 意外退出（信号 9），1 秒后重启（第 1 次）" in said
    assert process.returncode == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_everything_within_ten_seconds(family, tmp_path, number):
    process = family()
    begun = time.monotonic()
    process.send_signal(number)
    assert process.wait(timeout=10) == 0
    assert time.monotonic() - begun < 10
    assert gone(logged_pids(tmp_path, "one") + logged_pids(tmp_path, "two"))


def test_a_child_that_ignores_the_request_is_killed(family, tmp_path):
    process = family("signal.signal(signal.SIGTERM, signal.SIG_IGN)")
    begun = time.monotonic()
    process.send_signal(signal.SIGTERM)
    process.wait(timeout=12)
    assert 2 <= time.monotonic() - begun < 5
    assert gone(logged_pids(tmp_path, "one") + logged_pids(tmp_path, "two"))


def test_a_second_request_does_not_wait(family, tmp_path):
    process = family("signal.signal(signal.SIGTERM, signal.SIG_IGN)")
    process.send_signal(signal.SIGINT)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    process.wait(timeout=1.4)  # the grace in these tests is two seconds
    assert gone(logged_pids(tmp_path, "one") + logged_pids(tmp_path, "two"))


@pytest.mark.parametrize("extra", ["", "signal.signal(signal.SIGTERM, signal.SIG_IGN)"])
def test_nothing_is_left_when_the_supervisor_is_killed(family, tmp_path, extra):
    process = family(extra)
    process.kill()
    process.wait()
    pids = logged_pids(tmp_path, "one") + logged_pids(tmp_path, "two")
    wait_until(lambda: gone(pids), seconds=10)


def test_a_killed_keeper_is_replaced_and_the_new_one_knows_the_children(family, tmp_path):
    process = family()
    pids = logged_pids(tmp_path, "one") + logged_pids(tmp_path, "two")
    (keeper,) = [child for child in psutil.Process(process.pid).children() if child.pid not in pids]
    keeper.kill()

    def replaced():
        others = {child.pid for child in psutil.Process(process.pid).children()} - set(pids) - {keeper.pid}
        return len(others) == 1

    wait_until(replaced)
    process.kill()
    process.wait()
    wait_until(lambda: gone(pids), seconds=10)


def test_the_supervisor_ends_with_its_parent_where_asked(family, tmp_path):
    # A shell that has something to do afterwards stays as its parent.
    process = family("", "--with-parent", prefix=("sh", "-c", '"$@"; true', "sh"))
    pids = logged_pids(tmp_path, "one") + logged_pids(tmp_path, "two")
    (supervisor,) = psutil.Process(process.pid).children()
    process.kill()
    process.wait()
    wait_until(lambda: gone([supervisor.pid, *pids]), seconds=12)


def test_errors_of_a_child_reach_the_screen_and_all_lines_the_log(family, tmp_path):
    process = family("print('2026-01-01 00:00:00 ERROR worker lost its way', flush=True); print('hush', flush=True)")
    wait_until(lambda: "hush" in (tmp_path / "two.log").read_text())
    process.send_signal(signal.SIGTERM)
    said, _ = process.communicate(timeout=15)
    assert "[one] 2026-01-01 00:00:00 ERROR worker lost its way" in said
    assert "hush" not in said
    assert (tmp_path / "one.log").stat().st_mode & 0o077 == 0
