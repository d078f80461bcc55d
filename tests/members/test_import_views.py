"""The pages of the roster import: who may, what they show, and that a step taken twice is taken once."""

import io
import re

import pytest
import python_calamine
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone

from foundation.audit.models import Entry
from members.choices import ImportPhase, ImportStatus
from members.models import Driver, Person, RosterImport, RosterMapping, RosterResult, RosterRow
from members.workflow import import_reports
from members.workflow.import_run import run_to_end
from members.workflow.imports import confirm, map_columns, stored_path
from tests.factories.members import PartyMemberFactory
from tests.members.rosters import FOLDER, outcome_of

pytestmark = pytest.mark.django_db

GET_PAGES = ["import_detail", "import_plan", "import_progress", "import_cancel", "import_undo"]
ACTS = ["import_columns", "import_confirm", "import_cancel", "import_undo", "import_leave_out"]
FILES = [("import_report", "rejected"), ("import_report_file", "rejected"), ("import_report_file", "result")]


@pytest.fixture(autouse=True)
def private_folder(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"


def people(count: int, start: int = 0) -> list[dict]:
    """Values of synthetic people whose numbers are whole."""
    rows = outcome_of(FOLDER / "09-platform-export.xlsx", "510105").rows
    return [row.values for row in rows if not row.errors][start : start + count]


def roster(rows: list[dict], *extra: str, phones: dict[str, str] | None = None) -> bytes:
    """Return a text roster of these people: 姓名, 身份证号, 手机号; `extra` lines follow."""
    lines = ["姓名,身份证号,手机号"]
    for row in rows:
        phone = (phones or {}).get(row["id_number"], row.get("phone", ""))
        lines.append(f"{row['name']},{row['id_number']},{phone}")
    return "\n".join([*lines, *extra]).encode()


def send(client, content: bytes, organization: str = "510402", name: str = "花名册.csv"):
    file = io.BytesIO(content)
    file.name = name
    return client.post(reverse("members:import_create"), {"organization": organization, "file": file})


def uploaded(client, content: bytes, organization: str = "510402") -> RosterImport:
    answer = send(client, content, organization)
    assert answer.status_code == 302, answer.content.decode()
    return run_to_end(int(answer.headers["Location"].strip("/").rpartition("/")[2]))


def url(name: str, batch: RosterImport, *more) -> str:
    return reverse(f"members:{name}", args=[batch.pk, *more])


def confirmed(client, batch: RosterImport, **more) -> RosterImport:
    answer = client.post(url("import_confirm", batch), {"plan_digest": batch.plan_digest, **more})
    assert answer.status_code == 302
    return run_to_end(batch.pk)


@pytest.fixture
def clerk(sign_in, county_clerk):
    return sign_in(county_clerk)


# --- doors ------------------------------------------------------------------------------------------------------------
def test_somebody_without_a_post_finds_every_door_closed(clerk, sign_in, outsider):
    batch = uploaded(clerk, roster(people(2)))
    client = sign_in(outsider)
    for name in ("import_list", "import_create", "import_template"):
        assert client.get(reverse(f"members:{name}")).status_code == 403
    assert client.post(reverse("members:import_create"), {}).status_code == 403
    _finds_nothing(client, batch)


def test_a_batch_of_another_county_is_as_good_as_none(clerk, sign_in, neighbour_clerk):
    batch = uploaded(clerk, roster(people(2)))
    client = sign_in(neighbour_clerk)
    _finds_nothing(client, batch)
    assert batch.file_name not in client.get(reverse("members:import_list")).content.decode()
    batch.refresh_from_db()
    assert batch.status == ImportStatus.PREVIEW


def _finds_nothing(client, batch):
    nowhere = RosterImport(pk=batch.pk + 1000)
    for name in GET_PAGES:
        foreign, missing = client.get(url(name, batch)), client.get(url(name, nowhere))
        assert (foreign.status_code, missing.status_code) == (404, 404), name
        assert _bare(foreign, batch.pk) == _bare(missing, nowhere.pk)
    for name in ACTS:
        assert client.post(url(name, batch), {"field": "phone"}).status_code == 404, name
        assert client.post(url(name, nowhere), {"field": "phone"}).status_code == 404, name
    for name, kind in FILES:
        assert client.get(url(name, batch, kind)).status_code == 404, name
        assert client.get(url(name, nowhere, kind)).status_code == 404, name


def _bare(answer, pk: int) -> str:
    """Return the page without what differs from one answer to the next: the token and the number of its own address."""
    text = re.sub(r"csrfmiddlewaretoken\" value=\"[^\"]+|X-CSRFToken\": \"[^\"]+", "", answer.content.decode())
    return text.replace(f"/{pk}/", "/N/")


def test_who_is_not_signed_in_is_sent_to_the_sign_in_page(client, clerk):
    batch = uploaded(clerk, roster(people(1)))
    for address in (reverse("members:import_list"), url("import_detail", batch), url(*("import_plan", batch))):
        assert client.get(address).headers["Location"].startswith("/accounts/login/")


def test_a_leader_reads_and_changes_nothing(clerk, sign_in, leader):
    batch = uploaded(clerk, roster(people(2), "测试甲,123,"))
    client = sign_in(leader)
    assert client.get(reverse("members:import_list")).status_code == 200
    page = client.get(url("import_detail", batch)).content.decode()
    assert "<select" not in page
    plan = client.get(url("import_plan", batch)).content.decode()
    assert "写入 2 行</button>" not in plan
    for name in ACTS:
        assert client.post(url(name, batch), {"field": "phone", "reason": "试一试"}).status_code == 403, name
    for name, kind in FILES:
        assert client.get(url(name, batch, kind)).status_code == 403
    assert client.get(reverse("members:import_create")).status_code == 403
    batch.refresh_from_db()
    assert batch.status == ImportStatus.PREVIEW


def test_a_clerk_imports_into_his_own_subtree_only(clerk, tree):
    for wanted in (tree.neighbour_county.code, tree.neighbour_county.short_name, "000000", tree.city.code):
        answer = send(clerk, roster(people(1)), wanted)
        assert answer.status_code == 422
        assert "或者您不能往那里导入" in answer.content.decode()
    assert not RosterImport.objects.exists()


def test_the_choice_of_committees_offers_those_within_reach(sign_in, city_clerk, tree):
    page = sign_in(city_clerk).get(reverse("members:import_create")).content.decode()
    offered = re.findall(r'<option value="([^"]+)"', page)
    assert offered[0] == "攀枝花市（510400）"
    assert "东区（510402）" in offered
    assert not [name for name in offered if tree.neighbour_county.code in name or "510700" in name]
    assert uploaded(sign_in(city_clerk), roster(people(1)), "东区（510402）").organization == tree.county


def test_a_platform_account_imports_under_its_own_organisation_and_sees_no_party_facts(sign_in, partner, tree):
    client = sign_in(partner)
    rows = people(1)
    line = f"{rows[0]['name']},{rows[0]['id_number']},中共党员".encode()
    batch = uploaded(client, "姓名,身份证号,政治面貌\n".encode() + line, tree.company.code)
    page = client.get(url("import_plan", batch) + "?show=created").content.decode()
    assert rows[0]["name"] in page
    assert "中共党员" not in page
    assert client.get(url("import_undo", batch)).status_code == 403


# --- what people see --------------------------------------------------------------------------------------------------
def test_no_page_shows_a_whole_number(clerk):
    rows = people(4)
    confirmed(clerk, uploaded(clerk, roster(rows)))
    phones = {rows[0]["id_number"]: "13900001111", rows[1]["id_number"]: "13900002222"}
    new, bad = people(1, start=10), people(1, start=11)[0]
    batch = uploaded(clerk, roster([*rows, *new], f"{bad['name']},{bad['id_number']},12345", phones=phones))
    assert (batch.created, batch.updated, batch.unchanged, batch.rejected) == (1, 2, 2, 1)
    seen = "".join(
        clerk.get(address).content.decode()
        for address in [url("import_detail", batch)]
        + [f"{url('import_plan', batch)}?show={show}" for show in ("created", "updated", "unchanged", "rejected", "x")]
    )
    for row in [*rows, *new, bad]:
        assert row["name"] in seen
        assert row["id_number"] not in seen
        assert row.get("phone", "none") not in seen
    assert "139****1111" in seen
    assert "13900001111" not in seen


def test_changes_stand_there_before_and_after(clerk):
    (row,) = people(1)
    confirmed(clerk, uploaded(clerk, roster([row])))
    batch = uploaded(clerk, roster([row], phones={row["id_number"]: "13900001111"}))
    page = clerk.get(url("import_plan", batch) + "?show=updated").content.decode()
    before = f"{row['phone'][:3]}****{row['phone'][-4:]}"
    assert f"<del>{before}</del>" in page
    assert "<ins>139****1111</ins>" in page


def test_rejected_rows_say_every_problem_and_what_to_do(clerk):
    bad = people(1)[0]
    batch = uploaded(clerk, roster([], f",{bad['id_number'][:-1]},12345", "测试甲,,"))
    page = clerk.get(url("import_plan", batch) + "?show=rejected").content.decode()
    for words in ("没有姓名", "要 18 位，这里是 17 位", "手机号要 1 开头的 11 位数字", "请填写姓名。", "没有身份证号"):
        assert words in page
    assert "按原因：" in page


def test_pages_of_rows_go_on_and_back_without_a_gap(clerk):
    rows = people(130)
    batch = uploaded(clerk, roster(rows))
    address, seen = f"{url('import_plan', batch)}?show=created", []
    for _ in range(3):
        page = clerk.get(address).content.decode()
        seen += _names(page)
        following = re.search(r'href="([^"]+)" rel="next"', page)
        address = following[1].replace("&amp;", "&") if following else None
    assert address is None
    assert seen == [row["name"] for row in rows]
    back = re.search(r'href="([^"]+)" rel="prev"', page)[1].replace("&amp;", "&")
    assert _names(clerk.get(back).content.decode()) == seen[50:100]


def _names(page: str) -> list[str]:
    return re.findall(r'<th scope="row">([^<]+)</th>', page)


def test_an_address_with_nonsense_shows_the_first_page(clerk):
    batch = uploaded(clerk, roster(people(2)))
    for query in ("?show=created&after=x", "?show=created&before=-1", "?show=nonsense", "?after=99999999999999999999"):
        assert clerk.get(url("import_plan", batch) + query).status_code == 200


def test_the_same_file_again_says_so_and_changes_nothing(clerk):
    content = roster(people(3))
    confirmed(clerk, uploaded(clerk, content))
    again = uploaded(clerk, content)
    assert (again.unchanged, again.created, again.updated) == (3, 0, 0)
    assert "一模一样的文件" in clerk.get(url("import_detail", again)).content.decode()
    assert "没有要写入的" in clerk.get(url("import_plan", again)).content.decode()
    assert confirmed(clerk, again).status == ImportStatus.DONE


def test_history_costs_the_same_for_one_batch_and_for_three(clerk, django_assert_max_num_queries):
    uploaded(clerk, roster(people(1)))
    address = reverse("members:import_list")
    clerk.get(address)
    with django_assert_max_num_queries(50) as one:
        clerk.get(address)
    for start in (2, 4):
        uploaded(clerk, roster(people(1, start)))
    with django_assert_max_num_queries(50) as three:
        clerk.get(address)
    assert len(one) == len(three) <= 8


def test_the_plan_costs_the_same_for_one_row_and_for_thirty(clerk, django_assert_max_num_queries):
    counts = []
    for size, start in ((1, 0), (30, 1)):
        batch = uploaded(clerk, roster(people(size, start)))
        with django_assert_max_num_queries(50) as found:
            clerk.get(f"{url('import_plan', batch)}?show=created")
        counts.append(len(found))
    assert counts[0] == counts[1] <= 9


def test_a_platform_export_names_the_columns_it_leaves_out(clerk, sign_in, city_clerk):
    batch = uploaded(sign_in(city_clerk), (FOLDER / "09-platform-export.xlsx").read_bytes(), "510400")
    page = sign_in(city_clerk).get(url("import_detail", batch)).content.decode()
    for label in ("driver_uuid", "register_time", "app_version"):
        assert label in page
    assert "没有对应的登记项，不导入" in page


# --- columns ----------------------------------------------------------------------------------------------------------
def test_a_column_mapped_by_hand_is_read_again_and_kept_for_the_next_file(clerk, tree):
    rows = people(3)
    text = "姓名,身份证号,联络\n" + "\n".join(f"{row['name']},{row['id_number']},{row['phone']}" for row in rows)
    batch = uploaded(clerk, text.encode())
    page = clerk.get(url("import_detail", batch)).content.decode()
    assert "1 列要您定" in page
    assert "内容像“手机号”" in page
    select = re.search(r'name="(column-\d+)" aria-label="联络', page)[1]
    clerk.post(url("import_columns", batch), {select: "phone", "keep": "1", "save_as": "车队的表"})
    batch = run_to_end(batch.pk)
    assert batch.mapping == {"联络": "phone"}
    assert "按您的指定" in clerk.get(url("import_detail", batch)).content.decode()
    assert RosterMapping.objects.get().name == "车队的表"
    following = uploaded(clerk, text.replace(rows[0]["name"], "测试甲").encode())
    assert following.mapping == {"联络": "phone"}
    assert Person.objects.count() == 0


def test_a_mapping_kept_again_takes_the_place_of_the_old_and_a_name_is_given_once(clerk, county_clerk):
    rows = people(3)
    first = uploaded(clerk, roster(rows[:1]))
    again = uploaded(clerk, roster(rows[1:2]))
    other = uploaded(clerk, roster(rows[2:]).replace("手机号".encode(), "电话".encode(), 1))
    map_columns(county_clerk, first, {"姓名": "name"}, save_as="车队的表")
    map_columns(county_clerk, again, {"姓名": ""}, save_as="改过的表")
    kept = RosterMapping.objects.get()
    assert (kept.name, kept.columns) == ("改过的表", {"姓名": ""})
    with pytest.raises(ValidationError, match="用过"):
        map_columns(county_clerk, other, {"姓名": "name"}, save_as="改过的表")
    other.refresh_from_db()
    assert (other.status, other.mapping) == (ImportStatus.PREVIEW, {})


def test_the_history_of_a_driver_opens_the_batch_that_wrote_him_for_who_may_see_it(clerk, sign_in, secretary, tree):
    batch = confirmed(clerk, uploaded(clerk, roster(people(1))))
    driver = Driver.objects.get()
    link = f'<a href="{url("import_detail", batch)}">花名册.csv</a>'
    page = clerk.get(reverse("members:driver_detail", args=[driver.pk])).content.decode()
    assert f"名册导入，新增 {link}" in page
    assert clerk.get(url("import_detail", batch)).status_code == 200
    PartyMemberFactory(person=driver.person, formal_organization=tree.branch)
    page = sign_in(secretary).get(reverse("members:driver_detail", args=[driver.pk])).content.decode()
    assert "名册导入，新增" in page
    assert "花名册.csv" not in page


def test_columns_left_as_they_are_lead_to_the_plan_without_reading_again(clerk):
    batch = uploaded(clerk, roster(people(2)))
    answer = clerk.post(url("import_columns", batch), {"column-0": "name", "column-1": "id_number"})
    assert answer.headers["Location"] == url("import_plan", batch)
    assert RosterImport.objects.get(pk=batch.pk).plan_digest == batch.plan_digest


def test_a_field_that_does_not_exist_is_not_taken(clerk):
    batch = uploaded(clerk, roster(people(2)))
    clerk.post(url("import_columns", batch), {"column-2": "password"})
    assert RosterImport.objects.get(pk=batch.pk).mapping == {}


def test_a_mapping_name_that_is_taken_is_refused_with_a_sentence(clerk, tree, county_clerk):
    RosterMapping.objects.create(
        organization=tree.county, name="车队的表", shape="other", columns={}, saved_by=county_clerk
    )
    batch = uploaded(clerk, roster(people(2)))
    answer = clerk.post(url("import_columns", batch), {"column-2": "", "keep": "1", "save_as": "车队的表"})
    assert answer.status_code == 422
    assert "换一个名称" in answer.content.decode()


# --- brake, confirm ---------------------------------------------------------------------------------------------------
@pytest.fixture
def braked(clerk) -> RosterImport:
    """Return a batch that changes the phone of every person."""
    rows = people(4)
    confirmed(clerk, uploaded(clerk, roster(rows)))
    phones = {row["id_number"]: f"1390000000{number}" for number, row in enumerate(rows)}
    return uploaded(clerk, roster(rows, phones=phones))


def test_a_field_that_changes_widely_must_be_ticked(clerk, braked):
    assert "手机号会改动 4 人" in clerk.get(url("import_plan", braked)).content.decode()
    answer = clerk.post(url("import_confirm", braked), {"plan_digest": braked.plan_digest})
    assert answer.status_code == 409
    assert "还没有勾选：手机号" in answer.content.decode()
    assert confirmed(clerk, braked, accept="phone").status == ImportStatus.DONE
    assert {person.phone[:10] for person in Person.objects.all()} == {"1390000000"}


def test_or_its_column_is_left_out_and_planned_again(clerk, braked):
    clerk.post(url("import_leave_out", braked), {"field": "phone"})
    batch = run_to_end(braked.pk)
    assert (batch.status, batch.updated, batch.unchanged) == (ImportStatus.PREVIEW, 0, 4)
    assert batch.mapping == {"手机号": ""}


def test_a_plan_that_was_made_anew_is_not_confirmed_unseen(clerk):
    batch = uploaded(clerk, roster(people(2)))
    answer = clerk.post(url("import_confirm", batch), {"plan_digest": "another"})
    assert answer.status_code == 409
    assert "计划已经重新算过" in answer.content.decode()
    assert RosterImport.objects.get(pk=batch.pk).status == ImportStatus.PREVIEW


def test_of_two_tabs_one_writes_and_the_other_is_told(clerk):
    batch = uploaded(clerk, roster(people(2)))
    form = {"plan_digest": batch.plan_digest}
    first = clerk.post(url("import_confirm", batch), form)
    second = clerk.post(url("import_confirm", batch), form, follow=True)
    assert first.status_code == 302
    assert "您没有再写一遍：这一批现在是“正在写入”。" in second.content.decode()
    run_to_end(batch.pk)
    third = clerk.post(url("import_confirm", batch), form, follow=True)
    assert "这一批现在是“已完成”" in third.content.decode()
    assert Entry.objects.filter(action="roster_import.confirm").count() == 1
    assert Driver.objects.count() == 2


def test_the_back_button_after_writing_leads_to_the_result(clerk):
    batch = confirmed(clerk, uploaded(clerk, roster(people(2))))
    assert clerk.get(url("import_confirm", batch)).headers["Location"] == url("import_plan", batch)
    assert clerk.get(url("import_columns", batch)).headers["Location"] == url("import_detail", batch)
    page = clerk.get(url("import_plan", batch)).content.decode()
    assert 'form="confirm"' not in page
    assert "写入完成" in clerk.get(url("import_detail", batch)).content.decode()


def test_what_changed_between_plan_and_writing_is_planned_again_and_said(clerk, county_clerk):
    rows = people(2)
    batch = uploaded(clerk, roster(rows))
    confirmed(clerk, uploaded(clerk, roster(rows[:1])))
    confirm(county_clerk, batch, batch.plan_digest)
    batch = run_to_end(batch.pk)
    assert (batch.status, batch.replanned, batch.applied) == (ImportStatus.PREVIEW, True, 0)
    page = clerk.get(url("import_plan", batch)).content.decode()
    assert "已经重新算过" in page
    assert (batch.created, batch.unchanged) == (1, 1)


# --- progress, cancel, undo -------------------------------------------------------------------------------------------
def test_progress_is_a_fragment_while_it_works_and_leads_on_when_done(clerk):
    batch = uploaded(clerk, roster(people(2)))
    RosterImport.objects.filter(pk=batch.pk).update(
        status=ImportStatus.APPLYING, phase=ImportPhase.APPLY, applied=1, confirmed_at=timezone.now()
    )
    fragment = clerk.get(url("import_progress", batch), headers={"HX-Request": "true"})
    assert "<html" not in fragment.content.decode()
    assert "共 2 行" in fragment.content.decode()
    assert "停止写入" in clerk.get(url("import_detail", batch)).content.decode()
    RosterImport.objects.filter(pk=batch.pk).update(status=ImportStatus.PREVIEW)
    done = clerk.get(url("import_progress", batch), headers={"HX-Request": "true"})
    assert (done.status_code, done.headers["HX-Redirect"]) == (204, url("import_detail", batch))


def test_a_writing_batch_can_be_stopped_and_what_was_written_taken_back(clerk):
    batch = uploaded(clerk, roster(people(3)))
    clerk.post(url("import_confirm", batch), {"plan_digest": batch.plan_digest})
    assert "停止写入" in clerk.get(url("import_cancel", batch)).content.decode()
    clerk.post(url("import_cancel", batch))
    batch = run_to_end(batch.pk)
    assert batch.status == ImportStatus.CANCELLED
    page = clerk.get(url("import_detail", batch)).content.decode()
    assert "没有导入，登记没有改动" in page
    assert Driver.objects.count() == batch.applied == 0
    assert "停止" not in clerk.get(url("import_cancel", batch), follow=True).content.decode()


def test_a_batch_not_wanted_is_dropped_with_its_file(clerk):
    batch = uploaded(clerk, roster(people(2)))
    path = stored_path(batch)
    assert path.exists()
    clerk.post(url("import_cancel", batch))
    batch.refresh_from_db()
    assert batch.status == ImportStatus.CANCELLED
    assert "没有导入，登记没有改动" in clerk.get(url("import_detail", batch)).content.decode()


def test_a_batch_is_taken_back_with_a_reason_and_what_changed_since_is_listed(clerk):
    rows = people(3)
    batch = confirmed(clerk, uploaded(clerk, roster(rows)))
    Person.objects.filter(name=rows[1]["name"]).update(version=7)
    asked = clerk.get(url("import_undo", batch)).content.decode()
    assert "删去 3 个新增的人" in asked
    assert "又被改过的 1 人不动" in asked
    assert clerk.post(url("import_undo", batch), {"reason": ""}).status_code == 422
    clerk.post(url("import_undo", batch), {"reason": "导错了县区"})
    working = clerk.get(url("import_detail", batch)).content.decode()
    assert "正在撤销" in working
    batch = run_to_end(batch.pk)
    page = clerk.get(url("import_detail", batch)).content.decode()
    assert "已撤销，1 行之后改过，没有动" in page
    left = page.partition("撤销时没有动的行")[2]
    assert [row["name"] in left for row in rows] == [False, True, False]
    assert Driver.objects.count() == 1
    assert Entry.objects.get(action="roster_import.request_undo").reason == "导错了县区"
    again = clerk.get(url("import_undo", batch), follow=True).content.decode()
    assert "不能撤销" in again


# --- files ------------------------------------------------------------------------------------------------------------
def test_the_annotated_workbook_is_fetched_traced_and_leaves_nothing_behind(clerk, settings):
    batch = confirmed(clerk, uploaded(clerk, roster(people(1), "测试甲,,")))
    answer = clerk.get(url("import_report", batch, "rejected"), follow=True)
    assert "no-store" in answer.headers["Cache-Control"]
    workbook = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(b"".join(answer.streaming_content)))
    (head, row) = workbook.get_sheet_by_index(0).to_python()
    assert head == ["姓名", "身份证号", "手机号", "错误原因"]
    assert row[0] == "测试甲"
    entry = Entry.objects.get(action="roster_import.download")
    assert entry.details == {"kind": "rejected", "rows": 1}
    assert not [path for path in settings.MEDIA_ROOT.rglob("*") if path.is_file()]


