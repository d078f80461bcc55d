"""The stored calendar: shipped rules, recounts that change nothing, reminders before it is late."""

from datetime import date, datetime, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from activities import workflow
from activities.models import ComplianceRule, ComplianceStatus
from activities.statistics import by_kind, ending_in, fulfilled
from activities.workflow.calendar import lines_of
from activities.workflow.reminders import remind_of_missing
from activities.workflow.roll import candidates
from foundation.notifications.models import Notification
from tests.activities.conftest import CHINA, NOON, NOW, all_present, members_of
from tests.factories import OrganizationFactory
from tests.house.oracle import cells

pytestmark = pytest.mark.django_db


def kinds_of(branch) -> dict[str, int]:
    found: dict[str, int] = {}
    for line in ComplianceStatus.objects.filter(organization=branch):
        found[line.kind] = found.get(line.kind, 0) + line.due
    return found


def test_the_shipped_rules_bind_branches_by_kind_and_say_their_source(tree, secretary, branch_committee_member):
    cloud = OrganizationFactory(
        parent=type(tree.county).objects.get(pk=tree.county.pk), kind="cloud_branch", short_name="云上测试支部"
    )
    workflow.recompute(2026)
    yearly = {"organisational_life_meeting": 1, "appraisal": 1, "heart_talk": 1}
    plain = {"theme_day": 12, "member_assembly": 4, "party_lecture": 4, **yearly}
    assert kinds_of(tree.branch) == plain | {"committee_meeting": 12}
    assert kinds_of(tree.second_branch) == plain
    assert kinds_of(cloud) == {"theme_day": 12, "party_lecture": 4}
    assert kinds_of(tree.county) == {}
    assert all(rule.source and rule.rule and not rule.is_verified for rule in ComplianceRule.objects.all())


def test_online_counts_on_the_road_and_not_for_an_assembly_of_a_branch_with_a_place(tree, county_clerk):
    members_of(tree.branch, 3)
    members_of(tree.second_branch, 3, prefix="乙")
    for branch in (tree.branch, tree.second_branch):  # a mobile and a joint branch
        roll = candidates([branch], "member_assembly", NOW)
        values = {"starts_at": NOON, "mode": "online"}
        workflow.record(branch, "member_assembly", values, all_present(roll), actor=county_clerk, at=NOW)
    done = dict(
        ComplianceStatus.objects.filter(kind="member_assembly", from_date=date(2026, 10, 1)).values_list(
            "organization", "done"
        )
    )
    assert (done[tree.branch.pk], done[tree.second_branch.pk]) == (1, 0)


def test_counting_again_changes_nothing_and_heals_what_was_damaged(tree, secretary):
    members_of(tree.branch, 3)
    statuses = all_present(candidates([tree.branch], "theme_day", NOW))
    workflow.record(tree.branch, "theme_day", {"starts_at": NOON}, statuses, actor=secretary, at=NOW)
    first = workflow.recompute(2026)
    before = list(ComplianceStatus.objects.order_by("pk").values_list())
    again = workflow.recompute(2026)
    assert (again.lines, again.written, again.removed) == (first.lines, 0, 0)
    assert list(ComplianceStatus.objects.order_by("pk").values_list()) == before
    ComplianceStatus.objects.filter(organization=tree.branch).update(done=9)
    ComplianceStatus.objects.filter(organization=tree.second_branch).first().delete()
    workflow.recompute(2026)
    fields = ("organization_id", "kind", "from_date", "until_date", "due", "done", "rule_id")
    assert set(ComplianceStatus.objects.values_list(*fields)) == {row[1:] for row in before}
    assert {line.done for line in lines_of(2026, frozenset([tree.branch.pk])) if line.kind == "theme_day"} == {0, 1}


def test_a_branch_alone_is_counted_like_with_all_others(tree, secretary, branch_committee_member):
    OrganizationFactory(parent=type(tree.branch).objects.get(pk=tree.branch.pk), kind="group")
    together = [line for line in lines_of(2026) if line.organization_id == tree.branch.pk]
    assert lines_of(2026, frozenset([tree.branch.pk])) == together
    assert any(line.kind == "group_meeting" for line in together)


