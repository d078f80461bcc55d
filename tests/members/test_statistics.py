"""Figures of the registry against rows counted by hand."""

from datetime import date, timedelta

from members import statistics
from members.models import Driver
from tests.factories.members import CredentialFactory, DriverFactory, PartyMemberFactory

ON = date(2026, 11, 24)


def test_verification_licences_and_placement_are_counted(tree, django_assert_num_queries):
    fresh = DriverFactory(committee=tree.county, last_verified_date=ON, declared_political_status="member")
    DriverFactory(committee=tree.county, last_verified_date=ON - timedelta(days=184))
    never = DriverFactory(committee=tree.county, declared_political_status="probationary")
    PartyMemberFactory(person=never.person, formal_organization=tree.branch)
    CredentialFactory(driver=fresh, expires_date=ON + timedelta(days=30))
    CredentialFactory(driver=never, expires_date=ON - timedelta(days=1))
    CredentialFactory(driver=never, kind="taxi", expires_date=ON)
    drivers = Driver.objects.all()
    with django_assert_num_queries(3):
        assert statistics.unverified(drivers, ON) == 2
        assert statistics.expiring(drivers, ON) == {"expired": 1, "soon": 2}
        assert statistics.placement(drivers) == {"declared": 2, "placed": 1}
