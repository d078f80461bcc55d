"""Lodging for a driver: at the branch, the station, the desk. Drafts are one's own, then the office's."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from branches.capabilities import Capability
from branches.choices import Extent
from branches.models import Organization
from foundation.protection.masks import mask_phone
from grievances import workflow
from grievances.choices import HOTLINES, Channel, Urgency
from grievances.forms.lodging import LodgeForm
from grievances.forms.public import ANONYMOUS, CONFIDENTIAL, NAMED, provinces
from grievances.models import Grievance
from grievances.views import own, public
from grievances.workflow.evidence import MOST
from grievances.workflow.lodging import Complaint
from members.lists.drivers import DriverList
from members.models import Driver
from members.rules.search import Kind, classify

FOUND = 8  # drivers that are offered
_LODGE = Capability.GRIEVANCE_LODGE_FOR_DRIVER


@login_required
@require_http_methods(["GET", "POST"])
def lodge(request):
    """Show the form, find the driver, keep a draft or lodge. About 30 queries."""
    units = _units(request)
    if request.method == "GET":
        return _page(request, _form(request, units, initial={"token": workflow.new_token()}))
    return _answer(request, units, None)


@login_required
@require_http_methods(["GET", "POST"])
def draft(request, pk: int):
    """Show a draft of one's own, or one a predecessor left, to go on with it, lodge it or drop it. About 30 queries."""
    units = _units(request)
    kept = get_object_or_404(Grievance.objects.drafts_for(request.reach), pk=pk)
    if kept.collector.organization not in units:  # of a unit below whose posts stand empty
        units.append(kept.collector.organization)
    if request.method == "GET":
        return _page(request, _form(request, units, initial=_initial(kept), draft=kept), kept)
    if "drop" in request.POST:
        workflow.drop_draft(kept, actor=request.user, at=timezone.now())
        messages.success(request, "草稿已经丢掉")
        return redirect("grievances:lodge")
    return _answer(request, units, kept)


def _answer(request, units: list[Organization], kept: Grievance | None):
    if "find" in request.POST or "pick" in request.POST:
        return _page(request, _form(request, units, typed=True, draft=kept), kept)
    form = _form(request, units, sent=True, draft=kept)
    if not form.is_valid():
        return _page(request, form, kept, status=422)
    unit = form.cleaned_data["at"]
    similar = _similar(request, form)
    if similar and "anew" not in request.POST and "draft" not in request.POST:
        return _page(request, form, kept, similar=similar)
    try:
        if "draft" in request.POST:
            return _keep(request, form, unit, kept)
        lodged = _lodge(request, form, unit, kept)
    except ValidationError as refused:
        form.add_refusal(refused)
        lodged = None
    if lodged is None:
        return _page(request, form, kept, status=422)
    own.show_code(request, lodged)
    return redirect("grievances:lodged")


def _lodge(request, form: LodgeForm, unit: Organization, kept: Grievance | None):
    if kept is None:
        return public.lodge(form, actor=request.user, unit=unit)
    workflow.change_draft(kept, _complaint(form, unit), actor=request.user, at=timezone.now())
    lodged = workflow.lodge_draft(kept, actor=request.user, at=timezone.now())
    if form.cleaned_data["evidence"]:
        workflow.add_evidence(kept, form.cleaned_data["evidence"], at=timezone.now(), actor=request.user)
    return lodged


def _keep(request, form: LodgeForm, unit: Organization, kept: Grievance | None):
    complaint = _complaint(form, unit)
    if kept is None:
        workflow.save_draft(complaint, at=timezone.now(), actor=request.user, unit=unit, token=public.token_of(form))
    else:
        workflow.change_draft(kept, complaint, actor=request.user, at=timezone.now())
    lost = "，照片没有存，提交时再选" if form.cleaned_data["evidence"] else ""
    messages.success(request, f"草稿存好了{lost}")
    return redirect("grievances:lodge")


def _complaint(form: LodgeForm, unit: Organization) -> Complaint:
    told = form.told()
    if form.cleaned_data["is_confidential"]:
        told["confidential_to"] = public.confidential_office(told["division"], unit)
    return Complaint(**told)


