"""What no database can hold is refused at the door, on both databases alike."""

import pytest

pytestmark = pytest.mark.django_db
HUGE = 10**40


@pytest.mark.parametrize("url", [f"/drivers/{HUGE}/", f"/drivers/{HUGE}/merge/{HUGE}/", f"/imports/{HUGE}/"])
def test_a_key_no_row_can_have_is_not_found(county_clerk, sign_in, url):
    assert sign_in(county_clerk).get(url).status_code == 404


@pytest.mark.parametrize(
    "url", ["/organizations/?q=%00", "/organizations/users/?q=%00", "/imports/template/?organization=%00", "/?%61=%00"]
)
def test_a_nul_in_an_address_is_a_bad_request(county_clerk, sign_in, url):
    assert sign_in(county_clerk).get(url).status_code == 400


def test_a_nul_in_a_form_is_a_bad_request(county_clerk, sign_in):
    assert sign_in(county_clerk).post("/drivers/columns/", {"cols": ["\0"]}).status_code == 400


@pytest.mark.parametrize("row", [str(HUGE), "9" * 5000, "１", "-1", "a"])
def test_ticked_rows_that_can_be_none_are_passed_over(county_clerk, sign_in, row):
    answer = sign_in(county_clerk).post("/drivers/bulk/", {"row": row, "action": "verify"})
    assert (answer.status_code, answer.url) == (302, "/drivers/")
    assert sign_in(county_clerk).post("/exports/new/", {"row": row}).status_code == 200
