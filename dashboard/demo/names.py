"""Synthetic people. Every value comes from a seed and an index by arithmetic, so that nobody real is meant.

Identity numbers are valid (GB 11643) and unique within a seed: the index runs through all numbers of the given areas
by an affine map. Mobile numbers begin with segments that no carrier had been given when this was written. Names are
put together from frequent surnames and characters of given names.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from itertools import accumulate
from math import gcd

from branches.reference import division_rows
from branches.rules import is_functional_zone
from foundation.protection.identifiers import check_character
from members.choices import Group, PlateColour, PoliticalStatus, Sex, WorkStatus

# Rough share of each surname in thousandths; the order of the first ones follows 公安部《二〇二〇年全国姓名报告》.
_SURNAMES = (
    "王71 李71 张67 刘54 陈45 杨31 黄24 赵22 吴20 周19 徐16 孙15 马13 朱12 胡12 郭11 何11 林11 高10 罗10 郑9 "
    "梁9 谢8 宋7 唐7 许6 邓6 韩6 冯6 曹6 彭5 曾5 肖5 田4 董4 潘4 袁4 蔡4 蒋4 余4 于4 杜4 叶4 程4 魏4 苏4 吕4 "
    "丁4 任4 卢3 姚3 沈3 钟3 姜3 崔3 谭3 陆3 范3 汪3 廖3 石3 金3 韦3 贾3 夏3 付3 方3 邹3 熊3 白2 孟2 秦2 邱2 "
    "侯2 江2 尹2 薛2 闫2 段2 雷2 龙2 黎2 史2 陶2 贺2 毛2 郝2 顾2 龚2 邵2 万2 覃2 武2 钱2 戴2 严2 莫2 孔2 向2 "
    "常2 汤2 欧阳1 上官1 尉迟1 单1 仇1 解1 查1 乐1 翟1 区1"
)
_GIVEN_MALE = "伟强军勇涛明超平辉刚斌波建国华志文杰林海峰鹏飞宇浩东亮龙俊云成德福贵兴洪春生清荣永良全顺祥宏庆元光"
_GIVEN_FEMALE = "芳娜敏静丽艳娟霞燕玲梅莉红英秀兰琴玉萍雪琳洁颖慧佳欣怡婷蓉凤春莲丹晓云"
# Parts of names with a separator: syllables put together, transcribed as the names of several peoples are.
_WITH_DOT = (
    ("阿卜", "买合", "吉克", "沙马", "曲比", "泽仁", "加央", "艾力"),
    ("木", "伍", "阿", "提", "嘎", "多", "依", "措"),
)
_ETHNICITIES = (("汉族", 930), ("彝族", 30), ("藏族", 18), ("羌族", 8), ("回族", 6), ("苗族", 4), ("维吾尔族", 4))
# Not given to any carrier for mobiles: nobody answers, should anybody dial by mistake.
_PHONE_SEGMENTS = ("154", "160", "161", "163", "164", "168", "169")
_PLATE_CHARACTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789"
_GROUPS = (
    (Group.TRUCK, 620),
    (Group.RIDE_HAILING, 200),
    (Group.TAXI, 90),
    (Group.PASSENGER, 50),
    (Group.DANGEROUS_GOODS, 40),
)
_CLASSES: dict[str, tuple[str, ...]] = {
    Group.TRUCK: ("B2", "A2", "C1"),
    Group.RIDE_HAILING: ("C1", "C2"),
    Group.TAXI: ("C1",),
    Group.PASSENGER: ("A1", "B1"),
    Group.DANGEROUS_GOODS: ("A2", "B2"),
}
_FIRST_BIRTH = date(1962, 1, 1)
_BIRTH_DAYS = 15_000  # to the beginning of 2003
# Odd numbers are men: 500 of them, and so many women as drive for a living (about one in twenty).
_SEQUENCES = tuple(f"{number:03}" for number in [*range(1, 1000, 2), *range(2, 56, 2)])
_STEP = 2_654_435_761  # a prime larger than every factor of the spaces below
SICHUAN_PLATES = "川ABCDEFHJKLMQRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class Synthetic:
    """One synthetic driver; texts are canonical."""

    index: int
    name: str
    id_number: str
    birth_date: date
    sex: str
    phone: str
    ethnicity: str
    group: str
    driving_class: str
    plate: str
    plate_colour: str
    credential_number: str
    work_status: str
    political_status: str
    union_member: bool
    is_veteran: bool
    dice: int  # 32 more bits, for whoever places the person


class People:
    """An endless list of synthetic drivers: `people[i]` is always the same for one seed and one set of areas."""

    def __init__(self, seed: int, areas: Sequence[str] = (), plates: str = SICHUAN_PLATES) -> None:
        self._seed = seed
        self._areas = tuple(areas) or counties_of("51")
        self._plate_heads = tuple(plates[0] + letter for letter in plates[1:])
        self._numbers = len(self._areas) * _BIRTH_DAYS * len(_SEQUENCES)
        self._phones = len(_PHONE_SEGMENTS) * 10**8
        self._plates = len(self._plate_heads) * 34**4 * 10
        if any(gcd(_STEP, space) != 1 for space in (self._numbers, self._phones, self._plates)):
            raise ValueError("the step divides the space: numbers would repeat")
        self._random = random.Random()  # noqa: S311 - people are made up here, not secrets

    def __getitem__(self, index: int) -> Synthetic:
        """Return the person with this index (0 …)."""
        dice = self._random
        dice.seed(self._seed * 0x9E3779B97F4A7C15 + index)
        spin = self._seed * 1_000_003
        rest, area = divmod((index * _STEP + spin) % self._numbers, len(self._areas))
        order, day = divmod(rest, _BIRTH_DAYS)
        born = _FIRST_BIRTH + timedelta(days=day)
        first = f"{self._areas[area]}{born:%Y%m%d}{_SEQUENCES[order]}"
        number = first + check_character(first)
        sex = Sex.MALE if int(number[16]) % 2 else Sex.FEMALE
        ethnicity = _pick(dice, *_weighted(_ETHNICITIES))
        group = _pick(dice, *_weighted(_GROUPS))
        plate, colour = self._plate(index, spin, group, dice.random() < 0.12)
        return Synthetic(
            index=index,
            name=_name(dice, sex, ethnicity),
            id_number=number,
            birth_date=born,
            sex=sex,
            phone=self._phone(index, spin),
            ethnicity=ethnicity,
            group=group,
            driving_class=dice.choice(_CLASSES[group]),
            plate=plate,
            plate_colour=colour,
            credential_number=number if dice.random() < 0.7 else f"{self._areas[area]}{dice.randrange(10**13):013}",
            work_status=_pick(dice, *_weighted(_STATUSES)),
            political_status=_pick(dice, *_weighted(_POLITICAL)),
            union_member=dice.random() < 0.879,  # domain a.6: 378,000 of 430,000
            is_veteran=dice.random() < 0.06,
            dice=dice.getrandbits(32),
        )

    def _phone(self, index: int, spin: int) -> str:
        segment, rest = divmod((index * _STEP + spin) % self._phones, 10**8)
        return f"{_PHONE_SEGMENTS[segment]}{rest:08}"

    def _plate(self, index: int, spin: int, group: str, is_new_energy: bool) -> tuple[str, str]:
        rest, head = divmod((index * _STEP + spin) % self._plates, len(self._plate_heads))
        rest, digit = divmod(rest, 10)
        body = ""
        for _ in range(4):
            rest, place = divmod(rest, 34)
            body += _PLATE_CHARACTERS[place]
        plate = f"{self._plate_heads[head]}{body[:2]}{digit}{body[2:]}"
        small = group in (Group.RIDE_HAILING, Group.TAXI)
        if not is_new_energy:
            return plate, PlateColour.BLUE if small else PlateColour.YELLOW
        # Six characters after the letter: D in front on small vehicles, at the end on large ones (GA 36).
        if small:
            return f"{plate[:2]}D{plate[2:]}", PlateColour.GREEN
        return f"{plate}D", PlateColour.YELLOW_GREEN


_STATUSES = ((WorkStatus.ON_DUTY, 930), (WorkStatus.SUSPENDED, 40), (WorkStatus.LEFT, 30))
# Without members: who is one is said by whoever places the people.
_POLITICAL = (
    (PoliticalStatus.MASSES, 900),
    (PoliticalStatus.LEAGUE, 60),
    (PoliticalStatus.ACTIVIST, 12),
    ("", 28),
)


@lru_cache(maxsize=8)
def counties_of(prefix: str) -> tuple[str, ...]:
    """Return the codes of the counties whose code begins with `prefix`, functional zones left out, in code order."""
    return tuple(
        sorted(
            row["code"]
            for row in division_rows()
            if row["level"] == "county" and row["code"].startswith(prefix) and not is_functional_zone(row["code"])
        )
    )


def plate_letters(prefix: str, count: int) -> str:
    """Return a province character and the first letters, for `People(plates=…)`."""
    return prefix + "ABCDEFGHJKLM"[:count]


@lru_cache(maxsize=32)
def _weighted(pairs: tuple[tuple[str, int], ...]) -> tuple[tuple[str, ...], tuple[int, ...], int]:
    values, weights = zip(*pairs, strict=True)
    sums = tuple(accumulate(weights))
    return values, sums, sums[-1]


def _pick(dice: random.Random, values: tuple[str, ...], sums: tuple[int, ...], total: int) -> str:
    return dice.choices(values, cum_weights=sums)[0]


@lru_cache(maxsize=1)
def _surnames() -> tuple[tuple[str, ...], tuple[int, ...], int]:
    pairs = []
    for word in _SURNAMES.split():
        digits = len(word) - len(word.rstrip("0123456789"))
        pairs.append((word[:-digits], int(word[-digits:])))
    return _weighted(tuple(pairs))


def _name(dice: random.Random, sex: str, ethnicity: str) -> str:
    if ethnicity in ("彝族", "藏族", "维吾尔族") and dice.random() < 0.7:
        heads, ends = _WITH_DOT
        return f"{dice.choice(heads)}{dice.choice(ends)}·{dice.choice(ends)}{dice.choice(ends)}"
    given = _GIVEN_MALE if sex == Sex.MALE else _GIVEN_FEMALE
    length = 2 if dice.random() < 0.72 else 1
    return _pick(dice, *_surnames()) + "".join(dice.choice(given) for _ in range(length))
