"""Verbs on what is said of a person: a backbone (骨干), a veteran. Who, when and why; no score."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone

from branches.capabilities import Capability
from branches.constraints import checked, in_words
from branches.scope import reach_of
from foundation.audit import trail
from foundation.audit.trail import Conflict, NotAllowed
from foundation.protection.masks import mask_name
from members.models import BackboneTag, Driver, PartyMember, Person
from members.workflow.people import write_person


def may_tag(person_id: int, who) -> bool:
    """Return whether somebody may tag a person, as a member or as a driver of his. At most two queries."""
    reach, capability = reach_of(who), Capability.PERSON_TAG_RECORD
    return reach.has(capability) and any(
        model.objects.manageable_by(reach, capability).filter(pk=person_id).exists() for model in (PartyMember, Driver)
    )


def tag_backbone(person: Person, *, reason: str, actor, at: datetime | None = None) -> BackboneTag:
    """Name somebody a backbone and return the tag. Raises PermissionDenied, ValidationError (why; one already)."""
    at = at or timezone.now()
    _require(person, actor)
    said = _reason(reason)
    tag = BackboneTag(person=person, from_date=timezone.localdate(at), reason=said, tagged_by=actor)
    with transaction.atomic():
        with in_words(BackboneTag):
            checked(tag, exclude=["person", "tagged_by"]).save(force_insert=True)
        _trace("person.backbone", person, actor, said)
    return tag


def end_backbone(tag: BackboneTag, *, reason: str, actor, at: datetime | None = None) -> None:
    """Take a tag back. Raises PermissionDenied, ValidationError, NotAllowed, Conflict."""
    at = at or timezone.now()
    _require(tag.person, actor)
    said = _reason(reason)
    if tag.until_date is not None:
        raise NotAllowed("已经取消了。")
    until = max(timezone.localdate(at), tag.from_date)
    with transaction.atomic():
        if BackboneTag.objects.running().filter(pk=tag.pk).update(until_date=until, end_reason=said) != 1:
            raise Conflict("刚刚被别人取消了。请刷新页面再看。")
        tag.until_date, tag.end_reason = until, said
        _trace("person.backbone_end", tag.person, actor, said)


def note_veteran(person: Person, is_veteran: bool | None, *, reason: str, actor, at: datetime | None = None) -> None:
    """Note whether somebody is a veteran and by what one knows it. One column of the person; the trail says the rest.

    Raises PermissionDenied, ValidationError, Conflict.
    """
    at = at or timezone.now()
    _require(person, actor)
    said = _reason(reason)
    if person.is_veteran == is_veteran:
        raise ValidationError({"is_veteran": "登记的已经是这样，没有改。"})
    with transaction.atomic():
        fields = write_person(person, {"is_veteran": is_veteran}, person.version, at)
        _trace("person.veteran", person, actor, said, fields)


def move_tags(winner_id: int, loser_id: int) -> list[int]:
    """Let tags follow when two persons turn out to be one; of two that run the winner's stays. Three queries."""
    today = timezone.localdate()
    running = BackboneTag.objects.running()
    if running.filter(person=winner_id).exists():
        for tag in running.filter(person=loser_id):
            until = max(today, tag.from_date)
            running.filter(pk=tag.pk).update(until_date=until, end_reason="合并重复登记")
    moved = list(BackboneTag.objects.filter(person=loser_id).values_list("pk", flat=True))
    BackboneTag.objects.filter(pk__in=moved).update(person=winner_id)
    return moved


def _require(person: Person, actor) -> None:
    if not may_tag(person.pk, actor):
        raise PermissionDenied("骨干和退役军人由支部书记或党委专干登记。")


def _trace(action: str, person: Person, actor, reason: str, fields=()) -> None:
    member = PartyMember.objects.filter(pk=person.pk).values_list("formal_organization_id", flat=True).first()
    committee = Driver.objects.filter(pk=person.pk).values_list("registering_committee_id", flat=True).first()
    trail.record(
        action,
        person,
        actor=actor,
        organization_id=member or committee,
        person_id=person.pk,
        fields=fields,
        reason=reason,
        label=mask_name(person.name),
    )


def _reason(reason: str) -> str:
    said = " ".join((reason or "").split())
    if not 2 <= len(said) <= 200:
        raise ValidationError({"reason": "请写明凭什么，2 到 200 个字。"})
    return said
