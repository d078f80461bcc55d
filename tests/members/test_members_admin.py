"""The registry in the admin: scope, verbs, no numbers, import and export of firms and vehicles."""

import pytest
import tablib
from django.contrib.admin import site
from django.db import transaction

from branches.scope import reach_of
from foundation.audit import trail
from foundation.audit.models import Entry
from members.models import Enterprise, Vehicle
from members.resources import EnterpriseResource, VehicleResource
from members.workflow.drivers import verify_driver
from members.workflow.people import reveal
from tests.factories import AppointmentFactory
from tests.factories.members import DriverFactory, EnterpriseFactory, PartyMemberFactory, VehicleFactory

TABLES = ["driver", "enterprise", "vehicle", "partymember"]


@pytest.fixture
def rows(tree):
    firm = EnterpriseFactory(name="本区公司", committee=tree.county)
    driver = DriverFactory(person__name="本区人", person__phone="19000004418", committee=tree.county, enterprise=firm)
    PartyMemberFactory(person=driver.person, formal_organization=tree.branch)
    vehicle = VehicleFactory(plate="川D11111", committee=tree.county)
    other = EnterpriseFactory(name="别区公司", committee=tree.neighbour_county)
    foreign = DriverFactory(person__name="别区人", committee=tree.neighbour_county, enterprise=other)
    PartyMemberFactory(person=foreign.person, formal_organization=tree.neighbour_branch)
    far = VehicleFactory(plate="川B22222", committee=tree.neighbour_county)
    return {
        "driver": (driver, foreign, "本区人", "别区人"),
        "partymember": (driver, foreign, "本区人", "别区人"),
        "enterprise": (firm, other, "本区公司", "别区公司"),
        "vehicle": (vehicle, far, "川D11111", "川B22222"),
    }


@pytest.mark.parametrize("table", TABLES)
def test_a_table_shows_the_rows_in_scope_and_a_foreign_one_like_none(county_clerk, rows, client, table):
    own, foreign, seen, unseen = rows[table]
    client.force_login(county_clerk)
    page = client.get(f"/admin/members/{table}/").content.decode()
    assert seen in page
    assert unseen not in page
    assert "19000004418" not in page
    assert client.get(f"/admin/members/{table}/{own.pk}/change/").status_code == 200
    for pk in (foreign.pk, 999_999):
        assert client.get(f"/admin/members/{table}/{pk}/change/").status_code == 404


def test_the_driver_table_leads_to_the_one_way_in_and_out(county_clerk, rows, client):
    client.force_login(county_clerk)
    page = client.get("/admin/members/driver/").content.decode()
    assert 'href="/imports/new/"' in page
    assert 'href="/exports/new/"' in page
    assert client.get("/admin/members/driver/add/").status_code == 403


def test_a_change_in_the_admin_goes_by_the_verb(county_clerk, rows, client):
    firm = rows["enterprise"][0]
    client.force_login(county_clerk)
    url = f"/admin/members/enterprise/{firm.pk}/change/"
    data = {"name": "改名公司", "kind": "freight", "coverage": "none", "read_version": 1}
    wrong = client.post(url, data | {"uscc": "91110108551385082X"})
    assert wrong.status_code == 200
    assert "信用代码不对" in wrong.content.decode()
    assert client.post(url, data).status_code == 302
    assert Enterprise.objects.get(pk=firm.pk).name == "改名公司"
    assert Entry.objects.get(action="enterprise.change").actor_id == county_clerk.pk
    assert client.post(url, data | {"name": "又改名"}).status_code == 409


def test_firms_are_imported_row_by_row_within_the_scope(county_clerk, rows, tree):
    data = tablib.Dataset(headers=["名称", "统一社会信用代码", "登记委员会代码", "类型"])
    data.append(["新公司", "91110108551385082Q", tree.county.code, "道路货运"])
    data.append(["本区公司", "", tree.county.code, "出租"])
    data.append(["外面的公司", "", tree.neighbour_county.code, "出租"])
    resource = EnterpriseResource(actor=county_clerk, reach=reach_of(county_clerk))
    result = resource.import_data(data, dry_run=False)
    assert [row.import_type for row in result.rows][:2] == ["new", "update"]
    assert "不在您的辖区" in str(result.invalid_rows[0].error)
    good = data[:2]
    again = tablib.Dataset(*good, headers=data.headers)
    EnterpriseResource(actor=county_clerk, reach=reach_of(county_clerk)).import_data(again, raise_errors=True)
    assert Enterprise.objects.get(uscc="91110108551385082Q").committee_id == tree.county.pk
    assert Enterprise.objects.get(name="本区公司").kind == "taxi"
    assert not Enterprise.objects.filter(name="外面的公司").exists()


