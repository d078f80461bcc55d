"""The pages of membership: figures that lead to their rows, the phone button, the sheet, the way of a letter."""

import re
from datetime import date

import pytest
from django.urls import reverse
from django.utils import timezone

from branches.choices import Kind
from foundation.audit.models import Entry
from members.models import Affiliation, PartyMember, Transfer
from members.workflow import transfers
from tests.factories import AppointmentFactory, OrganizationFactory
from tests.factories.members import DriverFactory, EnterpriseFactory, PartyMemberFactory, PersonFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def members(tree):
    """Write members of every sort: at home, taken in, told to report, with nobody, in a cloud branch only, gone."""
    today, away = timezone.localdate(), date(2024, 1, 1)
    cloud = OrganizationFactory(parent=tree.city, kind=Kind.CLOUD_BRANCH, division_id=None)

    def guest(organization=None, status="reported_in", kind="flowing"):
        driver = DriverFactory(committee=tree.county)
        member = PartyMemberFactory(
            person=driver.person, formal_organization=None, external_organization="外省某支部", absent_since_date=away
        )
        if organization is not None:
            reported = today if status == "reported_in" else None
            Affiliation.objects.create(
                member=member, organization=organization, kind=kind, status=status, from_date=today,
                reported_in_date=reported,
            )  # fmt: skip
        return member

    return {
        "home": PartyMemberFactory(formal_organization=tree.branch),
        "other": PartyMemberFactory(formal_organization=tree.branches[2]),
        "taken": guest(tree.branch),
        "told": guest(tree.second_branch, "registered"),
        "alone": guest(),
        "cloud": guest(cloud, kind="activity"),
        "gone": PartyMemberFactory(
            formal_organization=None, status="removed", status_from_date=today, status_document="1 号",
            last_organization=tree.branch,
        ),
    }  # fmt: skip


def rows_behind(client, url):
    page = client.get(url)
    assert page.status_code == 200, url
    return {line["row"].pk for line in page.context["rows"]}


def test_every_figure_of_the_coverage_leads_to_exactly_the_rows_it_counts(tree, members, city_clerk, sign_in):
    client = sign_in(city_clerk)
    page = client.get(reverse("members:coverage"))
    found = page.context["found"]
    assert (found.confirmed, found.placed, found.unplaced, found.percent) == (6, 3, 3, 50)
    text = page.content.decode()
    figures = re.findall(
        r'href="(/members/\?[^"]+)"[^>]*>(?:<span class="tile-label">.*?</span>[^0-9]*)?([\d,]+)', text
    )
    figures += re.findall(r'href="(/members/\?[^"]+)"><span class="tile-label">.*?tile-value">(\d+)', text)
    assert len(figures) > 8
    for url, number in figures:
        assert len(rows_behind(client, url.replace("&amp;", "&"))) == int(number), url


def test_the_filters_find_who_they_say(tree, members, city_clerk, sign_in):
    client, pk = sign_in(city_clerk), {name: one.pk for name, one in members.items()}
    address = reverse("members:member_list")
    everybody = set(pk.values()) - {pk["gone"]}
    for query, wanted in (
        ("", everybody),
        ("?placement=placed", {pk["home"], pk["other"], pk["taken"]}),
        ("?placement=unplaced", {pk["told"], pk["alone"], pk["cloud"]}),
        ("?absence=flowing", {pk["taken"], pk["told"], pk["alone"], pk["cloud"]}),
        ("?absence=home", {pk["home"], pk["other"]}),
        (f"?unit={tree.branch.pk}", {pk["home"], pk["taken"]}),
        (f"?unit={tree.second_branch.pk}", {pk["told"]}),
        (f"?committee={tree.county.pk}", everybody - {pk["other"]}),
        ("?scope=left", {pk["gone"]}),
        ("?status=removed", {pk["gone"]}),
        ("?status=probationary", set()),
    ):
        assert rows_behind(client, address + query) == wanted, query
    for nonsense in ("?status=x", "?unit=x", "?absence=1", "?placement=1", "?committee=-1", "?scope=all"):
        assert client.get(address + nonsense).status_code == 400, nonsense


