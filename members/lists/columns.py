"""The columns of the driver list: one table for page and export, each with the right it needs.

What a reader may not see of one row stays empty in that row; a column nobody lets him see is not offered at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from branches.capabilities import Capability
from branches.scope import Reach
from foundation.protection.masks import mask_address, mask_certificate, mask_id_number, mask_phone
from members.choices import CredentialKind, Employment, Group, PoliticalStatus, Sex, WorkStatus
from members.models import Driver
from members.rules.drivers import same_rows


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its code, label, right, the value paths it reads, and how it is written in a file."""

    code: str
    label: str
    needs: Capability
    paths: tuple[str, ...]
    text: Callable[..., str]
    default: bool = False
    masked: Callable[[str], str] | None = None
    width: int = 14


def _choice(choices) -> Callable[[Any], str]:
    labels = dict(choices.choices)
    return lambda value: labels.get(value, "")


def _plain(value: Any) -> str:
    return value or ""


def _date(value: date | None) -> str:
    return value.isoformat() if value else ""


def _yes(value: bool | None) -> str:
    return "" if value is None else "是" if value else "否"


def _operating(from_date: date | None, until_date: date | None) -> str:
    if from_date is None:
        return ""
    return f"{from_date.isoformat()} 至 {until_date.isoformat()}" if until_date else f"{from_date.isoformat()} 起"


_SEE, _MASKED = Capability.DRIVER_VIEW, Capability.DRIVER_IDENTITY_MASKED
_PARTY, _CREDENTIAL = Capability.PARTY_MEMBER_VIEW, Capability.CREDENTIAL_VIEW

COLUMNS: dict[str, Column] = {
    column.code: column
    for column in (
        Column("name", "姓名", _SEE, ("person__name",), _plain, True, width=18),
        Column("id_number", "身份证号", _MASKED, ("person__id_number",), _plain, masked=mask_id_number, width=22),
        Column("phone", "电话", _MASKED, ("person__phone",), _plain, True, mask_phone),
        Column("group", "司机类别", _SEE, ("group",), _choice(Group), True, width=12),
        Column("plates", "车牌", Capability.VEHICLE_VIEW, (), _plain, True, width=18),
        Column(
            "declared_political_status",
            "政治面貌（自述）",
            _PARTY,
            ("declared_political_status",),
            _choice(PoliticalStatus),
            True,
            width=16,
        ),
        Column(
            "declared_branch",
            "所在支部（自述）",
            _PARTY,
            ("declared_branch__short_name",),
            _plain,
            True,
            width=28,
        ),
        Column("expires", "资格到期", _CREDENTIAL, (), _date, True, width=12),
        Column("last_verified_date", "最近核实", _SEE, ("last_verified_date",), _date, True, width=12),
        Column("committee", "登记委员会", _SEE, ("registering_committee__short_name",), _plain, width=22),
        Column("enterprise", "所属企业", Capability.ENTERPRISE_VIEW, ("enterprise__name",), _plain, width=28),
        Column("employment", "从业方式", _SEE, ("employment",), _choice(Employment), width=10),
        Column("work_status", "从业状态", _SEE, ("work_status",), _choice(WorkStatus), width=10),
        Column("operating", "实际营运", _SEE, ("operating_from_date", "operating_until_date"), _operating, width=24),
        Column("driving_class", "准驾车型", _SEE, ("driving_class",), _plain, width=10),
        Column("declared_joined", "入党时间（自述）", _PARTY, ("declared_joined",), _plain, width=16),
        Column("credential", "从业资格证号", _CREDENTIAL, (), _plain, masked=mask_certificate, width=22),
        Column("union_member", "工会会员", _SEE, ("union_member",), _yes, width=10),
        Column("is_veteran", "退役军人", _SEE, ("person__is_veteran",), _yes, width=10),
        Column("sex", "性别", _SEE, ("person__sex",), _choice(Sex), width=6),
        Column("ethnicity", "民族", _SEE, ("person__ethnicity",), _plain, width=10),
        Column("address", "住址", _MASKED, ("person__address",), _plain, masked=mask_address, width=30),
        Column("remarks", "备注", _SEE, ("remarks",), _plain, width=30),
    )
}
DEFAULT = tuple(code for code, column in COLUMNS.items() if column.default)


def readable(reach: Reach) -> dict[str, Column]:
    """Return the columns this reader may ask for. No query."""
    return {code: column for code, column in COLUMNS.items() if reach.has(column.needs)}


def chosen(codes: Iterable[str], reach: Reach) -> list[Column]:
    """Return the readable columns among the codes in the order of the table; the name always, the default for none."""
    wanted, may = set(codes) & set(COLUMNS) or set(DEFAULT), readable(reach)
    return [column for code, column in may.items() if code in wanted or code == "name"]


def seen_rows(reach: Reach, columns: Iterable[Column], keys: Iterable[int]) -> dict[Capability, frozenset[int]]:
    """Return, for each right some column needs, the rows among the keys in which the reader holds it.

    No query for a right that reaches as far as seeing the row does; one for any other (posts of different kinds).
    """
    keys = frozenset(keys)
    view = reach.region(Capability.DRIVER_VIEW)
    seen = {Capability.DRIVER_VIEW: keys}
    for needs in {column.needs for column in columns} - {Capability.DRIVER_VIEW}:
        if same_rows(reach.region(needs), view):
            seen[needs] = keys
        else:
            rows = Driver.objects.manageable_by(reach, needs).filter(pk__in=keys)
            seen[needs] = frozenset(rows.order_by().values_list("pk", flat=True))
    return seen


def credential_words(kind: str) -> str:
    """Return the label of a kind of licence."""
    return dict(CredentialKind.choices).get(kind, "")
