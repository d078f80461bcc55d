"""Verbs on the transfer of a formal relation (组织关系转接): both sides sign, reception moves the member at once."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone

from branches.choices import Role
from branches.constraints import checked, in_words
from branches.models import Appointment, Organization
from branches.scope import reach_of
from foundation.audit import trail
from foundation.audit.trail import Conflict, NotAllowed
from foundation.notifications.workflow.publishing import publish
from foundation.protection.masks import mask_name
from members import endings
from members.choices import LETTER_NEXT, MEMBER_CURRENT, AffiliationKind, LetterStatus, MemberStatus
from members.models import LostContact, PartyMember, Transfer
from members.rules.dues import paid_until
from members.rules.transfers import (
    VALID_DAYS_LEAST,
    VALID_DAYS_MOST,
    VALID_DAYS_USUAL,
    expires_on,
    is_expired,
    may_approve,
    may_change_draft,
    may_receive,
    may_withdraw,
    needs_two_people,
)
from members.workflow.affiliations import close_tie
from members.workflow.development.files import follow
from members.workflow.dues import months_of
from members.workflow.membership import leave, refuse_unfit, write_member

MOVED_SENTENCE = "这位党员的组织关系已经变了，这份介绍信不能再接收。请刷新页面，看过现在的内容再办。"
SWEPT_AT_ONCE = 200


def draft(
    member: PartyMember,
    to: Organization | str,
    *,
    reason: str,
    actor,
    dues_paid_until_date: date | None = None,
    at: datetime | None = None,
) -> Transfer:
    """Write the draft of a transfer to a unit, or (a text) to an organisation outside, and return it.

    From where follows from the member. Raises PermissionDenied (the sending side drafts; what comes from outside the
    receiving side), ValidationError (no member now, searched for, wrong unit, a letter under way).
    """
    at = at or timezone.now()
    outside = to.strip() if isinstance(to, str) else ""
    transfer = Transfer(
        member=member,
        from_organization=member.formal_organization,
        from_external=member.external_organization,
        to_organization=None if isinstance(to, str) else to,
        to_external=outside,
        reason=_reason(reason),
        dues_paid_until_date=dues_paid_until_date or member.dues_paid_until_date,
        drafted_by=actor,
        drafted_at=at,
    )
    reach = reach_of(actor)
    seen = PartyMember.objects.visible_to(reach).filter(pk=member.pk).exists()
    if not seen or not may_change_draft(reach, transfer):
        raise PermissionDenied("起草介绍信要由组织关系所在的支部或它的上级党委来办。")
    if member.status not in MEMBER_CURRENT or member.status == MemberStatus.SUSPENDED:
        raise ValidationError(f"{member.get_status_display()}的组织关系不能转接。")
    if isinstance(to, Organization):
        refuse_unfit(to, "to_organization")
    elif not outside:
        raise ValidationError({"to_external": "请写明转到哪个党组织。"})
    if LostContact.objects.open().filter(member=member).exists():
        raise ValidationError("这位党员正在失联查找，先了结查找再办转接。")
    with transaction.atomic():
        with in_words(Transfer):
            checked(transfer, exclude=["member", "drafted_by"]).save(force_insert=True)
        _record("transfer.draft", transfer, actor)
    return transfer


def submit(transfer: Transfer, *, actor, at: datetime | None = None) -> None:
    """Hand a draft in for review. Raises PermissionDenied, NotAllowed, Conflict."""
    _require(may_change_draft(reach_of(actor), transfer), "提交审核要由转出的一方来办。")
    _move(transfer, LetterStatus.IN_REVIEW, "transfer.submit", actor, at or timezone.now(), {})


def send_back(transfer: Transfer, *, reason: str, actor, at: datetime | None = None) -> None:
    """Give a draft back to be corrected. Raises PermissionDenied, ValidationError, NotAllowed, Conflict."""
    _require(may_approve(reach_of(actor), transfer), "审核要由转出一方的上级党委来办。")
    changes = {"answer_reason": _reason(reason)}
    _move(transfer, LetterStatus.DRAFT, "transfer.send_back", actor, at or timezone.now(), changes, reason)


def approve(
    transfer: Transfer,
    *,
    actor,
    valid_days: int = VALID_DAYS_USUAL,
    number: str = "",
    issued_date: date | None = None,
    at: datetime | None = None,
) -> None:
    """Sign and issue the letter: number, day of issue, last valid day; the receiving side is told.

    Within the system the number is made; for a letter from outside the one it carries is copied, with its day.
    Raises PermissionDenied, ValidationError, NotAllowed, Conflict.
    """
    at = at or timezone.now()
    today = timezone.localdate(at)
    _require(may_approve(reach_of(actor), transfer), "签发介绍信要由转出一方的上级党委来办。")
    if not VALID_DAYS_LEAST <= valid_days <= VALID_DAYS_MOST:
        raise ValidationError({"valid_days": f"有效期 {VALID_DAYS_LEAST} 到 {VALID_DAYS_MOST} 天。"})
    issued = today
    if transfer.from_organization_id is None:
        if not number.strip():
            raise ValidationError({"number": "请照外来的介绍信填编号。"})
        issued = issued_date or today
        if issued > today:
            raise ValidationError({"issued_date": "开具日期还没有到。"})
    else:
        number = f"{transfer.from_organization.code}〔{today.year}〕{transfer.pk:06}"
    changes = {
        "number": number.strip(),
        "issued_date": issued,
        "expires_date": expires_on(issued, valid_days),
        "approved_by": actor,
        "approved_at": at,
        "answer_reason": "",
    }
    with transaction.atomic():
        _move(transfer, LetterStatus.AWAITING, "transfer.approve", actor, at, changes)
        receiving = transfer.to_organization
        if receiving is not None:
            _tell(
                transfer, "membership.letter_issued", "有一位党员的组织关系转到您的支部，请接收", _at(receiving, at), at
            )


def receive(transfer: Transfer, *, actor, receipt_number: str = "", at: datetime | None = None) -> dict[str, int]:
    """Receive the letter: the formal relation moves, what ends with it ends, in one transaction; counts by model.

    The member's row is moved only if it still stands where the letter says and at the version read here: of two
    letters, or of a letter and any other change, one wins and the other is told. For a letter to somewhere outside
    our side notes the receipt that came back, and the member has left.

    Raises PermissionDenied, ValidationError, NotAllowed (expired, not signed), Conflict.
    """
    at = at or timezone.now()
    today = timezone.localdate(at)
    _require(may_receive(reach_of(actor), transfer), "接收组织关系要由转入的支部或它的上级党委来办。")
    if needs_two_people(transfer) and actor is not None and transfer.approved_by_id == actor.pk:
        raise PermissionDenied("介绍信是您签发的，接收要由转入一方的另一个人来签。")
    if is_expired(transfer, today):
        raise NotAllowed(f"介绍信 {transfer.expires_date:%Y-%m-%d} 到期了，不能再接收；请转出方重新开具。")
    answered = {"answered_by": actor, "answered_at": at, "answer_reason": ""}
    with transaction.atomic():
        member = PartyMember.objects.select_related("person", "formal_organization").get(pk=transfer.member_id)
        refuse_moved(member, transfer)
        _move(
            transfer,
            LetterStatus.RECEIVED,
            "transfer.receive",
            actor,
            at,
            answered | {"receipt_number": _receipt(transfer, receipt_number, today)},
        )
        if transfer.to_organization is None:
            document = f"介绍信 {transfer.number}"
            to = MemberStatus.TRANSFERRED_OUT
            ended = leave(member, to, on_date=today, document=document, reason="转接", actor=actor, at=at)
        else:
            ended = _switch(member, transfer, actor, at)
        _tell_drafter(transfer, "membership.letter_received", "您起草的组织关系转接已经接收", at)
    return ended


def refuse_moved(member: PartyMember, transfer: Transfer) -> None:
    """Raise Conflict unless the member still stands where the letter says he comes from. No query."""
    stands = (member.formal_organization_id, member.external_organization)
    if stands != (transfer.from_organization_id, transfer.from_external):
        raise Conflict(MOVED_SENTENCE)


def _receipt(transfer: Transfer, typed: str, today: date) -> str:
    if transfer.to_organization is not None:
        return f"{transfer.to_organization.code}回〔{today.year}〕{transfer.pk:06}"
    if not typed.strip():
        raise ValidationError({"receipt_number": "请照收到的回执填编号。"})
    return typed.strip()


def _switch(member: PartyMember, transfer: Transfer, actor, at: datetime) -> dict[str, int]:
    """Move the formal relation to the unit of the letter. Inside the transaction of the reception."""
    to, today = transfer.to_organization, timezone.localdate(at)
    refuse_unfit(to, "to_organization")
    ended: dict[str, int] = {}
    if (left := member.formal_organization) is not None:
        ended = endings.membership_ended(member, at=at, actor=actor, reason="组织关系转出", leaving=left)
    # A tie to the unit that is the formal one now says nothing more, and whoever has arrived is not flowing.
    over = Q(organization=to) | Q(kind=AffiliationKind.FLOWING)
    for tie in member.affiliations.running().filter(over).select_related("member__person"):
        close_tie(tie, on_date=today, reason="组织关系转入本支部", actor=actor)
        ended["members.Affiliation"] = ended.get("members.Affiliation", 0) + 1
    changes = {
        "formal_organization": to,
        "external_organization": "",
        "external_contact": "",
        "external_phone": "",
        "absent_since_date": None,
        "absent_to": "",
        "dues_paid_until_date": paid_until(
            transfer.dues_paid_until_date or member.dues_paid_until_date, *months_of(member.pk)
        ),
    }
    before = {"formal_organization": member.formal_organization_id}
    claim(member, changes, at)
    follow(member, to, actor=actor, at=at)
    trail.record(
        "member.move",
        member,
        actor=actor,
        organization_id=to.pk,
        person_id=member.pk,
        fields={"formal_organization": (before["formal_organization"], to.pk)},
        label=mask_name(member.person.name),
        details={"transfer": transfer.pk, "number": transfer.number},
    )
    return ended


def claim(member: PartyMember, changes: dict, at: datetime) -> None:
    """Write the move on the member's row, at the version at which it was read. Raises Conflict for who came second."""
    write_member(member, changes, version=member.version, at=at)


