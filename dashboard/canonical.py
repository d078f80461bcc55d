"""Every business row as one line of text that is the same for equal data, whatever database, keys and ids.

Rows are named by natural keys (code, user name, identity number), never by ids. Instants are normalised to "set" or
nothing, versions and derived columns left out, sealed values opened. Personal values are shown as keyed digests.
"""

from __future__ import annotations

import hashlib
import heapq
import hmac
import tempfile
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from decimal import Decimal
from functools import lru_cache
from itertools import islice
from typing import IO, Any

import orjson
from django.apps import apps
from django.db import models

from branches.models import Organization
from foundation.protection.fields import BlindIndexField, ProtectedField, TailIndexField

OURS = ("branches", "members", "service_stations", "activities", "grievances", "accounts", "notifications")

# Tables without business rows, with the reason.
EXCLUDED_MODELS = {
    "accounts.PasswordRecord": "hashes of old passwords",
    "accounts.ResetCode": "one-time codes",
    "notifications.Notification": "named by ids of other rows; verify_integrity counts them",
    "notifications.Delivery": "work of the background",
    "members.RosterRow": "staging: what became of a row stands in its result and in the registry",
    "members.RosterMapping": "a convenience of the importer",
    "members.SavedFilter": "somebody's own notes",
    "members.ExportJob": "work of the background",
    "grievances.AnswerDraft": "nothing anybody was told yet",
    "grievances.MonthlyFigures": "derived: counted anew from the cases",
    "grievances.WorkOrderImport": "work of the background; what was lodged stands in the cases",
    "grievances.WorkOrderRow": "named by the rows of a file that is gone",
    "activities.ComplianceStatus": "derived: counted anew from rules and activities",
}
# Columns that say how or by whom a row was worked on, not what it says.
EXCLUDED_COLUMNS = {
    "accounts.User": {"id", "password", "last_login", "large_text", "must_change_password", "last_seen_at"},
    "branches.Organization": {"path", "numchild"},
    "branches.BranchFileSnapshot": {"content", "digest"},
    "branches.HandOver": {"content"},
    "members.RosterImport": {
        "stored_file", "phase", "mapping", "sheets", "columns", "shape", "accepted_fields", "apply_at_once",
        "rows_expected", "plan_digest", "planned_at", "replanned", "cancel_requested", "undo_requested", "starts",
        "lease_owner", "lease_until", "confirmed_at", "confirmed_by", "uploaded_by", "undone_by", "file_name",
        "file_size", "field_changes", "stored_matches",
    },
    "members.RosterResult": {"person_id", "preimage", "made"},
    "members.ContactPair": {"place"},
    "members.RecruitCampaign": {"slug"},
    "grievances.Grievance": {"track_code", "passphrase_hash"},
    "activities.Activity": {"key"},
    "activities.InstructionVisit": {"key"},
    "activities.ConferenceMeeting": {"key"},
    "grievances.Statement": {"entry_id"},
    "grievances.Evidence": {"stored_file"},
}  # fmt: skip
# Derived from other columns: verify_integrity compares them; the indexes differ with every key ring.
DERIVED = {"name_key", "given_key", "initials", "version", "created_at", "updated_at"}
# How a row is named where another one points at it, and where its own line begins.
NATURAL_KEYS: dict[str, tuple[str, ...]] = {
    "accounts.User": ("username",),
    "notifications.RecipientSettings": ("user",),
    "notifications.Preference": ("user", "group", "channel"),
    "branches.Division": ("code",),
    "branches.Workday": ("date",),
    "branches.Organization": ("code",),
    "branches.Appointment": ("user", "organization", "role", "title"),
    "branches.Office": ("organization", "duty"),
    "branches.HandOver": ("appointment",),
    "branches.Term": ("organization", "elected_date"),
    "branches.BranchFileSnapshot": ("organization", "year"),
    "members.Enterprise": ("uscc", "name", "committee"),
    "members.Person": ("id_number", "name", "phone"),
    "members.Driver": ("person",),
    "members.PartyMember": ("person",),
    "members.Transfer": ("member", "drafted_at"),
    "members.LostContact": ("member", "since_date"),
    "members.Development": ("person", "applied_date"),
    "members.DuesRate": ("member", "from_date"),
    "members.DuesRecord": ("member", "month", "paid"),
    "members.Appraisal": ("member", "year"),
    "members.MemberCard": ("number",),
    "members.ContactPair": ("driver", "from_date"),
    "members.BackboneTag": ("person", "from_date"),
    "members.Verification": ("organization", "person", "origin", "status", "due_date"),
    "members.RecruitCampaign": ("organization", "title"),
    "members.Declaration": ("organization", "campaign", "status"),
    "members.Vehicle": ("plate", "colour", "status"),
    "members.RosterImport": ("organization", "file_digest"),
    "service_stations.Station": ("code",),
    "grievances.Grievance": ("number",),
    "grievances.Category": ("code",),
    "grievances.SlaPolicy": ("clock", "category", "level", "urgency", "organization", "from_date"),
    "grievances.Clock": ("grievance", "kind", "rung"),
    "grievances.Campaign": ("organization", "name"),
    "activities.Activity": ("organization", "kind", "topic", "expected", "present"),
    "activities.ComplianceRule": ("kind", "organization", "from_date", "rule"),
    "activities.InstructionVisit": ("organization", "instructor", "visited_date"),
    "activities.JointConference": ("organization", "name"),
    "activities.ConferenceDepartment": ("conference", "name"),
    "activities.ConferenceMeeting": ("conference", "held_date"),
    "activities.ActionItem": ("meeting", "department", "text"),
}
# What says something about a person beside the sealed fields.
PERSONAL = {
    "accounts.User": {"name", "lock_reason"},
    "branches.HandOver": {"note"},
    "branches.Organization": {"contact_name", "contact_phone"},
    "members.Person": {"name", "birth_date"},
    "members.Driver": {"remarks"},
    "members.Vehicle": {"plate", "transport_certificate"},
    "members.RegistrationTransfer": {"reason", "answer_reason"},
    "members.PartyMember": {"external_contact", "external_phone", "absent_to"},
    "members.Affiliation": {"end_reason"},
    "members.Transfer": {"reason", "answer_reason"},
    "members.LostContact": {"decision", "end_reason"},
    "members.ContactAttempt": {"note"},
    "members.Development": {"end_reason"},
    "members.DevelopmentStep": {"opinion", "late_reason", "refused_reason"},
    "members.DevelopmentReview": {"opinion"},
    "members.DevelopmentSponsor": {"end_reason"},
    "members.GateOverride": {"reason"},
    "members.DuesRate": {"monthly_due", "reason"},
    "members.DuesRecord": {"due", "paid", "reason"},
    "members.Appraisal": {"grade"},
    "members.MemberCard": {"consent_note", "end_reason"},
    "members.ContactPair": {"end_reason"},
    "members.BackboneTag": {"reason", "end_reason"},
    "members.Verification": {"origin_note", "decision_reason"},
    "members.Check": {"evidence", "note"},
    "members.Declaration": {"answer"},
    "grievances.Grievance": {"title", "description", "respondent", "place"},
    "grievances.Statement": {"text"},
    "grievances.FollowUp": {"note"},
    "grievances.Extension": {"reason", "note"},
    "grievances.Supervision": {"demand", "report"},
    "grievances.Evidence": {"name"},
    "activities.Activity": {"agenda", "minutes", "decisions", "cancel_reason"},
    "activities.Attendance": {"note"},
    "activities.InstructionVisit": {"content", "withdraw_reason"},
    "activities.VisitFollowUp": {"problem", "answer", "note"},
    "activities.ConferenceMeeting": {"chair", "minutes", "decisions"},
    "activities.ActionItem": {"result"},
    "activities.ActionItemNote": {"text"},
}
# Known to everybody, so that two databases can be compared without arranging anything: digests of numbers made with it
# can be guessed back by trying them all. A dump that leaves the house is made with a --salt of its own.
COMMON_SALT = "canonical_dump"
_SORTED_AT_ONCE = 50_000


