"""The admin: rows in scope at every one of its doors, changes by verbs, exports without formulas."""

import io
import json
import zipfile
from datetime import date
from urllib.parse import quote

import pytest
from django.contrib import admin
from django.contrib.contenttypes.models import ContentType
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from openpyxl import Workbook as WriteWorkbook
from openpyxl import load_workbook

from branches.admin import CappedPaginator, ScopedAdmin
from branches.models import Appointment, Division, Organization, Workday
from foundation.accounts.models import User
from foundation.audit.models import Entry
from foundation.protection.spreadsheets import harmless
from tests.factories import AppointmentFactory, UserFactory

MODELS = ["organization", "appointment", "guidance", "office", "division", "workday"]


def url(model, page, *args):
    app = "accounts" if model == "user" else "branches"
    return reverse(f"admin:{app}_{model}_{page}", args=args)


def rows_of(answer) -> set:
    return set(answer.context["cl"].queryset)


# --- doors ------------------------------------------------------------------------------------------------------------
def test_only_scoped_admins_are_registered():
    admin.autodiscover()
    assert Organization in admin.site._registry
    assert all(isinstance(one, ScopedAdmin) for one in admin.site._registry.values())


def test_staff_duty_alone_opens_nothing(tree, sign_in):
    client = sign_in(UserFactory(is_staff=True))
    assert client.get("/admin/").status_code == 404
    for model in MODELS:
        assert client.get(url(model, "changelist")).status_code == 404
    assert client.get(url("user", "changelist")).status_code == 404


@pytest.mark.parametrize("who", ["outsider", "secretary", "leader", "handler", "organisation_reader"])
def test_who_has_no_duty_here_finds_no_page(request, tree, sign_in, who):
    client = sign_in(request.getfixturevalue(who))
    for address in ("/admin/", url("organization", "changelist"), url("organization", "change", tree.branch.pk)):
        assert client.get(address).status_code == 404, address


def test_nobody_signed_in_is_sent_to_the_portals_door(client, db):
    assert client.get("/admin/").url.startswith("/accounts/login/")


def test_the_index_lists_what_one_may_see(tree, county_clerk, auditor, system_admin, sign_in):
    for user, seen, unseen in (
        (county_clerk, {"Organization", "Appointment", "User"}, set()),
        (system_admin, {"Organization", "Division", "Workday", "User"}, {"Appointment", "Guidance"}),
        (auditor, {"Division"}, {"Organization", "Appointment", "User"}),
    ):
        answer = sign_in(user).get("/admin/")
        named = {model["object_name"] for app in answer.context["app_list"] for model in app["models"]}
        assert seen <= named, user
        assert not unseen & named, user


def test_a_role_that_ended_closes_the_admin_at_that_instant(tree, county_clerk, sign_in):
    client = sign_in(county_clerk)
    assert client.get("/admin/").status_code == 200
    appointment = county_clerk.appointments.get()
    Appointment.objects.filter(pk=appointment.pk).update(until_at=appointment.from_at)
    assert client.get("/admin/").status_code == 404


# --- rows in scope ----------------------------------------------------------------------------------------------------
def test_lists_show_the_rows_in_scope_and_count_no_others(tree, county_clerk, neighbour_clerk, secretary, sign_in):
    client = sign_in(county_clerk)
    assert rows_of(client.get(url("organization", "changelist"))) == {tree.county, tree.branch, tree.second_branch}
    mine = {county_clerk.appointments.get(), secretary.appointments.get()}
    answer = client.get(url("appointment", "changelist"))
    assert rows_of(answer) == mine
    assert answer.context["cl"].result_count == 2
    assert rows_of(client.get(url("user", "changelist"))) == {county_clerk, secretary}
    assert rows_of(client.get(url("guidance", "changelist"))) == set(tree.county.guidance_received.all())


@pytest.mark.parametrize("page", ["change", "history", "delete"])
def test_a_foreign_row_answers_like_one_that_does_not_exist(tree, county_clerk, neighbour_clerk, sign_in, page):
    client = sign_in(county_clerk)
    for model, foreign in (("organization", tree.neighbour_county.pk), ("user", neighbour_clerk.pk)):
        answers = [client.get(url(model, page, pk)) for pk in (foreign, 99_999_999, "x")]
        assert {answer.status_code for answer in answers} == {404}, model
        answers = [client.post(url(model, page, pk), {"name": "x"}) for pk in (foreign, 99_999_999)]
        assert {answer.status_code for answer in answers} <= {403, 404}, model
        assert len({answer.status_code for answer in answers}) == 1, model


