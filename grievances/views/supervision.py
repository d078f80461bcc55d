"""延期待批: what the levels below ask for, decided one level up or more."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from branches.capabilities import Capability
from branches.views.pages import form_page
from grievances import workflow
from grievances.choices import ClockState, ExtensionStatus
from grievances.forms.acts import DecideForm
from grievances.models import Extension, Grievance
from grievances.rules import cases


def _decidable(request):
    """Return the extensions of cases on which the reader may decide; those of his own committee are not among them."""
    below = Grievance.objects.manageable_by(request.reach, Capability.GRIEVANCE_EXTEND_APPROVE)
    rows = Extension.objects.filter(clock__grievance__in=below.order_by().values("pk"))
    names = ("clock__grievance__organization", "clock__grievance__category__parent", "requested_by", "clock__policy")
    return rows.select_related(*names)


@login_required
@require_safe
def extension_list(request):
    """Answer with the requests that wait, those due first, and the newest decided ones. At most nine queries."""
    if not request.reach.has(Capability.GRIEVANCE_EXTEND_APPROVE):
        raise PermissionDenied
    rows = _decidable(request)
    # An answered or moved case needs no more time: nobody is asked to decide on it.
    waiting = rows.filter(status=ExtensionStatus.REQUESTED, clock__state=ClockState.RUNNING).order_by(
        "clock__due_at", "pk"
    )
    decided = rows.exclude(status=ExtensionStatus.REQUESTED).order_by("-decided_at", "-pk")
    page = Paginator(waiting, 50).get_page(request.GET.get("page"))
    context = {"page": page, "decided": list(decided.select_related("decided_by")[:20]), "at": timezone.now()}
    return render(request, "grievances/extension_list.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def extension_decide(request, pk: int):
    """Show and take a decision on more time."""
    if not request.reach.has(Capability.GRIEVANCE_VIEW):
        raise PermissionDenied
    seen = Grievance.objects.visible_to(request.reach).order_by().values("pk")
    asked = get_object_or_404(
        Extension.objects.filter(clock__grievance__in=seen).select_related(
            "clock__grievance__organization", "clock__grievance__handler__organization", "requested_by"
        ),
        pk=pk,
    )
    grievance = asked.clock.grievance
    if not cases.may_approve_extension(request.reach, grievance):
        raise PermissionDenied("延期由上一级委员会的专干批。")
    posted = request.POST if request.method == "POST" else None
    detail = reverse("grievances:detail", args=[grievance.pk])
    return form_page(
        request,
        DecideForm(posted, grievance=grievance, reach=request.reach),
        lambda form: workflow.decide_extension(
            asked,
            actor=request.user,
            approve=form.cleaned_data["approve"] == "1",
            note_text=form.cleaned_data["note_text"],
            at=timezone.now(),
        ),
        success="延期已决定",
        next_url=reverse("grievances:extension_list"),
        template="grievances/act.html",
        title=f"延期 {asked.days} 个工作日，批不批",
        meta=f"{grievance.number} {grievance.title}",
        about=(
            f"{grievance.organization.short_name} {asked.requested_by.name}申请："
            f"{asked.reason}。批准以后从原来的期限往后加 {asked.days} 个工作日，也告诉诉求人；不批准期限不变。"
        ),
        submit="决定",
        cancel_url=detail,
        crumbs=[
            ("诉求", reverse("grievances:list")),
            ("延期待批", reverse("grievances:extension_list")),
            (grievance.number, ""),
        ],
    )
