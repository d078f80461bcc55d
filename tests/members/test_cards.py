"""一名党员一张卡: one that is not cancelled, a token shown once and kept nowhere, a scan that says little."""

import logging
import re
from datetime import date

import pytest
from django.core.cache import cache
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from foundation.audit.models import Entry
from foundation.audit.trail import Conflict, NotAllowed
from foundation.protection.logs import WithoutTokens
from members.models import MemberCard, PartyMember
from members.rules.cards import CHECKS_PER_ADDRESS
from members.workflow import cards, membership, transfers
from tests.factories import AppointmentFactory
from tests.factories.members import PartyMemberFactory, PersonFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_counts():
    cache.clear()


@pytest.fixture
def member(tree):
    return PartyMemberFactory(person=PersonFactory(), formal_organization=tree.branch)


@pytest.fixture
def issued(member, county_clerk):
    return cards.issue(member, actor=county_clerk)


def scan(token, client=None):
    return (client or Client()).get(reverse("members:card_check", args=[token]))


def body(response):
    """Return a page without what differs for every request: the form's own token, the address that was asked for."""
    text = re.sub(r'"csrfmiddlewaretoken" value="\w+"', "", response.content.decode())
    return re.sub(r'value="/cards/[^"]*"', "", text)


def test_a_member_has_one_card_and_its_code_is_shown_once(member, county_clerk, issued):
    card, token = issued
    assert re.fullmatch(r"\d{6}-\d{6}", card.number)
    assert len(token) >= 22
    with pytest.raises(ValidationError, match="已经有一张卡"):
        cards.issue(member, actor=county_clerk)
    with pytest.raises(IntegrityError), transaction.atomic():
        MemberCard.objects.create(
            number="1", member=member, issued_date=date(2026, 1, 1), issued_by=county_clerk,
            token_index=cards.index_of("other"), renewed_at=timezone.now(),
        )  # fmt: skip


def test_a_token_is_kept_nowhere(issued, county_clerk, sign_in):
    card, token = issued
    again = cards.renew(card, actor=county_clerk)
    cards.report_lost(card, reason="在路上丢了", actor=county_clerk)
    client = sign_in(county_clerk)
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            text = repr(cursor.fetchall())
            assert token not in text, table
            assert again not in text, table
    digest = cards.index_of(token).hex
    assert not any(digest in repr(entry) for entry in Entry.objects.values())
    assert token not in client.get(reverse("members:card", args=[card.member_id])).content.decode()


def test_a_renewal_stops_the_old_code_and_of_two_one_wins(issued, county_clerk):
    card, first = issued
    stale = MemberCard.objects.select_related("member__person", "member__formal_organization").get()
    second = cards.renew(card, actor=county_clerk)
    assert (cards.checked_card(first)[0], cards.checked_card(second)[0]) == (False, True)
    with pytest.raises(Conflict):
        cards.renew(stale, actor=county_clerk)


def test_lost_then_replaced_then_cancelled(member, issued, county_clerk):
    card, token = issued
    with pytest.raises(ValidationError):
        cards.report_lost(card, reason="", actor=county_clerk)
    cards.report_lost(card, reason="在路上丢了", actor=county_clerk)
    assert cards.checked_card(token) == (False, "")
    for act in (
        lambda: cards.report_lost(card, reason="再丢一次", actor=county_clerk),
        lambda: cards.renew(card, actor=county_clerk),
        lambda: cards.give_consent(card, note="当面同意", actor=county_clerk),
    ):
        with pytest.raises(NotAllowed):
            act()
    new, fresh = cards.issue(member, actor=county_clerk)
    card.refresh_from_db()
    assert (card.status, new.status, cards.checked_card(fresh)[0]) == ("cancelled", "active", True)
    cards.cancel(new, reason="本人不要了", actor=county_clerk)
    assert cards.checked_card(fresh) == (False, "")
    assert not MemberCard.objects.standing().exists()
    assert not MemberCard.objects.exclude(token_index=None).exists()


