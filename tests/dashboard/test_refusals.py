"""What no database can hold is refused at the door, on both databases alike."""

import pytest

pytestmark = pytest.mark.django_db
HUGE = 10**40


@pytest.mark.parametrize("url", [f"/drivers/{HUGE}/", f"/drivers/{HUGE}/merge/{HUGE}/", f"/imports/{HUGE}/"])
def test_a_key_no_row_can_have_is_not_found(county_clerk, sign_in, url):
    assert sign_in(county_clerk).get(url).status_code == 404


@pytest.mark.parametrize(
    "url",
    [
        "/organizations/?q=%00",
        "/organizations/users/?q=%00",
        "/imports/template/?organization=%00",
        "/?%61=%00",
        "/?%00=1",
    ],
)
def test_a_nul_in_an_address_is_a_bad_request(county_clerk, sign_in, url):
    assert sign_in(county_clerk).get(url).status_code == 400


def test_a_nul_in_a_form_is_a_bad_request(county_clerk, sign_in):
    assert sign_in(county_clerk).post("/drivers/columns/", {"cols": ["\0"]}).status_code == 400


def test_an_address_that_only_a_button_calls_says_so(county_clerk, sign_in):
    client = sign_in(county_clerk)
    for url in ("/drivers/bulk/", "/drivers/columns/"):
        answer = client.get(url)
        assert (answer.status_code, answer["Allow"]) == (405, "POST")
        assert "这一步要在页面上点" in answer.content.decode()


@pytest.mark.parametrize("row", [str(HUGE), "9" * 5000, "１", "-1", "a"])
def test_ticked_rows_that_can_be_none_are_passed_over(county_clerk, sign_in, row):
    answer = sign_in(county_clerk).post("/drivers/bulk/", {"row": row, "action": "verify"})
    assert (answer.status_code, answer.url) == (302, "/drivers/")
    assert sign_in(county_clerk).post("/exports/new/", {"row": row}).status_code == 200


def test_a_nul_in_the_name_of_a_parameter_never_reaches_the_trail(county_clerk, sign_in):
    assert sign_in(county_clerk).post("/organizations/export/?a%00b=1").status_code == 400


def test_a_nul_as_the_admin_writes_it_in_addresses_is_no_key(system_admin, sign_in):
    client = sign_in(system_admin)
    for page in ("change", "history"):
        assert client.get(f"/admin/branches/division/_00/{page}/").status_code == 404


@pytest.mark.parametrize("key", ["9" * 19, "9" * 5000, "１", "-1", "a"])
def test_an_organisation_that_can_be_none_is_passed_over_or_not_found(county_clerk, sign_in, key):
    client = sign_in(county_clerk)
    assert client.get("/organizations/", {"under": key}).status_code == 200
    assert client.get("/organizations/new/", {"parent": key}).status_code == 404


@pytest.mark.parametrize("day", ["0001-01-01", "1899-12-31", "2200-01-01", "9999-12-31"])
def test_a_day_no_clock_reckons_with_is_refused_in_words(
    tree, city_clerk, county_clerk, secretary, auditor, sign_in, day
):
    pages = [sign_in(auditor).get("/audit/", {name: day}) for name in ("from_date", "until_date")]
    post = {"user": secretary.pk, "role": "instructor", "source": "delegated"}
    appoint = f"/organizations/{tree.branch.pk}/appointments/new/"
    pages += [sign_in(city_clerk).post(appoint, post | {name: day}) for name in ("from_date", "until_date")]
    for page in pages:
        assert page.status_code == 422
        assert "年份不对" in page.content.decode()