def business_models() -> list[type[models.Model]]:
    """Return the models whose rows are dumped, in the order of their labels."""
    found = [model for label in OURS for model in apps.get_app_config(label).get_models()]
    return sorted((one for one in found if one._meta.label not in EXCLUDED_MODELS), key=lambda one: one._meta.label)


def lines(salt: str = COMMON_SALT) -> Iterator[str]:
    """Yield one line per business row in code point order: label, natural key, columns as JSON. One query per model.

    Memory stays bounded: more than 50,000 rows of a model are sorted by way of temporary files of digests.
    """
    for model in business_models():
        yield from _sorted(_lines_of(model, salt))


def _lines_of(model: type[models.Model], salt: str) -> Iterator[str]:
    label = model._meta.label
    left_out = EXCLUDED_COLUMNS.get(label, set()) | DERIVED
    fields = [
        field
        for field in model._meta.concrete_fields
        if field.name not in left_out
        and not isinstance(field, BlindIndexField | TailIndexField)
        and not (isinstance(field, models.AutoField | models.BigAutoField))
    ]
    key_columns = list(_paths(model, NATURAL_KEYS.get(label, ())))
    plan: list[tuple[str, list[tuple[str, models.Field]]]] = []
    for field in fields:
        plan.append((field.name, list(_paths(model, (field.name,)))))
    wanted = list(dict.fromkeys(path for _, columns in [("", key_columns), *plan] for path, _ in columns))
    place = {path: number for number, path in enumerate(wanted)}

    def reader(columns: list[tuple[str, models.Field]]) -> Callable[[tuple], Any]:
        parts = [(place[path], _shower(field, salt)) for path, field in columns]
        if len(parts) == 1:
            number, show = parts[0]
            return lambda row: show(row[number])
        return lambda row: _join([show(row[number]) for number, show in parts])

    read_key = reader(key_columns) if key_columns else lambda row: ""
    readers = [(name, reader(columns)) for name, columns in plan]
    if label == "branches.Organization":
        # The place in the tree is said by the code above; paths depend on the order in which units were added.
        codes, number = _codes_by_path(), len(wanted)
        wanted.append("path")
        readers.append(("parent", lambda row: codes.get(row[number][: -Organization.steplen])))
    rows = model._base_manager.order_by().values_list(*wanted).iterator(chunk_size=5000)
    for row in rows:
        values = orjson.dumps({name: read(row) for name, read in readers}, option=orjson.OPT_SORT_KEYS)
        yield f"{label}\t{read_key(row)}\t{values.decode()}"