def test_a_big_workbook_is_written_by_the_worker(clerk, settings, monkeypatch):
    monkeypatch.setattr(import_reports, "AT_ONCE", 0)
    batch = confirmed(clerk, uploaded(clerk, roster(people(2), "测试甲,,")))
    early = clerk.get(url("import_report_file", batch, "result"), follow=True)
    assert "还在生成" in early.content.decode()
    page = clerk.get(url("import_report", batch, "result")).content.decode()
    assert "已经生成" in page
    (kept,) = (settings.MEDIA_ROOT / import_reports.FOLDER).iterdir()
    assert kept.stat().st_mode & 0o777 == 0o600
    answer = clerk.get(url("import_report_file", batch, "result"))
    assert len(b"".join(answer.streaming_content)) == kept.stat().st_size
    assert import_reports.discard_old() == 0
    assert import_reports.discard_old(kept.stat().st_mtime + import_reports.KEPT_SECONDS + 1) == 1


def test_a_purged_batch_offers_no_download(clerk):
    batch = confirmed(clerk, uploaded(clerk, roster(people(1), "测试甲,,")))
    RosterRow.objects.filter(roster_import=batch).delete()
    answer = clerk.get(url("import_report", batch, "rejected"), follow=True)
    assert "过了保存期" in answer.content.decode()


