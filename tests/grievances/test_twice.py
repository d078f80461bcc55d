"""One form sent twice at the same instant is one case: real threads on PostgreSQL, and once more without the guard."""

import threading
from contextlib import suppress

import pytest

from grievances import workflow
from grievances.models import Category, Grievance
from grievances.workflow import lodging
from grievances.workflow.codes import new_token
from grievances.workflow.lodging import Complaint
from tests.branches.test_races import together
from tests.grievances.conftest import at

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("sabotaged", [False, True])
def test_a_form_sent_twice_at_once_is_one_case(tree, monkeypatch, sabotaged):
    category, _ = Category.objects.get_or_create(code="freight", defaults={"name": "运费结算", "is_money": True})
    complaint = Complaint(title="拖欠运费", description="经过", category=category, division=tree.county.division)
    both_asked = threading.Barrier(2)
    really = lodging._built

    def wait_for_the_other(*given, **more):
        with suppress(threading.BrokenBarrierError):
            both_asked.wait(3)
        return really(*given, **more)

    monkeypatch.setattr(lodging, "_built", wait_for_the_other)
    if sabotaged:  # codes by chance, as without a token
        monkeypatch.setattr(lodging, "codes_of", lambda token: (lodging.new_code(8), lodging.new_code(6)))
    token, made = new_token(), []

    def lodge():
        made.append(workflow.lodge(complaint, at=at("11-20 14:48"), token=token))

    assert together(lodge, lodge) == [None, None]
    assert Grievance.objects.count() == (2 if sabotaged else 1)
    if not sabotaged:
        assert {one.passphrase for one in made} == {made[0].passphrase}
        assert sorted(one.is_repeat for one in made) == [False, True]
