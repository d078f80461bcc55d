"""What the pages of a member and a driver show of dues, appraisals, cards, contact pairs, tags: each by its right."""

from __future__ import annotations

from typing import Any

from branches.capabilities import Capability
from members.choices import MEMBER_CURRENT, MEMBER_PAYING
from members.models import Appraisal, BackboneTag, ContactPair, Driver, DuesRecord, MemberCard, PartyMember


def records_of(request, member: PartyMember) -> dict:
    """Return what the reader may see of a member's records, and what he may do. At most eight queries.

    Nobody pays a query for what his posts cannot show him.
    """
    reach, pk, current = request.reach, member.pk, member.status in MEMBER_CURRENT
    tags = BackboneTag.objects.running().filter(person=pk).select_related("tagged_by")
    kept: dict[str, Any] = {
        "backbone": tags.first(),
        "sees": {
            "dues": reach.has(Capability.DUES_VIEW) and _rows(PartyMember, reach, Capability.DUES_VIEW, pk),
            "card": reach.has(Capability.MEMBER_CARD_VIEW)
            and _rows(PartyMember, reach, Capability.MEMBER_CARD_VIEW, pk),
            "appraisals": reach.has(Capability.APPRAISAL_VIEW),
            "pairs": reach.has(Capability.CONTACT_PAIR_VIEW),
        },
        "appraisals": [],
        "pairs": [],
        "card": None,
    }
    sees = kept["sees"]
    kept["keeps_dues"] = (
        sees["dues"]
        and reach.has(Capability.DUES_RECORD)
        and PartyMember.objects.paying_in(reach.region(Capability.DUES_RECORD).organization_ids).filter(pk=pk).exists()
    )
    if kept["keeps_dues"]:
        kept["last_paid"] = (
            DuesRecord.objects.visible_to(reach).standing().filter(member=pk).order_by("-month", "-pk").first()
        )
    if sees["card"]:
        kept["card"] = MemberCard.objects.visible_to(reach).standing().filter(member=pk).first()
    if sees["appraisals"]:
        rows = Appraisal.objects.visible_to(reach).filter(member=pk).select_related("organization")
        kept["appraisals"] = list(rows.order_by("-year")[:5])
    if sees["pairs"]:
        pairs = ContactPair.objects.visible_to(reach).running().filter(member=pk).select_related("driver__person")
        kept["pairs"] = list(pairs.order_by("pk"))
    kept["may_pair"] = member.status in MEMBER_PAYING and _may(reach, Capability.CONTACT_PAIR_RECORD, member)
    kept["may_tag"] = current and _may(reach, Capability.PERSON_TAG_RECORD, member)
    return kept


def kept_of_driver(reach, driver: Driver) -> dict:
    """Return who keeps contact with a driver and whether he is a backbone; for who may read Party facts of him.

    At most four queries.
    """
    tags = BackboneTag.objects.running().filter(person=driver.pk).select_related("tagged_by")
    pairs = ContactPair.objects.visible_to(reach).running().filter(driver=driver.pk)
    capability = Capability.PERSON_TAG_RECORD
    return {
        "backbone": tags.first(),
        "pair": pairs.select_related("member__person", "member__formal_organization").first(),
        "may_tag": reach.has(capability) and _rows(Driver, reach, capability, driver.pk),
    }


def _rows(model, reach, capability: Capability, pk: int) -> bool:
    return model.objects.manageable_by(reach, capability).filter(pk=pk).exists()


def _may(reach, capability: Capability, member: PartyMember) -> bool:
    """Return whether the reader may do this to a member whom he sees. No query for who holds the right nowhere."""
    at = member.formal_organization
    if not (reach.has(capability) if at is None else reach.covers(capability, at)):
        return False
    return _rows(PartyMember, reach, capability, member.pk)
