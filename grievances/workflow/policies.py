"""Verbs on limits and categories. A change of a limit is a new row with a later date."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q

from branches.constraints import checked, in_words
from foundation.audit import trail
from grievances.models import Category, SlaPolicy
from grievances.rules import cases
from grievances.rules.clocks import CHINA
from grievances.workflow.steps import acting, require

SCOPE = ("clock", "category", "level", "urgency", "organization")
CATEGORY_FIELDS = ("name", "parent", "is_money", "measure", "is_active", "position")
NOT_YOURS = "时限和类别由系统管理员维护。"


def add_policy(values: Mapping, *, actor, at: datetime) -> SlaPolicy:
    """Add a limit that applies from a day on; the one it replaces ends that day. Clocks that run keep theirs.

    Raises PermissionDenied, ValidationError for a day that is past or not after the one of the row it replaces.
    """
    require(cases.may_change_policies(acting(actor, at).reach), NOT_YOURS)
    policy = SlaPolicy(**values)
    checked(policy)
    if policy.from_date < at.astimezone(CHINA).date():
        raise ValidationError({"from_date": "施行日期不能早于今天：已经开始的时限不会跟着改。"})
    with transaction.atomic():
        same = SlaPolicy.objects.select_for_update().filter(_same_scope(policy))
        running = same.filter(Q(until_date__isnull=True) | Q(until_date__gt=policy.from_date))
        before = running.order_by("-from_date", "-pk").first()
        if before is not None and before.from_date >= policy.from_date:
            said = f"同样范围的规定 {before.from_date:%Y-%m-%d} 起施行，新的一条要再晚些。"
            raise ValidationError({"from_date": said})
        if before is not None:
            SlaPolicy.objects.filter(pk=before.pk).update(until_date=policy.from_date)
            _record("sla_policy.end", before, actor, {"until_date": (before.until_date, policy.from_date)})
        policy.save(force_insert=True)
        _record("sla_policy.add", policy, actor, ["amount", "unit", "from_date"])
    return policy


def _same_scope(policy: SlaPolicy) -> Q:
    found = Q()
    for name in SCOPE:
        value = getattr(policy, name)
        found &= Q(**{f"{name}__isnull": True}) if value is None else Q(**{name: value})
    return found


def end_policy(policy: SlaPolicy, *, until_date: date, actor, at: datetime) -> None:
    """Let a limit apply to nothing new from a day on. Raises PermissionDenied, ValidationError, trail.Conflict."""
    require(cases.may_change_policies(acting(actor, at).reach), NOT_YOURS)
    if until_date < at.astimezone(CHINA).date():
        raise ValidationError({"until_date": "停止日期不能早于今天。"})
    if until_date <= policy.from_date:
        raise ValidationError({"until_date": "停止日期要晚于施行日期。"})
    with transaction.atomic():
        if SlaPolicy.objects.filter(pk=policy.pk, until_date__isnull=True).update(until_date=until_date) != 1:
            raise trail.Conflict("这条规定已经定了停止日期。")
        _record("sla_policy.end", policy, actor, {"until_date": (None, until_date)})


def save_category(category: Category, *, fields, actor, at: datetime) -> Category:
    """Write a category and return it; two steps are enough. Raises PermissionDenied, ValidationError."""
    require(cases.may_change_policies(acting(actor, at).reach), NOT_YOURS)
    adding = category.pk is None
    parent = category.parent
    if parent is not None and (parent.parent_id is not None or parent.pk == category.pk):
        raise ValidationError({"parent": "请选一个大类：类别只分两级。"})
    if parent is not None and not adding and category.children.exists():
        raise ValidationError({"parent": "这一类下面还有小类，不能再归到别的大类。"})
    checked(category)
    with transaction.atomic():
        with in_words(Category):
            category.save(force_insert=adding)
        _record(f"category.{'add' if adding else 'change'}", category, actor, list(fields))
    return category


def _record(action: str, row, actor, fields) -> None:
    trail.record(action, row, actor=actor, fields=fields, label=str(row))
