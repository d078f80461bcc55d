"""Verbs on member cards: issuing, renewing the code, losing, cancelling, consent. A token is given once, never kept."""

from __future__ import annotations

import secrets
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from branches.capabilities import Capability
from branches.constraints import checked, in_words
from branches.models import Organization
from foundation.audit import trail
from foundation.audit.trail import Conflict, NotAllowed
from foundation.protection.masks import mask_name
from foundation.protection.seal import blind
from members.choices import CARD_NEXT, MEMBER_PAYING, CardStatus
from members.models import MemberCard, PartyMember
from members.rules.cards import TOKEN_BYTES, card_number, says_valid
from members.workflow.membership import require

_ELSEWHERE = "000000"  # the division of a card whose holder no unit of ours has


def issue(
    member: PartyMember, *, actor, serial: int | None = None, at: datetime | None = None
) -> tuple[MemberCard, str]:
    """Give a member his card and return it with the token of its QR code, which is shown once.

    The number is drawn by lot, so that it counts nobody; `serial` fixes it, for the demo. A lost card is cancelled with
    the new one (补发). Raises PermissionDenied, ValidationError (no rights now, a card already).
    """
    at = at or timezone.now()
    require(member, Capability.MEMBER_CARD_ISSUE, actor, "发卡由党委专干来办。")
    if member.status not in MEMBER_PAYING:
        raise ValidationError(f"{member.get_status_display()}的不能发卡。")
    token = _token()
    with transaction.atomic():
        for lost in MemberCard.objects.filter(member=member, status=CardStatus.LOST):
            _end(lost, CardStatus.CANCELLED, "member_card.cancel", actor, at, "补发了新卡")
        card = MemberCard(
            number=card_number(_division_of(member), secrets.randbelow(1_000_000) if serial is None else serial),
            member=member,
            issued_date=timezone.localdate(at),
            issued_by=actor,
            token_index=index_of(token),
            renewed_at=at,
        )
        with in_words(MemberCard):
            checked(card, exclude=["member", "issued_by"]).save(force_insert=True)
        _trace("member_card.issue", card, actor)
    return card, token


def renew(card: MemberCard, *, actor, at: datetime | None = None) -> str:
    """Give a card a new code and return its token, which is shown once; the old code says 无效 from now on.

    One UPDATE of the card as it was read. Raises PermissionDenied, NotAllowed, Conflict.
    """
    at = at or timezone.now()
    require(card.member, Capability.MEMBER_CARD_ISSUE, actor, "换二维码由党委专干来办。")
    if card.status != CardStatus.ACTIVE:
        raise NotAllowed("这张卡已经挂失或注销，请补发一张。")
    token = _token()
    with transaction.atomic():
        rows = MemberCard.objects.filter(pk=card.pk, status=CardStatus.ACTIVE, token_index=card.token_index)
        if rows.update(token_index=index_of(token), renewed_at=at) != 1:
            raise Conflict("这张卡的二维码刚刚被别人换过，请刷新页面再看。")
        card.token_index, card.renewed_at = index_of(token), at
        _trace("member_card.renew", card, actor)
    return token


def report_lost(card: MemberCard, *, reason: str, actor, at: datetime | None = None) -> None:
    """Note that a card is lost: its code says 无效 at once. Raises PermissionDenied, ValidationError, NotAllowed."""
    at = at or timezone.now()
    require(card.member, Capability.MEMBER_CARD_REVOKE, actor, "挂失由党委专干来办。")
    _end(card, CardStatus.LOST, "member_card.lose", actor, at, _reason(reason))


def cancel(card: MemberCard, *, reason: str, actor, at: datetime | None = None) -> None:
    """Cancel a card for good. Raises as `report_lost`."""
    at = at or timezone.now()
    require(card.member, Capability.MEMBER_CARD_REVOKE, actor, "注销由党委专干来办。")
    _end(card, CardStatus.CANCELLED, "member_card.cancel", actor, at, _reason(reason))


def close(card: MemberCard, *, actor, at: datetime, reason: str) -> None:
    """Cancel a card because the membership has ended; for `members.endings`, which has asked already."""
    _end(card, CardStatus.CANCELLED, "member_card.cancel", actor, at, reason[:200])


