"""Dissolving a unit takes nobody along by mistake: what it registered goes to the successor, what runs there ends."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from branches.workflow import dissolve_organization
from dashboard.integrity import verify
from members.choices import AffiliationKind, Coverage, TransferStatus
from members.models import Affiliation, Driver, Enterprise, PartyMember, RegistrationTransfer, Vehicle
from service_stations.models import Station
from tests.factories import OrganizationFactory, UserFactory
from tests.factories.members import DriverFactory, EnterpriseFactory, PartyMemberFactory, PersonFactory, VehicleFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def county(tree):
    """Return a county committee without branches, and so one that can be dissolved."""
    return OrganizationFactory(
        parent=tree.city,
        code="510421",
        kind="industry_committee",
        level="county",
        division_id="510421",
        short_name="米易县",
    )


def dissolve(organization, successor=None):
    return dissolve_organization(
        organization, actor=None, document="示例〔2026〕1 号", dissolved_date=timezone.localdate(), successor=successor
    )


def test_a_committee_with_drivers_is_not_dissolved_without_a_successor(tree, county):
    driver = DriverFactory(committee=county)
    with pytest.raises(ValidationError) as refused:
        dissolve(county)
    assert "司机 1 人" in str(refused.value)
    driver.refresh_from_db()
    assert driver.registering_committee == county


def test_drivers_vehicles_firms_and_stations_go_to_the_successor(tree, county):
    driver, vehicle = DriverFactory(committee=county), VehicleFactory(registering_committee=county)
    firm = EnterpriseFactory(committee=county)
    station = Station.objects.create(code="S1", name="示例站", brand="drivers_home", organization=county, location="1")
    ended = dissolve(county, tree.county)
    assert {"司机": 1, "车辆": 1, "企业": 1, "服务站": 1}.items() <= ended.items()
    for row, column in ((driver, "registering_committee"), (vehicle, "registering_committee"), (firm, "committee")):
        before = row.version
        row.refresh_from_db()
        assert getattr(row, column) == tree.county
        assert row.version == before + 1, "whoever has it open must see that it changed"
    station.refresh_from_db()
    assert station.organization == tree.county


def test_a_firm_of_the_same_name_at_the_successor_stops_it_and_nothing_moves(tree, county):
    driver = DriverFactory(committee=county)
    for committee in (county, tree.county):
        EnterpriseFactory(committee=committee, name="示例运输有限公司")
    with pytest.raises(ValidationError) as refused:
        dissolve(county, tree.county)
    assert "示例运输有限公司" in str(refused.value)
    driver.refresh_from_db()
    assert driver.registering_committee == county


def test_members_of_a_branch_go_to_the_branch_that_takes_over(tree):
    branch, other = tree.branch, tree.second_branch
    formal = PartyMemberFactory(person=PersonFactory(), formal_organization=branch)
    flowing = PartyMemberFactory(person=PersonFactory(), formal_organization=None, external_organization="示例市")
    tie = Affiliation.objects.create(
        member=flowing, organization=branch, kind=AffiliationKind.FLOWING, from_date=date(2024, 1, 1)
    )
    dissolve(branch, other)
    formal.refresh_from_db()
    tie.refresh_from_db()
    assert formal.formal_organization == other
    assert tie.until_date == timezone.localdate()
    running = flowing.affiliations.get(until_date__isnull=True)
    assert (running.organization, running.kind, running.from_date) == (other, AffiliationKind.FLOWING, tie.until_date)


def test_coverage_ends_with_the_branch_or_goes_on_with_its_successor(tree):
    branch = tree.branch
    alone = EnterpriseFactory(
        committee=tree.county, coverage=Coverage.OWN, coverage_organization=branch, organization=branch
    )
    dissolve(branch)
    alone.refresh_from_db()
    assert (alone.coverage, alone.coverage_organization, alone.organization) == (Coverage.NONE, None, None)
    joint = EnterpriseFactory(committee=tree.county, coverage=Coverage.JOINT, coverage_organization=tree.second_branch)
    dissolve(tree.second_branch, tree.branches[2])
    joint.refresh_from_db()
    assert (joint.coverage, joint.coverage_organization) == (Coverage.JOINT, tree.branches[2])


def claim(driver, old, new):
    return RegistrationTransfer.objects.create(
        driver=driver, from_committee=old, to_committee=new, reason="示例", claimed_by=UserFactory(),
        claimed_at=timezone.now() - timedelta(days=1),
    )  # fmt: skip


def test_claims_of_the_dissolved_committee_are_withdrawn_and_claims_on_its_drivers_go_on(tree, county):
    own = claim(DriverFactory(committee=tree.county), tree.county, county)
    on_its_driver = claim(DriverFactory(committee=county), county, tree.second_county)
    by_the_successor = claim(DriverFactory(committee=county), county, tree.county)
    dissolve(county, tree.county)
    for row in (own, on_its_driver, by_the_successor):
        row.refresh_from_db()
    assert (own.status, by_the_successor.status) == (TransferStatus.WITHDRAWN, TransferStatus.WITHDRAWN)
    assert (on_its_driver.status, on_its_driver.from_committee) == (TransferStatus.CLAIMED, tree.county)


def test_every_invariant_holds_after_a_dissolution(tree, county):
    for _ in range(3):
        DriverFactory(committee=county)
    VehicleFactory(registering_committee=county)
    dissolve(county, tree.county)
    assert [one for one in verify(timezone.now()) if one.count] == []
    for model in (Driver, Vehicle):
        assert not model.objects.filter(registering_committee=county).exists()
    assert not Enterprise.objects.filter(committee=county).exists()
    assert not PartyMember.objects.filter(formal_organization=county).exists()
