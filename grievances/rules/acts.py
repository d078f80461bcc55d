"""Which acts are open to a reader on a case now, and which of them is the next step. What pages offer, nothing more.

The verbs ask the rules of `cases` once more; tests/grievances/test_who_may.py holds both against one table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from branches.scope import Reach
from grievances.choices import MAY_MOVE_UP, NEXT, OPEN, TO_CONFIRM, WITH_HANDLER, Status
from grievances.rules import cases

May = Callable[[Reach, object, frozenset[int]], bool]


@dataclass(frozen=True, slots=True)
class Act:
    """One act: its code (also the name of its address), what the button says, when it fits, and who may."""

    code: str
    label: str
    statuses: frozenset[str]
    may: May


def _before(status: str) -> frozenset[str]:
    """Return the statuses that may be followed by this one."""
    return frozenset(one for one, following in NEXT.items() if status in following)


def _accepts(reach: Reach, grievance, offices) -> bool:
    return cases.may_accept(reach, grievance)


def _assigns(reach: Reach, grievance, offices) -> bool:
    return cases.may_assign(reach, grievance)


def _handles(reach: Reach, grievance, offices) -> bool:
    return cases.may_handle(reach, grievance, offices)


def _assigns_or_handles(reach: Reach, grievance, offices) -> bool:
    return _assigns(reach, grievance, offices) or _handles(reach, grievance, offices)


def _supervises(reach: Reach, grievance, offices) -> bool:
    return cases.may_supervise(reach, grievance)


def _notes(reach: Reach, grievance, offices) -> bool:
    return _assigns_or_handles(reach, grievance, offices) or _supervises(reach, grievance, offices)


def _resumes(reach: Reach, grievance, offices) -> bool:
    if grievance.status == Status.WAITING_FOR_COMPLAINANT:
        return _assigns_or_handles(reach, grievance, offices)
    return _assigns(reach, grievance, offices)


def _escalates(reach: Reach, grievance, offices) -> bool:
    return grievance.organization.depth > 1 and _assigns_or_handles(reach, grievance, offices)


def _extends(reach: Reach, grievance, offices) -> bool:
    return grievance.organization.depth > 1 and _handles(reach, grievance, offices)


def _takes_up(reach: Reach, grievance, offices) -> bool:
    return cases.may_take_up(reach, grievance)


def _reports_back(reach: Reach, grievance, offices) -> bool:
    return grievance.supervised_at is not None and _assigns_or_handles(reach, grievance, offices)


def _withdraws(reach: Reach, grievance, offices) -> bool:
    return cases.may_withdraw_for_driver(reach, grievance)


_HANDED_ON = frozenset({Status.ASSIGNED, Status.IN_HAND})
EVERY = frozenset(Status) - {Status.DRAFT}

# In the order in which "other acts" are offered.
ACTS: dict[str, Act] = {
    act.code: act
    for act in (
        Act("accept", "受理", frozenset({Status.LODGED}), _accepts),
        Act("refuse", "不予受理", frozenset({Status.LODGED}), _accepts),
        Act("assign", "转办", _before(Status.ASSIGNED), _assigns),
        Act("report", "写进度", WITH_HANDLER, _handles),
        Act("answer", "写答复", _before(Status.ANSWERED), _handles),
        Act("follow_up", "回访", TO_CONFIRM, cases.may_call_back),
        Act("report_back", "回报督办", OPEN, _reports_back),
        Act("ask", "请诉求人补充", _before(Status.WAITING_FOR_COMPLAINANT), _handles),
        Act("resume", "恢复办理", frozenset({Status.SUSPENDED, Status.WAITING_FOR_COMPLAINANT}), _resumes),
        Act("assist", "请人协办", OPEN, _assigns),
        Act("extend", "申请延期", WITH_HANDLER, _extends),
        Act("return", "退回", WITH_HANDLER, _handles),
        Act("escalate", "升级到上一级", MAY_MOVE_UP, _escalates),
        Act("take_up", "提级办理", MAY_MOVE_UP, _takes_up),
        Act("supervise", "督办", OPEN, _supervises),
        Act("merge", "合并到另一件", _before(Status.MERGED), _assigns),
        Act("suspend", "挂起（司法或信访程序）", _before(Status.SUSPENDED), _assigns),
        Act("withdraw", "替诉求人撤回", _before(Status.WITHDRAWN), _withdraws),
        Act("note", "写内部意见", EVERY, _notes),
    )
}

HELPERS_ACT = "note"

# What moves a case on from each status; whoever may do none of it waits, watches or presses.
_STEPS: dict[str, tuple[str, ...]] = {
    Status.LODGED: ("accept",),
    Status.ACCEPTED: ("assign",),
    Status.ASSIGNED: ("report",),
    Status.IN_HAND: ("answer",),
    Status.WAITING_FOR_COMPLAINANT: ("resume",),
    Status.SUSPENDED: ("resume",),
    Status.ANSWERED: ("follow_up",),
    Status.FOLLOW_UP: ("follow_up",),
}
_WHEN_LATE = ("supervise", "escalate")


def open_acts(reach: Reach, grievance, office_ids: Iterable[int], *, helping: bool = False) -> list[Act]:
    """Return the acts a reader may take on a case as it stands, in the order of `ACTS`. No query.

    `helping`: his office helps with it (协办), and may note what it thinks. Reads organization, handler and collector
    with their organizations.
    """
    offices = frozenset(office_ids)
    return [
        act
        for act in ACTS.values()
        if grievance.status in act.statuses
        and (act.may(reach, grievance, offices) or (helping and act.code == HELPERS_ACT))
    ]


def next_act(grievance, offered: Iterable[Act], at: datetime) -> Act | None:
    """Return the one act among those offered that moves the case on now; None when it is somebody else's turn.

    Who cannot move it himself presses where something is late: 督办 from above, else 升级.
    """
    by_code = {act.code: act for act in offered}
    wanted = list(_STEPS.get(grievance.status, ()))
    if grievance.supervised_at is not None:
        wanted.append("report_back")
    elif grievance.next_due_at is not None and grievance.next_due_at <= at:
        wanted += _WHEN_LATE
    return next((by_code[code] for code in wanted if code in by_code), None)


def whose_turn(grievance) -> str:
    """Return who owes the next step, in words for whoever waits. No query."""
    committee = grievance.organization.short_name
    if grievance.status in _HANDED_ON:
        owed = "反馈" if grievance.status == Status.ASSIGNED else "答复"
        return f"等{grievance.handler.organization.short_name}{owed}"
    return {
        Status.LODGED: f"等{committee}受理",
        Status.ACCEPTED: f"等{committee}转办",
        Status.WAITING_FOR_COMPLAINANT: "等诉求人补充",
        Status.SUSPENDED: "等司法或信访程序",
        Status.ANSWERED: f"等{committee}回访",
        Status.FOLLOW_UP: f"等{committee}再回访",
    }.get(grievance.status, grievance.get_status_display())
