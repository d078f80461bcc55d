"""The organisations a roster may name: those under the importing one. All others are unknown, existing or not."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from foundation.protection.canonical import strip_spaces, to_simplified
from members.roster.read.cells import Cell, shown

_PARTY = re.compile(r"^(?:中国共产党|中共)")
_QUOTES = "\"'“”‘’《》"
_PROVINCE = re.compile(r"^[一-鿿]{2,3}省")
_WHOLE = re.compile(r"([0-9]+)\.0+")
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−﹣", "-"))
_CODED = re.compile(
    r"(?P<code>[0-9]{6}(?:-[0-9]+)?)\W*(?P<name>[一-鿿].*?)\W*|(?P<name_>.*?[一-鿿])\W*(?P<code_>[0-9]{6}(?:-[0-9]+)?)\W*"
)
_LONE_CODE = re.compile(r"(?<![0-9])[0-9]{6}(?![0-9])")
# What sheets and titles add to the name of a county.
_AROUND = re.compile(
    r"(?:填报|报送|制表)?单位|货车|网约车|(?:巡游)?出租车?|客运|危货|党员|司机|驾驶员|从业人员|花名册|名册|名单|台账|信息|汇总|登记|明细"
    r"|表|[0-9一二三四五六七八九十]+[年月日人期批、.]|\W|[0-9_]"
)
_UNIT_LINE = re.compile(r"(?:填报|报送|制表|填表)?单位.*")


@dataclass(frozen=True, slots=True)
class Unit:
    """An organisation as rosters name it."""

    id: int
    code: str
    name: str
    short_name: str = ""
    aliases: tuple[str, ...] = ()
    parent_id: int | None = None
    is_committee: bool = False
    is_branch: bool = False
    is_territorial: bool = False  # the committee of a city or county, which a sheet's name or title may mean


def folded_unit(text: str) -> tuple[str, bool]:
    """Return the name of an organisation folded for comparison, and whether Traditional characters were folded."""
    simplified, changed = to_simplified(strip_spaces(text).strip(_QUOTES))
    return simplified.casefold(), changed


class Catalogue:
    """Finds committees and branches by code, full name, short name or alias, within one subtree."""

    def __init__(self, importing: Unit, beneath: Iterable[Unit]) -> None:
        self.importing = importing
        self.units: dict[int, Unit] = {importing.id: importing}
        self.units.update((unit.id, unit) for unit in beneath)
        self._committees: dict[str, set[int]] = {}
        self._branches: dict[str, set[int]] = {}
        self._committees_loosely: dict[str, set[int]] = {}
        self._branches_loosely: dict[str, set[int]] = {}
        for unit in self.units.values():
            self._enter(unit, self._committees, self._branches, self._names(unit))
            self._enter(unit, self._committees_loosely, self._branches_loosely, self._loose_names(unit))

    @staticmethod
    def _enter(
        unit: Unit, committees: dict[str, set[int]], branches: dict[str, set[int]], names: Iterable[str]
    ) -> None:
        folded = {folded_unit(name)[0] for name in names} - {""}
        for index, belongs in ((committees, unit.is_committee), (branches, unit.is_branch)):
            if belongs:
                for name in folded:
                    index.setdefault(name, set()).add(unit.id)

    def _names(self, unit: Unit) -> Iterable[str]:
        yield from (unit.code, unit.name, unit.short_name, _PARTY.sub("", unit.name), *unit.aliases)
        # 成都市金牛区 is 金牛区 of 成都市: the only way to tell the 东区 of one city from that of another.
        if unit.is_committee and unit.short_name:
            for above in self.above(unit):
                yield above.short_name + unit.short_name

    def _loose_names(self, unit: Unit) -> Iterable[str]:
        """Yield what a unit is called where no other is called so: 金牛, 成都金牛区, 金牛区道路运输行业委员会."""
        if unit.is_committee and (short := unit.short_name):
            if len(short) > 2:
                yield short[:-1]
            city, found, rest = _PARTY.sub("", unit.name).partition(short)
            if found:
                yield short + rest
                for prefix in filter(None, (city, city.removesuffix("市"))):
                    yield from (prefix + short, prefix + short + rest)
        elif unit.is_branch:
            bare = _PARTY.sub("", unit.name)
            yield from (above.short_name + bare for above in self.above(unit) if not bare.startswith(above.short_name))

    def above(self, unit: Unit) -> Iterable[Unit]:
        """Yield the units above one, the nearest first, as far as the importing one."""
        while unit.parent_id is not None and unit.parent_id in self.units and unit.id != self.importing.id:
            unit = self.units[unit.parent_id]
            yield unit

    def committee(self, cell: Cell) -> tuple[Unit | None, bool, bool]:
        """Return the committee a cell names (None: none, or several), whether it was folded, whether several fit."""
        found, folded = self._look_up(self._committees, self._committees_loosely, cell)
        return (found[0] if len(found) == 1 else None), folded, len(found) > 1

    def branch(self, cell: Cell, committee: Unit) -> tuple[Unit | None, bool, bool]:
        """Return the branch a cell names, like `committee`. Of several by that name the one under the committee."""
        found, folded = self._look_up(self._branches, self._branches_loosely, cell)
        if len(found) > 1:
            near = [unit for unit in found if committee.id in {above.id for above in self.above(unit)}]
            found = near or found
        return (found[0] if len(found) == 1 else None), folded, len(found) > 1

    def _look_up(self, index: dict[str, set[int]], loosely: dict[str, set[int]], cell: Cell) -> tuple[list[Unit], bool]:
        name, folded = folded_unit(shown(cell))

        def find(name: str) -> set[int]:
            bare = _PARTY.sub("", name)
            return index.get(name) or index.get(bare) or loosely.get(_PROVINCE.sub("", bare)) or set()

        name = name.translate(_DASHES)
        if whole := _WHOLE.fullmatch(name):  # a code that went through a column of numbers
            name = whole[1]
        ids = find(name)
        if not ids and len(name) <= 100 and (coded := _CODED.fullmatch(name)):  # 510106 金牛区, 金牛区(510106)
            ids = find(coded["code"] or coded["code_"]) & find(coded["name"] or coded["name_"])
        return [self.units[unit_id] for unit_id in sorted(ids)], folded

    def named_by(self, sheet: str, titles: Sequence[str]) -> Unit | None:
        """Return the committee below the importing one that the sheet's name or the titles mean; None: none or several.

        The sheet's name goes first, then titles, then the line 填报单位. 成都市金牛区… means 金牛区, not 成都市.
        """
        lines = [sheet, *(title for title in titles if not _UNIT_LINE.fullmatch(title))]
        for line in (*lines, *(title for title in titles if _UNIT_LINE.fullmatch(title))):
            # A line that names the importing committee says who sends the roster, not where its people belong.
            if (unit := self._meant_by(folded_unit(line)[0])) and unit.id != self.importing.id:
                return unit
        return None

    def _territorial(self) -> list[Unit]:
        return [unit for unit in self.units.values() if unit.is_territorial]

    def _meant_by(self, line: str) -> Unit | None:
        named = {}
        for unit in self._territorial():
            spans = [
                span for name in (unit.name, unit.short_name, *unit.aliases) if (span := self._span(line, name, unit))
            ]
            if spans:
                named[unit.id] = max(spans, key=lambda span: span[1] - span[0])
        if not named:
            return self._barely_meant_by(line)
        # A name within a longer one means the longer one; a unit above another only says where that one lies.
        inner = {
            unit_id
            for unit_id, (start, end) in named.items()
            for other, (begin, stop) in named.items()
            if other != unit_id and begin <= start and end <= stop and stop - begin > end - start
        }
        left = set(named) - inner
        left -= {above.id for unit_id in left for above in self.above(self.units[unit_id])}
        return self.units[left.pop()] if len(left) == 1 else None

    def _barely_meant_by(self, line: str) -> Unit | None:
        """Return the one unit whose code stands in a line that names none, or whose short name is all it says."""
        codes, bare = set(_LONE_CODE.findall(line)), _AROUND.sub("", line)
        found = []
        for unit in self._territorial():
            short = folded_unit(unit.short_name)[0]
            above = next(iter(self.above(unit)), None)
            city = folded_unit(above.short_name)[0] if above else ""
            if unit.code in codes or (len(short) > 2 and bare and bare in {short[:-1], city[:-1] + short[:-1]}):
                found.append(unit)
        return found[0] if len(found) == 1 else None

    def _span(self, line: str, name: str, unit: Unit) -> tuple[int, int] | None:
        name = folded_unit(name)[0]
        if len(name) < 2:
            return None
        start = line.find(name)
        if start < 0:
            return None
        # 东区 of 攀枝花市东区, not of 华东区.
        if len(name) == 2 and start and "一" <= line[start - 1] <= "鿿" and line[start - 1] not in "市省州盟":
            above = next(iter(self.above(unit)), None)
            city = folded_unit(above.short_name)[0] if above else ""
            if not city or not line[:start].endswith((city, city[:-1])):
                return None
        return start, start + len(name)
