"""Verbs on memberships: admitting by evidence, correcting, absence, ending. The only writer of a member's status."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from branches.capabilities import Capability
from branches.choices import OrganizationStatus
from branches.constraints import checked, in_words
from branches.models import Organization
from branches.rules import may
from branches.scope import reach_of
from foundation.audit import trail
from foundation.audit.trail import Conflict, NotAllowed
from foundation.protection.masks import mask_name
from members import endings
from members.choices import MEMBER_CURRENT, MEMBER_LEFT, MEMBER_NEXT, AdmissionBasis, MemberStatus
from members.models import PartyMember, Person
from members.rules.membership import ADMITTED_BY, covers_member, date_sentences, may_hold_formal
from members.workflow.contact_endings import close_of_driver

CHANGEABLE = ("joined_date", "full_date", "external_organization", "external_contact", "external_phone")
CHANGED_SENTENCE = "这位党员的登记刚刚被别人改过，您的操作没有保存。请刷新页面，看过现在的内容再做。"


@dataclass(frozen=True)
class Evidence:
    """What makes somebody a member: a confirmed case or a finished file, its number, and where it was decided."""

    basis: str  # AdmissionBasis
    reference: str  # "verification:12", "development:7"
    organization: Organization  # the unit whose verb has decided


@dataclass(frozen=True)
class Outside:
    """A home outside the system (流出地) with whom to ask there."""

    name: str
    contact: str = ""
    phone: str = ""


def admit(
    person: Person,
    evidence: Evidence,
    *,
    home: Organization | Outside,
    status: str,
    joined_date: date | None,
    full_date: date | None = None,
    absent_since_date: date | None = None,
    absent_to: str = "",
    actor,
    at: datetime | None = None,
) -> PartyMember:
    """Make a person a member, by evidence only, and return the membership. Call it inside the verb that decided.

    `home` is the branch of the formal relation, or where it lies outside. Somebody who left by a letter comes back on
    the same row, by a letter. About six statements.

    Raises PermissionDenied unless the actor may decide on such evidence there, ValidationError (evidence, dates, home,
    a member already), NotAllowed for who was removed or has died, Conflict.
    """
    at = at or timezone.now()
    capability = ADMITTED_BY[AdmissionBasis(evidence.basis)]
    if not may(actor, capability, at=evidence.organization):
        raise PermissionDenied("确认党员身份不在您的权限里。")
    if not evidence.reference.strip():
        raise ValidationError("没有依据不能登记党员：要有确认了的核查或者办完的发展材料。")
    if status not in (MemberStatus.PROBATIONARY, MemberStatus.FULL):
        raise ValidationError({"status": "登记时只能是预备党员或正式党员。"})
    values = {
        "status": status,
        "joined_date": joined_date,
        "full_date": full_date,
        "basis": evidence.basis,
        "basis_reference": evidence.reference.strip(),
        "absent_since_date": absent_since_date,
        "absent_to": absent_to.strip(),
        **_home(home),
    }
    if errors := date_sentences(status, joined_date, full_date, timezone.localdate(at)):
        raise ValidationError(errors)
    if person.merged_into_id is not None:
        raise ValidationError("这个人已经并入另一条登记，请在那一条上办。")
    with transaction.atomic():
        known = PartyMember.objects.select_related("person").filter(pk=person.pk).first()
        if known is not None:
            return _readmit(known, values, actor, at)
        close_of_driver(person.pk, actor=actor, at=at, reason="本人登记为党员")
        member = PartyMember(person=person, **values)
        with in_words(PartyMember):
            checked(member, exclude=["person"]).save(force_insert=True)
        _trace(
            "member.admit", member, actor, fields=[name for name, value in values.items() if value not in ("", None)]
        )
    return member


def _readmit(member: PartyMember, values: dict[str, Any], actor, at: datetime) -> PartyMember:
    if member.status in MEMBER_CURRENT:
        raise ValidationError("这个人已经登记为党员。组织关系要变，请办转接。")
    cleared = {"status_from_date": None, "status_document": "", "last_organization": None}
    changes = {name: value for name, value in values.items() if name != "status"} | cleared
    close_of_driver(member.pk, actor=actor, at=at, reason="本人登记为党员")
    write_status(member, values["status"], action="member.admit", actor=actor, at=at, changes=changes)
    return member


def _home(home: Organization | Outside) -> dict[str, Any]:
    if isinstance(home, Outside):
        if not home.name.strip():
            raise ValidationError({"external_organization": "请写明组织关系在哪个党组织（流出地）。"})
        return {
            "formal_organization": None,
            "external_organization": home.name.strip(),
            "external_contact": home.contact.strip(),
            "external_phone": home.phone.strip(),
        }
    refuse_unfit(home, "formal_organization")
    return {"formal_organization": home, "external_organization": "", "external_contact": "", "external_phone": ""}


def refuse_unfit(organization: Organization, field: str) -> None:
    """Raise ValidationError at a field unless formal relations may lie with this unit now. No query."""
    if not may_hold_formal(organization.kind):
        sentence = f"{organization.short_name}是{organization.get_kind_display()}，不能接收组织关系；请选党支部。"
        raise ValidationError({field: sentence})
    if organization.status == OrganizationStatus.DISSOLVED:
        raise ValidationError({field: f"{organization.short_name}已经撤销，不能接收组织关系。"})


def write_status(
    member: PartyMember, to: str, *, action: str, actor, at: datetime, changes: Mapping[str, Any], reason: str = ""
) -> None:
    """Move a membership along MEMBER_NEXT together with `changes`. For verbs that have asked who may already.

    One compare-and-swap UPDATE (status and version as the caller saw them) and one entry of the trail. Raises
    NotAllowed, Conflict, ValidationError when the evidence of the status is not complete.
    """
    with transaction.atomic(), in_words(PartyMember):
        # Raising the version holds the row to the end of the transaction, and shows who came second.
        rows = PartyMember.objects.filter(pk=member.pk, version=member.version)
        if rows.update(version=F("version") + 1, updated_at=at) != 1:
            raise Conflict(CHANGED_SENTENCE)
        trail.transition(
            member,
            to,
            actor=actor,
            action=action,
            reason=reason,
            next_table=MEMBER_NEXT,
            changes=changes,
            organization_id=_place_of(member),
            person_id=member.pk,
            label=mask_name(member.person.name),
        )
    member.version += 1


def write_member(member: PartyMember, changes: Mapping[str, Any], *, version: int, at: datetime) -> None:
    """Write columns of a membership that was read at a version. One UPDATE … WHERE version.

    Raises Conflict when somebody was first, ValidationError when a constraint refuses.
    """
    rows = PartyMember.objects.filter(pk=member.pk, version=version, status__in=sorted(MEMBER_CURRENT))
    with in_words(PartyMember):
        if rows.update(**changes, version=F("version") + 1, updated_at=at) != 1:
            raise Conflict(CHANGED_SENTENCE)
    for name, value in changes.items():
        setattr(member, name, value)
    member.version = version + 1


def change_member(
    member: PartyMember, values: Mapping[str, Any], *, version: int, actor, at: datetime | None = None
) -> PartyMember:
    """Correct the dates of a membership or what is known of the home outside (CHANGEABLE) and return it.

    Raises PermissionDenied, ValidationError per field, Conflict.
    """
    at = at or timezone.now()
    require(member, Capability.PARTY_MEMBER_CHANGE, actor, "修改党员登记不在您的权限里。")
    values = {name: value for name, value in values.items() if name in CHANGEABLE}
    changed = {name: value for name, value in values.items() if getattr(member, name) != value}
    if not changed:
        return member
    after = {name: changed.get(name, getattr(member, name)) for name in ("joined_date", "full_date")}
    errors = date_sentences(member.status, after["joined_date"], after["full_date"], timezone.localdate(at))
    if member.formal_organization_id is not None and changed.get("external_organization"):
        errors["external_organization"] = "组织关系在系统内的支部；要转出去请办转接。"
    if errors:
        raise ValidationError(errors)
    before = {name: getattr(member, name) for name in changed}
    with transaction.atomic():
        write_member(member, changed, version=version, at=at)
        _trace("member.change", member, actor, fields={name: (before[name], changed[name]) for name in changed})
    return member


def note_absence(
    member: PartyMember, *, since: date | None, to: str, version: int, actor, at: datetime | None = None
) -> PartyMember:
    """Note since when a member is away from the branch of his formal relation and where; without `since` he is back.

    Raises PermissionDenied, ValidationError, Conflict.
    """
    at = at or timezone.now()
    require(member, Capability.PARTY_MEMBER_RECEIVE_FLOWING, actor, "登记外出和返回不在您的权限里。")
    if since is not None and since > timezone.localdate(at):
        raise ValidationError({"since": "外出的日期还没有到。"})
    if since is not None and not to.strip():
        raise ValidationError({"to": "请写明去了哪里，如 广东省佛山市。"})
    changes = {"absent_since_date": since, "absent_to": to.strip() if since else ""}
    before = {name: getattr(member, name) for name in changes}
    with transaction.atomic():
        write_member(member, changes, version=version, at=at)
        fields = {name: (before[name], changes[name]) for name in changes}
        _trace("member.absent" if since else "member.back", member, actor, fields=fields)
    return member


def end_membership(
    member: PartyMember,
    to: str,
    *,
    on_date: date,
    document: str,
    reason: str,
    version: int,
    actor,
    at: datetime | None = None,
) -> dict[str, int]:
    """End a membership as removed or deceased, and with it everything that ends with one; return how many by model.

    What ends is what `members.endings.membership_rows` lists: ties, letters under way, searches, posts, and what other
    subjects register. Raises PermissionDenied, ValidationError, NotAllowed, Conflict.
    """
    at = at or timezone.now()
    require(member, Capability.PARTY_MEMBER_END, actor, "结束党籍要由党委专干来办。")
    if to not in (MemberStatus.REMOVED, MemberStatus.DECEASED):
        raise ValidationError({"to": "这里只办出党和去世；转出请办组织关系转接。"})
    errors = {}
    if on_date > timezone.localdate(at):
        errors["on_date"] = "日期还没有到。"
    if not document.strip():
        errors["document"] = "请写明依据，如批复文号、死亡证明。"
    if len(reason.strip()) < 2:
        errors["reason"] = "请写明原因，至少 2 个字。"
    if errors:
        raise ValidationError(errors)
    if member.version != version:
        raise Conflict(CHANGED_SENTENCE)
    return leave(member, to, on_date=on_date, document=document, reason=reason, actor=actor, at=at)


def leave(
    member: PartyMember, to: str, *, on_date: date, document: str, reason: str, actor, at: datetime
) -> dict[str, int]:
    """Write one of MEMBER_LEFT and end what ends with a membership. For verbs that have asked who may already.

    Returns how many rows ended by model. Raises NotAllowed, Conflict, ValidationError.
    """
    if to not in MEMBER_LEFT:
        raise NotAllowed("这不是离开。")
    changes = {
        "status_from_date": on_date,
        "status_document": document.strip()[:120],
        "last_organization": member.formal_organization or member.last_organization,
        "formal_organization": None,
        "external_organization": "",
        "external_contact": "",
        "external_phone": "",
        "absent_since_date": None,
        "absent_to": "",
    }
    with transaction.atomic():
        ended = endings.membership_ended(member, at=at, actor=actor, reason=reason)
        write_status(member, to, action="member.end", actor=actor, at=at, changes=changes, reason=reason)
    return ended


def require(member: PartyMember, capability: Capability, actor, sentence: str) -> None:
    """Raise PermissionDenied unless the actor holds the capability on this member; None is the system. Two queries."""
    if actor is None:
        return
    reach = reach_of(actor)
    held = PartyMember.objects.manageable_by(reach, capability).filter(pk=member.pk).exists()
    if not held or not covers_member(reach, capability, member):
        raise PermissionDenied(sentence)


def _place_of(member: PartyMember) -> int | None:
    return member.formal_organization_id or member.last_organization_id


def _trace(action: str, member: PartyMember, actor, *, fields) -> None:
    trail.record(
        action,
        member,
        actor=actor,
        organization_id=_place_of(member),
        person_id=member.pk,
        fields=fields,
        label=mask_name(member.person.name),
    )


def reveal_phone(member: PartyMember, *, actor) -> str:
    """Return a member's phone in full to whoever may call him, and write down that it was looked at.

    Two queries and one INSERT. Raises PermissionDenied. Source: docs/permissions.md (reveal is audited).
    """
    require(member, Capability.DRIVER_IDENTITY_REVEAL, actor, "查看完整号码不在您的权限里。")
    with transaction.atomic():
        trail.record(
            "driver.reveal",
            member.person,
            actor=actor,
            organization_id=_place_of(member),
            person_id=member.pk,
            fields=["phone"],
            reason="给党员打电话",
            label=mask_name(member.person.name),
        )
    return member.person.phone
