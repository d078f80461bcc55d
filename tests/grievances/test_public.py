"""The complainant's side: lodging without an account, the code, following, acting; and what nobody may learn."""

import re
from datetime import timedelta

import pytest
from django.conf import settings
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from branches.choices import Duty
from branches.workflow import office_of
from foundation.audit.models import Entry
from foundation.notifications.models import Delivery, Notification
from grievances import workflow
from grievances.choices import Status
from grievances.forms.public import title_from
from grievances.models import Category, Evidence, Grievance, Statement
from grievances.views.limits import (
    FILES_PER_ADDRESS,
    LODGED_PER_ADDRESS,
    WRONG_PER_ADDRESS,
    WRONG_PER_CODE,
    count,
    counted,
)
from grievances.workflow.codes import codes_of, new_token
from grievances.workflow.lodging import Complaint
from tests.grievances.conftest import PHONE
from tests.grievances.test_evidence import PDF, picture, png_of

NEW, TRACK, PROGRESS = "/grievances/new/", "/grievances/track/", "/grievances/track/case/"
WORDS = "从攀枝花拉石材到昆明，说好到货三天付 18600 元。一个多月了还没给。"


@pytest.fixture(autouse=True)
def _fresh_counters():
    cache.clear()


def told(**more) -> dict:
    """Return what a complainant fills at least, and more."""
    category = Category.objects.get(code="freight")
    return {"category": category.pk, "description": WORDS, "division": "510402", "token": new_token()} | more


def lodged(client, **more) -> tuple[Grievance, str]:
    """Lodge a case in a browser and return it with its passphrase."""
    sent = told(**more)
    answer = client.post(NEW, sent)
    assert answer.status_code == 302, answer.context["form"].errors
    assert answer.url == "/grievances/lodged/"
    page = client.get(answer.url)
    passphrase = re.search(r'id="passphrase">([A-Z0-9]{6})<', page.content.decode())[1]
    return Grievance.objects.latest("pk"), passphrase


def follows(client, case: Grievance, passphrase: str):
    """Show code and passphrase and return the answer."""
    return client.post(TRACK, {"code": case.track_code, "passphrase": passphrase})


