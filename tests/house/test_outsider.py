"""Everybody tries every door: what comes back is what an oracle says that walks parent links in plain Python."""

import pytest

from branches.querysets import users_visible_to
from branches.scope import reach_of
from foundation.accounts.models import User
from tests.house.conftest import CAST
from tests.house.oracle import MODELS, Oracle, cells


def visible(model, who):
    rows = users_visible_to(who) if model is User else model.objects.visible_to(who)
    return set(rows.values_list("pk", flat=True))


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_the_question_for_visible_rows_equals_the_oracle(house, model):
    oracle, sizes = Oracle(), set()
    for name in CAST:
        wanted = oracle.rows(model, house.cast[name])
        assert visible(model, house.cast[name]) == wanted, name
        sizes.add(len(wanted))
    assert len(sizes) > 1, "a table everybody or nobody sees proves nothing"
