"""Verbs on visits of instructors and the problems they find: record, withdraw; answer, confirm, give back, drop."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone

from activities import notices
from activities.choices import (
    FOLLOW_UP_NEXT,
    UNRESOLVED,
    FollowUpOwner,
    FollowUpStatus,
    VisitSubject,
)
from activities.models import InstructionVisit, VisitFollowUp, VisitTarget
from activities.rules import acts
from activities.rules import visits as rules
from branches.choices import OrganizationStatus
from branches.constraints import checked, in_words
from branches.models import Organization
from branches.scope import reach_of
from foundation.audit import trail
from foundation.audit.trail import Conflict, NotAllowed

WORDS = ("visited_date", "form", "subjects", "content")
NOT_YOURS = "走访由这个支部的党建指导员登记。"
MOST_PROBLEMS = 10


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem as it is written down on a visit: what, who shall do it, until when."""

    text: str
    owner: str
    due_date: date | None


def record_visit(
    organization: Organization,
    values: Mapping[str, Any],
    problems: Iterable[Problem] = (),
    *,
    actor,
    at: datetime,
    key: uuid.UUID | None = None,
) -> InstructionVisit:
    """Write down a visit with what was found and return it; the same form (`key`) posted twice is one visit.

    Those who have to do something are told in the same transaction. About twelve statements. Raises PermissionDenied,
    ValidationError (a message per field; of the n-th problem at `problem_n`, `due_n`).
    """
    if not rules.may_visit(reach_of(actor, at), organization):
        raise PermissionDenied(NOT_YOURS)
    if known := _known(key, actor):
        return known
    problems = list(problems)
    today = timezone.localdate(at)
    visit = InstructionVisit(
        organization=organization,
        instructor=actor,
        **({"key": key} if key else {}),
        **{name: values[name] for name in WORDS if name in values},
    )
    _check_visit(visit, organization, today)
    parent = _committee_for(organization, problems)
    rows = [_follow_up(visit, one, number, organization, parent, today) for number, one in enumerate(problems, start=1)]
    checked(visit, exclude=["organization", "instructor"])
    with transaction.atomic():
        # Whoever posts the same form again waits for who posts it first.
        Organization.objects.select_for_update().get(pk=organization.pk)
        if known := _known(key, actor):
            return known
        with in_words(InstructionVisit):
            visit.save(force_insert=True)
        for row in rows:
            row.visit = visit
            checked(row, exclude=["visit", "owner_organization", "answered_by", "closed_by"])
            row.save(force_insert=True)
        trail.record(
            "visit.record",
            visit,
            actor=actor,
            organization_id=organization.pk,
            fields={name: (None, getattr(visit, name)) for name in ("visited_date", "form")},
            details={"problems": len(rows)},
            label=str(visit),
        )
        notices.problems_found(visit, rows, at=at)
    return visit


def withdraw_visit(visit: InstructionVisit, reason: str, *, actor, at: datetime) -> None:
    """Withdraw a visit written down by mistake: it stays to read and counts no more; its open problems are dropped.

    Raises PermissionDenied, ValidationError, NotAllowed, Conflict.
    """
    if visit.withdrawn_at is not None:
        raise NotAllowed("这次走访已经撤回了。")
    if not rules.may_withdraw(reach_of(actor, at), visit):
        raise PermissionDenied("走访由登记它的指导员自己撤回。")
    reason = _words(reason, "reason", "请写明为什么撤回。")
    with transaction.atomic():
        rows = InstructionVisit.objects.filter(pk=visit.pk, withdrawn_at__isnull=True)
        if rows.update(withdrawn_at=at, withdraw_reason=reason[:200]) != 1:
            raise Conflict("这次走访刚刚已经撤回了。")
        visit.withdrawn_at, visit.withdraw_reason = at, reason[:200]
        trail.record(
            "visit.withdraw", visit, actor=actor, organization_id=visit.organization_id, reason=reason, label=str(visit)
        )
        for one in visit.follow_ups.filter(status__in=UNRESOLVED).select_related("visit"):
            drop(one, "走访撤回：" + reason, actor=actor, at=at)


def answer_follow_up(follow_up: VisitFollowUp, answer: str, *, actor, at: datetime) -> None:
    """Say what was done about a problem; its instructor is told and confirms it.

    Raises PermissionDenied, ValidationError, NotAllowed, Conflict.
    """
    if not rules.may_answer(reach_of(actor, at), follow_up):
        raise PermissionDenied("由要办这件事的支部或党委回复。")
    answer = _words(answer, "answer", "请写明怎么办的。")
    with transaction.atomic():
        changes = {"answer": answer[:1000], "answered_at": at, "answered_by": actor, "note": ""}
        _move(follow_up, FollowUpStatus.ANSWERED, changes, "visit_follow_up.answer", actor)
        notices.answered(follow_up, actor=actor, at=at)


