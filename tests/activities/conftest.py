"""A branch with fifteen members, a second one, and who keeps their rolls."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from members.models import Affiliation
from tests.factories import AppointmentFactory, UserFactory
from tests.factories.members import PartyMemberFactory, PersonFactory

CHINA = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 24, 13, 30, tzinfo=CHINA)
NOON = datetime(2026, 11, 24, 12, 30, tzinfo=CHINA)


def members_of(branch, number: int, *, status: str = "full", prefix: str = "甲"):
    """Add members to a branch and return them."""
    dates = {"joined_date": date(2010, 7, 1), "full_date": date(2011, 7, 1)}
    if status == "probationary":
        dates = {"joined_date": date(2026, 3, 1), "full_date": None}
    return [
        PartyMemberFactory(
            person=PersonFactory(name=f"测试{prefix}{chr(0x4E00 + n)}"),
            formal_organization=branch,
            status=status,
            **dates,
        )
        for n in range(number)
    ]


def tie(member, organization):
    """Take a member of elsewhere in."""
    return Affiliation.objects.create(
        member=member, organization=organization, kind="flowing", from_date=date(2026, 1, 1)
    )


def post(organization, role: str, name: str, user=None):
    """Appoint somebody since 2020 and return the account."""
    user = user or UserFactory(username=f"{role}-{name}", name=name)
    return AppointmentFactory(user=user, organization=organization, role=role).user


def all_present(roll, **others) -> dict[str, str]:
    """Return the statuses of a roll: present, but for who is named by key."""
    return {one.key: others.get(one.key, "present") for one in roll}


@pytest.fixture
def fifteen(tree):
    """Give the first branch fifteen full members."""
    return members_of(tree.branch, 15)
