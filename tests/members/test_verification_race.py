"""Two clerks confirm one candidate at once, in two processes on both databases; once more without the guards."""

import os
from datetime import timedelta
from multiprocessing import get_context

import pytest
from django.core.exceptions import ValidationError
from django.db import connections
from django.utils import timezone

from foundation.audit.models import Entry
from foundation.audit.trail import Conflict, NotAllowed
from members.models import PartyMember, Verification
from members.workflow import verification as verbs
from members.workflow.leads import Told, open_lead
from members.workflow.membership import Outside
from tests.factories import AppointmentFactory
from tests.factories.members import DriverFactory
from tests.members.roster_workers import file_database, forked

ROUNDS = 5
WON, TOLD = 0, 7


def confirm_in_a_process(case_pk, clerk_pk, barrier):
    """Confirm one case as one of two clerks; leave with what became of it."""
    from foundation.accounts.models import User

    clerk = User.objects.get(pk=clerk_pk)
    case = Verification.objects.select_related("person", "organization", "unit").get(pk=case_pk)
    barrier.wait(20)
    try:
        verbs.confirm(
            case,
            home=Outside("外省某支部"),
            status="full",
            joined_date=timezone.localdate() - timedelta(days=4000),
            full_date=timezone.localdate() - timedelta(days=3000),
            actor=clerk,
        )
    except (Conflict, NotAllowed, ValidationError):
        connections.close_all()
        os._exit(TOLD)


@pytest.mark.parametrize("sabotaged", [False, True])
@pytest.mark.django_db(transaction=True)
def test_of_two_who_confirm_at_once_one_makes_the_member_and_one_is_told(
    tree, county_clerk, tmp_path, monkeypatch, sabotaged
):
    second = AppointmentFactory(organization=tree.county, role="clerk").user
    if sabotaged:
        take_the_guards_away(monkeypatch)
    outcomes = []
    with file_database(tmp_path / "race.sqlite3"):
        for _ in range(ROUNDS):
            driver = DriverFactory(committee=tree.county)
            case = open_lead(Told(person=driver.person), tree.county, origin="platform", actor=county_clerk)
            verbs.record_check(
                case,
                "member_register",
                result="agrees",
                on_date=timezone.localdate(),
                evidence="3 号",
                actor=county_clerk,
            )
            barrier = get_context("fork").Barrier(2)
            pids = [
                forked(lambda clerk=clerk, case=case, barrier=barrier: confirm_in_a_process(case.pk, clerk.pk, barrier))
                for clerk in (county_clerk, second)
            ]
            codes = sorted(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids)
            members = PartyMember.objects.filter(pk=driver.pk).count()
            admitted = Entry.objects.filter(action="verification.confirm", object_id=str(case.pk)).count()
            outcomes.append((codes, members, admitted))
    if sabotaged:
        assert any(codes == [WON, WON] or admitted == 2 for codes, _, admitted in outcomes), outcomes
    else:
        assert outcomes == [([WON, TOLD], 1, 1)] * ROUNDS


def take_the_guards_away(monkeypatch):
    """Without holding the row and comparing its state both would confirm: the second writes over the first."""

    def unguarded(verification):
        return Verification.objects.select_related("person", "organization", "unit").get(pk=verification.pk)

    def admitted(person, evidence, **more):
        values = {name: more[name] for name in ("status", "joined_date", "full_date")}
        member, _ = PartyMember.objects.update_or_create(
            person=person, defaults=values | {"external_organization": more["home"].name}
        )
        return member

    def moved(verification, to, action, actor, changes, **more):
        Verification.objects.filter(pk=verification.pk).update(status=to, **changes)
        verification.status = to
        verbs.trace(action, verification, actor)

    monkeypatch.setattr(verbs, "hold", unguarded)
    monkeypatch.setattr(verbs, "admit", admitted)
    monkeypatch.setattr(verbs, "move", moved)
