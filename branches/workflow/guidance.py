"""Verbs on guidance lines (组织线, 交通线)."""

from __future__ import annotations

from datetime import date, timedelta

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q

from branches.capabilities import Capability
from branches.choices import OrganizationStatus
from branches.constraints import checked, in_words
from branches.models import Guidance, Organization
from branches.scope import reach_of
from foundation.audit import trail
from foundation.audit.trail import Conflict


def add_guidance(
    organization: Organization,
    guiding_organization: Organization,
    line: str,
    *,
    from_date: date,
    document: str = "",
    until_date: date | None = None,
    actor,
) -> Guidance:
    """Let one organisation guide another on a line from a date, and return the line.

    Its liaison officers then read the guided subtree. Raises PermissionDenied, ValidationError.
    """
    _require(actor, organization)
    for concerned, field in ((organization, "organization"), (guiding_organization, "guiding_organization")):
        if concerned.status == OrganizationStatus.DISSOLVED:
            raise ValidationError({field: f"“{concerned.short_name}”已经撤销。"})
    guidance = Guidance(
        organization=organization,
        guiding_organization=guiding_organization,
        line=line,
        from_date=from_date,
        until_date=until_date,
        document=document,
    )
    checked(guidance)
    with transaction.atomic():
        with in_words(Guidance):
            guidance.save(force_insert=True)
        _record("guidance.added", guidance, actor, fields={"line": (None, line), "from_date": (None, from_date)})
    return guidance


def end_guidance(guidance: Guidance, *, until_date: date, actor, reason: str = "") -> Guidance:
    """End a line on a date (the first day without it) and return it.

    Raises PermissionDenied, ValidationError, Conflict when it has been ended meanwhile.
    """
    _require(actor, guidance.organization)
    if until_date <= guidance.from_date:
        raise ValidationError({"until_date": f"结束日期必须晚于开始日期 {guidance.from_date:%Y-%m-%d}。"})
    with transaction.atomic():
        close_line(guidance, until_date=until_date, actor=actor, reason=reason)
    return guidance


def close_line(guidance: Guidance, *, until_date: date, actor, reason: str) -> None:
    """End a line and trace it, inside the caller's transaction and with his permission; it counts at least one day.

    Raises Conflict.
    """
    end = max(until_date, guidance.from_date + timedelta(days=1))
    rows = Guidance.objects.filter(Q(until_date__isnull=True) | Q(until_date__gt=end), pk=guidance.pk)
    before = guidance.until_date
    if rows.update(until_date=end) != 1:
        raise Conflict("这条指导关系刚刚已经结束，不用再办一次。")
    guidance.until_date = end
    _record("guidance.ended", guidance, actor, fields={"until_date": (before, end)}, reason=reason)


def _require(actor, organization: Organization) -> None:
    if actor is not None and not reach_of(actor).covers(Capability.GUIDANCE_CHANGE, organization):
        raise PermissionDenied("指导关系由被指导组织或它上级的专干登记。")


def _record(action: str, guidance: Guidance, actor, **more) -> None:
    trail.record(
        action,
        guidance,
        actor=actor,
        organization_id=guidance.organization_id,
        label=f"{guidance.guiding_organization.short_name} 指导 {guidance.organization.short_name}",
        details={"guiding_organization": guidance.guiding_organization_id, "line": guidance.line},
        **more,
    )
