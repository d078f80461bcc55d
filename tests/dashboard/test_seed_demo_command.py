"""`seed_demo` from an empty registry, from one with organisations, and from one people work in."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from branches.models import Organization
from dashboard.demo.accounts import PASSWORD
from dashboard.demo.load import load_demo
from foundation.accounts.models import User
from tests.factories import AppointmentFactory
from tests.members.roster_runs import load_units

pytestmark = pytest.mark.django_db


def test_the_tree_of_the_sample_rosters_is_taken_as_it_is(divisions):
    load_units()
    load_demo()
    assert Organization.objects.get(code="510100").depth == 2
    assert Organization.objects.find_problems() == ([], [], [], [], [])


def test_the_sign_ins_are_printed_only_where_the_demo_is(divisions):
    for expected in (False, True):
        out = StringIO()
        call_command("seed_demo", sign_ins=True, stdout=out)
        assert (PASSWORD in out.getvalue()) == expected
        if not expected:
            load_demo()


def test_it_is_not_put_where_people_work(tree):
    AppointmentFactory(organization=tree.county)
    with pytest.raises(CommandError) as refused:
        call_command("seed_demo", stdout=StringIO())
    assert refused.value.returncode == 2
    assert not User.objects.filter(username="county-clerk").exists()
