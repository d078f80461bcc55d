"""An import that is taken back leaves alone whom somebody has touched since, in whatever table."""

from datetime import date

import pytest

from members.models import Credential, Driver, DriverVehicle, RosterImport
from members.workflow.drivers import assign_vehicle, end_vehicle, set_credential
from members.workflow.import_run import run_to_end
from members.workflow.imports import request_undo
from tests.factories.members import id_number, phone
from tests.members.roster_runs import written

pytestmark = pytest.mark.django_db


@pytest.fixture
def imported(tree, tmp_path) -> RosterImport:
    """Write one driver with a vehicle and a licence by a roster."""
    path = tmp_path / "roster.csv"
    path.write_text(
        f"姓名,身份证号,手机号,车牌号,从业资格证号\n测试甲,{id_number(1)},{phone(1)},川D12345,123456\n", "utf-8"
    )
    return written(path, tree.county.code)


def taken_back(batch: RosterImport) -> RosterImport:
    request_undo(None, batch)
    return run_to_end(batch.pk)


def test_untouched_everything_goes(imported):
    batch = taken_back(imported)
    assert (batch.undo_conflicts, Driver.objects.count(), Credential.objects.count()) == (0, 0, 0)


def test_a_licence_somebody_has_corrected_since_stays(imported, county_clerk):
    credential = Credential.objects.get()
    set_credential(Driver.objects.get(), credential.kind, "654321", {}, actor=county_clerk)
    assert taken_back(imported).undo_conflicts == 1
    assert Credential.objects.get().number == "654321"


def test_a_vehicle_somebody_has_taken_off_him_since_stays_taken_off(imported, county_clerk):
    end_vehicle(DriverVehicle.objects.get(), date(2030, 1, 1), actor=county_clerk)
    assert taken_back(imported).undo_conflicts == 1
    assert DriverVehicle.objects.get().until_date == date(2030, 1, 1)


def test_a_driver_somebody_has_given_another_vehicle_since_stays(imported, county_clerk):
    assign_vehicle(Driver.objects.get(), "川D54321", actor=county_clerk)
    assert taken_back(imported).undo_conflicts == 1
    assert DriverVehicle.objects.count() == 2
