"""Files of the small lists: organisations here, firms in members. Drivers have an export of their own, with masks."""

from __future__ import annotations

from urllib.parse import quote

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_POST

from branches import filters
from branches.capabilities import Capability
from branches.models import Organization
from branches.resources import OrganizationResource, Workbook
from foundation.audit import trail


@login_required
@require_POST
def organization_export(request):
    """Answer with a workbook of the organisations of the list, as far as the reader may export them. Five queries."""
    chosen = filters.Narrowing(request, filters.ORGANIZATION_WORDS)
    rows = Organization.objects.manageable_by(request.reach, Capability.ORGANIZATION_EXPORT).select_related("division")
    return table_file(
        request,
        Capability.ORGANIZATION_EXPORT,
        OrganizationResource,
        filters.narrow_organizations(rows, chosen),
        "组织",
    )


def table_file(request, capability: Capability, resource, rows, name: str) -> HttpResponse:
    """Return scoped rows as a workbook and write down who took them. Raises PermissionDenied without the capability."""
    if not request.reach.has(capability):
        raise PermissionDenied("导出不在您的权限里。")
    dataset = resource(actor=request.user, reach=request.reach).export(rows)
    with transaction.atomic():
        details = {"rows": len(dataset), "format": "xlsx", "filters": sorted(request.GET)}
        trail.record(f"{rows.model._meta.model_name}.exported", None, actor=request.user, details=details)
    response = HttpResponse(Workbook().export_data(dataset), content_type=Workbook.CONTENT_TYPE)
    at = timezone.localtime(timezone.now())
    response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}-{at:%Y%m%d-%H%M}.xlsx"
    response.headers["Cache-Control"] = "private, no-store"
    return response
