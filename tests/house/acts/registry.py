"""Acts on firms, drivers, vehicles and rosters."""

from django.core.files.uploadedfile import SimpleUploadedFile

from tests.house.acts.act import Act
from tests.house.doors import row_of
from tests.house.registry import id_number


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


def _export(house, place):
    return {"columns": ["name"], "format": "csv", "reason": "核对名单"}


ACTS = {
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
}
