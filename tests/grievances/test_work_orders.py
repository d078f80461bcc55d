"""Work orders of the hotlines as a file: every row has a fate, the same file again changes nothing, a kill heals."""

import csv
import json
from datetime import datetime, timedelta
from io import BytesIO, StringIO

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management import CommandError, call_command
from django.utils import timezone
from openpyxl import Workbook

from foundation.audit.models import Entry
from foundation.notifications import leases
from grievances.choices import Channel, ClockKind, Status, WorkOrderFate, WorkOrderStatus
from grievances.models import Clock, Grievance, WorkOrderImport, WorkOrderRow
from grievances.rules import work_orders as rules
from grievances.rules.clocks import CHINA
from grievances.workflow import retention, work_orders
from grievances.workflow.work_orders import read_next, read_to_end, take_file
from members.workflow import retention as daily

pytestmark = pytest.mark.django_db
HEADER = ["工单编号", "诉求类型", "标题", "诉求内容", "来电人", "联系电话", "区县", "来电时间", "紧急程度", "坐席"]
GOOD = ["GD0001", "拖欠运费", "运费没给", "说好三天付。", "测试甲", "19000007720", "东区", "", "一般", "08"]


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    return tmp_path


def table(*rows, header=HEADER) -> BytesIO:
    text = StringIO()
    csv.writer(text).writerows([header, *rows])
    return BytesIO(text.getvalue().encode("utf-8-sig"))


def row(number="GD0001", **changed):
    values = dict(zip(HEADER, GOOD, strict=True)) | {"工单编号": number} | changed
    return [values[name] for name in HEADER]


def taken(desk, content, *, actor="clerk", channel=Channel.HOTLINE_12328, **more):
    who = getattr(desk, actor) if actor else None
    batch = take_file(who, desk.tree.county, channel, content, "工单.csv", at=timezone.now(), wake_worker=False, **more)
    return read_to_end(batch.pk)


def codes(batch):
    return {(one.row, code) for one in batch.results.all() for _, code, _ in one.remarks}


def test_a_row_becomes_a_case_at_the_committee_with_its_clock(desk):
    received = timezone.now() - timedelta(minutes=30)
    batch = taken(desk, table(row(来电时间=f"{received.astimezone(CHINA):%Y-%m-%d %H:%M}")))
    assert (batch.status, batch.rows, batch.created) == (WorkOrderStatus.DONE, 1, 1)
    case = Grievance.objects.get(external_number="GD0001")
    assert (case.channel, case.status, case.organization) == (
        Channel.HOTLINE_12328,
        Status.LODGED,
        desk.tree.county,
    )
    assert (case.category.code, case.phone, case.lodged_by) == ("freight_arrears", "19000007720", desk.clerk)
    assert case.lodged_at == received.replace(second=0, microsecond=0)
    clock = Clock.objects.get(grievance=case, kind=ClockKind.TRANSFER)
    assert clock.started_at == case.lodged_at  # the hotline's time, not ours
    assert batch.results.get().grievance == case
    assert batch.unknown_columns == ["坐席"]


def test_the_same_file_twice_changes_nothing(desk):
    content = [row(f"GD{number}") for number in range(3)]
    assert taken(desk, table(*content)).created == 3
    again = taken(desk, table(*content))
    assert (again.rows, again.created, again.unchanged, again.rejected) == (3, 0, 3, 0)
    assert Grievance.objects.count() == 3


def test_a_changed_title_is_reported_and_not_overwritten(desk):
    taken(desk, table(row()))
    batch = taken(desk, table(row(标题="完全另一回事")))
    assert (batch.unchanged, codes(batch)) == (1, {(2, "title_changed")})
    assert Grievance.objects.get().title == "运费没给"


def test_a_number_is_one_per_channel_and_not_for_all_of_them(desk):
    taken(desk, table(row()))
    assert taken(desk, table(row()), channel=Channel.HOTLINE_12345).created == 1


