"""Verbs on the rules of the calendar: a change is a new row with a later date."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone

from activities.models import ComplianceRule
from activities.rules import acts
from branches.choices import BRANCHES
from branches.constraints import checked, in_words
from branches.scope import reach_of
from foundation.audit import trail

RULE_FIELDS = (
    "kind",
    "frequency",
    "times",
    "organization_kinds",
    "condition",
    "online_counts",
    "organization",
    "from_date",
    "until_date",
    "rule",
    "source",
    "is_verified",
)
# A row that is there keeps what it asks; its end, its words and whether they were compared may be written later.
CHANGEABLE = frozenset({"until_date", "rule", "source", "is_verified"})


def save_rule(rule: ComplianceRule, *, fields: Iterable[str], actor, at: datetime) -> ComplianceRule:
    """Write a new rule, or the end and the words of one that is there. Raises PermissionDenied, ValidationError.

    A new one begins with a period that has not begun: what asks for more may not make anybody late in hindsight.
    """
    _require(actor, at)
    fields = set(fields) & set(RULE_FIELDS)
    today = timezone.localdate(at)
    unknown = set(rule.organization_kinds or ()) - set(BRANCHES)
    if not rule.organization_kinds or unknown:
        words = "、".join(sorted(BRANCHES))
        raise ValidationError({"organization_kinds": f"请写适用的支部类型，可用：{words}。"})
    is_new = rule.pk is None
    if is_new and rule.from_date is not None and rule.from_date <= today:
        raise ValidationError({"from_date": "新规定从明天以后开始，已经开始的期间按原来的规定算。"})
    if not is_new and fields - CHANGEABLE:
        raise ValidationError("已经在用的规定只能改停用日期、文字和核对标记；要改次数或范围，请停用它，再新增一条。")
    checked(rule)
    with transaction.atomic():
        with in_words(ComplianceRule):
            if is_new:
                rule.save(force_insert=True)
            elif fields:
                rule.save(update_fields=sorted(fields))
        trail.record("compliance_rule.save", rule, actor=actor, fields=sorted(fields), label=str(rule))
    return rule


def end_rule(rule: ComplianceRule, until_date: date, *, actor, at: datetime) -> ComplianceRule:
    """End a rule on a day. Raises PermissionDenied, ValidationError."""
    rule.until_date = until_date
    return save_rule(rule, fields=["until_date"], actor=actor, at=at)


def _require(actor, at: datetime) -> None:
    if actor is not None and not acts.may_keep_rules(reach_of(actor, at)):
        raise PermissionDenied("组织生活的规定由系统管理员维护。")
