"""The yearly appraisal: one row per member and year, in one go, seen by the unit alone."""

import json
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from dashboard import integrity_members
from dashboard.branch_file import assemble
from foundation.audit.models import Entry
from foundation.audit.trail import Conflict
from members.models import Affiliation, Appraisal
from members.workflow import appraisals
from tests.factories import AppointmentFactory
from tests.factories.members import PartyMemberFactory

pytestmark = pytest.mark.django_db
AT = datetime(2026, 1, 20, 12, tzinfo=ZoneInfo("Asia/Shanghai"))
HELD = date(2025, 12, 20)


@pytest.fixture
def members(tree):
    return [PartyMemberFactory(formal_organization=tree.branch) for _ in range(3)]


def record(tree, secretary, grades, year=2025, held=HELD, unit=None):
    return appraisals.record_appraisals(unit or tree.branch, year, grades, held_date=held, actor=secretary, at=AT)


def test_the_roll_is_recorded_in_one_go_and_nobody_twice(tree, members, secretary):
    first, second, third = members
    record(tree, secretary, {first.pk: "excellent", second.pk: "qualified"})
    with pytest.raises(ValidationError, match=f"{second.person.name}：.*已经登记过"):
        record(tree, secretary, {third.pk: "qualified", second.pk: "unqualified"})
    assert dict(Appraisal.objects.values_list("member", "grade")) == {first.pk: "excellent", second.pk: "qualified"}
    record(tree, secretary, {third.pk: "basically_qualified"}, held=date(2026, 1, 10))
    assert Appraisal.objects.count() == 3
    assert list(integrity_members.pairs(AT)) == []


@pytest.mark.parametrize(
    ("year", "held", "said"),
    [(2025, date(2026, 1, 21), "还没有到"), (2024, date(2026, 1, 2), "2024 年的评议"), (2026, HELD, "2026 年的评议")],
)
def test_the_date_lies_in_the_year_or_the_next_and_not_ahead(tree, members, secretary, year, held, said):
    with pytest.raises(ValidationError, match=said):
        record(tree, secretary, {members[0].pk: "qualified"}, year=year, held=held)


def test_wrong_input_saves_nothing(tree, members, secretary):
    stranger = PartyMemberFactory(formal_organization=tree.second_branch)
    for grades in ({}, {members[0].pk: "best"}, {members[0].pk: "qualified", stranger.pk: "qualified"}):
        with pytest.raises(ValidationError):
            record(tree, secretary, grades)
    assert not Appraisal.objects.exists()


@given(tries=st.lists(st.tuples(st.integers(0, 2), st.sampled_from([2023, 2024, 2025])), max_size=6))
@hypothesis_settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_however_often_it_is_tried_there_is_one_row_per_member_and_year(tree, members, secretary, tries):
    with transaction.atomic():
        for index, year in tries:
            try:
                record(tree, secretary, {members[index].pk: "qualified"}, year=year, held=date(year, 12, 1))
            except ValidationError:
                continue
        assert Appraisal.objects.count() == len(set(tries))
        transaction.set_rollback(True)


def test_the_database_refuses_a_second_row(tree, members, secretary):
    row = {"member": members[0], "year": 2025, "organization": tree.branch, "held_date": HELD, "recorded_by": secretary}
    Appraisal.objects.create(**row, grade="qualified", recorded_at=AT)
    with pytest.raises(IntegrityError), transaction.atomic():
        Appraisal.objects.create(**row, grade="excellent", recorded_at=AT)
    with pytest.raises(IntegrityError), transaction.atomic():
        Appraisal.objects.create(**row | {"year": 2024}, grade="best", recorded_at=AT)


def test_a_correction_has_a_reason_and_of_two_one_wins(tree, members, secretary):
    (row,) = record(tree, secretary, {members[0].pk: "qualified"})
    stale = Appraisal.objects.select_related("member__person", "organization").get()
    with pytest.raises(ValidationError):
        appraisals.correct(row, grade="excellent", held_date=HELD, reason="", actor=secretary, at=AT)
    appraisals.correct(row, grade="excellent", held_date=HELD, reason="会上定的是优秀", actor=secretary, at=AT)
    with pytest.raises(Conflict):
        appraisals.correct(stale, grade="unqualified", held_date=HELD, reason="更正", actor=secretary, at=AT)
    assert Appraisal.objects.get().grade == "excellent"
    said = json.dumps(list(Entry.objects.filter(action__startswith="appraisal").values("fields", "details")))
    assert "excellent" not in said
    assert "qualified" not in said


def test_where_he_flows_he_is_appraised_and_home_sees_it(tree, members, secretary):
    other = AppointmentFactory(organization=tree.second_branch, role="secretary").user
    Affiliation.objects.create(
        member=members[0], organization=tree.second_branch, kind="flowing", status="reported_in",
        from_date=date(2025, 1, 1), reported_in_date=date(2025, 1, 1),
    )  # fmt: skip
    (row,) = record(tree, other, {members[0].pk: "qualified"}, unit=tree.second_branch)
    for actor in (secretary, other):
        assert list(Appraisal.objects.visible_to(actor)) == [row]
    with pytest.raises(PermissionDenied):
        appraisals.correct(row, grade="excellent", held_date=HELD, reason="更正", actor=secretary, at=AT)


def test_nobody_above_or_beside_the_unit_sees_or_records_a_grade(
    tree, members, secretary, branch_committee_member, county_clerk, leader, instructor, organisation_reader, sign_in
):
    (row,) = record(tree, secretary, {members[0].pk: "basically_qualified"})
    assert list(Appraisal.objects.visible_to(branch_committee_member)) == [row]
    for actor in (county_clerk, leader, instructor, organisation_reader):
        assert not Appraisal.objects.visible_to(actor).exists()
        with pytest.raises(PermissionDenied):
            record(tree, actor, {members[1].pk: "qualified"})
        page = sign_in(actor).get(reverse("members:member_detail", args=[members[0].pk])).content.decode()
        assert "基本合格" not in page
    with pytest.raises(PermissionDenied):
        record(tree, branch_committee_member, {members[1].pk: "qualified"})
    page = sign_in(secretary).get(reverse("members:member_detail", args=[members[0].pk])).content.decode()
    assert "基本合格" in page


def test_the_page_takes_the_grades_and_says_who_is_left(tree, members, secretary, sign_in):
    client, year = sign_in(secretary), timezone.localdate().year
    page = reverse("members:appraisal_record", args=[tree.branch.pk])
    values = {"year": year, "held_date": timezone.localdate(), f"grade-{members[0].pk}": "qualified"}
    assert client.post(page, {"year": year, "held_date": timezone.localdate()}).status_code == 422
    assert client.post(page, values).status_code == 302
    assert client.post(page, values).status_code == 422
    left = client.get(page).context["lines"]
    assert {line["member"].pk for line in left} == {one.pk for one in members[1:]}
    register = client.get(reverse("members:appraisal_register", args=[tree.branch.pk]))
    assert register.context["recorded"] == 1


def test_the_file_of_a_branch_counts_grades_and_cards_and_names_nobody_with_one(tree, members, secretary):
    record(tree, secretary, {members[0].pk: "excellent", members[1].pk: "qualified"})
    found = assemble(tree.branch, 2025, AT)["members"]
    assert {one["grade"]: one["number"] for one in found["grades"]} == {
        "优秀": 1,
        "合格": 1,
        "基本合格": 0,
        "不合格": 0,
    }
    assert (found["graded"], found["cards"]) == (2, 0)
    assert not any("grade" in line for line in found["lines"])
