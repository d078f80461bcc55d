"""A clerk imports every roster file through the pages, in a real browser, and gets what its key says.

The worker's part is done between the steps by `run_to_end`, as the worker would do it while the page waits.
"""

import random
import zipfile

import pytest
import python_calamine
from django.core.management import call_command

from branches.models import Organization
from members.models import RosterImport
from members.workflow.import_run import run_to_end
from tests.conftest import load_shipped_data
from tests.factories import AppointmentFactory, UserFactory
from tests.members.roster_mangle import FORMATS, MANGLERS, grids_of
from tests.members.roster_runs import load_units, places_of, registry, written
from tests.members.rosters import FILES, FOLDER, key_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def private_folder(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"


def _organisations():
    load_shipped_data()
    load_units()


@pytest.fixture
def clerk(db, transactional_db):
    """Return a function: committee code → a clerk of that committee with a password."""
    _organisations()

    def clerk_of(code: str):
        user = UserFactory(username=f"clerk-{code}", name="示例专干", password="Tong-Lu-2026")
        AppointmentFactory(user=user, organization=Organization.objects.get(code=code), role="clerk")
        return user

    return clerk_of


def _sign_in(page, user):
    page.goto("/accounts/login/")
    page.fill("[name=login]", user.username)
    page.fill("[name=password]", "Tong-Lu-2026")
    page.press("[name=password]", "Enter")
    page.wait_for_selector("summary[aria-label*='我的账号']")


def _upload(page, path) -> RosterImport:
    """Upload a file for the clerk's own committee; return the batch, read."""
    page.goto("/imports/new/")
    page.set_input_files("input[type=file]", str(path))
    page.get_by_role("button", name="上传并读取").click()
    page.wait_for_url("**/imports/*/")
    pk = int(page.url.rstrip("/").rpartition("/")[2])
    batch = run_to_end(pk)
    page.goto(f"/imports/{pk}/")
    return batch


def _import(page, path) -> RosterImport:
    """Take a file through all steps, ticking what asks for a tick; return the batch, written."""
    batch = _upload(page, path)
    page.get_by_role("button", name="下一步：核对计划").click()
    page.wait_for_url("**/plan/")
    legend = page.locator(".plan-legend").inner_text()
    assert f"合计 {batch.rows:,} 行，与表中行数一致" in legend
    for box in page.locator("input[name=accept]").all():
        box.check()
    page.locator("button[form=confirm]").click()
    page.wait_for_url(f"**/imports/{batch.pk}/")
    batch = run_to_end(batch.pk)
    page.goto(f"/imports/{batch.pk}/")
    page.wait_for_selector("h1:has-text('完成')")
    return batch


def _counts(batch) -> dict:
    return {name: getattr(batch, name) for name in ("rows", "created", "updated", "unchanged", "rejected")}


def _key_places(entries) -> list[tuple]:
    return sorted((entry["sheet"], entry["row"], entry["column"], entry["code"]) for entry in entries)


@pytest.mark.parametrize("name", FILES)
def test_a_roster_file_goes_through_the_pages_as_its_key_says(page, clerk, tmp_path, name):
    key = key_of(name)
    for before in key.get("after", []):
        written(FOLDER / before["file"], before["organization"])
    _sign_in(page, clerk(key["organization"]))
    batch = _import(page, FOLDER / name)
    assert _counts(batch) == {count: key[count] for count in _counts(batch)}
    assert places_of(batch) == _key_places(key["errors"])
    assert places_of(batch, "warnings") == _key_places(key["warnings"])
    shown = page.locator("tbody tr td:nth-child(3)").all_inner_texts()
    assert [int(text.replace(",", "")) for text in shown] == [
        key[count] for count in ("created", "updated", "unchanged", "rejected")
    ]
    if key["rejected"]:
        with page.expect_download() as download:
            page.get_by_role("link", name="下载批注表").click()
        download.value.save_as(tmp_path / "annotated.xlsx")
        book = python_calamine.CalamineWorkbook.from_path(str(tmp_path / "annotated.xlsx"))
        reasons = [
            row[-1] for sheet in book.sheet_names for row in book.get_sheet_by_name(sheet).to_python() if row[-1]
        ]
        assert len([text for text in reasons if text != "错误原因"]) == key["rejected"]
    through_the_pages = registry()
    assert len(through_the_pages["drivers"]) >= key["created"]
    call_command("flush", interactive=False, verbosity=0)
    _organisations()
    for before in key.get("after", []):
        written(FOLDER / before["file"], before["organization"])
    written(FOLDER / name, key["organization"])
    assert registry() == through_the_pages


@pytest.mark.parametrize(
    "name", ["01-title-merged-branches.xlsx", "04-gb18030.csv", "07-traditional.xlsx", "08-several-sheets.xlsx"]
)
def test_a_mangled_roster_comes_out_the_same(page, clerk, tmp_path, name):
    key, chance = key_of(name), random.Random(f"journey {name}")
    grids = grids_of(FOLDER / name)
    for mangle in MANGLERS:
        if chance.random() < 0.7:
            for grid in grids:
                if grid.rows:
                    mangle(grid, chance)
    form = chance.choice(["xlsx", "ods"])
    FORMATS[form](grids, tmp_path / f"mangled.{form}")
    _sign_in(page, clerk(key["organization"]))
    batch = _import(page, tmp_path / f"mangled.{form}")
    assert _counts(batch) == {count: key[count] for count in _counts(batch)}
    assert sorted(code for *_, code in places_of(batch)) == sorted(entry["code"] for entry in key["errors"])


def test_the_waiting_page_notices_by_itself_that_the_worker_is_done(page, clerk, settings):
    _sign_in(page, clerk("510105"))
    batch = _upload(page, FOLDER / "09-platform-export.xlsx")
    RosterImport.objects.filter(pk=batch.pk).update(status="parsing", lease_until="2099-01-01T00:00Z")
    page.goto(f"/imports/{batch.pk}/")
    page.wait_for_selector("h1:has-text('正在读取名册')")
    RosterImport.objects.filter(pk=batch.pk).update(status="preview", lease_until=None)
    page.wait_for_selector("h1:has-text('这张表是这样读的')")


def test_a_batch_is_taken_back_through_the_page_and_the_back_button_does_no_harm(page, clerk):
    _sign_in(page, clerk("510105"))
    empty = registry()
    batch = _import(page, FOLDER / "09-platform-export.xlsx")
    page.go_back()
    page.go_back()
    assert RosterImport.objects.get(pk=batch.pk).status == "done"
    page.goto(f"/imports/{batch.pk}/")
    page.get_by_role("link", name="撤销这一批").click()
    page.get_by_label("为什么撤销").fill("导错了县区")
    page.get_by_role("button", name="撤销这一批").click()
    page.wait_for_url(f"**/imports/{batch.pk}/")
    run_to_end(batch.pk)
    page.goto(f"/imports/{batch.pk}/")
    page.wait_for_selector("h1:has-text('已撤销')")
    assert registry() == empty


def test_two_tabs_confirm_once(page, clerk):
    _sign_in(page, clerk("510105"))
    batch = _upload(page, FOLDER / "09-platform-export.xlsx")
    plan = f"/imports/{batch.pk}/plan/"
    page.goto(plan)
    other = page.context.new_page()
    other.goto(plan)
    page.locator("button[form=confirm]").click()
    page.wait_for_url(f"**/imports/{batch.pk}/")
    other.locator("button[form=confirm]").click()
    other.wait_for_selector("text=您没有再写一遍")
    batch = run_to_end(batch.pk)
    assert (batch.status, batch.applied) == ("done", batch.created)


def _truncated(path):
    path.write_bytes((FOLDER / "09-platform-export.xlsx").read_bytes()[:6000])


def _bomb(path):
    block = b"<row><c t='inlineStr'><is><t>1</t></is></c></row>" * 20_000
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("[Content_Types].xml", b"<Types/>")
        package.writestr("xl/workbook.xml", b"<workbook/>")
        with package.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
            for _ in range(310):
                sheet.write(block)


def _picture(path):
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"\0" * 200)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [(_truncated, "不完整或已损坏"), (_bomb, "展开后大得不正常"), (_picture, "这是图片，不是表格")],
)
def test_a_bad_file_gives_a_clear_sentence_and_changes_nothing(page, clerk, axe, tmp_path, make, sentence):
    make(tmp_path / "名册.xlsx")
    _sign_in(page, clerk("510105"))
    before = registry()
    batch = _upload(page, tmp_path / "名册.xlsx")
    assert batch.status == "failed"
    assert sentence in page.get_by_role("alert").inner_text()
    assert "登记没有改动" in page.get_by_role("alert").inner_text()
    assert axe(page) == []
    assert registry() == before


