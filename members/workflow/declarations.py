"""Verbs of the call for members to come forward: begun, ended; a declaration made, decided, withdrawn.

A declarant has no account. What he is told never says whether somebody is known or what was found of him.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone

from branches.capabilities import Capability
from branches.choices import COMMITTEES, Kind, OrganizationStatus
from branches.constraints import checked, in_words
from branches.models import Organization
from branches.rules import may
from foundation.audit import trail
from foundation.audit.trail import NotAllowed
from foundation.protection.canonical import canonical_name, canonical_phone
from foundation.protection.seal import blind
from members import notices
from members.choices import (
    DECLARATION_NEXT,
    RECRUIT_NEXT,
    VERIFICATION_OPEN,
    DeclarationStatus,
    RecruitStatus,
    VerificationOrigin,
)
from members.models import Declaration, RecruitCampaign, Verification
from members.rules.declarations import CONSENT_VERSION, is_running, told_sentences
from members.rules.people import phone_columns
from members.workflow.leads import Told, lead
from members.workflow.verification import close_for, trace, write_lead

LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # no 0 O 1 I: a receipt is copied by hand
RECEIPT_LENGTH = 12
RECEIPT = "declaration.receipt"  # of the keyed digests
ERASED = {"declared_name": "", "phone": "", "phone_index": None, "home_told": "", "joined_told": ""}


# --- the call ---------------------------------------------------------------------------------------------------------
def begin_campaign(
    organization: Organization, values: Mapping, *, actor, at: datetime | None = None
) -> RecruitCampaign:
    """Begin the call of a committee (title, text, from_date, until_date) and return it, with an address of its own.

    Raises PermissionDenied, ValidationError.
    """
    at = at or timezone.now()
    _require(actor, organization, "征集令由党委专干发起。")
    if organization.kind not in COMMITTEES or organization.status == OrganizationStatus.DISSOLVED:
        raise ValidationError({"organization": "征集令由党委发起。"})
    if values["until_date"] < timezone.localdate(at):
        raise ValidationError({"until_date": "结束日期已经过了。"})
    campaign = RecruitCampaign(
        organization=organization,
        consent_version=CONSENT_VERSION,
        slug="".join(secrets.choice(LETTERS) for _ in range(8)).lower(),
        opened_by=actor,
        opened_at=at,
        **values,
    )
    checked(campaign, exclude=["opened_by"])
    with transaction.atomic():
        with in_words(RecruitCampaign):
            campaign.save(force_insert=True)
        _record_campaign("recruit.begin", campaign, actor)
    return campaign


def end_campaign(campaign: RecruitCampaign, *, actor, at: datetime | None = None) -> None:
    """End a call at once; declarations made so far are handled as ever.

    Raises PermissionDenied, NotAllowed, Conflict.
    """
    _require(actor, campaign.organization, "征集令由党委专干结束。")
    end_for(campaign, actor=actor, at=at or timezone.now())


def end_for(campaign: RecruitCampaign, *, actor, at: datetime) -> None:
    """End a call as a part of another verb, which has asked who may. Raises NotAllowed, Conflict."""
    trail.transition(
        campaign,
        RecruitStatus.ENDED,
        actor=actor,
        action="recruit.end",
        next_table=RECRUIT_NEXT,
        changes={"ended_at": at},
        organization_id=campaign.organization_id,
        label=campaign.title,
    )


# --- coming forward ---------------------------------------------------------------------------------------------------
@dataclass(frozen=True, kw_only=True)
class Declared:
    """What somebody declares of himself."""

    name: str
    phone: str
    home: str = ""
    joined: str = ""


def new_token() -> str:
    """Return the token of a form: sent twice, it makes one declaration."""
    return secrets.token_hex(16)


def receipt_of(token: str) -> str:
    """Return the receipt of the declaration that a form makes: XXXX-XXXX-XXXX. Nobody can guess it. Pure."""
    number = blind(f"receipt:{token}", RECEIPT).int
    letters = "".join(LETTERS[number >> (5 * place) & 31] for place in range(RECEIPT_LENGTH))
    return "-".join(letters[start : start + 4] for start in range(0, RECEIPT_LENGTH, 4))


def _receipt_index(receipt: str):
    letters = "".join(one for one in receipt.upper() if one in LETTERS)
    return blind(letters, f"{RECEIPT}.index")


def declare(
    declared: Declared,
    *,
    token: str,
    consents: bool,
    campaign: RecruitCampaign | None = None,
    organization: Organization | None = None,
    at: datetime | None = None,
) -> str:
    """Keep what somebody declares and return his receipt, shown once. Anybody may; a form sent twice makes one row.

    To whom: the committee of the call, else the one named, else the topmost. The answer is the same for everybody.
    Raises ValidationError per field, NotAllowed for a call that is over.
    """
    at = at or timezone.now()
    name, phone = canonical_name(declared.name or ""), canonical_phone(declared.phone or "")
    home, joined = " ".join(declared.home.split()), " ".join(declared.joined.split())
    errors = told_sentences(name, phone, home, joined)
    if not consents:
        errors["consents"] = "要先同意，我们才能收下您的信息。不同意就不用填。"
    if errors:
        raise ValidationError(errors)
    if campaign is not None and not is_running(campaign, timezone.localdate(at)):
        raise NotAllowed("这次征集已经结束，不再接收。您可以到“自愿亮身份”页面填写。")
    to = campaign.organization if campaign is not None else organization or _topmost()
    receipt = receipt_of(token)
    with transaction.atomic():
        declaration, is_new = Declaration.objects.get_or_create(
            receipt_index=_receipt_index(receipt),
            defaults={
                "campaign": campaign,
                "organization": to,
                "declared_name": name,
                **{key: value for key, value in phone_columns(phone).items() if key != "phone_tail"},
                "home_told": home,
                "joined_told": joined,
                "consent_version": CONSENT_VERSION,
                "submitted_at": at,
            },
        )
        if is_new:
            _record("declaration.submit", declaration, None, details={"consent": CONSENT_VERSION})
            notices.declarations_waiting(to, at=at)
    return receipt


def _topmost() -> Organization:
    top = Organization.objects.running().filter(depth=1, kind=Kind.INDUSTRY_COMMITTEE).order_by("path").first()
    if top is None:
        raise ValidationError("还没有能接收的党组织。")
    return top


def declaration_of(receipt: str) -> Declaration | None:
    """Return the declaration of a receipt, None for one that is not ours. One query."""
    return Declaration.objects.filter(receipt_index=_receipt_index(receipt)).select_related("organization").first()


def withdraw(declaration: Declaration, *, at: datetime | None = None) -> None:
    """Take a declaration back: what was told is erased at once, and the open case it became is closed.

    For who has shown the receipt. A confirmation made before stays: what was done by consent stands
    (《个人信息保护法》第十五条). Raises NotAllowed when it is withdrawn already, Conflict.
    """
    at = at or timezone.now()
    with transaction.atomic():
        verification = declaration.verification
        trail.transition(
            declaration,
            DeclarationStatus.WITHDRAWN,
            actor=None,
            action="declaration.withdraw",
            next_table=DECLARATION_NEXT,
            changes={"withdrawn_at": at, "answer": ""} | ERASED,
            organization_id=declaration.organization_id,
            label=_label(declaration),
        )
        if verification is not None:
            if verification.status in VERIFICATION_OPEN:
                close_for(verification, reason="本人撤回自述", actor=None, at=at)
            # Of a lead that was matched with nobody, nothing is left that says who it was.
            told = {"candidate_name": "", "phone": "", "phone_index": None, "home_told": "", "joined_told": ""}
            Verification.objects.filter(pk=verification.pk).update(**told)


# --- the committee's side ---------------------------------------------------------------------------------------------
def turn_into_verification(
    declaration: Declaration, committee: Organization, *, actor, at: datetime | None = None
) -> Verification:
    """Make the case of a declaration, with a committee of one's scope, and return it.

    Raises PermissionDenied, ValidationError, NotAllowed, Conflict.
    """
    at = at or timezone.now()
    _require_decide(declaration, actor)
    if committee.kind not in COMMITTEES or not may(actor, Capability.VERIFICATION_RECORD_CHECK, at=committee):
        raise ValidationError({"committee": "请选您辖区里的党委。"})
    told = Told(
        name=declaration.declared_name,
        phone=declaration.phone,
        home=declaration.home_told,
        joined=declaration.joined_told,
        note=declaration.campaign.title if declaration.campaign else "",
    )
    verification = lead(told, committee, origin=VerificationOrigin.CAMPAIGN, actor=actor, at=at)
    with transaction.atomic():
        write_lead(verification)
        trace("verification.open", verification, actor, details={"origin": VerificationOrigin.CAMPAIGN})
        changes = {"verification": verification}
        _decide(declaration, DeclarationStatus.TURNED, "declaration.turn", changes, actor, at)
    return verification


def give_back(declaration: Declaration, *, words: str, actor, at: datetime | None = None) -> None:
    """Answer that it is not taken up, with words for the declarant. Raises as `turn_into_verification`."""
    _require_decide(declaration, actor)
    words = " ".join((words or "").split())
    if not 4 <= len(words) <= 200:
        raise ValidationError({"words": "请写给本人看的答复，4 到 200 个字。"})
    changes = {"answer": words}
    _decide(declaration, DeclarationStatus.RETURNED, "declaration.return", changes, actor, at or timezone.now())


def mark_duplicate(declaration: Declaration, *, actor, at: datetime | None = None) -> None:
    """Note that the same person has declared it before. Raises as `give_back`."""
    _require_decide(declaration, actor)
    _decide(declaration, DeclarationStatus.DUPLICATE, "declaration.duplicate", {}, actor, at or timezone.now())


def _decide(declaration: Declaration, to: str, action: str, changes: dict, actor, at: datetime) -> None:
    with in_words(Declaration):
        trail.transition(
            declaration,
            to,
            actor=actor,
            action=action,
            next_table=DECLARATION_NEXT,
            changes=changes | {"decided_by": actor, "decided_at": at},
            organization_id=declaration.organization_id,
            label=_label(declaration),
        )


def same_phone(declaration: Declaration, reach) -> int:
    """Return how many other declarations within reach have this phone. One query."""
    rows = Declaration.objects.visible_to(reach).exclude(pk=declaration.pk)
    return rows.filter(phone_index=declaration.phone_index).count() if declaration.phone_index else 0


def _require(actor, organization: Organization, sentence: str) -> None:
    if not may(actor, Capability.DECLARATION_DECIDE, at=organization):
        raise PermissionDenied(sentence)


def _require_decide(declaration: Declaration, actor) -> None:
    _require(actor, declaration.organization, "自愿亮身份由收到的党委专干处理。")


def _label(declaration: Declaration) -> str:
    return f"自愿亮身份 {declaration.pk}"


def _record(action: str, declaration: Declaration, actor, *, details=None) -> None:
    trail.record(
        action,
        declaration,
        actor=actor,
        organization_id=declaration.organization_id,
        details=details,
        label=_label(declaration),
    )


def _record_campaign(action: str, campaign: RecruitCampaign, actor) -> None:
    trail.record(action, campaign, actor=actor, organization_id=campaign.organization_id, label=campaign.title)
