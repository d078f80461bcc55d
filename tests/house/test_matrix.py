"""Every cell of docs/permissions.csv whose resource exists, tried through every door it has, as each of the columns."""

import ast
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import models, transaction
from django.forms import ModelChoiceField
from django.urls import reverse
from django.utils import timezone

from branches.choices import Role
from branches.models import Appointment, Division, Guidance, Office, Organization, Workday
from foundation.accounts.models import ResetCode, User
from foundation.audit.models import Entry
from grievances.models import (
    Assist,
    Campaign,
    CampaignCase,
    Category,
    Clock,
    Extension,
    FollowUp,
    Grievance,
    SlaPolicy,
    Statement,
    Supervision,
    WorkOrderImport,
)
from grievances.workflow import confirm
from members.models import (
    Credential,
    Driver,
    DriverVehicle,
    Enterprise,
    ExportJob,
    Person,
    RegistrationTransfer,
    RosterImport,
    Vehicle,
)
from tests.factories import AppointmentFactory, OrganizationFactory, UserFactory
from tests.house.doors import COLUMNS, address, client_of, is_let_in, knock, row_of, rows_for
from tests.house.oracle import cells
from tests.house.registry import id_number
from tests.house.url_policy import DOORS

STAFF = {"clerk", "auditor", "security_admin", "system_admin"}  # who works in the admin
GUARDED = [name for name, door in DOORS.items() if door.needs in cells()]