def test_every_step_is_accessible_and_fits_every_screen(page, clerk, axe, too_wide):
    _sign_in(page, clerk("510100"))
    batch = _upload(page, FOLDER / "12-every-rule.xlsx")
    addresses = ["/imports/", "/imports/new/", f"/imports/{batch.pk}/", f"/imports/{batch.pk}/cancel/"]
    addresses += [f"/imports/{batch.pk}/plan/?show={show}" for show in ("created", "rejected", "reminded", "unchanged")]
    for address in addresses:
        page.goto(address)
        for width in (360, 1280, 1680):
            assert too_wide(page, width) == [], (address, width)
            assert axe(page) == [], (address, width)
    page.set_viewport_size({"width": 1280, "height": 900})
    batch = _import(page, FOLDER / "12-every-rule.xlsx")
    for address in (f"/imports/{batch.pk}/", f"/imports/{batch.pk}/undo/"):
        page.goto(address)
        for width in (360, 1280, 1680):
            assert too_wide(page, width) == [], (address, width)
            assert axe(page) == [], (address, width)


def test_without_script_a_file_still_goes_in(browser, live_server, clerk):
    user = clerk("510105")
    context = browser.new_context(base_url=live_server.url, java_script_enabled=False)
    page = context.new_page()
    _sign_in(page, user)
    batch = _import(page, FOLDER / "09-platform-export.xlsx")
    assert batch.created == key_of("09-platform-export.xlsx")["created"]
    context.close()
