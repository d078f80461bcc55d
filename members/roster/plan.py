"""Fourth stage: what would become of each checked row, against what is registered at this moment.

Reads only; the same function plans a batch for the preview and once more, in the transaction of the change, when a
chunk is applied: a plan that no longer holds is seen there and nothing of the chunk is written.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from branches.models import Organization
from foundation.protection.canonical import name_key
from members.choices import CREDENTIAL_OF_GROUP, CredentialKind, Fate
from members.models import Credential, Driver, DriverVehicle, Person
from members.roster.bounds import Bounds
from members.roster.fields import BY_CODE
from members.rules.people import credential_index, id_number_index, phone_index

# Compared one to one with a column of the driver.
_DRIVER_FIELDS = ("group", "work_status", "driving_class", "declared_political_status", "remarks")
SENTENCE_OUT_OF_SCOPE = "这一行不在您可以登记的范围内。请核对身份证号；号码没有错，就请上级委员会核对。"
SENTENCE_PHONE_SHARED = "这个手机号另一位司机也在用。请核对是谁的号码。"
SENTENCE_NAME_DIFFERS = "这个身份证号登记的是另一个姓名，写入后以这份名册的姓名为准。请核对是不是同一个人。"


@dataclass(slots=True)
class Candidate:
    """A checked row on its way: where it stood, what it says, and what is to become of it."""

    ordinal: int
    sheet: str
    row: int
    raw: list[Any]
    values: dict[str, Any]
    errors: list[list[str]] = field(default_factory=list)
    warnings: list[list[str]] = field(default_factory=list)
    id_index: UUID | None = None
    phone_index: UUID | None = None
    fate: str = Fate.CREATED
    person_id: int | None = None
    changed: list[str] = field(default_factory=list)
    before: dict[str, str] = field(default_factory=dict)

    def outline(self) -> tuple:
        """Return what must be the same when the row is applied as when it was planned."""
        return self.fate, self.person_id, tuple(self.changed), tuple(sorted(self.before.items()))


class Planner:
    """Plans chunks of one file in order; it remembers which phone belongs to whom among the rows that go in."""

    def __init__(self, bounds: Bounds, headers: dict[str, dict[str, str]] | None = None) -> None:
        """`headers` (sheet → field → header) names the columns as the file does, for messages; it may fill up later."""
        self._bounds = bounds
        self._headers = headers if headers is not None else {}
        self._phones: dict[UUID, UUID] = {}
        self._names: dict[int, str] = {}

    def plan(self, rows: Sequence[Candidate]) -> None:
        """Decide the fate of each row. At most five queries per call, whatever the number of rows.

        Rows with errors stay rejected. Sets index columns, fate, person_id, changed, before, and adds warnings.
        """
        for row in rows:
            number, phone = row.values.get("id_number"), row.values.get("phone")
            if row.id_index is None and number:
                row.id_index = id_number_index(number)
            if row.phone_index is None and phone:
                row.phone_index = phone_index(phone)
        live = [row for row in rows if not row.errors]
        stored = self._stored({row.id_index for row in live})
        known = [stored[row.id_index] for row in live if row.id_index in stored]
        plates = self._plates([s.person_id for s in known if s.is_driver])
        credentials = self._credentials([s.person_id for s in known if s.is_driver])
        shared = self._phone_owners({row.phone_index for row in live if row.phone_index})
        for row in rows:
            if row.errors:
                self._reject(row)
                continue
            match = stored.get(row.id_index)
            if match is not None and not self._may_touch(match):
                row.errors.append([self._header(row, "id_number"), "out_of_scope", SENTENCE_OUT_OF_SCOPE])
                self._reject(row)
                continue
            self._warn_of_shared_phone(row, shared)
            if match is None:
                row.fate, row.person_id = Fate.CREATED, None
                continue
            row.person_id = match.person_id
            self._compare(row, match, plates.get(match.person_id, set()), credentials.get(match.person_id, {}))
            row.fate = Fate.UPDATED if row.changed else Fate.UNCHANGED
        self._fill_before(rows, stored)

    def _header(self, row: Candidate, code: str) -> str:
        return self._headers.get(row.sheet, {}).get(code) or BY_CODE[code].label

    def _reject(self, row: Candidate) -> None:
        row.fate, row.person_id, row.warnings, row.changed, row.before = Fate.REJECTED, None, [], [], {}

    def _may_touch(self, match: Stored) -> bool:
        """Whether the importer may change this person: by committee, by platform, or by the branch he is placed in."""
        bounds = self._bounds
        if match.is_driver:
            return match.committee_id in bounds.committee_ids or (
                match.platform_id is not None and match.platform_id in bounds.own_organization_ids
            )
        return match.formal_organization_id is None or match.formal_organization_id in bounds.organization_ids

    def _warn_of_shared_phone(self, row: Candidate, shared: dict[UUID, set[UUID]]) -> None:
        """Warn when an earlier row that goes in, or a stored person, has the phone of this one."""
        if row.phone_index is None:
            return
        first = self._phones.setdefault(row.phone_index, row.id_index)
        within_file = first != row.id_index
        stored = any(other != row.id_index for other in shared.get(row.phone_index, ()))
        warned = any(code == "phone_shared" for _, code, _ in row.warnings)
        if warned and not (within_file or stored):
            # The earlier row was turned away, which the check of the cells could not know.
            row.warnings = [warning for warning in row.warnings if warning[1] != "phone_shared"]
        elif (within_file or stored) and not warned:
            row.warnings.append([self._header(row, "phone"), "phone_shared", SENTENCE_PHONE_SHARED])

    def _compare(self, row: Candidate, match: Stored, plates: set[str], credentials: dict[str, UUID]) -> None:
        values, changed = row.values, []
        if name_key(values["name"]) != match.name_key:
            changed.append("name")
            row.warnings.append([self._header(row, "name"), "name_differs", SENTENCE_NAME_DIFFERS])
        if row.phone_index is not None and row.phone_index != match.phone_index:
            changed.append("phone")
        if "ethnicity" in values and values["ethnicity"] != match.ethnicity:
            changed.append("ethnicity")
        if "veteran" in values and values["veteran"] is not match.is_veteran:
            changed.append("veteran")
        if not match.is_driver:
            changed.append("registration")
            row.changed = changed
            return
        for code in _DRIVER_FIELDS:
            if code in values and values[code] != getattr(match, code):
                changed.append(code)
        if "union_member" in values and values["union_member"] is not match.union_member:
            changed.append("union_member")
        if "committee" in values and values["committee"] != match.committee_id:
            changed.append("committee")
        if "declared_branch" in values and values["declared_branch"] != match.declared_branch_id:
            changed.append("declared_branch")
        joined = values.get("declared_joined")
        # A month says less than a day of that month: it changes nothing.
        if joined and joined != match.declared_joined and not match.declared_joined.startswith(joined):
            changed.append("declared_joined")
        if "enterprise_name" in values and not _same_enterprise(values, match):
            changed.append("enterprise_name")
        number = values.get("credential_number")
        if number and credential_index(number) not in credentials.values():
            changed.append("credential_number")
        if "plate" in values and values["plate"] not in plates:
            changed.append("plate")
        row.changed = changed

    def _fill_before(self, rows: Sequence[Candidate], stored: dict[UUID, Stored]) -> None:
        """Add what stands in the fields that change, as people would read it. Two queries, if anything changes."""
        changing = [row for row in rows if row.changed]
        if not changing:
            return
        phones = _phones_of([row.person_id for row in changing if "phone" in row.changed])
        wanted = {
            pk
            for row in changing
            for pk in (stored[row.id_index].committee_id, stored[row.id_index].declared_branch_id)
            if pk is not None and pk not in self._names
        }
        if wanted:
            self._names |= dict(Organization.objects.filter(pk__in=wanted).values_list("pk", "short_name"))
        for row in changing:
            match = stored[row.id_index]
            row.before = {code: match.readable(code, phones, self._names) for code in row.changed}

    @staticmethod
    def _stored(indexes: set) -> dict[UUID, Stored]:
        found = Person._base_manager.filter(id_number_index__in=indexes - {None}).values_list(*_STORED_COLUMNS)
        return {row[0]: Stored(*row) for row in found.iterator(chunk_size=5000)}

    @staticmethod
    def _plates(drivers: list[int]) -> dict[int, set[str]]:
        plates: dict[int, set[str]] = {}
        if drivers:
            links = DriverVehicle.objects.running().filter(driver_id__in=drivers)
            for driver_id, plate in links.values_list("driver_id", "vehicle__plate").iterator(chunk_size=5000):
                plates.setdefault(driver_id, set()).add(plate)
        return plates

    @staticmethod
    def _credentials(drivers: list[int]) -> dict[int, dict[str, UUID]]:
        found: dict[int, dict[str, UUID]] = {}
        if drivers:
            rows = Credential.objects.filter(driver_id__in=drivers)
            for driver_id, kind, index in rows.values_list("driver_id", "kind", "number_index").iterator(
                chunk_size=5000
            ):
                found.setdefault(driver_id, {})[kind] = index
        return found

    def _phone_owners(self, phones: set[UUID]) -> dict[UUID, set[UUID]]:
        """Return who holds these phones among the drivers whom the importer may see."""
        owners: dict[UUID, set[UUID]] = {}
        if phones:
            drivers = (
                Driver.objects.all()
                if self._bounds.view is None or self._bounds.view.everything
                else (Driver.objects.within(self._bounds.view))
            )
            rows = drivers.filter(person__phone_index__in=phones).values_list(
                "person__phone_index", "person__id_number_index"
            )
            for phone, person in rows.iterator(chunk_size=5000):
                owners.setdefault(phone, set()).add(person)
        return owners


@dataclass(slots=True)
class Stored:
    """What is registered about a person, as far as a roster can speak of it; no sealed column is opened."""

    id_index: UUID
    person_id: int
    name: str
    name_key: str
    phone_index: UUID | None
    ethnicity: str
    is_veteran: bool | None
    formal_organization_id: int | None
    committee_id: int | None
    group: str | None
    work_status: str | None
    driving_class: str | None
    declared_political_status: str | None
    declared_branch_id: int | None
    declared_joined: str | None
    union_member: bool | None
    remarks: str | None
    enterprise_name: str | None
    enterprise_key: str | None
    uscc: str | None
    platform_id: int | None

    @property
    def is_driver(self) -> bool:
        """Whether the person is registered as a driver."""
        return self.committee_id is not None

    def readable(self, code: str, phones: dict[int, str], names: dict[int, str]) -> str:
        """Return the stored value of a field as people read it; "" for none or for what is added beside the old."""
        match code:
            case "phone":
                return phones.get(self.person_id, "")
            case "veteran":
                return _yes_no(self.is_veteran)
            case "union_member":
                return _yes_no(self.union_member)
            case "committee":
                return names.get(self.committee_id, "")
            case "declared_branch":
                return names.get(self.declared_branch_id, "")
            case "credential_number" | "plate" | "registration":
                return ""
            case "group" | "work_status" | "declared_political_status":
                return dict(Driver._meta.get_field(code).choices).get(getattr(self, code), "")
        return getattr(self, code) or ""


_STORED_COLUMNS = (
    "id_number_index",
    "pk",
    "name",
    "name_key",
    "phone_index",
    "ethnicity",
    "is_veteran",
    "party_member__formal_organization_id",
    "driver__registering_committee_id",
    "driver__group",
    "driver__work_status",
    "driver__driving_class",
    "driver__declared_political_status",
    "driver__declared_branch_id",
    "driver__declared_joined",
    "driver__union_member",
    "driver__remarks",
    "driver__enterprise__name",
    "driver__enterprise__name_key",
    "driver__enterprise__uscc",
    "driver__enterprise__organization_id",
)


def credential_kind(group: str | None) -> CredentialKind:
    """Return which licence a driver of this group holds; ordinary freight where the group is not said."""
    return CREDENTIAL_OF_GROUP.get(group or "", CredentialKind.FREIGHT)


def _same_enterprise(values: dict[str, Any], match: Stored) -> bool:
    uscc = values.get("uscc")
    if uscc and match.uscc:
        return uscc == match.uscc
    return name_key(values["enterprise_name"]) == match.enterprise_key


def _yes_no(fact: bool | None) -> str:
    return "" if fact is None else ("是" if fact else "否")


def _phones_of(persons: list[int]) -> dict[int, str]:
    if not persons:
        return {}
    return dict(Person._base_manager.filter(pk__in=persons).values_list("pk", "phone"))


__all__ = ["Candidate", "Planner", "Stored", "credential_kind"]
