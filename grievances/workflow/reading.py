"""Looking at what is protected on a case: the complainant's phone and name. Each look leaves a trace."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction

from foundation.audit import trail
from grievances.models import Grievance
from grievances.rules import cases
from grievances.workflow.steps import acting, person_of, require, require_visible
from members.workflow import looks

REVEALED = {"phone": "电话", "complainant_name": "姓名"}


def reveal(grievance: Grievance, field: str, *, actor, reason: str, at: datetime) -> str:
    """Return the complainant's phone or name in full and write down who looked and why.

    Raises PermissionDenied for who has not to speak with him or to whom he is not named, ValidationError without a
    reason, for another field, or beyond the limit of a day, which is written down as well.
    Source: docs/permissions.md (reveal needs a reason and is audited).
    """
    who = acting(actor, at)
    require_visible(who.reach, grievance)
    require(cases.may_reveal_phone(who.reach, grievance, who.offices), "看诉求人的电话，要由办这件诉求的岗位来看。")
    if field not in REVEALED:
        raise ValidationError({"field": "只有电话和姓名可以这样查看。"})
    reason = " ".join(reason.split())
    if len(reason) < 2:
        raise ValidationError({"reason": "请写明为什么要看，至少 2 个字。"})
    if len(reason) > 200:
        raise ValidationError({"reason": "理由最多 200 个字。"})
    with transaction.atomic():
        may_look = looks.may_look_again(actor)
        trail.record(
            "grievance.reveal" if may_look else "grievance.reveal_braked",
            grievance,
            actor=actor,
            organization_id=grievance.organization_id,
            person_id=person_of(grievance),
            fields=[field],
            reason=reason,
            label=grievance.number,
        )
    if not may_look:
        raise ValidationError({"reason": looks.reveals_sentence()}, code="too_many")
    return getattr(grievance, field)
