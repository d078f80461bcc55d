"""Turns a roster file into another that says the same: what people and their programs do to files. Seeded."""

import csv
import random
import re
import zipfile
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

import python_calamine as calamine
import xlsxwriter
from opencc import OpenCC

from members.roster.read import shown
from members.roster.read.text import delimiter_of, encoding_of

_SYNONYMS = [
    ["姓名", "司机姓名", "驾驶员姓名", "name"],
    ["身份证号", "公民身份号码", "证件号码", "身份证号码", "id_card"],
    ["手机", "手机号", "联系电话", "移动电话", "mobile"],
    ["出生日期", "出生年月"],
    ["司机类别", "从业类别", "车辆类型"],
    ["从业资格证号", "网约车驾驶员证号"],
    ["车牌号", "车牌号码", "plate_no"],
    ["所属企业", "所属公司", "服务平台"],
    ["所属县区", "区县", "管辖单位"],
    ["党支部", "所在支部", "党组织名称"],
    ["入党时间", "入党日期"],
    ["工会会员"],
    ["退役军人"],
    ["性别"],
    ["民族"],
    ["政治面貌"],
    ["备注"],
    ["从业状态"],
    ["准驾车型"],
    ["统一社会信用代码"],
    ["序号"],
]
_KNOWN = {header for group in _SYNONYMS for header in group}
_SIMPLIFIED, _TRADITIONAL = OpenCC("t2s"), OpenCC("s2t")


@dataclass
class Row:
    cells: list
    origin: int | None  # the row of the original file, None for rows the mangler made
    is_header: bool = False


@dataclass
class Grid:
    """A sheet as the mangler sees it."""

    name: str
    visible: bool
    rows: list[Row]
    merged: list[list[int]] = field(default_factory=list)  # top, left, bottom, right within `rows`

    @property
    def headers(self) -> list[int]:
        return [at for at, row in enumerate(self.rows) if row.is_header]

    @property
    def width(self) -> int:
        return max((len(row.cells) for row in self.rows), default=0)


def _known(cells: list) -> list[str]:
    return [cell for cell in cells if type(cell) is str and _SIMPLIFIED.convert(cell) in _KNOWN]


def _row(cells: list, at: int) -> Row:
    return Row(list(cells), at + 1, is_header=len(_known(cells)) >= 3)


def grids_of(path: Path) -> list[Grid]:
    """Read a roster file without our own pipeline."""
    if path.suffix in {".csv", ".txt"}:
        encoding = encoding_of(path)
        text = path.read_text(encoding)
        with path.open(encoding=encoding, newline="") as file:
            cells = list(csv.reader(file, delimiter=delimiter_of(text)[0]))
        return [Grid("", True, [_row(row, at) for at, row in enumerate(cells)])]
    workbook = calamine.load_workbook(path)
    grids = []
    for meta in workbook.sheets_metadata:
        sheet = workbook.get_sheet_by_name(meta.name)
        rows = [_row(row, at) for at, row in enumerate(sheet.iter_rows())]
        merged = [[*start, *end] for start, end in sheet.merged_cell_ranges or []]
        grids.append(Grid(meta.name, meta.visible == calamine.SheetVisibleEnum.Visible, rows, merged))
    return grids


# --- what people do ----------------------------------------------------------------------------------------------
def shuffle_columns(grid: Grid, chance: random.Random) -> None:
    """Other programs, other order. Groups over several columns cannot follow their columns, so they stay."""
    if not grid.headers or any(
        right > left and top >= min(grid.headers) - 1 and grid.rows[top].is_header
        for top, left, _, right in grid.merged
    ):
        return
    first = min(grid.headers)
    order = list(range(grid.width))
    chance.shuffle(order)
    place = {old: new for new, old in enumerate(order)}
    for at, row in enumerate(grid.rows):
        # Totals, notes and titles stand in the first cell, whatever the columns hold.
        words = row.cells[0] if row.cells and type(row.cells[0]) is str else ""
        is_words = at < first or bool(re.match(r"合|小\s*计|总|填表|审核|备注|[0-9]\.|说明", words))
        is_words = is_words and not row.is_header
        if not is_words:
            cells = row.cells + [""] * (grid.width - len(row.cells))
            row.cells = [cells[old] for old in order]
    grid.merged = [
        [top, left, bottom, right] if top < first or right > left else [top, place[left], bottom, place[left]]
        for top, left, bottom, right in grid.merged
    ]


