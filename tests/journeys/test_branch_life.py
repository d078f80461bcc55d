"""A secretary with a phone and two minutes: the month's 主题党日 recorded in two taps and one per absentee."""

import pytest
from django.urls import reverse
from django.utils import timezone

from activities import workflow
from activities.models import Activity, Attendance, ComplianceStatus
from activities.statistics import taken_part
from tests.activities.conftest import members_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


class Taps:
    """Taps a phone and counts."""

    def __init__(self, page):
        self.page, self.number = page, 0

    def __call__(self, locator) -> None:
        locator.tap()
        self.number += 1


@pytest.fixture
def phone(browser, live_server, sign_in):
    """Return a function: user → a page on a phone of 360 px whose reader is signed in."""
    contexts = []

    def opened(user):
        context = browser.new_context(
            base_url=live_server.url,
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
            viewport={"width": 360, "height": 740},
            has_touch=True,
            is_mobile=True,
        )
        context.set_default_timeout(15_000)
        contexts.append(context)
        return sign_in(context.new_page(), user)

    yield opened
    for context in contexts:
        context.close()


def test_the_month_s_theme_day_with_twelve_present_and_three_excused(phone, tree, secretary, axe):
    members = members_of(tree.branch, 15)
    today = timezone.localdate()
    workflow.recompute(today.year)
    this_month = ComplianceStatus.objects.filter(organization=tree.branch, from_date=today.replace(day=1))
    assert this_month.get(kind="theme_day").done == 0
    page = phone(secretary)
    page.goto("/")
    page.get_by_text("主题党日", exact=True).first.wait_for()
    tap = Taps(page)

    tap(page.get_by_role("link", name="记一次会").first)
    page.get_by_role("heading", name="记一次会").wait_for()
    assert page.locator("[name=kind]").input_value() == "theme_day"
    # Nothing is asked that is known: every field that must be filled is filled.
    blank = page.eval_on_selector_all(
        "form[data-roll] input:not([type=hidden]):not([type=radio]), form[data-roll] textarea",
        "fields => fields.filter(one => one.required && !one.value).map(one => one.name)",
    )
    assert blank == []
    assert page.locator("form[data-roll] input[type=file]").count() == 0
    assert axe(page) == []
    for member in members[:3]:
        row = page.get_by_role("radiogroup", name=member.person.name)
        tap(row.locator("label", has_text="假"))
    assert page.locator("[data-present]").inner_text() == "12"
    assert page.locator("[data-excused]").inner_text() == "3"
    tap(page.get_by_role("button", name="保存"))
    page.get_by_text("主题党日完成").wait_for()
    assert tap.number <= 3 + 3

    activity = Activity.objects.get()
    assert (activity.expected, activity.present, activity.excused, activity.absent) == (15, 12, 3, 0)
    assert (activity.kind, activity.status) == ("theme_day", "done")
    taken = taken_part(Activity.objects.visible_to(secretary), Attendance.objects.visible_to(secretary))
    assert (taken.person_times, taken.persons) == (12, 12)
    assert this_month.get(kind="theme_day").done == 1
    page.goto("/")
    assert axe(page) == []
    assert page.get_by_text("已做").first.is_visible()
    page.goto(reverse("activities:branch_calendar", args=[tree.branch.pk]))
    cell = page.locator("section", has=page.get_by_role("heading", name="主题党日")).locator(
        "li", has=page.get_by_text(f"{today.month} 月", exact=True)
    )
    assert "做了 1 次" in cell.inner_text()
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_a_second_time_the_same_people_are_persons_once(phone, tree, secretary):
    members_of(tree.branch, 4)
    page = phone(secretary)
    for kind in ("theme_day", "party_lecture"):
        page.goto(f"{reverse('activities:record')}?kind={kind}")
        page.get_by_role("button", name="保存").tap()
        page.get_by_text("已保存").wait_for()
    taken = taken_part(Activity.objects.all(), Attendance.objects.all())
    assert (taken.activities, taken.person_times, taken.persons) == (2, 8, 4)
