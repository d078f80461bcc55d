"""The empty roster people may fill in: columns as text where it matters, drop-downs from real data, a sample row.

Only a help: every other roster is read as well. The sample row is marked 示例 and the sheets 填写说明 and 选项 hold no
header, so that the filled template goes in as it stands.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

import xlsxwriter
from xlsxwriter.utility import xl_col_to_name

from branches.choices import BRANCHES, COMMITTEES, Kind
from branches.models import Organization
from members.choices import Group, PoliticalStatus, WorkStatus
from members.roster.fields import BY_CODE, ETHNICITIES

VERSION = "1"
ROWS = 5_000
_LIST_LIMIT = 5_000  # a drop-down beyond that helps nobody
_SHEET, _WORDS, _LISTS = "司机花名册", "填写说明", "选项"

# field, width, how to fill it in, sample
COLUMNS: tuple[tuple[str, int, str, str], ...] = (
    ("number", 8, "随意", "示例"),
    ("name", 14, "必填。照身份证填，最多 50 个字；间隔点用 ·", "张示例"),
    ("id_number", 22, "必填。18 位，这一列已经设成文本", "身份证上的 18 位号码"),
    ("phone", 15, "11 位手机号，这一列已经设成文本；没有就留空", "11 位手机号"),
    ("ethnicity", 10, "从下拉里选", "汉族"),
    ("group", 14, "从下拉里选", Group.TRUCK.label),
    ("work_status", 10, "从下拉里选", WorkStatus.ON_DUTY.label),
    ("driving_class", 10, "A1 至 C6、D、E、F、M、N、P", "A2"),
    ("credential_number", 22, "从业资格证或网约车驾驶员证上的号码", ""),
    ("plate", 13, "一格填一个；新车牌会加一辆车，不会去掉原来的", ""),
    ("enterprise_name", 26, "照执照填全称；个体的留空", ""),
    ("uscc", 22, "18 位，这一列已经设成文本", ""),
    ("committee", 16, "从下拉里选；留空就登记在导入时选的委员会", ""),
    ("declared_branch", 30, "从下拉里选；只当线索，不会因此成为党员", ""),
    ("declared_political_status", 14, "从下拉里选；只当线索", PoliticalStatus.MASSES.label),
    ("declared_joined", 12, "写成 2011.07 或 2011-07-01，这一列已经设成文本", ""),
    ("union_member", 10, "是、否", "否"),
    ("veteran", 10, "是、否", "否"),
    ("remarks", 24, "最多 500 个字", "这一行是示例，导入时跳过，可以删去"),
)
REQUIRED = frozenset({"name", "id_number"})
_AS_TEXT = frozenset({"id_number", "phone", "credential_number", "uscc", "declared_joined", "plate"})


def write_template(organization: Organization, path: str | os.PathLike[str]) -> None:
    """Write the template for one organisation: the drop-downs hold what lies under it. Two queries."""
    below = Organization.objects.subtree_of(organization).running()
    names = below.order_by("path").values_list("short_name", flat=True)
    committees = list(names.filter(kind__in=COMMITTEES)[:_LIST_LIMIT])
    branches = list(names.filter(kind__in=BRANCHES | {Kind.GENERAL_BRANCH})[:_LIST_LIMIT])
    lists = {
        "ethnicity": [*dict.fromkeys(ETHNICITIES.values())],
        "group": [*Group.labels],
        "work_status": [*WorkStatus.labels],
        "committee": committees,
        "declared_branch": branches,
        "declared_political_status": [*PoliticalStatus.labels],
        "union_member": ["是", "否"],
        "veteran": ["是", "否"],
    }
    with xlsxwriter.Workbook(path, {"strings_to_formulas": False, "strings_to_urls": False}) as workbook:
        _roster(workbook, {code: choices for code, choices in lists.items() if choices})
        _instructions(workbook, organization)
        _choices(workbook, {code: choices for code, choices in lists.items() if choices})
    os.chmod(path, 0o600)


def _header(code: str) -> str:
    return BY_CODE[code].label + ("*" if code in REQUIRED else "")


def _roster(workbook: xlsxwriter.Workbook, lists: dict[str, Sequence[str]]) -> None:
    sheet = workbook.add_worksheet(_SHEET)
    text = workbook.add_format({"num_format": "@"})
    plain = workbook.add_format({"bold": True, "bg_color": "#F2EEE7", "border": 1})
    needed = workbook.add_format({"bold": True, "bg_color": "#F2EEE7", "border": 1, "font_color": "#9B1C20"})
    grey = workbook.add_format({"font_color": "#8A8276", "italic": True, "num_format": "@"})
    held = list(lists)
    for index, (code, width, words, sample) in enumerate(COLUMNS):
        sheet.set_column(index, index, width, text if code in _AS_TEXT else None)
        sheet.write_string(0, index, _header(code), needed if code in REQUIRED else plain)
        if sample:
            sheet.write_string(1, index, sample, grey)
        rule: dict = {"validate": "any", "input_title": BY_CODE[code].label[:32], "input_message": words}
        if code in lists:
            letter = xl_col_to_name(held.index(code))
            rule |= {
                "validate": "list",
                "source": f"={_LISTS}!${letter}$2:${letter}${len(lists[code]) + 1}",
                # Other spellings are understood too (货运 for 货车司机), so nothing is forbidden.
                "error_type": "information",
                "error_title": "不在下拉里",
                "error_message": "这个词不在下拉里。确实要这样填，就点“确定”；导入时认不出会告诉您。",
            }
        if code != "number":
            sheet.data_validation(1, index, ROWS, index, rule)
    sheet.freeze_panes(1, 2)
    sheet.set_row(0, 22)


def _instructions(workbook: xlsxwriter.Workbook, organization: Organization) -> None:
    sheet = workbook.add_worksheet(_WORDS)
    bold = workbook.add_format({"bold": True})
    wrap = workbook.add_format({"text_wrap": True, "valign": "top"})
    sheet.set_column(0, 0, 20)
    sheet.set_column(1, 1, 80, wrap)
    lines = [
        ("说明", f"给“{organization.short_name}”用的模板。下拉里的委员会和支部都在它之下。"),
        ("怎么填", "在“司机花名册”里一人一行。标 * 的必须填，其余有就填，没有就留空。"),
        ("空格子", "空着的格子不会清掉已经登记的内容。"),
        ("粘贴", "从别的表复制过来时，用“选择性粘贴 → 数值”，不要改动身份证号、手机号的文本格式。"),
        ("别的表", "不用这个模板也行：手头的花名册可以直接导入，列名不用改。"),
    ]
    for index, (head, words) in enumerate(lines):
        sheet.write_string(index, 0, head, bold)
        sheet.write_string(index, 1, words, wrap)
    start = len(lines) + 1
    for offset, (code, _, words, _) in enumerate(COLUMNS[1:]):
        sheet.write_string(start + offset, 0, f"“{BY_CODE[code].label}”列", bold)
        sheet.write_string(start + offset, 1, words, wrap)


def _choices(workbook: xlsxwriter.Workbook, lists: dict[str, Sequence[str]]) -> None:
    """Write the sheet the drop-downs read, hidden, with the version of the template beside them."""
    sheet = workbook.add_worksheet(_LISTS)
    for index, (code, choices) in enumerate(lists.items()):
        sheet.write_string(0, index, f"选项：{BY_CODE[code].label}")
        for line, choice in enumerate(choices, start=1):
            sheet.write_string(line, index, choice)
    sheet.write_string(0, len(lists) + 1, f"模板版本 {VERSION}")
    sheet.hide()


__all__ = ["COLUMNS", "ROWS", "VERSION", "write_template"]
