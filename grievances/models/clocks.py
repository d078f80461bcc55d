"""Policies, clocks, pauses and extensions: how much time there is, and what became of it."""

from __future__ import annotations

from datetime import time

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from branches.models import Organization
from grievances.choices import (
    ClockKind,
    ClockState,
    ExtensionStatus,
    Level,
    PauseKind,
    Unit,
    Urgency,
)
from grievances.models.cases import Category, Grievance
from grievances.querysets import ClockQuerySet, SlaPolicyQuerySet


class SlaPolicy(models.Model):
    """One limit, with the text of the rule. Empty category, level or urgency: all of them; no organisation: the nation.

    A change is a new row with a later date; clocks that run keep the row they began with.
    """

    clock = models.CharField("时限", max_length=10, choices=ClockKind)
    category = models.ForeignKey(
        Category, models.PROTECT, null=True, blank=True, verbose_name="类别", related_name="policies"
    )
    level = models.CharField("级别", max_length=10, choices=Level, blank=True)
    urgency = models.CharField("紧急程度", max_length=8, choices=Urgency, blank=True)
    organization = models.ForeignKey(
        Organization,
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name="适用辖区",
        related_name="sla_policies",
        help_text="空着就是全国通用",
    )
    from_date = models.DateField("施行日期")
    until_date = models.DateField("停止日期", null=True, blank=True, help_text="从这一天起不再适用于新的诉求")
    amount = models.PositiveSmallIntegerField("时限")
    unit = models.CharField("单位", max_length=14, choices=Unit)
    closes_at = models.TimeField(
        "截止钟点", default=time(18, 0), help_text="按工作日算的时限截至几点；00:00 表示当天 24:00"
    )
    remind_hours = models.PositiveSmallIntegerField("提前几小时提醒", default=0)
    escalates = models.BooleanField("逾期自动升级", default=False)
    extension_days = models.PositiveSmallIntegerField("可延长（工作日）", default=0)
    rule = models.TextField("规则原文")
    source = models.CharField("出处", max_length=200)
    is_verified = models.BooleanField("已核对原文", default=False)

    objects = SlaPolicyQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "时限规定"
        ordering = ["clock", "-from_date", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(amount__gt=0), name="grievances_slapolicy_amount", violation_error_message="时限要大于 0。"
            ),
            models.CheckConstraint(
                condition=Q(until_date__isnull=True) | Q(until_date__gt=F("from_date")),
                name="grievances_slapolicy_period",
                violation_error_message="停止日期必须晚于施行日期。",
            ),
            models.CheckConstraint(
                condition=~Q(rule="") & ~Q(source=""),
                name="grievances_slapolicy_source",
                violation_error_message="规则原文和出处都要写。",
            ),
        ]

    def __str__(self) -> str:
        """Return the clock and its limit."""
        return f"{self.get_clock_display()} {self.amount} {self.get_unit_display()}"


