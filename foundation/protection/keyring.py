"""The keys of the protected fields: data keys by id, the id in use, and the index key that never rotates.

The file is JSON: {"current": "k1", "keys": {"k1": base64 of 16 bytes}, "index": base64 of 32 bytes}.
"""

import base64
import binascii
import json
import os
import re
import secrets
import sqlite3
import stat
import threading
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

DATA_KEY_BYTES = 16
INDEX_KEY_BYTES = 32
# A process notices a changed file within this time; `rotate_keys --forget` waits far longer.
RECHECK_SECONDS = 2.0
KEY_ID = re.compile(r"[A-Za-z0-9_-]{1,16}", re.ASCII)


@dataclass(frozen=True)
class KeyRing:
    """The keys as read; the representation shows ids only."""

    current: str
    keys: Mapping[str, bytes] = field(repr=False)
    index: bytes = field(repr=False)


def create_key_file(path: str | os.PathLike) -> bool:
    """Write a new key file with mode 0600 at `path`; return False and leave it alone when there is one."""
    path = Path(path)
    if path.exists():
        return False
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    ring = KeyRing("k1", {"k1": secrets.token_bytes(DATA_KEY_BYTES)}, secrets.token_bytes(INDEX_KEY_BYTES))
    # Written aside and linked into place: a second process never reads half a file, and the first one wins.
    aside = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    _write(aside, ring)
    try:
        os.link(aside, path)
    except FileExistsError:
        return False
    finally:
        aside.unlink()
    return True


def read_key_file(path: str | os.PathLike) -> KeyRing:
    """Return the keys in the file.

    Raises ImproperlyConfigured, with a sentence for the operator, when the file is missing, readable by other
    people, or not a key file. No sentence contains any part of a key.
    """
    path = Path(path)
    name = f"字段加密密钥文件（FIELD_KEY_FILE，{path.name}）"
    try:
        status = path.stat()
    except FileNotFoundError:
        raise ImproperlyConfigured(f"找不到{name}。请检查路径；新装系统可用 create_field_keys 命令生成。") from None
    except OSError as error:
        raise ImproperlyConfigured(f"{name}读不出来：{error.strerror}。请检查路径和权限。") from None
    if not stat.S_ISREG(status.st_mode):
        raise ImproperlyConfigured(f"{name}不是一个普通文件。请检查路径。")
    if status.st_mode & 0o077:
        raise ImproperlyConfigured(
            f"{name}能被其他用户读写（权限 {stat.S_IMODE(status.st_mode):04o}）。请执行 chmod 600 后再启动。"
        )
    try:
        return _parse(json.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise ImproperlyConfigured(f"{name}读不出来：{error.strerror}。请检查路径和权限。") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ImproperlyConfigured(
            f"{name}已损坏或不是密钥文件。请从备份恢复，不要新建：新密钥打不开旧数据。"
        ) from None


def replace_key_file(path: str | os.PathLike, ring: KeyRing) -> None:
    """Put `ring` in place of the file in one step; a crash leaves either the old or the new file."""
    path = Path(path)
    aside = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    _write(aside, ring)
    os.replace(aside, path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _parse(content: dict) -> KeyRing:
    keys = {kid: base64.b64decode(text, validate=True) for kid, text in content["keys"].items()}
    index = base64.b64decode(content["index"], validate=True)
    if content["current"] not in keys or len(index) != INDEX_KEY_BYTES:
        raise ValueError("current or index")
    if any(len(key) != DATA_KEY_BYTES or not KEY_ID.fullmatch(kid) for kid, key in keys.items()):
        raise ValueError("data key")
    return KeyRing(content["current"], keys, index)


def _write(path: Path, ring: KeyRing) -> None:
    content = {
        "current": ring.current,
        "keys": {kid: binascii.b2a_base64(key, newline=False).decode() for kid, key in ring.keys.items()},
        "index": binascii.b2a_base64(ring.index, newline=False).decode(),
    }
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as handle:
        json.dump(content, handle, indent=1)
        handle.write("\n")
        handle.flush()
        os.fsync(handle.fileno())


_lock = threading.Lock()
_ring: KeyRing | None = None
_stamp: tuple = ()
_look_again_at = 0.0


def keyring() -> KeyRing:
    """Return the keys in use; the file is looked at again every two seconds, so a rotation needs no restart.

    While the product runs embedded (SQLite) and the key file has its default place, it is made on first use: before
    the database has tables, never after. Raises ImproperlyConfigured as `read_key_file`.
    """
    global _ring, _stamp, _look_again_at
    if _ring is not None and time.monotonic() < _look_again_at:
        return _ring
    with _lock:
        path = Path(settings.FIELD_KEY_FILE)
        # Only at the default place: a mistyped FIELD_KEY_FILE must be an error, not a second set of keys.
        if settings.EMBEDDED and path == Path(settings.VAR_DIR) / "field_keys.json" and not path.exists():
            if _is_in_use(settings.DATABASES["default"]["NAME"]):
                raise ImproperlyConfigured(
                    f"字段加密密钥文件 {path.name} 不见了，而数据库里已有数据。"
                    "请从备份恢复这个文件；新密钥打不开旧数据，所以没有自动生成。"
                )
            create_key_file(path)
        stamp = _stamp_of(path)
        if _ring is None or stamp != _stamp:
            _ring, _stamp = read_key_file(path), stamp
        _look_again_at = time.monotonic() + RECHECK_SECONDS
        return _ring


def reload_keyring() -> KeyRing:
    """Read the key file now, whatever is remembered, and return the keys."""
    global _ring, _stamp, _look_again_at
    with _lock:
        _ring, _stamp, _look_again_at = None, (), 0.0
    return keyring()


def _is_in_use(database: str | os.PathLike) -> bool:
    """Whether a SQLite file has our tables. Its own connection: keys may be asked for before Django is ready."""
    if not Path(database).is_file():
        return False
    with closing(sqlite3.connect(f"file:{quote(str(database))}?mode=ro", uri=True)) as connection:
        found = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'audit_entry'").fetchone()
    return found is not None


def _stamp_of(path: Path) -> tuple:
    try:
        status = path.stat()
    except OSError:
        return ()
    return (str(path), status.st_ino, status.st_mtime_ns, status.st_size, status.st_mode)
