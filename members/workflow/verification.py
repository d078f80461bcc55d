"""Verbs of verification (双查四核): a lead is opened, assigned, checked, matched with a person, and decided.

Of every verb that writes, the first statement raises the version of the case: whoever comes second waits, then sees
what the first one did. The trail names a case by its number only; what was told of a candidate never stands there.
"""

from __future__ import annotations

from datetime import date, datetime

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from branches.capabilities import Capability
from branches.choices import COMMITTEES, OrganizationStatus
from branches.constraints import checked, in_words
from branches.models import Organization
from branches.scope import reach_of
from foundation.audit import trail
from foundation.audit.trail import Conflict, NotAllowed
from foundation.protection.canonical import canonical_id_number
from foundation.protection.masks import scrub
from members import notices
from members.choices import (
    BY_ORGANISATION,
    MEMBER_CURRENT,
    VERIFICATION_NEXT,
    VERIFICATION_OPEN,
    AdmissionBasis,
    CheckResult,
    VerificationStatus,
)
from members.models import Check, Driver, PartyMember, Person, Verification
from members.rules.drivers import id_number_sentence
from members.rules.people import id_number_index
from members.rules.verification import (
    Facts,
    covers,
    facts_of,
    kinds_for,
    may_decide,
    missing,
    opening_sentence,
    status_of,
)
from members.workflow import looks
from members.workflow.drivers import register_driver
from members.workflow.membership import Evidence, Outside, admit

SECOND_SENTENCE = "这件核查刚刚由别人办结了，您的操作没有保存。请刷新页面，看过结果再说。"
NOT_FOUND_SENTENCE = "本辖区没有登记这个身份证号的人。没有登记过的，请勾选下一栏，先登记。"


def assign(
    verification: Verification, unit: Organization | None, *, due_date: date, actor, at: datetime | None = None
) -> None:
    """Give a case to a branch of the committee (None: the committee does it), with a last day; its secretary is told.

    Raises PermissionDenied, ValidationError (a unit elsewhere, a day gone), NotAllowed, Conflict.
    """
    at = at or timezone.now()
    _require_decide(verification, Capability.VERIFICATION_CONFIRM, actor, "分派核查由党委专干来办。")
    if due_date < timezone.localdate(at):
        raise ValidationError({"due_date": "期限已经过了。"})
    if unit is not None and not _lies_below(unit, verification.organization):
        raise ValidationError({"unit": "只能交给本党委下面的支部。"})
    with transaction.atomic():
        current = hold(verification)
        changed = current.unit_id != getattr(unit, "pk", None)
        fields = {"unit": (current.unit_id, getattr(unit, "pk", None)), "due_date": (current.due_date, due_date)}
        Verification.objects.filter(pk=current.pk).update(unit=unit, due_date=due_date)
        current.unit, current.due_date = unit, due_date
        trace("verification.assign", current, actor, fields=fields)
        if changed and unit is not None:
            notices.verification_assigned(current, unit, actor=actor, at=at)
    verification.unit, verification.due_date = unit, due_date


def _lies_below(unit: Organization, committee: Organization) -> bool:
    inside = unit.path.startswith(committee.path) and unit.pk != committee.pk
    return inside and unit.kind not in COMMITTEES and unit.status != OrganizationStatus.DISSOLVED


