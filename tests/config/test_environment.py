"""Reading the environment: what is understood, and the one sentence for what is not."""

import os
import subprocess
import sys

import pytest
from django.core.exceptions import ImproperlyConfigured

from config import environment


def sentence(call, *arguments, **options):
    """Return the text with which `call` refuses."""
    with pytest.raises(ImproperlyConfigured) as refusal:
        call(*arguments, **options)
    return str(refusal.value)


def test_a_value_comes_from_the_variable_or_from_the_file_it_names(monkeypatch, tmp_path):
    assert environment.value("SAMPLE", "default") == "default"
    monkeypatch.setenv("SAMPLE", "direct")
    assert environment.value("SAMPLE", "default") == "direct"
    monkeypatch.delenv("SAMPLE")
    (tmp_path / "secret").write_text("from file\n")
    monkeypatch.setenv("SAMPLE_FILE", str(tmp_path / "secret"))
    assert environment.value("SAMPLE") == "from file"


def test_a_variable_set_twice_is_refused(monkeypatch, tmp_path):
    (tmp_path / "secret").write_text("from file")
    monkeypatch.setenv("SAMPLE", "direct")
    monkeypatch.setenv("SAMPLE_FILE", str(tmp_path / "secret"))
    assert "同时设置" in sentence(environment.value, "SAMPLE")


def test_a_file_that_cannot_be_read_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("SAMPLE_FILE", str(tmp_path / "missing"))
    assert "SAMPLE_FILE 指向的文件读不出来" in sentence(environment.value, "SAMPLE")
    (tmp_path / "picture").write_bytes(b"\x89PNG\xff\xfe")
    monkeypatch.setenv("SAMPLE_FILE", str(tmp_path / "picture"))
    assert "不是文本" in sentence(environment.value, "SAMPLE")


@pytest.mark.parametrize(
    ("text", "meaning"),
    [("1", True), ("TRUE", True), ("yes", True), ("on", True), ("0", False), ("False", False), ("no", False)],
)
def test_truth_values_are_understood_in_any_case(monkeypatch, text, meaning):
    monkeypatch.setenv("SAMPLE", text)
    assert environment.boolean("SAMPLE", not meaning) is meaning


def test_an_unset_truth_value_is_the_default_and_a_strange_one_is_refused(monkeypatch):
    assert environment.boolean("SAMPLE", True) is True
    monkeypatch.setenv("SAMPLE", "maybe")
    assert "看不懂" in sentence(environment.boolean, "SAMPLE", True)


@pytest.mark.parametrize(("text", "words"), [("many", "不是整数"), ("1.5", "不是整数"), ("-1", "至少是 0")])
def test_wrong_numbers_are_refused(monkeypatch, text, words):
    monkeypatch.setenv("SAMPLE", text)
    assert words in sentence(environment.integer, "SAMPLE", 3)


def test_a_port_is_a_port(monkeypatch):
    assert environment.port("SAMPLE", 8000) == 8000
    for text in ("0", "65536", "http"):
        monkeypatch.setenv("SAMPLE", text)
        assert "SAMPLE=" in sentence(environment.port, "SAMPLE", 8000)


def test_a_choice_outside_the_list_names_the_list(monkeypatch):
    monkeypatch.setenv("SAMPLE", "info")
    assert environment.choice("SAMPLE", "WARNING", ("INFO", "WARNING")) == "INFO"
    monkeypatch.setenv("SAMPLE", "loud")
    assert "INFO、WARNING" in sentence(environment.choice, "SAMPLE", "INFO", ("INFO", "WARNING"))


def test_names_are_split_at_commas(monkeypatch):
    monkeypatch.setenv("SAMPLE", " a.example , ,b.example ")
    assert environment.names("SAMPLE", ["x"]) == ["a.example", "b.example"]


def test_sqlite_queues_writers_and_postgresql_checks_its_connections(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "sqlite:////srv/portal.sqlite3")
    found = environment.database("DATABASE_URL", "")
    assert found["NAME"] == "/srv/portal.sqlite3"
    assert found["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    monkeypatch.setenv("DATABASE_URL", "postgres://clerk:p%40ss@db:5433/portal")
    found = environment.database("DATABASE_URL", "")
    assert (found["NAME"], found["USER"], found["PASSWORD"], found["PORT"]) == ("portal", "clerk", "p@ss", 5433)
    assert found["CONN_HEALTH_CHECKS"] is True


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("mysql://clerk:letmein@db/portal", "开头是 'mysql'"),
        ("letmein", "不是网址"),
        ("postgres://clerk:letmein@db", "没有库名"),
        ("postgres://clerk:letmein@db:port/portal", "主机或端口"),
        ("postgres://clerk:letmein@db:99999/portal", "主机或端口"),
        ("sqlite://", "没有文件名"),
    ],
)
def test_a_wrong_database_address_is_refused_without_repeating_the_password(monkeypatch, url, words):
    monkeypatch.setenv("DATABASE_URL", url)
    refusal = sentence(environment.database, "DATABASE_URL", "")
    assert words in refusal
    assert "letmein" not in refusal


