"""Files that go with a case. What is stored is not what was sent: pictures are drawn anew, without place, time, camera.

Kinds are told by content, never by the name. A file has a random name, mode 0600, and is served by views that ask who
is there; nothing under MEDIA_ROOT has an address.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from PIL import Image, ImageOps, UnidentifiedImageError

from foundation.audit import trail
from grievances.choices import OPEN
from grievances.models import Evidence, Grievance
from grievances.rules import cases
from grievances.workflow.handling import is_helped_by
from grievances.workflow.steps import COMPLAINANT, acting, held, note, require, require_visible

MOST = 9  # files of one case
MOST_BYTES = 10 * 1024 * 1024  # of one file
LONGEST_SIDE = 2560  # pixels that are kept: a waybill stays legible
# Pixels that are read at most. A JPEG is decoded at a fraction of its size, the others as they are.
MOST_PIXELS = {"JPEG": 64_000_000, "PNG": 25_000_000, "WEBP": 25_000_000}
Image.MAX_IMAGE_PIXELS = None  # MOST_PIXELS is asked before a pixel is read, and answered with a sentence

NOT_A_FILE = "只收照片（JPG、PNG、WebP）和 PDF。请把别的文件截图或另存为 PDF 再传。"
TYPES = {"jpg": "image/jpeg", "png": "image/png", "pdf": "application/pdf"}


@dataclass(frozen=True)
class Checked:
    """A file that may be stored: its kind ("jpg", "png", "pdf") and the bytes that will be kept."""

    kind: str
    content: bytes


def checked_file(upload) -> Checked:
    """Return what is kept of an uploaded file. No query; up to about a second and 200 MB for the largest picture.

    Raises ValidationError with a sentence: empty, too large, too many pixels, no picture and no PDF.
    """
    if upload.size == 0:
        raise ValidationError("这个文件是空的，请重新选。")
    if upload.size > MOST_BYTES:
        raise ValidationError(f"这个文件超过 {MOST_BYTES // 1024 // 1024} MB，请压缩或者分开再传。")
    upload.seek(0)
    content = upload.read(MOST_BYTES + 1)
    if content.startswith(b"%PDF-"):
        if b"%%EOF" not in content[-1024:]:
            raise ValidationError("这个 PDF 不完整，请重新存一次再传。")
        return Checked("pdf", content)
    return _drawn_anew(content)


def _drawn_anew(content: bytes) -> Checked:
    """Return a picture of the same look and nothing else: no EXIF, no place, no thumbnail, nothing behind its end."""
    try:
        with Image.open(BytesIO(content), formats=list(MOST_PIXELS)) as sent:
            kind = sent.format or ""
            if sent.width * sent.height > MOST_PIXELS[kind]:
                raise ValidationError("这张图片太大，请截图或者压缩以后再传。")
            sent.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))  # JPEG: decode at a fraction of the size
            picture = ImageOps.exif_transpose(sent)
            picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
            kept = Image.new("RGB", picture.size, "white")
            picture = picture.convert("RGBA")
            kept.paste(picture, mask=picture.getchannel("A"))
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, MemoryError) as error:
        # SyntaxError and ValueError are what Pillow's readers raise for broken chunks.
        raise ValidationError(NOT_A_FILE) from error
    written = BytesIO()
    if kind == "PNG":
        kept.save(written, "PNG", optimize=True)
        return Checked("png", written.getvalue())
    kept.save(written, "JPEG", quality=85)
    return Checked("jpg", written.getvalue())


def add_evidence(
    grievance: Grievance, files: Iterable[Checked], *, at: datetime, actor=COMPLAINANT, is_public: bool = True
) -> list[Evidence]:
    """Keep files with a case and return them; by its complainant, who lodged it for him, or who works on it.

    Nine at most. They get plain names (照片1.jpg): the name of a file may say who sent it. Two queries, two per file.

    Raises PermissionDenied, ValidationError, trail.NotAllowed when the matter has ended, trail.Conflict.
    """
    if actor is not COMPLAINANT:
        who = acting(actor, at)
        allowed = cases.may_handle(who.reach, grievance, who.offices) or cases.may_assign(who.reach, grievance)
        require(allowed or grievance.lodged_by_id == actor.pk, "材料由登记的人、承办的人和承办委员会的专干添加。")
    files = list(files)
    if grievance.status not in OPEN | cases.MAY_OBJECT:
        raise trail.NotAllowed(f"这件诉求现在是「{grievance.get_status_display()}」，不能再加材料。")
    written: list[Path] = []
    try:
        with held(grievance):
            there = Evidence.objects.filter(grievance=grievance).count()
            if there + len(files) > MOST:
                left = MOST - there
                raise ValidationError({"evidence": f"一件诉求最多 {MOST} 个文件，还能再加 {left} 个。"})
            added = []
            for number, file in enumerate(files, start=there + 1):
                stored = f"{secrets.token_hex(16)}.{file.kind}"
                written.append(folder() / stored)
                _write(written[-1], file.content)
                word = "文件" if file.kind == "pdf" else "照片"
                row = Evidence.objects.create(
                    grievance=grievance,
                    stored_file=stored,
                    name=f"{word}{number}.{file.kind}",
                    kind=file.kind,
                    size=len(file.content),
                    is_public=is_public,
                    added_by=actor if actor.pk else None,
                    at=at,
                )
                note(
                    grievance,
                    actor=actor,
                    action="grievance.add_evidence" if is_public else "grievance.add_internal_evidence",
                    details={"file": row.pk, "kind": file.kind, "bytes": row.size},
                )
                added.append(row)
    except BaseException:
        for path in written:
            path.unlink(missing_ok=True)
        raise
    return added


def open_evidence(evidence: Evidence, *, actor, at: datetime) -> Path:
    """Return where a file lies, for somebody of the staff who sees its case, and leave the trace.

    Raises PermissionDenied (also for an internal file, of who has no part in the case), FileNotFoundError.
    """
    grievance, who = evidence.grievance, acting(actor, at)
    require_visible(who.reach, grievance)
    helping = is_helped_by(grievance, who.offices)
    if not evidence.is_public and not cases.may_read_internal(who.reach, grievance, who.offices, helping):
        raise PermissionDenied("这份材料只给办这件诉求的单位看。")
    path = path_of(evidence)
    if not path.is_file():
        raise FileNotFoundError(evidence.stored_file)
    with transaction.atomic():
        note(grievance, actor=actor, action="grievance.open_evidence", details={"file": evidence.pk})
    return path


def public_evidence(grievance: Grievance) -> list[Evidence]:
    """Return the files that the complainant sees, oldest first. One query."""
    return list(Evidence.objects.filter(grievance=grievance, is_public=True))


def path_of(evidence: Evidence) -> Path:
    """Return where a file lies."""
    return folder() / evidence.stored_file


def folder() -> Path:
    """Return the private folder of the files, made when needed."""
    path = Path(settings.MEDIA_ROOT) / "evidence"
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path


def _write(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
