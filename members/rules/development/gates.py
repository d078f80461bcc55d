"""Gates of the way to membership: each says why it is closed, by which article, and when it opens. Pure.

Source: 《中国共产党发展党员工作细则》 (2014), read in secondary publications; what is no number of the rules says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

from members.choices import RULES, STEPS, StepNumber, StepResult
from members.rules.development.facts import (
    APPROVAL_MONTHS,
    APPROVAL_MONTHS_MOST,
    CONFIRMATION_APPROVAL_MONTHS,
    CULTIVATORS_MOST,
    EXTENSION_LEAST,
    EXTENSION_MOST,
    IN_TIME_MONTHS,
    INTRODUCERS,
    MEETING_MONTHS,
    POLITICAL_REVIEW_MONTHS,
    TALK_MONTHS,
    TRAINING_DAYS_LEAST,
    TRAINING_HOURS_LEAST,
    Facts,
    Proposal,
    half_years_full,
    of_age_from,
    target_from,
    workdays_in,
)
from members.rules.membership import months_after

_N = StepNumber


@dataclass(frozen=True, slots=True)
class Gate:
    """A closed gate: what it is, by which article, when it opens (None: not by waiting), in one sentence."""

    code: str
    article: str
    sentence: str
    opens: date | None = None
    warns: bool = False  # said, but does not stop

    def __str__(self) -> str:
        """Return the sentence with its article and day."""
        when = f"，最早 {self.opens:%Y-%m-%d}" if self.opens else ""
        return f"{self.sentence}（{self.article}）{when}。"


def _article(which: str) -> str:
    return f"{RULES}{which}"


# --- gates ------------------------------------------------------------------------------------------------------------
def _age(facts: Facts, now: Proposal) -> Gate | None:
    which = _article("第五条") + "、党章第一条"
    if facts.born is None:
        return Gate("age", which, "出生日期没有登记，看不出是不是年满十八岁")
    first = of_age_from(facts.born)
    return None if now.on >= first else Gate("age", which, "申请入党要年满十八岁", first)


def _talk(facts: Facts, now: Proposal) -> Gate | None:
    last = months_after(facts.done[_N.APPLICATION], TALK_MONTHS)
    if now.on <= last:
        return None
    return Gate(
        "talk", _article("第七条"), f"收到申请书一个月内（{last:%Y-%m-%d} 前）应当派人谈话，已经晚了", warns=True
    )


def _year(facts: Facts, now: Proposal) -> Gate | None:
    first = target_from(facts.done[_N.ACTIVIST])
    if now.on >= first:
        return None
    return Gate("year", _article("第十三条"), "列为发展对象要经过一年以上培养教育和考察", first)


def _reviews(facts: Facts, now: Proposal) -> Gate | None:
    full = half_years_full(facts.done[_N.ACTIVIST], now.on)
    missing = [number for number in range(1, full + 1) if number not in facts.half_years]
    if not missing:
        return None
    which = "、".join(str(number) for number in missing)
    return Gate("reviews", _article("第十一条"), f"每半年考察一次，第 {which} 个半年的考察还没有记")


def _cultivators(facts: Facts, now: Proposal) -> Gate | None:
    number = facts.cultivators if now.sponsors is None else now.sponsors
    if now.is_preview or 1 <= number <= CULTIVATORS_MOST:
        return None
    return Gate("cultivators", _article("第九条"), f"培养联系人要一至两名正式党员，现在 {number} 名")


def _introducers(facts: Facts, now: Proposal) -> Gate | None:
    number = facts.introducers if now.sponsors is None else now.sponsors
    if number == INTRODUCERS:
        return None
    return Gate("introducers", _article("第十四条"), f"入党介绍人要两名正式党员，现在 {number} 名")


def _named_introducers(facts: Facts, now: Proposal) -> Gate | None:
    return None if now.is_preview else _introducers(facts, now)


def _training(facts: Facts, now: Proposal) -> Gate | None:
    enough = (now.training_days or 0) >= TRAINING_DAYS_LEAST or (now.training_hours or 0) >= TRAINING_HOURS_LEAST
    if now.is_preview or enough:
        return None
    sentence = f"集中培训不少于三天或二十四学时，现在 {now.training_days or 0} 天、{now.training_hours or 0} 学时"
    return Gate("training", _article("第十七条"), sentence)


def _political_review(facts: Facts, now: Proposal) -> Gate | None:
    day = facts.done.get(_N.POLITICAL_REVIEW)
    if day is None or facts.review_result != StepResult.QUALIFIED:
        return Gate("political_review", _article("第十六条"), "未经政治审查或者政治审查不合格的，不能发展入党")
    last = months_after(day, POLITICAL_REVIEW_MONTHS)
    if now.on <= last:
        return None
    return Gate(
        "political_review", _article("第十六条"), f"政治审查一年内有效，到 {last:%Y-%m-%d} 已经过期，要重新审查"
    )


def _notice(facts: Facts, now: Proposal) -> Gate | None:
    if not facts.notice_workdays or now.is_preview:
        return None
    asked = f"公示不少于 {facts.notice_workdays} 个工作日"
    which = "本系统的设置，细则没有规定天数"
    if now.notice is None:
        return Gate("notice", which, f"{asked}，公示的起止日期没有填")
    first, last = now.notice
    if last > now.on:
        return Gate("notice", which, f"{asked}，公示到 {last:%Y-%m-%d} 才结束", last)
    number = workdays_in(first, last, now.calendar)
    if number is None:
        return Gate("notice", which, f"{asked}，{first:%Y}—{last:%Y} 年的工作日历没有载入，数不出来")
    return None if number >= facts.notice_workdays else Gate("notice", which, f"{asked}，这里只有 {number} 个")


def _may_develop(facts: Facts, now: Proposal) -> Gate | None:
    if facts.may_develop:
        return None
    return Gate(
        "may_develop", _article("第二十三条"), "流动党员党支部能不能接收预备党员由上级党委决定，这个支部还没有允许"
    )


def _pre_review(facts: Facts, now: Proposal) -> Gate | None:
    last = months_after(facts.done[_N.PRE_REVIEW], MEETING_MONTHS)
    if now.on <= last:
        return None
    return Gate(
        "pre_review", _article("第十九条"), f"预审后一个月内（{last:%Y-%m-%d} 前）要开支部大会，已经过期，要重新预审"
    )


def _quorum(facts: Facts, now: Proposal) -> Gate | None:
    votes = now.votes
    if now.is_preview or (votes is not None and 2 * votes.present > votes.entitled):
        return None
    said = f"实到 {votes.present} 人，应到 {votes.entitled} 人" if votes else "票数没有填"
    return Gate("quorum", _article("第二十条"), f"到会有表决权的人数要超过应到的半数：{said}")


def _majority(facts: Facts, now: Proposal) -> Gate | None:
    votes = now.votes
    if now.is_preview or (votes is not None and 2 * votes.votes_for > votes.entitled):
        return None
    said = f"赞成 {votes.votes_for} 票，应到 {votes.entitled} 人" if votes else "票数没有填"
    return Gate("majority", _article("第二十一条"), f"赞成要超过应到会有表决权的正式党员的半数：{said}")


def _approval(facts: Facts, now: Proposal) -> Gate | None:
    meeting = facts.done[_N.ADMISSION_MEETING]
    usual, last = (months_after(meeting, months) for months in (APPROVAL_MONTHS, APPROVAL_MONTHS_MOST))
    if now.on <= usual:
        return None
    if now.on > last:
        sentence = f"审批最长六个月（到 {last:%Y-%m-%d}），已经超过，要重新开支部大会"
        return Gate("approval", _article("第二十六条"), sentence)
    if now.late_reason.strip() or now.is_preview:
        return None
    sentence = f"三个月内（{usual:%Y-%m-%d} 前）审批；有特殊情况延长到六个月以内的，要写明原因"
    return Gate("approval", _article("第二十六条"), sentence)


def _probation(facts: Facts, now: Proposal) -> Gate | None:
    if facts.probation_until is None or now.on >= facts.probation_until or now.result == StepResult.CANCEL:
        return None
    return Gate(
        "probation", _article("第三十一条"), "预备期一年，从支部大会通过之日算起，满了才能讨论", facts.probation_until
    )


def _in_time(facts: Facts, now: Proposal) -> Gate | None:
    if facts.probation_until is None or now.on <= months_after(facts.probation_until, IN_TIME_MONTHS):
        return None
    sentence = f"预备期 {facts.probation_until:%Y-%m-%d} 已满，支部应当及时讨论，已经晚了"
    return Gate("in_time", _article("第三十一条"), sentence, warns=True)


def _extension(facts: Facts, now: Proposal) -> Gate | None:
    if now.result != StepResult.EXTEND:
        return None
    if facts.extended_months is not None:
        return Gate("extension", _article("第三十一条"), f"预备期只能延长一次，已经延长过 {facts.extended_months} 个月")
    if now.months is None or not EXTENSION_LEAST <= now.months <= EXTENSION_MOST:
        return Gate("extension", _article("第三十一条"), "延长预备期不能少于半年，最长不超过一年（6 到 12 个月）")
    return None


def _confirmation_approval(facts: Facts, now: Proposal) -> Gate | None:
    last = months_after(facts.done[_N.CONFIRMATION_MEETING], CONFIRMATION_APPROVAL_MONTHS)
    if now.on <= last:
        return None
    return Gate("confirmation", _article("第三十三条"), f"转正的决议三个月内（{last:%Y-%m-%d} 前）审批，已经超过")


_GATES: dict[int, tuple[Callable[[Facts, Proposal], Gate | None], ...]] = {
    _N.APPLICATION: (_age,),
    _N.TALK: (_talk,),
    _N.CULTIVATORS: (_cultivators,),
    _N.TARGET: (_year, _reviews, _notice),
    _N.INTRODUCERS: (_named_introducers,),
    _N.TRAINING: (_training,),
    _N.BRANCH_REVIEW: (_introducers, _political_review, _notice),
    _N.PRE_REVIEW: (_may_develop, _political_review),
    _N.ADMISSION_MEETING: (_may_develop, _pre_review, _introducers, _political_review, _quorum, _majority),
    _N.ADMISSION_APPROVED: (_approval,),
    _N.CONFIRMATION_ASKED: (_notice,),
    _N.CONFIRMATION_MEETING: (_probation, _in_time, _extension, _quorum, _majority),
    _N.CONFIRMATION_APPROVED: (_confirmation_approval,),
}
# Code → what it is called where one chooses which to let pass.
GATE_LABELS = {
    "age": "年满十八岁",
    "year": "培养考察一年",
    "reviews": "半年考察",
    "cultivators": "培养联系人",
    "introducers": "入党介绍人",
    "training": "集中培训",
    "political_review": "政治审查",
    "notice": "公示",
    "may_develop": "支部可以发展党员",
    "pre_review": "预审后一个月",
    "quorum": "到会人数",
    "majority": "赞成票数",
    "approval": "三个月内审批",
    "probation": "预备期满",
    "extension": "延长预备期",
    "confirmation": "三个月内审批转正",
}
_ONLY_WARN = (_talk, _in_time)
CODE_OF: dict[Callable, str] = {
    _age: "age",
    _year: "year",
    _reviews: "reviews",
    _cultivators: "cultivators",
    _introducers: "introducers",
    _named_introducers: "introducers",
    _training: "training",
    _political_review: "political_review",
    _notice: "notice",
    _may_develop: "may_develop",
    _pre_review: "pre_review",
    _quorum: "quorum",
    _majority: "majority",
    _approval: "approval",
    _probation: "probation",
    _extension: "extension",
    _confirmation_approval: "confirmation",
}


def gate_codes(number: int) -> tuple[str, ...]:
    """Return the codes of the gates before a step that stop, in their order."""
    return tuple(CODE_OF[gate] for gate in _GATES.get(number, ()) if gate not in _ONLY_WARN)


def closed_gates(number: int, facts: Facts, now: Proposal, overridden: Iterable[str] = ()) -> list[Gate]:
    """Return every gate before a step that is closed or warns, in order; those let pass are left out.

    The steps a step comes after must be done. With `now.is_preview` only what time and the file decide is asked.
    """
    passed = frozenset(overridden)
    found = (gate(facts, now) for gate in _GATES.get(number, ()))
    return [gate for gate in found if gate is not None and gate.code not in passed]


def order_sentence(number: int, facts: Facts, on: date) -> str:
    """Return why a step cannot be done on a day beside what was done before it; "" when it fits."""
    step = STEPS[number]
    missing = [before for before in step.after if before not in facts.done]
    if missing:
        return "前面的步骤还没有办：" + "、".join(f"第 {one} 步{STEPS[one].name}" for one in missing) + "。"
    latest = max((facts.done[before] for before in step.after), default=None)
    if latest is not None and on < latest:
        return f"日期不能早于前一步（{latest:%Y-%m-%d}）。"
    return ""
