"""Reminders before the secondment of a first secretary (第一书记) ends."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, time

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from branches import rules
from branches.choices import Role
from branches.models import Appointment, Organization
from foundation.notifications.workflow import Recipient, publish


def remind_of_secondments(at: datetime) -> int:
    """Tell first secretaries and their clerks of secondments that end soon, once per stage; return how many.

    Three months and one month ahead (`rules.SECONDMENT_REMINDERS`, local custom). Three queries and a message each.
    """
    today = timezone.localdate(at)
    horizon = rules.months_after(today, max(rules.SECONDMENT_REMINDERS))
    last = timezone.make_aware(datetime.combine(horizon, time.max))
    ending = Appointment.objects.running(at).first_secretaries().filter(until_at__lte=last)
    posts = list(ending.select_related("organization").order_by("until_at", "pk"))
    if not posts:
        return 0
    step = Organization.steplen
    paths = {post.organization.path for post in posts}
    line = {path[:length] for path in paths for length in range(step, len(path) + 1, step)}
    clerks: dict[str, set[int]] = defaultdict(set)
    running = Appointment.objects.running(at).filter(role=Role.CLERK, organization__path__in=line).order_by()
    for path, user in running.values_list("organization__path", "user_id"):
        clerks[path].add(user)
    for post in posts:
        unit, until = post.organization, timezone.localdate(post.until_at)
        months = next(one for one in sorted(rules.SECONDMENT_REMINDERS) if until <= rules.months_after(today, one))
        above = (clerks.get(unit.path[:end], set()) for end in range(len(unit.path) - step, 0, -step))
        told = {post.user_id} | clerks.get(unit.path, set()) | next((found for found in above if found), set())
        with transaction.atomic():
            publish(
                "appointment.secondment_ending",
                recipients=[Recipient(user_id=user) for user in sorted(told)],
                subject=f"branches.organization:{unit.pk}",
                title=f"{unit.short_name[:40]}第一书记的派驻 {until.month}月{until.day}日到期",
                url=reverse("branches:first_secretary_list"),
                dedupe=f"secondment:{post.pk}:{until}:{months}",
                at=at,
            )
    return len(posts)
