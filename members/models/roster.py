"""The staging tables of the roster pipeline: a batch, its rows, and column mappings kept for later."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from branches.models import Organization
from foundation.protection.fields import BlindIndexField, ProtectedField
from members.choices import Fate, ImportPhase, ImportStatus
from members.querysets import RosterImportQuerySet


class RosterMapping(models.Model):
    """Which header means which field, kept per organisation and shape of file."""

    organization = models.ForeignKey(Organization, models.PROTECT, related_name="roster_mappings")
    name = models.CharField("名称", max_length=60)
    shape = models.CharField("表头指纹", max_length=64)
    columns = models.JSONField("列", default=dict)  # header text → field code, "" = left out
    saved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = verbose_name_plural = "列对应"
        constraints = [
            models.UniqueConstraint(fields=["organization", "shape"], name="members_rostermapping_shape"),
            models.UniqueConstraint(
                fields=["organization", "name"],
                name="members_rostermapping_name",
                violation_error_message="这个名称已经用过了。",
            ),
        ]

    def __str__(self) -> str:
        """Return the name."""
        return self.name


class RosterImport(models.Model):
    """One roster file on its way into the registry: `rows = created + updated + unchanged + rejected`, always."""

    organization = models.ForeignKey(Organization, models.PROTECT, verbose_name="导入到", related_name="roster_imports")
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, verbose_name="上传人", related_name="roster_imports"
    )
    file_name = models.CharField("文件名", max_length=200)
    stored_file = models.CharField("存放位置", max_length=120, blank=True)  # name in private storage, "" once purged
    file_size = models.PositiveBigIntegerField("大小（字节）")
    file_digest = models.CharField("文件指纹", max_length=64)
    status = models.CharField("状态", max_length=10, choices=ImportStatus, default=ImportStatus.UPLOADED)
    phase = models.CharField("步骤", max_length=8, choices=ImportPhase, default=ImportPhase.WAITING)
    mapping = models.JSONField("列对应（手工）", default=dict, blank=True)
    sheets = models.JSONField("工作表", default=list, blank=True)  # what was understood, for the page
    columns = models.JSONField("列", default=list, blank=True)
    shape = models.CharField("表头指纹", max_length=64, blank=True)
    accepted_fields = models.JSONField("同意大面积改动的字段", default=list, blank=True)
    apply_at_once = models.BooleanField("不经核对直接写入", default=False)  # the command confirms beforehand
    rows = models.PositiveIntegerField("行数", default=0)
    created = models.PositiveIntegerField("新增", default=0)
    updated = models.PositiveIntegerField("变更", default=0)
    unchanged = models.PositiveIntegerField("不变", default=0)
    rejected = models.PositiveIntegerField("拒绝", default=0)
    warnings = models.PositiveIntegerField("提醒", default=0)
    applied = models.PositiveIntegerField("已写入", default=0)
    stored_matches = models.PositiveIntegerField("已在册", default=0)
    out_of_scope = models.PositiveIntegerField("不在范围", default=0)
    rows_expected = models.PositiveIntegerField("预计行数", default=0)  # for the progress bar while the file is read
    field_changes = models.JSONField("各字段改动数", default=dict, blank=True)
    plan_digest = models.CharField("计划指纹", max_length=64, blank=True)
    planned_at = models.DateTimeField("计划时间", null=True, blank=True)
    replanned = models.BooleanField("基础有变，已重新计划", default=False)
    cancel_requested = models.BooleanField("要求停止", default=False)
    undo_requested = models.BooleanField("要求撤销", default=False)
    undo_conflicts = models.PositiveIntegerField("撤销时跳过", default=0)
    failure_code = models.CharField("失败代码", max_length=40, blank=True)
    failure = models.CharField("失败原因", max_length=300, blank=True)
    starts = models.PositiveSmallIntegerField("启动次数", default=0)
    lease_owner = models.CharField(max_length=60, blank=True)
    lease_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField("上传时间", auto_now_add=True)
    confirmed_at = models.DateTimeField("确认时间", null=True, blank=True)
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, verbose_name="确认人", related_name="+"
    )
    finished_at = models.DateTimeField("完成时间", null=True, blank=True)
    undone_at = models.DateTimeField("撤销时间", null=True, blank=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, verbose_name="撤销人", related_name="+"
    )

    objects = RosterImportQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "名册导入"
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(fields=["organization", "-created_at"], name="members_rosterimport_place"),
            models.Index(fields=["status", "lease_until"], name="members_rosterimport_work"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~Q(status__in=[ImportStatus.PREVIEW, ImportStatus.APPLYING, ImportStatus.DONE])
                | Q(rows=F("created") + F("updated") + F("unchanged") + F("rejected")),
                name="members_rosterimport_conservation",
                violation_error_message="行数必须等于新增、变更、不变、拒绝之和。",
            ),
            models.CheckConstraint(
                condition=~Q(status=ImportStatus.DONE) | Q(finished_at__isnull=False),
                name="members_rosterimport_done",
                violation_error_message="完成的导入必须有完成时间。",
            ),
            models.CheckConstraint(
                condition=~Q(status=ImportStatus.FAILED) | ~Q(failure_code=""),
                name="members_rosterimport_failed",
                violation_error_message="没有成功的导入必须写明原因。",
            ),
        ]

    def __str__(self) -> str:
        """Return the file's name."""
        return self.file_name

    @property
    def has_figures(self) -> bool:
        """Whether its counts say what was or will be written: not of a batch that wrote nothing or was undone."""
        if self.status in {ImportStatus.FAILED, ImportStatus.CANCELLED}:
            return bool(self.applied)
        return bool(self.rows) and self.status != ImportStatus.UNDONE


