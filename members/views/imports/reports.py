"""Downloads of a batch: checked each time, never below MEDIA_URL."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from branches.capabilities import Capability
from members.roster.report import REJECTED, RESULT
from members.views.imports.pages import attachment, batch_for, crumbs_of, require, url_of
from members.workflow import import_reports
from members.workflow.imports import NotReady

_FILE_NAMES = {REJECTED: "批注表", RESULT: "全部结果"}


@login_required
@never_cache
@require_safe
def import_report(request, pk: int, kind: str):
    """Answer with a workbook that is ready, else with a page that waits for the worker to write it."""
    batch = batch_for(request, pk)
    require(request, batch, Capability.ROSTER_IMPORT_UPLOAD)
    try:
        ready = import_reports.prepare(request.user, batch, kind)
    except NotReady as refusal:
        messages.warning(request, str(refusal))
        return redirect(url_of("import_detail", batch))
    if ready and import_reports.rows_in(batch, kind) <= import_reports.AT_ONCE:
        return redirect("members:import_report_file", batch.pk, kind)
    context = {"batch": batch, "kind": kind, "ready": ready, "rows": import_reports.rows_in(batch, kind)}
    if request.htmx:
        return render(request, "members/imports/report_state.html", context)
    context |= {"title": _FILE_NAMES[kind], "crumbs": crumbs_of(batch, _FILE_NAMES[kind])}
    return render(request, "members/imports/report.html", context)


@login_required
@never_cache
@require_safe
def import_report_file(request, pk: int, kind: str):
    """Answer with the workbook itself; checked again, and traced."""
    batch = batch_for(request, pk)
    require(request, batch, Capability.ROSTER_IMPORT_UPLOAD)
    try:
        opened = import_reports.fetch(request.user, batch, kind)
    except NotReady as refusal:
        messages.warning(request, str(refusal))
        return redirect(url_of("import_detail", batch))
    return attachment(opened, f"{_FILE_NAMES[kind]}-导入{batch.pk}.xlsx")
