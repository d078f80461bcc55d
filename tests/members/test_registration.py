"""Claims on a driver's registration: one sentence for everybody, the life-cycle, who may do which step."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction

from branches.rules import nth_workday
from foundation.audit.models import Entry
from foundation.audit.trail import NotAllowed
from members.choices import TransferStatus
from members.models import Driver, RegistrationTransfer
from members.workflow import registration as verbs
from tests.factories.members import DriverFactory, id_number

AT = datetime(2026, 9, 21, 10, tzinfo=ZoneInfo("Asia/Shanghai"))  # Monday; Friday is a holiday


@pytest.fixture
def driver(tree):
    return DriverFactory(person__name="李开富", person__id_number=id_number(7), committee=tree.neighbour_county)


@pytest.fixture
def claim(driver, county_clerk, tree):
    verbs.claim_registration(tree.county, id_number(7), "已在本区常住", actor=county_clerk, at=AT)
    rows = RegistrationTransfer.objects.select_related("driver__person", "from_committee", "to_committee")
    return rows.get()


def test_the_fifth_working_day_counts_make_up_days_and_no_holidays():
    calendar = {date(2026, 1, 1) + timedelta(days=n): True for n in range(30)}
    calendar |= {date(2026, 1, 3): False, date(2026, 1, 5): False}
    assert nth_workday(date(2026, 1, 1), 2, calendar) == date(2026, 1, 4)
    assert nth_workday(date(2026, 1, 1), 3, calendar) == date(2026, 1, 6)
    assert nth_workday(date(2026, 1, 20), 15, calendar) is None


def test_a_claim_knows_its_due_time(claim):
    due = claim.due_at.astimezone(ZoneInfo("Asia/Shanghai"))
    assert (due.hour, due.minute) == (18, 0)
    assert due.date() > date(2026, 9, 25)


def test_without_a_calendar_nothing_is_guessed(driver, county_clerk, tree):
    far = datetime(2040, 5, 7, 10, tzinfo=ZoneInfo("Asia/Shanghai"))
    verbs.claim_registration(tree.county, id_number(7), "已在本区常住", actor=county_clerk, at=far)
    assert RegistrationTransfer.objects.get().due_at is None


def test_the_answer_is_the_same_whoever_has_the_number(county_clerk, driver, tree, client):
    DriverFactory(person__id_number=id_number(8), committee=tree.county)  # one's own
    client.force_login(county_clerk)
    pages = []
    for n in (7, 8, 9):  # elsewhere, at home, nowhere
        data = {"committee": tree.county.pk, "id_number": id_number(n), "reason": "已在本区常住"}
        answer = client.post("/registration/claim/", data, follow=True)
        page = answer.content.decode()
        assert driver.person.name not in page
        pages.append([str(message) for message in answer.context["messages"]])
    assert pages[0] == pages[1] == pages[2]
    assert RegistrationTransfer.objects.count() == 1
    assert Entry.objects.filter(action=verbs.CLAIM_ACTION).count() == 3
    # Nor does the claimant's list tell: three lines of his own, no row of a transfer.
    assert list(RegistrationTransfer.objects.visible_to(county_clerk)) == []


def test_a_wrong_number_is_refused_before_anything_is_looked_up(county_clerk, tree, django_assert_max_num_queries):
    with django_assert_max_num_queries(2), pytest.raises(ValidationError):
        verbs.claim_registration(tree.county, "123", "已在本区常住", actor=county_clerk)


def test_claims_are_counted(county_clerk, tree):
    for _ in range(verbs.CLAIMS_PER_HOUR):
        verbs.claim_registration(tree.county, id_number(9), "已在本区常住", actor=county_clerk)
    with pytest.raises(verbs.TooMany):
        verbs.claim_registration(tree.county, id_number(9), "已在本区常住", actor=county_clerk)


def test_a_released_driver_belongs_to_the_new_committee(claim, neighbour_clerk, county_clerk, tree):
    assert list(RegistrationTransfer.objects.visible_to(neighbour_clerk)) == [claim]
    verbs.release(claim, actor=neighbour_clerk)
    moved = Driver.objects.get()
    assert (moved.registering_committee_id, moved.version) == (tree.county.pk, 2)
    assert claim.status == TransferStatus.RELEASED
    assert Driver.objects.visible_to(county_clerk).exists()
    assert list(RegistrationTransfer.objects.visible_to(county_clerk)) == [claim]
    with pytest.raises(NotAllowed):
        verbs.refuse(claim, actor=neighbour_clerk, reason="不同意转出")


@pytest.mark.parametrize("who", ["county_clerk", "city_clerk", "leader", "outsider", "secretary"])
def test_only_those_over_the_old_committee_answer(request, claim, who):
    with pytest.raises(PermissionDenied):
        verbs.release(claim, actor=request.getfixturevalue(who))
    with pytest.raises(PermissionDenied):
        verbs.refuse(claim, actor=request.getfixturevalue(who), reason="不同意转出")


def test_a_refusal_is_decided_above_both(claim, neighbour_clerk, city_clerk, province_clerk, tree):
    with pytest.raises(NotAllowed):
        verbs.decide(claim, moved=True, actor=province_clerk, reason="在答复期限内", at=AT)
    verbs.refuse(claim, actor=neighbour_clerk, reason="人还在本地", at=AT)
    for actor in (neighbour_clerk, city_clerk):  # one is party to it, the other is not above the old committee
        with pytest.raises(PermissionDenied):
            verbs.decide(claim, moved=True, actor=actor, reason="改登记")
    verbs.decide(claim, moved=True, actor=province_clerk, reason="常住地已变", at=AT)
    assert claim.status == TransferStatus.DECIDED_MOVED
    assert Driver.objects.get().registering_committee_id == tree.county.pk


def test_no_answer_in_time_is_decided_too(claim, province_clerk, tree):
    verbs.decide(claim, moved=False, actor=province_clerk, reason="没有证据", at=claim.due_at)
    assert claim.status == TransferStatus.DECIDED_KEPT
    assert Driver.objects.get().registering_committee_id == tree.neighbour_county.pk


def test_a_claim_is_taken_back_by_number_and_the_answer_is_the_same(claim, county_clerk, tree, client):
    client.force_login(county_clerk)
    words = []
    for n in (7, 9):
        data = {"committee": tree.county.pk, "id_number": id_number(n)}
        answer = client.post("/registration/withdraw/", data, follow=True)
        words.append([str(message) for message in answer.context["messages"]])
    assert words[0] == words[1]
    claim.refresh_from_db()
    assert claim.status == TransferStatus.WITHDRAWN


def test_an_empty_calendar_is_said_on_the_page(claim, neighbour_clerk, client):
    RegistrationTransfer.objects.update(due_at=None)
    client.force_login(neighbour_clerk)
    assert "工作日历未载入" in client.get("/registration/").content.decode()


def test_a_claim_that_came_second_ends_like_any_other(claim, city_clerk, tree):
    with transaction.atomic():
        second = verbs._claimed(
            driver=claim.driver,
            from_committee_id=claim.from_committee_id,
            to_committee=tree.second_county,
            reason="已在本区常住",
            claimed_by=city_clerk,
            claimed_at=AT,
            due_at=None,
        )
        assert second is None
        assert RegistrationTransfer.objects.get() == claim  # and the transaction goes on
