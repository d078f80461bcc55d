"""Files of a case: what is kept is not what was sent, and who may have it."""

import stat
import struct
import zlib
from datetime import timedelta
from io import BytesIO

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from PIL import Image

from foundation.audit import trail
from foundation.audit.models import Entry
from grievances import workflow
from grievances.models import Evidence
from grievances.workflow import retention
from grievances.workflow.evidence import MOST, MOST_BYTES, Checked, checked_file, folder, path_of
from tests.grievances.conftest import at

NOW = at("11-23 12:00")
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


def upload(content: bytes, name: str = "photo.jpg") -> SimpleUploadedFile:
    """Return a file as it arrives."""
    return SimpleUploadedFile(name, content)


def picture(kind: str = "JPEG", size=(60, 40), colour=(200, 30, 30), mode: str = "RGB", **options) -> bytes:
    """Return a picture of a kind."""
    written = BytesIO()
    Image.new(mode, size, colour).save(written, kind, **options)
    return written.getvalue()


def with_place() -> bytes:
    """Return a JPEG that says where, when and with what it was taken, turned on its side."""
    exif = Image.Exif()
    exif[0x010F], exif[0x0132], exif[0x0112] = "测试手机", "2026:11:20 14:48:00", 6
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (26.0, 34.0, 56.0)
    return picture(exif=exif, comment=b"home of the driver")


