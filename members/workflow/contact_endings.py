"""How contact pairs end: by themselves with a membership, a merge, or when the driver becomes a member himself."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

from foundation.audit import trail
from foundation.protection.masks import mask_name
from members.choices import MEMBER_CURRENT
from members.models import ContactPair, PartyMember


def close(pair: ContactPair, *, actor, at: datetime, reason: str) -> bool:
    """End a pair that runs and return whether it did; for verbs that have asked. In the caller's transaction."""
    changes = {"until_date": max(timezone.localdate(at), pair.from_date), "end_reason": reason[:200]}
    if ContactPair.objects.running().filter(pk=pair.pk).update(**changes) != 1:
        return False
    for name, value in changes.items():
        setattr(pair, name, value)
    trace("contact_pair.end", pair, actor, reason=reason)
    return True


def close_of_driver(person_id: int, *, actor, at: datetime, reason: str) -> int:
    """End the pair in which somebody is the driver, because he is a member himself now; return how many ended."""
    running = ContactPair.objects.running().filter(driver=person_id).select_related("member__person")
    return sum(close(one, actor=actor, at=at, reason=reason) for one in running)


def move_pairs(winner_id: int, loser_id: int) -> list[int]:
    """Let the pairs of a driver follow when he turns out to be another one; return the keys that moved.

    One runs at most: the winner's own stays, the loser's ends. Nobody keeps contact with a member of the Party, nor
    with himself: such a pair ends. For `members.endings`, after the membership has moved; three queries.
    """
    at = timezone.now()
    both = ContactPair.objects.filter(driver__in=[winner_id, loser_id]).select_related("member__person")
    running = sorted((one for one in both if one.until_date is None), key=lambda one: one.driver_id != winner_id)
    is_member = PartyMember.objects.filter(pk=winner_id, status__in=sorted(MEMBER_CURRENT)).exists()
    for one in running if is_member else running[1:]:
        close(one, actor=None, at=at, reason="合并重复登记")
    moved = ContactPair.objects.filter(driver=loser_id)
    keys = list(moved.values_list("pk", flat=True))
    moved.update(driver=winner_id)
    return keys


def trace(action: str, pair: ContactPair, actor, *, reason: str = "") -> None:
    """Write the entry of an act on a pair; the driver by his number only. One INSERT."""
    trail.record(
        action,
        pair,
        actor=actor,
        organization_id=pair.member.formal_organization_id,
        person_id=pair.member_id,
        reason=reason,
        label=mask_name(pair.member.person.name),
        details={"driver": pair.driver_id},
    )
