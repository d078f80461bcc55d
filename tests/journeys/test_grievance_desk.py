"""The desk in a browser: accepted, assigned, reported, answered, called back, closed; and the clock moves one up."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from branches.choices import Duty
from branches.models import Workday
from branches.workflow import office_of
from grievances import workflow
from grievances.models import Category, Clock, Grievance
from grievances.workflow.lodging import Complaint
from tests.conftest import load_shipped_data
from tests.grievances.conftest import PHONE, holder

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def reference(transactional_db):
    """See to it that categories and limits are there: transactional tests empty the tables."""
    load_shipped_data()
    # Days ahead of today are known, whatever day the test runs on.
    today = timezone.localdate()
    for ahead in range(40):
        day = today + timedelta(days=ahead)
        Workday.objects.get_or_create(date=day, defaults={"is_workday": day.weekday() < 5, "source": "测试"})


@pytest.fixture
def people(reference, tree, county_clerk, city_clerk):
    holder("officer", "承办人", tree.county, "handler")
    office_of(tree.county, Duty.HANDLE)
    from foundation.accounts.models import User

    return {
        "clerk": county_clerk,
        "officer": User.objects.get(username="officer"),
        "second": holder("second-clerk", "区专干二", tree.county, "clerk"),
        "city": city_clerk,
    }


def lodged(tree, title: str) -> Grievance:
    told = Complaint(
        title=title,
        description="说好到货三天付，一个多月没付。",
        category=Category.objects.get(code="freight_arrears"),
        division=tree.county.division,
        amount_involved=18600,
        name="测试甲",
        phone=PHONE,
    )
    return workflow.lodge(told, at=timezone.now()).grievance


def open_case(page, title: str) -> None:
    page.goto(reverse("grievances:list"))
    page.get_by_role("rowheader").get_by_role("link", name=title).click()


def test_a_case_goes_from_hand_to_hand_until_it_is_closed(page, sign_in, tree, people, axe, too_wide):
    case = lodged(tree, "拖欠运费")
    sign_in(page, people["clerk"])
    page.goto(reverse("grievances:list"))
    page.locator("td.act a", has_text="受理").click()
    assert axe(page) == []
    page.get_by_role("button", name="受理，列入台账").click()
    page.get_by_role("heading", name="下一步：转办").wait_for()
    page.get_by_role("button", name="转过去").click()  # nobody chosen
    page.get_by_text("没有保存，请改好下面几处").wait_for()
    page.select_option("select[name=unit]", str(tree.county.pk))
    page.get_by_role("button", name="转过去").click()
    page.get_by_role("heading", name="等东区反馈").wait_for()

    sign_in(page, people["officer"])
    open_case(page, "拖欠运费")
    page.fill("textarea[name=text]", "联系货主公司，约好当面对账。")
    page.get_by_role("button", name="发给诉求人").click()
    page.get_by_role("heading", name="下一步：写答复").wait_for()
    for width in (360, 1280, 1680):
        assert too_wide(page, width) == []
    assert axe(page) == []
    page.evaluate("document.documentElement.dataset.text = 'large'")
    assert too_wide(page, 360) == []
    page.evaluate("delete document.documentElement.dataset.text")
    page.set_viewport_size({"width": 1280, "height": 900})
    page.fill("textarea[name=text]", "货主答应月底付清，")
    page.get_by_role("button", name="先存着").click()
    page.get_by_text("答复先存着，还没有提交").wait_for()
    page.get_by_text("还没有提交。接着写").wait_for()
    assert axe(page) == []
    assert page.input_value("textarea[name=text]") == "货主答应月底付清，"
    page.check("input[name=result][value=solved]")
    page.fill("input[name=amount_recovered]", "18600")
    page.fill("textarea[name=text]", "货主已付清运费。不满意可以在查询页上说。")
    page.get_by_role("button", name="提交答复").click()
    page.get_by_role("heading", name="等东区回访").wait_for()

    sign_in(page, people["second"])
    page.goto(f"{reverse('grievances:list')}?tab=to-confirm")
    page.locator("td.act a", has_text="回访").click()
    page.get_by_text("查看电话").click()
    page.fill("#why-phone", "回访")
    page.get_by_role("button", name="显示", exact=True).click()
    page.get_by_text(PHONE).wait_for()
    page.check("input[name=was_reached][value='1']")
    page.check("input[name=solved][value=solved]")
    page.check("input[name=satisfaction][value=satisfied]")
    page.get_by_role("button", name="记下这次回访").click()
    page.get_by_text("已办结", exact=True).first.wait_for()
    case.refresh_from_db()
    assert (case.status, case.close_reason, case.satisfaction) == ("closed", "called_back", "satisfied")
    assert page.locator("#next").count() == 0


def test_an_overdue_case_goes_up_by_itself(page, sign_in, tree, people):
    case = lodged(tree, "拖了很久的运费")
    now = timezone.now()
    workflow.accept(case, actor=people["clerk"], at=now)
    workflow.assign(case, office_of(tree.county, Duty.HANDLE), actor=people["clerk"], at=now)
    due = Clock.objects.get(grievance=case, kind="answer").due_at
    sign_in(page, people["city"])
    page.goto(reverse("grievances:list"))
    page.get_by_text("没有逾期的诉求").wait_for()
    while workflow.sweep(due + timedelta(minutes=1)):
        pass
    page.reload()
    page.get_by_role("link", name="拖了很久的运费").first.click()
    page.get_by_role("heading", name="下一步：转办").wait_for()
    page.get_by_text("逾期，自动升级").wait_for()
    rung = page.locator(".ladder [aria-current=step]")
    assert re.search("攀枝花市", rung.inner_text())
    case.refresh_from_db()
    assert (case.organization, case.rung) == (tree.city, 1)