def close_follow_up(follow_up: VisitFollowUp, outcome: str, note: str = "", *, actor, at: datetime) -> None:
    """Confirm an answer (`done`), give it back (`open`) or drop the problem (`dropped`); the last two say why.

    Raises PermissionDenied, ValidationError, NotAllowed, Conflict.
    """
    if not rules.may_close(reach_of(actor, at), follow_up):
        raise PermissionDenied("由这个支部的党建指导员确认。")
    if outcome not in (FollowUpStatus.DONE, FollowUpStatus.OPEN, FollowUpStatus.DROPPED):
        raise ValidationError({"outcome": "请选择结果。"})
    if outcome == FollowUpStatus.DONE:
        with transaction.atomic():
            changes = {"closed_at": at, "closed_by": actor, "note": note.strip()[:300]}
            _move(follow_up, outcome, changes, "visit_follow_up.confirm", actor)
        return
    note = _words(note, "note", "请写明还差什么。" if outcome == FollowUpStatus.OPEN else "请写明为什么不再办。")
    with transaction.atomic():
        if outcome == FollowUpStatus.DROPPED:
            drop(follow_up, note, actor=actor, at=at)
            return
        # What was answered stands in the trail; the row shows what is true now.
        changes = {"answer": "", "answered_at": None, "answered_by": None, "note": note[:300]}
        _move(follow_up, outcome, changes, "visit_follow_up.give_back", actor, reason=note)
        notices.given_back(follow_up, at=at)


def drop(follow_up: VisitFollowUp, reason: str, *, actor, at: datetime) -> None:
    """Drop a problem with a reason. Permission and transaction are the caller's. Raises NotAllowed, Conflict."""
    changes = {"closed_at": at, "closed_by": actor, "note": reason[:300]}
    _move(follow_up, FollowUpStatus.DROPPED, changes, "visit_follow_up.drop", actor, reason=reason)


# --- how many visits are asked for ---------------------------------------------------------------------------------
TARGET_FIELDS = ("organization", "frequency", "times", "from_date", "until_date", "source")
TARGET_CHANGEABLE = frozenset({"until_date", "source"})


def save_target(target: VisitTarget, *, fields: Iterable[str], actor, at: datetime) -> VisitTarget:
    """Write how many visits are asked for, or the end and the words of a row that is there.

    A new one begins with a day to come. Raises PermissionDenied, ValidationError.
    """
    if actor is not None and not acts.may_keep_rules(reach_of(actor, at)):
        raise PermissionDenied("走访次数由系统管理员维护。")
    fields = set(fields) & set(TARGET_FIELDS)
    is_new = target.pk is None
    if is_new and target.from_date is not None and target.from_date <= timezone.localdate(at):
        raise ValidationError({"from_date": "从明天以后开始，已经开始的期间按原来的次数算。"})
    if not is_new and fields - TARGET_CHANGEABLE:
        raise ValidationError("已经在用的只能改停用日期和出处；要改次数，请停用它，再新增一条。")
    checked(target)
    with transaction.atomic():
        with in_words(VisitTarget):
            if is_new:
                target.save(force_insert=True)
            elif fields:
                target.save(update_fields=sorted(fields))
        trail.record("visit_target.save", target, actor=actor, fields=sorted(fields), label=str(target))
    return target


# --- the steps they share ------------------------------------------------------------------------------------------
def _known(key: uuid.UUID | None, actor) -> InstructionVisit | None:
    return InstructionVisit.objects.filter(key=key, instructor=actor).first() if key else None


def _check_visit(visit: InstructionVisit, organization: Organization, today: date) -> None:
    if organization.status == OrganizationStatus.DISSOLVED:
        raise ValidationError(f"“{organization.short_name}”已经撤销，不能再记走访。")
    if visit.visited_date is None:
        raise ValidationError({"visited_date": "请写走访日期。"})
    if visit.visited_date > today:
        raise ValidationError({"visited_date": "这一天还没到，去过了再记。"})
    if visit.visited_date < today - rules.LONGEST_BACK:
        raise ValidationError({"visited_date": "三个月以前的走访不再补记。"})
    if set(visit.subjects) - set(VisitSubject.values):
        raise ValidationError({"subjects": "看了什么，请从列出的里面选。"})
    visit.content = visit.content.strip()


def _committee_for(organization: Organization, problems: list[Problem]) -> Organization | None:
    if len(problems) > MOST_PROBLEMS:
        raise ValidationError(f"一次走访最多记 {MOST_PROBLEMS} 个问题。")
    if any(one.owner == FollowUpOwner.COMMITTEE for one in problems):
        return Organization.objects.get_parent(organization)
    return None


def _follow_up(visit, problem: Problem, number: int, organization, parent, today: date) -> VisitFollowUp:
    is_committees = problem.owner == FollowUpOwner.COMMITTEE
    if is_committees and parent is None:
        raise ValidationError({f"owner_{number}": "这个支部上面没有党组织，请选支部。"})
    if not problem.text.strip():
        raise ValidationError({f"problem_{number}": "请写明问题和要做的事。"})
    if problem.due_date is None or not today <= problem.due_date <= today + rules.LONGEST_AHEAD:
        raise ValidationError({f"due_{number}": "请写什么时候前办完：今天以后，一年以内。"})
    return VisitFollowUp(
        visit=visit,
        owner=problem.owner,
        owner_organization=parent if is_committees else organization,
        problem=problem.text.strip(),
        due_date=problem.due_date,
    )


def _words(text: str, field: str, sentence: str) -> str:
    text = text.strip()
    if not text:
        raise ValidationError({field: sentence})
    return text


def _move(follow_up: VisitFollowUp, to: str, changes, action: str, actor, *, reason: str = "") -> None:
    trail.transition(
        follow_up,
        to,
        actor=actor,
        changes=changes,
        action=action,
        reason=reason,
        next_table=FOLLOW_UP_NEXT,
        organization_id=follow_up.visit.organization_id,
        label=follow_up.get_owner_display(),
    )
