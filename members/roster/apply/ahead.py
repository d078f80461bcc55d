"""What needs no database of the rows a new person gets: made while the database works on the chunk before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, NamedTuple

from foundation.protection.seal import blinder, sealer, tail
from members.choices import Fate, Source, WorkStatus
from members.models import Credential, Driver, Person
from members.roster import bulk
from members.roster.plan import Candidate, credential_kind
from members.roster.staging import reopened
from members.rules.people import CREDENTIAL, ID_NUMBER, PHONE, born_and_sex, name_columns

PERSON_FIELDS = (
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
DRIVER_FIELDS = (
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
REST_OF_PERSON = (
    *PERSON_FIELDS,
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
REST_OF_DRIVER = (
    *(name for name in DRIVER_FIELDS if name != "enterprise_id"),
    "employment",
    "source",
    "version",
    "created_at",
    "updated_at",
)
REST_OF_CREDENTIAL = ("kind", "number", "number_index", "created_at", "updated_at")


class Prepared(NamedTuple):
    """The ends of the rows a new person needs, as the database takes them."""

    person: bulk.Line
    driver: bulk.Line
    credential: bulk.Line | None


class Ahead:
    """Makes the ends of new rows. `default_committee_id` takes new drivers whose row names no county."""

    def __init__(self, *, default_committee_id: int, at: datetime, today: date) -> None:
        self._default_committee_id = default_committee_id
        self._at = at
        self._today = today
        self._tails: dict[tuple[str, str], int] = {}  # there are few different last four characters

    def prepare(self, staged: Iterable[tuple]) -> list[Candidate]:
        """Open staged rows and make of those to be created what needs no database. May run in another thread."""
        rows = reopened(staged)
        created = [row for row in rows if row.fate == Fate.CREATED]
        credentials = iter(self.credentials([row for row in created if row.values.get("credential_number")]))
        for row, person, driver in zip(created, self.people(created), self.drivers(created), strict=True):
            credential = next(credentials) if row.values.get("credential_number") else None
            row.prepared = Prepared(person, driver, credential)
        return rows

    def people(self, rows: Sequence[Candidate]) -> list[bulk.Line]:
        """Return the ends (REST_OF_PERSON) of people."""
        seal_id, seal_phone = sealer(aad(Person, "id_number")), sealer(aad(Person, "phone"))

        def rest(row: Candidate) -> tuple:
            values = row.values
            number, phone = values["id_number"], values.get("phone", "")
            born = born_and_sex(number)
            return (
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
            )

        return bulk.lines(Person, REST_OF_PERSON, map(rest, rows))

    def drivers(self, rows: Sequence[Candidate]) -> list[bulk.Line]:
        """Return the ends (REST_OF_DRIVER) of drivers."""

        def rest(values: dict[str, Any]) -> tuple:
            work_status = values.get("work_status", "")
            return (
                values.get("committee", self._default_committee_id),
                values.get("group", ""),
                work_status,
                self._today if work_status == WorkStatus.ON_DUTY else None,
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

        return bulk.lines(Driver, REST_OF_DRIVER, (rest(row.values) for row in rows))

    def credentials(
        self, rows: Sequence[Candidate], groups: Mapping[int, str] = MappingProxyType({})
    ) -> list[bulk.Line]:
        """Return the ends (REST_OF_CREDENTIAL) of licences; `groups` are those of drivers already registered."""
        seal, blind = sealer(aad(Credential, "number")), blinder(CREDENTIAL)

        def rest(row: Candidate) -> tuple:
            number = row.values["credential_number"]
            return kind_of(row, groups), seal(number), blind(number), self._at, self._at

        return bulk.lines(Credential, REST_OF_CREDENTIAL, map(rest, rows))

    def _tail(self, text: str, purpose: str) -> int:
        key = (purpose, text[-4:])
        found = self._tails.get(key)
        if found is None:
            found = self._tails[key] = tail(text, purpose)
        return found


def kind_of(row: Candidate, groups: Mapping[int, str] = MappingProxyType({})) -> str:
    """Return which licence a row means; `groups` are those of drivers already registered."""
    return credential_kind(row.values.get("group") or groups.get(row.person_id))


def aad(model: Any, name: str) -> str:
    """Return what a sealed column is bound to."""
    return model._meta.get_field(name).aad
