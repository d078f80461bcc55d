"""A secretary with a phone takes an application and notes the talk; the clerk's desk leads to who waits for him."""

import pytest
from django.urls import reverse
from django.utils import timezone

from members.models import Development
from tests.factories.members import id_number

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_an_application_from_the_phone_to_the_desk(page, tree, secretary, county_clerk, sign_in, axe, too_wide):
    sign_in(page, secretary)
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(reverse("members:development_list"))
    page.get_by_text("还没有人申请入党").wait_for()
    page.get_by_role("link", name="登记入党申请").click()
    page.get_by_label("姓名").fill("测试新人")
    page.get_by_label("身份证号").fill(id_number(7, birth=f"{timezone.localdate().year - 17}0101"))
    assert page.get_by_label("哪一天递交申请书").input_value() == f"{timezone.localdate()}"
    page.get_by_role("button", name="登记", exact=True).click()
    page.get_by_text("申请入党要年满十八岁").first.wait_for()
    assert axe(page) == []
    page.get_by_label("身份证号").fill(id_number(7, birth="19900612"))
    page.get_by_role("button", name="登记", exact=True).click()
    page.get_by_text("已登记").wait_for()
    assert axe(page) == []
    assert too_wide(page, 360) == []
    for step in ("党组织派人谈话", "推荐和确定入党积极分子"):
        page.get_by_role("link", name=f"记：{step}").click()
        page.get_by_role("textbox", name="意见").or_(page.get_by_role("textbox", name="谁谈的")).fill("谈过了，同意")
        page.get_by_role("button", name="记下").click()
        page.get_by_text(f"{step}已记下").wait_for()
    assert Development.objects.get().next_step == 4

    sign_in(page, county_clerk)
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto("/")
    page.get_by_role("link", name="入党积极分子").click()
    page.get_by_role("link", name="测试新人").click()
    page.get_by_role("link", name="记：上级党委备案").wait_for()
    assert axe(page) == []
