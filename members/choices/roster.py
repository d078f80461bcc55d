"""Choices and life-cycles of roster imports and exports."""

from django.db.models import TextChoices


class ImportStatus(TextChoices):
    """Life of a roster import (the names are part of the contract)."""

    UPLOADED = "uploaded", "已上传"
    PARSING = "parsing", "正在读取"
    PREVIEW = "preview", "等待核对"
    APPLYING = "applying", "正在写入"
    DONE = "done", "已完成"
    FAILED = "failed", "没有成功"
    UNDONE = "undone", "已撤销"
    CANCELLED = "cancelled", "已取消"


IMPORT_NEXT: dict[str, frozenset[str]] = {
    ImportStatus.UPLOADED: frozenset({ImportStatus.PARSING, ImportStatus.FAILED, ImportStatus.CANCELLED}),
    ImportStatus.PARSING: frozenset({ImportStatus.PREVIEW, ImportStatus.FAILED, ImportStatus.CANCELLED}),
    # A changed mapping is read again from the start; a changed basis is planned again.
    ImportStatus.PREVIEW: frozenset(
        {ImportStatus.APPLYING, ImportStatus.PARSING, ImportStatus.CANCELLED, ImportStatus.FAILED}
    ),
    ImportStatus.APPLYING: frozenset(
        {ImportStatus.DONE, ImportStatus.PREVIEW, ImportStatus.FAILED, ImportStatus.CANCELLED}
    ),
    ImportStatus.DONE: frozenset({ImportStatus.UNDONE}),
    # What was written before a cancel can be taken back.
    ImportStatus.CANCELLED: frozenset({ImportStatus.UNDONE}),
    ImportStatus.FAILED: frozenset({ImportStatus.UNDONE}),
    ImportStatus.UNDONE: frozenset(),
}
IMPORT_WORKING = frozenset({ImportStatus.UPLOADED, ImportStatus.PARSING, ImportStatus.APPLYING})


class ImportPhase(TextChoices):
    """What the worker is doing; written to the log so that a killed run can be placed."""

    WAITING = "waiting", "排队"
    PARSE = "parse", "读取文件"
    STAGE = "stage", "逐行检查"
    PLAN = "plan", "对照已有登记"
    APPLY = "apply", "写入"
    FINISH = "finish", "收尾"
    UNDO = "undo", "撤销"
    NONE = "none", "—"


class Fate(TextChoices):
    """What becomes of a row (the names are part of the contract)."""

    CREATED = "created", "新增"
    UPDATED = "updated", "变更"
    UNCHANGED = "unchanged", "不变"
    REJECTED = "rejected", "拒绝"


class ExportStatus(TextChoices):
    """Life of an export."""

    WAITING = "waiting", "排队"
    WRITING = "writing", "正在生成"
    READY = "ready", "可以下载"
    FAILED = "failed", "没有成功"
    EXPIRED = "expired", "已过期"


EXPORT_NEXT: dict[str, frozenset[str]] = {
    ExportStatus.WAITING: frozenset({ExportStatus.WRITING, ExportStatus.FAILED}),
    ExportStatus.WRITING: frozenset({ExportStatus.READY, ExportStatus.FAILED, ExportStatus.WAITING}),
    ExportStatus.READY: frozenset({ExportStatus.EXPIRED}),
    ExportStatus.FAILED: frozenset(),
    ExportStatus.EXPIRED: frozenset(),
}
