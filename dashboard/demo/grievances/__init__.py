"""Grievances of any number, bulk-loaded: each lives through the closed loop by the real arithmetic of its clocks.

Everything follows from the seed and an index; no clock is read: what lies after HORIZON has not happened yet, so most
cases are closed and those of the last days are open, late, waiting. Rows are written as the verbs would have left them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from django.db import connection, transaction

from branches.models import Office
from dashboard.demo.grievances.rows import CASE, CLOCK, FOLLOW_UP, PAUSE, SEALED, STATEMENT, Case, Rows
from dashboard.demo.grievances.world import HORIZON, STEP, World, read_world
from dashboard.demo.names import People
from foundation.audit import trail
from foundation.protection.seal import sealer
from grievances.models import Clock, FollowUp, Grievance, Pause, Statement
from members.roster import bulk

CHUNK = 5_000


def load_grievances(
    committee_ids: Sequence[int], count: int, seed: int, tell: Callable[[str], None] = lambda sentence: None
) -> int:
    """Add cases until there are `count` of this seed, lodged in turn at these committees; return how many were added.

    One transaction per 5,000 cases; those that are there stay. About a minute for 110,000 on PostgreSQL.
    """
    if not count or not committee_ids:
        return 0
    with transaction.atomic():
        world = read_world()
    people, places, added = People(seed + 77), list(committee_ids), 0
    for first in range(0, count, CHUNK):
        chunk = range(first, min(first + CHUNK, count))
        with transaction.atomic():
            added += _write(world, people, places, chunk, seed)
        tell(f"诉求 {chunk.stop} / {count}")
    _analyze()
    return added


def _write(world: World, people: People, places: Sequence[int], chunk: range, seed: int) -> int:
    lives = [Case(world, people, world.units[_turn(places, index, seed)], index, seed) for index in chunk]
    numbers = [life.number for life in lives]
    there = set(Grievance.objects.filter(number__in=numbers).values_list("number", flat=True))
    lives = [life for life in lives if life.number not in there]
    if not lives:
        return 0
    entry = trail.record(
        "grievance.seed", None, actor=None, details={"first": chunk.start, "cases": len(lives), "seed": seed}
    )
    keys = bulk.reserve_ids(Grievance, len(lives))
    rows, seal_name, seal_phone = Rows(), *(sealer(Grievance._meta.get_field(n).aad) for n in SEALED)
    for pk, life in zip(keys, lives, strict=True):
        life.live()
        life.write(rows, pk, entry.pk, seal_name, seal_phone)
    bulk.insert(Grievance, CASE, rows.cases)
    for model, columns, found in (
        (Clock, CLOCK, rows.clocks),
        (Pause, PAUSE, rows.pauses),
        (Statement, STATEMENT, rows.statements),
        (FollowUp, FOLLOW_UP, rows.follow_ups),
    ):
        ids = bulk.reserve_ids(model, len(found))
        bulk.insert(model, ("id", *columns), [(pk, *row) for pk, row in zip(ids, found, strict=True)])
    return len(lives)


def _turn(places: Sequence[int], index: int, seed: int) -> int:
    return places[(index * STEP + seed) % len(places)]


def _analyze() -> None:
    """Let the planner see what is there now."""
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        for model in (Grievance, Clock, Pause, Statement, FollowUp, Office):
            cursor.execute(f"ANALYZE {connection.ops.quote_name(model._meta.db_table)}")


__all__ = ["HORIZON", "load_grievances"]
