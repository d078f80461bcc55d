"""Merged cells of the formats whose merged cells the parser does not tell: OpenDocument and the binary workbook."""

import re
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path
from xml.parsers import expat

from members.roster.read.refusals import RosterRefused

Range = tuple[tuple[int, int], tuple[int, int]]
_SPAN = re.compile(rb'number-rows-spanned="(?!1")')
_MOST_REPEATS = 1_048_576


def ranges_of(path: Path, kind: str, sheet: str) -> list[Range]:
    """Return ((first row, first column), (last row, last column)) of merged cells, from 0. Raises RosterRefused."""
    try:
        with zipfile.ZipFile(path) as package:
            if kind == "ods":
                return list(_of_opendocument(package, sheet))
            if kind == "xlsb":
                return list(_of_binary(package, sheet))
    except (zipfile.BadZipFile, expat.ExpatError, KeyError, ValueError, struct.error, OSError) as error:
        raise RosterRefused("damaged") from error
    return []


def _of_opendocument(package: zipfile.ZipFile, sheet: str) -> Iterator[Range]:
    if not _mentions_spans(package):
        return iter(())
    found: list[Range] = []
    here = {"table": "", "depth": 0, "row": 0, "column": 0, "repeat": 1}

    def begin(tag: str, attributes: dict[str, str]) -> None:
        if tag == "table:table":
            here["depth"] += 1
            if here["depth"] == 1:
                here.update(table=attributes.get("table:name", ""), row=0)
        elif tag == "table:table-row":
            here.update(column=0, repeat=_repeats(attributes, "table:number-rows-repeated"))
        elif tag in {"table:table-cell", "table:covered-table-cell"}:
            rows = _repeats(attributes, "table:number-rows-spanned")
            columns = _repeats(attributes, "table:number-columns-spanned")
            if here["table"] == sheet and (rows > 1 or columns > 1):
                start = (here["row"], here["column"])
                found.append((start, (start[0] + rows - 1, start[1] + columns - 1)))
            here["column"] += _repeats(attributes, "table:number-columns-repeated")

    def end(tag: str) -> None:
        if tag == "table:table-row":
            here["row"] += here["repeat"]
        elif tag == "table:table":
            here["depth"] -= 1

    def no_doctype(*_: object) -> None:
        raise RosterRefused("damaged")

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = begin
    parser.EndElementHandler = end
    parser.StartDoctypeDeclHandler = no_doctype  # entities could grow without end
    with package.open("content.xml") as content:
        while chunk := content.read(1 << 20):
            parser.Parse(chunk, False)
        parser.Parse(b"", True)
    return iter(found)


def _mentions_spans(package: zipfile.ZipFile) -> bool:
    tail = b""
    with package.open("content.xml") as content:
        while chunk := content.read(1 << 20):
            if _SPAN.search(tail + chunk):
                return True
            tail = chunk[-64:]
    return False


def _repeats(attributes: dict[str, str], name: str) -> int:
    return max(1, min(int(attributes.get(name, 1)), _MOST_REPEATS))


# Record numbers of the binary workbook ([MS-XLSB] 2.3).
_BUNDLE_SHEET, _MERGE_CELL = 156, 176


def _of_binary(package: zipfile.ZipFile, sheet: str) -> Iterator[Range]:
    relation = next(
        (target for name, target in _binary_sheets(package) if name == sheet),
        "",
    )
    targets = dict(_relations(package))
    if relation not in targets:
        return
    part = targets[relation].lstrip("/")
    part = part if part.startswith("xl/") else f"xl/{part}"
    for record, body in _records(package.read(part)):
        if record == _MERGE_CELL and len(body) >= 16:
            top, bottom, left, right = struct.unpack_from("<4I", body)
            yield (top, left), (bottom, right)


def _binary_sheets(package: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    """Yield name and relation of every sheet."""
    for record, body in _records(package.read("xl/workbook.bin")):
        if record == _BUNDLE_SHEET:
            relation, after = _wide_text(body, 8)
            name, _ = _wide_text(body, after)
            yield name, relation


def _wide_text(body: bytes, at: int) -> tuple[str, int]:
    (length,) = struct.unpack_from("<I", body, at)
    end = at + 4 + 2 * length
    return body[at + 4 : end].decode("utf-16-le"), end


def _relations(package: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    text = package.read("xl/_rels/workbook.bin.rels").decode("utf-8")
    for tag in re.findall(r"<Relationship\b[^>]*>", text):
        attributes = dict(re.findall(r'(\w+)="([^"]*)"', tag))
        yield attributes.get("Id", ""), attributes.get("Target", "")


def _records(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield number and body of the records: both number and length are little-endian in groups of seven bits."""
    at, end = 0, len(content)
    while at < end:
        record = content[at]
        at += 1
        if record & 0x80 and at < end:
            record = (record & 0x7F) | (content[at] & 0x7F) << 7
            at += 1
        length = shift = 0
        while at < end:
            byte = content[at]
            at += 1
            length |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80 or shift >= 28:
                break
        yield record, content[at : at + length]
        at += length
