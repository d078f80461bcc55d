"""First secretaries: seconded by a named unit, listed by when that ends, recalled 3 and 1 months ahead."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from branches import workflow
from branches.models import Appointment
from branches.workflow.secondments import remind_of_secondments
from foundation.notifications.models import Notification
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 24, 9, tzinfo=ZoneInfo("Asia/Shanghai"))


def first_secretary(unit, *, until_at=None, at=AT, **more):
    fields = {"source": "seconded", "seconded_from": "测试市委组织部", "title": "第一书记"} | more
    return workflow.appoint(UserFactory(), unit, "leader", actor=None, from_at=at, until_at=until_at, at=at, **fields)


def test_a_first_secretary_is_seconded_by_a_named_unit_and_nobody_else(tree):
    with pytest.raises(ValidationError) as refused:
        first_secretary(tree.county, seconded_from=" ")
    assert "seconded_from" in refused.value.message_dict
    with pytest.raises(ValidationError) as refused:
        first_secretary(tree.county, source="elected")
    assert "seconded_from" in refused.value.message_dict
    assert first_secretary(tree.county).seconded_from == "测试市委组织部"
    with pytest.raises(IntegrityError), transaction.atomic():
        Appointment.objects.update(source="elected")


def test_the_form_takes_a_first_secretary_and_the_list_shows_him(tree, city_clerk, county_clerk, sign_in):
    client = sign_in(city_clerk)
    address = reverse("branches:appointment_create", args=[tree.county.pk])
    data = {"user": county_clerk.pk, "role": "leader", "source": "seconded", "title": "第一书记"}
    answer = client.post(address, data)
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {"seconded_from"}
    assert client.post(address, data | {"seconded_from": "测试市委组织部"}).status_code == 302
    page = client.get(reverse("branches:first_secretary_list"))
    assert [row[0].organization_id for row in page.context["rows"]] == [tree.county.pk]
    assert {one.pk for one, _ in page.context["without"]} == {
        tree.city.pk,
        tree.second_county.pk,
        tree.third_county.pk,
    }
    detail = client.get(reverse("branches:organization_detail", args=[tree.county.pk])).content.decode()
    assert "测试市委组织部" in detail
    assert (
        "seconded_from"
        not in client.get(reverse("branches:appointment_create", args=[tree.branch.pk])).context["form"].fields
    )


def test_people_are_reminded_three_months_and_one_month_before_the_end(tree, county_clerk, city_clerk):
    post = first_secretary(tree.county, until_at=AT + timedelta(days=100))
    first_secretary(tree.second_county)  # without an end
    assert remind_of_secondments(AT) == 0
    for days in (10, 11, 71, 72):
        assert remind_of_secondments(AT + timedelta(days=days)) == 1
    assert remind_of_secondments(AT + timedelta(days=101)) == 0
    told = Notification.objects.filter(event="appointment.secondment_ending").order_by("user_id")
    assert [one.user_id for one in told] == sorted([*[county_clerk.pk, city_clerk.pk, post.user_id] * 2])


def test_who_sees_no_posts_sees_no_list(tree, handler, sign_in):
    assert sign_in(handler).get(reverse("branches:first_secretary_list")).status_code == 403


def test_a_secondment_that_ends_soon_is_marked(tree, city_clerk, sign_in):
    now = timezone.now()
    first_secretary(tree.county, until_at=now + timedelta(days=40), at=now - timedelta(days=1))
    first_secretary(tree.second_county, until_at=now + timedelta(days=400), at=now - timedelta(days=1))
    rows = sign_in(city_clerk).get(reverse("branches:first_secretary_list")).context["rows"]
    assert [is_soon for _, is_soon, _ in rows] == [True, False]
