"""Cells as they are in the file, numbered as a person sees them, whatever program wrote it."""

import struct
import zipfile
from datetime import date, datetime, time, timedelta

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from members.roster.read import letter_of, pack, read, shown, unpack
from tests.members.roster_mangle import Grid, Row, write_ods
from tests.members.rosters import FOLDER, outcome_of


def sheets_of(path):
    with read(path) as workbook:
        return {sheet.name: (list(sheet.rows()), sheet.merged) for sheet in workbook}


def test_rows_and_columns_keep_their_places_when_the_used_range_begins_elsewhere(tmp_path):
    path = tmp_path / "x.xlsx"
    workbook = xlsxwriter.Workbook(path)
    workbook.add_worksheet("表").write("C5", "姓名")
    workbook.close()
    rows, _ = sheets_of(path)["表"]
    assert [(number, cells) for number, cells in rows if any(cells)] == [(5, ["", "", "姓名"])]


def test_kinds_of_cells_stay_apart(tmp_path):
    path = tmp_path / "x.xlsx"
    workbook = xlsxwriter.Workbook(path)
    sheet = workbook.add_worksheet()
    for at, (value, form) in enumerate(
        [
            ("510105199001011237", None),
            (510105199001011237, None),
            (True, None),
            (date(2011, 7, 1), "yyyy-mm-dd"),
            (datetime(2011, 7, 1, 8, 30), "yyyy-mm-dd hh:mm"),
            (time(8, 30), "hh:mm"),
            (timedelta(hours=30), "[h]:mm"),
            (40725, 'yyyy"年"m"月"'),
        ]
    ):
        sheet.write(0, at, value, workbook.add_format({"num_format": form}) if form else None)
    sheet.write_formula("I1", '="川A"&"12345"', None, "川A12345")
    sheet.write_formula("J1", "=NA()", None, "#N/A")
    sheet.write("K1", "完")
    workbook.close()
    ((_, cells),), _ = sheets_of(path)["Sheet1"]
    assert cells == [
        "510105199001011237",
        pytest.approx(5.101051990010112e17, rel=1e-14),  # what a spreadsheet leaves of it
        True,
        date(2011, 7, 1),
        datetime(2011, 7, 1, 8, 30),
        time(8, 30),
        timedelta(hours=30),
        date(2011, 7, 1),
        "川A12345",
        "",
        "完",
    ]


def test_hidden_sheets_are_named_and_not_read():
    with read(FOLDER / "08-several-sheets.xlsx") as workbook:
        assert ("去年名单", False) in workbook.sheets
        assert "去年名单" not in {sheet.name for sheet in workbook}


def test_rows_left_undrawn_are_passed_over():
    with read(FOLDER / "08-several-sheets.xlsx") as workbook:
        drawn = [(sheet.name, next(sheet.rows())[0]) for sheet in workbook]
    assert drawn == [("货车", 1), ("网约车", 1), ("党员", 1), ("填写说明", 1)]


def test_opendocument_tells_its_merged_cells_and_hidden_tables(tmp_path):
    path = tmp_path / "x.ods"
    lines = [
        ["党支部", "姓名", "身份证号"],
        ["510104-01", "张伟", "510105199001011237"],
        ["", "李娜", "51040319671210726X"],
        ["", "王芳", "510115200011139697"],
    ]
    shown_grid = Grid("名册", True, [Row(line, None) for line in lines], [[1, 0, 2, 0]])
    hidden_grid = Grid("旧名册", False, [Row(line, None) for line in lines], [[1, 0, 3, 0]])
    write_ods([hidden_grid, shown_grid], path)
    assert list(sheets_of(path)) == ["名册"]
    assert sheets_of(path)["名册"][1] == [[1, 0, 2, 0]]
    assert ["declared_branch" in row.values for row in outcome_of(path).rows] == [True, True, False]


def record(number, body=b""):
    """Return a record of the binary workbook: number and length in groups of seven bits."""
    head = bytes([number]) if number < 128 else bytes([number & 0x7F | 0x80, number >> 7])
    length, size = b"", len(body)
    while True:
        length += bytes([size & 0x7F | (0x80 if size > 127 else 0)])
        size >>= 7
        if not size:
            return head + length + body


