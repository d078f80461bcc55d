"""Verbs on activities: plan, notify, hold or record, amend, make up, cancel."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from activities import notices
from activities.choices import (
    AT_THE_MEETING,
    ATTENDANCE_NEXT,
    IN_SMALL_CIRCLES,
    NEXT,
    ActivityKind,
    ActivityStatus,
    AttendanceStatus,
)
from activities.models import Activity, Attendance, CoOrganizer, Venue
from activities.rules import acts
from activities.workflow.calendar import recompute
from activities.workflow.roll import Candidate, candidates
from branches.choices import OrganizationStatus
from branches.constraints import checked, in_words
from branches.models import Organization
from branches.scope import reach_of
from foundation.audit import trail
from foundation.audit.trail import Conflict, NotAllowed

WORDS = ("topic", "mode", "starts_at", "ends_at", "agenda", "minutes", "decisions", "guests")
_OF_DONE = ("topic", "mode", "agenda", "minutes", "decisions", "guests")  # and when it was held, see amend
LONGEST_BACK = timedelta(days=366)
NOT_YOURS = "组织生活由本支部的书记、委员和上级委员会的专干记录。"


def plan(
    organization: Organization,
    kind: str,
    values: Mapping[str, Any],
    *,
    actor,
    at: datetime,
    venues: Sequence[Any] = (),
    with_others: Iterable[Organization] = (),
    key: uuid.UUID | None = None,
) -> Activity:
    """Plan an activity and return it; the same form (`key`) posted twice is one plan. About ten statements.

    `values` are fields among `WORDS`; a venue is a Station or a place in words. Raises PermissionDenied,
    ValidationError.
    """
    _require(actor, organization, at)
    if known := _known(key, organization):
        return known
    activity = _new(organization, kind, values, actor, key)
    others = _others(organization, with_others)
    with transaction.atomic():
        _write_new(activity, venues, others)
        _trace("activity.plan", activity, actor, ["kind", "starts_at", "mode"])
    return activity


def notify(activity: Activity, *, actor, at: datetime) -> int:
    """Tell those concerned of a planned activity; return how many were told.

    Raises PermissionDenied, ValidationError when its time has passed, trail.NotAllowed, trail.Conflict.
    """
    _require(actor, activity.organization, at)
    if activity.starts_at <= at and activity.status == ActivityStatus.PLANNED:
        raise ValidationError("时间已经过了，不用再通知；开过了就记到会情况。")
    with transaction.atomic():
        _move(activity, ActivityStatus.NOTIFIED, {"notified_at": at}, "activity.notify", actor)
        return notices.notified(activity, _unit_ids(activity), actor=actor, at=at)


def record(
    organization: Organization,
    kind: str,
    values: Mapping[str, Any],
    statuses: Mapping[str, str],
    *,
    actor,
    at: datetime,
    venues: Sequence[Any] = (),
    with_others: Iterable[Organization] = (),
    key: uuid.UUID | None = None,
) -> Activity:
    """Record what was held together with its roll and return it; the same form (`key`) posted twice is one record.

    `statuses` maps the keys of `roll.candidates` to present, excused or absent, for everybody on the roll of the units
    the actor records for; of the others each keeps its own roll (`join`). The calendar of the units concerned is
    counted in the same transaction. About twenty statements, whatever the roll. Raises PermissionDenied,
    ValidationError.
    """
    _require(actor, organization, at)
    if known := _known(key, organization):
        return known
    activity = _new(organization, kind, values, actor, key)
    _check_held(activity.starts_at, organization, at)
    others = _others(organization, with_others)
    with transaction.atomic():
        # Whoever records for a unit waits for who is recording: the calendar is counted from all that is there.
        _hold_units([organization, *others])
        if known := _known(key, organization):
            return known
        _refuse_recorded(activity)
        units = recorded_by(actor, [organization, *others], at)
        roll = _roll(units, kind, statuses, activity.starts_at)
        _done(activity, statuses, at)
        _write_new(activity, venues, others)
        _write_roll(activity, roll, statuses, units, at)
        _trace("activity.record", activity, actor, ["kind", "status", "held_at", "mode"], details=_figures(activity))
        recompute(_year(activity), [organization.pk, *(one.pk for one in others)])
    return activity


def hold(
    activity: Activity, values: Mapping[str, Any], statuses: Mapping[str, str], *, actor, at: datetime
) -> Activity:
    """Record that a planned activity was held, with its roll. As `record`.

    Raises PermissionDenied, ValidationError, trail.NotAllowed, trail.Conflict.
    """
    _require(actor, activity.organization, at)
    units = units_of(activity)
    changes = {name: values[name] for name in WORDS if name in values}
    held_at = changes.get("starts_at", activity.starts_at)
    _check_held(held_at, activity.organization, at)
    with transaction.atomic():
        _hold_units(units)
        own = recorded_by(actor, units, at)
        roll = _roll(own, activity.kind, statuses, held_at)
        done = Activity(organization=activity.organization, kind=activity.kind, topic=activity.topic, starts_at=held_at)
        _done(done, statuses, at)
        changes |= {name: getattr(done, name) for name in ("held_at", "rolled_at", *acts.sums(()))}
        if "ends_at" not in changes and activity.ends_at is not None and activity.ends_at <= held_at:
            changes["ends_at"] = None
        changes["version"] = activity.version + 1
        with in_words(Activity):
            _move(activity, ActivityStatus.DONE, changes, "activity.record", actor, details=_figures(done))
        _write_roll(activity, roll, statuses, own, at)
        recompute(_year(activity), [one.pk for one in units])
    return activity


def join(activity: Activity, organization: Organization, statuses: Mapping[str, str], *, actor, at: datetime) -> None:
    """Write the roll of a unit that held an activity together with the one that keeps the record.

    Raises PermissionDenied, ValidationError, trail.NotAllowed.
    """
    _require(actor, organization, at)
    if activity.status != ActivityStatus.DONE:
        raise NotAllowed("牵头的组织记下召开情况以后，再记本支部的名册。")
    with transaction.atomic():
        _hold_units(units_of(activity))
        partner = activity.co_organizers.filter(organization=organization).first()
        if partner is None or partner.rolled_at is not None:
            raise NotAllowed("本支部的名册已经记过，或者没有一起举办。")
        roll = _roll([organization], activity.kind, statuses, activity.held_at)
        standing = {line.person_id for line in activity.roll.exclude(person=None)}
        fresh = [one for one in roll if one.person_id is None or one.person_id not in standing]
        _write_roll(activity, fresh, statuses, [organization], at)
        _sum_up(activity, at)
        details = {"organization": organization.pk, **acts.sums(statuses.values())}
        _trace("activity.join", activity, actor, [], details=details)
        recompute(_year(activity), [organization.pk])


def amend(
    activity: Activity,
    values: Mapping[str, Any],
    *,
    actor,
    at: datetime,
    statuses: Mapping[str, str] | None = None,
    reason: str = "",
) -> Activity:
    """Correct an activity: its words, when it was held, the roll of one that is done (then with a reason).

    `statuses` maps "a<line>" to present, excused or absent; what was made up stays. Raises PermissionDenied,
    ValidationError, trail.NotAllowed, trail.Conflict when it was changed since it was read (`version`).
    """
    _require(actor, activity.organization, at)
    if activity.status == ActivityStatus.CANCELLED:
        raise NotAllowed("已经取消，不能再改。")
    is_done = activity.status == ActivityStatus.DONE
    names = (*_OF_DONE, "starts_at", "ends_at") if is_done else WORDS
    changes = {name: values[name] for name in names if name in values and values[name] != getattr(activity, name)}
    if is_done and "starts_at" in changes:
        _check_held(changes["starts_at"], activity.organization, at)
        changes["held_at"] = changes["starts_at"]
    with transaction.atomic():
        units = units_of(activity)
        _hold_units(units)
        own = recorded_by(actor, units, at)
        moved = _change_roll(activity, statuses, own) if is_done and statuses else {}
        if not changes and not moved:
            return activity
        if is_done and not reason.strip():
            raise ValidationError({"reason": "请写明为什么更正。"})
        years = {_year(activity)} if is_done else set()
        before = {name: getattr(activity, name) for name in changes}
        changed = Activity(
            **{field.attname: getattr(activity, field.attname) for field in Activity._meta.concrete_fields}
        )
        sums = acts.sums(activity.roll.values_list("status", flat=True)) if moved else {}
        for name, value in (changes | sums).items():
            setattr(changed, name, value)
        checked(changed, exclude=["organization", "created_by", "key"])
        rows = Activity.objects.filter(pk=activity.pk, version=activity.version, status=activity.status)
        with in_words(Activity):
            done = rows.update(**changes, **sums, version=F("version") + 1, updated_at=at)
        if done != 1:
            raise Conflict("这条记录刚刚被别人改过，您的操作没有保存。请刷新页面，看过现在的内容再做。")
        activity.refresh_from_db()
        _trace(
            "activity.amend",
            activity,
            actor,
            {name: (before[name], value) for name, value in changes.items() if name not in _LONG}
            | dict.fromkeys(name for name in changes if name in _LONG),
            reason=reason,
            details={"roll": moved} if moved else None,
        )
        if is_done:
            for year in sorted(years | {_year(activity)}):
                recompute(year, [one.pk for one in units])
    return activity


_LONG = ("agenda", "minutes", "decisions")


def make_up(
    activity: Activity, lines: Iterable[int], made_up_date: date, *, actor, at: datetime, note: str = ""
) -> int:
    """Note that people who were excused or absent have made up for it; return how many.

    Raises PermissionDenied, ValidationError, trail.NotAllowed.
    """
    own = recorded_by(actor, units_of(activity), at)
    if not own:
        raise PermissionDenied(NOT_YOURS)
    if activity.status != ActivityStatus.DONE:
        raise NotAllowed("开过的活动才有补学。")
    if not timezone.localdate(activity.held_at) <= made_up_date <= timezone.localdate(at):
        raise ValidationError({"made_up_date": "补学日期在活动那天和今天之间。"})
    with transaction.atomic():
        _hold_units([activity.organization])
        may = [status for status, onward in ATTENDANCE_NEXT.items() if AttendanceStatus.MADE_UP in onward]
        chosen = Attendance.objects.filter(activity=activity, pk__in=list(lines), status__in=may)
        before = {
            f"a{pk}": [status, AttendanceStatus.MADE_UP.value] for pk, status in chosen.values_list("pk", "status")
        }
        if not before:
            raise ValidationError("请选择补学的人：请假或缺席的。")
        chosen.update(status=AttendanceStatus.MADE_UP, made_up_date=made_up_date, note=note[:120])
        _sum_up(activity, at)
        _trace("activity.make_up", activity, actor, [], details={"roll": before})
    return len(before)


def cancel(activity: Activity, reason: str, *, actor, at: datetime) -> Activity:
    """Cancel what was planned, or a record made by mistake: it stays to read and counts no more.

    Raises PermissionDenied, ValidationError, trail.NotAllowed, trail.Conflict.
    """
    _require(actor, activity.organization, at)
    reason = reason.strip()
    if not reason:
        raise ValidationError({"reason": "请写明原因。"})
    was = activity.status
    with transaction.atomic():
        units = units_of(activity)
        _hold_units(units)
        changes = {"cancelled_at": at, "cancel_reason": reason[:200], "version": activity.version + 1}
        _move(activity, ActivityStatus.CANCELLED, changes, "activity.cancel", actor, reason=reason)
        if was == ActivityStatus.DONE:
            recompute(_year(activity), [one.pk for one in units])
        if was == ActivityStatus.NOTIFIED and activity.starts_at > at:
            notices.cancelled(activity, [one.pk for one in units], actor=actor, at=at)
    return activity


def units_of(activity: Activity) -> list[Organization]:
    """Return the organisations that hold an activity, the one that keeps the record first. One query."""
    others = [one.organization for one in activity.co_organizers.select_related("organization").order_by("pk")]
    return [activity.organization, *others]


def recorded_by(actor, units: Iterable[Organization], at: datetime) -> list[Organization]:
    """Return the units of an activity whose roll an actor keeps; all of them for the system. Queries as `may`."""
    reach = None if actor is None else reach_of(actor, at)
    return [one for one in units if reach is None or acts.may_record(reach, one)]


# --- the steps they share ---------------------------------------------------------------------------------------------
def _require(actor, organization: Organization, at: datetime) -> None:
    if actor is not None and not acts.may_record(reach_of(actor, at), organization):
        raise PermissionDenied(NOT_YOURS)


def _known(key: uuid.UUID | None, organization: Organization) -> Activity | None:
    return Activity.objects.filter(key=key, organization=organization).first() if key else None


def _refuse_recorded(activity: Activity) -> None:
    """Refuse what somebody else has recorded meanwhile: one meeting of a kind at an instant, but for small circles."""
    if activity.kind in IN_SMALL_CIRCLES:
        return
    there = Activity.objects.done_between(activity.starts_at, activity.starts_at + timedelta(minutes=1))
    if there.filter(organization=activity.organization, kind=activity.kind).exists():
        raise Conflict(
            f"这个时间的{activity.get_kind_display()}刚刚有人记过了，没有再记一遍。"
            "请在“组织生活”里打开那一条核对；真是另开的一次，就把时间改一下。"
        )


def _new(organization: Organization, kind: str, values: Mapping[str, Any], actor, key) -> Activity:
    if organization.status == OrganizationStatus.DISSOLVED:
        raise ValidationError(f"“{organization.short_name}”已经撤销，不能再记活动。")
    if not acts.may_hold_alone(organization.kind):
        raise ValidationError(f"{organization.get_kind_display()}不单独记活动，请记在所在的支部或委员会。")
    if kind not in ActivityKind.values:
        raise ValidationError({"kind": "请选择种类。"})
    fields = {name: values[name] for name in WORDS if name in values}
    activity = Activity(organization=organization, kind=kind, created_by=actor, **fields)
    if key:
        activity.key = key
    if not activity.topic:
        activity.topic = ActivityKind(kind).label
    return activity


def _check_held(held_at: datetime, organization: Organization, at: datetime) -> None:
    if held_at > at:
        raise ValidationError({"starts_at": "时间还没到：先列入计划，开过再记到会情况。"})
    if held_at < at - LONGEST_BACK:
        raise ValidationError({"starts_at": "一年以前的不在这里补记。"})
    if organization.founded_date is not None and timezone.localdate(held_at) < organization.founded_date:
        raise ValidationError({"starts_at": "那时候这个组织还没有成立。"})


def _others(organization: Organization, with_others: Iterable[Organization]) -> list[Organization]:
    others = {one.pk: one for one in with_others if one.pk != organization.pk}
    for one in others.values():
        if one.status == OrganizationStatus.DISSOLVED or not acts.may_hold_alone(one.kind):
            raise ValidationError({"with_others": f"“{one.short_name}”不能一起举办。"})
    return list(others.values())


def _hold_units(units: Iterable[Organization]) -> None:
    list(Organization.objects.select_for_update().filter(pk__in=[one.pk for one in units]).order_by("pk"))


def _roll(units: Sequence[Organization], kind: str, statuses: Mapping[str, str], held_at: datetime) -> list[Candidate]:
    """Return who stands on the roll and refuse one that is not complete."""
    roll = candidates(units, kind, held_at)
    if not roll:
        raise ValidationError("名册是空的：支部还没有登记党员，也没有任职的人。请先请上级专干登记。")
    wanted, given = {one.key for one in roll}, set(statuses)
    if given - wanted:
        raise ValidationError("名册刚刚变了：有人已经不在名册上。请刷新页面再记。")
    if lacking := [one for one in roll if one.key not in given]:
        names = "、".join(one.name for one in lacking[:3])
        raise ValidationError(f"名册没有记完：还有 {len(lacking)} 人（{names}）没有选到会、请假或缺席。")
    if set(statuses.values()) - set(AT_THE_MEETING):
        raise ValidationError("到会情况只有到会、请假、缺席。")
    if AttendanceStatus.PRESENT not in statuses.values():
        raise ValidationError("没有一个人到会，不算开过。没开成就不用记。")
    return roll


def _done(activity: Activity, statuses: Mapping[str, str], at: datetime) -> None:
    activity.status = ActivityStatus.DONE
    activity.held_at, activity.rolled_at = activity.starts_at, at
    for name, number in acts.sums(statuses.values()).items():
        setattr(activity, name, number)


def _write_new(activity: Activity, venues: Sequence[Any], others: Sequence[Organization]) -> None:
    checked(activity, exclude=["organization", "created_by"])
    with in_words(Activity):
        activity.save(force_insert=True)
    CoOrganizer.objects.bulk_create(CoOrganizer(activity=activity, organization=one) for one in others)
    rows = [
        Venue(
            activity=activity, position=number, **({"place": one.strip()} if isinstance(one, str) else {"station": one})
        )
        for number, one in enumerate((one for one in venues if one and str(one).strip()), start=1)
    ]
    Venue.objects.bulk_create(rows)


def _sum_up(activity: Activity, at: datetime) -> None:
    sums = acts.sums(activity.roll.values_list("status", flat=True))
    Activity.objects.filter(pk=activity.pk).update(**sums, version=F("version") + 1, updated_at=at)
    activity.refresh_from_db()


def _write_roll(
    activity: Activity,
    roll: Sequence[Candidate],
    statuses: Mapping[str, str],
    units: Iterable[Organization],
    at: datetime,
) -> None:
    """Write the lines and note for the units that hold it together that their roll is there."""
    activity.co_organizers.filter(organization__in=list(units)).update(rolled_at=at)
    Attendance.objects.bulk_create(
        Attendance(
            activity=activity,
            organization_id=one.organization_id,
            person_id=one.person_id,
            user_id=one.user_id,
            status=statuses[one.key],
            may_vote=one.may_vote,
        )
        for one in roll
    )


def _change_roll(activity: Activity, statuses: Mapping[str, str], own) -> dict[str, list[str]]:
    """Write the lines that differ; return them as {"a<line>": [before, after]}."""
    if set(statuses.values()) - set(AT_THE_MEETING):
        raise ValidationError("到会情况只有到会、请假、缺席。")
    there = {f"a{line.pk}": line for line in activity.roll.filter(organization__in=own)}
    moved = {}
    for key, status in statuses.items():
        line = there.get(key)
        if line is None:
            raise ValidationError("名册刚刚变了。请刷新页面再改。")
        if line.status != status and line.status != AttendanceStatus.MADE_UP:
            moved[key] = [str(line.status), str(status)]
            Attendance.objects.filter(pk=line.pk).update(status=status)
    present = activity.roll.filter(status=AttendanceStatus.PRESENT)
    if moved and not present.exists():
        raise ValidationError("没有一个人到会，不算开过。记错了就取消这条记录。")
    return moved


def _move(activity: Activity, to: str, changes, action: str, actor, *, reason: str = "", details=None) -> None:
    trail.transition(
        activity,
        to,
        actor=actor,
        changes=changes,
        action=action,
        reason=reason,
        next_table=NEXT,
        organization_id=activity.organization_id,
        details=details,
        label=activity.get_kind_display(),
    )


def _trace(action: str, activity: Activity, actor, fields, *, reason: str = "", details=None) -> None:
    if not isinstance(fields, Mapping):
        fields = {name: (None, getattr(activity, name)) for name in fields}
    trail.record(
        action,
        activity,
        actor=actor,
        organization_id=activity.organization_id,
        fields=fields,
        reason=reason,
        details=details,
        label=activity.get_kind_display(),
    )


def _figures(activity: Activity) -> dict[str, int]:
    return {name: getattr(activity, name) for name in acts.sums(())}


def _year(activity: Activity) -> int:
    return timezone.localtime(activity.held_at or activity.starts_at).year


def _unit_ids(activity: Activity) -> list[int]:
    return [activity.organization_id, *activity.co_organizers.order_by().values_list("organization_id", flat=True)]
