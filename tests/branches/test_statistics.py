"""The figures of the tree."""

from datetime import UTC, date, datetime

from branches import statistics
from branches.models import Division, Organization
from tests.factories import AppointmentFactory, OrganizationFactory

NOW = datetime(2026, 11, 22, 4, tzinfo=UTC)


def test_vacancies_are_required_posts_that_nobody_holds_longest_first(tree, county_clerk, secretary):
    ended = datetime(2025, 1, 1, tzinfo=UTC)
    AppointmentFactory(organization=tree.second_branch, role="secretary", until_at=ended)
    below = Organization.objects.subtree_of(tree.county)
    rows = statistics.vacancy_rows(below, NOW)
    assert [(row.organization, row.role, row.since) for row in rows] == [
        (tree.second_branch, "secretary", ended),
        (tree.county, "leader", None),
    ]
    assert statistics.vacancy_rows(below, NOW, "leader") == [rows[1]]
    assert statistics.vacancies(below, NOW) == {"clerk": 0, "leader": 1, "secretary": 1}


def test_units_in_preparation_and_dissolved_ones_lack_nobody(tree):
    Organization.objects.filter(pk=tree.branch.pk).update(status="preparing")
    rows = statistics.vacancy_rows(Organization.objects.filter(pk=tree.branch.pk), NOW)
    assert rows == []


def test_counts_by_kind_and_level(tree):
    counts = statistics.by_kind_and_level(Organization.objects.all())
    assert counts["industry_committee", "county"] == 6
    assert counts["mobile_branch", "base"] == 6
    assert sum(counts.values()) == Organization.objects.count()


def test_the_one_plus_nine_check_of_a_city(tree):
    check = statistics.one_plus_nine(tree.city, date(2026, 11, 22))
    assert [division.name for division in check.missing] == ["米易县", "盐边县"]
    assert (check.present, check.complete) == (3, False)
    for code in ("510421", "510422"):
        OrganizationFactory(
            parent=tree.city, code=code, kind="industry_committee", level="county", division_id=code, short_name=code
        )
    assert statistics.one_plus_nine(tree.city, date(2026, 11, 22)).complete


def test_suzhou_is_complete_with_nine_and_a_zone_may_have_one_more(divisions):
    city = OrganizationFactory(code="320500", kind="industry_committee", level="city", division_id="320500")
    for code in Division.objects.filter(parent_id="320500").values_list("pk", flat=True):
        OrganizationFactory(parent=city, code=code, kind="industry_committee", level="county", division_id=code)
    check = statistics.one_plus_nine(city, date(2026, 11, 22))
    assert (len(check.rows), check.complete, [one.code for one in check.others]) == (9, True, ["320576"])


def test_a_county_and_a_dissolved_committee_count_as_none(tree):
    assert statistics.one_plus_nine(tree.county, date(2026, 11, 22)) is None
    assert statistics.one_plus_nine(tree.company, date(2026, 11, 22)) is None
    Organization.objects.filter(pk=tree.county.pk).update(status="dissolved", dissolved_date=date(2026, 1, 1))
    check = statistics.one_plus_nine(tree.city, date(2026, 11, 22))
    assert "东区" in [division.name for division in check.missing]


def test_a_municipality_counts_its_districts_past_the_collective_row(divisions):
    city = OrganizationFactory(code="310000", kind="industry_committee", level="province", division_id="310000")
    check = statistics.one_plus_nine(city, date(2026, 11, 22))
    assert len(check.rows) == 16
    assert all(division.name != "市辖区" for division, _ in check.rows)
