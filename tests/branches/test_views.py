"""The pages of the organisation tree: who sees what, what a form says, how many queries a list costs."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from branches import workflow
from branches.models import Appointment, Guidance, Organization
from foundation.accounts.models import User
from tests.factories import AppointmentFactory, OrganizationFactory, UserFactory

LISTS = ["organization_list", "appointment_list", "vacancy_list", "user_list"]
ON_ORGANIZATION = [
    "organization_detail",
    "organization_change",
    "organization_move",
    "organization_start",
    "organization_rectify",
    "organization_resume",
    "organization_dissolve",
    "guidance_create",
    "office_create",
    "appointment_create",
    "user_create",
]
ON_USER = ["user_detail", "user_lock", "user_unlock", "user_second_factor"]


def url(name, *args):
    return reverse(f"branches:{name}", args=args)


def values_of(organization, **change):
    names = [
        "name",
        "short_name",
        "code",
        "kind",
        "level",
        "host_unit",
        "host_platform",
        "grid_area",
        "contact_name",
        "contact_phone",
        "version",
    ]
    return {name: getattr(organization, name) for name in names} | change


# --- doors ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", LISTS)
def test_nobody_signed_in_is_sent_to_the_door(client, db, name):
    answer = client.get(url(name))
    assert answer.status_code == 302
    assert answer.url.startswith("/accounts/login/")


def test_the_outsider_finds_a_foreign_row_and_no_row_the_same(tree, outsider, neighbour_clerk, sign_in):
    client = sign_in(outsider)
    for names, foreign in ((ON_ORGANIZATION, tree.county.pk), (ON_USER, neighbour_clerk.pk)):
        for name in names:
            answers = [client.get(url(name, pk)) for pk in (foreign, 99_999_999)]
            assert [answer.status_code for answer in answers] == [404, 404], name
            # Only the address in the page (text size switch) may differ.
            texts = [
                answer.content.decode().replace(f"/{pk}/", "/N/")
                for answer, pk in zip(answers, (foreign, 99_999_999), strict=True)
            ]
            assert _without_tokens(texts[0]) == _without_tokens(texts[1]), name
    line = Guidance.objects.get()
    for name, pk in (("guidance_end", line.pk), ("appointment_end", neighbour_clerk.appointments.get().pk)):
        assert client.get(url(name, pk)).status_code == 404


def _without_tokens(text: str) -> str:
    import re

    return re.sub(r'(csrfmiddlewaretoken" value="|X-CSRFToken": ")\w+', "", text)


def test_the_neighbour_is_an_outsider_here(tree, neighbour_clerk, secretary, sign_in):
    client = sign_in(neighbour_clerk)
    assert client.get(url("organization_detail", tree.county.pk)).status_code == 404
    assert client.get(url("user_detail", secretary.pk)).status_code == 404
    assert tree.branch.short_name not in client.get(url("organization_list")).content.decode()
    assert client.post(url("user_reset_code", secretary.pk)).status_code == 404


def test_who_sees_a_unit_but_may_not_change_it_is_told_so(tree, leader, secretary, sign_in):
    for user, unit in ((leader, tree.county), (secretary, tree.branch)):
        client = sign_in(user)
        assert client.get(url("organization_detail", unit.pk)).status_code == 200
        for name in ON_ORGANIZATION[1:]:
            assert client.get(url(name, unit.pk)).status_code == 403, name


def test_units_above_are_named_in_the_crumbs_and_not_linked(tree, county_clerk, sign_in):
    page = sign_in(county_clerk).get(url("organization_detail", tree.county.pk)).content.decode()
    assert f"<li>{tree.city.short_name}</li>" in page
    assert url("organization_detail", tree.city.pk) not in page


@pytest.mark.parametrize(
    ("who", "lists"),
    [
        ("county_clerk", {"appointment_list", "vacancy_list", "user_list"}),
        ("leader", {"appointment_list", "vacancy_list"}),
        ("secretary", {"appointment_list", "vacancy_list"}),
        ("handler", set()),
        ("auditor", set()),
        ("system_admin", {"user_list"}),
        ("security_admin", {"appointment_list", "vacancy_list", "user_list"}),
    ],
)
def test_lists_open_to_whom_the_table_says(request, sign_in, who, lists):
    client = sign_in(request.getfixturevalue(who))
    for name in LISTS[1:]:
        assert client.get(url(name)).status_code == (200 if name in lists else 403), name


# --- lists ------------------------------------------------------------------------------------------------------------
def queries_of(client, address) -> int:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert client.get(address).status_code == 200
    return len(queries)


@pytest.mark.parametrize("name", [*LISTS, "organization_list?kind=mobile_branch"])
def test_a_list_costs_the_same_for_few_rows_and_for_more(tree, county_clerk, secretary, sign_in, name):
    client = sign_in(county_clerk)
    base, _, query = name.partition("?")
    address = f"{url(base)}?{query}"
    client.get(address)
    few = queries_of(client, address)
    for _ in range(3):
        branch = OrganizationFactory(parent=tree.county)
        AppointmentFactory(user=UserFactory(), organization=branch, role="branch_committee_member")
    assert queries_of(client, address) == few
    assert few <= 12


def test_the_tree_shows_a_big_province_as_committees_and_each_ones_branches_on_demand(
    tree, province_clerk, sign_in, monkeypatch
):
    from branches.views import organizations

    monkeypatch.setattr(organizations, "WHOLE_TREE", 10)
    client = sign_in(province_clerk)
    page = client.get(url("organization_list")).content.decode()
    assert tree.county.short_name in page
    assert url("organization_detail", tree.branch.pk) not in page
    assert "12 个支部" not in page  # thirteen with the company's
    assert "13 个支部" in page
    under = client.get(url("organization_list"), {"under": tree.county.pk}).content.decode()
    assert url("organization_detail", tree.branch.pk) in under
    assert url("organization_detail", tree.neighbour_branch.pk) not in under


def test_the_list_narrows_by_kind_status_and_name(tree, city_clerk, sign_in):
    client = sign_in(city_clerk)
    page = client.get(url("organization_list"), {"kind": "mobile_branch", "q": "东区"}).content.decode()
    assert tree.branch.short_name in page
    assert tree.second_branch.short_name not in page
    assert client.get(url("organization_list"), {"kind": "nonsense", "page": "x", "under": "x"}).status_code == 200


def test_vacant_posts_are_listed_where_one_may_see_posts(tree, county_clerk, secretary, sign_in):
    page = sign_in(county_clerk).get(url("vacancy_list"), {"role": "secretary"}).content.decode()
    assert tree.second_branch.short_name in page
    assert tree.branch.short_name not in page
    assert "1 个职务空着" in page


# --- changing ---------------------------------------------------------------------------------------------------------
def test_a_clerk_adds_changes_and_moves_an_organisation_by_pages(tree, city_clerk, sign_in):
    client = sign_in(city_clerk)
    address = f"{url('organization_create')}?parent={tree.county.pk}"
    assert client.get(address).status_code == 200
    values = {
        "name": "中共测试支部",
        "short_name": "测试支部",
        "code": "510402-77",
        "kind": "mobile_branch",
        "level": "base",
        "division": "鼓楼区",
        "aliases": "甲，乙、甲",
    }
    refused = client.post(address, values)
    assert refused.status_code == 422
    assert "不止一个“鼓楼区”" in refused.content.decode()
    answer = client.post(address, values | {"division": "510402 东区"})
    made = Organization.objects.get(code="510402-77")
    assert answer.url == url("organization_detail", made.pk)
    assert made.aliases == ["甲", "乙"]
    answer = client.post(url("organization_change", made.pk), values_of(made, grid_area="仁和镇"))
    assert answer.status_code == 302
    made.refresh_from_db()
    assert (made.grid_area, made.aliases, made.division_id) == ("仁和镇", [], None)
    answer = client.post(url("organization_move", made.pk), {"parent": tree.second_county.pk, "reason": "调整"})
    assert answer.status_code == 302
    assert Organization.objects.get_parent(Organization.objects.get(pk=made.pk)) == tree.second_county


def test_a_refused_form_says_it_at_the_field_and_keeps_the_input(tree, county_clerk, sign_in):
    address = f"{url('organization_create')}?parent={tree.county.pk}"
    values = {"name": "中共丁支部", "short_name": "丁支部", "code": "510402-01", "kind": "branch", "level": "base"}
    page = sign_in(county_clerk).post(address, values).content.decode()
    assert "这个代码已经用过了。" in page
    assert 'id="id_code_error"' in page
    assert 'value="丁支部"' in page


def test_who_saves_an_old_version_gets_the_page_of_conflict(tree, county_clerk, sign_in):
    client = sign_in(county_clerk)
    old = values_of(tree.branch, grid_area="乙")
    workflow.change_organization(tree.branch, {"grid_area": "甲"}, version=1, actor=county_clerk)
    answer = client.post(url("organization_change", tree.branch.pk), old)
    assert answer.status_code == 409
    assert "被别人改过" in answer.content.decode()
    tree.branch.refresh_from_db()
    assert tree.branch.grid_area == "甲"


def test_a_step_the_life_cycle_forbids_is_a_page_too(tree, county_clerk, sign_in):
    answer = sign_in(county_clerk).post(url("organization_resume", tree.branch.pk), {"reason": "试"})
    assert answer.status_code == 409


def test_dissolving_by_page_names_what_ends_first(tree, county_clerk, secretary, sign_in):
    client = sign_in(county_clerk)
    address = url("organization_dissolve", tree.branch.pk)
    assert "任职 1 项" in client.get(address).content.decode()
    values = {"document": "〔2026〕9号", "dissolved_date": "2026-01-01"}
    assert "请选择承接的组织" in client.post(address, values).content.decode()
    assert client.post(address, values | {"successor": tree.second_branch.pk}).status_code == 302
    page = client.get(url("organization_detail", tree.branch.pk)).content.decode()
    assert "2026年1月1日撤销" in page


def test_guidance_offices_and_absence_by_pages(tree, county_clerk, handler, sign_in):
    client = sign_in(county_clerk)
    values = {"guiding_organization": tree.department.pk, "line": "transport", "from_date": "2026-01-01"}
    assert client.post(url("guidance_create", tree.branch.pk), values).status_code == 302
    line = tree.branch.guidance_received.get()
    assert client.post(url("guidance_end", line.pk), {"until_date": "2026-02-01"}).status_code == 302
    post = handler.appointments.get()
    assert client.post(url("office_create", tree.county.pk), {"duty": "handle", "holder": post.pk}).status_code == 302
    office = tree.county.offices.get()
    arranged = {"deputy": county_clerk.appointments.get().pk, "absent_from_date": "2026-11-01"}
    assert sign_in(handler).post(url("office_arrange", office.pk), arranged).status_code == 302
    office.refresh_from_db()
    assert office.deputy.user == county_clerk
    assert office.absent_from_at is not None
    assert client.post(url("office_assign", office.pk), {"holder": ""}).status_code == 302
    office.refresh_from_db()
    assert office.holder is None
    assert client.get(url("organization_detail", tree.county.pk)).status_code == 200


def test_appointing_and_ending_by_pages(tree, county_clerk, instructor, sign_in):
    client = sign_in(county_clerk)
    address = url("appointment_create", tree.second_branch.pk)
    assert "审计员" not in client.get(address).content.decode()
    values = {"user": instructor.pk, "role": "secretary", "source": "elected"}
    assert client.post(address, values).status_code == 302
    made = Appointment.objects.get(role="secretary")
    assert client.post(url("appointment_end", made.pk), {"reason": ""}).status_code == 422
    assert client.post(url("appointment_end", made.pk), {"reason": "换届"}).status_code == 302
    made.refresh_from_db()
    assert not made.is_running(timezone.now())


def test_a_foreign_person_cannot_be_chosen(tree, county_clerk, neighbour_clerk, sign_in):
    values = {"user": neighbour_clerk.pk, "role": "secretary", "source": "elected"}
    answer = sign_in(county_clerk).post(url("appointment_create", tree.branch.pk), values)
    assert answer.status_code == 422
    assert not Appointment.objects.filter(role="secretary").exists()


def test_a_new_account_gets_its_code_once_and_signs_in_with_it(tree, county_clerk, sign_in):
    client = sign_in(county_clerk)
    values = {"name": "新书记", "username": "new-secretary", "role": "secretary", "source": "elected"}
    answer = client.post(url("user_create", tree.branch.pk), values)
    assert answer.status_code == 200
    code = answer.context["code"]
    assert code in answer.content.decode()
    user = User.objects.get(username="new-secretary")
    assert code not in client.get(url("user_detail", user.pk)).content.decode()
    from foundation.accounts import workflow as accounts

    accounts.redeem("new-secretary", code, "Mountain-Road-88")
    user.refresh_from_db()
    assert user.check_password("Mountain-Road-88")


def test_codes_and_locks_by_pages(tree, county_clerk, secretary, leader, security_admin, sign_in):
    client = sign_in(county_clerk)
    assert client.post(url("user_reset_code", secretary.pk)).status_code == 200
    assert client.post(url("user_reset_code", leader.pk)).status_code == 403
    assert client.get(url("user_lock", secretary.pk)).status_code == 403
    safe = sign_in(security_admin)
    assert safe.post(url("user_lock", secretary.pk), {"reason": "离职"}).status_code == 302
    assert "已锁定" in safe.get(url("user_detail", secretary.pk)).content.decode()
    answer = safe.post(url("user_reset_code", secretary.pk), follow=True)
    assert "停用或锁定" in answer.content.decode()
    assert safe.post(url("user_unlock", secretary.pk), {"reason": "误报"}).status_code == 302


def test_posts_outside_the_reach_stay_unnamed_on_the_page_of_an_account(tree, county_clerk, secretary, sign_in):
    AppointmentFactory(user=secretary, organization=tree.neighbour_branch, role="instructor")
    client = sign_in(county_clerk)
    for address in (url("user_detail", secretary.pk), url("user_list")):
        page = client.get(address).content.decode()
        assert tree.branch.short_name in page
        assert tree.neighbour_branch.short_name not in page


def test_no_page_shows_a_whole_phone_number(tree, county_clerk, secretary, sign_in):
    from foundation.accounts.workflow import change_phone

    change_phone(secretary, "19000000001")
    client = sign_in(county_clerk)
    for address in (url("user_detail", secretary.pk), url("user_list"), url("organization_detail", tree.branch.pk)):
        assert "19000000001" not in client.get(address).content.decode()


def test_the_detail_page_costs_no_more_with_more_rows(tree, county_clerk, secretary, sign_in):
    client = sign_in(county_clerk)
    address = url("organization_detail", tree.county.pk)
    client.get(address)
    few = queries_of(client, address)
    for _ in range(3):
        OrganizationFactory(parent=tree.county)
        AppointmentFactory(user=UserFactory(), organization=tree.county, role="handler")
    assert queries_of(client, address) <= few


def test_the_check_of_a_citys_counties_names_the_missing_ones(tree, city_clerk, sign_in):
    page = sign_in(city_clerk).get(url("organization_detail", tree.city.pk)).content.decode()
    assert "1+5 核对" in page
    assert "米易县 <span" in page
    assert "东区 · 西区 · 仁和区" in page