def _paths(model: type[models.Model], names: Iterable[str]) -> Iterator[tuple[str, models.Field]]:
    """Yield (look-up path, field at its end) of columns, foreign keys resolved into the natural keys they point at."""
    for name in names:
        field = model._meta.get_field(name)
        if not field.is_relation:
            yield name, field
            continue
        other = field.related_model
        for path, end in _paths(other, NATURAL_KEYS[other._meta.label]):
            yield f"{name}__{path}", end


def _shower(field: models.Field, salt: str) -> Callable[[Any], Any]:
    """Return how values of a column are shown."""
    if isinstance(field, models.DateTimeField):
        return lambda value: None if value is None else "set"
    if isinstance(field, ProtectedField) or field.name in PERSONAL.get(field.model._meta.label, set()):
        start = _started(salt)

        def digest(value: Any) -> str | None:
            if value in (None, ""):
                return value
            one = start.copy()
            one.update(str(value).encode())
            return f"#{one.hexdigest()[:24]}"

        return digest
    return _plain


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    return value


def _join(values: list[Any]) -> str | None:
    return None if all(value is None for value in values) else "|".join([str(value) for value in values])


def _codes_by_path() -> dict[str, str]:
    return dict(Organization._base_manager.order_by().values_list("path", "code"))


@lru_cache(maxsize=4)
def _started(salt: str) -> hmac.HMAC:
    return hmac.new(salt.encode(), digestmod=hashlib.sha256)


def _sorted(rows: Iterator[str]) -> Iterator[str]:
    """Yield the lines in order; what does not fit into memory at once goes through files that vanish by themselves."""
    parts: list[IO[str]] = []
    try:
        while chunk := sorted(islice(rows, _SORTED_AT_ONCE)):
            if len(chunk) < _SORTED_AT_ONCE and not parts:
                yield from chunk
                return
            part: IO[str] = tempfile.TemporaryFile("w+", encoding="utf-8", newline="\n")  # noqa: SIM115 - closed below
            parts.append(part)
            part.writelines(f"{line}\n" for line in chunk)
            part.seek(0)
        yield from heapq.merge(*(map(_without_end, part) for part in parts))
    finally:
        for part in parts:
            part.close()


def _without_end(line: str) -> str:
    return line[:-1]