def test_autocomplete_offers_rows_in_scope_only(tree, county_clerk, sign_in):
    client = sign_in(county_clerk)
    address = reverse("admin:autocomplete")
    asked = {"app_label": "branches", "model_name": "organization", "field_name": "division", "term": "5104"}
    found = json.loads(client.get(address, asked).content)["results"]
    assert {row["id"] for row in found} >= {"510402", "510411"}
    # Organisations as a target: the source field must be one the admin completes.
    target = admin.site._registry[Organization]
    request = client.get(url("organization", "changelist")).wsgi_request
    assert set(target.get_queryset(request)) == {tree.county, tree.branch, tree.second_branch}


def test_search_and_filters_find_no_foreign_row(tree, county_clerk, sign_in):
    client = sign_in(county_clerk)
    for query in ({"q": tree.neighbour_branch.code}, {"q": tree.neighbour_branch.short_name}):
        assert rows_of(client.get(url("organization", "changelist"), query)) == set()
    assert rows_of(client.get(url("organization", "changelist"), {"q": tree.branch.code})) == {tree.branch}


@pytest.mark.parametrize(
    "lookup", ["path__startswith", "appointments__user__name__startswith", "division__name", "contact_phone"]
)
def test_only_the_filters_shown_can_be_asked(tree, county_clerk, sign_in, lookup):
    assert sign_in(county_clerk).get(url("organization", "changelist"), {lookup: "5"}).status_code == 400


def test_a_protected_field_cannot_be_asked_by_a_filter(tree, county_clerk, sign_in):
    for lookup in ("phone", "phone_index", "password__startswith"):
        assert sign_in(county_clerk).get(url("user", "changelist"), {lookup: "1"}).status_code == 400


def test_the_page_of_an_account_masks_the_phone_and_has_no_secret(tree, county_clerk, secretary, sign_in):
    from foundation.accounts.workflow import change_phone

    change_phone(secretary, "19000000001")
    page = sign_in(county_clerk).get(url("user", "change", secretary.pk)).content.decode()
    assert "190****0001" in page
    assert "19000000001" not in page
    assert 'name="password"' not in page
    assert "field-password" not in page


def test_many_rows_are_counted_to_the_cap_only(db, monkeypatch):
    monkeypatch.setattr(CappedPaginator, "CAP", 10)
    assert CappedPaginator(Division.objects.order_by("pk"), 5).count == 10
    assert CappedPaginator(Division.objects.filter(level="nothing"), 5).count == 0


# --- changes by verbs -------------------------------------------------------------------------------------------------
def form_of(organization, **change):
    names = "name short_name code kind level host_unit host_platform grid_area contact_name contact_phone"
    values = {name: getattr(organization, name) for name in names.split()}
    more = {"aliases": "", "division": organization.division_id or "", "read_version": organization.version}
    return values | more | {"serial_number": organization.serial_number or ""} | change


def test_saving_goes_through_the_verb_and_its_trace(tree, county_clerk, sign_in):
    client = sign_in(county_clerk)
    answer = client.post(url("organization", "change", tree.branch.pk), form_of(tree.branch, grid_area="甲"))
    assert answer.status_code == 302, answer.context["errors"]
    assert Entry.objects.with_action("organization.changed").get().fields == {"grid_area": ["", "甲"]}
    page = client.get(url("organization", "history", tree.branch.pk)).content.decode()
    assert "修改组织" in page
    stale = client.post(url("organization", "change", tree.branch.pk), form_of(tree.branch, grid_area="乙"))
    assert stale.status_code == 409
    tree.branch.refresh_from_db()
    assert tree.branch.grid_area == "甲"


def test_what_the_verb_refuses_is_said_in_the_form(tree, county_clerk, sign_in):
    client = sign_in(county_clerk)
    answer = client.post(url("organization", "change", tree.branch.pk), form_of(tree.branch, code="510402-02"))
    assert answer.status_code == 200
    assert "这个代码已经用过了。" in answer.content.decode()
    tree.branch.refresh_from_db()
    assert tree.branch.code == "510402-01"


