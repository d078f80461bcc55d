"""Verbs on drivers: register, change, verify, their vehicles and licences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from branches.capabilities import Capability
from branches.constraints import checked, in_words
from branches.scope import Reach, reach_of
from foundation.audit import trail
from foundation.audit.models import Entry
from foundation.audit.trail import Conflict
from foundation.protection.canonical import canonical_id_number, canonical_plate
from foundation.protection.masks import mask_name
from members.choices import CREDENTIAL_OF_GROUP, Source, VehicleStatus
from members.models import Credential, Driver, DriverVehicle, Enterprise, Person, Vehicle
from members.rules.drivers import (
    OUT_OF_SCOPE_PER_HOUR,
    PLATES_ELSEWHERE_PER_HOUR,
    TAKEN_ELSEWHERE_SENTENCE,
    TOO_MANY_ELSEWHERE_SENTENCE,
    TOO_MANY_PLATES_SENTENCE,
    may_register_at,
    plate_sentence,
)
from members.rules.people import credential_index, id_number_index
from members.workflow.people import PERSON_FIELDS, person_columns, write_person

PARTY_FIELDS = ("declared_political_status", "declared_branch", "declared_joined")
DRIVER_FIELDS = (
    "group",
    "employment",
    "enterprise",
    "work_status",
    "certified_from_date",
    "certified_until_date",
    "operating_from_date",
    "operating_until_date",
    "driving_class",
    "platform_since_date",
    *PARTY_FIELDS,
    "union_member",
    "remarks",
)
OUT_OF_SCOPE_ACTION = "driver.out_of_scope"
PLATE_ELSEWHERE_ACTION = "driver.vehicle_elsewhere"
CREDENTIAL_FIELDS = ("issuer", "issued_date", "expires_date")


class RegisteredAlready(ValidationError):
    """The identity number belongs to a driver whom the actor may see; `driver_id` says who."""

    def __init__(self, driver_id: int) -> None:
        self.driver_id = driver_id
        super().__init__({"id_number": "这个身份证号已经登记过了，不用再登记，请打开那一条修改。"})


def register_driver(
    values: Mapping[str, Any], committee, *, actor, at: datetime | None = None, plate: str = "", credential: str = ""
) -> Driver:
    """Register a driver with a committee and return him. About fifteen statements in one transaction.

    `values` are fields by name (PERSON_FIELDS and DRIVER_FIELDS); `plate` adds his vehicle, `credential` the number of
    the licence that goes with his group. A person who is known but drives nowhere yet becomes a driver.

    Raises PermissionDenied, RegisteredAlready, ValidationError per field. A number registered out of the actor's sight
    is refused in words that say nothing about that person, and the attempt is written down.
    """
    at = at or timezone.now()
    today = timezone.localdate(at)
    reach = reach_of(actor)
    enterprise = values.get("enterprise")
    if not may_register_at(reach, Capability.DRIVER_ADD, committee, enterprise):
        raise PermissionDenied("您不能在这个委员会登记司机。")
    _refuse_unreadable(reach, values)
    _refuse_foreign(reach, values)
    plate = canonical_plate(plate or "")
    wrong: dict[str, Any] = {}  # all of it is said at once
    columns: dict[str, Any] = {}
    try:
        columns = person_columns(
            {"id_number": "", "name": ""} | {k: values[k] for k in PERSON_FIELDS if k in values}, today
        )
    except ValidationError as error:
        wrong = error.update_error_dict(wrong)
    if sentence := plate_sentence(plate):
        wrong["plate"] = [sentence]
    if wrong:
        raise ValidationError(wrong)
    # Outside the transaction: the trace of a refusal must stay.
    person = _person_of(columns["id_number"], reach, actor, committee)
    with transaction.atomic():
        if person is None:
            person = Person(**columns)
            with in_words(Person):
                person.save(force_insert=True)
        driver = Driver(
            person=person,
            registering_committee=committee,
            source=Source.FORM,
            last_verified_date=today,
            **{name: values[name] for name in DRIVER_FIELDS if name in values and values[name] is not None},
        )
        checked(driver, exclude={"person"})
        driver.save(force_insert=True)
        if plate:
            _tie(driver, _vehicle_for(plate, driver, actor, reach), today)
        if credential:
            _put_credential(driver, CREDENTIAL_OF_GROUP.get(driver.group), credential, {})
        trail.record(
            "driver.register",
            driver,
            actor=actor,
            organization_id=committee.pk,
            person_id=driver.pk,
            fields=sorted(name for name, value in values.items() if value not in ("", None)),
            label=mask_name(person.name),
        )
    return driver


def change_driver(driver: Driver, values: Mapping[str, Any], *, versions: tuple[int, int], actor, at=None) -> Driver:
    """Change fields of a driver and his person and return him. Two UPDATEs … WHERE version, one INSERT.

    `versions` are those of driver and person the form showed. Fields not named stay; nothing differs: nothing happens.
    Raises PermissionDenied, ValidationError per field, Conflict when somebody was first.
    """
    at = at or timezone.now()
    reach = reach_of(actor)
    _require(reach, driver, Capability.DRIVER_CHANGE)
    _refuse_unreadable(reach, values, driver)
    driver = Driver.objects.select_related("person", "registering_committee").get(pk=driver.pk)
    _refuse_foreign(reach, {k: v for k, v in values.items() if k in DRIVER_FIELDS and getattr(driver, k) != v})
    columns = person_columns({k: values[k] for k in PERSON_FIELDS if k in values}, timezone.localdate(at))
    number = columns.get("id_number")
    if number and number != driver.person.id_number:
        _person_of(number, reach, actor, driver.registering_committee, changing=driver.pk)
    with transaction.atomic():
        with in_words(Person):
            traced = write_person(driver.person, columns, versions[1], at)
        changed = {k: values[k] for k in DRIVER_FIELDS if k in values and getattr(driver, k) != values[k]}
        if changed:
            before = {name: getattr(driver, name) for name in changed}
            for name, value in changed.items():
                setattr(driver, name, value)
            checked(driver, exclude={"person"})
            _write(driver, versions[0], changed, at)
            traced |= {name: (before[name], changed[name]) for name in changed if name != "remarks"}
            traced |= {"remarks": None} if "remarks" in changed else {}
        elif Driver.objects.filter(pk=driver.pk, version=versions[0]).exists() is False:
            raise Conflict(_FIRST)
        if traced:
            _trace("driver.change", driver, actor, fields=traced)
    return driver


def verify_driver(driver: Driver, *, actor, at: datetime | None = None, note: str = "") -> None:
    """Note that somebody checked the row today and found it right. One UPDATE, one INSERT. Raises PermissionDenied."""
    verify_drivers([driver.pk], actor=actor, at=at, note=note)


def verify_drivers(driver_ids: Iterable[int], *, actor, at: datetime | None = None, note: str = "") -> int:
    """Note for several drivers that they were checked today and return how many. One SELECT, one UPDATE, one INSERT.

    Raises PermissionDenied when one of them lies outside driver.change: all or none.
    """
    at = at or timezone.now()
    driver_ids = set(driver_ids)
    reach = reach_of(actor)
    with transaction.atomic():
        allowed = Driver.objects.manageable_by(reach, Capability.DRIVER_CHANGE).filter(pk__in=driver_ids)
        drivers = list(allowed.select_related("person"))
        if not driver_ids or len(drivers) != len(driver_ids):
            raise PermissionDenied("选中的司机里有您不能修改的，一个也没有改。")
        rows = Driver.objects.filter(pk__in=driver_ids)
        rows.update(last_verified_date=timezone.localdate(at), version=F("version") + 1, updated_at=at)
        trail.record_all(
            trail.draft(
                "driver.verify",
                driver,
                actor=actor,
                organization_id=driver.registering_committee_id,
                person_id=driver.pk,
                fields=["last_verified_date"],
                reason=note,
                label=mask_name(driver.person.name),
            )
            for driver in drivers
        )
    return len(drivers)


# --- vehicles and licences of a driver --------------------------------------------------------------------------------
def assign_vehicle(
    driver: Driver, plate: str, *, actor, from_date: date | None = None, colour: str = ""
) -> DriverVehicle:
    """Tie a vehicle to a driver from a day on; a plate nobody knows becomes a vehicle. No other tie ends.

    Raises PermissionDenied, ValidationError (plate, tied already, too many plates that are registered elsewhere).
    """
    reach = reach_of(actor)
    _require(reach, driver, Capability.DRIVER_CHANGE)
    if not reach.has(Capability.VEHICLE_ADD):
        raise PermissionDenied("您不能登记车辆。")
    plate = _good_plate(plate)
    if not plate:
        raise ValidationError({"plate": "车牌没有填。"})
    with transaction.atomic():
        vehicle = _vehicle_for(plate, driver, actor, reach, colour)
        link = _tie(driver, vehicle, from_date)
        _touch(driver)
        _trace("driver.assign_vehicle", driver, actor, fields=["vehicle_links"], details={"plate": plate})
    return link


def end_vehicle(link: DriverVehicle, until_date: date, *, actor) -> None:
    """End a driver's tie to a vehicle from a day on. Raises PermissionDenied, ValidationError, Conflict."""
    _require(reach_of(actor), link.driver, Capability.DRIVER_CHANGE)
    if link.from_date and until_date < link.from_date:
        raise ValidationError({"until_date": f"结束日期不能早于开始日期 {link.from_date:%Y-%m-%d}。"})
    with transaction.atomic():
        running = DriverVehicle.objects.filter(pk=link.pk, until_date__isnull=True)
        if running.update(until_date=until_date) != 1:
            raise Conflict("这辆车已经被别人从他名下移除了。")
        _touch(link.driver)
        details = {"plate": link.vehicle.plate, "until_date": until_date.isoformat()}
        _trace("driver.end_vehicle", link.driver, actor, fields=["vehicle_links"], details=details)