class Clock(models.Model):
    """One deadline of a grievance. The limit is copied from the policy: a later change of policy moves nothing."""

    grievance = models.ForeignKey(Grievance, models.PROTECT, verbose_name="诉求", related_name="clocks")
    kind = models.CharField("时限", max_length=10, choices=ClockKind)
    policy = models.ForeignKey(SlaPolicy, models.PROTECT, verbose_name="依据", related_name="clocks")
    amount = models.PositiveSmallIntegerField("时限")
    unit = models.CharField("单位", max_length=14, choices=Unit)
    closes_at = models.TimeField("截止钟点")
    extension = models.PositiveSmallIntegerField("延长（工作日）", default=0)
    organization = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="哪一级", related_name="grievance_clocks"
    )
    rung = models.PositiveSmallIntegerField("第几级", default=0)
    state = models.CharField("状态", max_length=8, choices=ClockState, default=ClockState.RUNNING)
    started_at = models.DateTimeField("起算")
    due_at = models.DateTimeField("到期", null=True)
    explanation = models.CharField("怎么算的", max_length=400)
    missing_date = models.DateField("缺哪天的日历", null=True)
    ended_at = models.DateTimeField("做到或停算", null=True)
    # Each stage exactly once: whoever sets the column has done it.
    remind_at = models.DateTimeField("几时提醒", null=True)
    reminded_at = models.DateTimeField("已提醒", null=True)
    overdue_at = models.DateTimeField("已标逾期", null=True)
    escalated_at = models.DateTimeField("已因逾期升级", null=True)

    objects = ClockQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "时钟"
        ordering = ["started_at", "pk"]
        indexes = [
            models.Index(
                fields=["due_at"],
                name="grievances_clock_due",
                condition=Q(state=ClockState.RUNNING, overdue_at__isnull=True),
            ),
            models.Index(
                fields=["remind_at"],
                name="grievances_clock_remind",
                condition=Q(state=ClockState.RUNNING, reminded_at__isnull=True, remind_at__isnull=False),
            ),
            models.Index(
                fields=["missing_date"],
                name="grievances_clock_missing",
                condition=Q(state=ClockState.RUNNING, missing_date__isnull=False),
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["grievance", "kind"],
                condition=Q(state=ClockState.RUNNING),
                name="grievances_clock_one_running",
                violation_error_message="这个时限已经在走。",
            ),
            models.CheckConstraint(
                condition=Q(state=ClockState.RUNNING, ended_at__isnull=True)
                | ~Q(state=ClockState.RUNNING) & Q(ended_at__isnull=False),
                name="grievances_clock_ended",
                violation_error_message="停下的时钟要有时间。",
            ),
        ]

    def __str__(self) -> str:
        """Return what is awaited of which grievance."""
        return f"{self.grievance_id} {self.get_kind_display()}"

    def is_overdue(self, at) -> bool:
        """Return whether it was, or by `at` is, missed: met too late, or still running after its due time."""
        ended = self.ended_at if self.state == ClockState.MET else at
        return self.due_at is not None and self.state != ClockState.VOID and ended > self.due_at


class Pause(models.Model):
    """A time in which the clocks of a grievance stand still: 待补充, 挂起."""

    grievance = models.ForeignKey(Grievance, models.PROTECT, verbose_name="诉求", related_name="pauses")
    kind = models.CharField("原因", max_length=12, choices=PauseKind)
    from_at = models.DateTimeField("开始")
    until_at = models.DateTimeField("结束", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "暂停"
        ordering = ["from_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["grievance"],
                condition=Q(until_at__isnull=True),
                name="grievances_pause_one_open",
                violation_error_message="已经暂停了。",
            ),
            models.CheckConstraint(
                condition=Q(until_at__isnull=True) | Q(until_at__gte=F("from_at")),
                name="grievances_pause_period",
                violation_error_message="暂停的结束不能早于开始。",
            ),
        ]

    def __str__(self) -> str:
        """Return why and since when."""
        return f"{self.get_kind_display()} {self.from_at:%Y-%m-%d %H:%M}"


class Extension(models.Model):
    """A request for more time for the answer; once, before it is due, decided one level up (docs/domain: clocks)."""

    clock = models.ForeignKey(Clock, models.PROTECT, verbose_name="时限", related_name="extensions")
    status = models.CharField("状态", max_length=10, choices=ExtensionStatus, default=ExtensionStatus.REQUESTED)
    days = models.PositiveSmallIntegerField("延长（工作日）")
    reason = models.CharField("理由", max_length=500)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, verbose_name="申请人", related_name="+")
    requested_at = models.DateTimeField("申请时间")
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, verbose_name="批准人", related_name="+"
    )
    decided_at = models.DateTimeField("决定时间", null=True)
    note = models.CharField("意见", max_length=200, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "延期申请"
        ordering = ["-requested_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["clock"],
                condition=~Q(status=ExtensionStatus.REFUSED),
                name="grievances_extension_once",
                violation_error_message="一件诉求只能延期一次。",
            ),
            models.CheckConstraint(
                condition=Q(status=ExtensionStatus.REQUESTED, decided_at__isnull=True)
                | ~Q(status=ExtensionStatus.REQUESTED) & Q(decided_at__isnull=False, decided_by__isnull=False),
                name="grievances_extension_decided",
                violation_error_message="批准或不批准要有时间和批准人。",
            ),
            models.CheckConstraint(
                condition=Q(days__gt=0) & ~Q(reason=""),
                name="grievances_extension_reason",
                violation_error_message="延期要说几天、为什么。",
            ),
        ]

    def __str__(self) -> str:
        """Return how long and what became of it."""
        return f"{self.days} 个工作日 {self.get_status_display()}"
