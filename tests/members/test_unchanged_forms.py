"""A page saved as it is changes nothing, also where a row points to something outside the reader's scope."""

import pytest

from branches.scope import reach_of
from members.forms.drivers import DriverForm
from members.forms.registry import EnterpriseForm, VehicleForm
from members.models import Driver, Enterprise, Vehicle
from members.workflow.drivers import change_driver
from members.workflow.enterprises import change_enterprise
from members.workflow.vehicles import change_vehicle
from tests.factories.members import DriverFactory, EnterpriseFactory, VehicleFactory

pytestmark = pytest.mark.django_db


def saved(form_class, **kwargs):
    """Return the form as the browser sends it back untouched."""
    shown = form_class(**kwargs)
    sent = {}
    for name in shown.fields:
        value = shown[name].value()
        if value not in (None, "", False):
            sent[name] = getattr(value, "pk", value)
    form = form_class(sent, **kwargs)
    assert form.is_valid(), form.errors
    return form


@pytest.fixture
def foreign_firm(tree):
    return EnterpriseFactory(name="外地测试运输公司", committee=tree.neighbour_county)


def test_a_driver_keeps_a_firm_and_a_declared_branch_of_elsewhere(county_clerk, tree, foreign_firm):
    driver = DriverFactory(committee=tree.county, enterprise=foreign_firm, declared_branch=tree.company_branch)
    form = saved(DriverForm, reach=reach_of(county_clerk), driver=driver)
    change_driver(driver, form.values() | {"remarks": "改"}, versions=form.versions(), actor=county_clerk)
    stored = Driver.objects.get(pk=driver.pk)
    assert (stored.enterprise, stored.declared_branch, stored.remarks) == (foreign_firm, tree.company_branch, "改")


def test_a_driver_is_given_no_other_firm_of_elsewhere(county_clerk, tree, foreign_firm):
    driver = DriverFactory(committee=tree.county)
    form = DriverForm({"name": "测试", "enterprise": foreign_firm.name}, reach=reach_of(county_clerk), driver=driver)
    assert "enterprise" in form.errors


def test_a_firm_keeps_the_organisations_the_city_gave_it(county_clerk, tree):
    firm = EnterpriseFactory(
        committee=tree.county, organization=tree.company, coverage="own", coverage_organization=tree.company
    )
    form = saved(EnterpriseForm, reach=reach_of(county_clerk), enterprise=firm)
    change_enterprise(firm, form.values() | {"employee_count": 7}, version=firm.version, actor=county_clerk)
    stored = Enterprise.objects.get(pk=firm.pk)
    assert (stored.organization, stored.coverage_organization, stored.employee_count) == (tree.company, tree.company, 7)


def test_a_vehicle_keeps_a_firm_of_elsewhere(county_clerk, tree, foreign_firm):
    vehicle = VehicleFactory(plate="川D12345", committee=tree.county, enterprise=foreign_firm)
    form = saved(VehicleForm, reach=reach_of(county_clerk), vehicle=vehicle)
    change_vehicle(vehicle, form.values() | {"gross_mass_kg": 4500}, version=vehicle.version, actor=county_clerk)
    stored = Vehicle.objects.get(pk=vehicle.pk)
    assert (stored.enterprise, stored.gross_mass_kg) == (foreign_firm, 4500)
