"""The worker's part of a roster import: read and plan, apply in chunks, undo in chunks.

Every chunk is one transaction with its line results and the renewed lease. Whatever process dies, the batch is found
again by the sweep when its lease is over: a half-read file is read anew, an apply goes on after the last line result.
Each phase writes one line to the log, so that a killed run can be placed.
"""

from __future__ import annotations

import hashlib
import logging
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta

from django.conf import settings
from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.models import Max
from django.utils import timezone

from branches.capabilities import Capability
from branches.models import Division
from branches.rules import may
from foundation.audit import trail
from foundation.audit.models import Entry
from foundation.notifications.leases import LeaseLost, claim, new_owner, release, renew
from members.choices import IMPORT_NEXT, IMPORT_WORKING, Fate, ImportPhase, ImportStatus
from members.models import Driver, Person, RosterImport, RosterMapping, RosterResult, RosterRow
from members.roster import staging
from members.roster.apply import Applier
from members.roster.aside import CheckedFile, shape_of
from members.roster.bounds import Bounds, OrganizationGone, bounds_of
from members.roster.columns import recognise
from members.roster.plan import Candidate, Planner
from members.roster.read import RosterRefused, read
from members.roster.undo import undo
from members.workflow.imports import braked_fields, forget_file, stored_path

log = logging.getLogger("portal.roster")

LEASE_SECONDS = 30  # renewed by every chunk, which takes about a second
READING_LEASE_SECONDS = 120  # nothing is heard of the child before its first rows; a big file takes its time
CHUNK = 4_000
APPLY_CHUNK = 4_000
UNDO_CHUNK = 1_000
MOST_STARTS = 6  # without progress in between; then the batch is set aside

FAILURES = {
    "gave_up": "这份名册处理了几次都中途停下，已经搁置，登记没有改动。请联系系统管理员，报上导入编号。",
    "gave_up_halfway": "这份名册写入时几次都中途停下，已经搁置。写入的 {applied} 行还在，可以撤销。"
    "请联系系统管理员，报上导入编号。",
    "undo_gave_up": "撤销做了几次都中途停下，已经搁置，撤销了的不会再回来。请联系系统管理员，报上导入编号。",
    "organization_gone": "导入的组织在上传之后撤销了，登记没有改动。请重新上传，选择现在的组织。",
    "organization_gone_halfway": "导入的组织刚刚撤销了，已经停下。写入的 {applied} 行还在，可以撤销。"
    "没写的，请重新上传，选择现在的组织。",
    "right_lost": "交办这份名册的人现在没有这个权限了，登记没有改动。请现在有权限的人重新上传。",
    "right_lost_halfway": "交办这份名册的人现在没有这个权限了，已经停下。写入的 {applied} 行还在，可以撤销。"
    "没写的，请现在有权限的人重新上传。",
    "undo_right_lost": "交办撤销的人现在没有这个权限了，已经停下。没有撤销的，请现在有权限的人再撤销一次。",
    "file_lost": "上传的文件已经不在了，登记没有改动。请重新上传。",
    "too_many_out_of_scope": "这份名册里有很多人登记在别处，今天查到的已达上限，登记没有改动。"
    "请核对名册是不是本单位的，或者请上级委员会导入。",
}


OUT_OF_SCOPE = "roster_import.out_of_scope"


class BasisChanged(Exception):
    """What the plan was made on is not what is registered now."""


class RightLost(Exception):
    """Whoever had the worker do this may not do it any more: his post has ended, his account is closed."""


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


