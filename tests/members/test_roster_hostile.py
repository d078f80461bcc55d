"""Files that are no rosters, or mean harm: refused within seconds, each with its own sentence."""

import os
import signal
import struct
import time
import zipfile
from collections import deque
from dataclasses import replace
from pathlib import Path

import pytest
import xlsxwriter

from members.roster.columns import recognise
from members.roster.read import SENTENCES, Limits, RosterRefused, read
from tests.members.rosters import FOLDER

_XLSX = FOLDER / "15-second-import.xlsx"
_XLS = FOLDER / "03-numbers.xls"
_ODS = FOLDER / "10-opendocument.ods"


def refusal_of(path, limits: Limits | None = None) -> RosterRefused:
    started = time.monotonic()
    with pytest.raises(RosterRefused) as caught, read(path, limits=limits) as workbook:
        for _ in recognise(workbook):
            pass
    assert time.monotonic() - started < 20
    assert caught.value.sentence.endswith("。")
    return caught.value


def repacked(source, path, *, change=None, add=None, compression=zipfile.ZIP_DEFLATED):
    """Copy a package with parts changed or added."""
    with zipfile.ZipFile(source) as package, zipfile.ZipFile(path, "w", compression) as copy:
        for part in package.namelist():
            content = package.read(part)
            copy.writestr(part, (change or {}).get(part, lambda same: same)(content))
        for part, content in (add or {}).items():
            copy.writestr(part, content)
    return path


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b"%PDF-1.7\n...", "wrong_type"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "wrong_type"),
        (b"\x89PNG\r\n\x1a\n\0\0", "wrong_type"),
        (b"MZ\x90\0\3", "wrong_type"),
        (b"\0\1\2\3" * 300, "wrong_type"),
        ("姓名,身份证号\n".encode("utf-16-le"), "wrong_type"),
        (b"Rar!\x1a\x07\x01\x00", "archive"),
        (b"\x1f\x8b\x08\x00", "archive"),
        (b"<html><table><tr><td>\xe5\xa7\x93</td></tr></table></html>", "html"),
        (b'\xef\xbb\xbf<?xml version="1.0"?><Workbook/>', "xml"),
        (b'<?xml version="1.0"?><html xmlns="x"/>', "html"),
        (b"MIME-Version: 1.0\r\nX-Document-Type: Workbook\r\n", "html"),
        (b"PK\x03\x04" + b"\0" * 100, "damaged"),
        (bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 2000, "damaged"),
        (bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 504 + "EncryptedPackage".encode("utf-16-le"), "encrypted"),
        (bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 504 + "WordDocument".encode("utf-16-le"), "wrong_type"),
        ("姓名,身份证号\n张伟,".encode() + b"\xff\xfe\xff", "encoding_unknown"),
        ("今天天气好\n明天也好\n".encode(), "no_header"),
        ("姓名,身份证号,手机号\n".encode(), "no_rows"),
        (b"\n\n   \n", "no_header"),
    ],
)
def test_what_is_no_roster_is_refused_by_its_bytes(content, code, tmp_path):
    path = tmp_path / "名册.xlsx"
    path.write_bytes(content)
    assert refusal_of(path).code == code


def test_every_refusal_has_a_sentence_that_says_what_to_do():
    for code, sentence in SENTENCES.items():
        assert sentence.endswith("。"), code
        assert any(verb in sentence for verb in ("请", "另存", "解压")), code


@pytest.mark.parametrize("source", [_XLSX, _XLS, _ODS], ids=["xlsx", "xls", "ods"])
@pytest.mark.parametrize("part", [0.3, 0.7, 0.99])
def test_a_truncated_file_is_refused(source, part, tmp_path):
    path = tmp_path / "roster"
    content = source.read_bytes()
    path.write_bytes(content[: int(len(content) * part)])
    assert refusal_of(path).code == "damaged"


def test_a_package_with_half_a_sheet_is_refused(tmp_path):
    path = repacked(_XLSX, tmp_path / "x.xlsx", change={"xl/worksheets/sheet1.xml": lambda content: content[:2000]})
    assert refusal_of(path).code == "damaged"


