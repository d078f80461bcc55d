"""一支部一档: the file of a branch for a year, assembled from what is registered. Plain data, so it can be frozen."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Least
from django.utils import timezone

from activities.choices import TOOK_PART, ActivityKind, ActivityStatus
from activities.models import Activity, Attendance, ComplianceStatus
from activities.statistics import taken_part
from branches.choices import Role
from branches.models import Appointment, Organization, Term
from branches.scope import Region
from grievances.choices import OPEN, Result, Status
from grievances.models import Grievance
from members.choices import AppraisalGrade, CardStatus, MemberStatus
from members.models import Appraisal, Enterprise, MemberCard, PartyMember
from service_stations.models import Station

_ROLES = (Role.SECRETARY, Role.BRANCH_COMMITTEE_MEMBER, Role.INSTRUCTOR)


def assemble(branch: Organization, year: int, at: datetime) -> dict[str, Any]:
    """Return the file of a branch as plain data (text, numbers, ISO days, lists). Thirteen queries, whatever the size.

    Members, posts and firms as they stand at the instant; activities and grievances of the year. Persons (人),
    person-times (人次) and cases (件) stand apart. No identity number, phone or address is in it.
    """
    first, last = (timezone.make_aware(datetime.combine(date(one, 1, 1), time.min)) for one in (year, year + 1))
    return {
        "year": year,
        "as_of": timezone.localtime(at).isoformat(timespec="minutes"),
        "basics": _basics(branch),
        "posts": _posts(branch, at),
        "term": _term(branch),
        "members": _members(branch, year, timezone.localdate(at)),
        "activities": _activities(branch, year, first, last, timezone.localdate(at)),
        "grievances": _grievances(branch, first, last),
    }


def _basics(branch: Organization) -> dict[str, Any]:
    parent = Organization.objects.get_parent(branch)
    stations = Station.objects.filter(branch=branch).order_by("name").values_list("name", flat=True)
    firms = Enterprise.objects.filter(coverage_organization=branch).order_by("name_key").values_list("name", flat=True)
    return {
        "name": branch.name,
        "short_name": branch.short_name,
        "code": branch.code,
        "kind": branch.get_kind_display(),
        "parent": parent.name if parent else "",
        "founded": _day(branch.founded_date),
        "document": branch.founding_document,
        "host_unit": branch.host_unit or branch.host_platform,
        "grid_area": branch.grid_area,
        "stations": list(stations),
        "firms": list(firms),
    }


def _posts(branch: Organization, at: datetime) -> list[dict[str, str]]:
    running = Appointment.objects.running(at).filter(organization=branch, role__in=_ROLES).select_related("user")
    order = {str(role): number for number, role in enumerate(_ROLES)}
    return [
        {
            "post": one.title or one.get_role_display(),
            "name": one.user.name,
            "source": one.get_source_display(),
            "from": _day(timezone.localdate(one.from_at)),
            "until": _day(timezone.localdate(one.until_at)) if one.until_at else "",
        }
        for one in sorted(running, key=lambda one: (order[one.role], one.from_at, one.pk))
    ]


def _term(branch: Organization) -> dict[str, Any] | None:
    term = Term.objects.filter(organization=branch, ended_date__isnull=True).first()
    if term is None:
        return None
    return {
        "elected": _day(term.elected_date),
        "years": term.years,
        "due": _day(term.end_date),
        "method": term.get_method_display(),
        "entitled": term.entitled,
        "present": term.present,
    }


def _members(branch: Organization, year: int, today: date) -> dict[str, Any]:
    """List the members, and count grades of the year and cards among them: how many, never whose. One query."""
    rows = PartyMember.objects.within(Region(organization_ids=frozenset([branch.pk])))
    rows = rows.filter(status__in=[MemberStatus.FULL, MemberStatus.PROBATIONARY, MemberStatus.SUSPENDED])
    found = Appraisal.objects.filter(member=OuterRef("pk"), year=year).values("grade")
    cards = MemberCard.objects.filter(member=OuterRef("pk"), status=CardStatus.ACTIVE)
    rows = rows.select_related("person").order_by("person__name_key", "pk")
    people = list(rows.annotate(found_grade=Subquery(found), has_card=Exists(cards)))
    lines = []
    for one in people:
        is_formal = one.formal_organization_id == branch.pk
        lines.append(
            {
                "name": one.person.name,
                "sex": one.person.get_sex_display(),
                "born": f"{one.person.birth_date:%Y-%m}" if one.person.birth_date else "",
                "joined": _day(one.joined_date),
                "standing": _years(one.full_date, today),
                "place": "本支部" if is_formal else "流动纳入",
                "status": one.get_status_display(),
            }
        )
    formal = [line for line in lines if line["place"] == "本支部"]
    return {
        "lines": lines,
        "total": len(lines),
        "full": sum(line["status"] == MemberStatus.FULL.label for line in formal),
        "probationary": sum(line["status"] == MemberStatus.PROBATIONARY.label for line in formal),
        "tied": len(lines) - len(formal),
        "cards": sum(one.has_card for one in people),
        "grades": [
            {"grade": label, "number": sum(one.found_grade == value for one in people)}
            for value, label in AppraisalGrade.choices
        ],
        "graded": sum(one.found_grade is not None for one in people),
    }


def _activities(branch: Organization, year: int, first: datetime, last: datetime, today: date) -> dict[str, Any]:
    begun = ComplianceStatus.objects.filter(organization=branch, from_date__year=year, from_date__lte=today)
    due: dict[str, dict[str, Any]] = {
        str(row["kind"]): row
        for row in begun.order_by().values("kind").annotate(m=Sum("due"), n=Sum(Least("done", "due")))
    }
    rules = dict(begun.order_by("from_date").values_list("kind", "rule__rule"))
    held = Activity.objects.of_units([branch.pk]).done_between(first, last)
    times = dict(
        Attendance.objects.filter(
            organization=branch,
            status__in=sorted(TOOK_PART),
            activity__status=ActivityStatus.DONE,
            activity__held_at__gte=first,
            activity__held_at__lt=last,
        )
        .order_by()
        .values_list("activity__kind")
        .annotate(Count("pk"))
    )
    counts = dict(held.order_by().values_list("kind").annotate(Count("pk")))
    taken = taken_part(held, Attendance.objects.filter(organization=branch))
    return {
        "lines": [
            {
                "kind": label,
                "rule": rules.get(value, ""),
                "due": due.get(value, {}).get("m"),
                "done": due.get(value, {}).get("n"),
                "held": counts.get(value, 0),
                "person_times": times.get(value, 0),
            }
            for value, label in ActivityKind.choices
            if value in due or value in counts
        ],
        "held": taken.activities,
        "person_times": taken.person_times,
        "persons": taken.persons,
    }


def _grievances(branch: Organization, first: datetime, last: datetime) -> dict[str, Any]:
    """Count what the branch lodged for drivers in the year: 件, and yuan as text with two decimals."""
    lodged = Grievance.objects.filter(collector__organization=branch, lodged_at__gte=first, lodged_at__lt=last)
    lodged = lodged.exclude(status__in=[Status.DRAFT, Status.WITHDRAWN, Status.MERGED])
    found = lodged.order_by().aggregate(
        lodged=Count("pk"),
        open=Count("pk", filter=Q(status__in=sorted(OPEN))),
        closed=Count("pk", filter=Q(status=Status.CLOSED)),
        solved=Count("pk", filter=Q(status=Status.CLOSED, solved__in=[Result.SOLVED, Result.PARTLY])),
        recovered=Sum("amount_recovered"),
    )
    return found | {"recovered": f"{found['recovered'] or 0:,.2f}"}


def _day(day: date | None) -> str:
    return f"{day.year}年{day.month}月{day.day}日" if day else ""


def _years(since: date | None, today: date) -> int | None:
    """Return the full years since a day (党龄 by 转正日期)."""
    if since is None or since > today:
        return None
    return today.year - since.year - ((today.month, today.day) < (since.month, since.day))
