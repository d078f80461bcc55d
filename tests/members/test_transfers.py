"""The transfer of a formal relation: who signs, what moves, what expires; and two letters raced by two processes."""

import os
from contextlib import suppress
from datetime import date, datetime, timedelta
from multiprocessing import get_context
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection, connections
from django.urls import reverse
from django.utils import timezone

from foundation.audit.models import Entry
from foundation.audit.trail import Conflict, NotAllowed
from foundation.notifications.models import Notification
from members.choices import LetterStatus
from members.models import PartyMember, Transfer
from members.workflow import affiliations, transfers
from tests.factories import AppointmentFactory, UserFactory
from tests.factories.members import PartyMemberFactory, PersonFactory
from tests.members.roster_workers import file_database, forked


def noon(*day):
    return datetime(*day, 12, tzinfo=ZoneInfo("Asia/Shanghai"))


@pytest.fixture
def member(tree):
    return PartyMemberFactory(formal_organization=tree.branch)


@pytest.fixture
def receiver(tree):
    """Return the secretary of the other branch."""
    return AppointmentFactory(organization=tree.second_branch, role="secretary").user


def signed(member, to, *, secretary, clerk, at=None, **more):
    transfer = transfers.draft(member, to, reason="迁居", actor=secretary, at=at)
    transfers.submit(transfer, actor=secretary, at=at)
    transfers.approve(transfer, actor=clerk, at=at, **more)
    return transfer


@pytest.mark.django_db
def test_both_sides_sign_and_reception_moves_the_member_with_what_hangs_on_him(
    tree, member, secretary, county_clerk, receiver
):
    today = timezone.localdate()
    user = UserFactory()
    member.person.user = user
    member.person.save(update_fields=["user"])
    AppointmentFactory(user=user, organization=tree.branch, role="branch_committee_member")
    tie = affiliations.register_tie(member, tree.second_branch, "activity", from_date=today, actor=county_clerk)
    transfer = signed(member, tree.second_branch, secretary=secretary, clerk=county_clerk)
    assert transfer.number == f"{tree.branch.code}〔{today.year}〕{transfer.pk:06}"
    assert transfer.expires_date == today + timedelta(days=90)
    assert Notification.objects.filter(user=receiver, event="membership.letter_issued").count() == 1
    assert PartyMember.objects.get().formal_organization == tree.branch  # until it is received
    ended_rows = transfers.receive(transfer, actor=receiver)
    assert ended_rows == {"branches.Appointment": 1, "members.Affiliation": 1}
    member.refresh_from_db()
    tie.refresh_from_db()
    assert (member.formal_organization, tie.status) == (tree.second_branch, "ended")
    assert transfer.receipt_number == f"{tree.second_branch.code}回〔{today.year}〕{transfer.pk:06}"
    assert Notification.objects.filter(user=secretary, event="membership.letter_received").count() == 1
    actions = list(Entry.objects.filter(person_id=member.pk).order_by("pk").values_list("action", flat=True))
    assert actions.index("transfer.draft") < actions.index("transfer.approve") < actions.index("member.move")


@pytest.mark.django_db
def test_each_side_does_its_own_part_only(tree, member, secretary, county_clerk, city_clerk, receiver, neighbour_clerk):
    for actor in (receiver, neighbour_clerk, UserFactory()):
        with pytest.raises(PermissionDenied):
            transfers.draft(member, tree.second_branch, reason="迁居", actor=actor)
    transfer = transfers.draft(member, tree.second_branch, reason="迁居", actor=secretary)
    assert not Transfer.objects.visible_to(receiver).exists()  # a draft is the sender's affair
    with pytest.raises(NotAllowed):
        transfers.approve(transfer, actor=county_clerk)
    transfer.refresh_from_db()
    transfers.submit(transfer, actor=secretary)
    for actor in (secretary, receiver, neighbour_clerk):
        with pytest.raises(PermissionDenied):
            transfers.approve(transfer, actor=actor)
    transfers.approve(transfer, actor=county_clerk)
    assert Transfer.objects.visible_to(receiver).exists()
    for actor in (secretary, neighbour_clerk):
        with pytest.raises(PermissionDenied):
            transfers.receive(transfer, actor=actor)
    with pytest.raises(PermissionDenied, match="另一个人"):
        transfers.receive(transfer, actor=county_clerk)
    with pytest.raises(PermissionDenied):
        transfers.withdraw(transfer, reason="不去了", actor=secretary)
    transfers.receive(transfer, actor=city_clerk)


@pytest.mark.django_db
def test_the_page_that_withdraws_opens_for_whom_the_verb_lets(client, tree, member, secretary, county_clerk):
    transfer = transfers.draft(member, tree.second_branch, reason="迁居", actor=secretary)
    page = reverse("members:transfer_withdraw", args=[transfer.pk])
    client.force_login(secretary)
    assert client.get(page).status_code == 200
    transfers.submit(transfer, actor=secretary)
    transfers.approve(transfer, actor=county_clerk)
    assert client.get(page).status_code == 403
    client.force_login(county_clerk)
    assert client.get(page).status_code == 200


