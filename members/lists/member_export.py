"""The member list as a file: columns, rows in chunks. Protected values are always masked, whoever asks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from branches.capabilities import Capability
from branches.choices import Role
from branches.scope import Reach
from foundation.protection.masks import mask_id_number, mask_phone
from foundation.protection.seal import open_sealed, seal
from members.choices import Absence, AffiliationStatus, MemberStatus, Sex
from members.lists.columns import Column
from members.lists.exporting import Exporting, register
from members.lists.members import MemberList
from members.models import Affiliation, PartyMember
from members.rules.membership import absence_of, party_standing
from members.rules.search import Kind, Query

CHUNK = 2_000
# Rows per file: masked, unmasked. A phone is shown member by member (members:member_phone), never as a list.
ROW_LIMITS: dict[str, tuple[int, int]] = {Role.CLERK: (100_000, 0), Role.ORGANISATION_READER: (20_000, 0)}
_SEARCH = "members.search"
_SEE, _MASKED = Capability.PARTY_MEMBER_EXPORT, Capability.DRIVER_IDENTITY_MASKED


def _plain(value) -> str:
    return value or ""


def _day(value: date | None) -> str:
    return value.isoformat() if value else ""


def _choice(choices):
    labels = dict(choices.choices)
    return lambda value: labels.get(value, "")


# Texts that need more than the values of a row: the day of the list, or the ties of the members of a chunk.
_STANDING, _ABSENCE, _TIES = "standing", "absence", "ties"
COLUMNS: dict[str, Column] = {
    column.code: column
    for column in (
        Column("name", "姓名", _SEE, ("person__name",), _plain, True, width=18),
        Column("sex", "性别", _SEE, ("person__sex",), _choice(Sex), True, width=6),
        Column("born", "出生年月", _SEE, ("person__birth_date",), lambda value: f"{value:%Y-%m}" if value else ""),
        Column("ethnicity", "民族", _SEE, ("person__ethnicity",), _plain, width=10),
        Column("id_number", "身份证号", _MASKED, ("person__id_number",), _plain, masked=mask_id_number, width=22),
        Column("phone", "手机", _MASKED, ("person__phone",), _plain, True, mask_phone),
        Column("status", "党籍", _SEE, ("status",), _choice(MemberStatus), True, width=10),
        Column("joined", "入党日期", _SEE, ("joined_date",), _day, True, width=12),
        Column("full", "转正日期", _SEE, ("full_date",), _day, True, width=12),
        Column(_STANDING, "党龄（年）", _SEE, ("full_date",), _plain, True, width=10),
        Column(
            "formal",
            "组织关系",
            _SEE,
            ("formal_organization__short_name", "external_organization"),
            lambda inside, outside: inside or outside or "",
            True,
            width=30,
        ),
        Column(_TIES, "编入", _SEE, (), _plain, True, width=30),
        Column(_ABSENCE, "外出", _SEE, ("absent_since_date",), _plain, True, width=12),
        Column("absent_since", "外出起", _SEE, ("absent_since_date",), _day, width=12),
        Column("absent_to", "外出到", _SEE, ("absent_to",), _plain, width=20),
        Column(
            "committee",
            "登记委员会",
            _SEE,
            ("person__driver__registering_committee__short_name",),
            _plain,
            width=22,
        ),
        Column("enterprise", "所属企业", _SEE, ("person__driver__enterprise__name",), _plain, width=28),
    )
}
DEFAULT = tuple(code for code, column in COLUMNS.items() if column.default)


def columns_of(codes: Sequence[str], reach: Reach) -> list[Column]:
    """Return the readable columns among the codes in the order of the table; the name always, the default for none."""
    wanted = set(codes) & set(COLUMNS) or set(DEFAULT)
    return [one for one in readable(reach) if one.code in wanted or one.code == "name"]


def readable(reach: Reach) -> list[Column]:
    """Return the columns this reader may ask for. No query."""
    return [column for column in COLUMNS.values() if reach.has(column.needs)]


def stored(asked: MemberList) -> dict:
    """Return a list as it is kept with a job: a typed text only sealed."""
    kept: dict = {"values": asked.values}
    if asked.query is not None:
        kept["search"] = seal(f"{asked.query.kind.value} {asked.query.canonical}", _SEARCH)
    return kept


def opened(query: dict, reach: Reach, on: date) -> MemberList:
    """Return the list a stored query names, within what this reader may export now."""
    typed = None
    if token := query.get("search"):
        kind, _, text = open_sealed(token, _SEARCH).partition(" ")
        typed = Query(Kind(kind), text)
    return MemberList(reach, on, query.get("values", {}), typed, scope=_SEE)


def said(asked: MemberList) -> str:
    """Return the conditions in words, for the notes of the file."""
    conditions = [label for _, label in asked.in_force()]
    return "；".join([*conditions, *([f"按{asked.query.label}查找"] if asked.query else [])]) or "全部"


def chunks(
    asked: MemberList, columns: Sequence[Column], reach: Reach, masked: bool, limit: int
) -> Iterator[list[list[str]]]:
    """Yield rows of texts by CHUNK in the order of registration. Two queries per chunk, one more for numbers.

    A number is written only in rows whose identity the reader may see masked; elsewhere the cell is empty.
    """
    paths = list(dict.fromkeys(path for column in columns for path in column.paths))
    places = {path: number for number, path in enumerate(paths, start=1)}
    rows = PartyMember.objects.filter(pk__in=asked.rows().order_by().values("pk")).order_by("pk")
    guarded = any(column.masked for column in columns)
    last, left = 0, limit
    while left > 0:
        found = list(rows.filter(pk__gt=last).values_list("pk", *paths)[: min(CHUNK, left)])
        if not found:
            return
        last, left = found[-1][0], left - len(found)
        keys = [row[0] for row in found]
        ties = _ties(keys) if any(column.code == _TIES for column in columns) else {}
        seen = _seen(reach, keys) if guarded else frozenset()
        cells = [_cell(column, places, asked.today, ties, seen) for column in columns]
        yield [[cell(row) for cell in cells] for row in found]


def _cell(column: Column, places: dict[str, int], today: date, ties: dict[int, str], seen: frozenset[int]):
    """Return a function from a row of values to the text of one column."""
    where = [places[path] for path in column.paths]
    if column.code == _TIES:
        return lambda row: ties.get(row[0], "")
    if column.code == _STANDING:
        return lambda row: "" if (years := party_standing(row[where[0]], today)) is None else str(years)
    if column.code == _ABSENCE:
        return lambda row: "" if row[where[0]] is None else Absence(absence_of(row[where[0]], today)).label
    if (mask := column.masked) is not None:
        return lambda row: mask(row[where[0]]) if row[where[0]] and row[0] in seen else ""
    return lambda row: column.text(*(row[place] for place in where))


def _ties(keys: Sequence[int]) -> dict[int, str]:
    found: dict[int, list[str]] = {}
    running = Affiliation.objects.running().filter(member__in=keys).order_by("pk")
    for member, unit, status in running.values_list("member_id", "organization__short_name", "status"):
        word = "" if status == AffiliationStatus.REPORTED_IN else f"（{AffiliationStatus(status).label}）"
        found.setdefault(member, []).append(f"{unit}{word}")
    return {member: "、".join(units) for member, units in found.items()}


def _seen(reach: Reach, keys: Sequence[int]) -> frozenset[int]:
    rows = PartyMember.objects.manageable_by(reach, _MASKED).filter(pk__in=keys)
    return frozenset(rows.order_by().values_list("pk", flat=True))


def _limits() -> Mapping[str, tuple[int, int]]:
    return ROW_LIMITS


def register_members() -> None:
    """Register the member list; called once when the app is ready."""
    register(
        Exporting(
            name=MemberList.list_name,
            title="党员名单",
            thing="党员",
            unit="人",
            capability=_SEE,
            action="member",
            limits=_limits,
            stored=stored,
            opened=opened,
            columns=columns_of,
            chunks=chunks,
            said=said,
        )
    )
