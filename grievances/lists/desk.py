"""What each unit of a committee's scope has open, by due time: for the desk. Each number is that of a work list."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min, Q

from grievances.lists.worklist import Reader
from grievances.models import Grievance
from grievances.rules import times


@dataclass(frozen=True, slots=True)
class Waiting:
    """Open cases that a committee decides. Unit: 件. `tab` is that of the work list which shows them."""

    organization_id: int
    name: str
    tab: str
    late: int
    today: int
    open: int
    next_due_at: datetime | None


def waiting(reader: Reader, at: datetime) -> list[Waiting]:
    """Return the committees of the reader's scope with open cases, most late first. Two queries.

    `late` and `today` are the groups of the work list: cases whose calendar is missing stand in neither.
    """
    mine = reader.own_committees | reader.committees_below
    if not mine:
        return []
    midnight = times.end_of(at.astimezone(times.CHINA).date())
    dated = Q(calendar_missing=False)
    rows = Grievance.objects.decided_by(reader.reach, mine).open().order_by()
    counted = rows.values_list("organization_id", "organization__short_name").annotate(
        late=Count("pk", filter=dated & Q(next_due_at__lte=at)),
        today=Count("pk", filter=dated & Q(next_due_at__gt=at, next_due_at__lt=midnight)),
        every=Count("pk"),
        soonest=Min("next_due_at", filter=dated),
    )
    found = [
        Waiting(pk, name, "unit" if pk in reader.own_committees else "below", late, today, every, soonest)
        for pk, name, late, today, every, soonest in counted
    ]
    return sorted(found, key=lambda one: (-one.late, -one.today, -one.open, one.organization_id))
