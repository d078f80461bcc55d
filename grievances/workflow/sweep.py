"""What the clock does by itself, once a minute: remind, mark overdue, send up. Each stage exactly once.

Never a timer per case: the due times are stored, and whoever sets the column of a stage has done the stage, in the same
transaction as what follows from it. Clocks are taken by the hundred, one transaction for each batch: a killed worker
leaves the stages of a batch undone or done, never half.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from datetime import datetime

from django.db import transaction

from foundation.audit import trail
from grievances import notices
from grievances.choices import MAY_MOVE_UP
from grievances.models import Clock, Grievance
from grievances.workflow import clocks
from grievances.workflow.ladder import Ascent, move_all_up
from grievances.workflow.steps import committees_above

log = logging.getLogger("portal.grievances")

BATCH = 200  # clocks in one transaction: some tenths of a second, in which nobody else writes on SQLite

Act = Callable[[Sequence[int], datetime], set[int]]  # (keys of clocks, instant) → those it leaves alone


def sweep(at: datetime, *, seconds: float = 5.0) -> bool:
    """Do what is due at an instant for about so many seconds; return whether there is more.

    A clock that cannot be worked on is logged and left for the next minute, as is one whose case somebody holds just
    now; neither holds up another. About 40 queries for a batch of 200 clocks and some for each committee that gets
    cases, four when nothing is due.
    """
    until = time.monotonic() + seconds
    clocks.recount_missing()
    left: set[int] = set()
    worked = False
    stages = (
        (lambda: Clock.objects.to_remind(at).order_by("remind_at", "pk"), _remind),
        (lambda: Clock.objects.to_mark(at).order_by("due_at", "pk"), _mark_overdue),
    )
    while True:
        found = False
        for waiting, act in stages:
            keys = list(waiting().exclude(pk__in=left).values_list("pk", flat=True)[:BATCH])
            if not keys:
                continue
            found = True
            left_now = _tried(act, keys, at)
            worked |= len(left_now) < len(keys)
            left |= left_now
            if time.monotonic() > until:
                return worked
        if not found:
            return False


def _tried(act: Act, keys: Sequence[int], at: datetime) -> set[int]:
    """Do a batch and return what is left; one that fails is done in halves until the clock at fault stands alone."""
    try:
        return act(keys, at)
    except Exception:
        if len(keys) == 1:
            log.exception("clock %s could not be worked on", keys[0])
            return set(keys)
        log.warning("a batch of %s clocks failed and is done in halves", len(keys))
    middle = len(keys) // 2
    return _tried(act, keys[:middle], at) | _tried(act, keys[middle:], at)


def _remind(keys: Sequence[int], at: datetime) -> set[int]:
    """Remind of clocks, one transaction for all."""
    with transaction.atomic(), notices.Mailbag(at) as bag:
        waiting = Clock.objects.to_remind(at).filter(pk__in=keys)
        found = set(waiting.select_for_update(skip_locked=True, of=("self",)).values_list("pk", flat=True))
        _set(waiting, found, reminded_at=at)
        # A reminder after the due time would only say what the mark says.
        early = Clock.objects.filter(pk__in=found, due_at__gt=at).order_by("remind_at", "pk")
        for clock in early.select_related("grievance__organization", "grievance__handler__organization"):
            notices.due_soon(clock.grievance, clock, bag)
    return set(keys) - found


def _mark_overdue(keys: Sequence[int], at: datetime) -> set[int]:
    """Mark clocks overdue, tell the supervisors, and send the cases up where the policy says so; one transaction.

    Of each case one clock, its first: the others are looked at again when what follows from it is done.
    """
    with transaction.atomic(), notices.Mailbag(at) as bag:
        cases = dict(Clock.objects.filter(pk__in=keys).values_list("pk", "grievance_id"))
        # The cases first, then their clocks: verbs take them in this order, too.
        held = {
            grievance.pk: grievance
            for grievance in Grievance.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(pk__in=set(cases.values()))
            .select_related("organization", "category", "handler__organization", "supervisor__organization")
        }
        waiting = Clock.objects.to_mark(at).filter(pk__in=keys)
        first: dict[int, Clock] = {}
        for clock in waiting.filter(grievance__in=held).select_related("policy").order_by("due_at", "pk"):
            first.setdefault(clock.grievance_id, clock)
        _set(waiting, {clock.pk for clock in first.values()}, overdue_at=at)
        for clock in first.values():
            notices.overdue(held[clock.grievance_id], clock, bag)
        _send_up([(clock, held[clock.grievance_id]) for clock in first.values()], bag, at)
    return {key for key, case in cases.items() if case not in held}


def _send_up(marked: Sequence[tuple[Clock, Grievance]], bag: notices.Mailbag, at: datetime) -> None:
    due = [
        (clock, grievance)
        for clock, grievance in marked
        if clock.policy.escalates and grievance.status in MAY_MOVE_UP and clock.rung == grievance.rung
    ]
    above = committees_above(grievance.organization for _, grievance in due) if due else {}
    due = [(clock, grievance) for clock, grievance in due if above[grievance.organization_id] is not None]
    if not due:
        return
    Clock.objects.filter(pk__in=[clock.pk for clock, _ in due]).update(escalated_at=at)
    ascents = [
        Ascent(
            grievance,
            above[grievance.organization_id],
            f"{clock.get_kind_display()}过了时限（{clock.amount} {clock.get_unit_display()}），自动转到上一级。",
        )
        for clock, grievance in due
    ]
    move_all_up(ascents, bag, actor=None, action="grievance.escalate_by_clock", at=at)


def _set(waiting, keys: set[int], **stage) -> None:
    """Set the column of a stage on clocks that wait for it. Raises trail.Conflict when somebody else has done it."""
    if waiting.filter(pk__in=keys).update(**stage) != len(keys):
        raise trail.Conflict("somebody else swept these clocks")