def set_credential(driver: Driver, kind: str, number: str, values: Mapping[str, Any], *, actor) -> Credential:
    """Put a licence in place of the one of the same kind; an empty number keeps the one stored.

    `values`: CREDENTIAL_FIELDS. Raises PermissionDenied, ValidationError.
    """
    if not Driver.objects.manageable_by(actor, Capability.CREDENTIAL_CHANGE).filter(pk=driver.pk).exists():
        raise PermissionDenied("修改从业资格不在您的权限里。")
    with transaction.atomic():
        credential = _put_credential(driver, kind, number, values)
        _touch(driver)
        expires = credential.expires_date.isoformat() if credential.expires_date else None
        _trace(
            "driver.set_credential",
            driver,
            actor,
            fields=["credentials"],
            details={"kind": kind, "expires_date": expires},
        )
    return credential


# --- common steps -----------------------------------------------------------------------------------------------------
_FIRST = "这条登记刚刚被别人改过，您的修改没有保存。请刷新页面，看过现在的内容再改。"


def _require(reach: Reach, driver: Driver, capability: Capability) -> None:
    if not Driver.objects.manageable_by(reach, capability).filter(pk=driver.pk).exists():
        raise PermissionDenied("修改这位司机的登记不在您的权限里。")


def _refuse_unreadable(reach: Reach, values: Mapping[str, Any], driver: Driver | None = None) -> None:
    # Who may not read a field may not write it either: a platform knows nothing of the Party.
    if any(name in values for name in PARTY_FIELDS) and not may_read_party_facts(reach, driver):
        raise PermissionDenied("政治面貌不在您的权限里。")


