"""Verbs on organisations. `actor` None is the system (a command); whoever else acts is asked for his reach."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection, transaction
from django.utils import timezone

from branches import endings, rules
from branches.capabilities import Capability
from branches.choices import COMMITTEES, ORGANIZATION_NEXT, Kind, OrganizationStatus
from branches.constraints import checked, in_words
from branches.models import Organization
from branches.scope import reach_of
from foundation.audit import trail
from foundation.audit.trail import Conflict, Entry

# What `change_organization` may set. The place in the tree and the status have verbs of their own.
CHANGEABLE = (
    "code",
    "name",
    "short_name",
    "aliases",
    "kind",
    "level",
    "division",
    "host_unit",
    "host_platform",
    "grid_area",
    "serial_number",
    "founded_date",
    "founding_document",
    "may_develop_members",
    "is_pilot",
    "contact_name",
    "contact_phone",
)
TREE_FIELDS = ("path", "depth", "numchild")
_TREE_LOCK = 7_331_001  # any number that nobody else in this database takes for pg_advisory_xact_lock


def hold_tree() -> None:
    """Let one transaction at a time change the shape of the tree, until it ends.

    treebeard reads paths and writes them later: a unit added while its parent moves would keep the old path. SQLite
    has one writer anyway (IMMEDIATE transactions); row locks would not see a node that is only being added.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_TREE_LOCK])


# --- verbs ----------------------------------------------------------------------------------------------------------
def add_organization(
    parent: Organization | None, values: Mapping[str, Any], *, actor, preparing: bool = False, reason: str = ""
) -> Organization:
    """Put a new organisation under `parent` (None: at the top, the system only) and return it.

    `values` are model fields by name, those of CHANGEABLE. About eight statements.
    Raises PermissionDenied, ValidationError (a message per field), TypeError for a field that is not to be set.
    """
    _refuse_unknown(values)
    with transaction.atomic():
        hold_tree()
        if parent is not None:
            parent = Organization.objects.get(pk=parent.pk)
        _require(actor, Capability.ORGANIZATION_ADD, parent)
        organization = Organization(**values)
        organization.status = OrganizationStatus.PREPARING if preparing else OrganizationStatus.ACTIVE
        _check_place(organization, parent)
        _check_fields(organization)
        with in_words(Organization):
            if parent is None:
                Organization.objects.add_root(instance=organization)
            else:
                Organization.objects.add_child(parent, instance=organization)
        _record(
            "organization.added",
            organization,
            actor,
            fields=[*values],
            details={"parent": parent.code if parent else None},
            reason=reason,
        )
    return organization


def change_organization(
    organization: Organization, values: Mapping[str, Any], *, version: int | None, actor, reason: str = ""
) -> Organization:
    """Set fields of an organisation and return it fresh; nothing happens when nothing differs.

    `version` is the one the form showed; None (the system) takes whatever is there. One UPDATE … WHERE version.
    Raises PermissionDenied, ValidationError, Conflict when somebody changed the row since that version.
    """
    _refuse_unknown(values)
    with transaction.atomic():
        hold_tree()
        current = Organization.objects.get(pk=organization.pk)
        _require(actor, Capability.ORGANIZATION_CHANGE, current)
        _refuse_dissolved(current)
        if version is not None and current.version != version:
            raise Conflict(_changed_since(current))
        before = {name: getattr(current, name) for name in values}
        changes = {name: value for name, value in values.items() if before[name] != value}
        if not changes:
            return current
        for name, value in changes.items():
            setattr(current, name, value)
        if {"kind", "level", "division"} & changes.keys():
            _check_place(current, Organization.objects.get_parent(current))
            _check_children(current)
        _check_fields(current)
        with in_words(Organization):
            rows = Organization.objects.filter(pk=current.pk, version=current.version)
            written = rows.update(**changes, version=current.version + 1, updated_at=timezone.now())
        if written != 1:
            raise Conflict(_changed_since(current))
        current.version += 1
        _record(
            "organization.changed",
            current,
            actor,
            fields={name: (_plain(before[name]), _plain(value)) for name, value in changes.items()},
            reason=reason,
        )
    return current