class RosterRow(models.Model):
    """One row of a roster: raw cells and normalised values sealed together, its errors, its fate."""

    roster_import = models.ForeignKey(RosterImport, models.CASCADE, related_name="roster_rows", db_index=False)
    ordinal = models.PositiveIntegerField()  # position among the rows of people, over all sheets, from 0
    sheet = models.CharField(max_length=60)
    row = models.PositiveIntegerField()  # as a person sees it in the spreadsheet
    sealed = ProtectedField()  # JSON {"raw": […], "values": {…}}: the cells as they stood, and what they mean
    id_number_index = BlindIndexField(null=True)
    phone_index = BlindIndexField(null=True)
    errors = models.JSONField(default=list)  # [[column, code, message]] with masked values only
    warnings = models.JSONField(default=list)
    fate = models.CharField(max_length=10, choices=Fate, default=Fate.CREATED)
    changed_fields = models.JSONField(default=list)
    before = ProtectedField(default="", blank=True)  # JSON of the stored values that an `updated` row changes
    person_id = models.BigIntegerField(null=True)  # whom it met; no foreign key: staging outlives a merge

    class Meta:
        verbose_name = verbose_name_plural = "名册行"
        constraints = [
            models.UniqueConstraint(fields=["roster_import", "ordinal"], name="members_rosterrow_ordinal"),
        ]
        indexes = [models.Index(fields=["roster_import", "fate", "ordinal"], name="members_rosterrow_fate")]

    def __str__(self) -> str:
        """Return sheet and row."""
        return f"{self.sheet} {self.row}"


class RosterResult(models.Model):
    """What applying one row did. Written in the transaction of the change, so it stands exactly when the change does.

    The unique constraint makes it impossible to apply a row twice.
    """

    roster_import = models.ForeignKey(RosterImport, models.PROTECT, related_name="roster_results", db_index=False)
    ordinal = models.PositiveIntegerField()
    person_id = models.BigIntegerField()  # no foreign key: undo deletes the person and keeps the result
    fate = models.CharField(max_length=10, choices=[(Fate.CREATED, "新增"), (Fate.UPDATED, "变更")])
    # JSON of what was there before: {"person": {field: value}, "driver": {…}, "credential": {…}}; "" when created.
    preimage = ProtectedField(default="", blank=True)
    # Ids of what was made beside the person: {"vehicle", "link", "credential", "enterprise"}, and the versions after.
    made = models.JSONField(default=dict)
    undone = models.CharField(
        max_length=10, default="", blank=True, choices=[("", "—"), ("undone", "已撤销"), ("changed", "之后改过，跳过")]
    )

    class Meta:
        verbose_name = verbose_name_plural = "名册写入结果"
        constraints = [
            models.UniqueConstraint(fields=["roster_import", "ordinal"], name="members_rosterresult_once"),
        ]
        indexes = [models.Index(fields=["person_id"], name="members_rosterresult_person")]

    def __str__(self) -> str:
        """Return where it belongs."""
        return f"{self.roster_import_id}/{self.ordinal}"
