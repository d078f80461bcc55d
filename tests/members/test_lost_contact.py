"""The procedure for members who cannot be reached: gates by date, nothing by itself."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from foundation.audit.trail import NotAllowed
from members.models import LostContact, PartyMember
from members.workflow import lost_contact, transfers
from tests.factories import AppointmentFactory, UserFactory
from tests.factories.members import PartyMemberFactory

pytestmark = pytest.mark.django_db


def noon(*day):
    return datetime(*day, 12, tzinfo=ZoneInfo("Asia/Shanghai"))


@pytest.fixture
def member(tree):
    return PartyMemberFactory(formal_organization=tree.branch)


@pytest.fixture
def search(member, secretary):
    """Not reached since 2024-01-15; three tries in two ways."""
    found = lost_contact.open_search(member, since_date=date(2024, 1, 15), actor=secretary, at=noon(2024, 3, 1))
    for channel, day in (("phone", 1), ("phone", 2), ("visit", 3)):
        lost_contact.note_attempt(
            found, channel=channel, on_date=date(2024, 3, day), was_reached=False, note="没有人", actor=secretary,
            at=noon(2024, 3, 5),
        )  # fmt: skip
    return found


def decided(search, secretary):
    lost_contact.decide(search, on_date=date(2024, 7, 15), decision="停止党籍", actor=secretary, at=noon(2024, 7, 20))


def approved(search, secretary, county_clerk):
    decided(search, secretary)
    lost_contact.approve(
        search, on_date=date(2024, 8, 1), document="东党〔2024〕8号", actor=county_clerk, at=noon(2024, 8, 2)
    )


def test_the_whole_way_from_the_search_to_striking_off(search, member, secretary, county_clerk, organisation_reader):
    with pytest.raises(NotAllowed, match=r"第三十三条.*2024-07-15"):
        lost_contact.decide(search, on_date=date(2024, 7, 14), decision="停止党籍", actor=secretary)
    approved(search, secretary, county_clerk)
    member.refresh_from_db()
    assert (member.status, member.status_from_date) == ("suspended", date(2024, 8, 1))
    lost_contact.file(search, on_date=date(2024, 9, 1), document="组备〔2024〕3号", actor=organisation_reader)
    strike = {"document": "东党〔2026〕9号", "actor": county_clerk}
    with pytest.raises(NotAllowed, match="2026-08-01"):
        lost_contact.remove(search, on_date=date(2026, 7, 31), **strike)
    lost_contact.remove(search, on_date=date(2026, 8, 1), **strike)
    member.refresh_from_db()
    assert (member.status, member.formal_organization, search.status) == ("removed", None, "removed")


def test_nothing_moves_by_itself_however_late_it_is(search, member):
    transfers.expire_letters(noon(2030, 1, 1))
    search.refresh_from_db()
    member.refresh_from_db()
    assert (search.status, member.status) == ("searching", "full")


def test_too_few_tries_stop_the_decision(member, secretary):
    found = lost_contact.open_search(member, since_date=date(2024, 1, 15), actor=secretary)
    with pytest.raises(NotAllowed, match="0 次"):
        lost_contact.decide(found, on_date=date(2025, 1, 15), decision="停止党籍", actor=secretary)


def test_who_was_found_is_restored_within_the_two_years(search, member, secretary, county_clerk):
    approved(search, secretary, county_clerk)
    with pytest.raises(NotAllowed):
        lost_contact.close(search, reason="回来了", actor=secretary)
    lost_contact.restore(
        search, on_date=date(2025, 1, 1), document="东党〔2025〕1号", reason="本人申请", actor=county_clerk
    )
    member.refresh_from_db()
    assert (member.status, member.status_from_date, search.status) == ("full", None, "restored")


def test_a_probationary_member_loses_the_qualification_at_the_approval(tree, secretary, county_clerk):
    member = PartyMemberFactory(
        formal_organization=tree.branch, status="probationary", joined_date=date(2023, 7, 1), full_date=None
    )
    found = lost_contact.open_search(member, since_date=date(2024, 1, 15), actor=secretary)
    for channel, day in (("phone", 1), ("phone", 2), ("visit", 3)):
        lost_contact.note_attempt(
            found, channel=channel, on_date=date(2024, 3, day), was_reached=False, note="没有人", actor=secretary
        )
    approved(found, secretary, county_clerk)
    member.refresh_from_db()
    assert (member.status, member.last_organization, found.status) == ("removed", tree.branch, "removed")


def test_the_committee_gives_a_decision_back_and_a_search_ends_when_he_answers(search, secretary, county_clerk):
    decided(search, secretary)
    lost_contact.refuse(search, reason="再找一找", actor=county_clerk)
    assert (search.status, search.decision) == ("searching", "")
    lost_contact.close(search, reason="电话通了", actor=secretary)
    with pytest.raises(NotAllowed):
        lost_contact.note_attempt(
            search, channel="phone", on_date=date(2024, 3, 9), was_reached=True, note="通了", actor=secretary
        )


def test_each_step_belongs_to_somebody(tree, search, secretary, county_clerk, neighbour_clerk, organisation_reader):
    document = {"on_date": date(2024, 8, 1), "document": "东党〔2024〕8号"}
    for actor in (county_clerk, secretary):
        assert LostContact.objects.visible_to(actor).count() == 1
    assert not LostContact.objects.visible_to(neighbour_clerk).exists()
    for actor in (neighbour_clerk, organisation_reader, UserFactory()):
        with pytest.raises(PermissionDenied):
            lost_contact.decide(search, on_date=date(2024, 8, 1), decision="停止党籍", actor=actor)
    decided(search, secretary)
    for actor in (secretary, organisation_reader, neighbour_clerk):
        with pytest.raises(PermissionDenied):
            lost_contact.approve(search, actor=actor, **document)
    lost_contact.approve(search, actor=county_clerk, **document)
    with pytest.raises(PermissionDenied):
        lost_contact.file(search, actor=secretary, **document)
    other = AppointmentFactory(organization=tree.second_branch, role="secretary").user
    with pytest.raises(PermissionDenied):
        lost_contact.open_search(
            PartyMemberFactory(formal_organization=tree.branch), since_date=date(2024, 1, 1), actor=other
        )


def test_no_search_during_a_transfer_and_no_transfer_during_a_search(tree, search, member, secretary):
    with pytest.raises(ValidationError, match="失联"):
        transfers.draft(member, tree.second_branch, reason="迁居", actor=secretary)
    other = PartyMemberFactory(formal_organization=tree.branch)
    transfers.draft(other, tree.second_branch, reason="迁居", actor=secretary)
    with pytest.raises(ValidationError, match="转接"):
        lost_contact.open_search(other, since_date=date(2024, 1, 15), actor=secretary)
    assert PartyMember.objects.count() == 2
