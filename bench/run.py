"""`python -m bench.run`: measure everything, print one table, write it to docs/benchmarks/.

`--quick` takes 10,000 rows and under three minutes. `--only r1 r4` picks cases (r1 with r2, r5 with r6, m1 with m2 and
m3). PostgreSQL is looked for at BENCH_DATABASE_URL (else TEST_DATABASE_URL); without it only SQLite is measured, and
the table says so.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

from bench.cases import CASES, Line, Scene
from bench.measure import ROOT, machine, versions
from bench.world import worlds

PACKAGES = (
    "Django", "psycopg2-binary", "python-calamine", "cryptography", "orjson", "django-import-export",
    "tablib", "openpyxl",
)  # fmt: skip
HEAD = ("case", "ours", "stock way", "limit", "ratio", "peak memory", "runs", "target", "reached")


def main() -> int:
    """Measure, print, write. The exit code says only whether it ran through."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", nargs="*", choices=sorted(CASES), default=sorted(CASES))
    parser.add_argument("--runs", type=int, default=None, help="runs of each piece, default 3 (quick: 1)")
    parser.add_argument("--comment", default="", help="a sentence that is written below the table")
    options = parser.parse_args()
    started = time.monotonic()
    lines: list[Line] = []
    here = machine()
    with worlds() as found, tempfile.TemporaryDirectory(prefix="portal-bench-files-") as folder:
        os.environ.update(found.base)  # for the files that are generated here
        scene = Scene(found, Path(folder), options.quick, options.runs or (1 if options.quick else 3))
        if "postgresql" not in found.names:
            scene.note.append("No PostgreSQL was found: SQLite only, without the limit.")
        for name in options.only:
            say(f"{name} …")
            for line in CASES[name](scene):
                lines.append(line)
                say("  " + " | ".join(cells(line)))
    minutes = (time.monotonic() - started) / 60
    text = page(lines, scene, here, minutes, options.comment)
    say("\n" + text)
    folder = ROOT / "docs" / "benchmarks"
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{date.today().isoformat()}{'-quick' if options.quick else ''}.md"
    if sorted(options.only) == sorted(CASES):
        (folder / name).write_text(text, encoding="utf-8")
        if not options.quick:
            (folder / "latest.md").write_text(text, encoding="utf-8")
    return 0


def cells(line: Line) -> tuple[str, ...]:
    """Return a line as the cells of the table."""
    reached = "–" if line.reached is None else "yes" if line.reached else "no"
    return line.case, line.ours, line.peer, line.limit, line.ratio, line.peak, str(line.runs), line.target, reached


def page(lines: list[Line], scene: Scene, here: str, minutes: float, comment: str) -> str:
    """Return the page with the table."""
    rows = [HEAD, tuple("---" for _ in HEAD), *(cells(line) for line in lines)]
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    notes = "\n".join(f"- {note}" for note in scene.note)
    return (
        f"""# Benchmarks, {date.today().isoformat()}{" (quick)" if scene.quick else ""}

Measured by `make bench{"-quick" if scene.quick else ""}` in {minutes:.0f} minutes. {here}.
{versions(PACKAGES)}.
Ours, stock way and limit ran by turns on the same data; figures are medians, memory the highest (worker + parser).
Stock way: django-import-export into one flat table with a dry run and a real run, without encryption, staging or audit;
for lists the admin's change list. Limit: parsing the file and COPY of the finished rows into the indexed tables (R1),
into a table without an index (R2), the bare statement (R5).

{table}

{notes}
{comment}
""".rstrip()
        + "\n"
    )


def say(text: str) -> None:
    """Print at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
