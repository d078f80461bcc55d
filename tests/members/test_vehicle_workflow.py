"""Who may change a vehicle: those who registered it, not whoever types its plate."""

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from branches.scope import reach_of
from foundation.audit.models import Entry
from members.models import DriverVehicle, Vehicle
from members.resources import VehicleResource
from members.rules.drivers import PLATES_ELSEWHERE_PER_HOUR
from members.workflow.drivers import assign_vehicle
from members.workflow.vehicles import change_vehicle
from tests.factories.members import DriverFactory, EnterpriseFactory, VehicleFactory

pytestmark = pytest.mark.django_db


def test_a_tie_to_a_foreign_vehicle_shows_it_and_lets_nobody_change_it(county_clerk, tree, sign_in):
    firm = EnterpriseFactory(name="别处物流有限公司", committee=tree.neighbour_county)
    vehicle = VehicleFactory(
        plate="川B12345", committee=tree.neighbour_county, enterprise=firm, transport_certificate="510700123456"
    )
    assign_vehicle(DriverFactory(committee=tree.county), "川B12345", actor=county_clerk)
    assert DriverVehicle.objects.get().vehicle == vehicle
    with pytest.raises(PermissionDenied):
        change_vehicle(vehicle, {"status": "retired"}, version=vehicle.version, actor=county_clerk)
    clerk = sign_in(county_clerk)
    for address in (f"/vehicles/{vehicle.pk}/", "/vehicles/", "/vehicles/?q=川B"):
        answer = clerk.get(address)
        assert answer.status_code == 200
        assert "川B·12345" in answer.content.decode()
        assert firm.name not in answer.content.decode()
        assert "510700123456" not in answer.content.decode()
    assert Entry.objects.filter(action="driver.vehicle_elsewhere", actor_id=county_clerk.pk).count() == 1
    assert clerk.get(f"/vehicles/{vehicle.pk}/change/").status_code == 403
    assert Vehicle.objects.get(pk=vehicle.pk).status == "active"


def test_whoever_tries_out_plates_is_told_nothing_after_a_while(county_clerk, tree):
    driver = DriverFactory(committee=tree.county)
    for number in range(PLATES_ELSEWHERE_PER_HOUR):
        plate = f"川B{10000 + number}"
        VehicleFactory(plate=plate, committee=tree.neighbour_county)
        assign_vehicle(driver, plate, actor=county_clerk)
    VehicleFactory(plate="川B77777", committee=tree.neighbour_county)
    VehicleFactory(plate="川D66666", committee=tree.county)
    for plate in ("川B77777", "川D66666", "川D55555"):  # elsewhere, one's own, nobody's: the same words
        with pytest.raises(ValidationError, match="一小时内登记了很多别处的车"):
            assign_vehicle(driver, plate, actor=county_clerk)
    assert driver.vehicle_links.count() == PLATES_ELSEWHERE_PER_HOUR


def test_the_admin_and_its_file_keep_the_particulars_of_a_foreign_vehicle(county_clerk, tree, sign_in):
    firm = EnterpriseFactory(name="别处物流有限公司", committee=tree.neighbour_county)
    own_firm = EnterpriseFactory(name="本地物流有限公司", committee=tree.county)
    foreign = VehicleFactory(plate="川B12345", committee=tree.neighbour_county, enterprise=firm)
    own = VehicleFactory(plate="川D12345", committee=tree.county, enterprise=own_firm, gross_mass_kg=4321)
    assign_vehicle(DriverFactory(committee=tree.county), "川B12345", actor=county_clerk)
    county_clerk.is_staff = True
    county_clerk.save(update_fields=["is_staff"])
    clerk = sign_in(county_clerk)
    listed = clerk.get("/admin/members/vehicle/").content.decode()
    assert "本地物流有限公司" in listed
    assert firm.name not in listed
    assert "川B12345" in listed
    assert own_firm.name in clerk.get(f"/admin/members/vehicle/{own.pk}/change/").content.decode()
    assert firm.name not in clerk.get(f"/admin/members/vehicle/{foreign.pk}/change/").content.decode()
    reach = reach_of(county_clerk)
    rows = Vehicle.objects.visible_to(reach).with_is_ours(reach).order_by("plate")
    file = VehicleResource(actor=county_clerk, reach=reach).export(rows)
    assert [row[5] for row in file] == ["", own_firm.name]
    assert [row[3] for row in file] == ["", "4321"]


def test_those_who_registered_it_change_it_and_so_does_its_platform(county_clerk, city_clerk, partner, tree):
    firm = EnterpriseFactory(committee=tree.city, organization=tree.company)
    vehicle = VehicleFactory(plate="川D12345", committee=tree.county, enterprise=firm)
    for actor, mass in ((county_clerk, 4000), (city_clerk, 4100), (partner, 4200)):
        vehicle = change_vehicle(vehicle, {"gross_mass_kg": mass}, version=vehicle.version, actor=actor)
    assert Vehicle.objects.get(pk=vehicle.pk).gross_mass_kg == 4200
