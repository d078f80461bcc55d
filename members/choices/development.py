"""Developing members (发展党员): stages, the 25 steps as a table, what may follow what. Imports nothing of ours.

Source: 《中国共产党发展党员工作细则》 (2014), and the usual flow of 25 steps in five stages. Both read in secondary
publications, not compared with the original (docs/decisions/0016-development.md).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import IntegerChoices, TextChoices

RULES = "《中国共产党发展党员工作细则》"


class DevelopmentStage(TextChoices):
    """How far somebody has come on the way to full membership."""

    APPLICANT = "applicant", "入党申请人"
    ACTIVIST = "activist", "入党积极分子"
    DEVELOPMENT_TARGET = "development_target", "发展对象"
    PROBATIONARY = "probationary", "预备党员"
    FULL = "full", "正式党员"
    ENDED = "ended", "已终止"


DEVELOPMENT_NEXT: dict[str, frozenset[str]] = {
    DevelopmentStage.APPLICANT: frozenset({DevelopmentStage.ACTIVIST, DevelopmentStage.ENDED}),
    DevelopmentStage.ACTIVIST: frozenset({DevelopmentStage.DEVELOPMENT_TARGET, DevelopmentStage.ENDED}),
    DevelopmentStage.DEVELOPMENT_TARGET: frozenset({DevelopmentStage.PROBATIONARY, DevelopmentStage.ENDED}),
    DevelopmentStage.PROBATIONARY: frozenset({DevelopmentStage.FULL, DevelopmentStage.ENDED}),
    DevelopmentStage.FULL: frozenset(),
    DevelopmentStage.ENDED: frozenset(),
}
DEVELOPMENT_OPEN = frozenset(
    {
        DevelopmentStage.APPLICANT,
        DevelopmentStage.ACTIVIST,
        DevelopmentStage.DEVELOPMENT_TARGET,
        DevelopmentStage.PROBATIONARY,
    }
)
# Before the committee has admitted him he may be dropped, or withdraw; after that the meeting decides (steps 23, 24).
DEVELOPMENT_BEFORE_ADMISSION = DEVELOPMENT_OPEN - {DevelopmentStage.PROBATIONARY}


class StepNumber(IntegerChoices):
    """The 25 steps by name."""

    APPLICATION = 1, "递交入党申请书"
    TALK = 2, "党组织派人谈话"
    ACTIVIST = 3, "推荐和确定入党积极分子"
    ACTIVIST_FILED = 4, "上级党委备案（积极分子）"
    CULTIVATORS = 5, "指定培养联系人"
    CULTIVATED = 6, "培养教育考察"
    TARGET = 7, "确定发展对象"
    TARGET_FILED = 8, "报上级党委备案（发展对象）"
    INTRODUCERS = 9, "确定入党介绍人"
    POLITICAL_REVIEW = 10, "进行政治审查"
    TRAINING = 11, "开展集中培训"
    BRANCH_REVIEW = 12, "支部委员会审查"
    PRE_REVIEW = 13, "上级党委预审"
    FORM = 14, "填写入党志愿书"
    ADMISSION_MEETING = 15, "支部大会讨论接收"
    COMMITTEE_TALK = 16, "上级党委派人谈话"
    ADMISSION_APPROVED = 17, "上级党委审批"
    ADMISSION_FILED = 18, "再上一级党委组织部门备案"
    ASSIGNED = 19, "编入党支部和党小组"
    OATH = 20, "入党宣誓"
    OBSERVED = 21, "继续教育考察"
    CONFIRMATION_ASKED = 22, "提出转正申请"
    CONFIRMATION_MEETING = 23, "支部大会讨论转正"
    CONFIRMATION_APPROVED = 24, "上级党委审批转正"
    ARCHIVED = 25, "材料归档"


class StepRecorder(TextChoices):
    """Who does a step and writes it down."""

    BRANCH = "branch", "支部"
    COMMITTEE = "committee", "上级党委"


class StepStatus(TextChoices):
    """What a row of a step says now."""

    DONE = "done", "已办"
    REFUSED = "refused", "未批准"
    VOID = "void", "作废重办"
    EARLIER = "earlier", "延长以前"


class StepResult(TextChoices):
    """What a step came to, where it may come to more than one thing."""

    QUALIFIED = "qualified", "合格"
    UNQUALIFIED = "unqualified", "不合格"
    CONFIRM = "confirm", "按期转正"
    EXTEND = "extend", "延长预备期"
    CANCEL = "cancel", "取消预备党员资格"


class SponsorKind(TextChoices):
    """What a full member is to somebody on the way."""

    CULTIVATOR = "cultivator", "培养联系人"
    INTRODUCER = "introducer", "入党介绍人"


class DevelopmentEnd(TextChoices):
    """Why a file ended without full membership."""

    WITHDRAWN = "withdrawn", "本人撤回申请"
    DROPPED = "dropped", "不再培养"
    DISQUALIFIED = "disqualified", "取消预备党员资格"
    MEMBERSHIP_ENDED = "membership_ended", "党籍已经结束"


class DevelopmentDue(TextChoices):
    """Which limit of a file comes next."""

    REVIEW = "review", "半年考察"
    MEETING = "meeting", "预审后开支部大会"
    APPROVAL = "approval", "党委审批"
    PROBATION = "probation", "预备期满"


@dataclass(frozen=True, slots=True)
class Step:
    """One of the 25 steps: in which stage it is done, by which article, by whom, after what, what is written down."""

    number: int
    stage: str
    article: str  # 第几条 of the rules
    by: str
    after: tuple[int, ...]
    fields: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What people call it."""
        return str(StepNumber(self.number).label)