def test_adding_asks_for_a_parent_in_reach(tree, county_clerk, sign_in):
    client = sign_in(county_clerk)
    values = {"name": "中共丁支部", "short_name": "丁支部", "code": "510402-55", "kind": "branch", "level": "base"}
    values |= {"aliases": ""}
    for foreign in (tree.neighbour_county.pk, ""):
        answer = client.post(url("organization", "add"), values | {"parent": foreign})
        assert answer.status_code == 200
    assert client.post(url("organization", "add"), values | {"parent": tree.county.pk}).status_code == 302
    made = Organization.objects.get(code="510402-55")
    assert Organization.objects.get_parent(made).pk == tree.county.pk


def test_status_and_place_are_no_fields_of_the_form(tree, county_clerk, sign_in):
    client = sign_in(county_clerk)
    values = form_of(tree.branch, status="dissolved", path="0001", depth="1", dissolved_date="2026-01-01")
    client.post(url("organization", "change", tree.branch.pk), values)
    after = Organization.objects.get(pk=tree.branch.pk)
    assert (after.status, after.path) == ("active", tree.branch.path)


def test_tables_without_a_verb_cannot_be_written(tree, county_clerk, secretary, sign_in):
    client = sign_in(county_clerk)
    post = secretary.appointments.get()
    assert client.post(url("appointment", "change", post.pk), {"role": "clerk"}).status_code == 403
    assert client.get(url("appointment", "add")).status_code == 403
    assert client.post(url("user", "change", secretary.pk), {"is_staff": "on"}).status_code == 403
    assert client.post(url("organization", "delete", tree.branch.pk), {"post": "yes"}).status_code == 404


def test_an_action_asks_first_wants_a_reason_and_calls_the_verb(tree, county_clerk, sign_in):
    client = sign_in(county_clerk)
    asked = {"action": "rectify", "_selected_action": [tree.branch.pk, tree.neighbour_branch.pk]}
    page = client.post(url("organization", "changelist"), asked).content.decode()
    assert tree.branch.short_name in page
    assert tree.neighbour_branch.short_name not in page
    client.post(url("organization", "changelist"), asked | {"confirmed": "1"})
    assert not Organization.objects.filter(status="rectifying").exists()
    client.post(url("organization", "changelist"), asked | {"confirmed": "1", "reason": "组织生活不正常"})
    assert list(Organization.objects.filter(status="rectifying")) == [tree.branch]
    assert Entry.objects.with_action("organization.rectifying").get().reason == "组织生活不正常"


def test_ending_posts_by_action_refuses_what_the_verb_refuses(tree, county_clerk, leader, secretary, sign_in):
    posts = [leader.appointments.get().pk, secretary.appointments.get().pk]
    asked = {"action": "end", "_selected_action": posts, "confirmed": "1", "reason": "换届"}
    answer = sign_in(county_clerk).post(url("appointment", "changelist"), asked, follow=True)
    assert "上级委员会的专干办理" in answer.content.decode()
    assert Appointment.objects.filter(until_at__isnull=False).get().user == secretary


def test_actions_are_offered_by_capability_only(tree, county_clerk, security_admin, secretary, sign_in):
    asked = {"action": "lock", "_selected_action": [secretary.pk], "confirmed": "1", "reason": "试"}
    sign_in(county_clerk).post(url("user", "changelist"), asked)
    assert not User.objects.filter(locked_at__isnull=False).exists()
    sign_in(security_admin).post(url("user", "changelist"), asked)
    assert User.objects.filter(locked_at__isnull=False).get() == secretary


def test_the_calendar_is_the_system_administrators(tree, system_admin, county_clerk, sign_in):
    values = {"date": "2027-01-01", "is_workday": "", "note": "元旦", "source": "测试"}
    assert sign_in(county_clerk).post(url("workday", "add"), values).status_code == 403
    assert sign_in(system_admin).post(url("workday", "add"), values).status_code == 302
    assert not Workday.objects.get(pk="2027-01-01").is_workday
    assert Entry.objects.with_action("workday.added").exists()
    again = sign_in(system_admin).post(url("workday", "add"), values)
    assert again.status_code == 200


