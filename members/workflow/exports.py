"""Verbs on exports: ask for one, write it, fetch it, let it expire.

The job in the database is the truth. A writer holds it by a lease and writes to a file of its own; what a killed writer
leaves is never shown, the next one begins anew.
"""

from __future__ import annotations

import logging
import os
import secrets
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from celery import current_app
from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import ExpressionWrapper, F, Q, TextField
from django.utils import timezone

from branches.capabilities import CAPABILITIES, Capability
from branches.choices import Role
from branches.scope import Reach, reach_of
from foundation.audit import trail
from foundation.notifications import leases
from foundation.protection.fields import ProtectedField
from foundation.protection.seal import open_sealed, opener, seal
from members.choices import EXPORT_NEXT, ExportStatus
from members.lists.columns import Column, chosen, seen_rows
from members.lists.drivers import DriverList
from members.lists.paging import count_of
from members.models import Credential, DriverVehicle, ExportJob, Person, Vehicle
from members.rules.search import Kind, Query
from members.workflow.export_files import WRITERS

logger = logging.getLogger(__name__)
CHUNK = 5_000
LEASE_SECONDS = 60
STARTS_AT_MOST = 5
KEPT = timedelta(hours=24)
# Rows per file: masked, unmasked. A role that is not named exports nothing.
ROW_LIMITS: dict[str, tuple[int, int]] = {Role.CLERK: (500_000, 5_000)}
_SEARCH = "export.search"
_PERSON = "person__"
_EXPORT = Capability.DRIVER_EXPORT


def row_limit(reach: Reach, masked: bool) -> int:
    """Return how many rows this reader may export at once: the highest of his roles. EXPORT_ROW_LIMITS overrides."""
    limits = getattr(settings, "EXPORT_ROW_LIMITS", ROW_LIMITS)
    return max((limits[role][0 if masked else 1] for role in reach.roles if role in limits), default=0)


def list_of(job_query: dict, reach: Reach, on) -> DriverList:
    """Return the list a stored query names, within what this reader may export now."""
    token = job_query.get("search")
    query = None
    if token:
        kind, _, text = open_sealed(token, _SEARCH).partition(" ")
        query = Query(Kind(kind), text)
    return DriverList(
        reach,
        on,
        job_query.get("values", {}),
        query,
        keys=tuple(job_query.get("keys", ())),
        scope=Capability.DRIVER_EXPORT,
    )


def query_of(asked: DriverList) -> dict:
    """Return a list as it is stored with a job: a typed text only sealed."""
    stored: dict = {"values": asked.values}
    if asked.query is not None:
        stored["search"] = seal(f"{asked.query.kind.value} {asked.query.canonical}", _SEARCH)
    if asked.keys:
        stored["keys"] = list(asked.keys)
    return stored


def request_export(
    asked: DriverList,
    columns: Sequence[str],
    *,
    format: str,
    reason: str,
    unmask: bool,
    actor,
    at: datetime | None = None,
) -> ExportJob:
    """Ask for a file of exactly the rows of a list and return the job. About five statements.

    Raises PermissionDenied outside driver.export (or reveal, unmasked), ValidationError (reason, rows over the limit).
    """
    at = at or timezone.now()
    reach = reach_of(actor)
    if not reach.has(Capability.DRIVER_EXPORT):
        raise PermissionDenied("导出司机名单不在您的权限里。")
    if unmask and not reach.has(Capability.DRIVER_IDENTITY_REVEAL):
        raise PermissionDenied("不打码导出不在您的权限里。")
    reason = " ".join(reason.split())
    if not 4 <= len(reason) <= 200:
        raise ValidationError({"reason": "请写明用途，4 到 200 个字。"})
    codes = [column.code for column in chosen(columns, reach)]
    limit = row_limit(reach, masked=not unmask)
    query = query_of(asked)
    rows = list_of(query, reach, timezone.localdate(at)).rows()
    total = count_of(rows, cap=limit)
    if not total.exact:
        hint = "不打码最多 {:,} 人。" if unmask else "一次最多 {:,} 人。"
        raise ValidationError(f"这份名单太长，{hint.format(limit)}请加条件，分几次导出。")
    if not total.number:
        raise ValidationError("没有可以导出的司机。")
    with transaction.atomic():
        job = ExportJob.objects.create(
            created_by=actor,
            list_name="drivers",
            query=query,
            columns=codes,
            format=format,
            reason=reason,
            masked=not unmask,
            row_limit=limit,
            total=total.number,
            created_at=at,
        )
        details = {"rows": total.number, "columns": codes, "masked": job.masked, "format": format}
        details["conditions"] = dict(asked.values)
        place = _place_of(reach)
        trail.record("driver.export", job, actor=actor, organization_id=place, reason=reason, details=details)
        wake(job)
    return job


