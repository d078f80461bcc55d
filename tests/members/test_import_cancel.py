"""Stopping an import, also when the worker is a step further than the page."""

import io

import pytest
from django.utils import timezone

from foundation.audit.models import Entry
from members.choices import ImportStatus
from members.models import RosterImport
from members.workflow.import_run import advance, run_to_end
from members.workflow.imports import NotReady, request_cancel, upload
from tests.factories.members import id_number

pytestmark = pytest.mark.django_db


@pytest.fixture
def waiting(tree, county_clerk) -> RosterImport:
    """Upload a batch that nobody has begun to read."""
    content = io.BytesIO(f"姓名,身份证号\n测试甲,{id_number(1)}\n".encode())
    return upload(county_clerk, tree.county, content, "roster.csv", wake_worker=False)


def test_a_page_that_is_a_step_behind_stops_the_plan_at_once(waiting, county_clerk):
    seen = RosterImport.objects.get(pk=waiting.pk)
    assert run_to_end(waiting.pk).status == ImportStatus.PREVIEW
    request_cancel(county_clerk, seen)
    waiting.refresh_from_db()
    assert waiting.status == ImportStatus.CANCELLED


def test_a_wish_that_crosses_the_end_of_the_reading_is_found_by_the_sweep(waiting):
    run_to_end(waiting.pk)
    RosterImport.objects.filter(pk=waiting.pk).update(cancel_requested=True)
    assert RosterImport.objects.claimable(timezone.now()).filter(pk=waiting.pk).exists()
    advance(waiting.pk)
    waiting.refresh_from_db()
    assert waiting.status == ImportStatus.CANCELLED


def test_an_ended_import_notes_no_wish_to_stop(waiting, county_clerk):
    seen = RosterImport.objects.get(pk=waiting.pk)
    run_to_end(waiting.pk)
    request_cancel(county_clerk, RosterImport.objects.get(pk=waiting.pk))
    with pytest.raises(NotReady):
        request_cancel(county_clerk, seen)
    assert Entry.objects.filter(action="roster_import.cancel").count() == 1
    assert not RosterImport.objects.get(pk=waiting.pk).cancel_requested
