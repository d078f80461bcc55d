"""Telling the other side that a file waits for it, and reminding once of a limit that comes near. No personal data."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from branches.choices import Role
from branches.models import Appointment, Organization
from foundation.notifications.workflow.publishing import publish
from members.choices import STEPS, DevelopmentDue, StepRecorder
from members.models import Development, DevelopmentStep

# How many days ahead of a limit people are told, and who has to act.
_AHEAD = {
    DevelopmentDue.REVIEW: (14, StepRecorder.BRANCH, "一名入党积极分子的半年考察 {day} 到期"),
    DevelopmentDue.MEETING: (7, StepRecorder.BRANCH, "预审后的支部大会要在 {day} 前开"),
    DevelopmentDue.APPROVAL: (14, StepRecorder.COMMITTEE, "一份支部大会决议的审批 {day} 到期"),
    DevelopmentDue.PROBATION: (31, StepRecorder.BRANCH, "一名预备党员 {day} 预备期满，请及时讨论转正"),
}


def tell_next(development: Development, row: DevelopmentStep, at: datetime) -> int:
    """Tell the side that has to act next, when the other one has just acted; return how many were told."""
    if development.next_step is None:
        return 0
    step = STEPS[development.next_step]
    if step.by == STEPS[row.number].by:
        return 0
    return _tell(
        development, step.by, "development.waiting", f"一份发展党员档案等您办：{step.name}", f"step:{row.pk}", at
    )


def remind(at: datetime) -> int:
    """Remind, once each, of reviews, meetings, approvals and ends of probation that come near; return how many.

    One query, and about six per reminder. Source: 第十一条, 第二十六条, 第三十一条, 第三十三条.
    """
    today, told = timezone.localdate(at), 0
    furthest = max(days for days, *_ in _AHEAD.values())
    soon = Development.objects.open().filter(due_date__lte=today + timedelta(days=furthest))
    for development in list(soon.select_related("organization").order_by("due_date", "pk")):
        days, side, words = _AHEAD[DevelopmentDue(development.due_kind)]
        if development.due_date > today + timedelta(days=days):
            continue
        event = f"development.{development.due_kind}_due"
        title = words.format(day=f"{development.due_date:%Y-%m-%d}")
        with transaction.atomic():
            told += _tell(development, side, event, title, f"{development.due_kind}:{development.due_date}", at)
    return told


def _tell(development: Development, side: str, event: str, title: str, what: str, at: datetime) -> int:
    return publish(
        event,
        recipients=_people(development.organization, side, at),
        subject=f"members.development:{development.pk}",
        title=title,
        url=reverse("members:development_detail", args=[development.pk]),
        dedupe=f"development:{development.pk}:{what}",
        at=at,
    )


def _people(organization: Organization, side: str, at: datetime) -> list:
    """Return who acts for a side: the secretary; where there is none, and for the committee, the nearest clerks."""
    posts = Appointment.objects.running(at).select_related("user")
    if side == StepRecorder.BRANCH:
        secretaries = [post.user for post in posts.filter(organization=organization, role=Role.SECRETARY)]
        if secretaries:
            return secretaries
    above = list(Organization.objects.get_ancestors(organization))
    clerks = {}
    for post in posts.filter(organization__in=above, role=Role.CLERK):
        clerks.setdefault(post.organization_id, []).append(post.user)
    return next((clerks[one.pk] for one in reversed(above) if one.pk in clerks), [])
