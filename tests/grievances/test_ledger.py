"""The ledger, its file, the figures page and its links, samples: exactly the rows that are meant."""

import html
import re
from datetime import date

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from python_calamine import CalamineWorkbook

from branches.models import Appointment
from branches.scope import reach_of
from foundation.audit.models import Entry
from grievances import statistics, workflow
from grievances.choices import FollowUpMethod, Result, Satisfaction, Status
from grievances.lists.ledger import CONDITIONS, Ledger, WrongCondition
from grievances.models import Campaign, CampaignCase, Category, Grievance, MonthlyFigures
from grievances.workflow import samples
from grievances.workflow.figures import refresh_figures
from members.models import ExportJob
from members.workflow import exports
from tests.factories import AppointmentFactory, UserFactory
from tests.grievances.conftest import at, holder

pytestmark = pytest.mark.django_db
LINK = re.compile(r'href="(/grievances/ledger/\?[^"]+)">([\d,]+)</a>')


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


@pytest.fixture
def filled(desk):
    """Return the desk with a case in every situation."""
    desk.lodged()
    desk.accepted()
    desk.assigned(category=Category.objects.get(code="parking_space"), amount_involved=None)
    desk.in_hand("11-25 10:40", channel="hotline_12328", external_number="GD-1")
    desk.answered(is_anonymous=True)
    for number, (solved, satisfaction) in enumerate(
        [
            (Result.SOLVED, Satisfaction.SATISFIED),
            (Result.PARTLY, Satisfaction.UNRATED),
            (Result.SOLVED, Satisfaction.BASICALLY_SATISFIED),
            (Result.NOT_SOLVED, Satisfaction.DISSATISFIED),
        ]
    ):
        case = desk.answered(title=f"第 {number} 件")
        workflow.follow_up(
            case,
            actor=desk.second_clerk,
            method=FollowUpMethod.PHONE,
            was_reached=True,
            solved=solved,
            satisfaction=satisfaction,
            at=at("11-27 10:00"),
        )
    other = desk.tree.second_county
    desk.lodged(division=other.division)
    workflow.withdraw(desk.in_hand(), at=at("11-24 09:00"))
    return desk