def png_of(width: int, height: int) -> bytes:
    """Return a PNG that says it has so many pixels, in a few bytes."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")


# --- what is kept -----------------------------------------------------------------------------------------------------
def test_place_time_and_camera_are_gone_and_the_picture_stands_upright():
    kept = checked_file(upload(with_place()))
    assert kept.kind == "jpg"
    with Image.open(BytesIO(kept.content)) as shown:
        assert not dict(shown.getexif())
        assert shown.size == (40, 60)
        assert "comment" not in shown.info
    for secret in ("测试手机".encode(), b"2026:11:20", b"home of the driver", b"Exif"):
        assert secret not in kept.content


@pytest.mark.parametrize(("sent", "kept"), [("JPEG", "jpg"), ("PNG", "png"), ("WEBP", "jpg")])
def test_pictures_are_told_by_content_whatever_they_are_called(sent, kept):
    for name in ("a.jpg", "a.html", "a", "a.exe"):
        assert checked_file(upload(picture(sent), name)).kind == kept


def test_a_transparent_picture_gets_white_behind_it():
    kept = checked_file(upload(picture("PNG", colour=(0, 0, 0, 0), mode="RGBA")))
    with Image.open(BytesIO(kept.content)) as shown:
        assert shown.getpixel((5, 5)) == (255, 255, 255)


def test_a_large_picture_becomes_small_enough():
    kept = checked_file(upload(picture(size=(6000, 4000))))
    with Image.open(BytesIO(kept.content)) as shown:
        assert max(shown.size) <= 2560
        assert shown.width > shown.height


def test_what_hides_behind_a_picture_or_in_its_texts_is_gone():
    script = b"<script>alert(1)</script>"
    for sent in (picture() + script, picture("PNG") + script, picture(comment=script), picture() + b"PK\x03\x04" * 9):
        kept = checked_file(upload(sent))
        assert script not in kept.content
        assert b"PK\x03\x04" not in kept.content


@pytest.mark.parametrize(
    "content",
    [
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"<!doctype html><script>alert(1)</script>",
        b"GIF89a" + b"\0" * 40,
        b"MZ" + b"\0" * 400,
        b"\xff\xd8\xff\xe0" + b"\0" * 40,
        picture()[:300],
        picture("PNG")[:60],
        b"%!PS-Adobe-3.0 EPSF-3.0\n",
        b"II*\0" + b"\0" * 60,
        b" %PDF-1.7 %%EOF",
    ],
    ids=["svg", "html", "gif", "program", "jpeg-head", "jpeg-cut", "png-cut", "eps", "tiff", "pdf-shifted"],
)
def test_what_is_neither_picture_nor_pdf_is_refused_in_words(content):
    with pytest.raises(ValidationError, match="只收照片"):
        checked_file(upload(content))


def test_an_empty_file_is_refused():
    with pytest.raises(ValidationError, match="空的"):
        checked_file(upload(b""))


def test_a_file_over_the_limit_is_refused_unread():
    with pytest.raises(ValidationError, match="超过 10 MB"):
        checked_file(upload(b"\0" * (MOST_BYTES + 1)))


@pytest.mark.parametrize("size", [(10_000, 10_000), (100_000, 100_000), (2**31 - 1, 2)])
def test_a_picture_of_too_many_pixels_is_refused_before_one_is_read(size):
    with pytest.raises(ValidationError, match="图片太大"):
        checked_file(upload(png_of(*size)))


def test_a_pdf_is_kept_as_it_is_when_it_is_whole():
    assert checked_file(upload(PDF, "a.txt")) == Checked("pdf", PDF)
    with pytest.raises(ValidationError, match="不完整"):
        checked_file(upload(PDF[:20]))


# --- beside a case ----------------------------------------------------------------------------------------------------
def test_a_file_gets_a_plain_name_a_random_place_and_an_entry(desk):
    case = desk.assigned()
    [photo, paper] = workflow.add_evidence(
        case, [checked_file(upload(picture(), "张某身份证.jpg")), Checked("pdf", PDF)], at=NOW
    )
    assert (photo.name, paper.name) == ("照片1.jpg", "文件2.pdf")
    assert path_of(photo).name == photo.stored_file
    assert stat.S_IMODE(path_of(photo).stat().st_mode) == 0o600
    assert stat.S_IMODE(folder().stat().st_mode) == 0o700
    entry = Entry.objects.filter(action="grievance.add_evidence").earliest("pk")
    assert (entry.actor_name, entry.details["file"], entry.details["kind"]) == ("诉求人", photo.pk, "jpg")
    assert "张某" not in str(entry.__dict__)


def test_nine_files_and_no_more(desk):
    case = desk.assigned()
    workflow.add_evidence(case, [Checked("pdf", PDF)] * MOST, at=NOW)
    before = set(folder().iterdir())
    with pytest.raises(ValidationError, match="最多 9 个文件"):
        workflow.add_evidence(case, [Checked("pdf", PDF)], at=NOW)
    assert Evidence.objects.filter(grievance=case).count() == MOST
    assert set(folder().iterdir()) == before


def test_a_refused_batch_leaves_no_file_behind(desk):
    case = desk.assigned()
    before = set(folder().iterdir())
    broken = [Checked("pdf", PDF), Checked("pdf", None)]  # nothing that could be written
    with pytest.raises(TypeError):
        workflow.add_evidence(case, broken, at=NOW)
    assert set(folder().iterdir()) == before
    assert not Evidence.objects.exists()


def test_nothing_is_added_to_what_has_ended(desk):
    case = desk.lodged()
    workflow.withdraw(case, at=NOW)
    with pytest.raises(trail.NotAllowed):
        workflow.add_evidence(case, [Checked("pdf", PDF)], at=NOW)


def test_staff_add_files_where_they_work_and_nowhere_else(desk, outsider, neighbour_clerk):
    case = desk.assigned()
    for actor in (desk.clerk, desk.officer):
        [row] = workflow.add_evidence(case, [Checked("pdf", PDF)], at=NOW, actor=actor, is_public=False)
        assert row.added_by == actor
    assert workflow.public_evidence(case) == []
    for actor in (outsider, neighbour_clerk, desk.secretary):
        with pytest.raises(PermissionDenied):
            workflow.add_evidence(case, [Checked("pdf", PDF)], at=NOW, actor=actor)


def test_staff_open_a_file_of_their_scope_and_leave_a_trace(desk, outsider, neighbour_clerk):
    case = desk.assigned()
    [row] = workflow.add_evidence(case, [Checked("pdf", PDF)], at=NOW)
    assert workflow.open_evidence(row, actor=desk.officer, at=NOW).read_bytes() == PDF
    entry = Entry.objects.get(action="grievance.open_evidence")
    assert (entry.actor_id, entry.details) == (desk.officer.pk, {"file": row.pk})
    for actor in (outsider, neighbour_clerk):
        with pytest.raises(PermissionDenied):
            workflow.open_evidence(row, actor=actor, at=NOW)
    path_of(row).unlink()
    with pytest.raises(FileNotFoundError):
        workflow.open_evidence(row, actor=desk.clerk, at=NOW)
    assert Entry.objects.filter(action="grievance.open_evidence").count() == 1


# --- how long ---------------------------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_files_of_cases_that_ended_long_ago_go_and_those_of_others_stay(desk):
    ended, open_ = desk.answered(), desk.in_hand()
    kept = [workflow.add_evidence(case, [Checked("pdf", PDF)], at=NOW)[0] for case in (ended, open_)]
    workflow.confirm(ended, solved="solved", satisfaction="satisfied", at=at("11-27 09:00"))
    assert retention.purge_evidence(at("2029-11-01 09:00"), dry_run=False) == 0
    assert retention.purge_evidence(at("2029-12-01 09:00"), dry_run=True) == 1
    assert path_of(kept[0]).exists()
    assert retention.purge_evidence(at("2029-12-01 09:00"), dry_run=False) == 1
    assert [path_of(one).exists() for one in kept] == [False, True]
    assert list(Evidence.objects.all()) == [kept[1]]
    entry = Entry.objects.get(action="grievance.evidence_purged")
    assert (entry.object_id, entry.details) == (str(ended.pk), {"files": 1})


@pytest.mark.django_db
def test_a_file_no_case_names_goes_after_a_day(desk):
    row = workflow.add_evidence(desk.in_hand(), [Checked("pdf", PDF)], at=NOW)[0]
    stray = folder() / f"{'0' * 32}.pdf"
    stray.write_bytes(PDF)
    soon, later = timezone.now() + timedelta(hours=1), timezone.now() + timedelta(days=2)
    assert retention.purge_stray_files(soon, dry_run=False) == 0
    retention.purge_stray_files(later, dry_run=False)
    assert (stray.exists(), path_of(row).exists()) == (False, True)