def test_a_rejected_row_says_all_that_is_wrong(desk):
    batch = taken(
        desk,
        table(
            row("", 标题="", 诉求内容=""),
            row("GD2", 诉求内容="长" * 4001),
            row("GD3"),
            row("GD3", 标题="又一次"),
        ),
    )
    assert (batch.rows, batch.created, batch.rejected) == (4, 1, 3)
    assert codes(batch) == {
        (2, "number_missing"),
        (2, "content_missing"),
        (3, "description_too_long"),
        (5, "number_repeated"),
    }
    assert "第 4 行" in batch.results.get(row=5).remarks[0][2]


def test_what_is_taken_differently_from_the_file_is_said(desk):
    tomorrow = f"{timezone.now().astimezone(CHINA) + timedelta(days=1):%Y-%m-%d %H:%M}"
    batch = taken(
        desk,
        table(
            row("GD1", 来电时间=tomorrow, 联系电话="0812-3333333", 紧急程度="说不清", 区县="外省某县", 诉求类型="咨询"),
            row("GD2", 标题="长" * 100, 来电时间="2001-01-01 08:00"),
            row("GD3", 来电时间="上午"),
        ),
    )
    assert batch.created == 3
    assert codes(batch) == {
        (2, "received_in_future"),
        (2, "phone_not_mobile"),
        (2, "urgency_unknown"),
        (2, "place_unknown"),
        (2, "kind_unknown"),
        (3, "title_cut"),
        (3, "received_too_old"),
        (4, "received_unread"),
    }
    for case in Grievance.objects.all():
        assert abs(case.lodged_at - timezone.now()) < timedelta(minutes=5)
    assert Grievance.objects.get(external_number="GD1").phone == ""


def test_a_city_hands_a_row_to_the_county_it_names(desk):
    batch = take_file(
        desk.city_clerk,
        desk.tree.city,
        Channel.HOTLINE_12345,
        table(row("GD1"), row("GD2", 区县="西区清香坪"), row("GD3", 区县="")),
        "工单.csv",
        at=timezone.now(),
        wake_worker=False,
    )
    read_to_end(batch.pk)
    found = dict(Grievance.objects.values_list("external_number", "organization__code"))
    assert found == {"GD1": "510402", "GD2": "510403", "GD3": "510400"}


def test_an_order_registered_out_of_sight_is_not_shown(desk, neighbour_clerk):
    taken(desk, table(row()))
    county = desk.tree.neighbour_county
    batch = take_file(
        neighbour_clerk, county, Channel.HOTLINE_12328, table(row(标题="探一下")), "a.csv", at=timezone.now(),
        wake_worker=False,
    )  # fmt: skip
    batch = read_to_end(batch.pk)
    assert (batch.rejected, codes(batch)) == (1, {(2, "registered_elsewhere")})
    assert batch.results.get().grievance is None


def test_only_the_clerk_of_the_committee_may(desk, neighbour_clerk):
    for somebody in (neighbour_clerk, desk.officer, desk.secretary):
        with pytest.raises(PermissionDenied):
            take_file(somebody, desk.tree.county, Channel.HOTLINE_12328, table(row()), "a.csv", at=timezone.now())
    with pytest.raises(ValidationError):
        take_file(desk.clerk, desk.tree.county, Channel.VISIT, table(row()), "a.csv", at=timezone.now())
    assert not WorkOrderImport.objects.exists()


@pytest.mark.parametrize(
    "content", [b"\x00\x01\x02 no table", b"PK\x03\x04 broken", "名称,说明\n甲,乙\n".encode(), b"<html><table></html>"]
)
def test_a_file_that_is_none_is_refused_in_a_sentence(desk, content):
    batch = taken(desk, BytesIO(content))
    assert batch.status == WorkOrderStatus.FAILED
    assert len(batch.failure) > 8
    assert not Grievance.objects.exists()


