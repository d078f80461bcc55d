"""The named cast and what all tests share.

The tree: one province, two cities with three counties each, two branches in every county; a department that guides the
first county; a company committee of the first city with one branch that lies in the other city.

Everybody in the cast is signed in without a password: `sign_in(county_clerk).get("/drivers/")`. A second factor is
asked of nobody here; tests of the second factor set `second_factor_required` themselves.
"""

from dataclasses import dataclass, field
from importlib import import_module

import pytest
from django.test import Client

from tests.factories import AppointmentFactory, GuidanceFactory, OrganizationFactory, UserFactory


@dataclass
class Tree:
    """The organisations of the tests by name."""

    province: object = None
    city: object = None
    other_city: object = None
    county: object = None  # of the first city: the county of most of the cast
    second_county: object = None
    third_county: object = None
    neighbour_county: object = None  # of the other city
    counties: list = field(default_factory=list)  # all six
    branches: list = field(default_factory=list)  # all twelve of the counties
    branch: object = None  # in `county`
    second_branch: object = None  # in `county`
    neighbour_branch: object = None  # in `neighbour_county`
    department: object = None  # guides `county`
    company: object = None  # company committee under `city`
    company_branch: object = None  # under `company`, its division lies in the other city


@pytest.fixture
def divisions(db):
    """See to it that the shipped data is there: transactional tests empty the tables."""
    load_shipped_data()
    from branches.models import Division

    return Division.objects


def load_shipped_data() -> None:
    """Load divisions, working days, categories, limits and rules of the calendar, where a test has emptied them."""
    from django.apps import apps

    from activities.models import ComplianceRule, VisitTarget
    from branches.models import Division, Workday
    from branches.reference import load_shipped
    from grievances.models import Category

    if not Division.objects.exists():
        load_shipped(Division, Workday)
    if not Category.objects.exists():
        import_module("grievances.migrations.0002_shipped").load(apps, None)
    if not VisitTarget.objects.exists():
        import_module("activities.migrations.0004_shipped_visit_target").load(apps, None)
    if not ComplianceRule.objects.exists():
        import_module("activities.migrations.0002_shipped_rules").load(apps, None)


@pytest.fixture
def tree(divisions) -> Tree:
    """Build the tree described at the top of this file."""
    return build_tree()


def build_tree() -> Tree:
    """Write the organisations described at the top of this file; the divisions are there already."""
    made = Tree()
    made.province = _committee("510000", "四川省", "province", None)
    for city_code, city_name, counties in (
        ("510400", "攀枝花市", [("510402", "东区"), ("510403", "西区"), ("510411", "仁和区")]),
        ("510700", "绵阳市", [("510703", "涪城区"), ("510704", "游仙区"), ("510722", "三台县")]),
    ):
        city = _committee(city_code, city_name, "city", made.province)
        made.city, made.other_city = (city, None) if made.city is None else (made.city, city)
        for county_code, county_name in counties:
            county = _committee(county_code, county_name, "county", city)
            made.counties.append(county)
            for number, (kind, words) in enumerate(
                [("mobile_branch", "货车司机流动党员党支部"), ("joint_branch", "出租车行业联合党支部")], start=1
            ):
                made.branches.append(
                    OrganizationFactory(
                        parent=county,
                        code=f"{county_code}-{number:02}",
                        kind=kind,
                        short_name=f"{county_name}{words}",
                        division_id=county_code,
                        serial_number=number,
                    )
                )
    made.county, made.second_county, made.third_county, made.neighbour_county = made.counties[:4]
    made.branch, made.second_branch = made.branches[:2]
    made.neighbour_branch = made.branches[6]
    made.department = OrganizationFactory(
        code="D510402", kind="department", short_name="东区区委组织部", level="county"
    )
    GuidanceFactory(organization=made.county, guiding_organization=made.department)
    made.company = OrganizationFactory(
        parent=made.city, code="E510400", kind="enterprise_committee", short_name="顺达货运平台党委", level="city"
    )
    made.company_branch = OrganizationFactory(
        parent=made.company,
        code="E510400-01",
        kind="enterprise_branch",
        short_name="顺达货运绵阳党支部",
        division_id="510703",
        serial_number=1,
    )
    return made


def _committee(code: str, place: str, level: str, parent):
    return OrganizationFactory(
        parent=parent,
        code=code,
        kind="industry_committee",
        level=level,
        division_id=code,
        short_name=place,
        name=f"中共{place}道路运输行业委员会",
    )


def _holder(username: str, name: str, organization, role: str):
    return AppointmentFactory(user=UserFactory(username=username, name=name), organization=organization, role=role).user


@pytest.fixture
def province_clerk(tree):
    """专干 of the province committee: sees everything."""
    return _holder("province-clerk", "省专干", tree.province, "clerk")


@pytest.fixture
def city_clerk(tree):
    """专干 of the first city."""
    return _holder("city-clerk", "市专干", tree.city, "clerk")


@pytest.fixture
def county_clerk(tree):
    """专干 of the first county."""
    return _holder("county-clerk", "区专干", tree.county, "clerk")


@pytest.fixture
def neighbour_clerk(tree):
    """专干 of a county of the other city."""
    return _holder("neighbour-clerk", "邻区专干", tree.neighbour_county, "clerk")


@pytest.fixture
def leader(tree):
    """党委负责人 of the first county."""
    return _holder("leader", "区负责人", tree.county, "leader")


@pytest.fixture
def organisation_reader(tree):
    """组织部门联络员 at the department that guides the first county."""
    return _holder("organisation-reader", "联络员", tree.department, "organisation_reader")


@pytest.fixture
def secretary(tree):
    """支部书记 of the first branch."""
    return _holder("secretary", "书记", tree.branch, "secretary")


@pytest.fixture
def branch_committee_member(tree):
    """支部委员 of the first branch."""
    return _holder("branch-committee-member", "委员", tree.branch, "branch_committee_member")


@pytest.fixture
def instructor(tree):
    """党建指导员 of the first branch."""
    return _holder("instructor", "指导员", tree.branch, "instructor")


@pytest.fixture
def station_manager(tree):
    """站长 in the first county."""
    return _holder("station-manager", "站长", tree.county, "station_manager")


@pytest.fixture
def handler(tree):
    """承办岗 of the first county."""
    return _holder("handler", "承办人", tree.county, "handler")


@pytest.fixture
def partner(tree):
    """Service account of the company."""
    return _holder("partner", "平台账号", tree.company, "partner")


@pytest.fixture
def auditor(tree):
    """审计员 at the province."""
    return _holder("auditor", "审计员", tree.province, "auditor")


@pytest.fixture
def security_admin(tree):
    """安全管理员 at the province."""
    return _holder("security-admin", "安全管理员", tree.province, "security_admin")


@pytest.fixture
def system_admin(tree):
    """系统管理员 at the province."""
    return _holder("system-admin", "系统管理员", tree.province, "system_admin")


@pytest.fixture
def outsider(db):
    """Signed in, no running appointment, tries every door."""
    return UserFactory(username="outsider", name="外人")


@pytest.fixture
def sign_in():
    """Return a function: user → a test client that is signed in as that user."""

    def signed_in(user, **headers) -> Client:
        client = Client(headers=headers or None)
        client.force_login(user)
        return client

    return signed_in