def record_check(
    verification: Verification,
    kind: str,
    *,
    result: str,
    on_date: date,
    actor,
    evidence: str = "",
    note: str = "",
    at: datetime | None = None,
) -> Check:
    """Write down one of the six and return it; the state follows from all of them together. About seven statements.

    Raises PermissionDenied (docs/permissions.csv: the branch notes telephone and visit, the organisation department
    what organisations answer), ValidationError, NotAllowed (nothing found yet: the confirmations are closed), Conflict.
    """
    at = at or timezone.now()
    if kind not in kinds_for(reach_of(actor), verification):
        raise PermissionDenied("记这一项不在您的权限里。")
    errors = {}
    if result not in CheckResult:
        errors["result"] = "请选结果。"
    if on_date > timezone.localdate(at):
        errors["on_date"] = "日期还没有到。"
    evidence, note = _text(evidence), _text(note)
    if kind in BY_ORGANISATION and result in (CheckResult.AGREES, CheckResult.CONTRADICTS) and not evidence:
        errors["evidence"] = "请写依据：函件文号，或者查询的日期和编号。"
    if result == CheckResult.CONTRADICTS and not note:
        errors["note"] = "不符在哪里，请写几个字。"
    if errors:
        raise ValidationError(errors)
    with transaction.atomic():
        current = hold(verification)
        if sentence := opening_sentence(kind, facts(current)):
            raise NotAllowed(sentence)
        check = Check.objects.create(
            verification=current,
            kind=kind,
            result=result,
            on_date=on_date,
            by=actor,
            evidence=evidence[:120],
            note=note[:200],
            at=at,
        )
        settle(current, actor, at, kind=kind, result=result)
    _take_over(verification, current)
    return check


def _text(text: str) -> str:
    """Return typed text without identity and phone numbers in it: they have their own, sealed place."""
    return scrub(" ".join((text or "").split()))


def facts(verification: Verification) -> Facts:
    """Return what the checks of a case say together. One query."""
    return facts_of(verification.checks.order_by("pk").values_list("kind", "result", "on_date"))


def settle(verification: Verification, actor, at: datetime, *, kind: str, result: str) -> None:
    """Write the sums and the state that follow from the checks of a case one holds, with the trace of the newest."""
    found = facts(verification)
    to = status_of(found)
    changes = found.columns() | {"started_at": verification.started_at or at}
    details = {"kind": kind, "result": result}
    if to == verification.status:
        with in_words(Verification):
            Verification.objects.filter(pk=verification.pk).update(**changes)
        for name, value in changes.items():
            setattr(verification, name, value)
        trace("verification.check", verification, actor, details=details)
        return
    move(verification, to, "verification.check", actor, changes, details=details)


# --- who it is --------------------------------------------------------------------------------------------------------
def link_person(
    verification: Verification, id_number: str, *, register: bool, actor, at: datetime | None = None
) -> Person:
    """Match a lead with a person of the registry by identity number, within the actor's scope, and return the person.

    `register`: nobody there has the number: register him as a driver with the case's committee under the name and
    phone of the lead (`register_driver`). What was told of him is then the registry's: the lead forgets it.

    Raises PermissionDenied, ValidationError (malformed, nobody in scope, another case runs for him), NotAllowed,
    Conflict.
    """
    at = at or timezone.now()
    _require_decide(verification, Capability.VERIFICATION_CONFIRM, actor, "对上登记里的人由党委专干来办。")
    number = canonical_id_number(id_number or "")
    if not number:
        raise ValidationError({"id_number": "请填身份证号。"})
    if sentence := id_number_sentence(number, timezone.localdate(at)):
        raise ValidationError({"id_number": sentence})
    if verification.person_id is not None:
        raise NotAllowed("已经对上登记里的人了。")
    person = find_person(number, actor)
    if person is None and not register:
        raise ValidationError({"id_number": NOT_FOUND_SENTENCE})
    refused = None
    with transaction.atomic():
        current = hold(verification)
        if current.person_id is not None:
            raise Conflict("别人刚刚对上了登记里的人。请刷新页面再看。")
        if person is None:
            # Registered and tied together, or neither; a refusal keeps what the brake has written down.
            values = {"name": current.candidate_name, "phone": current.phone, "id_number": number}
            try:
                person = register_driver(values, current.organization, actor=actor, at=at).person
            except ValidationError as error:
                refused = error
        forgotten = {"candidate_name": "", "phone": "", "phone_index": None}
        if refused is None:
            with in_words(Verification):
                Verification.objects.filter(pk=current.pk).update(person=person, **forgotten)
            trace("verification.link", current, actor)
    if refused is not None:
        raise refused
    verification.person, verification.candidate_name, verification.phone = person, "", ""
    verification.phone_index, verification.version = None, current.version
    return person


