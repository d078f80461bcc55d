"""What a file really is, by its bytes and never by its name; and whether it is safe to unpack."""

import mmap
import os
import zipfile
from pathlib import Path

from members.roster.read.limits import MEGABYTE, Limits
from members.roster.read.refusals import RosterRefused
from members.roster.read.text import is_full_of_zeros

OLE = bytes.fromhex("d0cf11e0a1b11ae1")
_STRANGERS = (
    (b"%PDF", " PDF 文件"),
    (b"\xff\xd8\xff", "图片"),
    (b"\x89PNG", "图片"),
    (b"GIF8", "图片"),
    (b"BM", "图片"),
    (b"II*\x00", "图片"),
    (b"{\\rtf", "文字文件（RTF）"),
    (b"MZ", "程序"),
    (b"\x7fELF", "程序"),
    (b"SQLite format 3", "数据库文件"),
)
_ARCHIVES = (b"Rar!", b"7z\xbc\xaf\x27\x1c", b"\x1f\x8b", b"BZh", b"\xfd7zXZ")
_TABLES = (".xlsx", ".xls", ".xlsb", ".ods", ".et", ".csv", ".txt")


def kind_of(path: Path, limits: Limits) -> str:
    """Return xlsx, xlsb, ods, xls or text.

    Reads a few kilobytes, the directory of a zip file and, of the old binary format, the names of its streams.
    Raises RosterRefused: empty, too_large, wrong_type, html, xml, archive, macro, encrypted, bomb, damaged.
    """
    size = path.stat().st_size
    if not size:
        raise RosterRefused("empty")
    if size > limits.max_bytes:
        raise RosterRefused("too_large", size=_megabytes(size), limit=limits.max_bytes // MEGABYTE)
    with path.open("rb") as file:
        head = file.read(4096)
    if head.startswith(b"PK"):
        return _zip_kind(path, limits)
    if head.startswith(OLE):
        return _ole_kind(path)
    for signature in _ARCHIVES:
        if head.startswith(signature):
            raise RosterRefused("archive")
    for signature, what in _STRANGERS:
        # Two letters alone could begin a column name; a picture or a program holds zero bytes soon after.
        if head.startswith(signature) and (len(signature) > 2 or b"\0" in head):
            raise RosterRefused("wrong_type", what=what)
    if not head.startswith((b"\xff\xfe", b"\xfe\xff")):
        if head[:2] == b"\x09\x08" or head[:2] == b"\x09\x04":
            raise RosterRefused("wrong_type", what="很旧的 Excel 格式")
        if is_full_of_zeros(head):
            raise RosterRefused("wrong_type", what="二进制文件")
        _refuse_markup(head)
    return "text"


def _refuse_markup(head: bytes) -> None:
    """Web pages and XML saved under a spreadsheet's name: no cells can be told from them reliably."""
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1024].lower()
    if start.startswith(b"<?xml"):
        raise RosterRefused("html" if b"<html" in start else "xml")
    if start.startswith((b"<!doctype", b"<html", b"<table", b"<head", b"<meta", b"<style", b"<body", b"<div", b"<!--")):
        raise RosterRefused("html")
    if start.startswith((b"mime-version:", b"from: <saved by")):
        raise RosterRefused("html")


def _zip_kind(path: Path, limits: Limits) -> str:
    try:
        with zipfile.ZipFile(path) as package:
            parts = package.infolist()
            names = {part.filename.replace("\\", "/").lower() for part in parts}
            _refuse_bomb(parts, path, limits)
            if any(part.flag_bits & 1 for part in parts):
                raise RosterRefused("encrypted")
            if any(name.endswith(("vbaproject.bin", "xlmmacrosheet.xml")) or "/macrosheets/" in name for name in names):
                raise RosterRefused("macro")
            types = _content_types(package, limits)
            mimetype = package.read("mimetype")[:200] if "mimetype" in names else b""
            manifest = package.read("META-INF/manifest.xml")[:100_000] if "meta-inf/manifest.xml" in names else b""
    except RosterRefused:
        raise
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, KeyError, EOFError, OSError) as error:
        raise RosterRefused("damaged") from error
    # Every binary workbook calls itself sheet.binary.macroEnabled; only the part with the macros tells.
    if b"macroenabled" in types.replace(b"sheet.binary.macroenabled", b""):
        raise RosterRefused("macro")
    if b"spreadsheet" in mimetype or (not mimetype and not types and "content.xml" in names):
        if b"encryption-data" in manifest:
            raise RosterRefused("encrypted")
        if any(name.startswith("basic/") and name.endswith(".xml") and "/standard/" in name for name in names):
            raise RosterRefused("macro")
        return "ods"
    if "xl/workbook.bin" in names or b"sheet.binary" in types:
        return "xlsb"
    if "xl/workbook.xml" in names or b"spreadsheetml" in types:
        return "xlsx"
    if "word/document.xml" in names or b"opendocument.text" in mimetype:
        raise RosterRefused("wrong_type", what="文字文件（Word）")
    if "ppt/presentation.xml" in names or b"opendocument.presentation" in mimetype:
        raise RosterRefused("wrong_type", what="演示文件")
    raise RosterRefused("archive")


def _content_types(package: zipfile.ZipFile, limits: Limits) -> bytes:
    for part in package.infolist():
        if part.filename.lower() == "[content_types].xml" and part.file_size < 5 * MEGABYTE:
            return package.read(part).lower()
    return b""


def _refuse_bomb(parts: list[zipfile.ZipInfo], path: Path, limits: Limits) -> None:
    """Judge by the directory; what lies about its sizes meets the limits of the child instead."""
    if len(parts) > limits.max_parts:
        raise RosterRefused("too_many_parts", count=len(parts))
    unpacked = sum(part.file_size for part in parts)
    packed = sum(part.compress_size for part in parts)
    swollen = any(
        part.file_size > limits.ratio_from and part.file_size > limits.max_ratio * max(part.compress_size, 1)
        for part in parts
    )
    # Parts that overlap add up to more than the file.
    if swollen or unpacked > limits.max_unpacked or packed > os.path.getsize(path):
        raise RosterRefused("bomb", size=_megabytes(unpacked))


def _ole_kind(path: Path) -> str:
    """Look for the names of streams; they stand in UTF-16 in the directory of the compound file."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:

        def holds(name: str) -> bool:
            return content.find(name.encode("utf-16-le")) >= 0

        if holds("EncryptedPackage"):
            raise RosterRefused("encrypted")
        if holds("_VBA_PROJECT"):
            raise RosterRefused("macro")
        if holds("Workbook\0") or holds("Book\0"):
            return "xls"
        if holds("WordDocument"):
            raise RosterRefused("wrong_type", what="文字文件（Word）")
        if holds("PowerPoint Document"):
            raise RosterRefused("wrong_type", what="演示文件")
    raise RosterRefused("damaged")


def _megabytes(size: int) -> str:
    return f"{size / MEGABYTE:,.0f}"
