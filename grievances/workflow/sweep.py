"""What the clock does by itself, once a minute: remind, mark overdue, send up. Each stage exactly once.

Never a timer per case: the due times are stored, and whoever sets the column of a stage has done the stage, in the same
transaction as what follows from it. A killed worker leaves a stage undone or done, never half.
"""

from __future__ import annotations

import logging
import time
from datetime import datetime

from django.db import transaction

from grievances import notices
from grievances.choices import MAY_MOVE_UP
from grievances.models import Clock, Grievance
from grievances.workflow import clocks
from grievances.workflow.ladder import move_up
from grievances.workflow.steps import committee_above

log = logging.getLogger("portal.grievances")

BATCH = 200


def sweep(at: datetime, *, seconds: float = 5.0) -> bool:
    """Do what is due at an instant for about so many seconds; return whether there is more.

    A clock that cannot be worked on is logged and left for the next minute; it holds up no other. About 20 queries per
    clock that is due, four when nothing is.
    """
    until = time.monotonic() + seconds
    clocks.recount_missing()
    failed: set[int] = set()
    worked = False
    stages = (
        (lambda: Clock.objects.to_remind(at).order_by("remind_at", "pk"), _remind),
        (lambda: Clock.objects.to_mark(at).order_by("due_at", "pk"), _mark_overdue),
    )
    while True:
        found = False
        for waiting, act in stages:
            for pk in waiting().exclude(pk__in=failed).values_list("pk", flat=True)[:BATCH]:
                found = True
                try:
                    act(pk, at)
                    worked = True
                except Exception:
                    log.exception("clock %s could not be worked on", pk)
                    failed.add(pk)
                if time.monotonic() > until:
                    return worked
        if not found:
            return False


def _remind(pk: int, at: datetime) -> None:
    with transaction.atomic():
        if Clock.objects.to_remind(at).filter(pk=pk).update(reminded_at=at):
            clock = Clock.objects.select_related("grievance").get(pk=pk)
            if clock.due_at > at:  # a reminder after the due time would only say what the mark says
                notices.due_soon(clock.grievance, clock, at)


def _mark_overdue(pk: int, at: datetime) -> None:
    """Mark a clock overdue, tell the supervisor, and send the case up where the policy says so."""
    with transaction.atomic():
        case = Clock.objects.filter(pk=pk).values_list("grievance_id", flat=True).first()
        # The case first, then its clock: verbs take them in this order, too.
        grievance = (
            Grievance.objects.select_for_update(of=("self",)).select_related("organization", "category").get(pk=case)
        )
        if not Clock.objects.to_mark(at).filter(pk=pk).update(overdue_at=at):
            return
        clock = Clock.objects.select_related("policy").get(pk=pk)
        notices.overdue(grievance, clock, at)
        if not clock.policy.escalates or grievance.status not in MAY_MOVE_UP or clock.rung != grievance.rung:
            return
        above = committee_above(grievance.organization)
        if above is None:
            return
        Clock.objects.filter(pk=pk).update(escalated_at=at)
        reason = f"{clock.get_kind_display()}过了时限（{clock.amount} {clock.get_unit_display()}），自动转到上一级。"
        move_up(grievance, above, actor=None, action="grievance.escalate_by_clock", reason=reason, at=at)
