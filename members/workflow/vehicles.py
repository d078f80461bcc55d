"""Verbs on vehicles."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from branches.capabilities import Capability
from branches.constraints import checked, in_words
from branches.scope import Reach, reach_of
from foundation.audit import trail
from foundation.audit.trail import Conflict
from foundation.protection.canonical import canonical_plate
from members.models import Enterprise, Vehicle
from members.rules.drivers import may_register_at, plate_sentence

VEHICLE_FIELDS = ("plate", "colour", "kind", "gross_mass_kg", "transport_certificate", "enterprise", "status")


def add_vehicle(values: Mapping[str, Any], committee, *, actor) -> Vehicle:
    """Register a vehicle with a committee and return it. Raises PermissionDenied, ValidationError per field."""
    reach = reach_of(actor)
    if not may_register_at(reach, Capability.VEHICLE_ADD, committee, values.get("enterprise")):
        raise PermissionDenied("您不能在这个委员会登记车辆。")
    vehicle = Vehicle(registering_committee=committee)
    _set(vehicle, values, reach)
    with transaction.atomic():
        with in_words(Vehicle):
            vehicle.save(force_insert=True)
        _trace("vehicle.add", vehicle, actor, [name for name in values if values[name] not in ("", None)])
    return vehicle


def change_vehicle(
    vehicle: Vehicle, values: Mapping[str, Any], *, version: int, actor, at: datetime | None = None
) -> Vehicle:
    """Change fields of a vehicle and return it. One UPDATE … WHERE version.

    Raises PermissionDenied for a vehicle registered elsewhere, ValidationError per field, Conflict when somebody was
    first.
    """
    reach = reach_of(actor)
    if not Vehicle.objects.changeable_by(reach).filter(pk=vehicle.pk).exists():
        raise PermissionDenied("这辆车不在您这里登记，要改请联系登记它的委员会。")
    vehicle = Vehicle.objects.get(pk=vehicle.pk)
    before = {name: getattr(vehicle, name) for name in values}
    _set(vehicle, values, reach)
    changed = {name: getattr(vehicle, name) for name in values if getattr(vehicle, name) != before[name]}
    if not changed:
        return vehicle
    with transaction.atomic():
        with in_words(Vehicle):
            rows = Vehicle.objects.filter(pk=vehicle.pk, version=version)
            written = rows.update(**changed, version=F("version") + 1, updated_at=at or timezone.now())
        if written != 1:
            raise Conflict("这辆车刚刚被别人改过，您的修改没有保存。请刷新页面，看过现在的内容再改。")
        _trace("vehicle.change", vehicle, actor, {name: (before[name], changed[name]) for name in changed})
    vehicle.version = version + 1
    return vehicle


def _set(vehicle: Vehicle, values: Mapping[str, Any], reach: Reach) -> None:
    unknown = set(values) - set(VEHICLE_FIELDS)
    if unknown:
        raise TypeError(f"not to be set: {sorted(unknown)}")
    enterprise = values.get("enterprise")
    if (
        enterprise is not None
        and enterprise.pk != vehicle.enterprise_id
        and not Enterprise.objects.visible_to(reach).filter(pk=enterprise.pk).exists()
    ):
        raise ValidationError({"enterprise": "没有这家企业，或者不在您的辖区。请先登记企业。"})
    for name, value in values.items():
        setattr(vehicle, name, value)
    vehicle.plate = canonical_plate(vehicle.plate or "")
    if sentence := plate_sentence(vehicle.plate):
        raise ValidationError({"plate": sentence})
    checked(vehicle)


def _trace(action: str, vehicle: Vehicle, actor, fields) -> None:
    trail.record(
        action,
        vehicle,
        actor=actor,
        organization_id=vehicle.registering_committee_id,
        fields=fields,
        label=vehicle.plate,
    )
