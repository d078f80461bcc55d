"""One measurement is one process: its time, its memory and its processor seconds are its own."""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@dataclass
class Run:
    """What one process reports of itself."""

    seconds: float
    cpu: float  # processor seconds of the process, its children and its database backend
    peak_mb: int
    child_peak_mb: int
    rest_mb: int  # of the process before it began: Django and our modules
    told: dict


@dataclass
class Series:
    """Runs of the same thing."""

    runs: list[Run] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """The median."""
        return statistics.median(run.seconds for run in self.runs)

    @property
    def cpu(self) -> float:
        """The median."""
        return statistics.median(run.cpu for run in self.runs)

    @property
    def peak_mb(self) -> int:
        """The highest."""
        return max(run.peak_mb for run in self.runs)

    @property
    def child_peak_mb(self) -> int:
        """The highest."""
        return max(run.child_peak_mb for run in self.runs)

    @property
    def told(self) -> dict:
        """What the last run said."""
        return self.runs[-1].told


def run(environment: dict[str, str], name: str, **arguments: object) -> Run:
    """Do one piece of work of `bench.work` in a process of its own. Raises RuntimeError with what it wrote."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.work", name, json.dumps(arguments)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    lines = done.stdout.strip().splitlines()
    if done.returncode or not lines:
        raise RuntimeError(f"{name}: {done.stderr[-3000:]}")
    report = json.loads(lines[-1])
    return Run(
        report["seconds"], report["cpu"], report["peak_mb"], report["child_peak_mb"], report["rest_mb"], report["told"]
    )


def interleaved(times: int, pieces: dict[str, Callable[[], Run]]) -> dict[str, Series]:
    """Run the pieces by turns, so many times each: what slows the machine for a while slows all of them."""
    found = {name: Series() for name in pieces}
    for _ in range(times):
        for name, piece in pieces.items():
            found[name].runs.append(piece())
    return found


def machine() -> str:
    """Return what the figures were measured on: kernel, cores, memory, load."""
    pages, size = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    return (
        f"{platform.system()} {platform.release().split('-')[0]}, {os.cpu_count()} cores, "
        f"{pages * size / 2**30:.0f} GiB; load average {load}"
    )


def versions(names: Iterable[str]) -> str:
    """Return the versions of the packages that matter."""
    from importlib.metadata import version

    return ", ".join([f"Python {platform.python_version()}", *(f"{name} {version(name)}" for name in names)])
