"""一支部一档: what it adds up to, that it costs the same for many, and that what is frozen stays."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from activities import workflow
from activities.workflow.roll import candidates
from branches.models import BranchFileSnapshot
from branches.workflow import record_term
from branches.workflow.files import digest_of, freeze_file, is_intact
from dashboard.branch_file import assemble
from tests.activities.conftest import all_present, members_of, tie

pytestmark = pytest.mark.django_db


def held(branch, actor, at, **statuses):
    roll = all_present(candidates([branch], "theme_day", at), **statuses)
    return workflow.record(branch, "theme_day", {"starts_at": at}, roll, actor=actor, at=at)


def test_the_file_adds_up(tree, secretary, county_clerk):
    at = timezone.now()
    members_of(tree.branch, 13)
    members_of(tree.branch, 1, status="probationary", prefix="乙")
    tie(members_of(tree.neighbour_branch, 1, prefix="丙")[0], tree.branch)
    keys = [one.key for one in candidates([tree.branch], "theme_day", at)]
    held(tree.branch, secretary, at - timedelta(minutes=5), **{keys[0]: "excused"})
    today = timezone.localdate(at)
    values = {"elected_date": today, "years": 3, "method": "assembly", "entitled": 13, "present": 12}
    record_term(tree.branch, values, actor=county_clerk, at=at)
    file = assemble(tree.branch, today.year, at)
    members = file["members"]
    assert (members["total"], members["full"], members["probationary"], members["tied"]) == (15, 13, 1, 1)
    assert members["total"] == len(members["lines"]) == members["full"] + members["probationary"] + members["tied"]
    theme_day = next(line for line in file["activities"]["lines"] if line["kind"] == "主题党日")
    assert (theme_day["held"], theme_day["done"], theme_day["person_times"]) == (1, 1, 14)
    assert theme_day["due"] == today.month
    assert (file["activities"]["person_times"], file["activities"]["persons"]) == (14, 14)
    assert [one["name"] for one in file["posts"]] == ["书记"]
    assert file["term"]["present"] == 12
    assert file["grievances"]["lodged"] == 0


def test_it_names_nobody_s_number_or_phone(sign_in, tree, secretary):
    person = members_of(tree.branch, 1)[0].person
    page = sign_in(secretary).get(reverse("dashboard:branch_file", args=[tree.branch.pk])).content.decode()
    assert person.name in page
    for secret in (person.id_number, person.phone, person.address):
        assert secret not in page


def test_it_costs_the_same_for_few_members_and_for_many(sign_in, tree, secretary):
    members_of(tree.branch, 2)
    held(tree.branch, secretary, timezone.now() - timedelta(days=1))
    client, address = sign_in(secretary), reverse("dashboard:branch_file", args=[tree.branch.pk])
    client.get(address)

    def cost():
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address).status_code == 200
        return len(queries)

    few = cost()
    members_of(tree.branch, 20, prefix="乙")
    held(tree.branch, secretary, timezone.now() - timedelta(minutes=9))
    assert cost() == few <= 22


def test_what_is_frozen_stays_and_says_when_it_was_touched(sign_in, tree, county_clerk, secretary):
    at = timezone.now()
    year = timezone.localdate(at).year
    members_of(tree.branch, 3)
    snapshot = freeze_file(tree.branch, year, assemble(tree.branch, year, at), actor=county_clerk, at=at)
    snapshot.refresh_from_db()
    assert is_intact(snapshot)
    assert snapshot.digest == digest_of(snapshot.content)
    members_of(tree.branch, 2, prefix="乙")
    client = sign_in(secretary)
    address = reverse("dashboard:branch_file_snapshot", args=[tree.branch.pk, year])
    assert len(client.get(address).context["file"]["members"]["lines"]) == 3
    with pytest.raises(ValidationError, match="冻结过"):
        freeze_file(tree.branch, year, {}, actor=county_clerk, at=at)
    content = snapshot.content | {"year": 1999}
    BranchFileSnapshot.objects.filter(pk=snapshot.pk).update(content=content)
    assert "和冻结时的校验值对不上" in client.get(address).content.decode()


def test_clerks_freeze_this_year_and_the_last_and_nobody_else_does(tree, county_clerk, secretary, leader):
    year = timezone.localdate().year
    for who in (secretary, leader):
        with pytest.raises(PermissionDenied):
            freeze_file(tree.branch, year, {}, actor=who)
    for other in (year + 1, year - 2):
        with pytest.raises(ValidationError, match="今年和去年"):
            freeze_file(tree.branch, other, {}, actor=county_clerk)
    with pytest.raises(ValidationError, match="只有支部"):
        freeze_file(tree.county, year, {}, actor=None)
    assert freeze_file(tree.branch, year - 1, {"year": year - 1}, actor=county_clerk).year == year - 1