def test_workbooks_are_read_with_titles_dates_and_numbers_as_cells(desk):
    book = Workbook()
    sheet = book.active
    sheet.append(["攀枝花市 12328 工单"])
    sheet.append(["*工单号", "内容", "受理时间", "手机号码（必填）"])
    sheet.append([20261120001, "停车难。", datetime(2026, 1, 5, 9, 30), 19000007720])
    content = BytesIO()
    book.save(content)
    content.seek(0)
    batch = taken(desk, content)
    assert batch.created == 1
    case = Grievance.objects.get()
    assert (case.external_number, case.title, case.phone) == ("20261120001", "停车难。", "19000007720")


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("2026-11-20 14:48", (14, 48)),
        ("2026/11/20 14:48:30", (14, 48)),
        ("2026年11月20日 14时48分", (14, 48)),
        ("20261120144800", (14, 48)),
        (46346.6166667, (14, 48)),
        ("2026-11-20", (0, 0)),
    ],
)
def test_a_time_is_read_however_it_is_written(cell, expected):
    received = rules.received_of(cell)
    assert (received.year, received.month, received.day, received.hour, received.minute) == (2026, 11, 20, *expected)


@pytest.mark.parametrize("cell", ["下午三点", "2026-13-40 10:00", True, "15:20", 12])
def test_what_is_no_time_is_none(cell):
    assert rules.received_of(cell) is None


def test_a_trial_run_lodges_nothing_and_says_the_same(desk):
    batch = taken(desk, table(row(), row("")), is_dry_run=True)
    assert (batch.created, batch.rejected) == (1, 1)
    assert not Grievance.objects.exists()
    assert taken(desk, table(row(), row(""))).created == 1


