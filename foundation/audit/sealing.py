"""The chain of the trail: entries get their number and a keyed hash that covers the one before.

The seal of an entry is HMAC-SM3 over the seal before it, its number and its content, with a key made of the index
key: whoever has the database alone cannot make a chain that fits. Chain order is sequence order; ids may commit in
another one, which is why nothing younger than two seconds is sealed.
"""

import hmac
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from cryptography.hazmat.primitives.hashes import SM3
from cryptography.hazmat.primitives.hmac import HMAC
from django.db import connection, transaction
from django.utils import timezone

from foundation.audit import triggers
from foundation.audit.models import Cut, Entry
from foundation.protection.seal import derived_key

GENESIS = "0" * 64
SETTLE_SECONDS = 2
OVERDUE_SECONDS = 60
_LOCK = 0x61756469  # the advisory lock of the one sealer
_CONTENT = (
    "id", "at", "actor_id", "actor_name", "action", "object_type", "object_id", "object_label", "organization_id",
    "person_id", "fields", "details", "reason", "request_id", "address",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Head:
    """The newest sealed entry: what an anchor holds."""

    sequence: int
    seal: str
    at: datetime | None = None

    def __str__(self):
        return f"{self.sequence}:{self.seal}"


@dataclass(frozen=True, slots=True)
class Problem:
    """The first thing wrong with the trail.

    `kind` is guard, cut, content, gap, order, unsealed or anchor; `sentence` says it to people.
    """

    kind: str
    sentence: str
    sequence: int | None = None
    entry_id: int | None = None


@dataclass(frozen=True, slots=True)
class Verification:
    """The outcome of a check: how many sealed entries were right, the head, the first problem."""

    checked: int
    head: Head
    problem: Problem | None = None


def seal_pending(limit: int = 5000, *, now: datetime | None = None) -> int:
    """Seal up to `limit` entries older than two seconds, in the order of their ids, and return how many.

    One sealer at a time: a second one returns 0 at once (PostgreSQL) or waits for the first (SQLite). Three queries.
    """
    settled_at = (now or timezone.now()) - timedelta(seconds=SETTLE_SECONDS)
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
                if not cursor.fetchone()[0]:
                    return 0
        rows = list(Entry.objects.unsealed().filter(at__lte=settled_at).values_list(*_CONTENT)[:limit])
        if not rows:
            return 0
        last = head()
        previous, updates = last.seal, []
        for sequence, row in enumerate(rows, last.sequence + 1):
            seal = _seal_of(previous, sequence, row)
            updates.append((row[0], sequence, previous, seal))
            previous = seal
        _write(updates)
    return len(rows)


def head() -> Head:
    """Return the newest sealed entry, or where the last cut ended, or (0, zeros) for an empty trail. 1–2 queries."""
    newest = Entry.objects.sealed().reverse().values_list("sequence", "seal", "at").first()
    if newest:
        return Head(*newest)
    cut = Cut.objects.order_by("-sequence").values_list("sequence", "seal").first()
    return Head(*cut) if cut else Head(0, GENESIS)


def verify(*, anchor: Head | None = None, now: datetime | None = None) -> Verification:
    """Check the whole chain from the last cut on and return the first problem in it.

    `anchor` is a head printed earlier and kept elsewhere: it also finds a trail whose newest entries were taken away.
    One query per 5,000 entries.
    """
    problem = _problem_of_guard() or _problem_of_cuts()
    if problem:
        return Verification(0, head(), problem)
    cut = Cut.objects.order_by("-sequence").first()
    reached = Head(cut.sequence, cut.seal) if cut else Head(0, GENESIS)
    start = reached.sequence
    anchored = anchor is None or anchor.sequence < start or (anchor.sequence, anchor.seal) == (start, reached.seal)
    for row in _sealed_rows(start):
        sequence, previous, seal, content = row[0], row[1], row[2], row[3:]
        problem = _problem_of_link(reached, sequence, previous, seal, content)
        if problem:
            return Verification(reached.sequence - start, reached, problem)
        reached = Head(sequence, seal, content[1])
        if anchor is not None and anchor.sequence == sequence:
            if not hmac.compare_digest(anchor.seal, seal):
                return Verification(sequence - start, reached, _anchor_differs(anchor, content[0]))
            anchored = True
    checked = reached.sequence - start
    if not anchored:
        sentence = (
            f"链条到第 {reached.sequence} 条为止，锚点是第 {anchor.sequence} 条：最后的记录被删掉了，或锚点写错。"  # type: ignore[union-attr]
        )
        return Verification(checked, reached, Problem("anchor", sentence, reached.sequence))
    return Verification(checked, reached, _problem_of_unsealed(now or timezone.now()))


def proof_of_cut(sequence: int, seal: str, at: datetime) -> str:
    """Return the keyed proof that retention, not somebody with the database, made a cut."""
    return _keyed("audit.cut", f"{sequence}|{seal}|{at.astimezone(UTC).isoformat()}")


def _seal_of(previous: str, sequence: int, content: tuple[Any, ...]) -> str:
    listed = [previous, sequence, content[0], content[1].astimezone(UTC).isoformat(), *content[2:]]
    return _keyed("audit.seal", json.dumps(listed, ensure_ascii=False, sort_keys=True, separators=(",", ":")))


def _keyed(purpose: str, text: str) -> str:
    digest = _started(derived_key(purpose)).copy()
    digest.update(text.encode())
    return digest.finalize().hex()


@lru_cache(maxsize=8)
def _started(key: bytes) -> HMAC:
    return HMAC(key, SM3())


def _write(updates: list[tuple[int, int, str, str]]) -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "UPDATE audit_entry SET sequence = v.sequence, previous_seal = v.previous, seal = v.seal "
                "FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::text[]) AS v(id, sequence, previous, seal) "
                "WHERE audit_entry.id = v.id",
                [list(column) for column in zip(*updates, strict=True)],
            )
        else:
            cursor.executemany(
                "UPDATE audit_entry SET sequence = %s, previous_seal = %s, seal = %s WHERE id = %s",
                [(sequence, previous, seal, pk) for pk, sequence, previous, seal in updates],
            )


