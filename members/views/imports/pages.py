"""What the pages of a batch are made of."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db.models import Count
from django.http import FileResponse, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone

from branches.capabilities import Capability
from branches.rules import may
from members.choices import IMPORT_NEXT, Fate, ImportPhase, ImportStatus
from members.forms.columns import ColumnsForm
from members.models import RosterImport, RosterMapping
from members.roster import lines
from members.roster.fields import BY_CODE
from members.workflow.imports import braked_fields

_STEPS = ("上传文件", "核对列", "核对计划", "写入", "结果")
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_PHASES: dict[str, str] = {
    ImportPhase.WAITING: "排队等后台",
    ImportPhase.PARSE: "打开文件、找表头",
    ImportPhase.PLAN: "对照已有登记",
    ImportPhase.STAGE: "逐行检查",
    ImportPhase.APPLY: "逐批写入",
    ImportPhase.FINISH: "收尾",
    ImportPhase.UNDO: "逐批撤销",
}


def attachment(opened, name: str) -> FileResponse:
    """Return a workbook as a download that no cache keeps."""
    response = FileResponse(opened, as_attachment=True, filename=name, content_type=_XLSX)
    response.headers["Cache-Control"] = "no-store"
    return response


def batch_for(request, pk: int) -> RosterImport:
    """Return a batch the reader may see; a foreign one is as good as none."""
    rows = RosterImport.objects.visible_to(request.reach)
    return get_object_or_404(rows.select_related("organization", "uploaded_by", "confirmed_by", "undone_by"), pk=pk)


def require(request, batch: RosterImport, capability: Capability) -> None:
    """Raise PermissionDenied unless the reader may do this with the batch. No query."""
    if not may(request.reach, capability, at=batch.organization):
        raise PermissionDenied


def url_of(name: str, batch: RosterImport) -> str:
    """Return an address of the batch."""
    return reverse(f"members:{name}", args=[batch.pk])


def crumbs_of(batch: RosterImport, *last: str) -> list[tuple[str, str]]:
    """Return the breadcrumbs of a page of the batch."""
    head = [("名册导入", reverse("members:import_list"))]
    if not last:
        return [*head, (batch.file_name, "")]
    return [*head, (batch.file_name, url_of("import_detail", batch)), *((word, "") for word in last)]


def number(text: str | None) -> int | None:
    """Return a whole number of the address, or None for anything else."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 16 else None


def frame(request, batch: RosterImport, step: int | None = None) -> dict:
    """Return what every page of a batch needs: stepper, breadcrumbs, and what its reader may do. No query."""
    now = step or _step(batch)
    ended = batch.status in (ImportStatus.DONE, ImportStatus.UNDONE)
    states = ["done" if number < now or ended else "now" if number == now else "next" for number in range(1, 6)]
    if ended:
        states[-1] = "now"
    return {
        "batch": batch,
        "crumbs": crumbs_of(batch),
        "steps": list(zip(_STEPS, states, strict=True)),
        "may_upload": may(request.reach, Capability.ROSTER_IMPORT_UPLOAD, at=batch.organization),
        "may_apply": may(request.reach, Capability.ROSTER_IMPORT_APPLY, at=batch.organization),
        "may_undo": may(request.reach, Capability.ROSTER_IMPORT_UNDO, at=batch.organization),
        "to_write": batch.created + batch.updated,
    }


def _step(batch: RosterImport) -> int:
    if batch.status in (ImportStatus.UPLOADED, ImportStatus.PARSING, ImportStatus.PREVIEW):
        return 2
    if batch.status == ImportStatus.APPLYING:
        return 4
    if batch.status in (ImportStatus.FAILED, ImportStatus.CANCELLED):
        return 4 if batch.confirmed_at else 2 if batch.status == ImportStatus.FAILED else 3
    return 5


def progress_of(batch: RosterImport) -> dict:
    """Return how far the worker is. One query while a batch is taken back."""
    undoing = batch.undo_requested
    total, value = (batch.applied, 0) if undoing else (batch.created + batch.updated, batch.applied)
    if undoing:
        value = batch.roster_results.exclude(undone="").count()
    writing = undoing or batch.status == ImportStatus.APPLYING
    left = None
    if writing and not undoing and batch.confirmed_at and value:
        spent = (timezone.now() - batch.confirmed_at).total_seconds()
        left = round(spent * max(0, total - value) / value) if spent > 3 else None
    return {
        "title": "正在撤销" if undoing else "正在写入" if writing else "正在读取名册",
        "undoing": undoing,
        "writing": writing,
        "value": value,
        "total": total,
        "seconds_left": left,
        "phase": _PHASES.get(batch.phase, "排队等后台"),
        "stopping": batch.cancel_requested,
    }