def find_person(number: str, actor) -> Person | None:
    """Return the registered driver with a canonical identity number within the actor's scope, None otherwise."""
    drivers = Driver.objects.manageable_by(reach_of(actor), Capability.DRIVER_IDENTITY_FIND_BY_ID_NUMBER)
    found = drivers.filter(person__id_number_index=id_number_index(number)).select_related("person").first()
    return found.person if found else None


# --- decisions --------------------------------------------------------------------------------------------------------
def confirm(
    verification: Verification,
    *,
    home: Organization | Outside | None = None,
    status: str = "",
    joined_date: date | None = None,
    full_date: date | None = None,
    absent_since_date: date | None = None,
    absent_to: str = "",
    actor,
    at: datetime | None = None,
) -> PartyMember:
    """Confirm that the candidate is a Party member and return the membership: the only way to one from a lead.

    Case and membership change in one transaction (`membership.admit`). Who is a member of the registry already is
    linked: his membership stays as it is and nothing but the case is asked for.

    Raises PermissionDenied, NotAllowed (what is missing, in words), ValidationError (home, dates, person), Conflict
    when somebody else was first.
    """
    at = at or timezone.now()
    _require_decide(verification, Capability.VERIFICATION_CONFIRM, actor, "确认党员身份由党委专干来办。")
    with transaction.atomic():
        current = hold(verification)
        found = facts(current)
        if lacking := missing(found, has_person=current.person_id is not None):
            raise NotAllowed("还不能确认。" + "".join(lacking))
        person = current.person
        member = PartyMember.objects.select_related("person", "formal_organization").filter(pk=person.pk).first()
        known = member is not None and member.status in MEMBER_CURRENT
        if not known:
            if home is None:
                raise ValidationError({"formal_organization": "请填组织关系所在的党组织。"})
            member = admit(
                person,
                Evidence(AdmissionBasis.VERIFICATION, f"verification:{current.pk}", current.organization),
                home=home,
                status=status,
                joined_date=joined_date,
                full_date=full_date,
                absent_since_date=absent_since_date,
                absent_to=absent_to,
                actor=actor,
                at=at,
            )
        reason = "本来就登记为党员" if known else "双查四核确认"
        _decide(current, VerificationStatus.CONFIRMED, "verification.confirm", reason, actor, at)
        _forget(current)
    _take_over(verification, current)
    return member


def refute(verification: Verification, *, reason: str, actor, at: datetime | None = None) -> None:
    """Decide that the candidate is no Party member. What was told goes at once, the case after its retention.

    Raises PermissionDenied, ValidationError, NotAllowed, Conflict.
    """
    at = at or timezone.now()
    _require_decide(verification, Capability.VERIFICATION_REFUTE, actor, "否定由党委专干来办。")
    _end(verification, VerificationStatus.REFUTED, "verification.refute", _reason(reason), actor, at)


def close(verification: Verification, *, reason: str, actor, at: datetime | None = None) -> None:
    """Close a case without a finding: twice the same, gone elsewhere, does not want it. Raises as `refute`."""
    at = at or timezone.now()
    _require_decide(verification, Capability.VERIFICATION_REFUTE, actor, "关闭核查由党委专干来办。")
    _end(verification, VerificationStatus.CLOSED, "verification.close", _reason(reason), actor, at)


def close_for(verification: Verification, *, reason: str, actor, at: datetime) -> None:
    """Close a case as a part of another verb, which has asked who may. Raises NotAllowed, Conflict."""
    _end(verification, VerificationStatus.CLOSED, "verification.close", reason, actor, at)


def _end(verification: Verification, to: str, action: str, reason: str, actor, at: datetime) -> None:
    with transaction.atomic():
        current = hold(verification)
        _decide(current, to, action, reason, actor, at)
        _forget(current)
    _take_over(verification, current)


def _decide(current: Verification, to: str, action: str, reason: str, actor, at: datetime) -> None:
    changes = {"decided_by": actor, "decided_at": at, "decision_reason": reason[:200]}
    move(current, to, action, actor, changes, reason=reason)
    notices.verification_decided(current, actor=actor, at=at)


