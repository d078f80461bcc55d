"""What stands beside a driver in a row: the firm, the vehicle, the licence. Found where known, made where new."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from django.db.models import Q

from foundation.protection.canonical import name_key
from members.choices import Coverage, EnterpriseKind, Fate, PlateColour, VehicleStatus
from members.models import Credential, Driver, DriverVehicle, Enterprise, Vehicle
from members.roster import bulk
from members.roster.apply.ahead import REST_OF_CREDENTIAL, Ahead, kind_of
from members.roster.plan import Candidate
from members.rules.people import credential_index

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


class Belongings:
    """Finds and makes what rows name beside their drivers; `made` (ordinal → keys) gets what was made."""

    def __init__(self, ahead: Ahead, *, default_committee_id: int, at: datetime, today: date) -> None:
        self._ahead = ahead
        self._default_committee_id = default_committee_id
        self._at = at
        self._today = today
        self._firm_keys: dict[str, str] = {}  # many drivers, few firms

    def enterprises(self, rows: Sequence[Candidate], made: dict[int, dict]) -> dict[int, int]:
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
        name = values["enterprise_name"]
        key = self._firm_keys.get(name)
        if key is None:
            key = self._firm_keys[name] = name_key(name)[:120]
        return (
            key,
            values.get("uscc"),
            values.get("committee", self._default_committee_id),
        )

    def vehicles(self, rows: Sequence[Candidate], made: dict[int, dict]) -> None:
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

    def credentials(self, rows: Sequence[Candidate], made: dict[int, dict], preimages: dict[int, dict]) -> None:
        """Write the licences that rows name; `preimages` gets the numbers they had."""
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
        renumbered: list[Credential] = []
        for row in naming:
            present = held.get((row.person_id, kind_of(row, groups)))
            if present is None:
                new.append(row)
                continue
            number = row.values["credential_number"]
            preimages[row.ordinal]["credential"] = {"id": present.pk, "number": present.number}
            present.number, present.number_index, present.updated_at = number, credential_index(number), self._at
            renumbered.append(present)
        Credential.objects.bulk_create(
            renumbered,
            update_conflicts=True,
            unique_fields=["id"],
            update_fields=["number", "number_index", "updated_at"],
            batch_size=500,
        )
        ids = bulk.reserve_ids(Credential, len(new))
        for row, pk in zip(new, ids, strict=True):
            made[row.ordinal]["credential"] = pk
        late = iter(self._ahead.credentials([row for row in new if row.prepared is None], groups))
        rests = (next(late) if row.prepared is None else row.prepared.credential for row in new)
        people = ((pk, row.person_id) for row, pk in zip(new, ids, strict=True))
        bulk.insert(Credential, ("id", "driver_id"), people, ends=(REST_OF_CREDENTIAL, rests))


def colour_of(plate: str) -> str:
    """Return the colour a plate must have, where its form tells: eight characters are new energy (GA 36).

    Small ones (letter in third place) are green, large ones (letter at the end) yellow and green; else "".
    """
    if len(plate) != 8:
        return ""
    return PlateColour.GREEN if plate[2].isalpha() else PlateColour.YELLOW_GREEN
