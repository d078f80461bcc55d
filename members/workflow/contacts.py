"""Verbs on contact pairs (党员联系普通司机): who keeps contact with whom, that they spoke, and how a pair ends."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from branches.capabilities import Capability
from branches.choices import COMMITTEES
from branches.constraints import checked, in_words
from branches.models import Organization
from branches.scope import reach_of, subtree
from foundation.audit import trail
from foundation.audit.models import Entry
from foundation.audit.trail import Conflict, NotAllowed
from foundation.protection.canonical import canonical_phone, name_key
from foundation.protection.masks import mask_name
from members.choices import MEMBER_CURRENT, MEMBER_PAYING
from members.models import ContactPair, Driver, PartyMember
from members.rules.contacts import ELSEWHERE_PER_HOUR, NOT_FOUND_SENTENCE, TOO_MANY_SENTENCE, free_place
from members.rules.people import phone_index
from members.workflow import looks
from members.workflow.contact_endings import close, trace
from members.workflow.membership import require

NOT_FOUND_ACTION = "contact_pair.not_found"


def pair(member: PartyMember, *, name: str, phone: str, actor, at: datetime | None = None) -> ContactPair:
    """Let a member keep contact with the driver who has this name and phone, and return the pair.

    A secretary sees no drivers of the committee, so he names one by what the driver himself gave: both must be right.
    Who is found: registered with a committee above the member's unit or beside it below the same one, or visible to
    the actor. About nine queries. Raises PermissionDenied, ValidationError: one sentence for unknown, foreign and
    member of the Party, and after thirty of them in an hour another one; a driver who is in contact already; a member
    who has as many as CONTACT_PAIRS_MOST.
    """
    at = at or timezone.now()
    require(member, Capability.CONTACT_PAIR_RECORD, actor, "结对联系不在您的权限里。")
    if member.status not in MEMBER_PAYING:
        raise ValidationError(f"{member.get_status_display()}的不能结对联系司机。")
    driver = _named(member, name, phone, actor, at)
    place = free_place(
        set(ContactPair.objects.running().filter(member=member).values_list("place", flat=True)),
        settings.CONTACT_PAIRS_MOST,
    )
    if place is None:
        raise ValidationError(f"每位党员最多联系 {settings.CONTACT_PAIRS_MOST} 位司机，他已经满了。")
    made = ContactPair(member=member, driver=driver, place=place, from_date=timezone.localdate(at), paired_by=actor)
    with transaction.atomic():
        with in_words(ContactPair):
            checked(made, exclude=["member", "driver", "paired_by"]).save(force_insert=True)
        trace("contact_pair.pair", made, actor)
    return made


def _named(member: PartyMember, name: str, phone: str, actor, at: datetime) -> Driver:
    reach = reach_of(actor)
    missed = Entry.objects.by_actor(actor).filter(action=NOT_FOUND_ACTION, at__gt=at - timedelta(hours=1)).order_by()
    if missed.count() >= ELSEWHERE_PER_HOUR:
        raise ValidationError(TOO_MANY_SENTENCE, code="too_many")
    found = list(
        Driver.objects.select_related("person").filter(
            person__phone_index=phone_index(canonical_phone(phone)),
            person__name_key=name_key(name),
            person__merged_into__isnull=True,
        )[:2]
    )
    allowed = [one for one in found if _near(member, one, reach)]
    allowed = [one for one in allowed if not PartyMember.objects.filter(pk=one.pk, status__in=MEMBER_CURRENT).exists()]
    if len(allowed) == 1 and phone.strip():
        return allowed[0]
    with transaction.atomic():
        trail.record(NOT_FOUND_ACTION, member, actor=actor, person_id=member.pk, label=mask_name(member.person.name))
    raise ValidationError(NOT_FOUND_SENTENCE)


def _near(member: PartyMember, driver: Driver, reach) -> bool:
    """Return whether a driver may be named for a member. At most four queries."""
    if Driver.objects.visible_to(reach).filter(pk=driver.pk).exists():
        return True
    units = [member.formal_organization_id, *member.affiliations.running().values_list("organization_id", flat=True)]
    committees = Organization.objects.filter(kind__in=COMMITTEES)
    near = Q(pk__in=[])
    for unit in Organization.objects.filter(pk__in=[pk for pk in units if pk is not None]):
        above = [one for one in Organization.objects.get_ancestors(unit) if one.kind in COMMITTEES]
        near |= Q(pk__in=[one.pk for one in above])
        if above:
            near |= subtree(above[-1].path)
    return committees.filter(near, pk=driver.registering_committee_id).exists()


def touch(pair: ContactPair, *, actor, at: datetime | None = None) -> None:
    """Note that they spoke today. The same day twice is written once. Raises PermissionDenied, NotAllowed."""
    at = at or timezone.now()
    _require(pair, actor)
    today = timezone.localdate(at)
    if pair.until_date is not None:
        raise NotAllowed("这一对已经结束，不能再记联系。")
    if pair.last_contact_date == today:
        return
    with transaction.atomic():
        rows = ContactPair.objects.running().filter(pk=pair.pk)
        if rows.update(last_contact_date=today) != 1:
            raise Conflict("这一对刚刚被别人结束了。请刷新页面再看。")
        pair.last_contact_date = today
        trace("contact_pair.touch", pair, actor)


def end(pair: ContactPair, *, reason: str, actor, at: datetime | None = None) -> None:
    """End a pair with a reason. Raises PermissionDenied, ValidationError, NotAllowed, Conflict."""
    at = at or timezone.now()
    _require(pair, actor)
    said = " ".join((reason or "").split())
    if not 2 <= len(said) <= 200:
        raise ValidationError({"reason": "请写明为什么结束，2 到 200 个字。"})
    if pair.until_date is not None:
        raise NotAllowed("这一对已经结束。")
    with transaction.atomic():
        if not close(pair, actor=actor, at=at, reason=said):
            raise Conflict("这一对刚刚被别人结束了。请刷新页面再看。")


def reveal_phone(pair: ContactPair, *, actor) -> str:
    """Return the driver's phone in full to whoever records the contact, and write down that it was looked at.

    The pair is the purpose: without it a secretary sees no ordinary driver. Counts towards the looks of a day. Raises
    PermissionDenied, NotAllowed (the pair has ended), ValidationError (as many looks as a day allows).
    """
    _require(pair, actor)
    if pair.until_date is not None:
        raise NotAllowed("这一对已经结束，不能再看号码。")
    person = pair.driver.person
    with transaction.atomic():
        may_look = looks.may_look_again(actor)
        trail.record(
            "driver.reveal" if may_look else "driver.reveal_braked",
            pair.driver,
            actor=actor,
            organization_id=pair.driver.registering_committee_id,
            person_id=person.pk,
            fields=["phone"],
            reason="给结对联系的司机打电话",
            label=mask_name(person.name),
        )
    if not may_look:
        raise ValidationError(looks.reveals_sentence(), code="too_many")
    return person.phone


def _require(pair: ContactPair, actor) -> None:
    held = ContactPair.objects.manageable_by(reach_of(actor), Capability.CONTACT_PAIR_RECORD)
    if not held.filter(pk=pair.pk).exists():
        raise PermissionDenied("记联系由党员所在的支部或党委来办。")