def _forget(current: Verification) -> None:
    """Erase what was told and how it went; results, days and papers stay as the proof of the decision."""
    current.home_told = current.joined_told = current.origin_note = ""
    Verification.objects.filter(pk=current.pk).update(home_told="", joined_told="", origin_note="")
    current.checks.exclude(note="").update(note="")


# --- small steps ------------------------------------------------------------------------------------------------------
def hold(verification: Verification) -> Verification:
    """Return an open case as it stands now, its row held to the end of the transaction. Two queries.

    Raises NotAllowed when it was over already as the caller saw it, Conflict when it ended since, or is gone.
    """
    rows = Verification.objects.filter(pk=verification.pk)
    if rows.update(version=F("version") + 1) != 1:
        raise Conflict("这件核查已经不在了。")
    current = rows.select_related("person", "organization", "unit").get()
    if current.status not in VERIFICATION_OPEN:
        if verification.status in VERIFICATION_OPEN:
            raise Conflict(SECOND_SENTENCE)
        raise NotAllowed("这件核查已经了结。")
    return current


def move(
    verification: Verification, to: str, action: str, actor, changes: dict, *, reason: str = "", details=None
) -> None:
    """Move a case along VERIFICATION_NEXT with its evidence and trace. Raises NotAllowed, Conflict, ValidationError."""
    with in_words(Verification):
        trail.transition(
            verification,
            to,
            actor=actor,
            action=action,
            reason=reason,
            next_table=VERIFICATION_NEXT,
            changes=changes,
            organization_id=verification.organization_id,
            details=details,
            label=f"核查 {verification.pk}",
        )


def trace(action: str, verification: Verification, actor, *, fields=(), details=None) -> None:
    """Write an entry about a case, named by its number."""
    trail.record(
        action,
        verification,
        actor=actor,
        organization_id=verification.organization_id,
        fields=fields,
        details=details,
        label=f"核查 {verification.pk}",
    )


def write_lead(verification: Verification) -> Verification:
    """Insert a case that was built elsewhere. Raises ValidationError in the words of the constraints."""
    with in_words(Verification):
        checked(verification, exclude=["person", "opened_by", "organization"]).save(force_insert=True)
    return verification


def _take_over(verification: Verification, current: Verification) -> None:
    """Give the caller's row what is written."""
    for field in Verification._meta.concrete_fields:
        setattr(verification, field.attname, getattr(current, field.attname))


def _require_decide(verification: Verification, capability: Capability, actor, sentence: str) -> None:
    if not may_decide(reach_of(actor), capability, verification):
        raise PermissionDenied(sentence)


def may_reveal(verification: Verification, actor) -> bool:
    """Return whether somebody may see the candidate's phone in full. Queries as `reach_of`."""
    return covers(reach_of(actor), Capability.DRIVER_IDENTITY_REVEAL, verification)


def reveal_phone(verification: Verification, *, actor) -> str:
    """Return the candidate's phone in full and write down that it was looked at.

    Raises PermissionDenied, ValidationError beyond the limit of a day. Source: docs/permissions.md (reveal is audited).
    """
    if not may_reveal(verification, actor):
        raise PermissionDenied("查看完整号码不在您的权限里。")
    with transaction.atomic():
        may_look = looks.may_look_again(actor)
        trail.record(
            "driver.reveal" if may_look else "driver.reveal_braked",
            verification,
            actor=actor,
            organization_id=verification.organization_id,
            fields=["phone"],
            reason="核查，给本人打电话",
            label=f"核查 {verification.pk}",
        )
    if not may_look:
        raise ValidationError(looks.reveals_sentence(), code="too_many")
    person = verification.person
    return person.phone if person is not None else verification.phone


def _reason(reason: str) -> str:
    reason = " ".join((reason or "").split())
    if not 2 <= len(reason) <= 200:
        raise ValidationError({"reason": "请写明理由，2 到 200 个字。"})
    return reason
