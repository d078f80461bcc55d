"""Write what was planned, chunk by chunk; an apply goes on after the last line result."""

from __future__ import annotations

import hashlib
import logging
import time
from concurrent.futures import Future, ThreadPoolExecutor

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone

from branches.capabilities import Capability
from members.choices import Fate, ImportPhase, ImportStatus
from members.models import Driver, Person, RosterImport, RosterResult
from members.roster import staging
from members.roster.apply import Applier
from members.roster.bounds import Bounds, bounds_of
from members.roster.plan import Candidate, Planner
from members.workflow.import_run import steps
from members.workflow.import_run.steps import BasisChanged, Steps
from members.workflow.imports import forget_file

log = logging.getLogger("portal.roster")
_PLAN_CODES = frozenset({"out_of_scope", "phone_shared", "name_differs"})


class Writing(Steps):
    """The phase apply, and planning again where the basis changed."""

    def _apply(self, deadline: float) -> bool:
        batch = self.batch
        actor = batch.confirmed_by or batch.uploaded_by
        self._require(actor, Capability.ROSTER_IMPORT_APPLY)
        self._phase(ImportPhase.APPLY)
        now = timezone.now()
        applier = Applier(
            import_id=batch.pk,
            default_committee_id=batch.organization_id,
            at=now,
            today=timezone.localdate(now),
        )
        bounds = bounds_of(batch.organization, actor)
        with ThreadPoolExecutor(max_workers=1) as pool:
            coming = self._opening(pool, applier, after=self._last_written())
            while rows := coming.result():
                coming = self._opening(pool, applier, after=rows[-1].ordinal)
                try:
                    with transaction.atomic():
                        self._require(actor, Capability.ROSTER_IMPORT_APPLY)
                        self._check_basis(rows, bounds)
                        batch.applied += applier.apply(rows)
                        self._renew(applied=batch.applied, starts=0)
                except (BasisChanged, IntegrityError) as change:
                    why = type(change).__name__
                    log.info("roster import %s: the basis changed (%s), planning again", batch.pk, why)
                    batch.refresh_from_db(fields=["applied"])
                    self._plan_again()
                    return self.batch.status == ImportStatus.APPLYING
                log.info("roster import %s: phase=chunk applied=%s", batch.pk, batch.applied)
                if self._cancel_requested():
                    self._cancel()
                    return False
                if time.monotonic() > deadline:
                    return True
        self._phase(ImportPhase.FINISH)
        self._move(
            ImportStatus.DONE,
            "roster_import.apply",
            details={"results": _digest_of_results(batch.pk)} | _fates(batch),
            finished_at=timezone.now(),
            phase=ImportPhase.NONE,
        )
        forget_file(batch)
        return False

    def _last_written(self) -> int:
        """Return the ordinal of the last line result, -1 before the first: an apply goes on behind it. One query."""
        last = RosterResult.objects.filter(roster_import=self.batch).aggregate(last=Max("ordinal"))["last"]
        return -1 if last is None else last

    def _opening(self, pool: ThreadPoolExecutor, applier: Applier, *, after: int) -> Future[list[Candidate]]:
        """Fetch the next rows to write and have them opened in the second thread."""
        fates = (Fate.CREATED, Fate.UPDATED)
        rows = staging.staged(self.batch.pk, after=after, until=self.batch.rows, limit=steps.APPLY_CHUNK, fates=fates)
        return pool.submit(applier.prepare, rows)

    def _check_basis(self, rows: list[Candidate], bounds: Bounds) -> None:
        """Plan the rows once more, in the transaction that writes them. Raises BasisChanged."""
        planned = [row.outline() for row in rows]
        changing = [row.person_id for row in rows if row.fate == Fate.UPDATED]
        if changing:
            # Locked in one order before they are compared: an edit that comes in between waits, and two imports of
            # the same people cannot wait for each other.
            for model in (Person, Driver):
                list(model._base_manager.select_for_update().filter(pk__in=changing).order_by("pk").values_list("pk"))
        Planner(bounds).plan(rows, warn=False)
        if [row.outline() for row in rows] != planned:
            raise BasisChanged

    def _plan_again(self) -> None:
        """Plan the rows that have not been written anew and show them again; the command goes on by itself."""
        batch = self.batch
        self._phase(ImportPhase.PLAN)
        written = self._last_written()
        planner = Planner(bounds_of(batch.organization, batch.confirmed_by or batch.uploaded_by), _headers_of(batch))
        tally = staging.Tally()
        with transaction.atomic():
            last = -1
            while rows := staging.reopened(staging.staged(batch.pk, after=last, until=batch.rows, limit=steps.CHUNK)):
                last = rows[-1].ordinal
                open_rows = [row for row in rows if row.ordinal > written]
                before = {row.ordinal: row.outline() for row in open_rows}
                for row in open_rows:
                    # What the plan itself said is said anew; what the check of the cells said stays.
                    row.errors = [error for error in row.errors if error[1] not in _PLAN_CODES]
                    row.warnings = [warning for warning in row.warnings if warning[1] not in _PLAN_CODES]
                    row.fate, row.person_id, row.changed, row.before = Fate.CREATED, None, [], {}
                planner.plan(open_rows)
                for row in open_rows:
                    if row.outline() != before[row.ordinal]:
                        staging.replan(batch.pk, row)
                tally.add(rows)
                self._renew()
            self._move(
                ImportStatus.PREVIEW,
                "roster_import.plan_again",
                **tally.columns(),
                replanned=True,
                planned_at=timezone.now(),
                phase=ImportPhase.NONE,
            )
            self._apply_at_once()


def _headers_of(batch: RosterImport) -> dict[str, dict[str, str]]:
    headers: dict[str, dict[str, str]] = {}
    for table in batch.columns:
        named = headers.setdefault(table["sheet"], {})
        for column in table["columns"]:
            if column["field"]:
                named.setdefault(column["field"], column["label"])
    return headers


def _digest_of_results(pk: int) -> str:
    digest = hashlib.sha256()
    results = RosterResult.objects.filter(roster_import_id=pk).order_by("ordinal")
    for line in results.values_list("ordinal", "fate", "person_id").iterator(chunk_size=5000):
        digest.update(repr(line).encode())
    return digest.hexdigest()


def _fates(batch: RosterImport) -> dict[str, int]:
    return {fate: getattr(batch, fate) for fate in ("rows", "created", "updated", "unchanged", "rejected")}
