"""Limits and categories as data: a change is a new row with a later date; clocks that run keep theirs. Campaigns."""

from datetime import date, time

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.urls import reverse

from foundation.audit import trail
from foundation.audit.models import Entry
from grievances import workflow
from grievances.models import Category, Clock, SlaPolicy
from grievances.rules.clocks import CHINA
from tests.grievances.conftest import at

pytestmark = pytest.mark.django_db


def limit(**told) -> dict:
    values = {
        "clock": "answer",
        "amount": 3,
        "unit": "working_days",
        "closes_at": time(18, 0),
        "from_date": date(2026, 11, 25),
        "rule": "三个工作日内答复",
        "source": "测试文件",
    }
    return values | told


def test_a_new_limit_ends_the_one_it_replaces_and_moves_no_running_clock(desk, system_admin):
    old = desk.assigned("11-24 17:05")
    before = Clock.objects.get(grievance=old, kind="answer").due_at
    shipped = SlaPolicy.objects.get(clock="answer", urgency="")
    workflow.add_policy(limit(), actor=system_admin, at=at("11-24 18:00"))
    shipped.refresh_from_db()
    assert shipped.until_date == date(2026, 11, 25)
    assert Clock.objects.get(grievance=old, kind="answer").due_at == before
    new = desk.assigned("11-25 09:00", title="新的一件")
    assert Clock.objects.get(grievance=new, kind="answer").due_at.astimezone(CHINA) == at("11-30 18:00")


def test_a_limit_begins_today_or_later_and_after_the_one_before(system_admin, divisions):
    with pytest.raises(ValidationError) as refused:
        workflow.add_policy(limit(from_date=date(2026, 11, 20)), actor=system_admin, at=at("11-24 18:00"))
    assert "from_date" in refused.value.error_dict
    workflow.add_policy(limit(), actor=system_admin, at=at("11-24 18:00"))
    with pytest.raises(ValidationError):
        workflow.add_policy(limit(amount=2), actor=system_admin, at=at("11-24 18:00"))


def test_a_limit_is_ended_once_and_only_by_a_system_administrator(system_admin, county_clerk):
    policy = SlaPolicy.objects.get(clock="call_back")
    with pytest.raises(PermissionDenied):
        workflow.end_policy(policy, until_date=date(2026, 12, 1), actor=county_clerk, at=at("11-24 18:00"))
    with pytest.raises(ValidationError):
        workflow.end_policy(policy, until_date=date(2026, 11, 1), actor=system_admin, at=at("11-24 18:00"))
    workflow.end_policy(policy, until_date=date(2026, 12, 1), actor=system_admin, at=at("11-24 18:00"))
    with pytest.raises(trail.Conflict):
        workflow.end_policy(policy, until_date=date(2026, 12, 2), actor=system_admin, at=at("11-24 18:00"))
    assert Entry.objects.with_action("sla_policy.end").count() == 1


def test_categories_have_two_steps_and_are_switched_off(desk, system_admin, sign_in):
    kind = Category.objects.get(code="parking_space")
    made = Category(code="deep", name="第三级", parent=kind)
    with pytest.raises(ValidationError):
        workflow.save_category(made, fields=["code"], actor=system_admin, at=at("11-24 18:00"))
    main = Category.objects.get(code="parking")
    main.parent = Category.objects.get(code="other")
    with pytest.raises(ValidationError):
        workflow.save_category(main, fields=["parent"], actor=system_admin, at=at("11-24 18:00"))
    url = reverse("grievances:category_change", args=[kind.pk])
    values = {"name": "停车难", "parent": str(kind.parent_id), "measure": kind.measure, "position": "3"}
    assert sign_in(system_admin).post(url, values).status_code == 302
    kind.refresh_from_db()
    assert not kind.is_active
    assert kind not in Category.objects.offered()


def test_a_campaign_is_begun_filled_and_ended_by_who_leads_it(desk, neighbour_clerk, city_clerk):
    values = {"name": "整治套路购车", "from_date": date(2026, 11, 1)}
    for somebody in (neighbour_clerk, city_clerk, desk.officer):
        with pytest.raises(PermissionDenied):
            workflow.begin_campaign(desk.tree.county, values, actor=somebody, at=at("11-20 09:00"))
    campaign = workflow.begin_campaign(desk.tree.county, values, actor=desk.clerk, at=at("11-20 09:00"))
    case = desk.lodged()
    workflow.add_case(campaign, case, actor=desk.clerk, at=at("11-21 09:00"))
    with pytest.raises(ValidationError):
        workflow.add_case(campaign, case, actor=desk.clerk, at=at("11-21 10:00"))
    with pytest.raises(ValidationError):
        workflow.end_campaign(
            campaign, results=" ", until_date=date(2026, 12, 1), actor=desk.clerk, at=at("11-22 09:00")
        )
    workflow.end_campaign(
        campaign, results="退回 3 万元。", until_date=date(2026, 12, 1), actor=desk.clerk, at=at("11-22 09:00")
    )
    with pytest.raises(trail.NotAllowed):
        workflow.add_case(campaign, desk.lodged(title="另一件"), actor=desk.clerk, at=at("11-23 09:00"))
    assert [one.action for one in Entry.objects.for_object(campaign)] == [
        "campaign.end",
        "campaign.add_case",
        "campaign.begin",
    ]


def test_a_campaign_shows_each_reader_the_cases_he_sees(desk, sign_in, neighbour_clerk):
    values = {"name": "整治套路购车", "from_date": date(2026, 11, 1)}
    campaign = workflow.begin_campaign(desk.tree.county, values, actor=desk.clerk, at=at("11-20 09:00"))
    held, lodged = desk.in_hand(title="在办的"), desk.lodged(title="新来的")
    for case in (held, lodged):
        workflow.add_case(campaign, case, actor=desk.clerk, at=at("11-24 09:00"))
    url = reverse("grievances:campaign_detail", args=[campaign.pk])
    page = sign_in(desk.clerk).get(url)
    assert (page.context["total"], page.context["open"]) == (2, 2)
    assert sign_in(neighbour_clerk).get(url).status_code == 404
