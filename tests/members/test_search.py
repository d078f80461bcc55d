"""What a typed text means, what it finds, and that one index answers it."""

import json

import pytest
from django.db import connection

from foundation.protection.masks import mask_phone
from members.models import Driver
from members.rules.search import Kind, classify
from tests.factories.members import DriverFactory, DriverVehicleFactory, VehicleFactory, id_number

CASES = [
    ("510402198506120019", Kind.ID_NUMBER, "510402198506120019"),
    ("51040219850612001x", Kind.ID_NUMBER, "51040219850612001X"),
    (" 510402 19850612 0019 ", Kind.ID_NUMBER, "510402198506120019"),
    ("001x", Kind.ID_TAIL, "001X"),
    ("190 0000 7720", Kind.PHONE, "19000007720"),
    ("+86 190-0000-7720", Kind.PHONE, "19000007720"),
    ("7720", Kind.PHONE_TAIL, "7720"),
    ("７７２０", Kind.PHONE_TAIL, "7720"),
    ("川D·9M113", Kind.PLATE, "川D9M113"),
    ("川d9m", Kind.PLATE, "川D9M"),
    ("川", Kind.NAME, "川"),
    ("zw", Kind.INITIALS, "zw"),
    ("ZW", Kind.INITIALS, "zw"),
    ("张 伟", Kind.NAME, "张伟"),
    ("張偉", Kind.NAME, "张伟"),
    ("阿卜来提·依", Kind.NAME, "阿卜来提依"),
    ("", Kind.NOTHING, ""),
    ("   ", Kind.NOTHING, ""),
    ("12345", Kind.NOTHING, ""),
    ("D9M113", Kind.NOTHING, ""),
    ("ＯＹＸＪ", Kind.INITIALS, "oyxj"),
    ("歐陽", Kind.NAME, "欧阳"),
    ("%_*", Kind.NAME, "%_*"),
]


@pytest.mark.parametrize(("text", "kind", "canonical"), CASES)
def test_a_typed_text_is_taken_for_what_it_is(text, kind, canonical):
    query = classify(text)
    assert (query.kind, query.canonical) == (kind, canonical)


@pytest.fixture
def drivers(tree):
    def make(name, phone, number, committee=tree.county):
        return DriverFactory(person__name=name, person__phone=phone, person__id_number=number, committee=committee)

    found = {
        "zhang": make("张伟", "19000007720", id_number(1)),
        "wei": make("欧阳伟杰", "19000001111", id_number(2)),
        "trad": make("張偉明", "19000007721", id_number(3)),
        "latin": make("Anna", "19000007722", id_number(4)),
    }
    vehicle = VehicleFactory(plate="川D9M113", committee=tree.county)
    DriverVehicleFactory(driver=found["zhang"], vehicle=vehicle)
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("张", ["zhang", "trad"]),
        ("張偉", ["zhang", "trad"]),
        ("伟杰", ["wei"]),
        ("zw", ["zhang", "trad"]),
        ("oywj", ["wei"]),
        ("anna", ["latin"]),
        ("7720", ["zhang"]),
        ("19000001111", ["wei"]),
        ("川D·9M", ["zhang"]),
        ("川A", []),
        ("无此人", []),
        ("12345", []),
    ],
)
def test_a_search_finds_whom_it_means_and_nobody_else(drivers, text, expected):
    found = Driver.objects.matching(classify(text))
    assert {driver.pk for driver in found} == {drivers[name].pk for name in expected}


def test_an_identity_number_finds_one(drivers):
    number = id_number(2)
    assert list(Driver.objects.matching(classify(number))) == [drivers["wei"]]
    assert classify(number[-4:]).kind in {Kind.PHONE_TAIL, Kind.ID_TAIL}


def test_the_runs_of_a_search_do_not_overlap(tree):
    driver = DriverFactory(person__name="伟伟", committee=tree.county)
    runs = Driver.objects.in_order_of(classify("伟"))
    assert [list(run.rows) for run in runs] == [[driver], []]


def test_a_number_is_found_by_post_only_and_stands_nowhere_in_the_answer(county_clerk, drivers, client):
    client.force_login(county_clerk)
    number = id_number(1)
    answer = client.post("/drivers/search/", {"q": number})
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "张伟" in page
    assert number not in page
    assert "19000007720" not in page
    assert mask_phone("19000007720") in page
    assert client.get("/drivers/search/", {"q": number}).status_code == 302


def test_whoever_has_no_right_to_it_finds_nobody_by_number(secretary, drivers, client):
    client.force_login(secretary)
    assert client.post("/drivers/search/", {"q": id_number(1)}).status_code == 403


def test_a_search_keeps_to_the_scope(neighbour_clerk, drivers, client):
    client.force_login(neighbour_clerk)
    for text in ("张伟", "zw", "7720", "川D9M113", id_number(1)):
        assert "张伟" not in client.post("/drivers/search/", {"q": text}).content.decode()


def test_what_no_index_answers_is_said_in_words(county_clerk, client):
    client.force_login(county_clerk)
    answer = client.post("/drivers/search/", {"q": "12345"})
    assert answer.status_code == 422
    assert "没看懂要查什么" in answer.content.decode()


def test_the_pages_of_a_search_turn_without_naming_the_text(county_clerk, tree, client):
    for n in range(60):
        DriverFactory(person__name=f"王测{chr(0x4E00 + n)}", committee=tree.county)
    client.force_login(county_clerk)
    first = client.post("/drivers/search/", {"q": "王测"})
    token, at = first.context["query_token"], first.context["page"].next
    assert "王" not in token
    second = client.post("/drivers/search/", {"token": token, "at": at})
    names = [row["name"] for page in (first, second) for row in page.context["rows"]]
    assert len(names) == len(set(names)) == 60
    assert client.post("/drivers/search/", {"token": token[:-3] + "AAA"}).status_code == 422


@pytest.mark.postgresql
@pytest.mark.parametrize(
    ("text", "index"),
    [
        ("张伟", "members_person_name"),
        ("zw", "members_person_initials"),
        ("7720", "members_person_phone_tail"),
        ("19000007720", "members_person_phone"),
        ("001X", "members_person_id_tail"),
        (id_number(1), "members_person_id_number"),
    ],
)
def test_each_kind_of_search_can_be_answered_by_its_index(db, text, index):
    if connection.vendor != "postgresql":
        pytest.skip("plans are PostgreSQL's")
    run = Driver.objects.in_order_of(classify(text))[0]
    with connection.cursor() as cursor:
        # With a handful of rows a scan is cheaper; forbidden to scan, the planner shows what it could use.
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off")
    plan = json.dumps(json.loads(run.rows.order_by(*run.order).values("pk").explain(format="json")))
    assert f'"{index}"' in plan
