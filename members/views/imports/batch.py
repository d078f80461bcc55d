"""One batch: the step it is at, and what a person does about it."""

from __future__ import annotations

from pathlib import Path

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from branches.capabilities import Capability
from foundation.audit.trail import Conflict, NotAllowed
from members.choices import IMPORT_NEXT, IMPORT_WORKING, ImportStatus
from members.forms.columns import ColumnsForm
from members.forms.imports import UndoForm
from members.roster.fields import BY_CODE
from members.views.imports.pages import (
    batch_for,
    changed_words,
    columns_page,
    crumbs_of,
    frame,
    may_be_undone,
    name_is_taken,
    plan_page,
    progress_of,
    require,
    result_of,
    taken_back_words,
    url_of,
    written,
)
from members.workflow.imports import NotReady, confirm, map_columns, request_cancel, request_undo


@login_required
@never_cache
@require_safe
def import_detail(request, pk: int):
    """Answer with the step a batch is at: progress, columns to check, or the result. At most nine queries."""
    batch = batch_for(request, pk)
    if batch.undo_requested or batch.status in IMPORT_WORKING:
        return render(request, "members/imports/working.html", frame(request, batch) | progress_of(batch))
    if batch.status == ImportStatus.PREVIEW:
        return columns_page(request, batch)
    return render(request, "members/imports/result.html", frame(request, batch) | result_of(request, batch))


@login_required
@never_cache
@require_safe
def import_progress(request, pk: int):
    """Answer with the progress alone, for the page to ask again; once the step is over, have the page load anew."""
    batch = batch_for(request, pk)
    if not (batch.undo_requested or batch.status in IMPORT_WORKING):
        response = HttpResponse(status=204)
        response.headers["HX-Redirect"] = url_of("import_detail", batch)
        return response
    return render(request, "members/imports/progress.html", frame(request, batch) | progress_of(batch))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def import_columns(request, pk: int):
    """Take the columns as chosen: read the file again where something was changed, else go on to the plan."""
    batch = batch_for(request, pk)
    if request.method != "POST":
        return redirect(url_of("import_detail", batch))
    require(request, batch, Capability.ROSTER_IMPORT_UPLOAD)
    mapping = ColumnsForm(batch, with_samples=False).chosen(request.POST)
    name = " ".join(request.POST.get("save_as", "").split())[:60] if request.POST.get("keep") else ""
    if request.POST.get("keep") and not name:
        name = Path(batch.file_name).stem[:60]
    if mapping is None and not (name and batch.mapping):
        return redirect(url_of("import_plan", batch))
    if name and name_is_taken(batch, name):
        return columns_page(request, batch, refusal=f"“{name}”已经是另一种表的名称，换一个名称。", status=422)
    try:
        map_columns(request.user, batch, batch.mapping if mapping is None else mapping, save_as=name)
    except ValidationError as refusal:  # somebody took the name at this moment
        return columns_page(request, batch, refusal=" ".join(refusal.messages), status=422)
    except (NotReady, NotAllowed, Conflict) as refusal:
        messages.warning(request, str(refusal))
    return redirect(url_of("import_detail", batch))


@login_required
@require_POST
def import_leave_out(request, pk: int):
    """Leave out every column of one field and read the file again."""
    batch = batch_for(request, pk)
    require(request, batch, Capability.ROSTER_IMPORT_UPLOAD)
    code = request.POST.get("field", "")
    if code not in BY_CODE:
        raise Http404
    try:
        map_columns(request.user, batch, ColumnsForm(batch, with_samples=False).without(code))
    except (NotReady, NotAllowed, Conflict) as refusal:
        messages.warning(request, str(refusal))
    return redirect(url_of("import_detail", batch))


@login_required
@never_cache
@require_safe
def import_plan(request, pk: int):
    """Answer with the rows of a batch by fate; before the writing, with the plan to confirm. At most eight queries."""
    batch = batch_for(request, pk)
    if batch.status in IMPORT_WORKING or batch.undo_requested:
        return redirect(url_of("import_detail", batch))
    if batch.status == ImportStatus.FAILED and not batch.applied:
        return redirect(url_of("import_detail", batch))
    return plan_page(request, batch)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def import_confirm(request, pk: int):
    """Write what the plan says; a refusal shows the plan again with the sentence and the ticks."""
    batch = batch_for(request, pk)
    if request.method != "POST":
        return redirect(url_of("import_plan", batch))
    require(request, batch, Capability.ROSTER_IMPORT_APPLY)
    ticked = request.POST.getlist("accept")
    try:
        confirm(request.user, batch, request.POST.get("plan_digest", ""), accepted_fields=ticked)
    except NotReady as refusal:
        if batch.status == ImportStatus.PREVIEW:
            return plan_page(request, batch, refusal=str(refusal), ticked=ticked, status=409)
        messages.warning(request, str(refusal))
    except (Conflict, NotAllowed):
        batch.refresh_from_db()
        messages.warning(request, f"您没有再写一遍：这一批现在是“{batch.get_status_display()}”。")
    return redirect(url_of("import_detail", batch))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def import_cancel(request, pk: int):
    """Ask whether to stop, and stop."""
    batch = batch_for(request, pk)
    require(request, batch, Capability.ROSTER_IMPORT_UPLOAD)
    if request.method == "POST":
        try:
            request_cancel(request.user, batch)
        except (NotReady, NotAllowed, Conflict) as refusal:
            messages.warning(request, str(refusal))
        return redirect(url_of("import_detail", batch))
    if ImportStatus.CANCELLED not in IMPORT_NEXT[batch.status]:
        return redirect(url_of("import_detail", batch))
    applying = batch.status == ImportStatus.APPLYING
    context = {
        "title": "停止写入" if applying else "不导入这份名册",
        "consequence": (
            f"到现在已写 {batch.applied:,} 行。停下以后，已写的保留，没写的不再写；需要时可以整批撤销。"
            if applying
            else "登记没有改动。上传的文件会删去，以后要导入，再上传一次。"
        ),
        "submit": "停止写入" if applying else "不导入了",
        "danger": True,
        "cancel_url": url_of("import_detail", batch),
        "cancel": "接着写" if applying else "返回",
        "crumbs": crumbs_of(batch, "停止"),
    }
    return render(request, "components/confirm.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def import_undo(request, pk: int):
    """Say what taking the batch back will do, ask why, and have it done."""
    batch = batch_for(request, pk)
    require(request, batch, Capability.ROSTER_IMPORT_UNDO)
    if not may_be_undone(batch):
        messages.warning(request, "这一批现在不能撤销：只有写过的、还没有撤销的才能撤销。")
        return redirect(url_of("import_detail", batch))
    form = UndoForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            request_undo(request.user, batch, reason=form.cleaned_data["reason"])
        except (NotReady, NotAllowed, Conflict) as refusal:
            messages.warning(request, str(refusal))
        return redirect(url_of("import_detail", batch))
    context = {
        "title": "撤销这一批导入",
        "errors_title": "还没有撤销，请写明理由",
        "consequence": (
            f"撤销会{taken_back_words(written(batch))}。"
            f"写入以后{changed_words(batch)}不动，列给您看。撤销以后不能恢复，要的话再导入一次。"
        ),
        "form": form,
        "submit": "撤销这一批",
        "danger": True,
        "cancel_url": url_of("import_detail", batch),
        "cancel": "不撤销，返回",
        "crumbs": crumbs_of(batch, "撤销"),
    }
    return render(request, "components/confirm.html", context, status=422 if form.is_bound else 200)
