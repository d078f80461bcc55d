"""意见建议: everybody may say something, it is stored once and answered with a number."""

import re

import pytest
from django.core.cache import cache

from foundation.audit.models import Entry
from grievances.models import Grievance

SAID = {"title": "看不懂“校验码不符”", "description": "希望举个例子", "contact": "19000007720"}


@pytest.fixture(autouse=True)
def _fresh_counters():
    cache.clear()


def test_what_is_said_signed_out_is_stored_and_answered_with_its_number(client, tree):
    answer = client.post("/feedback/", SAID)
    stored = Grievance.objects.get()
    assert stored.number in answer.content.decode()
    assert re.fullmatch(r"SQ510000\d{8}-\d{4}", stored.number)
    assert (stored.category.code, stored.title, stored.lodged_by) == ("portal_feedback", SAID["title"], None)
    assert (stored.organization, stored.status) == (tree.province, "lodged")
    assert stored.phone == "19000007720"


def test_the_contact_is_sealed_and_the_trail_names_only_the_number(client, tree):
    client.post("/feedback/", SAID)
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT phone FROM grievances_grievance")
        assert "19000007720" not in cursor.fetchone()[0]
    entry = Entry.objects.get(action="grievance.lodge")
    assert entry.object_label == Grievance.objects.get().number
    assert "19000007720" not in str(entry.__dict__)


def test_a_signed_in_person_is_remembered_as_the_author(sign_in, secretary):
    sign_in(secretary).post("/feedback/", SAID)
    assert Grievance.objects.get().lodged_by == secretary


def test_nothing_is_stored_without_a_title(client, tree):
    answer = client.post("/feedback/", {"title": " ", "description": "x"})
    assert answer.status_code == 422
    assert "请写一句话" in answer.content.decode()
    assert not Grievance.objects.exists()


def test_a_machine_is_stopped_after_ten_in_an_hour(client, tree):
    for _ in range(10):
        assert client.post("/feedback/", SAID).status_code == 200
    answer = client.post("/feedback/", SAID)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "3600")
    assert Grievance.objects.count() == 10
    assert client.post("/feedback/", SAID, REMOTE_ADDR="203.0.113.9").status_code == 200


def test_a_contact_that_is_no_phone_is_kept_beside_what_was_said(client, tree):
    client.post("/feedback/", SAID | {"contact": "wx-tonglu"})
    stored = Grievance.objects.get()
    assert stored.phone == ""
    assert stored.description.endswith("联系方式：wx-tonglu")


def test_without_anybody_to_hear_it_the_form_says_so_and_keeps_the_words(client, db):
    answer = client.post("/feedback/", SAID)
    assert answer.status_code == 422
    assert "还没有设好接收意见的单位" in answer.content.decode()
    assert SAID["title"] in answer.content.decode()


def test_people_behind_one_proxy_do_not_use_up_each_others_turns(client, tree, settings):
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    for _ in range(10):
        assert client.post("/feedback/", SAID, headers={"X-Forwarded-For": "203.0.113.7"}).status_code == 200
    assert client.post("/feedback/", SAID, headers={"X-Forwarded-For": "203.0.113.7"}).status_code == 429
    assert client.post("/feedback/", SAID, headers={"X-Forwarded-For": "203.0.113.8"}).status_code == 200


def test_one_sentence_is_enough(client, tree):
    assert client.post("/feedback/", {"title": "字太小", "description": "", "contact": ""}).status_code == 200
    assert Grievance.objects.get().description == "字太小"
