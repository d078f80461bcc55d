"""`/join/`: coming forward without an account, taking it back, and what the committee does with it."""

import re
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from foundation.audit.models import Entry
from foundation.notifications.models import Notification
from members.choices import DeclarationStatus, VerificationStatus
from members.models import Declaration, PartyMember, RecruitCampaign, Verification
from members.rules.declarations import CONSENT, CONSENT_VERSION, SUBMITTED_PER_ADDRESS, WRONG_PER_ADDRESS
from members.workflow import declarations, verification
from members.workflow.declarations import Declared, declare, new_token
from tests.factories.members import DriverFactory, PartyMemberFactory, PersonFactory

pytestmark = pytest.mark.django_db
NAME, PHONE, HOME = "测试慕容", "19088887720", "慕容村党支部"
JOIN = "/join/"


@pytest.fixture(autouse=True)
def fresh_counters():
    cache.clear()


@pytest.fixture
def call(tree, county_clerk):
    today = timezone.localdate()
    values = {
        "title": "致在东区跑车的党员",
        "text": "请来",
        "from_date": today,
        "until_date": today + timedelta(days=30),
    }
    return declarations.begin_campaign(tree.county, values, actor=county_clerk)


def told(**more):
    values = {"name": NAME, "phone": PHONE, "home_told": HOME, "joined_told": "2012 年", "consents": "on"}
    return values | {"token": new_token()} | more


def receipt_on(page) -> str:
    return re.search(r'id="receipt">([0-9A-Z-]+)<', page.content.decode())[1]


def come_forward(url=JOIN, client=None, **more) -> str:
    client = client or Client()
    answer = client.post(url, told(**more))
    assert answer.status_code == 302, answer.content.decode()
    return receipt_on(client.get(answer.url))


def declaration(receipt) -> Declaration:
    return declarations.declaration_of(receipt)


# --- the public page -------------------------------------------------------------------------------------------------
def test_anybody_comes_forward_to_the_committee_of_the_call(tree, call, county_clerk):
    url = reverse("members:join_call", args=[call.slug])
    page = Client().get(url).content.decode()
    assert CONSENT[CONSENT_VERSION] in page
    receipt = come_forward(url)
    made = declaration(receipt.lower().replace("-", " "))  # as people copy it
    assert (made.campaign, made.organization, made.consent_version) == (call, tree.county, CONSENT_VERSION)
    assert (made.declared_name, made.phone, made.home_told) == (NAME, PHONE, HOME)
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM members_declaration")
        row = repr(cursor.fetchone())
    assert NAME not in row
    assert PHONE not in row
    assert HOME not in row
    assert receipt.replace("-", "") not in row
    note = Notification.objects.get(user=county_clerk, event="declaration.submitted")
    assert NAME not in note.title + note.body
    come_forward(url)
    assert Notification.objects.filter(event="declaration.submitted").count() == 1  # once a day


def test_without_a_call_it_goes_where_he_drives_or_to_the_top(tree):
    assert declaration(come_forward(organization=tree.neighbour_county.pk)).organization == tree.neighbour_county
    assert declaration(come_forward()).organization == tree.province
    assert Client().post(JOIN, told(organization=tree.branch.pk)).status_code == 422  # no committee


def test_consent_name_and_phone_are_asked_for_in_words_and_nothing_is_kept(tree):
    for missing, sentence in (
        ({"consents": ""}, "要先同意"),
        ({"name": ""}, "姓名"),
        ({"phone": "12345"}, "手机号不对"),
        ({"home_told": "村" * 61}, "60"),
    ):
        answer = Client().post(JOIN, told(**missing))
        assert answer.status_code == 422
        assert sentence in answer.content.decode()
    assert not Declaration.objects.exists()


def test_a_form_sent_twice_makes_one_declaration_and_shows_one_receipt(tree):
    token = new_token()
    assert come_forward(token=token) == come_forward(token=token)
    assert Declaration.objects.count() == 1


def test_a_machine_that_fills_the_hidden_field_is_told_what_everybody_is_told(tree):
    receipt = come_forward(website="x")
    assert re.fullmatch(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}", receipt)
    assert not Declaration.objects.exists()


def test_the_answer_is_the_same_whether_somebody_is_known_or_not(tree, call):
    PartyMemberFactory(person=PersonFactory(phone="19000001111", name="测试已知"), formal_organization=tree.branch)
    DriverFactory(committee=tree.county, person__phone="19000002222", declared_political_status="masses")
    pages = []
    for phone, name in (("19000001111", "测试已知"), ("19000002222", "测试司机"), ("19000003333", "测试无人")):
        client = Client()
        answer = client.post(reverse("members:join_call", args=[call.slug]), told(phone=phone, name=name))
        done = client.get(answer.url)
        receipt = receipt_on(done)
        state = client.post("/join/receipt/", {"receipt": receipt}, follow=True)
        text = done.content.decode().replace(receipt, "") + state.content.decode()
        pages.append((answer.status_code, answer.url, re.sub(r'csrfmiddlewaretoken" value="\w+', "", text)))
    assert pages[0] == pages[1] == pages[2]
    assert "测试" not in pages[0][2]


