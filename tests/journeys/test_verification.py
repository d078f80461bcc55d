"""Coming forward on a phone and the clerk's way from there to a member, in a browser; every page looked at."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from members.models import Declaration, PartyMember, Verification
from members.workflow import declarations, verification
from members.workflow.leads import Told, open_lead
from tests.factories.members import DriverFactory
from tests.journeys.test_looks import Look

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def look(page, axe, too_wide):
    return Look(page, axe, too_wide)


def test_a_driver_comes_forward_and_a_clerk_makes_a_member_of_what_is_confirmed(
    page, look, axe, sign_in, tree, county_clerk
):
    today = timezone.localdate()
    values = {"title": "致在东区跑车的党员", "text": "请来。\n随时可以撤回。"}
    values |= {"from_date": today, "until_date": today + timedelta(days=9)}
    call = declarations.begin_campaign(tree.county, values, actor=county_clerk)
    page.set_viewport_size({"width": 360, "height": 740})
    for path in ("/join/", f"/join/{call.slug}/", "/join/receipt/"):
        look.open(path)
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(f"/join/{call.slug}/")
    page.get_by_label("姓名").fill("测试慕容")
    page.get_by_label("手机号").fill("19088887720")
    page.get_by_role("button", name="提交").click()
    page.get_by_text("要先同意").first.wait_for()
    assert axe(page) == []
    look.faults[:] = [one for one in look.faults if "422" not in one]  # the console says of every page how it answered
    page.get_by_label("我同意").check()
    page.get_by_role("button", name="提交").click()
    page.get_by_role("heading", name="收到了").wait_for()
    receipt = page.locator("#receipt").inner_text()
    look.look("the receipt")
    page.goto("/join/receipt/")
    page.get_by_label("回执码").fill(receipt.lower())
    page.get_by_role("button", name="查看").click()
    page.get_by_text("正在处理").wait_for()
    look.look("where it stands")

    sign_in(page, county_clerk)
    made = Declaration.objects.get()
    for path in (
        "/members/declarations/",
        f"/members/declarations/{made.pk}/",
        f"/members/declarations/{made.pk}/turn/",
        "/members/calls/",
        "/members/calls/new/",
        f"/members/calls/{call.pk}/",
        f"/members/calls/{call.pk}/notice/",
    ):
        look.open(path)
    page.goto(f"/members/declarations/{made.pk}/turn/")
    page.get_by_role("button", name="转入核查").click()
    page.get_by_text("已转入核查").wait_for()
    case = Verification.objects.get()
    person = DriverFactory(committee=tree.county).person
    verification.link_person(case, person.id_number, register=False, actor=county_clerk)
    for door in ("check", "register", "assign", "refute"):
        look.open(reverse(f"members:verification_{door}", args=[case.pk]))
    page.goto(f"/members/verifications/{case.pk}/")
    page.get_by_role("link", name=re.compile(r"去记\s*查②")).click()
    page.get_by_label("符合", exact=True).check()
    page.get_by_role("button", name="记下").click()
    page.get_by_text("已记下").wait_for()
    look.look("a case under way")
    page.get_by_role("link", name=re.compile(r"去记\s*核①")).click()
    page.get_by_label("符合", exact=True).check()
    page.get_by_label("依据").fill("查询 3 号")
    page.get_by_role("button", name="记下").click()
    page.get_by_text("可以确认").wait_for()
    look.look("a case that may be confirmed")
    page.get_by_role("link", name="确认是党员").click()
    page.get_by_label("入党日期").fill("2010-07-01")
    page.get_by_label("转正日期").fill("2011-07-01")
    page.get_by_label("组织关系在系统外").fill("外省某支部")
    look.look("the form of a confirmation")
    page.get_by_role("button", name="确认", exact=True).click()
    page.get_by_text("已确认").first.wait_for()
    assert PartyMember.objects.get().person_id == person.pk
    for path in ("/members/verifications/?status=confirmed", "/members/verifications/funnel/"):
        look.open(path)
    assert look.faults == []


def test_a_secretary_notes_a_call_on_his_phone(page, look, axe, sign_in, tree, county_clerk, secretary):
    driver = DriverFactory(committee=tree.county)
    case = open_lead(Told(person=driver.person), tree.county, origin="platform", actor=county_clerk)
    due = timezone.localdate() + timedelta(days=9)
    verification.assign(case, tree.branch, due_date=due, actor=county_clerk)
    page.set_viewport_size({"width": 360, "height": 740})
    sign_in(page, secretary)
    look.open("/members/verifications/")
    page.set_viewport_size({"width": 360, "height": 740})
    page.get_by_role("link", name=driver.person.name).click()
    page.get_by_role("button", name="打电话").click()
    page.get_by_role("link", name=f"拨 {driver.person.phone}").wait_for()
    page.get_by_role("link", name=re.compile(r"去记\s*核③")).click()
    page.get_by_label("符合", exact=True).check()
    page.get_by_label("经过").fill("本人说是党员")
    page.get_by_role("button", name="记下").click()
    page.get_by_text("待组织核实").first.wait_for()
    look.look("what waits for the organisation")
    assert look.faults == []
