"""Writing synthetic drivers with all that hangs on them: vehicles, licences, memberships; ten statements a call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from dashboard.demo.names import Synthetic
from foundation.protection.seal import sealer
from members.choices import (
    CREDENTIAL_OF_GROUP,
    AdmissionBasis,
    AffiliationKind,
    AffiliationStatus,
    Employment,
    Group,
    MemberStatus,
    PoliticalStatus,
    Source,
    VehicleKind,
    VehicleStatus,
    WorkStatus,
)
from members.models import Affiliation, Credential, Driver, DriverVehicle, PartyMember, Person, Vehicle
from members.roster import bulk
from members.rules.people import credential_index, id_number_columns, name_columns, phone_columns

ELSEWHERE = "示例省示例市示例街道党工委"
AWAY_TO = "本地跑运输"
_VEHICLE_KINDS: dict[str, str] = {
    Group.TRUCK: VehicleKind.HEAVY_TRUCK,
    Group.RIDE_HAILING: VehicleKind.CAR,
    Group.TAXI: VehicleKind.CAR,
    Group.PASSENGER: VehicleKind.BUS,
    Group.DANGEROUS_GOODS: VehicleKind.HEAVY_TRUCK,
}
_PERSON = (
    "id",
    "name",
    "name_key",
    "given_key",
    "initials",
    "sex",
    "birth_date",
    "ethnicity",
    "id_number",
    "id_number_index",
    "id_number_tail",
    "phone",
    "phone_index",
    "phone_tail",
    "address",
    "is_veteran",
    "version",
    "created_at",
    "updated_at",
)
_DRIVER = (
    "person_id",
    "registering_committee_id",
    "group",
    "employment",
    "enterprise_id",
    "work_status",
    "certified_from_date",
    "certified_until_date",
    "operating_from_date",
    "operating_until_date",
    "driving_class",
    "declared_political_status",
    "declared_branch_id",
    "declared_joined",
    "union_member",
    "remarks",
    "source",
    "last_verified_date",
    "version",
    "created_at",
    "updated_at",
)
_VEHICLE = (
    "id",
    "plate",
    "colour",
    "kind",
    "transport_certificate",
    "enterprise_id",
    "registering_committee_id",
    "status",
    "version",
    "created_at",
    "updated_at",
)
_LINK = ("id", "driver_id", "vehicle_id", "from_date")
_CREDENTIAL = (
    "id",
    "driver_id",
    "kind",
    "number",
    "number_index",
    "issued_date",
    "expires_date",
    "created_at",
    "updated_at",
)
_MEMBER = (
    "person_id",
    "status",
    "status_document",
    "basis",
    "basis_reference",
    "joined_date",
    "full_date",
    "formal_organization_id",
    "external_organization",
    "external_contact",
    "external_phone",
    "absent_since_date",
    "absent_to",
    "version",
    "created_at",
    "updated_at",
)
_AFFILIATION = (
    "id",
    "member_id",
    "organization_id",
    "kind",
    "status",
    "from_date",
    "reported_in_date",
    "end_reason",
)


@dataclass(frozen=True, slots=True)
class Placement:
    """A synthetic person and where he is put."""

    person: Synthetic
    committee_id: int
    division: str
    group: str
    work_status: str
    firm_id: int | None = None
    phone: str = ""  # another than his own: shared
    has_vehicle: bool = True
    has_credential: bool = True
    expires_date: date | None = None
    is_member: bool = False
    branch_id: int | None = None
    is_formal: bool = False  # the branch holds the formal tie; else it lies elsewhere and he takes part here

    @property
    def joined(self) -> date:
        """The day he joined the Party."""
        dice = self.person.dice
        return date(self.person.birth_date.year + 20, 1 + dice % 12, 1 + dice // 12 % 28)


def write(
    placements: Sequence[Placement], *, as_of: date, at: datetime, may_meet_others: bool = True
) -> tuple[int, int]:
    """Write those who are not registered yet and return (drivers, members) added. In the caller's transaction.

    All dates count from `as_of`. `may_meet_others` False saves the look-up of people and plates that are there already.
    """
    return _Batch(placements, as_of, at, may_meet_others=may_meet_others).write()


class _Batch:
    def __init__(self, placements: Sequence[Placement], as_of: date, at: datetime, *, may_meet_others: bool) -> None:
        self._as_of, self._at = as_of, at
        self._rows = [(placed, id_number_columns(placed.person.id_number)) for placed in placements]
        self._plates: dict[str, int] = {}
        if may_meet_others:
            self._leave_out_known()
        self._seal_id, self._seal_phone, self._seal_credential = (
            sealer(model._meta.get_field(name).aad)
            for model, name in ((Person, "id_number"), (Person, "phone"), (Credential, "number"))
        )

    def _leave_out_known(self) -> None:
        wanted = [number["id_number_index"] for _, number in self._rows]
        people = Person.objects.filter(id_number_index__in=wanted)
        known = set(people.values_list("id_number_index", flat=True))
        self._rows = [row for row in self._rows if row[1]["id_number_index"] not in known]
        plates = [placed.person.plate for placed, _ in self._rows]
        there = Vehicle.objects.active().filter(plate__in=plates).order_by("-pk")
        self._plates = dict(there.values_list("plate", "pk"))

    def write(self) -> tuple[int, int]:
        keys = bulk.reserve_ids(Person, len(self._rows))
        rows = [(pk, placed, number) for pk, (placed, number) in zip(keys, self._rows, strict=True)]
        bulk.insert(Person, _PERSON, (self._person(*row) for row in rows))
        bulk.insert(Driver, _DRIVER, (self._driver(pk, placed) for pk, placed, _ in rows))
        placed = [(pk, one) for pk, one, _ in rows]
        self._write_vehicles([(pk, one) for pk, one in placed if one.has_vehicle])
        self._write_credentials([(pk, one) for pk, one in placed if one.has_credential])
        self._write_members([(pk, one) for pk, one in placed if one.is_member])
        return len(rows), sum(one.is_member for _, one in placed)

    def _person(self, pk: int, placed: Placement, number: dict) -> tuple:
        person = placed.person
        phone = phone_columns(placed.phone or person.phone)
        return (
            pk,
            *name_columns(person.name).values(),
            person.sex,
            person.birth_date,
            person.ethnicity,
            self._seal_id(person.id_number),
            number["id_number_index"],
            number["id_number_tail"],
            self._seal_phone(phone["phone"]),
            phone["phone_index"],
            phone["phone_tail"],
            "",
            person.is_veteran,
            1,
            self._at,
            self._at,
        )

    def _driver(self, pk: int, placed: Placement) -> tuple:
        person, dice = placed.person, placed.person.dice
        certified = self._as_of - timedelta(days=200 + dice // 5 % 1900)
        operating = certified + timedelta(days=dice // 17 % 150)
        # Who is certified and has no status was never seen driving.
        has_driven = placed.work_status != ""
        stopped = has_driven and placed.work_status != WorkStatus.ON_DUTY
        political = person.political_status
        if placed.is_member:
            political = PoliticalStatus.MEMBER
        return (
            pk,
            placed.committee_id,
            placed.group,
            Employment.EMPLOYED if placed.firm_id else Employment.SELF_EMPLOYED,
            placed.firm_id,
            placed.work_status,
            certified,
            certified + timedelta(days=365 * 6),
            operating if has_driven else None,
            operating + timedelta(days=30 + dice % 20) if stopped else None,
            person.driving_class,
            political,
            placed.branch_id if placed.is_member else None,
            f"{placed.joined:%Y-%m}" if placed.is_member else "",
            person.union_member,
            "",
            Source.ROSTER,
            self._as_of - timedelta(days=dice % 700),
            1,
            self._at,
            self._at,
        )

    def _write_vehicles(self, driving: list[tuple[int, Placement]]) -> None:
        new = [placed for _, placed in driving if placed.person.plate not in self._plates]
        vehicles = []
        for vehicle, placed in zip(bulk.reserve_ids(Vehicle, len(new)), new, strict=True):
            person = placed.person
            self._plates[person.plate] = vehicle
            vehicles.append(
                (
                    vehicle,
                    person.plate,
                    person.plate_colour,
                    _VEHICLE_KINDS[placed.group],
                    f"{placed.division}{person.index:08}",
                    placed.firm_id,
                    placed.committee_id,
                    VehicleStatus.ACTIVE,
                    1,
                    self._at,
                    self._at,
                )
            )
        bulk.insert(Vehicle, _VEHICLE, vehicles)
        ids = bulk.reserve_ids(DriverVehicle, len(driving))
        links = []
        for link, (pk, placed) in zip(ids, driving, strict=True):
            since = self._as_of - timedelta(days=placed.person.dice // 5 % 900)
            links.append((link, pk, self._plates[placed.person.plate], since))
        bulk.insert(DriverVehicle, _LINK, links)

    def _write_credentials(self, holding: list[tuple[int, Placement]]) -> None:
        rows = []
        for credential, (pk, placed) in zip(bulk.reserve_ids(Credential, len(holding)), holding, strict=True):
            number, days = placed.person.credential_number, placed.person.dice // 5 % 1900
            rows.append(
                (
                    credential,
                    pk,
                    CREDENTIAL_OF_GROUP[placed.group],
                    self._seal_credential(number),
                    credential_index(number),
                    self._as_of - timedelta(days=days),
                    placed.expires_date or self._as_of + timedelta(days=300 + days),
                    self._at,
                    self._at,
                )
            )
        bulk.insert(Credential, _CREDENTIAL, rows)

    def _write_members(self, members: list[tuple[int, Placement]]) -> None:
        rows, flowing = [], []
        for pk, placed in members:
            is_formal = placed.is_formal and placed.branch_id is not None
            formal = placed.branch_id if is_formal else None
            external = "" if is_formal else ELSEWHERE
            joined = placed.joined
            full = joined + timedelta(days=366)
            since = self._as_of - timedelta(days=placed.person.dice % 800)
            away = (since, AWAY_TO) if external else (None, "")
            basis = ("", AdmissionBasis.VERIFICATION, "")
            home = (formal, external, "", "", *away)
            rows.append((pk, MemberStatus.FULL, *basis, joined, full, *home, 1, self._at, self._at))
            if placed.branch_id is not None and not is_formal:
                flowing.append((pk, placed.branch_id, since))
        bulk.insert(PartyMember, _MEMBER, rows)
        ties = bulk.reserve_ids(Affiliation, len(flowing))
        bulk.insert(
            Affiliation,
            _AFFILIATION,
            [
                (tie, pk, branch, AffiliationKind.FLOWING, AffiliationStatus.REPORTED_IN, since, since, "")
                for tie, (pk, branch, since) in zip(ties, flowing, strict=True)
            ],
        )
