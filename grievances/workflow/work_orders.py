"""Verbs on files of hotline work orders: take a file, read it in leased steps, say what became of every row.

A row is lodged and its fate written in one transaction, so a killed worker leaves it undone or done; the next one goes
on behind the last fate. The same file again changes nothing: a work order's number is there once per channel.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import time
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import IO

from celery import current_app
from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone

from branches.choices import COMMITTEES, OrganizationStatus
from branches.models import Division, Organization
from branches.scope import reach_of, subtree
from foundation.audit import trail
from foundation.notifications import leases
from grievances.choices import HOTLINES, WORK_ORDER_NEXT, WorkOrderFate, WorkOrderStatus
from grievances.models import Category, Grievance, WorkOrderImport, WorkOrderRow
from grievances.rules import cases, work_orders
from grievances.rules.work_orders import Order
from grievances.workflow.lodging import Complaint, lodge
from members.roster.read import Limits, RosterRefused, read

FOLDER = "work-orders"
LEASE_SECONDS = 60
STARTS_AT_MOST = 5
MOST_BYTES = 20 * 1024 * 1024
LIMITS = Limits(max_bytes=MOST_BYTES, max_rows=20_000, max_columns=200)
NO_HEADER = "没有找到表头：要有工单编号一列，和标题或内容一列。"
TOO_MANY = f"一次最多 {work_orders.MOST_ROWS:,} 行，请分成几个文件。"
NEVER_READ = "放了很久没有读，文件已经删除。要登记请重新上传。"
GAVE_UP = "读了几次都没有读完，已经停下。请联系系统管理员。"


def take_file(
    actor,
    organization: Organization,
    channel: str,
    content: IO[bytes],
    file_name: str,
    *,
    at: datetime,
    is_dry_run: bool = False,
    wake_worker: bool = True,
) -> WorkOrderImport:
    """Keep a file of work orders and queue it; return the batch. `actor` None is the system (the command).

    The file gets a random name and mode 0600, and is deleted when the batch has ended. Raises PermissionDenied for a
    committee that is not the actor's, ValidationError (channel, empty, too big).
    """
    if organization.kind not in COMMITTEES:
        raise ValidationError({"organization": "工单登记到委员会，请选一个委员会。"})
    if actor is not None and not cases.may_lodge_for_driver(reach_of(actor, at), organization):
        raise PermissionDenied("只能登记到您自己的或下级的委员会。")
    if channel not in HOTLINES:
        raise ValidationError({"channel": "请选是哪条热线。"})
    stored, size, digest = _keep(content)
    try:
        if not size:
            raise ValidationError({"file": "文件是空的。"})
        with transaction.atomic():
            batch = WorkOrderImport.objects.create(
                organization=organization,
                channel=channel,
                uploaded_by=actor,
                file_name=Path(file_name).name[:120],
                stored_file=stored,
                file_digest=digest,
                is_dry_run=is_dry_run,
                created_at=at,
            )
            trail.record(
                "work_order.upload",
                batch,
                actor=actor,
                organization_id=organization.pk,
                details={"digest": digest, "size": size, "channel": channel, "dry_run": is_dry_run},
            )
            if wake_worker:
                task = current_app.tasks["grievances.tasks.read_work_orders"]
                transaction.on_commit(lambda: task.delay(batch.pk), robust=True)
    except BaseException:
        (folder() / stored).unlink(missing_ok=True)
        raise
    return batch


def folder() -> Path:
    """Return where the files wait, made when it is not there."""
    path = Path(settings.MEDIA_ROOT) / FOLDER
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path


def _keep(content: IO[bytes]) -> tuple[str, int, str]:
    name, digest, size = secrets.token_hex(16), hashlib.sha256(), 0
    path = folder() / name
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        while block := content.read(1 << 20):
            size += len(block)
            if size > MOST_BYTES:
                path.unlink()
                raise ValidationError({"file": f"文件太大，最多 {MOST_BYTES // 1024**2} MB。"})
            digest.update(block)
            file.write(block)
    return name, size, digest.hexdigest()


def read_to_end(pk: int) -> WorkOrderImport:
    """Read a batch to its end in this process and return it: for the command and for tests."""
    while read_next(pk, seconds=60):
        pass
    return WorkOrderImport.objects.get(pk=pk)


def read_next(pk: int, *, seconds: float) -> bool:
    """Read a file that waits, or whose worker died, for about so many seconds; return whether there is more to do."""
    owner = leases.new_owner()
    claimed = leases.claim(WorkOrderImport.objects.claimable(timezone.now()).filter(pk=pk), owner, LEASE_SECONDS)
    if claimed is None:
        return False
    batch = WorkOrderImport.objects.select_related("organization", "uploaded_by").get(pk=claimed)
    try:
        if batch.starts > STARTS_AT_MOST + batch.results.count() // 10:  # a start that got on is no failure
            _fail(batch, GAVE_UP)
        elif not _read(batch, owner, until=time.monotonic() + seconds):
            leases.release(WorkOrderImport.objects.all(), batch.pk, owner)
            return True
    except leases.LeaseLost:
        return False
    except RosterRefused as refused:
        _fail(batch, refused.sentence.replace("名册", "表格"))
    except _Refused as refused:
        _fail(batch, str(refused))
    except PermissionDenied as error:
        _fail(batch, str(error) or "上传以后，您的权限变了。")
    except FileNotFoundError:
        _fail(batch, "上传的文件已经不在了，请重新上传。")
    return False


def give_up_unread(batch: WorkOrderImport, at: datetime) -> bool:
    """End a file nobody has come to read, and delete it; return False when somebody reads it just now."""
    owner = leases.new_owner()
    if leases.claim(WorkOrderImport.objects.claimable(at).filter(pk=batch.pk), owner, LEASE_SECONDS) is None:
        return False
    batch.refresh_from_db()
    _fail(batch, NEVER_READ)
    return True


def _read(batch: WorkOrderImport, owner: str, until: float) -> bool:
    """Go through the rows that have no fate yet; return whether all have one. Raises LeaseLost, RosterRefused."""
    done = set(batch.results.values_list("row", flat=True))
    clerk = _Desk(batch)
    orders, unknown = _orders(batch)
    first_of: dict[str, int] = {}
    for order in orders:
        first = first_of.setdefault(order.number, order.row) if order.number else order.row
        if first != order.row:
            order.refuse("number", "number_repeated", row=first)
        if order.row in done:
            continue
        with transaction.atomic():
            leases.renew(WorkOrderImport.objects.all(), batch.pk, owner, LEASE_SECONDS)
            clerk.settle(order)
        if time.monotonic() > until:
            return False
    fates = Counter(batch.results.values_list("fate", flat=True))
    with transaction.atomic():
        leases.renew(WorkOrderImport.objects.all(), batch.pk, owner, LEASE_SECONDS)
        _end(
            batch,
            WorkOrderStatus.DONE,
            "work_order.finish",
            {"rows": sum(fates.values()), "unknown_columns": unknown}
            | {fate.value: fates[fate] for fate in WorkOrderFate},
        )
    return True


def _orders(batch: WorkOrderImport) -> tuple[list[Order], list[str]]:
    """Return the rows of every sheet with a header, and the columns nobody knows. Raises RosterRefused, _Refused."""
    found: list[Order] = []
    unknown: list[str] = []
    headed = False
    with read(folder() / batch.stored_file, limits=LIMITS) as workbook:
        offset = 0
        for sheet in workbook:
            columns, last = None, 0
            for number, cells in sheet.rows():
                last = number
                if columns is None:
                    columns = work_orders.find_columns(cells) if number <= work_orders.HEADER_WITHIN else None
                    if columns is not None:
                        headed = True
                        unknown += [one for one in work_orders.unused(cells, columns) if one not in unknown]
                    continue
                order = work_orders.order_of(offset + number, cells, columns, batch.created_at)
                if order is not None:
                    found.append(order)
                if len(found) > work_orders.MOST_ROWS:
                    raise _Refused(TOO_MANY)
            offset += last
    if not headed:
        raise _Refused(NO_HEADER)
    return found, unknown


class _Refused(Exception):
    """The file is no file of work orders; the text is a sentence for people."""


class _Desk:
    """Settles rows one by one: what all of them share is looked up once."""

    def __init__(self, batch: WorkOrderImport) -> None:
        self.batch, self.reach = batch, reach_of(batch.uploaded_by) if batch.uploaded_by else None
        self.categories = list(Category.objects.offered())
        self.other = next((one for one in self.categories if one.code == "other"), self.categories[-1])
        below = Organization.objects.filter(subtree(batch.organization.path), kind__in=COMMITTEES)
        committees = list(below.exclude(status=OrganizationStatus.DISSOLVED).exclude(division=None).order_by("-depth"))
        self.committees = {row.division_id: row for row in committees}
        self.places = {row.pk: row for row in Division.objects.filter(pk__in=self.committees)}

    def settle(self, order: Order) -> None:
        """Lodge a row, or say why not, and write its fate."""
        fate, grievance = WorkOrderFate.REJECTED, None
        known = self._known(order)
        if known is not None:
            fate, grievance = known
        elif not order.errors:
            try:
                with transaction.atomic():
                    grievance = self._lodge(order)
                    if self.batch.is_dry_run:
                        transaction.set_rollback(True)
                        grievance = None
                fate = WorkOrderFate.CREATED
            except ValidationError as error:
                order.refuse("工单", "refused", reason="；".join(error.messages))
        WorkOrderRow.objects.create(
            batch=self.batch,
            row=order.row,
            external_number=order.number,
            fate=fate,
            remarks=[*order.errors, *order.warnings],
            grievance=grievance,
        )

    def _known(self, order: Order) -> tuple[WorkOrderFate, Grievance | None] | None:
        """Return the fate of an order that is lodged already, or None."""
        if not order.number or any(code == "number_repeated" for _, code, _ in order.errors):
            return None
        there = Grievance.objects.filter(channel=self.batch.channel, external_number=order.number).first()
        if there is None:
            return None
        if self.reach is not None and not Grievance.objects.visible_to(self.reach).filter(pk=there.pk).exists():
            order.errors, order.warnings = [], []
            order.refuse("number", "registered_elsewhere")
            return WorkOrderFate.REJECTED, None
        changed = order.title and order.title != there.title
        order.errors, order.warnings = [], []
        if changed:
            order.warn("title", "title_changed")
        return WorkOrderFate.UNCHANGED, there

    def _lodge(self, order: Order) -> Grievance:
        category = work_orders.category_for(order.kind, self.categories)
        if category is None and order.kind:
            order.warn("kind", "kind_unknown")
        division, unit = self._place(order)
        complaint = Complaint(
            title=order.title,
            description=order.description,
            category=category or self.other,
            channel=self.batch.channel,
            urgency=order.urgency,
            division=division,
            place="" if division is not None and order.place in (division.pk, division.name) else order.place,
            respondent=order.respondent,
            amount_involved=order.amount,
            name=order.name,
            phone=order.phone,
            is_anonymous=not (order.name or order.phone),
            external_number=order.number,
            received_at=order.received_at,
        )
        return lodge(complaint, at=timezone.now(), actor=self.batch.uploaded_by, unit=unit).grievance

    def _place(self, order: Order) -> tuple[Division | None, Organization]:
        """Return where it happened and the committee that gets it: the county's below, else the one that imports."""
        here = self.batch.organization
        if order.place:
            for code, division in self.places.items():
                if order.place == code or division.name in order.place:
                    return division, self.committees[code]
            order.warn("place", "place_unknown")
        return here.division, here


