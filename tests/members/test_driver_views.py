"""The pages of drivers, firms and vehicles: scope, field rights, masks, conflicts, query counts."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from foundation.audit.models import Entry
from members.models import Driver, SavedFilter
from tests.factories import AppointmentFactory
from tests.factories.members import (
    CredentialFactory,
    DriverFactory,
    DriverVehicleFactory,
    EnterpriseFactory,
    PartyMemberFactory,
    VehicleFactory,
    id_number,
)

PHONE, ADDRESS = "19000004418", "四川省攀枝花市东区某路 3 号"


@pytest.fixture
def driver(tree):
    found = DriverFactory(
        person__name="李开富",
        person__id_number=id_number(7),
        person__phone=PHONE,
        person__address=ADDRESS,
        declared_political_status="member",
        declared_branch=tree.branch,
        declared_joined="2012-01",
        committee=tree.county,
    )
    PartyMemberFactory(person=found.person, formal_organization=tree.branch)
    CredentialFactory(driver=found, number=id_number(7), expires_date=timezone.localdate() + timedelta(days=5))
    DriverVehicleFactory(driver=found, vehicle=VehicleFactory(plate="川D9M113", committee=tree.county))
    return found


def _pages(driver):
    return [
        "/drivers/",
        f"/drivers/{driver.pk}/",
        f"/drivers/{driver.pk}/change/",
        "/drivers/?order=name",
        "/drivers/?expires_before=soon&order=expires",
        "/drivers/?cols=name,id_number,phone,address,credential",
        "/drivers/duplicates/",
    ]


SEERS = [
    "county_clerk",
    "city_clerk",
    "province_clerk",
    "leader",
    "organisation_reader",
    "secretary",
    "branch_committee_member",
    "instructor",
]


@pytest.mark.parametrize("who", SEERS)
def test_whoever_may_see_him_sees_no_number_in_full(request, client, driver, who):
    client.force_login(request.getfixturevalue(who))
    seen = 0
    for url in _pages(driver):
        answer = client.get(url)
        assert answer.status_code in {200, 403}, url
        page = answer.content.decode()
        seen += "李开富" in page
        for secret in (id_number(7), PHONE, ADDRESS):
            assert secret not in page, url
    assert seen >= 2


@pytest.mark.parametrize("who", ["neighbour_clerk", "partner", "outsider", "auditor", "system_admin", "handler"])
def test_a_foreign_driver_answers_like_none(request, client, driver, who):
    client.force_login(request.getfixturevalue(who))
    nobody = driver.pk + 1000
    for name in ("", "change/", "verify/", "vehicles/new/", "credential/", f"merge/{nobody + 1}/"):
        foreign, none = (client.get(f"/drivers/{pk}/{name}") for pk in (driver.pk, nobody))
        assert foreign.status_code == none.status_code in {403, 404}
        assert _plain(foreign, driver.pk) == _plain(none, nobody)
    assert "李开富" not in client.get("/drivers/").content.decode()


def _plain(answer, pk):
    return re.sub(rf"/drivers/{pk}/|[A-Za-z0-9]{{64}}", "", answer.content.decode())


def test_nobody_signed_in_is_sent_to_the_door(client, driver):
    for url in _pages(driver):
        assert client.get(url).status_code == 302


@pytest.mark.parametrize("url", ["/drivers/", "/drivers/?order=name", "/enterprises/", "/vehicles/"])
def test_a_list_costs_the_same_for_one_row_and_three(county_clerk, tree, client, url):
    def add(n):
        firm = EnterpriseFactory(committee=tree.county)
        one = DriverFactory(committee=tree.county, enterprise=firm, declared_branch=tree.branch)
        DriverVehicleFactory(driver=one, vehicle=VehicleFactory(committee=tree.county, enterprise=firm))
        CredentialFactory(driver=one, expires_date=timezone.localdate())

    client.force_login(county_clerk)
    counts = []
    for rows in (1, 2):
        for n in range(rows):
            add(n)
        client.get(url)  # a session's first request writes once
        with CaptureQueriesContext(connection) as captured:
            assert client.get(url).status_code == 200
        counts.append(len(captured))
    assert counts[0] == counts[1] <= 12


# --- field rights -----------------------------------------------------------------------------------------------------
@pytest.fixture
def platform_driver(tree):
    firm = EnterpriseFactory(committee=tree.county, organization=tree.company)
    return DriverFactory(
        person__name="赵平台",
        committee=tree.county,
        enterprise=firm,
        declared_political_status="member",
        declared_branch=tree.branch,
        declared_joined="2012-01",
    )


def test_a_platform_sees_no_party_field_anywhere(partner, platform_driver, tree, client):
    client.force_login(partner)
    for url in ("/drivers/", f"/drivers/{platform_driver.pk}/", "/drivers/?cols=name,declared_political_status"):
        page = client.get(url).content.decode()
        assert "赵平台" in page
        for word in ("政治面貌", "党员", "入党", tree.branch.short_name):
            assert word not in page, (url, word)
    assert client.get("/drivers/?declared=member").status_code == 403
    assert client.get("/drivers/?unplaced=1").status_code == 403
    data = {"name": "党员", "declared": "member"}
    assert client.post("/drivers/filters/", data).status_code == 403
    assert not SavedFilter.objects.exists()


def test_two_posts_do_not_lend_each_other_their_fields(partner, platform_driver, tree, client, driver):
    # The platform's account is also secretary of a branch: Party fields of its members, not of the platform's drivers.
    AppointmentFactory(user=partner, organization=tree.branch, role="secretary")
    client.force_login(partner)
    rows = {
        row["name"]: {cell["column"].code: cell["text"] for cell in row["cells"] if "plates" not in cell}
        for row in client.get("/drivers/").context["rows"]
    }
    assert rows["李开富"]["declared_political_status"] == "中共党员"
    assert rows["赵平台"]["declared_political_status"] == ""
    filtered = client.get("/drivers/?declared=member").context["rows"]
    assert [row["name"] for row in filtered] == ["李开富"]
    assert "入党" not in client.get(f"/drivers/{platform_driver.pk}/").content.decode()


def test_a_condition_that_means_nothing_is_a_bad_request(county_clerk, driver, client):
    client.force_login(county_clerk)
    for query in ("group=spaceship", "verified_before=someday", "committee=abc", "union=maybe"):
        assert client.get(f"/drivers/?{query}").status_code == 400, query


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("group=truck", True),
        ("group=taxi", False),
        ("declared=member", True),
        ("declared_branch=1", True),
        ("declared_branch=0", False),
        ("unplaced=1", False),
        ("verified_before=stale", True),
        ("expires_before=soon", True),
        ("expires_before=2000-01-01", False),
        ("operating=1", False),
        ("operating=0", True),
        ("enterprise=没有", False),
        ("batch=1", False),
    ],
)
def test_each_condition_finds_whom_it_should(county_clerk, driver, client, query, expected):
    client.force_login(county_clerk)
    names = [row["name"] for row in client.get(f"/drivers/?{query}").context["rows"]]
    assert ("李开富" in names) == expected


def test_a_committee_outside_the_scope_filters_like_one_that_does_not_exist(county_clerk, driver, tree, client):
    client.force_login(county_clerk)
    for pk in (tree.neighbour_county.pk, 999_999):
        answer = client.get(f"/drivers/?committee={pk}")
        assert answer.context["rows"] == []
        assert tree.neighbour_county.short_name not in answer.content.decode()


# --- doing ------------------------------------------------------------------------------------------------------------
def test_a_driver_is_registered_and_a_wrong_number_is_explained(county_clerk, tree, client):
    client.force_login(county_clerk)
    data = {"name": "陈志远", "id_number": id_number(3)[:17] + "?", "committee": tree.county.pk}
    refused = client.post("/drivers/new/", data)
    assert refused.status_code == 422
    assert "只能是数字" in refused.content.decode()
    made = client.post("/drivers/new/", data | {"id_number": id_number(3), "plate": "川D·9M115"})
    driver = Driver.objects.get()
    assert made.url == f"/drivers/{driver.pk}/"
    again = client.post("/drivers/new/", data | {"id_number": id_number(3)})
    assert again.status_code == 422
    assert f"/drivers/{driver.pk}/" in again.content.decode()


def test_a_clerk_registers_at_home_and_below_only(county_clerk, tree, client):
    client.force_login(county_clerk)
    data = {"name": "陈志远", "id_number": id_number(3), "committee": tree.neighbour_county.pk}
    assert client.post("/drivers/new/", data).status_code == 422
    assert not Driver.objects.exists()


def test_an_edit_keeps_what_is_left_empty_and_refuses_a_stale_page(county_clerk, driver, client):
    client.force_login(county_clerk)
    url = f"/drivers/{driver.pk}/change/"
    data = {"name": "李开富", "group": "taxi", "driver_version": 1, "person_version": 1}
    assert client.post(url, data).status_code == 302
    changed = Driver.objects.select_related("person").get(pk=driver.pk)
    assert (changed.group, changed.person.phone, changed.person.id_number) == ("taxi", PHONE, id_number(7))
    assert client.post(url, data | {"group": "truck"}).status_code == 409
    assert client.post(url, data | {"driver_version": 2, "clear_phone": "on"}).status_code == 302
    assert Driver.objects.select_related("person").get(pk=driver.pk).person.phone == ""


def test_a_reveal_shows_one_value_and_the_page_says_who_looked(county_clerk, driver, client):
    client.force_login(county_clerk)
    url = f"/drivers/{driver.pk}/reveal/"
    refused = client.post(url, {"field": "phone", "reason": ""})
    assert refused.status_code == 422
    assert PHONE not in refused.content.decode()
    shown = client.post(url, {"field": "phone", "reason": "提醒证件到期"})
    page = shown.content.decode()
    assert PHONE in page
    assert id_number(7) not in page
    assert "no-store" in shown.headers["Cache-Control"]
    fragment = client.post(url, {"field": "phone", "reason": "提醒证件到期"}, headers={"HX-Request": "true"})
    assert "<html" not in fragment.content.decode()
    detail = client.get(f"/drivers/{driver.pk}/").content.decode()
    assert "查看电话" in detail
    assert "提醒证件到期" in detail
    assert PHONE not in detail
    assert client.get(url).status_code == 405


def test_who_may_not_look_is_not_told_who_did(county_clerk, leader, driver, client):
    client.force_login(county_clerk)
    client.post(f"/drivers/{driver.pk}/reveal/", {"field": "phone", "reason": "提醒证件到期"})
    client.force_login(leader)
    page = client.get(f"/drivers/{driver.pk}/").content.decode()
    assert "查看电话" not in page
    assert "/reveal/" not in page
    assert client.post(f"/drivers/{driver.pk}/reveal/", {"field": "phone", "reason": "核实身份"}).status_code == 403


def test_ticked_rows_are_verified(county_clerk, driver, tree, client):
    foreign = DriverFactory(committee=tree.neighbour_county)
    client.force_login(county_clerk)
    assert client.post("/drivers/bulk/", {"action": "verify", "row": [driver.pk, foreign.pk]}).status_code == 403
    assert client.post("/drivers/bulk/", {"action": "verify", "row": [driver.pk], "back": "group=truck"}).url == (
        "/drivers/?group=truck"
    )
    assert Driver.objects.get(pk=driver.pk).last_verified_date == timezone.localdate()


def test_columns_and_filters_are_remembered_for_their_owner(county_clerk, city_clerk, driver, client):
    client.force_login(county_clerk)
    client.post("/drivers/columns/", {"cols": ["employment", "sex"]})
    client.post("/drivers/filters/", {"name": "货车", "group": "truck", "cols": ["phone"]})
    answer = client.get("/drivers/")
    assert [column.code for column in answer.context["columns"]] == ["employment", "sex"]
    assert "货车</a>" in answer.content.decode()
    saved = SavedFilter.objects.get(name="货车")
    assert (saved.query, saved.columns) == ({"group": "truck"}, ["phone"])
    client.force_login(city_clerk)
    assert client.get("/drivers/").context["columns"][0].code == "phone"
    assert client.post(f"/drivers/filters/{saved.pk}/delete/").status_code == 404


def test_duplicates_are_compared_and_merged(county_clerk, driver, tree, client):
    twin = DriverFactory(person__name="李开福", person__phone=PHONE, committee=tree.county)
    foreign = DriverFactory(person__name="别区人", person__phone=PHONE, committee=tree.neighbour_county)
    client.force_login(county_clerk)
    page = client.get("/drivers/duplicates/").content.decode()
    assert "李开福" in page
    assert "别区人" not in page
    assert client.get(f"/drivers/{driver.pk}/merge/{foreign.pk}/").status_code == 404
    url = f"/drivers/{driver.pk}/merge/{twin.pk}/"
    data = {"keep": driver.pk, "reason": "看过身份证原件", "first_version": 1, "second_version": 1}
    assert client.get(url).status_code == 200
    assert client.post(url, data | {"reason": ""}).status_code == 422
    assert client.post(url, data).url == f"/drivers/{driver.pk}/"
    assert not Driver.objects.filter(pk=twin.pk).exists()
    assert Entry.objects.filter(action="driver.merge").count() == 1


# --- firms and vehicles -----------------------------------------------------------------------------------------------
def test_a_firm_is_registered_with_a_checked_code(county_clerk, tree, client):
    client.force_login(county_clerk)
    data = {"name": "东区测试运输公司", "kind": "freight", "coverage": "none", "committee": tree.county.pk}
    wrong = client.post("/enterprises/new/", data | {"uscc": "91110108551385082X"})
    assert wrong.status_code == 422
    assert "信用代码不对" in wrong.content.decode()
    made = client.post("/enterprises/new/", data | {"uscc": "91110108551385082q"})
    page = client.get(made.url).content.decode()
    assert "91110108551385082Q" in page
    assert client.post(f"{made.url}change/", data | {"version": 1, "name": "改名运输公司"}).status_code == 302
    assert client.post(f"{made.url}change/", data | {"version": 1, "name": "又改名"}).status_code == 409
    assert "改名运输公司" in client.get("/enterprises/?q=改名").content.decode()


def test_a_code_taken_elsewhere_says_nothing_about_where(county_clerk, tree, client):
    EnterpriseFactory(name="别区企业", uscc="91110108551385082Q", committee=tree.neighbour_county)
    client.force_login(county_clerk)
    data = {"name": "本区企业", "kind": "freight", "coverage": "none", "committee": tree.county.pk}
    page = client.post("/enterprises/new/", data | {"uscc": "91110108551385082Q"}).content.decode()
    assert "已经登记过，或者不能登记在这里" in page
    assert "别区企业" not in page


def test_a_vehicle_shows_only_the_drivers_one_may_see(county_clerk, tree, client, driver):
    vehicle = driver.vehicle_links.get().vehicle
    foreign = DriverFactory(person__name="别区司机", committee=tree.neighbour_county)
    DriverVehicleFactory(driver=foreign, vehicle=vehicle)
    client.force_login(county_clerk)
    page = client.get(f"/vehicles/{vehicle.pk}/").content.decode()
    assert "李开富" in page
    assert "别区司机" not in page
    assert "川D·9M113" in client.get("/vehicles/?q=川D9M").content.decode()
    other = VehicleFactory(plate="川B77777", committee=tree.neighbour_county)
    assert client.get(f"/vehicles/{other.pk}/").status_code == 404
    assert "77777" not in client.get("/vehicles/").content.decode()


def test_only_columns_that_exist_are_kept_whatever_is_sent(county_clerk, client, tree):
    client.force_login(county_clerk)
    client.post("/drivers/columns/", {"cols": ["phone", "x" * 100_000, "phone", "sex"]})
    client.post("/drivers/filters/", {"name": "货车", "group": "truck", "cols": ["phone", "y" * 100_000]})
    assert [one.columns for one in SavedFilter.objects.order_by("pk")] == [["phone", "sex"], ["phone"]]


def test_members_are_counted_only_where_party_facts_may_be_seen(county_clerk, partner, client, tree):
    platform = EnterpriseFactory(name="平台公司", committee=tree.city, organization=tree.company)
    driver = DriverFactory(committee=tree.neighbour_county, enterprise=platform)
    PartyMemberFactory(person=driver.person, formal_organization=tree.company)
    url = f"/drivers/of-organization/{tree.company.pk}/"
    # A post elsewhere opens Party facts there, not those of the platform's drivers.
    AppointmentFactory(user=partner, organization=tree.neighbour_branch, role="branch_committee_member")
    client.force_login(partner)
    answer = client.get(url)
    assert answer.status_code == 200
    assert answer.context["placed"]["count"].number == 0


def test_an_address_with_markup_in_it_stays_a_text_beside_its_field(county_clerk, client, tree):
    marked = DriverFactory(person__name="标记人", person__address="<img src=x>市某路 3 号", committee=tree.county)
    client.force_login(county_clerk)
    for page in ("", "change/"):
        shown = client.get(f"/drivers/{marked.pk}/{page}").content.decode()
        assert "&lt;img src=x&gt;市" in shown
        assert "<img src=x>" not in shown


def test_the_page_of_a_branch_counts_who_names_it_and_opens_exactly_those(sign_in, county_clerk, tree, driver):
    DriverFactory(declared_branch=tree.branch, committee=tree.county)
    DriverFactory(declared_branch=tree.second_branch, committee=tree.county)
    DriverFactory(declared_branch=tree.branch, committee=tree.second_county)  # names it, is registered elsewhere
    client = sign_in(county_clerk)
    fragment = client.get(f"/drivers/of-organization/{tree.branch.pk}/").content.decode()
    figures = dict(re.findall(r'href="([^"]+)">[^<]*?(\d+) 人<', fragment))
    assert figures == {
        f"/drivers/?declares={tree.branch.pk}": "2",
        f"/drivers/?placed={tree.branch.pk}": "1",
    }
    assert "登记在本级" not in fragment
    for url, number in figures.items():
        page = client.get(url)
        assert len(page.context["rows"]) == int(number)
        assert tree.branch.short_name in page.content.decode()
    county = client.get(f"/drivers/of-organization/{tree.county.pk}/").content.decode()
    assert "登记在本级和下级的司机 3 人" in county
    assert "申报在本支部" not in county
