"""Fifth stage: a chunk of planned rows becomes registry rows, with one line result each, in the caller's transaction.

Set-based: new rows go in by COPY (PostgreSQL) or one prepared statement (SQLite), changed ones by one upsert per
table. The unique constraint on the line results makes applying a row twice impossible.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

import orjson
from django.db.models import Q

from foundation.protection.canonical import name_key
from foundation.protection.seal import blinder, sealer, tail
from members.choices import Coverage, EnterpriseKind, Fate, PlateColour, Source, VehicleStatus, WorkStatus
from members.models import Credential, Driver, DriverVehicle, Enterprise, Person, RosterResult, Vehicle
from members.roster import bulk
from members.roster.plan import Candidate, credential_kind
from members.roster.staging import reopened
from members.rules.people import (
    CREDENTIAL,
    ID_NUMBER,
    PHONE,
    born_and_sex,
    credential_index,
    name_columns,
    phone_columns,
)

_PERSON_FIELDS = (
    "name",
    "name_key",
    "given_key",
    "initials",
    "phone",
    "phone_index",
    "phone_tail",
    "ethnicity",
    "is_veteran",
)
_DRIVER_FIELDS = (
    "registering_committee_id",
    "group",
    "enterprise_id",
    "work_status",
    "operating_from_date",
    "operating_until_date",
    "driving_class",
    "declared_political_status",
    "declared_branch_id",
    "declared_joined",
    "union_member",
    "remarks",
)
# Fields of the driver whose column holds the value of the row as it is.
_PLAIN_FIELDS = (
    "group",
    "driving_class",
    "declared_political_status",
    "declared_joined",
    "remarks",
    "work_status",
)
_NEW_PERSON = (
    "id",
    *_PERSON_FIELDS,
    "sex",
    "birth_date",
    "id_number",
    "id_number_index",
    "id_number_tail",
    "address",
    "version",
    "created_at",
    "updated_at",
)
_NEW_DRIVER = ("person_id", *_DRIVER_FIELDS, "employment", "source", "version", "created_at", "updated_at")
_NEW_VEHICLE = (
    "id",
    "plate",
    "colour",
    "kind",
    "transport_certificate",
    "registering_committee_id",
    "status",
    "version",
    "created_at",
    "updated_at",
)
_NEW_CREDENTIAL = ("id", "driver_id", "kind", "number", "number_index", "created_at", "updated_at")
_NEW_ENTERPRISE = (
    "id",
    "name",
    "name_key",
    "uscc",
    "kind",
    "ownership",
    "committee_id",
    "coverage",
    "version",
    "created_at",
    "updated_at",
)
_RESULT = ("roster_import_id", "ordinal", "person_id", "fate", "preimage", "made", "undone")


class Applier:
    """Applies chunks of one import. `default_committee_id` takes new drivers whose row names no county."""

    def __init__(self, *, import_id: int, default_committee_id: int, at: datetime, today: date) -> None:
        self._import_id = import_id
        self._default_committee_id = default_committee_id
        self._at = at
        self._today = today
        self._tails: dict[tuple[str, str], int] = {}  # there are few different last four characters

    def prepare(self, staged: Iterable[tuple]) -> list[Candidate]:
        """Open staged rows and make of those to be created what needs no database. May run in another thread."""
        rows = reopened(staged)
        seal_id, seal_phone = sealer(_aad(Person, "id_number")), sealer(_aad(Person, "phone"))
        seal_credential, blind_credential = sealer(_aad(Credential, "number")), blinder(CREDENTIAL)
        for row in rows:
            if row.fate != Fate.CREATED:
                continue
            values = row.values
            number, phone, credential = values["id_number"], values.get("phone", ""), values.get("credential_number")
            born = born_and_sex(number)
            row.prepared = (
                (
                    *name_columns(values["name"]).values(),
                    seal_phone(phone) if phone else "",
                    row.phone_index,
                    self._tail(phone, PHONE) if phone else None,
                    values.get("ethnicity", ""),
                    values.get("veteran"),
                    born["sex"],
                    born["birth_date"],
                    seal_id(number),
                    row.id_index,
                    self._tail(number, ID_NUMBER),
                    "",
                    1,
                    self._at,
                    self._at,
                ),
                (seal_credential(credential), blind_credential(credential)) if credential else None,
            )
        return rows

    def _tail(self, text: str, purpose: str) -> int:
        key = (purpose, text[-4:])
        found = self._tails.get(key)
        if found is None:
            found = self._tails[key] = tail(text, purpose)
        return found

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
        enterprises = self._enterprises(work, made)
        created = [row for row in work if row.fate == Fate.CREATED]
        self._create(created, enterprises)
        self._update([row for row in work if row.fate == Fate.UPDATED], enterprises, made, preimages)
        self._vehicles(work, made)
        self._credentials(work, made, preimages)
        for row in created:
            made[row.ordinal]["person_version"] = made[row.ordinal]["driver_version"] = 1
        seal_preimage = sealer(_aad(RosterResult, "preimage"))
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
        bulk.insert(Person, _NEW_PERSON, ((row.person_id, *row.prepared[0]) for row in rows))
        bulk.insert(Driver, _NEW_DRIVER, (self._new_driver(row, enterprises) for row in rows))

    def _new_driver(self, row: Candidate, enterprises: dict[int, int]) -> tuple:
        values = row.values
        on_duty = values.get("work_status") == WorkStatus.ON_DUTY
        return (
            row.person_id,
            values.get("committee", self._default_committee_id),
            values.get("group", ""),
            enterprises.get(row.ordinal),
            values.get("work_status", ""),
            self._today if on_duty else None,
            None,
            values.get("driving_class", ""),
            values.get("declared_political_status", ""),
            values.get("declared_branch"),
            values.get("declared_joined", ""),
            values.get("union_member"),
            values.get("remarks", ""),
            "",
            Source.ROSTER,
            1,
            self._at,
            self._at,
        )

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
            update_fields=[*_PERSON_FIELDS, "version", "updated_at"],
            batch_size=500,
        )
        if drivers:
            Driver._base_manager.bulk_create(
                drivers.values(),
                update_conflicts=True,
                unique_fields=["person_id"],
                update_fields=[name.removesuffix("_id") for name in _DRIVER_FIELDS] + ["version", "updated_at"],
                batch_size=500,
            )
        bulk.insert(Driver, _NEW_DRIVER, (self._new_driver(row, enterprises) for row in newly_registered))

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
        changes: dict[str, Any] = {
            code: values[code]
            for code in (
                "group",
                "driving_class",
                "declared_political_status",
                "declared_joined",
                "remarks",
                "work_status",
            )
            if code in row.changed
        }
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

    # --- firms, vehicles, licences ----------------------------------------------------------------------------------

    def _enterprises(self, rows: Sequence[Candidate], made: dict[int, dict]) -> dict[int, int]:
        """Return the firm of each row that names a new one for its driver; make those that are not registered yet."""
        naming = [
            row
            for row in rows
            if "enterprise_name" in row.values
            and (row.fate == Fate.CREATED or "enterprise_name" in row.changed or "registration" in row.changed)
        ]
        if not naming:
            return {}
        wanted = {row.ordinal: self._firm(row) for row in naming}
        codes = {uscc for _, uscc, _ in wanted.values() if uscc}
        keys = {key for key, _, _ in wanted.values()}
        committees = {committee for _, _, committee in wanted.values()}
        by_code: dict[str, int] = {}
        by_name: dict[tuple[int, str], tuple[int, str | None]] = {}
        same = Q(name_key__among=keys, committee_id__in=committees)
        found = Enterprise._base_manager.filter(Q(uscc__among=codes) | same if codes else same)
        for pk, uscc, key, committee in found.order_by("pk").values_list("pk", "uscc", "name_key", "committee_id"):
            if uscc:
                by_code.setdefault(uscc, pk)
            by_name.setdefault((committee, key), (pk, uscc))
        chosen: dict[int, int] = {}
        new: list[tuple[Candidate, str, str | None, int]] = []
        for row in naming:
            key, uscc, committee = wanted[row.ordinal]
            same_name = by_name.get((committee, key))
            pk = by_code.get(uscc) if uscc else None
            if pk is None and same_name and not (uscc and same_name[1]):
                pk = same_name[0]
            if pk is None:
                pk = -len(new) - 1  # until the keys are reserved
                new.append((row, key, uscc, committee))
                by_name.setdefault((committee, key), (pk, uscc))
                if uscc:
                    by_code[uscc] = pk
            chosen[row.ordinal] = pk
        keys_of_new = bulk.reserve_ids(Enterprise, len(new))
        for pk, (row, *_) in zip(keys_of_new, new, strict=True):
            made[row.ordinal]["enterprise"] = pk
        bulk.insert(
            Enterprise,
            _NEW_ENTERPRISE,
            (
                (
                    pk,
                    row.values["enterprise_name"],
                    key,
                    uscc,
                    EnterpriseKind.OTHER,
                    "",
                    committee,
                    Coverage.NONE,
                    1,
                    self._at,
                    self._at,
                )
                for pk, (row, key, uscc, committee) in zip(keys_of_new, new, strict=True)
            ),
        )
        return {ordinal: pk if pk > 0 else keys_of_new[-pk - 1] for ordinal, pk in chosen.items()}

    def _firm(self, row: Candidate) -> tuple[str, str | None, int]:
        """Return how the firm of a row is looked for: folded name, code, committee."""
        values = row.values
        return (
            name_key(values["enterprise_name"])[:120],
            values.get("uscc"),
            values.get("committee", self._default_committee_id),
        )

    def _vehicles(self, rows: Sequence[Candidate], made: dict[int, dict]) -> None:
        """Add the vehicles that rows name beside those their drivers have; none is ended by a roster."""
        naming = [
            row
            for row in rows
            if "plate" in row.values
            and (row.fate == Fate.CREATED or "plate" in row.changed or "registration" in row.changed)
        ]
        if not naming:
            return
        plates = {row.values["plate"] for row in naming}
        known: dict[str, int] = {}
        active = Vehicle.objects.active().filter(plate__among=plates)
        for plate, pk in active.order_by("pk").values_list("plate", "pk"):
            known.setdefault(plate, pk)
        new: list[tuple[str, Candidate]] = []
        for row in naming:
            plate = row.values["plate"]
            if plate not in known:
                known[plate] = 0
                new.append((plate, row))
        for (plate, row), pk in zip(new, bulk.reserve_ids(Vehicle, len(new)), strict=True):
            known[plate] = made[row.ordinal]["vehicle"] = pk
        bulk.insert(
            Vehicle,
            _NEW_VEHICLE,
            (
                (
                    known[plate],
                    plate,
                    colour_of(plate),
                    "",
                    "",
                    row.values.get("committee", self._default_committee_id),
                    VehicleStatus.ACTIVE,
                    1,
                    self._at,
                    self._at,
                )
                for plate, row in new
            ),
        )
        links = bulk.reserve_ids(DriverVehicle, len(naming))
        for row, pk in zip(naming, links, strict=True):
            made[row.ordinal]["link"] = pk
        bulk.insert(
            DriverVehicle,
            ("id", "driver_id", "vehicle_id", "from_date"),
            (
                (pk, row.person_id, known[row.values["plate"]], self._today)
                for row, pk in zip(naming, links, strict=True)
            ),
        )

    def _credentials(self, rows: Sequence[Candidate], made: dict[int, dict], preimages: dict[int, dict]) -> None:
        naming = [
            row
            for row in rows
            if "credential_number" in row.values
            and (row.fate == Fate.CREATED or "credential_number" in row.changed or "registration" in row.changed)
        ]
        if not naming:
            return
        held: dict[tuple[int, str], Credential] = {}
        groups: dict[int, str] = {}
        updated = [row.person_id for row in naming if row.fate == Fate.UPDATED]
        if updated:
            for credential in Credential.objects.filter(driver_id__in=updated):
                held[credential.driver_id, credential.kind] = credential
            groups = dict(Driver._base_manager.filter(pk__in=updated).values_list("pk", "group"))
        new: list[Candidate] = []
        kinds: dict[int, str] = {}
        for row in naming:
            kind = credential_kind(row.values.get("group") or groups.get(row.person_id))
            kinds[row.ordinal] = kind
            present = held.get((row.person_id, kind))
            if present is None:
                new.append(row)
                continue
            number = row.values["credential_number"]
            preimages[row.ordinal]["credential"] = {"id": present.pk, "number": present.number}
            present.number, present.number_index = number, credential_index(number)
            present.save(update_fields=["number", "number_index", "updated_at"])
        seal, blind = sealer(_aad(Credential, "number")), blinder(CREDENTIAL)

        def sealed(row: Candidate) -> tuple[str, str]:
            if row.prepared is not None:
                return row.prepared[1]
            return seal(row.values["credential_number"]), blind(row.values["credential_number"])

        ids = bulk.reserve_ids(Credential, len(new))
        for row, pk in zip(new, ids, strict=True):
            made[row.ordinal]["credential"] = pk
        bulk.insert(
            Credential,
            _NEW_CREDENTIAL,
            (
                (pk, row.person_id, kinds[row.ordinal], *sealed(row), self._at, self._at)
                for row, pk in zip(new, ids, strict=True)
            ),
        )


def operating_dates(driver: Driver, work_status: str, today: date) -> dict[str, date | None]:
    """Return what a new work status says of the period of actual operation. Pure."""
    running = driver.operating_from_date is not None and driver.operating_until_date is None
    if work_status == WorkStatus.ON_DUTY and not running:
        return {"operating_from_date": today, "operating_until_date": None}
    if work_status != WorkStatus.ON_DUTY and running:
        return {"operating_until_date": max(today, driver.operating_from_date)}
    return {}


def colour_of(plate: str) -> str:
    """Return the colour a plate must have, where its form tells: eight characters are new energy (GA 36).

    Small ones (letter in third place) are green, large ones (letter at the end) yellow and green; else "".
    """
    if len(plate) != 8:
        return ""
    return PlateColour.GREEN if plate[2].isalpha() else PlateColour.YELLOW_GREEN


def _changes(instance: Any, changes: dict[str, Any]) -> dict[str, Any]:
    """Set the changes and return what stood there before."""
    before = {name: getattr(instance, name) for name in changes}
    for name, value in changes.items():
        setattr(instance, name, value)
    return before


def _aad(model: Any, name: str) -> str:
    return model._meta.get_field(name).aad
