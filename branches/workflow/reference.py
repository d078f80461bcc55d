"""Verbs on the reference tables, row by row. Whole files are loaded by command."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.urls import reverse
from django.utils import timezone

from branches import rules
from branches.capabilities import Capability
from branches.choices import Role
from branches.constraints import checked, in_words
from branches.models import Appointment, Workday
from foundation.audit import trail
from foundation.notifications.workflow import publish


def save_reference(row: models.Model, capability: Capability, *, fields: Iterable[str], actor, adding: bool):
    """Write a division or a day and return it. Raises PermissionDenied, ValidationError."""
    if actor is not None and not rules.may(actor, capability):
        raise PermissionDenied("区划和工作日历由系统管理员维护。")
    checked(row)
    with transaction.atomic():
        with in_words(type(row)):
            row.save(force_insert=adding)
        action = f"{row._meta.model_name}.{'added' if adding else 'changed'}"
        trail.record(action, row, actor=actor, fields=list(fields), label=str(row))
    return row


def remind_of_calendar(at: datetime) -> int:
    """Tell the system administrators which year's calendar is missing, once a week; return how many were told.

    The year that runs at any time, the next one from November on, when the State Council has usually announced its
    holidays. Two queries when nothing is missing. Source: docs/domain, clocks, Counting 5.
    """
    today = timezone.localdate(at)
    years = [today.year, *([today.year + 1] if today.month >= 11 else [])]
    missing = [year for year in years if not Workday.objects.filter(date__year=year).exists()]
    if not missing:
        return 0
    holders = Appointment.objects.running(at).filter(role=Role.SYSTEM_ADMIN).select_related("user")
    people = {one.user_id: one.user for one in holders}
    said = "、".join(f"{year} 年" for year in missing)
    week = "{}-{}".format(*today.isocalendar()[:2])
    with transaction.atomic():
        return publish(
            "workday.missing",
            recipients=list(people.values()),
            subject=f"branches.workday:{missing[0]}",
            title=f"{said}的工作日历还没有载入",
            body="放假安排公布以后，请在管理后台“工作日历”里导入，或者用 load_workdays 命令载入。"
            "载入之前，算到那一年的诉求时限显示“日历未载入”，不会猜。",
            url=reverse("admin:branches_workday_changelist"),
            dedupe=f"calendar:{missing[0]}:{week}",
            at=at,
        )
