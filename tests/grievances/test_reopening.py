"""After a "not solved": other hands, an order nobody reported on, and whose turn it is meanwhile."""

import pytest
from django.core.exceptions import ValidationError

from branches.choices import Duty
from branches.models import Office
from branches.scope import reach_of
from branches.workflow import dissolve_organization, office_of
from foundation.notifications.models import Notification
from grievances import workflow
from grievances.choices import Result, Satisfaction, Status
from grievances.models import Grievance, Supervision
from grievances.rules.acts import open_acts
from tests.factories import OrganizationFactory
from tests.grievances.conftest import at, holder

pytestmark = pytest.mark.django_db


def told(user) -> int:
    return Notification.objects.filter(user=user).count()


def not_solved(case, when: str = "11-26 16:00"):
    workflow.confirm(case, solved=Result.NOT_SOLVED, satisfaction=Satisfaction.DISSATISFIED, at=at(when))
    return Grievance.objects.select_related("organization", "handler__organization").get(pk=case.pk)


def test_a_case_that_was_not_solved_is_not_given_back_to_the_office_that_answered(desk):
    case = not_solved(desk.answered())
    assert (case.organization, case.status) == (desk.tree.city, Status.ACCEPTED)
    with pytest.raises(ValidationError, match="重办要换人"):
        workflow.assign(case, desk.office, actor=desk.city_clerk, at=at("11-26 17:00"))
    assert Grievance.objects.get(pk=case.pk).status == Status.ACCEPTED
    workflow.assign(case, office_of(desk.tree.city, Duty.HANDLE), actor=desk.city_clerk, at=at("11-26 17:00"))
    assert Grievance.objects.get(pk=case.pk).status == Status.ASSIGNED


def test_a_case_that_was_never_answered_may_go_to_the_same_office_again(desk):
    case = desk.in_hand()
    workflow.return_to_unit(case, actor=desk.officer, reason="应由运管所办。", at=at("11-24 09:00"))
    case = Grievance.objects.get(pk=case.pk)
    workflow.assign(case, desk.office, actor=desk.clerk, at=at("11-24 10:00"))
    assert Grievance.objects.get(pk=case.pk).handler == desk.office


def test_an_order_nobody_reported_on_stands_again_when_the_case_comes_back(desk):
    case = desk.answered()
    ordered = workflow.supervise(
        case, actor=desk.city_clerk, organization=desk.tree.city, demand="本周办结。", at=at("11-26 15:30")
    )
    workflow.confirm(case, solved=Result.SOLVED, satisfaction=Satisfaction.SATISFIED, at=at("11-26 16:00"))
    assert Grievance.objects.get(pk=case.pk).supervised_at is None
    workflow.say_not_solved(Grievance.objects.get(pk=case.pk), words="钱没有到账。", at=at("11-27 09:00"))
    again = Grievance.objects.get(pk=case.pk)
    assert again.supervised_at == ordered.at
    offered = {act.code for act in open_acts(reach_of(desk.city_clerk), again, ())}
    assert "report_back" in offered
    ordered = Supervision.objects.select_related("grievance__organization").get(pk=ordered.pk)
    workflow.report_on_supervision(ordered, actor=desk.city_clerk, report="已重办。", at=at("11-27 10:00"))
    assert Grievance.objects.get(pk=case.pk).supervised_at is None


def test_while_a_case_waits_to_be_assigned_a_reply_goes_to_its_committee(desk):
    case = desk.in_hand()
    workflow.escalate(case, actor=desk.clerk, reason="货主在外市。", at=at("11-24 09:00"))
    case = Grievance.objects.get(pk=case.pk)
    before = told(desk.city_clerk), told(desk.city_officer), told(desk.officer)
    workflow.reply(case, text="又打了一次电话。", at=at("11-24 09:30"))
    after = told(desk.city_clerk), told(desk.city_officer), told(desk.officer)
    assert [now - then for now, then in zip(after, before, strict=True)] == [1, 0, 0]


def test_cases_of_a_dissolved_unit_are_addressed_to_its_successor(desk):
    case = desk.in_hand()
    other = OrganizationFactory(
        parent=desk.tree.county, code="D510402-2", kind="department", level="county", short_name="东区运管所"
    )
    heir = holder("heir", "运管所承办人", other, "handler")
    dissolve_organization(
        desk.team, actor=None, document="示例〔2026〕2 号", dissolved_date=at("11-24 09:00").date(), successor=other
    )
    case = Grievance.objects.select_related("handler__organization", "organization").get(pk=case.pk)
    assert (case.handler.organization, case.handler.duty) == (other, Duty.HANDLE)
    assert not Grievance.objects.open().filter(handler__in=Office.objects.filter(organization=desk.team)).exists()
    workflow.report_progress(case, actor=heir, text="运管所接着办。", at=at("11-24 10:00"))