def give_consent(card: MemberCard, *, note: str, actor, at: datetime | None = None) -> None:
    """Note that the holder agrees that a scan shows his branch. Raises as `report_lost`. Source: 个人信息保护法 29."""
    at = at or timezone.now()
    require(card.member, Capability.MEMBER_CARD_ISSUE, actor, "登记同意由党委专干来办。")
    said = " ".join((note or "").split())
    if not 2 <= len(said) <= 120:
        raise ValidationError({"note": "请写明本人怎么同意的，如 当面同意、书面同意，2 到 120 个字。"})
    _consent(card, "member_card.consent", actor, {"consent_at": at, "consent_note": said}, said)


def withdraw_consent(card: MemberCard, *, actor, at: datetime | None = None) -> None:
    """Note that the holder no longer agrees: as easy as agreeing, so whoever sees the card may do it at his word.

    Raises PermissionDenied, NotAllowed. Source: 个人信息保护法 15.
    """
    require(card.member, Capability.MEMBER_CARD_VIEW, actor, "这张卡不在您的权限里。")
    _consent(card, "member_card.withdraw_consent", actor, {"consent_at": None, "consent_note": ""}, "")


def checked_card(token: str) -> tuple[bool, str]:
    """Return what a scan may say: whether the card is valid, and its branch's name where the holder agreed.

    (False, "") for every token that is unknown, replaced, lost or cancelled, and for who exercises no rights now. One
    query, by the digest of the token; nothing is written down.
    """
    cards = MemberCard.objects.filter(token_index=index_of(token)).select_related("member")
    card = cards.first() if 0 < len(token) <= 64 else None
    if card is None or not says_valid(card.status, card.member.status):
        return False, ""
    if card.consent_at is None:
        return True, ""
    return True, branch_of(card.member)


def branch_of(member: PartyMember) -> str:
    """Return the name of the branch a member counts in, "" when none has him. Two queries."""
    placed = PartyMember.objects.with_placement().filter(pk=member.pk).values_list("placed_id", flat=True).first()
    if placed is None:
        return ""
    return Organization.objects.filter(pk=placed).values_list("name", flat=True).first() or ""


def index_of(token: str):
    """Return the keyed digest by which a token is found."""
    return blind(token, "members.MemberCard.token")


def _token() -> str:
    return secrets.token_urlsafe(TOKEN_BYTES)


def _division_of(member: PartyMember) -> str:
    unit = member.formal_organization
    if unit is None:
        tie = member.affiliations.running().select_related("organization").order_by("pk").first()
        unit = tie.organization if tie is not None else None
    if unit is None:
        return _ELSEWHERE
    return unit.division_id or unit.code[:7]


def _consent(card: MemberCard, action: str, actor, changes: dict, reason: str) -> None:
    if card.status != CardStatus.ACTIVE:
        raise NotAllowed("这张卡已经挂失或注销，扫码什么都不显示。")
    with transaction.atomic():
        if MemberCard.objects.filter(pk=card.pk, status=CardStatus.ACTIVE).update(**changes) != 1:
            raise Conflict("这张卡刚刚被挂失或注销了。请刷新页面再看。")
        for name, value in changes.items():
            setattr(card, name, value)
        _trace(action, card, actor, reason=reason)


def _end(card: MemberCard, to: str, action: str, actor, at: datetime, reason: str) -> None:
    changes = {"ended_date": timezone.localdate(at), "end_reason": reason}
    with in_words(MemberCard), transaction.atomic():
        trail.transition(
            card,
            to,
            actor=actor,
            action=action,
            reason=reason,
            next_table=CARD_NEXT,
            changes=changes,
            organization_id=card.member.formal_organization_id,
            person_id=card.member_id,
            label=mask_name(card.member.person.name),
        )
        # Apart from the transition: not even the digest of a token stands in the trail.
        MemberCard.objects.filter(pk=card.pk).update(token_index=None)
        card.token_index = None


def _trace(action: str, card: MemberCard, actor, *, reason: str = "") -> None:
    trail.record(
        action,
        card,
        actor=actor,
        organization_id=card.member.formal_organization_id,
        person_id=card.member_id,
        reason=reason,
        label=mask_name(card.member.person.name),
        details={"number": card.number},
    )


def _reason(reason: str) -> str:
    said = " ".join((reason or "").split())
    if not 2 <= len(said) <= 200:
        raise ValidationError({"reason": "请写明原因，2 到 200 个字。"})
    return said
