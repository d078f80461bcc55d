"""Reminders of problems of visits and items of joint conferences: once when they are nearly due, once when late."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from activities import notices
from activities.choices import FollowUpStatus
from activities.models import ActionItem, VisitFollowUp
from activities.rules import conferences, visits
from branches.choices import Role
from branches.models import Appointment


def remind_of_follow_ups(at: datetime) -> int:
    """Tell who has to see to a problem when it is nearly due and once when it is late; its instructors hear the latter.

    Two queries and a message per problem. Returns how many problems people were told of.
    """
    today = timezone.localdate(at)
    waiting = VisitFollowUp.objects.filter(
        status=FollowUpStatus.OPEN, due_date__lte=today + timedelta(days=visits.DAYS_AHEAD)
    )
    rows = list(waiting.select_related("visit__organization", "owner_organization").order_by("due_date", "pk"))
    units = {one.owner_organization_id for one in rows} | {one.visit.organization_id for one in rows}
    holders = _holders(units, (Role.SECRETARY, Role.CLERK, Role.INSTRUCTOR), at)
    told = 0
    for one in rows:
        stage = visits.stage_of(one.due_date, today, visits.DAYS_AHEAD)
        users = holders[one.owner_organization_id, Role.SECRETARY] | holders[one.owner_organization_id, Role.CLERK]
        if stage == "late":
            users |= holders[one.visit.organization_id, Role.INSTRUCTOR]
        if stage and users:
            with transaction.atomic():
                notices.follow_up_due(one, stage, users, at=at)
            told += 1
    return told


def remind_of_items(at: datetime) -> int:
    """Tell the clerks of a committee of items that are nearly due, once when they are late; they call departments.

    Two queries and a message per item. Returns how many items people were told of.
    """
    today = timezone.localdate(at)
    near = ActionItem.objects.pending().filter(due_date__lte=today + timedelta(days=conferences.DAYS_AHEAD))
    rows = list(near.select_related("meeting__conference__organization", "department"))
    clerks = _holders({one.meeting.conference.organization_id for one in rows}, (Role.CLERK,), at)
    told = 0
    for one in rows:
        stage = visits.stage_of(one.due_date, today, conferences.DAYS_AHEAD)
        users = clerks[one.meeting.conference.organization_id, Role.CLERK]
        if stage and users:
            with transaction.atomic():
                notices.item_due(one, stage, users, at=at)
            told += 1
    return told


def _holders(organization_ids: Iterable[int], roles: Iterable[str], at: datetime) -> dict[tuple[int, str], set[int]]:
    """Return {(organisation, role): accounts} of the running appointments. One query."""
    found: dict[tuple[int, str], set[int]] = defaultdict(set)
    posts = Appointment.objects.running(at).filter(organization_id__in=organization_ids, role__in=roles).order_by()
    for organization, role, user in posts.values_list("organization_id", "role", "user_id"):
        found[organization, role].add(user)
    return found
