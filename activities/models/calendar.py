"""The compliance calendar: rules as data, and what each branch owes and has done by them."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from activities.choices import ActivityKind, Frequency, RuleCondition
from activities.querysets import ComplianceRuleQuerySet, ComplianceStatusQuerySet
from branches.models import Organization


class ComplianceRule(models.Model):
    """How often branches of some kinds do something, by which article, from which day on.

    A rule of a committee stands before that of a committee above it and before the rule for all, within its subtree
    and for its kinds of branches. A change is a new row with a later date: periods that have begun keep theirs.
    """

    kind = models.CharField("种类", max_length=30, choices=ActivityKind)
    frequency = models.CharField("周期", max_length=10, choices=Frequency)
    times = models.PositiveSmallIntegerField("次数", default=1)
    organization_kinds = models.JSONField("适用的支部类型", help_text="如 branch、mobile_branch")
    condition = models.CharField("条件", max_length=14, choices=RuleCondition, default=RuleCondition.ALWAYS)
    online_counts = models.BooleanField("线上召开算数", default=True)
    organization = models.ForeignKey(
        Organization,
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name="适用范围",
        related_name="compliance_rules",
        help_text="这个组织和它的下级；空着：所有组织",
    )
    from_date = models.DateField("启用日期")
    until_date = models.DateField("停用日期", null=True, blank=True, help_text="从这一天起不再适用")
    rule = models.CharField("规定", max_length=200, help_text="写给支部书记看的一句话")
    source = models.CharField("出处", max_length=200, help_text="文件名和条款")
    is_verified = models.BooleanField("已与原文核对", default=False)

    objects = ComplianceRuleQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "组织生活规定"
        ordering = ["kind", "-from_date", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    kind__in=ActivityKind.values, frequency__in=Frequency.values, condition__in=RuleCondition.values
                ),
                name="activities_compliancerule_choices",
                violation_error_message="种类、周期或条件不对。",
            ),
            models.CheckConstraint(
                condition=Q(until_date__isnull=True) | Q(until_date__gt=F("from_date")),
                name="activities_compliancerule_period",
                violation_error_message="停用日期必须晚于启用日期。",
            ),
            models.CheckConstraint(
                condition=~Q(rule="") & ~Q(source=""),
                name="activities_compliancerule_source",
                violation_error_message="规定要写清内容和出处。",
            ),
        ]

    def __str__(self) -> str:
        """Return kind and frequency."""
        return f"{self.get_kind_display()} {self.get_frequency_display()} {self.times} 次"


class ComplianceStatus(models.Model):
    """What a branch owes of one kind in one period and what it has done. Derived: counted anew at any time."""

    organization = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="组织", related_name="compliance_statuses"
    )
    kind = models.CharField("种类", max_length=30, choices=ActivityKind)
    from_date = models.DateField("期间开始")
    until_date = models.DateField("期间结束", help_text="不含这一天")
    due = models.PositiveSmallIntegerField("应做（次）")
    done = models.PositiveSmallIntegerField("已做（次）")
    rule = models.ForeignKey(ComplianceRule, models.PROTECT, verbose_name="规定", related_name="statuses")

    objects = ComplianceStatusQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "组织生活完成情况"
        ordering = ["organization", "kind", "from_date"]
        indexes = [models.Index(fields=["until_date", "organization"], name="activities_status_until")]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "kind", "from_date"],
                name="activities_compliancestatus_once",
                violation_error_message="这一期已经有了。",
            ),
            models.CheckConstraint(
                condition=Q(until_date__gt=F("from_date"), due__gt=0),
                name="activities_compliancestatus_due",
                violation_error_message="期间和应做次数不对。",
            ),
        ]

    def __str__(self) -> str:
        """Return kind, period and n of m."""
        return f"{self.get_kind_display()} {self.from_date:%Y-%m-%d} {self.done}/{self.due}"

    @property
    def missing(self) -> int:
        """Return how many are still to do. Unit: 次."""
        return max(self.due - self.done, 0)
