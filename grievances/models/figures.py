"""Figures of a month, a year and all time, counted ahead: what a page of 110,000 cases shows at once, and of when."""

from __future__ import annotations

from django.db import models

from branches.models import Organization


class MonthlyFigures(models.Model):
    """The figures of one committee's cases lodged, or closed, in one span. Derived: `refresh_figures` writes them all.

    `counts` holds cases by code of statistics.FIGURES, `person_times` those by measure, `channels` and `categories`
    accepted cases by channel and by main category (its key). What stands only for now (open, late) is never kept here.
    """

    organization = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="首办单位", related_name="grievance_figures"
    )
    by = models.CharField("按", max_length=6, choices=[("lodged", "提交"), ("closed", "办结")])
    span = models.CharField("时段", max_length=5, choices=[("month", "月"), ("year", "年"), ("all", "全部")])
    month = models.DateField("从哪天起", help_text="月或年的第一天；全部时间是 1900-01-01")
    counts = models.JSONField("件数", default=dict)
    person_times = models.JSONField("人次", default=dict)
    channels = models.JSONField("来源", default=dict)
    categories = models.JSONField("类别", default=dict)
    amount_involved = models.DecimalField("涉及金额（元）", max_digits=14, decimal_places=2, default=0)
    amount_recovered = models.DecimalField("追回金额（元）", max_digits=14, decimal_places=2, default=0)
    as_of = models.DateTimeField("数到")

    class Meta:
        verbose_name = verbose_name_plural = "诉求月度数据"
        ordering = ["by", "span", "month", "organization"]
        constraints = [
            models.UniqueConstraint(
                fields=["by", "span", "month", "organization"], name="grievances_monthlyfigures_once"
            )
        ]

    def __str__(self) -> str:
        """Return unit and month."""
        return f"{self.organization_id} {self.month:%Y-%m}"
