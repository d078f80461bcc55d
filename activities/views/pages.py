"""What the pages of branch life share: whose record it is, and the rows of a roll."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.core.exceptions import PermissionDenied
from django.db.models import F
from django.db.models.functions import Coalesce
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.urls import reverse

from activities.choices import AttendanceStatus
from activities.models import Activity, Attendance
from activities.rules import acts
from branches.capabilities import Capability
from branches.choices import BRANCHES
from branches.filters import key_of
from branches.models import Organization
from members.views.drivers import needs

ROLL_WORDS = {
    AttendanceStatus.PRESENT: "到",
    AttendanceStatus.EXCUSED: "假",
    AttendanceStatus.ABSENT: "缺",
}


def activity_or_404(request, pk: int, *, to_record: bool = False) -> Activity:
    """Return an activity within reach; the answer for a foreign one is that of none. Two queries.

    Raises PermissionDenied for who sees it but may not record for its organisation.
    """
    needs(request, Capability.ACTIVITY_VIEW)
    rows = Activity.objects.visible_to(request.reach).select_related("organization", "created_by")
    activity = get_object_or_404(rows, pk=pk)
    if to_record and not acts.may_record(request.reach, activity.organization):
        raise PermissionDenied
    return activity


def unit_to_record_for(request) -> Organization:
    """Return the unit somebody records for: the one the address names, else that of his first post. Two queries.

    Raises PermissionDenied for who records nowhere, Http404 for a unit that is not his.
    """
    needs(request, Capability.ACTIVITY_RECORD)
    units = Organization.objects.manageable_by(request.reach, Capability.ACTIVITY_RECORD).running()
    asked = request.POST.get("unit") or request.GET.get("unit", "")
    if asked:
        unit = units.filter(pk=key_of(asked) or 0).first()
    else:
        own = [post.organization_id for post in request.reach.posts]
        fitting = sorted(units.filter(pk__in=own), key=lambda one: (one.kind not in BRANCHES, own.index(one.pk)))
        unit = fitting[0] if fitting else None
    if unit is None or not acts.may_hold_alone(unit.kind):
        raise Http404
    return unit


def units_to_choose(request) -> list[Organization]:
    """Return the units of one's own posts for which one records: more than one asks for which. One query."""
    units = Organization.objects.manageable_by(request.reach, Capability.ACTIVITY_RECORD).running()
    mine = units.filter(pk__in=[post.organization_id for post in request.reach.posts]).order_by("path")
    return [one for one in mine if acts.may_hold_alone(one.kind)]


@dataclass(frozen=True, slots=True)
class RollLine:
    """A line of a roll as a page shows it."""

    pk: int
    organization_id: int
    name: str
    status: str
    may_vote: bool
    made_up_date: date | None
    note: str

    @property
    def label(self) -> str:
        """Return the state in words."""
        return AttendanceStatus(self.status).label


def roll_lines(request, activity: Activity) -> list[RollLine]:
    """Return the lines of a roll the reader may see, by unit and name. One query."""
    lines = Attendance.objects.visible_to(request.reach).filter(activity=activity)
    lines = lines.order_by("organization__path", F("person__name_key").asc(nulls_last=True), "pk")
    named = Coalesce("person__name", "user__name")
    columns = ("pk", "organization_id", named, "status", "may_vote", "made_up_date", "note")
    return [RollLine(*row) for row in lines.values_list(*columns)]


def crumbs(activity: Activity | None, *last: str) -> list[tuple[str, str]]:
    """Return the breadcrumbs to an activity or to a word below the list."""
    trail = [("组织生活", reverse("activities:list"))]
    if activity is not None:
        here = reverse("activities:detail", args=[activity.pk]) if last else ""
        trail.append((str(activity.get_kind_display()), here))
    return trail + [(word, "") for word in last]