# --- import and export ------------------------------------------------------------------------------------------------
def export(client, model, number=0, **query):
    answer = client.post(url(model, "export"), {"format": str(number), "resource": ""}, query_params=query)
    assert answer.status_code == 200
    return answer


def cells_of(answer) -> list[tuple]:
    return [tuple(row) for row in load_workbook(io.BytesIO(answer.content)).active.iter_rows(values_only=True)]


def test_an_export_holds_the_rows_in_scope_no_formula_and_leaves_a_trace(tree, county_clerk, sign_in):
    Organization.objects.filter(pk=tree.branch.pk).update(name="=1+1", contact_name="@x", host_unit="+86")
    rows = cells_of(export(sign_in(county_clerk), "organization"))
    head = rows[0]
    assert [row[head.index("代码")] for row in rows[1:]] == ["510402", "510402-01", "510402-02"]
    branch = dict(zip(head, rows[2], strict=True))
    assert (branch["全称"], branch["联系人"], branch["依托单位"]) == ("'=1+1", "'@x", "'+86")
    assert branch["上级代码"] == "510402"
    answer = export(sign_in(county_clerk), "organization", 1)
    assert quote("党组织-") in answer.headers["Content-Disposition"]
    text = answer.content
    assert text.startswith(b"\xef\xbb\xbf")
    assert "'=1+1" in text.decode("utf-8-sig")
    assert Entry.objects.with_action("organization.exported").first().details["rows"] == 3


def test_the_list_offers_both_doors_to_whoever_may_use_them(tree, county_clerk, system_admin, sign_in):
    page = sign_in(county_clerk).get(url("organization", "changelist")).content.decode()
    assert url("organization", "export") in page
    assert url("organization", "import") in page
    page = sign_in(system_admin).get(url("organization", "changelist")).content.decode()
    assert url("organization", "export") not in page
    assert url("organization", "import") not in page


def test_an_export_keeps_to_the_filters_of_the_list(tree, county_clerk, sign_in):
    rows = cells_of(export(sign_in(county_clerk), "organization", kind__exact="mobile_branch"))
    assert len(rows) == 2


def test_an_export_of_accounts_has_no_secret_column(tree, county_clerk, secretary, sign_in):
    rows = cells_of(export(sign_in(county_clerk), "user"))
    assert set(rows[0]) == {"用户名", "姓名", "启用", "启用时间", "锁定时间", "上次登录", "须用动态验证码"}
    assert {row[0] for row in rows[1:]} == {"county-clerk", "secretary"}


def test_exporting_and_importing_need_their_own_capability(tree, system_admin, county_clerk, sign_in):
    assert sign_in(system_admin).get(url("organization", "export")).status_code == 403
    assert sign_in(system_admin).get(url("organization", "import")).status_code == 403
    for page in ("import", "process_import"):
        assert sign_in(county_clerk).post(url("division", page), {}).status_code == 403


def upload(client, model, rows):
    book = WriteWorkbook()
    for row in rows:
        book.active.append(row)
    stream = io.BytesIO()
    book.save(stream)
    file = SimpleUploadedFile("units.xlsx", stream.getvalue())
    return client.post(url(model, "import"), {"import_file": file, "format": "0", "resource": ""})


def confirm(client, model, answer):
    return client.post(url(model, "process_import"), answer.context["confirm_form"].initial | {"resource": ""})


def test_an_import_previews_and_then_writes_by_the_verbs(tree, county_clerk, sign_in):
    client = sign_in(county_clerk)
    rows = [
        ["代码", "全称", "short_name", "类型", "level", "行政区划", "上级代码", "grid_area"],
        ["510402-01", "新全称", "", "", "", "", "", "甲网格"],
        ["510402-31", "中共新支部", "新支部", "流动党员党支部", "基层", "510402", "510402", ""],
    ]
    answer = upload(client, "organization", rows)
    assert not answer.context["result"].has_errors(), answer.context["result"].row_errors()
    assert not Organization.objects.filter(code="510402-31").exists()
    assert not Entry.objects.with_action("organization.added").exists()
    assert confirm(client, "organization", answer).status_code == 302
    made = Organization.objects.get(code="510402-31")
    assert (made.kind, Organization.objects.get_parent(made).pk) == ("mobile_branch", tree.county.pk)
    changed = Organization.objects.get(code="510402-01")
    assert (changed.name, changed.short_name, changed.grid_area) == ("新全称", tree.branch.short_name, "甲网格")
    assert Entry.objects.with_action("organization.added").get().actor_id == county_clerk.pk
    assert Organization.objects.find_problems() == ([], [], [], [], [])


