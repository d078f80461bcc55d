"""What people read of staged rows: masked, before → after, and what is wrong. Keyset pages in the order of the file.

Reads only. Identity numbers, phones and certificates are masked here whoever asks; declared Party facts are left out
for readers without a right to them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from branches.models import Organization
from foundation.protection.masks import mask_certificate, mask_id_number, mask_phone, scrub
from members.choices import Fate, Group, PoliticalStatus, Sex, WorkStatus
from members.models import Driver, Person, RosterImport, RosterResult, RosterRow
from members.roster.fields import BY_CODE
from members.roster.read import shown, unpack
from members.roster.report import Tables
from members.roster.undo import CHANGED

PER_PAGE = 50
COUNTED = 5_000  # rows that are added up for a page
_SEARCHED = 50_000  # rows in which the first ones of a sheet are looked for
SHOWS = (Fate.CREATED.value, Fate.UPDATED.value, Fate.REJECTED.value, "reminded", Fate.UNCHANGED.value)
PARTY_FIELDS = frozenset({"declared_political_status", "declared_branch", "declared_joined"})
# What a new driver's line says beside name, identity number and phone.
_OF_A_NEW_ONE = ("committee", "group", "plate", "enterprise_name", "declared_political_status", "declared_branch")

_CHOICES = {
    "sex": dict(Sex.choices),
    "group": dict(Group.choices),
    "work_status": dict(WorkStatus.choices),
    "declared_political_status": dict(PoliticalStatus.choices),
}
_MASKS = {"id_number": mask_id_number, "phone": mask_phone, "credential_number": mask_certificate}

REASONS = {
    "name_missing": "没有姓名",
    "name_too_long": "姓名太长",
    "id_missing": "没有身份证号",
    "id_numeric_cell": "身份证号是数字格式",
    "id_length": "身份证号位数不对",
    "id_characters": "身份证号有别的字符",
    "id_birthdate": "身份证号里的生日不对",
    "id_checksum": "校验码不对",
    "duplicate_in_file": "表里重复",
    "out_of_scope": "不在可以登记的范围",
    "phone_invalid": "手机号不对",
    "plate_invalid": "车牌号不对",
    "organization_unknown": "没有这个组织",
    "date_invalid": "日期不对",
    "choice_unknown": "选项不认识",
    "sex_mismatch": "性别和身份证号不一致",
    "birth_mismatch": "出生日期和身份证号不一致",
    "area_unknown": "区划代码查不到",
    "phone_shared": "手机号和别人相同",
    "name_differs": "姓名和已登记的不同",
    "traditional_folded": "有繁体字",
}


@dataclass(frozen=True, slots=True)
class Change:
    """One field before and after, as people read it."""

    label: str
    before: str
    after: str
    adds: bool = False  # stands beside what was there before


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one cell, and what to do about it; `column` is empty where the sentence names it."""

    column: str
    code: str
    what: str
    remedy: str


@dataclass(slots=True)
class Line:
    """One staged row as a page shows it."""

    ordinal: int
    sheet: str
    row: int
    fate: str
    name: str
    id_number: str
    phone: str
    person_id: int | None
    changes: list[Change] = field(default_factory=list)
    facts: list[tuple[str, str]] = field(default_factory=list)
    errors: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)

    @property
    def fate_label(self) -> str:
        """Return 新增, 变更, 不变 or 拒绝."""
        return Fate(self.fate).label


@dataclass(frozen=True, slots=True)
class LinePage:
    """A page of lines; `before` and `after` are the ordinals to go on from, None at an end."""

    lines: list[Line]
    before: int | None
    after: int | None


def lines_of(
    batch: RosterImport,
    show: str,
    *,
    party_facts: bool,
    after: int | None = None,
    before: int | None = None,
    size: int = PER_PAGE,
) -> LinePage:
    """Return a page of the rows with one fate, or of those with a warning ("reminded"), in the order of the file.

    `after` and `before` are ordinals (exclusive). `party_facts`: whether declared Party facts are shown. Two queries;
    the page after the last one costs as much as the first.
    """
    rows = RosterRow.objects.filter(roster_import=batch)
    rows = rows.exclude(warnings=[]) if show == "reminded" else rows.filter(fate=show)
    backwards = before is not None
    if backwards:
        found = list(rows.filter(ordinal__lt=before).order_by("-ordinal")[: size + 1])
    else:
        found = list(rows.filter(ordinal__gt=-1 if after is None else after).order_by("ordinal")[: size + 1])
    more = len(found) > size
    found = found[:size]
    if backwards:
        found.reverse()
    if not found:
        return LinePage([], None, None)
    earlier = more if backwards else after is not None
    later = True if backwards else more
    return LinePage(
        readable(found, party_facts=party_facts),
        found[0].ordinal if earlier else None,
        found[-1].ordinal if later else None,
    )


def readable(rows: Iterable[RosterRow], *, party_facts: bool) -> list[Line]:
    """Return staged rows as pages show them. One query, for the names of organisations."""
    staged = [(row, orjson.loads(row.sealed)["values"]) for row in rows]
    units = {values[code] for _, values in staged for code in ("committee", "declared_branch") if code in values}
    names = dict(Organization.objects.filter(pk__in=units).values_list("pk", "short_name")) if units else {}
    return [_line(row, values, names, party_facts) for row, values in staged]


