"""The list of files by stage: what is next, when it opens, who has to act."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from branches.capabilities import Capability
from branches.views.pages import form_page
from members.choices import STEPS, DevelopmentDue, DevelopmentStage, DevelopmentWhen, StepRecorder
from members.forms.development import OpenForm
from members.models import Development
from members.rules.development import OPENED_BY_A_DAY
from members.views.drivers import needs
from members.views.enterprises import page_context
from members.workflow import development as verbs

CONDITIONS = {
    "stage": ("阶段", DevelopmentStage),
    "side": ("该谁办", StepRecorder),
    "when": ("时间", DevelopmentWhen),
}


def development_address(**conditions) -> str:
    """Return the address of the list with these conditions."""
    found = {name: value for name, value in conditions.items() if value}
    return reverse("members:development_list") + (f"?{urlencode(found)}" if found else "")


@login_required
@require_safe
def development_list(request):
    """Answer with one page of the files in scope, the oldest application first. At most eight queries."""
    needs(request, Capability.DEVELOPMENT_VIEW)
    today = timezone.localdate()
    chosen = {name: request.GET[name] for name, (_, words) in CONDITIONS.items() if request.GET.get(name) in words}
    rows = Development.objects.visible_to(request.reach)
    rows = rows.filter(stage=chosen["stage"]) if "stage" in chosen else rows.open()
    if "side" in chosen:
        rows = rows.acted_on_by(chosen["side"])
    if "when" in chosen:
        rows = rows.when(chosen["when"], today)
    joined = ("person", "organization")
    context = page_context(request, rows, ("applied_date", "pk"), joined, chosen, CONDITIONS, "", "人")
    context["rows"] = [_line(one, today) for one in context["rows"]]
    context["may_open"] = request.reach.has(Capability.DEVELOPMENT_RECORD_STEP)
    return render(request, "members/development_list.html", context)


def _line(row: Development, today) -> dict:
    step = STEPS.get(row.next_step)
    return {
        "row": row,
        "pk": row.pk,
        "step": step,
        "side": StepRecorder(step.by).label if step else "",
        "waits": row.opens_date is not None and row.opens_date > today,
        "opened": OPENED_BY_A_DAY.get(row.next_step),
        "due_word": DevelopmentDue(row.due_kind).label if row.due_kind else "",
        "late": row.due_date is not None and row.due_date < today,
    }


@login_required
@require_http_methods(["GET", "POST"])
def development_create(request):
    """Take an application."""
    needs(request, Capability.DEVELOPMENT_RECORD_STEP)
    form = OpenForm(request.POST or None, reach=request.reach, initial={"applied_date": timezone.localdate()})

    def act(form):
        data = dict(form.cleaned_data)
        return verbs.open_file(data.pop("organization"), actor=request.user, **data)

    return form_page(
        request,
        form,
        act,
        success="已登记，一个月内派人谈话",
        next_url=lambda made: reverse("members:development_detail", args=[made.pk]),
        title="登记入党申请",
        submit="登记",
        meta="本人年满十八岁、递交了书面申请书，才登记。以后每一步都记在这份档案上。",
        help="development",
        cancel_url=development_address(),
        crumbs=[("发展党员", development_address()), ("登记入党申请", "")],
    )
