"""专项整治: a named set of cases with departments, a period and results."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Count
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from branches.views.pages import confirm_page, form_page
from grievances import workflow
from grievances.choices import OPEN, CampaignStatus, Result, Status
from grievances.forms.campaigns import CampaignEndForm, CampaignForm, CaseNumberForm
from grievances.models import Campaign, Grievance
from grievances.rules import cases
from grievances.views.worklist import needs_view

PAGE = 50


def campaign_or_404(request, pk: int) -> Campaign:
    """Return a campaign within reach. One query."""
    needs_view(request)
    return get_object_or_404(Campaign.objects.visible_to(request.reach).select_related("organization"), pk=pk)


@login_required
@require_safe
def campaign_list(request):
    """Answer with the campaigns in scope, running ones first, with their cases. At most eight queries."""
    needs_view(request)
    rows = Campaign.objects.visible_to(request.reach).select_related("organization")
    rows = rows.annotate(case_count=Count("cases")).order_by("-status", "-from_date", "pk")
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    running = Campaign.objects.visible_to(request.reach).filter(status=CampaignStatus.RUNNING).count()
    context = {"page": page, "running": running, "may_lead": cases.may_lead_campaigns(request.reach)}
    return render(request, "grievances/campaign_list.html", context)


@login_required
@require_safe
def campaign_detail(request, pk: int):
    """Answer with one campaign: its cases in the reader's scope by stage. At most twelve queries."""
    campaign = campaign_or_404(request, pk)
    of_it = Grievance.objects.visible_to(request.reach).filter(campaigns__campaign=campaign)
    by_status = dict(of_it.order_by().values_list("status").annotate(Count("pk")))
    by_result = dict(of_it.filter(status=Status.CLOSED).order_by().values_list("solved").annotate(Count("pk")))
    page = Paginator(of_it.with_names().defer("description").by_due(), PAGE).get_page(request.GET.get("page"))
    context = {
        "campaign": campaign,
        "crumbs": [
            ("诉求", reverse("grievances:list")),
            ("专项整治", reverse("grievances:campaign_list")),
            (campaign.name, ""),
        ],
        "page": page,
        "at": timezone.now(),
        "total": sum(by_status.values()),
        "open": sum(number for status, number in by_status.items() if status in OPEN),
        "closed": by_status.get(Status.CLOSED, 0),
        "solved": by_result.get(Result.SOLVED, 0) + by_result.get(Result.PARTLY, 0),
        "may_lead": cases.may_lead_campaigns(request.reach, campaign.organization)
        and campaign.status == CampaignStatus.RUNNING,
    }
    return render(request, "grievances/campaign_detail.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def campaign_create(request):
    """Show and take a new campaign."""
    if not cases.may_lead_campaigns(request.reach):
        raise PermissionDenied
    posted = request.POST if request.method == "POST" else None
    url = reverse("grievances:campaign_list")
    return form_page(
        request,
        CampaignForm(posted, reach=request.reach, initial={"from_date": timezone.localdate()}),
        lambda form: workflow.begin_campaign(
            form.cleaned_data["organization"], form.values(), actor=request.user, at=timezone.now()
        ),
        success="专项整治已开始",
        next_url=lambda made: reverse("grievances:campaign_detail", args=[made.pk]),
        title="开始一个专项整治",
        submit="开始",
        cancel_url=url,
        crumbs=[("诉求", reverse("grievances:list")), ("专项整治", url), ("开始", "")],
    )


@login_required
@require_http_methods(["GET", "POST"])
def campaign_add_case(request, pk: int):
    """Show and take a case that belongs to the campaign."""
    campaign = campaign_or_404(request, pk)
    if not cases.may_lead_campaigns(request.reach, campaign.organization):
        raise PermissionDenied
    posted = request.POST if request.method == "POST" else None
    return form_page(
        request,
        CaseNumberForm(posted, reach=request.reach),
        lambda form: workflow.add_case(campaign, form.cleaned_data["number"], actor=request.user, at=timezone.now()),
        success="已列入",
        **_page(campaign, "列入一件诉求"),
        submit="列入",
    )


@login_required
@require_http_methods(["GET", "POST"])
def campaign_end(request, pk: int):
    """Show and take the end of a campaign with its results."""
    campaign = campaign_or_404(request, pk)
    if not cases.may_lead_campaigns(request.reach, campaign.organization):
        raise PermissionDenied
    posted = request.POST if request.method == "POST" else None
    return confirm_page(
        request,
        CampaignEndForm(posted, initial={"until_date": timezone.localdate()}),
        lambda form: workflow.end_campaign(campaign, actor=request.user, at=timezone.now(), **form.cleaned_data),
        success="专项整治已结束",
        **_page(campaign, "结束专项整治"),
        consequence=f"“{campaign.name}”结束以后不能再列入诉求。列入的诉求照常办，不受影响。",
        submit="结束",
        danger=True,
    )


def _page(campaign: Campaign, title: str) -> dict:
    url = reverse("grievances:campaign_detail", args=[campaign.pk])
    crumbs = [("专项整治", reverse("grievances:campaign_list")), (campaign.name, url), (title, "")]
    return {"title": title, "meta": campaign.name, "next_url": url, "cancel_url": url, "crumbs": crumbs}
