"""Lodging for a driver: the form of secretaries, station managers and clerks, and their drafts."""

import pytest
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from branches.choices import Duty
from branches.models import Appointment
from branches.workflow import office_of
from foundation.audit import trail
from foundation.audit.models import Entry
from foundation.notifications.models import Notification
from grievances import workflow
from grievances.choices import Status
from grievances.models import Category, Evidence, Grievance
from grievances.workflow.codes import new_token
from grievances.workflow.lodging import Complaint
from tests.factories import AppointmentFactory
from tests.factories.members import DriverFactory
from tests.grievances.test_evidence import PDF
from tests.grievances.test_public import follows, text_of

LODGE = "/grievances/lodge/"
WORDS = "货主拖着运费不给。"


@pytest.fixture(autouse=True)
def _fresh_counters():
    cache.clear()


@pytest.fixture
def driver(tree):
    """Return a driver of the first county with a phone."""
    return DriverFactory(person__name="测试司机", person__phone="19000007720", committee=tree.county)


def told(unit, channel: str, **more) -> dict:
    """Return what is typed at least, and more."""
    category = Category.objects.get(code="freight")
    sent = {"unit": unit.pk, "channel": channel, "category": category.pk, "description": WORDS, "token": new_token()}
    return sent | more


def complaint(**more) -> Complaint:
    """Return a complaint for the verbs."""
    return Complaint(
        **{"title": "拖欠运费", "description": WORDS, "category": Category.objects.get(code="freight")} | more
    )


def test_a_secretary_lodges_in_one_step_and_gets_the_two_lines_for_the_driver(sign_in, desk):
    client = sign_in(desk.secretary)
    answer = client.post(LODGE, told(desk.tree.branch, "branch", name="测试甲", phone="19000000001"))
    assert answer.url == "/grievances/lodged/"
    case = Grievance.objects.get()
    assert (case.channel, case.organization, case.status) == ("branch", desk.tree.county, "lodged")
    assert case.collector == office_of(desk.tree.branch, Duty.COLLECT)
    assert case.lodged_by == desk.secretary
    page = client.get("/grievances/lodged/")
    assert "交给司机" in text_of(page)
    passphrase = page.context["passphrase"]
    assert follows(client, case, passphrase).status_code == 302
    assert "货车司机流动党员党支部替您登记了诉求" in text_of(client.get("/grievances/track/case/"))


@pytest.mark.parametrize(
    ("who", "unit", "channels"),
    [
        ("secretary", "branch", {"支部", "走访"}),
        ("station_manager", "county", {"站点", "走访"}),
        ("county_clerk", "county", {"直通车", "12328", "12345", "走访"}),
        ("partner", "company", set()),
    ],
)
def test_each_role_is_offered_its_own_channels(request, sign_in, tree, who, unit, channels):
    page = sign_in(request.getfixturevalue(who)).get(LODGE)
    assert page.status_code == 200
    offered = {label for _, label in page.context["form"].fields["channel"].choices}
    assert offered == (channels or {"平台"})
    assert set(page.context["form"].units) == {str(getattr(tree, unit).pk)}


def test_a_channel_or_a_unit_of_others_is_refused(sign_in, desk):
    client = sign_in(desk.secretary)
    assert client.post(LODGE, told(desk.tree.branch, "hotline_12345", external_number="1")).status_code == 422
    assert client.post(LODGE, told(desk.tree.county, "branch")).status_code == 422
    assert client.post(LODGE, told(desk.tree.neighbour_branch, "branch")).status_code == 422
    assert not Grievance.objects.exists()


def test_a_hotline_needs_its_number_once(sign_in, desk):
    client = sign_in(desk.clerk)
    assert "热线的工单号" in text_of(client.post(LODGE, told(desk.tree.county, "hotline_12328")))
    sent = told(desk.tree.county, "hotline_12328", external_number="WO-1")
    assert client.post(LODGE, sent).status_code == 302
    answer = client.post(LODGE, sent | {"token": new_token()})
    assert answer.status_code == 422
    assert "这个外部单号已经登记过" in text_of(answer)


