"""Exports: exactly the filtered rows, masked unless a right is held, harmless, private, and whole after a kill."""

import csv
import io
import os
import signal
import time
from datetime import date, timedelta
from multiprocessing import get_context

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection, connections
from django.utils import timezone
from python_calamine import CalamineWorkbook

from branches.capabilities import Capability
from branches.models import Appointment
from branches.scope import reach_of
from foundation.audit.models import Entry
from members.lists import driver_export
from members.lists.drivers import DriverList
from members.models import Credential, ExportJob
from members.rules.search import classify
from members.tasks import purge_expired, sweep_exports
from members.workflow import exports
from tests.factories import AppointmentFactory
from tests.factories.members import (
    CredentialFactory,
    DriverFactory,
    DriverVehicleFactory,
    EnterpriseFactory,
    VehicleFactory,
    id_number,
)

TODAY = date(2026, 11, 24)
COLUMNS = ["name", "id_number", "phone", "plates", "expires", "credential", "remarks", "declared_political_status"]


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


@pytest.fixture
def drivers(tree):
    made = [
        DriverFactory(
            person__name=name,
            person__id_number=id_number(n),
            person__phone=f"1900000440{n}",
            remarks=remarks,
            declared_political_status="member",
            committee=tree.county,
        )
        for n, (name, remarks) in enumerate(
            [("李开富", ""), ("=HYPERLINK(1)", "+cmd|' /C calc'!A0"), ("<b>&王", "-1"), ("阿卜·依明", "@x")], start=1
        )
    ]
    for plate in ("川D9M113", "川D9M115"):
        DriverVehicleFactory(driver=made[0], vehicle=VehicleFactory(plate=plate, committee=tree.county))
    CredentialFactory(driver=made[0], number=id_number(1), expires_date=date(2027, 1, 1))
    DriverFactory(person__name="别区人", committee=tree.neighbour_county)
    return made


def _ask(actor, *, format="xlsx", unmask=False, query=None, columns=COLUMNS, keys=(), **values):
    asked = DriverList(reach_of(actor), TODAY, values, query, keys=keys)
    return exports.request_export(asked, columns, format=format, reason="年度体检通知", unmask=unmask, actor=actor)


def _let_go(answer):
    # Not answer.close(): that ends the request, and on PostgreSQL the connection of the test with it.
    for close in answer._resource_closers:
        close()


def _rows(job):
    job.refresh_from_db()
    assert job.status == "ready", job.failure
    path = exports.folder() / job.file_name
    if job.format == "csv":
        content = path.read_bytes()
        assert content.startswith(b"\xef\xbb\xbf")
        rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
        end = rows.index([])
        return rows[:end], [row[0] for row in rows[end + 1 :]]
    book = CalamineWorkbook.from_path(str(path))
    notes = ["：".join(row) for row in book.get_sheet_by_name("导出说明").to_python()]
    return book.get_sheet_by_name("名单").to_python(), notes


@pytest.mark.parametrize("format", ["xlsx", "csv"])
def test_a_file_holds_exactly_the_rows_masked_and_harmless(county_clerk, drivers, format):
    job = _ask(county_clerk, format=format)
    exports.write_next(job.pk)
    (headers, *rows), notes = _rows(job)
    assert headers[:3] == ["姓名", "身份证号", "电话"]
    table = {row[0]: dict(zip(headers, row, strict=True)) for row in rows}
    assert set(table) == {"李开富", "'=HYPERLINK(1)", "<b>&王", "阿卜·依明"}
    first = table["李开富"]
    assert first["身份证号"] == id_number(1)[:6] + "********" + id_number(1)[14:]
    assert first["电话"] == "190****4401"
    assert first["车牌"] == "川D9M113、川D9M115"
    assert first["资格到期"] == "2027-01-01"
    assert id_number(1) not in str(rows)
    assert [table[name]["备注"] for name in ("'=HYPERLINK(1)", "<b>&王", "阿卜·依明")] == [
        "'+cmd|' /C calc'!A0",
        "'-1",
        "'@x",
    ]
    said = "\n".join(notes)
    for word in ("区专干", "年度体检通知", "4 人", "已打码"):
        assert word in said


def test_full_numbers_are_texts_and_need_the_right(county_clerk, leader, drivers):
    job = _ask(county_clerk, unmask=True)
    assert job.row_limit == 5_000
    exports.write_next(job.pk)
    (headers, *rows), notes = _rows(job)
    assert rows[0][headers.index("身份证号")] == id_number(1)
    assert "未打码" in "\n".join(notes)
    sheet = _ask(county_clerk, unmask=True, format="csv")
    exports.write_next(sheet.pk)
    assert _rows(sheet)[0][1][1].lstrip("'") == id_number(1)
    with pytest.raises(PermissionDenied):
        _ask(leader)