def give_back(transfer: Transfer, *, reason: str, actor, at: datetime | None = None) -> None:
    """Return the letter with a reason: nothing has moved. Raises PermissionDenied, ValidationError, NotAllowed."""
    at = at or timezone.now()
    _require(may_receive(reach_of(actor), transfer), "退回要由转入的一方来办。")
    said = _reason(reason)
    with transaction.atomic():
        changes = {"answered_by": actor, "answered_at": at, "answer_reason": said}
        _move(transfer, LetterStatus.RETURNED, "transfer.return", actor, at, changes, said)
        _tell_drafter(transfer, "membership.letter_returned", "您起草的组织关系转接被退回", at)


def withdraw(transfer: Transfer, *, reason: str, actor, at: datetime | None = None) -> None:
    """Take a transfer back before it is received. A signed letter is withdrawn by whoever may sign.

    Raises PermissionDenied, ValidationError, NotAllowed, Conflict.
    """
    at = at or timezone.now()
    _require(may_withdraw(reach_of(actor), transfer), "撤销要由转出的一方来办；已经签发的由签发的党委撤销。")
    said = _reason(reason)
    changes = {"answered_by": actor, "answered_at": at, "answer_reason": said}
    _move(transfer, LetterStatus.WITHDRAWN, "transfer.withdraw", actor, at, changes, said)


