"""Two clerks keep a column mapping at the same moment, with real threads on PostgreSQL; each once more unguarded.

SQLite has one writer: its transactions begin IMMEDIATE, so there is nothing to race.
"""

import time
from contextlib import nullcontext

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError

from members.choices import ImportStatus
from members.models import RosterImport, RosterMapping
from members.workflow import imports
from tests.branches.test_races import together
from tests.factories import AppointmentFactory, UserFactory

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def clerks(tree):
    users = [UserFactory(), UserFactory()]
    for user in users:
        AppointmentFactory(user=user, organization=tree.county, role="clerk")
    return users


@pytest.fixture
def batches(tree, clerks):
    """Return a function that makes two batches that wait for a look at their columns, of these shapes."""

    def made(*shapes):
        return [
            RosterImport.objects.create(
                organization=tree.county, uploaded_by=user, file_name="名册.csv", file_size=1, file_digest="0" * 64,
                status=ImportStatus.PREVIEW, shape=shape,
            )
            for user, shape in zip(clerks, shapes, strict=True)
        ]  # fmt: skip

    return made


@pytest.fixture(autouse=True)
def linger(monkeypatch):
    """Leave the kept mapping uncommitted for a while, so that the other one meets it."""
    monkeypatch.setattr(imports, "wake", lambda batch: time.sleep(1))


def keep(clerks, batches, *names):
    return together(
        *(
            lambda user=user, batch=batch, name=name: imports.map_columns(user, batch, {"联络": "phone"}, save_as=name)
            for user, batch, name in zip(clerks, batches, names, strict=True)
        )
    )


@pytest.mark.parametrize("sabotaged", [False, True])
def test_one_shape_kept_twice_at_once_is_one_mapping(clerks, batches, monkeypatch, sabotaged):
    if sabotaged:
        plainly = RosterMapping.objects.bulk_create
        monkeypatch.setattr(RosterMapping.objects, "bulk_create", lambda rows, **conflicts: plainly(rows))
    raised = keep(clerks, batches("a" * 64, "a" * 64), "甲表", "乙表")
    assert RosterMapping.objects.count() == 1
    assert (raised != [None, None]) is sabotaged, raised


@pytest.mark.parametrize("sabotaged", [False, True])
def test_one_name_for_two_shapes_at_once_is_a_sentence_and_changes_nothing(clerks, batches, monkeypatch, sabotaged):
    if sabotaged:
        monkeypatch.setattr(imports, "in_words", lambda model: nullcontext())
    both = batches("a" * 64, "b" * 64)
    raised = keep(clerks, both, "车队的表", "车队的表")
    assert sorted(type(one).__name__ for one in raised) == sorted(
        ["NoneType", (IntegrityError if sabotaged else ValidationError).__name__]
    )
    kept = RosterMapping.objects.get()
    states = {one.shape: one.status for one in RosterImport.objects.all()}
    assert states.pop(kept.shape) == ImportStatus.PARSING
    assert list(states.values()) == [ImportStatus.PREVIEW]
