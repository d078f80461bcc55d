"""The auditors' page."""

import ast
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib import admin
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from branches.admin import ScopedExport
from branches.resources import ReferenceResource
from dashboard.notices import ACTIONS
from foundation.audit import sealing, trail
from foundation.audit.models import Entry
from tests.factories import AppointmentFactory, UserFactory

pytestmark = pytest.mark.django_db


def written(actor, action="driver.reveal", **more):
    with transaction.atomic():
        return trail.record(action, None, actor=actor, reason="核对名册", **more)


def actions_on(response):
    return [row.action for row, *_ in response.context["rows"]]


def test_the_auditor_sees_entries_newest_first(client, auditor, county_clerk):
    written(county_clerk, "driver.reveal")
    written(county_clerk, "driver.change")
    client.force_login(auditor)
    response = client.get(reverse("dashboard:audit"))
    assert actions_on(response)[:2] == ["driver.change", "driver.reveal"]


@pytest.mark.parametrize("role", ["county_clerk", "system_admin", "security_admin", "secretary", "outsider"])
def test_nobody_but_the_auditor_opens_the_page(client, request, role):
    client.force_login(request.getfixturevalue(role))
    assert client.get(reverse("dashboard:audit")).status_code in (403, 404)
    assert client.post(reverse("dashboard:audit_verify")).status_code in (403, 404)


def test_conditions_narrow_the_list(client, auditor, county_clerk, neighbour_clerk):
    written(county_clerk, person_id=7)
    written(neighbour_clerk, person_id=8)
    client.force_login(auditor)
    page = reverse("dashboard:audit")
    assert len(actions_on(client.get(page, {"person": 7}))) == 1
    assert len(actions_on(client.get(page, {"actor": neighbour_clerk.username, "action": "driver.reveal"}))) == 1
    assert actions_on(client.get(page, {"actor": "nobody-of-that-name"})) == []
    assert actions_on(client.get(page, {"action": "driver.reveal", "until_date": "2020-01-01"})) == []


def test_a_period_that_ends_before_it_begins_is_a_sentence(client, auditor):
    client.force_login(auditor)
    response = client.get(reverse("dashboard:audit"), {"from_date": "2026-11-02", "until_date": "2026-11-01"})
    assert response.status_code == 422
    assert "结束日期早于开始日期" in response.content.decode()


def test_paging_shows_every_entry_once(client, auditor, county_clerk):
    with transaction.atomic():
        trail.record_all([trail.draft("driver.change", None, actor=county_clerk) for _ in range(120)])
    client.force_login(auditor)
    seen, url = [], reverse("dashboard:audit") + "?action=driver.change"
    while url:
        response = client.get(url)
        seen += [row.pk for row, *_ in response.context["rows"]]
        url = reverse("dashboard:audit") + response.context["next_url"] if response.context["next_url"] else ""
    assert len(seen) == len(set(seen)) == 120


def test_the_list_costs_the_same_for_one_and_for_many(client, auditor, county_clerk, django_assert_max_num_queries):
    for _ in range(3):
        written(county_clerk)
    client.force_login(auditor)
    with django_assert_max_num_queries(12):
        client.get(reverse("dashboard:audit"))


def test_verifying_says_whether_the_trail_is_whole(client, auditor, county_clerk):
    written(county_clerk)
    sealing.seal_pending(now=timezone.now() + timedelta(seconds=10))
    client.force_login(auditor)
    assert "没有改动" in client.post(reverse("dashboard:audit_verify"), follow=True).content.decode()
    assert Entry.objects.filter(action="audit.verify").exists()


def test_the_page_shows_no_number_in_full(client, auditor, county_clerk):
    with transaction.atomic():
        trail.record("driver.change", None, actor=county_clerk, fields={"phone": ("13800138000", "13900139000")})
    client.force_login(auditor)
    text = client.get(reverse("dashboard:audit")).content.decode()
    assert "13800138000" not in text
    assert "13900139000" not in text


def test_every_action_of_the_product_has_words():
    """Calls of trail.record, draft and transition, and verbs that hand an action on, name actions as literals."""
    missing = {}
    for path in sorted(Path(settings.BASE_DIR).glob("*/**/*.py")):
        top = path.relative_to(settings.BASE_DIR).parts[0]
        if top not in {"foundation", "branches", "members", "service_stations", "grievances", "dashboard"}:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            for action in actions_in(node):
                if action not in ACTIONS:
                    missing[action] = path.name
    assert missing == {}


def test_every_table_that_is_exported_or_imported_has_words():
    for model, page in admin.site._registry.items():
        name = model._meta.model_name
        if isinstance(page, ScopedExport):
            assert f"{name}.exported" in ACTIONS
            if issubclass(page.get_export_resource_classes(None)[0], ReferenceResource):
                assert f"{name}.imported" in ACTIONS


def actions_in(node):
    """Yield the action literals of a call that writes the trail."""
    if not isinstance(node, ast.Call):
        return
    name = getattr(node.func, "attr", getattr(node.func, "id", ""))
    literals = [keyword.value for keyword in node.keywords if keyword.arg == "action"]
    if name in {"record", "draft"} and node.args:
        literals.append(node.args[0])
    for literal in literals:
        if isinstance(literal, ast.Constant) and isinstance(literal.value, str) and "." in literal.value:
            yield literal.value


def test_the_trail_speaks_chinese_and_local_time_here_and_in_the_admin(client, auditor, county_clerk, tree, sign_in):
    at = datetime(2026, 11, 24, 16, 30, tzinfo=UTC)
    trail.record(
        "appointment.appointed",
        AppointmentFactory(user=UserFactory(), organization=tree.branch, role="secretary"),
        actor=county_clerk,
        organization_id=tree.branch.pk,
        fields={"role": (None, "secretary"), "from_at": (None, at)},
        details={"document": "〔2026〕1 号", "rows": 3},
    )
    client.force_login(auditor)
    page = client.get("/audit/").content.decode()
    for words in ("角色：支部书记", "2026-11-25 00:30", "行数：3", "任免文件号：〔2026〕1 号"):
        assert words in page, words
    details = {"columns": ["name", "plates"], "conditions": {"group": "truck"}, "format": "xlsx"}
    trail.record("driver.export", None, actor=county_clerk, details=details)
    trail.record("roster_import.fail", None, actor=county_clerk, details={"code": "no_rows"})
    page = client.get("/audit/").content.decode()
    for words in ("列：姓名、车牌", "筛选条件：司机类别 ", "格式：xlsx", "代码：找到了表头，但下面一个人也没有"):
        assert words in page, words
    post = tree.branch.appointments.get(role="secretary")
    page = sign_in(county_clerk).get(f"/admin/branches/appointment/{post.pk}/history/").content.decode()
    assert "<td>任命</td><td>角色、" in page