def expire_letters(at: datetime, limit: int = SWEPT_AT_ONCE) -> int:
    """Mark the signed letters whose last valid day is over; tell both sides; return how many. For the sweep.

    The day on the letter decides, so a sweep that comes late changes nothing: `receive` refuses such a letter anyway.
    """
    today, done = timezone.localdate(at), 0
    overdue = Transfer.objects.overdue(today).order_by("expires_date", "pk")
    for transfer in overdue.select_related("member__person", "from_organization", "to_organization", "drafted_by")[
        :limit
    ]:
        with transaction.atomic():
            try:
                _move(transfer, LetterStatus.EXPIRED, "transfer.expire", None, at, {})
            except Conflict:
                continue  # received, returned or withdrawn at this moment
            title = "一份组织关系介绍信过了有效期，没有人接收"
            if transfer.to_organization is not None:
                _tell(transfer, "membership.letter_expired", title, _at(transfer.to_organization, at), at)
            _tell_drafter(transfer, "membership.letter_expired", title, at)
        done += 1
    return done


def remind_of_letters(at: datetime, days: int = 7) -> int:
    """Remind the receiving side, once, of letters that run out within a week; return how many were told."""
    today, told = timezone.localdate(at), 0
    soon = Transfer.objects.filter(
        status=LetterStatus.AWAITING, expires_date__gte=today, expires_date__lte=today + timedelta(days=days)
    )
    for transfer in soon.select_related("to_organization").order_by("expires_date", "pk")[:SWEPT_AT_ONCE]:
        if transfer.to_organization is not None:
            with transaction.atomic():
                title = f"组织关系介绍信 {transfer.expires_date:%m-%d} 到期，还没有接收"
                told += _tell(transfer, "membership.letter_due", title, _at(transfer.to_organization, at), at)
    return told


