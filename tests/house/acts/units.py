"""Acts on organisations, posts, accounts, reference tables, the trail and deliveries."""

from django.utils import timezone

from branches.models import Organization
from tests.factories import OrganizationFactory
from tests.house.acts.act import Act
from tests.house.doors import row_of


def _general_branch(house):
    county = Organization.objects.get(pk=house.tree.county.pk)
    return OrganizationFactory(parent=county, kind="general_branch", level="base")


ACTS = {
    "send a message again": Act("notification.resend", "notifications:resend", lambda house, place: {}),
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
    "record a term": Act(
        "appointment.appoint",
        "branches:term_create",
        lambda house, place: {
            "elected_date": timezone.localdate().isoformat(),
            "years": "3",
            "method": "assembly",
            "entitled": "10",
            "present": "9",
        },
    ),
    "note another end of a term": Act(
        "appointment.appoint",
        "branches:term_change",
        lambda house, place: {"changed_end_date": "2099-01-01", "change_document": "〔2026〕9号"},
    ),
    "freeze a branch file": Act(
        "branch_file.freeze",
        "dashboard:branch_file_freeze",
        lambda house, place: {"year": str(timezone.localdate().year)},
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
    "verify the trail": Act("audit_entry.verify", "dashboard:audit_verify", lambda house, place: {}),
}
