"""What the worker of a roster import does when things go wrong: gone workers, edits in between, people of others."""

import io
import threading

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from foundation.audit.models import Entry
from members.models import Affiliation, Credential, Driver, DriverVehicle, Person, RosterImport, RosterRow
from members.roster import apply
from members.workflow import drivers as driver_verbs
from members.workflow import import_run
from members.workflow.import_run import advance, run_to_end
from members.workflow.imports import request_undo, upload
from members.workflow.people import merge_people, person_columns
from tests.factories.members import PartyMemberFactory

pytestmark = pytest.mark.django_db(transaction=True)

HEADER = "姓名,身份证号,手机号,车牌号,从业资格证号"
EVERYTHING = ("name", "phone", "plate", "credential_number", "committee")


def number_of(serial: int) -> str:
    """Return a synthetic identity number with a right check digit."""
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    base = f"51040219800101{serial:03d}"
    return base + "10X98765432"[sum(int(digit) * weight for digit, weight in zip(base, weights, strict=True)) % 11]


FIRST, SECOND, THIRD = (number_of(serial) for serial in (10, 20, 30))


def imported(organization, rows, *, actor=None, at_once=True):
    content = io.BytesIO("\n".join([HEADER, *rows]).encode())
    batch = upload(
        actor,
        organization,
        content,
        "名册.csv",
        apply_at_once=at_once,
        accepted_fields=EVERYTHING,
        wake_worker=False,
    )
    return run_to_end(batch.pk)


def errors_of(batch):
    return [code for row in RosterRow.objects.filter(roster_import=batch) for _, code, _ in row.errors]


def test_the_signpost_of_a_merged_person_is_nobody_elses_to_register(tree, county_clerk, neighbour_clerk):
    imported(tree.county, [f"张三,{FIRST},13800000001,,", f"张叁,{SECOND},13800000001,,"])
    winner, loser = Driver.objects.order_by("pk")
    versions = (winner.version, loser.version)
    merge_people(winner, loser, from_loser=frozenset(), versions=versions, actor=county_clerk, reason="同一个人")
    foreign = imported(tree.neighbour_county, [f"张叁,{SECOND},13900000009,,"], actor=neighbour_clerk)
    assert (foreign.rejected, errors_of(foreign)) == (1, ["out_of_scope"])
    own = imported(tree.county, [f"张叁,{SECOND},13900000009,,"], actor=county_clerk)
    assert (own.rejected, errors_of(own)) == (1, ["merged"])
    assert Driver.objects.count() == 1


def test_a_member_whom_a_foreign_branch_has_taken_in_is_out_of_scope(tree, county_clerk):
    columns = person_columns({"name": "赵六", "id_number": THIRD, "phone": "13700000000"}, timezone.localdate())
    person = Person.objects.create(**columns)
    member = PartyMemberFactory(person=person, external_organization="外地某支部")
    Affiliation.objects.create(
        member=member, organization=tree.neighbour_branch, kind="flowing", from_date="2020-01-01"
    )
    row = [f"别名,{THIRD},13600000000,,"]
    assert imported(tree.county, row, actor=county_clerk).rejected == 1
    person.refresh_from_db()
    assert person.name == "赵六"
    Affiliation.objects.update(organization=tree.branch)
    assert imported(tree.county, row, actor=county_clerk).updated == 1


def test_licences_that_change_cost_no_statement_each(tree, county_clerk):
    people = [number_of(serial) for serial in range(10, 21)]

    def roster(*lines):
        return [f"张三,{number},,,{mark}{number}" for number, mark in lines]

    imported(tree.county, roster(*((number, "旧") for number in people)), actor=county_clerk)
    statements = []
    for some in (people[:1], people[1:]):
        with CaptureQueriesContext(connection) as asked:
            imported(tree.county, roster(*((number, "新") for number in some)), actor=county_clerk)
        statements.append(len(asked))
    numbers = {credential.number for credential in Credential.objects.all()}
    assert numbers == {f"新{number}" for number in people}
    assert statements[0] == statements[1]


def test_an_edit_that_comes_in_between_is_not_overwritten(tree, county_clerk, monkeypatch):
    """The edit waits for the chunk and then meets a newer version, or the chunk is planned again."""
    imported(tree.county, [f"张三,{FIRST},13800000001,,"])
    driver = Driver.objects.select_related("person").get()
    outcome = []

    def edit():
        try:
            driver_verbs.change_driver(
                driver,
                {"name": "张三丰", "remarks": "请保留"},
                versions=(driver.version, driver.person.version),
                actor=county_clerk,
            )
            outcome.append("saved")
        except Exception as refusal:
            outcome.append(type(refusal).__name__)
        finally:
            connection.close()

    thread = threading.Thread(target=edit)
    columns = apply.Applier._person_changes

    def while_applying(self, row):
        thread.start()
        thread.join(1)
        return columns(self, row)

    monkeypatch.setattr(apply.Applier, "_person_changes", while_applying)
    imported(tree.county, [f"张三,{FIRST},13800000002,,"])
    thread.join()
    driver = Driver.objects.select_related("person").get()
    assert outcome
    assert (outcome[0] == "saved") == (driver.remarks == "请保留")


