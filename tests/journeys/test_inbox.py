"""The inbox in a browser: the bell counts, one is read where it stands, a link leads on, all the rest at once."""

import pytest
from django.db import transaction
from django.urls import reverse

from foundation.notifications.models import Notification
from foundation.notifications.workflow import publish

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def told(county_clerk):
    """Tell the clerk five things, the first of them urgent."""
    with transaction.atomic():
        for number, words in enumerate(("急", "一", "二", "三", "四")):
            publish(
                "grievance.lodged",
                recipients=[county_clerk],
                subject=f"grievances.grievance:{number}",
                title=f"有一件新诉求待受理：{words}",
                body="请在 2 小时内转办" if number else "",
                url=reverse("dashboard:help"),
                urgent=number == 0,
                dedupe=f"journey:{number}",
            )
    return county_clerk


def test_one_is_read_a_link_leads_on_and_the_rest_are_read_at_once(page, sign_in, told, axe, too_wide):
    sign_in(page, told)
    page.goto(reverse("dashboard:home"))
    page.get_by_role("link", name="通知，5 条未读").click()
    page.get_by_text("5 条没有读").wait_for()
    for width in (360, 1280, 1680):
        assert too_wide(page, width) == []
    assert axe(page) == []
    page.set_viewport_size({"width": 1280, "height": 900})

    # Where it stands, without the page being loaded anew: what was typed elsewhere on it would stay.
    page.evaluate("window.stayed = true")
    page.get_by_role("button", name="标为已读：有一件新诉求待受理：一").click()
    page.get_by_role("link", name="通知，4 条未读").wait_for()
    assert page.evaluate("window.stayed") is True
    assert page.get_by_role("button", name="标为已读：有一件新诉求待受理：一").count() == 0
    assert axe(page) == []

    page.get_by_role("button", name="打开：有一件新诉求待受理：二").click()
    page.wait_for_url(f"**{reverse('dashboard:help')}")
    page.get_by_role("link", name="通知，3 条未读").click()

    page.get_by_role("link", name="未读", exact=False).first.wait_for()
    page.goto(f"{reverse('notifications:list')}?show=unread")
    assert page.locator("main .rows > li").count() == 3
    page.get_by_role("button", name="全部标为已读").click()
    page.get_by_text("已把 3 条标为已读").wait_for()
    page.get_by_text("都读过了").wait_for()
    assert page.get_by_role("link", name="通知", exact=True).first.is_visible()
    assert page.get_by_role("button", name="全部标为已读").count() == 0
    assert not Notification.objects.unread().exists()
    page.goto(f"{reverse('notifications:list')}?show=unread")
    page.get_by_text("没有未读的通知").wait_for()
    assert axe(page) == []
