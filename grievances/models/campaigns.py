"""专项整治: a named set of grievances with departments, a period and results."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from branches.models import Organization
from grievances.choices import CampaignStatus
from grievances.models.cases import Grievance
from grievances.querysets import CampaignQuerySet


class Campaign(models.Model):
    """A campaign of one committee, such as 整治套路购车."""

    name = models.CharField("名称", max_length=80)
    organization = models.ForeignKey(Organization, models.PROTECT, verbose_name="牵头单位", related_name="campaigns")
    departments = models.CharField("参加部门", max_length=400, blank=True, help_text="用顿号隔开")
    from_date = models.DateField("开始日期")
    until_date = models.DateField("结束日期", null=True, blank=True)
    goal = models.TextField("目标", max_length=1000, blank=True)
    results = models.TextField("成效", max_length=2000, blank=True)
    status = models.CharField(
        "状态", max_length=10, choices=CampaignStatus, default=CampaignStatus.RUNNING, editable=False
    )

    objects = CampaignQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "专项整治"
        ordering = ["-from_date", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "name"],
                name="grievances_campaign_name",
                violation_error_message="本单位已经有同名的专项整治。",
            ),
            models.CheckConstraint(
                condition=Q(until_date__isnull=True) | Q(until_date__gte=F("from_date")),
                name="grievances_campaign_period",
                violation_error_message="结束日期不能早于开始日期。",
            ),
            models.CheckConstraint(
                condition=~Q(status=CampaignStatus.ENDED) | ~Q(results="") & Q(until_date__isnull=False),
                name="grievances_campaign_ended",
                violation_error_message="结束专项整治要写成效和结束日期。",
            ),
        ]

    def __str__(self) -> str:
        """Return the name."""
        return self.name


class CampaignCase(models.Model):
    """A grievance that belongs to a campaign."""

    campaign = models.ForeignKey(Campaign, models.PROTECT, verbose_name="专项整治", related_name="cases")
    grievance = models.ForeignKey(Grievance, models.PROTECT, verbose_name="诉求", related_name="campaigns")
    at = models.DateTimeField("列入时间")

    class Meta:
        verbose_name = verbose_name_plural = "专项整治的诉求"
        ordering = ["-at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "grievance"],
                name="grievances_campaigncase_once",
                violation_error_message="这件诉求已经在专项整治里。",
            ),
        ]

    def __str__(self) -> str:
        """Return campaign and grievance."""
        return f"{self.campaign_id} {self.grievance_id}"
