"""Verbs that bring a case in: the public form, a secretary, a station, a hotline; and remarks about the portal."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from branches.choices import Duty, Kind, OrganizationStatus
from branches.constraints import checked
from branches.models import Division, Office, Organization
from branches.workflow import office_of
from foundation.audit import trail
from foundation.protection.canonical import canonical_name, canonical_phone
from foundation.protection.identifiers import phone_error
from foundation.protection.seal import blind
from grievances import notices
from grievances.choices import Channel, ClockKind, Status, Urgency
from grievances.models import Category, Grievance
from grievances.rules import cases
from grievances.rules.clocks import CHINA
from grievances.workflow import clocks
from grievances.workflow.steps import COMPLAINANT, acting, deciding_committee, move, note, require
from members.models import Person
from members.rules.people import phone_index

LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # no 0 O 1 I: codes are read out on the telephone
PURPOSE = "grievances.passphrase"  # of the keyed digest
SIMILAR_WITHIN = timedelta(days=30)


@dataclass(frozen=True)
class Lodged:
    """A lodged case and the passphrase, which is shown once and kept nowhere in clear."""

    grievance: Grievance
    passphrase: str


@dataclass(frozen=True, kw_only=True)
class Complaint:
    """What is told when a case is lodged. Only title, description and category must be there."""

    title: str
    description: str
    category: Category
    channel: str = Channel.DIRECT_LINE
    urgency: str = Urgency.NORMAL
    division: Division | None = None
    place: str = ""
    respondent: str = ""
    amount_involved: Decimal | None = None
    name: str = ""
    phone: str = ""
    is_anonymous: bool = False
    confidential_to: Office | None = None
    external_number: str = ""
    person: Person | None = None


def lodge(complaint: Complaint, *, at: datetime, actor=None, unit: Organization | None = None) -> Lodged:
    """Store a case as lodged with the committee that decides it and start the clock of transfer; return it.

    `unit` is where it was brought (branch, station's committee, hotline desk); without one the division of the place
    says which committee. Lodging never fails for a calendar. About 15 queries.

    Raises PermissionDenied for a unit that is not the actor's, ValidationError per field.
    """
    if unit is None:
        require(cases.may_lodge(actor), "现在不能提交诉求。")
        committee = committee_for(complaint.division)
    else:
        require(cases.may_lodge_for_driver(acting(actor, at).reach, unit), "只能替本单位的司机登记诉求。")
        committee = deciding_committee(unit)
    if committee is None:
        raise ValidationError("这个地方还没有受理诉求的单位。急事请拨打 12328。")
    grievance = _built(complaint, committee, at, actor)
    with transaction.atomic():
        if unit is not None:
            grievance.collector = office_of(unit, Duty.COLLECT)
        passphrase = _stored(grievance, at)
        note(
            grievance,
            actor=actor if unit is not None else COMPLAINANT,
            action="grievance.lodge",
            fields=["title", "description"],
            details={"channel": grievance.channel, "urgency": grievance.urgency},
        )
        clocks.start(grievance, [ClockKind.TRANSFER], at)
        notices.lodged(grievance, at)
    return Lodged(grievance, passphrase)


def save_draft(complaint: Complaint, *, at: datetime, actor, unit: Organization) -> Grievance:
    """Keep what a secretary has noted so far; nobody is asked anything and no clock runs. Raises as `lodge`."""
    require(cases.may_lodge_for_driver(acting(actor, at).reach, unit), "只能替本单位的司机登记诉求。")
    committee = deciding_committee(unit)
    if committee is None:
        raise ValidationError("本单位上面还没有受理诉求的委员会。")
    grievance = _built(complaint, committee, at, actor)
    grievance.status = Status.DRAFT
    with transaction.atomic():
        grievance.collector = office_of(unit, Duty.COLLECT)
        _stored(grievance, at)
        note(grievance, actor=actor, action="grievance.draft")
    return grievance


def lodge_draft(grievance: Grievance, *, actor, at: datetime) -> None:
    """Lodge a draft: from now on it counts. Raises PermissionDenied, trail.NotAllowed, trail.Conflict."""
    require(grievance.lodged_by_id == actor.pk, "草稿由写的人提交。")
    with transaction.atomic():
        move(grievance, Status.LODGED, actor=actor, action="grievance.lodge", changes={"lodged_at": at})
        clocks.start(grievance, [ClockKind.TRANSFER], at)
        notices.lodged(grievance, at)


def lodge_feedback(*, title: str, description: str, contact: str, user, at: datetime) -> Grievance:
    """Store 意见建议 about the portal itself and return it: a case like any other, for the administrators' committee.

    Raises PermissionDenied, ValidationError. Source: design.md, Restraint: a built-in 意见建议.
    """
    category = Category.objects.filter(is_about_portal=True, is_active=True).order_by("pk").first()
    top = Organization.objects.filter(depth=1, kind=Kind.INDUSTRY_COMMITTEE).order_by("path").first()
    if category is None or top is None:
        raise ValidationError("本网站还没有设好接收意见的单位，请先打电话告诉我们。")
    phone = canonical_phone(contact)
    named = bool(contact) and phone_error(phone) is not None
    complaint = Complaint(
        title=title,
        description=f"{description}\n联系方式：{contact}" if named else description,
        category=category,
        channel=Channel.PORTAL,
        phone="" if named else phone,
    )
    require(cases.may_lodge(user), "现在不能提交意见。")
    grievance = _built(complaint, top, at, user if getattr(user, "pk", None) else None)
    with transaction.atomic():
        _stored(grievance, at)
        note(grievance, actor=user, action="grievance.lodge", fields=["title", "description"])
        clocks.start(grievance, [ClockKind.TRANSFER], at)
        notices.lodged(grievance, at)
    return grievance


def committee_for(division: Division | None) -> Organization | None:
    """Return the committee that decides what happens in a division: its own, else the nearest above. ≤ 4 queries.

    Without a division the top committee: it passes the case on, nobody is sent away.
    """
    working = Organization.objects.filter(kind=Kind.INDUSTRY_COMMITTEE).exclude(status=OrganizationStatus.DISSOLVED)
    place = division
    while place is not None:
        committee = working.filter(division=place).first()
        if committee is not None:
            return committee
        place = place.parent
    return working.filter(depth=1).order_by("path").first()


def similar_to(phone: str, category: Category | None, at: datetime) -> list[Grievance]:
    """Return open cases of the last 30 days under the same phone, those of the same kind first. One query.

    For the form: show the complainant his own case before he lodges it again. Five at most.
    """
    phone = canonical_phone(phone)
    if phone_error(phone) is not None:
        return []
    found = Grievance.objects.open().filter(phone_index=phone_index(phone), lodged_at__gte=at - SIMILAR_WITHIN)
    same = category.pk if category is not None else None
    newest = found.select_related("category").order_by("-lodged_at")[:5]
    return sorted(newest, key=lambda one: one.category_id != same)


def passphrase_digest(track_code: str, passphrase: str) -> str:
    """Return the keyed digest of a passphrase; it is worth nothing for another case."""
    return blind(f"{track_code}:{passphrase.strip().upper()}", PURPOSE).hex


def is_passphrase(grievance: Grievance, passphrase: str) -> bool:
    """Return whether the passphrase is that of the case. No query; compared in constant time."""
    return bool(grievance.passphrase_hash) and hmac.compare_digest(
        grievance.passphrase_hash, passphrase_digest(grievance.track_code, passphrase)
    )


def new_code(length: int) -> str:
    """Return random letters and digits without look-alikes, five bits each."""
    return "".join(secrets.choice(LETTERS) for _ in range(length))


def _built(complaint: Complaint, committee: Organization, at: datetime, actor) -> Grievance:
    """Return the case, checked field by field, not yet stored."""
    name = "" if complaint.is_anonymous else canonical_name(complaint.name)
    phone = "" if complaint.is_anonymous else canonical_phone(complaint.phone)
    errors = {}
    if phone and (phone_error(phone) is not None):
        errors["phone"] = "手机号应是 11 位数字，以 1 开头。"
    if not complaint.is_anonymous and complaint.confidential_to is not None and not (name or phone):
        errors["name"] = "只告诉一个岗位的诉求，要留下姓名或者电话；不想留就选匿名。"
    if errors:
        raise ValidationError(errors)
    grievance = Grievance(
        channel=complaint.channel,
        external_number=complaint.external_number.strip(),
        category=complaint.category,
        urgency=complaint.urgency,
        title=complaint.title.strip(),
        description=complaint.description.strip(),
        respondent=complaint.respondent.strip(),
        division=complaint.division,
        place=complaint.place.strip(),
        amount_involved=complaint.amount_involved,
        person=None if complaint.is_anonymous else complaint.person,
        complainant_name=name,
        phone=phone,
        phone_index=phone_index(phone) if phone else None,
        is_anonymous=complaint.is_anonymous,
        confidential_to=None if complaint.is_anonymous else complaint.confidential_to,
        organization=committee,
        origin=committee,
        lodged_by=actor if getattr(actor, "pk", None) else None,
        lodged_at=at,
    )
    exclude = ["number", "track_code", "passphrase_hash", "collector", "handler", "supervisor", "answered_by"]
    checked(grievance, exclude=[*exclude, "merged_into"])
    return grievance


def _stored(grievance: Grievance, at: datetime) -> str:
    """Give the case its number, code and passphrase, store it, and return the passphrase."""
    prefix = number_prefix(grievance.division or grievance.organization.division, at)
    for attempt in range(20):
        grievance.number = f"{prefix}{_next_number(prefix) + attempt:04}"
        grievance.track_code = new_code(8)
        passphrase = new_code(6)
        grievance.passphrase_hash = passphrase_digest(grievance.track_code, passphrase)
        try:
            with transaction.atomic():
                grievance.save(force_insert=True)
        except IntegrityError as error:
            if grievance.external_number and "external" in str(error):
                raise ValidationError({"external_number": "这个外部单号已经登记过。"}) from error
            continue  # somebody took the number in between
        return passphrase
    raise trail.Conflict("现在提交的人太多，没有保存。请过一分钟再提交，您填的内容还在。")


def number_prefix(division: Division | None, at: datetime) -> str:
    """Return what a number begins with: SQ, the division, the day in China. Gaps in the counting are no matter.

    The hyphen keeps it from looking like an identity number, which the trail and messages would mask.
    """
    return f"SQ{division.pk if division else '000000'}{at.astimezone(CHINA):%Y%m%d}-"


def _next_number(prefix: str) -> int:
    last = (
        Grievance.objects.filter(number__gte=prefix, number__lt=f"{prefix}:")
        .order_by("-number")
        .values_list("number", flat=True)
        .first()
    )
    return int(last.removeprefix(prefix)) + 1 if last else 1
