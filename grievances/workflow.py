"""The verbs of grievances. So far one: say something about the portal itself."""

from __future__ import annotations

import secrets
from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from foundation.audit import trail
from grievances.choices import Category
from grievances.models import Grievance
from grievances.rules import may_lodge

_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # no 0 O 1 I: the number is read out on the telephone


def new_number(at: datetime) -> str:
    """Return a number like YJ261124-7K3QMD: the day in China and thirty random bits, so that it cannot be guessed."""
    return f"YJ{timezone.localtime(at):%y%m%d}-{''.join(secrets.choice(_LETTERS) for _ in range(6))}"


def lodge_feedback(*, title: str, description: str, contact: str, user, at: datetime) -> Grievance:
    """Store 意见建议 about the portal and return it with its number. `user` is None for who is not signed in.

    Raises PermissionDenied. Source: design.md, Restraint: a built-in 意见建议 collects complaints about the system.
    """
    if not may_lodge(user):
        raise PermissionDenied
    with transaction.atomic():
        grievance = Grievance.objects.create(
            number=new_number(at),
            category=Category.PORTAL_FEEDBACK,
            title=title,
            description=description,
            contact=contact,
            lodged_by=user,
            lodged_at=at,
        )
        trail.record("grievance.lodge", grievance, actor=user, fields=["title", "description"], label=grievance.number)
    return grievance
