"""Recording a step, refusing it, taking it back: gates first, then the row, the stage and the membership together."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from branches.capabilities import Capability
from branches.constraints import checked, in_words
from branches.models import Workday
from branches.scope import reach_of
from foundation.audit.trail import NotAllowed
from members.choices import (
    AGAIN_AFTER_EXTENSION,
    FINAL_STEPS,
    REFUSABLE,
    STEPS,
    AdmissionBasis,
    DevelopmentEnd,
    DevelopmentStage,
    MemberStatus,
    SponsorKind,
    StepNumber,
    StepRecorder,
    StepResult,
    StepStatus,
    built_on,
)
from members.models import Development, DevelopmentStep, PartyMember
from members.rules.development import (
    CAPABILITY_OF,
    Facts,
    Gate,
    Proposal,
    Votes,
    closed_gates,
    may_record,
    order_sentence,
    probation_ends,
)
from members.workflow.development.files import (
    close,
    end_sponsors,
    facts_of,
    held,
    move,
    record,
    refresh,
    refuse_future,
    require,
    sentence_of,
)
from members.workflow.development.reminders import tell_next
from members.workflow.development.sponsors import name_sponsors
from members.workflow.membership import Evidence, admit, leave, write_status

_SPONSORS: dict[int, SponsorKind] = {
    StepNumber.CULTIVATORS: SponsorKind.CULTIVATOR,
    StepNumber.INTRODUCERS: SponsorKind.INTRODUCER,
}
_WHO: dict[str, str] = {
    StepRecorder.BRANCH: "这一步由支部书记来记。",
    StepRecorder.COMMITTEE: "这一步由上级党委专干或组织部门联络员来记。",
}
_COLUMNS = (
    "document", "opinion", "result", "months", "entitled", "present", "votes_for", "votes_against", "votes_abstained",
    "written_opinions", "training_days", "training_hours", "notice_from_date", "notice_until_date", "late_reason",
)  # fmt: skip


def gates_before(development: Development, number: int, proposal: Proposal, facts: Facts | None = None) -> list[Gate]:
    """Return the gates before a step that are closed or warn, those let pass left out. Five queries at most."""
    passed = development.overrides.filter(number=number).values_list("gate", flat=True)
    return closed_gates(number, facts or facts_of(development), proposal, passed)


def record_step(
    development: Development,
    number: int,
    *,
    done_date: date,
    version: int,
    actor,
    values: Mapping[str, Any] | None = None,
    at: datetime | None = None,
) -> DevelopmentStep:
    """Write one of the 25 steps down, with what it brings, and return it; about twenty statements.

    `values` holds the columns of the step (`STEPS[number].fields`), and `members` for the steps that name sponsors. The
    branch records its steps, the committee above or the organisation department theirs. Reaching probation makes the
    person a member, confirmation a full one, in the same transaction.

    Raises PermissionDenied, NotAllowed (recorded already, the file is over), ValidationError (every closed gate with
    its article and day; per field), Conflict.
    """
    at = at or timezone.now()
    step, values = STEPS[number], dict(values or {})
    require(actor, CAPABILITY_OF[step.by], development.organization, _WHO[step.by])
    facts = facts_of(development)
    _refuse_out_of_turn(development, number, facts)
    refuse_future(done_date, timezone.localdate(at), "done_date")
    if sentence := order_sentence(number, facts, done_date):
        raise ValidationError({"done_date": sentence})
    members = values.pop("members", ())
    row = _row(development, number, done_date, values, actor, at)
    proposal = _proposal(row, members)
    gates = [gate for gate in gates_before(development, number, proposal, facts) if not gate.warns]
    if gates:
        raise ValidationError([str(gate) for gate in gates])
    with held(development, version, at):
        with in_words(DevelopmentStep):
            checked(row, exclude=["development", "recorded_by"]).save(force_insert=True)
        if number in _SPONSORS:
            name_sponsors(development, _SPONSORS[number], members, on_date=done_date, reason="重新确定")
        _carry_out(development, row, facts, actor, at)
        refresh(development)
        tell_next(development, row, at)
    return row


def refuse_step(
    development: Development,
    number: int,
    *,
    reason: str,
    done_date: date,
    version: int,
    actor,
    at: datetime | None = None,
) -> DevelopmentStep:
    """Refuse what the branch has submitted; the branch does its step again (`REFUSABLE`). Return the refusal.

    Raises PermissionDenied, NotAllowed, ValidationError, Conflict.
    """
    at = at or timezone.now()
    require(actor, Capability.DEVELOPMENT_APPROVE_STEP, development.organization, _WHO[StepRecorder.COMMITTEE])
    if number not in REFUSABLE:
        raise NotAllowed("这一步没有批准不批准；不再培养的，请终止这份档案。")
    facts = facts_of(development)
    _refuse_out_of_turn(development, number, facts)
    said = sentence_of(reason, "reason", least=2)
    refuse_future(done_date, timezone.localdate(at), "done_date")
    if sentence := order_sentence(number, facts, done_date):
        raise ValidationError({"done_date": sentence})
    with held(development, version, at):
        row = DevelopmentStep.objects.create(
            development=development,
            number=number,
            status=StepStatus.REFUSED,
            done_date=done_date,
            refused_reason=said,
            recorded_by=actor,
            recorded_at=at,
        )
        _void(development, REFUSABLE[number], f"第 {number} 步没有批准：{said}"[:200], at)
        record("development.refuse", development, actor, details={"step": number}, reason=said)
        refresh(development)
        tell_next(development, row, at)
    return row


def take_back(
    development: Development, number: int, *, reason: str, version: int, actor, at: datetime | None = None
) -> int:
    """Void a step that was wrong or has run out, and all that was built on it, so that it is done again; how many.

    Who recorded such steps may: the branch its own, the committee all of them. Steps that changed the stage or a
    membership stay. Raises PermissionDenied, NotAllowed, ValidationError, Conflict.
    """
    at = at or timezone.now()
    reach, concerned = reach_of(actor), _concerned(development, number)
    above = reach.covers(Capability.DEVELOPMENT_APPROVE_STEP, development.organization)
    if not above and not all(may_record(reach, development, one) for one in concerned or (number,)):
        raise PermissionDenied("作废这一步要由记它的一方来办；后面有上级党委办过的，由上级党委来办。")
    if number not in concerned:
        raise NotAllowed("这一步还没有记，没有什么可以作废。")
    if final := sorted(FINAL_STEPS.intersection(concerned)):
        raise NotAllowed(f"第 {final[0]} 步{STEPS[final[0]].name}已经生效，不能作废；办错的请报上级党委。")
    said = sentence_of(reason, "reason", least=2)
    with held(development, version, at):
        number_of = _void(development, number, said, at)
        record("development.take_back", development, actor, details={"step": number, "count": number_of}, reason=said)
        refresh(development)
    return number_of


# --- parts ------------------------------------------------------------------------------------------------------------
def _refuse_out_of_turn(development: Development, number: int, facts: Facts) -> None:
    if development.stage == DevelopmentStage.ENDED:
        raise NotAllowed("这份档案已经终止。")
    if number in facts.done:
        raise NotAllowed(f"第 {number} 步{STEPS[number].name}已经记过了（{facts.done[number]:%Y-%m-%d}）。")


def _row(development, number: int, done_date: date, values: dict, actor, at: datetime) -> DevelopmentStep:
    """Return the row of a step, checked field by field. Raises ValidationError for what is missing or too much."""
    fields, errors = STEPS[number].fields, {}
    values = {name: value for name, value in values.items() if name in _COLUMNS and value not in (None, "")}
    for name in ("document", "opinion", "late_reason"):
        if name in values:
            values[name] = " ".join(str(values[name]).split())
    if "document" in fields and len(values.get("document", "")) < 2:
        errors["document"] = "请写明文号或证书编号，至少 2 个字。"
    if "opinion" in fields and len(values.get("opinion", "")) < 2:
        errors["opinion"] = "请写几个字：谈了什么、怎么讨论的。"
    if "qualified" in fields and values.get("result") not in (StepResult.QUALIFIED, StepResult.UNQUALIFIED):
        errors["result"] = "请选政治审查的结论。"
    if "outcome" in fields and values.get("result") not in (
        StepResult.CONFIRM, StepResult.EXTEND, StepResult.CANCEL,
    ):  # fmt: skip
        errors["result"] = "请选支部大会的决定。"
    if values.get("result") != StepResult.EXTEND:
        values.pop("months", None)
    if "votes" in fields:
        errors |= _votes_sentences(values)
    if errors:
        raise ValidationError(errors)
    return DevelopmentStep(
        development=development, number=number, done_date=done_date, recorded_by=actor, recorded_at=at, **values
    )


def _votes_sentences(values: dict) -> dict[str, str]:
    values.setdefault("written_opinions", 0)
    names = ("entitled", "present", "votes_for", "votes_against", "votes_abstained")
    missing = {name: "人数没有填，没有的填 0。" for name in names if name not in values}
    if missing:
        return missing
    votes = Votes(*(int(values[name]) for name in (*names, "written_opinions")))
    if votes.adds_up:
        return {}
    said, there = votes.votes_for + votes.votes_against + votes.votes_abstained, votes.present + votes.written_opinions
    sentence = f"票数对不上：赞成、反对、弃权合计 {said} 票，实到加书面意见 {there} 人，应到 {votes.entitled} 人。"
    return {"votes_for": sentence}


def _proposal(row: DevelopmentStep, members) -> Proposal:
    votes = None
    if row.entitled is not None:
        votes = Votes(
            row.entitled, row.present, row.votes_for, row.votes_against, row.votes_abstained, row.written_opinions or 0
        )
    notice, calendar = None, {}
    if row.notice_from_date and row.notice_until_date:
        notice = (row.notice_from_date, row.notice_until_date)
        calendar = dict(Workday.objects.filter(date__range=notice).values_list("date", "is_workday"))
    return Proposal(
        on=row.done_date,
        votes=votes,
        training_days=None if row.training_days is None else Decimal(row.training_days),
        training_hours=row.training_hours,
        notice=notice,
        result=row.result,
        months=row.months,
        late_reason=row.late_reason,
        sponsors=len(members) if row.number in _SPONSORS else None,
        calendar=calendar,
    )


def _concerned(development: Development, number: int) -> frozenset[int]:
    """Return the recorded steps that fall with a step, itself included. One query."""
    there = DevelopmentStep.objects.filter(development=development, status=StepStatus.DONE)
    return frozenset(there.values_list("number", flat=True)) & ({number} | built_on(number))


def _void(development: Development, number: int, reason: str, at: datetime) -> int:
    concerned = _concerned(development, number)
    rows = DevelopmentStep.objects.filter(development=development, status=StepStatus.DONE, number__in=concerned)
    kinds = [kind for step, kind in _SPONSORS.items() if step in concerned]
    gone = rows.update(status=StepStatus.VOID, refused_reason=reason[:200])
    running = development.sponsors.filter(until_date__isnull=True, kind__in=kinds)
    end_sponsors(running, timezone.localdate(at), "这一步作废")
    return gone


# --- what a step brings -----------------------------------------------------------------------------------------------
def _carry_out(development: Development, row: DevelopmentStep, facts: Facts, actor, at: datetime) -> None:
    """Move the stage, and the membership, where a step does; write it down in any case."""
    details = {"step": row.number}
    if row.number == StepNumber.ACTIVIST:
        changes = {"activist_date": row.done_date}
        move(development, DevelopmentStage.ACTIVIST, "development.activist", actor, changes, details=details)
    elif row.number == StepNumber.TARGET_FILED:
        changes = {"target_date": row.done_date}
        move(development, DevelopmentStage.DEVELOPMENT_TARGET, "development.target", actor, changes, details=details)
    elif row.number == StepNumber.ADMISSION_APPROVED:
        _admit(development, facts.done[StepNumber.ADMISSION_MEETING], actor, at)
    elif row.number == StepNumber.CONFIRMATION_APPROVED:
        _confirm(development, row, facts, actor, at)
    else:
        record("development.step", development, actor, details=details)


def _admit(development: Development, meeting: date, actor, at: datetime) -> None:
    changes = {"admitted_date": meeting, "probation_until_date": probation_ends(meeting)}
    move(
        development,
        DevelopmentStage.PROBATIONARY,
        "development.admit",
        actor,
        changes,
        details={"step": int(StepNumber.ADMISSION_APPROVED)},
    )
    admit(
        development.person,
        Evidence(AdmissionBasis.DEVELOPMENT, f"development:{development.pk}", development.organization),
        home=development.organization,
        status=MemberStatus.PROBATIONARY,
        joined_date=meeting,
        actor=actor,
        at=at,
    )


def _confirm(development: Development, row: DevelopmentStep, facts: Facts, actor, at: datetime) -> None:
    """Carry out the decision of the meeting: full from the day the probation was over, prolonged, or struck off."""
    member = PartyMember.objects.select_related("person", "formal_organization", "last_organization").get(
        pk=development.person_id
    )
    details = {"step": int(row.number)}
    if facts.outcome == StepResult.EXTEND:
        _extend(development, row, actor, details)
        return
    if facts.outcome == StepResult.CANCEL:
        reason = DevelopmentEnd.DISQUALIFIED.label
        close(development, DevelopmentEnd.DISQUALIFIED, reason, row.done_date, actor, at, "development.cancel")
        leave(
            member,
            MemberStatus.REMOVED,
            on_date=row.done_date,
            document=row.document,
            reason=reason,
            actor=actor,
            at=at,
        )
        return
    full = development.probation_until_date
    if full > timezone.localdate(at):
        # A gate may be let pass, the calendar may not: 党龄 begins on that day (第三十三条).
        raise ValidationError({"done_date": f"预备期 {full:%Y-%m-%d} 才满，党龄从那一天算起，还不能转正。"})
    move(development, DevelopmentStage.FULL, "development.confirm", actor, {"full_date": full}, details=details)
    write_status(
        member,
        MemberStatus.FULL,
        action="member.confirm",
        actor=actor,
        at=at,
        changes={"full_date": full},
        reason="预备期满转正",
    )


def _extend(development: Development, row: DevelopmentStep, actor, details: dict) -> None:
    meeting = development.steps.get(number=StepNumber.CONFIRMATION_MEETING, status=StepStatus.DONE)
    until = probation_ends(development.admitted_date, meeting.months)
    values = {"extended_months": meeting.months, "probation_until_date": until}
    before = {name: getattr(development, name) for name in values}
    with in_words(Development):
        Development.objects.filter(pk=development.pk).update(**values)
    for name, value in values.items():
        setattr(development, name, value)
    again = DevelopmentStep.objects.filter(development=development, number__in=sorted(AGAIN_AFTER_EXTENSION))
    again.filter(status=StepStatus.DONE).update(status=StepStatus.EARLIER)
    fields = {name: (before[name], values[name]) for name in values}
    record("development.extend", development, actor, details=details, fields=fields)
