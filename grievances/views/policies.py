"""Limits and categories: read by those who are bound by them, kept by system administrators."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from branches.capabilities import Capability
from branches.views.pages import confirm_page, form_page
from grievances import workflow
from grievances.forms.policies import CategoryForm, PolicyEndForm, PolicyForm
from grievances.models import Category, SlaPolicy


def _needs(request, capability: Capability) -> None:
    if not request.reach.has(capability):
        raise PermissionDenied


def _list(request, *, keeps: bool):
    today = timezone.localdate()
    rows = list(SlaPolicy.objects.select_related("category__parent", "organization").order_by("clock", "-from_date"))
    lines: list[dict[str, Any]] = [
        {
            "row": one,
            "state": "ended"
            if one.until_date and one.until_date <= today
            else "later"
            if one.from_date > today
            else "now",
            "scope": "、".join(
                filter(
                    None,
                    [
                        str(one.category) if one.category else "",
                        one.get_level_display(),
                        one.get_urgency_display(),
                        one.organization.short_name if one.organization else "",
                    ],
                )
            )
            or "全部",
        }
        for one in rows
    ]
    order = {"now": 0, "later": 1, "ended": 2}
    lines.sort(key=lambda line: order[line["state"]])
    context = {"lines": lines, "keeps": keeps, "running": sum(line["state"] == "now" for line in lines)}
    return render(request, "grievances/policy_list.html", context)


@login_required
@require_safe
def policy_list(request):
    """Answer with every limit, those in force first. Two queries."""
    _needs(request, Capability.SLA_POLICY_VIEW)
    return _list(request, keeps=False)


@login_required
@require_safe
def policy_keep(request):
    """Answer with the same list to whoever keeps it. Two queries."""
    _needs(request, Capability.SLA_POLICY_CHANGE)
    return _list(request, keeps=True)


def _crumbs(*last: str) -> list[tuple[str, str]]:
    return [("时限规定", reverse("grievances:policy_keep")), *((word, "") for word in last)]


@login_required
@require_http_methods(["GET", "POST"])
def policy_create(request):
    """Show and take a new limit."""
    _needs(request, Capability.SLA_POLICY_CHANGE)
    tomorrow = timezone.localdate() + timedelta(days=1)
    form = PolicyForm(request.POST if request.method == "POST" else None, initial={"from_date": tomorrow})
    url = reverse("grievances:policy_keep")
    return form_page(
        request,
        form,
        lambda form: workflow.add_policy(form.cleaned_data, actor=request.user, at=timezone.now()),
        success="新规定已登记，到施行日期起对新开始的时限适用",
        next_url=url,
        title="新的时限规定",
        meta="已经在走的时限不变，仍按起算时的规定。",
        submit="登记这条规定",
        cancel_url=url,
        crumbs=_crumbs("新规定"),
    )


@login_required
@require_http_methods(["GET", "POST"])
def policy_end(request, pk: int):
    """Show and take the end of a limit."""
    _needs(request, Capability.SLA_POLICY_CHANGE)
    policy = get_object_or_404(SlaPolicy.objects.select_related("category", "organization"), pk=pk)
    posted = request.POST if request.method == "POST" else None
    url = reverse("grievances:policy_keep")
    return confirm_page(
        request,
        PolicyEndForm(posted, initial={"until_date": timezone.localdate() + timedelta(days=1)}),
        lambda form: workflow.end_policy(policy, actor=request.user, at=timezone.now(), **form.cleaned_data),
        success="停止日期已登记",
        next_url=url,
        title=f"停止“{policy}”",
        consequence="从那一天起，新开始的时限不再用这条规定；没有别的规定能用，就没有这个时限。在走的时限不变。",
        submit="停止这条规定",
        danger=True,
        cancel_url=url,
        crumbs=_crumbs("停止"),
    )


@login_required
@require_safe
def category_list(request):
    """Answer with every category, main ones before their kinds. One query."""
    _needs(request, Capability.SLA_POLICY_CHANGE)
    rows = list(Category.objects.order_by("position", "code"))
    active = sum(one.is_active for one in rows)
    return render(request, "grievances/category_list.html", {"rows": rows, "active": active})


@login_required
@require_http_methods(["GET", "POST"])
def category_create(request):
    """Show and take a new category."""
    _needs(request, Capability.SLA_POLICY_CHANGE)
    form = CategoryForm(request.POST if request.method == "POST" else None)
    return _category_form(request, form, Category(), "新的类别", "登记类别")


@login_required
@require_http_methods(["GET", "POST"])
def category_change(request, pk: int):
    """Show and take changes of a category; its code stays."""
    _needs(request, Capability.SLA_POLICY_CHANGE)
    category = get_object_or_404(Category.objects.select_related("parent"), pk=pk)
    form = CategoryForm(request.POST if request.method == "POST" else None, category=category)
    return _category_form(request, form, category, f"修改“{category}”", "保存")


def _category_form(request, form, category: Category, title: str, submit: str):
    url = reverse("grievances:category_list")

    def act(form):
        for name, value in form.cleaned_data.items():
            setattr(category, name, value)
        return workflow.save_category(category, fields=form.changed_data, actor=request.user, at=timezone.now())

    return form_page(
        request,
        form,
        act,
        success="类别已保存",
        next_url=url,
        title=title,
        submit=submit,
        cancel_url=url,
        crumbs=[("诉求类别", url), (title, "")],
    )
