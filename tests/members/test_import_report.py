"""The annotated workbook: what was rejected, as it stood, with every reason; and back in again."""

import openpyxl
import pytest
import python_calamine

from members.choices import Fate, ImportStatus
from members.roster.report import header_text, write_rejected, write_result
from members.workflow.import_run import run_to_end
from members.workflow.imports import map_columns
from tests.members.roster_runs import errors_of, load_units, staged, written
from tests.members.rosters import FILES, FOLDER, key_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def units(divisions):
    load_units()


def _sheets(path):
    workbook = python_calamine.CalamineWorkbook.from_path(str(path))
    return {name: workbook.get_sheet_by_name(name).to_python() for name in workbook.sheet_names}


@pytest.mark.parametrize("name", FILES)
def test_uploaded_again_unchanged_it_gives_the_same_rejections_and_nothing_else(name, tmp_path):
    key = key_of(name)
    for before in key.get("after", []):
        written(FOLDER / before["file"], before["organization"])
    batch = staged(FOLDER / name, key["organization"])
    assert write_rejected(batch, tmp_path / "again.xlsx") == key["rejected"]
    again = staged(tmp_path / "again.xlsx", key["organization"])
    assert again.rows == key["rejected"]
    # Of two rows with one number the first went in, and the workbook holds the other alone: no duplicate any more.
    gone = [entry for entry in errors_of(batch) if entry[2] == "duplicate_in_file"]
    first, second = errors_of(batch), errors_of(again)
    for entry in gone:
        first.pop(entry), second.pop(entry, None)
    if key["file"].endswith((".csv", ".txt")):
        first = type(first)({("名册", field, code): rows for (_, field, code), rows in first.items()})
    assert second == first
    assert [column for table in again.columns for column in table["columns"] if column["left_out"] == "ours"]


def test_sheets_keep_their_names_and_reasons_stand_in_the_last_column(tmp_path):
    batch = staged(FOLDER / "08-several-sheets.xlsx", "510100")
    write_rejected(batch, tmp_path / "out.xlsx")
    sheets = _sheets(tmp_path / "out.xlsx")
    assert set(sheets) == {table["sheet"] for table in batch.columns}
    for rows in sheets.values():
        header = next(row for row in rows if "错误原因" in row)
        assert header[-1] == "错误原因"
        for row in rows[rows.index(header) + 1 :]:
            assert row[-1].endswith("。")


def test_all_errors_of_a_row_stand_there_one_per_line(tmp_path):
    batch = staged(FOLDER / "12-every-rule.xlsx", "510100")
    write_rejected(batch, tmp_path / "out.xlsx")
    (rows,) = _sheets(tmp_path / "out.xlsx").values()
    last = rows[-1][-1].split("\n")
    assert [line.partition("：")[0] for line in last] == ["手机号", "车牌号"]


def test_corrected_rows_go_in(tmp_path):
    written(FOLDER / "01-title-merged-branches.xlsx", "510106")
    batch = staged(FOLDER / "02-two-row-header.xlsx", "510107")
    write_rejected(batch, tmp_path / "out.xlsx")
    book = openpyxl.load_workbook(tmp_path / "out.xlsx")
    sheet = book.worksheets[0]
    heads = {cell.value: cell.column for cell in sheet[2]}
    for row in sheet.iter_rows(min_row=3):
        cells = {head: sheet.cell(row[0].row, column) for head, column in heads.items()}
        if not cells["姓名"].value.strip():
            cells["姓名"].value = "测试甲"
        if "车牌" in cells["错误原因"].value:
            cells["车牌号码"].value = None
        if "性别" in cells["错误原因"].value:
            cells["性别"].value = "女"
        if "支部" in cells["错误原因"].value:
            cells["所在支部"].value = None
    book.save(tmp_path / "mended.xlsx")
    again = written(tmp_path / "mended.xlsx", "510107")
    assert (again.status, again.created, again.rejected) == (ImportStatus.DONE, 4, 1)
    assert [code for _, _, code in errors_of(again)] == ["id_length"]


