"""Verbs on searches for members who cannot be reached. Dates only stop a verb; no date moves anything by itself."""

from __future__ import annotations

from datetime import date, datetime

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone

from branches.capabilities import Capability
from branches.constraints import in_words
from branches.rules import may
from branches.scope import reach_of
from foundation.audit import trail
from foundation.audit.trail import NotAllowed
from foundation.protection.masks import mask_name
from members.choices import LOST_NEXT, MEMBER_CURRENT, LostStatus, MemberStatus
from members.models import ContactAttempt, LostContact, PartyMember
from members.rules.lost_contact import decide_sentence, remove_sentence
from members.workflow.membership import leave, write_status


def open_search(member: PartyMember, *, since_date: date, actor, at: datetime | None = None) -> LostContact:
    """Begin the search for a member of a unit of ours whom nobody has reached since a day, and return it.

    Raises PermissionDenied, ValidationError (a day to come, no member now, a search or a letter under way).
    """
    at = at or timezone.now()
    organization = member.formal_organization
    seen = PartyMember.objects.visible_to(reach_of(actor)).filter(pk=member.pk).exists()
    if not seen:
        raise PermissionDenied("登记失联不在您的权限里。")
    if organization is None or member.status not in MEMBER_CURRENT:
        raise ValidationError("失联由组织关系所在的支部查找；他的组织关系不在本系统的支部。")
    _require(actor, Capability.LOST_CONTACT_RECORD, organization, "登记失联由他所在的支部或上级党委来办。")
    if member.status == MemberStatus.SUSPENDED:
        raise ValidationError("这位党员已经停止党籍。")
    if since_date > timezone.localdate(at):
        raise ValidationError({"since_date": "最后一次联系上的日期还没有到。"})
    if member.transfers.open().exists():
        raise ValidationError("这位党员的组织关系正在转接，请先办完或撤销。")
    search = LostContact(member=member, organization=organization, since_date=since_date, opened_by=actor, opened_at=at)
    with transaction.atomic():
        with in_words(LostContact):
            search.save(force_insert=True)
        _record("lost_contact.open", search, actor)
    return search


def note_attempt(
    search: LostContact, *, channel: str, on_date: date, was_reached: bool, note: str, actor, at: datetime | None = None
) -> ContactAttempt:
    """Write down one try to reach the member and return it; whoever was reached closes the search with `close`.

    Raises PermissionDenied, ValidationError, NotAllowed when the search is over.
    """
    at = at or timezone.now()
    _require(actor, Capability.LOST_CONTACT_RECORD, search.organization, "记录联系由查找的支部或上级党委来办。")
    if not LOST_NEXT[search.status]:
        raise NotAllowed("这份查找已经了结。")
    if not search.since_date <= on_date <= timezone.localdate(at):
        raise ValidationError({"on_date": f"日期要在 {search.since_date:%Y-%m-%d} 到今天之间。"})
    if not note.strip():
        raise ValidationError({"note": "请写几个字：找了谁、怎么回事。"})
    with transaction.atomic():
        attempt = ContactAttempt.objects.create(
            lost_contact=search, channel=channel, on_date=on_date, by=actor, was_reached=was_reached, note=note.strip()
        )
        _record("lost_contact.attempt", search, actor, details={"channel": channel, "reached": was_reached})
    return attempt


def decide(search: LostContact, *, on_date: date, decision: str, actor, at: datetime | None = None) -> None:
    """Note the decision of the branch meeting to suspend (a probationary member: to cancel). Gate: six months, tries.

    Raises PermissionDenied, ValidationError, NotAllowed (gate, with article and day), Conflict.
    """
    at = at or timezone.now()
    _require(actor, Capability.LOST_CONTACT_RECORD, search.organization, "支部决定由查找的支部或上级党委来记。")
    _refuse_future(on_date, at)
    tried = list(search.attempts.filter(was_reached=False).values_list("channel", "on_date"))
    _gate(decide_sentence(search.since_date, tried, on_date))
    changes = {"decided_date": on_date, "decision": _reason(decision, "decision")}
    _move(search, LostStatus.DECIDED, "lost_contact.decide", actor, changes, decision)


def refuse(search: LostContact, *, reason: str, actor, at: datetime | None = None) -> None:
    """Give the decision back to the branch, which goes on searching. Raises as `decide`."""
    _require(actor, Capability.LOST_CONTACT_APPROVE, search.organization, "批准要由上级党委来办。")
    changes = {"decided_date": None, "decision": ""}
    _move(search, LostStatus.SEARCHING, "lost_contact.refuse", actor, changes, _reason(reason, "reason"))


def approve(search: LostContact, *, on_date: date, document: str, actor, at: datetime | None = None) -> None:
    """Note the approval of the committee: membership is suspended from that day; a probationary member is removed.

    The suspension and the search move in one transaction. Raises as `decide`.
    """
    at = at or timezone.now()
    _require(actor, Capability.LOST_CONTACT_APPROVE, search.organization, "批准要由上级党委来办。")
    _refuse_future(on_date, at)
    document = _document(document)
    if search.status == LostStatus.DECIDED and search.decided_date and on_date < search.decided_date:
        raise ValidationError({"on_date": f"批准不能早于支部决定（{search.decided_date:%Y-%m-%d}）。"})
    with transaction.atomic():
        member = _member(search)
        approved = {"approved_date": on_date, "approved_by": actor, "approval_document": document}
        if member.status == MemberStatus.PROBATIONARY:
            # 预备党员 lose the qualification: there is nothing to suspend (流动党员意见).
            ended = {"ended_date": on_date, "end_reason": "取消预备党员资格"}
            _move(search, LostStatus.REMOVED, "lost_contact.remove", actor, approved | ended)
            reason = "失联，取消预备党员资格"
            leave(member, MemberStatus.REMOVED, on_date=on_date, document=document, reason=reason, actor=actor, at=at)
            return
        _move(search, LostStatus.APPROVED, "lost_contact.approve", actor, approved)
        changes = {"status_from_date": on_date, "status_document": document}
        write_status(
            member, MemberStatus.SUSPENDED, action="member.suspend", actor=actor, at=at, changes=changes, reason="失联"
        )