def signed_in(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def listed(user, moment=None, **values):
    return Ledger(reach_of(user), moment or timezone.now(), values)


# --- the ledger -------------------------------------------------------------------------------------------------------
def test_the_ledger_holds_accepted_cases_of_ones_scope(filled, neighbour_clerk):
    assert listed(filled.clerk).count.number == 8
    assert listed(filled.city_clerk).count.number == 8
    assert listed(neighbour_clerk).count.number == 0
    assert set(listed(filled.officer).rows()) <= set(listed(filled.clerk).rows())
    assert Status.WITHDRAWN not in set(listed(filled.clerk).rows().values_list("status", flat=True))


def test_what_is_beside_the_ledger_is_shown_to_who_asks_for_it(filled):
    assert listed(filled.clerk, status="lodged").count.number == 1
    assert listed(filled.city_clerk, status="lodged").count.number == 2
    assert listed(filled.clerk, status="withdrawn").count.number == 1


@pytest.mark.parametrize(
    ("condition", "number"),
    [
        ({"status": "closed"}, 3),
        ({"category": "freight"}, 7),
        ({"category": "parking_space"}, 1),
        ({"channel": "hotline_12328"}, 1),
        ({"level": "city"}, 1),
        ({"result": "partly"}, 1),
        ({"satisfaction": "unrated"}, 1),
        ({"measure": "case_solved"}, 5),
        ({"from": "2026-11-20", "until": "2026-11-21"}, 8),
        ({"from": "2026-11-21"}, 0),
        ({"by": "closed", "from": "2026-11-27", "until": "2026-11-28"}, 3),
        ({"by": "closed", "until": "2026-11-27"}, 0),
        ({"supervised": "1"}, 0),
        ({"figure": "solved"}, 2),
    ],
)
def test_a_condition_leaves_the_rows_it_says(filled, condition, number):
    asked = listed(filled.city_clerk, **condition)
    assert asked.count.number == number
    assert len(asked.page(None, 100).keys) == number
    assert len(asked.in_force()) == len(condition)


def test_late_cases_are_found_by_the_step_that_is_late(filled):
    moment = at("11-26 09:00")
    assert listed(filled.clerk, moment, overdue="1").count.number == 2
    assert listed(filled.clerk, moment, overdue="progress").count.number == 1
    assert listed(filled.clerk, moment, overdue="transfer").count.number == 1
    assert listed(filled.clerk, moment, overdue="1", status="lodged").count.number == 1


def test_a_campaign_narrows_and_a_foreign_one_finds_nothing(filled, neighbour_clerk):
    campaign = Campaign.objects.create(name="整治", organization=filled.tree.county, from_date=date(2026, 11, 1))
    CampaignCase.objects.create(campaign=campaign, grievance=Grievance.objects.counted().first(), at=timezone.now())
    assert listed(filled.clerk, campaign=str(campaign.pk)).count.number == 1
    assert listed(neighbour_clerk, campaign=str(campaign.pk)).in_force() == [("campaign", "专项整治：不在您的辖区")]


@pytest.mark.parametrize(
    "wrong",
    [{"status": "x"}, {"from": "gestern"}, {"overdue": "x"}, {"unit": "' OR 1"}, {"figure": "x"}, {"category": "x"}],
)
def test_a_condition_that_means_nothing_is_refused_in_words(desk, wrong):
    with pytest.raises(WrongCondition):
        listed(desk.clerk, **wrong).rows()
    assert signed_in(desk.clerk).get(reverse("grievances:ledger"), wrong).status_code == 400


def test_pages_follow_each_other_without_gap_or_overlap(filled):
    asked, seen, cursor = listed(filled.clerk), [], None
    from members.lists.paging import Cursor

    while True:
        page = asked.page(cursor, 3)
        seen += page.keys
        if not page.next:
            break
        cursor = Cursor.read(page.next)
    assert len(seen) == len(set(seen)) == 8
    assert seen == [one.pk for one in asked.rows().order_by("-lodged_at", "-pk")]


def test_the_page_costs_the_same_for_few_and_many(filled):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client, costs = signed_in(filled.clerk), []
    client.get(reverse("grievances:ledger"))  # the first request of a session writes when it began
    for query in ({"category": "parking_space"}, {}):
        with CaptureQueriesContext(connection) as queries:
            assert client.get(reverse("grievances:ledger"), query).status_code == 200
        costs.append(len(queries) - ("category" in query) * 2)  # the condition is looked up and named
    assert costs[0] == costs[1] <= 12, costs


# --- its file ---------------------------------------------------------------------------------------------------------
def exported(user, format="xlsx", columns=("title", "complainant", "phone"), **values):
    job = exports.request_export(
        listed(user, **values), columns, format=format, reason="季度汇总", unmask=False, actor=user
    )
    assert exports.write_next(job.pk)
    job.refresh_from_db()
    assert job.status == "ready", job.failure
    return job


def cells(job):
    return CalamineWorkbook.from_path(exports.folder() / job.file_name).get_sheet_by_index(0).to_python()


@pytest.mark.parametrize("condition", [{}, {"status": "closed"}, {"figure": "solved"}, {"status": "lodged"}])
def test_the_file_has_exactly_the_rows_of_the_ledger(filled, condition):
    job = exported(filled.clerk, **condition)
    rows = set(listed(filled.clerk, **condition).rows().values_list("number", flat=True))
    assert {row[0] for row in cells(job)[1:]} == rows
    assert job.written == job.total == len(rows)


def test_complainants_are_masked_and_confidential_ones_left_out(filled):
    collector = Grievance.objects.get(title="第 0 件").collector
    Grievance.objects.filter(title="第 0 件").update(confidential_to=collector)
    found = {row[1]: row[2:4] for row in cells(exported(filled.clerk))[1:]}
    assert found["第 0 件"] == ["保密", "保密"]
    assert found["第 1 件"] == ["测**", "190****7720"]
    assert ["匿名", "匿名"] in [row[2:4] for row in cells(exported(filled.clerk))[1:]]
    with pytest.raises(PermissionDenied):
        exports.request_export(
            listed(filled.clerk), (), format="csv", reason="要完整的", unmask=True, actor=filled.clerk
        )


def test_no_cell_is_a_formula(filled):
    Grievance.objects.filter(title="第 0 件").update(title='=HYPERLINK("http://x")')
    titles = [row[1] for row in cells(exported(filled.clerk))[1:]]
    assert not [title for title in titles if title.startswith("=")]
    assert any(title.endswith('=HYPERLINK("http://x")') for title in titles)


def test_an_export_is_of_who_may_and_is_written_down(filled):
    for nobody in (filled.officer, filled.secretary):
        with pytest.raises(PermissionDenied):
            exports.request_export(listed(nobody), (), format="csv", reason="季度汇总", unmask=False, actor=nobody)
    job = exported(filled.clerk, format="csv", status="closed")
    entry = Entry.objects.get(action="grievance.export", object_id=str(job.pk))
    assert (entry.details["rows"], entry.details["conditions"], entry.reason) == (3, {"status": "closed"}, "季度汇总")
    exports.fetch(job, actor=filled.clerk)
    assert Entry.objects.filter(action="grievance.export_download").count() == 1
    Appointment.objects.filter(user=filled.clerk).update(until_at=timezone.now())
    with pytest.raises(PermissionDenied):
        exports.fetch(job, actor=filled.clerk)


def test_the_limit_of_rows_is_that_of_the_role(filled, monkeypatch):
    from grievances.lists import ledger_export

    monkeypatch.setattr(ledger_export, "ROW_LIMITS", {"clerk": (2, 0)})
    with pytest.raises(ValidationError, match="最多 2 件"):
        exports.request_export(
            listed(filled.clerk), (), format="csv", reason="季度汇总", unmask=False, actor=filled.clerk
        )


def test_the_page_asks_for_the_file_of_the_list_one_came_from(filled):
    client = signed_in(filled.clerk)
    url = reverse("grievances:ledger_export")
    assert "3 件" in client.get(url, {"status": "closed"}).content.decode()
    sent = {"status": "closed", "columns": ["title"], "format": "csv", "reason": "季度汇总"}
    assert client.post(url, sent | {"reason": ""}).status_code == 422
    response = client.post(url, sent)
    job = ExportJob.objects.get()
    assert response.url == reverse("members:export_detail", args=[job.pk])
    assert (job.list_name, job.total) == ("ledger", 3)
    page = client.get(response.url).content.decode()
    assert "诉求台账，3 件" in page


# --- figures ----------------------------------------------------------------------------------------------------------
def of_page(client, **query):
    response = client.get(reverse("grievances:figures"), query)
    assert response.status_code == 200
    return response


@pytest.mark.parametrize("who", ["clerk", "city_clerk", "province_clerk"])
@pytest.mark.parametrize("period", [{"period": "all"}, {"period": "2026-11"}, {"period": "2026", "by": "closed"}])
@pytest.mark.parametrize("ahead", [True, False])
def test_every_figure_links_to_exactly_the_rows_it_counts(filled, who, period, ahead):
    if ahead:
        refresh_figures(timezone.now())
    client = signed_in(getattr(filled, who))
    links = LINK.findall(of_page(client, **period).content.decode())
    assert len(links) > 15
    for url, number in links:
        response = client.get(html.unescape(url))
        assert response.context["count"].number == int(number.replace(",", "")), url


def test_the_months_counted_ahead_say_what_the_cases_say(filled):
    now = timezone.now()
    refresh_figures(now)
    every = Grievance.objects.all()
    for by in ("lodged", "closed"):
        ahead = statistics.counted_ahead(None, by, "all", statistics.EVER)
        live = statistics.counted_now(statistics.Period(by).of(every), now)
        assert statistics.total(ahead.by_unit).cases == statistics.total(live.by_unit).cases
        assert statistics.total(ahead.by_unit).person_times == statistics.total(live.by_unit).person_times
        assert statistics.total(ahead.by_unit).recovered == statistics.total(live.by_unit).recovered
        assert (ahead.channels, ahead.heat, ahead.as_of) == (live.channels, live.heat, now)


def test_counting_again_replaces_what_was_counted(filled):
    refresh_figures(timezone.now())
    before = MonthlyFigures.objects.count()
    Grievance.objects.counted().exclude(status=Status.CLOSED).update(
        category=Category.objects.get(code="portal_feedback")
    )
    refresh_figures(timezone.now())
    assert MonthlyFigures.objects.count() == before
    assert statistics.total(statistics.counted_ahead(None, "lodged", "all", statistics.EVER).by_unit)["accepted"] == 3


def test_months_are_those_of_china(filled):
    late = Grievance.objects.counted().first()
    Grievance.objects.filter(pk=late.pk).update(lodged_at=at("12-01 00:30"))  # still November in UTC
    refresh_figures(timezone.now())
    found = statistics.counted_ahead(None, "lodged", "month", date(2026, 12, 1))
    assert statistics.total(found.by_unit)["accepted"] == 1


def test_a_platform_sees_sums_without_links_and_no_cell_under_five(filled):
    partner = AppointmentFactory(
        user=UserFactory(username="platform"), organization=filled.tree.company, role="partner"
    )
    Grievance.objects.counted().update(origin=filled.tree.company)
    page = of_page(signed_in(partner.user), period="all").content.decode()
    assert not LINK.findall(page)
    assert "不到 5" in page
    assert "各单位" not in page


def test_a_branch_counts_what_it_collected(filled):
    secretary = filled.secretary
    post = Appointment.objects.get(user=secretary)
    from branches.choices import Duty
    from branches.workflow import office_of

    Grievance.objects.filter(title="第 0 件").update(collector=office_of(post.organization, Duty.COLLECT))
    refresh_figures(timezone.now())
    client = signed_in(secretary)
    links = LINK.findall(of_page(client, period="all").content.decode())
    assert links
    for url, number in links:
        assert client.get(html.unescape(url)).context["count"].number == int(number) == 1


def test_the_figures_page_costs_the_same_for_every_unit(filled):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    refresh_figures(timezone.now())
    costs = []
    for who in (filled.city_clerk, filled.province_clerk):
        client = signed_in(who)
        of_page(client)  # the first request of a session writes when it began
        with CaptureQueriesContext(connection) as queries:
            of_page(client, period="all")
        costs.append(len(queries))
    assert max(costs) <= 12, costs


@pytest.mark.parametrize("wrong", [{"period": "x"}, {"period": "2026-13"}, {"period": "2026-11", "by": "x"}])
def test_a_period_that_is_none_is_refused(desk, wrong):
    assert signed_in(desk.clerk).get(reverse("grievances:figures"), wrong).status_code == 400


# --- samples ----------------------------------------------------------------------------------------------------------
def test_the_same_seed_draws_the_same_cases_and_another_draws_others(filled):
    named = Grievance.objects.filter(status=Status.CLOSED)
    rows = Grievance.objects.visible_to(filled.clerk)
    drawings = {
        seed: samples.draw(actor=filled.clerk, month=date(2026, 11, 1), number=2, seed=seed, at=at("11-30 09:00"))
        for seed in "abcdefgh"
    }
    drawn = {seed: samples.cases_of(rows, drawing) for seed, drawing in drawings.items()}
    assert all(len(keys) == 2 for keys in drawn.values())
    assert drawn["a"] == samples.cases_of(rows, drawings["a"])
    assert len({tuple(keys) for keys in drawn.values()}) > 1
    assert {pk for keys in drawn.values() for pk in keys} <= set(named.values_list("pk", flat=True))
    entry = Entry.objects.filter(action="grievance.sample").first()
    assert (entry.details["number"], entry.details["of"], entry.details["month"]) == (2, 3, "2026-11")


def test_the_order_of_a_seed_is_the_same_on_every_machine():
    numbers = [f"SQ51040220261120-{number:04}" for number in range(5)]
    order = sorted(numbers, key=lambda number: samples.rank("国庆", number))
    assert [number[-1] for number in order] == ["2", "1", "4", "3", "0"]


def test_a_sample_is_drawn_by_post_and_seen_by_its_signed_address(filled):
    client, url = signed_in(filled.clerk), reverse("grievances:sample")
    assert client.post(url, {"month": "2026-11", "number": "0", "seed": ""}).status_code == 422
    assert client.post(url, {"month": "2026-01", "number": "5", "seed": "x"}).status_code == 422
    response = client.post(url, {"month": "2026-11", "number": "5", "seed": "x"})
    assert response.status_code == 302
    page = client.get(response.url).content.decode()
    assert "抽了 3 件" in page
    assert "19000007720" not in page
    assert "190****7720" in page
    assert client.get(url, {"drawn": "forged"}).status_code == 400
    other = holder("other-clerk", "别处专干", filled.tree.neighbour_county, "clerk")
    assert "抽了 0 件" in signed_in(other).get(response.url).content.decode()


def test_every_condition_has_a_label_and_a_test_of_its_choices():
    for condition in CONDITIONS.values():
        assert condition.label
        assert condition.kind in ("choice", "date", "hidden")


def test_the_rarer_conditions_are_folded_until_one_is_in_force(filled, sign_in):
    client = sign_in(filled.clerk)

    def folded(query):
        text = client.get(f"/grievances/ledger/{query}").content.decode()
        assert 'name="satisfaction"' in text
        return '<details class="more more-filters">' in text

    assert folded("")
    assert folded("?status=closed")
    assert not folded("?satisfaction=satisfied")


def test_a_sample_is_offered_of_last_month(filled, sign_in):
    form = sign_in(filled.clerk).get("/grievances/sample/").context["form"]
    today = timezone.localdate()
    assert form["month"].value() == f"{today.year - (today.month == 1)}-{(today.month - 2) % 12 + 1:02}"
