"""One-time codes: handed over by the clerk, used once, for forgotten passwords and new accounts."""

import re
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from foundation.accounts import rules, workflow
from foundation.accounts.models import ResetCode, User
from foundation.audit.models import Entry
from tests.foundation.accounts import PASSWORD, account, actions, browser, is_signed_in, sign_in

pytestmark = pytest.mark.django_db
RESET = "/accounts/reset/"
NEW = "Neu-und-anders-7"


def fill(client, code, username="zhouxw", password=NEW):
    return client.post(RESET, {"username": username, "code": code, "password1": password, "password2": password})


@pytest.fixture
def nobody_decides(monkeypatch):
    monkeypatch.setattr(rules, "_deciders", [])


def test_a_code_opens_the_door_once_and_ends_the_old_sign_ins():
    user = account()
    old = browser("192.0.2.9")
    sign_in(old)
    code = workflow.issue_reset_code(user, issued_by=None)
    assert re.fullmatch(r"[A-Z3-9]{5}-[A-Z3-9]{5}", code)
    assert is_signed_in(old), "issuing alone ends nothing"
    client = browser()
    assert fill(client, code).headers["Location"] == "/accounts/login/"
    assert not is_signed_in(client), "the second factor would be skipped"
    assert not is_signed_in(old)
    sign_in(client, password=NEW)
    assert is_signed_in(client)
    assert "验证码不对" in fill(browser(), code).content.decode()
    assert actions()[1:3] == ["account.reset_code_issued", "account.reset_code_used"]


def test_the_code_may_be_typed_carelessly():
    code = workflow.issue_reset_code(account(), issued_by=None)
    assert fill(browser(), f" {code.replace('-', ' ').lower()} ").status_code == 302


def test_only_a_keyed_hash_is_kept():
    code = workflow.issue_reset_code(account(), issued_by=None)
    kept = str(ResetCode.objects.values()) + str(Entry.objects.values())
    assert code not in kept
    assert code.replace("-", "") not in kept


def test_a_new_account_is_activated_by_its_code():
    user = account("neu", "新人", password=None)
    assert user.activated_at is None
    assert not user.has_usable_password()
    code = workflow.issue_reset_code(user, issued_by=None)
    fill(browser(), code, "neu")
    user.refresh_from_db()
    assert user.activated_at is not None
    assert not user.must_change_password
    client = browser()
    sign_in(client, "neu", NEW)
    assert is_signed_in(client)


def test_a_code_ends_after_a_day_and_when_another_is_issued():
    user, now = account(), timezone.now()
    first = workflow.issue_reset_code(user, issued_by=None, at=now)
    second = workflow.issue_reset_code(user, issued_by=None, at=now)
    for code, at in [(first, now + timedelta(minutes=1)), (second, now + timedelta(hours=24))]:
        with pytest.raises(ValidationError) as caught:
            workflow.redeem("zhouxw", code, NEW, at=at)
        assert caught.value.code == "wrong_code"
    workflow.redeem("zhouxw", second, NEW, at=now + timedelta(hours=23, minutes=59))


def test_wrong_code_unknown_name_and_closed_account_get_one_answer():
    user = account()
    code = workflow.issue_reset_code(user, issued_by=None)
    account("liqiang", "李强")
    closed = account("closed", "锁定")
    closed_code = workflow.issue_reset_code(closed, issued_by=None)
    workflow.lock(closed, actor=None, reason="离职")
    said = set()
    cases = [("zhouxw", "AAAAA-AAAAA"), ("nobody", code), ("liqiang", code), ("closed", closed_code)]
    for number, (username, given) in enumerate(cases):
        page = fill(browser(f"192.0.2.{number + 20}"), given, username).content.decode()
        said.add(re.search(r'<div class="error-summary".*?</div>', page, re.DOTALL)[0])
    assert len(said) == 1
    assert workflow.WRONG_CODE in said.pop()


