"""Races on the tree and on posts, with real threads on PostgreSQL; each once more with its lock taken away.

SQLite has one writer: its transactions begin IMMEDIATE, so there is nothing to race.
"""

import threading
import time
from contextlib import nullcontext, suppress

import pytest
from django.core.exceptions import ValidationError
from django.db import close_old_connections, connections

from branches import workflow
from branches.models import Appointment, Organization
from branches.rules import excluded_by
from foundation.accounts.models import User
from tests.factories import UserFactory

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


def together(*acts) -> list:
    """Run the acts in threads of their own; return what each raised, or None."""
    raised: list = [None] * len(acts)

    def run(number, act):
        close_old_connections()
        try:
            act()
        except Exception as error:
            raised[number] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return raised


@pytest.mark.parametrize("sabotaged", [False, True])
def test_two_clerks_cannot_give_roles_that_exclude_each_other(tree, monkeypatch, sabotaged):
    user = UserFactory()
    both_checked = threading.Barrier(2)
    really = workflow.appointments.checked

    def wait_for_the_other(instance, exclude=()):
        with suppress(threading.BrokenBarrierError):  # broken: the other one waits for the lock, as it should
            both_checked.wait(1.5)
        return really(instance, exclude=exclude)

    monkeypatch.setattr(workflow.appointments, "checked", wait_for_the_other)
    if sabotaged:
        monkeypatch.setattr(User.objects, "select_for_update", User.objects.all)
    raised = together(
        lambda: workflow.appoint(user, tree.county, "clerk", source="delegated", actor=None),
        lambda: workflow.appoint(user, tree.city, "auditor", source="delegated", actor=None),
    )
    held = set(Appointment.objects.filter(user=user).values_list("role", flat=True))
    clash = any(excluded_by(role, frozenset(held - {role})) for role in held)
    assert clash is sabotaged, (held, raised)
    if not sabotaged:
        assert [type(one) for one in raised].count(ValidationError) == 1


@pytest.mark.parametrize("sabotaged", [False, True])
def test_a_unit_added_while_its_parent_moves_ends_up_below_it(tree, monkeypatch, sabotaged):
    added = threading.Event()
    really = workflow.organizations._record

    def linger(action, *args, **more):
        if action == "organization.added":
            added.set()
            time.sleep(1.5)  # inserted, not yet committed: the mover must not have begun to read
        return really(action, *args, **more)

    monkeypatch.setattr(workflow.organizations, "_record", linger)
    if sabotaged:
        monkeypatch.setattr(workflow.organizations, "hold_tree", nullcontext)
    values = {"code": "R-1", "name": "中共赛跑支部", "short_name": "赛跑支部", "kind": "branch", "level": "base"}

    def move():
        added.wait(10)
        workflow.move_organization(tree.county, tree.other_city, actor=None, reason="赛跑")

    raised = together(lambda: workflow.add_organization(tree.county, values, actor=None), move)
    assert raised == [None, None]
    broken = any(Organization.objects.find_problems())
    assert broken is sabotaged
    if not sabotaged:
        made = Organization.objects.get(code="R-1")
        assert Organization.objects.get_parent(made).pk == tree.county.pk


def test_of_two_who_save_the_same_version_one_is_told(tree, county_clerk):
    ready = threading.Barrier(2)

    def save(value):
        ready.wait(10)
        workflow.change_organization(tree.branch, {"grid_area": value}, version=1, actor=county_clerk)

    raised = together(lambda: save("甲"), lambda: save("乙"))
    assert sorted(type(one).__name__ for one in raised) == ["Conflict", "NoneType"]
    assert Organization.objects.get(pk=tree.branch.pk).version == 2
