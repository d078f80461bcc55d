"""Sealing and opening of protected values (SM4-GCM), and the indexes that find them (HMAC-SM3).

A sealed text is "KEYID:base64(nonce 12 | ciphertext | tag 16)". The associated data is "table.column": a value
copied to another column does not open.
"""

import base64
import binascii
import os
import uuid
from collections.abc import Callable
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.hashes import SM3
from cryptography.hazmat.primitives.hmac import HMAC

from foundation.protection.keyring import keyring, reload_keyring

NONCE_BYTES = 12
TAG_BYTES = 16


class SealBroken(Exception):
    """A stored value cannot be opened: damaged, moved from another column, or its key is not in the key file."""


def seal(text: str, aad: str) -> str:
    """Return `text` sealed for the column `aad` ("table.column") with the key in use. 100,000 take about 0.5 s."""
    return sealer(aad)(text)


def sealer(aad: str) -> Callable[[str], str]:
    """Return a function that seals texts for the column `aad`; for one batch of a few seconds, not to be kept.

    The key in use is looked up once here; a function kept past a rotation would go on using the old key.
    """
    ring = keyring()
    prefix, algorithm, associated = f"{ring.current}:", _algorithm(ring.keys[ring.current]), aad.encode()

    def seal_text(text: str) -> str:
        return prefix + binascii.b2a_base64(_encrypt(algorithm, text.encode(), associated), newline=False).decode()

    return seal_text


def open_sealed(value: str, aad: str) -> str:
    """Return the text of a sealed value.

    Raises SealBroken when the value is damaged, belongs to another column, or its key is unknown.
    """
    kid, separator, body = value.partition(":")
    if not separator:
        raise SealBroken(f"{aad}：不是加密值。")
    try:
        blob = base64.b64decode(body, validate=True)
    except ValueError:
        raise SealBroken(f"{aad}：加密值已损坏。") from None
    return _decrypt(kid, blob, aad).decode()


def opener(aad: str) -> Callable[[str], str]:
    """Return a function like `open_sealed` for one column; for one batch of a few seconds, not to be kept.

    The function raises SealBroken as `open_sealed` does.
    """
    algorithms_by_id = {kid: _algorithm(key) for kid, key in keyring().keys.items()}
    associated = aad.encode()

    def open_text(value: str) -> str:
        try:
            kid, _, body = value.partition(":")
            blob = binascii.a2b_base64(body)
            mode = modes.GCM(blob[:NONCE_BYTES], blob[-TAG_BYTES:])
            decryptor = Cipher(algorithms_by_id[kid], mode).decryptor()
            decryptor.authenticate_additional_data(associated)
            return (decryptor.update(blob[NONCE_BYTES:-TAG_BYTES]) + decryptor.finalize()).decode()
        except (KeyError, ValueError, InvalidTag):
            return open_sealed(value, aad)  # says what is wrong, and knows keys that came meanwhile

    return open_text


def seal_bytes(content: bytes, aad: str) -> bytes:
    """Return bytes sealed for the column `aad`: "KEYID:" followed by nonce, ciphertext and tag, not base64."""
    ring = keyring()
    return ring.current.encode() + b":" + _encrypt(_algorithm(ring.keys[ring.current]), content, aad.encode())


def open_bytes(value: bytes, aad: str) -> bytes:
    """Return the content of what `seal_bytes` made. Raises SealBroken as `open_sealed`."""
    kid, separator, blob = bytes(value).partition(b":")
    if not separator:
        raise SealBroken(f"{aad}：不是加密值。")
    return _decrypt(kid.decode("ascii", "replace"), blob, aad)


def key_id_of(value: str | bytes) -> str:
    """Return the id of the key a sealed value was made with."""
    return value.partition(":")[0] if isinstance(value, str) else bytes(value).partition(b":")[0].decode("ascii")


def blind(text: str, purpose: str) -> uuid.UUID:
    """Return the blind index of a canonical text: the first 16 bytes of HMAC-SM3(purpose, NUL, text).

    Equal texts of one purpose give equal indexes, so an exact look-up needs no key of the data.
    """
    return uuid.UUID(bytes=_keyed(text, purpose)[:16])


def blinder(purpose: str) -> Callable[[str], str]:
    """Return a function like `blind` that gives 32 hexadecimal digits; for one batch, not to be kept."""
    started = _started(keyring().index, purpose)

    def blind_text(text: str) -> str:
        digest = started.copy()
        digest.update(text.encode())
        return digest.finalize()[:16].hex()

    return blind_text


def tail(text: str, purpose: str) -> int:
    """Return the index of the last four characters of a canonical text: 31 bits of HMAC-SM3, not unique."""
    return int.from_bytes(_keyed(text[-4:], purpose)[:4], "big") & 0x7FFFFFFF


def derived_key(purpose: str) -> bytes:
    """Return a 32-byte key for another purpose (for example the chain of the audit trail), made of the index key."""
    return _keyed("", f"derived key of {purpose}")


def _encrypt(algorithm: algorithms.SM4, content: bytes, associated: bytes) -> bytes:
    # One system call per nonce: a buffer of random bytes would be shared after a fork, and a nonce used twice.
    nonce = os.urandom(NONCE_BYTES)
    encryptor = Cipher(algorithm, modes.GCM(nonce)).encryptor()
    encryptor.authenticate_additional_data(associated)
    return b"".join((nonce, encryptor.update(content), encryptor.finalize(), encryptor.tag))


def _decrypt(kid: str, blob: bytes, aad: str) -> bytes:
    key = keyring().keys.get(kid) or reload_keyring().keys.get(kid)
    if key is None:
        raise SealBroken(f"{aad}：密钥文件里没有编号为 {kid[:16]!r} 的密钥。")
    if len(blob) < NONCE_BYTES + TAG_BYTES:
        raise SealBroken(f"{aad}：加密值已损坏。")
    mode = modes.GCM(blob[:NONCE_BYTES], blob[-TAG_BYTES:])
    decryptor = Cipher(_algorithm(key), mode).decryptor()
    decryptor.authenticate_additional_data(aad.encode())
    try:
        return decryptor.update(blob[NONCE_BYTES:-TAG_BYTES]) + decryptor.finalize()
    except InvalidTag:
        raise SealBroken(f"{aad}：加密值已损坏，或不属于这一列。") from None


@lru_cache(maxsize=16)
def _algorithm(key: bytes) -> algorithms.SM4:
    return algorithms.SM4(key)


@lru_cache(maxsize=64)
def _started(index_key: bytes, purpose: str) -> HMAC:
    started = HMAC(index_key, SM3())
    started.update(purpose.encode() + b"\0")
    return started


def _keyed(text: str, purpose: str) -> bytes:
    digest = _started(keyring().index, purpose).copy()
    digest.update(text.encode())
    return digest.finalize()