@pytest.mark.django_db
def test_a_letter_runs_out_by_its_own_day(tree, member, secretary, county_clerk, receiver):
    transfer = signed(
        member, tree.second_branch, secretary=secretary, clerk=county_clerk, at=noon(2026, 3, 1), valid_days=10
    )
    assert transfer.expires_date == date(2026, 3, 11)
    assert transfers.remind_of_letters(noon(2026, 3, 3)) == 0
    assert (transfers.remind_of_letters(noon(2026, 3, 5)), transfers.remind_of_letters(noon(2026, 3, 6))) == (1, 0)
    assert transfers.expire_letters(noon(2026, 3, 11)) == 0
    with pytest.raises(NotAllowed, match="2026-03-11"):
        transfers.receive(transfer, actor=receiver, at=noon(2026, 3, 12))
    assert (transfers.expire_letters(noon(2026, 3, 12)), transfers.expire_letters(noon(2026, 3, 12))) == (1, 0)
    transfer.refresh_from_db()
    assert transfer.status == LetterStatus.EXPIRED
    for user in (secretary, receiver):
        assert Notification.objects.filter(user=user, event="membership.letter_expired").count() == 1
    # Nothing has moved, and a new one can be written.
    assert PartyMember.objects.get().formal_organization == tree.branch
    transfers.draft(member, tree.second_branch, reason="重新开", actor=secretary)


@pytest.mark.django_db
def test_it_is_sent_back_returned_and_withdrawn_with_reasons(tree, member, secretary, county_clerk, receiver):
    transfer = transfers.draft(member, tree.second_branch, reason="迁居", actor=secretary)
    transfers.submit(transfer, actor=secretary)
    transfers.send_back(transfer, reason="写清原因", actor=county_clerk)
    transfers.submit(transfer, actor=secretary)
    with pytest.raises(ValidationError):
        transfers.approve(transfer, actor=county_clerk, valid_days=91)
    transfers.approve(transfer, actor=county_clerk)
    with pytest.raises(ValidationError):
        transfers.give_back(transfer, reason="", actor=receiver)
    transfers.give_back(transfer, reason="地址不对", actor=receiver)
    assert (transfer.status, PartyMember.objects.get().formal_organization) == ("returned", tree.branch)
    again = signed(member, tree.second_branch, secretary=secretary, clerk=county_clerk)
    transfers.withdraw(again, reason="不去了", actor=county_clerk)
    with pytest.raises(NotAllowed):
        transfers.receive(again, actor=receiver)


@pytest.mark.django_db
def test_a_letter_to_somewhere_outside_ends_the_membership_here(tree, member, secretary, county_clerk):
    transfer = signed(member, "外省某支部", secretary=secretary, clerk=county_clerk)
    with pytest.raises(ValidationError):
        transfers.receive(transfer, actor=county_clerk)
    transfers.receive(transfer, actor=county_clerk, receipt_number="外回 7")
    member.refresh_from_db()
    assert (member.status, member.formal_organization, member.last_organization) == (
        "transferred_out", None, tree.branch,
    )  # fmt: skip
    assert transfer.number in member.status_document


@pytest.mark.django_db
def test_a_letter_from_outside_brings_the_formal_relation_home(tree, secretary, county_clerk, city_clerk):
    guest = PartyMemberFactory(formal_organization=None, external_organization="外省某支部")
    today = timezone.localdate()
    tied = PartyMember.objects.get(pk=guest.pk).affiliations.create(
        organization=tree.branch, kind="flowing", status="reported_in", from_date=today, reported_in_date=today
    )
    transfer = transfers.draft(guest, tree.branch, reason="长期在此", actor=secretary)
    transfers.submit(transfer, actor=secretary)
    with pytest.raises(ValidationError, match="编号"):
        transfers.approve(transfer, actor=county_clerk)
    transfers.approve(transfer, actor=county_clerk, number="外 7", issued_date=today)
    assert transfers.receive(transfer, actor=secretary) == {"members.Affiliation": 1}
    guest.refresh_from_db()
    tied.refresh_from_db()
    assert (guest.formal_organization, guest.external_organization, tied.status) == (tree.branch, "", "ended")


@pytest.mark.django_db
def test_what_was_read_before_somebody_else_acted_is_told_so(tree, member, secretary, county_clerk, receiver):
    transfer = signed(member, tree.second_branch, secretary=secretary, clerk=county_clerk)
    stale = Transfer.objects.get()
    transfers.give_back(transfer, reason="地址不对", actor=receiver)
    with pytest.raises(Conflict):
        transfers.receive(stale, actor=receiver)
    transfers.draft(member, tree.second_branch, reason="迁居", actor=secretary)
    with pytest.raises(ValidationError, match="没办完"):
        transfers.draft(member, tree.branches[2], reason="迁居", actor=secretary)


