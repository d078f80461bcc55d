"""The search box: posted, so that no name, phone or identity number ever stands in an address or a log."""

from django.db.models import Q
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from branches.capabilities import Capability
from branches.models import Organization
from dashboard.forms import SearchForm
from dashboard.navigation import sign_in_required
from members.models import Driver, Enterprise, Vehicle
from members.rules.search import Kind, classify

SHOWN = 20
# To find by a field is to learn it: only drivers of whom the reader may see that field.
RIGHTS = {
    Kind.ID_NUMBER: Capability.DRIVER_IDENTITY_FIND_BY_ID_NUMBER,
    Kind.ID_TAIL: Capability.DRIVER_IDENTITY_MASKED,
    Kind.PHONE: Capability.DRIVER_IDENTITY_MASKED,
    Kind.PHONE_TAIL: Capability.DRIVER_IDENTITY_MASKED,
    Kind.PLATE: Capability.VEHICLE_VIEW,
}


@require_http_methods(["GET", "POST"])
@sign_in_required
def search(request):
    """Show what was found within the reader's scope: drivers, vehicles, organisations, firms. Eight queries at most."""
    form = SearchForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return render(request, "dashboard/search.html", {"form": form}, status=422 if form.is_bound else 200)
    text, reach = form.cleaned_data["q"], request.reach
    query = classify(text)
    capability = RIGHTS.get(query.kind, Capability.DRIVER_VIEW)
    drivers = Driver.objects.manageable_by(reach, capability).best_matches(query, SHOWN + 1)
    vehicles, organizations, enterprises = [], [], []
    if query.kind == Kind.PLATE:
        plates = Vehicle.objects.visible_to(reach).filter(plate__prefix=query.canonical)
        vehicles = list(plates.select_related("registering_committee").order_by("plate")[: SHOWN + 1])
    if query.kind == Kind.NAME:
        organizations = _organizations(Organization.objects.visible_to(reach), text)
        firms = Enterprise.objects.visible_to(reach).filter(name_key__prefix=query.canonical)
        enterprises = list(firms.select_related("committee").order_by("name_key")[: SHOWN + 1])
    context = {
        "form": form,
        "asked": query,
        "drivers": drivers[:SHOWN],
        "vehicles": vehicles[:SHOWN],
        "organizations": organizations[:SHOWN],
        "enterprises": enterprises[:SHOWN],
        "more": any(len(found) > SHOWN for found in (drivers, vehicles, organizations, enterprises)),
        "nothing": not (drivers or vehicles or organizations or enterprises),
        "shown": SHOWN,
    }
    return render(request, "dashboard/search.html", context)


def _organizations(organizations, text: str) -> list:
    # Some thousand rows at most: looking inside the names is cheap here, unlike among drivers.
    text = text.strip()
    named = Q(short_name__icontains=text) | Q(name__icontains=text) | Q(code=text)
    return list(organizations.filter(named).order_by("path")[: SHOWN + 1])
