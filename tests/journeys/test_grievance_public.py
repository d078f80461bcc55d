"""Show 1: on a phone a driver lodges in under a minute, follows by code, answers a question, says "not solved"."""

import re
import time
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone

from branches.choices import Duty
from branches.models import Workday
from branches.workflow import office_of
from grievances import workflow
from grievances.choices import Result, Status
from grievances.models import Grievance
from tests.factories import AppointmentFactory, OrganizationFactory, UserFactory
from tests.grievances.test_evidence import with_place
from tests.journeys.test_looks import Look

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PHONE = {"width": 360, "height": 780}


@pytest.fixture(autouse=True)
def _place(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    cache.clear()


@pytest.fixture
def desk(tree):
    """Return (clerk, officer, office): who works on cases of the first county; limits and a calendar are there."""
    today = timezone.localdate()
    for day in (today + timedelta(days=number) for number in range(40)):
        Workday.objects.update_or_create(date=day, defaults={"is_workday": day.weekday() < 5})
    team = OrganizationFactory(
        parent=tree.county, code="D510402-1", kind="department", level="county", short_name="东区交通执法大队"
    )
    clerk, officer = UserFactory(username="desk", name="区专干"), UserFactory(username="team", name="承办人")
    AppointmentFactory(user=clerk, organization=tree.county, role="clerk")
    AppointmentFactory(user=officer, organization=team, role="handler")
    return clerk, officer, office_of(team, Duty.HANDLE)


def seen(page) -> str:
    """Return the words of the page with the space between them made one."""
    return re.sub(r"\s+", " ", page.inner_text("main"))


def test_a_driver_lodges_follows_answers_and_says_not_solved(page, axe, too_wide, desk, tree, tmp_path):
    clerk, officer, office = desk
    look = Look(page, axe, too_wide)
    look.open("/grievances/new/")
    look.open("/grievances/track/")

    # Lodged on a phone, in under a minute.
    page.set_viewport_size(PHONE)
    page.goto("/")
    begun = time.monotonic()
    page.get_by_role("link", name="我要求助").click()
    page.get_by_label("运费结算").check()
    page.get_by_label("说说经过").fill("拉石材到昆明，说好到货三天付 18600 元。一个多月了没给。")
    page.get_by_label("在哪里发生的").select_option("510402")
    page.get_by_label("涉及多少钱").fill("18,600")
    page.get_by_label("怎么告诉您结果").fill("190 0000 602")
    page.get_by_role("button", name="提交", exact=True).click()
    page.wait_for_selector(".error-summary")
    look.look("a refused form")
    page.set_viewport_size(PHONE)
    assert "一个多月了没给" in page.get_by_label("说说经过").input_value()
    assert page.get_by_label("运费结算").is_checked()
    page.get_by_label("怎么告诉您结果").fill("190 0000 7720")
    page.get_by_role("button", name="提交", exact=True).click()
    page.wait_for_url("**/grievances/lodged/")
    assert time.monotonic() - begun < 60

    # The two lines, big, and what happens next.
    code, passphrase = page.inner_text("#track-code"), page.inner_text("#passphrase")
    assert re.fullmatch(r"[2-9A-Z]{4}-[2-9A-Z]{4} [2-9A-Z]{6}", f"{code} {passphrase}")
    assert re.search(r"提交好了，最迟.* \d\d:\d\d 转给能办的单位", seen(page))
    look.look("the two lines")
    page.set_viewport_size(PHONE)
    page.get_by_role("button", name="记好了").click()
    page.wait_for_url("**/track/case/")
    page.get_by_role("button", name="看完了").click()

    # Days later, by code.
    case = Grievance.objects.get()
    assert (case.organization, case.phone) == (tree.county, "19000007720")
    now = timezone.now()
    workflow.accept(case, actor=clerk, at=now)
    workflow.assign(case, office, actor=clerk, at=now)
    workflow.ask_complainant(case, actor=officer, text="请拍一张运单。", at=now)
    page.goto("/grievances/track/")
    page.get_by_label("查询码").fill(code.lower())
    page.get_by_label("口令").fill("WRONG2")
    page.get_by_role("button", name="看进度").click()
    page.wait_for_selector(".error-summary")
    assert "对不上" in seen(page)
    page.get_by_label("口令").fill(passphrase)
    page.get_by_role("button", name="看进度").click()
    page.wait_for_url("**/track/case/")
    assert code not in page.url
    assert "请您补充一点情况" in page.inner_text("h1")
    assert "时限先停着" in seen(page)
    look.look("a question")
    page.set_viewport_size(PHONE)

    # The answer to the question, with a photo.
    photo = tmp_path / "运单.jpg"
    photo.write_bytes(with_place())
    page.get_by_label("您的回答").fill("这是运单。")
    page.set_input_files("#reply_evidence", str(photo))
    page.get_by_role("button", name="发送补充").click()
    page.wait_for_selector("text=照片1.jpg")
    assert re.search(r"东区交通执法大队正在办，\s*最迟 \d+月\d+日 18:00\s*答复您", page.inner_text("h1"))
    page.get_by_text("为什么是这一天").click()
    assert "5 个工作日：" in seen(page)
    assert "从第二天数起，周末和放假不算" in seen(page)
    ladder = page.locator(".ladder li").all_inner_texts()
    assert [line.split("\n")[0] for line in ladder] == ["东区行业党委", "攀枝花市行业党委", "四川省行业党委"]
    assert "到期没答复，自动转到这里" in ladder[1]
    look.look("in hand")
    page.set_viewport_size(PHONE)

    # Answered; not solved; one level up.
    case.refresh_from_db()
    answered = "货主付了一半。"
    workflow.answer(case, actor=officer, result=Result.PARTLY, text=answered, amount_recovered=9300, at=timezone.now())
    page.reload()
    assert "有答复了，请看看解决没有" in page.inner_text("h1")
    assert answered in seen(page)
    look.look("an answer")
    page.set_viewport_size(PHONE)
    page.get_by_label("没解决", exact=True).check()
    page.get_by_label("想说的话").fill("还差一半。")
    page.get_by_role("button", name="告诉我们").click()
    page.wait_for_selector("text=您说没解决，转到上一级重办")
    assert "攀枝花市行业党委重办" in page.inner_text("h1")
    assert "is-now" in page.locator(".ladder li", has_text="攀枝花市").get_attribute("class")
    look.look("reopened")
    case.refresh_from_db()
    assert (case.status, case.organization, case.reopened) == (Status.ACCEPTED, tree.city, 1)
    # The console says of every refused form that it was answered with 422.
    assert [fault for fault in look.faults if "status of 422" not in fault] == []


def test_the_form_works_without_scripts(browser, live_server, desk, tree):
    context = browser.new_context(base_url=live_server.url, java_script_enabled=False, viewport=PHONE)
    page = context.new_page()
    page.goto("/grievances/new/")
    page.get_by_label("停车与盗抢").check()
    page.get_by_label("说说经过").fill("夜里油被偷了。")
    page.get_by_text("不在这个省？换一个省").click()
    page.get_by_label("省、自治区、直辖市").select_option("110000")
    page.get_by_role("button", name="换成这个省").click()
    assert page.get_by_label("说说经过").input_value() == "夜里油被偷了。"
    page.get_by_label("在哪里发生的").select_option("110101")
    page.get_by_role("button", name="提交", exact=True).click()
    assert page.url.endswith("/grievances/lodged/")
    assert Grievance.objects.get().organization == tree.province
    context.close()


def test_a_secretary_lodges_for_a_driver(page, sign_in, axe, too_wide, desk, tree):
    secretary = UserFactory(username="secretary", name="书记")
    AppointmentFactory(user=secretary, organization=tree.branch, role="secretary")
    sign_in(page, secretary)
    look = Look(page, axe, too_wide)
    look.open("/")
    look.open("/grievances/lodge/")
    page.set_viewport_size(PHONE)
    page.goto("/")
    begun = time.monotonic()
    page.locator("main").get_by_role("link", name="登记诉求").click()
    page.get_by_label("子女上学").check()
    page.get_by_label("说说经过").fill("孩子转学没学校收。")
    page.get_by_label("手机号").fill("19000000001")
    page.get_by_role("button", name="先存草稿").click()
    page.wait_for_selector("text=我的草稿 1 件")
    look.look("a draft")
    page.set_viewport_size(PHONE)
    page.get_by_role("link", name="接着写").click()
    page.get_by_role("button", name="提交", exact=True).click()
    page.wait_for_url("**/grievances/lodged/")
    assert time.monotonic() - begun < 60
    assert "把下面两行交给司机" in seen(page)
    look.look("two lines for a driver")
    assert Grievance.objects.get().status == Status.LODGED
    assert look.faults == []
