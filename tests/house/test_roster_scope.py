"""Scope holds row by row in a roster import, and a refused row says nothing about whom it met."""

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from foundation.audit.models import Entry
from members.models import Person, RosterImport, RosterRow
from members.roster.plan import SENTENCE_OUT_OF_SCOPE
from members.rules.people import name_columns
from members.workflow.import_run import run_to_end
from members.workflow.imports import upload
from tests.factories import AppointmentFactory
from tests.house.doors import client_of
from tests.house.registry import id_number


def staged(house, who: str, rows: list[tuple], organization=None) -> RosterImport:
    lines = ["姓名,身份证号,手机号,车牌号", *(",".join(row) for row in rows)]
    file = SimpleUploadedFile("名册.csv", "\n".join(lines).encode("utf-8-sig"))
    place = organization or house.cast[who].appointments.get().organization
    batch = upload(house.cast[who], place, file, file.name, wake_worker=False)
    return run_to_end(batch.pk)


def fates(batch) -> list[tuple[str, list[str]]]:
    rows = RosterRow.objects.filter(roster_import=batch).order_by("ordinal")
    return [(row.fate, [code for _, code, _ in row.errors]) for row in rows]


def row_for(driver, **changed) -> tuple:
    person = driver.person
    values = {"name": person.name, "id_number": person.id_number, "phone": person.phone, "plate": ""} | changed
    return tuple(values.values())


FOREIGN = ["neighbour", "second_county", "company", "declares_branch", "left_branch", "of_platform"]


@pytest.mark.parametrize("key", FOREIGN)
def test_a_foreign_person_is_one_sentence_whatever_the_row_says_of_him(house, key):
    driver = house.drivers[key]
    rows = [
        row_for(driver),
        row_for(house.drivers["county"], phone="19011112222"),
        ("测试新人", id_number(700), "19033334444", ""),
    ]
    batch = staged(house, "county_clerk", rows)
    assert fates(batch) == [("rejected", ["out_of_scope"]), ("updated", []), ("created", [])]
    other = staged(house, "county_clerk", [row_for(driver, name="测试别名", phone="19055556666"), *rows[1:]])
    first, second = (
        RosterRow.objects.filter(roster_import=one, ordinal=0)
        .values_list("errors", "warnings", "before", "person_id")
        .get()
        for one in (batch, other)
    )
    assert first == second, "the right name and the wrong one must look the same"
    assert first[0][0][2] == SENTENCE_OUT_OF_SCOPE
    assert first[1:] == ([], "", None)


def test_the_pages_and_files_of_a_batch_show_nothing_of_a_foreign_person(house):
    driver = house.drivers["neighbour"]
    batch = staged(house, "county_clerk", [row_for(driver, name="测试别名", phone="19055556666")])
    client = client_of(house, "county_clerk")
    pages = [reverse(f"members:import_{name}", args=[batch.pk]) for name in ("detail", "plan")]
    for page in [*pages, f"{pages[1]}?show=rejected"]:
        text = client.get(page).content.decode()
        assert driver.person.name not in text
        assert driver.person.id_number not in text
        assert driver.registering_committee.short_name not in text
        assert f"/drivers/{driver.pk}/" not in text


def test_a_phone_shared_with_a_foreign_person_is_no_warning_and_with_ones_own_is(house):
    rows = [
        ("测试一", id_number(701), house.drivers["neighbour"].person.phone, ""),
        ("测试二", id_number(702), house.drivers["county"].person.phone, ""),
    ]
    batch = staged(house, "county_clerk", rows)
    warned = [
        [code for _, code, _ in row.warnings]
        for row in RosterRow.objects.filter(roster_import=batch).order_by("ordinal")
    ]
    assert warned == [[], ["phone_shared"]]


def test_a_plate_somebody_foreign_drives_is_no_hint_either(house):
    plates = [house.drivers[key].vehicle_links.earliest("pk").vehicle.plate for key in ("neighbour", "second_county")]
    rows = [("测试一", id_number(703), "19011110001", plates[0]), ("测试二", id_number(704), "19011110002", "川A99998")]
    batch = staged(house, "county_clerk", rows)
    found = RosterRow.objects.filter(roster_import=batch).order_by("ordinal")
    assert [row.warnings for row in found] == [[], []]
    assert {row.fate for row in found} == {"created"}


@pytest.mark.parametrize(
    ("who", "mine"),
    [
        ("province_clerk", {"neighbour", "county", "company", "of_platform"}),
        ("city_clerk", {"county", "company"}),
        ("county_clerk", {"county"}),
        ("neighbour_clerk", {"neighbour", "of_platform"}),
        ("partner", {"company", "of_platform"}),
    ],
)
def test_each_importer_changes_his_own_rows_only(house, who, mine):
    keys = ["neighbour", "county", "company", "of_platform"]
    batch = staged(house, who, [row_for(house.drivers[key], phone=f"1907777000{n}") for n, key in enumerate(keys)])
    changed = {key for key, (fate, _) in zip(keys, fates(batch), strict=True) if fate != "rejected"}
    assert changed == mine


def test_meeting_foreign_people_is_written_down_and_too_many_end_the_import(house, settings):
    rows = [row_for(house.drivers[key]) for key in FOREIGN]
    batch = staged(house, "county_clerk", rows)
    assert batch.out_of_scope == len(FOREIGN)
    entry = Entry.objects.filter(action="roster_import.out_of_scope").newest_first().first()
    assert entry.details["rows"] == len(FOREIGN)
    settings.ROSTER_OUT_OF_SCOPE_PER_DAY = len(FOREIGN) + 1
    curious = staged(house, "county_clerk", rows)
    assert (curious.status, curious.failure_code) == ("failed", "too_many_out_of_scope")
    text = json.dumps([curious.failure, curious.sheets, curious.columns], ensure_ascii=False)
    assert house.drivers["neighbour"].person.name not in text


def test_a_person_without_a_driver_belongs_to_nobody_yet(house):
    person = Person.objects.get(pk=house.drivers["county"].pk)
    free = Person.objects.create(
        **name_columns("测试自由人") | {name: getattr(person, name) for name in ("sex", "birth_date")}
    )
    assert free.pk
    batch = staged(house, "county_clerk", [("测试自由人", id_number(705), "", "")])
    assert fates(batch) == [("created", [])]


def test_what_somebody_uploaded_in_a_post_that_has_ended_is_no_longer_his_to_read(house):
    user = house.cast["county_clerk"]
    batch = house.imports["county"]
    AppointmentFactory(user=user, organization=house.tree.company, role="partner")
    own = house.add_batch("own", house.tree.company, user)
    assert set(RosterImport.objects.visible_to(user)) >= {batch, own}
    user.appointments.filter(role="clerk").update(until_at=timezone.now())
    assert set(RosterImport.objects.visible_to(user)) == {own}
    client = client_of(house, "county_clerk")
    for page in ("", "plan/", "progress/"):
        assert client.get(f"/imports/{batch.pk}/{page}").status_code == 404
