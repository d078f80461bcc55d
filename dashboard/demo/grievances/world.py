"""What all made-up cases share: committees with their offices, categories, limits, the calendar."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from branches.choices import Duty, Kind, OrganizationStatus
from branches.models import Office, Organization, Workday
from grievances.models import Category, SlaPolicy
from grievances.rules import clocks as arithmetic
from grievances.rules import policies
from grievances.rules.clocks import CHINA

FIRST = datetime(2025, 8, 1, tzinfo=CHINA)  # just after the national limits began
HORIZON = datetime(2026, 11, 20, 18, 0, tzinfo=CHINA)
STEP = 0x9E3779B1  # odd: spreads codes over their space without meeting twice
DUTIES = (Duty.COLLECT, Duty.HANDLE, Duty.SUPERVISE)


@dataclass(slots=True)
class Unit:
    """A committee that handles cases, with its offices by duty and the one above it."""

    pk: int
    level: str
    name: str
    division: str
    offices: dict[str, int]
    above: Unit | None = None


@dataclass
class World:
    """What all cases share: committees with their offices, categories, limits, the calendar."""

    units: dict[int, Unit]
    categories: list[Category]
    limits: list[SlaPolicy]
    calendar: dict[date, bool]
    _policies: dict[tuple, Any] = field(default_factory=dict)
    _dues: dict[tuple, tuple] = field(default_factory=dict)

    def policy(self, kind: str, unit: Unit, category: Category, urgency: str):
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


def read_world() -> World:
    """Set up the offices of every committee and return what the cases share. Six queries."""
    committees = Organization.objects.filter(kind=Kind.INDUSTRY_COMMITTEE).exclude(status=OrganizationStatus.DISSOLVED)
    rows = list(committees.order_by("path"))
    Office.objects.bulk_create(
        [Office(organization=row, duty=duty) for row in rows for duty in DUTIES], ignore_conflicts=True
    )
    offices: dict[int, dict[str, int]] = {}
    for pk, unit, duty in Office.objects.filter(organization__in=rows).values_list("pk", "organization_id", "duty"):
        offices.setdefault(unit, {})[duty] = pk
    by_path: dict[str, Unit] = {}
    for row in rows:
        above = by_path.get(row.path[: -Organization.steplen])
        by_path[row.path] = Unit(row.pk, row.level, row.short_name, row.division_id or "", offices[row.pk], above)
    offered = Category.objects.offered().filter(parent__isnull=False, is_about_portal=False)
    return World(
        {unit.pk: unit for unit in by_path.values()},
        list(offered),
        list(SlaPolicy.objects.in_force(FIRST.date())),
        dict(Workday.objects.values_list("date", "is_workday")),
    )
