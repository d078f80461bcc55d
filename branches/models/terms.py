"""The term of a branch or committee: elected when, for how long, due for re-election when."""

from __future__ import annotations

from datetime import date

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.lookups import GreaterThanOrEqual

from branches.choices import ElectionMethod
from branches.models.organizations import Organization
from branches.querysets import TermQuerySet

YEARS = [(3, "3 年"), (5, "5 年")]


class Term(models.Model):
    """One term (届). The day it ends is that of the election and its years, or an approved other day with its paper."""

    organization = models.ForeignKey(Organization, models.PROTECT, verbose_name="组织", related_name="terms")
    number = models.PositiveSmallIntegerField("第几届", null=True, blank=True)
    elected_date = models.DateField("选举日期")
    years = models.PositiveSmallIntegerField("任期", choices=YEARS, help_text="村和社区 5 年，其他基层组织一般 3 年")
    planned_end_date = models.DateField("届满日期")
    changed_end_date = models.DateField("批准延期或提前到", null=True, blank=True)
    change_document = models.CharField("批准文号", max_length=80, blank=True)
    ended_date = models.DateField("实际结束日期", null=True, blank=True, editable=False)
    method = models.CharField("选举方式", max_length=10, choices=ElectionMethod)
    entitled = models.PositiveIntegerField("应到（人）", help_text="有选举权的党员")
    present = models.PositiveIntegerField("实到（人）")
    document = models.CharField("批复文号", max_length=80, blank=True)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, verbose_name="登记人", related_name="+"
    )
    created_at = models.DateTimeField("登记时间", auto_now_add=True)

    due_date: date  # annotated by TermQuerySet.running: the approved day, else the planned one

    objects = TermQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "届"
        ordering = ["organization", "-elected_date"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization"],
                condition=Q(ended_date__isnull=True),
                name="branches_term_one",
                violation_error_message="这个组织还有一届没有结束。",
            ),
            models.UniqueConstraint(
                fields=["organization", "elected_date"],
                name="branches_term_once",
                violation_error_message="这一天的选举已经登记过了。",
            ),
            models.CheckConstraint(
                condition=Q(years__in=[3, 5], method__in=ElectionMethod.values),
                name="branches_term_choices",
                violation_error_message="任期是 3 年或 5 年。",
            ),
            models.CheckConstraint(
                condition=Q(planned_end_date__gt=F("elected_date")),
                name="branches_term_period",
                violation_error_message="届满日期必须晚于选举日期。",
            ),
            models.CheckConstraint(
                condition=(Q(changed_end_date__isnull=True) & Q(change_document=""))
                | (Q(changed_end_date__isnull=False, changed_end_date__gt=F("elected_date")) & ~Q(change_document="")),
                name="branches_term_changed",
                violation_error_message="延期或提前换届要有批准到的日期和文号。",
            ),
            models.CheckConstraint(
                condition=Q(ended_date__isnull=True) | Q(ended_date__gte=F("elected_date")),
                name="branches_term_ended",
                violation_error_message="结束日期不能早于选举日期。",
            ),
            models.CheckConstraint(
                # 《中国共产党基层组织选举工作条例》: not fewer than four fifths of those entitled.
                condition=Q(present__lte=F("entitled"), entitled__gt=0)
                & Q(GreaterThanOrEqual(F("present") * 5, F("entitled") * 4)),
                name="branches_term_quorum",
                violation_error_message="实到要不少于应到的五分之四，也不能多于应到，选举才有效。",
            ),
        ]

    def __str__(self) -> str:
        """Return organisation and election."""
        return f"{self.organization} {self.elected_date:%Y-%m-%d}"

    @property
    def end_date(self) -> date:
        """Return the day by which the next election is due."""
        return self.changed_end_date or self.planned_end_date
