"""Verbs on terms (届): record an election, note an approved other end, remind before it is due."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from branches import rules
from branches.capabilities import Capability
from branches.choices import OrganizationStatus, Role
from branches.constraints import checked, in_words
from branches.models import Appointment, Organization, Term
from branches.scope import reach_of
from foundation.audit import trail
from foundation.audit.trail import Conflict
from foundation.notifications.workflow import Recipient, publish

FIELDS = ("number", "elected_date", "years", "method", "entitled", "present", "document")
NOT_YOURS = "届期由上级委员会的专干登记。"


def record_term(organization: Organization, values: Mapping[str, Any], *, actor, at: datetime | None = None) -> Term:
    """Record an election and return its term; the term before ends on that day. About ten statements.

    The day it is due follows from the years (rules.end_of_term). Raises PermissionDenied, ValidationError.
    """
    at = at or timezone.now()
    _require(actor, organization, at)
    if organization.status == OrganizationStatus.DISSOLVED:
        raise ValidationError(f"“{organization.short_name}”已经撤销。")
    if not rules.may_have_term(organization.kind):
        raise ValidationError(f"{organization.get_kind_display()}不换届。")
    term = Term(
        organization=organization, recorded_by=actor, **{name: values[name] for name in FIELDS if name in values}
    )
    if term.elected_date is None or term.years is None:
        raise ValidationError({"elected_date": "请写选举日期和任期。"})
    if term.elected_date > timezone.localdate(at):
        raise ValidationError({"elected_date": "选举日期还没到。"})
    term.planned_end_date = rules.end_of_term(term.elected_date, term.years)
    with transaction.atomic():
        Organization.objects.select_for_update().get(pk=organization.pk)
        before = Term.objects.filter(organization=organization, ended_date__isnull=True).first()
        if before is not None:
            if before.elected_date >= term.elected_date:
                raise ValidationError(
                    {"elected_date": f"上一届是 {before.elected_date:%Y-%m-%d} 选的，新一届要在它后面。"}
                )
            Term.objects.filter(pk=before.pk).update(ended_date=term.elected_date)
        checked(term, exclude=["organization", "recorded_by"])
        with in_words(Term):
            term.save(force_insert=True)
        fields = {name: (None, getattr(term, name)) for name in ("elected_date", "years", "planned_end_date")}
        _trace("term.recorded", term, actor, fields)
    return term


def change_term_end(term: Term, changed_end_date: date, document: str, *, actor, at: datetime | None = None) -> Term:
    """Note the approved day to which a term is prolonged or cut short.

    Delay and advance need approval. Raises PermissionDenied, ValidationError, Conflict.
    Source: 《中国共产党支部工作条例（试行）》.
    """
    at = at or timezone.now()
    _require(actor, term.organization, at)
    if not document.strip():
        raise ValidationError({"change_document": "请写批准的文号。"})
    if changed_end_date <= term.elected_date:
        raise ValidationError({"changed_end_date": "批准到的日期要晚于选举日期。"})
    before = term.changed_end_date
    with transaction.atomic():
        rows = Term.objects.filter(pk=term.pk, ended_date__isnull=True)
        if rows.update(changed_end_date=changed_end_date, change_document=document.strip()[:80]) != 1:
            raise Conflict("这一届已经结束，不用再改。")
        term.changed_end_date, term.change_document = changed_end_date, document.strip()[:80]
        fields = {"changed_end_date": (before, changed_end_date)}
        _trace("term.end_changed", term, actor, fields, details={"document": document.strip()[:80]})
    return term


def remind_of_terms(at: datetime) -> int:
    """Tell secretaries and the clerks above of terms due in six, three and one months, once each; return how many.

    Four queries and a message per term. Source: domain d.2 (reminders 6/3/1 months ahead).
    """
    today = timezone.localdate(at)
    due = [
        (term, months)
        for term in Term.objects.due_by(rules.months_after(today, max(rules.TERM_REMINDERS))).select_related(
            "organization"
        )
        if (months := rules.reminder_of(term.end_date, today)) is not None
    ]
    if not due:
        return 0
    step = Organization.steplen
    line = {
        term.organization.path[:length] for term, _ in due for length in range(step, len(term.organization.path), step)
    }
    clerks: dict[str, set[int]] = defaultdict(set)
    secretaries: dict[int, set[int]] = defaultdict(set)
    running = Appointment.objects.running(at).order_by()
    for path, user in running.filter(role=Role.CLERK, organization__path__in=line).values_list(
        "organization__path", "user_id"
    ):
        clerks[path].add(user)
    units = [term.organization_id for term, _ in due]
    for unit, user in running.filter(role=Role.SECRETARY, organization_id__in=units).values_list(
        "organization_id", "user_id"
    ):
        secretaries[unit].add(user)
    for term, months in due:
        unit = term.organization
        above = next(
            (
                clerks[unit.path[:length]]
                for length in range(len(unit.path) - step, 0, -step)
                if clerks.get(unit.path[:length])
            ),
            set(),
        )
        users = sorted(secretaries[unit.pk] | above)
        if users:
            left = "已经到期" if months == 0 else f"还有 {months} 个月届满"
            with transaction.atomic():
                publish(
                    "term.due",
                    recipients=[Recipient(user_id=user) for user in users],
                    subject=f"branches.organization:{unit.pk}",
                    title=f"{unit.short_name[:40]}{left}，请准备换届",
                    url=reverse("branches:term_list"),
                    dedupe=f"term:{term.pk}:{term.end_date}:{months}",
                    at=at,
                )
    return len(due)


def _require(actor, organization: Organization, at: datetime) -> None:
    if actor is not None and not reach_of(actor, at).covers(Capability.APPOINTMENT_APPOINT, organization):
        raise PermissionDenied(NOT_YOURS)


def _trace(action: str, term: Term, actor, fields, *, details=None) -> None:
    trail.record(
        action,
        term,
        actor=actor,
        organization_id=term.organization_id,
        fields=fields,
        details=details,
        label=f"{term.organization.short_name} {term.elected_date:%Y-%m-%d}",
    )
