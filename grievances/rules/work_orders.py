"""Files of hotline work orders: which column is what, and what a cell means. Pure; time is passed in.

Headers are recognised in the spirit of the rosters: folded (spaces, brackets, stars and numbers away), by synonyms.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from foundation.protection.canonical import canonical_phone, strip_spaces
from foundation.protection.identifiers import phone_error
from grievances.choices import Urgency
from grievances.rules.clocks import CHINA
from members.roster.columns import folded_header, label_of
from members.roster.read import shown

HEADERS: dict[str, tuple[str, ...]] = {
    "number": ("工单编号", "工单号", "工单流水号", "受理编号", "诉求编号", "单号", "编号", "流水号"),
    "kind": ("诉求类型", "诉求类别", "业务类型", "问题分类", "事项分类", "工单类型", "类别", "类型"),
    "title": ("标题", "主题", "诉求标题", "工单标题", "诉求主题", "工单主题"),
    "description": ("诉求内容", "内容", "工单内容", "问题描述", "反映内容", "诉求描述", "事情经过", "详细内容"),
    "name": ("来电人", "来电人姓名", "诉求人", "诉求人姓名", "联系人", "姓名", "反映人"),
    "phone": ("联系电话", "来电号码", "手机号", "手机号码", "电话", "联系方式", "来电电话"),
    "place": ("发生地", "区县", "发生地区", "事发地", "所属区县", "行政区划", "地区", "县区", "事发地点"),
    "received": ("来电时间", "受理时间", "登记时间", "创建时间", "工单时间", "来电日期"),
    "urgency": ("紧急程度", "紧急级别", "缓急程度", "是否紧急"),
    "respondent": ("被反映单位", "被投诉单位", "被反映方", "被投诉对象", "企业名称"),
    "amount": ("涉及金额", "金额", "诉求金额"),
}
LABELS = {code: words[0] for code, words in HEADERS.items()}
_KNOWN = {folded_header(word): (code, rank) for code, words in HEADERS.items() for rank, word in enumerate(words)}
HEADER_WITHIN = 30  # rows from the top of a sheet
MOST_ROWS = 5_000
OLDEST = timedelta(days=366)  # an order older than that did not begin to wait when the file says

# Why a row is rejected, or what is said of one that is not.
SENTENCES = {
    "number_missing": "没有工单编号，没有登记。请补上编号。",
    "number_too_long": "工单编号超过 60 个字，没有登记。",
    "number_repeated": "和第 {row} 行的工单编号一样，没有再登记。",
    "content_missing": "标题和内容都空着，没有登记。请补上一样。",
    "description_too_long": "内容超过 4000 字，没有登记。请缩短。",
    "amount_invalid": "金额不是数字，没有登记。请只写数字，如 18600。",
    "registered_elsewhere": "这个工单编号已经登记在别的单位，没有再登记。",
    "refused": "{reason}",
    "title_cut": "标题超过 80 个字，只留前 80 个；全文在内容里。",
    "title_changed": "这一单以前登记过，标题和现在的不一样；没有改，请在诉求里核对。",
    "kind_unknown": "没认出这个类型，先归到“其他”，受理时可以改。",
    "phone_not_mobile": "电话不是手机号，没有登记；要联系请看原工单。",
    "place_unknown": "没认出是哪个区县，由本单位受理。",
    "received_in_future": "来电时间在将来，按导入的时间起算。",
    "received_too_old": "来电时间在一年以前，按导入的时间起算。",
    "received_unread": "没看懂来电时间，按导入的时间起算。",
    "urgency_unknown": "没认出紧急程度，按一般办。",
}
_URGENT = frozenset({"紧急", "特急", "加急", "急", "是", "urgent"})
_NORMAL = frozenset({"一般", "普通", "平件", "否", "不紧急", "normal", ""})
_TIME = re.compile(
    r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[T\s]*(\d{1,2})[:：时](\d{1,2})(?:[:：分](\d{1,2})秒?)?分?)?"
)
_DIGITS = re.compile(r"(\d{4})(\d{2})(\d{2})(?:(\d{2})(\d{2})(\d{2})?)?")
_SERIAL_FROM, _SERIAL_TO = 40_000, 60_000  # 2009 to 2064 as spreadsheets count days
_DAY_ZERO = datetime(1899, 12, 30)


@dataclass(slots=True)
class Order:
    """One row as it was understood: values by field, and remarks as (field, code, sentence)."""

    row: int
    number: str = ""
    kind: str = ""
    title: str = ""
    description: str = ""
    name: str = ""
    phone: str = ""
    place: str = ""
    respondent: str = ""
    urgency: str = Urgency.NORMAL
    received_at: datetime | None = None
    amount: Decimal | None = None
    errors: list[tuple[str, str, str]] = field(default_factory=list)
    warnings: list[tuple[str, str, str]] = field(default_factory=list)

    def refuse(self, name: str, code: str, **values) -> None:
        """Note why the row cannot be lodged."""
        self.errors.append((LABELS.get(name, name), code, SENTENCES[code].format(**values)))

    def warn(self, name: str, code: str) -> None:
        """Note what was done differently from what the file says."""
        self.warnings.append((LABELS[name], code, SENTENCES[code]))


def find_columns(cells: Sequence[Any]) -> dict[str, int] | None:
    """Return {field: place} when a row is a header: the number and a title or a content; else None."""
    best: dict[str, tuple[int, int]] = {}
    for place, cell in enumerate(cells):
        known = _KNOWN.get(folded_header(cell)) if isinstance(cell, str) else None
        if known and (known[0] not in best or known[1] < best[known[0]][0]):
            best[known[0]] = (known[1], place)
    if "number" in best and {"title", "description"} & set(best):
        return {code: place for code, (_, place) in best.items()}
    return None


def unused(cells: Sequence[Any], columns: dict[str, int]) -> list[str]:
    """Return the labels of a header row that no field was read from."""
    used = set(columns.values())
    return [
        label_of(cell)
        for place, cell in enumerate(cells)
        if place not in used and isinstance(cell, str) and cell.strip()
    ]


def order_of(row: int, cells: Sequence[Any], columns: dict[str, int], at: datetime) -> Order | None:
    """Return what a row says, with every error of it; None for an empty row."""

    def cell(name: str) -> Any:
        place = columns.get(name)
        return cells[place] if place is not None and place < len(cells) else ""

    def text(name: str) -> str:
        return shown(cell(name)).strip().strip("'‘’")

    if not any(shown(one).strip() for one in cells):
        return None
    order = Order(row, number=strip_spaces(text("number")), kind=text("kind"), place=text("place")[:120])
    order.title, order.description = " ".join(text("title").split()), text("description")
    order.name, order.respondent = text("name")[:40], text("respondent")[:80]
    if not order.number:
        order.refuse("number", "number_missing")
    elif len(order.number) > 60:
        order.refuse("number", "number_too_long")
        order.number = order.number[:60]
    if not order.title and not order.description:
        order.refuse("title", "content_missing")
    order.title = order.title or " ".join(order.description.split())[:40]
    order.description = order.description or order.title
    if len(order.title) > 80:
        if order.title not in order.description:
            order.description = f"{order.title}\n{order.description}"
        order.title = order.title[:80]
        order.warn("title", "title_cut")
    if len(order.description) > 4000:
        order.refuse("description", "description_too_long")
    _contact(order, text("phone"))
    _amount(order, text("amount"))
    urgency = text("urgency")
    order.urgency = Urgency.URGENT if urgency in _URGENT else Urgency.NORMAL
    if urgency not in _URGENT | _NORMAL:
        order.warn("urgency", "urgency_unknown")
    _received(order, cell("received"), at)
    return order


def _contact(order: Order, text: str) -> None:
    phone = canonical_phone(text) if text else ""
    if phone and phone_error(phone) is None:
        order.phone = phone
    elif text:
        order.warn("phone", "phone_not_mobile")


def _amount(order: Order, text: str) -> None:
    text = text.replace(",", "").replace("，", "").removesuffix("元").strip()
    if not text:
        return
    try:
        amount = Decimal(text)
        if not amount.is_finite() or not 0 <= amount < 10**10:
            raise InvalidOperation
    except InvalidOperation:
        order.refuse("amount", "amount_invalid")
    else:
        order.amount = round(amount, 2)


def _received(order: Order, cell: Any, at: datetime) -> None:
    if shown(cell).strip() == "":
        return
    received = received_of(cell)
    if received is None:
        order.warn("received", "received_unread")
    elif received > at:
        order.warn("received", "received_in_future")
    elif at - received > OLDEST:
        order.warn("received", "received_too_old")
    else:
        order.received_at = received


def received_of(cell: Any) -> datetime | None:
    """Return the instant a cell names, in China; None when it names none. A day alone begins at its midnight."""
    if isinstance(cell, datetime):
        return cell.replace(tzinfo=cell.tzinfo or CHINA)
    if isinstance(cell, date):
        return datetime.combine(cell, time(0), CHINA)
    if isinstance(cell, int | float) and not isinstance(cell, bool) and _SERIAL_FROM <= cell <= _SERIAL_TO:
        return (_DAY_ZERO + timedelta(seconds=round(cell * 86_400))).replace(tzinfo=CHINA)
    text = shown(cell).strip()
    found = _TIME.fullmatch(text) or _DIGITS.fullmatch(text)
    if found is None:
        return None
    year, month, day, hour, minute, second = (int(part) if part else 0 for part in found.groups())
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=CHINA)
    except ValueError:
        return None


def category_for(kind: str, categories: Iterable) -> Any | None:
    """Return the category a hotline's type names: the same name, else the longest name it contains; None for none."""
    wanted = strip_spaces(kind)
    offered = [one for one in categories if not one.is_about_portal]
    same = [one for one in offered if one.name == wanted]
    inside = [one for one in offered if one.name in wanted or any(part in wanted for part in one.name.split("、"))]
    found = same or sorted(inside, key=lambda one: -len(one.name))
    return found[0] if wanted and found else None
