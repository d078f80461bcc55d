"""Lists, searches and files out of a registry of any size."""

from __future__ import annotations

import statistics
import time

from bench.work.clock import Clock, clerk, measured, settle, timed


def seed(clock: Clock, *, drivers: int) -> dict:
    """Load a registry of that size."""
    from dashboard.demo.scale import load

    with clock.running():
        loaded = load(drivers=drivers, members=drivers * 41 // 1000, organizations=1262, seed=1)
    settle()
    return {"drivers": loaded.drivers}


def our_pages(clock: Clock, *, times: int) -> dict:
    """Time whole requests of the driver list and the search; return milliseconds and queries of each."""
    from django.test import Client
    from django.urls import reverse

    from members.models import Driver, Vehicle

    client = Client()
    client.force_login(clerk())
    listing, search = reverse("members:driver_list"), reverse("members:search")
    some = Driver.objects.select_related("person").order_by("pk")[Driver.objects.count() // 2]
    plate = Vehicle.objects.filter(driver_links__driver=some).values_list("plate", flat=True).first()
    plate = plate or Vehicle.objects.order_by("pk").values_list("plate", flat=True).last()
    deep = _deep_page(listing)
    requests = {
        "first page": lambda: client.get(listing),
        "deep page": lambda: client.get(deep),
        "name, 2 characters": lambda: client.post(search, {"q": some.person.name[:2]}),
        "name, 3 characters": lambda: client.post(search, {"q": "王建国"}),
        "pinyin initials": lambda: client.post(search, {"q": "wjg"}),
        "identity number": lambda: client.post(search, {"q": some.person.id_number}),
        "phone, last four": lambda: client.post(search, {"q": some.person.phone[-4:]}),
        "plate": lambda: client.post(search, {"q": plate}),
        "nobody": lambda: client.post(search, {"q": "赵不存在"}),
    }
    return measured(clock, requests, times)


def _deep_page(listing: str) -> str:
    """Return the address of a page nine tenths down the list."""
    from members.lists.paging import Cursor
    from members.models import Driver

    edge = Driver.objects.order_by("-pk").values_list("pk", flat=True)[Driver.objects.count() * 9 // 10]
    return f"{listing}?at={Cursor('members.driver pk', 0, edge).token()}"


def stock_pages(clock: Clock, *, times: int) -> dict:
    """Time whole requests of the admin's own list over the same rows."""
    from django.test import Client, override_settings

    from foundation.accounts.models import User
    from members.models import Driver

    boss, _ = User.objects.get_or_create(
        username="bench-boss", defaults={"name": "测量用账号", "is_staff": True, "is_superuser": True}
    )
    client = Client()
    client.force_login(boss)
    some = Driver.objects.select_related("person").order_by("pk")[Driver.objects.count() // 2]
    deep = Driver.objects.count() // 50 * 9 // 10

    def listed(**query):
        return lambda: client.get("/stock/members/driver/", query)

    requests = {
        "first page": listed(),
        "deep page": listed(p=deep),
        "name, 2 characters": listed(q=some.person.name[:2]),
        "name, 3 characters": listed(q="王建国"),
        "pinyin initials": listed(q="wjg"),
        "plate": listed(q="川A12345"),
        "nobody": listed(q="赵不存在"),
    }
    with override_settings(ROOT_URLCONF="bench.urls"), clock.running():
        return {"milliseconds": timed(requests, times)}


def raw_page(clock: Clock, *, times: int) -> dict:
    """Time the bare statement of a first page."""
    from django.db import connection

    taken = []
    with clock.running(), connection.cursor() as cursor:
        for _ in range(times + 2):
            start = time.perf_counter()
            cursor.execute(
                'SELECT d.person_id, p.name, d.registering_committee_id, d."group" FROM members_driver d'
                " JOIN members_person p ON p.id = d.person_id ORDER BY d.person_id DESC LIMIT 50"
            )
            cursor.fetchall()
            taken.append(time.perf_counter() - start)
    return {"milliseconds": {"first page": round(statistics.median(taken[2:]) * 1000, 2)}}


# --- files out --------------------------------------------------------------------------------------------------------
def our_export(clock: Clock, *, kind: str) -> dict:
    """Export every driver of the province, masked, with the columns of the list."""
    from django.utils import timezone

    from branches.scope import reach_of
    from members.lists.drivers import DriverList
    from members.models import ExportJob
    from members.workflow.exports import folder, request_export, write_next

    user = clerk()
    asked = DriverList(reach_of(user), timezone.localdate())
    from django.conf import settings

    settings.CELERY_TASK_ALWAYS_EAGER = False
    from members.workflow import exports

    exports.wake = lambda job: None  # written here, within the clock
    job = request_export(asked, (), format=kind, reason="测量导出用时", unmask=False, actor=user)
    with clock.running():
        write_next(job.pk)
    job = ExportJob.objects.get(pk=job.pk)
    path = next(iter(sorted(folder().iterdir(), key=lambda found: found.stat().st_mtime, reverse=True)))
    return {"status": job.status, "rows": job.written, "megabytes": round(path.stat().st_size / 2**20, 1)}


def stock_export(clock: Clock, *, kind: str, rows: int) -> dict:
    """Export the flat table with django-import-export."""
    from bench.models import FlatDriver
    from bench.peer import FlatResource

    with clock.running():
        data = FlatResource().export(FlatDriver.objects.order_by("pk")[:rows])
        getattr(data, kind)
    return {"rows": len(data)}
