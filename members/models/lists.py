"""What belongs to the lists: filters kept for later, and exports written in the background."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from members.choices import ExportStatus
from members.querysets import ExportJobQuerySet


class SavedFilter(models.Model):
    """A filter and column choice that somebody keeps under a name. Never holds a searched identity number or phone."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="saved_filters")  # own notes
    list_name = models.CharField(max_length=20)
    name = models.CharField("名称", max_length=40)
    query = models.JSONField(default=dict)
    columns = models.JSONField(default=list)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = verbose_name_plural = "常用筛选"
        ordering = ["created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "list_name", "name"],
                name="members_savedfilter_name",
                violation_error_message="您已经有同名的常用筛选，换一个名称。",
            ),
        ]

    def __str__(self) -> str:
        """Return the name."""
        return self.name


class ExportJob(models.Model):
    """Rows of a list written to a file in the background: exactly the filtered rows, masked unless a right is held."""

    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="export_jobs")
    list_name = models.CharField("列表", max_length=20)
    query = models.JSONField("条件", default=dict)
    columns = models.JSONField("列", default=list)
    format = models.CharField("格式", max_length=4, choices=[("xlsx", "Excel"), ("csv", "CSV")])
    reason = models.CharField("用途", max_length=200)
    masked = models.BooleanField("打码", default=True)
    status = models.CharField("状态", max_length=8, choices=ExportStatus, default=ExportStatus.WAITING)
    row_limit = models.PositiveIntegerField("行数上限")
    total = models.PositiveIntegerField("应写行数", null=True)
    written = models.PositiveIntegerField("已写行数", default=0)
    file_name = models.CharField("文件", max_length=120, blank=True)
    failure = models.CharField("失败原因", max_length=200, blank=True)
    starts = models.PositiveSmallIntegerField(default=0)
    lease_owner = models.CharField(max_length=60, blank=True)
    lease_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField("提交时间", auto_now_add=True)
    finished_at = models.DateTimeField("完成时间", null=True)
    expires_at = models.DateTimeField("过期时间", null=True)

    objects = ExportJobQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "导出"
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(status=ExportStatus.READY) | (~Q(file_name="") & Q(finished_at__isnull=False)),
                name="members_exportjob_ready",
                violation_error_message="完成的导出必须有文件。",
            ),
        ]

    def __str__(self) -> str:
        """Return what is exported and when."""
        return f"{self.list_name} {self.created_at:%Y-%m-%d %H:%M}"
