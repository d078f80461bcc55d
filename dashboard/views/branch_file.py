"""一支部一档 on the screen and on A4; the frozen one of a year."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from branches.capabilities import Capability
from branches.models import BranchFileSnapshot, Organization
from branches.views.pages import confirm_page
from branches.workflow.files import freeze_file, is_intact
from dashboard.branch_file import assemble
from dashboard.forms import FreezeForm


def _branch_or_404(request, pk: int) -> Organization:
    if not request.reach.has(Capability.BRANCH_FILE_VIEW):
        raise PermissionDenied
    branches = Organization.objects.manageable_by(request.reach, Capability.BRANCH_FILE_VIEW).branches()
    return get_object_or_404(branches, pk=pk)


@login_required
@require_safe
def branch_file(request, pk: int):
    """Answer with the file of a branch as it stands now. At most sixteen queries, whatever the size of the branch."""
    branch, at = _branch_or_404(request, pk), timezone.now()
    snapshots = BranchFileSnapshot.objects.visible_to(request.reach).filter(organization=branch)
    context = {
        "branch": branch,
        "file": assemble(branch, timezone.localdate(at).year, at),
        "at": at,
        "frozen_years": list(snapshots.order_by("-year").values_list("year", flat=True)),
        "may_freeze": request.reach.covers(Capability.BRANCH_FILE_FREEZE, branch),
    }
    return render(request, "dashboard/branch_file.html", context)


@login_required
@require_safe
def branch_file_snapshot(request, pk: int, year: int):
    """Answer with the file of a branch as it was frozen for a year, and whether it is intact. Five queries."""
    branch = _branch_or_404(request, pk)
    snapshots = BranchFileSnapshot.objects.visible_to(request.reach).select_related("frozen_by")
    snapshot = get_object_or_404(snapshots, organization=branch, year=year)
    context = {
        "branch": branch,
        "file": snapshot.content,
        "at": snapshot.frozen_at,
        "snapshot": snapshot,
        "is_intact": is_intact(snapshot),
    }
    return render(request, "dashboard/branch_file.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def branch_file_freeze(request, pk: int):
    """Show and take the freezing of a branch's file for a year."""
    branch, at = _branch_or_404(request, pk), timezone.now()
    if not request.reach.covers(Capability.BRANCH_FILE_FREEZE, branch):
        raise PermissionDenied
    year = timezone.localdate(at).year
    url = reverse("dashboard:branch_file", args=[branch.pk])

    def freeze(form) -> BranchFileSnapshot:
        chosen = form.cleaned_data["year"]
        return freeze_file(branch, chosen, assemble(branch, chosen, at), actor=request.user, at=at)

    return confirm_page(
        request,
        FreezeForm(request.POST if request.method == "POST" else None, years=(year, year - 1), initial={"year": year}),
        lambda form: freeze_file(
            branch,
            form.cleaned_data["year"],
            assemble(branch, form.cleaned_data["year"], at),
            actor=request.user,
            at=at,
        ),
        success="档案已冻结",
        next_url=lambda made: redirect("dashboard:branch_file_snapshot", branch.pk, made.year),
        title=f"冻结{branch.short_name}的年度档案",
        consequence="冻结以后，这一年的档案不能再改，附校验值备查。党员和班子按现在的登记，活动和诉求按那一年的。一年只能冻结一次。",
        submit="冻结",
        cancel_url=url,
        crumbs=[(branch.short_name, url), ("冻结档案", "")],
    )