def put_titles_above(grid: Grid, chance: random.Random) -> None:
    lines = [["司机情况汇总"], [], ["填报单位：某某单位", "", "", "填报日期：2026年3月5日"], ["（此表由各单位填报）"]]
    chosen = [list(line) for line in lines[: chance.randint(1, 4)]]
    grid.rows = [Row(line, None) for line in chosen] + grid.rows
    for merged in grid.merged:
        merged[0] += len(chosen)
        merged[2] += len(chosen)


def respell_headers(grid: Grid, chance: random.Random) -> None:
    for at in grid.headers:
        row = grid.rows[at]
        taken: set[int] = set()
        for index, cell in enumerate(row.cells):
            if type(cell) is not str or _SIMPLIFIED.convert(cell) not in _KNOWN:
                continue
            group = next(i for i, names in enumerate(_SYNONYMS) if _SIMPLIFIED.convert(cell) in names)
            text = chance.choice(_SYNONYMS[group]) if group not in taken else cell
            taken.add(group)
            if not text.isascii():
                text = chance.choice(
                    [
                        text,
                        "  ".join(text),
                        "\u3000".join(text),
                        f"{text[:2]}\n{text[2:]}",
                        f"{text}（必填）",
                        f"*{text}",
                        f"{text}*",
                        f"{text}\n（按证件填写）",
                        f" {text} ",
                        f"{text}【示范】",
                        _TRADITIONAL.convert(text),
                        f"{text}：",
                    ]
                )
            elif chance.random() < 0.5:
                text = text.upper()
            row.cells[index] = text


def insert_blank_rows(grid: Grid, chance: random.Random) -> None:
    if not grid.headers:
        return
    first = max(grid.headers[0] + 2, min(grid.headers) + 2)
    number = next((i for i, cell in enumerate(grid.rows[grid.headers[0]].cells) if cell in {"序号", "序號"}), None)
    for _ in range(chance.randint(1, 6)):
        if first >= len(grid.rows):
            return
        at = chance.randint(first, len(grid.rows) - 1)
        blank: list = [""] * grid.width
        if number is not None and chance.random() < 0.5:
            blank[number] = 999.0
        elif chance.random() < 0.5:
            blank = ["  "] * grid.width
        _insert(grid, at, Row(blank, None))


def repeat_header(grid: Grid, chance: random.Random) -> None:
    if not grid.headers or len(grid.rows) < 12:
        return
    top = min(grid.headers)
    if any(merged[0] <= top <= merged[2] and merged[0] != merged[2] for merged in grid.merged):
        return
    at = chance.randint(top + 4, len(grid.rows) - 1)
    if all(not merged[0] < at <= merged[2] for merged in grid.merged):
        _insert(grid, at, Row(list(grid.rows[top].cells), None, is_header=True))


def _insert(grid: Grid, at: int, row: Row) -> None:
    grid.rows.insert(at, row)
    for merged in grid.merged:
        merged[0] += merged[0] >= at
        merged[2] += merged[2] >= at


def add_unknown_columns(grid: Grid, chance: random.Random) -> None:
    if not grid.headers:
        return
    first = min(grid.headers)
    for header in chance.sample(["住址", "紧急联系人", "学历", "last_login", "照片"], 2):
        place = grid.width
        for at, row in enumerate(grid.rows):
            row.cells += [""] * (place - len(row.cells))
            if at in grid.headers:
                row.cells.append(header)
            elif at > first and row.origin is not None and sum(1 for cell in row.cells if cell != "") > 3:
                row.cells.append(chance.choice(["甲", "乙", "2026-01-01", 7.0, ""]))


