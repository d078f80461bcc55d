"""Verbs on joint conferences: set up and change, record a meeting, take up items and carry them to their end."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from activities.choices import ITEM_NEXT, PENDING
from activities.models import (
    ActionItem,
    ActionItemNote,
    ConferenceDepartment,
    ConferenceMeeting,
    JointConference,
)
from activities.rules import conferences as rules
from branches.choices import OrganizationStatus
from branches.constraints import checked, in_words
from branches.models import Organization
from branches.scope import reach_of
from foundation.audit import trail
from foundation.audit.trail import Conflict, NotAllowed

FIELDS = ("name", "document", "from_date", "until_date")
MEETING_FIELDS = ("held_date", "place", "chair", "present", "minutes", "decisions")
NOT_YOURS = "联席会议由牵头党委或上级党委的专干登记。"
CHANGED = "刚刚被别人改过，您的操作没有保存。请刷新页面，看过现在的内容再做。"
LONGEST_BACK = timedelta(days=366)
LONGEST_AHEAD = timedelta(days=1100)  # three years


def set_up(
    organization: Organization, values: Mapping[str, Any], departments: Iterable, *, actor, at: datetime
) -> JointConference:
    """Set up a joint conference with its member departments (rules.Department) and return it.

    Raises PermissionDenied, ValidationError (a message per field; `departments`).
    """
    _require(actor, organization, at)
    if organization.status == OrganizationStatus.DISSOLVED or not rules.may_have(organization.kind):
        raise ValidationError("联席会议由省、市、县三级行业党委牵头。")
    conference = JointConference(organization=organization, **{name: values[name] for name in FIELDS if name in values})
    departments = _checked_departments(departments)
    checked(conference, exclude=["organization"])
    with transaction.atomic():
        with in_words(JointConference):
            conference.save(force_insert=True)
        _write_departments(conference, departments)
        _trace("joint_conference.set_up", conference, organization.pk, actor, ["name", "from_date"], str(conference))
    return conference


def change(
    conference: JointConference, values: Mapping[str, Any], departments: Iterable, *, actor, at: datetime
) -> JointConference:
    """Change names, dates and member departments. A department with items that is left out stays as one that has left.

    Raises PermissionDenied, ValidationError, Conflict when it was changed since it was read (`version`).
    """
    _require(actor, conference.organization, at)
    before = {name: getattr(conference, name) for name in FIELDS if name in values}
    changed = JointConference(
        pk=conference.pk,
        organization=conference.organization,
        **{name: values.get(name, getattr(conference, name)) for name in FIELDS},
    )
    departments = _checked_departments(departments)
    checked(changed, exclude=["organization"])
    with transaction.atomic():
        rows = JointConference.objects.filter(pk=conference.pk, version=conference.version)
        with in_words(JointConference):
            if rows.update(**{name: values[name] for name in before}, version=F("version") + 1) != 1:
                raise Conflict(f"这个联席会议{CHANGED}")
        _write_departments(conference, departments)
        conference.refresh_from_db()
        moved = {name: (old, values[name]) for name, old in before.items() if old != values[name]}
        label = str(conference)
        _trace("joint_conference.change", conference, conference.organization_id, actor, moved, label)
    return conference


def record_meeting(
    conference: JointConference, values: Mapping[str, Any], *, actor, at: datetime, key: uuid.UUID | None = None
) -> ConferenceMeeting:
    """Record a meeting and return it; the same form (`key`) posted twice is one.

    Raises PermissionDenied, ValidationError.
    """
    _require(actor, conference.organization, at)
    if key and (known := ConferenceMeeting.objects.filter(key=key, conference=conference).first()):
        return known
    meeting = ConferenceMeeting(
        conference=conference,
        recorded_by=actor,
        **({"key": key} if key else {}),
        **{name: values[name] for name in MEETING_FIELDS if name in values},
    )
    _check_meeting(meeting, at)
    checked(meeting, exclude=["conference", "recorded_by"])
    with transaction.atomic():
        with in_words(ConferenceMeeting):
            meeting.save(force_insert=True)
        _trace("joint_conference.meeting", meeting, conference.organization_id, actor, ["held_date"], str(meeting))
    return meeting


def amend_meeting(meeting: ConferenceMeeting, values: Mapping[str, Any], *, actor, at: datetime) -> ConferenceMeeting:
    """Correct what was recorded of a meeting.

    Raises PermissionDenied, ValidationError, Conflict when it was changed since it was read (`version`).
    """
    _require(actor, meeting.conference.organization, at)
    changes = {
        name: values[name] for name in MEETING_FIELDS if name in values and values[name] != getattr(meeting, name)
    }
    if not changes:
        return meeting
    after = ConferenceMeeting(
        pk=meeting.pk,
        conference=meeting.conference,
        key=meeting.key,
        **{name: changes.get(name, getattr(meeting, name)) for name in MEETING_FIELDS},
    )
    _check_meeting(after, at)
    checked(after, exclude=["conference", "recorded_by", "key"])
    with transaction.atomic():
        rows = ConferenceMeeting.objects.filter(pk=meeting.pk, version=meeting.version)
        with in_words(ConferenceMeeting):
            if rows.update(**changes, version=F("version") + 1) != 1:
                raise Conflict(f"这次会议的记录{CHANGED}")
        meeting.refresh_from_db()
        unit = meeting.conference.organization_id
        _trace("joint_conference.amend_meeting", meeting, unit, actor, dict.fromkeys(changes), str(meeting))
    return meeting


def add_item(
    meeting: ConferenceMeeting,
    text: str,
    department: ConferenceDepartment,
    due_date: date,
    *,
    actor,
    at: datetime,
    contact_office: str = "",
) -> ActionItem:
    """Take up something a meeting decided, led by a member department, and return it.

    Raises PermissionDenied, ValidationError.
    """
    unit = meeting.conference.organization
    _require(actor, unit, at)
    if department.conference_id != meeting.conference_id or department.has_left:
        raise ValidationError({"department": "请选这个联席会议的成员单位。"})
    if not meeting.held_date <= due_date <= meeting.held_date + LONGEST_AHEAD:
        raise ValidationError({"due_date": f"要在开会那天（{meeting.held_date:%Y-%m-%d}）以后、三年以内。"})
    item = ActionItem(
        meeting=meeting,
        text=text.strip(),
        department=department,
        contact_office=contact_office.strip() or department.contact_office,
        due_date=due_date,
    )
    checked(item, exclude=["meeting", "department"])
    with transaction.atomic():
        with in_words(ActionItem):
            item.save(force_insert=True)
        _trace("action_item.add", item, unit.pk, actor, ["text", "due_date"], str(item))
    return item


def progress(item: ActionItem, text: str, status: str = "", *, actor, at: datetime) -> ActionItemNote:
    """Add how an item goes on; with a status, move it there: to be done or dropped, the words are its result.

    Notes are added, never changed. Raises PermissionDenied, ValidationError, NotAllowed (closed), Conflict.
    """
    unit = item.meeting.conference.organization
    _require(actor, unit, at)
    text = text.strip()
    if not text:
        raise ValidationError({"text": "请写几个字：办到哪一步，结果怎样。"})
    if item.status not in PENDING:
        raise NotAllowed("这一项已经了结，不能再记进展。")
    with transaction.atomic():
        if status and status != item.status:
            is_end = status not in PENDING
            trail.transition(
                item,
                status,
                actor=actor,
                changes={"result": text[:1000], "closed_at": at} if is_end else {},
                action="action_item.close" if is_end else "action_item.begin",
                next_table=ITEM_NEXT,
                organization_id=unit.pk,
                label=str(item),
            )
        else:
            # Whoever notes something sees to it that nobody closes the item meanwhile.
            if not ActionItem.objects.select_for_update().filter(pk=item.pk, status=item.status).exists():
                raise Conflict(f"这一项{CHANGED}")
            trail.record("action_item.note", item, actor=actor, organization_id=unit.pk, label=str(item))
        return ActionItemNote.objects.create(item=item, text=text[:500], at=at, by=actor)


# --- the steps they share ------------------------------------------------------------------------------------------
def _require(actor, organization: Organization, at: datetime) -> None:
    if actor is not None and not rules.may_keep(reach_of(actor, at), organization):
        raise PermissionDenied(NOT_YOURS)


def _check_meeting(meeting: ConferenceMeeting, at: datetime) -> None:
    today = timezone.localdate(at)
    if meeting.held_date is None:
        raise ValidationError({"held_date": "请写召开日期。"})
    if meeting.held_date > today:
        raise ValidationError({"held_date": "这一天还没到，开过再记。"})
    if meeting.held_date < max(today - LONGEST_BACK, meeting.conference.from_date):
        raise ValidationError({"held_date": "一年以前的，和联席会议成立以前的，不在这里补记。"})


def _checked_departments(departments: Iterable) -> list:
    found = list(departments)
    if len(found) < 2:
        raise ValidationError({"departments": "联席会议至少有两个成员单位，一行写一个。"})
    if long := next((one for one in found if max(len(one.name), len(one.contact_office)) > rules.NAME_LENGTH), None):
        raise ValidationError(
            {"departments": f"“{long.name[:12]}…”太长，部门和处室各不超过 {rules.NAME_LENGTH} 个字。"}
        )
    return found


def _write_departments(conference: JointConference, departments: list) -> None:
    there = {one.name: one for one in conference.departments.all()}
    for position, wanted in enumerate(departments, start=1):
        row = there.pop(wanted.name, None) or ConferenceDepartment(conference=conference, name=wanted.name)
        row.kind, row.contact_office = wanted.kind, wanted.contact_office
        row.position, row.has_left = position, False
        row.save()
    for gone in there.values():
        if gone.items.exists():
            ConferenceDepartment.objects.filter(pk=gone.pk).update(has_left=True)
        else:
            gone.delete()


def _trace(action: str, target, organization_id: int, actor, fields, label: str) -> None:
    if not isinstance(fields, Mapping):
        fields = {name: (None, getattr(target, name)) for name in fields}
    trail.record(action, target, actor=actor, organization_id=organization_id, fields=fields, label=label)
