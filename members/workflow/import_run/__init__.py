"""The worker's part of a roster import: read and plan, apply in chunks, undo in chunks.

Every chunk is one transaction with its line results and the renewed lease. Whatever process dies, the batch is found
again by the sweep when its lease is over: a half-read file is read anew, an apply goes on after the last line result.
Each phase writes one line to the log, so that a killed run can be placed.
"""

from __future__ import annotations

import logging
import time

from django.db import OperationalError, connection
from django.utils import timezone

from foundation.notifications.leases import LeaseLost, claim, new_owner, release
from members.choices import IMPORT_WORKING, ImportStatus
from members.models import RosterImport
from members.roster.bounds import OrganizationGone
from members.workflow.import_run.reading import Reading
from members.workflow.import_run.steps import LEASE_SECONDS, MOST_STARTS, OUT_OF_SCOPE, BasisChanged, RightLost
from members.workflow.import_run.undoing import Undoing
from members.workflow.import_run.writing import Writing

log = logging.getLogger("portal.roster")


def advance(pk: int, *, seconds: float = 5.0, owner: str | None = None) -> bool:
    """Work on one batch for about so many seconds (reading a file is one piece); return whether more is to do.

    Does nothing when somebody else holds the batch or nothing is to do. Never raises for what is wrong with a file.
    """
    owner = owner or new_owner()
    if claim(RosterImport.objects.claimable(timezone.now()).filter(pk=pk), owner, LEASE_SECONDS) is None:
        return False
    batch = RosterImport.objects.select_related("organization", "uploaded_by", "confirmed_by").get(pk=pk)
    try:
        return _Run(batch, owner).advance(time.monotonic() + seconds)
    except LeaseLost:
        log.warning("roster import %s: lease lost, another worker goes on", pk)
        return False
    finally:
        release(RosterImport.objects, pk, owner)


def run_to_end(pk: int) -> RosterImport:
    """Work on a batch until it waits for a person or has ended; return it. For the command.

    A worker that has taken the batch meanwhile is waited for.
    """
    while True:
        try:
            advance(pk, seconds=60)
        except OperationalError:  # two imports met each other; the start counter ends it if it goes on
            log.warning("roster import %s: the database broke off, going on", pk)
            connection.close()
        batch = RosterImport.objects.select_related("organization").get(pk=pk)
        if batch.status not in IMPORT_WORKING and not batch.undo_requested:
            return batch
        if batch.lease_owner:
            time.sleep(0.2)


class _Run(Reading, Writing, Undoing):
    def advance(self, deadline: float) -> bool:
        batch = self.batch
        if batch.starts > MOST_STARTS:
            self._give_up()
            return False
        if batch.cancel_requested and not batch.undo_requested:
            self._cancel()
            return False
        try:
            if batch.undo_requested:
                return self._undo(deadline)
            if batch.status in (ImportStatus.UPLOADED, ImportStatus.PARSING):
                self._read()
                return self.batch.status == ImportStatus.APPLYING
            if batch.status == ImportStatus.APPLYING:
                return self._apply(deadline)
        except RightLost:
            self._stop_for_lost_right()
        except OrganizationGone:
            self._stop_for_lost_organization()
        return False


__all__ = ["MOST_STARTS", "OUT_OF_SCOPE", "BasisChanged", "advance", "run_to_end"]
