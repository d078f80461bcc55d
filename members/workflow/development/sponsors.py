"""Who cultivates and introduces somebody, and the half-yearly reviews of an activist."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.utils import timezone

from branches.capabilities import Capability
from branches.constraints import checked, in_words
from branches.models import Organization
from foundation.audit.trail import NotAllowed
from members.choices import (
    DEVELOPMENT_OPEN,
    DevelopmentStage,
    MemberStatus,
    SponsorKind,
    StepNumber,
    StepStatus,
)
from members.models import Development, DevelopmentReview, DevelopmentSponsor, PartyMember
from members.querysets import PartyMemberQuerySet
from members.rules.development import CULTIVATORS_MOST, INTRODUCERS, half_year_ends, review_to_record
from members.workflow.development.files import (
    end_sponsors,
    held,
    record,
    refresh,
    refuse_future,
    require,
    sentence_of,
)

_STEP_OF = {SponsorKind.CULTIVATOR: StepNumber.CULTIVATORS, SponsorKind.INTRODUCER: StepNumber.INTRODUCERS}


def candidates(organization: Organization) -> PartyMemberQuerySet:
    """Return the full members who may cultivate or introduce: formally in the branch, or reported in there."""
    return PartyMember.objects.taking_part_at(organization).filter(status=MemberStatus.FULL)


def change_sponsors(
    development: Development,
    kind: str,
    members: Sequence[PartyMember],
    *,
    on_date: date,
    reason: str,
    version: int,
    actor,
    at: datetime | None = None,
) -> None:
    """Let other full members take over as contact persons (one or two) or introducers (exactly two).

    Raises PermissionDenied, NotAllowed (nobody named yet, the file is over), ValidationError, Conflict.
    """
    at = at or timezone.now()
    require(actor, Capability.DEVELOPMENT_RECORD_STEP, development.organization, "更换联系人、介绍人由支部书记来办。")
    if development.stage not in DEVELOPMENT_OPEN:
        raise NotAllowed("这份档案已经办完了。")
    if not development.steps.filter(number=_STEP_OF[SponsorKind(kind)], status=StepStatus.DONE).exists():
        raise NotAllowed(f"还没有确定过{SponsorKind(kind).label}，请从那一步记。")
    said = sentence_of(reason, "reason", least=2)
    refuse_future(on_date, timezone.localdate(at), "on_date")
    fits = len(members) == INTRODUCERS if kind == SponsorKind.INTRODUCER else 1 <= len(members) <= CULTIVATORS_MOST
    if not fits:
        asked = "两名" if kind == SponsorKind.INTRODUCER else "一至两名"
        raise ValidationError({"members": f"{SponsorKind(kind).label}要{asked}正式党员。"})
    with held(development, version, at):
        name_sponsors(development, kind, members, on_date=on_date, reason=said)
        record("development.sponsors", development, actor, details={"kind": str(kind)}, reason=said)
        refresh(development)


def name_sponsors(
    development: Development, kind: str, members: Sequence[PartyMember], *, on_date: date, reason: str
) -> None:
    """Let exactly these members be the sponsors of a kind from a day on. Inside the transaction of the verb.

    Raises ValidationError for who is no full member that takes part in the branch.
    """
    wanted = {member.pk for member in members}
    fit = set(candidates(development.organization).filter(pk__in=wanted).values_list("pk", flat=True))
    if fit != wanted or development.person_id in wanted:
        raise ValidationError({"members": "联系人、介绍人要从本支部的正式党员里选。"})
    running = {one.member_id: one for one in development.sponsors.filter(kind=kind, until_date__isnull=True)}
    end_sponsors([one for pk, one in running.items() if pk not in wanted], on_date, reason)
    for pk in sorted(wanted - set(running)):
        row = DevelopmentSponsor(development=development, member_id=pk, kind=kind, from_date=on_date)
        with in_words(DevelopmentSponsor):
            checked(row, exclude=["development", "member"]).save(force_insert=True)


def record_review(
    development: Development, *, on_date: date, opinion: str, version: int, actor, at: datetime | None = None
) -> DevelopmentReview:
    """Write down the review of an activist for the first half-year that has none, and return it.

    Raises PermissionDenied, NotAllowed, ValidationError (with the day from which the next one may be held), Conflict.
    """
    at = at or timezone.now()
    require(actor, Capability.DEVELOPMENT_RECORD_STEP, development.organization, "考察由支部书记来记。")
    if development.stage != DevelopmentStage.ACTIVIST:
        raise NotAllowed("半年考察是对入党积极分子的。")
    refuse_future(on_date, timezone.localdate(at), "on_date")
    said = sentence_of(opinion, "opinion", least=4, most=500)
    if on_date < development.activist_date:
        raise ValidationError({"on_date": f"不能早于确定为积极分子（{development.activist_date:%Y-%m-%d}）。"})
    recorded = list(development.reviews.values_list("half_year", flat=True))
    half_year = review_to_record(development.activist_date, recorded, on_date)
    if half_year is None:
        opens = half_year_ends(development.activist_date, max(recorded))
        raise ValidationError({"on_date": f"到这一天的考察都记过了，下一次最早 {opens:%Y-%m-%d}。"})
    row = DevelopmentReview(
        development=development,
        half_year=half_year,
        on_date=on_date,
        opinion=said,
        recorded_by=actor,
        recorded_at=at,
    )
    with held(development, version, at):
        with in_words(DevelopmentReview):
            checked(row, exclude=["development", "recorded_by"]).save(force_insert=True)
        record("development.review", development, actor, details={"half_year": half_year})
        refresh(development)
    return row
