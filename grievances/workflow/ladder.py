"""Verbs along the ladder 县 → 市 → 省: a case goes up by hand, by the clock, or because a superior takes it up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError

from branches.choices import Duty
from branches.models import Organization
from branches.workflow import offices_at
from foundation.audit import trail
from grievances import notices
from grievances.choices import MAY_MOVE_UP, OPEN, ClockKind, StatementKind, Status
from grievances.models import Grievance, Supervision
from grievances.rules import cases
from grievances.workflow import clocks
from grievances.workflow.steps import (
    acting,
    committee_above,
    held,
    move_all,
    note,
    require,
    require_text,
    require_visible,
    say,
    say_all,
)


def escalate(grievance: Grievance, *, actor, reason: str, at: datetime) -> None:
    """Hand a case to the committee above, with a reason (升级). Who has it in hand or decides it may.

    Raises PermissionDenied, ValidationError at the top, trail.NotAllowed, trail.Conflict.
    """
    who = acting(actor, at)
    allowed = cases.may_assign(who.reach, grievance) or cases.may_handle(who.reach, grievance, who.offices)
    require(allowed, "升级由现在承办的单位办。")
    reason = require_text(reason, "reason", "请写明为什么要上一级来办。")
    above = committee_above(grievance.organization)
    if above is None:
        raise ValidationError("已经在最上一级，没有上级可以升。")
    with held(grievance):
        move_up(grievance, above, actor=actor, action="grievance.escalate", reason=reason, at=at)


def take_up(grievance: Grievance, *, actor, reason: str, at: datetime) -> None:
    """Take a case up from a unit below (提级): from now on one's own committee decides it.

    Raises PermissionDenied, ValidationError, trail.NotAllowed, trail.Conflict.
    """
    reach = acting(actor, at).reach
    require(cases.may_take_up(reach, grievance), "提级由上级委员会的专干办。")
    reason = require_text(reason, "reason", "请写明为什么提级。")
    posts = reach.units(cases.Capability.GRIEVANCE_TAKE_UP, {cases.Extent.SUBTREE_BELOW})
    line = Organization.objects.get_ancestors(grievance.organization).filter(pk__in=posts).order_by("-depth")
    own = line.first()
    if own is None:
        raise ValidationError("这件诉求不在您的下级单位。")
    with held(grievance):
        move_up(grievance, own, actor=actor, action="grievance.take_up", reason=reason, at=at)


def move_up(grievance: Grievance, above: Organization, *, actor, action: str, reason: str, at: datetime) -> None:
    """Bring a held case to a committee above; its level clocks begin anew, the promise does not.

    Raises trail.NotAllowed for a case that is answered or ended.
    """
    with notices.Mailbag(at) as bag:
        move_all_up([Ascent(grievance, above, reason)], bag, actor=actor, action=action, at=at)


@dataclass(frozen=True, slots=True)
class Ascent:
    """A held case, the committee above that gets it, and why."""

    grievance: Grievance
    above: Organization
    reason: str


def move_all_up(ascents: Sequence[Ascent], bag: notices.Mailbag, *, actor, action: str, at: datetime) -> None:
    """Bring held cases up as `move_up` brings one: all or none; what is told goes into the bag.

    About 15 queries, and one UPDATE more for every committee and status of theirs. Raises as `move_up`.
    """
    if not ascents:
        return
    for grievance in (one.grievance for one in ascents):
        if grievance.status not in MAY_MOVE_UP:
            raise trail.NotAllowed(f"这件诉求现在是「{grievance.get_status_display()}」，不能换级。")
    offices = offices_at(
        (one.above, duty)
        for one in ascents
        if one.grievance.status != Status.LODGED
        for duty in (Duty.HANDLE, Duty.SUPERVISE)
    )
    moves = []
    for one in ascents:
        to, changes = Status.LODGED, {"organization": one.above, "rung": one.grievance.rung + 1}
        if one.grievance.status != Status.LODGED:
            to = Status.ACCEPTED
            changes["handler"] = offices[one.above.pk, Duty.HANDLE]
            changes["supervisor"] = offices[one.above.pk, Duty.SUPERVISE]
        moves.append((one.grievance, to, changes))
    entries = move_all(moves, actor=actor, action=action)
    say_all(
        [(one.grievance, one.reason, entry) for one, entry in zip(ascents, entries, strict=True)],
        StatementKind.REASON,
        at=at,
        actor=actor,
        is_public=True,
    )
    moved = [one.grievance for one in ascents]
    clocks.unpause_all(moved, at)
    clocks.restart_all(moved, at, stop=clocks.LEVEL_CLOCKS, start=[ClockKind.TRANSFER])
    for grievance in moved:
        notices.moved_up(grievance, bag)


def supervise(grievance: Grievance, *, actor, organization: Organization, demand: str, at: datetime) -> Supervision:
    """Order a case below to be seen to (督办): it stays where it is and stands on the supervision list.

    Raises PermissionDenied, ValidationError, trail.Conflict.
    """
    reach = acting(actor, at).reach
    require(cases.may_supervise(reach, grievance), "督办由上级委员会的专干或负责人办。")
    demand = require_text(demand, "demand", "请写督办要求。")
    if grievance.status not in OPEN:
        raise ValidationError("这件诉求已经办完，不用督办。")
    with held(grievance):
        made = Supervision.objects.create(
            grievance=grievance, organization=organization, ordered_by=actor, demand=demand[:500], at=at
        )
        Grievance.objects.filter(pk=grievance.pk).update(supervised_at=at)
        grievance.supervised_at = at
        entry = note(grievance, actor=actor, action="grievance.supervise")
        say(grievance, StatementKind.INTERNAL, f"督办：{demand}", at=at, actor=actor, is_public=False, entry_id=entry)
        notices.supervised(grievance, at)
    return made


def report_on_supervision(supervision: Supervision, *, actor, report: str, at: datetime) -> None:
    """Report back on an order of supervision. Who assigns or handles the case may.

    Raises PermissionDenied, ValidationError, trail.Conflict when it was reported already.
    """
    grievance = supervision.grievance
    who = acting(actor, at)
    allowed = cases.may_assign(who.reach, grievance) or cases.may_handle(who.reach, grievance, who.offices)
    require(allowed, "督办由现在承办的单位回报。")
    require_visible(who.reach, grievance)
    report = require_text(report, "report", "请写办到哪一步了。")
    with held(grievance):
        waiting = Supervision.objects.filter(pk=supervision.pk, reported_at__isnull=True)
        if waiting.update(report=report[:1000], reported_by=actor, reported_at=at) != 1:
            raise trail.Conflict("这次督办已经回报过了。")
        if not Supervision.objects.filter(grievance=grievance, reported_at__isnull=True).exists():
            Grievance.objects.filter(pk=grievance.pk).update(supervised_at=None)
            grievance.supervised_at = None
        entry = note(grievance, actor=actor, action="grievance.supervision_reported")
        say(
            grievance,
            StatementKind.INTERNAL,
            f"督办回报：{report}",
            at=at,
            actor=actor,
            is_public=False,
            entry_id=entry,
        )
