"""The search box understands what was typed and finds only what the reader may see."""

import pytest

from branches.scope import reach_of
from foundation.protection.identifiers import check_character
from members.models import Driver, DriverVehicle, Enterprise, Person, Vehicle
from members.rules.people import id_number_columns, name_columns, phone_columns
from members.rules.search import classify

ID = "51040219800101001"
ID += check_character(ID)


@pytest.fixture
def people(tree):
    """Two drivers in the county, one in the neighbour county."""

    def add(name, committee, phone, plate, id_number=""):
        person = Person.objects.create(**name_columns(name), **phone_columns(phone), **id_number_columns(id_number))
        driver = Driver.objects.create(person=person, registering_committee=committee)
        vehicle = Vehicle.objects.create(plate=plate, registering_committee=committee)
        DriverVehicle.objects.create(driver=driver, vehicle=vehicle)
        return driver

    return {
        "own": add("欧阳学军", tree.county, "19000007720", "川D6K218", ID),
        "second": add("李学军", tree.county, "19000007721", "川D6K219"),
        "foreign": add("欧阳学军", tree.neighbour_county, "19000007720"[:-4] + "7720", "川B6K218"),
    }


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("欧阳", ["own"]),
        ("歐陽學", ["own"]),
        ("学军", ["own", "second"]),
        ("oyx", ["own"]),
        ("7720", ["own"]),
        (ID[-4:], ["own"]),
        ("190 0000 7720", ["own"]),
        (ID, ["own"]),
        ("川D6K", ["own", "second"]),
        ("川D6K218", ["own"]),
        ("川B", []),
        ("张", []),
        ("0000", []),
    ],
)
def test_every_way_to_search_finds_the_rows_of_the_own_county_only(county_clerk, people, typed, found):
    drivers = Driver.objects.visible_to(reach_of(county_clerk))
    assert {driver.pk for driver in drivers.best_matches(classify(typed), 20)} == {people[name].pk for name in found}


def test_no_more_than_asked_for_are_returned(province_clerk, people):
    drivers = Driver.objects.visible_to(reach_of(province_clerk))
    assert len(drivers.best_matches(classify("学军"), 2)) == 2


def test_a_foreign_and_a_missing_number_get_the_same_answer(sign_in, county_clerk, people):
    foreign = Person.objects.create(**name_columns("外地"), **phone_columns("19000008888"), **id_number_columns(""))
    Driver.objects.create(person=foreign, registering_committee=people["foreign"].registering_committee)
    client = sign_in(county_clerk)
    answers = [client.post("/search/", {"q": phone}) for phone in ("19000008888", "19000009999")]
    pages = [answer.content.decode().replace("19000008888", "19000009999") for answer in answers]
    tokens = [answer.context["csrf_token"] for answer in answers]
    assert pages[0].replace(str(tokens[0]), "") == pages[1].replace(str(tokens[1]), "")


def test_the_page_masks_the_phone_and_keeps_the_text_out_of_the_address(sign_in, county_clerk, people):
    answer = sign_in(county_clerk).post("/search/", {"q": "欧阳"})
    assert answer.status_code == 200
    assert "190****7720" in answer.content.decode()
    assert "19000007720" not in answer.content.decode()
    assert sign_in(county_clerk).get("/search/?q=欧阳").content.decode().count("190****") == 0


def test_organisations_and_firms_are_found_by_name(sign_in, county_clerk, tree):
    Enterprise.objects.create(name="东区示例运输公司", name_key="东区示例运输公司", committee=tree.county)
    Enterprise.objects.create(name="东区他人运输公司", name_key="东区他人运输公司", committee=tree.neighbour_county)
    page = sign_in(county_clerk).post("/search/", {"q": "东区"}).content.decode()
    assert tree.branch.short_name in page
    assert "东区示例运输公司" in page
    assert "东区他人运输公司" not in page


def test_a_leader_may_not_look_up_identity_numbers(sign_in, leader, people):
    page = sign_in(leader).post("/search/", {"q": ID}).content.decode()
    assert "欧阳学军" not in page


def test_the_outsider_finds_nothing_at_all(sign_in, outsider, people):
    for typed in ("欧阳", "7720", ID, "川D6K218", "东区"):
        page = sign_in(outsider).post("/search/", {"q": typed}).content.decode()
        assert "欧阳学军" not in page
        assert "川D6K218</" not in page


def test_signed_out_people_are_sent_to_sign_in(client, db):
    answer = client.post("/search/", {"q": "欧阳"})
    assert answer.status_code == 302
    assert "欧阳" not in answer.headers["Location"]


def test_an_empty_search_says_so(sign_in, county_clerk):
    answer = sign_in(county_clerk).post("/search/", {"q": ""})
    assert answer.status_code == 422
    assert "请输入要找的内容" in answer.content.decode()
