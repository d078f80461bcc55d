"""The organisations of the demo, shaped after the five cities of the articles. Firms are invented.

苏州 "1+9" with 30 mobile branches and a cloud branch; 四川 with its levels over 成都 and 攀枝花; a platform's
committee with branches in four cities; 东营 with its stations. The branches of branches.csv carry the codes and names
of the sample rosters, so that these can be imported into the demo as they are.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from branches.choices import GuidanceLine, Kind, Level
from branches.reference import division_rows
from branches.rules import is_functional_zone
from members.choices import Coverage, EnterpriseKind, Group

PROVINCE, CHENGDU, PANZHIHUA, SUZHOU, DONGYING, PLATFORM = "510000", "510100", "510400", "320500", "370500", "P440300"
PANZHIHUA_FIRM_BRANCH, PANZHIHUA_MOBILE_BRANCH, DONGYING_BRANCH = "510402-11", "510411-11", "370502-01"
CLOUD_BRANCH = "320500-C01"
PLATFORM_CITIES = ("440300", "440100", "441900", "440600")
# 1 + 9: the county committees of 苏州, and how many of the 30 mobile branches lie in each.
SUZHOU_MOBILE = {
    "320505": 3,
    "320506": 3,
    "320507": 3,
    "320508": 3,
    "320509": 3,
    "320581": 4,
    "320582": 4,
    "320583": 4,
    "320585": 3,
}
_NUMERALS = "〇一二三四五六七八九十"


@dataclass(frozen=True, slots=True)
class Unit:
    """One organisation; `fields` are further fields of the model by name."""

    code: str
    parent: str
    name: str
    short_name: str
    kind: str
    level: str
    fields: dict


@dataclass(frozen=True, slots=True)
class Firm:
    """One firm, covered by the organisation of that code."""

    name: str
    kind: str
    committee: str
    coverage: str = Coverage.NONE
    covered_by: str = ""
    organization: str = ""


def units() -> Iterator[Unit]:
    """Yield every organisation of the demo, parents first."""
    names = {row["code"]: row["name"] for row in division_rows()}
    yield _committee(PROVINCE, "四川省", Level.PROVINCE, "", is_pilot=True)
    for city in (CHENGDU, PANZHIHUA):
        yield from _city(city, names, PROVINCE)
    yield from _city(SUZHOU, names, "", counties=tuple(SUZHOU_MOBILE))
    yield from _city(DONGYING, names, "")
    yield from _departments()
    listed = list(_listed_branches())
    yield from listed
    yield from _suzhou_branches(names, [unit for unit in listed if unit.parent in SUZHOU_MOBILE])
    yield _branch(
        PANZHIHUA_FIRM_BRANCH,
        "510402",
        "示例网约车平台东区党支部",
        Kind.ENTERPRISE_BRANCH,
        founded_date=date(2022, 5, 20),
    )
    yield _branch(PANZHIHUA_MOBILE_BRANCH, "510411", "仁和区司机流动党员党支部", founded_date=date(2022, 6, 10))
    yield _branch(DONGYING_BRANCH, "370502", "东营区网约车司机联合党支部", Kind.JOINT_BRANCH)
    yield from _wuhou_general_branch()
    yield from _platform()


GUIDANCE = [
    (PROVINCE, "D510000-1", GuidanceLine.ORGANISATION),
    (PROVINCE, "D510000-2", GuidanceLine.TRANSPORT),
    (CHENGDU, "D510100-1", GuidanceLine.ORGANISATION),
    (CHENGDU, "D510100-2", GuidanceLine.TRANSPORT),
    (PANZHIHUA, "D510400-1", GuidanceLine.ORGANISATION),
    (PANZHIHUA, "D510400-2", GuidanceLine.TRANSPORT),
    (SUZHOU, "D320500-1", GuidanceLine.ORGANISATION),
    (SUZHOU, "D320500-2", GuidanceLine.TRANSPORT),
    ("510106", "D510106-1", GuidanceLine.ORGANISATION),
    (PLATFORM, "D440300-1", GuidanceLine.ORGANISATION),
]

STATIONS = [  # code, name, county, place, beds
    ("ST370500-1", "东营区网约车司机之家（示例一站）", "370502", "示例路 1 号", 4),
    ("ST370500-2", "河口区网约车司机之家（示例二站）", "370503", "示例路 2 号", 2),
    ("ST370500-3", "垦利区网约车司机之家（示例三站）", "370505", "示例路 3 号", 2),
    ("ST370500-4", "利津县网约车司机之家（示例四站）", "370522", "示例路 4 号", 0),
    ("ST370500-5", "广饶县网约车司机之家（示例五站）", "370523", "示例路 5 号", 6),
]


def firms() -> Iterator[Firm]:
    """Yield every firm of the demo."""
    for number in range(1, 7):  # 攀枝花: six platforms at work
        own = number == 1
        yield Firm(
            f"示例网约车{number}号（攀枝花）有限公司",
            EnterpriseKind.RIDE_HAILING_PLATFORM,
            "510402" if number < 5 else "510411",
            Coverage.OWN if own else Coverage.JOINT if number < 6 else Coverage.INSTRUCTOR,
            "" if number == 6 else PANZHIHUA_FIRM_BRANCH if number < 5 else PANZHIHUA_MOBILE_BRANCH,
            PANZHIHUA_FIRM_BRANCH if own else "",
        )
    kinds = [EnterpriseKind.FREIGHT, EnterpriseKind.DANGEROUS_GOODS, EnterpriseKind.LOGISTICS_PARK, EnterpriseKind.TAXI]
    for place, unit in enumerate(unit for unit in units() if unit.parent in (CHENGDU, SUZHOU, DONGYING)):
        if unit.kind == Kind.INDUSTRY_COMMITTEE:
            covered = f"{unit.code}-03" if place % 3 == 0 and unit.code.startswith("5101") else ""
            yield Firm(
                f"示例{unit.short_name}运输有限公司",
                kinds[place % len(kinds)],
                unit.code,
                Coverage.JOINT if covered else Coverage.INSTRUCTOR if place % 3 == 1 else Coverage.NONE,
                covered,
            )
    yield Firm("示例货运平台科技有限公司", EnterpriseKind.FREIGHT_PLATFORM, PLATFORM, Coverage.OWN, PLATFORM, PLATFORM)


GROUP_OF_FIRM = {
    EnterpriseKind.RIDE_HAILING_PLATFORM: Group.RIDE_HAILING,
    EnterpriseKind.TAXI: Group.TAXI,
    EnterpriseKind.DANGEROUS_GOODS: Group.DANGEROUS_GOODS,
}


# --- parts ----------------------------------------------------------------------------------------------------------
def _committee(code: str, place: str, level: str, parent: str, *, above: str = "", **fields) -> Unit:
    name = f"中共{above}{place}道路运输行业委员会"
    return Unit(code, parent, name, place, Kind.INDUSTRY_COMMITTEE, level, {"division_id": code} | fields)


def _city(code: str, names: dict[str, str], parent: str, counties: tuple[str, ...] = ()) -> Iterator[Unit]:
    yield _committee(code, names[code], Level.CITY, parent)
    for county in counties or [c for c in names if c[:4] == code[:4] and c != code and not is_functional_zone(c)]:
        yield _committee(county, names[county], Level.COUNTY, code, above=names[code])


def _branch(code: str, parent: str, name: str, kind: str = Kind.MOBILE_BRANCH, **fields) -> Unit:
    division = {} if kind == Kind.CLOUD_BRANCH else {"division_id": parent[:6]}
    return Unit(code, parent, name, name, kind, Level.BASE, division | fields)


def _listed_branches() -> Iterator[Unit]:
    with (Path(__file__).parent / "branches.csv").open(encoding="utf-8", newline="") as handle:
        for row in csv.DictReader(handle):
            host = {"host_unit": "交通运输综合行政执法大队"} if row["kind"] == Kind.MOBILE_BRANCH else {}
            if row["kind"] == Kind.CLOUD_BRANCH:
                host = {"host_platform": "示例货运信息平台"}
            yield _branch(row["code"], row["parent"], row["name"], row["kind"], **host)


def _suzhou_branches(names: dict[str, str], listed: list[Unit]) -> Iterator[Unit]:
    yield _branch(
        CLOUD_BRANCH, SUZHOU, "苏州市货车司机云上党支部", Kind.CLOUD_BRANCH, host_platform="运满满",
        founded_date=date(2023, 7, 1),
    )  # fmt: skip
    for county, wanted in SUZHOU_MOBILE.items():
        there = sum(unit.parent == county for unit in listed)
        for number in range(1, wanted - there + 1):
            name = f"{names[county]}第{_NUMERALS[number]}网格货车司机流动党员党支部"
            if county == "320582" and number == 1:
                name = "张家港市网约出租车流动党员党支部"
            yield _branch(f"{county}-M{number:02}", county, name, grid_area=f"第{_NUMERALS[number]}网格")


def _departments() -> Iterator[Unit]:
    for code, parent, level, organisation, transport in (
        ("510000", PROVINCE, Level.PROVINCE, "四川省委组织部", "四川省交通运输厅"),
        ("510100", CHENGDU, Level.CITY, "成都市委组织部", "成都市交通运输局"),
        ("510400", PANZHIHUA, Level.CITY, "攀枝花市委组织部", "攀枝花市交通运输局"),
        ("320500", SUZHOU, Level.CITY, "苏州市委组织部", "苏州市交通运输局"),
        ("510106", "510106", Level.COUNTY, "金牛区委组织部", ""),
        ("440300", "", Level.CITY, "深圳市互联网企业工委", ""),
    ):
        for number, name in enumerate(filter(None, (organisation, transport)), start=1):
            yield Unit(f"D{code}-{number}", parent, name, name, Kind.DEPARTMENT, level, {"division_id": code})


def _wuhou_general_branch() -> Iterator[Unit]:
    """Yield a general branch with a branch and its group: the kinds the articles do not name."""
    yield _branch("510107-G1", "510107", "武侯区示例物流集团党总支", Kind.GENERAL_BRANCH)
    name, place = "武侯区示例物流集团第一党支部", {"division_id": "510107"}
    yield Unit("510107-G1-01", "510107-G1", name, name, Kind.BRANCH, Level.BASE, place | {"serial_number": 1})
    yield Unit("510107-G1-01-1", "510107-G1-01", f"{name}车队党小组", "车队党小组", Kind.GROUP, Level.BASE, place)


def _platform() -> Iterator[Unit]:
    """Yield a platform's committee: 27 numbered branches in four cities, the last six founded on one day."""
    yield Unit(
        PLATFORM, "", "中共示例货运平台委员会", "示例货运平台党委", Kind.ENTERPRISE_COMMITTEE, Level.CITY,
        {"division_id": PLATFORM_CITIES[0], "host_platform": "示例货运平台", "is_pilot": True},
    )  # fmt: skip
    for number in range(1, 28):
        name = f"示例货运平台第{_numeral(number)}党支部"
        fields = {
            "division_id": PLATFORM_CITIES[number % len(PLATFORM_CITIES)],
            "serial_number": number,
            "founded_date": date(2026, 6, 26) if number > 21 else date(2021 + number // 8, 6, 1 + number),
        }
        yield Unit(f"{PLATFORM}-{number:02}", PLATFORM, name, name, Kind.ENTERPRISE_BRANCH, Level.BASE, fields)


def _numeral(number: int) -> str:
    tens, ones = divmod(number, 10)
    head = {0: "", 1: "十"}.get(tens, f"{_NUMERALS[tens]}十")
    return head + (_NUMERALS[ones] if ones else "")
