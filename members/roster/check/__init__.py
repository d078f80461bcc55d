"""Third stage: every row of a person gets its normalised values and all its errors, not only the first.

No database: the catalogue of organisations, the divisions and the day are passed in. What only the stored registry can
tell (out_of_scope, name_differs, a phone shared with a stored person) belongs to the plan.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import partial

from foundation.protection.canonical import strip_spaces, to_simplified
from foundation.protection.identifiers import id_number_error, sex_of
from members.roster.check.catalogue import Catalogue, Unit
from members.roster.check.messages import choices_of, message, sex_label
from members.roster.check.readers import (
    EMPTY,
    Meaning,
    Reader,
    choice_of,
    date_of,
    driving_class_of,
    id_number_of,
    is_empty,
    name_of,
    number_text_of,
    phone_of,
    plate_of,
    text_of,
    uscc_of,
)
from members.roster.columns import PersonRow, Roster, Table
from members.roster.fields import BY_CODE, FIELDS
from members.roster.read import Cell, shown

__all__ = ["Catalogue", "CheckedRow", "Unit", "check"]

_PLAIN_NAME = re.compile("[\u4e00-\u9fff]{2,4}").fullmatch
_PLAIN_ID = re.compile(r"[0-9]{17}[0-9X]").fullmatch
_PLAIN_PHONE = re.compile(r"1[3-9][0-9]{9}").fullmatch
_UNSEEN = object()
_BESIDE = 1 << 31  # marks the place of a second person in a row
_REMEMBERED = 20_000  # meanings kept per field
Remark = tuple[str, str, str]  # column as messages name it, code, sentence


@dataclass(slots=True)
class CheckedRow:
    """A row of a person, checked. `values` hold what the row says; an absent key says nothing and clears nothing."""

    sheet: str
    row: int
    cells: list[Cell]  # merged cells filled down
    table: Table
    committee: Unit  # whom the row belongs to: named by the row, else by its table, else the importing organisation
    values: dict[str, str | bool | int]
    errors: list[Remark] = field(default_factory=list)
    warnings: list[Remark] = field(default_factory=list)
    notes: list[Remark] = field(default_factory=list)  # what was left out of an imported row, and why

    @property
    def is_rejected(self) -> bool:
        """Whether any cell rejects the row."""
        return bool(self.errors)


def check(roster: Roster, catalogue: Catalogue, *, today: date, areas: frozenset[str]) -> Iterator[CheckedRow]:
    """Yield every row of the roster, checked, in its order.

    `areas` are the six-digit codes of all divisions, provinces and prefectures included. Costs no query.
    """
    return _Checker(catalogue, today, areas).rows(roster)


class _Plan:
    """How the rows of one table are read: which cell by which reader."""

    def __init__(self, table: Table, readers: dict[str, Reader], memories: dict[str, dict], named: Unit | None) -> None:
        self.table = table
        self.named = named
        columns = {entry.code: table.of(entry.code) for entry in FIELDS}
        self.places = {code: [(column.index, column.label) for column in held] for code, held in columns.items()}

        def first(code: str) -> tuple[int, str]:
            return self.places[code][0] if self.places[code] else (-1, BY_CODE[code].label)

        self.name, self.name_label = first("name")
        self.id_number, self.id_label = first("id_number")
        self.phone, self.phone_label = first("phone")
        self.committee, self.committee_label = first("committee")
        self.branch, self.branch_label = first("declared_branch")
        self.sex_label, self.birth_label = first("sex")[1], first("birth_date")[1]
        self.single, self.several = [], []
        for code, reader in readers.items():
            places = self.places[code]
            if len(places) == 1:
                index, label = places[0]
                self.single.append((code, index, label, reader, memories[code]))
            elif places:
                self.several.append((code, places, reader))
        if len(self.places["phone"]) > 1:
            self.several.append(("phone", self.places["phone"], phone_of))
            self.phone = -1


class _Checker:
    """Remembers what later rows are compared with: identity numbers, phones, and what texts mean."""

    def __init__(self, catalogue: Catalogue, today: date, areas: frozenset[str]) -> None:
        self.catalogue, self.today, self.areas = catalogue, today, areas
        self.first_by_id: dict[str, int] = {}  # identity number → ordinal of the place
        self.first_by_phone: dict[str, int] = {}
        self.sheets: list[str] = []
        self._place = 0
        self._previous = -1
        dated = partial(date_of, today=today)
        makers = {"choice": choice_of, "text": text_of, "number_text": number_text_of}
        fixed = {"date": dated, "plate": plate_of, "driving_class": driving_class_of, "uscc": uscc_of}
        self.readers: dict[str, Reader] = {}
        for entry in FIELDS:
            if entry.kind in makers:
                self.readers[entry.code] = makers[entry.kind](entry)
            elif entry.kind in fixed:
                self.readers[entry.code] = fixed[entry.kind]
        # Texts that come again and again are read once, if there is nothing to say about them.
        self.memories: dict[str, dict[str, str | bool | None]] = {code: {} for code in self.readers}
        self.committees: dict[str, tuple] = {}
        self.branches: dict[tuple[str, int], tuple] = {}

    def rows(self, roster: Roster) -> Iterator[CheckedRow]:
        """Yield the checked rows."""
        table: Table | None = None
        plan: _Plan | None = None
        named: Unit | None = None
        for person in roster:
            if person.table is not table:
                above = named if table is not None and table.sheet == person.table.sheet else None
                table, named = person.table, None
                if table.index_of("committee") is None:
                    named = self.catalogue.named_by(table.sheet, table.titles)
                    if named is None and above is not None:  # a title that names no county leaves that of the sheet
                        named = above
                        table.titles = (*table.titles, above.name)  # said again wherever the table is written alone
                plan = _Plan(table, self.readers, self.memories, named)
                if not self.sheets or self.sheets[-1] != table.sheet:
                    self.sheets.append(table.sheet)
                # Sheet and row packed into one number: hundreds of thousands of them are kept.
                self._place = (len(self.sheets) - 1) << 32
            yield self._row(person, plan)

    def _row(self, person: PersonRow, plan: _Plan) -> CheckedRow:
        cells = person.cells
        values: dict[str, str | bool | int] = {}
        errors: list[Remark] = []
        warnings: list[Remark] = []
        notes: list[Remark] = []

        cell = cells[plan.name] if plan.name >= 0 else ""
        # The common case first, here and below: plain characters need no canonical form.
        if type(cell) is str and _PLAIN_NAME(cell) and not is_empty(cell):
            name, code, folded = cell, "", to_simplified(cell)[1]
        else:
            name, code, folded, _ = name_of(cell)
        if code:
            errors.append((plan.name_label, code, message(code, length=len(name or ""))))
        else:
            values["name"] = name
            if folded:
                warnings.append(self._folded(plan.name_label, name))

        cell = cells[plan.id_number] if plan.id_number >= 0 else ""
        if type(cell) is str and _PLAIN_ID(cell):
            number, code = cell, id_number_error(cell, self.today)
        else:
            number, code, _, _ = id_number_of(cell, self.today)
        place = self._place | person.row
        if place == self._previous:
            place |= _BESIDE
        else:
            self._previous = place
        if not code and self.first_by_id.setdefault(number, place) != place:
            code = "duplicate_in_file"
        if code:
            errors.append((plan.id_label, code, self._id_message(code, number, person, plan)))
        else:
            values["id_number"] = number
            if number[:6] not in self.areas:
                warnings.append((plan.id_label, "area_unknown", message("area_unknown", text=number[:6])))

        if plan.phone >= 0 and (cell := cells[plan.phone]) != "":
            if type(cell) is str and _PLAIN_PHONE(cell):
                values["phone"] = cell
            else:
                self._take("phone", plan.phone_label, cell, phone_of(cell), values, errors, warnings, notes)

        for field_code, index, label, reader, memory in plan.single:
            cell = cells[index]
            if type(cell) is str:
                if cell == "":
                    continue
                if (value := memory.get(cell, _UNSEEN)) is not _UNSEEN:
                    if value is not None:
                        values[field_code] = value
                    continue
            meaning = reader(cell)
            value, code, folded, note = meaning
            if code or folded or note:
                self._take(field_code, label, cell, meaning, values, errors, warnings, notes)
                continue
            if value is not None:
                values[field_code] = value
            if type(cell) is str and len(memory) < _REMEMBERED:
                memory[cell] = value
        for field_code, places, reader in plan.several:
            for index, label in places:
                if (cell := cells[index]) != "" and (meaning := reader(cell)) is not EMPTY:
                    self._take(field_code, label, cell, meaning, values, errors, warnings, notes)
                    break

        committee = plan.named or self.catalogue.importing
        if plan.named is not None:
            values["committee"] = plan.named.id
        if plan.committee >= 0 and (cell := cells[plan.committee]) != "":
            unit = self._committee(cell, plan.committee_label, errors, warnings)
            if unit is not None:
                committee = unit
                values["committee"] = unit.id
        if plan.branch >= 0 and (cell := cells[plan.branch]) != "":
            unit = self._branch(cell, committee, plan.branch_label, errors, warnings)
            if unit is not None:
                values["declared_branch"] = unit.id

        if errors:
            warnings = []
            notes = []
        else:
            self._compare(person, place, plan, values, warnings)
        return CheckedRow(plan.table.sheet, person.row, cells, plan.table, committee, values, errors, warnings, notes)

    def _take(
        self,
        field_code: str,
        label: str,
        cell: Cell,
        meaning: Meaning,
        values: dict,
        errors: list[Remark],
        warnings: list[Remark],
        notes: list[Remark],
    ) -> None:
        """Write what a cell means to where it belongs."""
        value, code, folded, note = meaning
        if code:
            text = shown(cell)
            errors.append((label, code, message(note or code, text=text, choices=choices_of(field_code))))
            return
        if value is not None:
            values[field_code] = value
        if folded:
            warnings.append(self._folded(label, shown(cell).strip()))
        if note:
            notes.append((label, note, message(note, length=BY_CODE[field_code].longest)))

    def _committee(self, cell: Cell, label: str, errors: list[Remark], warnings: list[Remark]) -> Unit | None:
        key = shown(cell)
        found = self.committees.get(key)
        if found is None:
            found = self.committees[key] = None if is_empty(strip_spaces(key)) else self.catalogue.committee(cell)
        return self._unit(found, key, label, errors, warnings)

    def _branch(
        self, cell: Cell, committee: Unit, label: str, errors: list[Remark], warnings: list[Remark]
    ) -> Unit | None:
        key = (shown(cell), committee.id)
        found = self.branches.get(key)
        if found is None:
            found = self.branches[key] = (
                None if is_empty(strip_spaces(key[0])) else self.catalogue.branch(cell, committee)
            )
        return self._unit(found, key[0], label, errors, warnings)

    def _unit(
        self, found: tuple | None, text: str, label: str, errors: list[Remark], warnings: list[Remark]
    ) -> Unit | None:
        if found is None:
            return None
        unit, folded, several = found
        if unit is None:
            sentence = "organization_ambiguous" if several else "organization_unknown"
            errors.append((label, "organization_unknown", message(sentence, text=text)))
        elif folded:
            warnings.append(self._folded(label, text.strip()))
        return unit

    def _compare(self, person: PersonRow, place: int, plan: _Plan, values: dict, warnings: list[Remark]) -> None:
        """Compare the cells of an imported row with each other and with earlier imported rows."""
        number = values["id_number"]
        if (sex := values.get("sex")) is not None and sex != (other := sex_of(number)):
            text = message("sex_mismatch", text=sex_label(sex), other=sex_label(other))
            warnings.append((plan.sex_label, "sex_mismatch", text))
        if (birth := values.get("birth_date")) is not None:
            written = birth.replace("-", "")
            if number[6 : 6 + len(written)] != written:
                other = f"{number[6:10]}-{number[10:12]}-{number[12:14]}"
                text = message("birth_mismatch", text=birth, other=other)
                warnings.append((plan.birth_label, "birth_mismatch", text))
        phone = values.get("phone")
        if phone is not None and (first := self.first_by_phone.setdefault(phone, place)) != place:
            text = message("phone_shared", where=self._where(first, person))
            warnings.append((plan.phone_label, "phone_shared", text))

    def _where(self, place: int, person: PersonRow) -> str:
        sheet = self.sheets[place >> 32]
        row = place & (_BESIDE - 1)
        return f"第 {row} 行" if sheet == person.table.sheet else f"工作表“{sheet}”第 {row} 行"

    def _id_message(self, code: str, number: str | None, person: PersonRow, plan: _Plan) -> str:
        where = self._where(self.first_by_id[number], person) if code == "duplicate_in_file" else ""
        text = message(code, number=number or "", length=len(number or ""), where=where)
        if code in {"id_missing", "id_length", "id_characters"} and plan.id_number >= 0:
            for index, side in ((plan.id_number + 1, "右"), (plan.id_number - 1, "左")):
                if 0 <= index < len(person.cells) and not id_number_of(person.cells[index], self.today).code:
                    return text + message("shifted", side=side)
        return text

    @staticmethod
    def _folded(label: str, text: str) -> Remark:
        return label, "traditional_folded", message("traditional_folded", text=text, other=to_simplified(text)[0])
