"""What people ask for. So far only 意见建议 about the portal itself; the closed loop comes with its own part."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from foundation.protection.fields import ProtectedField
from grievances.choices import Category


class Grievance(models.Model):
    """One thing somebody said, with a number to refer to it."""

    number = models.CharField("编号", max_length=24)
    category = models.CharField("类别", max_length=20, choices=Category)
    title = models.CharField("标题", max_length=80)
    description = models.TextField("说明", max_length=2000)
    contact = ProtectedField("联系方式", blank=True, default="", mask="phone")
    lodged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, verbose_name="提交人", related_name="+"
    )
    lodged_at = models.DateTimeField("提交时间")

    class Meta:
        verbose_name = verbose_name_plural = "诉求"
        ordering = ["-lodged_at"]
        constraints = [
            models.UniqueConstraint(fields=["number"], name="grievances_grievance_number"),
            models.CheckConstraint(
                condition=~Q(title=""), name="grievances_grievance_title", violation_error_message="标题不能空着。"
            ),
        ]

    def __str__(self) -> str:
        """Return number and title."""
        return f"{self.number} {self.title}"
