"""Who may change a vehicle: those who registered it, not whoever types its plate."""

import pytest
from django.core.exceptions import PermissionDenied

from members.models import DriverVehicle, Vehicle
from members.workflow.drivers import assign_vehicle
from members.workflow.vehicles import change_vehicle
from tests.factories.members import DriverFactory, EnterpriseFactory, VehicleFactory

pytestmark = pytest.mark.django_db


def test_a_tie_to_a_foreign_vehicle_shows_it_and_lets_nobody_change_it(county_clerk, tree, sign_in):
    vehicle = VehicleFactory(plate="川B12345", committee=tree.neighbour_county)
    assign_vehicle(DriverFactory(committee=tree.county), "川B12345", actor=county_clerk)
    assert DriverVehicle.objects.get().vehicle == vehicle
    with pytest.raises(PermissionDenied):
        change_vehicle(vehicle, {"status": "retired"}, version=vehicle.version, actor=county_clerk)
    clerk = sign_in(county_clerk)
    assert clerk.get(f"/vehicles/{vehicle.pk}/").status_code == 200
    assert clerk.get(f"/vehicles/{vehicle.pk}/change/").status_code == 403
    assert Vehicle.objects.get(pk=vehicle.pk).status == "active"


def test_those_who_registered_it_change_it_and_so_does_its_platform(county_clerk, city_clerk, partner, tree):
    firm = EnterpriseFactory(committee=tree.city, organization=tree.company)
    vehicle = VehicleFactory(plate="川D12345", committee=tree.county, enterprise=firm)
    for actor, mass in ((county_clerk, 4000), (city_clerk, 4100), (partner, 4200)):
        vehicle = change_vehicle(vehicle, {"gross_mass_kg": mass}, version=vehicle.version, actor=actor)
    assert Vehicle.objects.get(pk=vehicle.pk).gross_mass_kg == 4200
