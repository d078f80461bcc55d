"""Leads from rosters, the funnel, reminders, what the database refuses, and what ends with a unit."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from branches.endings import registered
from branches.workflow import dissolve_organization
from dashboard.integrity import verify
from foundation.notifications.models import Notification
from members.choices import RecruitStatus
from members.models import Check, Declaration, PartyMember, RecruitCampaign, Verification
from members.statistics import funnel
from members.workflow import declarations
from members.workflow import verification as verbs
from members.workflow.leads import Told, collect_declared, declared_without_case, open_lead
from members.workflow.verification_reminders import remind_of_due
from tests.factories.members import DriverFactory, PartyMemberFactory, phone
from tests.members.verifications import (
    MEMBERSHIP,
    SECRET_NAME,
    check,
    county_case,
    door,
)


@pytest.fixture
def driver(tree):
    return DriverFactory(committee=tree.county)


@pytest.fixture
def case(driver, county_clerk):
    return county_case(driver, county_clerk)


# --- leads from rosters, figures, reminders --------------------------------------------------------------------------
@pytest.mark.django_db
def test_declared_members_of_rosters_become_leads_once(tree, county_clerk, neighbour_clerk, sign_in, case):
    declared = [DriverFactory(committee=tree.county, declared_political_status="member") for _ in range(3)]
    DriverFactory(committee=tree.county, declared_political_status="league")
    PartyMemberFactory(
        person=DriverFactory(committee=tree.county, declared_political_status="member").person,
        formal_organization=tree.branch,
    )
    DriverFactory(committee=tree.neighbour_county, declared_political_status="member")
    client, url = sign_in(county_clerk), reverse("members:verification_collect")
    assert "3 名司机" in client.get(url).content.decode()
    assert client.post(url, {"go": "1"}).status_code == 302
    made = Verification.objects.filter(origin="import")
    assert set(made.values_list("person", flat=True)) == {one.pk for one in declared}
    assert set(made.values_list("organization", flat=True)) == {tree.county.pk}
    assert not PartyMember.objects.filter(
        person__in=[one.pk for one in declared]
    ).exists()  # a roster makes nobody a member
    assert collect_declared(actor=county_clerk) == 0
    # Who was refuted is not brought up again as long as that is kept.
    verbs.refute(made.first(), reason="查无此人", actor=county_clerk)
    assert declared_without_case(county_clerk).count() == 0
    assert declared_without_case(neighbour_clerk).count() == 1


@pytest.mark.django_db
def test_collecting_costs_the_same_for_many(tree, county_clerk):
    costs = []
    for number in (2, 9):
        for _ in range(number):
            DriverFactory(committee=tree.county, declared_political_status="member")
        with CaptureQueriesContext(connection) as queries:
            assert collect_declared(actor=county_clerk) == number
        costs.append(len(queries))
    assert costs[0] == costs[1]


@pytest.mark.django_db
def test_the_funnel_counts_what_its_links_show(tree, case, county_clerk, sign_in):
    client = sign_in(county_clerk)
    check(client, case, "member_register", to="register", evidence="3 号")
    home = MEMBERSHIP | {"external_organization": "", "formal_organization": tree.branch.code}
    assert client.post(door("confirm", case), home).status_code == 302
    others = [
        open_lead(Told(name=f"测试{n}"), tree.county, origin="firm", actor=county_clerk) for n in ("甲", "乙", "丙")
    ]
    verbs.close(others[0], reason="重复的线索", actor=county_clerk)
    verbs.refute(others[1], reason="查无此人", actor=county_clerk)
    (row,) = funnel(county_clerk)
    assert (row.found, row.checked, row.confirmed, row.placed, row.refuted) == (3, 1, 1, 1, 1)
    for stage in ("found", "checked", "confirmed", "placed"):
        page = client.get(reverse("members:verification_list"), {"committee": tree.county.pk, "stage": stage})
        assert page.context["count"].number == getattr(row, stage), stage
    page = client.get(reverse("members:verification_list"), {"committee": tree.county.pk, "status": "refuted"})
    assert page.context["count"].number == row.refuted
    assert client.get(reverse("members:verification_funnel")).context["total"]["found"] == 3


@pytest.mark.django_db
def test_who_has_a_case_is_reminded_once_before_its_last_day_and_once_after(tree, case, county_clerk, secretary):
    at = timezone.now()
    verbs.assign(case, tree.branch, due_date=timezone.localdate(at) + timedelta(days=2), actor=county_clerk)
    for _ in range(2):
        remind_of_due(at)
    assert Notification.objects.filter(event="verification.due").count() == 2  # clerk and secretary, once each
    for _ in range(2):
        remind_of_due(at + timedelta(days=4))
    overdue = Notification.objects.filter(event="verification.overdue")
    assert set(overdue.values_list("user", flat=True)) == {county_clerk.pk, secretary.pk}
    assert not [one for one in Notification.objects.all() if case.person.name in one.title + one.body]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "columns",
    [
        {"status": "checking"},
        {"status": "awaiting", "started_at": timezone.now()},
        {"status": "doubtful", "started_at": timezone.now()},
        {"status": "confirmed", "decided_at": timezone.now(), "decision_reason": "确认"},
        {"status": "refuted"},
        {"status": "closed", "decided_at": timezone.now()},
        {"candidate_name": ""},
        {"phone": phone(1)},
    ],
)
def test_no_state_without_its_evidence(tree, county_clerk, columns):
    case = open_lead(Told(name=SECRET_NAME), tree.county, origin="firm", actor=county_clerk)
    with pytest.raises(IntegrityError), transaction.atomic():
        Verification.objects.filter(pk=case.pk).update(**columns)


@pytest.mark.django_db
def test_a_second_open_case_for_one_person_is_refused(tree, case, county_clerk):
    with pytest.raises(ValidationError, match="没办完的核查"):
        open_lead(Told(person=case.person), tree.county, origin="firm", actor=county_clerk)


@pytest.mark.django_db
def test_the_history_of_a_driver_says_nothing_of_his_membership(case, driver, county_clerk, partner, sign_in):
    client = sign_in(county_clerk)
    check(client, case, "member_register", to="register", evidence="3 号")
    client.post(door("confirm", case), MEMBERSHIP)
    page = client.get(reverse("members:driver_detail", args=[driver.pk]))
    texts = " ".join(line["text"] for line in page.context["history"])
    assert "member" not in texts
    assert "verification" not in texts


@pytest.mark.django_db
def test_what_waits_at_a_dissolved_unit_goes_on_at_its_successor(tree, case, county_clerk):
    verbs.assign(case, tree.branch, due_date=timezone.localdate() + timedelta(days=9), actor=county_clerk)
    paper = {"document": "1 号", "dissolved_date": timezone.localdate(), "reason": "合并"}
    dissolve_organization(tree.branch, actor=None, successor=tree.second_branch, **paper)
    case.refresh_from_db()
    assert (case.organization, case.unit) == (tree.county, None)
    today = timezone.localdate()
    values = {"title": "征集", "text": "请来", "from_date": today, "until_date": today + timedelta(days=9)}
    call = declarations.begin_campaign(tree.county, values, actor=county_clerk)
    told = declarations.Declared(name=SECRET_NAME, phone=phone(7))
    declarations.declare(told, token=declarations.new_token(), consents=True, campaign=call)

    for ending in registered():
        if ending.model.startswith(("members.Verification", "members.RecruitCampaign", "members.Declaration")):
            with transaction.atomic():
                ending.end(tree.county, at=timezone.now(), actor=None, successor=tree.second_county)
    case.refresh_from_db()
    assert case.organization == tree.second_county
    assert Declaration.objects.get().organization == tree.second_county
    assert RecruitCampaign.objects.get().status == RecruitStatus.ENDED


@pytest.mark.django_db
def test_integrity_finds_sums_states_and_confirmations_that_do_not_fit(tree, case, county_clerk):
    def found():
        return next(one.sentences for one in verify(timezone.now()) if one.check == "verifications")

    assert found() == ()
    Verification.objects.filter(pk=case.pk).update(check_agrees_date="2020-01-01")
    assert found() == (f"核查 {case.pk}：查核的合计与记录不符",)
    Verification.objects.filter(pk=case.pk).update(check_agrees_date=case.checks.get().on_date)
    Check.objects.create(
        verification=case, kind="member_register", result="agrees", on_date="2026-01-01", at=timezone.now()
    )
    now = {"status": "confirmed", "decided_at": timezone.now(), "decision_reason": "确认"}
    Verification.objects.filter(pk=case.pk).update(organisation_agrees_date="2026-01-01", **now)
    assert found() == (f"核查 {case.pk}：确认了，没有党员登记",)
