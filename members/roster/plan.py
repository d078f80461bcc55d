"""Fourth stage: what would become of each checked row, against what is registered at this moment.

Reads only; the same function plans a batch for the preview and once more, in the transaction of the change, when a
chunk is applied: a plan that no longer holds is seen there and nothing of the chunk is written.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from branches.models import Organization
from foundation.protection.canonical import name_key
from foundation.protection.seal import blinder
from members.choices import CREDENTIAL_OF_GROUP, CredentialKind, Fate
from members.models import Affiliation, Credential, Driver, DriverVehicle, Person
from members.roster.bounds import Bounds
from members.roster.bulk import Hex
from members.roster.fields import BY_CODE
from members.rules.people import CREDENTIAL

# Compared one to one with a column of the driver.
_DRIVER_FIELDS = ("group", "work_status", "driving_class", "declared_political_status", "remarks")
SENTENCE_OUT_OF_SCOPE = "这一行不在您可以登记的范围内。请核对身份证号；号码没有错，就请上级委员会核对。"
SENTENCE_MERGED = "这个身份证号已经并入另一位司机的登记。请核对证件，改用他现在登记的身份证号。"
SENTENCE_MOVED = "这个组织现在不在您导入的组织之下：读名册以后，它移走或者撤销了。请核对，或者请上级委员会导入。"
SENTENCE_PHONE_SHARED = "这个手机号另一位司机也在用。请核对是谁的号码。"
SENTENCE_NAME_DIFFERS = "这个身份证号登记的是另一个姓名，写入后以这份名册的姓名为准。请核对是不是同一个人。"


@dataclass(slots=True)
class Candidate:
    """A checked row on its way: where it stood, what it says, and what is to become of it."""

    ordinal: int
    sheet: str
    row: int
    values: dict[str, Any]
    sealed: str = ""  # cells and values as the staging table keeps them
    errors: list[list[str]] = field(default_factory=list)
    warnings: list[list[str]] = field(default_factory=list)
    id_index: str | None = None  # 32 hexadecimal digits
    phone_index: str | None = None
    fate: str = Fate.CREATED
    person_id: int | None = None
    changed: list[str] = field(default_factory=list)
    before: dict[str, str] = field(default_factory=dict)
    prepared: Any = None  # columns of a new person that need no database, once they are made

    def outline(self) -> tuple:
        """Return what must be the same when the row is applied as when it was planned."""
        return self.fate, self.person_id, tuple(self.changed), tuple(sorted(self.before.items())) if self.before else ()


class Planner:
    """Plans chunks of one file in order; it remembers which phone belongs to whom among the rows that go in."""

    def __init__(self, bounds: Bounds, headers: dict[str, dict[str, str]] | None = None) -> None:
        """`headers` (sheet → field → header) names the columns as the file does, for messages; it may fill up later."""
        self._bounds = bounds
        self._headers = headers if headers is not None else {}
        self._phones: dict[int, int] = {}  # as numbers: there is one for every row of the file
        self._names: dict[int, str] = {}

    def plan(self, rows: Sequence[Candidate], *, warn: bool = True) -> None:
        """Decide the fate of each row. At most nine queries per call, whatever the number of rows.

        Rows with errors stay rejected; the others have their index columns. Sets fate, person_id, changed, before,
        and adds warnings. Without `warn` nothing is asked that only a warning needs.
        """
        live = [row for row in rows if not row.errors]
        stored = self._stored({row.id_index for row in live})
        matches = [(row, stored[row.id_index]) for row in live if row.id_index in stored]
        plates = self._plates([match.person_id for row, match in matches if match.is_driver and "plate" in row.values])
        credentials = self._credentials(
            [match.person_id for row, match in matches if match.is_driver and "credential_number" in row.values]
        )
        ties, winners = self._ties(matches), self._winners(matches)
        shared = self._phone_owners(live) if warn else {}
        blind_credential = blinder(CREDENTIAL)
        for row in rows:
            if not row.errors and (code := self._named_elsewhere(row)):
                row.errors.append([self._header(row, code), "organization_unknown", SENTENCE_MOVED])
            if row.errors:
                self._reject(row)
                continue
            match = stored.get(row.id_index)
            if match is not None and (refusal := self._refusal(match, ties, winners)):
                row.errors.append([self._header(row, "id_number"), *refusal])
                self._reject(row)
                continue
            if warn and row.phone_index is not None:
                self._warn_of_shared_phone(row, shared)
            if match is None:
                row.fate, row.person_id = Fate.CREATED, None
                continue
            row.person_id = match.person_id
            self._compare(row, match, plates.get(match.person_id, ()))
            number = row.values.get("credential_number")
            if number and match.is_driver and blind_credential(number) not in credentials.get(match.person_id, ()):
                row.changed.append("credential_number")
            row.fate = Fate.UPDATED if row.changed else Fate.UNCHANGED
        self._fill_before(rows, stored)

    def _named_elsewhere(self, row: Candidate) -> str:
        """Return the field that names an organisation outside the bounds, "" for none.

        The file was read within the bounds of that moment; units move and are dissolved before a row is written.
        """
        values, bounds = row.values, self._bounds
        committee, branch = values.get("committee"), values.get("declared_branch")
        if committee is not None and committee not in bounds.committee_ids:
            return "committee"
        return "declared_branch" if branch is not None and branch not in bounds.organization_ids else ""

    def _header(self, row: Candidate, code: str) -> str:
        return self._headers.get(row.sheet, {}).get(code) or BY_CODE[code].label

    def _reject(self, row: Candidate) -> None:
        row.fate, row.person_id, row.warnings, row.changed, row.before = Fate.REJECTED, None, [], [], {}

    def _refusal(self, match: Stored, ties: dict[int, set[int]], winners: dict[int, Stored]) -> tuple[str, str] | None:
        """Return code and sentence when this person is not the importer's to change.

        A merged duplicate is a signpost: only whoever may see where it leads is told that it is one.
        """
        if match.merged_into_id is not None:
            winner = winners.get(match.merged_into_id)
            if winner is not None and winner.is_driver and self._may_touch(winner, {}):
                return "merged", SENTENCE_MERGED
            return "out_of_scope", SENTENCE_OUT_OF_SCOPE
        return None if self._may_touch(match, ties) else ("out_of_scope", SENTENCE_OUT_OF_SCOPE)

    def _may_touch(self, match: Stored, ties: dict[int, set[int]]) -> bool:
        """Whether the importer may change this person: by committee, by platform, or by a branch he is placed in.

        Who is neither a driver nor a Party member belongs to nobody yet.
        """
        bounds = self._bounds
        if match.is_driver:
            return match.committee_id in bounds.committee_ids or (
                match.platform_id is not None and match.platform_id in bounds.own_organization_ids
            )
        if match.member_id is None or match.formal_organization_id in bounds.organization_ids:
            return True
        return not bounds.organization_ids.isdisjoint(ties.get(match.person_id, ()))

    @staticmethod
    def _ties(matches: Sequence[tuple[Candidate, Stored]]) -> dict[int, set[int]]:
        """Return where Party members who are no drivers take part. One query, if there are any."""
        members = [match.member_id for _, match in matches if match.member_id is not None and not match.is_driver]
        ties: dict[int, set[int]] = {}
        if members:
            running = Affiliation.objects.filter(member_id__in=members, until_date__isnull=True)
            for member_id, organization_id in running.values_list("member_id", "organization_id"):
                ties.setdefault(member_id, set()).add(organization_id)
        return ties

    @staticmethod
    def _winners(matches: Sequence[tuple[Candidate, Stored]]) -> dict[int, Stored]:
        """Return the people into whom duplicates were merged. One query, if there are any."""
        wanted = {match.merged_into_id for _, match in matches if match.merged_into_id is not None}
        if not wanted:
            return {}
        found = Person._base_manager.filter(pk__in=wanted).values_list(*_STORED_COLUMNS)
        return {row[1]: Stored._make(row) for row in found}

    def _warn_of_shared_phone(self, row: Candidate, shared: dict[str, set[str]]) -> None:
        """Warn when an earlier row that goes in, or a stored person, has the phone of this one."""
        # 60 bits of an index are enough to tell the people of one file apart.
        person = int(row.id_index[:15], 16)
        within_file = self._phones.setdefault(int(row.phone_index[:15], 16), person) != person
        stored = row.phone_index in shared and bool(shared[row.phone_index] - {row.id_index})
        warned = bool(row.warnings) and any(code == "phone_shared" for _, code, _ in row.warnings)
        if warned and not (within_file or stored):
            # The earlier row was turned away, which the check of the cells could not know.
            row.warnings = [warning for warning in row.warnings if warning[1] != "phone_shared"]
        elif (within_file or stored) and not warned:
            row.warnings.append([self._header(row, "phone"), "phone_shared", SENTENCE_PHONE_SHARED])

    def _compare(self, row: Candidate, match: Stored, plates: Collection[str]) -> None:
        values, changed = row.values, []
        if values["name"] != match.name and name_key(values["name"]) != match.name_key:
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
        if "plate" in values and values["plate"] not in plates:
            changed.append("plate")
        row.changed = changed

    def _fill_before(self, rows: Sequence[Candidate], stored: dict[str, Stored]) -> None:
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
    def _stored(indexes: set[str | None]) -> dict[str, Stored]:
        found = Person._base_manager.filter(id_number_index__among=indexes - {None}).values_list(*_STORED_COLUMNS)
        return {row[0]: Stored._make(row) for row in found}

    @staticmethod
    def _plates(drivers: list[int]) -> dict[int, set[str]]:
        plates: dict[int, set[str]] = {}
        if drivers:
            links = DriverVehicle.objects.running().filter(driver_id__among=drivers)
            for driver_id, plate in links.values_list("driver_id", "vehicle__plate"):
                plates.setdefault(driver_id, set()).add(plate)
        return plates

    @staticmethod
    def _credentials(drivers: list[int]) -> dict[int, set[str]]:
        found: dict[int, set[str]] = {}
        if drivers:
            rows = Credential.objects.filter(driver_id__among=drivers)
            for driver_id, index in rows.values_list("driver_id", Hex("number_index")):
                found.setdefault(driver_id, set()).add(index)
        return found

    def _phone_owners(self, rows: Sequence[Candidate]) -> dict[str, set[str]]:
        """Return who else holds the phones of these rows among the drivers whom the importer may see.

        Two queries: who holds them at all, and only of those who share one, whether they may be seen.
        """
        own: dict[str, set[str]] = {}
        for row in rows:
            if row.phone_index is not None:
                own.setdefault(row.phone_index, set()).add(row.id_index)
        if not own:
            return {}
        holders = Person._base_manager.filter(phone_index__among=own)
        strangers = {
            pk
            for pk, phone, person in holders.values_list("pk", Hex("phone_index"), Hex("id_number_index"))
            if own[phone] != {person}
        }
        if not strangers:
            return {}
        view = self._bounds.view
        drivers = Driver.objects.all() if view is None or view.everything else Driver.objects.within(view)
        owners: dict[str, set[str]] = {}
        for phone, person in drivers.filter(pk__among=strangers).values_list(
            Hex("person__phone_index"), Hex("person__id_number_index")
        ):
            owners.setdefault(phone, set()).add(person)
        return owners


class Stored(NamedTuple):
    """What is registered about a person, as far as a roster can speak of it; no sealed column is opened."""

    id_index: str
    person_id: int
    name: str
    name_key: str
    phone_index: str | None
    ethnicity: str
    is_veteran: bool | None
    merged_into_id: int | None
    member_id: int | None
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
    Hex("id_number_index"),
    "pk",
    "name",
    "name_key",
    Hex("phone_index"),
    "ethnicity",
    "is_veteran",
    "merged_into_id",
    "party_member__person_id",
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
    name = values["enterprise_name"]
    return name == match.enterprise_name or name_key(name) == match.enterprise_key


def _yes_no(fact: bool | None) -> str:
    return "" if fact is None else ("是" if fact else "否")


def _phones_of(persons: list[int]) -> dict[int, str]:
    if not persons:
        return {}
    return dict(Person._base_manager.filter(pk__in=persons).values_list("pk", "phone"))


__all__ = ["Candidate", "Planner", "Stored", "credential_kind"]
