"""Sealing, what breaks a seal, and the indexes."""

import base64
import multiprocessing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation.protection import keyring, seal
from foundation.protection.keyring import create_key_file, reload_keyring
from foundation.protection.seal import SealBroken, blind, open_bytes, open_sealed, seal_bytes, sealer, tail

ID_NUMBER = "510411200001010017"


@pytest.fixture
def key_file(settings, tmp_path):
    """Use a key file of this test alone."""
    settings.FIELD_KEY_FILE = tmp_path / "keys.json"
    create_key_file(settings.FIELD_KEY_FILE)
    reload_keyring()
    yield settings.FIELD_KEY_FILE
    keyring._ring = None  # the next test reads its own file


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_what_is_sealed_opens_again(text):
    assert open_sealed(seal.seal(text, "a.b"), "a.b") == text
    assert open_bytes(seal_bytes(text.encode(), "a.b"), "a.b") == text.encode()


def test_the_same_text_is_sealed_differently_each_time():
    assert len({seal.seal(ID_NUMBER, "a.b") for _ in range(100)}) == 100


def test_a_sealed_value_names_its_key_and_hides_its_text():
    value = sealer("a.b")(ID_NUMBER)
    kid, body = value.split(":")
    assert kid == seal.key_id_of(value) == "k1"
    blob = base64.b64decode(body)
    assert len(blob) == 12 + len(ID_NUMBER) + 16
    assert ID_NUMBER.encode() not in blob


def _nonces(queue):
    queue.put([base64.b64decode(seal.seal("x", "a.b").split(":")[1])[:12] for _ in range(50)])


def test_no_nonce_repeats_after_a_fork():
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    seal.seal("x", "a.b")
    processes = [context.Process(target=_nonces, args=(queue,)) for _ in range(3)]
    for process in processes:
        process.start()
    nonces = [nonce for _ in processes for nonce in queue.get(timeout=20)]
    for process in processes:
        process.join()
    assert len(set(nonces)) == 150


def flipped(value, position):
    kid, body = value.split(":")
    blob = bytearray(base64.b64decode(body))
    blob[position] ^= 1
    return f"{kid}:{base64.b64encode(bytes(blob)).decode()}"


@pytest.mark.parametrize("position", [0, 11, 12, 20, -17, -16, -1])
def test_one_changed_bit_breaks_the_seal(position):
    with pytest.raises(SealBroken):
        open_sealed(flipped(seal.seal(ID_NUMBER, "a.b"), position), "a.b")


def test_a_value_moved_to_another_column_does_not_open():
    with pytest.raises(SealBroken, match="不属于这一列"):
        open_sealed(seal.seal(ID_NUMBER, "person.id_number"), "person.phone")


@pytest.mark.parametrize(
    "value", ["plain", "k1:", "k1:AAAA", "k1:***", "k99:" + "A" * 60, ":" + "A" * 60, "k1:" + "A" * 60]
)
def test_what_is_no_sealed_value_is_refused(value):
    with pytest.raises(SealBroken) as refused:
        open_sealed(value, "a.b")
    assert "A" * 20 not in str(refused.value)


@given(st.text(max_size=30), st.text(max_size=30))
def test_equal_texts_have_equal_indexes_and_others_have_not(one, other):
    assert (blind(one, "id") == blind(other, "id")) is (one == other)
    assert blind(one, "id") != blind(one, "phone")


@given(st.text(min_size=4, max_size=20))
def test_the_tail_index_depends_on_the_last_four_and_fits_an_integer(text):
    assert tail("9" + text, "phone") == tail(text, "phone")
    assert 0 <= tail(text, "phone") < 2**31
    assert tail(text, "phone") == tail(text[-4:], "phone")


def test_the_indexes_depend_on_the_index_key(key_file):
    before = blind(ID_NUMBER, "id"), tail("7720", "phone")
    key_file.unlink()
    create_key_file(key_file)
    reload_keyring()
    assert before != (blind(ID_NUMBER, "id"), tail("7720", "phone"))
