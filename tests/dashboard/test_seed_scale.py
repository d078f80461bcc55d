"""`seed_scale`: the numbers asked for, the same each time, going on where it stopped."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from activities.models import Activity, Attendance
from branches.models import Organization, Term
from dashboard.canonical import lines
from dashboard.demo import scale
from dashboard.integrity import verify
from members.models import Affiliation, Credential, Driver, DriverVehicle, Enterprise, PartyMember, Vehicle
from members.rules.people import id_number_index

pytestmark = pytest.mark.django_db


def seed_scale(**options):
    out = StringIO()
    call_command("seed_scale", stdout=out, stderr=StringIO(), **options)
    return out.getvalue()


def test_there_is_exactly_what_was_asked_for(divisions):
    said = seed_scale(drivers=600, members=30, organizations=40, seed=3)
    assert (Driver.objects.count(), PartyMember.objects.count(), Organization.objects.count()) == (600, 30, 40)
    assert Enterprise.objects.count() == 24  # 17,029 firms to 430,000 drivers
    assert "司机 600 人" in said
    assert 0 < Vehicle.objects.count() == DriverVehicle.objects.count() < 600
    assert Credential.objects.exists()
    assert Affiliation.objects.exists()


def test_a_year_of_branch_life_is_loaded_once_and_holds(divisions):
    said = seed_scale(drivers=300, members=120, organizations=60, activities=720)
    number = Activity.objects.count()
    assert 0 < number <= 720
    assert f"活动 {number} 次" in said
    assert Attendance.objects.count() == sum(Activity.objects.values_list("expected", flat=True))
    assert Term.objects.exists()
    before = list(lines())
    seed_scale(drivers=300, members=120, organizations=60, activities=720)
    assert list(lines()) == before
    assert [one for one in verify(timezone.now()) if one.count] == []
    with pytest.raises(CommandError, match="有活动就要有党员"):
        seed_scale(drivers=10, members=0, organizations=10, activities=1)


def test_one_in_24_drivers_is_a_member_where_nothing_is_said(divisions):
    seed_scale(drivers=1000, organizations=20)
    assert PartyMember.objects.count() == 41


def test_every_invariant_holds_afterwards(divisions):
    seed_scale(drivers=300, members=40, organizations=120)
    assert [one for one in verify(timezone.now()) if one.count] == []


def test_the_tree_has_three_levels_and_branches_below(divisions):
    seed_scale(drivers=0, organizations=300)
    assert Organization.objects.find_problems() == ([], [], [], [], [])
    assert set(Organization.objects.filter(kind="industry_committee").values_list("depth", flat=True)) == {1, 2, 3}
    assert not Organization.objects.branches().exclude(depth=4).exists()


def test_loading_again_adds_nothing(divisions):
    seed_scale(drivers=200, organizations=30)
    before = list(lines())
    seed_scale(drivers=200, organizations=30)
    assert list(lines()) == before


def test_a_load_that_stopped_ends_like_one_that_did_not(divisions, monkeypatch):
    monkeypatch.setattr(scale, "CHUNK", 50)
    write, calls = scale.write, []

    def stopping(*args, **options):
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return write(*args, **options)

    monkeypatch.setattr(scale, "write", stopping)
    with pytest.raises(KeyboardInterrupt):
        seed_scale(drivers=200, members=20, organizations=30)
    assert Driver.objects.count() == 100
    monkeypatch.setattr(scale, "write", write)
    seed_scale(drivers=200, members=20, organizations=30)
    stopped = list(lines())
    for model in (Affiliation, PartyMember, Credential, DriverVehicle, Vehicle, Driver, Enterprise):
        model.objects.all().delete()
    Driver._meta.get_field("person").related_model.objects.all().delete()
    seed_scale(drivers=200, members=20, organizations=30)
    assert list(lines()) == stopped


def test_another_seed_brings_other_people(divisions):
    seed_scale(drivers=50, organizations=10, seed=1)
    seed_scale(drivers=50, organizations=10, seed=2)
    assert Driver.objects.count() == 100


def test_a_seeded_driver_is_found_by_his_number(divisions):
    from dashboard.demo.names import People

    seed_scale(drivers=20, organizations=10, seed=4)
    person = People(4)[3]
    found = Driver.objects.select_related("person").get(person__id_number_index=id_number_index(person.id_number))
    assert (found.person.name, found.person.id_number) == (person.name, person.id_number)


@pytest.mark.parametrize(
    "wrong", [{"grievances": -1}, {"drivers": 5, "members": 6}, {"drivers": -1}, {"organizations": 0}]
)
def test_numbers_that_cannot_be_are_refused_and_nothing_is_loaded(divisions, wrong):
    with pytest.raises(CommandError) as refused:
        seed_scale(**{"drivers": 10, "members": 0} | wrong)
    assert refused.value.returncode == 2
    assert not Driver.objects.exists()
