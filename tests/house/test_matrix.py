"""Every cell of docs/permissions.csv whose resource exists, tried through every door it has, as each of the columns."""

import ast
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from branches.choices import Role
from foundation.accounts.models import User
from foundation.audit.models import Entry
from members.models import (
    RosterImport,
)
from tests.factories import AppointmentFactory, UserFactory
from tests.house.acts import ACTS, Act, filled, state
from tests.house.doors import COLUMNS, address, client_of, is_let_in, knock, rows_for
from tests.house.oracle import cells
from tests.house.url_policy import DOORS

STAFF = {"clerk", "auditor", "security_admin", "system_admin"}  # who works in the admin
GUARDED = [name for name, door in DOORS.items() if door.needs in cells()]

# Resources that have no door yet, and cells that have one for some of their columns only.
NO_DOOR = {
    "organization.view_public": "part 2: the public list of organisations stands beside the stations",
    **dict.fromkeys(
        [name for name in cells() if name.split(".")[0] in ("station", "booking", "visit", "feedback", "assessment")],
        "part 2: stations",
    ),
    **dict.fromkeys(
        [name for name in cells() if name.split(".")[0] in ("api_client", "webhook")],
        "part 2: partners",
    ),
}
# A cell that allows, where the only doors are the admin's and the column does not work there.
NO_DOOR_FOR_COLUMN = {
    "division.view": "names and codes of divisions are offered by forms; the table itself is for staff",
    "workday.view": "due dates are reckoned with it; the table itself is for staff",
}
# Answered by something else than a page of its own; the test that tries it.
TRIED_ELSEWHERE = {
    "driver_identity.masked": "test_field_rights: both searches; test_lists: the page of a driver",
    "driver_identity.find_by_id_number": "test_field_rights: both searches",
    "grievance.see_confidential_author": "tests/grievances/test_who_may: on no page but that of the named office",
    "guidance.view": "test_lists: the page of an organisation",
    "credential.view": "test_field_rights: filter; test_lists: the page of a driver",
    "statistics.view": "test_lists: figures of the desk",
    "user.own_profile": "below",
    "member_card.check_qr": "test_doors: a public address; members/test_cards",
    "declaration.submit": "test_doors: a public address; tests/members/test_join",
    "grievance.submit": "test_doors: a public address; grievances/test_public",
    "grievance.follow_by_code": "test_doors: a public address; grievances/test_public and test_following",
}


def test_every_line_of_the_matrix_has_a_door_or_a_reason():
    tried = {door.needs for door in DOORS.values()} | {act.capability for act in ACTS.values()} | set(TRIED_ELSEWHERE)
    assert set(cells()) - tried == set(NO_DOOR) - tried
    assert set(NO_DOOR) & tried == set(), "it has a door now: take it off the list"


def test_every_cell_that_allows_has_a_door_for_its_column():
    doors = {}
    for name, door in DOORS.items():
        doors.setdefault(door.needs, []).append(name)
    without = {
        capability
        for capability, row in cells().items()
        for column, cell in row.items()
        if cell != "none" and capability in doors and capability not in TRIED_ELSEWHERE
        if column not in STAFF and all(name.startswith("admin:") for name in doors[capability])
    }
    assert without == set(NO_DOOR_FOR_COLUMN)


def test_no_door_asks_for_a_capability_that_is_said_to_have_none():
    root, asked = Path(settings.BASE_DIR), set()
    for app in ("branches", "members", "service_stations", "activities", "grievances", "dashboard"):
        for path in (root / app).rglob("*.py"):
            if {"views", "admin", "api", "views.py", "admin.py", "api.py"} & set(path.relative_to(root).parts):
                for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                    if isinstance(node, ast.Attribute) and getattr(node.value, "id", "") == "Capability":
                        asked.add(node.attr)
    from branches.capabilities import Capability

    assert len(asked) > 20
    assert {Capability[name].value for name in asked} & set(NO_DOOR) == set()


@pytest.mark.parametrize("name", GUARDED)
def test_each_column_is_let_in_as_its_cell_says(house, name):
    door = DOORS[name]
    for column, (who, place) in COLUMNS.items():
        cell = cells()[door.needs][column]
        wanted = cell != "none" and who is not None and (column in STAFF or not name.startswith("admin:"))
        answer = knock(client_of(house, who), house, name, rows_for(house, name, place, who))
        assert is_let_in(answer) == wanted, (column, cell, answer.status_code)