def wide(text):
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")


def write_xlsb(path, name, rows, merged):
    """Write a binary workbook by hand; no program at hand writes one."""
    sheet = record(129) + record(148, struct.pack("<4I", 0, len(rows) - 1, 0, len(rows[0]) - 1)) + record(145)
    for at, row in enumerate(rows):
        sheet += record(0, struct.pack("<I", at) + b"\0" * 21)
        for index, cell in enumerate(row):
            place = struct.pack("<II", index, 0)
            if isinstance(cell, float):
                sheet += record(5, place + struct.pack("<d", cell))
            elif cell:
                sheet += record(6, place + wide(cell))
    sheet += record(146) + record(177, struct.pack("<I", len(merged)))
    for top, left, bottom, right in merged:
        sheet += record(176, struct.pack("<4I", top, bottom, left, right))
    sheet += record(178) + record(130)
    bundle = record(156, struct.pack("<II", 0, 1) + wide("rId1") + wide(name))
    book = record(131) + record(153, b"\0" * 12) + record(143) + bundle + record(144) + record(132)
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package_kind = "http://schemas.openxmlformats.org/package/2006"

    def relations(target, what):
        return (
            f'<Relationships xmlns="{package_kind}/relationships">'
            f'<Relationship Id="rId1" Type="{kind}/{what}" Target="{target}"/></Relationships>'
        )

    with zipfile.ZipFile(path, "w") as package:
        package.writestr(
            "[Content_Types].xml",
            f'<Types xmlns="{package_kind}/content-types"><Default Extension="bin" '
            'ContentType="application/vnd.ms-excel.sheet.binary.macroEnabled.main"/></Types>',
        )
        package.writestr("_rels/.rels", relations("xl/workbook.bin", "officeDocument"))
        package.writestr("xl/workbook.bin", book)
        package.writestr("xl/_rels/workbook.bin.rels", relations("worksheets/sheet1.bin", "worksheet"))
        package.writestr("xl/worksheets/sheet1.bin", sheet)


def test_a_binary_workbook_is_read_with_its_merged_cells(tmp_path):
    path = tmp_path / "x.xlsb"
    rows = [
        ["党支部", "姓名", "身份证号", "手机号"],
        ["510104-01", "张伟", "510105199001011237", 13800138000.0],
        ["", "李娜", "51040319671210726X", ""],
        ["", "王芳", 510115200011139697.0, ""],
    ]
    write_xlsb(path, "名册", rows, [[1, 0, 2, 0]])
    outcome = outcome_of(path)
    assert outcome.errors == [("名册", 4, "id_number", "id_numeric_cell")]
    assert outcome.rows[0].values["phone"] == "13800138000"
    assert ["declared_branch" in row.values for row in outcome.rows] == [True, True, False]


def test_a_name_that_lies_changes_nothing(tmp_path):
    path = tmp_path / "名册.csv"
    path.write_bytes((FOLDER / "03-numbers.xls").read_bytes())
    assert len(outcome_of(path, "320582").rows) == 150


@pytest.mark.parametrize(("index", "letters"), [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA")])
def test_columns_have_the_letters_of_a_spreadsheet(index, letters):
    assert letter_of(index) == letters


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (13800138000.0, "13800138000"),
        (7, "7"),
        (0.5, "0.5"),
        (5.10105199001011e17, "5.10105199001011E+17"),
        (True, "TRUE"),
        (date(2011, 7, 1), "2011-07-01"),
        (datetime(2011, 7, 1, 8, 30), "2011-07-01 08:30:00"),
        ("", ""),
        (None, ""),
    ],
)
def test_cells_are_shown_without_a_format(cell, text):
    assert shown(cell) == text


packable = st.one_of(
    st.text(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(min_value=-(2**53), max_value=2**53),
    st.booleans(),
    st.dates(),
    st.datetimes(),
    st.times(),
    st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=30)).map(
        lambda span: timedelta(seconds=int(span.total_seconds()))
    ),
)


@settings(deadline=None)
@given(st.lists(packable))
def test_packed_cells_come_back_with_their_kinds(cells):
    back = unpack(pack(cells))
    assert back == cells
    assert [type(cell) for cell in back] == [type(cell) for cell in cells]