def test_the_file_is_gone_when_it_was_read_and_the_trail_has_its_digest(
    desk, media, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        batch = taken(desk, table(row()))
    assert not [path for path in (media / "media").rglob("*") if path.is_file()]
    actions = list(Entry.objects.filter(object_type="grievances.workorderimport").values_list("action", flat=True))
    assert sorted(actions) == ["work_order.finish", "work_order.upload"]
    assert Entry.objects.get(action="work_order.finish").details["digest"] == batch.file_digest


def test_too_many_rows_are_refused_before_any_is_lodged(desk, monkeypatch):
    monkeypatch.setattr(rules, "MOST_ROWS", 2)
    batch = taken(desk, table(*[row(f"GD{number}") for number in range(3)]))
    assert (batch.status, Grievance.objects.count()) == (WorkOrderStatus.FAILED, 0)


def test_a_worker_stopped_between_rows_is_taken_up_where_it_stopped(desk):
    content = table(*[row(f"GD{number}") for number in range(4)])
    batch = take_file(
        desk.clerk, desk.tree.county, Channel.HOTLINE_12328, content, "a.csv", at=timezone.now(), wake_worker=False
    )
    assert read_next(batch.pk, seconds=0) is True
    assert WorkOrderRow.objects.count() == Grievance.objects.count() == 1
    batch = read_to_end(batch.pk)
    assert (batch.rows, batch.created, batch.unchanged) == (4, 4, 0)


def test_a_worker_that_lost_its_lease_lodges_nothing_more(desk, monkeypatch):
    content = table(row("GD1"), row("GD2"))
    batch = take_file(
        desk.clerk, desk.tree.county, Channel.HOTLINE_12328, content, "a.csv", at=timezone.now(), wake_worker=False
    )
    settle = work_orders._Desk.settle

    def stolen(self, order):
        settle(self, order)
        WorkOrderImport.objects.filter(pk=batch.pk).update(lease_owner="somebody else")

    monkeypatch.setattr(work_orders._Desk, "settle", stolen)
    assert read_next(batch.pk, seconds=60) is False
    assert Grievance.objects.count() == 1
    monkeypatch.setattr(leases, "renew", lambda rows, pk, owner, seconds, /, **changes: None)
    WorkOrderImport.objects.filter(pk=batch.pk).update(lease_until=None, lease_owner="")
    read_next(batch.pk, seconds=60)
    assert Grievance.objects.count() == 2  # without the guard it would have gone on


def test_the_command_tells_every_row_and_its_exit_code(desk, media):
    path = media / "工单.csv"
    path.write_bytes(table(row(), row("")).getvalue())
    out = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command(
            "import_work_orders", str(path), channel="hotline_12328", organization="510402", json=True, stdout=out
        )
    assert ended.value.code == 1
    told = json.loads(out.getvalue())
    assert (told["rows"], told["created"], told["rejected"]) == (2, 1, 1)
    assert [one["fate"] for one in told["results"]] == [WorkOrderFate.CREATED, WorkOrderFate.REJECTED]
    with pytest.raises(CommandError) as refused:
        call_command("import_work_orders", str(path), channel="hotline_12328", organization="nowhere")
    assert refused.value.returncode == 2
    with pytest.raises(CommandError):
        call_command("import_work_orders", str(path), "--as", "officer", channel="hotline_12328", organization="510402")


# --- how long ---------------------------------------------------------------------------------------------------------
def test_a_file_nobody_read_goes_after_its_time_and_says_so(desk, settings, django_capture_on_commit_callbacks):
    settings.WORK_ORDER_RETENTION_DAYS = 30
    now = timezone.now()
    old, young = (
        take_file(
            desk.clerk, desk.tree.county, Channel.HOTLINE_12328, table(row()), "工单.csv", at=when, wake_worker=False
        )
        for when in (now - timedelta(days=31), now - timedelta(days=29))
    )
    paths = [work_orders.folder() / one.stored_file for one in (old, young)]
    assert retention.purge_unread_work_orders(now, dry_run=True) == 1
    assert [path.exists() for path in paths] == [True, True]
    with django_capture_on_commit_callbacks(execute=True):
        assert retention.purge_unread_work_orders(now, dry_run=False) == 1
    assert [path.exists() for path in paths] == [False, True]
    old.refresh_from_db()
    young.refresh_from_db()
    assert (old.status, old.stored_file, old.failure) == (WorkOrderStatus.FAILED, "", work_orders.NEVER_READ)
    assert (young.status, read_to_end(young.pk).created) == (WorkOrderStatus.WAITING, 1)
    assert Entry.objects.get(action="work_order.fail").object_id == str(old.pk)
    assert not read_next(old.pk, seconds=1)


def test_a_file_somebody_reads_just_now_is_left_to_him(desk):
    long_ago = timezone.now() - timedelta(days=400)
    batch = take_file(
        desk.clerk, desk.tree.county, Channel.HOTLINE_12328, table(row()), "工单.csv", at=long_ago, wake_worker=False
    )
    leases.claim(WorkOrderImport.objects.claimable(timezone.now()), "reader", 60)
    assert retention.purge_unread_work_orders(timezone.now(), dry_run=False) == 0
    assert not work_orders.give_up_unread(batch, timezone.now())
    assert (work_orders.folder() / batch.stored_file).exists()


def test_a_file_no_batch_names_goes_after_a_day(desk):
    batch = take_file(
        desk.clerk,
        desk.tree.county,
        Channel.HOTLINE_12328,
        table(row()),
        "工单.csv",
        at=timezone.now(),
        wake_worker=False,
    )
    stray = work_orders.folder() / ("0" * 32)
    stray.write_bytes(b"x")
    assert retention.purge_stray_work_orders(timezone.now() + timedelta(hours=1), dry_run=False) == 0
    later = timezone.now() + timedelta(days=2)
    assert (retention.purge_stray_work_orders(later, dry_run=True), stray.exists()) == (1, True)
    assert retention.purge_stray_work_orders(later, dry_run=False) == 1
    assert (stray.exists(), (work_orders.folder() / batch.stored_file).exists()) == (False, True)


def test_the_daily_deletion_looks_at_work_orders_and_drafts(desk):
    purged, done = daily.purge_expired(timezone.now(), dry_run=True)
    assert done
    assert {"answer_drafts", "work_orders", "stray_work_orders"} <= purged.keys() <= daily.LABELS.keys()