# --- Show: two processes, one member ----------------------------------------------------------------------------------
ROUNDS = 6
WON, TOLD = 0, 7


def whole_way(member_pk, to_pk, people, barrier):
    """Carry one member to one unit, from the draft to the reception; leave with what became of it."""
    from branches.models import Organization
    from foundation.accounts.models import User

    secretary, clerk, receiver = (User.objects.get(pk=pk) for pk in people)
    member = PartyMember.objects.select_related("person", "formal_organization").get(pk=member_pk)
    to = Organization.objects.get(pk=to_pk)
    barrier.wait(20)
    try:
        transfer = transfers.draft(member, to, reason="迁居", actor=secretary)
        transfers.submit(transfer, actor=secretary)
        transfers.approve(transfer, actor=clerk)
        transfers.receive(transfer, actor=receiver)
    except (Conflict, ValidationError, NotAllowed):
        connections.close_all()
        os._exit(TOLD)


def race(tree, people, member, barrier):
    """Let two processes carry one member to two units; count him everywhere while they do. Returns both exit codes."""
    units = [tree.branch.pk, tree.second_branch.pk, tree.branches[2].pk]
    receivers = people["receivers"]
    pids = [
        forked(
            lambda to=to, receiver=receiver: whole_way(
                member.pk, to, (people["secretary"], people["clerk"], receiver), barrier
            )
        )
        for to, receiver in zip(units[1:], receivers, strict=True)
    ]
    barrier.wait(20)
    seen = set()
    codes = []
    for pid in pids:
        while True:
            done, status = os.waitpid(pid, os.WNOHANG)
            with suppress(Exception):
                seen.add(PartyMember.objects.filter(formal_organization__in=units).count())
            if done:
                codes.append(os.waitstatus_to_exitcode(status))
                break
    return codes, seen


@pytest.mark.parametrize("sabotaged", [False, True])
@pytest.mark.django_db(transaction=True)
def test_of_two_letters_for_one_member_one_wins_and_one_is_told(
    tree, secretary, city_clerk, tmp_path, monkeypatch, sabotaged
):
    receivers = [
        AppointmentFactory(organization=unit, role="secretary").user for unit in (tree.second_branch, tree.branches[2])
    ]
    people = {"secretary": secretary.pk, "clerk": city_clerk.pk, "receivers": [one.pk for one in receivers]}
    for _ in range(3):
        PartyMemberFactory(person=PersonFactory(), formal_organization=tree.branch)
    if sabotaged:
        take_the_guards_away(monkeypatch)
    outcomes = []
    with file_database(tmp_path / "race.sqlite3"):
        if sabotaged:
            drop_the_unique_index()
        try:
            for _ in range(ROUNDS):
                member = PartyMemberFactory(person=PersonFactory(), formal_organization=tree.branch)
                before = PartyMember.objects.count()
                codes, seen = race(tree, people, member, get_context("fork").Barrier(3))
                received = Transfer.objects.filter(member=member, status=LetterStatus.RECEIVED).count()
                outcomes.append((sorted(codes), received))
                if not sabotaged:
                    assert seen == {before}
                    transfer = Transfer.objects.get(member=member, status=LetterStatus.RECEIVED)
                    assert PartyMember.objects.get(pk=member.pk).formal_organization == transfer.to_organization
        finally:
            if sabotaged and connection.vendor == "postgresql":
                Transfer.objects.all().delete()
                put_the_unique_index_back()
    if sabotaged:
        assert any(received == 2 for _, received in outcomes), outcomes
    else:
        assert outcomes == [([WON, TOLD], 1)] * ROUNDS


def take_the_guards_away(monkeypatch):
    """Without the database's "one letter under way" and the version on the member's row both would win."""

    def unguarded(member, changes, at):
        PartyMember.objects.filter(pk=member.pk).update(**changes)

    monkeypatch.setattr(transfers, "claim", unguarded)
    monkeypatch.setattr(transfers, "refuse_moved", lambda member, transfer: None)
    monkeypatch.setattr(transfers.endings, "membership_ended", lambda member, **more: {})
    monkeypatch.setattr(transfers, "checked", lambda instance, exclude=(): instance)


def drop_the_unique_index():
    with connection.cursor() as cursor:
        cursor.execute('DROP INDEX "members_transfer_open"')


def put_the_unique_index_back():
    constraint = next(one for one in Transfer._meta.constraints if one.name == "members_transfer_open")
    with connection.schema_editor() as editor:
        editor.add_constraint(Transfer, constraint)
