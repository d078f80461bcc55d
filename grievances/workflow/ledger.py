"""Verbs of the committee that has a case: accept it or say where to go, address it to an office, merge, get help."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import ValidationError

from branches.choices import Duty
from branches.constraints import in_words
from branches.models import Office
from branches.workflow import acting_for, office_of
from grievances import notices
from grievances.choices import OPEN, ClockKind, StatementKind, Status
from grievances.models import Assist, Grievance
from grievances.rules import cases
from grievances.workflow import clocks
from grievances.workflow.steps import (
    acting,
    held,
    move,
    note,
    require,
    require_step,
    require_text,
    require_visible,
    say,
)

ANSWERED_BEFORE = "诉求人说这个岗位的答复没解决问题，重办要换人。请选别的岗位；人手不够的，先任命或升级。"


def accept(grievance: Grievance, *, actor, at: datetime) -> None:
    """Take a case into the ledger: from now on three offices answer for it (有人问、有人办、有人管).

    Raises PermissionDenied, trail.NotAllowed, trail.Conflict.
    """
    require(cases.may_accept(acting(actor, at).reach, grievance), "受理由现在承办的委员会专干办。")
    with held(grievance):
        entry = move(
            grievance,
            Status.ACCEPTED,
            actor=actor,
            action="grievance.accept",
            changes={
                "accepted_at": at,
                "collector": grievance.collector or office_of(grievance.organization, Duty.COLLECT),
                "handler": office_of(grievance.organization, Duty.HANDLE),
                "supervisor": office_of(grievance.organization, Duty.SUPERVISE),
            },
        )
        say(grievance, StatementKind.REASON, "已经受理，列入台账。", at=at, actor=actor, is_public=True, entry_id=entry)
        notices.accepted(grievance, at)


def refuse(grievance: Grievance, *, actor, reason: str, at: datetime) -> None:
    """Decline a case, with why and where to go instead; the complainant may object, which brings it one level up.

    Raises PermissionDenied, ValidationError without a reason, trail.NotAllowed, trail.Conflict.
    """
    require(cases.may_accept(acting(actor, at).reach, grievance), "受理不受理，由现在承办的委员会专干定。")
    reason = require_text(reason, "reason", "请写明为什么不受理、应该找谁。")
    with held(grievance):
        entry = move(grievance, Status.NOT_ACCEPTED, actor=actor, action="grievance.refuse")
        say(grievance, StatementKind.REASON, reason, at=at, actor=actor, is_public=True, entry_id=entry)
        clocks.stop(grievance, at)
        notices.refused(grievance, at)


def assign(grievance: Grievance, office: Office, *, actor, at: datetime, words: str = "") -> None:
    """Address a case to a handling office of the committee or below it, or of a department (转办).

    The clock of transfer is met; progress, answer and, the first time, the promise begin.

    Raises PermissionDenied, ValidationError for an office that cannot have it, trail.NotAllowed, trail.Conflict.
    """
    require(cases.may_assign(acting(actor, at).reach, grievance), "转办由现在承办的委员会专干办。")
    require_step(grievance, Status.ASSIGNED)
    if office.duty != Duty.HANDLE or not office.organization.path.startswith(grievance.organization.path):
        raise ValidationError({"office": "请选本级或下级单位的承办岗。"})
    if office.pk == grievance.handler_id and grievance.status != Status.ACCEPTED:
        raise ValidationError({"office": "这件诉求已经在这个岗位。"})
    if grievance.reopened and office.organization_id in units_that_answered(grievance):
        raise ValidationError({"office": ANSWERED_BEFORE})
    if not acting_for(office, at):
        raise ValidationError({"office": "这个岗位和它的上级现在都没有人，转过去没有人办。请先任命，或选别的岗位。"})
    with held(grievance):
        again = grievance.status != Status.ACCEPTED
        changes = {"handler": office, "assigned_at": at}
        first = grievance.first_assigned_at is None
        if first:
            changes["first_assigned_at"] = at
        entry = move(grievance, Status.ASSIGNED, actor=actor, action="grievance.assign", changes=changes)
        text = words.strip() or f"转给{notices.unit_name(office.organization)}办理。"
        say(grievance, StatementKind.REASON, text, at=at, actor=actor, is_public=True, entry_id=entry)
        clocks.unpause(grievance, at)
        if not again:
            clocks.meet(grievance, [ClockKind.TRANSFER], at)
            running = set(grievance.clocks.running().values_list("kind", flat=True))
            begin = [ClockKind.PROGRESS, ClockKind.ANSWER, *([ClockKind.PROMISE] if first else [])]
            clocks.start(grievance, [kind for kind in begin if kind not in running], at)
        notices.assigned(grievance, at)


def units_that_answered(grievance: Grievance) -> set[int]:
    """Return the units whose offices have answered a case before: "not solved" brings it back to none. One query.

    Source: docs/decisions/0010, 8 (other hands).
    """
    answers = grievance.statements.filter(kind=StatementKind.ANSWER, office__isnull=False)
    return set(answers.values_list("office__organization_id", flat=True))


def assist(grievance: Grievance, office: Office, *, actor, at: datetime) -> Assist:
    """Ask another office to help (协办); the handler stays answerable.

    Raises PermissionDenied, ValidationError, trail.Conflict.
    """
    require(cases.may_assign(acting(actor, at).reach, grievance), "协办由现在承办的委员会专干请。")
    if grievance.status not in OPEN or office.duty != Duty.HANDLE:
        raise ValidationError({"office": "只有没办结的诉求能请承办岗协办。"})
    if not office.organization.path.startswith(grievance.organization.path) or office.pk == grievance.handler_id:
        raise ValidationError({"office": "请选本级或下级单位的另一个承办岗。"})
    with held(grievance), in_words(Assist):
        helper = Assist.objects.create(grievance=grievance, office=office, asked_by=actor, from_at=at)
        note(grievance, actor=actor, action="grievance.assist", details={"office": office.pk})
        notices.assist_asked(grievance, office, at)
    return helper


def end_assist(helper: Assist, *, actor, at: datetime) -> None:
    """End the help of an office. Raises PermissionDenied; ended twice is ended once."""
    grievance = helper.grievance
    require(cases.may_assign(acting(actor, at).reach, grievance), "协办由现在承办的委员会专干结束。")
    with held(grievance):
        if Assist.objects.filter(pk=helper.pk, until_at__isnull=True).update(until_at=at):
            note(grievance, actor=actor, action="grievance.assist_ended", details={"office": helper.office_id})


def merge(grievance: Grievance, into: Grievance, *, actor, at: datetime) -> None:
    """Merge a duplicate into another open case of one's scope; its complainant follows that one from now on.

    Both cases are held, in the order of their keys: merged into each other, neither would ever end.

    Raises PermissionDenied, ValidationError, trail.NotAllowed, trail.Conflict.
    """
    reach = acting(actor, at).reach
    require(cases.may_assign(reach, grievance), "合并由现在承办的委员会专干办。")
    require_visible(reach, into)
    if into.pk == grievance.pk or into.status not in OPEN:
        raise ValidationError({"into": "请选另一件还没办结的诉求。"})
    first, second = sorted((grievance, into), key=lambda one: one.pk)
    with held(first), held(second):
        entry = move(grievance, Status.MERGED, actor=actor, action="grievance.merge", changes={"merged_into": into})
        text = f"和编号 {into.number} 的诉求是同一件事，合在一起办。"
        say(grievance, StatementKind.REASON, text, at=at, actor=actor, is_public=True, entry_id=entry)
        clocks.stop(grievance, at)
        note(into, actor=actor, action="grievance.merged_in", details={"number": grievance.number})
        notices.merged(grievance, into, at)
