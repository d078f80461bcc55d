"""`canonical_dump`: equal data gives equal lines, every change shows, nobody's data can be read in it."""

from datetime import date
from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone

from branches.models import Organization
from dashboard import canonical
from dashboard.canonical import EXCLUDED_COLUMNS, EXCLUDED_MODELS, NATURAL_KEYS, PERSONAL, business_models, lines
from dashboard.demo.names import People
from dashboard.demo.scale import load
from foundation.protection import rotation
from foundation.protection.keyring import reload_keyring
from members.models import Driver, DriverVehicle, PartyMember, Person, Vehicle
from members.rules.people import name_columns, phone_columns

pytestmark = pytest.mark.django_db


@pytest.fixture
def registry(divisions):
    """Load forty drivers."""
    load(drivers=40, members=8, organizations=12, seed=6)


def test_the_lines_are_in_order_and_hold_every_row(registry):
    found = list(lines())
    assert found == sorted(found)
    for model in business_models():
        number = sum(line.startswith(f"{model._meta.label}\t") for line in found)
        assert number == model._base_manager.count(), model._meta.label


def test_what_is_too_much_for_memory_comes_out_in_the_same_order(registry, monkeypatch):
    before = list(lines())
    monkeypatch.setattr(canonical, "_SORTED_AT_ONCE", 7)
    assert list(lines()) == before


def test_other_ids_other_times_other_versions_and_another_key_give_the_same(registry, settings, tmp_path):
    before = list(lines())
    now = timezone.now()
    Driver.objects.update(version=9, updated_at=now, created_at=now)
    Person.objects.update(version=4, updated_at=now)
    # Another id for a row nothing points at.
    link = DriverVehicle.objects.first()
    row = {field.attname: getattr(link, field.attname) for field in DriverVehicle._meta.concrete_fields}
    link.delete()
    DriverVehicle.objects.create(**row | {"id": row["id"] + 1_000_000})
    for person in Person.objects.all():  # sealed anew: another nonce
        person.save(update_fields=["id_number", "phone"])
    assert list(lines()) == before


def test_another_data_key_gives_the_same(registry, settings):
    before = list(lines())
    content = settings.FIELD_KEY_FILE.read_bytes() if hasattr(settings.FIELD_KEY_FILE, "read_bytes") else None
    try:
        rotation.add_key(rotation.key_file(), "")
        reload_keyring()
        for person in Person.objects.all():
            person.save(update_fields=["id_number", "phone"])
        assert list(lines()) == before
    finally:
        if content is not None:
            settings.FIELD_KEY_FILE.write_bytes(content)
            reload_keyring()


@pytest.mark.parametrize(
    "change",
    [
        lambda: Person.objects.filter(pk=Person.objects.first().pk).update(**phone_columns("15400000000")),
        lambda: Person.objects.filter(pk=Person.objects.first().pk).update(**name_columns("示例人")),
        lambda: Driver.objects.filter(pk=Driver.objects.first().pk).update(work_status="left", remarks="x"),
        lambda: Driver.objects.filter(pk=Driver.objects.first().pk).update(
            registering_committee=Organization.objects.get(code="510000")
        ),
        lambda: Vehicle.objects.filter(pk=Vehicle.objects.first().pk).update(status="retired"),
        lambda: PartyMember.objects.filter(pk=PartyMember.objects.first().pk).update(full_date=date(2020, 1, 2)),
        lambda: DriverVehicle.objects.first().delete(),
    ],
    ids=["phone", "name", "status", "committee", "vehicle", "member", "link"],
)
def test_every_change_shows(registry, change):
    before = list(lines())
    change()
    assert list(lines()) != before


def test_no_name_number_phone_or_plate_can_be_read_in_it(registry):
    text = "\n".join(lines())
    people = People(6)
    for index in range(40):
        person = people[index]
        for value in (person.name, person.id_number, person.phone, person.plate, person.credential_number):
            assert value not in text


def test_another_salt_gives_other_digests(registry):
    assert list(lines("one")) != list(lines("two"))
    assert list(lines("one")) == list(lines("one"))


def test_what_is_left_out_exists():
    labels = {model._meta.label: model for model in business_models()}
    known = labels.keys() | EXCLUDED_MODELS.keys()
    for table in (EXCLUDED_COLUMNS, PERSONAL, NATURAL_KEYS):
        for label, names in table.items():
            assert label in known
            assert set(names) <= {field.name for field in labels[label]._meta.concrete_fields}, label


def test_the_command_prints_the_lines_alone(registry):
    out, err = StringIO(), StringIO()
    call_command("canonical_dump", stdout=out, stderr=err)
    assert out.getvalue().splitlines() == list(lines())
    assert "按个人信息保管" in err.getvalue()
