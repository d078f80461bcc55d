"""What comes next in a file and who may write it down. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from branches.capabilities import Capability
from branches.scope import Reach
from members.choices import STEPS, DevelopmentDue, DevelopmentStage, StepNumber, StepRecorder, next_steps
from members.rules.development.facts import (
    APPROVAL_MONTHS,
    CONFIRMATION_APPROVAL_MONTHS,
    MEETING_MONTHS,
    NEEDS_LEAVE_TO_DEVELOP,
    Facts,
    half_year_ends,
    target_from,
)
from members.rules.membership import months_after

_N = StepNumber


@dataclass(frozen=True, slots=True)
class Ahead:
    """What a file waits for: its first step to come, the day that opens, and the nearest limit."""

    next_step: int | None = None
    opens: date | None = None
    due_kind: str = ""
    due: date | None = None


def ahead_of(stage: str, facts: Facts) -> Ahead:
    """Return what comes next in a file. `opens` is the day a gate of time opens, whether past or to come."""
    if stage == DevelopmentStage.ENDED:
        return Ahead()
    steps = next_steps(facts.done)
    first = steps[0] if steps else None
    kind, due = _due(stage, facts)
    return Ahead(first, _opens(first, facts), kind, due)


# The step to come → the one a day opens, itself or one soon after it.
OPENED_BY_A_DAY: dict[int, int] = {
    _N.CULTIVATED: _N.TARGET,
    _N.TARGET: _N.TARGET,
    _N.OBSERVED: _N.CONFIRMATION_MEETING,
    _N.CONFIRMATION_ASKED: _N.CONFIRMATION_MEETING,
    _N.CONFIRMATION_MEETING: _N.CONFIRMATION_MEETING,
}


def _opens(number: int | None, facts: Facts) -> date | None:
    opened = OPENED_BY_A_DAY.get(number or 0)
    if opened == _N.TARGET:
        return target_from(facts.done[_N.ACTIVIST])
    return facts.probation_until if opened else None


def _due(stage: str, facts: Facts) -> tuple[str, date | None]:
    done = facts.done
    if stage == DevelopmentStage.ACTIVIST and _N.TARGET not in done and _N.ACTIVIST in done:
        number = 1
        while number in facts.half_years:
            number += 1
        return DevelopmentDue.REVIEW, half_year_ends(done[_N.ACTIVIST], number)
    if stage == DevelopmentStage.DEVELOPMENT_TARGET:
        if _N.ADMISSION_MEETING in done:
            return DevelopmentDue.APPROVAL, months_after(done[_N.ADMISSION_MEETING], APPROVAL_MONTHS)
        if _N.PRE_REVIEW in done:
            return DevelopmentDue.MEETING, months_after(done[_N.PRE_REVIEW], MEETING_MONTHS)
    if stage == DevelopmentStage.PROBATIONARY:
        if _N.CONFIRMATION_MEETING in done:
            last = months_after(done[_N.CONFIRMATION_MEETING], CONFIRMATION_APPROVAL_MONTHS)
            return DevelopmentDue.APPROVAL, last
        return DevelopmentDue.PROBATION, facts.probation_until
    return "", None


# --- permission -------------------------------------------------------------------------------------------------------
CAPABILITY_OF: dict[str, Capability] = {
    StepRecorder.BRANCH: Capability.DEVELOPMENT_RECORD_STEP,
    StepRecorder.COMMITTEE: Capability.DEVELOPMENT_APPROVE_STEP,
}


def may_record(reach: Reach, development, number: int) -> bool:
    """Return whether somebody may write a step down: the secretary, or the clerk or liaison officer above.

    Reads the organisation, no query. Source: docs/permissions.csv.
    """
    return reach.covers(CAPABILITY_OF[STEPS[number].by], development.organization)


def may_develop(organization) -> bool:
    """Return whether a branch may admit members: all but mobile and cloud branches without the committee's leave."""
    return organization.kind not in NEEDS_LEAVE_TO_DEVELOP or organization.may_develop_members
