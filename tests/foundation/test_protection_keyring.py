"""The key file: made once, refused when damaged or open to others, noticed when changed."""

import base64
import json
import multiprocessing
import os
import sqlite3
import stat
from contextlib import closing

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command

from foundation.protection import checks, keyring, seal
from foundation.protection.keyring import create_key_file, read_key_file, reload_keyring


@pytest.fixture
def key_file(settings, tmp_path):
    """Use a key file of this test alone."""
    settings.FIELD_KEY_FILE = tmp_path / "keys.json"
    create_key_file(settings.FIELD_KEY_FILE)
    reload_keyring()
    yield settings.FIELD_KEY_FILE
    keyring._ring = None  # the next test reads its own file


def test_a_new_key_file_is_readable_by_its_owner_only_and_never_overwritten(tmp_path):
    path = tmp_path / "var" / "keys.json"
    assert create_key_file(path) is True
    first = path.read_bytes()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert create_key_file(path) is False
    assert path.read_bytes() == first
    assert [entry.name for entry in path.parent.iterdir()] == ["keys.json"]


def _create(path, queue):
    queue.put(create_key_file(path))


def test_of_several_processes_one_makes_the_key_file(tmp_path):
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    processes = [context.Process(target=_create, args=(tmp_path / "keys.json", queue)) for _ in range(6)]
    for process in processes:
        process.start()
    made = [queue.get(timeout=20) for _ in processes]
    for process in processes:
        process.join()
    assert sorted(made) == [False] * 5 + [True]
    read_key_file(tmp_path / "keys.json")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o644, 0o666])
def test_a_key_file_open_to_others_is_refused(key_file, mode):
    key_file.chmod(mode)
    with pytest.raises(ImproperlyConfigured, match="chmod 600"):
        read_key_file(key_file)


def damage(content, **changes):
    return json.dumps(content | changes)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda content: "",
        lambda content: "{",
        lambda content: "[]",
        lambda content: "null",
        lambda content: damage(content, current="k9"),
        lambda content: damage(content, index="short"),
        lambda content: damage(content, keys={"k1": base64.b64encode(b"eight by").decode()}),
        lambda content: damage(content, keys={"k1": 5}),
        lambda content: damage(content, keys={"k:1": content["keys"]["k1"]}, current="k:1"),
        lambda content: json.dumps({"keys": content["keys"]}),
    ],
)
def test_a_damaged_key_file_is_a_sentence_without_a_key_in_it(key_file, spoil):
    content = json.loads(key_file.read_text())
    key_file.write_text(spoil(content))
    with pytest.raises(ImproperlyConfigured, match="已损坏") as refused:
        read_key_file(key_file)
    assert content["index"] not in str(refused.value)
    assert content["keys"]["k1"] not in str(refused.value)


def test_a_missing_key_file_is_never_made_where_the_operator_pointed(settings, tmp_path):
    settings.FIELD_KEY_FILE = tmp_path / "mistyped.json"
    keyring._ring = None
    messages = checks.check_key_file(None)
    assert [message.id for message in messages] == ["protection.E001"]
    assert "找不到" in messages[0].msg
    assert not settings.FIELD_KEY_FILE.exists()


@pytest.mark.parametrize(("embedded", "made"), [(True, True), (False, False)])
def test_the_key_file_is_made_at_its_default_place_while_embedded(settings, tmp_path, embedded, made):
    settings.VAR_DIR, settings.FIELD_KEY_FILE, settings.EMBEDDED = tmp_path, tmp_path / "field_keys.json", embedded
    keyring._ring = None
    assert bool(checks.check_key_file(None)) is not made
    assert settings.FIELD_KEY_FILE.exists() is made
    keyring._ring = None


def test_lost_keys_are_not_replaced_once_there_is_a_database(settings, tmp_path, monkeypatch):
    database = tmp_path / "db # 1.sqlite3"
    settings.VAR_DIR, settings.FIELD_KEY_FILE, settings.EMBEDDED = tmp_path, tmp_path / "field_keys.json", True
    monkeypatch.setitem(settings.DATABASES["default"], "NAME", str(database))
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("CREATE TABLE audit_entry (id)")
        connection.commit()
    keyring._ring = None
    assert "从备份恢复" in checks.check_key_file(None)[0].msg
    assert not settings.FIELD_KEY_FILE.exists()
    database.unlink()
    assert checks.check_key_file(None) == []
    keyring._ring = None


def test_the_key_ring_does_not_print_its_keys(key_file):
    ring = read_key_file(key_file)
    assert repr(ring) == "KeyRing(current='k1')"


def test_a_changed_file_is_noticed_without_a_restart(key_file, monkeypatch):
    monkeypatch.setattr(keyring, "RECHECK_SECONDS", 0.0)
    reload_keyring()
    content = json.loads(key_file.read_text())
    content["keys"]["k2"], content["current"] = base64.b64encode(os.urandom(16)).decode(), "k2"
    key_file.write_text(json.dumps(content))
    assert seal.seal("x", "a.b").startswith("k2:")


def test_the_command_makes_a_file_and_refuses_to_replace_it(tmp_path):
    call_command("create_field_keys", str(tmp_path / "keys.json"), verbosity=0)
    read_key_file(tmp_path / "keys.json")
    with pytest.raises(CommandError, match="已经存在") as refused:
        call_command("create_field_keys", str(tmp_path / "keys.json"))
    assert refused.value.returncode == 1