def wake(job: ExportJob) -> None:
    """Send the wake-up once the job is committed; if it is lost, the sweep finds the job."""
    task = current_app.tasks["members.tasks.write_export"]
    transaction.on_commit(lambda: task.delay(job.pk), robust=True)


def _place_of(reach: Reach) -> int | None:
    return next((post.organization_id for post in reach.posts if post.role in ROW_LIMITS), None)


# --- writing ----------------------------------------------------------------------------------------------------------
def folder() -> Path:
    """Return the private folder of the files, made when needed."""
    path = Path(settings.MEDIA_ROOT) / "exports"
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path


def write_next(pk: int | None = None) -> bool:
    """Write one export that waits or whose writer died (a certain one with `pk`), and return whether there was one.

    One task writes one whole file: 430,000 rows take some fifteen seconds; progress and lease are renewed every CHUNK.
    """
    claimable = ExportJob.objects.claimable(timezone.now())
    owner = leases.new_owner()
    claimed = leases.claim(claimable.filter(pk=pk) if pk else claimable, owner, LEASE_SECONDS)
    if claimed is None:
        return False
    job = ExportJob.objects.select_related("created_by").get(pk=claimed)
    logger.info("export %s: start %s", job.pk, job.starts)
    try:
        _write(job, owner)
    except leases.LeaseLost:
        logger.warning("export %s: another writer has it", job.pk)
    except PermissionDenied as error:
        _fail(job, str(error) or "提交以后，您的权限变了。")
    return True


def _write(job: ExportJob, owner: str) -> None:
    if job.starts > STARTS_AT_MOST:
        return _fail(job, "写了几次都没有写完，已经停下。请联系系统管理员。")
    if job.status == ExportStatus.WAITING:
        _step(job, ExportStatus.WRITING, "export.start", {})
    reach = reach_of(job.created_by)
    if not reach.has(Capability.DRIVER_EXPORT) or (not job.masked and not reach.has(Capability.DRIVER_IDENTITY_REVEAL)):
        raise PermissionDenied("提交以后，您的权限变了，没有写。")
    columns = chosen(job.columns, reach)
    name = f"{secrets.token_hex(16)}.{job.format}"
    part = folder() / f"{name}.part"
    os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    writer = WRITERS[job.format](part, [column.label for column in columns], [column.width for column in columns])
    written = 0
    try:
        asked = list_of(job.query, reach, timezone.localdate(job.created_at))
        for rows in _chunks(asked, columns, reach, job.masked, job.row_limit):
            writer.write(rows)
            written += len(rows)
            leases.renew(ExportJob.objects.all(), job.pk, owner, LEASE_SECONDS, written=written)
        writer.close(_notes(job, asked, written))
    except BaseException:
        writer.abandon()
        part.unlink(missing_ok=True)
        raise
    with transaction.atomic():
        now = timezone.now()
        # Whoever lost the lease meanwhile stops here: another writer makes the file.
        leases.renew(ExportJob.objects.all(), job.pk, owner, LEASE_SECONDS)
        changes = {"file_name": name, "finished_at": now, "expires_at": now + KEPT, "written": written}
        _step(job, ExportStatus.READY, "export.finish", changes | {"lease_owner": "", "lease_until": None})
        os.replace(part, folder() / name)
    logger.info("export %s: ready, %s rows", job.pk, written)


def _step(job: ExportJob, to: ExportStatus, action: str, changes: dict) -> None:
    trail.transition(job, to, actor=None, action=action, next_table=EXPORT_NEXT, changes=changes)