def test_a_bomb_of_300_megabytes_is_refused_before_it_is_unpacked(tmp_path):
    row = b'<row r="1"><c r="A1" t="inlineStr"><is><t>' + b"0" * 1_000_000 + b"</t></is></c></row>"
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(_XLSX) as package, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as copy:
        for part in package.namelist():
            if part != "xl/worksheets/sheet1.xml":
                copy.writestr(part, package.read(part))
        with copy.open("xl/worksheets/sheet1.xml", "w") as sheet:
            sheet.write(b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>')
            for _ in range(300):
                sheet.write(row)
            sheet.write(b"</sheetData></worksheet>")
    assert path.stat().st_size < 1_000_000
    assert refusal_of(path).code == "bomb"


def test_a_bomb_that_lies_about_its_size_meets_the_limits_of_the_child(tmp_path):
    path = tmp_path / "liar.xlsx"
    strings = b"<sst>" + b"".join(b"<si><t>%07d%s</t></si>" % (i, b"9" * 90) for i in range(1_200_000)) + b"</sst>"
    repacked(_XLSX, path, change={"xl/sharedStrings.xml": lambda _: strings})
    content = bytearray(path.read_bytes())
    true_size = struct.pack("<I", len(strings))
    assert content.count(true_size) == 2
    path.write_bytes(bytes(content).replace(true_size, struct.pack("<I", 5000)))
    small = replace(Limits(), memory=220 * 1024 * 1024, seconds=4)
    assert refusal_of(path, small).code in {"too_much_memory", "too_slow", "damaged", "bomb"}


def test_overlapping_parts_are_refused(tmp_path):
    path = tmp_path / "overlap.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("xl/workbook.xml", os.urandom(100_000))
        first = package.infolist()[0]
        for number in range(20):  # twenty names for one body
            copy = zipfile.ZipInfo(f"xl/part{number}.xml")
            for name in ("header_offset", "file_size", "compress_size", "CRC", "compress_type"):
                setattr(copy, name, getattr(first, name))
            package.filelist.append(copy)
            package.NameToInfo[copy.filename] = copy
    assert refusal_of(path).code == "bomb"


def test_too_many_parts_are_refused(tmp_path):
    path = repacked(_XLSX, tmp_path / "x.xlsx", add={f"xl/media/{number}.txt": b"" for number in range(2500)})
    assert refusal_of(path).code == "too_many_parts"


def test_a_cell_far_away_is_refused_with_advice(tmp_path):
    path = tmp_path / "far.xlsx"
    workbook = xlsxwriter.Workbook(path)
    sheet = workbook.add_worksheet()
    sheet.write_row(0, 0, ["姓名", "身份证号"])
    sheet.write("XFD1048576", "。")
    workbook.close()
    refusal = refusal_of(path)
    assert refusal.code == "too_much_memory"
    assert "Ctrl+End" in refusal.sentence


def test_too_many_rows_and_columns_are_counted(tmp_path):
    path = tmp_path / "wide.xlsx"
    workbook = xlsxwriter.Workbook(path)
    workbook.add_worksheet("宽").write_row(0, 0, ["姓名", "身份证号", *(f"列{number}" for number in range(400))])
    workbook.close()
    wide = refusal_of(path)
    assert (wide.code, "402" in wide.sentence, "宽" in wide.sentence) == ("too_many_columns", True, True)
    assert refusal_of(FOLDER / "05-utf8-bom.csv", replace(Limits(), max_rows=100)).code == "too_many_rows"
    assert refusal_of(FOLDER / "01-title-merged-branches.xlsx", replace(Limits(), max_rows=50)).code == "too_many_rows"
    assert refusal_of(_XLSX, replace(Limits(), max_bytes=1000)).code == "too_large"


@pytest.mark.parametrize("part", ["xl/vbaProject.bin", "xl/macrosheets/sheet1.xml"])
def test_macros_are_refused_whatever_the_name_of_the_file(part, tmp_path):
    assert refusal_of(repacked(_XLSX, tmp_path / "x.xlsx", add={part: b"x"})).code == "macro"


def test_a_macro_enabled_content_type_is_refused(tmp_path):
    change = {
        "[Content_Types].xml": lambda content: content.replace(
            b"openxmlformats-officedocument.spreadsheetml.sheet.main", b"ms-excel.sheet.macroEnabled.main"
        )
    }
    assert refusal_of(repacked(_XLSX, tmp_path / "x.xlsx", change=change)).code == "macro"


def test_macros_in_the_old_format_are_refused(tmp_path):
    path = tmp_path / "old.xls"
    path.write_bytes(_XLS.read_bytes() + "_VBA_PROJECT_CUR".encode("utf-16-le"))
    assert refusal_of(path).code == "macro"


def test_an_old_workbook_with_a_password_is_refused_as_encrypted(tmp_path):
    content = _XLS.read_bytes()
    start = content.find(b"\x09\x08\x10\x00\x00\x06\x05\x00")
    record = struct.pack("<HH", 0x2F, 54) + struct.pack("<HHH", 1, 1, 1) + b"\x07" * 48
    path = tmp_path / "locked.xls"
    path.write_bytes(content[: start + 20] + record + content[start + 20 + len(record) :])
    assert refusal_of(path).code == "encrypted"


def test_an_encrypted_zip_is_refused_as_encrypted(tmp_path):
    content = bytearray(_XLSX.read_bytes())
    at = content.find(b"PK\x01\x02")
    content[at + 8] |= 1
    path = tmp_path / "locked.xlsx"
    path.write_bytes(content)
    assert refusal_of(path).code == "encrypted"


def test_an_encrypted_opendocument_is_refused_as_encrypted(tmp_path):
    def locked(content):
        return content.replace(b"</manifest:manifest>", b"<manifest:encryption-data/></manifest:manifest>")

    path = repacked(_ODS, tmp_path / "x.ods", change={"META-INF/manifest.xml": locked})
    assert refusal_of(path).code == "encrypted"


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ({"a.xlsx": b"x", "b.xlsx": b"y"}, "archive"),
        ({"[Content_Types].xml": b"<Types/>", "word/document.xml": b"<w/>"}, "wrong_type"),
        ({"[Content_Types].xml": b"<Types/>", "ppt/presentation.xml": b"<p/>"}, "wrong_type"),
        ({"mimetype": b"application/vnd.oasis.opendocument.text", "content.xml": b"<x/>"}, "wrong_type"),
    ],
)
def test_other_packages_are_told_apart(parts, code, tmp_path):
    path = tmp_path / "x.xlsx"
    with zipfile.ZipFile(path, "w") as package:
        for name, content in parts.items():
            package.writestr(name, content)
    assert refusal_of(path).code == code


