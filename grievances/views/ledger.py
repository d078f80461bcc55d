"""The pages of the ledger (台账): the list, and asking for its file."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest, PermissionDenied, ValidationError
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from branches.capabilities import Capability
from grievances.lists.ledger import CONDITIONS, Ledger, WrongCondition
from grievances.lists.ledger_export import COLUMNS, ROW_LIMITS
from grievances.models import Campaign, Category, Grievance
from members.forms.registry import ExportForm
from members.lists.paging import Cursor, in_order
from members.views.drivers import needs
from members.views.lists import size_of
from members.workflow import exports

ASKED_FIRST = ("status", "category", "channel", "overdue")  # the others stand behind 更多条件


def asked_ledger(request, source, scope: Capability = Capability.GRIEVANCE_VIEW) -> Ledger:
    """Return the ledger somebody asked for. Raises BadRequest for a condition that means nothing."""
    values = {code: source.get(code, "") for code in CONDITIONS}
    asked = Ledger(request.reach, timezone.now(), values, source.get("q", ""), scope)
    try:
        asked.condition  # noqa: B018 - a wrong value is said here, not in the middle of the page
    except WrongCondition as error:
        raise BadRequest(str(error)) from error
    return asked


def address(name: str, conditions: dict, **more) -> str:
    """Return the address of a page with these conditions; empty values are left out."""
    found = {code: value for code, value in (conditions | more).items() if value not in ("", None)}
    return reverse(name) + (f"?{urlencode(found)}" if found else "")


@login_required
@require_safe
def ledger(request):
    """Answer with one page of the ledger, last lodged first. At most twelve queries, the same for one row and many."""
    needs(request, Capability.GRIEVANCE_VIEW)
    asked = asked_ledger(request, request.GET)
    size = size_of(request.GET)
    cursor = Cursor.read(request.GET["at"]) if request.GET.get("at") else None
    page = asked.page(cursor, size)
    conditions = asked.values | ({"q": asked.text} if asked.text else {})
    extra = {"size": size} if size != 50 else {}
    context = {
        "rows": in_order(page.keys, Grievance.objects.as_lines()),
        "at": asked.at,
        "count": asked.count,
        "text": asked.text,
        "offers": _offers(asked),
        "more_in_force": any(
            asked.values.get(code)
            for code in CONDITIONS
            if code not in ASKED_FIRST and CONDITIONS[code].kind != "hidden"
        ),
        "hidden": [(code, value) for code, value in asked.values.items() if CONDITIONS[code].kind == "hidden"],
        "applied": [
            {
                "label": label,
                "url": address("grievances:ledger", {k: v for k, v in conditions.items() if k != code}),
            }
            for code, label in asked.in_force()
        ],
        "clear_url": reverse("grievances:ledger"),
        "export_url": address("grievances:ledger_export", conditions)
        if request.reach.has(Capability.GRIEVANCE_EXPORT)
        else "",
        "previous_url": address("grievances:ledger", conditions, at=page.previous, **extra) if page.previous else "",
        "next_url": address("grievances:ledger", conditions, at=page.next, **extra) if page.next else "",
    }
    return render(request, "grievances/ledger.html", context)


def _offers(asked: Ledger) -> list[dict]:
    """Return the conditions with their choices and present values. Two queries: categories and campaigns."""
    offered = []
    for code, condition in CONDITIONS.items():
        if condition.kind == "hidden":
            continue
        choices = condition.choices
        if code == "category":
            mains = Category.objects.offered().filter(parent=None, is_about_portal=False)
            choices = tuple(mains.values_list("code", "name"))
        elif code == "campaign":
            seen = Campaign.objects.visible_to(asked.reach).values_list("pk", "name")[:50]
            choices = tuple((str(pk), name) for pk, name in seen)
            if not choices:
                continue
        offered.append(
            {
                "code": code,
                "label": condition.label,
                "kind": condition.kind,
                "choices": choices,
                "value": asked.values.get(code, ""),
                "is_first": code in ASKED_FIRST,
            }
        )
    return offered


@login_required
@require_http_methods(["GET", "POST"])
def ledger_export(request):
    """Ask for a file of exactly the rows of the ledger one came from."""
    needs(request, Capability.GRIEVANCE_EXPORT)
    source = request.POST if request.method == "POST" else request.GET
    asked = asked_ledger(request, source, Capability.GRIEVANCE_EXPORT)
    sent = request.method == "POST" and "reason" in request.POST
    form = ExportForm(
        request.POST if sent else None,
        columns=COLUMNS.values(),
        may_unmask=False,
        initial={"columns": [code for code, column in COLUMNS.items() if column.default]},
    )
    if sent and form.is_valid():
        data = form.cleaned_data
        try:
            job = exports.request_export(
                asked, data["columns"], format=data["format"], reason=data["reason"], unmask=False, actor=request.user
            )
        except ValidationError as error:
            form.add_refusal(error)
        except PermissionDenied:
            raise
        else:
            return redirect("members:export_detail", pk=job.pk)
    conditions = asked.values | ({"q": asked.text} if asked.text else {})
    context = {
        "form": form,
        "count": asked.count,
        "applied": [label for _, label in asked.in_force()],
        "hidden": list(conditions.items()),
        "limit": max((ROW_LIMITS[role][0] for role in request.reach.roles if role in ROW_LIMITS), default=0),
        "cancel_url": address("grievances:ledger", conditions),
        "crumbs": [("台账", reverse("grievances:ledger")), ("导出", "")],
    }
    return render(request, "grievances/ledger_export.html", context, status=422 if form.is_bound else 200)