def test_a_secret_is_generated_once_and_readable_by_its_owner_only(monkeypatch, tmp_path):
    monkeypatch.delenv("SECRET_KEY", raising=False)
    first = environment.generated_secret("SECRET_KEY", tmp_path / "key", may_generate=True)
    assert len(first) >= 50
    assert environment.generated_secret("SECRET_KEY", tmp_path / "key", may_generate=True) == first
    assert (tmp_path / "key").stat().st_mode & 0o077 == 0


def test_a_secret_is_required_where_none_may_be_generated_and_must_be_long(monkeypatch, tmp_path):
    monkeypatch.delenv("SECRET_KEY", raising=False)
    assert "没有设置 SECRET_KEY" in sentence(
        environment.generated_secret, "SECRET_KEY", tmp_path / "key", may_generate=False
    )
    assert not (tmp_path / "key").exists()
    monkeypatch.setenv("SECRET_KEY", "short")
    refusal = sentence(environment.generated_secret, "SECRET_KEY", tmp_path / "key", may_generate=True)
    assert "太短" in refusal
    assert "short" not in refusal


WRONG = [
    {"DATABASE_URL": "mysql://db/portal"},
    {"DATABASE_URL": "postgres://db/portal"},  # no SECRET_KEY, no FIELD_KEY_FILE
    {"REDIS_URL": "amqp://broker"},
    {"REDIS_URL": "redis://broker:port"},
    {"DEBUG": "perhaps"},
    {"ORIGIN": "portal.example"},
    {"SECRET_KEY": "short"},
    {"LOG_LEVEL": "loud"},
    {"IDLE_MINUTES": "0"},
    {"MEDIA_ROOT": "/dev/null/media"},
    {"NOTIFY_SINK": "/dev/null/sink.jsonl"},
    {"NOTIFY_SMS_URL": "sms.example"},
    {"NOTIFY_WECOM_URL": "ftp://wecom.example/"},
    {"NOTIFY_TIMEOUT_SECONDS": "31"},
    {"EMAIL_HOST": "mail.example"},
    {"EMAIL_USE_TLS": "1", "EMAIL_USE_SSL": "1"},
]


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: "&".join(wrong))
@pytest.mark.parametrize("door", [("-m", "config.supervisor"), ("manage.py", "check")], ids=["supervisor", "manage"])
def test_a_wrong_variable_stops_the_start_with_one_sentence(tmp_path, wrong, door):
    clean = {
        name: text for name, text in os.environ.items() if name in {"PATH", "HOME", "LANG", "PYTHONPATH", "VIRTUAL_ENV"}
    }
    done = subprocess.run(
        [sys.executable, *door],
        env=clean | {"VAR_DIR": str(tmp_path), "PYTHONIOENCODING": "utf-8"} | wrong,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    said = (done.stdout + done.stderr).strip()
    assert done.returncode == 2
    assert said.startswith("配置有误：")
    assert len(said.splitlines()) == 1
    assert not (tmp_path / "db.sqlite3").exists()


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"FIELD_KEY_FILE": "/dev/null/none"}, "FIELD_KEY_FILE"),
        ({}, "migrate"),  # a database without tables
        ({"DATABASE_URL": "sqlite:////dev/null/db.sqlite3"}, "DATABASE_URL"),
    ],
)
def test_a_command_that_cannot_begin_says_why_and_does_not_seem_to_have_found_something(tmp_path, wrong, words):
    clean = {name: text for name, text in os.environ.items() if name in {"PATH", "HOME", "LANG", "VIRTUAL_ENV"}}
    key = {"SECRET_KEY": "x" * 50, "ALLOWED_HOSTS": "portal.example"}
    done = subprocess.run(
        [sys.executable, "manage.py", "verify_audit"],
        env=clean | key | {"VAR_DIR": str(tmp_path), "PYTHONIOENCODING": "utf-8"} | wrong,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_a_folder_is_made_where_it_is_named(monkeypatch, tmp_path):
    monkeypatch.delenv("MEDIA_ROOT", raising=False)
    assert environment.folder("MEDIA_ROOT", tmp_path / "a") == tmp_path / "a"
    assert not (tmp_path / "a").exists()
    monkeypatch.setenv("MEDIA_ROOT", str(tmp_path / "b" / "c"))
    assert environment.folder("MEDIA_ROOT", tmp_path / "a").is_dir()
