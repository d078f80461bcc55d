"""Verbs that end a case: the complainant confirms, another office calls back; a "no" brings it one level up."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db.models import Max

from branches.choices import Duty
from branches.workflow import office_of
from foundation.audit import trail
from grievances import notices
from grievances.choices import (
    TO_CONFIRM,
    ClockKind,
    CloseReason,
    FollowUpMethod,
    Result,
    Satisfaction,
    StatementKind,
    Status,
)
from grievances.models import FollowUp, Grievance
from grievances.rules import cases
from grievances.workflow import clocks
from grievances.workflow.steps import (
    COMPLAINANT,
    acting,
    committee_above,
    held,
    move,
    note,
    require,
    require_step,
    require_text,
    say,
)

TOO_SOON = "离上一次联系不到 4 小时，算同一次。请晚些再试，换个时间、换个方式。"


def follow_up(
    grievance: Grievance,
    *,
    actor,
    method: str,
    was_reached: bool,
    at: datetime,
    solved: str = "",
    satisfaction: str = "",
    note_text: str = "",
) -> FollowUp:
    """Record a call-back (回访) by another office than the handler's.

    Reached and solved: closed. Not solved or not satisfied: one level up, never back to the same hand. Not reached: the
    third documented attempt closes it as 未联系上. Silence is not satisfaction.

    Raises PermissionDenied, ValidationError, trail.NotAllowed, trail.Conflict.
    """
    who = acting(actor, at)
    require(
        cases.may_call_back(who.reach, grievance, who.offices),
        "回访由承办委员会的专干做，而且不能是承办这件诉求的人。",
    )
    _require_answered(grievance)
    if was_reached and (solved not in Result.values or satisfaction not in Satisfaction.values):
        raise ValidationError({"solved": "联系上了，请记解决没有、满不满意；没评价就选未评。"})
    note_text = note_text.strip()[:500]
    if not was_reached:
        note_text = require_text(note_text, "note_text", "没联系上，请写清什么时候、怎么联系的。")
    with held(grievance):
        tries = FollowUp.objects.filter(grievance=grievance, was_reached=False, round=grievance.reopened)
        if not was_reached and not cases.is_counted_as_attempt(list(tries.values_list("at", flat=True)), at):
            raise ValidationError({"note_text": TOO_SOON})
        made = FollowUp.objects.create(
            grievance=grievance,
            method=method,
            was_reached=was_reached,
            solved=solved if was_reached else "",
            satisfaction=satisfaction if was_reached else "",
            note=note_text,
            office=office_of(grievance.organization, Duty.COLLECT),
            made_by=actor,
            at=at,
            round=grievance.reopened,
        )
        if was_reached:
            _heard(grievance, CloseReason.CALLED_BACK, solved, satisfaction, actor=actor, at=at)
        else:
            _not_reached(grievance, actor=actor, at=at)
    return made


def confirm(grievance: Grievance, *, solved: str, satisfaction: str, at: datetime, words: str = "") -> FollowUp:
    """Let the complainant say himself whether it is solved; he has shown code and passphrase.

    Raises ValidationError, trail.NotAllowed, trail.Conflict.
    """
    _require_answered(grievance)
    if solved not in Result.values:
        raise ValidationError({"solved": "请选解决没有。"})
    if satisfaction not in Satisfaction.values:
        raise ValidationError({"satisfaction": "请选满不满意，不想评就选未评。"})
    with held(grievance):
        return _said_by_complainant(grievance, solved, satisfaction, words, at)


def say_not_solved(grievance: Grievance, *, at: datetime, words: str) -> FollowUp:
    """Let the complainant say of a closed case that it is not solved after all; it comes back one level up.

    Raises ValidationError without a word or after 90 days, trail.NotAllowed, trail.Conflict.
    """
    words = require_text(words, "words", "请写一句哪里没解决。")
    if grievance.status != Status.CLOSED:
        require_step(grievance, Status.CLOSED)
    if not cases.is_open_for_reopening(grievance, at):
        raise ValidationError("办结超过 90 天了，请重新提交一件，写上这件的编号。")
    with held(grievance):
        return _said_by_complainant(grievance, Result.NOT_SOLVED, Satisfaction.DISSATISFIED, words, at)


def _require_answered(grievance: Grievance) -> None:
    if grievance.status not in TO_CONFIRM:
        raise trail.NotAllowed(f"这件诉求现在是「{grievance.get_status_display()}」，还没有答复，不能回访。")


def _said_by_complainant(grievance: Grievance, solved, satisfaction, words: str, at: datetime) -> FollowUp:
    made = FollowUp.objects.create(
        grievance=grievance,
        method=FollowUpMethod.SELF,
        was_reached=True,
        solved=solved,
        satisfaction=satisfaction,
        note=words.strip()[:500],
        at=at,
        round=grievance.reopened,
    )
    _heard(grievance, CloseReason.CONFIRMED, solved, satisfaction, actor=COMPLAINANT, at=at, words=words)
    return made


def _heard(
    grievance: Grievance, reason: CloseReason, solved, satisfaction, *, actor, at: datetime, words: str = ""
) -> None:
    """Close on what the complainant said, or reopen one level up."""
    clocks.meet(grievance, [ClockKind.CALL_BACK], at)
    if cases.reopens(solved, satisfaction):
        _reopen(grievance, solved, satisfaction, actor=actor, at=at, words=words)
        return
    entry = move(
        grievance,
        Status.CLOSED,
        actor=actor,
        action="grievance.close",
        changes={
            "closed_at": at,
            "close_reason": reason,
            "solved": solved,
            "satisfaction": satisfaction,
            "supervised_at": None,
        },
    )
    text = words.strip() or f"{Result(solved).label}，{Satisfaction(satisfaction).label}。"
    say(grievance, StatementKind.FOLLOW_UP, text, at=at, actor=actor, is_public=True, entry_id=entry)
    clocks.stop(grievance, at)
    notices.closed(grievance, at)


def _reopen(grievance: Grievance, solved, satisfaction, *, actor, at: datetime, words: str = "") -> None:
    """Bring the case one level up, to other hands; at the top it stays there and other hands take it."""
    above = committee_above(grievance.organization) or grievance.organization
    unreported = grievance.supervisions.filter(reported_at__isnull=True).aggregate(last=Max("at"))
    entry = move(
        grievance,
        Status.ACCEPTED,
        actor=actor,
        action="grievance.reopen",
        changes={
            "organization": above,
            "rung": grievance.rung + 1,
            "handler": office_of(above, Duty.HANDLE),
            "supervisor": office_of(above, Duty.SUPERVISE),
            "reopened": grievance.reopened + 1,
            "solved": solved,
            "satisfaction": satisfaction,
            "closed_at": None,
            "close_reason": "",
            "failed_attempts": 0,
            "supervised_at": unreported["last"],  # an order nobody reported on stands again
        },
    )
    text = words.strip() or f"诉求人说{Result(solved).label}，{Satisfaction(satisfaction).label}。"
    say(grievance, StatementKind.FOLLOW_UP, text, at=at, actor=actor, is_public=True, entry_id=entry)
    clocks.stop(grievance, at, clocks.LEVEL_CLOCKS)
    clocks.restore_promise(grievance)
    clocks.start(grievance, [ClockKind.TRANSFER], at)
    with notices.Mailbag(at) as bag:
        notices.moved_up(grievance, bag, reopened=True)


def _not_reached(grievance: Grievance, *, actor, at: datetime) -> None:
    failed = grievance.failed_attempts + 1
    if not cases.closes_unreached(failed):
        entry = move(
            grievance,
            Status.FOLLOW_UP,
            actor=actor,
            action="grievance.follow_up",
            changes={"failed_attempts": failed},
        )
        text = f"第 {failed} 次没有联系上。"
        say(grievance, StatementKind.FOLLOW_UP, text, at=at, actor=actor, is_public=True, entry_id=entry)
        return
    entry = move(
        grievance,
        Status.CLOSED,
        actor=actor,
        action="grievance.close",
        changes={
            "closed_at": at,
            "close_reason": CloseReason.UNREACHABLE,
            "satisfaction": "",
            "solved": "",
            "failed_attempts": failed,
            "supervised_at": None,
        },
    )
    text = "三次没有联系上您，先办结。90 天内您说没解决，马上重办。"
    say(grievance, StatementKind.FOLLOW_UP, text, at=at, actor=actor, is_public=True, entry_id=entry)
    clocks.meet(grievance, [ClockKind.CALL_BACK], at)
    clocks.stop(grievance, at)
    notices.closed(grievance, at)


__all__ = ["confirm", "follow_up", "note", "say_not_solved"]
