"""The template: what it offers, and that it goes in as it was filled."""

import openpyxl
import pytest

from branches.models import Organization
from members.choices import Group, ImportStatus
from members.models import Driver
from members.roster.fields import BY_CODE
from members.roster.template import COLUMNS, ROWS, VERSION, write_template
from tests.members.roster_runs import errors_of, load_units, staged, written
from tests.members.rosters import FOLDER, outcome_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def units(divisions):
    load_units()


@pytest.fixture
def template(tmp_path):
    write_template(Organization.objects.get(code="510100"), tmp_path / "template.xlsx")
    return openpyxl.load_workbook(tmp_path / "template.xlsx")


def _header(sheet) -> dict[str, int]:
    return {cell.value.rstrip("*"): cell.column for cell in sheet[1]}


def _persons() -> list[dict]:
    """Values of some people of a roster, whose numbers are synthetic and whole."""
    rows = outcome_of(FOLDER / "01-title-merged-branches.xlsx", "510106").rows
    return [row.values for row in rows if not row.errors][:3]


def test_a_filled_template_goes_in_as_it_stands(template, tmp_path):
    sheet = template["司机花名册"]
    columns = _header(sheet)
    branch = Organization.objects.get(code="510106-01")
    for row, values in enumerate(_persons(), start=3):
        for label, text in {
            "姓名": values["name"],
            "身份证号": values["id_number"],
            "手机号": values["phone"],
            "司机类别": Group.TAXI.label,
            "所属县区": "金牛区",
            "党支部": branch.short_name,
            "入党时间": "2011.10",
            "工会会员": "是",
        }.items():
            sheet.cell(row, columns[label], text)
    template.save(tmp_path / "filled.xlsx")
    batch = written(tmp_path / "filled.xlsx", "510100")
    assert not errors_of(batch)
    assert (batch.status, batch.rows, batch.created) == (ImportStatus.DONE, 3, 3)
    driver = Driver.objects.select_related("registering_committee").first()
    assert (driver.group, driver.registering_committee.code) == (Group.TAXI, "510106")
    assert (driver.declared_branch, driver.declared_joined, driver.union_member) == (branch, "2011-10", True)
    assert all(column["field"] for column in batch.columns[0]["columns"])


def test_an_empty_template_holds_no_person(template, tmp_path):
    template.save(tmp_path / "empty.xlsx")
    batch = staged(tmp_path / "empty.xlsx", "510100")
    assert (batch.status, batch.failure_code) == (ImportStatus.FAILED, "no_rows")


def test_the_columns_of_numbers_are_text_for_every_row(template):
    sheet = template["司机花名册"]
    for label in ("身份证号", "手机号", "从业资格证号", "统一社会信用代码", "入党时间"):
        letter = sheet.cell(1, _header(sheet)[label]).column_letter
        # The column itself carries the format, so every new cell in it is text.
        assert sheet.column_dimensions[letter].number_format == "@"


def test_drop_downs_offer_what_lies_under_the_organisation_and_no_more(template):
    sheet, lists = template["司机花名册"], template["选项"]
    offered = {}
    for rule in sheet.data_validations.dataValidation:
        if rule.type == "list":
            (place,) = rule.sqref.ranges
            column = place.min_col
            assert (place.min_row, place.max_row) == (2, ROWS + 1)
            start, end = rule.formula1.lstrip("=").partition("!")[2].replace("$", "").split(":")
            offered[sheet.cell(1, column).value] = [row[0].value for row in lists[f"{start}:{end}"]]
    below = Organization.objects.subtree_of(Organization.objects.get(code="510100"))
    assert "昆山市" not in offered["所属县区"]
    assert set(offered["所属县区"]) == set(below.filter(kind="industry_committee").values_list("short_name", flat=True))
    assert len(offered["党支部"]) == below.branches().count()
    assert offered["司机类别"] == list(Group.labels)


def test_required_columns_are_marked_and_the_version_is_hidden(template):
    sheet = template["司机花名册"]
    marked = [cell.value for cell in sheet[1] if cell.value.endswith("*")]
    assert marked == ["姓名*", "身份证号*"]
    assert template["选项"].sheet_state == "hidden"
    hidden = [cell.value for row in template["选项"].iter_rows() for cell in row]
    assert f"模板版本 {VERSION}" in hidden


def test_every_column_of_the_template_is_one_we_read():
    assert {code for code, *_ in COLUMNS} <= set(BY_CODE)