_N, _S, _BRANCH, _COMMITTEE = StepNumber, DevelopmentStage, StepRecorder.BRANCH, StepRecorder.COMMITTEE
_VOTES = ("votes",)
STEPS: dict[int, Step] = {
    step.number: step
    for step in (
        Step(_N.APPLICATION, _S.APPLICANT, "第五条、第六条", _BRANCH, ()),
        Step(_N.TALK, _S.APPLICANT, "第七条", _BRANCH, (1,), ("opinion",)),
        Step(_N.ACTIVIST, _S.APPLICANT, "第八条", _BRANCH, (2,), ("opinion",)),
        Step(_N.ACTIVIST_FILED, _S.ACTIVIST, "第八条", _COMMITTEE, (3,), ("document",)),
        Step(_N.CULTIVATORS, _S.ACTIVIST, "第九条", _BRANCH, (4,), ("cultivators",)),
        Step(_N.CULTIVATED, _S.ACTIVIST, "第十条、第十一条", _BRANCH, (5,), ("opinion",)),
        Step(_N.TARGET, _S.ACTIVIST, "第十三条", _BRANCH, (6,), ("notice", "opinion")),
        Step(_N.TARGET_FILED, _S.ACTIVIST, "第十三条", _COMMITTEE, (7,), ("document",)),
        Step(_N.INTRODUCERS, _S.DEVELOPMENT_TARGET, "第十四条", _BRANCH, (8,), ("introducers",)),
        Step(_N.POLITICAL_REVIEW, _S.DEVELOPMENT_TARGET, "第十六条", _BRANCH, (8,), ("qualified", "opinion")),
        Step(_N.TRAINING, _S.DEVELOPMENT_TARGET, "第十七条", _COMMITTEE, (8,), ("training", "document")),
        Step(_N.BRANCH_REVIEW, _S.DEVELOPMENT_TARGET, "第十九条", _BRANCH, (9, 10, 11), ("notice", "opinion")),
        Step(_N.PRE_REVIEW, _S.DEVELOPMENT_TARGET, "第十九条", _COMMITTEE, (12,), ("document",)),
        Step(_N.FORM, _S.DEVELOPMENT_TARGET, "第十九条", _BRANCH, (13,), ("document",)),
        Step(_N.ADMISSION_MEETING, _S.DEVELOPMENT_TARGET, "第二十条、第二十一条", _BRANCH, (14,), _VOTES),
        Step(_N.COMMITTEE_TALK, _S.DEVELOPMENT_TARGET, "第二十四条", _COMMITTEE, (15,), ("opinion",)),
        Step(_N.ADMISSION_APPROVED, _S.DEVELOPMENT_TARGET, "第二十六条", _COMMITTEE, (16,), ("document", "late")),
        Step(_N.ADMISSION_FILED, _S.PROBATIONARY, "第二十六条", _COMMITTEE, (17,), ("document",)),
        Step(_N.ASSIGNED, _S.PROBATIONARY, "第二十八条", _BRANCH, (17,), ("opinion",)),
        Step(_N.OATH, _S.PROBATIONARY, "第二十九条", _BRANCH, (17,)),
        Step(_N.OBSERVED, _S.PROBATIONARY, "第三十条", _BRANCH, (19,), ("opinion",)),
        Step(_N.CONFIRMATION_ASKED, _S.PROBATIONARY, "第三十二条", _BRANCH, (20, 21), ("notice",)),
        Step(_N.CONFIRMATION_MEETING, _S.PROBATIONARY, "第三十一条、第三十二条", _BRANCH, (22,), ("outcome", "votes")),
        Step(_N.CONFIRMATION_APPROVED, _S.PROBATIONARY, "第三十三条", _COMMITTEE, (23,), ("document",)),
        Step(_N.ARCHIVED, _S.FULL, "第三十六条", _COMMITTEE, (18, 24), ("document",)),
    )
}
# With an extended probation these are done once more.
AGAIN_AFTER_EXTENSION = frozenset(
    {_N.OBSERVED, _N.CONFIRMATION_ASKED, _N.CONFIRMATION_MEETING, _N.CONFIRMATION_APPROVED}
)
# Steps that have changed the stage or a membership: what followed cannot be made not to have happened.
FINAL_STEPS = frozenset({_N.APPLICATION, _N.ACTIVIST, _N.TARGET_FILED, _N.ADMISSION_APPROVED, _N.CONFIRMATION_APPROVED})
# What the committee may refuse, and the step of the branch that is then to be done again.
REFUSABLE: dict[int, int] = {
    _N.TARGET_FILED: _N.TARGET,
    _N.PRE_REVIEW: _N.BRANCH_REVIEW,
    _N.ADMISSION_APPROVED: _N.ADMISSION_MEETING,
    _N.CONFIRMATION_APPROVED: _N.CONFIRMATION_MEETING,
}


def next_steps(done: Iterable[int]) -> tuple[int, ...]:
    """Return the steps that may be recorded now, in their order: not done, and all they come after are done."""
    there = frozenset(done)
    return tuple(one.number for one in STEPS.values() if one.number not in there and there.issuperset(one.after))


def built_on(number: int) -> frozenset[int]:
    """Return the steps that come after a step, directly or by others, without itself."""
    found: set[int] = set()
    for step in STEPS.values():  # in their order: whatever a step comes after has a smaller number
        if number in step.after or found.intersection(step.after):
            found.add(step.number)
    return frozenset(found)


class DevelopmentWhen(TextChoices):
    """What the list of files may be asked for by time."""

    OPENING = "opening", "本月可办"
    DUE = "due", "一个月内到期"
    LATE = "late", "已过期限"
