"""党员联系普通司机: one at a time for a driver, a few for a member; found by name and phone; backbones and veterans."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from dashboard import integrity_members
from foundation.audit.models import Entry
from foundation.audit.trail import NotAllowed
from members.models import BackboneTag, ContactPair, PartyMember, Person
from members.rules.contacts import ELSEWHERE_PER_HOUR, NOT_FOUND_SENTENCE, TOO_MANY_SENTENCE, free_place
from members.workflow import contacts, membership, people, tags, transfers
from members.workflow.membership import Evidence
from tests.factories import AppointmentFactory
from tests.factories.members import DriverFactory, PartyMemberFactory, PersonFactory

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 20, 12, tzinfo=ZoneInfo("Asia/Shanghai"))


@pytest.fixture
def member(tree):
    return PartyMemberFactory(person=PersonFactory(), formal_organization=tree.branch)


@pytest.fixture
def driver(tree):
    return DriverFactory(committee=tree.county)


def pair(member, driver, actor, at=AT):
    return contacts.pair(member, name=driver.person.name, phone=driver.person.phone, actor=actor, at=at)


@given(st.sets(st.integers(1, 12)), st.integers(1, 10))
def test_the_lowest_free_place_is_taken_or_none_is_left(taken, most):
    place = free_place(taken, most)
    assert (place is None) == (set(range(1, most + 1)) <= taken)
    if place is not None:
        assert place not in taken
        assert 1 <= place <= most
        assert set(range(1, place)) <= taken


def test_a_secretary_pairs_a_driver_he_cannot_see_by_what_the_driver_gave(tree, member, driver, secretary):
    made = pair(member, driver, secretary)
    assert (made.place, made.from_date) == (1, date(2026, 11, 20))
    other = PartyMemberFactory(formal_organization=tree.branch)
    with pytest.raises(ValidationError, match="已经有党员联系"):
        pair(other, driver, secretary)


def test_one_sentence_for_unknown_wrong_foreign_and_member(tree, member, driver, secretary):
    foreign = DriverFactory(committee=tree.neighbour_county)
    party = DriverFactory(committee=tree.county)
    PartyMemberFactory(person=party.person, formal_organization=tree.second_branch)
    tries = [
        (foreign.person.name, foreign.person.phone),
        (party.person.name, party.person.phone),
        (driver.person.name, "19099999999"),
        ("查无此人", driver.person.phone),
        (driver.person.name, ""),
    ]
    for name, phone in tries:
        with pytest.raises(ValidationError) as caught:
            contacts.pair(member, name=name, phone=phone, actor=secretary, at=AT)
        assert caught.value.messages == [NOT_FOUND_SENTENCE]
    assert not ContactPair.objects.exists()


def test_trying_out_names_and_phones_is_braked(member, driver, secretary):
    from django.utils import timezone

    for _ in range(ELSEWHERE_PER_HOUR):
        with pytest.raises(ValidationError, match="没有找到"):
            contacts.pair(member, name="查无此人", phone="19099999999", actor=secretary)
    with pytest.raises(ValidationError) as caught:
        pair(member, driver, secretary, at=timezone.now())
    assert caught.value.messages == [TOO_MANY_SENTENCE]
    assert pair(member, driver, secretary, at=timezone.now() + timedelta(hours=2))


def test_a_member_keeps_contact_with_a_few_only(tree, member, secretary, settings):
    settings.CONTACT_PAIRS_MOST = 2
    first, second, third = (DriverFactory(committee=tree.county) for _ in range(3))
    one = pair(member, first, secretary)
    pair(member, second, secretary)
    with pytest.raises(ValidationError, match="最多联系 2 位"):
        pair(member, third, secretary)
    contacts.end(one, reason="不跑车了", actor=secretary, at=AT)
    assert pair(member, third, secretary).place == 1
    with pytest.raises(IntegrityError), transaction.atomic():
        ContactPair.objects.create(
            member=member,
            driver=DriverFactory(committee=tree.county),
            place=2,
            from_date=AT.date(),
            paired_by=secretary,
        )


def test_contact_is_noted_in_one_tap_once_a_day(member, driver, secretary):
    made = pair(member, driver, secretary)
    contacts.touch(made, actor=secretary, at=AT)
    contacts.touch(made, actor=secretary, at=AT)
    assert ContactPair.objects.get().last_contact_date == date(2026, 11, 20)
    assert Entry.objects.filter(action="contact_pair.touch").count() == 1
    contacts.end(made, reason="不跑车了", actor=secretary, at=AT)
    for act in (
        lambda: contacts.touch(made, actor=secretary, at=AT),
        lambda: contacts.end(made, reason="不跑车了", actor=secretary, at=AT),
        lambda: contacts.reveal_phone(made, actor=secretary),
    ):
        with pytest.raises(NotAllowed):
            act()


def test_who_may_pair_note_and_call(
    tree, member, driver, secretary, branch_committee_member, county_clerk, neighbour_clerk, leader, instructor
):
    made = pair(member, driver, county_clerk)
    for actor in (neighbour_clerk, leader, instructor):
        with pytest.raises(PermissionDenied):
            pair(member, driver, actor)
        with pytest.raises(PermissionDenied):
            contacts.touch(made, actor=actor, at=AT)
        with pytest.raises(PermissionDenied):
            contacts.reveal_phone(made, actor=actor)
    assert not ContactPair.objects.visible_to(neighbour_clerk).exists()
    for actor in (secretary, branch_committee_member, county_clerk):
        assert contacts.reveal_phone(made, actor=actor) == driver.person.phone
    assert Entry.objects.filter(action="driver.reveal", person_id=driver.pk).count() == 3


def test_looks_at_the_phone_count_with_the_others_of_the_day(member, driver, secretary, settings):
    settings.REVEALS_PER_DAY = 1
    made = pair(member, driver, secretary)
    contacts.reveal_phone(made, actor=secretary)
    with pytest.raises(ValidationError, match="上限"):
        contacts.reveal_phone(made, actor=secretary)


def test_a_pair_ends_with_the_membership_and_with_a_move(tree, member, driver, secretary, county_clerk):
    pair(member, driver, secretary)
    receiver = AppointmentFactory(organization=tree.second_branch, role="secretary").user
    letter = transfers.draft(member, tree.second_branch, reason="迁居", actor=secretary)
    transfers.submit(letter, actor=secretary)
    transfers.approve(letter, actor=county_clerk)
    assert transfers.receive(letter, actor=receiver)["members.ContactPair"] == 1
    assert not ContactPair.objects.running().exists()
    member = PartyMember.objects.select_related("person", "formal_organization").get(pk=member.pk)
    pair(member, driver, county_clerk)
    ended = membership.end_membership(
        member, "deceased", on_date=date(2026, 11, 1), document="死亡证明", reason="病故", version=member.version,
        actor=county_clerk, at=AT,
    )  # fmt: skip
    assert ended["members.ContactPair"] == 1
    assert list(integrity_members.pairs(AT)) == []


def test_a_pair_ends_when_the_driver_becomes_a_member_himself(tree, member, driver, secretary, county_clerk):
    pair(member, driver, secretary)
    membership.admit(
        driver.person, Evidence("verification", "verification:1", tree.county), home=tree.branch, status="full",
        joined_date=date(2010, 7, 1), full_date=date(2011, 7, 1), actor=county_clerk, at=AT,
    )  # fmt: skip
    assert ContactPair.objects.get().end_reason == "本人登记为党员"
    assert list(integrity_members.pairs(AT)) == []


def merge(winner, loser, clerk):
    versions = (winner.version, loser.version)
    return people.merge_people(winner, loser, from_loser=frozenset(), versions=versions, reason="同一个人", actor=clerk)


def test_a_merge_keeps_one_running_pair_and_moves_the_rest(tree, member, driver, secretary, county_clerk):
    other = PartyMemberFactory(formal_organization=tree.branch)
    twin = DriverFactory(committee=tree.county)
    kept, dropped = pair(member, driver, secretary), pair(other, twin, secretary)
    tags.tag_backbone(twin.person, reason="带头做志愿服务", actor=county_clerk, at=AT)
    merge(driver, twin, county_clerk)
    assert list(ContactPair.objects.running()) == [kept]
    dropped.refresh_from_db()
    assert (dropped.driver_id, dropped.end_reason) == (driver.pk, "合并重复登记")
    assert BackboneTag.objects.running().get().person_id == driver.pk


def test_a_merge_with_the_row_of_the_member_himself_leaves_no_pair(tree, driver, secretary, county_clerk):
    himself = DriverFactory(committee=tree.county)
    member = PartyMemberFactory(person=himself.person, formal_organization=tree.branch)
    pair(member, driver, secretary)
    merge(driver, himself, county_clerk)
    assert PartyMember.objects.get().pk == driver.pk
    assert not ContactPair.objects.running().exists()
    assert list(integrity_members.pairs(AT)) == []


# --- pages ------------------------------------------------------------------------------------------------------------
def test_the_list_calls_and_notes_and_the_driver_shows_who_keeps_contact(
    tree, member, driver, secretary, county_clerk, sign_in
):
    client = sign_in(secretary)
    create = reverse("members:contact_create", args=[member.pk])
    values = {"name": driver.person.name, "phone": driver.person.phone}
    assert client.post(create, values | {"phone": "19099999999"}).status_code == 422
    assert client.post(create, values).status_code == 302
    made = ContactPair.objects.get()
    page = client.get(reverse("members:contact_list"))
    assert driver.person.phone not in page.content.decode()
    assert "打电话" in page.content.decode()
    called = client.post(reverse("members:contact_phone", args=[made.pk]), headers={"HX-Request": "true"})
    assert f'href="tel:{driver.person.phone}"' in called.content.decode()
    assert "no-store" in called["Cache-Control"]
    assert client.post(reverse("members:contact_touch", args=[made.pk])).status_code == 302
    assert "今天联系过" in client.get(reverse("members:contact_list")).content.decode()
    detail = sign_in(county_clerk).get(reverse("members:driver_detail", args=[driver.pk])).content.decode()
    assert "联系他的党员" in detail
    assert member.person.name in detail


# --- tags -------------------------------------------------------------------------------------------------------------
def test_a_backbone_has_who_when_and_why_and_is_found_by_the_filter(
    tree, member, secretary, county_clerk, leader, sign_in
):
    plain = PartyMemberFactory(formal_organization=tree.branch)
    with pytest.raises(ValidationError):
        tags.tag_backbone(member.person, reason="", actor=secretary, at=AT)
    with pytest.raises(PermissionDenied):
        tags.tag_backbone(member.person, reason="带头做志愿服务", actor=leader, at=AT)
    tag = tags.tag_backbone(member.person, reason="带头做志愿服务", actor=secretary, at=AT)
    with pytest.raises(ValidationError, match="已经标为骨干"):
        tags.tag_backbone(member.person, reason="再标一次", actor=county_clerk, at=AT)
    client = sign_in(leader)
    found = client.get(reverse("members:member_list") + "?tag=backbone").context["rows"]
    assert {line["row"].pk for line in found} == {member.pk}
    detail = client.get(reverse("members:member_detail", args=[member.pk])).content.decode()
    for word in ("带头做志愿服务", secretary.name, "2026年11月20日"):
        assert word in detail
    tags.end_backbone(tag, reason="调走了", actor=secretary, at=AT)
    with pytest.raises(NotAllowed):
        tags.end_backbone(tag, reason="调走了", actor=secretary, at=AT)
    assert not client.get(reverse("members:member_list") + "?tag=backbone").context["rows"]
    assert tags.tag_backbone(member.person, reason="又回来了", actor=secretary, at=AT)
    assert plain.person.backbone_tags.count() == 0
    assert client.get(reverse("members:member_list") + "?tag=x").status_code == 400


def test_a_driver_who_is_no_member_is_a_backbone_too_for_the_clerk(tree, driver, county_clerk, secretary, sign_in):
    with pytest.raises(PermissionDenied):
        tags.tag_backbone(driver.person, reason="带头做志愿服务", actor=secretary, at=AT)
    page = reverse("members:driver_backbone", args=[driver.pk])
    client = sign_in(county_clerk)
    assert client.post(page, {"reason": "带头做志愿服务"}).status_code == 302
    assert "带头做志愿服务" in client.get(reverse("members:driver_detail", args=[driver.pk])).content.decode()
    assert client.post(page, {"reason": "不跑车了"}).status_code == 302
    assert BackboneTag.objects.get().end_reason == "不跑车了"


def test_a_veteran_is_noted_on_the_person_with_who_and_why(tree, member, secretary, county_clerk, sign_in):
    tags.note_veteran(member.person, True, reason="看过退伍证", actor=secretary, at=AT)
    assert Person.objects.get(pk=member.pk).is_veteran is True
    with pytest.raises(ValidationError):
        tags.note_veteran(Person.objects.get(pk=member.pk), True, reason="看过退伍证", actor=secretary, at=AT)
    entry = Entry.objects.get(action="person.veteran")
    assert (entry.actor_id, entry.reason, entry.fields["is_veteran"]) == (secretary.pk, "看过退伍证", [None, True])
    client = sign_in(county_clerk)
    found = client.get(reverse("members:member_list") + "?tag=veteran").context["rows"]
    assert {line["row"].pk for line in found} == {member.pk}
    assert "看过退伍证" in client.get(reverse("members:member_detail", args=[member.pk])).content.decode()
