"""Verbs of the handling office: say how it goes, ask, answer, give back; and of its committee: suspend, resume."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.core.exceptions import ValidationError

from grievances import notices
from grievances.choices import WITH_HANDLER, ClockKind, PauseKind, Result, StatementKind, Status
from grievances.models import Assist, Grievance
from grievances.rules import cases
from grievances.workflow import clocks
from grievances.workflow.steps import Acting, acting, held, move, note, require, require_step, require_text, say

NOT_YOURS = "这件诉求现在不在您的岗位上。"


def _handler(actor, grievance: Grievance, at: datetime) -> Acting:
    who = acting(actor, at)
    require(cases.may_handle(who.reach, grievance, who.offices), NOT_YOURS)
    return who


def report_progress(grievance: Grievance, *, actor, text: str, at: datetime) -> None:
    """Tell the complainant how it goes; the first time, the clock of progress is met and the case is in hand.

    Raises PermissionDenied, ValidationError, trail.NotAllowed, trail.Conflict.
    """
    who = _handler(actor, grievance, at)
    text = require_text(text, "text", "请写一句办到哪一步了，诉求人会看到。")
    if grievance.status not in WITH_HANDLER:
        require_step(grievance, Status.IN_HAND)
    with held(grievance):
        if grievance.status == Status.ASSIGNED:
            entry = move(grievance, Status.IN_HAND, actor=actor, action="grievance.report_progress")
        else:
            entry = note(grievance, actor=actor, action="grievance.report_progress")
        office = who.office_at(grievance)
        say(grievance, StatementKind.PROGRESS, text, at=at, actor=actor, office=office, is_public=True, entry_id=entry)
        clocks.meet(grievance, [ClockKind.PROGRESS], at)
        notices.progressed(grievance, at)


def is_helped_by(grievance: Grievance, office_ids) -> bool:
    """Return whether one of these offices helps with a case now (协办). One query."""
    return Assist.objects.filter(grievance=grievance, office_id__in=office_ids, until_at__isnull=True).exists()


def note_internally(grievance: Grievance, *, actor, text: str, at: datetime) -> None:
    """Leave a note the complainant does not see. Who assigns, handles, supervises or helps with a case may.

    Raises PermissionDenied, ValidationError, trail.Conflict.
    """
    who = acting(actor, at)
    allowed = cases.may_handle(who.reach, grievance, who.offices) or cases.may_assign(who.reach, grievance)
    allowed = allowed or cases.may_supervise(who.reach, grievance)
    require(allowed or is_helped_by(grievance, who.offices), NOT_YOURS)
    text = require_text(text, "text", "请写内容。")
    with held(grievance):
        entry = note(grievance, actor=actor, action="grievance.note")
        office = who.office_at(grievance)
        say(grievance, StatementKind.INTERNAL, text, at=at, actor=actor, office=office, is_public=False, entry_id=entry)


def ask_complainant(grievance: Grievance, *, actor, text: str, at: datetime) -> None:
    """Ask the complainant for something only he has; the clocks stand still until he answers (待补充).

    Raises PermissionDenied, ValidationError, trail.NotAllowed, trail.Conflict.
    """
    who = _handler(actor, grievance, at)
    text = require_text(text, "text", "请写要诉求人补充什么。")
    with held(grievance):
        entry = move(grievance, Status.WAITING_FOR_COMPLAINANT, actor=actor, action="grievance.ask_complainant")
        office = who.office_at(grievance)
        say(grievance, StatementKind.QUESTION, text, at=at, actor=actor, office=office, is_public=True, entry_id=entry)
        clocks.meet(grievance, [ClockKind.PROGRESS], at)  # the complainant has heard from the office
        clocks.pause(grievance, PauseKind.COMPLAINANT, at)
        notices.asked(grievance, at)


def suspend(grievance: Grievance, *, actor, reason: str, at: datetime) -> None:
    """Let a case rest while a court, an arbitration or a petition office has it (挂起).

    Raises PermissionDenied, ValidationError, trail.NotAllowed, trail.Conflict.
    """
    require(cases.may_assign(acting(actor, at).reach, grievance), "挂起由现在承办的委员会专干办。")
    reason = require_text(reason, "reason", "请写明在哪里走什么程序。")
    with held(grievance):
        entry = move(grievance, Status.SUSPENDED, actor=actor, action="grievance.suspend")
        say(grievance, StatementKind.REASON, reason, at=at, actor=actor, is_public=True, entry_id=entry)
        clocks.pause(grievance, PauseKind.JUDICIAL, at)
        notices.suspended(grievance, at)


def resume(grievance: Grievance, *, actor, at: datetime, text: str = "") -> None:
    """Go on with a case that rested or waited. Raises PermissionDenied, trail.NotAllowed, trail.Conflict."""
    who = acting(actor, at)
    allowed = cases.may_assign(who.reach, grievance)
    if grievance.status == Status.WAITING_FOR_COMPLAINANT:
        allowed = allowed or cases.may_handle(who.reach, grievance, who.offices)
    require(allowed, "恢复办理由现在承办的委员会专干办。")
    if grievance.status not in (Status.SUSPENDED, Status.WAITING_FOR_COMPLAINANT):
        require_step(grievance, Status.SUSPENDED)
    with held(grievance):
        entry = move(grievance, Status.IN_HAND, actor=actor, action="grievance.resume")
        words = text.strip() or "恢复办理。"
        say(grievance, StatementKind.REASON, words, at=at, actor=actor, is_public=True, entry_id=entry)
        clocks.unpause(grievance, at)
        notices.progressed(grievance, at)


def return_to_unit(grievance: Grievance, *, actor, reason: str, at: datetime) -> None:
    """Give a case back to the committee that assigned it: it belongs elsewhere (退回). Its clocks run on.

    Raises PermissionDenied, ValidationError, trail.NotAllowed, trail.Conflict.
    """
    who = _handler(actor, grievance, at)
    reason = require_text(reason, "reason", "请写明为什么退回、应该由谁办。")
    if grievance.status not in WITH_HANDLER:
        require_step(grievance, Status.IN_HAND)
    with held(grievance):
        office = who.office_at(grievance)
        entry = move(grievance, Status.ACCEPTED, actor=actor, action="grievance.return")
        say(
            grievance,
            StatementKind.INTERNAL,
            reason,
            at=at,
            actor=actor,
            office=office,
            is_public=False,
            entry_id=entry,
        )
        clocks.unpause(grievance, at)
        notices.returned(grievance, at)


def answer(
    grievance: Grievance,
    *,
    actor,
    result: str,
    text: str,
    at: datetime,
    amount_recovered: Decimal | None = None,
    measure: str = "",
    person_times: int = 1,
) -> None:
    """Answer the complainant: what came of it, on what ground. A money case says how much was recovered.

    The clock of the call-back begins; another office than this one will ask. What was kept unfinished goes.

    Raises PermissionDenied, ValidationError, trail.NotAllowed, trail.Conflict.
    """
    who = _handler(actor, grievance, at)
    require_step(grievance, Status.ANSWERED)
    errors = {}
    if result not in Result.values:
        errors["result"] = "请选办成了没有。"
    if not text.strip():
        errors["text"] = "请写给诉求人的答复：结果、依据、不满意怎么办。"
    if amount_recovered is None and cases.needs_amount(grievance):
        errors["amount_recovered"] = "请写追回了多少钱，没有追回写 0。"
    if amount_recovered is not None and amount_recovered < 0:
        errors["amount_recovered"] = "金额不能小于 0。"
    if person_times < 1:
        errors["person_times"] = "人次至少是 1。"
    if errors:
        raise ValidationError(errors)
    with held(grievance):
        office = who.office_at(grievance)
        entry = move(
            grievance,
            Status.ANSWERED,
            actor=actor,
            action="grievance.answer",
            changes={
                "answered_at": at,
                "answered_by": actor,
                "result": result,
                "amount_recovered": amount_recovered,
                "measure": measure or grievance.category.measure,
                "person_times": person_times,
                "failed_attempts": 0,
            },
        )
        say(
            grievance,
            StatementKind.ANSWER,
            text.strip(),
            at=at,
            actor=actor,
            office=office,
            is_public=True,
            entry_id=entry,
        )
        grievance.answer_drafts.all().delete()
        clocks.meet(grievance, [ClockKind.PROGRESS, ClockKind.ANSWER, ClockKind.PROMISE], at)
        clocks.start(grievance, [ClockKind.CALL_BACK], at)
        notices.answered(grievance, at)
