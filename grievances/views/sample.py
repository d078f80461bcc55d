"""The page of samples: draw closed cases for a call-back by others, and the list to work off."""

from __future__ import annotations

from datetime import timedelta

from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest, ValidationError
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from branches.capabilities import Capability
from foundation.protection.masks import mask_name, mask_phone
from grievances.forms.ledger import SampleForm
from grievances.lists.ledger_export import ANONYMOUS, CONFIDENTIAL
from grievances.models import Grievance
from grievances.views.ledger import address
from grievances.workflow.samples import Drawing, cases_of, draw
from members.lists.paging import in_order
from members.views.drivers import needs


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def sample(request):
    """Draw a sample (POST, audited), or answer with one that was drawn. Four queries for any number of cases.

    The address of a sample is signed: none is seen that does not stand in the trail.
    """
    needs(request, Capability.GRIEVANCE_EXPORT)
    last_month = timezone.localdate().replace(day=1) - timedelta(days=1)
    form = SampleForm(request.POST if request.method == "POST" else None, initial={"month": f"{last_month:%Y-%m}"})
    if form.is_bound and form.is_valid():
        try:
            drawing = draw(actor=request.user, at=timezone.now(), **form.cleaned_data)
        except ValidationError as error:
            form.add_refusal(error)
        else:
            return redirect(address("grievances:sample", {"drawn": drawing.token()}))
    context = {
        "form": form,
        "crumbs": [("台账", reverse("grievances:ledger")), ("抽查回访", "")],
    }
    if token := request.GET.get("drawn"):
        drawing = Drawing.read(token)
        if drawing is None:
            raise BadRequest("这个抽查名单的地址不完整，请重新抽取。")
        rows = Grievance.objects.manageable_by(request.reach, Capability.GRIEVANCE_EXPORT)
        found = in_order(cases_of(rows, drawing), Grievance.objects.with_names())
        context |= {"drawing": drawing, "lines": [(one, *_who(one)) for one in found]}
    return render(request, "grievances/sample.html", context, status=422 if form.is_bound else 200)


def _who(one: Grievance) -> tuple[str, str]:
    """Return name and phone as the list shows them: masked; of a confidential complainant nothing."""
    if one.is_anonymous:
        return ANONYMOUS, ""
    return (CONFIDENTIAL, "") if one.is_confidential else (mask_name(one.complainant_name), mask_phone(one.phone))
