"""Fifth stage: a chunk of planned rows becomes registry rows, with one line result each, in the caller's transaction.

Set-based: new rows go in by COPY (PostgreSQL) or one prepared statement (SQLite), changed ones by one upsert per
table. The unique constraint on the line results makes applying a row twice impossible.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

import orjson

from foundation.protection.seal import sealer
from members.choices import Fate, WorkStatus
from members.models import Driver, Person, RosterResult
from members.roster import bulk
from members.roster.apply.ahead import DRIVER_FIELDS, PERSON_FIELDS, REST_OF_DRIVER, REST_OF_PERSON, Ahead, aad
from members.roster.apply.belongings import Belongings, colour_of
from members.roster.plan import Candidate
from members.rules.people import name_columns, phone_columns

__all__ = ["Applier", "colour_of", "operating_dates"]

# Fields of the driver whose column holds the value of the row as it is.
_PLAIN_FIELDS = (
    "group",
    "driving_class",
    "declared_political_status",
    "declared_joined",
    "remarks",
    "work_status",
)
_RESULT = ("roster_import_id", "ordinal", "person_id", "fate", "preimage", "made", "undone")


class Applier:
    """Applies chunks of one import. `default_committee_id` takes new drivers whose row names no county."""

    def __init__(self, *, import_id: int, default_committee_id: int, at: datetime, today: date) -> None:
        self._import_id = import_id
        self._today = today
        self._ahead = Ahead(default_committee_id=default_committee_id, at=at, today=today)
        self._belongings = Belongings(self._ahead, default_committee_id=default_committee_id, at=at, today=today)
        # Opens staged rows and makes ready what needs no database; may run in another thread.
        self.prepare = self._ahead.prepare

    def apply(self, rows: Sequence[Candidate]) -> int:
        """Write the created and updated rows of a chunk from `prepare` and their line results; return how many.

        About two dozen statements per call. Must run in a transaction; raises IntegrityError when somebody else
        registered one of the people since the plan was checked.
        """
        work = [row for row in rows if row.fate in (Fate.CREATED, Fate.UPDATED)]
        if not work:
            return 0
        made: dict[int, dict[str, Any]] = {row.ordinal: {} for row in work}
        preimages: dict[int, dict[str, Any]] = {}
        enterprises = self._belongings.enterprises(work, made)
        created = [row for row in work if row.fate == Fate.CREATED]
        self._create(created, enterprises)
        self._update([row for row in work if row.fate == Fate.UPDATED], enterprises, made, preimages)
        self._belongings.vehicles(work, made)
        self._belongings.credentials(work, made, preimages)
        for row in created:
            made[row.ordinal]["person_version"] = made[row.ordinal]["driver_version"] = 1
        seal_preimage = sealer(aad(RosterResult, "preimage"))
        bulk.insert(
            RosterResult,
            _RESULT,
            (
                (
                    self._import_id,
                    row.ordinal,
                    row.person_id,
                    row.fate,
                    seal_preimage(orjson.dumps(preimages[row.ordinal]).decode()) if row.ordinal in preimages else "",
                    made[row.ordinal],
                    "",
                )
                for row in work
            ),
        )
        return len(work)

    # --- new people -------------------------------------------------------------------------------------------------

    def _create(self, rows: Sequence[Candidate], enterprises: dict[int, int]) -> None:
        for row, pk in zip(rows, bulk.reserve_ids(Person, len(rows)), strict=True):
            row.person_id = pk
        people = (row.prepared.person for row in rows)
        bulk.insert(Person, ("id",), ((row.person_id,) for row in rows), ends=(REST_OF_PERSON, people))
        self._register(rows, enterprises, (row.prepared.driver for row in rows))

    def _register(self, rows: Sequence[Candidate], enterprises: dict[int, int], rests: Iterable[bulk.Line]) -> None:
        """Make drivers of people."""
        firms = ((row.person_id, enterprises.get(row.ordinal)) for row in rows)
        bulk.insert(Driver, ("person_id", "enterprise_id"), firms, ends=(REST_OF_DRIVER, rests))

    # --- people already registered ----------------------------------------------------------------------------------

    def _update(
        self,
        rows: Sequence[Candidate],
        enterprises: dict[int, int],
        made: dict[int, dict],
        preimages: dict[int, dict],
    ) -> None:
        if not rows:
            return
        keys = [row.person_id for row in rows]
        people = Person._base_manager.in_bulk(keys)
        drivers = Driver._base_manager.in_bulk(keys)
        newly_registered = []
        for row in rows:
            person = people[row.person_id]
            before: dict[str, Any] = {"person": _changes(person, self._person_changes(row))}
            person.version += 1
            made[row.ordinal]["person_version"] = person.version
            driver = drivers.get(row.person_id)
            if driver is None:
                newly_registered.append(row)
                before["driver"] = None
                made[row.ordinal]["driver_version"] = 1
            else:
                before["driver"] = _changes(driver, self._driver_changes(row, driver, enterprises))
                driver.version += 1
                made[row.ordinal]["driver_version"] = driver.version
            preimages[row.ordinal] = before
        Person._base_manager.bulk_create(
            people.values(),
            update_conflicts=True,
            unique_fields=["id"],
            update_fields=[*PERSON_FIELDS, "version", "updated_at"],
            batch_size=500,
        )
        if drivers:
            Driver._base_manager.bulk_create(
                drivers.values(),
                update_conflicts=True,
                unique_fields=["person_id"],
                update_fields=[name.removesuffix("_id") for name in DRIVER_FIELDS] + ["version", "updated_at"],
                batch_size=500,
            )
        self._register(newly_registered, enterprises, self._ahead.drivers(newly_registered))

    def _person_changes(self, row: Candidate) -> dict[str, Any]:
        values, changes = row.values, {}
        if "name" in row.changed:
            changes |= name_columns(values["name"])
        if "phone" in row.changed:
            changes |= phone_columns(values["phone"])
        if "ethnicity" in row.changed:
            changes["ethnicity"] = values["ethnicity"]
        if "veteran" in row.changed:
            changes["is_veteran"] = values["veteran"]
        return changes

    def _driver_changes(self, row: Candidate, driver: Driver, enterprises: dict[int, int]) -> dict[str, Any]:
        values = row.values
        changes: dict[str, Any] = {code: values[code] for code in _PLAIN_FIELDS if code in row.changed}
        if "union_member" in row.changed:
            changes["union_member"] = values["union_member"]
        if "committee" in row.changed:
            changes["registering_committee_id"] = values["committee"]
        if "declared_branch" in row.changed:
            changes["declared_branch_id"] = values["declared_branch"]
        if "enterprise_name" in row.changed:
            changes["enterprise_id"] = enterprises.get(row.ordinal)
        if "work_status" in row.changed:
            changes |= operating_dates(driver, values["work_status"], self._today)
        return changes


def operating_dates(driver: Driver, work_status: str, today: date) -> dict[str, date | None]:
    """Return what a new work status says of the period of actual operation. Pure."""
    running = driver.operating_from_date is not None and driver.operating_until_date is None
    if work_status == WorkStatus.ON_DUTY and not running:
        return {"operating_from_date": today, "operating_until_date": None}
    if work_status != WorkStatus.ON_DUTY and running:
        return {"operating_until_date": max(today, driver.operating_from_date)}
    return {}


def _changes(instance: Any, changes: dict[str, Any]) -> dict[str, Any]:
    """Set the changes and return what stood there before."""
    before = {name: getattr(instance, name) for name in changes}
    for name, value in changes.items():
        setattr(instance, name, value)
    return before