def test_a_branch_is_named_with_the_holders_consent_only_and_a_new_card_asks_anew(
    member, issued, county_clerk, secretary, leader, tree
):
    card, token = issued
    assert cards.checked_card(token) == (True, "")
    for actor in (secretary, leader):
        with pytest.raises(PermissionDenied):
            cards.give_consent(card, note="当面同意", actor=actor)
    cards.give_consent(card, note="当面同意", actor=county_clerk)
    assert cards.checked_card(token) == (True, tree.branch.name)
    with pytest.raises(PermissionDenied):
        cards.withdraw_consent(card, actor=leader)
    cards.withdraw_consent(card, actor=secretary)
    assert cards.checked_card(token) == (True, "")
    cards.give_consent(card, note="书面同意", actor=county_clerk)
    cards.report_lost(card, reason="在路上丢了", actor=county_clerk)
    _, fresh = cards.issue(member, actor=county_clerk)
    assert cards.checked_card(fresh) == (True, "")
    actions = list(Entry.objects.filter(action__startswith="member_card").values_list("action", flat=True))
    assert actions.count("member_card.consent") == 2
    assert actions.count("member_card.withdraw_consent") == 1


def test_only_the_clerk_issues_and_revokes(member, county_clerk, secretary, leader, neighbour_clerk, instructor):
    for actor in (secretary, leader, neighbour_clerk, instructor):
        with pytest.raises(PermissionDenied):
            cards.issue(member, actor=actor)
    card, _ = cards.issue(member, actor=county_clerk)
    for actor in (secretary, leader, neighbour_clerk):
        for act in (cards.report_lost, cards.cancel):
            with pytest.raises(PermissionDenied):
                act(card, reason="在路上丢了", actor=actor)
        with pytest.raises(PermissionDenied):
            cards.renew(card, actor=actor)
    assert MemberCard.objects.visible_to(secretary).count() == 1
    assert not MemberCard.objects.visible_to(leader).exists()
    assert not MemberCard.objects.visible_to(neighbour_clerk).exists()


def test_a_card_ends_with_the_membership_and_goes_along_to_another_branch(
    tree, member, issued, county_clerk, secretary
):
    card, token = issued
    cards.give_consent(card, note="当面同意", actor=county_clerk)
    receiver = AppointmentFactory(organization=tree.second_branch, role="secretary").user
    letter = transfers.draft(member, tree.second_branch, reason="迁居", actor=secretary)
    transfers.submit(letter, actor=secretary)
    transfers.approve(letter, actor=county_clerk)
    transfers.receive(letter, actor=receiver)
    assert cards.checked_card(token) == (True, tree.second_branch.name)
    member = PartyMember.objects.select_related("person", "formal_organization").get(pk=member.pk)
    ended = membership.end_membership(
        member, "removed", on_date=timezone.localdate(), document="1 号文", reason="除名", version=member.version,
        actor=county_clerk,
    )  # fmt: skip
    assert ended["members.MemberCard"] == 1
    card.refresh_from_db()
    assert (card.status, card.end_reason, cards.checked_card(token)) == ("cancelled", "除名", (False, ""))


def test_a_suspended_member_gets_no_card_and_his_says_invalid(member, issued, county_clerk):
    _, token = issued
    PartyMember.objects.filter(pk=member.pk).update(
        status="suspended", status_from_date=date(2026, 1, 1), status_document="1 号文"
    )
    assert cards.checked_card(token) == (False, "")
    member.refresh_from_db()
    cards.cancel(MemberCard.objects.select_related("member__person").get(), reason="停止党籍", actor=county_clerk)
    with pytest.raises(ValidationError, match="停止党籍"):
        cards.issue(member, actor=county_clerk)


