"""Taking work from a queue table for a while: one conditional UPDATE, the same on both databases.

A row waits or its worker died when its lease is over; whoever moves the lease first has it. No lock is held while
working, so a killed worker blocks nobody longer than its lease.

A table that is claimed has the columns lease_owner (text, "" for nobody), lease_until (instant or NULL) and starts.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Manager, QuerySet
from django.utils import timezone


class LeaseLost(Exception):
    """Somebody else works on the row by now: stop, write nothing."""


def new_owner() -> str:
    """Return a name for one run of one worker; never used twice."""
    return secrets.token_hex(16)


def claim(claimable: QuerySet, owner: str, seconds: int) -> int | None:
    """Take the oldest row of `claimable` (a queryset that says which rows nobody holds) and return its key, or None.

    Two queries per attempt. The start counter goes up, so that a row which kills its workers can be told apart.
    """
    until = timezone.now() + timedelta(seconds=seconds)
    for pk in claimable.order_by("created_at", "pk").values_list("pk", flat=True)[:20]:
        taken = claimable.filter(pk=pk).update(lease_owner=owner, lease_until=until, starts=F("starts") + 1)
        if taken:
            return pk
    return None


def claim_many(claimable: QuerySet, owner: str, seconds: int, limit: int, *, now: datetime | None = None) -> list[int]:
    """Take up to `limit` rows of `claimable` and return their keys, in its order (none: lowest key first).

    Two queries in one transaction, three when another worker came in between. PostgreSQL passes over rows that
    somebody is just taking (SKIP LOCKED); SQLite has one writer, and the UPDATE asks the condition again. Each start
    counter goes up by one.
    """
    until = (now or timezone.now()) + timedelta(seconds=seconds)
    ordered = claimable if claimable.ordered else claimable.order_by("pk")
    with transaction.atomic():
        found = ordered.select_for_update(skip_locked=True, of=("self",))
        keys = list(found.values_list("pk", flat=True)[:limit])
        if not keys:
            return []
        taken = claimable.filter(pk__in=keys).update(lease_owner=owner, lease_until=until, starts=F("starts") + 1)
        if taken == len(keys):
            return keys
        held = claimable.model._base_manager.filter(pk__in=keys, lease_owner=owner)
        mine = set(held.values_list("pk", flat=True))
        return [key for key in keys if key in mine]


def renew(rows: QuerySet | Manager, pk: int, owner: str, seconds: int, /, **changes) -> None:
    """Hold a claimed row for some more seconds and write `changes` (progress) with it. One UPDATE.

    Raises LeaseLost when another worker has it now: call it inside the transaction of the chunk, and the chunk goes
    back with it.
    """
    until = timezone.now() + timedelta(seconds=seconds)
    if rows.filter(pk=pk, lease_owner=owner).update(lease_until=until, **changes) != 1:
        raise LeaseLost(str(pk))


def release(rows: QuerySet | Manager, pk: int, owner: str) -> None:
    """Give a row back at once, so that the next worker need not wait for the lease to end. One UPDATE."""
    rows.filter(pk=pk, lease_owner=owner).update(lease_owner="", lease_until=None)


def release_many(rows: QuerySet | Manager, owner: str) -> int:
    """Give back every row of `rows` this run still holds and has not begun; return how many. One UPDATE.

    The start counter goes down again: nothing was tried.
    """
    return rows.filter(lease_owner=owner).update(lease_owner="", lease_until=None, starts=F("starts") - 1)


def renew_many(rows: QuerySet | Manager, owner: str, seconds: int, *, now: datetime | None = None) -> int:
    """Hold every row of `rows` this run has for some more seconds; return how many those are. One UPDATE."""
    until = (now or timezone.now()) + timedelta(seconds=seconds)
    return rows.filter(lease_owner=owner).update(lease_until=until)
