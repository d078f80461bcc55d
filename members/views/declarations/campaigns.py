"""Calls of a committee (红色征集令): list, one call with its address, the notice on A4."""

from __future__ import annotations

import segno
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_http_methods, require_safe

from branches.capabilities import Capability
from branches.views.pages import confirm_page, form_page
from members.choices import DeclarationStatus, RecruitStatus
from members.forms.declarations import CallForm
from members.forms.membership import NothingForm
from members.models import RecruitCampaign
from members.rules.declarations import CONSENT, is_running
from members.views.drivers import needs
from members.views.enterprises import page_context
from members.workflow import declarations as verbs

CONDITIONS = {"status": ("状态", RecruitStatus)}
_DECIDE = Capability.DECLARATION_DECIDE


def call_or_404(request, pk: int, capability: Capability = Capability.DECLARATION_VIEW) -> RecruitCampaign:
    """Return a call within reach: the answer for a foreign one is that of none. One query.

    Raises PermissionDenied for who sees it but may not do this.
    """
    needs(request, Capability.DECLARATION_VIEW)
    rows = RecruitCampaign.objects.visible_to(request.reach).select_related("organization")
    call = get_object_or_404(rows, pk=pk)
    if not request.reach.covers(capability, call.organization):
        raise PermissionDenied
    return call


def public_address(request, call: RecruitCampaign) -> str:
    """Return the whole address of a call's public page."""
    return request.build_absolute_uri(reverse("members:join_call", args=[call.slug]))


def qr_code(address: str) -> str:
    """Return an address as an inline SVG, drawn here: no service is asked, nothing but the address is in it."""
    drawn = segno.make(address, error="m").svg_inline(scale=6, border=2, svgclass="qr", lineclass=None, omitsize=True)
    return mark_safe(drawn)  # noqa: S308 - numbers and fixed names made by the library


@login_required
@require_safe
def recruit_list(request):
    """Answer with the calls in scope, the newest first. Six queries."""
    needs(request, Capability.DECLARATION_VIEW)
    chosen = {name: request.GET[name] for name in CONDITIONS if request.GET.get(name) in RecruitStatus}
    rows = RecruitCampaign.objects.visible_to(request.reach).filter(**chosen)
    waiting = Count("declarations", filter=Q(declarations__status=DeclarationStatus.SUBMITTED))
    shown = RecruitCampaign.objects.annotate(received=Count("declarations"), waiting=waiting)
    order, joined = ("from_date", "pk"), ("organization",)
    context = page_context(request, rows, order, joined, chosen, CONDITIONS, "", "个", shown=shown, descending=True)
    context["may_begin"] = request.reach.has(_DECIDE)
    return render(request, "members/recruit_list.html", context)


@login_required
@require_safe
def recruit_detail(request, pk: int):
    """Answer with one call: its words, its address with the QR code, what it has brought. Four queries."""
    call = call_or_404(request, pk)
    by_status = dict(call.declarations.order_by().values_list("status").annotate(Count("pk")))
    address = public_address(request, call)
    context = {
        "call": call,
        "address": address,
        "qr": qr_code(address),
        "takes": is_running(call, timezone.localdate()),
        "consent": CONSENT[call.consent_version],
        "counts": [
            {"label": label, "rows": by_status.get(status, 0), "status": status}
            for status, label in DeclarationStatus.choices
        ],
        "total": sum(by_status.values()),
        "may_end": call.status == RecruitStatus.RUNNING and request.reach.covers(_DECIDE, call.organization),
        "crumbs": _crumbs(call),
    }
    return render(request, "members/recruit_detail.html", context)


@login_required
@require_safe
def recruit_notice(request, pk: int):
    """Answer with the notice to be printed: one A4 sheet with the QR code. Two queries."""
    call = call_or_404(request, pk)
    address = public_address(request, call)
    context = {"call": call, "address": address, "qr": qr_code(address), "today": timezone.localdate()}
    return render(request, "members/recruit_notice.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def recruit_create(request):
    """Begin a call."""
    needs(request, _DECIDE)
    return form_page(
        request,
        CallForm(request.POST or None, reach=request.reach),
        lambda form: verbs.begin_campaign(form.cleaned_data["organization"], form.values(), actor=request.user),
        success="征集令已发起，把二维码贴出去",
        next_url=lambda call: reverse("members:recruit_detail", args=[call.pk]),
        title="发起红色征集令",
        submit="发起",
        meta="请党员自愿亮身份。标题和正文谁都看得到，不要写内部事项。",
        cancel_url=reverse("members:recruit_list"),
        crumbs=[("红色征集令", reverse("members:recruit_list")), ("发起", "")],
    )


@login_required
@require_http_methods(["GET", "POST"])
def recruit_end(request, pk: int):
    """End a call."""
    call = call_or_404(request, pk, _DECIDE)
    url = reverse("members:recruit_detail", args=[pk])
    return confirm_page(
        request,
        NothingForm(request.POST if request.method == "POST" else None),
        lambda form: verbs.end_campaign(call, actor=request.user),
        success="已结束",
        next_url=url,
        title=f"结束“{call.title}”",
        submit="结束",
        danger=True,
        consequence="二维码从现在起不再接收。已经收到的照常处理。",
        cancel_url=url,
        crumbs=_crumbs(call, "结束"),
    )


def _crumbs(call: RecruitCampaign, *last: str) -> list[tuple[str, str]]:
    own = reverse("members:recruit_detail", args=[call.pk]) if last else ""
    return [("红色征集令", reverse("members:recruit_list")), (call.title, own), *((word, "") for word in last)]