def _end(batch: WorkOrderImport, to: WorkOrderStatus, action: str, changes: dict) -> None:
    stored = batch.stored_file
    over = {"finished_at": timezone.now(), "stored_file": "", "lease_owner": "", "lease_until": None}
    trail.transition(
        batch,
        to,
        actor=None,
        action=action,
        next_table=WORK_ORDER_NEXT,
        changes=over | changes,
        organization_id=batch.organization_id,
        details={"digest": batch.file_digest} | {k: v for k, v in changes.items() if isinstance(v, int)},
    )
    transaction.on_commit(lambda: (folder() / stored).unlink(missing_ok=True) if stored else None)


def _fail(batch: WorkOrderImport, sentence: str) -> None:
    with transaction.atomic():
        _end(batch, WorkOrderStatus.FAILED, "work_order.fail", {"failure": sentence[:200]})


def rows_of(batch: WorkOrderImport) -> Iterator[dict]:
    """Yield what became of each row as plain data, in the order of the file. One query."""
    for row in batch.results.order_by("row").select_related("grievance"):
        yield {
            "row": row.row,
            "number": row.external_number,
            "fate": row.fate,
            "case": row.grievance.number if row.grievance else "",
            "remarks": [{"column": column, "code": code, "message": text} for column, code, text in row.remarks],
        }
