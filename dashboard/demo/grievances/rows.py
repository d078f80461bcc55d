"""A case that has lived, as rows: tuples in the order of their columns, table by table."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property

from branches.choices import Duty
from dashboard.demo.grievances.life import Life, Ticking
from dashboard.demo.grievances.world import HORIZON, STEP
from grievances.choices import (
    HOTLINES,
    ClockState,
)
from grievances.workflow.codes import LETTERS
from members.rules.people import phone_index

SEALED = ("complainant_name", "phone")
CASE = (
    "id", "number", "track_code", "passphrase_hash", "channel", "external_number", "category_id", "urgency", "title",
    "description", "respondent", "division_id", "place", "amount_involved", "amount_recovered", "complainant_name",
    "phone", "phone_index", "is_anonymous", "confidential_to_id", "status", "organization_id", "origin_id", "rung",
    "collector_id", "handler_id", "supervisor_id", "lodged_at", "accepted_at", "assigned_at", "first_assigned_at",
    "answered_at", "closed_at", "close_reason", "result", "solved", "satisfaction", "measure", "person_times",
    "reopened", "failed_attempts", "next_due_at", "next_clock", "calendar_missing",
)  # fmt: skip
CLOCK = (
    "grievance_id", "kind", "policy_id", "amount", "unit", "closes_at", "extension", "organization_id", "rung", "state",
    "started_at", "due_at", "explanation", "missing_date", "ended_at", "remind_at", "reminded_at", "overdue_at",
    "escalated_at",
)  # fmt: skip
PAUSE = ("grievance_id", "kind", "from_at", "until_at")
STATEMENT = ("grievance_id", "kind", "text", "is_public", "office_id", "at", "entry_id")
FOLLOW_UP = ("grievance_id", "method", "was_reached", "solved", "satisfaction", "note", "office_id", "at", "round")


@dataclass(slots=True)
class Rows:
    """What a chunk writes, table by table, as tuples in the order of the columns above."""

    cases: list[tuple] = field(default_factory=list)
    clocks: list[tuple] = field(default_factory=list)
    pauses: list[tuple] = field(default_factory=list)
    statements: list[tuple] = field(default_factory=list)
    follow_ups: list[tuple] = field(default_factory=list)


_WHAT = (
    "说好的钱到期没有给", "对方不接电话也不回信息", "合同上写的和口头说的不一样", "多次去找都没有结果",
    "问过几个部门，说法不一样", "材料交了一直没有回音", "扣了押金不退",
)  # fmt: skip


class Case(Life):
    """A case that has lived, as rows."""

    @cached_property
    def code(self) -> str:
        """The track code: the same for seed and index, never twice within a seed."""
        rest, code = (self.index * STEP + self.seed * 1_000_003) % 32**8, ""
        for _ in range(8):
            rest, place = divmod(rest, len(LETTERS))
            code += LETTERS[place]
        return code

    def write(self, rows: Rows, pk: int, entry: int, seal_name, seal_phone) -> None:
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

    def _clock(self, clock: Ticking, running: list) -> tuple:
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