def test_the_template_is_made_for_ones_own_committee(clerk, tree):
    answer = clerk.get(reverse("members:import_template"))
    workbook = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(b"".join(answer.streaming_content)))
    assert workbook.sheet_names[0] == "司机花名册"
    foreign = clerk.get(reverse("members:import_template"), {"organization": tree.neighbour_county.code})
    missing = clerk.get(reverse("members:import_template"), {"organization": "000000"})
    assert (foreign.status_code, missing.status_code) == (404, 404)


# --- what goes wrong --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"%PDF-1.7 \n", "这是 PDF 文件，不是表格"),
        ((FOLDER / "09-platform-export.xlsx").read_bytes()[:4000], "文件不完整或已损坏"),
        (b"<html><table><tr><td>1</td></tr></table></html>", "这是网页"),
        ("说明\n没有表头\n".encode(), "没有找到表头"),
        (b"\xff\xfe\xff\xff" * 300, ""),
    ],
)
def test_a_file_that_cannot_be_read_gives_a_sentence_and_changes_nothing(clerk, content, sentence):
    batch = uploaded(clerk, content)
    assert batch.status == ImportStatus.FAILED
    page = clerk.get(url("import_detail", batch)).content.decode()
    assert "这份名册没有读成" in page
    assert sentence in page
    assert "登记没有改动" in page
    assert (Driver.objects.count(), RosterRow.objects.count(), RosterResult.objects.count()) == (0, 0, 0)
    assert clerk.get(url("import_plan", batch)).headers["Location"] == url("import_detail", batch)


def test_an_empty_file_no_file_and_a_file_too_big_are_refused_on_the_form(clerk, settings):
    assert "文件是空的" in send(clerk, b"").content.decode()
    assert (
        "请选一个名册文件" in clerk.post(reverse("members:import_create"), {"organization": "510402"}).content.decode()
    )
    settings.ROSTER_MAX_BYTES = 1024 * 1024
    big = send(clerk, b"x" * (1024 * 1024 + 1))
    assert big.status_code == 422
    assert "最多 1 MB" in big.content.decode()
    assert not RosterImport.objects.exists()


def test_nothing_personal_stands_in_an_address(clerk):
    (row,) = people(1)
    batch = uploaded(clerk, roster([row]))
    pages = (
        clerk.get(url("import_plan", batch)).content.decode() + clerk.get(url("import_detail", batch)).content.decode()
    )
    for address in re.findall(r'(?:href|action|hx-get)="([^"]+)"', pages):
        assert row["name"] not in address
        assert not re.search(r"\d{11}", address)