def file(search: LostContact, *, on_date: date, document: str, actor, at: datetime | None = None) -> None:
    """Note that the organisation department has it on file. Raises PermissionDenied, ValidationError, NotAllowed."""
    at = at or timezone.now()
    _require(actor, Capability.LOST_CONTACT_FILE, search.organization, "备案由组织部门联络员或党委专干来记。")
    _refuse_future(on_date, at)
    if search.approved_date and on_date < search.approved_date:
        raise ValidationError({"on_date": f"备案不能早于批准（{search.approved_date:%Y-%m-%d}）。"})
    changes = {"filed_date": on_date, "filing_document": _document(document)}
    _move(search, LostStatus.FILED, "lost_contact.file", actor, changes)


def restore(
    search: LostContact, *, on_date: date, document: str, reason: str, actor, at: datetime | None = None
) -> None:
    """Restore the membership of somebody who was found and asked for it. Raises as `approve`."""
    at = at or timezone.now()
    _require(actor, Capability.LOST_CONTACT_APPROVE, search.organization, "恢复党籍要由上级党委来办。")
    _refuse_future(on_date, at)
    document, reason = _document(document), _reason(reason, "reason")
    with transaction.atomic():
        member = _member(search)
        over = {"ended_date": on_date, "end_reason": f"{reason}（{document}）"[:200]}
        _move(search, LostStatus.RESTORED, "lost_contact.restore", actor, over, reason)
        changes = {"status_from_date": None, "status_document": ""}
        write_status(
            member, MemberStatus.FULL, action="member.restore", actor=actor, at=at, changes=changes, reason=reason
        )


def remove(search: LostContact, *, on_date: date, document: str, actor, at: datetime | None = None) -> dict[str, int]:
    """Strike off a suspended member after two years and end what ends with a membership; counts by model.

    Raises PermissionDenied, ValidationError, NotAllowed (gate, with article and day), Conflict.
    """
    at = at or timezone.now()
    _require(actor, Capability.LOST_CONTACT_APPROVE, search.organization, "除名要由上级党委来办。")
    _refuse_future(on_date, at)
    document = _document(document)
    if search.approved_date is not None:
        _gate(remove_sentence(search.approved_date, on_date))
    with transaction.atomic():
        over = {"ended_date": on_date, "end_reason": f"除名（{document}）"[:200]}
        _move(search, LostStatus.REMOVED, "lost_contact.remove", actor, over)
        member, reason = _member(search), "失联，除名"
        return leave(
            member, MemberStatus.REMOVED, on_date=on_date, document=document, reason=reason, actor=actor, at=at
        )


def close(search: LostContact, *, reason: str, actor, at: datetime | None = None) -> None:
    """End a search because the member was reached, before anything was approved. Raises as `refuse`."""
    at = at or timezone.now()
    _require(actor, Capability.LOST_CONTACT_RECORD, search.organization, "了结查找由查找的支部或上级党委来办。")
    if search.status not in (LostStatus.SEARCHING, LostStatus.DECIDED):
        raise NotAllowed("党籍已经停止，要由上级党委恢复党籍。")
    said = _reason(reason, "reason")
    changes = {"ended_date": timezone.localdate(at), "end_reason": said}
    _move(search, LostStatus.FOUND, "lost_contact.close", actor, changes, said)


def _member(search: LostContact) -> PartyMember:
    return PartyMember.objects.select_related("person", "formal_organization").get(pk=search.member_id)


def _move(search: LostContact, to: str, action: str, actor, changes: dict, reason: str = "") -> None:
    with in_words(LostContact):
        trail.transition(
            search,
            to,
            actor=actor,
            action=action,
            reason=reason,
            next_table=LOST_NEXT,
            changes=changes,
            organization_id=search.organization_id,
            person_id=search.member_id,
            label=mask_name(search.member.person.name),
        )


def _record(action: str, search: LostContact, actor, details: dict | None = None) -> None:
    trail.record(
        action,
        search,
        actor=actor,
        organization_id=search.organization_id,
        person_id=search.member_id,
        label=mask_name(search.member.person.name),
        details=details,
    )


def _require(actor, capability: Capability, organization, sentence: str) -> None:
    if not may(actor, capability, at=organization):
        raise PermissionDenied(sentence)


def _refuse_future(on_date: date, at: datetime) -> None:
    if on_date > timezone.localdate(at):
        raise ValidationError({"on_date": "日期还没有到。"})


def _gate(sentence: str) -> None:
    if sentence:
        raise NotAllowed(sentence)


def _document(document: str) -> str:
    document = " ".join((document or "").split())
    if not 2 <= len(document) <= 80:
        raise ValidationError({"document": "请写明文号，2 到 80 个字。"})
    return document


def _reason(reason: str, field: str) -> str:
    reason = " ".join((reason or "").split())
    if not 2 <= len(reason) <= 200:
        raise ValidationError({field: "请写 2 到 200 个字。"})
    return reason