def test_conditions_a_search_and_ticked_rows_are_what_is_exported(county_clerk, drivers, tree):
    other = DriverFactory(person__name="出租车", group="taxi", committee=tree.county)
    foreign = DriverFactory(committee=tree.neighbour_county)
    for expected, asked in (
        ({"出租车"}, {"group": "taxi"}),
        ({"李开富"}, {"query": classify("19000004401")}),
        ({"李开富", "出租车"}, {"keys": (drivers[0].pk, other.pk, foreign.pk)}),
    ):
        job = _ask(county_clerk, **asked)
        assert "19000004401" not in str(job.query)
        exports.write_next(job.pk)
        assert {row[0] for row in _rows(job)[0][1:]} == expected


def test_too_many_rows_none_and_no_reason_are_refused(county_clerk, drivers, settings):
    settings.EXPORT_ROW_LIMITS = {"clerk": (3, 2)}
    with pytest.raises(ValidationError) as refused:
        _ask(county_clerk)
    assert "一次最多 3 人" in str(refused.value)
    settings.EXPORT_ROW_LIMITS = {"clerk": (500, 2)}
    with pytest.raises(ValidationError) as refused:
        _ask(county_clerk, unmask=True)
    assert "不打码最多 2 人" in str(refused.value)
    with pytest.raises(ValidationError):
        _ask(county_clerk, group="passenger")
    asked = DriverList(reach_of(county_clerk), TODAY)
    with pytest.raises(ValidationError):
        exports.request_export(asked, COLUMNS, format="csv", reason=" ", unmask=False, actor=county_clerk)
    assert not ExportJob.objects.exists()


def test_a_day_gives_so_many_rows_in_clear_and_what_goes_beyond_is_refused_and_written_down(
    county_clerk, drivers, settings
):
    settings.UNMASKED_ROWS_PER_DAY = len(drivers) * 2 + 1
    for _ in range(2):
        job = _ask(county_clerk, unmask=True)
    with pytest.raises(ValidationError, match="您今天还可以导出 1 行"):
        _ask(county_clerk, unmask=True)
    refused = Entry.objects.get(action="driver.export_braked")
    assert (refused.actor_id, refused.reason, refused.details["masked"]) == (county_clerk.pk, "年度体检通知", False)
    assert ExportJob.objects.count() == 2
    assert _ask(county_clerk).masked  # masked ones are not counted
    ExportJob.objects.filter(pk=job.pk).update(status="failed")  # a file that never came counts nothing
    assert _ask(county_clerk, unmask=True).total == len(drivers)


def test_request_and_download_are_written_down(county_clerk, drivers, client):
    job = _ask(county_clerk)
    exports.write_next(job.pk)
    client.force_login(county_clerk)
    answer = client.get(f"/exports/{job.pk}/file/")
    assert b"".join(answer.streaming_content)[:2] == b"PK"
    _let_go(answer)
    asked = Entry.objects.get(action="driver.export")
    assert (asked.reason, asked.details["rows"], asked.details["masked"]) == ("年度体检通知", 4, True)
    assert Entry.objects.filter(action="driver.export_download").count() == 1


def test_a_file_is_its_owners_alone_and_only_while_he_holds_the_right(county_clerk, city_clerk, drivers, client):
    job = _ask(county_clerk)
    exports.write_next(job.pk)
    client.force_login(city_clerk)
    for name in ("", "progress/", "file/"):
        assert client.get(f"/exports/{job.pk}/{name}").status_code == 404
    client.force_login(county_clerk)
    mine = client.get(f"/exports/{job.pk}/file/")
    _let_go(mine)
    assert mine.status_code == 200
    Appointment.objects.filter(user=county_clerk).update(until_at=timezone.now())
    assert client.get(f"/exports/{job.pk}/file/").status_code == 403


def test_a_post_elsewhere_does_not_open_the_file_of_the_post_that_ended(county_clerk, drivers, tree, client):
    job = _ask(county_clerk)
    exports.write_next(job.pk)
    job.refresh_from_db()
    Appointment.objects.filter(user=county_clerk).update(until_at=timezone.now())
    AppointmentFactory(user=county_clerk, organization=tree.neighbour_county, role="clerk")
    assert reach_of(county_clerk).has(Capability.DRIVER_EXPORT)
    with pytest.raises(PermissionDenied):
        exports.fetch(job, actor=county_clerk)
    client.force_login(county_clerk)
    assert client.get(f"/exports/{job.pk}/file/").status_code == 403


def test_a_right_lost_before_the_writing_writes_nothing(county_clerk, drivers, media):
    job = _ask(county_clerk)
    Appointment.objects.filter(user=county_clerk).update(until_at=timezone.now())
    exports.write_next(job.pk)
    job.refresh_from_db()
    assert job.status == "failed"
    assert "权限" in job.failure
    assert not list(media.rglob("*.xlsx*"))


def test_a_file_expires_and_leftovers_go(county_clerk, drivers, client):
    job = _ask(county_clerk)
    exports.write_next(job.pk)
    job.refresh_from_db()
    path = exports.folder() / job.file_name
    assert path.stat().st_mode & 0o777 == 0o600
    leftover = exports.folder() / "killed.xlsx.part"
    leftover.write_bytes(b"half")
    long_ago = time.time() - 7_300
    os.utime(leftover, (long_ago, long_ago))
    ExportJob.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    client.force_login(county_clerk)
    assert client.get(f"/exports/{job.pk}/file/").status_code == 404
    purge_expired()
    job.refresh_from_db()
    assert job.status == "expired"
    assert not path.exists()
    assert not leftover.exists()