def columns_page(request, batch: RosterImport, *, refusal: str = "", status: int = 200) -> HttpResponse:
    """Return the page 核对列. Five queries."""
    form = ColumnsForm(batch)
    skipped, ignored = _left_aside(batch)
    numeric = next((rows for code, _, rows in lines.reasons(batch) if code == "id_numeric_cell"), 0)
    twin = (
        RosterImport.objects.visible_to(request.reach)
        .filter(file_digest=batch.file_digest, pk__lt=batch.pk)
        .select_related("uploaded_by")
        .order_by("-pk")
        .first()
    )
    context = frame(request, batch, 2) | {
        "form": form,
        "refusal": refusal,
        "asking": sum(table.asking for table in form.tables),
        "all_columns": sum(len(table.entries) for table in form.tables),
        "known_columns": sum(table.known for table in form.tables),
        "skipped": skipped,
        "ignored": ignored,
        "numeric_ids": numeric,
        "twin": twin,
        "kept": RosterMapping.objects.filter(organization=batch.organization, shape=batch.shape).first(),
        "suggested_name": Path(batch.file_name).stem[:60],
    }
    return render(request, "members/imports/columns.html", context, status=status)


_SKIPPED = {"hidden": "隐藏的工作表，不读", "empty": "空的", "no_header": "没有找到表头"}
_IGNORED = {
    "title": "标题",
    "total": "合计、小计",
    "note": "填表人、备注一类",
    "notes_block": "填表说明",
    "sample": "示例",
    "header": "重复的表头",
    "ruled": "栏次编号",
    "blank": "空行",
}


def _left_aside(batch: RosterImport) -> tuple[list[tuple[str, str]], list[dict]]:
    """Return the sheets that were not read with the reason, and the rows that are no people, by kind. No query."""
    skipped, kinds = [], {}
    for entry in batch.sheets:
        if "skipped" in entry:
            skipped.append((entry["sheet"], _SKIPPED.get(entry["skipped"], "")))
        else:
            kinds.setdefault(entry["ignored"], []).append(entry)
    return skipped, [
        {"label": _IGNORED.get(kind, "其他"), "count": len(rows), "rows": rows[:20]} for kind, rows in kinds.items()
    ]


def plan_page(request, batch: RosterImport, *, refusal: str = "", ticked=(), status: int = 200) -> HttpResponse:
    """Return the rows of one fate; before the writing, with counts, brakes and the button. At most four queries."""
    preview = batch.status == ImportStatus.PREVIEW
    counts = {
        Fate.CREATED.value: batch.created,
        Fate.UPDATED.value: batch.updated,
        Fate.REJECTED.value: batch.rejected,
        "reminded": batch.warnings,
        Fate.UNCHANGED.value: batch.unchanged,
    }
    show = request.GET.get("show", "")
    if show not in counts:
        show = next((code for code in ("updated", "rejected", "created") if counts[code]), "unchanged")
    page = lines.lines_of(
        batch,
        show,
        party_facts=may(request.reach, Capability.PARTY_MEMBER_VIEW, at=batch.organization),
        after=number(request.GET.get("after")),
        before=number(request.GET.get("before")),
    )
    labels = {
        Fate.CREATED.value: "新增",
        Fate.UPDATED.value: "变更",
        Fate.REJECTED.value: "拒绝",
        "reminded": "有提醒",
        Fate.UNCHANGED.value: "不变",
    }
    base = url_of("import_plan", batch)
    context = frame(request, batch, 3 if preview else None) | {
        "preview": preview,
        "show": show,
        "show_label": labels[show],
        "show_count": counts[show],
        "tabs": [
            {"label": label, "url": f"{base}?show={code}", "count": counts[code], "current": code == show}
            for code, label in labels.items()
        ],
        "lines": page.lines,
        "several_sheets": len({table["sheet"] for table in batch.columns}) > 1,
        "previous_url": f"{base}?show={show}&before={page.before}" if page.before is not None else "",
        "next_url": f"{base}?show={show}&after={page.after}" if page.after is not None else "",
        "reasons": lines.reasons(batch) if show == Fate.REJECTED else [],
        "refusal": refusal,
        "segments": _segments(batch),
        "brakes": _brakes(batch, ticked) if preview else [],
    }
    return render(request, "members/imports/plan.html", context, status=status)


def _brakes(batch: RosterImport, ticked) -> list[dict]:
    """Return the fields that want a tick, with how many rows they change and the share."""
    return [
        {
            "code": code,
            "label": BY_CODE[code].label if code in BY_CODE else code,
            "rows": batch.field_changes[code],
            "ticked": code in ticked or code in batch.accepted_fields,
        }
        for code in braked_fields(batch)
    ]


