"""Every main page as its reader sees it: on a phone, a desk and a wide screen, and in large text.

Accessible (axe), nothing wider than the screen, no error in the console, and light enough for a bad connection: at most
150 KB for the first load, style, script and icons included. One test per reader, so that what it needs is made once.
"""

import re
from pathlib import Path
from urllib.parse import urlsplit

import brotli
import pytest
from django.contrib.staticfiles import finders
from django.core.management import call_command

from branches.models import Organization
from members.models import Driver, ExportJob, RosterImport
from members.workflow.import_run import run_to_end
from tests.conftest import load_shipped_data
from tests.factories import AppointmentFactory, UserFactory
from tests.members.roster_runs import load_units, written
from tests.members.rosters import FOLDER

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

WIDTHS = (360, 1280, 1680)
HEAVIEST = 150 * 1024  # bytes of a first load over the wire
PASSWORD = "Tong-Lu-2026"


@pytest.fixture(autouse=True)
def private_folder(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"


class Look:
    """Collects what is wrong with the pages a reader opens."""

    packed: dict[str, int] = {}  # address of a static file → its size as it is sent; shared by all tests

    def __init__(self, page, axe, too_wide):
        self.page, self.axe, self.too_wide = page, axe, too_wide
        self.faults: list[str] = []
        self.answers: list = []
        page.on("response", lambda answer: self.answers.append(answer))
        page.on("console", self._listen)

    def _listen(self, message) -> None:
        if message.type == "error" and message.location["url"]:  # without an address it comes from axe
            self.faults.append(f"{self.page.url}: {message.text}")

    def open(self, path: str, *, status: int = 200) -> None:
        """Open an address and look."""
        self.answers.clear()
        before = len(self.faults)
        answer = self.page.goto(path)
        if self.page.locator("[hx-trigger~=load]").count():
            self.page.wait_for_load_state("networkidle")
        if answer.status != status:
            self.faults.append(f"{path}: answered {answer.status}")
        if status >= 400:  # the console says of every page that it was answered so
            del self.faults[before:]
        weight = len(answer.body()) + self._weight()
        if weight > HEAVIEST:
            self.faults.append(f"{path}: {weight // 1024} KB")
        self.look(path)

    def look(self, name: str) -> None:
        """Look at what is open now: on three screens, and on a phone in large text."""
        for width in reversed(WIDTHS):
            self._fits(name, width)
            if width == 1280:  # what a phone shows is looked at in large text
                self._accessible(name)
        self.page.evaluate("document.documentElement.dataset.text = 'large'")
        self._fits(f"{name} in large text", 360)
        self._accessible(f"{name} in large text")
        self.page.evaluate("delete document.documentElement.dataset.text")
        self.page.set_viewport_size({"width": 1280, "height": 900})

    def _fits(self, name: str, width: int) -> None:
        if wide := self.too_wide(self.page, width):
            self.faults.append(f"{name} at {width}: wider than the screen: {wide}")

    def _accessible(self, name: str) -> None:
        self.faults += [f"{name}: {violation}" for violation in self.axe(self.page)]

    def _weight(self) -> int:
        """Return the bytes of what a page asked for, static files as WhiteNoise sends them."""
        asked = {urlsplit(answer.url).path for answer in self.answers}
        for path in asked:
            if path.startswith("/static/") and path not in self.packed:
                body = Path(finders.find(path.removeprefix("/static/"))).read_bytes()
                self.packed[path] = min(len(body), len(brotli.compress(body)))
        fragments = [answer for answer in self.answers if answer.request.resource_type in {"xhr", "fetch"}]
        return sum(self.packed.get(path, 0) for path in asked) + sum(len(answer.body()) for answer in fragments)


@pytest.fixture
def look(page, axe, too_wide):
    return Look(page, axe, too_wide)


def _sign_in(page, username: str) -> None:
    page.goto("/accounts/login/")
    page.fill("[name=login]", username)
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_selector("summary[aria-label*='我的账号']")


def _holder(username: str, role: str, code: str):
    user = UserFactory(username=username, name="示例" + username, password=PASSWORD)
    AppointmentFactory(user=user, organization=Organization.objects.get(code=code), role=role)
    return user


@pytest.fixture
def units(transactional_db):
    """Load the organisations the roster files name."""
    load_shipped_data()
    load_units()


def test_the_pages_of_a_clerk_with_a_roster(page, look, units):
    written(FOLDER / "01-title-merged-branches.xlsx", "510106")
    clerk = _holder("clerk", "clerk", "510106")
    _sign_in(page, clerk.username)
    # the import, step by step
    look.open("/imports/new/")
    page.set_input_files("input[type=file]", str(FOLDER / "11-five-percent.xlsx"))
    page.get_by_role("button", name="上传并读取").click()
    page.wait_for_url(re.compile(r"/imports/\d+/$"))
    batch = run_to_end(int(page.url.rstrip("/").rpartition("/")[2]))
    RosterImport.objects.filter(pk=batch.pk).update(status="parsing", lease_until="2099-01-01T00:00Z")
    look.open(f"/imports/{batch.pk}/")
    RosterImport.objects.filter(pk=batch.pk).update(status="preview", lease_until=None)
    look.open(f"/imports/{batch.pk}/")
    for show in ("created", "rejected"):
        look.open(f"/imports/{batch.pk}/plan/?show={show}")
    for box in page.locator("input[name=accept]").all():
        box.check()
    page.locator("button[form=confirm]").click()
    page.wait_for_url(f"**/imports/{batch.pk}/")
    run_to_end(batch.pk)
    look.open(f"/imports/{batch.pk}/")
    look.open("/imports/")
    # the desk and the registry
    driver = Driver.objects.filter(enterprise=None).first().pk
    for path in (
        "/",
        "/drivers/",
        "/drivers/?declared=member&order=expires",
        f"/drivers/{driver}/",
        f"/drivers/{driver}/change/",
        "/enterprises/",
        "/vehicles/",
        "/registration/",
    ):
        look.open(path)
    page.goto("/")
    page.get_by_placeholder("姓名、拼音首字母").fill("zz")
    page.keyboard.press("Enter")
    page.wait_for_selector("h1:has-text('查找')")
    look.look("what a search found")
    # an export
    look.open("/exports/new/?group=truck")
    page.get_by_label("用途").first.fill("核对示例名单")
    page.get_by_role("button", name="生成文件").click()
    page.wait_for_url("**/exports/*/")
    look.look(f"export {ExportJob.objects.get().status}")
    look.open("/exports/")
    assert look.faults == []


def test_the_pages_of_organisations_appointments_and_users(page, look, units):
    city = _holder("city", "clerk", "510100")
    _sign_in(page, city.username)
    county = Organization.objects.get(code="510106")
    for path in (
        "/organizations/",
        f"/organizations/{county.pk}/",
        f"/organizations/{county.pk}/change/",
        f"/organizations/{county.pk}/appointments/new/",
        "/organizations/?kind=branch",
        "/organizations/appointments/",
        "/organizations/appointments/vacant/",
        "/organizations/users/",
        f"/organizations/users/{city.pk}/",
        "/accounts/profile/",
        "/admin/members/driver/",
        "/admin/members/enterprise/add/",
    ):
        look.open(path)
    assert look.faults == []


def test_the_pages_of_the_admin(page, look, units):
    admin = _holder("sysadmin", "system_admin", "510100")
    _sign_in(page, admin.username)
    for path in (
        "/admin/",
        "/admin/branches/organization/",
        "/admin/branches/division/",
        "/admin/branches/division/510106/change/",
        "/admin/branches/workday/add/",
        "/admin/branches/division/export/",
        "/admin/branches/division/import/",
    ):
        look.open(path)
    assert look.faults == []


def test_the_pages_of_an_auditor_and_of_somebody_without_a_post(page, look, units):
    _sign_in(page, _holder("auditor", "auditor", "510100").username)
    call_command("verify_audit", verbosity=0)
    for path in ("/", "/audit/", "/audit/?actor=auditor", "/help/audit/"):
        look.open(path)
    look.open("/drivers/", status=403)
    page.context.clear_cookies()
    UserFactory(username="outsider", name="示例无任职", password=PASSWORD)
    _sign_in(page, "outsider")
    look.open("/")
    look.open("/drivers/1/", status=404)
    assert look.faults == []


def test_the_pages_of_who_is_not_signed_in(page, look, db):
    for path in ("/", "/accounts/login/", "/accounts/reset/", "/help/roster-import/", "/feedback/"):
        look.open(path)
    look.open("/no-such-page/", status=404)
    page.goto("/accounts/login/")
    page.fill("[name=login]", "nobody")
    page.fill("[name=password]", "wrong")
    page.press("[name=password]", "Enter")
    page.wait_for_selector(".error-summary")
    look.look("a sign-in that failed")
    assert look.faults == []