# Resources that have no door yet, and cells that have one for some of their columns only.
NO_DOOR = {
    "organization.view_public": "part 2: the public list of organisations stands beside the stations",
    **dict.fromkeys(
        [f"party_member.{action}" for action in ("place", "change", "receive_flowing", "end", "export")],
        "part 3: membership. A roster makes nobody a member",
    ),
    **dict.fromkeys(
        [f"transfer.{action}" for action in ("view", "draft", "approve", "receive")], "part 3: transfer of membership"
    ),
    **dict.fromkeys([name for name in cells() if name.startswith("verification.")], "part 3: verification"),
    **dict.fromkeys([name for name in cells() if name.startswith("declaration.")], "part 3: declarations"),
    **dict.fromkeys([name for name in cells() if name.startswith("development.")], "part 3: development"),
    **dict.fromkeys([name for name in cells() if name.startswith("dues.")], "part 3: dues"),
    **dict.fromkeys([name for name in cells() if name.startswith("member_card.")], "part 3: member cards"),
    **dict.fromkeys([name for name in cells() if name.startswith("activity.")], "part 5: activities"),
    **dict.fromkeys([name for name in cells() if name.startswith("branch_file.")], "part 5: branch files"),
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
    "party_member.view": "test_lists: the page of a driver; test_field_rights: filter and columns",
    "grievance.see_confidential_author": "tests/grievances/test_who_may: on no page but that of the named office",
    "guidance.view": "test_lists: the page of an organisation",
    "credential.view": "test_field_rights: filter; test_lists: the page of a driver",
    "statistics.view": "test_lists: figures of the desk",
    "user.own_profile": "below",
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
    for app in ("branches", "members", "service_stations", "grievances", "dashboard"):
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
WATCHED = (
    Organization, Guidance, Appointment, Office, ResetCode, Enterprise, Person, Driver, Vehicle, DriverVehicle,
    Credential, RegistrationTransfer, RosterImport, ExportJob, Workday, Grievance, Statement, Assist, Supervision,
    FollowUp, Clock, Extension, SlaPolicy, Category, Campaign, CampaignCase, WorkOrderImport,
)  # fmt: skip


def state() -> dict:
    """Return all that an act could change. Sessions and the time somebody was last seen are no acts."""
    every = {model.__name__: sorted(map(repr, model._base_manager.values_list())) for model in WATCHED}
    account = ("username", "name", "is_active", "is_staff", "locked_at", "must_change_password", "password")
    every["User"] = sorted(map(repr, User.objects.values_list(*account)))
    every["Division"] = sorted(map(repr, Division.objects.filter(pk__startswith="5104").values_list()))
    every["Entry"] = Entry.objects.exclude(action__startswith="account.sign").count()
    return every


@dataclass(frozen=True)
class Act:
    """One act: its capability, the door, which row, and what is posted (may ask the house)."""

    capability: str
    door: str
    data: Callable
    place: str = ""  # rows of this place, whoever acts
    asks: str = ""  # GET this door first and post its form, changed


def _filled(client, url: str, changed: dict) -> dict:
    """Return what a form posts when somebody changes a few of its fields; only the changes when he gets no form."""
    response = client.get(url)
    if response.status_code != 200 or not response.context:
        return changed
    form = response.context.get("form") or response.context["adminform"].form
    values = {}
    for name, field in form.fields.items():
        value = form.get_initial_for_field(field, name)
        value = field.prepare_value(value)
        if isinstance(value, models.Model):
            value = value.pk
        if value not in (None, "", False, []):
            values[name] = value
        elif isinstance(field, ModelChoiceField) and field.required and field.queryset.exists():
            values[name] = field.queryset.first().pk
    return values | changed


def _person(house, place):
    return {"name": "测试新人", "id_number": id_number(800), "group": "truck"}


def _committee(house, place):
    # A platform registers its own drivers with the committee of its firm.
    tree = house.tree
    return (tree.city if place == "company" else tree.neighbour_county if place == "far" else tree.county).pk


def _import_file(house, place):
    return {
        "organization": {"company": house.tree.company, "far": house.tree.neighbour_county}.get(
            place, house.tree.county
        ).code,
        "file": SimpleUploadedFile("名册.csv", "姓名,身份证号\n测试新人,\n".encode()),
    }


def _general_branch(house):
    county = Organization.objects.get(pk=house.tree.county.pk)
    return OrganizationFactory(parent=county, kind="general_branch", level="base")


def _export(house, place):
    return {"columns": ["name"], "format": "csv", "reason": "核对名单"}


def _closed_ones(house):
    """Close a case at each place, so that there is something to draw."""
    for place in ("county", "far"):
        case = Grievance.objects.with_names().get(pk=house.cases[f"{place} answered"].pk)
        confirm(case, solved="solved", satisfaction="satisfied", at=timezone.now())
    return f"{timezone.localdate():%Y-%m}"


ACTS = {
    "draw a sample": Act(
        "grievance.export",
        "grievances:sample",
        lambda house, place: {"month": _closed_ones(house), "number": "5", "seed": "测试"},
    ),
    "send a message again": Act("notification.resend", "notifications:resend", lambda house, place: {}),
    "export the ledger": Act(
        "grievance.export",
        "grievances:ledger_export",
        lambda house, place: {"columns": ["title"], "format": "csv", "reason": "核对台账"},
    ),
    "add a unit": Act(
        "organization.add",
        "branches:organization_create",
        lambda house, place: {
            "name": "中共测试党小组",
            "short_name": "测试党小组",
            "code": "X-1",
            "kind": "group",
            "level": "base",
        },
    ),
    "change a unit": Act(
        "organization.change",
        "branches:organization_change",
        lambda house, place: {"grid_area": "测试网格"},
        asks="form",
    ),
    "change a unit in the admin": Act(
        "organization.change",
        "admin:branches_organization_change",
        lambda house, place: {"grid_area": "测试网格"},
        asks="form",
    ),
    "rectify a unit": Act(
        "organization.change", "branches:organization_rectify", lambda house, place: {"reason": "测试原因"}
    ),
    "rectify units in the admin": Act(
        "organization.change",
        "admin:branches_organization_changelist",
        lambda house, place: {
            "action": "rectify",
            "confirmed": "1",
            "reason": "测试原因",
            "_selected_action": row_of(house, "organization", place),
        },
    ),
    "dissolve a unit": Act(
        "organization.dissolve",
        "branches:organization_dissolve",
        lambda house, place: {
            "document": "〔2026〕9号",
            "dissolved_date": "2026-01-01",
            "successor": house.tree.second_branch.pk,
        },
    ),
    "move a unit": Act(
        "organization.dissolve",
        "branches:organization_move",
        lambda house, place: {"parent": _general_branch(house).pk, "reason": "测试原因"},
    ),
    "add a line of guidance": Act(
        "guidance.change",
        "branches:guidance_create",
        lambda house, place: {
            "guiding_organization": house.tree.department.pk,
            "line": "transport",
            "from_date": "2026-01-01",
        },
    ),
    "end a line of guidance": Act(
        "guidance.change", "branches:guidance_end", lambda house, place: {"until_date": "2026-01-01"}
    ),
    "appoint": Act(
        "appointment.appoint",
        "branches:appointment_create",
        lambda house, place: {
            "user": house.cast["instructor"].pk,
            "role": "branch_committee_member",
            "source": "elected",
        },
    ),
    "end a post": Act("appointment.end", "branches:appointment_end", lambda house, place: {"reason": "测试原因"}),
    "end posts in the admin": Act(
        "appointment.end",
        "admin:branches_appointment_changelist",
        lambda house, place: {
            "action": "end",
            "confirmed": "1",
            "reason": "测试原因",
            "_selected_action": row_of(house, "appointment", place),
        },
    ),
    "note an absence": Act(
        "appointment.set_deputy", "branches:office_arrange", lambda house, place: {"absent_from_date": "2026-11-24"}
    ),
    "open an account": Act(
        "user.add",
        "branches:user_create",
        lambda house, place: {
            "name": "测试新人",
            "username": "new-somebody",
            "role": "branch_committee_member",
            "source": "elected",
        },
    ),
    "give out a code": Act("user.issue_reset_code", "branches:user_reset_code", lambda house, place: {}),
    "lock an account": Act("user.lock", "branches:user_lock", lambda house, place: {"reason": "测试原因"}),
    "lock accounts in the admin": Act(
        "user.lock",
        "admin:accounts_user_changelist",
        lambda house, place: {
            "action": "lock",
            "confirmed": "1",
            "reason": "测试原因",
            "_selected_action": row_of(house, "user", place),
        },
    ),
    "change a division": Act(
        "division.change", "admin:branches_division_change", lambda house, place: {"name": "测试区"}, asks="form"
    ),
    "change a day": Act(
        "workday.change", "admin:branches_workday_change", lambda house, place: {"note": "测试说明"}, asks="form"
    ),
    "register a firm": Act(
        "enterprise.add",
        "members:enterprise_create",
        lambda house, place: {
            "name": "测试新企业",
            "committee": _committee(house, place),
            "kind": "other",
            "coverage": "none",
        },
    ),
    "change a firm": Act(
        "enterprise.change", "members:enterprise_change", lambda house, place: {"employee_count": "77"}, asks="form"
    ),
    "register a driver": Act(
        "driver.add",
        "members:driver_create",
        lambda house, place: (
            _person(house, place)
            | {"committee": _committee(house, place)}
            | ({"enterprise": "测试顺达平台有限公司"} if place == "company" else {})
        ),
    ),
    "change a firm in the admin": Act(
        "enterprise.change",
        "admin:members_enterprise_change",
        lambda house, place: {"employee_count": "78"},
        asks="form",
    ),
    "change a vehicle in the admin": Act(
        "vehicle.change",
        "admin:members_vehicle_change",
        lambda house, place: {"gross_mass_kg": "4400"},
        asks="form",
    ),
    "change a driver": Act(
        "driver.change", "members:driver_change", lambda house, place: {"remarks": "测试备注"}, asks="form"
    ),
    "verify a driver": Act("driver.change", "members:driver_verify", lambda house, place: {"note": "电话核对"}),
    "verify drivers": Act(
        "driver.change",
        "members:driver_bulk",
        lambda house, place: {"action": "verify", "row": row_of(house, "driver", place)},
    ),
    "tie a vehicle": Act("vehicle.add", "members:driver_assign_vehicle", lambda house, place: {"plate": "川A12345"}),
    "end a tie": Act("driver.change", "members:driver_end_vehicle", lambda house, place: {"until_date": "2026-11-01"}),
    "claim": Act(
        "driver.claim_registration",
        "members:registration_claim",
        lambda house, place: {
            "committee": _committee(house, place),
            "id_number": house.drivers["member_of_neighbour_branch"].person.id_number,
            "reason": "已在本区营运半年",
        },
    ),
    "release": Act("driver.release_registration", "members:registration_answer", lambda house, place: {"note": ""}),
    "export drivers": Act("driver.export", "members:export_create", _export),
    "merge": Act(
        "driver.merge",
        "members:driver_merge",
        lambda house, place: {"reason": "看过身份证原件"},
        place="county",
        asks="form",
    ),
    "look at a number": Act(
        "driver_identity.reveal",
        "members:driver_reveal",
        lambda house, place: {"field": "id_number", "reason": "核对名册"},
    ),
    "register a vehicle": Act(
        "vehicle.add",
        "members:vehicle_create",
        lambda house, place: (
            {"plate": "川A54321", "committee": _committee(house, place), "status": "active"}
            | ({"enterprise": "测试顺达平台有限公司"} if place == "company" else {})
        ),
    ),
    "change a vehicle": Act(
        "vehicle.change", "members:vehicle_change", lambda house, place: {"gross_mass_kg": "4500"}, asks="form"
    ),
    "change a licence": Act(
        "credential.change",
        "members:driver_set_credential",
        lambda house, place: {"kind": "freight", "expires_date": "2031-01-01"},
    ),
    "upload a roster": Act("roster_import.upload", "members:import_create", _import_file),
    "stop an import": Act("roster_import.upload", "members:import_cancel", lambda house, place: {}),
    "confirm an import": Act(
        "roster_import.apply", "members:import_confirm", lambda house, place: {"plan_digest": "d" * 64}
    ),
    "take an import back": Act(
        "roster_import.undo", "members:import_undo", lambda house, place: {"reason": "导错了县区"}
    ),
    "lodge for a driver": Act(
        "grievance.lodge_for_driver",
        "grievances:lodge",
        lambda house, place: {
            "unit": {
                "branch": house.tree.branch,
                "company": house.tree.company,
                "far": house.tree.neighbour_county,
            }.get(place, house.tree.county).pk,
            "channel": {"branch": "branch", "company": "platform", "home": "station"}.get(place, "direct_line"),
            "category": Category.objects.get(code="freight").pk,
            "description": "测试经过",
        },
    ),
    "accept a case": Act("grievance.accept", "grievances:accept", lambda house, place: {}),
    "refuse a case": Act("grievance.accept", "grievances:refuse", lambda house, place: {"reason": "测试原因"}),
    "assign a case": Act(
        "grievance.assign", "grievances:assign", lambda house, place: {"unit": str(house.tree.branch.pk)}
    ),
    "suspend a case": Act("grievance.assign", "grievances:suspend", lambda house, place: {"reason": "测试原因"}),
    "end an office's help": Act("grievance.assign", "grievances:end_assist", lambda house, place: {}),
    "report on a case": Act("grievance.answer", "grievances:report", lambda house, place: {"text": "测试进度"}),
    "answer a case": Act(
        "grievance.answer",
        "grievances:answer",
        lambda house, place: {"result": "solved", "text": "测试答复", "person_times": "1"},
    ),
    "call back": Act(
        "grievance.call_back",
        "grievances:follow_up",
        lambda house, place: {"was_reached": "1", "method": "phone", "solved": "solved", "satisfaction": "unrated"},
    ),
    "take a case up": Act("grievance.take_up", "grievances:take_up", lambda house, place: {"reason": "测试原因"}),
    "supervise a case": Act("grievance.supervise", "grievances:supervise", lambda house, place: {"demand": "测试要求"}),
    "allow more time": Act(
        "grievance.extend_approve", "grievances:extension_decide", lambda house, place: {"approve": "1"}
    ),
    "begin a campaign": Act(
        "grievance.assign",
        "grievances:campaign_create",
        lambda house, place: {
            "organization": str(house.tree.county.pk),
            "name": "测试新整治",
            "from_date": "2026-01-01",
        },
    ),
    "end a campaign": Act(
        "grievance.assign",
        "grievances:campaign_end",
        lambda house, place: {"results": "测试成效", "until_date": "2026-12-31"},
    ),
    "add a limit": Act(
        "sla_policy.change",
        "grievances:policy_create",
        lambda house, place: {
            "clock": "answer",
            "amount": "4",
            "unit": "working_days",
            "closes_at": "18:00",
            "from_date": "2099-01-01",
            "remind_hours": "0",
            "extension_days": "0",
            "rule": "测试规则",
            "source": "测试出处",
        },
    ),
    "end a limit": Act("sla_policy.change", "grievances:policy_end", lambda house, place: {"until_date": "2099-01-01"}),
    "change a category": Act(
        "sla_policy.change", "grievances:category_change", lambda house, place: {"name": "测试类别"}, asks="form"
    ),
    "change a category in the admin": Act(
        "sla_policy.change", "admin:grievances_category_change", lambda house, place: {"name": "测试类别"}, asks="form"
    ),
    "verify the trail": Act("audit_entry.verify", "dashboard:audit_verify", lambda house, place: {}),
}


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
        response = client.post(url, _filled(client, url, data) if act.asks else data)
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