def test_the_driver_is_found_by_what_is_typed_and_stays_masked(sign_in, desk, driver):
    client = sign_in(desk.clerk)
    sent = told(desk.tree.county, "direct_line", driver_q="7720")
    page = client.post(LODGE, sent | {"find": "1"})
    assert page.status_code == 200
    words = text_of(page)
    assert "测试司机" in words
    assert "190****7720" in words
    assert "19000007720" not in page.content.decode()
    assert WORDS in page.content.decode()
    assert not Grievance.objects.exists()
    client.post(LODGE, sent | {"driver": driver.pk})
    case = Grievance.objects.get()
    assert (case.person, case.complainant_name, case.phone) == (driver.person, "测试司机", "19000007720")
    assert not case.is_anonymous


def test_a_driver_out_of_scope_is_not_found_and_cannot_be_named(sign_in, desk, driver, neighbour_clerk):
    client = sign_in(neighbour_clerk)
    sent = told(desk.tree.neighbour_county, "direct_line", driver_q="7720")
    assert "没有找到" in text_of(client.post(LODGE, sent | {"find": "1"}))
    assert client.post(LODGE, sent | {"driver": driver.pk}).status_code == 422
    assert not Grievance.objects.exists()


def test_an_anonymous_driver_is_not_tied_to_the_registry(sign_in, desk, driver):
    client = sign_in(desk.clerk)
    client.post(LODGE, told(desk.tree.county, "direct_line", driver_q="7720", driver=driver.pk, identity="anonymous"))
    case = Grievance.objects.get()
    assert (case.is_anonymous, case.person, case.phone, case.complainant_name) == (True, None, "", "")


def test_an_open_case_under_the_phone_is_shown_within_ones_scope_only(sign_in, desk, driver, neighbour_clerk):
    case = desk.accepted(phone="19000007720")
    Grievance.objects.filter(pk=case.pk).update(lodged_at=timezone.now())
    sent = told(desk.tree.county, "direct_line", phone="19000007720")
    page = sign_in(desk.clerk).post(LODGE, sent)
    assert case.number in text_of(page)
    assert Grievance.objects.count() == 1
    assert sign_in(desk.clerk).post(LODGE, sent | {"anew": "1"}).status_code == 302
    foreign = told(desk.tree.neighbour_county, "direct_line", phone="19000007720")
    assert sign_in(neighbour_clerk).post(LODGE, foreign).status_code == 302


def test_files_come_along(sign_in, desk):
    files = [SimpleUploadedFile("a.pdf", PDF)]
    sign_in(desk.secretary).post(LODGE, told(desk.tree.branch, "branch", evidence=files))
    assert Evidence.objects.get().added_by == desk.secretary


# --- drafts -----------------------------------------------------------------------------------------------------------
def test_a_draft_is_kept_gone_on_with_and_lodged(sign_in, desk):
    client = sign_in(desk.secretary)
    sent = told(desk.tree.branch, "visit", name="测试甲", place="南服务区")
    assert client.post(LODGE, sent | {"draft": "1"}).url == LODGE
    draft = Grievance.objects.get()
    assert (draft.status, draft.clocks.count()) == (Status.DRAFT, 0)
    assert "我的草稿 1 件" in text_of(client.get(LODGE))
    page = client.get(f"{LODGE}{draft.pk}/")
    for kept in (WORDS, "南服务区", "测试甲"):
        assert kept in page.content.decode()
    changed = sent | {"description": "货主付了一半。", "draft": "1"}
    assert client.post(f"{LODGE}{draft.pk}/", changed).url == LODGE
    draft.refresh_from_db()
    assert draft.description == "货主付了一半。"
    assert client.post(f"{LODGE}{draft.pk}/", sent | {"place": "北服务区"}).url == "/grievances/lodged/"
    draft.refresh_from_db()
    assert (draft.status, draft.place, draft.clocks.count()) == (Status.LODGED, "北服务区", 1)
    passphrase = client.get("/grievances/lodged/").context["passphrase"]
    assert workflow.found_by_code(draft.track_code, passphrase) == draft
    assert client.get(f"{LODGE}{draft.pk}/").status_code == 404
    assert passphrase not in str(list(Entry.objects.values()))