def test_an_import_reaches_no_foreign_row(tree, county_clerk, sign_in):
    rows = [
        ["code", "name", "kind", "level", "parent"],
        [tree.neighbour_branch.code, "改名", "mobile_branch", "base", tree.county.code],
        ["510402-32", "中共新支部", "mobile_branch", "base", tree.neighbour_county.code],
    ]
    answer = upload(sign_in(county_clerk), "organization", rows)
    assert answer.context["result"].has_validation_errors() or answer.context["result"].has_errors()
    tree.neighbour_branch.refresh_from_db()
    assert tree.neighbour_branch.name != "改名"


def test_a_file_that_is_no_workbook_is_refused_in_words(tree, county_clerk, sign_in):
    file = SimpleUploadedFile("units.xlsx", b"PK\x03\x04 no workbook")
    answer = sign_in(county_clerk).post(
        url("organization", "import"), {"import_file": file, "format": "0", "resource": ""}
    )
    assert answer.status_code == 200
    assert "文件读不了。" in str(answer.context["form"].errors)


def test_divisions_are_imported_by_the_system_administrator_with_one_trace(tree, system_admin, sign_in):
    client = sign_in(system_admin)
    answer = upload(client, "division", [["code", "name", "level", "parent"], ["510499", "新区", "county", "510400"]])
    assert confirm(client, "division", answer).status_code == 302
    assert Division.objects.get(pk="510499").parent_id == "510400"
    assert Entry.objects.with_action("division.imported").get().details["new"] == 1


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x", "\tx", "\rx", "\nx", "＝1", "＋1", "－1", "＠x"])
def test_dangerous_text_is_made_harmless(text):
    assert harmless(text) == "'" + text
    assert harmless(5) == 5
    assert harmless("第 1 行") == "第 1 行"


def test_a_list_costs_the_same_for_few_rows_and_for_more(tree, city_clerk, sign_in):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client = sign_in(city_clerk)
    for model in (*MODELS, "user"):
        address = url(model, "changelist")
        client.get(address)
        with CaptureQueriesContext(connection) as few:
            assert client.get(address).status_code == 200
        for branch in tree.branches[:3]:
            AppointmentFactory(user=UserFactory(), organization=branch, role="branch_committee_member")
        with CaptureQueriesContext(connection) as more:
            client.get(address)
        assert len(more) <= len(few), model


def test_no_admin_page_carries_inline_script_or_style(tree, county_clerk, sign_in):
    import re

    client = sign_in(county_clerk)
    for address in (
        "/admin/",
        url("organization", "changelist"),
        url("organization", "add"),
        url("organization", "change", tree.branch.pk),
        url("organization", "history", tree.branch.pk),
        url("organization", "export"),
        url("organization", "import"),
        url("user", "changelist"),
    ):
        page = client.get(address).content.decode()
        assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)[^>]*>\s*\S", page), address


# --- what a hostile request tries -------------------------------------------------------------------------------------
def _preview(client):
    file = SimpleUploadedFile("units.csv", "代码,全称\n510402-01,改过的名称\n".encode())
    return client.post(url("organization", "import"), {"import_file": file, "format": "1", "resource": ""})


def test_an_import_confirmed_twice_says_that_it_has_been_done(tree, county_clerk, sign_in):
    client = sign_in(county_clerk)
    sent = _preview(client).context["confirm_form"].initial | {"resource": ""}
    assert client.post(url("organization", "process_import"), sent).url == url("organization", "changelist")
    again = client.post(url("organization", "process_import"), sent, follow=True)
    assert again.redirect_chain == [(url("organization", "import"), 302)]
    assert "已经导入过" in again.content.decode()


