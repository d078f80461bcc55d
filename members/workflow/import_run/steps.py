"""What every phase of an import does: ask whether it may go on, move, keep its lease, stop with a sentence."""

from __future__ import annotations

import logging

from django.db import transaction
from django.utils import timezone

from branches.capabilities import Capability
from branches.rules import may
from foundation.audit import trail
from foundation.notifications.leases import renew
from members.choices import IMPORT_NEXT, ImportPhase, ImportStatus
from members.models import RosterImport, RosterRow
from members.workflow.imports import braked_fields, forget_file

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


class Steps:
    """A batch in the hands of one worker, and the small steps of all phases."""

    def __init__(self, batch: RosterImport, owner: str) -> None:
        self.batch = batch
        self.owner = owner

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

    def _apply_at_once(self) -> None:
        """Go on without a person where the command said so, unless a field waits to be ticked."""
        batch = self.batch
        if batch.apply_at_once and not set(braked_fields(batch)) - set(batch.accepted_fields):
            self._move(
                ImportStatus.APPLYING, "roster_import.confirm", confirmed_at=timezone.now(), phase=ImportPhase.WAITING
            )

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
