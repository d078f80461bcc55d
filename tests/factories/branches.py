"""Organisations, appointments and guidance lines."""

from datetime import UTC, date, datetime

import factory

from branches.choices import AppointmentSource, GuidanceLine, Kind, Level
from branches.models import Appointment, Guidance, Organization
from tests.factories.accounts import UserFactory

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


class OrganizationFactory(factory.django.DjangoModelFactory):
    """A branch by default; `parent=` puts it into the tree, without one it is a root."""

    class Meta:
        model = Organization

    code = factory.Sequence(lambda n: f"T{n:06}")
    name = factory.LazyAttribute(lambda made: f"中共{made.short_name}")
    short_name = factory.Sequence(lambda n: f"第{n}测试党支部")
    kind = Kind.MOBILE_BRANCH
    level = factory.LazyAttribute(lambda made: Level.BASE if made.kind != Kind.INDUSTRY_COMMITTEE else Level.COUNTY)

    @classmethod
    def _create(cls, model_class, *args, parent=None, **fields):
        instance = model_class(**fields)
        if parent is None:
            return model_class.objects.add_root(instance=instance)
        return model_class.objects.add_child(parent, instance=instance)


class AppointmentFactory(factory.django.DjangoModelFactory):
    """A running appointment since 2020; staff duty follows the role as the product's verb would set it."""

    class Meta:
        model = Appointment

    user = factory.SubFactory(UserFactory)
    organization = factory.SubFactory(OrganizationFactory)
    role = "clerk"
    source = AppointmentSource.DELEGATED
    from_at = LONG_AGO

    @classmethod
    def _create(cls, model_class, *args, **fields):
        from branches.choices import STAFF_ROLES

        made = super()._create(model_class, *args, **fields)
        if made.role in STAFF_ROLES and not made.user.is_staff:
            made.user.is_staff = True
            made.user.save(update_fields=["is_staff"])
        return made


class GuidanceFactory(factory.django.DjangoModelFactory):
    """A line in force since 2020."""

    class Meta:
        model = Guidance

    organization = factory.SubFactory(OrganizationFactory)
    guiding_organization = factory.SubFactory(OrganizationFactory, kind=Kind.DEPARTMENT)
    line = GuidanceLine.ORGANISATION
    from_date = date(2020, 1, 1)
