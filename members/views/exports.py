"""The pages of exports: asking, progress, the file."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import FileResponse, Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from branches.capabilities import Capability
from members.choices import ExportStatus
from members.forms.registry import ExportForm
from members.lists.columns import readable
from members.lists.drivers import CONDITIONS
from members.lists.exporting import exporting
from members.models import ExportJob
from members.views.drivers import back_to_list, needs, ticked_rows
from members.views.lists import address, asked_list, open_query, seal_query
from members.workflow import exports

_TYPES = {"xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "csv": "text/csv; charset=utf-8"}


@login_required
@require_safe
def export_list(request):
    """Answer with one's own exports, newest first. Three queries."""
    needs(request, Capability.EXPORT_JOB_VIEW)
    jobs = list(ExportJob.objects.visible_to(request.reach).filter(created_by=request.user)[:50])
    for job in jobs:
        job.kind = exporting(job.list_name)
    return render(request, "members/export_list.html", {"jobs": jobs, "now": timezone.now()})


@login_required
@require_http_methods(["GET", "POST"])
def export_create(request):
    """Ask for a file of exactly the rows of the list one came from: by address, or by a form with a typed text."""
    needs(request, Capability.DRIVER_EXPORT)
    source = request.POST if request.method == "POST" else request.GET
    token = request.POST.get("token", "")
    query = open_query(token) if token else None
    if token and query is None:
        raise PermissionDenied("这次查找已经过期，请重新查找再导出。")
    keys = tuple(ticked_rows(request, 5000))
    if not keys and request.POST.get("action") == "export":
        # The button under the list, with no row ticked: never the whole list instead.
        messages.warning(request, "没有选中司机。先在名单左边勾选。")
        return redirect(back_to_list(request))
    asked = asked_list(request, source, query)
    asked.keys, asked.scope = keys, Capability.DRIVER_EXPORT
    columns, drivers = readable(request.reach), exporting(asked.list_name)
    shown = [code for code in source.get("cols", "").split(",") if code in columns]
    sent = request.method == "POST" and "reason" in request.POST
    form = ExportForm(
        request.POST if sent else None,
        columns=columns.values(),
        may_unmask=request.reach.has(Capability.DRIVER_IDENTITY_REVEAL),
        initial={"columns": shown or [code for code, column in columns.items() if column.default]},
    )
    if sent and form.is_valid():
        data = form.cleaned_data
        try:
            job = exports.request_export(
                asked,
                data["columns"],
                format=data["format"],
                reason=data["reason"],
                unmask=data.get("unmask", False),
                actor=request.user,
            )
        except ValidationError as error:
            form.add_refusal(error)
        else:
            return redirect("members:export_detail", pk=job.pk)
    context = {
        "form": form,
        "count": asked.count,
        "applied": [label for _, label in asked.in_force()],
        "query": query,
        "ticked": bool(keys),
        "hidden": [(code, value) for code, value in asked.values.items() if code in CONDITIONS]
        + [("row", key) for key in keys]
        + ([("token", seal_query(query))] if query else []),
        "limits": (drivers.row_limit(request.reach, True), drivers.row_limit(request.reach, False)),
        "cancel_url": address(asked.values),
        "crumbs": [("司机", address({})), ("导出", "")],
    }
    return render(request, "members/export_form.html", context, status=422 if form.is_bound else 200)


@login_required
@require_safe
def export_detail(request, pk: int):
    """Answer with one export: how far it is, and the file once it is there. Three queries."""
    return render(request, "members/export_detail.html", _context(request, pk))


@login_required
@require_safe
def export_progress(request, pk: int):
    """Answer with the part of the page that changes; asked again every two seconds until the file is there."""
    return render(request, "members/_export_progress.html", _context(request, pk))


def _context(request, pk: int) -> dict:
    job = _own(request, pk)
    return {
        "job": job,
        "kind": exporting(job.list_name),
        "working": job.status in {ExportStatus.WAITING, ExportStatus.WRITING},
        "expired": job.status == ExportStatus.EXPIRED
        or (job.expires_at is not None and job.expires_at <= timezone.now()),
        "crumbs": [("导出", reverse("members:export_list")), (f"{job.created_at:%m-%d} 的导出", "")],
    }


@login_required
@require_safe
def export_download(request, pk: int):
    """Answer with the file, to its owner only, while he still holds the right."""
    job = _own(request, pk)
    try:
        path = exports.fetch(job, actor=request.user)
    except FileNotFoundError as error:
        raise Http404 from error
    name = f"{exporting(job.list_name).title}-{timezone.localtime(job.created_at):%Y%m%d-%H%M}.{job.format}"
    response = FileResponse(path.open("rb"), as_attachment=True, filename=name, content_type=_TYPES[job.format])
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _own(request, pk: int) -> ExportJob:
    needs(request, Capability.EXPORT_JOB_VIEW)
    return get_object_or_404(ExportJob.objects.visible_to(request.reach), pk=pk, created_by=request.user)
