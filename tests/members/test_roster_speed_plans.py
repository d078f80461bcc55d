"""The statements of an import go by their indexes, on a registry of some size, however fresh its statistics are.

Plans, not seconds: a time in a test fails on a busy day and passes on a quiet one.
"""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from branches.models import Organization
from dashboard.demo.rosters import write_roster
from members.choices import Fate
from members.models import Driver, Person, RosterRow, Vehicle
from members.roster import bulk, staging
from members.roster.bounds import bounds_of
from members.roster.plan import Planner
from members.workflow.import_run import run_to_end
from members.workflow.imports import upload
from tests.factories import OrganizationFactory

pytestmark = pytest.mark.django_db
MANY = 3_000
BIG_TABLES = {
    "members_person",
    "members_driver",
    "members_vehicle",
    "members_drivervehicle",
    "members_credential",
    "members_rosterrow",
    "members_rosterresult",
}


@pytest.fixture
def city():
    """Return a committee and a county of it."""
    made = OrganizationFactory(code="510100", kind="industry_committee", level="city", short_name="成都市")
    OrganizationFactory(parent=made, code="510105", kind="industry_committee", level="county", short_name="青羊区")
    return made


@pytest.fixture
def registered(city, tmp_path):
    """Import three thousand drivers; return the batch."""
    return imported(tmp_path, MANY)


def imported(folder, rows, *, seed=3):
    path = folder / f"roster-{rows}-{seed}.xlsx"
    if not path.exists():
        write_roster(path, rows, seed=seed, counties=["510105"])
    with path.open("rb") as content:
        batch = upload(
            None,
            Organization.objects.get(code="510100"),
            content,
            path.name,
            apply_at_once=True,
            wake_worker=False,
        )
    return run_to_end(batch.pk)


def candidates(batch, limit):
    rows = staging.reopened(staging.staged(batch.pk, after=-1, until=batch.rows, limit=limit))
    for row in rows:
        row.fate, row.person_id, row.changed, row.before = Fate.CREATED, None, [], {}
    return rows


def whole_tables(queries):
    """Return (table, statement) wherever a big table is read from end to end."""
    found = []
    with connection.cursor() as cursor:
        for query in queries:
            sql = query["sql"]
            if not sql.startswith("SELECT"):
                continue
            if connection.vendor == "postgresql":
                cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}")
                plan = cursor.fetchone()[0]
                plan = json.loads(plan) if isinstance(plan, str) else plan
                found += [(table, sql) for table in _scanned(plan[0]["Plan"])]
            else:
                cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
                lines = [row[3].split() for row in cursor.fetchall()]
                found += [(line[1], sql) for line in lines if line[0] == "SCAN" and "INDEX" not in line]
    return [(table, sql) for table, sql in found if table in BIG_TABLES]


def _scanned(node):
    if node["Node Type"] == "Seq Scan":
        yield node["Relation Name"]
    for part in node.get("Plans", ()):
        yield from _scanned(part)


def analyze():
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


@pytest.mark.parametrize("statistics", ["fresh", "none"])
def test_the_plan_reads_no_table_from_end_to_end(registered, statistics):
    if statistics == "fresh":
        analyze()
    rows = candidates(registered, 500)
    with CaptureQueriesContext(connection) as queries:
        Planner(bounds_of(registered.organization, None)).plan(rows)
    assert len(queries) <= 12
    assert {row.fate for row in rows} == {Fate.UNCHANGED}
    assert whole_tables(queries.captured_queries) == []


def test_these_tests_notice_a_table_read_from_end_to_end(registered):
    analyze()
    with CaptureQueriesContext(connection) as queries:
        list(Person.objects.filter(ethnicity="x").values_list("pk"))
    assert [table for table, _ in whole_tables(queries.captured_queries)] == ["members_person"]


