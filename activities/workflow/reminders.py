"""The secretary hears what the month still misses while there is time; nobody is reported to anybody."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils import timezone

from activities import notices
from activities.models import ComplianceStatus
from branches.choices import Role
from branches.models import Appointment

DAYS_AHEAD = 7


def remind_of_missing(at: datetime) -> int:
    """Tell each secretary once per period what is missing in its last seven days; return how many branches.

    Three queries and a message per branch. Who has no secretary is told to nobody: the vacancy has its own list.
    """
    today = timezone.localdate(at)
    waiting = ComplianceStatus.objects.missing().filter(
        from_date__lte=today, until_date__gt=today, until_date__lte=today + timedelta(days=DAYS_AHEAD)
    )
    found: dict[tuple[int, date], list[ComplianceStatus]] = defaultdict(list)
    for line in waiting.select_related("organization").order_by("organization_id", "until_date", "pk"):
        found[line.organization_id, line.until_date].append(line)
    secretaries: dict[int, set[int]] = defaultdict(set)
    posts = Appointment.objects.running(at).filter(role=Role.SECRETARY, organization_id__in={pk for pk, _ in found})
    for organization_id, user_id in posts.order_by().values_list("organization_id", "user_id"):
        secretaries[organization_id].add(user_id)
    told = 0
    for (organization_id, until_date), lines in found.items():
        if users := secretaries.get(organization_id):
            with transaction.atomic():
                kinds = [line.kind for line in lines]
                notices.missing(lines[0].organization, kinds, until_date, sorted(users), at)
            told += 1
    return told
