"""The second factor: enrolling, signing in with it, who must have one, and that there is no way around."""

import re
import xml.etree.ElementTree as ET
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from foundation.accounts import workflow
from tests.foundation.accounts import account, actions, browser, digits, enrol, is_signed_in, sign_in

pytestmark = pytest.mark.django_db
ENROL = "/accounts/second-factor/enrol/"
CODES = "/accounts/second-factor/codes/"
ASKED = "/accounts/login/second-factor/"


@pytest.fixture(autouse=True)
def empty_cache():
    cache.clear()


@pytest.fixture
def noon(time_machine):
    """Stand still in the middle of a step of 30 seconds."""
    at = timezone.now().replace(second=15, microsecond=0)
    time_machine.move_to(at, tick=False)
    return at


def secret_on(page: str) -> str:
    return re.search(r'<span class="code">([A-Z2-7]{32})</span>', page)[1]


def test_a_phone_is_enrolled_and_asked_for_from_then_on(noon, time_machine, django_capture_on_commit_callbacks):
    account()
    client = browser()
    sign_in(client)
    secret = secret_on(client.get(ENROL).content.decode())
    with django_capture_on_commit_callbacks(execute=True):
        response = client.post(ENROL, {"code": digits(secret)})
    assert response.headers["Location"] == CODES
    assert "已绑定" in client.get("/accounts/second-factor/").content.decode()
    client.post("/accounts/logout/")
    time_machine.move_to(noon + timedelta(seconds=60), tick=False)
    assert sign_in(client).headers["Location"] == ASKED
    assert not is_signed_in(client)
    client.post(ASKED, {"code": digits(secret)})
    assert is_signed_in(client)
    assert actions() == [
        "account.sign_in",
        "account.second_factor_added",
        "account.second_factor_added",
        "account.sign_out",
        "account.sign_in",
    ]


def test_the_secret_and_the_recovery_seed_are_sealed_in_the_database(noon):
    account()
    client = browser()
    sign_in(client)
    secret = secret_on(client.get(ENROL).content.decode())
    client.post(ENROL, {"code": digits(secret)})
    kept = str(list(Authenticator.objects.values_list("data", flat=True)))
    assert secret not in kept
    assert len(re.findall(r"'(?:secret|seed)': '[^:']+:[A-Za-z0-9+/=]+'", kept)) == 2


def test_the_drawn_code_is_plain_svg_without_style_attribute():
    account()
    client = browser()
    sign_in(client)
    drawn = re.search(r"<svg[^>]*class=\"qr\".*?</svg>", client.get(ENROL).content.decode(), re.DOTALL)[0]
    assert "style" not in drawn
    ET.fromstring(drawn)


def test_a_wrong_number_enrols_nothing():
    account()
    client = browser()
    sign_in(client)
    secret = secret_on(client.get(ENROL).content.decode())
    wrong = f"{(int(digits(secret)) + 111111) % 1000000:06}"
    assert "验证码不对" in client.post(ENROL, {"code": wrong}).content.decode()
    assert not Authenticator.objects.exists()


def test_who_must_have_one_reaches_nothing_before_enrolling(noon):
    account(second_factor_required=True, is_staff=True, is_superuser=True)
    client = browser()
    sign_in(client)
    for page in ["/", "/admin/", "/admin/accounts/", "/accounts/profile/", "/accounts/second-factor/", CODES]:
        response = client.get(page)
        assert response.headers["Location"].startswith(ENROL), page
    assert client.post("/admin/logout/").headers["Location"] == ENROL
    assert client.get("/", headers={"Accept": "application/json"}).status_code == 403
    assert client.get("/", headers={"HX-Request": "true"}).headers["HX-Redirect"] == ENROL
    page = client.get(ENROL).content.decode()
    assert "您的职务要求" in page
    client.post(ENROL, {"code": digits(secret_on(page))})
    assert is_signed_in(client)
    assert client.get("/admin/").status_code == 200


def test_a_password_comes_before_the_second_factor():
    account(second_factor_required=True, must_change_password=True)
    client = browser()
    sign_in(client)
    assert client.get(ENROL).headers["Location"].startswith("/accounts/password/")


def test_half_a_sign_in_opens_nothing(noon):
    secret = enrol(account(is_staff=True, is_superuser=True))
    client = browser()
    sign_in(client)
    for page in ["/accounts/profile/", "/admin/", "/accounts/sessions/", "/accounts/second-factor/remove/"]:
        assert client.get(page).status_code == 302
    assert not is_signed_in(client)
    assert client.get("/admin/", follow=True).redirect_chain[-1][0].startswith(ASKED)
    client.post(ASKED, {"code": digits(secret)})
    assert client.get("/admin/").status_code == 200


