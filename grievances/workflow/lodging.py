"""Verbs that bring a case in: the public form, a secretary, a station, a hotline; and remarks about the portal."""

from __future__ import annotations

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
from grievances import notices
from grievances.choices import Channel, ClockKind, Status, Urgency
from grievances.models import Category, Grievance
from grievances.rules import cases
from grievances.rules.clocks import CHINA
from grievances.workflow import clocks
from grievances.workflow.codes import codes_of, is_passphrase, new_code, passphrase_digest
from grievances.workflow.steps import (
    COMPLAINANT,
    acting,
    deciding_committee,
    held,
    move,
    note,
    require,
)
from members.models import Person
from members.rules.people import phone_index

SIMILAR_WITHIN = timedelta(days=30)


@dataclass(frozen=True)
class Lodged:
    """A lodged case and the passphrase, which is shown once and kept nowhere in clear.

    `is_repeat`: the form had been sent before; this is the case it made then, and nothing was stored now.
    """

    grievance: Grievance
    passphrase: str
    is_repeat: bool = False


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
    received_at: datetime | None = None  # when a hotline took it: its clocks begin there, not when it reached us


def lodge(
    complaint: Complaint, *, at: datetime, actor=None, unit: Organization | None = None, token: str = ""
) -> Lodged:
    """Store a case as lodged with the committee that decides it and start the clock of transfer; return it.

    `unit` is where it was brought (branch, station's committee, hotline desk); without one the division of the place
    says which committee. `token` is the form's own (`new_token`): sent twice, also at the same instant, it is one case.
    Lodging never fails for a calendar. About 33 queries (tests/grievances/test_costs.py).

    With a unit `actor` None is the system (an import by command).

    Raises PermissionDenied for a unit that is not the actor's, ValidationError per field.
    """
    begun = complaint.received_at or at
    if begun > at:
        raise ValidationError({"received_at": "来电时间不能在将来。"})
    if unit is None:
        require(cases.may_lodge(actor), "现在不能提交诉求。")
        committee = committee_for(complaint.division)
    else:
        allowed = actor is None or cases.may_lodge_for_driver(acting(actor, at).reach, unit)
        require(allowed, "只能替本单位的司机登记诉求。")
        committee = deciding_committee(unit)
    if committee is None:
        raise ValidationError("这个地方还没有受理诉求的单位。急事请拨打 12328。")
    if (before := _lodged_before(token)) is not None:
        return before
    grievance = _built(complaint, committee, begun, actor)
    try:
        with transaction.atomic():
            if unit is not None:
                grievance.collector = office_of(unit, Duty.COLLECT)
            passphrase = _stored(grievance, begun, token)
            note(
                grievance,
                actor=actor if unit is not None else COMPLAINANT,
                action="grievance.lodge",
                fields=["title", "description"],
                details={"channel": grievance.channel, "urgency": grievance.urgency},
            )
            clocks.start(grievance, [ClockKind.TRANSFER], begun)
            notices.lodged(grievance, at)
            _tell_of_open_ones(grievance, at)
    except _Twice:
        return _lodged_before(token)
    return Lodged(grievance, passphrase)


def save_draft(complaint: Complaint, *, at: datetime, actor, unit: Organization, token: str = "") -> Grievance:
    """Keep what a secretary has noted so far; nobody is asked anything and no clock runs. Raises as `lodge`."""
    require(cases.may_lodge_for_driver(acting(actor, at).reach, unit), "只能替本单位的司机登记诉求。")
    committee = deciding_committee(unit)
    if committee is None:
        raise ValidationError("本单位上面还没有受理诉求的委员会。")
    if (before := _lodged_before(token)) is not None:
        return before.grievance
    grievance = _built(complaint, committee, at, actor)
    grievance.status = Status.DRAFT
    try:
        with transaction.atomic():
            grievance.collector = office_of(unit, Duty.COLLECT)
            _stored(grievance, at, token)
            note(grievance, actor=actor, action="grievance.draft")
    except _Twice:
        return _lodged_before(token).grievance
    return grievance


def change_draft(grievance: Grievance, complaint: Complaint, *, actor, at: datetime) -> None:
    """Write a draft anew. Raises PermissionDenied, ValidationError per field, trail.NotAllowed, trail.Conflict."""
    _require_draft_of(grievance, actor, at)
    with held(grievance):
        _built(complaint, grievance.organization, at, actor, draft=grievance)
        grievance.lodged_by = actor  # who goes on with what a predecessor left has it from now on
        grievance.save(update_fields=[*TOLD, "lodged_by"])
        note(grievance, actor=actor, action="grievance.draft")


def lodge_draft(grievance: Grievance, *, actor, at: datetime) -> Lodged:
    """Lodge a draft: from now on it counts, and its complainant gets a passphrase; return both.

    Raises PermissionDenied, trail.NotAllowed, trail.Conflict.
    """
    _require_draft_of(grievance, actor, at)
    passphrase = new_code(6)
    with transaction.atomic():
        changes = {"lodged_at": at, "lodged_by": actor}
        move(grievance, Status.LODGED, actor=actor, action="grievance.lodge", changes=changes)
        grievance.passphrase_hash = passphrase_digest(grievance.track_code, passphrase)
        grievance.save(update_fields=["passphrase_hash"])
        clocks.start(grievance, [ClockKind.TRANSFER], at)
        notices.lodged(grievance, at)
        _tell_of_open_ones(grievance, at)
    return Lodged(grievance, passphrase)


