"""The pages of firms."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from branches.capabilities import Capability
from branches.views.exports import table_file
from branches.views.pages import form_page
from foundation.protection.canonical import canonical_id_number, name_key
from foundation.protection.identifiers import uscc_error
from members.choices import CoverageAsked, EnterpriseKind
from members.forms.registry import EnterpriseForm
from members.lists.paging import Cursor, count_of, in_order, page_of
from members.models import Driver, Enterprise
from members.querysets import EVERYTHING, Ordered
from members.resources import EnterpriseResource
from members.views.drivers import needs
from members.views.history import object_history
from members.views.lists import address, size_of
from members.workflow.enterprises import add_enterprise, change_enterprise

CONDITIONS = {"kind": ("类型", EnterpriseKind), "coverage": ("组织覆盖", CoverageAsked)}


@login_required
@require_safe
def enterprise_list(request):
    """Answer with one page of the firms in scope, by name. At most eight queries.

    Names and codes of firms are public: they may stand in the address.
    """
    needs(request, Capability.ENTERPRISE_VIEW)
    rows, text, chosen = _narrowed(request, Enterprise.objects.visible_to(request.reach))
    return render(
        request,
        "members/enterprise_list.html",
        page_context(
            request, rows, ("name_key", "pk"), ("committee", "coverage_organization"), chosen, CONDITIONS, text, "户"
        )
        | {
            "may_add": request.reach.has(Capability.ENTERPRISE_ADD),
            "may_export": request.reach.has(Capability.ENTERPRISE_EXPORT),
        },
    )


def _narrowed(request, rows) -> tuple:
    """Return the rows that meet the conditions of the address, the typed text and the conditions."""
    text = request.GET.get("q", "").strip()[:120]
    code = canonical_id_number(text)
    if len(code) == 18 and uscc_error(code) is None:
        rows = rows.filter(uscc=code)
    elif text:
        rows = rows.filter(name_key__prefix=name_key(text))
    chosen = {name: request.GET[name] for name, (_, choices) in CONDITIONS.items() if request.GET.get(name) in choices}
    if chosen.get("coverage") == CoverageAsked.COVERED:
        return rows.covered().filter(**{name: chosen[name] for name in chosen if name != "coverage"}), text, chosen
    return rows.filter(**chosen), text, chosen


@login_required
@require_POST
def enterprise_export(request):
    """Answer with a workbook of the firms of the list, as far as the reader may export them. Five queries."""
    rows, *_ = _narrowed(request, Enterprise.objects.manageable_by(request.reach, Capability.ENTERPRISE_EXPORT))
    rows = rows.select_related("committee", "coverage_organization")
    return table_file(request, Capability.ENTERPRISE_EXPORT, EnterpriseResource, rows, "企业")


def page_context(
    request,
    rows,
    order,
    joined,
    chosen: dict,
    conditions: dict,
    text: str,
    unit: str,
    shown=None,
    descending: bool = False,
) -> dict:
    """Return the context of a plain list: rows of one keyset page, count, conditions in force, neighbours.

    `shown`: the queryset the rows of the page are read by, if not the plain one. `descending`: the last one first.
    """
    cursor = Cursor.read(request.GET["at"]) if request.GET.get("at") else None
    size = size_of(request.GET)
    page = page_of([Ordered(rows, order, descending)], [EVERYTHING], cursor, size)
    count = count_of(rows)
    given = {"q": text, **chosen} if text else dict(chosen)
    return {
        "rows": in_order(page.keys, (rows.model._base_manager if shown is None else shown).select_related(*joined)),
        "count": count,
        "count_words": f"共 {count} {unit}",
        "text": text,
        "offers": [
            {"code": code, "label": label, "choices": choices.choices, "value": chosen.get(code, "")}
            for code, (label, choices) in conditions.items()
        ],
        "applied": [
            {
                "label": f"{conditions[code][0]}：{conditions[code][1](value).label}",
                "url": _address(request, {k: v for k, v in given.items() if k != code}),
            }
            for code, value in chosen.items()
        ],
        "clear_url": request.path,
        "previous_url": _address(request, given | {"at": page.previous}) if page.previous else "",
        "next_url": _address(request, given | {"at": page.next}) if page.next else "",
    }


def _address(request, given: dict) -> str:
    return request.path + (f"?{urlencode(given)}" if given else "")


@login_required
@require_safe
def enterprise_detail(request, pk: int):
    """Answer with one firm. About eight queries."""
    enterprise = _one(request, pk)
    drivers = Driver.objects.visible_to(request.reach).filter(enterprise=pk)
    changeable = Enterprise.objects.manageable_by(request.reach, Capability.ENTERPRISE_CHANGE).filter(pk=pk)
    context = {
        "enterprise": enterprise,
        "may_change": request.reach.has(Capability.ENTERPRISE_CHANGE) and changeable.exists(),
        "drivers": count_of(drivers) if request.reach.has(Capability.DRIVER_VIEW) else None,
        "drivers_url": address({"enterprise": pk}),
        "history": object_history(enterprise),
        "crumbs": [("企业", reverse("members:enterprise_list")), (enterprise.name, "")],
    }
    return render(request, "members/enterprise_detail.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def enterprise_create(request):
    """Register a firm."""
    needs(request, Capability.ENTERPRISE_ADD)
    form = EnterpriseForm(request.POST or None, reach=request.reach)
    return form_page(
        request,
        form,
        lambda form: add_enterprise(form.values(), form.cleaned_data["committee"], actor=request.user),
        success="企业已登记",
        next_url=lambda made: reverse("members:enterprise_detail", args=[made.pk]),
        title="登记企业",
        submit="登记这家企业",
        cancel_url=reverse("members:enterprise_list"),
        crumbs=[("企业", reverse("members:enterprise_list")), ("登记", "")],
    )


@login_required
@require_http_methods(["GET", "POST"])
def enterprise_change(request, pk: int):
    """Change a firm."""
    enterprise = _one(request, pk)
    needs(request, Capability.ENTERPRISE_CHANGE)
    form = EnterpriseForm(request.POST or None, reach=request.reach, enterprise=enterprise)
    url = reverse("members:enterprise_detail", args=[pk])

    def act(form):
        version = form.cleaned_data.get("version") or 0
        return change_enterprise(enterprise, form.values(), version=version, actor=request.user)

    return form_page(
        request,
        form,
        act,
        success="修改已保存",
        next_url=url,
        title=f"修改 {enterprise.name}",
        cancel_url=url,
        crumbs=[("企业", reverse("members:enterprise_list")), (enterprise.name, url), ("修改", "")],
    )


def _one(request, pk: int) -> Enterprise:
    needs(request, Capability.ENTERPRISE_VIEW)
    rows = Enterprise.objects.visible_to(request.reach)
    return get_object_or_404(
        rows.select_related("committee", "division", "organization", "coverage_organization"), pk=pk
    )