def test_a_weak_password_does_not_use_up_the_code():
    code = workflow.issue_reset_code(account(), issued_by=None)
    assert "密码里有您的用户名" in fill(browser(), code, password="Zhouxw-2026").content.decode()
    assert fill(browser(), code).status_code == 302


def test_the_rules_about_the_person_are_not_told_to_who_has_no_code():
    account()
    page = fill(browser(), "AAAAA-AAAAA", password="Zhouxw-2026").content.decode()
    assert "用户名。" not in page.replace("请输入用户名。", "")
    assert "密码里有您的" not in page


def test_guessing_codes_is_locked_apart_from_signing_in():
    code = workflow.issue_reset_code(account(), issued_by=None)
    client = browser()
    for _ in range(5):
        response = fill(client, "AAAAA-AAAAA")
    assert response.status_code == 429
    assert "验证码试错的次数太多" in response.content.decode()
    assert fill(client, code).status_code == 429
    sign_in(client)
    assert is_signed_in(client), "who knows the password is not touched"
    assert fill(browser("198.51.100.9"), code).status_code == 302, "nor is the owner at another address"


def test_a_code_dies_of_a_hundred_wrong_tries():
    code = workflow.issue_reset_code(account(), issued_by=None)
    ResetCode.objects.update(attempts=workflow.MAX_ATTEMPTS - 1)
    with pytest.raises(ValidationError):
        workflow.redeem("zhouxw", "AAAAA-AAAAA", NEW)
    with pytest.raises(ValidationError):
        workflow.redeem("zhouxw", code, NEW)


def test_a_code_lifts_the_lock_out_of_sign_in():
    user = account()
    client = browser()
    for _ in range(5):
        sign_in(client, password="Falsch-2026")
    fill(client, workflow.issue_reset_code(user, issued_by=None))
    sign_in(client, password=NEW)
    assert is_signed_in(client)


def test_without_a_registered_rule_nobody_issues_codes(nobody_decides):
    user, clerk = account(), account("liqiang", "李强")
    with pytest.raises(PermissionDenied):
        workflow.issue_reset_code(user, issued_by=clerk)
    rules.register_decider(lambda actor, action, whom: action == rules.ISSUE_RESET_CODE and actor == clerk)
    assert workflow.issue_reset_code(user, issued_by=clerk)
    with pytest.raises(PermissionDenied):
        workflow.issue_reset_code(clerk, issued_by=clerk)
    with pytest.raises(PermissionDenied):
        workflow.lock(user, actor=clerk, reason="试试")
    entry = Entry.objects.get(action="account.reset_code_issued")
    assert (entry.actor_id, entry.object_id) == (clerk.pk, str(user.pk))


def test_a_closed_account_gets_no_code():
    user = account(is_active=False)
    with pytest.raises(ValidationError, match="停用或锁定"):
        workflow.issue_reset_code(user, issued_by=None)


def test_locking_ends_the_sign_ins_at_once_and_wants_a_reason():
    user = account()
    client = browser()
    sign_in(client)
    with pytest.raises(ValidationError, match="理由"):
        workflow.lock(user, actor=None, reason=" ")
    workflow.lock(user, actor=None, reason="岗位调整")
    assert not is_signed_in(client)
    with pytest.raises(ValidationError, match="已经锁定"):
        workflow.lock(user, actor=None, reason="岗位调整")
    workflow.unlock(user, actor=None, reason="弄错了")
    sign_in(client)
    assert is_signed_in(client)
    assert actions() == ["account.sign_in", "account.locked", "account.unlocked", "account.sign_in"]


def test_the_form_says_what_is_missing():
    page = browser().post(RESET, {}).content.decode()
    for sentence in ["请输入用户名。", "请输入一次性验证码。", "请输入新密码。", "请再输一次新密码。"]:
        assert sentence in page
    assert User.objects.count() == 0
    assert PASSWORD not in page
