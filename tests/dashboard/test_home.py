"""`/` answers the question of whoever opens it; every figure is counted from the rows of the reader's scope."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone

from branches.choices import Role
from branches.models import Organization
from branches.scope import reach_of
from branches.statistics import posts_required, tree_counts, vacancies, vacant
from dashboard.desk import committee_desk
from members.models import Driver, Enterprise, Person, RosterImport
from members.rules.people import name_columns, phone_columns
from members.statistics import coverage, driver_counts, recent_imports
from tests.factories import AppointmentFactory
from tests.factories.members import EnterpriseFactory, PartyMemberFactory

TODAY = date(2026, 11, 24)


def add_driver(name: str, committee, **fields) -> Driver:
    person = Person.objects.create(**name_columns(name), **phone_columns(fields.pop("phone", "")))
    return Driver.objects.create(person=person, registering_committee=committee, **fields)


def text_of(answer) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def test_signed_out_people_see_the_public_home_with_no_dead_link(client, db):
    answer = client.get("/")
    assert answer.status_code == 200
    for address in set(re.findall(r'href="(/[^"]*)"', answer.content.decode())):
        if not address.startswith("/static/"):
            assert client.get(address).status_code == 200, address


def test_a_clerk_sees_the_desk_with_figures_of_the_own_county_only(sign_in, county_clerk, tree):
    add_driver("甲一", tree.county, operating_from_date=date(2024, 1, 1))
    add_driver("乙二", tree.county, declared_political_status="member")
    add_driver("丙三", tree.second_county)
    text = text_of(sign_in(county_clerk).get("/"))
    assert "委员会工作台" in text
    assert re.search(r"在册司机 2 人 实际营运 1 人", text)
    assert re.search(r"自述党员，待编入 1 人", text)
    assert re.search(r"书记空缺 2 个支部", text)


def test_the_desk_of_a_province_costs_no_more_queries_than_that_of_a_county(
    province_clerk, county_clerk, tree, django_assert_max_num_queries
):
    for who in (county_clerk, province_clerk):
        with django_assert_max_num_queries(24):
            committee_desk(reach_of(who))


def test_the_desk_asks_the_same_number_of_queries_for_one_and_three_imports(sign_in, county_clerk, tree):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def queries() -> int:
        client = sign_in(county_clerk)
        client.get("/")
        with CaptureQueriesContext(connection) as asked:
            assert client.get("/").status_code == 200
        return len(asked)

    add_import(tree.county, "一.xlsx", county_clerk)
    one = queries()
    for name in ("二.xlsx", "三.xlsx"):
        add_import(tree.county, name, county_clerk)
    assert queries() == one


def add_import(organization, name, user, **fields) -> RosterImport:
    return RosterImport.objects.create(
        organization=organization, uploaded_by=user, file_name=name, file_size=1, file_digest="0" * 64, **fields
    )


def test_an_outsider_learns_what_to_do_next(sign_in, outsider):
    text = text_of(sign_in(outsider).get("/"))
    assert "您还没有任职" in text
    assert "请联系上级委员会的专干" in text


@pytest.mark.parametrize("who", ["secretary", "auditor", "security_admin", "system_admin", "handler", "partner"])
def test_other_roles_get_a_desk_of_their_own_doors(request, sign_in, who):
    answer = sign_in(request.getfixturevalue(who)).get("/")
    assert answer.status_code == 200
    assert "委员会工作台" not in answer.content.decode()


def test_a_post_is_vacant_from_the_instant_its_holder_leaves(tree):
    at, ends = datetime(2026, 11, 24, 4, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)
    AppointmentFactory(organization=tree.branch, role=Role.SECRETARY, until_at=ends)
    county = Organization.objects.subtree_of(tree.county)
    found = {o.pk: o.vacant_since for o in vacant(county, Role.SECRETARY, at)}
    assert found == {tree.branch.pk: ends, tree.second_branch.pk: None}
    before = {o.pk for o in vacant(county, Role.SECRETARY, datetime(2026, 10, 31, tzinfo=UTC))}
    assert before == {tree.second_branch.pk}
    assert posts_required(county, Role.SECRETARY).count() == 2


def test_vacancies_count_every_required_post(tree):
    county = Organization.objects.subtree_of(tree.county)
    assert vacancies(county, timezone.now()) == {"clerk": 1, "leader": 1, "secretary": 2}


def test_the_tree_is_counted_without_dissolved_organisations(tree):
    assert tree_counts(Organization.objects.subtree_of(tree.county)) == {
        "organizations": 3,
        "committees": 1,
        "branches": 2,
    }


def test_drivers_are_counted_by_their_dated_facts(tree):
    add_driver("甲一", tree.county, operating_from_date=date(2024, 1, 1))
    add_driver("乙二", tree.county, operating_from_date=date(2024, 1, 1), operating_until_date=TODAY)
    add_driver("丙三", tree.county, operating_from_date=date(2027, 1, 1))
    assert driver_counts(Driver.objects.all(), TODAY) == {
        "registered": 3,
        "verified": 0,
        "stale": 3,
        "operating": 1,
        "declared_unplaced": 0,
    }


def test_a_batch_that_wrote_nothing_has_a_state_and_no_figures(sign_in, county_clerk, tree):
    add_import(tree.county, "读不了.xlsx", county_clerk, status="failed", failure="文件是空的。", failure_code="empty")
    add_import(tree.county, "写好了.xlsx", county_clerk, rows=4, status="done", created=3, rejected=1,
        finished_at=timezone.now())  # fmt: skip
    add_import(tree.county, "不导入了.xlsx", county_clerk, rows=9, status="cancelled", created=9)
    rows = re.findall(r"<tr><th.*?</tr>", sign_in(county_clerk).get("/").content.decode(), re.S)
    failed, done, dropped = (next(row for row in rows if name in row) for name in ("读不了", "写好了", "不导入了"))
    assert "没有成功" in failed
    assert "已取消" in dropped
    assert [failed.count("—"), dropped.count("—"), done.count("—")] == [4, 4, 0]
    assert re.findall(r"\?show=(\w+)", done) == ["created", "rejected"]
    assert "有拒绝行" in done


def test_coverage_counts_instructors_as_covered(tree):
    for number, kind in enumerate(["none", "instructor", "own"]):
        Enterprise.objects.create(
            name=f"示例{number}", name_key=f"示例{number}", committee=tree.county, coverage=kind,
            coverage_organization=tree.branch if kind == "own" else None,
        )  # fmt: skip
    assert coverage(Enterprise.objects.all()) == {"enterprises": 3, "covered": 2, "uncovered": 1}


def test_recent_imports_come_newest_first_and_no_more_than_asked(tree, county_clerk):
    made = [add_import(tree.county, f"{number}.xlsx", county_clerk) for number in range(4)]
    assert [batch.pk for batch in recent_imports(RosterImport.objects.all(), 2)] == [made[3].pk, made[2].pk]


def test_every_figure_of_the_desk_counts_exactly_the_rows_it_opens(sign_in, county_clerk, tree):
    at = timezone.localdate()
    add_driver("甲一", tree.county, last_verified_date=at, declared_political_status="member")
    add_driver(
        "乙二", tree.county, last_verified_date=at - timedelta(days=400), declared_political_status="probationary"
    )
    placed = add_driver("丙三", tree.county, declared_political_status="member")
    PartyMemberFactory(person=placed.person, formal_organization=tree.branch)
    add_driver("丁四", tree.second_county)
    EnterpriseFactory(committee=tree.county, coverage="none")
    EnterpriseFactory(committee=tree.county, coverage="own", coverage_organization=tree.branch)
    EnterpriseFactory(committee=tree.county, coverage="instructor")
    client = sign_in(county_clerk)
    desk = client.get("/").content.decode()
    tiles = re.findall(r'<a class="tile[^"]*" href="([^"]+)">.*?tile-value">([0-9,]+)<', desk, re.S)
    links = re.findall(r'href="([^"]+)">([0-9,]+) [户人]', desk)
    rates = re.findall(
        r'<a href="(/(?:drivers|enterprises)[^"]+)">[^<]+</a><span><b>.*?</b> <span class="quiet nw">([0-9,]+) ', desk
    )
    figures = {address.replace("&amp;", "&"): int(number) for address, number in tiles + links + rates}
    assert figures == {
        "/drivers/": 3,
        "/drivers/?unplaced=1": 2,
        "/drivers/?verified_before=stale": 2,
        "/drivers/?verified_since=fresh": 1,
        "/organizations/appointments/vacant/?role=secretary": 2,
        "/grievances/?tab=unit&when=late": 0,
        "/grievances/?tab=unit&when=today": 0,
        "/enterprises/?coverage=none": 1,
        "/enterprises/?coverage=covered": 2,
    }
    for address, number in figures.items():
        page = client.get(address).content.decode()
        rows = page.count("<tr><th") + page.count("<tr><td") + page.count('<a class="t" href="/drivers/')
        assert rows - page.count("<thead><tr><th") == number, address
