"""The ledger as a file: columns, rows in chunks, masked. Confidential complainants are in no file at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, time

from branches.capabilities import Capability
from branches.choices import Role
from branches.scope import Reach
from foundation.protection.masks import mask_name, mask_phone
from foundation.protection.seal import open_sealed, seal
from grievances.choices import Channel, ClockKind, CloseReason, Level, Measure, Result, Satisfaction, Status, Urgency
from grievances.lists.ledger import Ledger
from grievances.models import Grievance
from grievances.rules.clocks import CHINA
from members.lists.columns import Column
from members.lists.exporting import Exporting, register

CHUNK = 2_000
# Rows per file: masked, unmasked. Nobody takes complainants out in clear: a phone is revealed case by case.
ROW_LIMITS: dict[str, tuple[int, int]] = {Role.CLERK: (500_000, 0), Role.LEADER: (50_000, 0)}
CONFIDENTIAL, ANONYMOUS = "保密", "匿名"
_SEARCH = "ledger.search"
_SEE = Capability.GRIEVANCE_EXPORT


def _choice(choices) -> Callable[[str], str]:
    labels = dict(choices.choices)
    return lambda value: labels.get(value, "")


def _plain(value) -> str:
    return value or ""


def _number(value) -> str:
    return "" if value is None else f"{value:f}" if hasattr(value, "as_tuple") else str(value)


def _moment(value: datetime | None) -> str:
    return value.astimezone(CHINA).strftime("%Y-%m-%d %H:%M") if value else ""


def _who(value: str, is_anonymous: bool, confidential_to: int | None, mask: Callable[[str], str]) -> str:
    if is_anonymous:
        return ANONYMOUS
    return CONFIDENTIAL if confidential_to else mask(value) if value else ""


COLUMNS: dict[str, Column] = {
    column.code: column
    for column in (
        Column("number", "编号", _SEE, ("number",), _plain, True, width=26),
        Column("title", "标题", _SEE, ("title",), _plain, True, width=40),
        Column("category", "类别", _SEE, ("category__name",), _plain, True),
        Column("status", "状态", _SEE, ("status",), _choice(Status), True, width=10),
        Column("channel", "来源", _SEE, ("channel",), _choice(Channel), True, width=10),
        Column("external_number", "外部单号", _SEE, ("external_number",), _plain, width=22),
        Column("urgency", "紧急程度", _SEE, ("urgency",), _choice(Urgency), width=10),
        Column("origin", "首办单位", _SEE, ("origin__short_name",), _plain, True, width=20),
        Column("organization", "承办单位", _SEE, ("organization__short_name",), _plain, True, width=20),
        Column("level", "级别", _SEE, ("organization__level",), _choice(Level), width=8),
        Column("collector", "有人问", _SEE, ("collector__organization__short_name",), _plain, True, width=22),
        Column("handler", "有人办", _SEE, ("handler__organization__short_name",), _plain, True, width=22),
        Column("supervisor", "有人管", _SEE, ("supervisor__organization__short_name",), _plain, True, width=22),
        Column("lodged", "提交时间", _SEE, ("lodged_at",), _moment, True, width=18),
        Column("accepted", "受理时间", _SEE, ("accepted_at",), _moment, width=18),
        Column("assigned", "首次转办时间", _SEE, ("first_assigned_at",), _moment, width=18),
        Column("answered", "答复时间", _SEE, ("answered_at",), _moment, width=18),
        Column("closed", "办结时间", _SEE, ("closed_at",), _moment, True, width=18),
        Column("close_reason", "办结依据", _SEE, ("close_reason",), _choice(CloseReason), width=12),
        Column("due", "最近到期", _SEE, ("next_due_at",), _moment, width=18),
        Column("waits", "在等", _SEE, ("next_clock",), _choice(ClockKind), width=12),
        Column("result", "办理结果", _SEE, ("result",), _choice(Result), width=14),
        Column("solved", "诉求人说", _SEE, ("solved",), _choice(Result), True, width=14),
        Column("satisfaction", "满意度", _SEE, ("satisfaction",), _choice(Satisfaction), True, width=10),
        Column("measure", "计为", _SEE, ("measure",), _choice(Measure), width=18),
        Column("person_times", "人次", _SEE, ("person_times",), _number, width=8),
        Column("amount_involved", "涉及金额（元）", _SEE, ("amount_involved",), _number, width=14),
        Column("amount_recovered", "追回金额（元）", _SEE, ("amount_recovered",), _number, width=14),
        Column("reopened", "重办次数", _SEE, ("reopened",), _number, width=8),
        Column(
            "complainant",
            "诉求人",
            _SEE,
            ("complainant_name", "is_anonymous", "confidential_to_id"),
            lambda value, anonymous, office: _who(value, anonymous, office, mask_name),
            width=12,
        ),
        Column(
            "phone",
            "电话",
            _SEE,
            ("phone", "is_anonymous", "confidential_to_id"),
            lambda value, anonymous, office: _who(value, anonymous, office, mask_phone),
            width=16,
        ),
    )
}


def columns_of(codes: Sequence[str], reach: Reach) -> list[Column]:
    """Return the columns among the codes in the order of the table; the number always, the default for none."""
    wanted = set(codes) & set(COLUMNS) or {code for code, column in COLUMNS.items() if column.default}
    return [
        column for code, column in COLUMNS.items() if reach.has(column.needs) and (code in wanted or code == "number")
    ]


def stored(asked: Ledger) -> dict:
    """Return a ledger as it is kept with a job: as of an instant, a typed text only sealed."""
    kept: dict = {"values": asked.values, "at": asked.at.isoformat()}
    return kept | ({"search": seal(asked.text, _SEARCH)} if asked.text else {})


def opened(query: dict, reach: Reach, on: date) -> Ledger:
    """Return the ledger a stored query names, within what this reader may export now."""
    text = open_sealed(query["search"], _SEARCH) if "search" in query else ""
    at = datetime.fromisoformat(query["at"]) if "at" in query else datetime.combine(on, time(0), CHINA)
    return Ledger(reach, at, query.get("values", {}), text, scope=Capability.GRIEVANCE_EXPORT)


def chunks(
    asked: Ledger, columns: Sequence[Column], reach: Reach, masked: bool, limit: int
) -> Iterator[list[list[str]]]:
    """Yield rows of texts by CHUNK, first lodged first. One query per chunk; protected values are always masked."""
    paths = list(dict.fromkeys(path for column in columns for path in column.paths))
    places = {path: number for number, path in enumerate(paths, start=1)}
    readers = [(column.text, [places[path] for path in column.paths]) for column in columns]
    rows = Grievance.objects.filter(pk__in=asked.rows().order_by().values("pk")).order_by("pk")
    last, left = 0, limit
    while left > 0:
        found = list(rows.filter(pk__gt=last).values_list("pk", *paths)[: min(CHUNK, left)])
        if not found:
            return
        last, left = found[-1][0], left - len(found)
        yield [[text(*(row[place] for place in where)) for text, where in readers] for row in found]


def said(asked: Ledger) -> str:
    """Return the conditions in words, for the notes of the file."""
    conditions = [label for _, label in asked.in_force()]
    return "；".join([*conditions, *(["按编号或标题查找"] if asked.text else [])]) or "台账全部"


def _limits() -> Mapping[str, tuple[int, int]]:
    return ROW_LIMITS


def register_ledger() -> None:
    """Register the ledger; called once when the app is ready."""
    register(
        Exporting(
            name=Ledger.list_name,
            title="诉求台账",
            thing="诉求",
            unit="件",
            capability=Capability.GRIEVANCE_EXPORT,
            action="grievance",
            limits=_limits,
            stored=stored,
            opened=opened,
            columns=columns_of,
            chunks=chunks,
            said=said,
        )
    )
