"""Verbs of a 专项整治: begin it, put cases into it, end it with what it has brought."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.db import transaction

from branches.constraints import checked, in_words
from branches.models import Organization
from foundation.audit import trail
from grievances.choices import CAMPAIGN_NEXT, CampaignStatus, Status
from grievances.models import Campaign, CampaignCase, Grievance
from grievances.rules import cases
from grievances.workflow.steps import acting, require, require_text, require_visible

NOT_YOURS = "专项整治由牵头委员会的专干办。"


def begin_campaign(organization: Organization, values: Mapping, *, actor, at: datetime) -> Campaign:
    """Begin a campaign of a committee and return it. Raises PermissionDenied, ValidationError."""
    require(cases.may_lead_campaigns(acting(actor, at).reach, organization), NOT_YOURS)
    campaign = Campaign(organization=organization, **values)
    checked(campaign)
    with transaction.atomic():
        with in_words(Campaign):
            campaign.save(force_insert=True)
        _record("campaign.begin", campaign, actor, ["name", "from_date"])
    return campaign


def add_case(campaign: Campaign, grievance: Grievance, *, actor, at: datetime) -> CampaignCase:
    """Put a case of one's scope into a running campaign. Raises PermissionDenied, ValidationError, trail.NotAllowed."""
    reach = acting(actor, at).reach
    require(cases.may_lead_campaigns(reach, campaign.organization), NOT_YOURS)
    require_visible(reach, grievance)
    if campaign.status != CampaignStatus.RUNNING:
        raise trail.NotAllowed("这个专项整治已经结束，不能再列入诉求。")
    if grievance.status in (Status.DRAFT, Status.WITHDRAWN, Status.MERGED):
        raise ValidationError({"number": f"这件诉求是「{grievance.get_status_display()}」，不计数，不用列入。"})
    if CampaignCase.objects.filter(campaign=campaign, grievance=grievance).exists():
        raise ValidationError({"number": "这件诉求已经在专项整治里。"})
    with transaction.atomic():
        with in_words(CampaignCase):
            made = CampaignCase.objects.create(campaign=campaign, grievance=grievance, at=at)
        _record("campaign.add_case", campaign, actor, [], details={"number": grievance.number})
    return made


def end_campaign(campaign: Campaign, *, results: str, until_date: date, actor, at: datetime) -> None:
    """End a campaign with its results. Raises PermissionDenied, ValidationError, trail.NotAllowed, trail.Conflict."""
    require(cases.may_lead_campaigns(acting(actor, at).reach, campaign.organization), NOT_YOURS)
    results = require_text(results, "results", "请写成效：办成了什么，还有什么没办成。")
    if until_date < campaign.from_date:
        raise ValidationError({"until_date": "结束日期不能早于开始日期。"})
    trail.transition(
        campaign,
        CampaignStatus.ENDED,
        actor=actor,
        action="campaign.end",
        changes={"results": results, "until_date": until_date},
        next_table=CAMPAIGN_NEXT,
        organization_id=campaign.organization_id,
        label=campaign.name,
    )


def _record(action: str, campaign: Campaign, actor, fields, *, details=None) -> None:
    trail.record(
        action,
        campaign,
        actor=actor,
        organization_id=campaign.organization_id,
        fields=fields,
        details=details,
        label=campaign.name,
    )