# --- acts: what a POST does, and that a refused one does nothing ------------------------------------------------------
def _try(house, act: Act, who: str | None, place: str) -> tuple[bool, int]:
    """Do it and return whether anything changed, and the status; everything is undone."""
    with transaction.atomic():
        client = client_of(house, who)
        if act.door == "members:import_undo":
            RosterImport.objects.update(status="done", applied=1, finished_at=timezone.now() - timedelta(days=1))
            for batch in house.imports.values():
                batch.roster_results.create(ordinal=0, person_id=house.drivers["county"].pk, fate="created")
        url = address(house, act.door, rows_for(house, act.door, act.place or place, who))
        data = act.data(house, place)
        before = state()
        response = client.post(url, filled(client, url, data) if act.asks else data)
        changed = state() != before
        transaction.set_rollback(True)
    return changed, response.status_code


@pytest.mark.parametrize("name", ACTS)
def test_each_column_can_do_what_its_cell_says_and_nothing_else(house, name):
    act = ACTS[name]
    for column, (who, place) in COLUMNS.items():
        cell = cells()[act.capability][column]
        wanted = cell != "none" and (column in STAFF or not act.door.startswith("admin:"))
        changed, status = _try(house, act, who, place)
        assert changed == wanted, (column, cell, status)
        if not wanted:
            # A list of the admin that offers no such action to its reader is shown again, and nothing is done.
            assert status in (302, 403, 404) or (status == 200 and act.door.endswith("_changelist")), column
        elif cell not in ("all", "own", "public") and act.place == "":
            changed, status = _try(house, act, who, "far")
            foreign = DOORS[act.door].names or act.door in ("members:driver_create", "members:import_create")
            assert not (changed and foreign), f"{column} did it to a foreign row"


def test_a_file_of_work_orders_is_brought_by_clerks_of_committees_to_their_own(house):
    def file(house, place):
        content = "工单编号,标题,诉求内容\nGD1,测试,测试经过\n".encode()
        unit = house.tree.neighbour_county if place == "far" else house.tree.county
        return {"channel": "hotline_12328", "organization": unit.pk, "file": SimpleUploadedFile("工单.csv", content)}

    act = Act("grievance.lodge_for_driver", "grievances:hotline", file)
    for column, (who, place) in COLUMNS.items():
        assert _try(house, act, who, place)[0] == (column == "clerk"), column
        assert not _try(house, act, who, "far")[0], column


def test_a_superuser_without_a_post_does_nothing_and_with_one_leaves_the_same_trace(house, monkeypatch):
    root = UserFactory(username="root", is_superuser=True, is_staff=True)
    monkeypatch.setitem(house.cast, "root", root)
    for name, act in ACTS.items():
        changed, status = _try(house, act, "root", "county")
        assert not changed, name
        assert status in (403, 404) or (status == 200 and act.door.endswith("_changelist")), name
    AppointmentFactory(user=root, organization=house.tree.county, role="clerk")
    address_of_branch = reverse("branches:organization_rectify", args=[house.tree.branch.pk])
    assert client_of(house, "root").post(address_of_branch, {"reason": "测试原因"}).status_code == 302
    entry = Entry.objects.newest_first().first()
    assert (entry.actor_id, entry.object_id) == (root.pk, str(house.tree.branch.pk))


def test_nobody_appoints_or_ends_at_his_own_level(house):
    for name in ("appoint", "end a post", "open an account", "dissolve a unit"):
        act = ACTS[name]
        assert set(cells()[act.capability].values()) <= {"none", "subtree_below", "all"}
    client, before = client_of(house, "county_clerk"), state()
    own = house.tree.county.pk
    for name in ("appoint", "open an account", "dissolve a unit"):
        url = address(house, ACTS[name].door, {"pk": own})
        assert client.post(url, ACTS[name].data(house, "county")).status_code == 403
    post = house.cast["county_clerk"].appointments.get()
    assert client.post(reverse("branches:appointment_end", args=[post.pk]), {"reason": "测试"}).status_code == 403
    assert state() == before


def test_everybody_who_is_signed_in_changes_his_own_account_and_no_other(house):
    for column, (who, _) in COLUMNS.items():
        cell = cells()["user.own_profile"][column]
        assert cell == ("own" if who else "none")
        if who:
            answer = client_of(house, who).post(reverse("account_profile"), {"phone": "19000000001"})
            assert answer.status_code == 302
            assert User.objects.get(pk=house.cast[who].pk).phone == "19000000001"
    assert User.objects.get(pk=house.cast["province_clerk"].pk).phone == ""


def test_the_columns_are_the_roles():
    assert set(COLUMNS) == set(next(iter(cells().values()))) == {"anonymous", "outsider", *Role.values}