def drop_draft(grievance: Grievance, *, actor, at: datetime) -> None:
    """Delete a draft: it was never lodged, so nobody is told and nobody reads it. Its number stays unused.

    Raises PermissionDenied, trail.NotAllowed, trail.Conflict.
    """
    _require_draft_of(grievance, actor, at)
    with held(grievance):
        note(grievance, actor=actor, action="grievance.drop_draft")
        grievance.delete()


def _require_draft_of(grievance: Grievance, actor, at: datetime) -> None:
    """Refuse whom the draft is not: its writer while he may lodge there, else who has the work of the unit now."""
    if grievance.status != Status.DRAFT:
        raise trail.NotAllowed("这件诉求已经提交过，不是草稿了。")
    theirs = Grievance.objects.drafts_for(acting(actor, at).reach).filter(pk=grievance.pk)
    require(theirs.exists(), "草稿由写的人改和提交；他离任以后，由接手的人办。")


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
    said = description.strip() or title.strip()  # the form asks for one sentence, the rest is as one likes
    complaint = Complaint(
        title=title,
        description=f"{said}\n联系方式：{contact}" if named else said,
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

    Five at most. For staff within their scope, and for the owner of the phone: never shown to who only typed a number
    (docs/decisions/0011-complainants-side.md).
    """
    phone = canonical_phone(phone)
    if phone_error(phone) is not None:
        return []
    found = Grievance.objects.open().filter(phone_index=phone_index(phone), lodged_at__gte=at - SIMILAR_WITHIN)
    same = category.pk if category is not None else None
    newest = found.select_related("category").order_by("-lodged_at")[:5]
    return sorted(newest, key=lambda one: one.category_id != same)


class _Twice(Exception):
    """The form was sent twice at the same instant; the other one was first."""


def _lodged_before(token: str) -> Lodged | None:
    """Return the case a form has made already. One query."""
    if not token:
        return None
    code, passphrase = codes_of(token)
    grievance = Grievance.objects.with_names().filter(track_code=code).first()
    if grievance is None or not is_passphrase(grievance, passphrase):
        return None
    return Lodged(grievance, passphrase, is_repeat=True)


def _tell_of_open_ones(grievance: Grievance, at: datetime) -> None:
    """Remind the owner of the phone of a case of his that is still open: he may mean the same."""
    if grievance.phone:
        others = [one for one in similar_to(grievance.phone, grievance.category, at) if one.pk != grievance.pk]
        if others:
            notices.lodged_again(min(others, key=lambda one: one.lodged_at), at)  # the oldest: one message a day


# What a complaint fills; a draft is written anew by these.
TOLD = (
    "channel",
    "external_number",
    "category",
    "urgency",
    "title",
    "description",
    "respondent",
    "division",
    "place",
    "amount_involved",
    "person",
    "complainant_name",
    "phone",
    "phone_index",
    "is_anonymous",
    "confidential_to",
)


def _built(
    complaint: Complaint, committee: Organization, at: datetime, actor, draft: Grievance | None = None
) -> Grievance:
    """Return the case, checked field by field, not yet stored; or the draft, filled anew."""
    name = "" if complaint.is_anonymous else canonical_name(complaint.name)
    phone = "" if complaint.is_anonymous else canonical_phone(complaint.phone)
    errors = {}
    if phone and (phone_error(phone) is not None):
        errors["phone"] = "手机号应是 11 位数字，以 1 开头。"
    if not complaint.is_anonymous and complaint.confidential_to is not None and not (name or phone):
        errors["name"] = "只告诉一个岗位的诉求，要留下姓名或者电话；不想留就选匿名。"
    if errors:
        raise ValidationError(errors)
    grievance = draft or Grievance(
        organization=committee,
        origin=committee,
        lodged_by=actor if getattr(actor, "pk", None) else None,
        lodged_at=at,
    )
    told = {
        "channel": complaint.channel,
        "external_number": complaint.external_number.strip(),
        "category": complaint.category,
        "urgency": complaint.urgency,
        "title": complaint.title.strip(),
        "description": complaint.description.strip(),
        "respondent": complaint.respondent.strip(),
        "division": complaint.division,
        "place": complaint.place.strip(),
        "amount_involved": complaint.amount_involved,
        "person": None if complaint.is_anonymous else complaint.person,
        "complainant_name": name,
        "phone": phone,
        "phone_index": phone_index(phone) if phone else None,
        "is_anonymous": complaint.is_anonymous,
        "confidential_to": None if complaint.is_anonymous else complaint.confidential_to,
    }
    for field in TOLD:
        setattr(grievance, field, told[field])
    exclude = ["number", "track_code", "passphrase_hash", "collector", "handler", "supervisor", "answered_by"]
    # The origin is the organisation at first and never changes: asking whether that is there once is enough.
    checked(grievance, exclude=[*exclude, "merged_into", "origin"])
    return grievance


def _stored(grievance: Grievance, at: datetime, token: str = "") -> str:
    """Give the case its number, code and passphrase, store it, and return the passphrase."""
    prefix = number_prefix(grievance.division or grievance.organization.division, at)
    for attempt in range(20):
        grievance.number = f"{prefix}{_next_number(prefix) + attempt:04}"
        grievance.track_code, passphrase = codes_of(token) if token else (new_code(8), new_code(6))
        grievance.passphrase_hash = passphrase_digest(grievance.track_code, passphrase)
        try:
            with transaction.atomic():
                grievance.save(force_insert=True)
        except IntegrityError as error:
            if grievance.external_number and "external" in str(error):
                raise ValidationError({"external_number": "这个外部单号已经登记过。"}) from error
            if token and Grievance.objects.filter(track_code=grievance.track_code).exists():
                raise _Twice from error
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
