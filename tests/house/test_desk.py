"""Each figure of the committee desk is the number of rows behind its link, for clerks of every level and a leader."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from activities.models import ComplianceStatus
from activities.workflow import recompute
from branches.models import Organization, Term
from dashboard import desk
from dashboard.desk import Line, Panel
from grievances.models import Grievance
from members.models import PartyMember
from tests.house.doors import client_of

DESKS = ("province_clerk", "city_clerk", "county_clerk", "neighbour_clerk", "leader")


@pytest.fixture
def busy(house):
    """Let something be late, due today, missing and too small, near and far."""
    at = timezone.now()
    for key, due in (
        ("county in_hand", at - timedelta(hours=1)),
        ("company in_hand", at - timedelta(hours=2)),
        ("far in_hand", at - timedelta(hours=3)),
        ("below in_hand", at + timedelta(minutes=1)),
    ):
        Grievance.objects.filter(pk=house.cases[key].pk).update(next_due_at=due)
    Term.objects.filter(pk=house.terms["branch"].pk).update(planned_end_date=timezone.localdate() - timedelta(days=3))
    Term.objects.filter(pk=house.terms["far"].pk).update(planned_end_date=timezone.localdate() + timedelta(days=90))
    recompute(timezone.localdate().year)
    assert ComplianceStatus.objects.exists()
    return house


def page(client, url: str):
    found = client.get(url)
    assert found.status_code == 200, url
    return found.context


def cases(client, url: str) -> int:
    return sum(len(section["lines"]) for section in page(client, url)["sections"])


def paged(client, url: str) -> int:
    return page(client, url)["page"].paginator.count


def counted(client, url: str) -> int:
    return page(client, url)["count"].number


def listed(client, url: str) -> int:
    """Return how many rows a list says it has, whichever way it is paged."""
    return counted(client, url) if "count" in page(client, url) else paged(client, url)


@pytest.mark.parametrize("who", DESKS)
def test_every_figure_is_the_number_of_rows_behind_it(busy, who):
    client = client_of(busy, who)
    shown, compared = page(client, "/"), 0
    work, members, drivers = (
        reverse(name) for name in ("grievances:list", "members:member_list", "members:driver_list")
    )
    firms, terms = reverse("members:enterprise_list"), reverse("branches:term_list")
    figures = [
        (shown["cases_own"], cases, f"{work}?tab=unit&when=late"),
        (shown["cases_today"], cases, f"{work}?tab=unit&when=today"),
        (shown["members"].placed, counted, f"{members}?placement=placed"),
        (shown["members"].unplaced, counted, f"{members}?placement=unplaced"),
        (shown["drivers"]["registered"], counted, drivers),
        (shown["drivers"]["declared_unplaced"], counted, f"{drivers}?unplaced=1"),
        (shown["drivers"]["verified"], counted, f"{drivers}?verified_since=fresh"),
        (shown["drivers"]["stale"], counted, f"{drivers}?verified_before=stale"),
        (shown["coverage"]["covered"], counted, f"{firms}?coverage=covered"),
        (shown["coverage"]["uncovered"], counted, f"{firms}?coverage=none"),
        (shown["terms_due"], paged, f"{terms}?due=6"),
        (shown["terms_overdue"], paged, f"{terms}?due=0"),
        (shown["vacancy_count"], paged, f"{reverse('branches:vacancy_list')}?role=secretary"),
    ]
    for one, url, late_url, today_url in shown["cases"]:
        figures += [(one.open, cases, url), (one.late, cases, late_url), (one.today, cases, today_url)]
    for panel in shown["panels"]:
        figures += [(line.number, listed, line.url) for line in panel.lines]
    for number, count, url in figures:
        assert count(client, url) == number, url
        compared += bool(number)
    assert compared > 8, "nothing to count proves nothing"
    late = shown["cases_own"] + shown["cases_below"]
    assert late == sum(one.late for one, *_ in shown["cases"]) or shown["cases_hidden"]
    if shown["has_transfers"]:
        assert shown["transfers"] == len(page(client, reverse("members:registration_list"))["waiting"])


def test_the_same_for_different_readers_differs(busy):
    own = [page(client_of(busy, who), "/")["cases_own"] for who in DESKS]
    assert len(set(own)) > 1
    few = [page(client_of(busy, who), "/")["members"].confirmed for who in DESKS]
    assert len(set(few)) > 2


def test_a_panel_is_added_by_naming_it(busy, monkeypatch):
    def made(reach, at):
        return Panel("新的一栏", "人", (Line("测试一行", 7, "/members/"),), "测试说明")

    monkeypatch.setattr(desk, "PANELS", (*desk.PANELS, made, lambda reach, at: None))
    text = client_of(busy, "county_clerk").get("/").content.decode()
    assert "新的一栏" in text
    assert "测试说明" in text


def test_branches_are_few_or_many_by_the_members_the_coverage_counts(busy):
    from members.statistics import branch_sizes, member_coverage

    sizes = branch_sizes(Organization.objects.all())
    counted_by_branch = member_coverage(PartyMember.objects.all()).by_branch
    assert {one.organization.pk: one.members for one in sizes if one.members} == counted_by_branch
    assert any(one.full and one.size == "few" for one in sizes)
