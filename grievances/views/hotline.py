"""The pages of hotline work orders: uploading a file, and what became of each of its rows."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from branches.capabilities import Capability
from grievances.choices import WorkOrderFate, WorkOrderStatus
from grievances.forms.ledger import WorkOrdersForm, committees_of
from grievances.models import WorkOrderImport
from grievances.rules.work_orders import HEADERS, MOST_ROWS
from grievances.workflow.work_orders import MOST_BYTES, take_file

PER_PAGE = 100
SHOWN = 20


def _require_clerk(request) -> None:
    """Refuse who may lodge at no committee: a branch or a station brings its cases one by one."""
    if not request.reach.has(Capability.GRIEVANCE_LODGE_FOR_DRIVER) or not committees_of(request.reach).exists():
        raise PermissionDenied


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def hotline(request):
    """Take a file of work orders; below it the last files. Works without script. Five queries to show."""
    _require_clerk(request)
    bound = request.method == "POST"
    form = WorkOrdersForm(request.POST if bound else None, request.FILES if bound else None, reach=request.reach)
    if bound and form.is_valid():
        data = form.cleaned_data
        try:
            batch = take_file(
                request.user,
                data["organization"],
                data["channel"],
                data["file"],
                data["file"].name,
                at=timezone.now(),
                is_dry_run=data["is_dry_run"],
            )
        except ValidationError as error:
            form.add_refusal(error)
        else:
            return redirect("grievances:hotline_detail", batch.pk)
    seen = WorkOrderImport.objects.visible_to(request.reach).select_related("organization", "uploaded_by")
    context = {
        "form": form,
        "batches": seen[:SHOWN],
        "columns": [(words[0], "、".join(words[1:5])) for words in HEADERS.values()],
        "most_rows": MOST_ROWS,
        "most_bytes": MOST_BYTES,
    }
    return render(request, "grievances/hotline.html", context, status=422 if bound else 200)


@login_required
@never_cache
@require_safe
def hotline_detail(request, pk: int):
    """Answer with one file: how far it is, and what became of its rows, those with remarks first. Six queries."""
    _require_clerk(request)
    seen = WorkOrderImport.objects.visible_to(request.reach).select_related("organization", "uploaded_by")
    batch = get_object_or_404(seen, pk=pk)
    fate = request.GET.get("fate", "")
    rows = batch.results.select_related("grievance").order_by("row")
    if fate in WorkOrderFate.values:
        rows = rows.filter(fate=fate)
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    known = {one.value: getattr(batch, one.value) for one in WorkOrderFate}
    context = {
        "batch": batch,
        "working": batch.status == WorkOrderStatus.WAITING,
        "done": batch.results.count() if batch.status == WorkOrderStatus.WAITING else batch.rows,
        "page": page,
        "tabs": [
            {"label": "全部", "url": request.path, "current": fate not in known, "count": batch.rows},
            *(
                {
                    "label": one.label,
                    "url": f"?fate={one.value}",
                    "current": fate == one.value,
                    "count": known[one.value],
                }
                for one in WorkOrderFate
            ),
        ],
        "previous_url": f"?fate={fate}&page={page.previous_page_number()}" if page.has_previous() else "",
        "next_url": f"?fate={fate}&page={page.next_page_number()}" if page.has_next() else "",
        "crumbs": [("热线工单", reverse("grievances:hotline")), (batch.file_name, "")],
    }
    return render(request, "grievances/hotline_detail.html", context)
