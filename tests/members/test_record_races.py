"""Two at once: cards, months of dues, pairs. Real processes on both databases; once more with the guard taken away."""

import os
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from multiprocessing import get_context

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, connections

from dashboard import integrity_members
from foundation.accounts.models import User
from foundation.audit.trail import Conflict
from members.models import ContactPair, Driver, DuesRecord, MemberCard, PartyMember
from members.workflow import cards, contacts, dues
from members.workflow.dues import Payment
from tests.factories.members import DriverFactory, PartyMemberFactory, PersonFactory
from tests.members.roster_workers import file_database, forked

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 4
WON, TOLD = 0, 7
MONTH = date(2026, 1, 1)


def together(*acts) -> list[int]:
    """Run the acts in processes of their own, at the same moment; return how each left, sorted."""
    barrier = get_context("fork").Barrier(len(acts))

    def run(act):
        barrier.wait(20)
        try:
            act()
        except (Conflict, ValidationError):
            connections.close_all()
            os._exit(TOLD)

    pids = [forked(lambda act=act: run(act)) for act in acts]
    return sorted(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids)


def member_of(pk) -> PartyMember:
    return PartyMember.objects.select_related("person", "formal_organization", "last_organization").get(pk=pk)


@contextmanager
def without_index(name: str, model):
    """Take a unique index away and put it back when no row breaks it any more."""
    constraint = next(one for one in model._meta.constraints if one.name == name)
    with connection.schema_editor() as editor:
        editor.remove_constraint(model, constraint)
    try:
        yield
    finally:
        if connection.vendor == "postgresql":
            model.objects.all().delete()
            with connection.schema_editor() as editor:
                editor.add_constraint(model, constraint)


@pytest.fixture
def unchecked(monkeypatch):
    """Take away what a verb asks before it writes."""

    def take_away():
        for module in (cards, contacts, dues):
            monkeypatch.setattr(module, "checked", lambda instance, exclude=(): instance)

    return take_away


@pytest.mark.parametrize("sabotaged", [False, True])
def test_of_two_cards_issued_at_once_one_is_there(tree, county_clerk, tmp_path, unchecked, sabotaged):
    unchecked()

    def issue(pk):
        cards.issue(member_of(pk), actor=User.objects.get(pk=county_clerk.pk))

    with file_database(tmp_path / "race.sqlite3"):
        outcomes = []

        def rounds():
            for _ in range(ROUNDS):
                pk = PartyMemberFactory(person=PersonFactory(), formal_organization=tree.branch).pk
                codes = together(lambda pk=pk: issue(pk), lambda pk=pk: issue(pk))
                outcomes.append((codes, MemberCard.objects.standing().filter(member=pk).count()))

        if sabotaged:
            with without_index("members_membercard_one", MemberCard):
                rounds()
                assert outcomes == [([WON, WON], 2)] * ROUNDS
        else:
            rounds()
            assert outcomes == [([WON, TOLD], 1)] * ROUNDS


@pytest.mark.parametrize("sabotaged", [False, True])
def test_of_two_who_record_the_same_month_one_is_told(tree, secretary, tmp_path, unchecked, sabotaged):
    if sabotaged:
        unchecked()

    def record(pk):
        payment = Payment(pk, MONTH, MONTH, Decimal("40"))
        branch = member_of(pk).formal_organization
        actor = User.objects.get(pk=secretary.pk)
        # Both read the register before either writes: the month looks open to both.
        really, barrier = dues._months_of, barriers[pk]

        def after_the_other(*args):
            rows = really(*args)
            if connection.vendor == "postgresql":
                barrier.wait(20)
            return rows

        dues._months_of = after_the_other
        dues.record_payments(branch, [payment], paid_date=date(2026, 2, 1), method="cash", actor=actor)

    with file_database(tmp_path / "race.sqlite3"):
        outcomes, barriers = [], {}

        def rounds():
            for _ in range(ROUNDS):
                member = PartyMemberFactory(person=PersonFactory(), formal_organization=tree.branch)
                dues.set_rate(member, category="income", income=Decimal("4000"), from_month=MONTH, actor=secretary)
                barriers[member.pk] = get_context("fork").Barrier(2)
                codes = together(*[lambda pk=member.pk: record(pk)] * 2)
                standing = DuesRecord.objects.standing().filter(member=member.pk).count()
                outcomes.append((codes, standing))

        if sabotaged and connection.vendor == "postgresql":
            with without_index("members_duesrecord_once", DuesRecord):
                rounds()
                assert outcomes == [([WON, WON], 2)] * ROUNDS
        else:
            rounds()
            assert outcomes == [([WON, TOLD], 1)] * ROUNDS
            assert set(PartyMember.objects.values_list("dues_paid_until_date", flat=True)) == {date(2026, 2, 1)}
            assert list(integrity_members.dues(None)) == []


@pytest.mark.parametrize("sabotaged", [False, True])
def test_of_two_members_who_pair_with_a_driver_at_once_one_has_him(tree, county_clerk, tmp_path, unchecked, sabotaged):
    unchecked()

    def pair(pk, driver_pk):
        person = Driver.objects.select_related("person").get(pk=driver_pk).person
        contacts.pair(member_of(pk), name=person.name, phone=person.phone, actor=User.objects.get(pk=county_clerk.pk))

    with file_database(tmp_path / "race.sqlite3"):
        outcomes = []

        def rounds():
            for _ in range(ROUNDS):
                first, second = (
                    PartyMemberFactory(person=PersonFactory(), formal_organization=tree.branch).pk for _ in range(2)
                )
                driver = DriverFactory(committee=tree.county).pk
                codes = together(
                    lambda pk=first, driver=driver: pair(pk, driver), lambda pk=second, driver=driver: pair(pk, driver)
                )
                outcomes.append((codes, ContactPair.objects.running().filter(driver=driver).count()))

        if sabotaged:
            with without_index("members_contactpair_driver", ContactPair):
                rounds()
                assert outcomes == [([WON, WON], 2)] * ROUNDS
        else:
            rounds()
            assert outcomes == [([WON, TOLD], 1)] * ROUNDS


def test_two_drivers_at_once_do_not_make_one_more_than_a_member_may_have(tree, county_clerk, tmp_path, settings):
    settings.CONTACT_PAIRS_MOST = 1

    def pair(pk, driver_pk):
        person = Driver.objects.select_related("person").get(pk=driver_pk).person
        contacts.pair(member_of(pk), name=person.name, phone=person.phone, actor=User.objects.get(pk=county_clerk.pk))

    with file_database(tmp_path / "race.sqlite3"):
        for _ in range(ROUNDS):
            pk = PartyMemberFactory(person=PersonFactory(), formal_organization=tree.branch).pk
            drivers = [DriverFactory(committee=tree.county).pk for _ in range(2)]
            codes = together(*[lambda pk=pk, driver=driver: pair(pk, driver) for driver in drivers])
            assert codes == [WON, TOLD]
            assert ContactPair.objects.running().filter(member=pk).count() == 1
