"""The verbs on drivers, their vehicles and licences; looking at a number; making two rows one."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from foundation.audit.models import Entry
from foundation.audit.trail import Conflict
from members.models import Credential, Driver, DriverVehicle, PartyMember, Person, Vehicle
from members.workflow import drivers as verbs
from members.workflow import looks
from members.workflow.people import merge_people, reveal
from tests.factories import AppointmentFactory
from tests.factories.members import (
    CredentialFactory,
    DriverFactory,
    DriverVehicleFactory,
    EnterpriseFactory,
    PartyMemberFactory,
    VehicleFactory,
    id_number,
)

WRONG_CHECK = id_number(7)[:17] + ("0" if id_number(7)[17] != "0" else "1")


def _values(**more):
    return {"name": "李开富", "id_number": id_number(7), "phone": "190 0000 4418", "group": "truck", **more}


def test_a_driver_is_registered_with_all_that_follows_from_his_number(county_clerk, tree):
    driver = verbs.register_driver(
        _values(address="攀枝花市东区某路 3 号"),
        tree.county,
        actor=county_clerk,
        plate="川d·9m113",
        credential="510402198506120019",
    )
    person = Person.objects.get(pk=driver.pk)
    assert (person.name, person.name_key, person.given_key, person.initials) == ("李开富", "李开富", "开富", "lkf")
    assert (person.birth_date, person.phone) == (date(1985, 6, 12), "19000004418")
    assert person.sex == ("male" if int(id_number(7)[16]) % 2 else "female")
    assert driver.vehicle_links.get().vehicle.plate == "川D9M113"
    assert driver.credentials.get().kind == "freight"
    entry = Entry.objects.get(action="driver.register")
    assert (entry.person_id, entry.organization_id, entry.object_label) == (driver.pk, tree.county.pk, "李**")
    assert id_number(7) not in str(entry.__dict__)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("id_number", WRONG_CHECK, "校验码不对"),
        ("id_number", "5104021985", "应是 18 位，这里是 10 位"),
        ("id_number", "5.10105E+17", "表格软件改过"),
        ("id_number", "", "没有填"),
        ("id_number", "510402198513120019", "出生日期"),
        ("phone", "1900000441", "11 位"),
        ("name", "", "姓名没有填"),
        ("name", "字" * 51, "最多 50 个字"),
    ],
)
def test_a_wrong_value_is_refused_at_its_field_and_nothing_is_written(county_clerk, tree, field, value, words):
    with pytest.raises(ValidationError) as refused:
        verbs.register_driver(_values(**{field: value}), tree.county, actor=county_clerk)
    assert words in refused.value.message_dict[field][0]
    assert not Person.objects.exists()
    assert not Entry.objects.exists()


def test_a_plate_with_i_or_o_is_refused(county_clerk, tree):
    with pytest.raises(ValidationError) as refused:
        verbs.register_driver(_values(), tree.county, actor=county_clerk, plate="川DO123I")
    assert "没有 I 和 O" in refused.value.message_dict["plate"][0]
    assert not Person.objects.exists()


def test_all_that_is_wrong_with_a_new_driver_is_said_at_once(county_clerk, tree):
    with pytest.raises(ValidationError) as refused:
        verbs.register_driver(
            _values(id_number="510106199001011234", phone="1380013"), tree.county, actor=county_clerk, plate="川DO123I"
        )
    assert set(refused.value.message_dict) == {"id_number", "phone", "plate"}


@pytest.mark.parametrize(
    "who", ["leader", "secretary", "organisation_reader", "auditor", "outsider", "neighbour_clerk"]
)
def test_nobody_but_the_clerk_of_the_place_registers(request, tree, who):
    with pytest.raises(PermissionDenied):
        verbs.register_driver(_values(), tree.county, actor=request.getfixturevalue(who))
    assert not Person.objects.exists()


def test_a_number_one_may_see_leads_to_its_row(county_clerk, tree):
    known = DriverFactory(person__id_number=id_number(7), committee=tree.county)
    with pytest.raises(verbs.RegisteredAlready) as refused:
        verbs.register_driver(_values(), tree.county, actor=county_clerk)
    assert refused.value.driver_id == known.pk


def test_a_number_registered_elsewhere_is_refused_without_a_word_about_its_owner(county_clerk, tree):
    foreign = DriverFactory(person__name="外地人", person__id_number=id_number(7), committee=tree.neighbour_county)
    with pytest.raises(ValidationError) as refused:
        verbs.register_driver(_values(), tree.county, actor=county_clerk)
    said = str(refused.value)
    assert "外地人" not in said
    assert tree.neighbour_county.short_name not in said
    assert Entry.objects.get(action="driver.out_of_scope").person_id == foreign.pk


def test_a_platform_registers_its_own_drivers_and_writes_no_party_field(partner, tree):
    own = EnterpriseFactory(committee=tree.county, organization=tree.company)
    other = EnterpriseFactory(committee=tree.county)
    driver = verbs.register_driver(_values(enterprise=own), tree.county, actor=partner)
    assert driver.enterprise == own
    more = _values(id_number=id_number(8), enterprise=other)
    with pytest.raises(PermissionDenied):
        verbs.register_driver(more, tree.county, actor=partner)
    more |= {"enterprise": own, "declared_political_status": "member"}
    with pytest.raises(PermissionDenied):
        verbs.register_driver(more, tree.county, actor=partner)


# --- change -----------------------------------------------------------------------------------------------------------
def test_a_change_leaves_what_is_not_named_and_traces_masked_values(county_clerk, tree):
    driver = DriverFactory(person__phone="19000001111", committee=tree.county)
    verbs.change_driver(driver, {"phone": "19000002222", "group": "taxi"}, versions=(1, 1), actor=county_clerk)
    changed = Driver.objects.select_related("person").get(pk=driver.pk)
    assert (changed.group, changed.person.phone, changed.person.name) == ("taxi", "19000002222", driver.person.name)
    assert (changed.version, changed.person.version) == (2, 2)
    entry = Entry.objects.get(action="driver.change")
    assert entry.fields["phone"] == ["190****1111", "190****2222"]
    assert entry.fields["group"] == ["truck", "taxi"]
    assert list(Driver.objects.matching(verbs_search("2222"))) == [driver]


def verbs_search(text):
    from members.rules.search import classify

    return classify(text)


def test_nothing_different_changes_nothing(county_clerk, tree):
    driver = DriverFactory(committee=tree.county)
    verbs.change_driver(driver, {"group": "truck", "name": driver.person.name}, versions=(1, 1), actor=county_clerk)
    assert Driver.objects.get(pk=driver.pk).version == 1
    assert not Entry.objects.exists()


@pytest.mark.parametrize("values", [{"group": "taxi"}, {"phone": "19000002222"}, {}])
def test_whoever_saves_second_is_told(county_clerk, tree, values):
    driver = DriverFactory(committee=tree.county)
    verbs.change_driver(driver, {"group": "passenger", "phone": "19000003333"}, versions=(1, 1), actor=county_clerk)
    with pytest.raises(Conflict):
        verbs.change_driver(driver, values, versions=(1, 1), actor=county_clerk)
    now = Driver.objects.select_related("person").get(pk=driver.pk)
    assert (now.group, now.person.phone) == ("passenger", "19000003333")


def test_a_conflict_on_one_row_takes_back_the_other(county_clerk, tree):
    driver = DriverFactory(committee=tree.county)
    Driver.objects.filter(pk=driver.pk).update(version=5)
    with pytest.raises(Conflict):
        verbs.change_driver(driver, {"phone": "19000003333", "group": "taxi"}, versions=(1, 1), actor=county_clerk)
    assert Person.objects.get(pk=driver.pk).phone != "19000003333"


def test_several_are_verified_together_or_not_at_all(county_clerk, tree):
    own = [DriverFactory(committee=tree.county) for _ in range(3)]
    foreign = DriverFactory(committee=tree.neighbour_county)
    with pytest.raises(PermissionDenied):
        verbs.verify_drivers([*(driver.pk for driver in own), foreign.pk], actor=county_clerk)
    assert not Driver.objects.filter(last_verified_date__isnull=False).exists()
    assert verbs.verify_drivers([driver.pk for driver in own], actor=county_clerk) == 3
    assert Entry.objects.filter(action="driver.verify").count() == 3


# --- vehicles and licences --------------------------------------------------------------------------------------------
def test_a_vehicle_is_tied_once_and_ended_once(county_clerk, tree):
    driver = DriverFactory(committee=tree.county)
    link = verbs.assign_vehicle(driver, "川D9M113", actor=county_clerk, from_date=date(2026, 1, 1))
    assert Vehicle.objects.get().registering_committee_id == tree.county.pk
    with pytest.raises(ValidationError):
        verbs.assign_vehicle(driver, "川D·9M113", actor=county_clerk)
    with pytest.raises(ValidationError):
        verbs.end_vehicle(link, date(2025, 12, 31), actor=county_clerk)
    verbs.end_vehicle(link, date(2026, 5, 1), actor=county_clerk)
    with pytest.raises(Conflict):
        verbs.end_vehicle(link, date(2026, 5, 1), actor=county_clerk)
    verbs.assign_vehicle(driver, "川D9M113", actor=county_clerk)
    assert Vehicle.objects.count() == 1


def test_a_licence_keeps_its_number_when_only_the_day_changes(county_clerk, tree):
    driver = DriverFactory(committee=tree.county)
    verbs.set_credential(driver, "freight", "510400000012", {"expires_date": date(2027, 1, 1)}, actor=county_clerk)
    verbs.set_credential(driver, "freight", "", {"expires_date": date(2029, 1, 1)}, actor=county_clerk)
    credential = Credential.objects.get()
    assert (credential.number, credential.expires_date) == ("510400000012", date(2029, 1, 1))
    with pytest.raises(ValidationError):
        verbs.set_credential(driver, "taxi", "", {}, actor=county_clerk)


# --- reveal -----------------------------------------------------------------------------------------------------------
def test_a_number_is_shown_for_a_reason_and_written_down(county_clerk, tree):
    driver = DriverFactory(person__phone="19000004418", committee=tree.county)
    assert reveal(driver, "phone", actor=county_clerk, reason="提醒证件到期") == "19000004418"
    entry = Entry.objects.get()
    assert (entry.action, entry.reason, list(entry.fields)) == ("driver.reveal", "提醒证件到期", ["phone"])
    assert (entry.person_id, entry.actor_id) == (driver.pk, county_clerk.pk)


@pytest.mark.parametrize(("field", "reason"), [("phone", ""), ("phone", " 查 "), ("remarks", "核实身份")])
def test_without_a_reason_nothing_is_shown(county_clerk, tree, field, reason):
    driver = DriverFactory(committee=tree.county)
    with pytest.raises(ValidationError):
        reveal(driver, field, actor=county_clerk, reason=reason)
    assert not Entry.objects.exists()


def test_the_secretary_reveals_in_his_branch_only_the_leader_nowhere(secretary, leader, partner, tree):
    placed = DriverFactory(committee=tree.county)
    PartyMemberFactory(person=placed.person, formal_organization=tree.branch)
    other = DriverFactory(committee=tree.county)
    assert reveal(placed, "id_number", actor=secretary, reason="核实身份") == placed.person.id_number
    for driver, actor in ((other, secretary), (placed, leader), (placed, partner)):
        with pytest.raises(PermissionDenied):
            reveal(driver, "id_number", actor=actor, reason="核实身份")


def test_after_so_many_looks_in_a_day_the_next_is_refused_and_written_down(county_clerk, tree, settings):
    settings.REVEALS_PER_DAY = 2
    driver = DriverFactory(committee=tree.county)
    other = AppointmentFactory(organization=tree.county, role="clerk").user
    for _ in range(2):
        reveal(driver, "phone", actor=county_clerk, reason="提醒证件到期")
    for _ in range(2):
        with pytest.raises(ValidationError, match="今天已经查看了 2 次"):
            reveal(driver, "id_number", actor=county_clerk, reason="核实身份")
    assert Entry.objects.filter(action="driver.reveal_braked", actor_id=county_clerk.pk, reason="核实身份").count() == 2
    assert reveal(driver, "phone", actor=other, reason="提醒证件到期") == driver.person.phone
    midnight = looks.start_of_day(timezone.now())
    assert timezone.localtime(midnight).hour == 0
    assert looks.start_of_day(midnight - timedelta(seconds=1)) == midnight - timedelta(days=1)


# --- merge ------------------------------------------------------------------------------------------------------------
@pytest.fixture
def pair(tree):
    winner = DriverFactory(person__name="张伟", person__phone="", group="truck", committee=tree.county)
    loser = DriverFactory(person__name="張偉", person__phone="19000005555", group="taxi", committee=tree.second_county)
    return winner, loser


def _merge(pair, actor, **more):
    arguments = {"from_loser": frozenset(), "versions": (1, 1), "reason": "看过身份证原件"} | more
    return merge_people(*pair, actor=actor, **arguments)


def test_two_rows_become_one_and_the_other_is_a_signpost(city_clerk, pair):
    winner, loser = pair
    numbers = {winner.person.id_number, loser.person.id_number}
    merged = _merge(pair, city_clerk, from_loser=frozenset({"name"}))
    assert not Driver.objects.filter(pk=loser.pk).exists()
    assert (merged.person.name, merged.person.name_key, merged.group) == ("張偉", "张伟", "truck")
    assert merged.person.phone == "19000005555"  # an empty value is filled
    signpost = Person.objects.get(pk=loser.pk)
    assert signpost.merged_into_id == winner.pk
    assert {merged.person.id_number, signpost.id_number} == numbers  # nothing is lost
    assert signpost.name == "张伟"


def test_ties_licences_and_membership_follow(city_clerk, pair, tree):
    winner, loser = pair
    shared, own = VehicleFactory(committee=tree.county), VehicleFactory(committee=tree.county)
    for driver in pair:
        DriverVehicleFactory(driver=driver, vehicle=shared)
    DriverVehicleFactory(driver=loser, vehicle=own)
    CredentialFactory(driver=winner, number="510400000001", expires_date=date(2027, 1, 1))
    CredentialFactory(driver=loser, number="510400000002", expires_date=date(2029, 1, 1))
    CredentialFactory(driver=loser, kind="taxi")
    PartyMemberFactory(person=loser.person, formal_organization=tree.branch)
    _merge(pair, city_clerk)
    assert set(DriverVehicle.objects.values_list("driver", "vehicle")) == {(winner.pk, shared.pk), (winner.pk, own.pk)}
    licences = {one.kind: one for one in Credential.objects.all()}
    assert set(licences) == {"freight", "taxi"}
    assert licences["freight"].number == "510400000002"  # the later one counts
    assert PartyMember.objects.get().pk == winner.pk
    entry = Entry.objects.get(action="driver.merge")
    assert (entry.details["winner"], entry.details["loser"]) == (winner.pk, loser.pk)
    assert entry.details["moved"]["party_member"] == [loser.pk]
    assert loser.person.id_number not in str(entry.details)


def test_what_the_winner_takes_from_the_other_side_is_swapped_even_the_number(city_clerk, pair):
    winner, loser = pair
    before = winner.person.id_number, loser.person.id_number
    merged = _merge(pair, city_clerk, from_loser=frozenset({"id_number", "group"}))
    assert (merged.person.id_number, Person.objects.get(pk=loser.pk).id_number) == before[::-1]
    assert merged.group == "taxi"


def test_a_merge_is_refused_whole(city_clerk, county_clerk, leader, pair, tree):
    winner, loser = pair
    for actor in (county_clerk, leader):  # the county clerk does not reach the second county
        with pytest.raises(PermissionDenied):
            _merge(pair, actor)
    with pytest.raises(ValidationError):
        _merge(pair, city_clerk, reason=" ")
    with pytest.raises(Conflict):
        _merge(pair, city_clerk, versions=(1, 2))
    for driver in pair:
        PartyMemberFactory(person=driver.person, formal_organization=tree.branch)
    with pytest.raises(ValidationError):
        _merge(pair, city_clerk)
    assert Driver.objects.filter(pk__in=[winner.pk, loser.pk], version=1).count() == 2
    assert not Entry.objects.exists()


def test_a_merged_number_still_leads_to_the_one_row(city_clerk, pair, tree):
    winner, loser = pair
    number = loser.person.id_number
    _merge(pair, city_clerk)
    with pytest.raises(verbs.RegisteredAlready) as refused:
        verbs.register_driver(_values(id_number=number), tree.county, actor=city_clerk)
    assert refused.value.driver_id == winner.pk
