"""Opening, ending and keeping the file of somebody on the way to membership; what every other verb of it shares."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from branches.capabilities import Capability
from branches.choices import BRANCHES, OrganizationStatus
from branches.constraints import checked, in_words
from branches.models import Organization
from branches.rules import may
from branches.scope import reach_of
from foundation.audit import trail
from foundation.audit.trail import Conflict, NotAllowed
from foundation.protection.canonical import canonical_id_number, name_key
from foundation.protection.masks import mask_name
from members.choices import (
    DEVELOPMENT_BEFORE_ADMISSION,
    DEVELOPMENT_NEXT,
    MEMBER_CURRENT,
    DevelopmentEnd,
    DevelopmentStage,
    MemberStatus,
    SponsorKind,
    StepNumber,
    StepStatus,
)
from members.models import (
    Development,
    DevelopmentReview,
    DevelopmentSponsor,
    DevelopmentStep,
    PartyMember,
    Person,
)
from members.rules.development import Facts, Proposal, ahead_of, closed_gates, may_develop
from members.rules.membership import may_hold_formal
from members.rules.people import id_number_index
from members.workflow.people import person_columns

CHANGED_SENTENCE = "这份档案刚刚被别人改过，您的操作没有保存。请刷新页面，看过现在的内容再办。"
# One sentence for three reasons: who types a number learns neither a name, nor a membership, nor a file elsewhere.
UNFIT_SENTENCE = (
    "不能登记：姓名和身份证号对不上，或者这个人已经是党员、有一份没有办完的入党申请。请和本人、上级党委核对。"
)


def open_file(
    organization: Organization,
    *,
    name: str,
    id_number: str,
    applied_date: date,
    phone: str = "",
    actor,
    at: datetime | None = None,
) -> Development:
    """Take an application: open the file of a person in a branch, with its first step, and return it.

    Somebody whom the registry knows by this number and name is taken as he is, anybody else is added. About ten
    statements. Raises PermissionDenied, ValidationError (age with article and day, a member, a file already, the unit).
    """
    at = at or timezone.now()
    today = timezone.localdate(at)
    require(actor, Capability.DEVELOPMENT_RECORD_STEP, organization, "登记入党申请由支部书记来办。")
    if organization.kind not in BRANCHES or not may_hold_formal(organization.kind):
        raise ValidationError({"organization": f"{organization.short_name}不能接收组织关系，请向党支部申请。"})
    if organization.status == OrganizationStatus.DISSOLVED:
        raise ValidationError({"organization": f"{organization.short_name}已经撤销。"})
    if not (id_number or "").strip():
        raise ValidationError({"id_number": "身份证号没有填：年龄从号码里算。"})
    refuse_future(applied_date, today, "applied_date")
    columns = person_columns({"name": name, "id_number": id_number, "phone": phone}, today)
    gates = closed_gates(StepNumber.APPLICATION, Facts(born=columns["birth_date"]), Proposal(on=applied_date))
    if gates:
        raise ValidationError({"applied_date": [str(gate) for gate in gates]})
    with transaction.atomic():
        person = _person(columns, id_number)
        development = Development(
            person=person, organization=organization, applied_date=applied_date, opened_by=actor, opened_at=at
        )
        try:
            with in_words(Development):
                checked(development, exclude=["person", "organization", "opened_by"]).save(force_insert=True)
        except ValidationError as error:
            raise ValidationError({"id_number": UNFIT_SENTENCE}) from error
        DevelopmentStep.objects.create(
            development=development,
            number=StepNumber.APPLICATION,
            done_date=applied_date,
            recorded_by=actor,
            recorded_at=at,
        )
        record("development.open", development, actor)
        refresh(development)
    return development


def _person(columns: dict, id_number: str) -> Person:
    """Return the person of a number, added where nobody has it. Raises ValidationError, in the same words for all."""
    index = id_number_index(canonical_id_number(id_number))
    known = Person.objects.filter(id_number_index=index).first()
    if known is not None and known.merged_into_id is not None:
        known = Person.objects.get(pk=known.merged_into_id)
    if known is None:
        with in_words(Person):
            return Person.objects.create(**columns)
    current = PartyMember.objects.filter(pk=known.pk, status__in=sorted(MEMBER_CURRENT)).exists()
    under_way = Development.objects.open().filter(person=known).exists()
    if known.name_key != name_key(columns["name"]) or current or under_way:
        raise ValidationError({"id_number": UNFIT_SENTENCE})
    return known


def end(
    development: Development,
    *,
    kind: str,
    reason: str,
    on_date: date,
    version: int,
    actor,
    at: datetime | None = None,
) -> None:
    """End a file before admission: withdrawn by the person, or given up. The branch or the committee above does it.

    Who is probationary is decided on by the meeting (steps 23 and 24), not here. Raises PermissionDenied,
    ValidationError, NotAllowed, Conflict.
    """
    at = at or timezone.now()
    reach = reach_of(actor)
    rights = (Capability.DEVELOPMENT_RECORD_STEP, Capability.DEVELOPMENT_APPROVE_STEP)
    if not any(reach.covers(right, development.organization) for right in rights):
        raise PermissionDenied("终止由支部书记或上级党委来办。")
    if development.stage not in DEVELOPMENT_BEFORE_ADMISSION:
        raise NotAllowed("预备党员由支部大会讨论：按期转正、延长或者取消资格（第 23 步）。")
    if kind not in (DevelopmentEnd.WITHDRAWN, DevelopmentEnd.DROPPED):
        raise ValidationError({"kind": "请选本人撤回申请，或者不再培养。"})
    said = sentence_of(reason, "reason", least=2)
    refuse_future(on_date, timezone.localdate(at), "on_date")
    if on_date < development.applied_date:
        raise ValidationError({"on_date": f"不能早于申请日期（{development.applied_date:%Y-%m-%d}）。"})
    with held(development, version, at):
        close(development, kind, said, on_date, actor, at, "development.end")


def close(development, kind: str, reason: str, on_date: date, actor, at: datetime, action: str) -> None:
    """Move a file to its end and its sponsors with it. Inside the transaction of the verb that asked."""
    changes = {"ended_date": on_date, "end_kind": kind, "end_reason": reason[:200]} | {
        "next_step": None,
        "opens_date": None,
        "due_kind": "",
        "due_date": None,
    }
    move(development, DevelopmentStage.ENDED, action, actor, changes, reason)
    end_sponsors(development.sponsors.filter(until_date__isnull=True), on_date, "档案已经终止")


def follow(member: PartyMember, to: Organization, *, actor, at: datetime) -> None:
    """Let the file of a probationary member go with his formal relation. Inside the transaction of the reception."""
    for development in Development.objects.open().filter(person=member.pk, stage=DevelopmentStage.PROBATIONARY):
        old = development.organization_id
        rows = Development.objects.filter(pk=development.pk)
        rows.update(organization=to, version=F("version") + 1, updated_at=at)
        development.organization = to
        record("development.follow", development, actor, fields={"organization": (old, to.pk)})


# --- shared by the verbs ----------------------------------------------------------------------------------------------
def facts_of(development: Development) -> Facts:
    """Return what the gates ask about a file. Four queries; reads person and organisation."""
    return facts_from(
        development,
        list(DevelopmentStep.objects.filter(development=development, status=StepStatus.DONE)),
        list(DevelopmentReview.objects.filter(development=development)),
        list(DevelopmentSponsor.objects.filter(development=development, until_date=None).select_related("member")),
    )


def facts_from(
    development: Development,
    steps: Iterable[DevelopmentStep],
    reviews: Iterable[DevelopmentReview],
    sponsors: Iterable[DevelopmentSponsor],
) -> Facts:
    """Return what the gates ask, from rows read already; those that do not count now are left out. No query."""
    done = {step.number: step for step in steps if step.status == StepStatus.DONE}
    running = [one for one in sponsors if one.until_date is None and one.member.status == MemberStatus.FULL]
    review, meeting = done.get(StepNumber.POLITICAL_REVIEW), done.get(StepNumber.CONFIRMATION_MEETING)
    return Facts(
        born=development.person.birth_date,
        done={number: step.done_date for number, step in done.items()},
        half_years=frozenset(one.half_year for one in reviews),
        cultivators=sum(one.kind == SponsorKind.CULTIVATOR for one in running),
        introducers=sum(one.kind == SponsorKind.INTRODUCER for one in running),
        review_result=review.result if review else "",
        extended_months=development.extended_months,
        probation_until=development.probation_until_date,
        outcome=meeting.result if meeting else "",
        may_develop=may_develop(development.organization),
        notice_workdays=settings.DEVELOPMENT_NOTICE_WORKDAYS,
    )


def refresh(development: Development) -> None:
    """Count anew what comes next and what is due, and store it. Five queries at most."""
    ahead = ahead_of(development.stage, facts_of(development))
    values = {
        "next_step": ahead.next_step,
        "opens_date": ahead.opens,
        "due_kind": ahead.due_kind,
        "due_date": ahead.due,
    }
    Development.objects.filter(pk=development.pk).update(**values)
    for name, value in values.items():
        setattr(development, name, value)


@contextmanager
def held(development: Development, version: int, at: datetime) -> Iterator[None]:
    """Run the change of a file in one transaction, at the version its reader saw. Raises Conflict."""
    with transaction.atomic():
        rows = Development.objects.filter(pk=development.pk, version=version)
        if rows.update(version=F("version") + 1, updated_at=at) != 1:
            raise Conflict(CHANGED_SENTENCE)
        yield
    development.version = version + 1


def move(development: Development, to: str, action: str, actor, changes: dict, reason: str = "", details=None) -> None:
    """Move a file along DEVELOPMENT_NEXT and write it down. Raises NotAllowed, Conflict, ValidationError."""
    with in_words(Development):
        trail.transition(
            development,
            to,
            field="stage",
            actor=actor,
            action=action,
            reason=reason,
            next_table=DEVELOPMENT_NEXT,
            changes=changes,
            organization_id=development.organization_id,
            person_id=development.person_id,
            label=mask_name(development.person.name),
            details=details,
        )


def record(action: str, development: Development, actor, *, details=None, fields=(), reason: str = "") -> None:
    """Write one entry about a file."""
    trail.record(
        action,
        development,
        actor=actor,
        organization_id=development.organization_id,
        person_id=development.person_id,
        fields=fields,
        reason=reason,
        label=mask_name(development.person.name),
        details=details,
    )


def end_sponsors(rows, on_date: date, reason: str) -> None:
    """End running sponsors; those that began later end on their first day."""
    for sponsor in rows:
        sponsor.until_date, sponsor.end_reason = max(on_date, sponsor.from_date), reason
        sponsor.save(update_fields=["until_date", "end_reason"])


def require(actor, capability: Capability, organization, sentence: str) -> None:
    """Raise PermissionDenied unless the actor holds the capability there."""
    if not may(actor, capability, at=organization):
        raise PermissionDenied(sentence)


def refuse_future(day: date, today: date, field: str) -> None:
    """Raise ValidationError at a field for a day to come."""
    if day > today:
        raise ValidationError({field: "日期还没有到。"})


def sentence_of(text: str, field: str, *, least: int, most: int = 200) -> str:
    """Return a text without needless spaces. Raises ValidationError when it is too short or too long."""
    text = " ".join((text or "").split())
    if not least <= len(text) <= most:
        raise ValidationError({field: f"请写 {least} 到 {most} 个字。"})
    return text
