"""Read, check and plan a file; stage its rows. A half-read file is read anew."""

from __future__ import annotations

import logging
from contextlib import closing
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from branches.capabilities import Capability
from branches.models import Division
from foundation.audit import trail
from foundation.audit.models import Entry
from members.choices import ImportPhase, ImportStatus
from members.models import RosterMapping
from members.roster import staging
from members.roster.aside import CheckedFile, shape_of
from members.roster.bounds import bounds_of
from members.roster.columns import recognise
from members.roster.plan import Planner
from members.roster.read import RosterRefused, read
from members.workflow.import_run import steps
from members.workflow.import_run.steps import FAILURES, OUT_OF_SCOPE, READING_LEASE_SECONDS, Steps
from members.workflow.imports import stored_path

log = logging.getLogger("portal.roster")


class Reading(Steps):
    """The phases parse, stage and plan."""

    def _read(self) -> None:
        batch = self.batch
        self._require(batch.uploaded_by, Capability.ROSTER_IMPORT_UPLOAD)
        if batch.status == ImportStatus.UPLOADED:
            self._move(ImportStatus.PARSING, "roster_import.read")
        with transaction.atomic():
            self._phase(ImportPhase.PARSE, seconds=READING_LEASE_SECONDS)
            # Rows of an earlier attempt: the process died, or the mapping was changed.
            self._drop_rows()
        try:
            if not batch.stored_file or not stored_path(batch).exists():
                self._fail("file_lost", FAILURES["file_lost"])
                return
            self._read_file(self._mapping())
        except RosterRefused as refused:
            self._fail(refused.code, refused.sentence)

    def _mapping(self) -> dict[str, str]:
        """Return the mapping by hand, else the one kept for files of this shape."""
        if self.batch.mapping:
            return self.batch.mapping
        kept = RosterMapping.objects.filter(organization=self.batch.organization)
        if not kept.exists():
            return {}
        for mapping in [{}, *kept.order_by("-updated_at").values_list("columns", flat=True)[:10]]:
            with read(stored_path(self.batch)) as workbook:
                roster = recognise(workbook, mapping)
                try:
                    next(iter(roster), None)
                except RosterRefused:
                    continue
                shape = shape_of(roster)
            self._renew(READING_LEASE_SECONDS)
            same = kept.filter(shape=shape).first()
            if same is not None:
                return same.columns
        return {}

    def _read_file(self, mapping: dict[str, str]) -> None:
        batch = self.batch
        actor = batch.uploaded_by
        bounds = bounds_of(batch.organization, actor)
        areas = frozenset(Division.objects.values_list("code", flat=True))
        tally = staging.Tally()
        with CheckedFile(
            stored_path(batch), mapping, bounds.catalogue, today=timezone.localdate(), areas=areas, size=steps.CHUNK
        ) as file:
            planner = Planner(bounds, file.headers)
            with closing(staging.drawn_ahead(staging.candidates(file))) as drawn:
                for number, rows in enumerate(drawn):
                    with transaction.atomic():
                        if number == 0:
                            self._phase(ImportPhase.PLAN)
                        planner.plan(rows)
                        if number == 0:
                            self._phase(ImportPhase.STAGE)
                        staging.stage(batch.pk, rows)
                        tally.add(rows)
                        done = tally.fates.total()
                        self._renew(rows_expected=max(done, batch.rows_expected), rows=done, starts=0)
                    log.info("roster import %s: phase=staged rows=%s", batch.pk, done)
                    if self._cancel_requested():
                        self._too_curious(tally.out_of_scope)  # what was met counts, however the reading ended
                        self._cancel()
                        return
        if self._too_curious(tally.out_of_scope):
            self._fail("too_many_out_of_scope", FAILURES["too_many_out_of_scope"], out_of_scope=tally.out_of_scope)
            return
        # Together: killed between the two, a batch that needs nobody's confirmation would wait for one for ever.
        with transaction.atomic():
            # What the file calls things is for the page, not for the trail: a footer may name a person.
            about = file.about | {"mapping": mapping}
            self._renew(**about)
            for name, value in about.items():
                setattr(batch, name, value)
            self._move(
                ImportStatus.PREVIEW,
                "roster_import.plan",
                **tally.columns(),
                planned_at=timezone.now(),
                phase=ImportPhase.NONE,
            )
            self._apply_at_once()

    def _too_curious(self, out_of_scope: int) -> bool:
        """Whether this importer has met too many people of other committees within a day."""
        actor = self.batch.uploaded_by
        if not out_of_scope:
            return False
        with transaction.atomic():
            trail.record(
                OUT_OF_SCOPE,
                self.batch,
                actor=actor,
                organization_id=self.batch.organization_id,
                details={"rows": out_of_scope},
            )
        if actor is None:
            return False
        # Counted from the trail: reading again with another mapping, stopping early and two files at once all count.
        since = timezone.now() - timedelta(days=1)
        entries = Entry.objects.filter(actor_id=actor.pk, action=OUT_OF_SCOPE, at__gte=since)
        met = sum(details.get("rows", 0) for details in entries.values_list("details", flat=True))
        return met > settings.ROSTER_OUT_OF_SCOPE_PER_DAY
