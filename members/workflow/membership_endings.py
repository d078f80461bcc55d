"""What of this floor ends with a membership, or when the formal relation leaves a unit."""

from __future__ import annotations

from django.utils import timezone

from branches.choices import Role
from branches.models import Appointment
from branches.workflow.appointments import close_post
from foundation.audit import trail
from foundation.protection.masks import mask_name
from members import endings
from members.choices import LETTER_NEXT, LOST_NEXT, AffiliationKind, LetterStatus, LostStatus
from members.models import Affiliation, LostContact, Transfer
from members.workflow.affiliations import close_tie

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
    endings.register_membership("branches.Appointment", label="支部职务", unit="项", find=_posts, end=_end_posts)


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