def test_a_draft_is_dropped(sign_in, desk):
    client = sign_in(desk.secretary)
    client.post(LODGE, told(desk.tree.branch, "branch", draft="1"))
    draft = Grievance.objects.get()
    assert client.post(f"{LODGE}{draft.pk}/", {"drop": "1"}).url == LODGE
    assert not Grievance.objects.exists()
    assert Entry.objects.latest("id").action == "grievance.drop_draft"
    assert "我的草稿" not in text_of(client.get(LODGE))


def test_nobody_hears_of_a_dropped_draft(sign_in, desk):
    client = sign_in(desk.secretary)
    client.post(LODGE, told(desk.tree.branch, "branch", draft="1"))
    draft = Grievance.objects.get()
    colleague = AppointmentFactory(organization=desk.tree.branch, role="station_manager").user
    assert not Grievance.objects.visible_to(colleague).filter(pk=draft.pk).exists()
    with pytest.raises(PermissionDenied):
        workflow.drop_draft(draft, actor=colleague, at=timezone.now())
    client.post(f"{LODGE}{draft.pk}/", {"drop": "1"})
    assert not Grievance.objects.visible_to(desk.clerk).filter(pk=draft.pk).exists()
    assert not Notification.objects.filter(subject=f"grievances.grievance:{draft.pk}").exists()


def test_who_lost_his_post_lodges_no_draft(desk, tree):
    draft = workflow.save_draft(complaint(), at=timezone.now(), actor=desk.secretary, unit=tree.branch)
    Appointment.objects.filter(user=desk.secretary).update(until_at=timezone.now())
    later = timezone.now()
    with pytest.raises(PermissionDenied):
        workflow.change_draft(draft, complaint(), actor=desk.secretary, at=later)
    with pytest.raises(PermissionDenied):
        workflow.lodge_draft(draft, actor=desk.secretary, at=later)
    draft.refresh_from_db()
    assert (draft.status, draft.clocks.count()) == (Status.DRAFT, 0)


def test_a_draft_is_nobody_elses(sign_in, desk, tree, branch_committee_member):
    draft = workflow.save_draft(complaint(), at=timezone.now(), actor=desk.secretary, unit=tree.branch)
    assert sign_in(desk.clerk).get(f"{LODGE}{draft.pk}/").status_code == 404
    assert not Grievance.objects.visible_to(desk.clerk).filter(pk=draft.pk).exists()
    for verb in (workflow.lodge_draft, lambda *a, **k: workflow.change_draft(*a, complaint(), **k)):
        with pytest.raises(PermissionDenied):
            verb(draft, actor=desk.clerk, at=timezone.now())


def test_a_lodged_case_is_no_draft_any_more(desk, tree):
    draft = workflow.save_draft(complaint(), at=timezone.now(), actor=desk.secretary, unit=tree.branch)
    workflow.lodge_draft(draft, actor=desk.secretary, at=timezone.now())
    for verb in (workflow.lodge_draft, lambda *a, **k: workflow.change_draft(*a, complaint(), **k)):
        with pytest.raises(trail.NotAllowed):
            verb(draft, actor=desk.secretary, at=timezone.now())


def test_a_draft_saved_twice_is_one(sign_in, desk):
    client, sent = sign_in(desk.secretary), told(desk.tree.branch, "branch", draft="1")
    client.post(LODGE, sent)
    client.post(LODGE, sent)
    assert Grievance.objects.count() == 1


def test_the_page_costs_the_same_for_one_draft_and_three(sign_in, desk, tree):
    client, costs = sign_in(desk.secretary), []
    client.get(LODGE)  # notes that somebody is there, once a minute
    for more in (1, 2):
        for _ in range(more):
            workflow.save_draft(complaint(), at=timezone.now(), actor=desk.secretary, unit=tree.branch)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(LODGE).status_code == 200
        costs.append(len(queries))
    assert costs[0] == costs[1] <= 12