def move_organization(organization: Organization, parent: Organization, *, actor, reason: str) -> Organization:
    """Move an organisation with everything below it under another one, and return it fresh.

    The actor must cover both places. Its people's reach follows at once: paths are read, never stored.
    Raises PermissionDenied, ValidationError (a circle, a kind or level that does not fit, no reason).
    """
    with transaction.atomic():
        hold_tree()
        moving = Organization.objects.get(pk=organization.pk)
        target = Organization.objects.get(pk=parent.pk)
        _require(actor, Capability.ORGANIZATION_CHANGE, moving)
        _require(actor, Capability.ORGANIZATION_ADD, target)
        _refuse_dissolved(moving)
        if not reason.strip():
            raise ValidationError({"reason": "请写明为什么调整隶属关系。"})
        if target.path.startswith(moving.path):
            raise ValidationError({"parent": "不能移到自己或自己的下级下面，那样会成为一个圈。"})
        old = Organization.objects.get_parent(moving)
        if old is not None and old.pk == target.pk:
            raise ValidationError({"parent": f"它现在就在“{target.short_name}”下面，不用移动。"})
        _check_place(moving, target)
        Organization.objects.move(moving, target, "last-child")
        moving = Organization.objects.get(pk=moving.pk)
        _record(
            "organization.moved",
            moving,
            actor,
            reason=reason,
            details={"from": old.code if old else None, "to": target.code},
        )
    return moving


def start_organization(organization: Organization, *, actor, founded_date: date | None = None, document: str = ""):
    """Open an organisation that was being prepared. Raises PermissionDenied, NotAllowed, Conflict."""
    changes: dict[str, object] = {"founded_date": founded_date} if founded_date else {}
    changes |= {"founding_document": document} if document else {}
    return _step(organization, OrganizationStatus.ACTIVE, "organization.started", actor=actor, changes=changes)


def rectify_organization(organization: Organization, *, actor, reason: str):
    """Put an organisation in order again (整顿). Raises PermissionDenied, ValidationError, NotAllowed, Conflict."""
    if not reason.strip():
        raise ValidationError({"reason": "请写明为什么整顿。"})
    return _step(organization, OrganizationStatus.RECTIFYING, "organization.rectifying", actor=actor, reason=reason)


def resume_organization(organization: Organization, *, actor, reason: str = ""):
    """End the rectification. Raises PermissionDenied, NotAllowed, Conflict."""
    return _step(organization, OrganizationStatus.ACTIVE, "organization.resumed", actor=actor, reason=reason)


def dissolve_organization(
    organization: Organization,
    *,
    actor,
    document: str,
    dissolved_date: date,
    successor: Organization | None = None,
    reason: str = "",
    at: datetime | None = None,
) -> dict[str, int]:
    """Dissolve an organisation and return what ended or moved: {"司机": 12, …}, counted in rows.

    Everything that runs there is ended or handed to the successor by the handlers of branches.endings, in the same
    transaction. Raises PermissionDenied, ValidationError, NotAllowed, Conflict.
    """
    at = at or timezone.now()
    with transaction.atomic():
        hold_tree()
        current = Organization.objects.get(pk=organization.pk)
        _require(actor, Capability.ORGANIZATION_DISSOLVE, current)
        running = endings.running_rows(current, at)
        if successor is not None:
            successor = Organization.objects.get(pk=successor.pk)
        _check_dissolution(current, document, dissolved_date, successor, running, actor, at)
        for ending, _ in running:
            if ending.end is not None:
                ending.end(current, at=at, actor=actor, successor=successor)
        ended = {ending.label: number for ending, number in running if ending.end is not None}
        trail.transition(
            current,
            OrganizationStatus.DISSOLVED,
            actor=actor,
            changes={"dissolved_date": dissolved_date, "dissolution_document": document, "successor": successor},
            action="organization.dissolved",
            reason=reason,
            next_table=ORGANIZATION_NEXT,
            organization_id=current.pk,
            details={"ended": ended},
            label=current.short_name,
        )
        organization.status = current.status
    return ended


# --- checks ---------------------------------------------------------------------------------------------------------
def _require(actor, capability: Capability, organization: Organization | None) -> None:
    if actor is None:
        return
    reach = reach_of(actor)
    if organization is None:
        raise PermissionDenied("顶层组织由系统管理员用命令载入，不在页面上新建。")
    if not reach.covers(capability, organization):
        raise PermissionDenied("这个组织不在您的权限里。本级以上的调整请联系上级委员会的专干。")


def _refuse_unknown(values: Mapping[str, Any]) -> None:
    unknown = values.keys() - set(CHANGEABLE)
    if unknown:
        raise TypeError(f"not to be set here: {', '.join(sorted(unknown))}")


def _refuse_dissolved(organization: Organization) -> None:
    if organization.status == OrganizationStatus.DISSOLVED:
        raise ValidationError("这个组织已经撤销，只能查看，不能再改。")


def _changed_since(organization: Organization) -> str:
    when = timezone.localtime(organization.updated_at)
    return f"“{organization.short_name}”在 {when:%m-%d %H:%M} 被别人改过，您的修改没有保存。请看过现在的内容再改。"


