"""Changing the data key: every sealed value is opened with its old key and sealed with the one in use.

The index key never changes, so no look-up and no uniqueness is touched. Rows are rewritten by a conditional UPDATE:
what somebody else changed in between is already sealed with the new key.
"""

import json
import re
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import connection, models, transaction

from foundation.protection import keyring as ring_module
from foundation.protection.fields import ProtectedField
from foundation.protection.keyring import DATA_KEY_BYTES, KEY_ID, KeyRing, read_key_file, reload_keyring
from foundation.protection.seal import SealBroken, open_sealed, seal

# Every process looks at the key file again within two seconds; after this long none seals with an old key any more.
FORGET_AFTER_SECONDS = 60
_SEALED = re.compile(r"[A-Za-z0-9_-]{1,16}:[A-Za-z0-9+/]{38,}={0,2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Place:
    """A column that holds sealed values: one text, or texts anywhere inside JSON."""

    table: str
    key: str
    column: str
    aad: str
    json: bool = False


@dataclass
class Rotation:
    """What a run did: values sealed anew, and (table, primary key) of values that do not open."""

    resealed: int = 0
    broken: list[tuple[str, object]] = field(default_factory=list)


_in_json: list[tuple[str, str, str]] = []


def also_seals(model_label: str, field_name: str, aad: str) -> None:
    """Say, in an app's ready(), that a JSON field of another package's model holds sealed texts."""
    if (model_label, field_name, aad) not in _in_json:
        _in_json.append((model_label, field_name, aad))


def places() -> list[Place]:
    """Return every column that holds sealed values, in the order of the tables."""
    found = []
    for model in apps.get_models(include_auto_created=True):
        if model._meta.proxy or not model._meta.managed:
            continue
        for one in model._meta.local_fields:
            if isinstance(one, ProtectedField):
                found.append(_place(model, one, one.aad))
    for label, name, aad in _in_json:
        model = apps.get_model(label)
        found.append(_place(model, model._meta.get_field(name), aad, json=True))
    return sorted(found, key=lambda place: (place.table, place.column))


def add_key(path: Path, kid: str = "") -> str:
    """Add a new data key to the file, make it the one in use and return its id.

    Raises ValueError for an id that is taken or not 1–16 letters, digits, "-" and "_".
    """
    ring = read_key_file(path)
    if not kid:
        kid = next(f"k{n}" for n in range(1, 10_000) if f"k{n}" not in ring.keys)
    if not KEY_ID.fullmatch(kid):
        raise ValueError(f"密钥编号 {kid!r} 不合要求：1 到 16 个英文字母、数字、- 或 _。")
    if kid in ring.keys:
        raise ValueError(f"密钥编号 {kid!r} 已经用过，换一个。")
    key = secrets.token_bytes(DATA_KEY_BYTES)
    ring_module.replace_key_file(path, KeyRing(kid, {**ring.keys, kid: key}, ring.index))
    reload_keyring()
    return kid


def forget_key(path: Path, kid: str) -> None:
    """Remove an old data key from the file.

    Raises LookupError when there is no such key or it is the one in use, RuntimeError when a value still needs it or
    a process might still seal with it (60 seconds after the file last changed).
    """
    ring = read_key_file(path)
    if kid == ring.current or kid not in ring.keys:
        raise LookupError(f"密钥 {kid!r} 正在使用，不能删除。" if kid == ring.current else f"密钥文件里没有 {kid!r}。")
    if time.time() - path.stat().st_mtime < FORGET_AFTER_SECONDS:
        raise RuntimeError(f"密钥文件刚刚改过。请等 {FORGET_AFTER_SECONDS} 秒，让所有进程都换用新密钥后再删除旧的。")
    users = [f"{place.table}.{place.column}" for place in places() if is_used(place, kid)]
    if users:
        raise RuntimeError(f"还有数据用着密钥 {kid!r}：{'、'.join(users)}。请先运行 rotate_keys。")
    keys = {name: key for name, key in ring.keys.items() if name != kid}
    ring_module.replace_key_file(path, KeyRing(ring.current, keys, ring.index))
    reload_keyring()


def is_used(place: Place, kid: str) -> bool:
    """Return whether any value of a place was sealed with the key. One query, a scan of the table."""
    with connection.cursor() as cursor:
        if place.json:
            cursor.execute(f"SELECT {_name(place.column)} FROM {_name(place.table)}")  # noqa: S608 - names of models
            return any(
                text.startswith(f"{kid}:") and _SEALED.fullmatch(text)
                for (value,) in cursor
                for text in _texts(_parsed(value))
            )
        cursor.execute(
            f"SELECT 1 FROM {_name(place.table)} WHERE substr({_name(place.column)}, 1, %s) = %s LIMIT 1",  # noqa: S608
            [len(kid) + 1, f"{kid}:"],
        )
        return cursor.fetchone() is not None


def is_unfinished() -> bool:
    """Return whether any value was sealed with another key than the one in use."""
    ring = reload_keyring()
    return any(is_used(place, kid) for kid in ring.keys if kid != ring.current for place in places())


def reseal_all(chunk: int = 1000, tell: Callable[[Place, int], None] = lambda place, count: None) -> Rotation:
    """Seal every value anew that was not sealed with the key in use; each chunk is one transaction.

    Can be stopped at any moment and called again. A value that does not open is left and listed.
    """
    outcome = Rotation()
    for place in places():
        before = outcome.resealed
        for rows in _chunks(place, chunk):
            _reseal_rows(place, rows, outcome)
        tell(place, outcome.resealed - before)
    return outcome


def _place(model: type[models.Model], one: Any, aad: str, *, json: bool = False) -> Place:
    key: Any = model._meta.pk
    return Place(model._meta.db_table, key.column, one.column, aad, json)


def _reseal_rows(place: Place, rows: list[tuple], outcome: Rotation) -> None:
    changed = []
    for pk, value in rows:
        try:
            new = _resealed_json(value, place.aad) if place.json else seal(open_sealed(value, place.aad), place.aad)
        except SealBroken:
            outcome.broken.append((place.table, pk))
            continue
        if new != value:
            changed.append((new, pk, value))
    if not changed:
        return
    column = _name(place.column)
    same = f"{column}::text = %s" if place.json and connection.vendor == "postgresql" else f"{column} = %s"
    statement = f"UPDATE {_name(place.table)} SET {column} = %s WHERE {_name(place.key)} = %s AND {same}"  # noqa: S608
    with transaction.atomic(), connection.cursor() as cursor:
        for parameters in changed:
            cursor.execute(statement, parameters)
            outcome.resealed += cursor.rowcount


def _chunks(place: Place, size: int) -> Iterator[list[tuple]]:
    """Yield (primary key, stored text) of the values that another key than the one in use has sealed."""
    key, column, table = _name(place.key), _name(place.column), _name(place.table)
    text = f"{column}::text" if place.json and connection.vendor == "postgresql" else column
    prefix = f"{reload_keyring().current}:"
    parameters: list[Any] = []
    last: list[Any] = []
    wanted = f"{column} IS NOT NULL"
    if not place.json:
        wanted, parameters = f"{column} <> '' AND substr({column}, 1, %s) <> %s", [len(prefix), prefix]
    after = ""
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT {key}, {text} FROM {table} WHERE {wanted} {after} ORDER BY {key} LIMIT %s",  # noqa: S608
                [*parameters, *last, size],
            )
            rows = cursor.fetchall()
        if rows:
            yield rows
        if len(rows) < size:
            return
        after, last = f"AND {key} > %s", [rows[-1][0]]


def _resealed_json(value: str, aad: str) -> str:
    current = f"{reload_keyring().current}:"

    def walk(node):
        if isinstance(node, dict):
            return {name: walk(item) for name, item in node.items()}
        if isinstance(node, list):
            return [walk(item) for item in node]
        if isinstance(node, str) and _SEALED.fullmatch(node) and not node.startswith(current):
            return seal(open_sealed(node, aad), aad)
        return node

    content = json.loads(value)
    new = walk(content)
    return value if new == content else json.dumps(new)


def _texts(node) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict | list):
        for item in node.values() if isinstance(node, dict) else node:
            yield from _texts(item)


def _parsed(value):
    return json.loads(value) if isinstance(value, str) else value


def _name(identifier: str) -> str:
    return connection.ops.quote_name(identifier)


def key_file() -> Path:
    """Return the place of the key file."""
    return Path(settings.FIELD_KEY_FILE)
