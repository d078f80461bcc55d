"""History of imports, upload of a roster, the empty template."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_safe

from branches.capabilities import Capability
from members.choices import ImportStatus
from members.forms.imports import UploadForm, importable
from members.models import RosterImport
from members.roster.read.refusals import RosterRefused
from members.roster.template import write_template
from members.views.imports.pages import attachment, number
from members.workflow.imports import upload

PER_PAGE = 50


@login_required
@require_safe
def import_list(request):
    """Answer with the batches of the reader's scope, newest first. Three queries."""
    if not request.reach.has(Capability.ROSTER_IMPORT_VIEW):
        raise PermissionDenied
    rows = RosterImport.objects.visible_to(request.reach).select_related("organization", "uploaded_by")
    show = request.GET.get("show", "")
    if show == "waiting":
        rows = rows.filter(status=ImportStatus.PREVIEW)
    elif show == "failed":
        rows = rows.filter(status__in=[ImportStatus.FAILED, ImportStatus.CANCELLED, ImportStatus.UNDONE])
    before = number(request.GET.get("before"))
    if before is not None:
        rows = rows.filter(pk__lt=before)
    found = list(rows.order_by("-pk")[: PER_PAGE + 1])
    batches = found[:PER_PAGE]
    following = {"show": show, "before": batches[-1].pk} if len(found) > PER_PAGE else None
    context = {
        "batches": batches,
        "tabs": [
            {"label": label, "url": f"?show={code}" if code else request.path, "current": show == code}
            for code, label in (("", "全部"), ("waiting", "等您核对"), ("failed", "没有写成、停下、撤销"))
        ],
        "show": show,
        "first_page": before is None,
        "next_url": f"?{urlencode({key: value for key, value in following.items() if value})}" if following else "",
        "may_upload": request.reach.has(Capability.ROSTER_IMPORT_UPLOAD),
    }
    return render(request, "members/imports/list.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def import_create(request):
    """Take a roster file. Works without script; the file is read by the worker. Three queries to show."""
    if not request.reach.has(Capability.ROSTER_IMPORT_UPLOAD):
        raise PermissionDenied
    bound = request.method == "POST"
    form = UploadForm(request.POST if bound else None, request.FILES if bound else None, reach=request.reach)
    if bound and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            batch = upload(request.user, form.cleaned_data["organization"], file, file.name)
        except RosterRefused as refused:
            form.add_error("file", refused.sentence)
        else:
            return redirect("members:import_detail", batch.pk)
    context = {
        "form": form,
        "largest": settings.ROSTER_MAX_BYTES,
        "crumbs": [("名册导入", reverse("members:import_list")), ("导入名册", "")],
    }
    return render(request, "members/imports/create.html", context, status=422 if form.is_bound else 200)


@login_required
@require_safe
def import_template(request):
    """Answer with the empty roster to fill in, made for one committee of the reader (`?organization=code`)."""
    if not request.reach.has(Capability.ROSTER_IMPORT_UPLOAD):
        raise PermissionDenied
    rows = importable(request.reach)
    if code := request.GET.get("organization", ""):
        rows = rows.filter(code=code)
    organization = rows.first()
    if organization is None:
        raise Http404
    with tempfile.NamedTemporaryFile(suffix=".xlsx", delete=False) as place:
        path = Path(place.name)
    try:
        write_template(organization, path)
        opened = io.BytesIO(path.read_bytes())
    finally:
        path.unlink(missing_ok=True)
    return attachment(opened, f"司机花名册模板-{organization.short_name}.xlsx")
