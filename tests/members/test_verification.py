"""Verification through the web doors and as verbs: Show 4, who records what, who it is."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.core.management import call_command
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from foundation.audit.models import Entry
from foundation.notifications.models import Notification
from members.choices import VerificationStatus
from members.models import Check, PartyMember, Verification
from members.rules.verification import OPENING_SENTENCE
from members.workflow import verification as verbs
from members.workflow.leads import Told, open_lead
from members.workflow.people import merge_people
from tests.factories.members import DriverFactory, PartyMemberFactory, id_number
from tests.members.verifications import (
    MEMBERSHIP,
    SECRET_NAME,
    SECRET_PHONE,
    check,
    county_case,
    door,
    status_of,
)


@pytest.fixture
def driver(tree):
    return DriverFactory(committee=tree.county)


@pytest.fixture
def case(driver, county_clerk):
    return county_case(driver, county_clerk)


# --- Show 4, through the web doors -----------------------------------------------------------------------------------
@pytest.mark.django_db
def test_a_case_with_only_a_phone_call_stays_waiting_for_the_organisation(case, county_clerk, sign_in):
    client = sign_in(county_clerk)
    assert check(client, case, "phone", note="本人说是党员").status_code == 302
    assert status_of(case) == VerificationStatus.AWAITING
    page = client.get(door("detail", case)).content.decode()
    assert "待组织核实" in page
    assert "电话、家访不能代替" in page
    assert door("confirm", case) not in page
    answer = client.post(door("confirm", case), MEMBERSHIP)
    assert answer.status_code == 409
    assert "还没有组织核实" in answer.content.decode()
    assert check(client, case, "home_visit").status_code == 302
    assert client.post(door("confirm", case), MEMBERSHIP).status_code == 409
    assert not PartyMember.objects.exists()
    assert status_of(case) == VerificationStatus.AWAITING


@pytest.mark.django_db
def test_with_a_contradiction_nobody_is_confirmed_until_the_same_one_agrees(case, county_clerk, sign_in):
    client = sign_in(county_clerk)
    paper = {"to": "register", "evidence": "函复 7 号"}
    assert check(client, case, "member_register", **paper).status_code == 302
    assert check(client, case, "home_organisation", "contradicts", note="查无此人", **paper).status_code == 302
    assert status_of(case) == VerificationStatus.DOUBTFUL
    answer = client.post(door("confirm", case), MEMBERSHIP)
    assert answer.status_code == 409
    assert "组织关系所在地党组织不符，还没有解决" in answer.content.decode()
    assert not PartyMember.objects.exists()
    # Nobody answered the second time: the contradiction stands.
    assert check(client, case, "home_organisation", "unreachable", **paper).status_code == 302
    assert client.post(door("confirm", case), MEMBERSHIP).status_code == 409
    assert check(client, case, "home_organisation", **paper).status_code == 302
    assert client.post(door("confirm", case), MEMBERSHIP).status_code == 302
    member = PartyMember.objects.get()
    assert (member.person_id, member.basis, member.basis_reference) == (
        case.person_id,
        "verification",
        f"verification:{case.pk}",
    )
    assert status_of(case) == VerificationStatus.CONFIRMED
    page = client.get(door("detail", case)).content.decode()
    assert "以前记过 2 次" in page  # nothing was overwritten


@pytest.mark.django_db
def test_a_refuted_lead_is_gone_after_retention_and_its_trace_names_nobody(tree, county_clerk, sign_in, settings):
    client = sign_in(county_clerk)
    values = {
        "organization": tree.county.pk,
        "origin": "firm",
        "name": SECRET_NAME,
        "phone": SECRET_PHONE,
        "home": "老家独孤村支部",
        "note": "名单",
    }
    assert client.post(reverse("members:verification_create"), values).status_code == 302
    case = Verification.objects.get()
    assert case.candidate_name == SECRET_NAME
    with connection.cursor() as cursor:
        cursor.execute("SELECT candidate_name, phone, home_told FROM members_verification")
        assert SECRET_NAME not in repr(cursor.fetchone())  # sealed
    check(client, case, "platform_data")
    check(client, case, "phone", "contradicts", note="独孤说填错了")
    assert client.post(door("refute", case), {"reason": "本人说填错了"}).status_code == 302
    case.refresh_from_db()
    assert (case.status, case.home_told, case.checks.exclude(note="").count()) == ("refuted", "", 0)
    call_command("purge_expired")
    assert Verification.objects.exists()
    days = settings.VERIFICATION_RETENTION_DAYS
    Verification.objects.update(decided_at=timezone.now() - timedelta(days=days, minutes=1))
    call_command("purge_expired", dry_run=True)
    assert Verification.objects.exists()
    call_command("purge_expired")
    assert not Verification.objects.exists()
    assert not Check.objects.exists()
    assert client.get(door("detail", case)).status_code == 404
    assert Entry.objects.filter(action="verification.purge", details={"verifications": 1}).count() == 1
    for entry in Entry.objects.filter(action__startswith="verification."):
        row = f"{entry.object_label} {entry.fields} {entry.details} {entry.reason}"
        assert SECRET_NAME not in row
        assert "独孤" not in row
        assert SECRET_PHONE[-4:] not in row
        assert entry.person_id is None


# --- who does what ---------------------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_the_branch_calls_and_visits_what_is_assigned_to_it_and_nothing_else(
    tree, case, county_clerk, secretary, sign_in
):
    client = sign_in(secretary)
    assert client.get(door("detail", case)).status_code == 404
    clerk = sign_in(county_clerk)
    due = (timezone.localdate() + timedelta(days=9)).isoformat()
    assert clerk.post(door("assign", case), {"unit": tree.branch.pk, "due_date": due}).status_code == 302
    told = Notification.objects.get(user=secretary, event="verification.assigned")
    assert case.person.name not in told.title
    assert client.get(reverse("members:verification_list")).context["count"].number == 1
    assert check(client, case, "phone", note="本人说是").status_code == 302
    assert status_of(case) == VerificationStatus.AWAITING
    assert check(client, case, "platform_data").status_code == 422  # not among what he is offered
    assert check(client, case, "member_register", to="register", evidence="1").status_code == 403
    for name in ("assign", "link", "confirm", "refute", "close"):
        assert client.post(door(name, case), {}).status_code == 403
    with pytest.raises(PermissionDenied):
        verbs.record_check(case, "platform_data", result="agrees", on_date=timezone.localdate(), actor=secretary)
    assert clerk.post(door("assign", case), {"unit": "", "due_date": due}).status_code == 302
    assert client.get(door("detail", case)).status_code == 404


@pytest.mark.django_db
def test_the_organisation_department_answers_and_nothing_else(case, organisation_reader, leader, sign_in):
    client = sign_in(organisation_reader)
    assert client.get(door("check", case)).status_code == 403
    assert check(client, case, "member_register", to="register").status_code == 422  # on what paper?
    assert check(client, case, "member_register", to="register", evidence="查询 3 号").status_code == 302
    assert client.post(door("confirm", case), MEMBERSHIP).status_code == 403
    client = sign_in(leader)
    assert client.get(door("detail", case)).status_code == 200
    assert client.get(door("register", case)).status_code == 403


@pytest.mark.django_db
def test_a_secretary_reports_whom_he_knows_and_the_committee_is_told(tree, secretary, county_clerk, sign_in):
    client = sign_in(secretary)
    values = {"organization": tree.branch.pk, "name": SECRET_NAME, "phone": SECRET_PHONE}
    assert client.post(reverse("members:verification_create"), values).status_code == 302
    case = Verification.objects.get()
    assert (case.origin, case.organization, case.unit) == ("branch", tree.county, tree.branch)
    assert Notification.objects.filter(user=county_clerk, event="verification.reported").count() == 1
    foreign = client.post(reverse("members:verification_create"), values | {"organization": tree.second_branch.pk})
    assert foreign.status_code == 422
    # Nothing is found yet: the phone is too early, and he is told what comes first.
    answer = check(client, case, "phone")
    assert answer.status_code == 409
    assert OPENING_SENTENCE in answer.content.decode()
    assert not Check.objects.exists()


@pytest.mark.django_db
def test_the_phone_is_masked_and_looked_at_for_a_minute_with_a_trace(tree, county_clerk, leader, sign_in):
    told = Told(name=SECRET_NAME, phone=SECRET_PHONE)
    case = open_lead(told, tree.county, origin="firm", actor=county_clerk)
    client = sign_in(county_clerk)
    page = client.get(door("detail", case)).content.decode()
    assert "190****7720" in page
    assert SECRET_PHONE not in page
    shown = client.post(door("phone", case))
    assert f"tel:{SECRET_PHONE}" in shown.content.decode()
    assert "no-store" in shown.headers["Cache-Control"]
    assert Entry.objects.filter(action="driver.reveal", object_id=str(case.pk)).count() == 1
    assert sign_in(leader).post(door("phone", case)).status_code == 403


@pytest.mark.django_db
def test_input_that_means_nothing_changes_nothing(case, county_clerk, sign_in):
    client = sign_in(county_clerk)
    tomorrow = (timezone.localdate() + timedelta(days=1)).isoformat()
    for values in (
        {"kind": "phone", "result": "agrees", "on_date": tomorrow},
        {"kind": "phone", "result": "perhaps", "on_date": "2026-01-01"},
        {"kind": "telepathy", "result": "agrees", "on_date": "2026-01-01"},
        {"kind": "phone", "result": "contradicts", "on_date": "2026-01-01"},  # where does it differ?
    ):
        assert client.post(door("check", case), values).status_code == 422
    assert client.post(door("assign", case), {"due_date": "2020-01-01"}).status_code == 422
    assert client.post(door("refute", case), {"reason": "。"}).status_code == 422
    assert client.get(reverse("members:verification_list"), {"status": "perhaps"}).status_code == 400
    assert case.checks.count() == 1
    assert status_of(case) == VerificationStatus.CHECKING


# --- who it is -------------------------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_a_lead_is_matched_by_number_within_scope_or_registered_first(tree, county_clerk, neighbour_clerk, sign_in):
    client = sign_in(county_clerk)
    known = DriverFactory(committee=tree.county, person__id_number=id_number(901))
    foreign = DriverFactory(committee=tree.neighbour_county, person__id_number=id_number(902))
    case = open_lead(Told(name=SECRET_NAME, phone=SECRET_PHONE), tree.county, origin="firm", actor=county_clerk)
    for number in (foreign.person.id_number, id_number(903)):
        answer = client.post(door("link", case), {"id_number": number})
        assert answer.status_code == 422
        assert verbs.NOT_FOUND_SENTENCE in answer.content.decode()
    assert client.post(door("link", case), {"id_number": "12"}).status_code == 422
    assert client.post(door("link", case), {"id_number": known.person.id_number}).status_code == 302
    case.refresh_from_db()
    assert (case.person, case.candidate_name, case.phone) == (known.person, "", "")
    # A second lead is the same man: one case runs for him already.
    second = open_lead(Told(name="测试同一人"), tree.county, origin="firm", actor=county_clerk)
    answer = client.post(door("link", second), {"id_number": known.person.id_number})
    assert answer.status_code == 422
    assert "已经有一件没办完的核查" in answer.content.decode()
    # Nobody has the number: he is registered under the lead's own name.
    answer = client.post(door("link", second), {"id_number": id_number(904), "register": "on"})
    assert answer.status_code == 302
    second.refresh_from_db()
    assert (second.person.name, second.person.driver.registering_committee) == ("测试同一人", tree.county)
    # Known elsewhere: refused in words that say nothing about him.
    third = open_lead(Told(name="测试别处"), tree.county, origin="firm", actor=county_clerk)
    answer = client.post(door("link", third), {"id_number": foreign.person.id_number, "register": "on"})
    assert answer.status_code == 422
    assert foreign.person.name not in answer.content.decode()


@pytest.mark.django_db
def test_a_confirmed_case_of_who_is_a_member_already_joins_his_membership(tree, case, county_clerk, sign_in):
    member = PartyMemberFactory(person=case.person, formal_organization=tree.branch)
    client = sign_in(county_clerk)
    check(client, case, "member_register", to="register", evidence="3 号")
    assert client.post(door("confirm", case), {"go": "1"}).status_code == 302
    member.refresh_from_db()
    assert (PartyMember.objects.count(), member.version) == (1, 1)
    assert status_of(case) == VerificationStatus.CONFIRMED
    # Twice: it is over.
    assert client.post(door("confirm", case), {"go": "1"}).status_code == 409


@pytest.mark.django_db
def test_a_confirmation_with_wrong_dates_leaves_everything_as_it_was(case, county_clerk, sign_in):
    client = sign_in(county_clerk)
    check(client, case, "member_register", to="register", evidence="3 号")
    early = MEMBERSHIP | {"full_date": "2010-09-01"}
    answer = client.post(door("confirm", case), early)
    assert answer.status_code == 422
    assert "预备期一年" in answer.content.decode()
    both = MEMBERSHIP | {"formal_organization": case.organization.code}
    assert client.post(door("confirm", case), both).status_code == 422
    assert not PartyMember.objects.exists()
    assert status_of(case) == VerificationStatus.CHECKING


@pytest.mark.django_db
def test_two_persons_who_are_one_keep_one_open_case(tree, case, driver, county_clerk):
    twin = DriverFactory(committee=tree.county)
    other = open_lead(Told(person=twin.person), tree.county, origin="firm", actor=county_clerk)
    versions = (driver.version, twin.version)
    merge_people(driver, twin, from_loser=frozenset(), versions=versions, actor=county_clerk, reason="同一个人")
    assert status_of(case) == VerificationStatus.CHECKING
    other.refresh_from_db()
    assert (other.status, other.person_id) == (VerificationStatus.CLOSED, driver.pk)