def test_an_undo_that_stops_its_workers_is_set_aside(tree):
    batch = imported(tree.county, [f"张三,{FIRST},13800000001,,"])
    RosterImport.objects.filter(pk=batch.pk).update(undo_requested=True, starts=import_run.MOST_STARTS)
    assert advance(batch.pk) is False
    batch.refresh_from_db()
    assert (batch.status, batch.undo_requested) == ("done", False)
    assert "撤销" in batch.failure
    batch.refresh_from_db()
    request_undo(None, batch)
    assert run_to_end(batch.pk).status == "undone"


def test_a_batch_given_up_halfway_says_what_was_written(tree):
    batch = imported(tree.county, [f"张三,{FIRST},13800000001,,"])
    RosterImport.objects.filter(pk=batch.pk).update(status="applying", finished_at=None, starts=import_run.MOST_STARTS)
    advance(batch.pk)
    batch.refresh_from_db()
    assert batch.failure_code == "gave_up"
    assert "写入的 1 行还在" in batch.failure
    assert "登记没有改动" not in batch.failure


def test_the_trail_holds_no_text_of_the_file(tree):
    batch = imported(tree.county, [f"张三,{FIRST},13800000001,,", "填表人：钱七七,,,,"])
    assert batch.sheets
    assert not [entry.action for entry in Entry.objects.all() if "钱七七" in f"{entry.fields}{entry.details}"]


def test_stopping_early_does_not_hide_how_many_people_of_others_were_met(tree, county_clerk, monkeypatch):
    imported(tree.neighbour_county, [f"张三,{FIRST},13800000001,,"])
    asked = import_run._Run._cancel_requested

    def stop(run):
        RosterImport.objects.filter(pk=run.batch.pk).update(cancel_requested=True)
        return asked(run)

    monkeypatch.setattr(import_run._Run, "_cancel_requested", stop)
    batch = imported(tree.county, [f"张三,{FIRST},13800000001,,"], actor=county_clerk, at_once=False)
    assert batch.status == "cancelled"
    assert not RosterRow.objects.filter(roster_import=batch).exists()
    assert Entry.objects.get(action=import_run.OUT_OF_SCOPE).details == {"rows": 1}


def test_reading_the_same_file_again_and_again_counts_each_time(tree, county_clerk, settings):
    settings.ROSTER_OUT_OF_SCOPE_PER_DAY = 2
    imported(tree.neighbour_county, [f"张三,{FIRST},13800000001,,"])
    row = [f"张三,{FIRST},13800000001,,"]
    outcomes = [imported(tree.county, row, actor=county_clerk, at_once=False).status for _ in range(3)]
    assert outcomes == ["preview", "preview", "failed"]
    assert RosterImport.objects.latest("pk").failure_code == "too_many_out_of_scope"


def test_an_organisation_dissolved_after_the_upload_is_a_sentence(tree):
    content = io.BytesIO(f"{HEADER}\n张三,{FIRST},,,\n".encode())
    batch = upload(None, tree.third_county, content, "名册.csv", wake_worker=False)
    type(tree.third_county).objects.filter(pk=tree.third_county.pk).update(
        status="dissolved", dissolved_date="2026-01-01"
    )
    batch = run_to_end(batch.pk)
    assert (batch.status, batch.failure_code) == ("failed", "organization_gone")


def test_an_organisation_dissolved_between_reading_and_writing_is_a_sentence(tree, city_clerk):
    content = io.BytesIO(f"{HEADER}\n张三,{FIRST},,,\n".encode())
    batch = upload(city_clerk, tree.third_county, content, "名册.csv", apply_at_once=True, wake_worker=False)
    assert advance(batch.pk)
    type(tree.third_county).objects.filter(pk=tree.third_county.pk).update(
        status="dissolved", dissolved_date="2026-01-01"
    )
    batch = run_to_end(batch.pk)
    assert (batch.status, batch.failure_code) == ("failed", "organization_gone")
    assert not Driver.objects.exists()