def test_n_of_m_counts_nothing_beyond_the_rule(tree, secretary):
    members_of(tree.branch, 3)
    for days in (0, 1, 2):
        statuses = all_present(candidates([tree.branch], "theme_day", NOW))
        values = {"starts_at": NOON - timedelta(days=days)}
        workflow.record(tree.branch, "theme_day", values, statuses, actor=secretary, at=NOW)
    month = ending_in(ComplianceStatus.objects.visible_to(secretary), date(2026, 11, 1), date(2026, 12, 1))
    assert by_kind(month) == {"theme_day": (1, 1)}
    counted = fulfilled(month)
    assert (counted.due, counted.done, counted.branches, counted.complete) == (1, 1, 1, 1)
    everything = fulfilled(ComplianceStatus.objects.visible_to(secretary))
    assert everything.due == sum(kinds_of(tree.branch).values())
    assert (everything.done, everything.incomplete) == (1, 1)


def test_secretaries_hear_of_what_is_missing_in_the_last_week_once(tree, secretary):
    members_of(tree.branch, 3)
    workflow.recompute(2026)
    assert remind_of_missing(datetime(2026, 11, 20, 9, tzinfo=CHINA)) == 0
    last_week = datetime(2026, 11, 26, 9, tzinfo=CHINA)
    assert remind_of_missing(last_week) == 1
    assert remind_of_missing(last_week + timedelta(days=1)) == 1
    said = Notification.objects.get(event="activity.missing")
    assert (said.user_id, said.title) == (secretary.pk, "11月30日前还没做：主题党日")
    statuses = all_present(candidates([tree.branch], "theme_day", NOW))
    workflow.record(tree.branch, "theme_day", {"starts_at": NOON}, statuses, actor=secretary, at=NOW)
    assert remind_of_missing(last_week) == 0


# --- rules --------------------------------------------------------------------------------
def rule(**fields) -> ComplianceRule:
    values = {
        "kind": "study",
        "frequency": "month",
        "times": 2,
        "organization_kinds": ["mobile_branch"],
        "from_date": date(2026, 12, 1),
        "rule": "每月集中学习 2 次",
        "source": "市委〔2026〕12 号第三条",
    }
    return ComplianceRule(**values | fields)


def test_a_new_rule_begins_ahead_and_binds_the_periods_that_begin_later(tree, system_admin, county_clerk):
    names = ["kind", "times", "from_date"]
    with pytest.raises(PermissionDenied):
        workflow.save_rule(rule(), fields=names, actor=county_clerk, at=NOW)
    for fields, words in (
        ({"from_date": date(2026, 11, 24)}, "从明天以后"),
        ({"organization_kinds": []}, "支部类型"),
        ({"organization_kinds": ["club"]}, "支部类型"),
        ({"source": ""}, "出处|不能为空|这个字段"),
    ):
        with pytest.raises(ValidationError, match=words):
            workflow.save_rule(rule(**fields), fields=names, actor=system_admin, at=NOW)
    made = workflow.save_rule(rule(organization=tree.county), fields=names, actor=system_admin, at=NOW)
    workflow.recompute(2026)
    assert set(ComplianceStatus.objects.filter(kind="study").values_list("organization", "due")) == {
        (tree.branch.pk, 2)
    }
    made.times = 3
    with pytest.raises(ValidationError, match="只能改停用日期"):
        workflow.save_rule(made, fields=["times"], actor=system_admin, at=NOW)
    made.refresh_from_db()
    workflow.end_rule(made, date(2026, 12, 2), actor=system_admin, at=NOW)
    workflow.recompute(2027)
    assert not ComplianceStatus.objects.filter(kind="study", from_date__year=2027).exists()


def test_the_lines_of_the_matrix_for_rules_are_what_the_decision_note_says():
    assert {cells()["compliance_rule.change"][role] for role in ("clerk", "secretary", "leader")} == {"none"}
    assert cells()["compliance_rule.change"]["system_admin"] == "all"


def test_the_committee_s_page_offers_what_is_missing_and_everything(sign_in, tree, county_clerk):
    workflow.recompute(2026)
    page = sign_in(county_clerk).get("/activities/calendar/?month=2026-11")
    tabs = {tab["label"]: tab["count"] for tab in page.context["tabs"]}
    assert tabs == {"有缺的": 2, "全部支部": 2}
    text = page.content.decode()
    assert "有缺的" in text
    assert text.count("待做") + text.count("缺 0/1") >= 2
    everything = sign_in(county_clerk).get("/activities/calendar/?month=2026-11&show=all")
    assert [row["name"] for row in everything.context["rows"]] == [
        tree.branch.short_name,
        tree.second_branch.short_name,
    ]