def _fail(job: ExportJob, sentence: str) -> None:
    job.refresh_from_db()
    changes = {"failure": sentence[:200], "finished_at": timezone.now(), "lease_owner": "", "lease_until": None}
    _step(job, ExportStatus.FAILED, "export.fail", changes)


def _notes(job: ExportJob, asked: DriverList, written: int) -> list[tuple[str, str]]:
    conditions = "；".join(label for _, label in asked.in_force()) or "全部"
    if asked.query is not None:
        conditions += f"；按{asked.query.label}查找"
    if asked.keys:
        conditions = f"名单上勾选的 {len(asked.keys)} 人"
    return [
        ("导出人", f"{trail.name_of(job.created_by)}（{job.created_by.get_username()}）"),
        ("导出时间", timezone.localtime(job.created_at).strftime("%Y-%m-%d %H:%M")),
        ("用途", job.reason),
        ("范围", conditions),
        ("人数", f"{written:,} 人"),
        ("个人信息", "已打码" if job.masked else "未打码，用完请销毁"),
        ("提醒", "本文件含个人信息，只可用于上面写明的用途。每次导出都有审计记录。"),
    ]


def _chunks(
    asked: DriverList, columns: Sequence[Column], reach: Reach, masked: bool, limit: int
) -> Iterator[list[list[str]]]:
    """Yield rows of texts by CHUNK in the order of registration; two to five queries per chunk.

    Drivers and persons are read apart: joined, the planner walks all persons from the first one for every chunk.
    """
    paths = list(dict.fromkeys(path for column in columns for path in column.paths))
    of_person = [path for path in paths if path.startswith(_PERSON)]
    of_driver = [path for path in paths if not path.startswith(_PERSON)]
    places = {path: n for n, path in enumerate([*of_driver, *of_person], start=1)}
    persons, openers = _person_values(of_person)
    rows = asked.rows().order_by("pk")
    needed = [*columns, *([] if masked else [_REVEALED])]
    last, left = 0, limit
    while left > 0:
        found = list(rows.filter(pk__gt=last).values_list("pk", *of_driver)[: min(CHUNK, left)])
        if not found:
            return
        keys = [row[0] for row in found]
        last, left = keys[-1], left - len(found)
        if of_person:
            known = {row[0]: row[1:] for row in persons.filter(_of(keys, "pk"))}
            found = [row + known[row[0]] for row in found]
        seen = seen_rows(reach, needed, keys)
        opened = frozenset() if masked else seen[Capability.DRIVER_IDENTITY_REVEAL]
        fields = [_field(column, places, keys, seen[column.needs], opened, openers) for column in columns]
        yield [[field(row) for field in fields] for row in found]


def _person_values(paths: list[str]):
    """Return (rows of key and values of Person, functions that open the sealed ones among them by path).

    Sealed values are read as they are stored: a field opens each with all its checks, an opener does it for a batch.
    """
    names = [path.removeprefix(_PERSON) for path in paths]
    sealed = {name: field for name in names if isinstance(field := Person._meta.get_field(name), ProtectedField)}
    rows = Person.objects.order_by().annotate(
        **{f"sealed_{name}": ExpressionWrapper(F(name), TextField()) for name in sealed}
    )
    openers = {f"{_PERSON}{name}": opener(field.aad) for name, field in sealed.items()}
    return rows.values_list("pk", *(f"sealed_{name}" if name in sealed else name for name in names)), openers


def _field(column: Column, places: dict[str, int], keys: list[int], seen: frozenset[int], opened, openers):
    """Return a function from a row of values to the text of one column."""
    text, mask = column.text, column.masked
    if column.code in _ELSEWHERE:
        found = _ELSEWHERE[column.code](keys)

        def read(row):
            return "、".join(mask(v) if mask and row[0] not in opened else v for v in found.get(row[0], ()))

    elif len(column.paths) == 1:
        at = places[column.paths[0]]
        if mask:
            open_text = openers[column.paths[0]]

            def read(row):
                if not row[at]:
                    return ""
                value = open_text(row[at])
                return value if row[0] in opened else mask(value)

        else:

            def read(row):
                return text(row[at])

    else:
        several = [places[path] for path in column.paths]

        def read(row):
            return text(*(row[at] for at in several))

    if seen.issuperset(keys):
        return read
    return lambda row: read(row) if row[0] in seen else ""


