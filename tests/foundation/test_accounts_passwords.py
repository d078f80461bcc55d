"""What a new password must be, and when one must be changed."""

from datetime import timedelta

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils import timezone

from foundation.accounts import rules
from foundation.accounts.models import User
from tests.foundation.accounts import PASSWORD, account, actions, browser, is_signed_in, sign_in

CHANGE = "/accounts/password/"
NEW = "Neu-und-anders-7"


def codes(password, user=None) -> set:
    try:
        validate_password(password, user)
    except ValidationError as error:
        return {one.code for one in error.error_list}
    return set()


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("Kurz-7a", "password_too_short"),
        ("nurkleinbuchstaben", "password_too_plain"),
        ("kleinund1234", "password_too_plain"),
        ("Passw0rd", "password_too_common"),
    ],
)
def test_short_plain_and_common_passwords_are_refused_in_chinese(password, code):
    assert code in codes(password)
    with pytest.raises(ValidationError) as caught:
        validate_password(password)
    assert all(ord(message[0]) > 0x2E80 for message in caught.value.messages)


@pytest.mark.parametrize("password", ["Kuang-Ye-1949", "平地镇的大货车7a", "aB3$aB3$"])
def test_three_classes_out_of_four_are_enough(password):
    assert codes(password) == set()


@pytest.mark.parametrize(
    ("password", "datum"),
    [
        ("ZhouXW-2026", "用户名"),
        ("A1-周晓雯-b", "姓名"),
        ("ZhouXiaowen#1", "姓名拼音"),
        ("xiaowenZHOU#1", "姓名拼音"),
        ("Xiaowen#2026", "姓名拼音"),
        ("Tel19000001234", "电话"),
        ("ＺｈｏｕＸＷ-2026", "用户名"),
        ("Kuang-Ye-1949", ""),
    ],
)
def test_what_colleagues_know_is_no_part_of_a_password(password, datum):
    assert rules.personal_data_in(password, username="zhouxw", name="周晓雯", phone="19000001234") == datum


def test_a_short_user_name_does_not_forbid_ordinary_words():
    assert rules.personal_data_in("Kuang-Ye-1949", username="ye", name="叶", phone="") == ""


@pytest.mark.django_db
def test_the_last_three_passwords_cannot_come_back_the_fourth_can():
    user = account(password="Erste-Wahl-1")
    for password in ["Zweite-Wahl-2", "Dritte-Wahl-3"]:
        user.set_password(password)
        user.save()
    for used in ["Erste-Wahl-1", "Zweite-Wahl-2", "Dritte-Wahl-3"]:
        assert codes(used, user) == {"password_reused"}
    user.set_password("Vierte-Wahl-4")
    user.save()
    assert codes("Erste-Wahl-1", user) == set()
    assert user.password_records.count() == 3


@pytest.mark.django_db
def test_a_password_set_by_somebody_else_must_be_changed_before_anything_else():
    account(must_change_password=True, is_staff=True, is_superuser=True)
    client = browser()
    assert sign_in(client).headers["Location"] == "/"
    for page in ["/", "/admin/", "/admin/accounts/", "/accounts/profile/", "/accounts/sessions/"]:
        assert client.get(page).headers["Location"].startswith(CHANGE), page
    page = client.get(f"{CHANGE}?next=/accounts/sessions/").content.decode()
    assert "请先修改密码" in page
    response = client.post(
        f"{CHANGE}?next=/accounts/sessions/", {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    )
    assert response.headers["Location"] == "/accounts/sessions/"
    assert is_signed_in(client)
    assert not User.objects.get().must_change_password
    assert actions() == ["account.sign_in", "account.password_changed"]


@pytest.mark.django_db
def test_what_asks_for_json_or_a_fragment_is_held_up_too():
    account(must_change_password=True)
    client = browser()
    sign_in(client)
    answer = client.get("/", headers={"Accept": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (403, "sign_in_duty")
    fragment = client.get("/", headers={"HX-Request": "true"})
    assert fragment.headers["HX-Redirect"] == CHANGE
    assert fragment.content == b""


@pytest.mark.django_db
def test_changing_the_password_ends_the_sign_ins_elsewhere():
    account()
    here, elsewhere = browser(), browser("192.0.2.2")
    sign_in(here)
    sign_in(elsewhere)
    assert is_signed_in(elsewhere)
    response = here.post(CHANGE, {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}, follow=True)
    assert "密码已修改" in response.content.decode()
    assert is_signed_in(here)
    assert not is_signed_in(elsewhere)


@pytest.mark.django_db
def test_a_wrong_old_password_or_two_different_new_ones_change_nothing():
    account()
    client = browser()
    sign_in(client)
    before = User.objects.get().password
    page = client.post(CHANGE, {"oldpassword": "Falsch-2026", "password1": NEW, "password2": NEW}).content.decode()
    assert "现在的密码不对" in page
    page = client.post(CHANGE, {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW + "x"}).content.decode()
    assert "密码没有改" in page
    assert User.objects.get().password == before


@pytest.mark.django_db
def test_passwords_age_only_where_the_setting_says_so(settings):
    account()
    User.objects.update(password_changed_at=timezone.now() - timedelta(days=91))
    client = browser()
    sign_in(client)
    assert is_signed_in(client)
    settings.PASSWORD_MAX_AGE_DAYS = 90
    assert client.get("/accounts/profile/").headers["Location"].startswith(CHANGE)
    assert "密码用了 90 天" in client.get(CHANGE).content.decode()
    client.post(CHANGE, {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW})
    assert is_signed_in(client)


@pytest.mark.django_db
def test_the_change_page_is_for_the_signed_in():
    assert browser().get(CHANGE).headers["Location"].startswith("/accounts/login/")
