"""Factories of synthetic rows. Import them from here: `from tests.factories import AppointmentFactory, UserFactory`."""

from tests.factories.accounts import UserFactory
from tests.factories.branches import AppointmentFactory, GuidanceFactory, OrganizationFactory

__all__ = ["AppointmentFactory", "GuidanceFactory", "OrganizationFactory", "UserFactory"]