def _check_fields(organization: Organization) -> None:
    checked(organization, exclude=TREE_FIELDS)


def _check_place(organization: Organization, parent: Organization | None) -> None:
    kind = Kind(organization.kind) if organization.kind in Kind.values else None
    if kind is None:
        raise ValidationError({"kind": "请选择类型。"})
    if parent is not None and parent.status == OrganizationStatus.DISSOLVED:
        raise ValidationError({"parent": f"“{parent.short_name}”已经撤销，下面不能再设组织。"})
    if not rules.may_stand_under(kind, parent.kind if parent else None):
        above = f"“{parent.get_kind_display()}”下面" if parent else "最上层"
        raise ValidationError({"kind": f"“{kind.label}”不能设在{above}。"})
    if not rules.level_fits(organization.level, parent.level if parent else None):
        raise ValidationError({"level": f"级别不能高于上级（上级是{parent.get_level_display()}）。"})
    division = organization.division
    if kind == Kind.INDUSTRY_COMMITTEE and division is not None:
        if division.name in rules.COLLECTIVE_DIVISIONS:
            raise ValidationError({"division": f"“{division.name}”是统计上的汇总项，不是一个地方，请选具体的区划。"})
        if rules.level_of_division(division.level) != organization.level:
            raise ValidationError(
                {"level": f"{division.name}是{division.get_level_display()}区划，行业党委的级别要和它一致。"}
            )


def _check_children(organization: Organization) -> None:
    for child in Organization.objects.get_children(organization).running():
        if not rules.may_stand_under(child.kind, organization.kind):
            raise ValidationError(
                {"kind": f"下级“{child.short_name}”是{child.get_kind_display()}，不能设在这个类型下面。"}
            )
        if not rules.level_fits(child.level, organization.level):
            raise ValidationError({"level": f"下级“{child.short_name}”是{child.get_level_display()}，级别不能低于它。"})


def _check_dissolution(organization, document, dissolved_date, successor, running, actor, at) -> None:
    errors: dict[str, str] = {}
    if not document.strip():
        errors["document"] = "请填撤销批文号。"
    if dissolved_date > timezone.localdate(at):
        errors["dissolved_date"] = "撤销日期不能晚于今天。"
    elif organization.founded_date and dissolved_date < organization.founded_date:
        errors["dissolved_date"] = f"撤销日期不能早于成立日期 {organization.founded_date:%Y-%m-%d}。"
    children = Organization.objects.get_children(organization).running().count()
    if children:
        raise ValidationError(f"下面还有 {children} 个没有撤销的组织，请先移走或撤销它们。")
    waiting = [f"{ending.label} {number} {ending.unit}" for ending, number in running if ending.needs_successor]
    if successor is None and waiting:
        errors["successor"] = f"这里还有{'、'.join(waiting)}，请选择承接的组织。"
    if successor is not None:
        errors |= _successor_errors(organization, successor, actor)
    if errors:
        raise ValidationError(errors)


def _successor_errors(organization, successor, actor) -> dict[str, str]:
    if successor.pk == organization.pk:
        return {"successor": "承接的组织不能是它自己。"}
    if successor.status == OrganizationStatus.DISSOLVED:
        return {"successor": "承接的组织已经撤销，请另选一个。"}
    if organization.kind in COMMITTEES and successor.kind not in COMMITTEES:
        return {"successor": "党委撤销后由另一个党委承接。"}
    if actor is not None and not reach_of(actor).covers(Capability.ORGANIZATION_CHANGE, successor):
        return {"successor": "没有这个组织，或者不在您的辖区。"}
    return {}


# --- writing --------------------------------------------------------------------------------------------------------
def _step(organization: Organization, to: str, action: str, *, actor, changes=None, reason: str = "") -> Entry:
    with transaction.atomic():
        current = Organization.objects.get(pk=organization.pk)
        _require(actor, Capability.ORGANIZATION_CHANGE, current)
        # The caller's status is what he saw: somebody else's step in between is a conflict.
        entry = trail.transition(
            organization,
            to,
            actor=actor,
            changes=changes,
            action=action,
            reason=reason,
            next_table=ORGANIZATION_NEXT,
            organization_id=organization.pk,
            label=organization.short_name,
        )
    return entry


def _record(action: str, organization: Organization, actor, **more) -> Entry:
    return trail.record(
        action, organization, actor=actor, organization_id=organization.pk, label=organization.short_name, **more
    )


def _plain(value: Any) -> Any:
    return getattr(value, "pk", value)
