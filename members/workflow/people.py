"""Verbs on people: what identifies somebody, looking at it, and two rows that are one human being."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from branches.capabilities import Capability
from branches.scope import reach_of
from foundation.audit import trail
from foundation.audit.trail import Conflict
from foundation.protection.canonical import canonical_id_number, canonical_name, canonical_phone
from foundation.protection.identifiers import NAME_MAX, birth_date_of, sex_of
from foundation.protection.masks import mask_name
from foundation.protection.seal import seal
from members import endings
from members.choices import TRANSFER_OPEN
from members.models import Credential, Driver, DriverVehicle, PartyMember, Person, RegistrationTransfer
from members.rules.drivers import IDENTITY_FIELDS, id_number_sentence, phone_sentence
from members.rules.people import id_number_columns, name_columns, phone_columns
from members.workflow import looks

PERSON_FIELDS = ("name", "id_number", "phone", "address", "sex", "birth_date", "ethnicity", "is_veteran")
MERGE_SNAPSHOT = "audit.merge"  # associated data of what a merge keeps sealed in the trail


def person_columns(values: Mapping[str, Any], today: date) -> dict[str, Any]:
    """Return the columns of Person for the given fields (PERSON_FIELDS), canonical and with their indexes. Pure.

    Sex and birth date follow from the identity number where they are not given. Raises ValidationError per field.
    """
    columns: dict[str, Any] = {}
    errors: dict[str, str] = {}
    if "name" in values:
        name = canonical_name(values["name"] or "")
        if not name:
            errors["name"] = "姓名没有填。"
        elif len(name) > NAME_MAX:
            errors["name"] = f"姓名最多 {NAME_MAX} 个字，这里有 {len(name)} 个。"
        columns |= name_columns(name)
    if "id_number" in values:
        number = canonical_id_number(values["id_number"] or "")
        if sentence := id_number_sentence(number, today):
            errors["id_number"] = sentence
        else:
            columns |= id_number_columns(number) | {"birth_date": birth_date_of(number), "sex": sex_of(number)}
    if "phone" in values:
        phone = canonical_phone(values["phone"] or "")
        if sentence := phone_sentence(phone):
            errors["phone"] = sentence
        columns |= phone_columns(phone)
    for name in ("address", "ethnicity", "is_veteran"):
        if name in values:
            columns[name] = values[name]
    for name in ("sex", "birth_date"):
        if values.get(name):
            columns[name] = values[name]
    if errors:
        raise ValidationError(errors)
    return columns


def write_person(person: Person, columns: Mapping[str, Any], version: int, at: datetime) -> dict[str, tuple]:
    """Write changed columns of a person and return {field: (before, after)} of PERSON_FIELDS; nothing when equal.

    One UPDATE … WHERE version. Raises Conflict when somebody changed the person since that version.
    """
    changed = {name: value for name, value in columns.items() if getattr(person, name) != value}
    if not changed:
        return {}
    rows = Person.objects.filter(pk=person.pk, version=version, merged_into__isnull=True)
    if rows.update(**changed, version=F("version") + 1, updated_at=at) != 1:
        raise Conflict("这个人的信息刚刚被别人改过，您的修改没有保存。请刷新页面，看过现在的内容再改。")
    before = {name: getattr(person, name) for name in changed}
    for name, value in changed.items():
        setattr(person, name, value)
    person.version = version + 1
    return {
        name: (_shown(name, before[name]), _shown(name, changed[name])) for name in PERSON_FIELDS if name in changed
    }


def _shown(name: str, value: Any) -> Any:
    # Protected fields are masked by the trail; a name never stands there in full.
    return mask_name(value) if name == "name" else value


def reveal(driver: Driver, field: str, *, actor, reason: str) -> str:
    """Return a protected value of a driver in full and write down who looked and why. Four queries and one INSERT.

    `field` is one of IDENTITY_FIELDS. Raises PermissionDenied outside driver_identity.reveal, ValidationError without
    a reason, for another field, or beyond the limit of a day, which is written down as well. Source:
    docs/permissions.md (reveal needs a reason and is audited).
    """
    reach = reach_of(actor)
    if not Driver.objects.manageable_by(reach, Capability.DRIVER_IDENTITY_REVEAL).filter(pk=driver.pk).exists():
        raise PermissionDenied("查看完整号码不在您的权限里。")
    if field not in IDENTITY_FIELDS:
        raise ValidationError({"field": "只有身份证号、电话和住址可以这样查看。"})
    reason = " ".join(reason.split())
    if len(reason) < 2:
        raise ValidationError({"reason": "请写明为什么要看，至少 2 个字。"})
    if len(reason) > 200:
        raise ValidationError({"reason": "理由最多 200 个字。"})
    with transaction.atomic():
        may_look = looks.may_look_again(actor)
        trail.record(
            "driver.reveal" if may_look else "driver.reveal_braked",
            driver,
            actor=actor,
            organization_id=driver.registering_committee_id,
            person_id=driver.pk,
            fields=[field],
            reason=reason,
            label=mask_name(driver.person.name),
        )
    if not may_look:
        raise ValidationError({"reason": looks.reveals_sentence()}, code="too_many")
    return getattr(driver.person, field)


# --- two rows, one human being ----------------------------------------------------------------------------------------
MERGE_PERSON = {
    "name": ("name", "name_key", "given_key", "initials"),
    "id_number": ("id_number", "id_number_index", "id_number_tail", "birth_date", "sex"),
    "phone": ("phone", "phone_index", "phone_tail"),
    "address": ("address",),
    "ethnicity": ("ethnicity",),
    "is_veteran": ("is_veteran",),
}
MERGE_DRIVER = (
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
    "last_verified_date",
)


def merge_people(
    winner: Driver, loser: Driver, *, from_loser: frozenset[str], versions: tuple[int, int], actor, reason: str
) -> Driver:
    """Make two drivers one and return the winner. About twenty statements in one transaction.

    `from_loser` names the fields (keys of MERGE_PERSON, names of MERGE_DRIVER) whose value the winner takes over; an
    empty value of the winner takes the loser's anyway. The two persons swap these values, so the row that stays as a
    signpost (`merged_into`) keeps what the winner had; the driver row that goes is kept sealed in the audit entry,
    with the ids of all rows that moved: the merge can be taken back by hand from that one entry.

    Raises PermissionDenied unless both lie within driver.merge, ValidationError (same row, no reason, both Party
    members, an open registration transfer), Conflict when one of them was changed since `versions`.
    """
    reach = reach_of(actor)
    both = {winner.pk, loser.pk}
    allowed = Driver.objects.manageable_by(reach, Capability.DRIVER_MERGE).filter(pk__in=both)
    if allowed.count() != len(both):
        raise PermissionDenied("合并不在您的权限里。")
    if len(both) != 2:
        raise ValidationError("这是同一条登记，不用合并。")
    if not reason.strip():
        raise ValidationError({"reason": "请写明凭什么认定是同一个人。"})
    with transaction.atomic():
        _lock_versions(winner, loser, versions)
        # The persons too: what somebody saves meanwhile would be overwritten by the swap.
        list(Person.objects.select_for_update().filter(pk__in=both).order_by("pk").values_list("pk"))
        winner, loser = (Driver.objects.select_related("person").get(pk=pk) for pk in (winner.pk, loser.pk))
        _refuse_unmergeable(winner, loser)
        moved = _move_rows(winner, loser)
        taken = _swap_person(winner.person, loser.person, from_loser)
        snapshot = {field.attname: getattr(loser, field.attname) for field in Driver._meta.concrete_fields}
        taken += _take_driver_fields(winner, loser, from_loser)
        winner_id, loser_id = winner.pk, loser.pk
        moved |= endings.person_merged(winner_id=winner_id, loser_id=loser_id)
        Driver.objects.filter(pk=loser_id).delete()
        Person.objects.filter(pk=loser_id).update(merged_into=winner_id, version=F("version") + 1)
        Person.objects.filter(merged_into=loser_id).update(merged_into=winner_id)
        trail.record(
            "driver.merge",
            winner,
            actor=actor,
            organization_id=winner.registering_committee_id,
            person_id=winner_id,
            fields=taken,
            reason=reason,
            label=mask_name(winner.person.name),
            details={
                "winner": winner_id,
                "loser": loser_id,
                "swapped": taken,
                "moved": moved,
                "driver": seal(json.dumps(snapshot, cls=DjangoJSONEncoder), MERGE_SNAPSHOT),
            },
        )
    return Driver.objects.select_related("person").get(pk=winner_id)


def _lock_versions(winner: Driver, loser: Driver, versions: tuple[int, int]) -> None:
    # Raising both versions holds both rows to the end of the transaction and shows who came second.
    for driver, version in sorted(((winner, versions[0]), (loser, versions[1])), key=lambda pair: pair[0].pk):
        if Driver.objects.filter(pk=driver.pk, version=version).update(version=F("version") + 1) != 1:
            raise Conflict("其中一条登记刚刚被别人改过，没有合并。请刷新页面，看过现在的内容再做。")


def _refuse_unmergeable(winner: Driver, loser: Driver) -> None:
    if RegistrationTransfer.objects.filter(driver__in=[winner.pk, loser.pk], status__in=TRANSFER_OPEN).exists():
        raise ValidationError("其中一条还有没办完的登记转移，请先办完再合并。")
    if PartyMember.objects.filter(pk__in=[winner.pk, loser.pk]).count() == 2:
        raise ValidationError("两条都有党员登记，党籍不能在这里合并。请先核对组织关系，去掉错的一条。")
    if winner.person.user_id and loser.person.user_id:
        raise ValidationError("两个人都有账号，请先停用其中一个。")


def _move_rows(winner: Driver, loser: Driver) -> dict[str, list]:
    moved: dict[str, list] = {}
    running = set(
        DriverVehicle.objects.filter(driver=winner, until_date__isnull=True).values_list("vehicle", flat=True)
    )
    links = DriverVehicle.objects.filter(driver=loser)
    # The winner drives this vehicle already: the loser's tie would say the same twice.
    doubled = links.filter(until_date__isnull=True, vehicle__in=running)
    moved["vehicle_links_dropped"] = list(doubled.values_list("vehicle_id", flat=True))
    doubled.delete()
    moved["vehicle_links"] = list(links.values_list("pk", flat=True))
    links.update(driver=winner.pk)
    held = set(Credential.objects.filter(driver=winner).values_list("kind", flat=True))
    moved["credentials_dropped"] = []
    for credential in Credential.objects.filter(driver=loser, kind__in=held):
        own = Credential.objects.get(driver=winner, kind=credential.kind)
        moved["credentials_dropped"].append(
            {
                "kind": credential.kind,
                "expires_date": credential.expires_date,
                "number": seal(credential.number, MERGE_SNAPSHOT),
            }
        )
        if (credential.expires_date or date.min) > (own.expires_date or date.min):
            # The later licence is the one that counts.
            names = ("number", "number_index", "issuer_id", "issued_date", "expires_date")
            Credential.objects.filter(pk=own.pk).update(**{name: getattr(credential, name) for name in names})
            moved["credentials_dropped"][-1] |= {
                "replaced": seal(own.number, MERGE_SNAPSHOT),
                "replaced_expires_date": own.expires_date,
            }
        credential.delete()
    rest = Credential.objects.filter(driver=loser)
    moved["credentials"] = list(rest.values_list("pk", flat=True))
    rest.update(driver=winner.pk)
    transfers = RegistrationTransfer.objects.filter(driver=loser)
    moved["registration_transfers"] = list(transfers.values_list("pk", flat=True))
    transfers.update(driver=winner.pk)
    member = PartyMember.objects.filter(pk=loser.pk).first()
    moved["party_member"] = []
    if member is not None:
        _move_membership(member, winner.pk)
        moved["party_member"] = [loser.pk]
    if loser.person.user_id:
        user_id = loser.person.user_id
        Person.objects.filter(pk=loser.pk).update(user=None)
        Person.objects.filter(pk=winner.pk).update(user=user_id)
        moved["user"] = [user_id]
    return moved


def _move_membership(member: PartyMember, winner_id: int) -> None:
    old_id = member.pk
    copy = PartyMember(
        person_id=winner_id,
        **{
            field.attname: getattr(member, field.attname)
            for field in PartyMember._meta.concrete_fields
            if not field.primary_key
        },
    )
    copy.save(force_insert=True)
    # Whatever points at the membership, on this floor and above: the winner had none, so nothing can stand twice.
    for relation in PartyMember._meta.related_objects:
        rows = relation.related_model._base_manager.filter(**{relation.field.name: old_id})
        rows.update(**{relation.field.name: winner_id})
    PartyMember.objects.filter(pk=old_id).delete()


def _swap_person(winner: Person, loser: Person, from_loser: frozenset[str]) -> list[str]:
    taken = [
        name
        for name in MERGE_PERSON
        if getattr(loser, name) not in ("", None)
        and getattr(loser, name) != getattr(winner, name)
        and (name in from_loser or getattr(winner, name) in ("", None))
    ]
    columns = [column for name in taken for column in MERGE_PERSON[name]]
    if not columns:
        return []
    for_winner = {column: getattr(loser, column) for column in columns}
    for_loser = {column: getattr(winner, column) for column in columns}
    if "id_number" in taken:
        # The number is unique: it leaves one row before it enters the other.
        Person.objects.filter(pk=loser.pk).update(**id_number_columns(""))
    Person.objects.filter(pk=winner.pk).update(**for_winner, version=F("version") + 1, updated_at=timezone.now())
    Person.objects.filter(pk=loser.pk).update(**for_loser)
    for column, value in for_winner.items():
        setattr(winner, column, value)
    return taken


def _take_driver_fields(winner: Driver, loser: Driver, from_loser: frozenset[str]) -> list[str]:
    changes = {
        name: getattr(loser, name)
        for name in MERGE_DRIVER
        if getattr(loser, name) not in ("", None)
        and getattr(loser, name) != getattr(winner, name)
        and (name.removesuffix("_id") in from_loser or getattr(winner, name) in ("", None))
    }
    if changes:
        Driver.objects.filter(pk=winner.pk).update(**changes, updated_at=timezone.now())
    return [name.removesuffix("_id") for name in changes]
