"""What the product offers to whoever builds on it or checks it, read from the code itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import models
from django.urls import URLPattern, URLResolver, get_resolver

from branches.capabilities import CAPABILITIES
from branches.choices import ANONYMOUS, OUTSIDER, Extent, Role
from foundation.audit.retention import KEPT_DAYS_AT_LEAST
from foundation.protection.fields import ProtectedField, protected_fields
from foundation.protection.masks import MASKS
from members.workflow import exports

# Which model a parameter of an address names, by the word before it: "drivers/<int:pk>/". Longer endings count first.
MODEL_OF_SEGMENT = {
    "organizations": "branches.Organization",
    "of-organization": "branches.Organization",
    "guidance": "branches.Guidance",
    "offices": "branches.Office",
    "appointments": "branches.Appointment",
    "users": "accounts.User",
    "drivers": "members.Driver",
    "drivers/<int:pk>/vehicles": "members.DriverVehicle",
    "merge": "members.Driver",
    "filters": "members.SavedFilter",
    "enterprises": "members.Enterprise",
    "vehicles": "members.Vehicle",
    "registration": "members.RegistrationTransfer",
    "members": "members.PartyMember",
    "members/transfers": "members.Transfer",
    "members/lost": "members.LostContact",
    "members/development": "members.Development",
    "members/ties": "members.Affiliation",
    "members/dues/units": "branches.Organization",
    "members/appraisals/units": "branches.Organization",
    "members/dues": "members.DuesRecord",
    "members/appraisals": "members.Appraisal",
    "members/contacts": "members.ContactPair",
    "members/verifications": "members.Verification",
    "members/declarations": "members.Declaration",
    "members/calls": "members.RecruitCampaign",
    "join": "members.RecruitCampaign",
    "exports": "members.ExportJob",
    "notifications": "notifications.Notification",
    "deliveries": "notifications.Delivery",
    "imports": "members.RosterImport",
    "grievances": "grievances.Grievance",
    "evidence": "grievances.Evidence",
    "assists": "grievances.Assist",
    "extensions": "grievances.Extension",
    "policies": "grievances.SlaPolicy",
    "categories": "grievances.Category",
    "campaigns": "grievances.Campaign",
    "grievances/lodge": "grievances.Grievance",
    "hotline": "grievances.WorkOrderImport",
    "activities": "activities.Activity",
    "terms": "branches.Term",
    "visits": "activities.InstructionVisit",
    "follow-ups": "activities.VisitFollowUp",
    "conferences": "activities.JointConference",
    "meetings": "activities.ConferenceMeeting",
    "items": "activities.ActionItem",
}
# Parameters that name no row: a step of a verb, a file's place, a topic of the help, parts of the admin's addresses.
NO_MODEL = frozenset(
    {"number", "step", "kind", "topic", "app_label", "url", "content_type_id", "report", "year", "token"}
)
_PARAMETER = re.compile(r"<(?:(?P<converter>[^>:]+):)?(?P<name>[^>]+)>")
_GROUP = re.compile(r"\(\?P<(?P<name>\w+)>")


class Unexplained(Exception):
    """It is not said which model a parameter of an address names."""


def contract() -> dict[str, Any]:
    """Return the contract as plain data. No query."""
    return {
        "models": list(_models()),
        "urls": list(urls()),
        "roles": [{"role": role.value, "label": role.label} for role in Role],
        "capabilities": _capabilities(),
        "extents": {extent.value: extent.label for extent in Extent},
        "sensitive_fields": [
            {"model": model, "field": field, "mask": mask, "example": _example(mask)}
            for model, field, mask in protected_fields()
        ],
        "retention_days": _retention(),
        "import_states": _choices("members.RosterImport", "status"),
        "row_results": _choices("members.RosterRow", "fate"),
    }


def urls() -> Iterator[dict[str, Any]]:
    """Yield each address: pattern, name, view, and for every parameter the model it names (null: none)."""
    for route, name, view in _patterns(get_resolver(), "/", ""):
        parameters = {}
        for match in [*_PARAMETER.finditer(route), *_GROUP.finditer(route)]:
            try:
                parameters[match["name"]] = model_of(route, match["name"], match.start(), view)
            except Unexplained:
                parameters[match["name"]] = None  # the rest of the contract holds; tests/house finds it
        target = getattr(view, "view_class", view)
        module = f"{target.__module__}.{getattr(target, '__qualname__', type(target).__name__)}"
        yield {"pattern": route, "name": name, "view": module, "parameters": parameters}


def model_of(route: str, parameter: str, position: int, view: Any) -> str | None:
    """Return the label of the model whose row a parameter names, None for a parameter that names no row.

    Raises Unexplained for a parameter nobody has: a new address belongs into MODEL_OF_SEGMENT or NO_MODEL.
    """
    if parameter in NO_MODEL:
        return None
    admin = getattr(view, "model_admin", None)
    if admin is not None:
        return admin.model._meta.label
    before = route[:position].strip("/")
    if route.startswith("/admin/"):
        # Redirects and old addresses of the admin: admin/app/model/<object>/.
        parts = before.split("/")
        try:
            return apps.get_model(parts[1], parts[2])._meta.label
        except (LookupError, IndexError):
            return None
    for segment in sorted(MODEL_OF_SEGMENT, key=len, reverse=True):
        if before == segment or before.endswith(f"/{segment}"):
            return MODEL_OF_SEGMENT[segment]
    raise Unexplained(f"{route}: which model does {parameter!r} name? (dashboard.contract.MODEL_OF_SEGMENT)")


def our_models() -> list[type[models.Model]]:
    """Return the models of this product, without third-party ones, in the order of their labels."""
    root = Path(settings.BASE_DIR)
    configs = [config for config in apps.get_app_configs() if _is_ours(Path(config.path), root)]
    found = [model for config in configs for model in config.get_models(include_auto_created=True)]
    return sorted(found, key=lambda model: model._meta.label)


def _is_ours(path: Path, root: Path) -> bool:
    return path.is_relative_to(root) and ".venv" not in path.parts


def _models() -> Iterator[dict[str, Any]]:
    for model in our_models():
        yield {
            "model": model._meta.label,
            "label": str(model._meta.verbose_name),
            "table": model._meta.db_table,
            "primary_key": model._meta.pk.name,
            "fields": [_field(field) for field in model._meta.concrete_fields],
            "constraints": [constraint.name for constraint in model._meta.constraints],
        }


def _field(field: models.Field) -> dict[str, Any]:
    described = {"name": field.name, "column": field.column, "type": field.get_internal_type(), "null": field.null}
    if field.is_relation:
        described["references"] = field.related_model._meta.label
    if isinstance(field, ProtectedField):
        described["type"], described["mask"] = "ProtectedField", field.mask_name
    if field.choices:
        described["choices"] = [value for value, _ in field.flatchoices]
    return described


def _patterns(resolver: URLResolver, prefix: str, namespace: str) -> Iterator[tuple[str, str, Any]]:
    for entry in resolver.url_patterns:
        route = prefix + str(entry.pattern).lstrip("^")
        if isinstance(entry, URLResolver):
            yield from _patterns(entry, route, namespace + (f"{entry.namespace}:" if entry.namespace else ""))
        elif isinstance(entry, URLPattern):
            yield route, namespace + (entry.name or ""), entry.callback


def _capabilities() -> dict[str, dict[str, str]]:
    """Return {capability: {role: extent}}; roles that have nothing are left out."""
    order = [ANONYMOUS, OUTSIDER, *Role]
    return {
        capability.value: {
            str(role): Extent(cells[role]).value for role in order if role in cells and cells[role] != Extent.NONE
        }
        for capability, cells in CAPABILITIES.items()
    }


def _retention() -> dict[str, float]:
    return {
        "roster_rows": settings.ROSTER_RETENTION_DAYS,
        "roster_results": settings.ROSTER_RETENTION_DAYS,
        "notifications_delivered_and_read": settings.NOTIFICATION_RETENTION_DAYS,
        "grievance_evidence": settings.EVIDENCE_RETENTION_DAYS,
        "verifications_in_vain_and_declarations": settings.VERIFICATION_RETENTION_DAYS,
        "export_files": exports.KEPT.total_seconds() / 86400,
        "audit_entries_at_least": KEPT_DAYS_AT_LEAST,
    }


def _example(mask: str) -> str:
    """Return what the mask makes of a made-up value."""
    samples = {
        "id_number": "510411200001010017",
        "phone": "19000007720",
        "address": "四川省攀枝花市东区示例路1号",
        "certificate": "510411200001010017",
        "name": "示例人",
    }
    return MASKS[mask](samples.get(mask, "示例"))


def _choices(label: str, name: str) -> list[str]:
    return [value for value, _ in apps.get_model(label)._meta.get_field(name).flatchoices]