def may_read_party_facts(reach: Reach, driver: Driver | None = None) -> bool:
    """Return whether this reach may see what a driver declared of the Party; without one, of any driver at all.

    One query for a driver. Posts of different kinds reach differently far: a right somewhere is not a right here.
    """
    if driver is None or not reach.has(Capability.PARTY_MEMBER_VIEW):
        return reach.has(Capability.PARTY_MEMBER_VIEW)
    return Driver.objects.manageable_by(reach, Capability.PARTY_MEMBER_VIEW).filter(pk=driver.pk).exists()


def _refuse_foreign(reach: Reach, values: Mapping[str, Any]) -> None:
    enterprise, branch = values.get("enterprise"), values.get("declared_branch")
    if enterprise is not None and not Enterprise.objects.visible_to(reach).filter(pk=enterprise.pk).exists():
        raise ValidationError({"enterprise": "没有这家企业，或者不在您的辖区。请先登记企业。"})
    if branch is not None:
        region = reach.region(Capability.PARTY_MEMBER_VIEW)
        if not region.everything and branch.pk not in region.organization_ids:
            raise ValidationError({"declared_branch": "没有这个支部，或者不在您的辖区。"})


def _person_of(number: str, reach: Reach, actor, committee, changing: int | None = None) -> Person | None:
    """Return the known person of a number who may become a driver here, None for an unknown number.

    Whoever met many numbers that are registered elsewhere is refused for a while, whatever number comes next.
    """
    hour_ago = timezone.now() - timedelta(hours=1)
    met = Entry.objects.by_actor(actor).filter(action=OUT_OF_SCOPE_ACTION, at__gt=hour_ago).order_by()
    if met.count() >= OUT_OF_SCOPE_PER_HOUR:
        raise ValidationError({"id_number": TOO_MANY_ELSEWHERE_SENTENCE}, code="too_many")
    found = Person.objects.filter(id_number_index=id_number_index(canonical_id_number(number))).first()
    if found is None or found.pk == changing:
        return None
    if found.merged_into_id:
        found = Person.objects.get(pk=found.merged_into_id)
    if Driver.objects.visible_to(reach).filter(pk=found.pk).exists():
        raise RegisteredAlready(found.pk)
    if changing is None and not Driver.objects.filter(pk=found.pk).exists():
        members = found._meta.apps.get_model("members", "PartyMember").objects
        if members.visible_to(reach).filter(pk=found.pk).exists():
            return found
    with transaction.atomic():
        trail.record(
            OUT_OF_SCOPE_ACTION,
            None,
            actor=actor,
            organization_id=committee.pk,
            person_id=found.pk,
            label="登记被拒",
        )
    raise ValidationError({"id_number": TAKEN_ELSEWHERE_SENTENCE}, code="out_of_scope")