# --- the scan ---------------------------------------------------------------------------------------------------------
def test_a_scan_says_valid_and_shows_nobody(member, issued):
    _, token = issued
    page = scan(token)
    text = body(page)
    assert page.status_code == 200
    assert "有效" in text
    for hidden in (
        member.person.name,
        member.person.phone,
        member.person.id_number,
        member.formal_organization.name,
        token,
    ):
        assert hidden not in text
    assert page["Referrer-Policy"] == "no-referrer"
    assert "no-store" in page["Cache-Control"]


def test_unknown_replaced_lost_and_cancelled_codes_are_answered_alike(member, issued, county_clerk):
    card, first = issued
    second = cards.renew(card, actor=county_clerk)
    pages = [body(scan(first)), body(scan("x" * 22)), body(scan("%E4%B8%AD")), body(scan("a" * 300))]
    cards.report_lost(card, reason="在路上丢了", actor=county_clerk)
    pages.append(body(scan(second)))
    cards.cancel(card, reason="不要了", actor=county_clerk)
    pages.append(body(scan(second)))
    assert "无效" in pages[0]
    assert len(set(pages)) == 1


def test_an_address_is_braked_and_no_token_reaches_a_log(issued, caplog):
    _, token = issued
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, logger="django")
    client, answers = Client(), []
    for number in range(CHECKS_PER_ADDRESS + 2):
        answers.append(scan(token if number % 2 else f"unknown-{number}", client).status_code)
    assert answers[:CHECKS_PER_ADDRESS] == [200] * CHECKS_PER_ADDRESS
    assert answers[CHECKS_PER_ADDRESS:] == [429, 429]
    text = "\n".join(caplog.handler.format(record) for record in caplog.records)
    assert token not in text
    assert "unknown-" not in text
    assert not Entry.objects.filter(action__startswith="member_card.check").exists()


def test_a_line_of_any_log_loses_the_token_and_nothing_else():
    strip = WithoutTokens(["/cards/"])
    record = logging.LogRecord("x", logging.ERROR, "", 1, "error %s at %s", ("7F", "/cards/abc-DEF_1/?q=1"), None)
    assert strip.filter(record)
    assert record.getMessage() == "error 7F at /cards/…/?q=1"
    plain = logging.LogRecord("x", logging.ERROR, "", 1, "GET %s", ("/members/7/card/",), None)
    strip.filter(plain)
    assert plain.getMessage() == "GET /members/7/card/"


# --- pages ------------------------------------------------------------------------------------------------------------
def test_the_code_is_shown_and_printed_by_the_browser_that_asked_and_by_no_other(
    member, county_clerk, secretary, sign_in
):
    mine, other = sign_in(county_clerk), sign_in(secretary)
    page, sheet = (reverse(f"members:{name}", args=[member.pk]) for name in ("card", "card_print"))
    assert mine.post(reverse("members:card_issue", args=[member.pk])).status_code == 302
    for address in (page, sheet):
        text = mine.get(address).content.decode()
        assert 'class="qr"><svg' in text
        assert "style=" not in text
        assert "no-store" in mine.get(address)["Cache-Control"]
        assert 'class="qr"><svg' not in other.get(address).content.decode()
    first = mine.get(page).content.decode()
    assert mine.post(reverse("members:card_renew", args=[member.pk])).status_code == 302
    assert mine.get(page).content.decode() != first
    mine.post(reverse("members:card_lose", args=[member.pk]), {"reason": "在路上丢了"})
    assert 'class="qr"><svg' not in mine.get(page).content.decode()
    assert "补发一张" in mine.get(page).content.decode()


def test_the_drawn_code_holds_the_address_of_the_check(member, county_clerk, sign_in):
    from members.views.membership.cards import qr_code

    drawn = str(qr_code("https://example.invalid/cards/abc/"))
    assert drawn.startswith("<svg")
    assert "<script" not in drawn
    assert "style=" not in drawn
    assert "example" not in drawn
    assert drawn != str(qr_code("https://example.invalid/cards/abd/"))
