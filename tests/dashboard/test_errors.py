"""Error pages say what happened, whether the data is safe and what to do next."""

import logging
import re
from importlib import import_module
from types import ModuleType

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client, RequestFactory
from django.urls import path
from django.utils import timezone

from branches.scope import reach_of
from dashboard.views import errors


@pytest.fixture
def asked(rf, db):
    """Return a function: user (or None) → a request as the middleware would hand it over."""
    from django.contrib.auth.models import AnonymousUser

    def made(user=None, **headers):
        request = RequestFactory().get("/somewhere/", headers=headers or None)
        request.user = user or AnonymousUser()
        request.reach = reach_of(request.user, timezone.now())
        request.htmx = bool(headers.get("HX-Request"))
        return request

    return made


def words(response) -> str:
    return re.sub(r"<[^>]+>", "", response.content.decode())


def test_an_unknown_page_is_answered_the_same_for_missing_and_foreign_rows(sign_in, county_clerk):
    answer = sign_in(county_clerk).get("/no-such-page/")
    assert answer.status_code == 404
    assert "没有这一页，或者不在您的辖区" in words(answer)
    assert 'href="/search/"' in answer.content.decode()


def test_signed_out_people_are_not_sent_to_the_search(client, db):
    answer = client.get("/no-such-page/")
    assert answer.status_code == 404
    assert "/search/" not in answer.content.decode()


def test_a_refusal_names_the_post_so_that_one_knows_whom_to_ask(asked, county_clerk):
    answer = errors.permission_denied(asked(county_clerk), PermissionDenied())
    assert answer.status_code == 403
    assert "您的任职是“专干”" in words(answer)


def test_a_refusal_with_a_sentence_says_that_sentence(asked, county_clerk):
    answer = errors.permission_denied(asked(county_clerk), PermissionDenied("只有上一级可以裁定。"))
    assert "只有上一级可以裁定。" in words(answer)


def test_an_outsider_is_told_to_ask_for_an_appointment(asked, outsider):
    assert "您现在没有任职" in words(errors.permission_denied(asked(outsider), None))


def test_a_file_over_the_limit_is_answered_with_both_sizes(asked, county_clerk):
    answer = errors.too_large(asked(county_clerk), 312 * 1024**2, 100 * 1024**2)
    assert answer.status_code == 413
    assert "312 MB，上限是 100 MB" in words(answer)


def test_too_many_requests_say_how_long_to_wait(asked, county_clerk):
    answer = errors.too_many(asked(county_clerk), 40)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "40")
    assert "40 秒" in words(answer)
    assert "15 分钟" in words(errors.too_many(asked(county_clerk), 900))


def test_a_conflict_shows_the_sentence_of_the_caller(asked, county_clerk):
    answer = errors.conflict(asked(county_clerk), "张三在 14:03 改过这条登记。")
    assert answer.status_code == 409
    assert "张三在 14:03 改过这条登记。" in words(answer)


def test_maintenance_says_when_to_come_back(asked, county_clerk):
    answer = errors.unavailable(asked(county_clerk), minutes=10)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "600")


def test_a_sentence_with_markup_is_shown_as_text(asked, county_clerk):
    answer = errors.conflict(asked(county_clerk), "<script>alert(1)</script>")
    assert "<script>alert(1)" not in answer.content.decode()


def test_htmx_gets_a_note_instead_of_a_page(asked, county_clerk):
    answer = errors.bad_request(asked(county_clerk, **{"HX-Request": "true"}))
    assert "<html" not in answer.content.decode()
    assert "note-bad" in answer.content.decode()


def test_json_callers_get_json(asked):
    answer = errors.page_not_found(asked(None, Accept="application/json"))
    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "application/json"


def test_an_expired_form_is_explained_and_changes_nothing(county_clerk, db):
    client = Client(enforce_csrf_checks=True)
    client.force_login(county_clerk)
    answer = client.post("/search/", {"q": "x"})
    assert answer.status_code == 403
    assert "这一页已经过期" in words(answer)


def _breaks(request):
    raise RuntimeError("on purpose")


@pytest.fixture
def broken_page(settings):
    """Add an address that breaks to the addresses of the portal."""
    ours = import_module(settings.ROOT_URLCONF)
    addresses = ModuleType("addresses_with_a_broken_one")
    addresses.urlpatterns = [path("breaks/", _breaks), *ours.urlpatterns]
    addresses.handler500 = ours.handler500
    settings.ROOT_URLCONF = addresses
    return "/breaks/"


def test_an_error_gets_a_number_that_the_log_carries_too(broken_page, caplog, db):
    client = Client(raise_request_exception=False)
    with caplog.at_level(logging.ERROR, logger="dashboard.views.errors"):
        answer = client.get(broken_page, headers={"Cookie": "large_text=1"})
    assert answer.status_code == 500
    number = re.search(r"编号 ([0-9A-F]{4}-[0-9A-F]{2})", words(answer))[1]
    assert any(number in record.getMessage() for record in caplog.records)
    assert "RuntimeError" not in answer.content.decode()
    assert 'data-text="large"' in answer.content.decode()


def test_the_error_page_needs_no_database(rf):
    # No database mark: a query would fail the test.
    assert errors.server_error(rf.get("/")).status_code == 500
