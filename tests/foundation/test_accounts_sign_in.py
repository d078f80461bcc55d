"""Sign-in: the answer to a wrong password, the lock-out and whom it does not touch, the way back."""

from datetime import timedelta

import pytest
from axes.models import AccessAttempt
from django.contrib.auth import hashers
from django.test import Client
from django.utils import timezone

from foundation.accounts import lockout, workflow
from foundation.audit.models import Entry
from tests.foundation.accounts import LOGIN, PASSWORD, account, actions, browser, is_signed_in, sign_in

pytestmark = pytest.mark.django_db


def text_of(response) -> str:
    return response.content.decode()


def test_a_right_password_leads_to_the_page_that_was_asked_for():
    account()
    client = browser()
    response = client.post(f"{LOGIN}?next=/accounts/sessions/", {"login": "zhouxw", "password": PASSWORD})
    assert response.headers["Location"] == "/accounts/sessions/"
    assert is_signed_in(client)
    assert actions() == ["account.sign_in"]


def test_the_user_name_may_be_typed_in_any_case_and_with_spaces():
    account()
    client = browser()
    sign_in(client, " ZhouXW ")
    assert is_signed_in(client)


def test_the_page_shows_no_script_no_style_attribute_and_carries_the_policy():
    response = browser().get(LOGIN)
    page = text_of(response)
    assert response.status_code == 200
    assert "default-src 'self'" in response.headers["Content-Security-Policy"]
    assert " style=" not in page
    assert "<script>" not in page
    assert "忘记密码" in page


def test_a_wrong_password_says_so_and_keeps_the_user_name():
    account()
    page = text_of(sign_in(browser(), password="Falsch-2026"))
    assert "用户名或密码不对" in page
    assert 'value="zhouxw"' in page
    assert "Falsch-2026" not in page


def test_the_page_counts_down_before_it_locks():
    account()
    client = browser()
    said = [text_of(sign_in(client, password="Falsch-2026")) for _ in range(4)]
    assert "再错" not in said[0]
    assert "再错 3 次" in said[1]
    assert "再错 1 次" in said[3]
    assert "别的同事不受影响" in said[3]


def test_wrong_password_five_times_gives_a_clear_sentence_and_a_colleague_at_the_same_address_still_gets_in():
    account()
    account("liqiang", "李强")
    client = browser("198.51.100.7")
    for _ in range(5):
        response = sign_in(client, password="Falsch-2026")
    page = text_of(response)
    assert response.status_code == 429
    assert "请 30 分钟后再登录" in page
    assert "一次性验证码" in page
    assert "别的同事不受影响" in page
    assert int(response.headers["Retry-After"]) == pytest.approx(1800, abs=5)
    # The right password does not help now, and trying does not prolong it.
    assert sign_in(client).status_code == 429
    assert AccessAttempt.objects.get().failures_since_start == 5
    colleague = browser("198.51.100.7")
    sign_in(colleague, "liqiang")
    assert is_signed_in(colleague)


def test_the_locked_person_gets_in_from_elsewhere_and_here_again_after_thirty_minutes(time_machine):
    start = timezone.now()
    time_machine.move_to(start, tick=False)
    account()
    here, elsewhere = browser("198.51.100.7"), browser("203.0.113.9")
    for _ in range(5):
        sign_in(here, password="Falsch-2026")
    sign_in(elsewhere)
    assert is_signed_in(elsewhere)
    time_machine.move_to(start + timedelta(minutes=29), tick=False)
    response = sign_in(here)
    assert response.status_code == 429
    assert "请 1 分钟后再登录" in text_of(response)
    time_machine.move_to(start + timedelta(minutes=30, seconds=1), tick=False)
    sign_in(here)
    assert is_signed_in(here)


@pytest.mark.parametrize("variant", ["ZHOUXW", " zhouxw", "ｚｈｏｕｘｗ", "zhouxw "])
def test_spelling_the_name_otherwise_does_not_start_the_count_anew(variant):
    account()
    client = browser()
    for _ in range(4):
        sign_in(client, password="Falsch-2026")
    assert sign_in(client, variant, "Falsch-2026").status_code == 429


def test_another_browser_string_does_not_start_the_count_anew():
    account()
    for number in range(5):
        response = sign_in(browser(HTTP_USER_AGENT=f"Browser/{number}"), password="Falsch-2026")
    assert response.status_code == 429


def test_addresses_of_one_ipv6_household_count_as_one():
    account()
    for number in range(5):
        response = sign_in(browser(f"2001:db8:1:2::{number + 1}"), password="Falsch-2026")
    assert response.status_code == 429


def test_a_forwarded_address_is_not_believed_without_a_proxy():
    account()
    for number in range(5):
        response = sign_in(browser(HTTP_X_FORWARDED_FOR=f"203.0.113.{number}"), password="Falsch-2026")
    assert response.status_code == 429


def test_success_forgets_the_failures_before_it():
    account()
    client = browser()
    for _ in range(4):
        sign_in(client, password="Falsch-2026")
    sign_in(client)
    client.post("/accounts/logout/")
    assert sign_in(client, password="Falsch-2026").status_code == 200


def besiege(username="zhouxw", failures=lockout.SIEGE_LIMIT):
    for number in range(failures):
        sign_in(browser(f"203.0.113.{number + 1}"), username, "Falsch-2026")


