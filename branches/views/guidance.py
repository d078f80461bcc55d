"""Pages of guidance lines and offices: both belong to one organisation and are reached from its page."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from branches import forms, rules, workflow
from branches.capabilities import Capability
from branches.choices import Kind
from branches.models import Appointment, Guidance, Office, Organization
from branches.views.organizations import _page, one_for
from branches.views.pages import confirm_page, form_page


@login_required
@require_http_methods(["GET", "POST"])
def guidance_create(request, pk: int):
    """Show and take who guides an organisation. Departments are public names, so every one can be chosen."""
    organization = one_for(request, pk, Capability.GUIDANCE_CHANGE)
    seen = Organization.objects.visible_to(request.reach).values("pk")
    guiding = Organization.objects.filter(Q(pk__in=seen) | Q(kind=Kind.DEPARTMENT)).running()
    guiding = guiding.exclude(pk=organization.pk)
    form = forms.GuidanceForm(request.POST or None, guiding=guiding)
    return form_page(
        request,
        form,
        lambda form: workflow.add_guidance(organization, actor=request.user, **form.cleaned_data),
        success="指导关系已登记",
        title=f"谁指导“{organization.short_name}”",
        meta="指导单位的联络员从开始日期起能查看这个组织和它的下级，不能修改。",
        submit="登记",
        **_page(request, organization, "登记指导关系"),
    )


@login_required
@require_http_methods(["GET", "POST"])
def guidance_end(request, pk: int):
    """Show and take the end of a line."""
    visible = Guidance.objects.visible_to(request.reach).select_related("organization", "guiding_organization")
    guidance = get_object_or_404(visible, pk=pk)
    if not request.reach.covers(Capability.GUIDANCE_CHANGE, guidance.organization):
        raise PermissionDenied
    form = forms.GuidanceEndForm(request.POST or None, initial={"until_date": timezone.localdate()})
    return confirm_page(
        request,
        form,
        lambda form: workflow.end_guidance(guidance, actor=request.user, **form.cleaned_data),
        success="指导关系已结束",
        title="结束指导关系",
        consequence=(
            f"{guidance.guiding_organization} 不再指导 {guidance.organization}（{guidance.get_line_display()}），"
            "它的联络员从那一天起看不到这里。"
        ),
        submit="结束",
        **_page(request, guidance.organization, "结束指导关系"),
    )


@login_required
@require_http_methods(["GET", "POST"])
def office_create(request, pk: int):
    """Show and take a new office of an organisation."""
    organization = one_for(request, pk, Capability.ORGANIZATION_CHANGE)
    form = forms.OfficeForm(request.POST or None, appointments=_posts(request, organization))
    return form_page(
        request,
        form,
        lambda form: workflow.open_office(
            organization, form.cleaned_data["duty"], holder=form.cleaned_data["holder"], actor=request.user
        ),
        success="岗位已设置",
        title=f"“{organization.short_name}”设岗位",
        meta="工作派给岗位，不派给个人：换人以后，没办完的跟着岗位走。",
        submit="设置",
        **_page(request, organization, "设岗位"),
    )


@login_required
@require_http_methods(["GET", "POST"])
def office_assign(request, pk: int):
    """Show and take who holds an office."""
    office = _office(request, pk)
    if not request.reach.covers(Capability.ORGANIZATION_CHANGE, office.organization):
        raise PermissionDenied
    form = forms.OfficeForm(
        request.POST or None,
        appointments=_posts(request, office.organization),
        initial={"duty": office.duty, "holder": office.holder_id},
    )
    form.fields.pop("duty")
    return form_page(
        request,
        form,
        lambda form: workflow.assign_office(office, form.cleaned_data["holder"], actor=request.user),
        success="岗位任职人已调整",
        title=f"{office.get_duty_display()}：谁来做",
        **_page(request, office.organization, "调整岗位"),
    )


@login_required
@require_http_methods(["GET", "POST"])
def office_arrange(request, pk: int):
    """Show and take deputy and absence of an office."""
    office = _office(request, pk)
    if not rules.may_arrange_office(request.reach, office):
        raise PermissionDenied
    form = forms.ArrangeForm(
        request.POST or None,
        appointments=_posts(request, office.organization).exclude(pk=office.holder_id),
        initial={
            "deputy": office.deputy_id,
            "absent_from_date": office.absent_from_at and timezone.localdate(office.absent_from_at),
            "absent_until_date": office.absent_until_at and timezone.localdate(office.absent_until_at),
        },
    )
    return form_page(
        request,
        form,
        lambda form: _arrange(form, office, request.user),
        success="代理和缺岗已保存",
        title=f"{office.get_duty_display()}：代理和缺岗",
        meta="缺岗期间，派给这个岗位的工作由代理人办。",
        **_page(request, office.organization, "代理和缺岗"),
    )


def _arrange(form, office: Office, user) -> None:
    if form.cleaned_data["deputy"] != office.deputy:
        workflow.set_deputy(office, form.cleaned_data["deputy"], actor=user)
    begin, end = form.absence()
    if begin is not None and (begin, end) != (office.absent_from_at, office.absent_until_at):
        workflow.mark_absent(office, from_at=begin, until_at=end, actor=user)
    elif begin is None and office.absent_from_at is not None:
        workflow.mark_back(office, actor=user)


def _office(request, pk: int) -> Office:
    visible = Office.objects.manageable_by(request.reach, Capability.APPOINTMENT_VIEW) | Office.objects.filter(
        holder__user=request.user
    )
    return get_object_or_404(visible.select_related("organization", "holder__user", "deputy__user"), pk=pk)


def _posts(request, organization):
    running = Appointment.objects.running(timezone.now()).filter(organization=organization)
    return running.select_related("user").order_by("role", "from_at")
