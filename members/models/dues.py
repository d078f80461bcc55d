"""Dues (党费): what a member owes each month, and which months were paid. Registered here, never collected."""

from __future__ import annotations

from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from branches.models import Organization
from members.choices import DuesCategory, DuesMethod
from members.models.membership import PartyMember
from members.querysets import DuesRateQuerySet, DuesRecordQuerySet


class DuesRate(models.Model):
    """What a member owes each month from a month on. The income it was reckoned from is not kept (decision 0017)."""

    member = models.ForeignKey(PartyMember, models.PROTECT, verbose_name="党员", related_name="dues_rates")
    category = models.CharField("按什么算", max_length=8, choices=DuesCategory)
    monthly_due = models.DecimalField("每月应交（元）", max_digits=8, decimal_places=2)
    from_date = models.DateField("自哪个月起", help_text="这个月的 1 日")
    reason = models.CharField("少交或免交的原因", max_length=200, blank=True)
    approval_document = models.CharField("上级党委批准文号", max_length=80, blank=True)
    set_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name="登记人", related_name="+", editable=False
    )
    set_at = models.DateTimeField("登记时间", editable=False)

    objects = DuesRateQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "党费标准"
        ordering = ["member", "from_date"]
        constraints = [
            models.UniqueConstraint(
                fields=["member", "from_date"],
                name="members_duesrate_once",
                violation_error_message="这位党员从这个月起已经定过标准。",
            ),
            models.CheckConstraint(
                condition=Q(category=DuesCategory.HARDSHIP, monthly_due__gte=0)
                | Q(~Q(category=DuesCategory.HARDSHIP), monthly_due__gt=0),
                name="members_duesrate_amount",
                violation_error_message="每月应交要大于 0；免交的按困难登记。",
            ),
            models.CheckConstraint(
                condition=(Q(category=DuesCategory.HARDSHIP) & ~Q(reason="") & ~Q(approval_document=""))
                | (~Q(category=DuesCategory.HARDSHIP) & Q(approval_document="")),
                name="members_duesrate_hardship",
                violation_error_message="困难少交、免交要写明原因和上级党委的批准文号。",
            ),
            models.CheckConstraint(
                condition=~Q(category=DuesCategory.PEASANT)
                | Q(monthly_due__gte=Decimal("0.20"), monthly_due__lte=Decimal("1.00")),
                name="members_duesrate_peasant",
                violation_error_message="农民党员每月 0.2 元到 1 元。",
            ),
            models.CheckConstraint(
                condition=~Q(category=DuesCategory.RELIEF) | Q(monthly_due=Decimal("0.20")),
                name="members_duesrate_relief",
                violation_error_message="学生、失业、领取救济的党员每月 0.2 元。",
            ),
        ]

    def __str__(self) -> str:
        """Return from when, never how much or whose."""
        return f"党费标准 {self.from_date:%Y-%m}"


class DuesRecord(models.Model):
    """One month of one member that was paid, or the counter entry that takes one back. Nothing is deleted."""

    member = models.ForeignKey(PartyMember, models.PROTECT, verbose_name="党员", related_name="dues_records")
    organization = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="登记的支部", related_name="dues_records"
    )
    month = models.DateField("月份", help_text="这个月的 1 日")
    due = models.DecimalField("应交（元）", max_digits=8, decimal_places=2)
    paid = models.DecimalField("实交（元）", max_digits=8, decimal_places=2, help_text="多交自愿；冲正是负数")
    paid_date = models.DateField("交的日期")
    method = models.CharField("怎么交的", max_length=8, choices=DuesMethod)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name="登记人", related_name="+", editable=False
    )
    recorded_at = models.DateTimeField("登记时间", editable=False)
    counters = models.OneToOneField(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        verbose_name="冲正哪一笔",
        related_name="countered_by",
    )
    reason = models.CharField("冲正原因", max_length=200, blank=True, editable=False)
    reversed_at = models.DateTimeField("已冲正", null=True, blank=True, editable=False)

    objects = DuesRecordQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "党费登记"
        ordering = ["month", "pk"]
        indexes = [models.Index(fields=["organization", "month"], name="members_duesrecord_unit")]
        constraints = [
            models.UniqueConstraint(
                fields=["member", "month"],
                condition=Q(counters__isnull=True, reversed_at__isnull=True),
                name="members_duesrecord_once",
                violation_error_message="这个月的党费已经记过了。",
            ),
            models.CheckConstraint(
                condition=Q(counters__isnull=True, reason="", due__gte=0, paid__gte=F("due"))
                | (Q(counters__isnull=False, reversed_at__isnull=True, due__lte=0, paid__lte=0) & ~Q(reason="")),
                name="members_duesrecord_amounts",
                violation_error_message="实交不能少于应交；冲正要写明原因。",
            ),
            models.CheckConstraint(
                condition=Q(method=DuesMethod.EXEMPT, due=0, paid=0) | ~Q(Q(method=DuesMethod.EXEMPT) | Q(paid=0)),
                name="members_duesrecord_exempt",
                violation_error_message="免交的应交、实交都是 0。",
            ),
        ]

    def __str__(self) -> str:
        """Return which month, never whose or how much."""
        return f"党费 {self.month:%Y-%m}"
