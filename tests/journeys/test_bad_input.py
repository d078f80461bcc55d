"""Bad input through the doors people use: each gets a clear sentence, within seconds, and changes nothing."""

import io
import os
import subprocess
import sys
import time
import zipfile

import pytest
from django.conf import settings
from django.test import Client

from dashboard.canonical import lines
from members.models import Driver, RosterImport, Vehicle
from members.workflow.import_run import run_to_end
from tests.factories import AppointmentFactory, UserFactory
from tests.factories.members import DriverFactory, id_number, phone
from tests.members.rosters import FOLDER

pytestmark = pytest.mark.django_db

PASSWORD = "Tong-Lu-2026"
ROSTER = FOLDER / "11-five-percent.xlsx"


@pytest.fixture(autouse=True)
def private_folder(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def clerk(tree):
    """专干 of the first county with a password."""
    user = UserFactory(username="clerk", name="示例专干", password=PASSWORD)
    AppointmentFactory(user=user, organization=tree.county, role="clerk")
    return user


@pytest.fixture
def signed_in(clerk) -> Client:
    client = Client()
    assert _sign_in(client, clerk.username, PASSWORD).status_code == 302
    return client


@pytest.fixture
def unchanged(db):
    """Return a function that fails unless every business row is as it was when it was first asked.

    `refused`: batches that failed are left out, since the history keeps the refusal of an upload.
    """
    before = []

    def compare(refused=()):
        assert all((batch.status, batch.applied) == ("failed", 0) for batch in refused)
        now = [line for line in lines() if not (refused and line.startswith("members.RosterImport\t"))]
        if not before:
            before.extend(now)
            assert before
        assert now == before

    return compare


def _sign_in(client: Client, username: str, password: str):
    return client.post("/accounts/login/", {"login": username, "password": password})


def _words(answer) -> str:
    return answer.content.decode()


def test_five_wrong_passwords_lock_one_account_and_not_the_office(clerk, unchanged):
    UserFactory(username="colleague", name="示例同事", password=PASSWORD)
    unchanged()
    client = Client(REMOTE_ADDR="203.0.113.7")
    for _ in range(4):
        answer = _sign_in(client, clerk.username, "wrong")
        assert answer.status_code == 200
        assert "用户名或密码不对" in _words(answer)
    answer = _sign_in(client, clerk.username, "wrong")
    assert answer.status_code == 429
    assert "请 30 分钟后再登录" in _words(answer)
    assert "别的同事不受影响，什么都没有改动" in _words(answer)
    assert _sign_in(client, clerk.username, PASSWORD).status_code == 429
    unchanged()
    colleague = Client(REMOTE_ADDR="203.0.113.7")
    assert _sign_in(colleague, "colleague", PASSWORD).status_code == 302
    assert colleague.get("/accounts/profile/").status_code == 200


def _driver(**typed) -> dict:
    return {"name": "测试甲", "id_number": id_number(7), "phone": phone(7), "group": "truck", **typed}


def test_an_id_number_with_a_wrong_check_digit_is_refused_at_its_field_and_nothing_typed_is_lost(
    tree, signed_in, unchanged
):
    DriverFactory(committee=tree.county)
    unchanged()
    right = id_number(7)
    wrong = right[:-1] + ("0" if right[-1] != "0" else "1")
    typed = _driver(id_number=wrong, committee=tree.county.pk, remarks="常跑成都")
    answer = signed_in.post("/drivers/new/", typed)
    assert answer.status_code == 422
    errors = answer.context["form"].errors
    assert list(errors) == ["id_number"]
    assert "校验码" in errors["id_number"][0]
    page = _words(answer)
    assert 'href="#id_id_number"' in page
    assert page.count(errors["id_number"][0]) == 2  # above the form, and at the field
    for value in ("测试甲", wrong, phone(7), "常跑成都"):
        assert f'value="{value}"' in page or f">{value}</textarea>" in page or f">\n{value}</textarea>" in page, value
    assert Driver.objects.count() == 1
    unchanged()
    assert signed_in.post("/drivers/new/", typed | {"id_number": right}).status_code == 302
    assert Driver.objects.count() == 2


@pytest.mark.parametrize("plate", ["川DI2345", "川D1O345", "川DO1234D"])
def test_a_plate_with_the_letter_i_or_o_is_refused_in_words(tree, signed_in, unchanged, plate):
    unchanged()
    as_vehicle = signed_in.post("/vehicles/new/", {"plate": plate, "committee": tree.county.pk, "status": "active"})
    as_driver = signed_in.post("/drivers/new/", _driver(plate=plate, committee=tree.county.pk))
    for answer in (as_vehicle, as_driver):
        assert answer.status_code == 422
        assert "I" in answer.context["form"].errors["plate"][0]
        assert f'value="{plate}"' in _words(answer)
    assert not Vehicle.objects.exists()
    assert not Driver.objects.exists()
    unchanged()


def _upload(client: Client, content: bytes, code: str) -> tuple[RosterImport, str]:
    """Upload a roster and let the worker read it; return the batch and what its page says."""
    file = io.BytesIO(content)
    file.name = "花名册.xlsx"
    answer = client.post("/imports/new/", {"organization": code, "file": file})
    assert answer.status_code == 302, _words(answer)
    batch = run_to_end(int(answer.headers["Location"].strip("/").rpartition("/")[2]))
    return batch, _words(client.get(f"/imports/{batch.pk}/"))


def test_a_truncated_workbook_is_refused_and_the_same_file_whole_is_read(tree, signed_in, unchanged):
    unchanged()
    whole = ROSTER.read_bytes()
    batch, page = _upload(signed_in, whole[: len(whole) // 2], tree.county.code)
    assert "文件不完整" in page or "打不开" in page
    assert "请" in page
    assert not Driver.objects.exists()
    unchanged(refused=[batch])
    batch, page = _upload(signed_in, whole, tree.county.code)
    assert (batch.status, batch.rows) == ("preview", 300)


def _bomb() -> bytes:
    """Return a workbook of less than a megabyte whose sheet unpacks to 300 MB."""
    row = b'<row r="1"><c r="A1" t="inlineStr"><is><t>' + b"0" * 1_000_000 + b"</t></is></c></row>"
    packed = io.BytesIO()
    with zipfile.ZipFile(ROSTER) as package, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as copy:
        for part in package.namelist():
            if part != "xl/worksheets/sheet1.xml":
                copy.writestr(part, package.read(part))
        with copy.open("xl/worksheets/sheet1.xml", "w") as sheet:
            sheet.write(b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>')
            for _ in range(300):
                sheet.write(row)
            sheet.write(b"</sheetData></worksheet>")
    return packed.getvalue()


def test_a_bomb_of_300_megabytes_is_refused_within_seconds(tree, signed_in, unchanged):
    unchanged()
    bomb = _bomb()
    assert len(bomb) < 1_000_000
    started = time.monotonic()
    batch, page = _upload(signed_in, bomb, tree.county.code)
    assert time.monotonic() - started < 10
    assert "展开" in page or "解压" in page
    assert not Driver.objects.exists()
    unchanged(refused=[batch])


RUN, MANAGE = ["-m", "config.supervisor"], ["manage.py", "migrate"]


@pytest.mark.parametrize(
    ("command", "variable", "value"),
    [
        (RUN, "DATABASE_URL", "mysql://somewhere/portal"),
        (RUN, "PORT", "eighty"),
        (RUN, "REDIS_URL", "redis//missing"),
        (MANAGE, "DATABASE_URL", "mysql://somewhere/portal"),
        (MANAGE, "IDLE_MINUTES", "soon"),
        (MANAGE, "SECRET_KEY", "short"),
    ],
    ids=lambda part: part if isinstance(part, str) else part[0],
)
def test_a_wrong_environment_variable_stops_the_start_with_one_sentence(tmp_path, command, variable, value):
    environment = {name: text for name, text in os.environ.items() if name in {"PATH", "HOME", "LANG", "LC_ALL"}}
    environment |= {"VAR_DIR": str(tmp_path / "var"), "DJANGO_SETTINGS_MODULE": "config.settings", variable: value}
    ended = subprocess.run(
        [sys.executable, *command], cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True, timeout=60
    )
    said = ended.stderr + ended.stdout
    assert ended.returncode == 2, said
    assert variable in said
    assert "Traceback" not in said
    assert len(said.strip().splitlines()) == 1
    assert said.strip().startswith("配置有误：")
    assert said.strip().endswith("。")
    assert not (tmp_path / "var" / "db.sqlite3").exists()
