"""Take a batch back, chunk by chunk, from its pre-images."""

from __future__ import annotations

import logging
import time

from django.db import transaction
from django.utils import timezone

from branches.capabilities import Capability
from members.choices import ImportPhase, ImportStatus
from members.models import RosterResult
from members.roster.undo import undo
from members.workflow.import_run import steps
from members.workflow.import_run.steps import Steps

log = logging.getLogger("portal.roster")


class Undoing(Steps):
    """The phase undo."""

    def _undo(self, deadline: float) -> bool:
        batch = self.batch
        self._phase(ImportPhase.UNDO)
        while True:
            with transaction.atomic():
                self._require(batch.undone_by, Capability.ROSTER_IMPORT_UNDO)
                results = list(
                    RosterResult.objects.filter(roster_import=batch, undone="").order_by("-ordinal")[: steps.UNDO_CHUNK]
                )
                if results:
                    _, left = undo(results)
                    batch.undo_conflicts += left
                    self._renew(undo_conflicts=batch.undo_conflicts, starts=0)
            if not results:
                break
            log.info("roster import %s: phase=undone rows=%s", batch.pk, len(results))
            if time.monotonic() > deadline:
                return True
        self._move(
            ImportStatus.UNDONE,
            "roster_import.undo",
            actor=batch.undone_by,
            details={"changed_since": batch.undo_conflicts},
            undone_at=timezone.now(),
            undo_requested=False,
            phase=ImportPhase.NONE,
        )
        return False
