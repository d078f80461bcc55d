"""Membership and branch life: the committee desk, the file of a branch, the calendar of a year."""

from __future__ import annotations

from bench.work.clock import Clock, clerk, measured, settle

YEAR = 2025  # of the activities that are loaded


def seed_membership(clock: Clock, *, drivers: int, members: int, organizations: int, activities: int) -> dict:
    """Load a province with members and a year of branch life, and count its calendars, this year's too."""
    from django.utils import timezone

    from activities.models import Activity, Attendance
    from activities.workflow import recompute
    from branches.models import Organization
    from dashboard.demo.scale import load
    from members.models import PartyMember

    with clock.running():
        load(
            drivers=drivers, members=members, organizations=organizations, grievances=2_000, activities=activities,
            seed=1,
        )  # fmt: skip
    for year in sorted({YEAR, timezone.localdate().year}):
        recompute(year)
    settle()
    return {
        "members": PartyMember.objects.count(),
        "branches": Organization.objects.branches().count(),
        "activities": Activity.objects.count(),
        "lines": Attendance.objects.count(),
    }


def membership_pages(clock: Clock, *, times: int) -> dict:
    """Time whole requests of the province's clerk: the desk, the file of the largest branch, member lists."""
    from django.db.models import Count
    from django.test import Client
    from django.urls import reverse

    from members.models import PartyMember

    client = Client()
    client.force_login(clerk())
    largest = (
        PartyMember.objects.filter(formal_organization__isnull=False)
        .order_by()
        .values_list("formal_organization")
        .annotate(number=Count("pk"))
        .order_by("-number")[0][0]
    )
    some = PartyMember.objects.select_related("person").order_by("pk")[PartyMember.objects.count() // 2]
    search = reverse("members:member_search")
    requests = {
        "committee desk": lambda: client.get("/"),
        "branch file": lambda: client.get(reverse("dashboard:branch_file", args=[largest])),
        "member list": lambda: client.get(reverse("members:member_list")),
        "member by name": lambda: client.post(search, {"q": some.person.name[:2]}),
        "member by phone, last four": lambda: client.post(search, {"q": some.person.phone[-4:]}),
        "coverage": lambda: client.get(reverse("members:coverage")),
        "branches by size": lambda: client.get(reverse("members:branch_list")),
        "calendar of a month": lambda: client.get(reverse("activities:calendar")),
    }
    return measured(clock, requests, times)


def count_calendar(clock: Clock) -> dict:
    """Count the calendar of the loaded year anew for all branches, from nothing, and once more."""
    import time

    from activities.models import ComplianceStatus
    from activities.workflow import recompute

    ComplianceStatus.objects.filter(from_date__year=YEAR).delete()
    settle()
    with clock.running():
        start = time.perf_counter()
        counted = recompute(YEAR)
        first = time.perf_counter() - start
        start = time.perf_counter()
        again = recompute(YEAR)
        second = time.perf_counter() - start
    assert counted.written == counted.lines
    assert not again.written
    return {"lines": counted.lines, "first": first, "again": second}
