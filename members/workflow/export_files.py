"""Writing tables row by row: xlsx and csv of any length in little memory. Knows nothing of drivers.

A spreadsheet library keeps cells, styles and shared texts; here every cell is a text, so a row is one format string.
"""

from __future__ import annotations

import csv
import re
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

from foundation.protection.spreadsheets import FORMULA_STARTS, harmless

_TROUBLE = re.compile("[&<>\x00-\x08\x0b-\x1f\x7f\ud800-\udfff￾￿]").search
_ILLEGAL = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff￾￿]")
# One look at a whole row instead of one per cell: its cells are joined by a character that separates.
_BETWEEN = "\ue000"
_STARTS = re.escape("".join(FORMULA_STARTS))
_DANGEROUS = re.compile(f"(?:^|{_BETWEEN})[{_STARTS}]").search
_DANGEROUS_OR_LONG = re.compile(f"(?:^|{_BETWEEN})(?:[{_STARTS}]|[0-9]{{12,}}(?:{_BETWEEN}|$))").search
_LONG_NUMBER = re.compile(r"[0-9]{12,}").fullmatch
_MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_RELATIONS = 'xmlns="http://schemas.openxmlformats.org/package/2006/relationships"'
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_BUFFER = 1_000_000  # characters of rows that are compressed at once


class CsvFile:
    """A csv in UTF-8 with a byte order mark, which is what Excel and WPS open rightly."""

    def __init__(self, path: Path, headers: Sequence[str], widths: Sequence[int] = ()) -> None:
        """Open the file and write the headers."""
        self._file = path.open("w", encoding="utf-8-sig", newline="")
        self._writer = csv.writer(self._file)
        self._writer.writerow(headers)

    def write(self, rows: Iterable[Sequence[str]]) -> None:
        """Write rows of texts; long numbers get an apostrophe, or a spreadsheet would round them."""
        self._writer.writerows(
            [f"'{text}" if text.startswith(FORMULA_STARTS) or _LONG_NUMBER(text) else text for text in row]
            if _DANGEROUS_OR_LONG(_BETWEEN.join(row))
            else row
            for row in rows
        )

    def close(self, notes: Sequence[tuple[str, str]]) -> None:
        """Write what the file is and for whom below the rows, and close it."""
        self._writer.writerow([])
        self._writer.writerows([f"{label}：{harmless(text)}"] for label, text in notes)
        self._file.close()

    def abandon(self) -> None:
        """Close without finishing."""
        self._file.close()


