"""Roster files of synthetic drivers: for benchmarks, tests and practice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import xlsxwriter

from branches.reference import division_rows
from dashboard.demo.names import People, Synthetic, counties_of
from foundation.protection.canonical import name_key
from members.choices import Group, PoliticalStatus, Sex, WorkStatus

HEADERS = (
    "序号",
    "姓名",
    "性别",
    "身份证号",
    "手机号",
    "民族",
    "政治面貌",
    "司机类别",
    "从业资格证号",
    "准驾车型",
    "车牌号",
    "所属企业",
    "从业状态",
    "所属县区",
    "工会会员",
    "退役军人",
    "出生日期",
    "党支部",
    "入党时间",
    "备注",
)
FEWEST_COLUMNS, MOST_COLUMNS = 5, len(HEADERS)

_SEXES: dict[str, str] = {Sex.MALE: "男", Sex.FEMALE: "女"}
_POLITICAL: dict[str, str] = {
    PoliticalStatus.MEMBER: "中共党员",
    PoliticalStatus.PROBATIONARY: "中共预备党员",
    PoliticalStatus.ACTIVIST: "入党积极分子",
    PoliticalStatus.LEAGUE: "共青团员",
    PoliticalStatus.MASSES: "群众",
    "": "",
}
_GROUPS: dict[str, str] = {
    Group.TRUCK: "货车司机",
    Group.RIDE_HAILING: "网约车司机",
    Group.TAXI: "巡游出租",
    Group.PASSENGER: "客运",
    Group.DANGEROUS_GOODS: "危货",
}
_STATUSES: dict[str, str] = {WorkStatus.ON_DUTY: "在岗", WorkStatus.LEFT: "离职", WorkStatus.SUSPENDED: "停运"}


@dataclass(frozen=True, slots=True)
class Mistake:
    """A planted mistake: 1-based row as a spreadsheet shows it, header, the code it must be answered by."""

    row: int
    column: str
    code: str


def write_roster(
    path: Path | str,
    rows: int,
    seed: int,
    start: int = 0,
    columns: int = 15,
    *,
    counties: Sequence[str] = (),
    branches: Sequence[str] = (),
    members_per_thousand: int = 41,
    mistakes_per_thousand: int = 0,
) -> list[Mistake]:
    """Write an xlsx roster of the synthetic drivers `start` … `start + rows - 1` and return the planted mistakes.

    The first `columns` of HEADERS (5 to 20) are written under one header row without a title. `counties` (division
    codes) are named in 所属县区 by turns, by default the counties of 成都市 as in the sample rosters: import it under
    510100. `branches` are named in 党支部 for those who call themselves members; without any it stays empty.
    The same seed and index are the same driver here and in `seed_scale`: a roster with the same seed meets people who
    are registered already, one with another seed or a later start new ones. About 10 seconds for 100,000 rows.

    Raises ValueError for a number of columns that is not offered.
    """
    if not FEWEST_COLUMNS <= columns <= MOST_COLUMNS:
        raise ValueError(f"columns must be {FEWEST_COLUMNS} to {MOST_COLUMNS}")
    headers = HEADERS[:columns]
    planted: list[Mistake] = []
    book = xlsxwriter.Workbook(
        str(path), {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    sheet = book.add_worksheet("司机花名册")
    for place, header in enumerate(headers):
        sheet.write_string(0, place, header)
    for number, cells in enumerate(
        roster_rows(rows, seed, start, counties=counties, branches=branches, members_per_thousand=members_per_thousand)
    ):
        if mistakes_per_thousand and number % 1000 < mistakes_per_thousand and number:
            _spoil(cells, number, headers, planted)
        sheet.write_number(number + 1, 0, int(cells[0]))
        for place in range(1, columns):
            if cells[place]:
                sheet.write_string(number + 1, place, cells[place])
    book.close()
    return planted


def roster_rows(
    rows: int,
    seed: int,
    start: int = 0,
    *,
    counties: Sequence[str] = (),
    branches: Sequence[str] = (),
    members_per_thousand: int = 41,
) -> Iterator[list[str]]:
    """Yield the cells of each row, all of HEADERS. Parameters as `write_roster`."""
    people = People(seed)
    places = tuple(counties) or counties_of("5101")
    # A short name says which county is meant within one city only.
    within_one_city = len({county[:4] for county in places}) == 1
    names = _division_names()
    for number in range(rows):
        person = people[start + number]
        county = places[person.dice % len(places)]
        is_member = person.dice // 7 % 1000 < members_per_thousand
        status = PoliticalStatus.MEMBER if is_member else person.political_status
        branch = branches[person.dice // 11 % len(branches)] if is_member and branches else ""
        yield [
            str(number + 1),
            person.name,
            _SEXES[person.sex],
            person.id_number,
            person.phone,
            person.ethnicity,
            _POLITICAL[status],
            _GROUPS[person.group],
            person.credential_number,
            person.driving_class,
            person.plate,
            firm_name(person, names[county]),
            _STATUSES[person.work_status],
            names[county] if within_one_city else county,
            "是" if person.union_member else "否",
            "是" if person.is_veteran else "否",
            person.birth_date.isoformat(),
            branch,
            f"{max(person.birth_date.year + 20, 1985)}-0{1 + person.dice % 9}" if is_member else "",
            "",
        ]


def firm_name(person: Synthetic, place: str) -> str:
    """Return the synthetic firm a driver works for: three in ten are self-employed and name none."""
    if person.dice % 10 < 3:
        return ""
    return f"示例{place}{_FIRM_WORDS[person.group]}{person.dice // 13 % 40 + 1:02}号有限公司"


_FIRM_WORDS: dict[str, str] = {
    Group.TRUCK: "货运",
    Group.RIDE_HAILING: "网约车",
    Group.TAXI: "出租汽车",
    Group.PASSENGER: "客运",
    Group.DANGEROUS_GOODS: "危货运输",
}


def _division_names() -> dict[str, str]:
    return {row["code"]: row["name"] for row in division_rows()}


def _spoil(cells: list[str], number: int, headers: tuple[str, ...], planted: list[Mistake]) -> None:
    """Spoil one cell of a row, another way each time, and note it."""
    kinds = [kind for kind in _MISTAKES if kind[0] in headers]
    header, code, spoiled = kinds[number % len(kinds)]
    cells[HEADERS.index(header)] = spoiled(cells)
    planted.append(Mistake(number + 2, header, code))


def _other_check_character(cells: list[str]) -> str:
    number = cells[3]
    return number[:17] + ("1" if number[17] != "1" else "2")


# Header, the code of the roster rules it must be answered by, what stands in the cell.
_MISTAKES = (
    ("姓名", "name_missing", lambda cells: ""),
    ("姓名", "name_too_long", lambda cells: name_key(cells[1]) * 26),
    ("身份证号", "id_missing", lambda cells: ""),
    ("身份证号", "id_length", lambda cells: cells[3][:17]),
    ("身份证号", "id_characters", lambda cells: "O" + cells[3][1:]),
    ("身份证号", "id_birthdate", lambda cells: cells[3][:10] + "1331" + cells[3][14:]),
    ("身份证号", "id_checksum", _other_check_character),
    ("手机号", "phone_invalid", lambda cells: cells[4][:10]),
    ("司机类别", "choice_unknown", lambda cells: "飞行员"),
    ("车牌号", "plate_invalid", lambda cells: cells[10][:2] + "IO" + cells[10][4:]),
    ("所属县区", "organization_unknown", lambda cells: "没有这个县"),
    ("入党时间", "date_invalid", lambda cells: "2011-13"),
)