def test_the_page_leads_from_the_list_to_the_file(county_clerk, drivers, client, django_capture_on_commit_callbacks):
    client.force_login(county_clerk)
    page = client.get("/drivers/?group=truck").content.decode()
    assert "导出这 4 人" in page
    assert client.get("/exports/new/?group=truck").context["count"].number == 4
    data = {"group": "truck", "format": "csv", "columns": ["name", "phone"], "reason": "年度体检通知"}
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post("/exports/new/", data)
    job = ExportJob.objects.get()
    assert answer.url == f"/exports/{job.pk}/"
    assert job.status == "ready"
    assert f"/exports/{job.pk}/file/" in client.get(f"/exports/{job.pk}/progress/").content.decode()
    ticked = client.post("/exports/new/", {"row": [drivers[0].pk]})
    assert ticked.context["count"].number == 1
    none_ticked = client.post("/exports/new/", {"action": "export", "back": "group=truck"}, follow=True)
    assert none_ticked.redirect_chain == [("/drivers/?group=truck", 302)]
    assert "没有选中司机" in none_ticked.content.decode()
    found = client.post("/drivers/search/", {"q": "李开富"})
    again = client.post("/exports/new/", {"token": found.context["query_token"]})
    assert again.context["count"].number == 1
    assert "李开富" not in again.content.decode()


def test_a_platform_clerk_of_nothing_has_no_door(partner, secretary, leader, client, drivers):
    for user in (partner, secretary, leader):
        client.force_login(user)
        assert client.get("/exports/new/").status_code == 403
        assert client.post("/exports/new/", {"reason": "年度体检通知", "columns": ["name"]}).status_code == 403


def test_somebody_with_two_posts_exports_only_where_he_may(county_clerk, drivers, tree):
    AppointmentFactory(user=county_clerk, organization=tree.neighbour_county, role="leader")
    job = _ask(county_clerk)
    exports.write_next(job.pk)
    assert job.total == 4
    assert "别区人" not in {row[0] for row in _rows(job)[0]}


def test_an_unfinished_job_is_taken_up_again_when_its_lease_is_over(county_clerk, drivers):
    job = _ask(county_clerk)
    now = timezone.now()
    ExportJob.objects.update(status="writing", lease_owner="dead", lease_until=now + timedelta(minutes=1), written=2)
    assert not exports.write_next(job.pk)
    ExportJob.objects.update(lease_until=now - timedelta(seconds=1))
    sweep_exports()
    assert len(_rows(job)[0]) == 5


def test_a_job_that_kills_its_writers_is_put_aside(county_clerk, drivers):
    job = _ask(county_clerk)
    ExportJob.objects.update(status="writing", starts=exports.STARTS_AT_MOST)
    exports.write_next(job.pk)
    job.refresh_from_db()
    assert job.status == "failed"


def test_a_row_registered_meanwhile_does_not_double_or_drop_others(county_clerk, drivers, tree, monkeypatch):
    monkeypatch.setattr(driver_export, "CHUNK", 2)
    firm = EnterpriseFactory(committee=tree.county)
    job = _ask(county_clerk)
    DriverFactory(person__name="后来的", committee=tree.county, enterprise=firm)
    Credential.objects.all().delete()
    exports.write_next(job.pk)
    names = [row[0] for row in _rows(job)[0][1:]]
    assert len(names) == len(set(names)) == 5


def _write_slowly(pk, pause):
    driver_export.CHUNK = 1
    write = exports.WRITERS["csv"].write

    def slow(self, rows):
        write(self, rows)
        time.sleep(pause)

    exports.WRITERS["csv"].write = slow
    exports.write_next(pk)


@pytest.mark.postgresql
@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_writer_killed_half_way_leaves_no_file_and_the_next_one_makes_it_whole(county_clerk, drivers, monkeypatch):
    if connection.vendor != "postgresql":
        pytest.skip("a second process needs a database of its own")
    monkeypatch.setattr(exports, "wake", lambda job: None)  # the message is lost: the test starts the writer itself
    job = _ask(county_clerk, format="csv")
    connections.close_all()  # a connection shared with the child would end with the child
    child = get_context("fork").Process(target=_write_slowly, args=(job.pk, 0.5))
    child.start()
    for _ in range(100):
        time.sleep(0.1)
        job.refresh_from_db()
        if job.written:
            break
    os.kill(child.pid, signal.SIGKILL)
    child.join()
    job.refresh_from_db()
    assert job.status == "writing"
    assert 0 < job.written < 4
    assert [path.suffix for path in exports.folder().iterdir()] == [".part"]
    ExportJob.objects.update(lease_until=timezone.now())
    sweep_exports()
    assert len(_rows(job)[0]) == 5
