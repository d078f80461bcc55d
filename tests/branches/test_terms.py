"""Terms: due by the years, four fifths, an approved other end, reminders at six, three, one month and the day."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction

from branches import rules, workflow
from branches.models import Term
from branches.workflow.terms import remind_of_terms
from foundation.audit.trail import Conflict
from foundation.notifications.models import Notification

CHINA = ZoneInfo("Asia/Shanghai")
AT = datetime(2026, 11, 24, 9, tzinfo=CHINA)
VALUES = {"elected_date": date(2024, 5, 20), "years": 3, "method": "assembly", "entitled": 15, "present": 12}


@pytest.mark.parametrize(
    ("elected", "years", "due"),
    [
        (date(2024, 5, 20), 3, date(2027, 5, 20)),
        (date(2024, 2, 29), 3, date(2027, 2, 28)),
        (date(2023, 2, 28), 5, date(2028, 2, 28)),
        (date(2024, 12, 31), 5, date(2029, 12, 31)),
    ],
)
def test_a_term_is_due_on_the_day_of_the_election(elected, years, due):
    assert rules.end_of_term(elected, years) == due


@pytest.mark.parametrize(
    ("today", "stage"),
    [
        (date(2026, 11, 19), None),
        (date(2026, 11, 20), 6),
        (date(2027, 2, 19), 6),
        (date(2027, 2, 20), 3),
        (date(2027, 4, 20), 1),
        (date(2027, 5, 19), 1),
        (date(2027, 5, 20), 0),
        (date(2028, 1, 1), 0),
    ],
)
def test_the_stages_of_a_reminder(today, stage):
    assert rules.reminder_of(date(2027, 5, 20), today) == stage


@pytest.mark.django_db
def test_a_new_term_ends_the_one_before_on_the_day_of_the_election(tree, county_clerk):
    first = workflow.record_term(tree.branch, VALUES | {"elected_date": date(2021, 5, 20)}, actor=county_clerk, at=AT)
    second = workflow.record_term(tree.branch, VALUES, actor=county_clerk, at=AT)
    first.refresh_from_db()
    assert (first.ended_date, second.planned_end_date) == (date(2024, 5, 20), date(2027, 5, 20))
    with pytest.raises(ValidationError, match="后面"):
        workflow.record_term(tree.branch, VALUES | {"elected_date": date(2023, 1, 1)}, actor=county_clerk, at=AT)
    with pytest.raises(Conflict):
        workflow.change_term_end(first, date(2025, 1, 1), "〔2026〕1号", actor=county_clerk, at=AT)


@pytest.mark.django_db
def test_fewer_than_four_fifths_are_no_election(tree, county_clerk):
    for entitled, present, is_valid in (
        (15, 11, False),
        (15, 12, True),
        (10, 8, True),
        (10, 7, False),
        (3, 2, False),
        (3, 4, False),
    ):
        with transaction.atomic():
            values = VALUES | {"entitled": entitled, "present": present}
            if is_valid:
                workflow.record_term(tree.branch, values, actor=county_clerk, at=AT)
            else:
                with pytest.raises(ValidationError, match="五分之四"):
                    workflow.record_term(tree.branch, values, actor=county_clerk, at=AT)
            transaction.set_rollback(True)
    term = workflow.record_term(tree.branch, VALUES, actor=county_clerk, at=AT)
    for fields in ({"present": 11}, {"changed_end_date": date(2028, 1, 1)}, {"years": 4}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Term.objects.filter(pk=term.pk).update(**fields)


@pytest.mark.django_db
def test_only_a_clerk_above_records_and_nobody_what_has_not_been(tree, county_clerk, secretary, leader, city_clerk):
    for who in (secretary, leader):
        with pytest.raises(PermissionDenied):
            workflow.record_term(tree.branch, VALUES, actor=who, at=AT)
    with pytest.raises(PermissionDenied):
        workflow.record_term(tree.county, VALUES, actor=county_clerk, at=AT)  # not his own committee's
    workflow.record_term(tree.county, VALUES, actor=city_clerk, at=AT)
    with pytest.raises(ValidationError, match="还没到"):
        workflow.record_term(tree.branch, VALUES | {"elected_date": date(2026, 11, 25)}, actor=county_clerk, at=AT)
    with pytest.raises(ValidationError, match="不换届"):
        workflow.record_term(tree.department, VALUES, actor=None, at=AT)


@pytest.mark.django_db
def test_each_stage_is_told_once_and_an_approved_day_counts(tree, county_clerk, city_clerk, secretary):
    term = workflow.record_term(tree.branch, VALUES, actor=county_clerk, at=AT)
    assert remind_of_terms(AT) == 1
    assert remind_of_terms(AT) == 1
    told = set(Notification.objects.filter(event="term.due").values_list("user_id", flat=True))
    assert told == {secretary.pk, county_clerk.pk}  # the nearest clerk above, not all up to the top
    assert Notification.objects.filter(event="term.due").count() == 2
    workflow.change_term_end(term, date(2028, 5, 20), "〔2026〕1号", actor=county_clerk, at=AT)
    assert remind_of_terms(AT) == 0
    assert remind_of_terms(datetime(2028, 5, 20, 9, tzinfo=CHINA)) == 1
    assert Notification.objects.filter(event="term.due").count() == 4
