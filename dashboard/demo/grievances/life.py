"""One made-up case from lodging to where it is at the horizon, step by step as the verbs take them."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from branches.choices import Duty
from dashboard.demo.grievances import world as shared
from dashboard.demo.grievances.world import DUTIES, HORIZON, Unit, World
from dashboard.demo.names import People
from grievances.choices import (
    LEVEL_CLOCKS,
    Channel,
    ClockKind,
    ClockState,
    CloseReason,
    FollowUpMethod,
    PauseKind,
    Result,
    Satisfaction,
    StatementKind,
    Status,
    Urgency,
)

_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)
_CHANNELS = [Channel.DIRECT_LINE] * 6 + [Channel.HOTLINE_12328] * 7 + [Channel.HOTLINE_12345] * 3 + [
    Channel.BRANCH, Channel.BRANCH, Channel.STATION, Channel.VISIT,
]  # fmt: skip


class _NotYet(Exception):
    """The next step lies after the horizon."""


@dataclass(slots=True)
class Ticking:
    """A clock of a case: its limit, where it was started, how it ended."""

    kind: str
    policy: Any
    unit: Unit
    rung: int
    started_at: datetime
    state: str = ClockState.RUNNING
    ended_at: datetime | None = None
    escalated_at: datetime | None = None


class Life:
    """One case from lodging to where it is at the horizon."""

    def __init__(self, world: World, people: People, place: Unit, index: int, seed: int) -> None:
        self.world, self.unit, self.origin, self.index, self.seed = world, place, place, index, seed
        self._people = people
        dice = self.dice = random.Random(seed * 0x9E3779B97F4A7C15 + index)  # noqa: S311 - made up, no secret
        seconds = int((HORIZON - shared.FIRST).total_seconds())
        self.lodged_at = self.now = shared.FIRST + timedelta(seconds=dice.randrange(seconds))
        self.category = world.categories[dice.randrange(len(world.categories))]
        self.channel = _CHANNELS[dice.randrange(len(_CHANNELS))]
        self.urgency = Urgency.URGENT if dice.random() < 0.02 else Urgency.NORMAL
        self.number = f"SQ{place.division or '000000'}{self.lodged_at:%Y%m%d}-{seed % 10}{index:06}"
        self.status: str = Status.LODGED
        self.rung = self.reopened = self.failed = 0
        self.collector: int | None = None
        self.handler: int | None = None
        self.supervisor: int | None = None
        self.accepted_at: datetime | None = None
        self.assigned_at: datetime | None = None
        self.first_assigned_at: datetime | None = None
        self.answered_at: datetime | None = None
        self.closed_at: datetime | None = None
        self.close_reason = self.result = self.solved = self.satisfaction = self.measure = ""
        self.person_times = 1
        self.recovered: int | None = None
        self.involved = dice.randrange(500, 50_000) if self.category.is_money else None
        self.clocks: list[Ticking] = []
        self.pauses: list[tuple[str, datetime, datetime | None]] = []
        self.said: list[tuple[str, str, bool, int | None, datetime]] = []
        self.asked: list[tuple] = []

    # --- the steps, as the verbs take them ----------------------------------------------------------------------------
    def live(self) -> None:
        """Walk through the loop until the end, or until what would be next has not happened yet."""
        self._start(ClockKind.TRANSFER)
        try:
            self._accept()
            while self.status not in (Status.CLOSED, Status.NOT_ACCEPTED, Status.WITHDRAWN):
                self._assign()
                self._progress()
                if self._answer():
                    self._call_back()
        except _NotYet:
            return

    def _after(self, least: timedelta, most: timedelta) -> datetime:
        return self._until(self.now + least + (most - least) * self.dice.random())

    def _until(self, at: datetime) -> datetime:
        if at > HORIZON:
            raise _NotYet
        self.now = at.replace(microsecond=0)
        return self.now

    def _say(self, kind: str, text: str, office: str = "") -> None:
        by = self.unit.offices[office] if office else None
        self.said.append((kind, text, kind != StatementKind.INTERNAL, by, self.now))

    def _start(self, *kinds: str) -> None:
        for kind in kinds:
            policy = self.world.policy(kind, self.unit, self.category, self.urgency)
            if policy is not None:
                self.clocks.append(Ticking(kind, policy, self.unit, self.rung, self.now))

    def _end(self, state: str, kinds: Iterable[str]) -> None:
        for clock in self.clocks:
            if clock.state == ClockState.RUNNING and clock.kind in kinds:
                clock.state, clock.ended_at = state, self.now

    def _accept(self) -> None:
        if self.dice.random() < 0.02:
            self._after(_MINUTE, 90 * _MINUTE)
            self.status = Status.NOT_ACCEPTED
            self._say(StatementKind.REASON, "不属于行业党委受理的范围，请向劳动仲裁机构申请。")
            self._end(ClockState.VOID, ClockKind.values)
            return
        self.accepted_at = self._after(_MINUTE, 50 * _MINUTE)
        offices = self.unit.offices
        self.collector, self.handler, self.supervisor = (offices[duty] for duty in DUTIES)
        self.status = Status.ACCEPTED
        self._say(StatementKind.REASON, "已经受理，列入台账。")

    def _assign(self) -> None:
        if self.urgency == Urgency.URGENT:
            at = self._after(_MINUTE, 8 * _MINUTE)
        else:
            late = self.dice.random() < 0.03
            at = self._after(_MINUTE, 240 * _MINUTE if late else 60 * _MINUTE)
        if self.dice.random() < 0.01 and not self.rung:
            self.status = Status.WITHDRAWN
            self._say(StatementKind.REASON, "诉求人撤回。")
            self._end(ClockState.VOID, ClockKind.values)
            raise _NotYet
        first = self.first_assigned_at is None
        self.status, self.assigned_at, self.handler = Status.ASSIGNED, at, self.unit.offices[Duty.HANDLE]
        self.first_assigned_at = self.first_assigned_at or at
        self._say(StatementKind.REASON, f"转给{self.unit.name}办理。")
        self._end(ClockState.MET, [ClockKind.TRANSFER])
        self._start(ClockKind.PROGRESS, ClockKind.ANSWER, *([ClockKind.PROMISE] if first else []))

    def _progress(self) -> None:
        due = self._due_of(ClockKind.PROGRESS)
        quick = self.urgency == Urgency.URGENT
        at = (
            self.now + (_MINUTE * 20 if quick else _HOUR) + (_MINUTE * 60 if quick else 30 * _HOUR) * self.dice.random()
        )
        if due is not None:
            late = self.dice.random() < 0.03
            at = due + 6 * _HOUR * self.dice.random() if late else min(at, max(due - _MINUTE, self.now + _MINUTE))
        waits, rests = self.dice.random() < 0.04, self.dice.random() < 0.005
        self._until(at)
        self._end(ClockState.MET, [ClockKind.PROGRESS])
        if waits or rests:
            kind = PauseKind.COMPLAINANT if waits else PauseKind.JUDICIAL
            self.status = Status.WAITING_FOR_COMPLAINANT if waits else Status.SUSPENDED
            text = "请补充运单和转账记录。" if waits else "已经申请劳动仲裁，等仲裁结果。"
            self._say(StatementKind.QUESTION if waits else StatementKind.REASON, text, Duty.HANDLE)
            self.pauses.append((kind, self.now, None))
            self._after(4 * _HOUR, 70 * _HOUR if waits else 600 * _HOUR)
            self.pauses[-1] = (kind, self.pauses[-1][1], self.now)
            self._say(StatementKind.REPLY if waits else StatementKind.REASON, "补充了材料。" if waits else "恢复办理。")
        else:
            self._say(StatementKind.PROGRESS, "已经联系双方，正在核对账目。", Duty.HANDLE)
        self.status = Status.IN_HAND

    def _answer(self) -> bool:
        """Answer, or be late and go one level up by the clock; return whether it was answered."""
        due = self._due_of(ClockKind.ANSWER)
        at = self.now + 2 * _HOUR + 60 * _HOUR * self.dice.random()
        late = due is not None and (self.dice.random() < 0.02 or due <= self.now) and self.unit.above is not None
        if late:
            self._until(max(due, self.now) + timedelta(seconds=30))
            self._move_up()
            return False
        if due is not None:
            at = min(at, max(due - 5 * _MINUTE, self.now + 5 * _MINUTE))
        self._until(at)
        dice = self.dice.random()
        self.result = Result.SOLVED if dice < 0.9 else Result.PARTLY if dice < 0.97 else Result.NOT_SOLVED
        if self.involved is not None:
            share = {Result.SOLVED: 1.0, Result.PARTLY: 0.5}.get(self.result, 0)
            self.recovered = int(self.involved * share)
        self.measure = self.category.measure
        self.person_times = self.dice.randrange(1, 4) if self.measure != "case_solved" else 1
        self.status, self.answered_at, self.failed = Status.ANSWERED, self.now, 0
        self._say(StatementKind.ANSWER, "已经办结，结果和依据见附件。不满意可以说没解决，转上一级重办。", Duty.HANDLE)
        self._end(ClockState.MET, [ClockKind.PROGRESS, ClockKind.ANSWER, ClockKind.PROMISE])
        self._start(ClockKind.CALL_BACK)
        return True

    def _move_up(self) -> None:
        for clock in self.clocks:
            if clock.kind == ClockKind.ANSWER and clock.state == ClockState.RUNNING:
                clock.escalated_at = self.now
        self.unit, self.rung, self.status = self.unit.above, self.rung + 1, Status.ACCEPTED
        self.handler, self.supervisor = (self.unit.offices[duty] for duty in (Duty.HANDLE, Duty.SUPERVISE))
        self._say(StatementKind.REASON, "答复过了时限（5 个工作日），自动转到上一级。")
        self._end(ClockState.VOID, LEVEL_CLOCKS)
        self._start(ClockKind.TRANSFER)

    def _call_back(self) -> None:
        dice = self.dice.random()
        if dice < 0.05:
            self._in_vain()
            return
        by_self = dice < 0.35
        due = self._due_of(ClockKind.CALL_BACK)
        at = self.now + 2 * _HOUR + 40 * _HOUR * self.dice.random()
        self._until(at if due is None or self.dice.random() < 0.03 else min(at, max(due - _MINUTE, self.now + _HOUR)))
        said = self.dice.random()
        solved = Result.SOLVED if said < 0.88 else Result.PARTLY if said < 0.96 else Result.NOT_SOLVED
        rated = self.dice.random()
        satisfaction = Satisfaction.SATISFIED if rated < 0.68 else Satisfaction.BASICALLY_SATISFIED
        if rated > 0.88:
            satisfaction = Satisfaction.UNRATED if rated < 0.97 else Satisfaction.DISSATISFIED
        reopens = solved == Result.NOT_SOLVED or satisfaction == Satisfaction.DISSATISFIED
        if reopens and self.unit.above is None:  # nobody left above: told to be content with part of it
            solved, satisfaction, reopens = Result.PARTLY, Satisfaction.BASICALLY_SATISFIED, False
        method = FollowUpMethod.SELF if by_self else FollowUpMethod.PHONE
        office = None if by_self else self.unit.offices[Duty.COLLECT]
        self.asked.append((method, True, solved, satisfaction, "", office, self.now, self.reopened))
        self.solved, self.satisfaction = solved, satisfaction
        self._end(ClockState.MET, [ClockKind.CALL_BACK])
        text = f"{Result(solved).label}，{Satisfaction(satisfaction).label}。"
        if not reopens:
            self._close(CloseReason.CONFIRMED if by_self else CloseReason.CALLED_BACK, text)
            return
        self.unit, self.rung, self.reopened = self.unit.above, self.rung + 1, self.reopened + 1
        self.status, self.failed = Status.ACCEPTED, 0
        self.handler, self.supervisor = (self.unit.offices[duty] for duty in (Duty.HANDLE, Duty.SUPERVISE))
        self._say(StatementKind.FOLLOW_UP, f"诉求人说{text}")
        self._end(ClockState.VOID, LEVEL_CLOCKS)
        for clock in self.clocks:
            if clock.kind == ClockKind.PROMISE:
                clock.state, clock.ended_at = ClockState.RUNNING, None
        self._start(ClockKind.TRANSFER)

    def _in_vain(self) -> None:
        for attempt in range(1, 4):
            self._after(5 * _HOUR, 12 * _HOUR)
            office = self.unit.offices[Duty.COLLECT]
            self.asked.append((FollowUpMethod.PHONE, False, "", "", "响铃没有人接。", office, self.now, self.reopened))
            self.failed, self.status = attempt, Status.FOLLOW_UP
            if attempt < 3:
                self._say(StatementKind.FOLLOW_UP, f"第 {attempt} 次没有联系上。")
        self.solved = self.satisfaction = ""
        self._end(ClockState.MET, [ClockKind.CALL_BACK])
        self._close(CloseReason.UNREACHABLE, "三次没有联系上您，先办结。90 天内您说没解决，马上重办。")

    def _close(self, reason: str, text: str) -> None:
        self.status, self.closed_at, self.close_reason = Status.CLOSED, self.now, reason
        self._say(StatementKind.FOLLOW_UP, text)
        self._end(ClockState.VOID, ClockKind.values)

    def _due_of(self, kind: str) -> datetime | None:
        clock = next(one for one in reversed(self.clocks) if one.kind == kind)
        return self.world.due(clock.policy, clock.started_at, self._spans)[0]

    @property
    def _spans(self) -> list[tuple]:
        return [(begun, ended) for _, begun, ended in self.pauses]
