"""The history of a person, firm or vehicle: a view of its entries in the trail."""

from __future__ import annotations

from django.db.models import Exists, OuterRef
from django.urls import reverse

from branches.scope import Reach
from foundation.audit.models import Entry
from members.models import Driver, Enterprise, Person, RosterImport, RosterResult, Vehicle
from members.notices import ACTIONS as MEMBERSHIP
from members.notices import NARROW
from members.rules.drivers import GUARDED_ACTIONS, IDENTITY_FIELDS
from members.workflow.drivers import PARTY_FIELDS, may_read_party_facts

ACTIONS = {
    "driver.register": "登记",
    "driver.change": "修改",
    "driver.verify": "核实，信息无误",
    "driver.reveal": "查看完整信息",
    "driver.reveal_braked": "要查看完整信息，超过每天上限被拦下",
    "driver.merge": "合并重复登记",
    "driver.assign_vehicle": "登记车辆",
    "driver.end_vehicle": "移除车辆",
    "driver.set_credential": "登记从业资格",
    "driver.claim_registration": "认领登记",
    "driver.out_of_scope": "别处登记时被拦下",
    "driver.vehicle_elsewhere": "登记的是别处的车",
    "driver.export": "导出",
    "registration.release": "放行登记",
    "registration.refuse": "不同意转出登记",
    "registration.decide": "裁定登记",
    "registration.withdraw": "撤回认领",
    "enterprise.add": "登记",
    "enterprise.change": "修改",
    "vehicle.add": "登记",
    "vehicle.change": "修改",
}
_LABELS = {
    field.name: str(field.verbose_name)
    for model in (Vehicle, Enterprise, Person, Driver)
    for field in model._meta.concrete_fields
} | {"vehicle_links": "车辆", "credentials": "从业资格"}
_FIELDS = [field for model in (Driver, Person, Vehicle, Enterprise) for field in model._meta.concrete_fields]
_RELATIONS = frozenset(field.name for field in _FIELDS if field.is_relation)
_CHOICES = {
    field.name: {key: str(word) for key, word in field.flatchoices} for field in reversed(_FIELDS) if field.choices
}


def person_history(driver: Driver, reach: Reach, *, guarded: bool, limit: int = 20) -> list[dict]:
    """Return the newest entries about a driver as timeline rows, with what this reader may know of them. Two queries.

    The rosters that wrote him are among them, as long as their results are kept, each with the address of its batch
    for who may see that. `guarded`: he may see full numbers, so he may also know who looked at them.
    """
    party = may_read_party_facts(reach, driver)
    entries = Entry.objects.for_person(driver.pk)
    # What is done with a membership is for who may know of it; dues and appraisals are shown on their own pages only.
    entries = entries.exclude(action__in=NARROW if party else sorted(MEMBERSHIP))
    if not guarded:
        entries = entries.exclude(action__in=GUARDED_ACTIONS)
    hidden = frozenset() if party else frozenset(PARTY_FIELDS)
    lines = [_line(entry, guarded, hidden) for entry in entries[:limit]] + _rosters(driver, reach, limit)
    return sorted(lines, key=lambda line: line["at"], reverse=True)[:limit]


def _rosters(driver: Driver, reach: Reach, limit: int) -> list[dict]:
    """Return the rosters that made or changed a driver as timeline rows, newest first. One query."""
    seen = RosterImport.objects.visible_to(reach).filter(pk=OuterRef("roster_import"))
    results = RosterResult.objects.filter(person_id=driver.pk).select_related(
        "roster_import__uploaded_by", "roster_import__confirmed_by"
    )
    lines = []
    for result in results.annotate(is_seen=Exists(seen)).order_by("-roster_import", "-pk")[:limit]:
        batch = result.roster_import
        who = batch.confirmed_by or batch.uploaded_by  # who let it be written
        undone = f"（{result.get_undone_display()}）" if result.undone else ""
        line = {
            "at": batch.finished_at or batch.confirmed_at or batch.created_at,
            "who": who.name if who else "",
            "text": f"名册导入，{result.get_fate_display()}{undone}",
            "note": "",
            "changes": [],
        }
        if result.is_seen:
            line |= {"url": reverse("members:import_detail", args=[batch.pk]), "link": batch.file_name}
        lines.append(line)
    return lines


def object_history(target, limit: int = 20) -> list[dict]:
    """Return the newest entries about a firm or vehicle as timeline rows. One query."""
    return [_line(entry, True, frozenset()) for entry in Entry.objects.for_object(target)[:limit]]


def _line(entry: Entry, guarded: bool, hidden: frozenset[str]) -> dict:
    names = [name for name in entry.fields if name not in hidden]
    text = (ACTIONS | MEMBERSHIP).get(entry.action, "名册导入" if entry.action.startswith("roster") else entry.action)
    changes, others = [], []
    if entry.action == "driver.reveal":
        text = "查看" + "、".join(IDENTITY_FIELDS.get(name, name) for name in names)
    elif entry.action.endswith(".change"):
        for name in names:
            pair = entry.fields[name]
            if pair is None or name in _RELATIONS:
                others.append(_LABELS.get(name, name))
            else:
                before, after = (_words(name, value) for value in pair)
                changes.append({"label": _LABELS.get(name, name), "before": before, "after": after})
    if others:
        text += "：" + "、".join(others)
    plate = entry.details.get("plate") if isinstance(entry.details, dict) else None
    return {
        "at": entry.at,
        "who": entry.actor_name,
        "text": f"{text} {plate}" if plate else text,
        "note": entry.reason if guarded else "",
        "changes": changes,
    }


def _words(name: str, value) -> str:
    if value in (None, ""):
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    return _CHOICES.get(name, {}).get(value, str(value))
