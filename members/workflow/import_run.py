"""The worker's part of a roster import: read and plan, apply in chunks, undo in chunks.

Every chunk is one transaction with its line results and the renewed lease. Whatever process dies, the batch is found
again by the sweep when its lease is over: a half-read file is read anew, an apply goes on after the last line result.
Each phase writes one line to the log, so that a killed run can be placed.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import timedelta
from itertools import islice

import orjson
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Max, Sum
from django.utils import timezone

from branches.models import Division
from foundation.audit import trail
from foundation.protection.seal import sealer
from members.choices import IMPORT_NEXT, IMPORT_WORKING, Fate, ImportPhase, ImportStatus
from members.models import RosterImport, RosterMapping, RosterResult, RosterRow
from members.roster import bulk
from members.roster.apply import Applier
from members.roster.bounds import Bounds, bounds_of
from members.roster.check import check
from members.roster.columns import Roster, recognise
from members.roster.plan import Candidate, Planner
from members.roster.read import RosterRefused, pack, read
from members.roster.undo import undo
from members.workflow.imports import braked_fields, forget_file, stored_path
from members.workflow.leases import LeaseLost, claim, new_owner, release, renew

log = logging.getLogger("portal.roster")

LEASE_SECONDS = 30  # renewed by every chunk, which takes about a second
CHUNK = 2_000
APPLY_CHUNK = 4_000
UNDO_CHUNK = 1_000
MOST_STARTS = 6  # without progress in between; then the batch is set aside

FAILURES = {
    "gave_up": "这份名册处理了几次都中途停下，已经搁置，登记没有改动。请联系系统管理员，报上导入编号。",
    "file_lost": "上传的文件已经不在了，登记没有改动。请重新上传。",
    "too_many_out_of_scope": "这份名册里有很多人登记在别处，今天查到的已达上限，登记没有改动。请核对名册是不是本单位的，或者请上级委员会导入。",
}

_ROW_COLUMNS = (
    "roster_import_id",
    "ordinal",
    "sheet",
    "row",
    "sealed",
    "id_number_index",
    "phone_index",
    "errors",
    "warnings",
    "fate",
    "changed_fields",
    "before",
    "person_id",
)


class BasisChanged(Exception):
    """What the plan was made on is not what is registered now."""


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
        advance(pk, seconds=60)
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
            self._fail("gave_up", FAILURES["gave_up"])
            return False
        if batch.undo_requested:
            return self._undo(deadline)
        if batch.cancel_requested:
            self._cancel()
            return False
        if batch.status in (ImportStatus.UPLOADED, ImportStatus.PARSING):
            self._read()
            return self.batch.status == ImportStatus.APPLYING
        if batch.status == ImportStatus.APPLYING:
            return self._apply(deadline)
        return False

    # --- read, check, plan ------------------------------------------------------------------------------------------

    def _read(self) -> None:
        batch = self.batch
        if batch.status == ImportStatus.UPLOADED:
            self._move(ImportStatus.PARSING, "roster_import.read")
        self._phase(ImportPhase.PARSE)
        # Rows of an earlier attempt: the process died, or the mapping was changed.
        RosterRow.objects.filter(roster_import=batch)._raw_delete(using=RosterRow.objects.db)
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
                shape = _shape(roster)
            same = kept.filter(shape=shape).first()
            if same is not None:
                return same.columns
        return {}

    def _read_file(self, mapping: dict[str, str]) -> None:
        batch = self.batch
        actor = batch.uploaded_by
        bounds = bounds_of(batch.organization, actor)
        areas = frozenset(Division.objects.values_list("code", flat=True))
        headers: dict[str, dict[str, str]] = {}
        planner = Planner(bounds, headers)
        counts = _Counts()
        seal_row, seal_before = _sealers()
        with read(stored_path(batch)) as workbook:
            roster = recognise(workbook, mapping)
            checked = check(roster, bounds.catalogue, today=timezone.localdate(), areas=areas)
            ordinal = 0
            for number, chunk in enumerate(_chunks(checked, CHUNK)):
                _name_headers(roster, headers)
                rows = [
                    Candidate(
                        ordinal=ordinal + offset,
                        sheet=row.sheet,
                        row=row.row,
                        raw=row.cells,
                        values=row.values,
                        errors=[list(error) for error in row.errors],
                        warnings=[list(warning) for warning in row.warnings],
                    )
                    for offset, row in enumerate(chunk)
                ]
                ordinal += len(rows)
                with transaction.atomic():
                    if number == 0:
                        self._phase(ImportPhase.PLAN)
                    planner.plan(rows)
                    if number == 0:
                        self._phase(ImportPhase.STAGE)
                    bulk.insert(
                        RosterRow,
                        _ROW_COLUMNS,
                        (_staged(batch.pk, row, seal_row, seal_before) for row in rows),
                    )
                    counts.add(rows)
                    self._renew(rows_expected=max(ordinal, batch.rows_expected), rows=ordinal, starts=0)
                if self._cancel_requested():
                    self._cancel()
                    return
            about = _about(roster)
        if self._too_curious(counts.out_of_scope):
            self._fail("too_many_out_of_scope", FAILURES["too_many_out_of_scope"], out_of_scope=counts.out_of_scope)
            return
        self._move(
            ImportStatus.PREVIEW,
            "roster_import.plan",
            **counts.columns(),
            **about,
            mapping=mapping,
            shape=_shape(roster),
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
                "roster_import.out_of_scope",
                self.batch,
                actor=actor,
                organization_id=self.batch.organization_id,
                details={"rows": out_of_scope},
            )
        if actor is None:
            return False
        since = timezone.now() - timedelta(days=1)
        earlier = RosterImport.objects.filter(uploaded_by=actor, created_at__gte=since).exclude(pk=self.batch.pk)
        met = earlier.aggregate(met=Sum("out_of_scope"))["met"] or 0
        return met + out_of_scope > settings.ROSTER_OUT_OF_SCOPE_PER_DAY

    # --- apply ------------------------------------------------------------------------------------------------------

    def _apply(self, deadline: float) -> bool:
        batch = self.batch
        self._phase(ImportPhase.APPLY)
        now = timezone.now()
        applier = Applier(
            import_id=batch.pk,
            default_committee_id=batch.organization_id,
            at=now,
            today=timezone.localdate(now),
        )
        bounds = bounds_of(batch.organization, batch.confirmed_by or batch.uploaded_by)
        while True:
            try:
                with transaction.atomic():
                    rows = self._next_rows()
                    if rows:
                        self._check_basis(rows, bounds)
                        batch.applied += applier.apply(rows)
                        self._renew(applied=batch.applied, starts=0)
            except (BasisChanged, IntegrityError) as change:
                log.info("roster import %s: the basis changed (%s), planning again", batch.pk, type(change).__name__)
                self._plan_again()
                return self.batch.status == ImportStatus.APPLYING
            if not rows:
                break
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

    def _next_rows(self) -> list[Candidate]:
        """Return the next rows to write: those after the last line result. Two queries."""
        last = RosterResult.objects.filter(roster_import=self.batch).aggregate(last=Max("ordinal"))["last"]
        rows = RosterRow.objects.filter(
            roster_import=self.batch, fate__in=[Fate.CREATED, Fate.UPDATED], ordinal__gt=-1 if last is None else last
        )
        return [_candidate(row) for row in rows.order_by("ordinal")[:APPLY_CHUNK]]

    def _check_basis(self, rows: list[Candidate], bounds: Bounds) -> None:
        """Plan the rows once more, in the transaction that writes them. Raises BasisChanged."""
        planned = [row.outline() for row in rows]
        Planner(bounds).plan(rows)
        if [row.outline() for row in rows] != planned:
            raise BasisChanged

    def _plan_again(self) -> None:
        """Plan the rows that have not been written anew and show them again; the command goes on by itself."""
        batch = self.batch
        self._phase(ImportPhase.PLAN)
        last = RosterResult.objects.filter(roster_import=batch).aggregate(last=Max("ordinal"))["last"]
        done = -1 if last is None else last
        planner = Planner(bounds_of(batch.organization, batch.confirmed_by or batch.uploaded_by), _headers_of(batch))
        counts = _Counts()
        _, seal_before = _sealers()
        with transaction.atomic():
            for chunk in _chunks(
                RosterRow.objects.filter(roster_import=batch).order_by("ordinal").iterator(CHUNK), CHUNK
            ):
                rows = [_candidate(row) for row in chunk]
                open_rows = [row for row in rows if row.ordinal > done]
                before = {row.ordinal: row.outline() for row in open_rows}
                for row in open_rows:
                    # What the plan itself said is said anew; what the check of the cells said stays.
                    row.errors = [error for error in row.errors if error[1] not in _PLAN_CODES]
                    row.warnings = [warning for warning in row.warnings if warning[1] not in _PLAN_CODES]
                    row.fate, row.person_id, row.changed, row.before = Fate.CREATED, None, [], {}
                planner.plan(open_rows)
                for row in open_rows:
                    if row.outline() != before[row.ordinal]:
                        RosterRow.objects.filter(roster_import=batch, ordinal=row.ordinal).update(
                            fate=row.fate,
                            person_id=row.person_id,
                            changed_fields=row.changed,
                            before=_json(row.before),
                            errors=row.errors,
                            warnings=row.warnings,
                        )
                counts.add(rows)
                self._renew()
            self._move(
                ImportStatus.PREVIEW,
                "roster_import.plan_again",
                **counts.columns(),
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
                results = list(
                    RosterResult.objects.filter(roster_import=batch, undone="").order_by("-ordinal")[:UNDO_CHUNK]
                )
                if results:
                    _, left = undo(results)
                    batch.undo_conflicts += left
                    self._renew(undo_conflicts=batch.undo_conflicts, starts=0)
            if not results:
                break
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
        self._move(
            ImportStatus.CANCELLED,
            "roster_import.cancelled",
            finished_at=timezone.now(),
            cancel_requested=False,
            phase=ImportPhase.NONE,
            **({} if self.batch.applied else {"created": 0, "updated": 0, "unchanged": 0, "rejected": 0}),
        )
        forget_file(self.batch)

    def _fail(self, code: str, sentence: str, **changes) -> None:
        log.warning("roster import %s: failed, %s", self.batch.pk, code)
        if not self.batch.applied:
            RosterRow.objects.filter(roster_import=self.batch)._raw_delete(using=RosterRow.objects.db)
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

    def _phase(self, phase: str) -> None:
        log.info("roster import %s: phase=%s", self.batch.pk, phase)
        self.batch.phase = phase
        self._renew(phase=phase)

    def _renew(self, **changes) -> None:
        renew(RosterImport.objects, self.batch.pk, self.owner, LEASE_SECONDS, **changes)

    def _cancel_requested(self) -> bool:
        return RosterImport.objects.filter(pk=self.batch.pk, cancel_requested=True).exists()


class _Counts:
    """Adds up the fates of a plan and the digest a person confirms."""

    def __init__(self) -> None:
        self.fates: Counter[str] = Counter()
        self.fields: Counter[str] = Counter()
        self.warnings = self.matches = self.out_of_scope = 0
        self._digest = hashlib.sha256()

    def add(self, rows: Iterable[Candidate]) -> None:
        for row in rows:
            self.fates[row.fate] += 1
            self.warnings += len(row.warnings)
            self.matches += row.fate in (Fate.UPDATED, Fate.UNCHANGED)
            self.fields.update(row.changed)
            self.out_of_scope += any(error[1] == "out_of_scope" for error in row.errors)
            self._digest.update(repr((row.ordinal, row.outline())).encode())

    def columns(self) -> dict:
        return {
            "rows": self.fates.total(),
            "created": self.fates[Fate.CREATED],
            "updated": self.fates[Fate.UPDATED],
            "unchanged": self.fates[Fate.UNCHANGED],
            "rejected": self.fates[Fate.REJECTED],
            "warnings": self.warnings,
            "stored_matches": self.matches,
            "out_of_scope": self.out_of_scope,
            "field_changes": dict(self.fields),
            "plan_digest": self._digest.hexdigest(),
        }


_PLAN_CODES = frozenset({"out_of_scope", "phone_shared", "name_differs"})


def _chunks(rows: Iterable, size: int) -> Iterator[list]:
    iterator = iter(rows)
    while chunk := list(islice(iterator, size)):
        yield chunk


def _sealers():
    fields = {name: RosterRow._meta.get_field(name).aad for name in ("sealed", "before")}
    return sealer(fields["sealed"]), sealer(fields["before"])


def _staged(pk: int, row: Candidate, seal_row, seal_before) -> tuple:
    return (
        pk,
        row.ordinal,
        row.sheet[:60],
        row.row,
        seal_row('{"raw":%s,"values":%s}' % (pack(row.raw).decode(), _json(row.values))),
        row.id_index,
        row.phone_index,
        row.errors,
        row.warnings,
        row.fate,
        row.changed,
        seal_before(_json(row.before)) if row.before else "",
        row.person_id,
    )


def _candidate(row: RosterRow) -> Candidate:
    staged = orjson.loads(row.sealed)
    return Candidate(
        ordinal=row.ordinal,
        sheet=row.sheet,
        row=row.row,
        raw=staged["raw"],
        values=staged["values"],
        errors=row.errors,
        warnings=row.warnings,
        id_index=row.id_number_index,
        phone_index=row.phone_index,
        fate=row.fate,
        person_id=row.person_id,
        changed=row.changed_fields,
        before=orjson.loads(row.before) if row.before else {},
    )


def _json(content: dict) -> str:
    return orjson.dumps(content).decode() if content else ""


def _name_headers(roster: Roster, headers: dict[str, dict[str, str]]) -> None:
    for table in roster.tables:
        named = headers.setdefault(table.sheet, {})
        for column in table.columns:
            if column.field:
                named.setdefault(column.field, column.label)


def _headers_of(batch: RosterImport) -> dict[str, dict[str, str]]:
    headers: dict[str, dict[str, str]] = {}
    for table in batch.columns:
        named = headers.setdefault(table["sheet"], {})
        for column in table["columns"]:
            if column["field"]:
                named.setdefault(column["field"], column["label"])
    return headers


def _shape(roster: Roster) -> str:
    return roster.tables[0].fingerprint if roster.tables else ""


def _about(roster: Roster) -> dict:
    """Return what was understood of the file, for the page: sheets and their columns."""
    return {
        "sheets": [{"sheet": name, "skipped": why} for name, why in roster.skipped]
        + [{"sheet": row.sheet, "row": row.row, "ignored": row.kind, "text": row.text} for row in roster.ignored],
        "columns": [
            {
                "sheet": table.sheet,
                "header_row": table.header_row,
                "header_rows": table.header_rows,
                "titles": list(table.titles),
                "columns": [
                    {
                        "letter": column.letter,
                        "label": column.label,
                        "folded": column.folded,
                        "field": column.field,
                        "left_out": column.left_out,
                        "suggestion": column.suggestion,
                        "index": column.index,
                    }
                    for column in table.columns
                ],
            }
            for table in roster.tables
        ],
    }


def _digest_of_results(pk: int) -> str:
    digest = hashlib.sha256()
    results = RosterResult.objects.filter(roster_import_id=pk).order_by("ordinal")
    for line in results.values_list("ordinal", "fate", "person_id").iterator(chunk_size=5000):
        digest.update(repr(line).encode())
    return digest.hexdigest()


def _fates(batch: RosterImport) -> dict[str, int]:
    return {fate: getattr(batch, fate) for fate in ("rows", "created", "updated", "unchanged", "rejected")}


__all__ = ["BasisChanged", "advance", "run_to_end"]
