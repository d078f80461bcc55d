"""Instructors of the demo: in each city some branches are visited, with problems in every state."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from uuid import UUID, uuid5

from django.contrib.auth.hashers import make_password
from django.utils import timezone

from activities.choices import FollowUpOwner, FollowUpStatus, VisitForm
from activities.models import InstructionVisit, VisitFollowUp
from branches.choices import BRANCHES, AppointmentSource, OrganizationStatus, Role
from branches.models import Appointment, Organization
from dashboard.demo import cities
from foundation.accounts.models import User

_NAMES = UUID("6d1c1f40-6f6e-4a49-9f0e-0b6e2b1a7d55")
_LONG_AGO = timedelta(days=500)
_CITIES = (cities.PANZHIHUA, cities.CHENGDU, cities.SUZHOU, cities.DONGYING)
_EACH = 4  # branches of an instructor
_FORMS = tuple(VisitForm)
_SUBJECTS = (["organisational_life", "minutes"], ["members"], ["grievances", "station"], ["election", "minutes"])
_WORDS = (
    "看了会议记录，帮书记理了下月的安排。",
    "问了流动党员怎么参加线上活动。",
    "和三名司机谈了停车难。",
    "核对了换届材料。",
)
# What was found, whose it is, days until it is due, where it stands, what was answered or said.
_PROBLEMS = (
    ("九月支委会没有写决定，补写", FollowUpOwner.BRANCH, -4, FollowUpStatus.OPEN, "", ""),
    ("两名流动党员没有报到，打电话问清", FollowUpOwner.BRANCH, 9, FollowUpStatus.OPEN, "", ""),
    ("活动室没有党旗，请配发", FollowUpOwner.COMMITTEE, 12, FollowUpStatus.ANSWERED, "已配发，周五送到。", ""),
    ("党课没有书记讲，第四季度补上", FollowUpOwner.BRANCH, -20, FollowUpStatus.DONE, "十月书记讲了一次。", "看过记录"),
    ("分两个党小组", FollowUpOwner.BRANCH, -30, FollowUpStatus.DROPPED, "", "党员只有九人，不用分"),
)


def load_instructors(organizations: Mapping[str, Organization], at: datetime) -> int:
    """Write instructors, their visits and what they found; return how many visits. A few queries per city."""
    by_path = {one.path: one for one in organizations.values()}
    written = 0
    for number, city in enumerate(_CITIES):
        branches = _branches_of(organizations, city)[:_EACH]
        if branches:
            instructor = _instructor(number, city, branches, at)
            visits = InstructionVisit.objects.bulk_create(_visits(instructor, branches, timezone.localdate(at)))
            VisitFollowUp.objects.bulk_create(_follow_ups(visits, by_path, at))
            written += len(visits)
    return written


def _branches_of(organizations: Mapping[str, Organization], city: str) -> list[Organization]:
    """Return the branches of a city, those where somebody of the demo signs in first."""
    first = (cities.PANZHIHUA_FIRM_BRANCH, cities.PANZHIHUA_MOBILE_BRANCH)
    found = [
        one
        for one in organizations.values()
        if one.kind in BRANCHES and one.code[:4] == city[:4] and one.status == OrganizationStatus.ACTIVE
    ]
    return sorted(found, key=lambda one: (one.code not in first, one.code))


def _instructor(number: int, city: str, branches: list[Organization], at: datetime) -> User:
    """Return the instructor of a city, appointed at each of the branches; in 攀枝花 it is who signs in as one."""
    user = User.objects.filter(username="instructor").first() if city == cities.PANZHIHUA else None
    if user is None:
        name = f"示例党建指导员{number:03}"
        user = User.objects.create(username=f"demo-instructor-{number}", name=name, password=make_password(None))
    held = set(Appointment.objects.running(at).filter(user=user).values_list("organization_id", flat=True))
    Appointment.objects.bulk_create(
        Appointment(
            user=user,
            organization=branch,
            role=Role.INSTRUCTOR,
            source=AppointmentSource.DELEGATED,
            from_at=at - _LONG_AGO,
        )
        for branch in branches
        if branch.pk not in held
    )
    return user


def _visits(instructor: User, branches: list[Organization], today: date) -> list[InstructionVisit]:
    """Return visits of the last weeks, two to each branch; the last of several has had none this quarter."""
    made = []
    for place, branch in enumerate(branches):
        is_last = place == len(branches) - 1 > 0
        for back in (100,) if is_last else (6 + 5 * place, 40 + 7 * place):
            number = len(made)
            made.append(
                InstructionVisit(
                    organization=branch,
                    instructor=instructor,
                    visited_date=today - timedelta(days=back),
                    form=_FORMS[number % len(_FORMS)],
                    subjects=_SUBJECTS[number % len(_SUBJECTS)],
                    content=_WORDS[number % len(_WORDS)],
                    key=uuid5(_NAMES, f"{branch.code} {back}"),
                )
            )
    return made


def _follow_ups(visits: list[InstructionVisit], by_path: Mapping[str, Organization], at: datetime):
    """Yield what the newest visit to each branch found: every state once, over three branches where there are."""
    today = timezone.localdate(at)
    newest = visits[:6:2]
    for place, (problem, owner, days, status, answer, note) in enumerate(_PROBLEMS):
        visit = newest[min(place // 2, len(newest) - 1)]
        branch = visit.organization
        above = by_path[branch.path[: -Organization.steplen]]
        is_closed = status in (FollowUpStatus.DONE, FollowUpStatus.DROPPED)
        yield VisitFollowUp(
            visit=visit,
            owner=owner,
            owner_organization=above if owner == FollowUpOwner.COMMITTEE else branch,
            problem=problem,
            due_date=today + timedelta(days=days),
            status=status,
            answer=answer,
            answered_at=at - timedelta(days=2) if answer else None,
            closed_at=at - timedelta(days=1) if is_closed else None,
            closed_by=visit.instructor if is_closed else None,
            note=note,
        )
