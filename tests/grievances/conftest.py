"""A county that handles grievances: its desk, a handling department below it, a secretary, and the levels above.

Times are given, never taken: `at("11-23 09:00")` is that instant of 2026 in China. The calendar is the shipped one.
"""

from dataclasses import dataclass
from datetime import datetime

import pytest

from branches.choices import Duty
from branches.workflow import office_of
from grievances.choices import Result
from grievances.models import Category, Grievance
from grievances.rules.clocks import CHINA
from grievances.workflow import accept, answer, assign, lodge, report_progress
from grievances.workflow.lodging import Complaint
from tests.factories import AppointmentFactory, OrganizationFactory, UserFactory

PHONE = "19000007720"


def at(text: str) -> datetime:
    """Return an instant in China: "11-23 09:00" of 2026, or with a year before it."""
    full = text if text[:4].isdigit() and text[4] == "-" else f"2026-{text}"
    return datetime.strptime(full, "%Y-%m-%d %H:%M").replace(tzinfo=CHINA)


def holder(username: str, name: str, organization, role: str):
    """Return a person with a post."""
    return AppointmentFactory(user=UserFactory(username=username, name=name), organization=organization, role=role).user


@dataclass
class Desk:
    """Who works on the cases of the first county, and its offices."""

    tree: object
    clerk: object
    second_clerk: object  # of the same county: calls back what the first has touched
    officer: object  # holds the handling office of the enforcement team below the county
    secretary: object
    city_clerk: object
    city_officer: object
    province_clerk: object
    team: object  # a department below the county
    office: object  # its handling office
    county_office: object

    def lodged(self, when: str = "11-20 14:48", **told) -> Grievance:
        """Return a case from the public form, lodged at an instant."""
        values = {
            "title": "拖欠运费",
            "description": "说好到货三天付，一个多月没付。",
            "category": Category.objects.get(code="freight_arrears"),
            "division": self.tree.county.division,
            "amount_involved": 18600,
            "name": "测试甲",
            "phone": PHONE,
        }
        return lodge(Complaint(**(values | told)), at=at(when)).grievance

    def accepted(self, when: str = "11-20 16:20", **told) -> Grievance:
        """Return a case in the ledger."""
        case = self.lodged(**told)
        accept(case, actor=self.clerk, at=at(when))
        return case

    def assigned(self, when: str = "11-20 17:05", **told) -> Grievance:
        """Return a case that the enforcement team has."""
        case = self.accepted(**told)
        assign(case, self.office, actor=self.clerk, at=at(when))
        return case

    def in_hand(self, when: str = "11-23 10:40", **told) -> Grievance:
        """Return a case of which the complainant has heard."""
        case = self.assigned(**told)
        report_progress(case, actor=self.officer, text="已联系货主，约好对账。", at=at(when))
        return case

    def answered(self, when: str = "11-26 15:00", **told) -> Grievance:
        """Return an answered case."""
        case = self.in_hand(**told)
        answer(case, actor=self.officer, result=Result.SOLVED, text="货主已付清。", amount_recovered=18600, at=at(when))
        return case


@pytest.fixture
def desk(tree, county_clerk, secretary, city_clerk, province_clerk) -> Desk:
    """Return the desk of the first county."""
    team = OrganizationFactory(
        parent=tree.county, code="D510402-1", kind="department", level="county", short_name="东区交通执法大队"
    )
    officer = holder("officer", "承办人", team, "handler")
    return Desk(
        tree=tree,
        clerk=county_clerk,
        second_clerk=holder("second-clerk", "区专干二", tree.county, "clerk"),
        officer=officer,
        secretary=secretary,
        city_clerk=city_clerk,
        city_officer=holder("city-officer", "市承办人", tree.city, "handler"),
        province_clerk=province_clerk,
        team=team,
        office=office_of(team, Duty.HANDLE),
        county_office=office_of(tree.county, Duty.HANDLE),
    )