def _units(request) -> list[Organization]:
    """Return one's own units where one may lodge for drivers. One query. Raises PermissionDenied without any."""
    units = request.reach.units(_LODGE, frozenset(Extent) - {Extent.NONE})
    if not units:
        raise PermissionDenied
    return list(Organization.objects.filter(pk__in=units).order_by("path"))


def _form(request, units, *, sent=False, typed=False, initial=None, draft: Grievance | None = None) -> LodgeForm:
    """Return the form: empty, with what was typed, or as it was sent."""
    division = next((one.division_id for one in units if one.division_id), "")
    more = {
        "province": public.province_of(request, (draft and draft.division_id) or division or ""),
        "units": units,
        "roles": request.reach.roles,
        "found": _found(request, draft),
    }
    if sent:
        return LodgeForm(request.POST, request.FILES, **more)
    if typed:
        return public.unjudged(request, LodgeForm, **more)
    return LodgeForm(initial=initial, **more)


def _found(request, draft: Grievance | None) -> list[Driver]:
    """Return the drivers in scope that the typed text means, and the one a draft names. About five queries."""
    reach = request.reach
    if not reach.has(Capability.DRIVER_VIEW):
        return []
    keys = []
    query = classify(request.POST.get("driver_q", ""))
    allowed = query.kind != Kind.NOTHING
    if query.kind == Kind.ID_NUMBER:
        allowed = reach.has(Capability.DRIVER_IDENTITY_FIND_BY_ID_NUMBER)
    elif query.sensitive:
        allowed = reach.has(Capability.DRIVER_IDENTITY_MASKED)
    elif query.kind == Kind.PLATE:
        allowed = reach.has(Capability.VEHICLE_VIEW)
    if allowed:
        keys = list(DriverList(reach, timezone.localdate(), query=query).page(None, FOUND).keys)
    if draft is not None and draft.person_id:
        keys.append(draft.person_id)
    rows = Driver.objects.visible_to(reach).with_person().filter(pk__in=keys)
    return sorted(rows, key=lambda one: keys.index(one.pk))


def _similar(request, form: LodgeForm) -> list[Grievance]:
    """Return open cases under the same phone that the reader may see anyway. Up to six queries."""
    told = form.told()
    found = [one.pk for one in workflow.similar_to(told["phone"], told["category"], timezone.now())]
    return list(Grievance.objects.visible_to(request.reach).with_names().filter(pk__in=found)) if found else []


def _initial(kept: Grievance) -> dict:
    identity = ANONYMOUS if kept.is_anonymous else CONFIDENTIAL if kept.is_confidential else NAMED
    parent = kept.category.parent_id
    return {
        "unit": str(kept.collector.organization_id) if kept.collector is not None else "",
        "channel": Channel(kept.channel).value,
        "external_number": kept.external_number,
        "driver": str(kept.person_id or ""),
        "category": str(parent or kept.category_id),
        "kind": str(kept.category_id) if parent else "",
        "title": kept.title,
        "description": kept.description,
        "respondent": kept.respondent,
        "division": kept.division_id or "",
        "place": kept.place,
        "amount_involved": kept.amount_involved,
        "name": kept.complainant_name if kept.person_id is None else "",
        "phone": kept.phone if kept.person_id is None else "",
        "identity": identity,
        "is_urgent": kept.urgency == Urgency.URGENT,
    }


def _page(request, form: LodgeForm, kept: Grievance | None = None, *, similar=(), status: int = 200):
    found = [
        {
            "key": key,
            "name": one.person.name,
            "phone": mask_phone(one.person.phone),
            "committee": one.registering_committee,
        }
        for key, one in form.found.items()
    ]
    context = {
        "form": form,
        "kept": kept,
        "found": found,
        "chosen": str(form["driver"].value() or ""),
        "searched": bool(request.POST.get("driver_q")),
        "may_search": request.reach.has(Capability.DRIVER_VIEW),
        "has_hotline": bool(HOTLINES & form.channels),
        "similar": similar,
        "drafts": list(Grievance.objects.drafts_for(request.reach)) if kept is None else [],
        "provinces": provinces(),
        "files_again": bool(request.FILES),
        "most_files": MOST,
        "show_more": any(form[name].value() or form[name].errors for name in ("kind", "title", "respondent", "place")),
    }
    return render(request, "grievances/lodge_for_driver.html", context, status=status)