def _line(row: RosterRow, values: dict[str, Any], names: Mapping[int, str], party_facts: bool) -> Line:
    line = Line(
        ordinal=row.ordinal,
        sheet=row.sheet,
        row=row.row,
        fate=row.fate,
        name=values.get("name", ""),
        id_number=mask_id_number(values.get("id_number", "")),
        phone=mask_phone(values.get("phone", "")),
        person_id=row.person_id,
        errors=[_problem(remark) for remark in row.errors],
        warnings=[_problem(remark) for remark in row.warnings],
    )
    hidden = frozenset() if party_facts else PARTY_FIELDS
    if row.fate == Fate.UPDATED:
        before = orjson.loads(row.before) if row.before else {}
        for code in row.changed_fields:
            line.changes.append(_change(code, before.get(code, ""), values, names, hidden))
    elif row.fate == Fate.CREATED:
        line.facts = [
            (BY_CODE[code].label, _shown(code, values[code], names))
            for code in _OF_A_NEW_ONE
            if code in values and code not in hidden
        ]
    return line


def _change(code: str, before: str, values: dict, names: Mapping[int, str], hidden: frozenset[str]) -> Change:
    if code == "registration":
        return Change("司机登记", "", "已有这个人，新登记为司机")
    label = BY_CODE[code].label
    if code in hidden:
        return Change(label, "不显示", "不显示")
    if mask := _MASKS.get(code):
        before = mask(before)
    return Change(label, before, _shown(code, values[code], names), adds=code in ("plate", "credential_number"))


def _shown(code: str, value: Any, names: Mapping[int, str]) -> str:
    if code in ("committee", "declared_branch"):
        return names.get(value, "")
    if type(value) is bool:
        return "是" if value else "否"
    if mask := _MASKS.get(code):
        return mask(value)
    return _CHOICES.get(code, {}).get(value, str(value))


def _problem(remark: list[str]) -> Problem:
    column, code, sentence = remark
    what, _, remedy = sentence.partition("。")
    return Problem("" if column in what else column, code, what, remedy)


def reasons(batch: RosterImport) -> list[tuple[str, str, int]]:
    """Return (code, words, rows) of the rejected rows, most frequent first. Unit: 行. One query.

    A row with two errors counts under both. At most the first 5,000 rejected rows are added up.
    """
    counts: Counter[str] = Counter()
    rows = RosterRow.objects.filter(roster_import=batch, fate=Fate.REJECTED).order_by("ordinal")
    for errors in rows.values_list("errors", flat=True)[:COUNTED]:
        counts.update({code for _, code, _ in errors})
    return [(code, REASONS.get(code, code), rows) for code, rows in counts.most_common()]


def samples(batch: RosterImport, per_table: int = 2) -> dict[tuple[str, int], dict[int, list[str]]]:
    """Return of each table (sheet, header row) the first cells of each column (by index), masked.

    One query, and one per further sheet (ten at most, and none for a file so big that looking for them takes long).
    """
    tables, found = Tables(batch), {}
    seen: Counter[tuple[str, int]] = Counter()
    rows = RosterRow.objects.filter(roster_import=batch).order_by("ordinal")
    drawn = list(rows[:50])
    if batch.rows <= _SEARCHED:
        further = dict.fromkeys(table["sheet"][:60] for table in batch.columns[1:])
        for sheet in list(further)[:10]:
            drawn += rows.filter(sheet=sheet)[:per_table]
    for row in dict.fromkeys(drawn):
        table = tables.of(row.sheet, row.row)
        key = table["sheet"], table["header_row"]
        if seen[key] >= per_table:
            continue
        seen[key] += 1
        fields = {column["index"]: column["field"] for column in table["columns"]}
        for index, cell in enumerate(unpack(orjson.dumps(orjson.loads(row.sealed)["raw"]))):
            if cell != "" and (text := _sample(cell, fields.get(index, ""))):
                found.setdefault(key, {}).setdefault(index, []).append(text)
    return found


def _sample(cell: Any, code: str) -> str:
    text = " ".join(shown(cell).split())
    if mask := _MASKS.get(code):
        return mask(text)
    cleaned = scrub(text)
    return cleaned if len(cleaned) <= 16 else f"{cleaned[:16]}…"


def changed_since(batch: RosterImport) -> int | None:
    """Return how many people a batch wrote who were changed since, or None where there are too many to look.

    Unit: 人. Three queries. An undo leaves them alone; what else protects a person (a membership, say) shows only
    when it is tried.
    """
    made = dict(batch.roster_results.filter(undone="").values_list("person_id", "made")[: COUNTED + 1])
    if len(made) > COUNTED:
        return None
    people = dict(Person._base_manager.filter(pk__in=made).values_list("pk", "version"))
    drivers = dict(Driver._base_manager.filter(pk__in=made).values_list("pk", "version"))
    return sum(
        people.get(pk) != entry.get("person_version") or drivers.get(pk) != entry.get("driver_version")
        for pk, entry in made.items()
    )


def left_by_undo(batch: RosterImport, limit: int = 200) -> list[Line]:
    """Return the rows an undo left alone because somebody changed them since, at most `limit`. Three queries."""
    left = RosterResult.objects.filter(roster_import=batch, undone=CHANGED).order_by("ordinal")
    rows = RosterRow.objects.filter(
        roster_import=batch, ordinal__in=list(left.values_list("ordinal", flat=True)[:limit])
    ).order_by("ordinal")
    people = dict(left.values_list("ordinal", "person_id")[:limit])
    lines = readable(rows, party_facts=False)
    for line in lines:
        line.person_id = people.get(line.ordinal)
    return lines


__all__ = [
    "Change",
    "Line",
    "LinePage",
    "Problem",
    "changed_since",
    "left_by_undo",
    "lines_of",
    "readable",
    "reasons",
    "samples",
]