def test_a_number_is_good_for_one_use_only_also_in_the_step_of_tolerance(noon, time_machine):
    secret = enrol(account())
    used = digits(secret)
    first, second = browser(), browser("192.0.2.2")
    sign_in(first)
    first.post(ASKED, {"code": used})
    assert is_signed_in(first)
    time_machine.move_to(noon + timedelta(seconds=35), tick=False)
    sign_in(second)
    page = second.post(ASKED, {"code": used}).content.decode()
    assert "刚刚用过" in page
    assert not is_signed_in(second)
    second.post(ASKED, {"code": digits(secret)})
    assert is_signed_in(second)


def test_a_phone_half_a_minute_off_still_works_and_two_minutes_off_does_not(noon):
    secret = enrol(account())
    client = browser()
    sign_in(client)
    assert client.post(ASKED, {"code": digits(secret, 4)}).status_code == 200
    client.post(ASKED, {"code": digits(secret, -1)})
    assert is_signed_in(client)


def test_numbers_cannot_be_guessed_for_long(noon):
    secret = enrol(account())
    client = browser()
    sign_in(client)
    for number in range(5):
        client.post(ASKED, {"code": f"{(int(digits(secret)) + 500 + number) % 1000000:06}"})
    page = client.post(ASKED, {"code": digits(secret)}).content.decode()
    assert "请过 10 分钟再试" in page
    assert not is_signed_in(client)
    # another browser does not help: the count is the account's
    other = browser("192.0.2.2")
    sign_in(other)
    other.post(ASKED, {"code": digits(secret)})
    assert not is_signed_in(other)
    assert actions().count("account.second_factor_failed") == 5


def test_a_recovery_code_works_once(noon):
    user = account()
    client = browser()
    sign_in(client)
    client.post(ENROL, {"code": digits(secret_on(client.get(ENROL).content.decode()))})
    page = client.get(CODES).content.decode()
    codes = re.findall(r'<span class="code">(\d{8})</span>', page)
    assert len(set(codes)) == 10
    client.post("/accounts/logout/")
    sign_in(client)
    client.post(ASKED, {"code": codes[0]})
    assert is_signed_in(client)
    again = browser("192.0.2.2")
    sign_in(again)
    again.post(ASKED, {"code": codes[0]})
    assert not is_signed_in(again)
    assert "account.recovery_code_used" in actions(user.username)


def test_enrolling_ends_the_sign_ins_made_without_it(noon, django_capture_on_commit_callbacks):
    account()
    here, elsewhere = browser(), browser("192.0.2.2")
    sign_in(here)
    sign_in(elsewhere)
    secret = secret_on(here.get(ENROL).content.decode())
    with django_capture_on_commit_callbacks(execute=True):
        here.post(ENROL, {"code": digits(secret)})
    assert is_signed_in(here)
    assert not is_signed_in(elsewhere)


def test_where_it_is_required_it_cannot_be_removed(noon, time_machine):
    user = account(second_factor_required=True)
    secret = enrol(user)
    client = browser()
    sign_in(client)
    client.post(ASKED, {"code": digits(secret)})
    page = client.post("/accounts/second-factor/remove/").content.decode()
    assert "不能停用" in page
    assert Authenticator.objects.filter(user=user).exists()


def test_removing_it_asks_for_the_password_again_after_ten_minutes(noon, time_machine):
    user = account()
    secret = enrol(user)
    client = browser()
    sign_in(client)
    client.post(ASKED, {"code": digits(secret)})
    time_machine.move_to(noon + timedelta(minutes=11), tick=False)
    response = client.get("/accounts/second-factor/remove/")
    assert response.headers["Location"].startswith("/accounts/confirm/")
    assert client.post("/accounts/second-factor/remove/").headers["Location"].startswith("/accounts/confirm/")
    assert Authenticator.objects.filter(user=user).exists()
    page = client.post("/accounts/confirm/", {"password": "Falsch-2026"}).content.decode()
    assert "密码不对" in page


def test_a_lost_phone_is_removed_by_the_administration_and_enrolled_anew(noon):
    user = account(second_factor_required=True)
    secret = enrol(user)
    client = browser()
    sign_in(client)
    client.post(ASKED, {"code": digits(secret)})
    assert is_signed_in(client)
    with pytest.raises(PermissionDenied):
        workflow.remove_second_factor(user, actor=account("liqiang", "李强"), reason="手机丢失")
    workflow.remove_second_factor(user, actor=None, reason="手机丢失")
    assert not is_signed_in(client)
    sign_in(client)
    assert client.get("/").headers["Location"].startswith(ENROL)
