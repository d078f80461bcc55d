"""The yearly appraisal: the roll of a unit with its grades, recorded in one go, corrected one by one."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Count
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from branches.capabilities import Capability
from branches.models import Organization
from branches.views.pages import confirm_page
from members.choices import AppraisalGrade
from members.forms.records import AppraisalCorrectForm, AppraisalsForm
from members.models import Appraisal
from members.views.drivers import needs
from members.workflow import appraisals as verbs

_VIEW, _RECORD = Capability.APPRAISAL_VIEW, Capability.APPRAISAL_RECORD


def _year(request, today) -> int:
    asked = request.POST.get("year") or request.GET.get("year", "")
    sensible = asked.isascii() and asked.isdigit() and len(asked) == 4 and 1990 <= int(asked) <= today.year
    return int(asked) if sensible else today.year


@login_required
@require_safe
def appraisal_list(request):
    """Answer with the units whose members one may see appraised, and how many were, this year. Five queries."""
    needs(request, _VIEW)
    today = timezone.localdate()
    year = _year(request, today)
    units = list(Organization.objects.manageable_by(request.reach, _VIEW).running().order_by("path"))
    held = Appraisal.objects.visible_to(request.reach).filter(year=year, organization__in=[one.pk for one in units])
    counts = dict(held.order_by().values_list("organization").annotate(Count("pk")))
    if len(units) == 1:
        return redirect(f"{reverse('members:appraisal_register', args=[units[0].pk])}?year={year}")
    context = {
        "lines": [{"unit": one, "number": counts.get(one.pk, 0)} for one in units],
        "year": year,
        "crumbs": [("民主评议", "")],
    }
    return render(request, "members/appraisal_list.html", context)


def _unit_or_404(request, pk: int, capability: Capability) -> Organization:
    needs(request, capability)
    return get_object_or_404(Organization.objects.manageable_by(request.reach, capability), pk=pk)


def _lines(request, unit: Organization, year: int) -> list[dict]:
    """Return the roll of a unit with what the year found of each, wherever it was held. Two queries."""
    people = list(verbs.roll_of(unit))
    found = Appraisal.objects.visible_to(request.reach).filter(year=year, member__in=[one.pk for one in people])
    known = {one.member_id: one for one in found.select_related("organization")}
    return [{"member": one, "appraisal": known.get(one.pk)} for one in people]


@login_required
@require_safe
def appraisal_register(request, pk: int):
    """Answer with the grades of a year, by name. Six queries."""
    unit, today = _unit_or_404(request, pk, _VIEW), timezone.localdate()
    year = _year(request, today)
    lines = _lines(request, unit, year)
    may_record = request.reach.covers(_RECORD, unit)
    context = {
        "unit": unit,
        "year": year,
        "years": [today.year - back for back in range(3)],
        "lines": [
            line | {"may_correct": may_record and line["appraisal"] and line["appraisal"].organization_id == unit.pk}
            for line in lines
        ],
        "recorded": sum(line["appraisal"] is not None for line in lines),
        "may_record": may_record,
        "crumbs": [("民主评议", reverse("members:appraisal_list")), (unit.short_name, "")],
    }
    return render(request, "members/appraisal_register.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def appraisal_record(request, pk: int):
    """Show and take the grades of everybody on the roll who has none of the year yet."""
    unit, today = _unit_or_404(request, pk, _RECORD), timezone.localdate()
    year = _year(request, today)
    url = f"{reverse('members:appraisal_register', args=[pk])}?year={year}"
    form = AppraisalsForm(request.POST if request.method == "POST" else None, initial={"held_date": today})
    if request.method == "POST" and form.is_valid():
        try:
            made = verbs.record_appraisals(
                unit, year, _grades(request.POST), actor=request.user, held_date=form.cleaned_data["held_date"]
            )
        except ValidationError as error:
            form.add_refusal(error)
        else:
            messages.success(request, f"已记下 {len(made)} 人的评议结果")
            return redirect(url)
    lines = [line["member"] for line in _lines(request, unit, year) if line["appraisal"] is None]
    context = {
        "unit": unit,
        "year": year,
        "years": [today.year - back for back in range(2)],
        "form": form,
        "lines": [
            {
                "member": one,
                "options": [
                    (value, label, request.POST.get(f"grade-{one.pk}") == value)
                    for value, label in AppraisalGrade.choices
                ],
            }
            for one in lines
        ],
        "cancel_url": url,
        "crumbs": [("民主评议", reverse("members:appraisal_list")), (unit.short_name, url), ("登记", "")],
    }
    return render(request, "members/appraisal_record.html", context, status=422 if form.is_bound else 200)


def _grades(posted) -> dict[int, str]:
    """Return {member: grade} as it was tapped; who was left out has none."""
    found = {}
    for name, value in posted.items():
        key = name.removeprefix("grade-")
        if name != key and key.isascii() and key.isdigit() and len(key) < 19 and value:
            found[int(key)] = value
    return found


@login_required
@require_http_methods(["GET", "POST"])
def appraisal_correct(request, pk: int):
    """Correct one grade, with a reason."""
    needs(request, _RECORD)
    rows = Appraisal.objects.manageable_by(request.reach, _RECORD).select_related("member__person", "organization")
    one = get_object_or_404(rows, pk=pk)
    if not request.reach.covers(_RECORD, one.organization):
        raise PermissionDenied
    name = one.member.person.name
    url = f"{reverse('members:appraisal_register', args=[one.organization_id])}?year={one.year}"
    return confirm_page(
        request,
        AppraisalCorrectForm(request.POST or None, initial={"grade": one.grade, "held_date": one.held_date}),
        lambda form: verbs.correct(one, actor=request.user, **form.cleaned_data),
        success="已更正",
        next_url=url,
        title=f"更正 {name} 的 {one.year} 年评议",
        submit="更正",
        consequence="更正会留下记录：谁、什么时候、为什么。评议结果只有支部书记和委员看得到，不公布、不排名。",
        cancel_url=url,
        crumbs=[("民主评议", reverse("members:appraisal_list")), (one.organization.short_name, url), ("更正", "")],
    )
