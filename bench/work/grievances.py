"""Cases: the work list, the ledger, figures, and clocks that come due."""

from __future__ import annotations

from bench.work.clock import PLACE, Clock, clerk, measured, settle


def seed_grievances(clock: Clock, *, cases: int) -> dict:
    """Load cases over the committees of a province, and count their months."""
    from dashboard.demo.scale import load
    from grievances.models import Grievance

    with clock.running():
        load(drivers=0, members=0, organizations=526, grievances=cases, seed=1)
    count_ahead(Clock())
    settle()
    return {"cases": Grievance.objects.count()}


def count_ahead(clock: Clock) -> dict:
    """Count every month anew."""
    from dashboard.demo.grievances import HORIZON
    from grievances.workflow.figures import refresh_figures

    with clock.running():
        rows = refresh_figures(HORIZON)
    return {"rows": rows}


def grievance_pages(clock: Clock, *, times: int) -> dict:
    """Time whole requests of the province's clerk, and the query a county's work list begins with."""
    from django.http import HttpResponse
    from django.test import Client

    from branches.models import Organization
    from branches.scope import reach_of
    from grievances.models import Grievance

    user = clerk()
    client = Client()
    client.force_login(user)
    county = Organization.objects.get(code=PLACE)
    reach = reach_of(user)

    def work_list():
        rows = Grievance.objects.visible_to(reach).open().by_due()
        return HttpResponse(len(list(rows.with_names()[:50])))

    requests = {
        "work list, query": work_list,
        "ledger, first page": lambda: client.get("/grievances/ledger/"),
        "ledger, closed and solved": lambda: client.get("/grievances/ledger/?status=closed&result=solved"),
        "ledger, overdue": lambda: client.get("/grievances/ledger/?overdue=1"),
        "ledger, one county": lambda: client.get(f"/grievances/ledger/?unit={county.pk}"),
        "figures, all time": lambda: client.get("/grievances/figures/?period=all"),
        "figures, one month": lambda: client.get("/grievances/figures/?period=2026-10"),
    }
    return measured(clock, requests, times)


def sweep_due(clock: Clock, *, cases: int) -> dict:
    """Let so many cases of two days come due at once and have one worker sweep them."""
    from datetime import timedelta

    from branches.models import Organization
    from dashboard.demo import grievances as demo
    from dashboard.demo.grievances import HORIZON, world
    from grievances.choices import ClockState
    from grievances.models import Clock as Ticking
    from grievances.workflow import sweep

    late, world.FIRST = HORIZON + timedelta(days=30), HORIZON - timedelta(days=2)
    counties = Organization.objects.filter(kind="industry_committee", level="county").order_by("code")
    demo.load_grievances(list(counties.values_list("pk", flat=True)), cases, seed=2)
    settle()
    running = Ticking.objects.filter(state=ClockState.RUNNING, due_at__isnull=False, overdue_at__isnull=True)
    number = running.filter(due_at__lte=late).count()
    with clock.running():
        while sweep(late, seconds=60):
            pass
    return {"clocks": number, "cases": cases}