def test_guessing_from_everywhere_is_braked_for_strangers_only():
    user = account()
    own = browser("192.0.2.50")
    sign_in(own)
    own.post("/accounts/logout/")
    besiege()
    stranger = sign_in(browser("198.51.100.200"))
    assert stranger.status_code == 429
    assert "从很多地方猜" in text_of(stranger)
    # The owner's browser is known, so nobody can lock him out.
    sign_in(own)
    assert is_signed_in(own)
    # On a new computer a one-time code of the clerk opens the door at once.
    code = workflow.issue_reset_code(user, issued_by=None)
    new = browser("198.51.100.201")
    new_password = "Neu-und-anders-7"
    new.post(
        "/accounts/reset/",
        {"username": "zhouxw", "code": code, "password1": new_password, "password2": new_password},
    )
    besiege()
    sign_in(new, password=new_password)
    assert is_signed_in(new)


def test_the_brake_is_for_one_account_and_lets_go_by_itself(time_machine):
    start = timezone.now()
    time_machine.move_to(start, tick=False)
    account()
    account("liqiang", "李强")
    besiege()
    colleague = browser()
    sign_in(colleague, "liqiang")
    assert is_signed_in(colleague)
    time_machine.move_to(start + timedelta(minutes=31), tick=False)
    later = browser("198.51.100.200")
    sign_in(later)
    assert is_signed_in(later)


def test_a_forged_or_borrowed_mark_of_a_known_browser_passes_no_brake():
    account()
    account("liqiang", "李强")
    besiege()
    forged = browser("198.51.100.200")
    forged.cookies["known_browser"] = "made-up:1tABCD:nonsense"
    assert sign_in(forged).status_code == 429
    borrowed = browser("198.51.100.201")
    sign_in(borrowed, "liqiang")
    borrowed.post("/accounts/logout/")
    assert sign_in(borrowed).status_code == 429


def test_unknown_name_wrong_password_and_closed_accounts_get_the_same_answer_and_one_hash(monkeypatch):
    account()
    account("inactive", "停用", is_active=False)
    account("closed", "锁定", locked_at=timezone.now())
    account("fresh", "未启用", password=None)
    hashed = []
    encode = hashers.MD5PasswordHasher.encode

    def counting(self, password, salt):
        hashed.append(password)
        return encode(self, password, salt)

    monkeypatch.setattr(hashers.MD5PasswordHasher, "encode", counting)
    answers = set()
    cases = [("zhouxw", "Falsch-2026"), ("nobody", PASSWORD), ("inactive", PASSWORD), ("closed", PASSWORD)]
    for number, (username, password) in enumerate([*cases, ("fresh", PASSWORD)]):
        hashed.clear()
        client = browser(f"192.0.2.{number + 10}", enforce_csrf_checks=False)
        response = sign_in(client, username, password)
        page = text_of(response).replace(f'value="{username}"', 'value="…"')
        answers.add(
            (
                response.status_code,
                page[page.index("error-summary") : page.index("</form>", page.index("error-summary"))].split(
                    "csrfmiddlewaretoken"
                )[0],
            )
        )
        assert len(hashed) == 1, username
        assert not is_signed_in(client)
    assert len(answers) == 1


def test_failures_are_traced_and_an_unknown_name_is_not_written_down():
    account()
    client = browser("198.51.100.7")
    for _ in range(7):
        sign_in(client, password="Falsch-2026")
    sign_in(client, "mein-Passwort-aus-Versehen", "x")
    assert actions() == ["account.sign_in_failed"] * 5 + ["account.locked_out"]
    entry = Entry.objects.latest("id")
    assert (entry.action, entry.object_label, entry.address) == ("account.sign_in_failed", "未知用户名", "198.51.100.7")
    assert "mein-Passwort" not in str(Entry.objects.values())


def test_no_password_reaches_the_table_of_attempts():
    account()
    sign_in(browser(), password="Falsch-2026")
    attempt = AccessAttempt.objects.get()
    assert "Falsch-2026" not in attempt.post_data + attempt.get_data


def test_a_form_without_csrf_token_is_refused():
    account()
    client = Client(enforce_csrf_checks=True)
    assert sign_in(client).status_code == 403
    assert not is_signed_in(client)


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "javascript:alert(1)",
        "http:evil.example",
        "\t//evil.example",
    ],
)
def test_the_way_back_never_leads_off_the_site(target):
    account()
    client = browser()
    response = sign_in(client, next=target)
    assert response.status_code == 302
    assert response.headers["Location"] == "/"


def test_the_last_sign_in_is_shown_once():
    account()
    first = browser("192.0.2.33")
    sign_in(first)
    assert "这是您第一次登录" in text_of(first.get("/accounts/profile/"))
    second = browser("192.0.2.34")
    sign_in(second)
    page = text_of(second.get("/accounts/profile/"))
    assert "上次登录" in page
    assert "192.0.2.33" in page
    assert "上次登录" not in text_of(second.get("/accounts/profile/"))


def test_signing_out_takes_a_post_and_is_traced():
    account()
    client = browser()
    sign_in(client)
    assert client.get("/accounts/logout/").status_code == 200
    assert is_signed_in(client)
    client.post("/accounts/logout/")
    assert not is_signed_in(client)
    assert actions()[-1] == "account.sign_out"


def test_a_lock_out_answers_json_where_json_is_asked_for():
    account()
    client = browser()
    for _ in range(5):
        response = client.post(
            LOGIN, {"login": "zhouxw", "password": "Falsch-2026"}, headers={"Accept": "application/json"}
        )
    assert response.status_code == 429
    assert response.json()["code"] == "locked_out"


def test_a_null_byte_or_a_very_long_name_is_no_accident():
    # Text with control characters is refused at the door of every form, before any database sees it.
    for username, status in [("zhou\0xw", 400), ("x" * 5000, 200), ("😀" * 60, 200)]:
        assert sign_in(browser(), username, "Falsch-2026").status_code == status