@pytest.mark.parametrize("touched", ["credential", "vehicle"])
def test_undo_leaves_people_whose_licence_or_vehicle_was_changed_since(tree, county_clerk, touched):
    batch = imported(tree.county, [f"张三,{FIRST},13800000001,川D12345,123456"])
    driver = Driver.objects.get()
    if touched == "credential":
        kind = Credential.objects.get().kind
        driver_verbs.set_credential(driver, kind, "999999", {}, actor=county_clerk)
    else:
        driver_verbs.end_vehicle(DriverVehicle.objects.get(), timezone.localdate(), actor=county_clerk)
    request_undo(None, batch)
    assert run_to_end(batch.pk).undo_conflicts == 1
    assert Driver.objects.filter(pk=driver.pk).exists()


def _end_posts_of(user):
    user.appointments.update(until_at=timezone.now())


def _about_to_be_written(tree, clerk, rows):
    content = io.BytesIO("\n".join([HEADER, *rows]).encode())
    batch = upload(clerk, tree.county, content, "名册.csv", apply_at_once=True, wake_worker=False)
    assert advance(batch.pk)
    batch.refresh_from_db()
    assert (batch.status, batch.applied) == ("applying", 0)
    return batch


def test_what_was_confirmed_is_not_written_once_the_post_has_ended(tree, county_clerk):
    batch = _about_to_be_written(tree, county_clerk, [f"张三,{FIRST},13800000001,,"])
    _end_posts_of(county_clerk)
    batch = run_to_end(batch.pk)
    assert not Driver.objects.exists()
    assert (batch.status, batch.failure_code, batch.applied) == ("failed", "right_lost", 0)


def test_what_was_confirmed_is_not_written_for_a_closed_account(tree, county_clerk):
    batch = _about_to_be_written(tree, county_clerk, [f"张三,{FIRST},13800000001,,"])
    type(county_clerk).objects.filter(pk=county_clerk.pk).update(locked_at=timezone.now(), lock_reason="核查")
    assert run_to_end(batch.pk).failure_code == "right_lost"
    assert not Driver.objects.exists()


def test_a_post_that_ends_in_the_middle_of_an_import_stops_it_at_the_next_chunk(tree, county_clerk, monkeypatch):
    monkeypatch.setattr(import_run.steps, "APPLY_CHUNK", 1)
    batch = _about_to_be_written(tree, county_clerk, [f"张三,{FIRST},13800000001,,", f"李四,{SECOND},13800000002,,"])
    advance(batch.pk, seconds=0)
    assert Driver.objects.count() == 1
    _end_posts_of(county_clerk)
    batch = run_to_end(batch.pk)
    assert Driver.objects.count() == 1
    assert (batch.status, batch.failure_code, batch.applied) == ("failed", "right_lost", 1)
    assert "1 行" in batch.failure


def test_a_file_is_not_read_for_somebody_whose_post_has_ended(tree, county_clerk):
    content = io.BytesIO(f"{HEADER}\n张三,{FIRST},13800000001,,".encode())
    batch = upload(county_clerk, tree.county, content, "名册.csv", wake_worker=False)
    _end_posts_of(county_clerk)
    batch = run_to_end(batch.pk)
    assert (batch.status, batch.failure_code) == ("failed", "right_lost")
    assert not RosterRow.objects.filter(roster_import=batch).exists()


def test_nothing_is_taken_back_for_somebody_whose_post_has_ended(tree, county_clerk, city_clerk):
    batch = imported(tree.county, [f"张三,{FIRST},13800000001,,"], actor=county_clerk)
    with transaction.atomic():  # the worker is woken when all of it is committed
        request_undo(county_clerk, batch, reason="导错了")
        _end_posts_of(county_clerk)
    batch = run_to_end(batch.pk)
    assert Driver.objects.count() == 1
    assert (batch.status, batch.undo_requested) == ("done", False)
    request_undo(city_clerk, batch, reason="导错了")
    assert run_to_end(batch.pk).status == "undone"
    assert not Driver.objects.exists()


@pytest.mark.parametrize("dissolved", [False, True])
def test_a_unit_that_has_left_the_importers_reach_takes_nobody_he_has_read_before(tree, city_clerk, dissolved):
    rows = [f"张三,{FIRST},东区", f"李四,{SECOND},西区"]
    content = io.BytesIO("\n".join(["姓名,身份证号,县区", *rows]).encode())
    batch = upload(city_clerk, tree.city, content, "名册.csv", apply_at_once=True, wake_worker=False)
    assert advance(batch.pk)
    if dissolved:
        changes = {"dissolved_date": "2026-01-01", "dissolution_document": "1号", "status": "dissolved"}
        type(tree.county).objects.filter(pk=tree.county.pk).update(**changes)
    else:
        type(tree.county).objects.move(tree.county, tree.other_city, "last-child")
    batch = run_to_end(batch.pk)
    assert [driver.registering_committee_id for driver in Driver.objects.all()] == [tree.second_county.pk]
    assert (batch.created, batch.rejected, errors_of(batch)) == (1, 1, ["organization_unknown"])
