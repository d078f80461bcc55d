"""Pages of terms: which are due for re-election, recording an election, an approved other end."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from branches import filters, forms, rules, workflow
from branches.capabilities import Capability
from branches.choices import ElectionMethod
from branches.models import Organization, Term
from branches.views.appointments import PER_PAGE, _doors, _tabs
from branches.views.organizations import _page, _page_url, one_for
from branches.views.pages import form_page

DUE_WORDS = {"due": {"0": "已经到期", "1": "1 个月内", "3": "3 个月内", "6": "6 个月内"}}


@login_required
@require_safe
def term_list(request):
    """Answer with the running terms of the reader's scope, soonest due first. Five queries."""
    _doors(request)
    today = timezone.localdate()
    chosen = filters.Narrowing(request, DUE_WORDS, free=())
    found = Term.objects.visible_to(request.reach).running()
    if chosen["due"]:
        found = found.filter(due_date__lte=rules.months_after(today, int(chosen["due"])))
    rows = found.select_related("organization").order_by("due_date", "organization__path")
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    query = request.GET.copy()
    context = {
        "today": today,
        "page": page,
        "rows": [
            (
                term,
                rules.reminder_of(term.due_date, today),
                request.reach.covers(Capability.APPOINTMENT_APPOINT, term.organization),
            )
            for term in page.object_list
        ],
        "chosen": chosen,
        "applied": chosen.applied(),
        "clear_url": request.path,
        "dues": DUE_WORDS["due"].items(),
        "tabs": _tabs(request, "terms", page.paginator.count),
        "previous_url": _page_url(query, page.previous_page_number() if page.has_previous() else None),
        "next_url": _page_url(query, page.next_page_number() if page.has_next() else None),
    }
    return render(request, "branches/term_list.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def term_create(request, pk: int):
    """Show and take an election."""
    organization = one_for(request, pk, Capability.APPOINTMENT_APPOINT)
    if not rules.may_have_term(organization.kind):
        raise Http404
    initial = {"years": 3, "method": ElectionMethod.ASSEMBLY, "elected_date": timezone.localdate()}
    return form_page(
        request,
        forms.TermForm(request.POST or None, initial=initial),
        lambda form: workflow.record_term(organization, form.cleaned_data, actor=request.user),
        success="换届已登记",
        title=f"登记“{organization.short_name}”的换届选举",
        submit="登记",
        **_page(request, organization, "登记换届"),
    )


@login_required
@require_http_methods(["GET", "POST"])
def term_change(request, pk: int):
    """Show and take the approved day to which a term is prolonged or cut short."""
    term = get_object_or_404(Term.objects.visible_to(request.reach).select_related("organization"), pk=pk)
    if not request.reach.covers(Capability.APPOINTMENT_APPOINT, term.organization):
        raise PermissionDenied
    initial = {"changed_end_date": term.end_date, "change_document": term.change_document}
    return form_page(
        request,
        forms.TermEndForm(request.POST or None, initial=initial),
        lambda form: workflow.change_term_end(
            term, form.cleaned_data["changed_end_date"], form.cleaned_data["change_document"], actor=request.user
        ),
        success="批准的日期已登记",
        title=f"“{term.organization.short_name}”延期或提前换届",
        submit="登记",
        **(
            _page(request, Organization.objects.get(pk=term.organization_id), "延期或提前换届")
            | {"next_url": reverse("branches:term_list")}
        ),
    )
