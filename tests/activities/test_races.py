"""Two people record the same meeting at once: one wins, one is told, the sums are right. Real processes."""

import os
from datetime import datetime
from multiprocessing import get_context

import pytest
from django.core.exceptions import ValidationError
from django.db import connections

from activities import workflow
from activities.models import Activity, Attendance, ComplianceStatus
from activities.workflow import activities as verbs
from activities.workflow.roll import candidates
from foundation.audit.trail import Conflict, NotAllowed
from tests.activities.conftest import CHINA, members_of
from tests.members.roster_workers import ended, file_database, forked

TOLD, WON = 7, 0
NOW = datetime(2026, 11, 24, 13, 30, tzinfo=CHINA)
ROUNDS = 4


def recorder(organization_pk, user_pk, held_at, planned_pk, absent, barrier):
    """Record one meeting with somebody else absent than the other recorder says; leave with what became of it."""
    from branches.models import Organization
    from foundation.accounts.models import User

    branch, user = Organization.objects.get(pk=organization_pk), User.objects.get(pk=user_pk)
    activity = Activity.objects.select_related("organization").get(pk=planned_pk) if planned_pk else None
    roll = candidates([branch], "theme_day", held_at)
    statuses = {one.key: "absent" if number < absent else "present" for number, one in enumerate(roll)}
    values = {"topic": f"缺 {absent} 人", "starts_at": held_at, "mode": "offline"}
    barrier.wait(20)
    try:
        if activity is not None:
            workflow.hold(activity, values, statuses, actor=user, at=NOW)
        else:
            workflow.record(branch, "theme_day", values, statuses, actor=user, at=NOW)
    except (Conflict, NotAllowed, ValidationError):
        connections.close_all()
        os._exit(TOLD)


@pytest.mark.parametrize("planned", [False, True], ids=["as it was held", "as it was planned"])
@pytest.mark.django_db(transaction=True)
def test_of_two_recorders_one_wins_and_one_is_told(tree, secretary, branch_committee_member, tmp_path, planned):
    members_of(tree.branch, 5)
    with file_database(tmp_path / "race.sqlite3"):
        outcomes = [_race(tree, (secretary, branch_committee_member), day, planned) for day in range(1, 1 + ROUNDS)]
        done = Activity.objects.filter(status="done")
        assert outcomes == [[WON, TOLD]] * ROUNDS
        assert done.count() == ROUNDS
        for activity in done:
            lines = Attendance.objects.filter(activity=activity)
            absent = lines.filter(status="absent").count()
            assert (activity.expected, activity.absent, activity.present) == (5, absent, 5 - absent)
            assert activity.topic == f"缺 {absent} 人"
            assert lines.count() == 5
        (line,) = ComplianceStatus.objects.filter(kind="theme_day", from_date="2026-11-01", organization=tree.branch)
        assert line.done == ROUNDS


@pytest.mark.django_db(transaction=True)
def test_without_the_guard_both_would_win(tree, secretary, branch_committee_member, tmp_path, monkeypatch):
    monkeypatch.setattr(verbs, "_refuse_recorded", lambda activity: None)
    members_of(tree.branch, 5)
    with file_database(tmp_path / "race.sqlite3"):
        outcomes = [_race(tree, (secretary, branch_committee_member), day, False) for day in range(1, 1 + ROUNDS)]
        assert [WON, WON] in outcomes
        Attendance.objects.all().delete()
        Activity.objects.all().delete()


def _race(tree, people, day: int, planned: bool) -> list[int]:
    held_at = datetime(2026, 11, day, 9, 30, tzinfo=CHINA)
    planned_pk = None
    if planned:
        planned_pk = Activity.objects.create(
            organization_id=tree.branch.pk, kind="theme_day", topic="计划", starts_at=held_at
        ).pk
    barrier = get_context("fork").Barrier(2)
    pids = [
        forked(lambda who=who, absent=absent: recorder(tree.branch.pk, who.pk, held_at, planned_pk, absent, barrier))
        for absent, who in enumerate(people, start=1)
    ]
    return sorted(ended(pid) for pid in pids)