def test_only_hidden_sheets_are_refused(tmp_path):
    path = tmp_path / "x.xlsx"
    workbook = xlsxwriter.Workbook(path)
    workbook.add_worksheet("空")
    hidden = workbook.add_worksheet("名单")
    hidden.write_row(0, 0, ["姓名", "身份证号"])
    hidden.hide()
    workbook.close()
    assert refusal_of(path).code == "no_visible_sheet"


def test_an_external_entity_is_not_read(tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("secret-of-the-house")

    def with_entity(content):
        body = content.split(b"?>", 1)[1]
        doctype = f'<!DOCTYPE x [<!ENTITY e SYSTEM "file://{secret}">]>'.encode()
        return b'<?xml version="1.0"?>' + doctype + body.replace(b"<t>", b"<t>&e;", 3)

    path = repacked(_XLSX, tmp_path / "x.xlsx", change={"xl/sharedStrings.xml": with_entity})
    try:
        with read(path) as workbook:
            seen = [str(cell) for sheet in workbook for _, cells in sheet.rows() for cell in cells]
    except RosterRefused:
        seen = []
    assert not any("secret-of-the-house" in cell for cell in seen)


def test_entities_that_grow_are_refused_in_opendocument(tmp_path):
    def grown(content):
        spanned = content.replace(b"<table:table-cell", b'<table:table-cell table:number-rows-spanned="2"', 1)
        return spanned.replace(b"?>", b'?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">]>', 1)

    assert refusal_of(repacked(_ODS, tmp_path / "x.ods", change={"content.xml": grown})).code == "damaged"


def test_a_child_that_is_killed_is_a_refusal_and_no_outage(tmp_path):
    path = tmp_path / "big.csv"
    row = "张伟,510105199001011237,13800138000\n"
    path.write_text("姓名,身份证号,手机号\n" + row * 200_000, encoding="utf-8")
    with read(path) as workbook:
        people = iter(recognise(workbook))
        next(people)
        workbook._child.kill()
        with pytest.raises(RosterRefused) as caught:
            deque(people, maxlen=0)
    assert caught.value.code == "too_much_memory"


def test_a_child_that_stops_answering_is_ended(tmp_path):
    path = tmp_path / "pipe.csv"
    path.write_text("姓名,身份证号\n" + "张伟,510105199001011237\n" * 400_000, encoding="utf-8")
    with read(path) as workbook:
        os.kill(workbook._child.pid, signal.SIGSTOP)
        workbook._seconds = 0.3
        with pytest.raises(RosterRefused) as caught:
            deque(recognise(workbook), maxlen=0)
    assert caught.value.code == "too_slow"
    assert workbook._child.poll() is not None


def test_leaving_early_leaves_no_child_behind(tmp_path):
    path = tmp_path / "big.csv"
    path.write_text("姓名,身份证号\n" + "张伟,510105199001011237\n" * 200_000, encoding="utf-8")
    with read(path) as workbook:
        next(iter(recognise(workbook)))
    assert workbook._child.poll() is not None


def test_the_child_sees_nothing_of_our_environment(monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "not-for-strangers")
    with read(_XLSX) as workbook:
        environment = Path(f"/proc/{workbook._child.pid}/environ").read_bytes()
    assert b"not-for-strangers" not in environment
