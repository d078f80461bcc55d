"""Health answers are quick, need no sign-in and tell the truth."""

from pathlib import Path

import pytest
from django.db import OperationalError

from dashboard.views import health


def test_healthz_answers_without_a_query(client):
    answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok")


def test_readyz_names_every_check(client, db):
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert {name: check["ok"] for name, check in answer.json()["checks"].items()} == {
        "database": True,
        "broker": True,
        "disk": True,
        "migrations": True,
    }


def test_readyz_is_degraded_when_the_broker_is_gone(client, db, settings, tmp_path):
    settings.CELERY_BROKER_TRANSPORT_OPTIONS = {"data_folder_out": str(Path(tmp_path) / "gone")}
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["broker"]["ok"] is False
    assert answer.json()["checks"]["database"]["ok"] is True


def test_readyz_is_degraded_when_the_disk_is_nearly_full(client, db, monkeypatch):
    monkeypatch.setattr(health, "FREE_BYTES_WANTED", 10**18)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "free" in answer.json()["checks"]["disk"]["problem"]


def test_readyz_says_so_when_the_database_does_not_answer(client, monkeypatch):
    def refuse():
        raise OperationalError("server closed the connection; password=secret")

    monkeypatch.setattr(health, "_database", refuse)
    monkeypatch.setattr(health, "_migrations", refuse)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["database"]["problem"] == "OperationalError"
    assert b"secret" not in answer.content


def test_metrics_count_in_the_text_format(client, db):
    text = client.get("/metrics").content.decode()
    assert 'portal_import_rows_total{result="created"} 0' in text
    assert 'portal_imports{state="done"} 0' in text
    assert "portal_audit_unsealed_entries 0" in text


@pytest.mark.parametrize(
    "ask",
    [
        {"REMOTE_ADDR": "203.0.113.9"},
        {"HTTP_X_FORWARDED_FOR": "127.0.0.1"},
        {"REMOTE_ADDR": "no address"},
    ],
    ids=["another machine", "through a proxy", "no address"],
)
def test_metrics_are_for_this_machine_only(client, db, ask):
    assert client.get("/metrics", **ask).status_code == 404


def test_metrics_with_a_token_are_for_its_holder_only(client, db, settings):
    settings.METRICS_TOKEN = "a-token-for-the-scraper"
    assert client.get("/metrics").status_code == 404
    assert client.get("/metrics", headers={"Authorization": "Bearer wrong"}).status_code == 404
    assert client.get("/metrics", headers={"Authorization": "Bearer a-token-for-the-scraper"}).status_code == 200
