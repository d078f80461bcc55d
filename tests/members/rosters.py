"""The synthetic roster files of tests/rosters, the organisations they name, and what an import makes of them."""

import csv
import json
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

from members.roster.check import Catalogue, CheckedRow, Unit, check
from members.roster.columns import Roster, recognise
from members.roster.columns.headers import KNOWN, folded_header
from members.roster.read import read

FOLDER = Path(__file__).resolve().parents[1] / "rosters"
DIVISIONS = Path(__file__).resolve().parents[2] / "branches" / "data" / "divisions.csv"
FILES = sorted(path.name.removesuffix(".key.json") for path in FOLDER.glob("*.key.json"))
TODAY = date(2026, 11, 20)
# What only the stored registry can tell; the plan adds these.
OF_THE_PLAN = {"out_of_scope", "name_differs"}

Finding = tuple[str, int, str, str]  # sheet, row, field, code


@lru_cache
def areas() -> frozenset[str]:
    with DIVISIONS.open(encoding="utf-8") as file:
        return frozenset(row["code"] for row in csv.DictReader(file))


@lru_cache
def units() -> dict[str, Unit]:
    found: dict[str, Unit] = {}
    for name in ("committees.csv", "branches.csv"):
        with (FOLDER / name).open(encoding="utf-8-sig") as file:
            for row in csv.DictReader(file):
                parent = found.get(row["parent"])
                found[row["code"]] = Unit(
                    id=len(found) + 1,
                    code=row["code"],
                    name=row["name"],
                    short_name=row.get("short_name", ""),
                    parent_id=parent.id if parent else None,
                    is_committee=name == "committees.csv",
                    is_branch=name == "branches.csv",
                    is_territorial=name == "committees.csv",
                )
    return found


def catalogue(code: str) -> Catalogue:
    """Return the catalogue of an organisation: itself and everything beneath."""
    importing = units()[code]
    inside, beneath = {importing.id}, []
    for unit in units().values():
        if unit.parent_id in inside:
            inside.add(unit.id)
            beneath.append(unit)
    return Catalogue(importing, beneath)


@dataclass
class Outcome:
    roster: Roster
    rows: list[CheckedRow]

    @property
    def errors(self) -> list[Finding]:
        return sorted((row.sheet, row.row, field_of(label), code) for row in self.rows for label, code, _ in row.errors)

    @property
    def warnings(self) -> list[Finding]:
        return sorted(
            (row.sheet, row.row, field_of(label), code) for row in self.rows for label, code, _ in row.warnings
        )

    def at(self, row: int, sheet: str | None = None) -> CheckedRow:
        return next(checked for checked in self.rows if checked.row == row and sheet in (None, checked.sheet))


def field_of(label: str) -> str:
    return KNOWN[folded_header(label)][0]


def outcome_of(path: Path, organization: str = "510100", mapping: dict[str, str] | None = None) -> Outcome:
    with read(path) as workbook:
        roster = recognise(workbook, mapping)
        return Outcome(roster, list(check(roster, catalogue(organization), today=TODAY, areas=areas())))


def key_of(name: str) -> dict:
    return json.loads((FOLDER / f"{name}.key.json").read_text(encoding="utf-8"))


def findings_of(entries: list[dict]) -> list[Finding]:
    return sorted(
        (entry["sheet"], entry["row"], field_of(entry["column"]), entry["code"])
        for entry in entries
        if entry["code"] not in OF_THE_PLAN
    )