def _of(keys: Sequence[int], name: str = "driver_id") -> Q:
    """Return "of these drivers": as a range where they lie close together, which is read much faster than a list."""
    if keys[-1] - keys[0] < 3 * len(keys):
        return Q(**{f"{name}__gte": keys[0], f"{name}__lte": keys[-1]})
    return Q(**{f"{name}__in": keys})


def _plates(keys: Sequence[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    links = list(
        DriverVehicle.objects.running().filter(_of(keys)).order_by("pk").values_list("driver_id", "vehicle_id")
    )
    # By their keys and not by a join: for one the planner reads all vehicles.
    plates = dict(Vehicle.objects.filter(pk__in={vehicle for _, vehicle in links}).values_list("pk", "plate"))
    for driver, vehicle in links:
        found.setdefault(driver, []).append(plates[vehicle])
    return found


def _expiries(keys: Sequence[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    rows = Credential.objects.filter(_of(keys), expires_date__isnull=False).order_by("expires_date")
    for driver, day in rows.values_list("driver_id", "expires_date"):
        found.setdefault(driver, []).append(day.isoformat())
    return found


def _licences(keys: Sequence[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    rows = Credential.objects.filter(_of(keys)).order_by("kind")
    for driver, number in rows.values_list("driver_id", "number"):
        found.setdefault(driver, []).append(number)
    return found


_ELSEWHERE = {"plates": _plates, "expires": _expiries, "credential": _licences}
_REVEALED = Column("revealed", "", Capability.DRIVER_IDENTITY_REVEAL, (), str)


# --- fetching and expiry ----------------------------------------------------------------------------------------------
def fetch(job: ExportJob, *, actor, at: datetime | None = None) -> Path:
    """Return where the finished file lies, for its owner, and write the download down.

    Raises PermissionDenied when it is another's, the right is gone or a post is over by which he asked for it;
    FileNotFoundError when it is not ready or over.
    """
    at = at or timezone.now()
    reach = reach_of(actor)
    rights = [Capability.DRIVER_EXPORT, *([] if job.masked else [Capability.DRIVER_IDENTITY_REVEAL])]
    if job.created_by_id != actor.pk or not all(reach.has(right) for right in rights):
        raise PermissionDenied("这个文件不在您的权限里。")
    # The rows are those of the posts he held then: the same right at another committee opens another file.
    if not _exporting(reach_of(actor, job.created_at)) <= _exporting(reach):
        raise PermissionDenied("导出这份名单时的任职已经结束，不能再下载。")
    path = folder() / job.file_name
    if job.status != ExportStatus.READY or (job.expires_at and job.expires_at <= at) or not path.is_file():
        raise FileNotFoundError("这个文件已经过期，请重新导出。")
    with transaction.atomic():
        trail.record(
            "driver.export_download",
            job,
            actor=actor,
            organization_id=_place_of(reach),
            reason=job.reason,
            details={"rows": job.written, "masked": job.masked},
        )
    return path


def _exporting(reach: Reach) -> set[tuple[str, int]]:
    return {(post.role, post.organization_id) for post in reach.posts if post.role in CAPABILITIES[_EXPORT]}


def expire(at: datetime) -> int:
    """Delete files past their day and what killed writers left behind; return how many jobs expired."""
    over = ExportJob.objects.filter(status=ExportStatus.READY, expires_at__lte=at)
    number = 0
    for job in over:
        with transaction.atomic():
            _step(job, ExportStatus.EXPIRED, "export.expire", {})
        (folder() / job.file_name).unlink(missing_ok=True)
        number += 1
    wanted = set(ExportJob.objects.filter(status=ExportStatus.READY).values_list("file_name", flat=True))
    for path in folder().iterdir():
        old = datetime.fromtimestamp(path.stat().st_mtime, tz=at.tzinfo) < at - timedelta(hours=1)
        if path.name not in wanted and old:
            path.unlink(missing_ok=True)
    return number
