"""The yearly appraisal of Party members (民主评议党员)."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from branches.models import Organization
from members.choices import AppraisalGrade
from members.models.membership import PartyMember
from members.querysets import AppraisalQuerySet


class Appraisal(models.Model):
    """What the appraisal of a year found of one member, and where it was held: at home, or where he flows."""

    member = models.ForeignKey(PartyMember, models.PROTECT, verbose_name="党员", related_name="appraisals")
    year = models.PositiveSmallIntegerField("年度")
    grade = models.CharField("等次", max_length=20, choices=AppraisalGrade)
    organization = models.ForeignKey(Organization, models.PROTECT, verbose_name="在哪里评议", related_name="appraisals")
    held_date = models.DateField("评议日期", help_text="在这一年，或者第二年")
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name="登记人", related_name="+", editable=False
    )
    recorded_at = models.DateTimeField("登记时间", editable=False)

    objects = AppraisalQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "民主评议结果"
        ordering = ["-year", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["member", "year"],
                name="members_appraisal_once",
                violation_error_message="这位党员这一年的民主评议已经登记过了。",
            ),
            models.CheckConstraint(
                condition=Q(grade__in=AppraisalGrade.values),
                name="members_appraisal_grade",
                violation_error_message="等次不对。",
            ),
        ]

    def __str__(self) -> str:
        """Return the year, never who or what."""
        return f"民主评议 {self.year}"
