"""Loading the reference tables: divisions (GB/T 2260) and the official calendar."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from datetime import date
from pathlib import Path

DATA = Path(__file__).resolve().parent / "data"


def division_rows(path: Path = DATA / "divisions.csv") -> Iterable[dict]:
    """Yield the field values of each division of a CSV file (`code,name,level,parent`), parents first."""
    with path.open(encoding="utf-8-sig", newline="") as handle:
        for row in csv.DictReader(handle):
            yield {"code": row["code"], "name": row["name"], "level": row["level"], "parent_id": row["parent"] or None}


def workday_rows(path: Path = DATA / "workdays.csv") -> Iterable[dict]:
    """Yield the field values of each day of a CSV file (`date,is_workday,note`)."""
    with path.open(encoding="utf-8-sig", newline="") as handle:
        for row in csv.DictReader(handle):
            yield {
                "date": date.fromisoformat(row["date"]),
                "is_workday": row["is_workday"] == "1",
                "note": row["note"],
                "source": "国务院办公厅关于部分节假日安排的通知",
            }


def load_shipped(division, workday) -> None:
    """Write the shipped rows of both tables; rows that exist stay as they are. Four statements or so."""
    by_level: dict[str, list] = {}
    for row in division_rows():
        by_level.setdefault(row["level"], []).append(division(**row))
    for rows in by_level.values():
        division._base_manager.bulk_create(rows, batch_size=1000, ignore_conflicts=True)
    workday._base_manager.bulk_create(
        [workday(**row) for row in workday_rows()], batch_size=1000, ignore_conflicts=True
    )
