"""What of this floor ends with a membership, or when the formal relation leaves a unit."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.utils import timezone

from branches.choices import Role
from branches.models import Appointment
from branches.workflow.appointments import close_post
from foundation.audit import trail
from foundation.protection.masks import mask_name
from members import endings
from members.choices import (
    DEVELOPMENT_OPEN,
    LETTER_NEXT,
    LOST_NEXT,
    AffiliationKind,
    DevelopmentEnd,
    LetterStatus,
    LostStatus,
    SponsorKind,
)
from members.models import (
    Affiliation,
    Appraisal,
    ContactPair,
    Development,
    DevelopmentSponsor,
    DuesRate,
    DuesRecord,
    LostContact,
    MemberCard,
    Transfer,
)
from members.workflow import cards
from members.workflow.affiliations import close_tie
from members.workflow.contact_endings import close as close_pair
from members.workflow.contact_endings import move_pairs
from members.workflow.development.files import close as close_file
from members.workflow.development.files import end_sponsors, refresh
from members.workflow.tags import move_tags

# Posts that only a member of the unit may hold (支部工作条例第二十四条).
MEMBERS_POSTS = (Role.SECRETARY, Role.BRANCH_COMMITTEE_MEMBER)


def register() -> None:
    """Register the rows of this app and the floor below; called once when the app is ready."""
    endings.register_membership("members.Affiliation", label="活动关系", unit="条", find=_ties, end=_end_ties)
    endings.register_membership(
        "members.Transfer", label="没办完的组织关系转接", unit="件", find=_letters, end=_end_letters
    )
    endings.register_membership(
        "members.LostContact", label="没了结的失联查找", unit="件", find=_searches, end=_end_searches
    )
    endings.register_membership(
        "members.Development", label="没办完的发展党员档案", unit="份", find=_files, end=_end_files
    )
    endings.register_membership(
        "members.DevelopmentSponsor", label="培养联系人、介绍人", unit="项", find=_sponsored, end=_end_sponsored
    )
    endings.register("members.Development", on_merge=_merge_files)
    endings.register_membership("members.MemberCard", label="党员卡", unit="张", find=_cards, end=_end_cards)
    endings.register_membership("members.ContactPair", label="结对联系的司机", unit="位", find=_pairs, end=_end_pairs)
    # What was paid and what an appraisal found stays with the member as history.
    for model, label, unit in (
        (DuesRate, "党费标准", "条"),
        (DuesRecord, "党费登记", "笔"),
        (Appraisal, "民主评议结果", "条"),
    ):
        endings.register_membership(model._meta.label, label=label, unit=unit, find=_none_of(model), end=_nothing)
    endings.register("members.ContactPair", on_merge=move_pairs)
    endings.register("members.BackboneTag", on_merge=move_tags)
    endings.register_membership("branches.Appointment", label="支部职务", unit="项", find=_posts, end=_end_posts)


def _none_of(model):
    def find(member, at, leaving):
        return model.objects.none()

    return find


def _nothing(member, *, at, actor, reason, leaving):
    """End nothing: these rows are history."""


def _cards(member, at, leaving):
    # The card is the member's, not the branch's: it goes with him to another unit.
    return MemberCard.objects.standing().filter(member=member) if leaving is None else MemberCard.objects.none()


def _end_cards(member, *, at, actor, reason, leaving):
    for card in _cards(member, at, leaving).select_related("member__person"):
        cards.close(card, actor=actor, at=at, reason=reason)


def _pairs(member, at, leaving):
    # Whoever goes to another unit lives elsewhere now: the drivers he kept contact with are asked anew there.
    return ContactPair.objects.running().filter(member=member)


def _end_pairs(member, *, at, actor, reason, leaving):
    for pair in _pairs(member, at, leaving).select_related("member__person"):
        close_pair(pair, actor=actor, at=at, reason=reason)


def _ties(member, at, leaving):
    running = Affiliation.objects.running().filter(member=member)
    # Whoever takes part elsewhere besides goes on with it; a flowing member has arrived.
    return running if leaving is None else running.filter(kind=AffiliationKind.FLOWING)


def _end_ties(member, *, at, actor, reason, leaving):
    for tie in _ties(member, at, leaving).select_related("member__person"):
        close_tie(tie, on_date=timezone.localdate(at), reason=reason, actor=actor)


def _letters(member, at, leaving):
    return Transfer.objects.open().filter(member=member)


def _end_letters(member, *, at, actor, reason, leaving):
    for transfer in _letters(member, at, leaving):
        trail.transition(
            transfer,
            LetterStatus.WITHDRAWN,
            actor=actor,
            action="transfer.withdraw",
            reason=reason,
            next_table=LETTER_NEXT,
            changes={"answered_by": actor, "answered_at": at, "answer_reason": reason[:200], "updated_at": at},
            organization_id=transfer.from_organization_id or transfer.to_organization_id,
            person_id=member.pk,
            label=mask_name(member.person.name),
        )


def _searches(member, at, leaving):
    return LostContact.objects.open().filter(member=member)


def _end_searches(member, *, at, actor, reason, leaving):
    for search in _searches(member, at, leaving):
        trail.transition(
            search,
            LostStatus.FOUND,
            actor=actor,
            action="lost_contact.end",
            reason=reason,
            next_table=LOST_NEXT,
            changes={"ended_date": timezone.localdate(at), "end_reason": reason[:200]},
            organization_id=search.organization_id,
            person_id=member.pk,
            label=mask_name(member.person.name),
        )


def _posts(member, at, leaving):
    posts = Appointment.objects.not_ended(at).filter(role__in=MEMBERS_POSTS, user__person=member.pk)
    return posts if leaving is None else posts.filter(organization=leaving)


def _end_posts(member, *, at, actor, reason, leaving):
    for post in _posts(member, at, leaving).select_related("organization"):
        close_post(post, actor=actor, reason=reason, document="", until_at=at, at=at)


def _files(member, at, leaving):
    # His own probation. Within the system the file goes with the formal relation (development.files.follow).
    files = Development.objects.open().filter(person=member.pk)
    return files if leaving is None else files.none()


def _end_files(member, *, at, actor, reason, leaving):
    for file in _files(member, at, leaving).select_related("person"):
        today = timezone.localdate(at)
        close_file(file, DevelopmentEnd.MEMBERSHIP_ENDED, reason, today, actor, at, "development.end")


def _sponsored(member, at, leaving):
    running = DevelopmentSponsor.objects.filter(
        member=member, until_date__isnull=True, development__stage__in=sorted(DEVELOPMENT_OPEN)
    )
    # Who goes to another branch cultivates nobody here any more; the form names who introduced, and that stays.
    if leaving is None:
        return running
    return running.filter(kind=SponsorKind.CULTIVATOR, development__organization=leaving)


def _end_sponsored(member, *, at, actor, reason, leaving):
    rows = list(_sponsored(member, at, leaving).select_related("development__person", "development__organization"))
    end_sponsors(rows, timezone.localdate(at), reason[:200])
    for development in {row.development_id: row.development for row in rows}.values():
        refresh(development)


def _merge_files(winner_id: int, loser_id: int) -> list[int]:
    """Move the files of a person to the one he turned out to be; two under way are for people to settle first."""
    both = Development.objects.open().filter(person__in=[winner_id, loser_id])
    if both.values("person").distinct().count() > 1:
        raise ValidationError("两条各有一份没办完的发展党员档案，请先终止一份再合并。")
    rows = Development.objects.filter(person=loser_id)
    moved = list(rows.values_list("pk", flat=True))
    rows.update(person=winner_id)
    return moved
