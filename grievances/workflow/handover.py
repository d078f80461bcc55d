"""What posts hand over of grievances: cases, drafts, answers that somebody has begun."""

from __future__ import annotations

from django.db.models import Q
from django.urls import reverse

from branches import handover
from branches.choices import Duty, Role
from grievances.choices import TO_CONFIRM, WITH_HANDLER, Status

_HANDLING = (Role.SECRETARY, Role.HANDLER)
_TURN = sorted({Status.ASSIGNED, Status.IN_HAND, Status.WAITING_FOR_COMPLAINANT})  # somebody waits for the handler


def register() -> None:
    """Register our kinds of work; called once when the app is ready."""
    from grievances.models import AnswerDraft, Grievance

    def turn(post, at) -> int:
        held = Grievance.objects.filter(handler__organization=post.organization_id, handler__duty=Duty.HANDLE)
        return held.filter(status__in=_TURN).count()

    def ours(post, at) -> int:
        held = Q(handler__organization=post.organization_id, status__in=sorted(WITH_HANDLER | TO_CONFIRM))
        return Grievance.objects.open().filter(held | Q(collector__organization=post.organization_id)).count()

    def answers(post, at) -> int:
        return AnswerDraft.objects.filter(office__organization=post.organization_id, office__duty=Duty.HANDLE).count()

    def drafts(post, at) -> int:
        mine = Grievance.objects.filter(status=Status.DRAFT, lodged_by=post.user_id)
        return mine.filter(collector__organization=post.organization_id).count()

    def supervised(post, at) -> int:
        units = handover.units_of(post.organization)
        return Grievance.objects.supervised().filter(organization__in=units).count()

    handover.register(
        "grievances.turn",
        label="轮到本单位办的诉求",
        unit="件",
        roles=_HANDLING,
        count=turn,
        address=lambda post: reverse("grievances:list") + "?tab=mine",
        duty=Duty.HANDLE,
    )
    handover.register(
        "grievances.unit",
        label="本单位收集或在办、没办结的诉求",
        unit="件",
        roles=[Role.SECRETARY, Role.STATION_MANAGER],
        count=ours,
        address=lambda post: reverse("grievances:list") + "?tab=unit",
        duty=Duty.COLLECT,
    )
    handover.register(
        "grievances.decided",
        label="本级没办结的诉求",
        unit="件",
        roles=[Role.CLERK],
        count=lambda post, at: Grievance.objects.open().filter(organization=post.organization_id).count(),
        address=lambda post: reverse("grievances:list") + "?tab=unit",
        duty=Duty.COLLECT,
    )
    handover.register(
        "grievances.supervised",
        label="督办中的诉求",
        unit="件",
        roles=[Role.CLERK, Role.LEADER],
        count=supervised,
        address=lambda post: reverse("grievances:list") + "?tab=supervised",
        duty=Duty.SUPERVISE,
    )
    handover.register(
        "grievances.answers",
        label="没写完的答复",
        unit="份",
        roles=_HANDLING,
        count=answers,
        address=lambda post: reverse("grievances:list") + "?tab=mine",
        duty=Duty.HANDLE,
    )
    handover.register(
        "grievances.drafts",
        label="没提交的诉求草稿",
        unit="件",
        roles=[Role.SECRETARY, Role.CLERK, Role.STATION_MANAGER],
        count=drafts,
        address=lambda post: reverse("grievances:lodge"),
        duty=Duty.COLLECT,
    )
