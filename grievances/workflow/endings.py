"""What becomes of cases when a committee is dissolved, and when two people turn out to be one."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Q

from branches import endings as organizations
from branches.models import Office
from branches.workflow import office_of
from grievances.choices import CampaignStatus
from grievances.models import Campaign, Clock, Grievance, SlaPolicy, Supervision
from grievances.rules.clocks import CHINA
from members import endings as people


def register() -> None:
    """Register the rows of this app; called once when the app is ready."""
    organizations.register(
        "grievances.Grievance", label="没办结的诉求", unit="件", find=_open, end=_hand_over, needs_successor=True
    )
    organizations.register("grievances.SlaPolicy", label="时限规定", unit="条", find=_policies, end=_end_policies)
    organizations.register(
        "grievances.Campaign", label="专项整治", unit="个", find=_campaigns, end=_hand_over_campaigns
    )
    # Which committee a clock ran at, and who supervised, stays as history.
    organizations.register("grievances.MonthlyFigures", label="诉求月度数据", unit="条", find=_no_clocks)
    organizations.register("grievances.WorkOrderImport", label="热线工单导入", unit="份", find=_no_clocks)
    organizations.register("grievances.Clock", label="时钟", unit="个", find=_no_clocks)
    organizations.register("grievances.Supervision", label="督办", unit="次", find=_no_supervisions)
    people.register("grievances.Grievance", on_merge=_follow_person)


_OWNERS = ("collector", "handler", "supervisor")


def _open(organization, at):
    owned = Q(organization=organization)
    for owner in _OWNERS:
        owned |= Q(**{f"{owner}__organization": organization})
    return Grievance.objects.open().filter(owned)


def _hand_over(organization, *, at, actor, successor):
    mine = Grievance.objects.open()
    for office in Office.objects.filter(organization=organization):
        for owner in _OWNERS:
            held = mine.filter(**{owner: office})
            if held.exists():
                held.update(**{owner: office_of(successor, office.duty)})
    mine.filter(organization=organization).update(organization=successor)
    Grievance.objects.filter(origin=organization).update(origin=successor)


def _policies(organization, at):
    return SlaPolicy.objects.filter(organization=organization, until_date__isnull=True)


def _end_policies(organization, *, at, actor, successor):
    # A policy that had not begun yet ends the day after it would have.
    today = at.astimezone(CHINA).date()
    for policy in _policies(organization, at):
        until = max(today, policy.from_date + timedelta(days=1))
        SlaPolicy.objects.filter(pk=policy.pk).update(until_date=until)


def _campaigns(organization, at):
    return Campaign.objects.filter(organization=organization, status=CampaignStatus.RUNNING)


def _hand_over_campaigns(organization, *, at, actor, successor):
    if successor is not None:
        _campaigns(organization, at).update(organization=successor)


def _no_clocks(organization, at):
    return Clock.objects.none()


def _no_supervisions(organization, at):
    return Supervision.objects.none()


def _follow_person(winner_id: int, loser_id: int) -> list[int]:
    rows = Grievance.objects.filter(person_id=loser_id)
    moved = list(rows.values_list("pk", flat=True))
    rows.update(person_id=winner_id)
    return moved