def test_the_phone_is_masked_until_it_is_asked_for_and_that_is_written_down(tree, secretary, leader, sign_in):
    person = PersonFactory(phone="13912345678")
    member = PartyMemberFactory(person=person, formal_organization=tree.branch)
    client = sign_in(secretary)
    for url in (reverse("members:member_list"), reverse("members:member_detail", args=[member.pk])):
        text = client.get(url).content.decode()
        assert "13912345678" not in text
        assert "打电话" in text
    page = client.post(reverse("members:member_phone", args=[member.pk]), headers={"HX-Request": "true"})
    assert 'href="tel:13912345678"' in page.content.decode()
    assert "no-store" in page["Cache-Control"]
    entry = Entry.objects.get(action="driver.reveal", person_id=person.pk)
    assert (entry.actor_id, list(entry.fields)) == (secretary.pk, ["phone"])
    assert sign_in(leader).post(reverse("members:member_phone", args=[member.pk])).status_code == 403


def test_the_page_of_a_member_without_a_branch_suggests_one_and_the_clerk_places_him(tree, county_clerk, sign_in):
    branch = OrganizationFactory(parent=tree.county, kind=Kind.ENTERPRISE_BRANCH, short_name="示例企业党支部")
    firm = EnterpriseFactory(committee=tree.county, organization=branch)
    driver = DriverFactory(committee=tree.county, enterprise=firm)
    member = PartyMemberFactory(person=driver.person, formal_organization=None, external_organization="外省某支部")
    client, place = sign_in(county_clerk), reverse("members:member_place", args=[member.pk])
    assert "示例企业党支部" in client.get(reverse("members:member_detail", args=[member.pk])).content.decode()
    assert client.get(place).context["form"].initial["organization"] == branch
    values = {
        "organization": branch.pk, "kind": "flowing", "from_date": timezone.localdate(),
        "absent_since_date": "2025-01-01", "absent_to": "东区",
    }  # fmt: skip
    assert client.post(place, values).status_code == 302
    tie = Affiliation.objects.get()
    assert client.post(reverse("members:tie_notify", args=[tie.pk])).status_code == 302
    day = {"on_date": timezone.localdate()}
    assert client.post(reverse("members:tie_report_in", args=[tie.pk]), day).status_code == 302
    assert PartyMember.objects.with_placement().get().placed_id == branch.pk


def test_a_letter_goes_its_way_over_the_pages_and_is_printed(tree, secretary, county_clerk, sign_in):
    member = PartyMemberFactory(person=PersonFactory(), formal_organization=tree.branch)
    receiver = AppointmentFactory(organization=tree.second_branch, role="secretary").user
    here, clerk, there = sign_in(secretary), sign_in(county_clerk), sign_in(receiver)
    create = reverse("members:transfer_create", args=[member.pk])
    both = {"to_organization": tree.second_branch.code, "to_external": "外省某支部", "reason": "迁居"}
    assert here.post(create, both).status_code == 422
    assert here.post(create, both | {"to_external": ""}).status_code == 302
    transfer = Transfer.objects.get()

    def step(client, name, **values):
        return client.post(reverse(f"members:transfer_{name}", args=[transfer.pk]), values).status_code

    sheet = reverse("members:transfer_print", args=[transfer.pk])
    assert here.get(sheet).status_code == 404
    assert step(here, "submit") == 302
    assert step(here, "approve", valid_days=30) == 403
    assert step(clerk, "approve", valid_days=30) == 302
    assert step(clerk, "receive") == 403  # who signed does not receive
    assert step(there, "receive") == 302
    assert step(there, "receive") == 409
    transfer.refresh_from_db()
    text = here.get(sheet).content.decode()
    assert transfer.number in text
    assert transfer.receipt_number in text
    number = member.person.id_number
    assert number
    assert number not in text
    member.refresh_from_db()
    assert member.formal_organization == tree.second_branch


def test_a_letter_past_its_day_says_so(tree, secretary, county_clerk, sign_in):
    member = PartyMemberFactory(formal_organization=tree.branch)
    transfer = transfers.draft(member, tree.second_branch, reason="迁居", actor=secretary)
    transfers.submit(transfer, actor=secretary)
    transfers.approve(transfer, actor=county_clerk)
    Transfer.objects.update(issued_date=date(2026, 1, 1), expires_date=date(2026, 1, 31))
    page = sign_in(county_clerk).get(reverse("members:transfer_detail", args=[transfer.pk]))
    assert "已经不能再接收" in page.content.decode()
    assert not page.context["may"]["receive"]
