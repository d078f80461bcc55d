"""Which addresses exist, one's own page, large type."""

import pytest
from allauth.account import urls as allauth_account_urls
from allauth.mfa import urls as allauth_mfa_urls
from django.urls import NoReverseMatch, get_resolver, reverse

from foundation.accounts import urls
from foundation.accounts.models import User
from foundation.audit.models import Entry
from tests.foundation.accounts import account, actions, browser, sign_in

pytestmark = pytest.mark.django_db
FOR_EVERYBODY = {"account_login", "account_redeem"}
HALFWAY = {"mfa_authenticate"}
SENT_ON = {"account_logout"}
POST_ONLY = {"account_large_text"}
NOT_OFFERED = [
    "signup/",
    "signup/passkey/",
    "email/",
    "confirm-email/",
    "confirm-email/key/",
    "social/connections/",
    "3rdparty/",
    "inactive/",
    "password/reset/",
    "password/set/",
    "phone/change/",
    "login/code/",
    "2fa/",
    "2fa/webauthn/",
]


def test_nobody_can_sign_up_or_touch_what_allauth_offers_beyond():
    client = browser()
    for path in NOT_OFFERED:
        for method in (client.get, client.post):
            assert method(f"/accounts/{path}").status_code == 404, path


def test_of_allauths_names_only_the_listed_ones_resolve():
    ours = {pattern.name for pattern in urls.urlpatterns}
    theirs = {
        key
        for module in (allauth_account_urls, allauth_mfa_urls)
        for key in get_resolver(module.__name__).reverse_dict
        if isinstance(key, str)
    }
    assert theirs & ours
    for name in theirs - ours:
        with pytest.raises(NoReverseMatch):
            reverse(name)


def test_every_address_sends_strangers_to_the_sign_in():
    for pattern in urls.urlpatterns:
        response = browser().get(reverse(pattern.name))
        if pattern.name in FOR_EVERYBODY:
            assert response.status_code == 200, pattern.name
        elif pattern.name in POST_ONLY:
            assert response.status_code == 405, pattern.name
        elif pattern.name in SENT_ON:
            assert response.headers["Location"] == "/", pattern.name
        else:
            assert response.headers["Location"].startswith("/accounts/login/"), pattern.name


def test_every_page_of_the_signed_in_opens_and_is_clean():
    account()
    client = browser()
    sign_in(client)
    for pattern in urls.urlpatterns:
        if pattern.name in FOR_EVERYBODY | HALFWAY | POST_ONLY:
            continue
        response = client.get(reverse(pattern.name))
        if response.status_code == 200 and response.headers["Content-Type"].startswith("text/html"):
            page = response.content.decode()
            assert " style=" not in page, pattern.name
            assert "<style" not in page, pattern.name
            assert "onclick" not in page, pattern.name
        else:
            assert response.status_code in {302, 404}, (pattern.name, response.status_code)


def test_the_profile_masks_the_phone_and_changes_it():
    user = account(phone="")
    client = browser("192.0.2.77")
    sign_in(client)
    assert "还没有填" in client.get("/accounts/profile/").content.decode()
    page = client.post("/accounts/profile/", {"phone": " 190-0000-7720 "}, follow=True).content.decode()
    assert "电话已保存" in page
    assert "190****7720" in page
    assert "19000007720" not in page
    user.refresh_from_db()
    assert user.phone == "19000007720"
    assert user.phone_index is not None
    entry = Entry.objects.get(action="account.phone_changed")
    assert entry.fields == {"phone": ["", "190****7720"]}
    assert (entry.actor_id, entry.address) == (user.pk, "192.0.2.77")
    client.post("/accounts/profile/", {"phone": ""})
    user.refresh_from_db()
    assert (user.phone, user.phone_index) == ("", None)


def test_a_wrong_phone_changes_nothing():
    account(phone="")
    client = browser()
    sign_in(client)
    page = client.post("/accounts/profile/", {"phone": "12345"}).content.decode()
    assert "电话应是 11 位手机号" in page
    assert "account.phone_changed" not in actions()


def test_large_type_is_kept_with_the_account():
    account()
    client = browser()
    sign_in(client)
    response = client.post("/accounts/large-text/", {"large_text": "1", "next": "/accounts/sessions/"})
    assert response.headers["Location"] == "/accounts/sessions/"
    assert User.objects.get().large_text
    assert 'data-text="large"' in client.get("/accounts/profile/").content.decode()
    client.post("/accounts/large-text/", {"large_text": "0"})
    assert 'data-text="large"' not in client.get("/accounts/profile/").content.decode()


def test_large_type_works_signed_out_by_a_cookie():
    client = browser()
    client.post("/accounts/large-text/", {"large_text": "1", "next": "/accounts/login/"})
    assert 'data-text="large"' in client.get("/accounts/login/").content.decode()


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", ""])
def test_large_type_never_leads_off_the_site(target):
    assert browser().post("/accounts/large-text/", {"large_text": "1", "next": target}).headers["Location"] == "/"


def test_user_names_differ_in_more_than_case():
    account("ZhouXW")
    assert User.objects.get().username == "zhouxw"
    assert User.objects.filter(username="ZHOUXW").exists()


def test_secrets_of_allauth_are_not_in_the_admin():
    account(is_staff=True, is_superuser=True)
    client = browser()
    sign_in(client)
    for path in ["mfa/authenticator", "usersessions/usersession", "account/emailaddress", "axes/accessattempt"]:
        assert client.get(f"/admin/{path}/").status_code == 404


def test_the_admin_has_no_password_page_and_no_way_out_of_its_own():
    account(is_staff=True, is_superuser=True)
    client = browser()
    sign_in(client)
    assert client.get("/admin/password_change/").headers["Location"] == "/accounts/password/"
    client.post("/admin/logout/")
    assert actions() == ["account.sign_in", "account.sign_out"]
    assert browser().get("/admin/", follow=True).redirect_chain[-1][0] == "/accounts/login/?next=/admin/"
