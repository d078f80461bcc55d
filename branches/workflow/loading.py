"""Organisations from a file: create or update by code, all or nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from branches import rules
from branches.choices import BRANCHES, Kind, Level
from branches.models import Division, Organization
from branches.workflow.organizations import add_organization, change_organization, hold_tree, move_organization

COLUMNS = ("code", "name", "parent")
OPTIONAL = ("short_name", "kind", "level", "division")


@dataclass
class Loaded:
    """What a file led to. When there are errors nothing was written and the other numbers are what would have been."""

    rows: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    errors: list[dict[str, Any]] = field(default_factory=list)

    def refuse(self, row: int, code: str, message: str) -> None:
        """Add an error of a row."""
        self.errors.append({"row": row, "code": code, "message": message})


class _TakeBack(Exception):
    """Undo the transaction of a file with errors."""


def load_organizations(rows: Iterable[tuple[int, Mapping[str, str]]], *, actor=None) -> Loaded:
    """Create or update organisations by code and return what happened; with any error nothing is written.

    `rows` are (row number, cells by column): code, name, parent and where present short_name, kind, level, division.
    Parents may stand later in the file. A six-digit code without kind is an industry committee of that division's
    level, anything else a mobile branch. An empty cell never clears a value, an empty parent never moves a unit.
    About ten statements per changed row.
    """
    rows = list(rows)
    loaded = Loaded(rows=len(rows))
    by_code = _unique(rows, loaded)
    divisions = Division.objects.in_bulk()
    try:
        with transaction.atomic():
            hold_tree()
            stored = {one.code: one for one in Organization.objects.all()}
            order = _parents_first(by_code, stored, loaded)
            for code in order:
                row, cells = by_code[code]
                try:
                    _one(cells, stored, divisions, loaded, actor)
                except ValidationError as error:
                    loaded.refuse(row, code, " ".join(error.messages))
            if loaded.errors:
                raise _TakeBack
    except _TakeBack:
        loaded.errors.sort(key=lambda error: error["row"])
    return loaded


def _unique(rows, loaded: Loaded) -> dict[str, tuple[int, Mapping[str, str]]]:
    by_code: dict[str, tuple[int, Mapping[str, str]]] = {}
    for row, cells in rows:
        code = cells["code"]
        if not code:
            loaded.refuse(row, "", "没有代码。")
        elif code in by_code:
            loaded.refuse(row, code, f"代码和第 {by_code[code][0]} 行重复。")
        else:
            by_code[code] = (row, cells)
    return by_code


def _parents_first(by_code, stored, loaded: Loaded) -> list[str]:
    """Return the codes so that every parent comes before its children; refuse unknown parents and circles."""
    order: list[str] = []
    state: dict[str, str] = {}  # code → walking, good or bad
    for start in by_code:
        walk = []
        code = start
        while code in by_code and code not in state:
            state[code] = "walking"
            walk.append(code)
            code = by_code[code][1]["parent"]
        bad = ""
        if code and state.get(code) == "walking" and code in walk:
            circle = walk[walk.index(code) :]
            bad = f"上级成了一个圈：{' → '.join([*circle, code])}。"
        elif code and code not in by_code and code not in stored:
            bad = f"上级 {code} 不在文件里，也没有登记。"
        elif state.get(code) == "bad":
            bad = f"上级 {code} 有错，先改好它。"
        for one in reversed(walk):
            state[one] = "bad" if bad else "good"
            if bad:
                loaded.refuse(by_code[one][0], one, bad)
                bad = bad if "圈" in bad and one in bad else f"上级 {one} 有错，先改好它。"
            else:
                order.append(one)
    return order


def _one(cells, stored, divisions, loaded: Loaded, actor) -> None:
    code = cells["code"]
    current = stored.get(code)
    parent = stored.get(cells["parent"]) if cells["parent"] else None
    if cells["parent"] and parent is None:
        raise ValidationError(f"上级 {cells['parent']} 有错，先改好它。")
    if current is None:
        stored[code] = add_organization(parent, _new_values(cells, parent, divisions), actor=actor)
        loaded.created += 1
        return
    version = current.version
    changed = change_organization(current, _given_values(cells, divisions), version=None, actor=actor)
    moved = False
    if parent is not None:
        # Paths shift while others move: ask for the place anew.
        place = Organization.objects.get_parent(Organization.objects.get(pk=current.pk))
        if place is None or place.pk != parent.pk:
            changed = move_organization(changed, parent, actor=actor, reason="由文件载入")
            moved = True
    stored[code] = changed
    if moved or changed.version != version:
        loaded.updated += 1
    else:
        loaded.unchanged += 1


def _given_values(cells: Mapping[str, str], divisions) -> dict[str, Any]:
    values: dict[str, Any] = {name: cells[name] for name in ("name", "short_name") if cells.get(name)}
    if cells.get("kind"):
        values["kind"] = _choice(cells["kind"], Kind, "类型")
    if cells.get("level"):
        values["level"] = _choice(cells["level"], Level, "级别")
    if cells.get("division"):
        values["division"] = _division(cells["division"], divisions)
    return values


def _new_values(cells: Mapping[str, str], parent, divisions) -> dict[str, Any]:
    values = {"code": cells["code"]} | _given_values(cells, divisions)
    code = cells["code"]
    is_division_code = len(code) == 6 and code.isascii() and code.isdigit()
    kind = values.setdefault("kind", Kind.INDUSTRY_COMMITTEE if is_division_code else Kind.MOBILE_BRANCH)
    if "division" not in values and kind != Kind.CLOUD_BRANCH:
        values["division"] = divisions.get(code[:6])
    division = values.get("division")
    if "level" not in values:
        values["level"] = _usual_level(kind, code, division, parent)
    if "short_name" not in values:
        is_committee = kind == Kind.INDUSTRY_COMMITTEE and division is not None
        values["short_name"] = division.name if is_committee else cells["name"].removeprefix("中共")[:60]
    return values


def _usual_level(kind: str, code: str, division, parent) -> str:
    if kind == Kind.INDUSTRY_COMMITTEE:
        if division is not None:
            return rules.level_of_division(division.level)
        if code.endswith("0000"):
            return Level.PROVINCE
        return Level.CITY if code.endswith("00") else Level.COUNTY
    if kind in BRANCHES or kind in (Kind.GROUP, Kind.GENERAL_BRANCH) or parent is None:
        return Level.BASE
    return parent.level


def _choice(text: str, choices, word: str) -> str:
    for value, label in choices.choices:
        if text in (value, label):
            return value
    raise ValidationError(f"{word}“{text}”不认识。可以写：{'、'.join(choices.values)}。")


def _division(code: str, divisions):
    if code not in divisions:
        raise ValidationError(f"没有代码为 {code} 的行政区划。")
    return divisions[code]
