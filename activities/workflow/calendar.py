"""Keeping the compliance calendar: read the facts, count by the pure rule, write what differs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import timezone

from activities.choices import ActivityStatus
from activities.models import Activity, ComplianceRule, ComplianceStatus, CoOrganizer
from activities.rules.calendar import Held, Line, Spell, Unit, calendar
from branches.choices import BRANCHES, Kind, OrganizationStatus, Role
from branches.models import Appointment, Organization

_BEGINNING = date(1900, 1, 1)  # of what has no date: it was always there
_AT_ONCE = 2000


@dataclass(frozen=True, slots=True)
class Counted:
    """What counting anew has changed. Unit: 条 (a branch, a kind and a period each)."""

    lines: int
    written: int
    removed: int


def recompute(year: int, organization_ids: Iterable[int] | None = None) -> Counted:
    """Count the calendar of a year anew, of all branches or of some; write what differs and return how much that was.

    Doing it twice changes nothing the second time. Seven queries and the writes; all 1,057 branches in a few seconds.
    """
    with transaction.atomic():
        ids = None if organization_ids is None else frozenset(organization_ids)
        lines = lines_of(year, ids)
        first, last = date(year, 1, 1), date(year + 1, 1, 1)
        there = ComplianceStatus.objects.filter(from_date__gte=first, from_date__lt=last).order_by()
        if ids is not None:
            there = there.filter(organization_id__in=ids)
        columns = ("organization_id", "kind", "from_date", "until_date", "due", "done", "rule_id", "pk")
        known = {row[:3]: (row[3:7], row[7]) for row in there.values_list(*columns)}
        changed = []
        for line in lines:
            before = known.pop((line.organization_id, line.kind, line.from_date), None)
            if before is None or before[0] != (line.until_date, line.due, line.done, line.rule_id):
                changed.append(line)
        ComplianceStatus.objects.bulk_create(
            [_row(line) for line in changed],
            batch_size=_AT_ONCE,
            update_conflicts=True,
            unique_fields=["organization", "kind", "from_date"],
            update_fields=["until_date", "due", "done", "rule"],
        )
        gone = [pk for _, pk in known.values()]
        for start in range(0, len(gone), _AT_ONCE):
            ComplianceStatus.objects.filter(pk__in=gone[start : start + _AT_ONCE]).delete()
    return Counted(len(lines), len(changed), len(gone))


def lines_of(year: int, ids: frozenset[int] | None = None) -> list[Line]:
    """Return the calendar of a year as the facts give it now, without writing. Six queries."""
    rules = list(ComplianceRule.objects.in_force_in(date(year, 1, 1), date(year + 1, 1, 1)))
    units = units_of(ids)
    return calendar(units, rules, held_in(year, frozenset(unit.pk for unit in units), every=ids is None), year)


def _row(line: Line) -> ComplianceStatus:
    return ComplianceStatus(
        organization_id=line.organization_id,
        kind=line.kind,
        from_date=line.from_date,
        until_date=line.until_date,
        due=line.due,
        done=line.done,
        rule_id=line.rule_id,
    )


def units_of(ids: frozenset[int] | None = None) -> list[Unit]:
    """Return the branches as the calendar sees them, all or some, in tree order. Four queries.

    Branches in preparation owe nothing yet; one that is dissolved owes nothing for periods it did not see the end of.
    """
    branches = Organization.objects.filter(kind__in=BRANCHES).exclude(status=OrganizationStatus.PREPARING)
    if ids is not None:
        branches = branches.filter(pk__in=ids)
    columns = ("pk", "path", "kind", "founded_date", "dissolved_date")
    rows = list(branches.order_by("path").values_list(*columns))
    step = Organization.steplen
    above = {row[1][:length] for row in rows for length in range(step, len(row[1]), step)}
    paths = {row[1]: row[0] for row in rows}
    paths |= dict(Organization.objects.filter(path__in=above).order_by().values_list("path", "pk"))
    committees: dict[int, list[Spell]] = defaultdict(list)
    posts = Appointment.objects.filter(role=Role.BRANCH_COMMITTEE_MEMBER)
    groups_below = Organization.objects.filter(kind=Kind.GROUP)
    if ids is not None:
        posts = posts.filter(organization_id__in=ids)
        groups_below = groups_below.filter(depth__in={len(row[1]) // step + 1 for row in rows})
    for pk, from_at, until_at in posts.order_by().values_list("organization_id", "from_at", "until_at"):
        committees[pk].append((timezone.localdate(from_at), timezone.localdate(until_at) if until_at else None))
    groups: dict[str, list[Spell]] = defaultdict(list)
    for path, since, until in groups_below.order_by().values_list("path", "founded_date", "dissolved_date"):
        groups[path[:-step]].append((since or _BEGINNING, until))
    return [
        Unit(
            pk,
            kind,
            tuple(paths[path[:length]] for length in range(len(path), 0, -step)),
            since,
            until,
            tuple(committees.get(pk, ())),
            tuple(groups.get(path, ())),
        )
        for pk, path, kind, since, until in rows
    ]


def held_in(year: int, ids: frozenset[int], *, every: bool = False) -> Held:
    """Return when each organisation held what in a year, with the mode. Two queries. Days of Asia/Shanghai.

    What several hold together counts for each whose roll is written.
    """
    china = timezone.get_default_timezone()
    first, last = (datetime.combine(date(one, 1, 1), time.min, tzinfo=china) for one in (year, year + 1))
    done = Activity.objects.done_between(first, last)
    shared = CoOrganizer.objects.filter(
        activity__status=ActivityStatus.DONE,
        activity__held_at__gte=first,
        activity__held_at__lt=last,
        rolled_at__isnull=False,
    )
    if not every:
        done, shared = done.filter(organization_id__in=ids), shared.filter(organization_id__in=ids)
    held: dict[tuple[int, str], list[tuple[date, str]]] = defaultdict(list)
    rows = list(done.order_by().values_list("organization_id", "kind", "held_at", "mode"))
    rows += shared.order_by().values_list("organization_id", "activity__kind", "activity__held_at", "activity__mode")
    for pk, kind, held_at, mode in rows:
        held[pk, kind].append((_day(held_at, china), mode))
    return held


def _day(held_at: datetime, china: ZoneInfo) -> date:
    return held_at.astimezone(china).date()
