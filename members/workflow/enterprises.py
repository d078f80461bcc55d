"""Verbs on firms."""

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
from foundation.protection.canonical import canonical_id_number, name_key, nfkc
from members.models import Enterprise
from members.rules.drivers import may_register_firm_at, uscc_sentence

ENTERPRISE_FIELDS = (
    "name",
    "uscc",
    "kind",
    "ownership",
    "division",
    "organization",
    "coverage",
    "coverage_organization",
    "employee_count",
    "last_verified_date",
)
TAKEN_SENTENCE = "这个统一社会信用代码已经登记过，或者不能登记在这里。请先核对代码；没有错，请联系上级委员会。"


def add_enterprise(values: Mapping[str, Any], committee, *, actor) -> Enterprise:
    """Register a firm with a committee and return it. Raises PermissionDenied, ValidationError per field."""
    reach = reach_of(actor)
    if not may_register_firm_at(reach, committee):
        raise PermissionDenied("您不能在这个委员会登记企业。")
    enterprise = Enterprise(committee=committee)
    _set(enterprise, values, reach)
    with transaction.atomic():
        with in_words(Enterprise):
            enterprise.save(force_insert=True)
        _trace("enterprise.add", enterprise, actor, [name for name in values if values[name] not in ("", None)])
    return enterprise


def change_enterprise(
    enterprise: Enterprise, values: Mapping[str, Any], *, version: int, actor, at: datetime | None = None
) -> Enterprise:
    """Change fields of a firm and return it. One UPDATE … WHERE version.

    Raises PermissionDenied, ValidationError per field, Conflict when somebody was first.
    """
    reach = reach_of(actor)
    if not Enterprise.objects.manageable_by(reach, Capability.ENTERPRISE_CHANGE).filter(pk=enterprise.pk).exists():
        raise PermissionDenied("修改这家企业不在您的权限里。")
    enterprise = Enterprise.objects.get(pk=enterprise.pk)
    before = {name: getattr(enterprise, name) for name in values}
    _set(enterprise, values, reach)
    changed = {name: getattr(enterprise, name) for name in values if getattr(enterprise, name) != before[name]}
    if not changed:
        return enterprise
    if "name" in changed:
        changed["name_key"] = enterprise.name_key
    with transaction.atomic():
        with in_words(Enterprise):
            rows = Enterprise.objects.filter(pk=enterprise.pk, version=version)
            written = rows.update(**changed, version=F("version") + 1, updated_at=at or timezone.now())
        if written != 1:
            raise Conflict("这家企业刚刚被别人改过，您的修改没有保存。请刷新页面，看过现在的内容再改。")
        _trace(
            "enterprise.change",
            enterprise,
            actor,
            {name: (before[name], changed[name]) for name in changed if name in before},
        )
    enterprise.version = version + 1
    return enterprise


def _set(enterprise: Enterprise, values: Mapping[str, Any], reach: Reach) -> None:
    unknown = set(values) - set(ENTERPRISE_FIELDS)
    if unknown:
        raise TypeError(f"not to be set: {sorted(unknown)}")
    before = {name: getattr(enterprise, f"{name}_id") for name in ("organization", "coverage_organization")}
    for name, value in values.items():
        setattr(enterprise, name, value)
    enterprise.name = " ".join(nfkc(enterprise.name or "").split())
    enterprise.name_key = name_key(enterprise.name)
    enterprise.uscc = canonical_id_number(enterprise.uscc or "") or None
    errors: dict[str, str] = {}
    if sentence := uscc_sentence(enterprise.uscc or ""):
        errors["uscc"] = sentence
    region = reach.region(Capability.ENTERPRISE_VIEW)
    for name, stood in before.items():
        chosen = getattr(enterprise, f"{name}_id")
        if chosen and chosen != stood and not region.everything and chosen not in region.organization_ids:
            errors[name] = "没有这个组织，或者不在您的辖区。"
    if errors:
        raise ValidationError(errors)
    try:
        checked(enterprise)
    except ValidationError as error:
        # A code that stands elsewhere is refused in the same words whether or not the actor may see that firm.
        if any(one.code == "members_enterprise_uscc" for ones in error.error_dict.values() for one in ones):
            raise ValidationError({"uscc": TAKEN_SENTENCE}, code="members_enterprise_uscc") from None
        raise


def _trace(action: str, enterprise: Enterprise, actor, fields) -> None:
    trail.record(
        action, enterprise, actor=actor, organization_id=enterprise.committee_id, fields=fields, label=enterprise.name
    )
