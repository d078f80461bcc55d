"""What the database refuses of memberships, ties, letters and searches, whoever writes."""

from datetime import date

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from members.choices import (
    AFFILIATION_NEXT,
    LETTER_NEXT,
    LOST_NEXT,
    MEMBER_NEXT,
    AffiliationStatus,
    LetterStatus,
    LostStatus,
    MemberStatus,
)
from members.models import Affiliation, LostContact, PartyMember, Transfer
from tests.factories import UserFactory
from tests.factories.members import PartyMemberFactory

pytestmark = pytest.mark.django_db


def refused(rows, **values):
    """Return whether the database refuses an UPDATE of rows that are there."""
    assert rows.exists()
    try:
        with transaction.atomic():
            rows.update(**values)
    except IntegrityError:
        return True
    return False


@pytest.fixture
def member(tree):
    return PartyMember.objects.filter(pk=PartyMemberFactory(formal_organization=tree.branch).pk)


@pytest.mark.parametrize(
    "values",
    [
        {"external_organization": "外省某支部"},
        {"formal_organization": None},
        {"status": "removed", "status_from_date": date(2026, 1, 1), "status_document": "1 号"},
        {"status": "suspended"},
        {"status": "suspended", "status_from_date": date(2026, 1, 1)},
        {"status": "deceased", "formal_organization": None},
        {"status": "probationary"},
        {"full_date": None},
        {"joined_date": None},
        {"status_from_date": date(2026, 1, 1)},
        {"full_date": date(2010, 7, 1)},
        {"absent_to": "外省"},
        {"status": "no_such"},
    ],
    ids=lambda values: "+".join(values),
)
def test_a_status_without_its_evidence_is_refused(member, values):
    assert refused(member, **values)


@pytest.mark.parametrize(
    "values",
    [
        {"formal_organization": None, "external_organization": "外省某支部"},
        {"status": "probationary", "full_date": None},
        {"status": "suspended", "status_from_date": date(2026, 1, 1), "status_document": "1 号"},
        {
            "status": "removed",
            "formal_organization": None,
            "status_from_date": date(2026, 1, 1),
            "status_document": "1 号",
        },
        {"absent_since_date": date(2026, 1, 1), "absent_to": "外省"},
    ],
    ids=lambda values: "+".join(values),
)
def test_a_status_with_its_evidence_is_taken(member, values):
    assert not refused(member, **values)


def test_two_running_ties_by_flowing_or_to_one_unit_are_refused(tree, member):
    def tie(organization, kind):
        Affiliation.objects.create(
            member=member.get(), organization=organization, kind=kind, from_date=date(2026, 1, 1)
        )

    tie(tree.second_branch, "flowing")
    for organization, kind in ((tree.neighbour_branch, "flowing"), (tree.second_branch, "activity")):
        with pytest.raises(IntegrityError), transaction.atomic():
            tie(organization, kind)
    tie(tree.neighbour_branch, "activity")


@pytest.mark.parametrize(
    "values", [{"status": "ended"}, {"status": "notified"}, {"status": "reported_in"}, {"until_date": date(2026, 2, 1)}]
)
def test_a_tie_without_its_evidence_is_refused(tree, member, values):
    Affiliation.objects.create(
        member=member.get(), organization=tree.second_branch, kind="flowing", from_date=date(2026, 1, 1)
    )
    assert refused(Affiliation.objects.all(), **values)


def draft(tree, member, **values):
    ends = {"from_organization": tree.branch, "to_organization": tree.second_branch}
    return Transfer.objects.create(
        **{"member": member.get(), "reason": "迁居", "drafted_by": UserFactory(), "drafted_at": timezone.now()}
        | ends
        | values
    )


@pytest.mark.parametrize(
    "values",
    [
        {"status": LetterStatus.AWAITING},
        {"status": LetterStatus.RECEIVED},
        {"status": LetterStatus.EXPIRED},
        {"from_external": "外省某支部"},
        {"to_organization": None},
    ],
)
def test_a_letter_without_its_evidence_is_refused(tree, member, values):
    draft(tree, member)
    assert refused(Transfer.objects.all(), **values)


def test_a_letter_to_the_same_unit_or_a_second_open_one_is_refused(tree, member):
    with pytest.raises(IntegrityError), transaction.atomic():
        draft(tree, member, to_organization=tree.branch)
    draft(tree, member)
    with pytest.raises(IntegrityError), transaction.atomic():
        draft(tree, member)


def test_one_person_does_not_sign_for_both_sides(tree, member):
    clerk = UserFactory()
    signed = {
        "approved_by": clerk, "approved_at": timezone.now(), "number": "1", "issued_date": date(2026, 1, 1),
        "expires_date": date(2026, 3, 1), "answered_at": timezone.now(), "receipt_number": "2",
    }  # fmt: skip
    draft(tree, member)
    both = Transfer.objects.all()
    assert refused(both, status=LetterStatus.RECEIVED, answered_by=clerk, **signed)
    assert not refused(both, status=LetterStatus.RECEIVED, answered_by=UserFactory(), **signed)


@pytest.mark.parametrize("status", sorted(frozenset(LostStatus) - {LostStatus.SEARCHING}))
def test_a_search_without_its_evidence_is_refused(tree, member, status):
    LostContact.objects.create(
        member=member.get(), organization=tree.branch, since_date=date(2025, 1, 1), opened_by=UserFactory(),
        opened_at=timezone.now(),
    )  # fmt: skip
    assert refused(LostContact.objects.all(), status=status)


@pytest.mark.parametrize(
    ("table", "statuses"),
    [
        (MEMBER_NEXT, MemberStatus),
        (AFFILIATION_NEXT, AffiliationStatus),
        (LETTER_NEXT, LetterStatus),
        (LOST_NEXT, LostStatus),
    ],
)
def test_every_status_has_its_line_in_the_table_of_its_life(table, statuses):
    assert set(table) == set(statuses)
    assert {step for steps in table.values() for step in steps} <= set(statuses)
