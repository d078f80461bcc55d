"""What becomes of verifications and declarations: units are dissolved, persons are merged, time runs out."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from branches import endings as unit_endings
from foundation.audit import trail
from members import endings as person_endings
from members.choices import (
    VERIFICATION_IN_VAIN,
    VERIFICATION_OPEN,
    DeclarationStatus,
    RecruitStatus,
)
from members.models import Check, Declaration, RecruitCampaign, Verification
from members.workflow import retention
from members.workflow.declarations import end_for
from members.workflow.verification import close_for, trace

CHUNK = 500


def register() -> None:
    """Register the rows of this subject; called once when the app is ready."""
    unit_endings.register(
        "members.Verification",
        label="没办完的党员核查",
        unit="件",
        find=_cases,
        end=_hand_over_cases,
        needs_successor=True,
    )
    unit_endings.register(
        "members.Verification.unit", label="交给支部的核查", unit="件", find=_assigned, end=_take_back
    )
    unit_endings.register("members.RecruitCampaign", label="进行中的征集令", unit="个", find=_calls, end=_end_calls)
    unit_endings.register(
        "members.Declaration",
        label="待处理的自愿亮身份",
        unit="份",
        find=_declarations,
        end=_hand_over_declarations,
        needs_successor=True,
    )
    person_endings.register("members.Verification", on_merge=_follow)
    retention.register("declarations", "处理过的自愿亮身份（份）", purge_declarations)
    retention.register("verifications", "否定和关闭的党员核查（件）", purge_verifications)


# --- a unit is dissolved ----------------------------------------------------------------------------------------------
def _cases(organization, at):
    return Verification.objects.open().filter(organization=organization)


def _hand_over_cases(organization, *, at, actor, successor):
    for case in _cases(organization, at):
        trace("verification.hand_over", case, actor, fields={"organization": (organization.pk, successor.pk)})
    _cases(organization, at).update(organization=successor, unit=None)


def _assigned(organization, at):
    return Verification.objects.open().filter(unit=organization)


def _take_back(organization, *, at, actor, successor):
    for case in _assigned(organization, at):
        trace("verification.assign", case, actor, fields={"unit": (organization.pk, None)})
    _assigned(organization, at).update(unit=None)


def _calls(organization, at):
    return RecruitCampaign.objects.filter(organization=organization, status=RecruitStatus.RUNNING)


def _end_calls(organization, *, at, actor, successor):
    for call in _calls(organization, at):
        end_for(call, actor=actor, at=at)


def _declarations(organization, at):
    return Declaration.objects.waiting().filter(organization=organization)


def _hand_over_declarations(organization, *, at, actor, successor):
    _declarations(organization, at).update(organization=successor)


# --- two persons are one ----------------------------------------------------------------------------------------------
def _follow(winner_id: int, loser_id: int) -> list:
    """Move the cases of a person; of two open ones the loser's is closed. Returns the keys that moved."""
    cases = Verification.objects.filter(person=loser_id)
    if Verification.objects.open().filter(person=winner_id).exists():
        for case in cases.filter(status__in=sorted(VERIFICATION_OPEN)).select_related("organization", "unit"):
            close_for(case, reason="同一个人的两条登记合并，核查在另一件里", actor=None, at=timezone.now())
    moved = list(cases.values_list("pk", flat=True))
    cases.update(person=winner_id)
    return moved


# --- retention --------------------------------------------------------------------------------------------------------
def purge_declarations(at: datetime, *, dry_run: bool) -> int:
    """Delete declarations decided or withdrawn VERIFICATION_RETENTION_DAYS ago; return how many.

    One whose case still runs stays until that is over for as long. One entry per committee, which names nobody.
    """
    limit = at - timedelta(days=settings.VERIFICATION_RETENTION_DAYS)
    over = Declaration.objects.exclude(status=DeclarationStatus.SUBMITTED).filter(
        Q(withdrawn_at__lt=limit) | Q(withdrawn_at__isnull=True, decided_at__lt=limit)
    )
    outlived = over.filter(Q(verification__isnull=True) | Q(verification__decided_at__lt=limit))
    return _purge(outlived, "declaration.purge", "declarations", dry_run=dry_run)


def purge_verifications(at: datetime, *, dry_run: bool) -> int:
    """Delete cases refuted or closed VERIFICATION_RETENTION_DAYS ago, with their checks; return how many.

    Runs after `purge_declarations`: a declaration that is kept keeps its case. Confirmed cases stay: a membership
    rests on them.
    """
    limit = at - timedelta(days=settings.VERIFICATION_RETENTION_DAYS)
    outlived = Verification.objects.filter(
        status__in=sorted(VERIFICATION_IN_VAIN), decided_at__lt=limit, declarations__isnull=True
    )
    return _purge(outlived, "verification.purge", "verifications", dry_run=dry_run)


def _purge(rows, action: str, what: str, *, dry_run: bool) -> int:
    """Delete rows in small transactions with one entry per committee in each."""
    if dry_run:
        return rows.count()
    gone = 0
    while found := list(rows.order_by("pk").values_list("pk", "organization_id")[:CHUNK]):
        keys = [pk for pk, _ in found]
        with transaction.atomic():
            if rows.model is Verification:
                Check.objects.filter(verification__in=keys).delete()
            number, _ = rows.model._base_manager.filter(pk__in=keys).delete()
            for committee in sorted({one for _, one in found}):
                trail.record(
                    action,
                    None,
                    actor=None,
                    organization_id=committee,
                    details={what: sum(one == committee for _, one in found)},
                )
        gone += number
    return gone