class _Run:
    def __init__(self, batch: RosterImport, owner: str) -> None:
        self.batch = batch
        self.owner = owner

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

    def _require(self, actor, capability: Capability) -> None:
        """Ask at this instant, before every chunk: a post that ends closes this door too. Raises RightLost.

        `actor` None is the system.
        """
        if actor is not None and not may(
            type(actor)._base_manager.get(pk=actor.pk), capability, self.batch.organization
        ):
            raise RightLost

    def _stop_for_lost_right(self) -> None:
        """Set a batch aside whose principal may not go on; what has been done stays."""
        batch = self.batch
        if batch.undo_requested:
            self._end_undo("undo_right_lost")
        elif batch.applied:
            self._fail("right_lost", FAILURES["right_lost_halfway"].format(applied=batch.applied))
        else:
            self._fail("right_lost", FAILURES["right_lost"])

    def _stop_for_lost_organization(self) -> None:
        """Set a batch aside whose organisation was dissolved since; what was written stays and can be undone."""
        batch = self.batch
        if batch.applied:
            self._fail("organization_gone", FAILURES["organization_gone_halfway"].format(applied=batch.applied))
        else:
            self._fail("organization_gone", FAILURES["organization_gone"])

    def _end_undo(self, code: str) -> None:
        """Give an undo up; it may be asked for again."""
        batch = self.batch
        log.warning("roster import %s: undo ended, %s", batch.pk, code)
        with transaction.atomic():
            trail.record(
                "roster_import.fail",
                batch,
                actor=batch.undone_by,
                organization_id=batch.organization_id,
                details={"code": code},
            )
            self._renew(undo_requested=False, phase=ImportPhase.NONE, failure=FAILURES[code], starts=0)

    def _give_up(self) -> None:
        """Set a batch aside that has stopped several workers; what it has written stays and can be taken back."""
        batch = self.batch
        if batch.undo_requested:
            self._end_undo("undo_gave_up")
        elif batch.applied:
            self._fail("gave_up", FAILURES["gave_up_halfway"].format(applied=batch.applied))
        else:
            self._fail("gave_up", FAILURES["gave_up"])

    # --- read, check, plan ------------------------------------------------------------------------------------------

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
            stored_path(batch), mapping, bounds.catalogue, today=timezone.localdate(), areas=areas, size=CHUNK
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

    def _apply_at_once(self) -> None:
        """Go on without a person where the command said so, unless a field waits to be ticked."""
        batch = self.batch
        if batch.apply_at_once and not set(braked_fields(batch)) - set(batch.accepted_fields):
            self._move(
                ImportStatus.APPLYING, "roster_import.confirm", confirmed_at=timezone.now(), phase=ImportPhase.WAITING
            )

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

    # --- apply ------------------------------------------------------------------------------------------------------

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
        rows = staging.staged(self.batch.pk, after=after, until=self.batch.rows, limit=APPLY_CHUNK, fates=fates)
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
            while rows := staging.reopened(staging.staged(batch.pk, after=last, until=batch.rows, limit=CHUNK)):
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

    # --- undo and cancel --------------------------------------------------------------------------------------------

    def _undo(self, deadline: float) -> bool:
        batch = self.batch
        self._phase(ImportPhase.UNDO)
        while True:
            with transaction.atomic():
                self._require(batch.undone_by, Capability.ROSTER_IMPORT_UNDO)
                results = list(
                    RosterResult.objects.filter(roster_import=batch, undone="").order_by("-ordinal")[:UNDO_CHUNK]
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

    def _cancel(self) -> None:
        """Stop. What was written stays; of a batch that has written nothing no row is kept."""
        nothing = (
            {} if self.batch.applied else dict.fromkeys(("rows", "created", "updated", "unchanged", "rejected"), 0)
        )
        with transaction.atomic():
            self._move(
                ImportStatus.CANCELLED,
                "roster_import.cancelled",
                finished_at=timezone.now(),
                cancel_requested=False,
                phase=ImportPhase.NONE,
                **nothing,
            )
            if not self.batch.applied:
                self._drop_rows()
        forget_file(self.batch)

    def _fail(self, code: str, sentence: str, **changes) -> None:
        log.warning("roster import %s: failed, %s", self.batch.pk, code)
        with transaction.atomic():
            self._move(
                ImportStatus.FAILED,
                "roster_import.fail",
                details={"code": code},
                failure_code=code,
                failure=sentence[:300],
                finished_at=timezone.now(),
                phase=ImportPhase.NONE,
                **changes,
            )
            if not self.batch.applied:
                self._drop_rows()
        forget_file(self.batch)

    # --- small steps ------------------------------------------------------------------------------------------------

    def _move(self, to: str, action: str, *, actor=None, details=None, **changes) -> None:
        """Change the status with its evidence; the lease goes on. Raises LeaseLost when another worker has it."""
        with transaction.atomic():
            self._renew()
            trail.transition(
                self.batch,
                to,
                actor=actor or self.batch.confirmed_by or self.batch.uploaded_by,
                action=action,
                next_table=IMPORT_NEXT,
                changes=changes,
                organization_id=self.batch.organization_id,
                details=details,
            )

    def _phase(self, phase: str, *, seconds: int | None = None) -> None:
        log.info("roster import %s: phase=%s", self.batch.pk, phase)
        self.batch.phase = phase
        self._renew(seconds, phase=phase)

    def _renew(self, seconds: int | None = None, /, **changes) -> None:
        renew(RosterImport.objects, self.batch.pk, self.owner, seconds or LEASE_SECONDS, **changes)

    def _drop_rows(self) -> None:
        RosterRow.objects.filter(roster_import=self.batch)._raw_delete(using=RosterRow.objects.db)

    def _cancel_requested(self) -> bool:
        return RosterImport.objects.filter(pk=self.batch.pk, cancel_requested=True).exists()


_PLAN_CODES = frozenset({"out_of_scope", "phone_shared", "name_differs"})


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


__all__ = ["BasisChanged", "advance", "run_to_end"]