def test_one_address_may_submit_and_guess_so_often_and_keeps_what_was_typed(tree):
    client = Client()
    for _ in range(SUBMITTED_PER_ADDRESS):
        assert client.post(JOIN, told()).status_code == 302
    stopped = client.post(JOIN, told())
    assert stopped.status_code == 429
    assert stopped.headers["Retry-After"] == "3600"
    assert NAME in stopped.content.decode()
    assert Declaration.objects.count() == SUBMITTED_PER_ADDRESS
    for _ in range(WRONG_PER_ADDRESS):
        assert client.post("/join/receipt/", {"receipt": "AAAA-BBBB-CCCC"}).status_code == 422
    assert client.post("/join/receipt/", {"receipt": "AAAA-BBBB-CCCC"}).status_code == 429


def test_a_call_that_is_over_or_unknown_takes_nothing(call, county_clerk, sign_in):
    url = reverse("members:join_call", args=[call.slug])
    assert Client().get("/join/nosuch99/").status_code == 404
    assert sign_in(county_clerk).post(reverse("members:recruit_end", args=[call.pk]), {"go": "1"}).status_code == 302
    for answer in (Client().get(url), Client().post(url, told())):
        assert "已经结束" in answer.content.decode()
    assert not Declaration.objects.exists()


def test_the_receipt_is_shown_to_that_browser_only_and_forgotten_on_demand(tree):
    client = Client()
    come_forward(client=client)
    assert Client().get("/join/done/").status_code == 302
    assert client.get("/join/done/").status_code == 200
    client.post("/join/done/")
    assert client.get("/join/done/").status_code == 302


def test_the_public_page_is_small(tree, call):
    assert len(Client().get(JOIN).content) < 30_000
    assert len(Client().get(reverse("members:join_call", args=[call.slug])).content) < 15_000


# --- taking it back --------------------------------------------------------------------------------------------------
def withdraw(receipt):
    client = Client()
    assert client.post("/join/receipt/", {"receipt": receipt}).status_code == 302
    answer = client.post("/join/receipt/", {"withdraw": "1"}, follow=True)
    return client, answer


def test_who_has_the_receipt_takes_it_back_and_everything_he_told_is_gone(tree, call, county_clerk):
    receipt = come_forward(reverse("members:join_call", args=[call.slug]))
    case = declarations.turn_into_verification(declaration(receipt), tree.county, actor=county_clerk)
    assert (case.candidate_name, case.phone, case.origin) == (NAME, PHONE, "campaign")
    client, answer = withdraw(receipt)
    assert "已经撤回" in answer.content.decode()
    made = Declaration.objects.get()
    assert (made.declared_name, made.phone, made.phone_index, made.home_told, made.joined_told) == (
        "",
        "",
        None,
        "",
        "",
    )
    case.refresh_from_db()
    assert (case.status, case.candidate_name, case.phone, case.home_told) == (VerificationStatus.CLOSED, "", "", "")
    for entry in Entry.objects.all():
        row = f"{entry.object_label} {entry.fields} {entry.details} {entry.reason}"
        for word in (NAME, "慕", PHONE, "7720", HOME):
            assert word not in row, entry.action
    # Twice: it is gone already, and the page says so.
    assert client.post("/join/receipt/", {"withdraw": "1"}, follow=True).status_code == 200
    assert Entry.objects.filter(action="declaration.withdraw").count() == 1


def test_nobody_withdraws_without_the_receipt(tree):
    receipt = come_forward()
    Client().post("/join/receipt/", {"withdraw": "1"})
    assert declaration(receipt).status == DeclarationStatus.SUBMITTED


def test_what_was_confirmed_before_stays_a_membership(tree, county_clerk):
    receipt = come_forward(organization=tree.county.pk)
    case = declarations.turn_into_verification(declaration(receipt), tree.county, actor=county_clerk)
    person = DriverFactory(committee=tree.county).person
    verification.link_person(case, person.id_number, register=False, actor=county_clerk)
    today = timezone.localdate()
    for kind in ("platform_data", "member_register"):
        verification.record_check(case, kind, result="agrees", on_date=today, evidence="3 号", actor=county_clerk)
    PartyMemberFactory(person=person, formal_organization=tree.branch)
    verification.confirm(case, actor=county_clerk)
    withdraw(receipt)
    case.refresh_from_db()
    assert case.status == VerificationStatus.CONFIRMED
    assert PartyMember.objects.filter(pk=person.pk).exists()
    assert Declaration.objects.get().declared_name == ""