_SEGMENTS = (
    ("created", "新增", "ok"),
    ("updated", "变更", "info"),
    ("unchanged", "不变", "mute"),
    ("rejected", "拒绝", "bad"),
)
_FILLS = {"ok": "#1d6a3c", "info": "#54748f", "mute": "#cfc7ba", "bad": "#b3261e"}
_BAR = 1000


def _segments(batch: RosterImport) -> list[dict]:
    """Return the four fates as parts of a bar 1,000 wide: what is there at all stays visible."""
    parts = []
    for code, label, tone in _SEGMENTS:
        rows = getattr(batch, code)
        wide = max(4, round(rows * _BAR / batch.rows)) if rows and batch.rows else 0
        parts.append({"code": code, "label": label, "tone": tone, "fill": _FILLS[tone], "rows": rows, "width": wide})
    spare = sum(part["width"] for part in parts) - _BAR
    if parts and batch.rows:
        widest = max(parts, key=lambda part: part["width"])
        widest["width"] -= spare
    start = 0
    for part in parts:
        part["x"] = start
        start += part["width"]
        part["width"] = max(0, part["width"] - 3) if part["width"] > 6 else part["width"]
    return parts


def written(batch: RosterImport) -> dict[str, int]:
    """Return how many rows were written by fate. Unit: 行. One query."""
    return dict(batch.roster_results.order_by().values_list("fate").annotate(Count("pk")))


def may_be_undone(batch: RosterImport) -> bool:
    """Whether the batch has written something and may be taken back in its state. No query."""
    return bool(batch.applied) and not batch.undo_requested and ImportStatus.UNDONE in IMPORT_NEXT[batch.status]


def taken_back_words(made: dict[str, int]) -> str:
    """Return what an undo takes back of the rows written by fate: 把 17 人改回原值，删去 14 个新增的人."""
    parts = (("把 {:,} 人改回原值", made.get(Fate.UPDATED, 0)), ("删去 {:,} 个新增的人", made.get(Fate.CREATED, 0)))
    return "，".join(words.format(number) for words, number in parts if number)


def changed_words(batch: RosterImport) -> str:
    """Return 又被改过的 2 人, or without the number where it is not known. Three queries."""
    changed = lines.changed_since(batch)
    return "又被改过的人" if not changed else f"又被改过的 {changed:,} 人"


def result_of(request, batch: RosterImport) -> dict:
    """Return what the page of an ended batch says. At most four queries."""
    made = written(batch) if batch.applied else {}
    ended = batch.status == ImportStatus.DONE or batch.status == ImportStatus.UNDONE
    plan = {code: getattr(batch, code) for code, _, _ in _SEGMENTS}
    done = plan if ended else dict.fromkeys(plan, 0)
    done = done | {Fate.CREATED.value: made.get("created", 0), Fate.UPDATED.value: made.get("updated", 0)}
    notes = {
        "created": "新登记的司机",
        "updated": "每一处的原值都已留存",
        "unchanged": "和登记的一样，没有动",
        "rejected": "批注表里逐行写明原因，改好可以单独再导入",
    }
    base = url_of("import_plan", batch)
    seconds = None
    if batch.finished_at and batch.confirmed_at:
        seconds = round((batch.finished_at - batch.confirmed_at).total_seconds())
    has_rows = bool(batch.rows) and not (batch.status == ImportStatus.FAILED and not batch.applied)
    may_take_back = may_be_undone(batch) and may(request.reach, Capability.ROSTER_IMPORT_UNDO, at=batch.organization)
    return {
        "rows_table": [
            {
                "label": label,
                "tone": tone,
                "planned": plan[code],
                "done": done[code],
                "note": notes[code],
                "url": f"{base}?show={code}",
            }
            for code, label, tone in _SEGMENTS
        ],
        "planned_total": sum(plan.values()),
        "done_total": sum(done.values()),
        "has_rows": has_rows,
        "dropped": batch.status == ImportStatus.CANCELLED and not batch.applied,
        "seconds": seconds,
        "taken_back": taken_back_words(made),
        "may_take_back": may_take_back,
        "changed": changed_words(batch) if may_take_back else "",
        # The lines that undo needs are kept so long (members.workflow.retention).
        "undo_until": batch.finished_at and batch.finished_at + timedelta(days=settings.ROSTER_RETENTION_DAYS),
        "left": lines.left_by_undo(batch) if batch.undo_conflicts else [],
        "warnings_url": f"{base}?show=reminded",
    }


def name_is_taken(batch: RosterImport, name: str) -> bool:
    """Whether a mapping for another shape of file has this name. One query."""
    kept = RosterMapping.objects.filter(organization=batch.organization, name=name)
    return kept.exclude(shape=batch.shape).exists()
