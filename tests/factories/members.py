"""People, drivers, firms and vehicles. Every number is made up: the area codes are real, nobody has these numbers."""

from datetime import date

import factory

from foundation.protection.canonical import name_key
from foundation.protection.identifiers import check_character
from members.models import Credential, Driver, DriverVehicle, Enterprise, PartyMember, Person, Vehicle
from members.rules.people import born_and_sex, credential_index, id_number_columns, name_columns, phone_columns


def id_number(n: int, area: str = "510402", birth: str = "19850612") -> str:
    """Return the n-th valid identity number of an area and birth date (n < 1000)."""
    first_17 = f"{area}{birth}{n % 1000:03}"
    return first_17 + check_character(first_17)


def phone(n: int) -> str:
    """Return the n-th mobile number of a range that no operator has given out."""
    return f"190{n:08}"


class PersonFactory(factory.django.DjangoModelFactory):
    """A person with all derived columns."""

    class Meta:
        model = Person

    name = factory.Sequence(lambda n: f"测试{chr(0x4E00 + n % 2000)}")
    id_number = factory.Sequence(lambda n: id_number(n % 1000, birth=f"19{60 + n // 1000 % 40:02}0612"))
    phone = factory.Sequence(phone)
    address = "四川省攀枝花市东区某路 1 号"

    @classmethod
    def _create(cls, model_class, *args, **fields):
        number = fields.pop("id_number", "")
        fields = (
            name_columns(fields.pop("name"))
            | (id_number_columns(number) | (born_and_sex(number) if number else {}))
            | phone_columns(fields.pop("phone", ""))
            | fields
        )
        return model_class.objects.create(**fields)


class DriverFactory(factory.django.DjangoModelFactory):
    """A truck driver; `committee=` is where he is registered, `person__name=` and the like go to the person."""

    class Meta:
        model = Driver
        rename = {"committee": "registering_committee"}

    person = factory.SubFactory(PersonFactory)
    group = "truck"
    work_status = "on_duty"


class EnterpriseFactory(factory.django.DjangoModelFactory):
    """A firm without a checked code."""

    class Meta:
        model = Enterprise

    name = factory.Sequence(lambda n: f"第{n}测试运输公司")
    name_key = factory.LazyAttribute(lambda made: name_key(made.name))
    kind = "freight"


class VehicleFactory(factory.django.DjangoModelFactory):
    """A vehicle in use; `committee=` is where it is registered."""

    class Meta:
        model = Vehicle
        rename = {"committee": "registering_committee"}

    plate = factory.Sequence(lambda n: f"川D{n:05}")
    colour = "yellow"


class DriverVehicleFactory(factory.django.DjangoModelFactory):
    """A running tie between a driver and a vehicle."""

    class Meta:
        model = DriverVehicle


class CredentialFactory(factory.django.DjangoModelFactory):
    """A freight licence."""

    class Meta:
        model = Credential

    kind = "freight"
    number = factory.Sequence(lambda n: f"5104{n:014}")
    number_index = factory.LazyAttribute(lambda made: credential_index(made.number))


class PartyMemberFactory(factory.django.DjangoModelFactory):
    """A full member; `formal_organization=` is the branch."""

    class Meta:
        model = PartyMember

    person = factory.SubFactory(PersonFactory)
    status = "full"
    joined_date = date(2010, 7, 1)
    full_date = date(2011, 7, 1)