def test_nobody_confirms_a_file_that_somebody_else_uploaded(tree, county_clerk, city_clerk, sign_in):
    sent = _preview(sign_in(county_clerk)).context["confirm_form"].initial | {"resource": ""}
    answer = sign_in(city_clerk).post(url("organization", "process_import"), sent)
    assert answer.status_code == 200
    assert "没有这份文件" in str(answer.context["errors"])
    assert Organization.objects.get(code="510402-01").name != "改过的名称"


@pytest.mark.parametrize("name", ["../../db.sqlite3", "..", ".", "x" * 5000, "nope"])
def test_a_made_up_name_of_an_uploaded_file_opens_nothing(tree, county_clerk, sign_in, name):
    sent = {"import_file_name": name, "original_file_name": "a.csv", "format": "1", "resource": ""}
    answer = sign_in(county_clerk).post(url("organization", "process_import"), sent)
    assert "没有这份文件" in str(answer.context["errors"])


@pytest.mark.parametrize("wrong", [{"format": "9"}, {"format": "-1"}, {"format": "x"}, {"resource": "7"}])
def test_a_format_or_table_there_is_not_is_no_choice(tree, county_clerk, sign_in, wrong):
    client = sign_in(county_clerk)
    sent = _preview(client).context["confirm_form"].initial | {"resource": ""} | wrong
    assert "没有这个选项" in str(client.post(url("organization", "process_import"), sent).context["errors"])


def test_a_file_too_big_for_memory_and_a_bomb_are_not_opened(tree, county_clerk, sign_in):
    big = SimpleUploadedFile("units.csv", b"x" * (5 * 1024 * 1024 + 1))
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 110_000_000)
    for file, form, said in (
        (big, "1", "文件最大 5 MB"),
        (SimpleUploadedFile("units.xlsx", bomb.getvalue()), "0", "文件读不了"),
    ):
        answer = sign_in(county_clerk).post(
            url("organization", "import"), {"import_file": file, "format": form, "resource": ""}
        )
        assert said in str(answer.context["form"].errors)


def test_the_rows_one_names_for_an_export_are_refused_alike_whether_foreign_or_missing(tree, county_clerk, sign_in):
    client = sign_in(county_clerk)
    page = client.get(url("organization", "export"))
    fields = {name: "on" for name in page.context["form"].fields if name.startswith("organizationresource_")}

    def taken(pk):
        sent = {"format": "1", "resource": "0", "export_items": pk, **fields}
        return client.post(url("organization", "export"), sent)

    assert taken(tree.branch.pk).headers["Content-Type"].startswith("text/csv")
    foreign, missing = taken(tree.neighbour_county.pk), taken(999_999)
    for answer in (foreign, missing):
        assert answer.headers["Content-Type"].startswith("text/html")
        assert "export_items" in answer.context["form"].errors
    assert str(foreign.context["form"].errors).replace(str(tree.neighbour_county.pk), "…") == str(
        missing.context["form"].errors
    ).replace("999999", "…")


def test_an_export_by_a_filter_that_means_nothing_is_a_bad_request(tree, county_clerk, sign_in):
    assert sign_in(county_clerk).get(f"{url('organization', 'export')}?is_pilot__exact=zz").status_code == 400


def test_the_way_to_the_site_finds_nothing_for_any_row(tree, county_clerk, sign_in):
    client = sign_in(county_clerk)
    for model in (Organization, Workday, Division, User):
        kind = ContentType.objects.get_for_model(model).pk
        for key in (tree.branch.pk, "abc", "9" * 30, "_00"):
            assert client.get(f"/admin/r/{kind}/{key}/").status_code == 404


def test_an_empty_field_to_look_a_row_up_by_is_none(tree, county_clerk, sign_in):
    assert sign_in(county_clerk).get(f"{url('organization', 'change', tree.branch.pk)}?_to_field=").status_code == 200


def test_a_text_no_database_searches_for_finds_nothing(tree, county_clerk, sign_in):
    assert sign_in(county_clerk).get(url("organization", "changelist"), {"q": "a" * 60_000}).status_code == 200


def test_the_last_day_there_is_leaves_the_calendar_open_for_more(tree, system_admin, sign_in):
    Workday.objects.create(date=date.max, is_workday=True)
    assert sign_in(system_admin).get(url("workday", "add")).status_code == 200
