"""A new data key: all values follow, none is lost, the old key goes only when nothing needs it."""

import os
import time
from io import StringIO

import pytest
from allauth.mfa.models import Authenticator
from django.core.management import CommandError, call_command
from django.db import connection

from foundation.accounts.models import User
from foundation.audit.models import Entry
from foundation.protection import keyring, rotation
from foundation.protection.keyring import create_key_file, read_key_file, reload_keyring
from foundation.protection.seal import blind, open_sealed, seal

MFA = "mfa_authenticator.data"


@pytest.fixture
def key_file(settings, tmp_path):
    """Use a key file of this test alone."""
    settings.FIELD_KEY_FILE = tmp_path / "keys.json"
    create_key_file(settings.FIELD_KEY_FILE)
    reload_keyring()
    yield settings.FIELD_KEY_FILE
    keyring._ring = None  # the next test reads its own file


@pytest.fixture
def users(db, key_file):
    return User.objects.bulk_create(
        [User(username=f"user{n}", name="甲", phone=f"190{n:08}" if n % 5 else "") for n in range(25)]
    )


def rotate(*args):
    out = StringIO()
    call_command("rotate_keys", *args, stdout=out)
    return out.getvalue()


def keys_used():
    with connection.cursor() as cursor:
        cursor.execute("SELECT phone FROM accounts_user WHERE phone <> ''")
        return sorted({value.split(":")[0] for (value,) in cursor.fetchall()})


def age(path):
    past = time.time() - 3600
    os.utime(path, (past, past))


def test_all_values_move_to_the_new_key_and_read_as_before(users, key_file):
    index = blind("x", "id")
    text = rotate("--chunk", "7")
    assert "换了 20 个值" in text
    assert keys_used() == ["k2"]
    assert [user.phone for user in User.objects.order_by("id")] == [user.phone for user in users]
    assert blind("x", "id") == index
    assert read_key_file(key_file).current == "k2"
    entry = Entry.objects.get()
    assert (entry.action, entry.details) == ("keys.rotate", {"key": "k2"})


def test_sealed_texts_inside_json_move_too(users):
    secret = {"secret": seal("JBSWY3DP", MFA), "codes": [seal("a1", MFA), "plain"], "n": 1}
    kept = Authenticator.objects.create(user=users[0], type="totp", data=secret)
    rotate()
    kept.refresh_from_db()
    assert kept.data["secret"].startswith("k2:")
    assert open_sealed(kept.data["secret"], MFA) == "JBSWY3DP"
    assert open_sealed(kept.data["codes"][0], MFA) == "a1"
    assert (kept.data["codes"][1], kept.data["n"]) == ("plain", 1)


def test_a_rotation_that_was_cut_off_goes_on_with_the_same_key(users, key_file):
    rotation.add_key(key_file)
    for rows in rotation._chunks(next(p for p in rotation.places() if p.table == "accounts_user"), 6):
        rotation._reseal_rows(
            next(p for p in rotation.places() if p.table == "accounts_user"), rows, rotation.Rotation()
        )
        break  # killed after the first chunk
    assert keys_used() == ["k1", "k2"]
    assert "接着上次做：换用密钥 k2" in rotate()
    assert keys_used() == ["k2"]
    assert sorted(read_key_file(key_file).keys) == ["k1", "k2"]


def test_the_next_rotation_takes_the_next_key(users, key_file):
    rotate()
    rotate("--to", "y2027")
    assert keys_used() == ["y2027"]
    assert sorted(read_key_file(key_file).keys) == ["k1", "k2", "y2027"]


def test_what_somebody_wrote_in_between_is_not_overwritten(users, key_file):
    rotation.add_key(key_file)
    place = next(p for p in rotation.places() if p.table == "accounts_user")
    rows = next(rotation._chunks(place, 100))
    User.objects.filter(pk=users[1].pk).update(phone="13800138000")
    rotation._reseal_rows(place, rows, rotation.Rotation())
    assert User.objects.get(pk=users[1].pk).phone == "13800138000"


def test_a_value_that_does_not_open_is_named_and_left(users):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_user SET phone = %s WHERE id = %s", ["k1:" + "A" * 60, users[3].pk])
    with pytest.raises(CommandError, match=f"accounts_user 编号 {users[3].pk}") as refused:
        rotate()
    assert refused.value.returncode == 1
    assert keys_used() == ["k1", "k2"]


def test_the_old_key_goes_when_nothing_uses_it(users, key_file):
    rotate()
    age(key_file)
    assert "旧密钥 k1 已删除" in rotate("--forget", "k1")
    assert list(read_key_file(key_file).keys) == ["k2"]
    assert [user.phone for user in User.objects.order_by("id")] == [user.phone for user in users]


@pytest.mark.parametrize("where", ["column", "json"])
def test_a_key_a_value_needs_is_kept(users, key_file, where):
    old = seal("19000007720", "accounts_user.phone"), seal("JBSWY3DP", MFA)
    rotate()
    if where == "column":
        with connection.cursor() as cursor:
            cursor.execute("UPDATE accounts_user SET phone = %s WHERE id = %s", [old[0], users[3].pk])
    else:
        Authenticator.objects.create(user=users[0], type="totp", data={"secret": old[1]})
    age(key_file)
    with pytest.raises(CommandError, match="还有数据用着密钥") as refused:
        rotate("--forget", "k1")
    assert refused.value.returncode == 1
    assert "k1" in read_key_file(key_file).keys


def test_the_old_key_stays_while_a_process_may_still_use_it(users, key_file):
    rotate()
    with pytest.raises(CommandError, match="60 秒"):
        rotate("--forget", "k1")


@pytest.mark.parametrize(
    "args",
    [
        ["--forget", "k1"],
        ["--forget", "k9"],
        ["--to", "坏"],
        ["--to", "a:b"],
        ["--chunk", "0"],
        ["--to", "k2", "--forget", "k1"],
    ],
)
def test_wrong_use_changes_nothing(users, key_file, args):
    before = key_file.read_bytes()
    with pytest.raises(CommandError) as refused:
        rotate(*args)
    assert refused.value.returncode == 2
    assert key_file.read_bytes() == before


def test_every_column_that_holds_sealed_values_is_known(db):
    columns = {(place.table, place.column) for place in rotation.places()}
    assert {("accounts_user", "phone"), ("members_person", "id_number"), ("mfa_authenticator", "data")} <= columns
