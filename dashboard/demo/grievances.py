"""Grievances of any number, bulk-loaded: each lives through the closed loop by the real arithmetic of its clocks.

Everything follows from the seed and an index; no clock is read: what lies after HORIZON has not happened yet, so most
cases are closed and those of the last days are open, late, waiting. Rows are written as the verbs would have left them.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any

from django.db import connection, transaction

from branches.choices import Duty, Kind, OrganizationStatus
from branches.models import Office, Organization, Workday
from dashboard.demo.names import People
from foundation.audit import trail
from foundation.protection.seal import sealer
from grievances.choices import (
    HOTLINES,
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
from grievances.models import Category, Clock, FollowUp, Grievance, Pause, SlaPolicy, Statement
from grievances.rules import clocks as arithmetic
from grievances.rules import policies
from grievances.rules.clocks import CHINA
from grievances.workflow.lodging import LETTERS
from members.roster import bulk
from members.rules.people import phone_index

FIRST = datetime(2025, 8, 1, tzinfo=CHINA)  # just after the national limits began
HORIZON = datetime(2026, 11, 20, 18, 0, tzinfo=CHINA)
CHUNK = 5_000
_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)
_STEP = 0x9E3779B1  # odd: spreads codes over their space without meeting twice
_CHANNELS = [Channel.DIRECT_LINE] * 6 + [Channel.HOTLINE_12328] * 7 + [Channel.HOTLINE_12345] * 3 + [
    Channel.BRANCH, Channel.BRANCH, Channel.STATION, Channel.VISIT,
]  # fmt: skip
_DUTIES = (Duty.COLLECT, Duty.HANDLE, Duty.SUPERVISE)


@dataclass(slots=True)
class _Rows:
    """What a chunk writes, table by table, as tuples in the order of the columns below."""

    cases: list[tuple] = field(default_factory=list)
    clocks: list[tuple] = field(default_factory=list)
    pauses: list[tuple] = field(default_factory=list)
    statements: list[tuple] = field(default_factory=list)
    follow_ups: list[tuple] = field(default_factory=list)


@dataclass(slots=True)
class _Unit:
    pk: int
    level: str
    name: str
    division: str
    offices: dict[str, int]
    above: _Unit | None = None


@dataclass
class _World:
    """What all cases share: committees with their offices, categories, limits, the calendar."""

    units: dict[int, _Unit]
    categories: list[Category]
    limits: list[SlaPolicy]
    calendar: dict[date, bool]
    _policies: dict[tuple, Any] = field(default_factory=dict)
    _dues: dict[tuple, tuple] = field(default_factory=dict)

    def policy(self, kind: str, unit: _Unit, category: Category, urgency: str):
        """Return the limit of a clock, as the verb finds it."""
        key = kind, unit.pk, category.pk, urgency
        if key not in self._policies:
            line, above = [unit.pk], unit.above
            while above is not None:
                line.append(above.pk)
                above = above.above
            self._policies[key] = policies.applying(
                self.limits,
                clock=kind,
                category_ids=[pk for pk in (category.pk, category.parent_id) if pk],
                level=unit.level,
                urgency=urgency,
                line=line,
            )
        return self._policies[key]

    def due(self, policy, start: datetime, pauses: Sequence[tuple]) -> tuple:
        """Return (due, explanation, first day that is missing). Day limits without pauses depend on the day alone."""
        key = (policy.pk, start.date()) if policy.unit == "working_days" and not pauses else None
        found = self._dues.get(key) if key else None
        if found is None:
            due = arithmetic.due(start, policies.limit_of(policy), pauses=pauses, calendar=self.calendar)
            found = due.at, str(due)[:400], due.missing
            if key:
                self._dues[key] = found
        return found


def load_grievances(
    committee_ids: Sequence[int], count: int, seed: int, tell: Callable[[str], None] = lambda sentence: None
) -> int:
    """Add cases until there are `count` of this seed, lodged in turn at these committees; return how many were added.

    One transaction per 5,000 cases; those that are there stay. About a minute for 110,000 on PostgreSQL.
    """
    if not count or not committee_ids:
        return 0
    with transaction.atomic():
        world = _world()
    people, places, added = People(seed + 77), list(committee_ids), 0
    for first in range(0, count, CHUNK):
        chunk = range(first, min(first + CHUNK, count))
        with transaction.atomic():
            added += _write(world, people, places, chunk, seed)
        tell(f"诉求 {chunk.stop} / {count}")
    _analyze()
    return added


def _world() -> _World:
    committees = Organization.objects.filter(kind=Kind.INDUSTRY_COMMITTEE).exclude(status=OrganizationStatus.DISSOLVED)
    rows = list(committees.order_by("path"))
    Office.objects.bulk_create(
        [Office(organization=row, duty=duty) for row in rows for duty in _DUTIES], ignore_conflicts=True
    )
    offices: dict[int, dict[str, int]] = {}
    for pk, unit, duty in Office.objects.filter(organization__in=rows).values_list("pk", "organization_id", "duty"):
        offices.setdefault(unit, {})[duty] = pk
    by_path: dict[str, _Unit] = {}
    for row in rows:
        above = by_path.get(row.path[: -Organization.steplen])
        by_path[row.path] = _Unit(row.pk, row.level, row.short_name, row.division_id or "", offices[row.pk], above)
    offered = Category.objects.offered().filter(parent__isnull=False, is_about_portal=False)
    return _World(
        {unit.pk: unit for unit in by_path.values()},
        list(offered),
        list(SlaPolicy.objects.in_force(FIRST.date())),
        dict(Workday.objects.values_list("date", "is_workday")),
    )


def _write(world: _World, people: People, places: Sequence[int], chunk: range, seed: int) -> int:
    lives = [_Life(world, people, world.units[_turn(places, index, seed)], index, seed) for index in chunk]
    numbers = [life.number for life in lives]
    there = set(Grievance.objects.filter(number__in=numbers).values_list("number", flat=True))
    lives = [life for life in lives if life.number not in there]
    if not lives:
        return 0
    entry = trail.record(
        "grievance.seed", None, actor=None, details={"first": chunk.start, "cases": len(lives), "seed": seed}
    )
    keys = bulk.reserve_ids(Grievance, len(lives))
    rows, seal_name, seal_phone = _Rows(), *(sealer(Grievance._meta.get_field(n).aad) for n in _SEALED)
    for pk, life in zip(keys, lives, strict=True):
        life.live()
        life.write(rows, pk, entry.pk, seal_name, seal_phone)
    bulk.insert(Grievance, _CASE, rows.cases)
    for model, columns, found in (
        (Clock, _CLOCK, rows.clocks),
        (Pause, _PAUSE, rows.pauses),
        (Statement, _STATEMENT, rows.statements),
        (FollowUp, _FOLLOW_UP, rows.follow_ups),
    ):
        ids = bulk.reserve_ids(model, len(found))
        bulk.insert(model, ("id", *columns), [(pk, *row) for pk, row in zip(ids, found, strict=True)])
    return len(lives)


def _turn(places: Sequence[int], index: int, seed: int) -> int:
    return places[(index * _STEP + seed) % len(places)]


_SEALED = ("complainant_name", "phone")
_CASE = (
    "id", "number", "track_code", "passphrase_hash", "channel", "external_number", "category_id", "urgency", "title",
    "description", "respondent", "division_id", "place", "amount_involved", "amount_recovered", "complainant_name",
    "phone", "phone_index", "is_anonymous", "confidential_to_id", "status", "organization_id", "origin_id", "rung",
    "collector_id", "handler_id", "supervisor_id", "lodged_at", "accepted_at", "assigned_at", "first_assigned_at",
    "answered_at", "closed_at", "close_reason", "result", "solved", "satisfaction", "measure", "person_times",
    "reopened", "failed_attempts", "next_due_at", "next_clock", "calendar_missing",
)  # fmt: skip
_CLOCK = (
    "grievance_id", "kind", "policy_id", "amount", "unit", "closes_at", "extension", "organization_id", "rung", "state",
    "started_at", "due_at", "explanation", "missing_date", "ended_at", "remind_at", "reminded_at", "overdue_at",
    "escalated_at",
)  # fmt: skip
_PAUSE = ("grievance_id", "kind", "from_at", "until_at")
_STATEMENT = ("grievance_id", "kind", "text", "is_public", "office_id", "at", "entry_id")
_FOLLOW_UP = ("grievance_id", "method", "was_reached", "solved", "satisfaction", "note", "office_id", "at", "round")


class _NotYet(Exception):
    """The next step lies after the horizon."""


@dataclass(slots=True)
class _Ticking:
    kind: str
    policy: Any
    unit: _Unit
    rung: int
    started_at: datetime
    state: str = ClockState.RUNNING
    ended_at: datetime | None = None
    escalated_at: datetime | None = None


class _Life:
    """One case from lodging to where it is at the horizon."""

    def __init__(self, world: _World, people: People, place: _Unit, index: int, seed: int) -> None:
        self.world, self.unit, self.origin, self.index, self.seed = world, place, place, index, seed
        self._people = people
        dice = self.dice = random.Random(seed * 0x9E3779B97F4A7C15 + index)  # noqa: S311 - made up, no secret
        seconds = int((HORIZON - FIRST).total_seconds())
        self.lodged_at = self.now = FIRST + timedelta(seconds=dice.randrange(seconds))
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
        self.clocks: list[_Ticking] = []
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
                self.clocks.append(_Ticking(kind, policy, self.unit, self.rung, self.now))

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
        self.collector, self.handler, self.supervisor = (offices[duty] for duty in _DUTIES)
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

    # --- the rows -----------------------------------------------------------------------------------------------------
    @cached_property
    def code(self) -> str:
        """The track code: the same for seed and index, never twice within a seed."""
        rest, code = (self.index * _STEP + self.seed * 1_000_003) % 32**8, ""
        for _ in range(8):
            rest, place = divmod(rest, len(LETTERS))
            code += LETTERS[place]
        return code

    def write(self, rows: _Rows, pk: int, entry: int, seal_name, seal_phone) -> None:
        """Add the rows of the case under its key."""
        running: list[tuple[datetime | None, str, date | None]] = []
        for clock in self.clocks:
            rows.clocks.append((pk, *self._clock(clock, running)))
        dated = [(due, kind) for due, kind, _ in running if due is not None]
        next_due, next_kind = min(dated) if dated else (None, running[0][1] if running else "")
        dice = random.Random(self.seed * 31 + self.index)  # noqa: S311 - made up, no secret
        anonymous = dice.random() < 0.08
        confidential = not anonymous and dice.random() < 0.02
        person = self._people[self.index]
        phone = "" if anonymous else person.phone
        kind = self.category.name
        rows.cases.append(
            (
                pk, self.number, self.code, "", self.channel,
                f"{self.seed}-{self.index:08}" if self.channel in HOTLINES else "",
                self.category.pk, self.urgency, f"{kind}：{_WHAT[self.index % len(_WHAT)]}",
                f"{self.lodged_at:%m月%d日}反映：{kind}，{_WHAT[self.index % len(_WHAT)]}，希望帮助协调。",
                f"示例单位{self.index % 997}", self.origin.division or None, "",
                None if self.involved is None else str(self.involved),
                None if self.recovered is None else str(self.recovered),
                "" if anonymous else seal_name(person.name), seal_phone(phone) if phone else "",
                phone_index(phone) if phone else None, anonymous,
                self.origin.offices[Duty.COLLECT] if confidential else None,
                self.status, self.unit.pk, self.origin.pk, self.rung, self.collector, self.handler, self.supervisor,
                self.lodged_at, self.accepted_at, self.assigned_at, self.first_assigned_at, self.answered_at,
                self.closed_at, self.close_reason, self.result, self.solved, self.satisfaction, self.measure,
                self.person_times, self.reopened, self.failed, next_due, next_kind,
                any(missing is not None for _, _, missing in running),
            )
        )  # fmt: skip
        rows.pauses += [(pk, *pause) for pause in self.pauses]
        rows.statements += [(pk, *said, entry) for said in self.said]
        rows.follow_ups += [(pk, *asked) for asked in self.asked]

    def _clock(self, clock: _Ticking, running: list) -> tuple:
        # A clock that ended knows the pauses it lived through only; a running one all of them.
        spans = [span for span in self._spans if clock.ended_at is None or span[0] < clock.ended_at]
        spans = [
            (begun, None if clock.ended_at and ended and ended > clock.ended_at else ended) for begun, ended in spans
        ]
        policy = clock.policy
        due, words, missing = self.world.due(policy, clock.started_at, spans)
        remind = due - timedelta(hours=policy.remind_hours) if due is not None and policy.remind_hours else None
        if remind is not None and remind <= clock.started_at:
            remind = None
        until = clock.ended_at or HORIZON
        if clock.state == ClockState.RUNNING:
            running.append((due, clock.kind, missing))
        return (
            clock.kind, policy.pk, policy.amount, policy.unit, str(policy.closes_at), 0, clock.unit.pk, clock.rung,
            clock.state, clock.started_at, due, words, missing, clock.ended_at, remind,
            remind if remind is not None and remind <= until else None,
            due if due is not None and due < until else None, clock.escalated_at,
        )  # fmt: skip


_WHAT = (
    "说好的钱到期没有给", "对方不接电话也不回信息", "合同上写的和口头说的不一样", "多次去找都没有结果",
    "问过几个部门，说法不一样", "材料交了一直没有回音", "扣了押金不退",
)  # fmt: skip


def _analyze() -> None:
    """Let the planner see what is there now."""
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        for model in (Grievance, Clock, Pause, Statement, FollowUp, Office):
            cursor.execute(f"ANALYZE {connection.ops.quote_name(model._meta.db_table)}")
