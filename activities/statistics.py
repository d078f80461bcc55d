"""Read-only figures of branch life. Every function takes an already scoped queryset; persons and person-times apart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Count, F, Q, Sum
from django.db.models.functions import Least

from activities.choices import ActivityStatus
from activities.models import InstructionVisit, VisitTarget
from activities.querysets import ActivityQuerySet, AttendanceQuerySet, ComplianceStatusQuerySet
from activities.rules.calendar import period_of
from activities.rules.visits import target_for
from branches.models import Organization


@dataclass(frozen=True, slots=True)
class Taken:
    """How many activities were held (场), how often people took part (人次) and how many different people (人)."""

    activities: int
    person_times: int
    persons: int
    guests: int  # 人次 outside the roll; in no number of persons


def taken_part(activities: ActivityQuerySet, roll: AttendanceQuerySet) -> Taken:
    """Return what was held and who took part. Two queries.

    `activities` and `roll` are scoped each by itself: of an activity held with others only the lines of one's own units
    count as persons and person-times. Guests count with the unit that keeps the record. A person-time never counts as
    two persons: persons ≤ person_times - guests.
    """
    done = activities.filter(status=ActivityStatus.DONE).order_by()
    held = done.aggregate(number=Count("pk"), guests=Sum("guests", default=0))
    lines = roll.took_part().filter(activity__in=done.values("pk")).order_by()
    counted = lines.aggregate(
        times=Count("pk"),
        persons=Count("person_id", distinct=True),
        users=Count("user_id", distinct=True),
    )
    return Taken(
        held["number"], counted["times"] + held["guests"], counted["persons"] + counted["users"], held["guests"]
    )


@dataclass(frozen=True, slots=True)
class Fulfilled:
    """n of m: what is due in a period, what of it is done (never more than due), and the branches it is about."""

    due: int
    done: int
    branches: int
    complete: int

    @property
    def missing(self) -> int:
        """Return how many are missing. Unit: 次."""
        return self.due - self.done

    @property
    def incomplete(self) -> int:
        """Return in how many branches something is missing. Unit: 个."""
        return self.branches - self.complete


def fulfilled(statuses: ComplianceStatusQuerySet) -> Fulfilled:
    """Return n of m over lines of the calendar. What was done beyond the rule makes up for nobody. One query."""
    counted = statuses.order_by().aggregate(
        asked=Sum("due", default=0),
        met=Sum(Least(F("done"), F("due")), default=0),
        branches=Count("organization_id", distinct=True),
        lacking=Count("organization_id", distinct=True, filter=Q(done__lt=F("due"))),
    )
    return Fulfilled(counted["asked"], counted["met"], counted["branches"], counted["branches"] - counted["lacking"])


def by_kind(statuses: ComplianceStatusQuerySet) -> dict[str, tuple[int, int]]:
    """Return {kind: (done, due)} over lines of the calendar, done never above due per line. Unit: 次. One query."""
    rows = statuses.order_by().values("kind").annotate(n=Sum(Least(F("done"), F("due"))), m=Sum("due"))
    return {row["kind"]: (row["n"], row["m"]) for row in rows}


def ending_in(statuses: ComplianceStatusQuerySet, first: date, last: date) -> ComplianceStatusQuerySet:
    """Return the lines whose period ends within a span (`last` exclusive): what a month has to have done by its end."""
    return statuses.filter(until_date__gt=first, until_date__lte=last)


@dataclass(frozen=True, slots=True)
class Visited:
    """How many visits a branch is to get in the period of today, how many it got, and when the last one was."""

    due: int
    done: int
    until_date: date | None  # the period ends before this day; None: nobody asks for a number
    last_date: date | None

    @property
    def last_day(self) -> date | None:
        """Return the last day of the period."""
        return self.until_date - timedelta(days=1) if self.until_date else None

    @property
    def is_met(self) -> bool:
        """Return whether nothing is missing."""
        return self.done >= self.due


def visited(organization_ids: Iterable[int], today: date) -> dict[int, Visited]:
    """Return {organisation: how often it is to be visited in the period of today, and was}. Unit: 次. Three queries.

    For organisations of which the reader may know. Who came does not matter: branches are counted, not instructors.
    """
    ids = frozenset(organization_ids)
    paths = dict(Organization.objects.filter(pk__in=ids).order_by().values_list("pk", "path"))
    targets = list(VisitTarget.objects.in_force(today).select_related("organization"))
    named = sorted(
        {(one.organization.path, one.organization_id) for one in targets if one.organization_id is not None},
        key=lambda one: -len(one[0]),
    )
    days: dict[int, list[date]] = defaultdict(list)
    visits = InstructionVisit.objects.counting().filter(organization_id__in=ids)
    recent = visits.filter(visited_date__gte=date(today.year - 1, 1, 1), visited_date__lte=today).order_by()
    for pk, day in recent.values_list("organization_id", "visited_date"):
        days[pk].append(day)
    found = {}
    for pk, path in paths.items():
        target = target_for(targets, [one for above, one in named if path.startswith(above)], today)
        last = max(days[pk], default=None)
        if target is None:
            found[pk] = Visited(0, 0, None, last)
            continue
        first, until = period_of(target.frequency, today)
        found[pk] = Visited(target.times, sum(first <= day < until for day in days[pk]), until, last)
    return found
