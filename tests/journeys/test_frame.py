"""The frame of all pages in a real browser: accessible, nothing wider than the screen, no script needed to move on."""

import pytest
from django.urls import reverse

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

WIDTHS = [360, 1280, 1680]
PUBLIC = ["/", "/help/", "/help/roster-errors/", "/feedback/", "/privacy/", "/no-such-page/"]


@pytest.mark.parametrize("path", PUBLIC)
def test_public_pages_are_accessible_and_fit_every_screen(page, axe, too_wide, path):
    page.goto(path)
    assert axe(page) == []
    assert {width: too_wide(page, width) for width in WIDTHS} == {width: [] for width in WIDTHS}


@pytest.mark.parametrize("path", ["/", "/search/", "/help/", "/feedback/", "/no-such-page/"])
def test_pages_of_a_clerk_are_accessible_and_fit_every_screen(page, sign_in, axe, too_wide, county_clerk, path):
    sign_in(page, county_clerk).goto(path)
    for width in WIDTHS:
        assert too_wide(page, width) == []
        assert axe(page) == [], width


def test_the_style_page_shows_every_component_accessibly(page, sign_in, axe, too_wide, system_admin):
    sign_in(page, system_admin).goto(reverse("dashboard:design"))
    assert page.locator("h1").inner_text() == "组件一览"
    for width in WIDTHS:
        assert too_wide(page, width) == []
        assert axe(page) == [], width


def test_large_text_is_switched_on_and_remembered_by_the_account(page, sign_in, axe, too_wide, county_clerk):
    sign_in(page, county_clerk).goto("/")
    page.get_by_role("button", name="大字版").click()
    page.wait_for_selector("html[data-text=large]")
    assert axe(page) == []
    assert too_wide(page, 360) == []
    page.goto("/help/")
    assert page.get_attribute("html", "data-text") == "large"
    county_clerk.refresh_from_db()
    assert county_clerk.large_text


def test_large_text_works_signed_out_by_cookie(page):
    page.goto("/")
    page.get_by_role("button", name="大字版").click()
    page.wait_for_selector("html[data-text=large]")
    page.get_by_role("button", name="标准字").click()
    page.wait_for_selector("html:not([data-text])")


def test_a_search_leaves_nothing_in_the_address(page, sign_in, county_clerk):
    sign_in(page, county_clerk).goto("/")
    page.get_by_placeholder("姓名、拼音首字母").fill("7720")
    page.keyboard.press("Enter")
    page.wait_for_selector("h1:has-text('查找')")
    assert page.url.endswith("/search/")


def test_escape_closes_the_account_menu_and_gives_the_focus_back(page, sign_in, county_clerk):
    sign_in(page, county_clerk).goto("/")
    summary = page.locator("summary[aria-label*='我的账号']")
    summary.click()
    assert page.get_by_role("button", name="退出").is_visible()
    page.keyboard.press("Escape")
    assert not page.get_by_role("button", name="退出").is_visible()
    assert summary.evaluate("e => e === document.activeElement")


def test_feedback_without_a_title_is_refused_where_it_is_wrong_and_then_gets_a_number(page, axe, tree):
    page.goto("/feedback/")
    page.get_by_role("button", name="提交意见").click()
    summary = page.locator(".error-summary")
    assert summary.evaluate("e => e === document.activeElement")
    assert axe(page) == []
    summary.get_by_role("link").click()
    page.keyboard.type("导入的步骤看不懂")
    page.get_by_role("button", name="提交意见").click()
    page.wait_for_selector("h1:has-text('收到了')")
    assert page.locator(".code").last.inner_text().startswith("SQ")


def test_the_skip_link_is_the_first_stop_of_the_keyboard(page):
    page.goto("/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "跳到主要内容"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_a_printed_page_carries_no_navigation(page, sign_in, county_clerk):
    sign_in(page, county_clerk).goto("/")
    page.emulate_media(media="print")
    for chrome in (".rail", ".topbar", ".pagefoot", ".help-link"):
        assert not page.locator(chrome).first.is_visible(), chrome
    assert page.locator("h1").is_visible()
    assert page.locator(".tile").first.is_visible()