def text_of(answer) -> str:
    """Return the words of a page, without marks and the space between them."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", answer.content.decode()))


def entries_of(case: Grievance):
    """Return the entries of the trail about a case."""
    return Entry.objects.filter(object_type="grievances.grievance", object_id=str(case.pk))


# --- lodging ----------------------------------------------------------------------------------------------------------
def test_two_things_are_enough_and_the_rest_follows_from_them(client, desk):
    case, _ = lodged(client)
    assert (case.status, case.channel, case.organization) == ("lodged", "direct_line", desk.tree.county)
    assert case.title == "从攀枝花拉石材到昆明，说好到货三天付 18600 元"
    assert (case.is_anonymous, case.lodged_by, case.phone) == (True, None, "")


def test_all_that_was_told_is_kept(client, desk):
    kind = Category.objects.get(code="freight_arrears")
    more = {
        "kind": kind.pk,
        "title": "拖欠运费",
        "respondent": "某货主",
        "place": "南服务区",
        "amount_involved": "¥18,600.50 元",
        "name": "测试甲",
        "phone": "190 0000 7720",
        "is_urgent": "on",
    }
    case, _ = lodged(client, **more)
    assert (case.category, case.title, case.respondent, case.place) == (kind, "拖欠运费", "某货主", "南服务区")
    assert (str(case.amount_involved), case.complainant_name, case.phone) == ("18600.50", "测试甲", PHONE)
    assert (case.urgency, case.division_id, case.is_anonymous) == ("urgent", "510402", False)


def test_a_place_without_a_committee_falls_to_the_one_above_and_none_to_the_top(client, desk):
    assert lodged(client, division="510421")[0].organization == desk.tree.city
    assert lodged(Client(), division="")[0].organization == desk.tree.province


def test_another_province_is_offered_without_scripts_and_nothing_typed_is_lost(client, desk):
    answer = client.post(NEW, told(pick="province", province="110000"))
    page = answer.content.decode()
    assert answer.status_code == 200
    assert 'value="110101"' in page
    assert 'value="510402"' not in page
    assert WORDS in page
    assert not Grievance.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"category": ""}, "category"),
        ({"category": "999999"}, "category"),
        ({"description": "  "}, "description"),
        ({"description": "长" * 4001}, "description"),
        ({"phone": "190 0000 602"}, "phone"),
        ({"amount_involved": "很多"}, "amount_involved"),
        ({"amount_involved": "-5"}, "amount_involved"),
        ({"division": "999999"}, "division"),
        ({"identity": "anonymous", "phone": PHONE}, "identity"),
        ({"identity": "confidential"}, "name"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_everything_typed_is_still_there(client, desk, wrong, field):
    answer = client.post(NEW, told(place="南服务区", title="我的标题") | wrong)
    assert answer.status_code == 422
    assert field in answer.context["form"].errors
    page = answer.content.decode()
    assert "南服务区" in page
    assert "我的标题" in page
    assert not Grievance.objects.exists()


def test_a_kind_of_another_category_is_refused(client, desk):
    answer = client.post(NEW, told(kind=Category.objects.get(code="loan_trap").pk))
    assert "不属于“运费结算”" in answer.content.decode()


def test_remarks_about_the_portal_are_no_category_here(client, desk):
    about = Category.objects.get(is_about_portal=True)
    assert client.post(NEW, told(category=about.pk)).status_code == 422


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("欠我钱。还骂人", "欠我钱"),
        ("\n\n 车坏了！救命", "车坏了"),
        ("电话 19000007720 一直不接。", "电话 190****7720 一直不接"),
        ("一" * 50, "一" * 29 + "…"),
        ("𠮷野家门口🚚被贴条", "𠮷野家门口🚚被贴条"),
    ],
)
def test_the_title_is_the_first_sentence_without_numbers_of_people(text, title):
    assert title_from(text) == title


def test_characters_beyond_the_basic_plane_are_kept(client, desk):
    case, _ = lodged(client, description="𠮷野家门口🚚被贴条。", place="🅿️停车场", name="𠮷测试", phone=PHONE)
    assert (case.description, case.place, case.complainant_name) == ("𠮷野家门口🚚被贴条。", "🅿️停车场", "𠮷测试")


def test_a_nul_is_refused_before_anything_is_stored(client, desk):
    assert client.post(NEW, told(description="a\0b")).status_code == 400
    assert client.post(TRACK, {"code": "K7QM42XD", "passphrase": "\0"}).status_code == 400
    assert not Grievance.objects.exists()


def test_a_form_sent_twice_makes_one_case_and_shows_the_same_code(client, desk):
    sent = told(phone=PHONE)
    first, second = client.post(NEW, sent), client.post(NEW, sent)
    assert first.url == second.url == "/grievances/lodged/"
    case = Grievance.objects.get()
    assert codes_of(sent["token"])[0] == case.track_code
    assert codes_of(sent["token"])[1] in client.get(second.url).content.decode()
    assert Entry.objects.filter(action="grievance.lodge").count() == 1


def test_a_form_that_was_sent_and_changed_is_no_repetition_and_is_not_lost(client, desk):
    sent = told()
    client.post(NEW, sent)
    client.cookies.clear()
    answer = client.post(NEW, sent | {"description": "另一件：保险不赔。"})
    assert answer.status_code == 422
    assert "已经提交过一件" in answer.content.decode()
    assert "另一件：保险不赔。" in answer.content.decode()
    token = answer.context["form"]["token"].value()
    assert token != sent["token"]
    assert client.post(NEW, sent | {"description": "另一件：保险不赔。", "token": token}).status_code == 302
    assert Grievance.objects.count() == 2


def test_code_and_passphrase_are_shown_to_this_browser_only_and_not_for_long(client, desk, time_machine):
    time_machine.move_to(timezone.now(), tick=False)
    case, passphrase = lodged(client)
    page = text_of(client.get("/grievances/lodged/"))
    assert f"{case.track_code[:4]}-{case.track_code[4:]}" in page
    assert "转给能办的单位" in page
    assert Client().get("/grievances/lodged/").status_code == 302
    time_machine.shift(timedelta(minutes=16))
    assert client.get("/grievances/lodged/").url == TRACK
    assert passphrase not in str(dict(client.session))


def test_the_next_due_time_is_told_at_once(client, desk):
    case, _ = lodged(client)
    due = timezone.localtime(case.clocks.get().due_at)
    assert f"{due:%H:%M} 转给能办的单位" in text_of(client.get("/grievances/lodged/"))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "只收照片"),
        (b"<!doctype html><script>alert(1)</script>", "只收照片"),
        (b"", "空的"),
        (png_of(10_000, 10_000), "图片太大"),
    ],
    ids=["svg", "html", "empty", "hundred-megapixels"],
)
def test_a_hostile_file_stores_nothing_and_loses_no_word(client, desk, content, words):
    files = [SimpleUploadedFile("好的.jpg", picture()), SimpleUploadedFile("坏的.jpg", content)]
    answer = client.post(NEW, told(evidence=files))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "第 2 个：" in page
    assert words in page
    assert WORDS in page
    assert "照片和文件要再选一次" in page
    assert not Grievance.objects.exists()
    assert not Evidence.objects.exists()


def test_files_are_kept_with_the_case_and_more_than_nine_are_refused(client, desk):
    nine = [SimpleUploadedFile("a.jpg", picture()) for _ in range(9)]
    assert client.post(NEW, told(evidence=[*nine, SimpleUploadedFile("b.jpg", picture())])).status_code == 422
    case, _ = lodged(client, evidence=[SimpleUploadedFile("王某.jpg", picture()), SimpleUploadedFile("b", PDF)])
    assert list(case.evidence.values_list("name", "added_by")) == [("照片1.jpg", None), ("文件2.pdf", None)]


# --- who is told ------------------------------------------------------------------------------------------------------
def test_anonymous_means_no_name_no_phone_no_account_and_no_address(client, desk, caplog):
    caplog.set_level("DEBUG")
    client.force_login(desk.secretary)
    sent = told(identity="anonymous")
    client.post(NEW, sent, REMOTE_ADDR="203.0.113.77")
    case = Grievance.objects.get()
    assert (case.is_anonymous, case.lodged_by, case.person, case.complainant_name) == (True, None, None, "")
    for entry in entries_of(case):
        assert (entry.actor_id, entry.actor_name, entry.address, entry.request_id) == (None, "诉求人", "", "")
    assert "203.0.113.77" not in caplog.text
    assert not Notification.objects.filter(user=None).exists()


def test_what_the_complainant_does_later_names_no_address_either(client, desk):
    case, passphrase = lodged(client, name="测试甲", phone=PHONE)
    other = Client(REMOTE_ADDR="203.0.113.77")
    follows(other, case, passphrase)
    other.post(f"{PROGRESS}reply/", {"code": case.track_code, "text": "还有运单。"})
    entries = entries_of(case)
    assert "grievance.reply" in entries.values_list("action", flat=True)
    assert set(entries.filter(actor_id=None).values_list("address", flat=True)) == {""}
    assert "测试甲" not in str(list(entries.values()))
    assert PHONE not in str(list(entries.values()))


def test_confidential_goes_to_the_handling_office_of_the_committee_that_decides(client, desk):
    case, _ = lodged(client, identity="confidential", name="测试甲", phone=PHONE)
    assert case.confidential_to == office_of(desk.tree.county, Duty.HANDLE)
    assert not case.is_anonymous


def test_messages_to_the_complainant_hold_the_code_and_nothing_about_him(client, desk):
    case, _ = lodged(client, name="测试甲", phone=PHONE, title="拖欠运费", place="南服务区")
    workflow.accept(case, actor=desk.clerk, at=timezone.now())
    sent = Delivery.objects.filter(channel="sms").select_related("notification")
    assert sent
    for one in sent:
        words = one.notification.title
        assert f"{case.track_code[:4]}-{case.track_code[4:]}" in words
        for secret in ("测试甲", PHONE, "拖欠运费", "南服务区", case.number, WORDS[:6]):
            assert secret not in words
        assert one.notification.url == TRACK


# --- one's own open cases ---------------------------------------------------------------------------------------------
def test_nobody_learns_from_a_number_that_its_owner_has_a_case(client, desk):
    lodged(client, phone=PHONE)
    stranger = Client()
    with_case = stranger.post(NEW, told(phone=PHONE))
    without = Client().post(NEW, told(phone="19000000001"))
    assert (with_case.status_code, with_case.url) == (without.status_code, without.url)
    assert Grievance.objects.count() == 3


def test_the_owner_of_the_number_is_told_by_message_once_a_day(client, desk):
    first, _ = lodged(client, phone=PHONE)
    Client().post(NEW, told(phone=PHONE))
    Client().post(NEW, told(phone=PHONE))
    told_so = Notification.objects.get(event="grievance.lodged_again")
    assert f"{first.track_code[:4]}-{first.track_code[4:]}" in told_so.title
    assert "是同一件事" in told_so.title


def test_who_has_shown_the_code_is_asked_whether_it_is_the_same(client, desk):
    case, passphrase = lodged(client, phone=PHONE)
    other = Client()
    follows(other, case, passphrase)
    sent = told(phone=PHONE, description="还是那件事，又拖了。")
    answer = other.post(NEW, sent)
    assert answer.status_code == 200
    page = answer.content.decode()
    assert "您有一件同类的诉求还在办" in page
    assert case.track_code[4:] not in page
    assert "还是那件事，又拖了。" in page
    assert Grievance.objects.count() == 1
    assert other.post(NEW, sent | {"to_known": "1"}).url == PROGRESS
    assert Statement.objects.get(kind="reply").text == "还是那件事，又拖了。"
    assert Grievance.objects.count() == 1
    assert other.post(NEW, sent | {"anew": "1"}).status_code == 302
    assert Grievance.objects.count() == 2


# --- limits -----------------------------------------------------------------------------------------------------------
def test_a_machine_is_stopped_and_what_was_typed_stays(desk):
    for _ in range(LODGED_PER_ADDRESS - 1):
        count("lodge", "203.0.113.5")
    assert Client().post(NEW, told(), REMOTE_ADDR="203.0.113.5").status_code == 302
    answer = Client().post(NEW, told(), REMOTE_ADDR="203.0.113.5")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "3600")
    assert WORDS in answer.content.decode()
    assert Client().post(NEW, told(), REMOTE_ADDR="203.0.113.6").status_code == 302


def test_pictures_are_drawn_for_a_machine_only_so_often(desk):
    for _ in range(FILES_PER_ADDRESS):
        count("files", "203.0.113.5")
    sent = told(evidence=[SimpleUploadedFile("a.jpg", picture())])
    answer = Client().post(NEW, sent, REMOTE_ADDR="203.0.113.5")
    assert answer.status_code == 429
    assert WORDS in answer.content.decode()
    case, passphrase = lodged(Client())
    other = Client(REMOTE_ADDR="203.0.113.5")
    follows(other, case, passphrase)
    sent = {"code": case.track_code, "text": "我的话还在", "evidence": [SimpleUploadedFile("a.jpg", picture())]}
    answer = other.post(f"{PROGRESS}reply/", sent)
    assert answer.status_code == 429
    assert "我的话还在" in answer.content.decode()
    assert not Evidence.objects.exists()


def test_behind_a_proxy_the_address_is_the_one_the_proxy_wrote(client, desk, settings):
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    case, passphrase = lodged(client)
    for _ in range(WRONG_PER_ADDRESS):
        count("wrong", "203.0.113.5")

    def tried(code: str, passphrase: str, forwarded: str) -> int:
        sent = {"code": code, "passphrase": passphrase}
        return Client().post(TRACK, sent, headers={"X-Forwarded-For": forwarded}).status_code

    assert tried("AAAA2222", "AAAAAA", "203.0.113.9, 203.0.113.5") == 429
    assert tried("AAAA3333", "AAAAAA", "203.0.113.5, 203.0.113.9") == 422
    # Nobody shuts out the office he sits in: who has both lines right gets in.
    assert tried(case.track_code, passphrase, "203.0.113.9, 203.0.113.5") == 302


def test_wrong_passphrases_are_counted_by_code_from_wherever_they_come(client, desk):
    case, passphrase = lodged(client)
    for number in range(WRONG_PER_CODE):
        answer = Client().post(
            TRACK, {"code": case.track_code, "passphrase": "AAAAAA"}, REMOTE_ADDR=f"198.51.100.{number}"
        )
        assert answer.status_code == 422
    assert follows(Client(), case, passphrase).status_code == 429
    # An unknown code is counted alike: the limit tells nobody which codes there are.
    for _ in range(WRONG_PER_CODE):
        Client().post(TRACK, {"code": "AAAAAAAA", "passphrase": "AAAAAA"}, REMOTE_ADDR="198.51.100.99")
    assert Client().post(TRACK, {"code": "AAAAAAAA", "passphrase": "AAAAAA"}).status_code == 429


def test_an_office_behind_one_address_is_not_shut_out_by_following(client, desk):
    case, passphrase = lodged(client)
    for _ in range(5):
        assert follows(Client(), case, passphrase).status_code == 302
    assert counted("wrong", "127.0.0.1") == 0


def test_no_address_and_no_code_is_kept_in_the_counters(client, desk):
    client.post(TRACK, {"code": "AAAABBBB", "passphrase": "AAAAAA"}, REMOTE_ADDR="203.0.113.5")
    kept = f"{list(cache._cache)} {list(cache._cache.values())}"
    assert "limits:wrong" in kept
    assert "203.0.113.5" not in kept
    assert "AAAABBBB" not in kept


# --- following --------------------------------------------------------------------------------------------------------
def test_code_and_passphrase_may_be_typed_as_people_type_them(client, desk):
    case, passphrase = lodged(client)
    code = f" {case.track_code[:4].lower()}－{case.track_code[4:]} "
    assert (
        Client().post(TRACK, {"code": code, "passphrase": f" {passphrase[:3].lower()} {passphrase[3:]}"}).url
        == PROGRESS
    )


def test_a_wrong_code_and_a_wrong_passphrase_get_the_same_answer(client, desk):
    case, _ = lodged(client)
    answers = []
    for code in (case.track_code, "AAAAAAAA", "AAAA", "中文中文中文中文"):
        page = Client().post(TRACK, {"code": code, "passphrase": "AAAAAA"})
        words = re.sub(r'value="[^"]*"', "", page.content.decode())
        answers.append((page.status_code, words))
    assert len(set(answers)) == 1
    assert "对不上" in answers[0][1]


def test_an_unknown_code_costs_what_a_wrong_passphrase_costs(client, desk, django_assert_num_queries, monkeypatch):
    case, _ = lodged(client)
    digests = []
    from grievances.workflow import codes

    real = codes.blind
    monkeypatch.setattr(codes, "blind", lambda *given: digests.append(1) or real(*given))
    for code in (case.track_code, "AAAAAAAA", ""):
        digests.clear()
        with django_assert_num_queries(1):
            assert workflow.found_by_code(code, "AAAAAA") is None
        assert digests == [1]


def test_a_draft_cannot_be_followed(desk):
    complaint = Complaint(title="草稿", description="经过", category=Category.objects.get(code="other"))
    token = new_token()
    draft = workflow.save_draft(complaint, at=timezone.now(), actor=desk.secretary, unit=desk.tree.branch, token=token)
    assert workflow.found_by_code(draft.track_code, codes_of(token)[1]) is None


def test_without_code_and_passphrase_there_is_no_case(client, desk):
    case, _ = lodged(client)
    stranger = Client()
    assert stranger.get(PROGRESS).url == TRACK
    assert stranger.post(f"{PROGRESS}withdraw/", {"code": case.track_code}).url == TRACK
    assert stranger.get(f"{PROGRESS}files/1/").status_code == 404
    case.refresh_from_db()
    assert case.status == Status.LODGED


def test_following_ends_after_half_an_hour_and_when_one_leaves(client, desk, time_machine):
    time_machine.move_to(timezone.now(), tick=False)
    case, passphrase = lodged(client)
    follows(client, case, passphrase)
    assert client.get(PROGRESS).status_code == 200
    time_machine.shift(timedelta(minutes=31))
    assert client.get(PROGRESS).url == TRACK
    follows(client, case, passphrase)
    client.post(f"{PROGRESS}leave/")
    assert client.get(PROGRESS).url == TRACK


def test_showing_the_passphrase_changes_the_key_of_the_session(client, desk):
    case, passphrase = lodged(client)
    visitor = Client()
    session = visitor.session
    session["x"] = 1
    session.save()
    visitor.cookies[settings.SESSION_COOKIE_NAME] = session.session_key
    follows(visitor, case, passphrase)
    assert visitor.cookies[settings.SESSION_COOKIE_NAME].value != session.session_key


def test_a_form_left_open_acts_on_no_other_case(client, desk):
    one, first = lodged(client)
    two, second = lodged(Client())
    follows(client, one, first)
    follows(client, two, second)
    assert client.post(f"{PROGRESS}withdraw/", {"code": one.track_code}).url == TRACK
    two.refresh_from_db()
    assert two.status == Status.LODGED


def test_pages_of_a_case_are_kept_by_no_browser(client, desk):
    case, passphrase = lodged(client)
    follows(client, case, passphrase)
    for address in (NEW, "/grievances/lodged/", TRACK, PROGRESS):
        assert "no-store" in client.get(address).headers["Cache-Control"]


@pytest.mark.django_db
def test_pages_promise_text_messages_only_when_they_are_sent(client, desk, settings, sign_in):
    case = desk.in_hand()
    case_page, ask = "/grievances/new/", f"/grievances/{case.pk}/ask/"
    lodge = "/grievances/lodge/"
    settings.NOTIFY_SINK, settings.NOTIFY_SMS_URL = "", ""
    assert "还没有开通短信" in client.get(case_page).content.decode()
    assert "会发短信" not in client.get(case_page).content.decode()
    assert "他收不到短信" in sign_in(desk.officer).get(ask).content.decode()
    assert "本站没有开通短信" in sign_in(desk.secretary).get(lodge).content.decode()
    settings.NOTIFY_SMS_URL = "http://127.0.0.1:9/"
    assert "留电话我们会发短信" in client.get(case_page).content.decode()
    assert "也会收到短信" in sign_in(desk.officer).get(ask).content.decode()
    assert "发短信告诉他进度" in sign_in(desk.secretary).get(lodge).content.decode()
    Grievance.objects.filter(pk=case.pk).update(phone="", phone_index=None)
    assert "他收不到短信" in sign_in(desk.officer).get(ask).content.decode()


@pytest.mark.django_db
def test_a_wrong_phone_is_said_together_with_the_other_mistakes(client, desk):
    answer = client.post("/grievances/new/", {"phone": "123", "amount_involved": "一万多"})
    assert answer.status_code == 422
    assert {"phone", "amount_involved", "category", "description"} <= set(answer.context["form"].errors)
    assert not Grievance.objects.exists()