def test_a_destroyed_number_stays_a_number_in_a_column_of_text(tmp_path):
    batch = staged(FOLDER / "03-numbers.xls", "320582")
    write_rejected(batch, tmp_path / "out.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "out.xlsx").worksheets[0]
    (head,) = [row for row in sheet.iter_rows() if any(cell.value == "错误原因" for cell in row)]
    column = next(cell.column for cell in head if cell.value and "身份证" in str(cell.value))
    cells = [sheet.cell(row, column) for row in range(head[0].row + 1, sheet.max_row + 1)]
    numbers = [cell for cell in cells if cell.data_type == "n" and cell.value is not None]
    assert numbers
    assert {cell.number_format for cell in cells if cell.value is not None} == {"@"}


def test_text_like_a_formula_is_text_and_quoted(tmp_path):
    batch = staged(FOLDER / "13-formulas.xlsx", "510104")
    write_result(batch, tmp_path / "out.xlsx")
    book = openpyxl.load_workbook(tmp_path / "out.xlsx")
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert not [cell for cell in cells if cell.data_type == "f"]
    active = [cell for cell in cells if isinstance(cell.value, str) and cell.value.startswith(("=", "+", "@"))]
    assert active
    assert all(cell.quotePrefix for cell in active)


def test_the_full_result_has_every_row_with_what_became_of_it(tmp_path):
    for before in key_of("15-second-import.xlsx")["after"]:
        written(FOLDER / before["file"], before["organization"])
    batch = staged(FOLDER / "15-second-import.xlsx", "510106")
    assert write_result(batch, tmp_path / "out.xlsx") == batch.rows
    (rows,) = _sheets(tmp_path / "out.xlsx").values()
    at = rows[0].index("导入结果")
    said = [row[at].partition("：")[0] for row in rows[1:]]
    for fate in Fate:
        assert said.count(fate.label) == getattr(batch, fate.value)
    assert "变更：手机号" in {row[at] for row in rows}


def test_a_file_with_personal_data_is_for_its_owner_only(tmp_path):
    batch = staged(FOLDER / "02-two-row-header.xlsx", "510107")
    write_rejected(batch, tmp_path / "out.xlsx")
    assert (tmp_path / "out.xlsx").stat().st_mode & 0o777 == 0o600


def test_a_workbook_without_rejected_rows_says_so(tmp_path):
    lines = (FOLDER / "04-gb18030.csv").read_text(encoding="gb18030").splitlines()
    (tmp_path / "good.csv").write_text("\n".join(lines[:5]), encoding="utf-8")
    batch = staged(tmp_path / "good.csv", "510402")
    assert batch.rows > batch.rejected == 0
    assert write_rejected(batch, tmp_path / "out.xlsx") == 0
    assert list(_sheets(tmp_path / "out.xlsx")) == ["没有被拒绝的行"]


def test_rejected_rows_mapped_by_hand_are_understood_without_the_mapping(tmp_path):
    (tmp_path / "own.csv").write_text(
        "姓名,证件编码,性别,民族,联络,手机号\n测试甲,51041119900101,男,汉,13800138000,13900139000\n", encoding="utf-8"
    )
    batch = staged(tmp_path / "own.csv", "510411")
    map_columns(None, batch, {"证件编码": "id_number", "联络": "phone", "手机号": ""})
    batch = run_to_end(batch.pk)
    heads = [header_text(column) for column in batch.columns[0]["columns"]]
    assert heads == ["姓名", "身份证号（证件编码）", "性别", "民族", "手机号（联络）", "不导入：手机号"]
    assert batch.rejected == 1
    write_rejected(batch, tmp_path / "again.xlsx")
    again = staged(tmp_path / "again.xlsx", "510411")
    assert [column["field"] for column in again.columns[0]["columns"]] == [
        "name",
        "id_number",
        "sex",
        "ethnicity",
        "phone",
        "",
        "",
    ]
    assert again.rejected == 1