def _sealed_rows(after: int, size: int = 5000) -> Iterator[tuple[Any, ...]]:
    while True:
        columns = ("sequence", "previous_seal", "seal", *_CONTENT)
        rows = list(Entry.objects.sealed().filter(sequence__gt=after).values_list(*columns)[:size])
        yield from rows
        if len(rows) < size:
            return
        after = rows[-1][0]


def _problem_of_link(reached: Head, sequence: int, previous: str, seal: str, content: tuple) -> Problem | None:
    if sequence != reached.sequence + 1:
        sentence = f"第 {reached.sequence + 1} 条到第 {sequence - 1} 条不见了：记录被删除。"
        return Problem("gap", sentence, reached.sequence + 1)
    if not hmac.compare_digest(previous, reached.seal):
        sentence = f"第 {sequence} 条（编号 {content[0]}）接不上前一条：次序被改动，或前一条被换掉。"
        return Problem("order", sentence, sequence, content[0])
    if not hmac.compare_digest(_seal_of(previous, sequence, content), seal):
        sentence = f"第 {sequence} 条（编号 {content[0]}）的内容与封印不符：内容被改动。"
        return Problem("content", sentence, sequence, content[0])
    return None


def _anchor_differs(anchor: Head, entry_id: int) -> Problem:
    sentence = f"第 {anchor.sequence} 条（编号 {entry_id}）的封印与锚点不同：整条链被重做过，或锚点写错。"
    return Problem("anchor", sentence, anchor.sequence, entry_id)


def _problem_of_unsealed(now: datetime) -> Problem | None:
    late = Entry.objects.unsealed().filter(at__lt=now - timedelta(seconds=OVERDUE_SECONDS)).first()
    if late is None:
        return None
    sentence = f"编号 {late.pk} 的记录超过 {OVERDUE_SECONDS} 秒还没有封印。请检查后台任务是否在运行。"
    return Problem("unsealed", sentence, None, late.pk)


def _problem_of_guard() -> Problem | None:
    names = triggers.missing(connection)
    if not names:
        return None
    return Problem("guard", f"数据库里少了审计表的保护触发器：{'、'.join(names)}。它们被人删除或停用了。")


def _problem_of_cuts() -> Problem | None:
    for cut in Cut.objects.order_by("sequence"):
        if not hmac.compare_digest(proof_of_cut(cut.sequence, cut.seal, cut.at), cut.proof):
            return Problem("cut", f"第 {cut.sequence} 条处的截断不是本系统做的。", cut.sequence)
    return None