def dress_numbers(grid: Grid, chance: random.Random) -> None:
    """Apostrophes, full width, no-break spaces, lower case: what hands and programs leave in identity numbers."""
    for at in grid.headers:
        for index, cell in enumerate(grid.rows[at].cells):
            if type(cell) is str and _SIMPLIFIED.convert(cell) in _SYNONYMS[1]:
                for row in grid.rows[at + 1 :]:
                    if (
                        index < len(row.cells)
                        and type(text := row.cells[index]) is str
                        and len(text) == 18
                        and text.isascii()
                    ):
                        row.cells[index] = chance.choice(
                            [
                                text,
                                f"'{text}",
                                f"{text}\u00a0",
                                f" {text}",
                                text.lower(),
                                f"{text[:6]} {text[6:14]} {text[14:]}",
                                text.translate({code: code + 0xFEE0 for code in range(48, 58)}),
                                f"\u200e{text}\t",
                            ]
                        )


def append_footers(grid: Grid, chance: random.Random) -> None:
    if not grid.headers:
        return
    lines = [
        ["合  计", "", "", "99"],
        ["填表人：甲某某", "", "", "审核人：乙某某"],
        ["备注：以上为本单位全部人员。"],
        [],
    ]
    chance.shuffle(lines)
    lines.append(["填表说明："])
    lines.append(["1. 每人一行。"])
    grid.rows += [Row(list(line), None) for line in lines]


MANGLERS = [
    respell_headers,
    dress_numbers,
    repeat_header,
    insert_blank_rows,
    add_unknown_columns,
    shuffle_columns,
    append_footers,
    put_titles_above,
]


# --- what programs write -----------------------------------------------------------------------------------------
def write_xlsx(grids: list[Grid], path: Path, *, column: int = 0, row: int = 0) -> None:
    """Write a workbook; the used range may begin right of A1 and below it."""
    workbook = xlsxwriter.Workbook(path)
    formats = {date: workbook.add_format({"num_format": "yyyy/m/d"})}
    for grid in grids:
        sheet = workbook.add_worksheet(grid.name or "Sheet1")
        if not grid.visible:
            sheet.hide()
        for top, left, bottom, right in grid.merged:
            sheet.merge_range(top + row, left + column, bottom + row, right + column, "")
        for at, line in enumerate(grid.rows):
            for index, cell in enumerate(line.cells):
                if isinstance(cell, date):
                    sheet.write_datetime(at + row, index + column, cell, formats[date])
                elif isinstance(cell, str) and cell:
                    sheet.write_string(at + row, index + column, cell)
                elif cell != "":
                    sheet.write(at + row, index + column, cell)
    if not any(grid.visible for grid in grids[:1]):
        workbook.get_worksheet_by_name(next(grid.name for grid in grids if grid.visible)).activate()
    workbook.close()


def write_text(grid: Grid, path: Path, *, encoding: str, delimiter: str, end: str = "\r\n") -> None:
    """Write what a spreadsheet saves as text: numbers as shown, dates as 2011/7/1, merged cells only at their top."""
    for top, left, bottom, _ in grid.merged:
        for at in range(top + 1, bottom + 1):
            if at > min(grid.headers) and grid.rows[top].cells[left] != "" and _is_person(grid.rows[at]):
                grid.rows[at].cells[left] = grid.rows[top].cells[left]
    with path.open("w", encoding=encoding, newline="") as file:
        # A line break of another kind than the file's own is quoted only when all is.
        quoting = csv.QUOTE_MINIMAL if "\n" in end else csv.QUOTE_ALL
        writer = csv.writer(file, delimiter=delimiter, lineterminator=end, quoting=quoting)
        for row in grid.rows:
            writer.writerow([_as_saved(cell) for cell in row.cells])


def _is_person(row: Row) -> bool:
    return row.origin is not None and sum(1 for cell in row.cells if cell != "") > 3


def _as_saved(cell) -> str:
    if isinstance(cell, datetime | date):
        return f"{cell.year}/{cell.month}/{cell.day}"
    if isinstance(cell, float) and cell >= 1e11:
        return f"{cell:.5E}"
    return shown(cell)


