"""What is under way with memberships in the demo: letters at each stage and one search, all by the verbs."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone

from branches.choices import Role
from branches.models import Appointment, Organization
from branches.workflow import end_appointment, note_for_successor
from dashboard.demo.cities import PANZHIHUA_FIRM_BRANCH
from foundation.accounts.models import User
from members.models import PartyMember
from members.workflow import lost_contact, transfers


def load_memberships(organizations: dict[str, Organization], at: datetime, clerk: User | None) -> None:
    """Let a clerk write, sign and receive a few letters of the firm's branch, and note a search; fixed rows.

    Does nothing where the branch has fewer than five members of its own, or nobody could sign.
    """
    branch = organizations[PANZHIHUA_FIRM_BRANCH]
    members = PartyMember.objects.select_related("person", "formal_organization", "last_organization")
    own = list(members.filter(formal_organization=branch).order_by("pk")[:5])
    secretary = _holder(branch, "secretary", at)
    if clerk is None or secretary is None or len(own) < 5:
        return
    to = organizations["510411-11"]
    before = at - timedelta(days=20)
    transfers.draft(own[0], to, reason="已在仁和区定居，长期在那里跑车", actor=secretary, at=before)
    waiting = transfers.draft(own[1], to, reason="换到仁和区的车队", actor=secretary, at=before)
    transfers.submit(waiting, actor=secretary, at=before)
    signed = transfers.draft(own[2], to, reason="已在仁和区定居，长期在那里跑车", actor=secretary, at=before)
    transfers.submit(signed, actor=secretary, at=before)
    transfers.approve(signed, valid_days=30, actor=clerk, at=before)
    lost = lost_contact.open_search(
        own[3], since_date=timezone.localdate(at) - timedelta(days=210), actor=secretary, at=before
    )
    for days, channel, note in ((19, "phone", "关机"), (15, "message", "没有回"), (9, "relatives", "亲友也没有消息")):
        on_date = timezone.localdate(at) - timedelta(days=days)
        lost_contact.note_attempt(
            lost, channel=channel, on_date=on_date, was_reached=False, note=note, actor=secretary, at=at
        )


def load_hand_over(organizations: dict[str, Organization], at: datetime) -> None:
    """Let the term of one secretary end in three weeks, with a note for whoever comes; nobody is appointed yet."""
    branch = organizations["510411-11"]
    post = Appointment.objects.running(at).filter(organization=branch, role=Role.SECRETARY, until_at=None).first()
    if post is None:
        return
    end_appointment(post, actor=None, reason="任期届满", until_at=at + timedelta(days=21), at=at)
    note_for_successor(
        post, "物流园的车位还在谈，园区答应下月 5 号前回话。两名流动党员还没来报到，已经通知。", actor=post.user, at=at
    )


def _holder(organization: Organization, role: str, at: datetime) -> User | None:
    post = Appointment.objects.running(at).filter(organization=organization, role=role).select_related("user").first()
    return post.user if post else None