# --- the committee's side --------------------------------------------------------------------------------------------
def test_only_clerks_of_the_receiving_committee_see_and_decide(
    tree, call, county_clerk, city_clerk, neighbour_clerk, leader, secretary, organisation_reader, sign_in
):
    receipt = come_forward(reverse("members:join_call", args=[call.slug]))
    url = reverse("members:declaration_detail", args=[declaration(receipt).pk])
    for who, status in (
        (county_clerk, 200),
        (city_clerk, 200),
        (neighbour_clerk, 404),
        (leader, 403),
        (secretary, 403),
        (organisation_reader, 403),
    ):
        assert sign_in(who).get(url).status_code == status
    page = sign_in(county_clerk).get(url).content.decode()
    assert PHONE not in page
    assert "190****7720" in page


def test_a_clerk_turns_answers_and_marks_and_the_declarant_reads_only_his_answer(tree, call, county_clerk, sign_in):
    client, url = sign_in(county_clerk), reverse("members:join_call", args=[call.slug])
    receipts = [come_forward(url) for _ in range(3)]
    turned, returned, doubled = (declaration(one) for one in receipts)
    assert "还交过 2 份" in client.get(reverse("members:declaration_detail", args=[turned.pk])).content.decode()
    turn = reverse("members:declaration_turn", args=[turned.pk])
    assert client.post(turn, {"committee": tree.neighbour_county.pk}).status_code == 422
    assert client.post(turn, {"committee": tree.county.pk}).status_code == 302
    assert client.post(turn, {"committee": tree.county.pk}).status_code == 409  # twice
    assert Verification.objects.count() == 1
    back = reverse("members:declaration_return", args=[returned.pk])
    assert client.post(back, {"words": ""}).status_code == 422
    assert client.post(back, {"words": "您的组织关系就在本市，请找支部书记"}).status_code == 302
    assert client.post(reverse("members:declaration_duplicate", args=[doubled.pk]), {"go": "1"}).status_code == 302
    said = []
    for receipt in receipts:
        visitor = Client()
        page = visitor.post("/join/receipt/", {"receipt": receipt}, follow=True).content.decode()
        said.append(("请找支部书记" in page, "正在处理" in page))
    assert said == [(False, True), (True, False), (False, True)]


def test_decided_declarations_go_after_retention_and_waiting_ones_stay(tree, call, county_clerk, settings):
    url = reverse("members:join_call", args=[call.slug])
    kept, turned, returned = (declaration(come_forward(url)) for _ in range(3))
    case = declarations.turn_into_verification(turned, tree.county, actor=county_clerk)
    declarations.give_back(returned, words="请与原支部联系", actor=county_clerk)
    old = timezone.now() - timedelta(days=settings.VERIFICATION_RETENTION_DAYS, minutes=1)
    Declaration.objects.filter(decided_at__isnull=False).update(decided_at=old)
    Declaration.objects.update(submitted_at=old)
    call_command("purge_expired")
    assert set(Declaration.objects.values_list("pk", flat=True)) == {kept.pk, turned.pk}  # its case still runs
    verification.refute(case, reason="查无此人", actor=county_clerk)
    Verification.objects.update(decided_at=old)
    call_command("purge_expired")
    assert set(Declaration.objects.values_list("pk", flat=True)) == {kept.pk}
    assert not Verification.objects.exists()


def test_the_notice_carries_the_address_as_a_code_drawn_here(call, county_clerk, sign_in):
    client = sign_in(county_clerk)
    page = client.get(reverse("members:recruit_notice", args=[call.pk])).content.decode()
    address = f"http://testserver/join/{call.slug}/"
    assert address in page
    assert "<svg" in page
    assert "style=" not in page
    assert address not in re.search(r"<svg.*?</svg>", page, re.S)[0]  # as modules, not as text
    values = {
        "organization": call.organization_id,
        "title": call.title,
        "text": "x",
        "from_date": "2026-01-01",
        "until_date": "2199-01-01",
    }
    twice = client.post(reverse("members:recruit_create"), values)
    assert twice.status_code == 422
    assert "同名的征集令" in twice.content.decode()
    past = client.post(reverse("members:recruit_create"), values | {"title": "另一个", "until_date": "2020-01-01"})
    assert past.status_code == 422
    assert RecruitCampaign.objects.count() == 1


@pytest.mark.parametrize(
    "columns",
    [
        {"status": "turned", "decided_at": timezone.now()},
        {"status": "returned"},
        {"status": "withdrawn"},
        {"status": "withdrawn", "withdrawn_at": timezone.now()},  # with everything he told
        {"consent_version": ""},
        {"declared_name": ""},
    ],
)
def test_no_state_without_its_evidence(tree, columns):
    receipt = declare(Declared(name=NAME, phone=PHONE), token=new_token(), consents=True)
    with pytest.raises(IntegrityError), transaction.atomic():
        Declaration.objects.filter(pk=declaration(receipt).pk).update(**columns)