@pytest.mark.parametrize("statistics", ["fresh", "none"])
def test_the_staged_rows_are_walked_in_stretches(registered, statistics):
    if statistics == "fresh":
        analyze()
    with CaptureQueriesContext(connection) as queries:
        rows = staging.staged(registered.pk, after=1000, until=MANY, limit=200, fates=[Fate.CREATED, Fate.UPDATED])
    assert [row[0] for row in rows] == list(range(1001, 1201))
    assert len(queries) == 1
    assert whole_tables(queries.captured_queries) == []


def test_stretches_without_a_row_to_write_are_passed_over(registered):
    RosterRow.objects.filter(roster_import=registered, ordinal__lt=2950).update(fate=Fate.UNCHANGED)
    rows = staging.staged(registered.pk, after=-1, until=MANY, limit=500, fates=[Fate.CREATED])
    assert [row[0] for row in rows] == list(range(2950, 3000))
    assert staging.staged(registered.pk, after=2999, until=MANY, limit=500, fates=[Fate.CREATED]) == []


def test_the_number_of_statements_does_not_follow_the_number_of_rows(city, tmp_path, monkeypatch):
    """Nothing is asked row by row: ten times the rows in one chunk cost as many statements."""
    counts = []
    for rows, seed in ((60, 21), (600, 22)):
        with CaptureQueriesContext(connection) as queries:
            imported(tmp_path, rows, seed=seed)
        counts.append(len(queries))
    assert counts[1] <= counts[0] + 2, counts


def test_importing_the_same_again_writes_no_business_row(registered, tmp_path):
    with CaptureQueriesContext(connection) as queries:
        batch = imported(tmp_path, MANY)
    assert (batch.unchanged, batch.applied) == (MANY, 0)
    business = ("person", "driver", "vehicle", "drivervehicle", "credential", "enterprise")
    written = [
        query["sql"][:80]
        for query in queries.captured_queries
        if not query["sql"].startswith("SELECT")
        for name in business
        if f'"members_{name}"' in query["sql"][:80]
    ]
    assert written == []
    assert set(Person.objects.values_list("version", flat=True)) == {1}


def test_among_takes_every_type_that_is_asked_for(registered):
    driver = Driver.objects.select_related("person").order_by("pk")[7]
    index = driver.person.id_number_index
    assert [p.pk for p in Person.objects.filter(id_number_index__among=[index.hex])] == [driver.pk]
    assert [d.pk for d in Driver.objects.filter(pk__among=[driver.pk, 0])] == [driver.pk]
    plate = Vehicle.objects.order_by("pk").values_list("plate", flat=True)[3]
    assert list(Vehicle.objects.filter(plate__among={plate, "没有"}).values_list("plate", flat=True)) == [plate]
    assert not Person.objects.filter(id_number_index__among=[]).exists()


def test_what_is_copied_comes_back_as_it_was(city):
    """Tabs, line breaks, backslashes and the mark for nothing are text like any other."""
    odd = ["a\tb", "a\nb", "a\r\nb", "\\N", "\\", "\\.", "甲\\n乙", "", "'\"", "𠮷"]
    columns = ("name", "name_key", "given_key", "initials", "sex", "ethnicity", "id_number", "phone", "address")
    rows = [(text or "空", text, "", "", "", "", "", "", "") for text in odd]
    times = ("version", "created_at", "updated_at")
    from django.utils import timezone

    now = timezone.now()
    bulk.insert(Person, (*columns, *times, "is_veteran"), [(*row, 1, now, now, None) for row in rows])
    found = dict(Person.objects.values_list("name", "name_key"))
    assert found == {(text or "空"): text for text in odd}
    assert set(Person.objects.values_list("created_at", flat=True)) == {now}


def test_reserved_keys_are_never_given_twice(city):
    first, second = bulk.reserve_ids(Person, 5), bulk.reserve_ids(Vehicle, 3)
    assert len(set(first)) == 5
    assert len(set(second)) == 3
    if connection.vendor == "postgresql":
        assert not set(first) & set(bulk.reserve_ids(Person, 5))
