"""The pages of vehicles."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from branches.capabilities import Capability
from branches.views.pages import form_page
from foundation.protection.canonical import canonical_plate
from members.choices import VehicleKind, VehicleStatus
from members.forms.registry import VehicleForm
from members.models import Driver, DriverVehicle, Vehicle
from members.templatetags.registry import plate
from members.views.drivers import needs
from members.views.enterprises import page_context
from members.views.history import object_history
from members.workflow.vehicles import add_vehicle, change_vehicle

CONDITIONS = {"kind": ("车型", VehicleKind), "status": ("状态", VehicleStatus)}


@login_required
@require_safe
def vehicle_list(request):
    """Answer with one page of the vehicles in scope. At most eight queries."""
    needs(request, Capability.VEHICLE_VIEW)
    rows = Vehicle.objects.visible_to(request.reach)
    text = request.GET.get("q", "").strip()[:20]
    typed = canonical_plate(text)
    chosen = {name: request.GET[name] for name, (_, choices) in CONDITIONS.items() if request.GET.get(name) in choices}
    if typed:
        # The index of plates holds the vehicles in use; who looks for one that is not says so.
        rows = rows.filter(plate__prefix=typed, **({} if chosen.get("status") else {"status": VehicleStatus.ACTIVE}))
    rows = rows.filter(**chosen)
    order = ("plate", "pk") if typed else ("pk",)
    return render(
        request,
        "members/vehicle_list.html",
        page_context(
            request,
            rows,
            order,
            ("registering_committee", "enterprise"),
            chosen,
            CONDITIONS,
            text,
            "辆",
            shown=Vehicle.objects.with_is_ours(request.reach),
        )
        | {"may_add": request.reach.has(Capability.VEHICLE_ADD)},
    )


@login_required
@require_safe
def vehicle_detail(request, pk: int):
    """Answer with one vehicle and those of its drivers whom the reader may see. About eight queries."""
    vehicle = _one(request, pk)
    links = DriverVehicle.objects.visible_to(request.reach).filter(vehicle=pk).select_related("driver__person")
    changeable = Vehicle.objects.changeable_by(request.reach).filter(pk=pk)
    named = request.reach.has(Capability.DRIVER_VIEW)
    seen = Driver.objects.visible_to(request.reach).filter(vehicle_links__vehicle=pk).values("pk") if named else []
    context = {
        "vehicle": vehicle,
        "links": links.filter(driver__in=seen).order_by("until_date", "pk") if named else [],
        "may_change": request.reach.has(Capability.VEHICLE_CHANGE) and changeable.exists(),
        "history": object_history(vehicle) if vehicle.is_ours else [],
        "crumbs": [("车辆", reverse("members:vehicle_list")), (plate(vehicle.plate), "")],
    }
    return render(request, "members/vehicle_detail.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def vehicle_create(request):
    """Register a vehicle."""
    needs(request, Capability.VEHICLE_ADD)
    form = VehicleForm(request.POST or None, reach=request.reach, initial={"status": VehicleStatus.ACTIVE})
    return form_page(
        request,
        form,
        lambda form: add_vehicle(form.values(), form.cleaned_data["committee"], actor=request.user),
        success="车辆已登记",
        next_url=lambda made: reverse("members:vehicle_detail", args=[made.pk]),
        title="登记车辆",
        submit="登记这辆车",
        cancel_url=reverse("members:vehicle_list"),
        crumbs=[("车辆", reverse("members:vehicle_list")), ("登记", "")],
    )


@login_required
@require_http_methods(["GET", "POST"])
def vehicle_change(request, pk: int):
    """Change a vehicle."""
    vehicle = _one(request, pk)
    needs(request, Capability.VEHICLE_CHANGE)
    if not Vehicle.objects.changeable_by(request.reach).filter(pk=pk).exists():
        raise PermissionDenied
    form = VehicleForm(request.POST or None, reach=request.reach, vehicle=vehicle)
    url = reverse("members:vehicle_detail", args=[pk])

    def act(form):
        return change_vehicle(vehicle, form.values(), version=form.cleaned_data.get("version") or 0, actor=request.user)

    return form_page(
        request,
        form,
        act,
        success="修改已保存",
        next_url=url,
        title=f"修改 {plate(vehicle.plate)}",
        cancel_url=url,
        crumbs=[("车辆", reverse("members:vehicle_list")), (plate(vehicle.plate), url), ("修改", "")],
    )


def _one(request, pk: int) -> Vehicle:
    needs(request, Capability.VEHICLE_VIEW)
    rows = Vehicle.objects.visible_to(request.reach).select_related("registering_committee", "enterprise")
    return get_object_or_404(rows.with_is_ours(request.reach), pk=pk)