def _write(driver: Driver, version: int, changes: Mapping[str, Any], at: datetime) -> None:
    rows = Driver.objects.filter(pk=driver.pk, version=version)
    if rows.update(**changes, version=F("version") + 1, updated_at=at) != 1:
        raise Conflict(_FIRST)
    driver.version = version + 1


def _touch(driver: Driver) -> None:
    # What hangs on a driver is part of his row for whoever compares versions: an import that is taken back leaves alone
    # whom somebody has given another licence or vehicle since.
    Driver.objects.filter(pk=driver.pk).update(version=F("version") + 1, updated_at=timezone.now())


def _trace(action: str, driver: Driver, actor, *, fields, details=None) -> None:
    trail.record(
        action,
        driver,
        actor=actor,
        organization_id=driver.registering_committee_id,
        person_id=driver.pk,
        fields=fields,
        details=details,
        label=mask_name(driver.person.name),
    )


def _good_plate(plate: str) -> str:
    plate = canonical_plate(plate or "")
    if sentence := plate_sentence(plate):
        raise ValidationError({"plate": sentence})
    return plate


def _vehicle_for(plate: str, driver: Driver, actor, reach: Reach, colour: str = "") -> Vehicle:
    """Return the vehicle of a plate, registered here if nobody knows it. Two to four queries.

    One that is registered elsewhere is noted; whoever met many of them is refused for a while, whatever plate comes
    next, so that a refusal says nothing about it.
    """
    _brake_plates(actor)
    active = Vehicle.objects.filter(plate=plate, status=VehicleStatus.ACTIVE)
    vehicle = (active.filter(colour=colour) if colour else active.order_by("pk")).first()
    if vehicle is None:
        vehicle = Vehicle(
            plate=plate,
            colour=colour,
            enterprise_id=driver.enterprise_id,
            registering_committee_id=driver.registering_committee_id,
        )
        with in_words(Vehicle):
            vehicle.save(force_insert=True)
    elif not Vehicle.objects.visible_to(reach).filter(pk=vehicle.pk).exists():
        _trace(PLATE_ELSEWHERE_ACTION, driver, actor, fields=[], details={"plate": plate})
    return vehicle


def _brake_plates(actor) -> None:
    hour_ago = timezone.now() - timedelta(hours=1)
    met = Entry.objects.by_actor(actor).filter(action=PLATE_ELSEWHERE_ACTION, at__gt=hour_ago).order_by()
    if met.count() >= PLATES_ELSEWHERE_PER_HOUR:
        raise ValidationError({"plate": TOO_MANY_PLATES_SENTENCE}, code="too_many")


def _tie(driver: Driver, vehicle: Vehicle, from_date: date | None) -> DriverVehicle:
    link = DriverVehicle(driver=driver, vehicle=vehicle, from_date=from_date)
    if DriverVehicle.objects.filter(driver=driver, vehicle=vehicle, until_date__isnull=True).exists():
        raise ValidationError({"plate": "这位司机名下已经有这辆车。"})
    with in_words(DriverVehicle):
        link.save(force_insert=True)
    return link


def _put_credential(driver: Driver, kind: str | None, number: str, values: Mapping[str, Any]) -> Credential:
    if not kind:
        raise ValidationError({"credential": "先选司机类别，才知道是哪一种从业资格证。"})
    number = canonical_id_number(number or "")
    credential = Credential.objects.filter(driver=driver, kind=kind).first() or Credential(driver=driver, kind=kind)
    if not number and not credential.number:
        raise ValidationError({"number": "证号没有填。"})
    if len(number) > 40:
        raise ValidationError({"number": "证号最多 40 位，请核对。"})
    if number:
        credential.number, credential.number_index = number, credential_index(number)
    for name in CREDENTIAL_FIELDS:
        if name in values:
            setattr(credential, name, values[name])
    checked(credential, exclude={"driver", "number", "number_index"})
    with in_words(Credential):
        credential.save()
    return credential