class XlsxFile:
    """A workbook of one sheet of texts and one of notes. Every cell is a text (format @), so no number is rounded."""

    def __init__(self, path: Path, headers: Sequence[str], widths: Sequence[int] = ()) -> None:
        """Open the file and write the headers; `widths` in characters."""
        self._zip = zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1)
        self._sheet = self._zip.open("xl/worksheets/sheet1.xml", "w", force_zip64=True)
        self._row = 0
        self._parts: list[str] = []
        self._size = 0
        letters = [_letter(number) for number in range(len(headers))]
        cells = "".join(f'<c r="{letter}%s" s="1" t="inlineStr"><is><t>%s</t></is></c>' for letter in letters)
        self._template = f'<row r="%s">{cells}</row>'
        columns = "".join(
            f'<col min="{n}" max="{n}" width="{width}" customWidth="1" style="1"/>'
            for n, width in enumerate(widths or [14] * len(headers), start=1)
        )
        self._put(
            f'{_HEAD}<worksheet {_MAIN}><sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" '
            f'activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><cols>{columns}</cols><sheetData>'
        )
        self.write([headers])

    def write(self, rows: Iterable[Sequence[str]]) -> None:
        """Write rows of texts."""
        template, number = self._template, self._row
        for row in rows:
            number += 1
            whole = _BETWEEN.join(row)
            if _DANGEROUS(whole):
                row = [harmless(text) for text in row]
            if _TROUBLE(whole):
                row = [escape(_ILLEGAL.sub("", text)) for text in row]
            values: list = [number] * (2 * len(row) + 1)
            values[2::2] = row
            self._put(template % tuple(values))
        self._row = number

    def close(self, notes: Sequence[tuple[str, str]]) -> None:
        """Finish the sheet, write the notes and the parts of the package, and close it."""
        footer = escape("　".join(f"{label}：{text}" for label, text in notes[:2])[:200].replace("&", "&&"))
        self._put(f"</sheetData><headerFooter><oddFooter>&amp;L{footer}</oddFooter></headerFooter></worksheet>")
        self._flush()
        self._sheet.close()
        rows = "".join(
            f'<row r="{n}">' + "".join(
                f'<c r="{letter}{n}" s="1" t="inlineStr"><is><t>{escape(_ILLEGAL.sub("", harmless(text)))}</t></is></c>'
                for letter, text in zip("AB", line, strict=True)
            ) + "</row>"
            for n, line in enumerate(notes, start=1)
        )  # fmt: skip
        wide = "".join(f'<col min="{n}" max="{n}" width="{width}" customWidth="1"/>' for n, width in ((1, 14), (2, 80)))
        sheet = f"{_HEAD}<worksheet {_MAIN}><cols>{wide}</cols><sheetData>{rows}</sheetData></worksheet>"
        self._zip.writestr("xl/worksheets/sheet2.xml", sheet)
        for name, content in _PARTS.items():
            self._zip.writestr(name, _HEAD + content)
        self._zip.close()

    def abandon(self) -> None:
        """Close without finishing."""
        self._sheet.close()
        self._zip.close()

    def _put(self, text: str) -> None:
        self._parts.append(text)
        self._size += len(text)
        if self._size > _BUFFER:
            self._flush()

    def _flush(self) -> None:
        self._sheet.write("".join(self._parts).encode())
        self._parts, self._size = [], 0


WRITERS: dict[str, type[XlsxFile] | type[CsvFile]] = {"xlsx": XlsxFile, "csv": CsvFile}


def _letter(number: int) -> str:
    text = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        text = chr(65 + rest) + text
    return text


_SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_PARTS = {
    "[Content_Types].xml": (
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_SHEET}.sheet.main+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{_SHEET}.styles+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_SHEET}.worksheet+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet2.xml" ContentType="{_SHEET}.worksheet+xml"/></Types>'
    ),
    "_rels/.rels": (
        f'<Relationships {_RELATIONS}><Relationship Id="rId1" Type="{_OFFICE}/officeDocument" '
        'Target="xl/workbook.xml"/></Relationships>'
    ),
    "xl/workbook.xml": (
        f'<workbook {_MAIN} xmlns:r="{_OFFICE}"><sheets><sheet name="名单" sheetId="1" r:id="rId1"/>'
        '<sheet name="导出说明" sheetId="2" r:id="rId2"/></sheets></workbook>'
    ),
    "xl/_rels/workbook.xml.rels": (
        f"<Relationships {_RELATIONS}>"
        f'<Relationship Id="rId1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="rId2" Type="{_OFFICE}/worksheet" Target="worksheets/sheet2.xml"/>'
        f'<Relationship Id="rId3" Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>'
    ),
    "xl/styles.xml": (
        f'<styleSheet {_MAIN}><fonts count="1"><font><sz val="11"/><name val="宋体"/></font></fonts>'
        '<fills count="2"><fill><patternFill patternType="none"/></fill>'
        '<fill><patternFill patternType="gray125"/></fill></fills>'
        '<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>'
        '<cellXfs count="2"><xf xfId="0"/><xf numFmtId="49" applyNumberFormat="1" xfId="0"/></cellXfs></styleSheet>'
    ),
}
__all__ = ["WRITERS", "CsvFile", "XlsxFile"]
