"""Work orders of the hotlines that come as a file: the file's batch, and what became of each of its rows."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from branches.models import Organization
from grievances.choices import HOTLINES, Channel, WorkOrderFate, WorkOrderStatus
from grievances.models.cases import Grievance
from grievances.querysets import WorkOrderImportQuerySet


class WorkOrderImport(models.Model):
    """One file of work orders. The file itself is deleted when the batch has ended; the fates of its rows stay."""

    organization = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="登记单位", related_name="work_order_imports"
    )
    channel = models.CharField(
        "来源", max_length=16, choices=[(one.value, one.label) for one in Channel if one in HOTLINES]
    )
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, verbose_name="上传人", related_name="+"
    )
    file_name = models.CharField("文件名", max_length=120)
    stored_file = models.CharField("存放名", max_length=40, blank=True)
    file_digest = models.CharField("文件指纹", max_length=64)
    is_dry_run = models.BooleanField("只试不写", default=False)
    status = models.CharField(
        "状态", max_length=8, choices=WorkOrderStatus, default=WorkOrderStatus.WAITING, editable=False
    )
    failure = models.CharField("没读成的原因", max_length=200, blank=True)
    rows = models.PositiveIntegerField("行数", default=0)
    created = models.PositiveIntegerField("新登记", default=0)
    unchanged = models.PositiveIntegerField("已有，不变", default=0)
    rejected = models.PositiveIntegerField("拒绝", default=0)
    unknown_columns = models.JSONField("没有用到的列", default=list)
    starts = models.PositiveSmallIntegerField(default=0)
    lease_owner = models.CharField(max_length=60, blank=True)
    lease_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField("上传时间")
    finished_at = models.DateTimeField("结束时间", null=True)

    objects = WorkOrderImportQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "热线工单导入"
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(status=WorkOrderStatus.DONE)
                | Q(finished_at__isnull=False, rows=models.F("created") + models.F("unchanged") + models.F("rejected")),
                name="grievances_workorderimport_adds_up",
                violation_error_message="行数要等于新登记、不变和拒绝的和。",
            ),
            models.CheckConstraint(
                condition=~Q(status=WorkOrderStatus.FAILED) | ~Q(failure=""),
                name="grievances_workorderimport_failure",
                violation_error_message="没读成要说为什么。",
            ),
        ]

    def __str__(self) -> str:
        """Return the file's name."""
        return self.file_name


class WorkOrderRow(models.Model):
    """What became of one row; written in the transaction of the lodging, so a killed import neither loses nor repeats.

    `remarks` are [column, code, sentence]; they quote no name and no phone.
    """

    batch = models.ForeignKey(WorkOrderImport, models.PROTECT, verbose_name="导入", related_name="results")
    row = models.PositiveIntegerField("第几行")
    external_number = models.CharField("工单编号", max_length=60, blank=True)
    fate = models.CharField("结果", max_length=9, choices=WorkOrderFate)
    remarks = models.JSONField("说明", default=list)
    grievance = models.ForeignKey(
        Grievance, models.PROTECT, null=True, verbose_name="诉求", related_name="work_order_rows"
    )

    class Meta:
        verbose_name = verbose_name_plural = "工单的一行"
        ordering = ["row"]
        constraints = [models.UniqueConstraint(fields=["batch", "row"], name="grievances_workorderrow_once")]

    def __str__(self) -> str:
        """Return where it stands and what became of it."""
        return f"{self.row} {self.get_fate_display()}"