def test_vehicles_are_found_again_by_plate(county_clerk, rows, tree):
    data = tablib.Dataset(headers=["车牌号", "车型", "登记委员会代码"])
    data.append(["川d·11111", "重型货车", tree.county.code])
    data.append(["川D33333", "小客车", tree.county.code])
    VehicleResource(actor=county_clerk, reach=reach_of(county_clerk)).import_data(data, raise_errors=True)
    assert Vehicle.objects.get(plate="川D11111").kind == "heavy_truck"
    assert Vehicle.objects.get(plate="川D33333").registering_committee_id == tree.county.pk
    assert Vehicle.objects.count() == 3


def test_an_export_holds_the_scope_and_no_formula(county_clerk, rows, client, tree):
    EnterpriseFactory(name="=1+1", committee=tree.county)
    client.force_login(county_clerk)
    page = client.get("/admin/members/enterprise/export/")
    assert page.status_code == 200
    fields = {name: "on" for name in page.context["form"].fields if name.startswith("enterpriseresource_")}
    answer = client.post("/admin/members/enterprise/export/", {"format": "1", "resource": "0", **fields})
    text = answer.content.decode("utf-8-sig")
    assert "本区公司" in text
    assert "别区公司" not in text
    assert "'=1+1" in text


def test_the_history_of_a_driver_tells_who_looked_and_why_only_to_those_who_may_look(
    county_clerk, neighbour_clerk, rows, client, tree
):
    driver, foreign = rows["driver"][:2]
    # The clerk of one county is a liaison officer elsewhere too: he sees that driver and may reveal nothing of him.
    AppointmentFactory(user=county_clerk, organization=tree.department, role="organisation_reader")
    AppointmentFactory(user=county_clerk, organization=tree.neighbour_county, role="leader")
    for one, clerk in ((driver, county_clerk), (foreign, neighbour_clerk)):
        reveal(one, "phone", actor=clerk, reason="体检结果要当面告知")
        verify_driver(one, actor=clerk, note="听他家里人说的")
    client.force_login(county_clerk)
    own = client.get(f"/admin/members/driver/{driver.pk}/history/").content.decode()
    assert "体检结果要当面告知" in own
    assert "听他家里人说的" in own
    other = client.get(f"/admin/members/driver/{foreign.pk}/history/")
    assert other.status_code == 200
    assert "最近核实" in other.content.decode()
    assert "体检结果要当面告知" not in other.content.decode()
    assert "听他家里人说的" not in other.content.decode()


def test_the_history_of_a_driver_names_no_party_fact_to_whom_they_are_not_shown(county_clerk, rows, client, tree):
    platform = EnterpriseFactory(name="平台公司", committee=tree.neighbour_county, organization=tree.company)
    foreign = DriverFactory(committee=tree.neighbour_county, enterprise=platform)
    AppointmentFactory(user=county_clerk, organization=tree.company, role="partner")
    for one in (rows["driver"][0], foreign):
        with transaction.atomic():
            fields = {"declared_political_status": ("", "member"), "driving_class": ("B2", "A2")}
            trail.record("driver.change", one, actor=None, person_id=one.pk, fields=fields)
    client.force_login(county_clerk)
    own = client.get(f"/admin/members/driver/{rows['driver'][0].pk}/history/").content.decode()
    assert "政治面貌" in own
    other = client.get(f"/admin/members/driver/{foreign.pk}/history/").content.decode()
    assert "准驾车型" in other
    assert "政治面貌" not in other


def test_the_version_in_one_readers_form_is_not_that_of_another_who_is_answered_meanwhile(county_clerk, rows, rf):
    firm = rows["enterprise"][0]
    request = rf.get("/")
    request.user, request.reach = county_clerk, reach_of(county_clerk)
    admin = site._registry[Enterprise]
    form = admin.get_form(request, firm, change=True)
    firm.version = 7
    admin.get_form(request, firm, change=True)
    assert form(instance=firm)["read_version"].value() == 1


@pytest.mark.parametrize("key", ["zz", "9" * 30, "-" + "9" * 30, "１.5", "2026-01-01", "[]", ""])
def test_what_can_be_no_key_is_no_choice_in_a_box_that_completes(county_clerk, rows, client, tree, key):
    client.force_login(county_clerk)
    assert client.get("/admin/members/enterprise/add/", {"committee": key}).status_code == 200
    data = {"name": "新公司", "kind": "freight", "coverage": "none", "committee": key, "organization": key}
    answer = client.post("/admin/members/enterprise/add/", data)
    assert answer.status_code == 200
    assert "committee" in answer.context["adminform"].form.errors
    answer = client.post("/admin/branches/organization/add/", {"name": "新支部", "division": key or "zz"})
    assert answer.status_code == 200
    page = client.get(f"/admin/branches/organization/{tree.branch.pk}/change/").content.decode()
    assert '<option value="510402" selected' in page
