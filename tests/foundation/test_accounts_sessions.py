"""Own sign-ins: how long they last, where they are, ending the others."""

from datetime import timedelta

import pytest
from allauth.usersessions.models import UserSession
from axes.models import AccessAttempt
from django.contrib.sessions.models import Session
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from foundation.accounts import workflow
from foundation.accounts.models import ResetCode, User
from foundation.accounts.views import browser_in_words
from tests.foundation.accounts import account, actions, browser, is_signed_in, sign_in

pytestmark = pytest.mark.django_db
EDGE = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/130.0 Safari/537.36 Edg/130.0"
PHONE = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/128.0 Mobile Safari/537.36 MicroMessenger/8.0.50"


@pytest.fixture
def start(time_machine):
    at = timezone.now()
    time_machine.move_to(at, tick=False)
    return at


def test_half_an_hour_without_a_click_signs_out(start, time_machine):
    account()
    client = browser()
    sign_in(client)
    time_machine.move_to(start + timedelta(minutes=30, seconds=5), tick=False)
    assert not is_signed_in(client)


def test_every_click_gives_another_half_hour(start, time_machine):
    account()
    client = browser()
    sign_in(client)
    for minutes in (29, 58, 87):
        time_machine.move_to(start + timedelta(minutes=minutes), tick=False)
        assert is_signed_in(client)


def test_after_twelve_hours_one_signs_in_again_however_busy(start, time_machine):
    account()
    client = browser()
    sign_in(client)
    for minutes in range(20, 12 * 60, 20):
        time_machine.move_to(start + timedelta(minutes=minutes), tick=False)
        assert is_signed_in(client)
    time_machine.move_to(start + timedelta(hours=12), tick=False)
    response = client.get("/accounts/profile/", follow=True)
    assert response.redirect_chain[-1][0].startswith("/accounts/login/")
    assert "已连续登录 12 小时" in response.content.decode()
    assert actions()[-1] == "account.sign_out"


def test_looking_around_writes_once_a_minute_at_most(start, time_machine):
    account()
    client = browser()
    sign_in(client)
    client.get("/accounts/second-factor/")
    with CaptureQueriesContext(connection) as within:
        client.get("/accounts/second-factor/")
    assert not [q for q in within.captured_queries if q["sql"].startswith(("UPDATE", "INSERT", "DELETE"))]
    time_machine.move_to(start + timedelta(seconds=61), tick=False)
    client.get("/accounts/second-factor/")
    assert User.objects.get().last_seen_at == start + timedelta(seconds=61)
    assert UserSession.objects.get().last_seen_at == start + timedelta(seconds=61)


def test_the_cookie_goes_with_the_browser_and_is_out_of_reach_of_scripts():
    account()
    client = browser()
    sign_in(client)
    cookie = client.cookies["sessionid"]
    assert cookie["max-age"] == ""
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"


def test_the_session_gets_a_new_number_at_sign_in():
    account()
    client = browser()
    client.get("/accounts/login/?next=/")
    session = client.session
    session["planted"] = 1
    session.save()
    before = session.session_key
    sign_in(client)
    assert client.session.session_key != before


def test_the_list_shows_where_one_is_signed_in_and_ends_the_others():
    account()
    here, elsewhere = browser("192.0.2.1", HTTP_USER_AGENT=EDGE), browser("198.51.100.4", HTTP_USER_AGENT=PHONE)
    other_person = browser("203.0.113.1")
    account("liqiang", "李强")
    sign_in(other_person, "liqiang")
    sign_in(elsewhere)
    sign_in(here)
    page = here.get("/accounts/sessions/").content.decode()
    assert "您在 2 处登录着" in page
    assert "Edge · Windows" in page
    assert "微信 · 安卓" in page
    assert "198.51.100.4" in page
    assert "203.0.113.1" not in page
    assert page.index("这一处") < page.rindex("198.51.100.4")
    page = here.post("/accounts/sessions/", follow=True).content.decode()
    assert "已退出其他 1 处登录" in page
    assert is_signed_in(here)
    assert not is_signed_in(elsewhere)
    assert is_signed_in(other_person)
    assert actions()[-1] == "account.sessions_ended"


@pytest.mark.parametrize(("agent", "words"), [(EDGE, "Edge · Windows"), (PHONE, "微信 · 安卓"), ("", "其他浏览器")])
def test_browsers_are_named_as_people_call_them(agent, words):
    assert browser_in_words(agent) == words


def test_deactivating_an_account_ends_its_sign_ins_at_the_next_click():
    account()
    client = browser()
    sign_in(client)
    User.objects.update(is_active=False)
    assert not is_signed_in(client)


def test_the_sweep_takes_what_has_served_its_time_and_leaves_the_rest(start, time_machine):
    user = account()
    old, kept = browser(), browser("192.0.2.2")
    sign_in(old)
    sign_in(browser(), password="Falsch-2026")
    workflow.issue_reset_code(user, issued_by=None)
    later = start + timedelta(days=32)
    time_machine.move_to(later, tick=False)
    sign_in(kept)
    workflow.issue_reset_code(user, issued_by=None)
    sign_in(browser("192.0.2.3"), password="Falsch-2026")
    assert workflow.purge_expired(later) >= 2
    assert is_signed_in(kept)
    assert (Session.objects.count(), UserSession.objects.count()) == (1, 1)
    assert ResetCode.objects.count() == 1
    assert AccessAttempt.objects.count() == 1


def test_the_first_sign_in_activates_the_account(start):
    user = account()
    assert user.activated_at is None
    sign_in(browser())
    user.refresh_from_db()
    assert user.activated_at == start
