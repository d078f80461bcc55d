"""The desk of a branch says what is left this month and opens the page to record it."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from activities import workflow
from activities.models import ComplianceStatus
from activities.workflow.roll import candidates
from tests.activities.conftest import all_present, members_of, post

pytestmark = pytest.mark.django_db


def recorded(branch, actor, kind="theme_day"):
    at = timezone.now()
    statuses = all_present(candidates([branch], kind, at))
    return workflow.record(branch, kind, {"starts_at": at}, statuses, actor=actor, at=at)


def test_what_is_left_is_counted_and_falls_when_it_is_recorded(sign_in, tree, secretary):
    members_of(tree.branch, 3)
    today = timezone.localdate()
    workflow.recompute(today.year)
    client = sign_in(secretary)
    page = client.get("/")
    owed = ComplianceStatus.objects.filter(organization=tree.branch).on(today)
    assert page.context["left"] == owed.count() > 3
    assert f"/activities/record/?unit={tree.branch.pk}&amp;kind=theme_day" in page.content.decode()
    recorded(tree.branch, secretary)
    assert client.get("/").context["left"] == owed.count() - 1


def test_what_was_planned_and_not_recorded_stands_first(sign_in, tree, secretary):
    members_of(tree.branch, 3)
    at = timezone.now()
    plan = workflow.plan(tree.branch, "study", {"starts_at": at + timedelta(days=1)}, actor=secretary, at=at)
    page = sign_in(secretary).get("/")
    assert (page.context["unrecorded"], [one.pk for one in page.context["ahead"]]) == (0, [plan.pk])
    type(plan).objects.filter(pk=plan.pk).update(starts_at=at - timedelta(hours=1))
    page = sign_in(secretary).get("/")
    assert page.context["unrecorded"] == 1
    assert f"/activities/{plan.pk}/hold/" in page.content.decode()


def test_the_desk_costs_the_same_for_one_branch_and_for_two(sign_in, tree, secretary):
    workflow.recompute(timezone.localdate().year)
    client = sign_in(secretary)
    client.get("/")

    def cost():
        with CaptureQueriesContext(connection) as queries:
            page = client.get("/")
        return len(queries), len(page.context["desks"])

    one, desks = cost()
    assert desks == 1
    post(tree.second_branch, "secretary", "", user=secretary)
    two, desks = cost()
    assert (two, desks) == (one, 2)
    assert one <= 13


def test_other_desks_stay_as_they_are(sign_in, county_clerk, instructor, handler):
    assert "desks" not in sign_in(county_clerk).get("/").context
    assert "desks" not in sign_in(handler).get("/").context
    assert "desks" not in sign_in(instructor).get("/").context