# --- shared -----------------------------------------------------------------------------------------------------------
def _move(transfer: Transfer, to: str, action: str, actor, at: datetime, changes: dict, reason: str = "") -> None:
    """Move a letter at the version the caller read. Raises NotAllowed, Conflict, ValidationError."""
    with in_words(Transfer):
        rows = Transfer.objects.filter(pk=transfer.pk, version=transfer.version)
        if rows.update(version=F("version") + 1, updated_at=at) != 1:
            raise Conflict("这份转接刚刚被别人办过，您的操作没有保存。请刷新页面，看过现在的内容再办。")
        transfer_action = {
            "actor": actor,
            "action": action,
            "reason": reason,
            "next_table": LETTER_NEXT,
            "changes": changes,
            "organization_id": transfer.from_organization_id or transfer.to_organization_id,
            "person_id": transfer.member_id,
            "label": mask_name(transfer.member.person.name),
        }
        trail.transition(transfer, to, **transfer_action)
    transfer.version += 1


def _record(action: str, transfer: Transfer, actor) -> None:
    trail.record(
        action,
        transfer,
        actor=actor,
        organization_id=transfer.from_organization_id or transfer.to_organization_id,
        person_id=transfer.member_id,
        label=mask_name(transfer.member.person.name),
        details={"from": transfer.from_organization_id, "to": transfer.to_organization_id},
    )


def _require(allowed: bool, sentence: str) -> None:
    if not allowed:
        raise PermissionDenied(sentence)


def _reason(reason: str) -> str:
    reason = " ".join((reason or "").split())
    if not 2 <= len(reason) <= 200:
        raise ValidationError({"reason": "请写明原因，2 到 200 个字。"})
    return reason


def _at(organization: Organization, at: datetime) -> list:
    """Return who receives at a unit: its secretary; the clerks of the nearest committee when it has none."""
    posts = Appointment.objects.running(at).select_related("user")
    secretaries = list(posts.filter(organization=organization, role=Role.SECRETARY))
    if secretaries:
        return [post.user for post in secretaries]
    for above in reversed(list(Organization.objects.get_ancestors(organization))):
        clerks = list(posts.filter(organization=above, role=Role.CLERK))
        if clerks:
            return [post.user for post in clerks]
    return []


def _tell(transfer: Transfer, event: str, title: str, recipients: list, at: datetime) -> int:
    return publish(
        event,
        recipients=recipients,
        subject=f"members.transfer:{transfer.pk}",
        title=title,
        url=reverse("members:transfer_detail", args=[transfer.pk]),
        dedupe=f"transfer:{transfer.pk}:{event}",
        at=at,
    )


def _tell_drafter(transfer: Transfer, event: str, title: str, at: datetime) -> int:
    return _tell(transfer, event, title, [transfer.drafted_by], at)