def write_ods(grids: list[Grid], path: Path) -> None:
    """Write OpenDocument by hand: repeated cells and rows, covered cells, hidden tables."""
    tables = []
    for grid in grids:
        covered = {
            (at, index)
            for top, left, bottom, right in grid.merged
            for at in range(top, bottom + 1)
            for index in range(left, right + 1)
        }
        spans = {(top, left): (bottom - top + 1, right - left + 1) for top, left, bottom, right in grid.merged}
        rows = []
        for at, row in enumerate(grid.rows):
            cells, index = [], 0
            while index < len(row.cells):
                span = spans.get((at, index))
                repeat = 1
                if span is None and (at, index) not in covered:
                    while (
                        index + repeat < len(row.cells)
                        and row.cells[index + repeat] == row.cells[index]
                        and type(row.cells[index + repeat]) is type(row.cells[index])
                        and (at, index + repeat) not in covered
                    ):
                        repeat += 1
                cells.append(_ods_cell(row.cells[index], span, (at, index) in covered and span is None, repeat))
                index += repeat
            rows.append(f"<table:table-row>{''.join(cells)}</table:table-row>")
        style = "shown" if grid.visible else "hidden"
        tables.append(
            f"<table:table table:name={quoteattr(grid.name or 'Sheet1')} table:style-name={quoteattr(style)}>"
            f"{''.join(rows)}</table:table>"
        )
    names = {"office": "office", "table": "table", "text": "text", "style": "style"}
    spaces = " ".join(
        f'xmlns:{key}="urn:oasis:names:tc:opendocument:xmlns:{value}:1.0"' for key, value in names.items()
    )
    styles = "".join(
        f'<style:style style:name="{name}" style:family="table"><style:table-properties table:display="{shows}"/>'
        "</style:style>"
        for name, shows in (("shown", "true"), ("hidden", "false"))
    )
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {spaces} office:version="1.2">'
        f"<office:automatic-styles>{styles}</office:automatic-styles><office:body><office:spreadsheet>"
        f"{''.join(tables)}</office:spreadsheet></office:body></office:document-content>"
    )
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    manifest = (
        '<?xml version="1.0"?><manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
        f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{kind}"/></manifest:manifest>'
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("mimetype", kind, zipfile.ZIP_STORED)
        package.writestr("content.xml", content)
        package.writestr("META-INF/manifest.xml", manifest)


def _ods_cell(cell, span: tuple[int, int] | None, is_covered: bool, repeat: int) -> str:
    tag = "table:covered-table-cell" if is_covered else "table:table-cell"
    more = f' table:number-rows-spanned="{span[0]}" table:number-columns-spanned="{span[1]}"' if span else ""
    more += f' table:number-columns-repeated="{repeat}"' if repeat > 1 else ""
    if cell == "" or is_covered:
        return f"<{tag}{more}/>"
    if isinstance(cell, date):
        return f'<{tag}{more} office:value-type="date" office:date-value="{cell.isoformat()}"/>'
    if isinstance(cell, bool):
        return f'<{tag}{more} office:value-type="boolean" office:boolean-value="{str(cell).lower()}"/>'
    if isinstance(cell, int | float):
        return f'<{tag}{more} office:value-type="float" office:value="{cell!r}"/>'
    lines = "".join(f"<text:p>{_ods_text(line)}</text:p>" for line in cell.split("\n"))
    return f'<{tag}{more} office:value-type="string">{lines}</{tag}>'


def _ods_text(line: str) -> str:
    return escape(line).replace("\t", "<text:tab/>").replace("  ", ' <text:s text:c="1"/>')


FORMATS = {
    "xlsx": lambda grids, path: write_xlsx(grids, path),
    "xlsx from C4": lambda grids, path: write_xlsx(grids, path, column=2, row=3),
    "ods": write_ods,
    "gb18030 csv": lambda grids, path: write_text(grids[0], path, encoding="gb18030", delimiter=","),
    "utf-8 csv": lambda grids, path: write_text(grids[0], path, encoding="utf-8", delimiter=",", end="\n"),
    "utf-8-sig semicolons": lambda grids, path: write_text(grids[0], path, encoding="utf-8-sig", delimiter=";"),
    "utf-16 tabs": lambda grids, path: write_text(grids[0], path, encoding="utf-16", delimiter="\t"),
    "utf-8 old mac": lambda grids, path: write_text(grids[0], path, encoding="utf-8", delimiter=",", end="\r"),
}
