"""Who may do what: docs/permissions.csv as a table (docs/permissions.md says what the extents mean)."""

from django.db.models import TextChoices

from branches.choices import ANONYMOUS, OUTSIDER, Extent, Role


class Capability(TextChoices):
    """One resource and action; `DRIVER_VIEW` is the line `driver,view`."""

    DIVISION_VIEW = "division.view"
    DIVISION_CHANGE = "division.change"
    WORKDAY_VIEW = "workday.view"
    WORKDAY_CHANGE = "workday.change"
    ORGANIZATION_VIEW_PUBLIC = "organization.view_public"
    ORGANIZATION_VIEW = "organization.view"
    ORGANIZATION_ADD = "organization.add"
    ORGANIZATION_CHANGE = "organization.change"
    ORGANIZATION_DISSOLVE = "organization.dissolve"
    ORGANIZATION_EXPORT = "organization.export"
    GUIDANCE_VIEW = "guidance.view"
    GUIDANCE_CHANGE = "guidance.change"
    APPOINTMENT_VIEW = "appointment.view"
    APPOINTMENT_APPOINT = "appointment.appoint"
    APPOINTMENT_END = "appointment.end"
    APPOINTMENT_SET_DEPUTY = "appointment.set_deputy"
    USER_VIEW = "user.view"
    USER_ADD = "user.add"
    USER_ISSUE_RESET_CODE = "user.issue_reset_code"
    USER_LOCK = "user.lock"
    USER_OWN_PROFILE = "user.own_profile"
    ENTERPRISE_VIEW = "enterprise.view"
    ENTERPRISE_ADD = "enterprise.add"
    ENTERPRISE_CHANGE = "enterprise.change"
    ENTERPRISE_EXPORT = "enterprise.export"
    DRIVER_VIEW = "driver.view"
    DRIVER_ADD = "driver.add"
    DRIVER_CHANGE = "driver.change"
    DRIVER_CLAIM_REGISTRATION = "driver.claim_registration"
    DRIVER_RELEASE_REGISTRATION = "driver.release_registration"
    DRIVER_EXPORT = "driver.export"
    DRIVER_MERGE = "driver.merge"
    DRIVER_IDENTITY_MASKED = "driver_identity.masked"
    DRIVER_IDENTITY_REVEAL = "driver_identity.reveal"
    DRIVER_IDENTITY_FIND_BY_ID_NUMBER = "driver_identity.find_by_id_number"
    VEHICLE_VIEW = "vehicle.view"
    VEHICLE_ADD = "vehicle.add"
    VEHICLE_CHANGE = "vehicle.change"
    CREDENTIAL_VIEW = "credential.view"
    CREDENTIAL_CHANGE = "credential.change"
    ROSTER_IMPORT_VIEW = "roster_import.view"
    ROSTER_IMPORT_UPLOAD = "roster_import.upload"
    ROSTER_IMPORT_APPLY = "roster_import.apply"
    ROSTER_IMPORT_UNDO = "roster_import.undo"
    PARTY_MEMBER_VIEW = "party_member.view"
    PARTY_MEMBER_PLACE = "party_member.place"
    PARTY_MEMBER_CHANGE = "party_member.change"
    PARTY_MEMBER_RECEIVE_FLOWING = "party_member.receive_flowing"
    PARTY_MEMBER_END = "party_member.end"
    PARTY_MEMBER_EXPORT = "party_member.export"
    TRANSFER_VIEW = "transfer.view"
    TRANSFER_DRAFT = "transfer.draft"
    TRANSFER_APPROVE = "transfer.approve"
    TRANSFER_RECEIVE = "transfer.receive"
    LOST_CONTACT_VIEW = "lost_contact.view"
    LOST_CONTACT_RECORD = "lost_contact.record"
    LOST_CONTACT_APPROVE = "lost_contact.approve"
    LOST_CONTACT_FILE = "lost_contact.file"
    VERIFICATION_VIEW = "verification.view"
    VERIFICATION_RECORD_CHECK = "verification.record_check"
    VERIFICATION_RECORD_REGISTER_CONFIRMATION = "verification.record_register_confirmation"
    VERIFICATION_CONFIRM = "verification.confirm"
    VERIFICATION_REFUTE = "verification.refute"
    DECLARATION_SUBMIT = "declaration.submit"
    DECLARATION_VIEW = "declaration.view"
    DECLARATION_DECIDE = "declaration.decide"
    DEVELOPMENT_VIEW = "development.view"
    DEVELOPMENT_RECORD_STEP = "development.record_step"
    DEVELOPMENT_APPROVE_STEP = "development.approve_step"
    DEVELOPMENT_OVERRIDE_GATE = "development.override_gate"
    DUES_VIEW = "dues.view"
    DUES_RECORD = "dues.record"
    MEMBER_CARD_VIEW = "member_card.view"
    MEMBER_CARD_ISSUE = "member_card.issue"
    MEMBER_CARD_REVOKE = "member_card.revoke"
    MEMBER_CARD_CHECK_QR = "member_card.check_qr"
    APPRAISAL_VIEW = "appraisal.view"
    APPRAISAL_RECORD = "appraisal.record"
    CONTACT_PAIR_VIEW = "contact_pair.view"
    CONTACT_PAIR_RECORD = "contact_pair.record"
    PERSON_TAG_RECORD = "person_tag.record"
    ACTIVITY_VIEW = "activity.view"
    ACTIVITY_RECORD = "activity.record"
    ACTIVITY_RECORD_VISIT = "activity.record_visit"
    COMPLIANCE_RULE_VIEW = "compliance_rule.view"
    COMPLIANCE_RULE_CHANGE = "compliance_rule.change"
    JOINT_CONFERENCE_VIEW = "joint_conference.view"
    JOINT_CONFERENCE_RECORD = "joint_conference.record"
    BRANCH_FILE_VIEW = "branch_file.view"
    BRANCH_FILE_FREEZE = "branch_file.freeze"
    STATION_VIEW_PUBLIC = "station.view_public"
    STATION_ADD = "station.add"
    STATION_CHANGE = "station.change"
    STATION_UPDATE_TODAY = "station.update_today"
    BOOKING_BOOK = "booking.book"
    BOOKING_VIEW = "booking.view"
    BOOKING_VIEW_BY_CODE = "booking.view_by_code"
    BOOKING_CHECK_IN = "booking.check_in"
    VISIT_RECORD = "visit.record"
    VISIT_VIEW = "visit.view"
    FEEDBACK_SUBMIT = "feedback.submit"
    FEEDBACK_MODERATE = "feedback.moderate"
    FEEDBACK_ANSWER = "feedback.answer"
    ASSESSMENT_SELF_ASSESS = "assessment.self_assess"
    ASSESSMENT_CHECK = "assessment.check"
    ASSESSMENT_DECIDE = "assessment.decide"
    ASSESSMENT_VIEW = "assessment.view"
    GRIEVANCE_SUBMIT = "grievance.submit"
    GRIEVANCE_FOLLOW_BY_CODE = "grievance.follow_by_code"
    GRIEVANCE_VIEW = "grievance.view"
    GRIEVANCE_LODGE_FOR_DRIVER = "grievance.lodge_for_driver"
    GRIEVANCE_ACCEPT = "grievance.accept"
    GRIEVANCE_ASSIGN = "grievance.assign"
    GRIEVANCE_ANSWER = "grievance.answer"
    GRIEVANCE_CALL_BACK = "grievance.call_back"
    GRIEVANCE_TAKE_UP = "grievance.take_up"
    GRIEVANCE_SUPERVISE = "grievance.supervise"
    GRIEVANCE_EXTEND_APPROVE = "grievance.extend_approve"
    GRIEVANCE_SEE_CONFIDENTIAL_AUTHOR = "grievance.see_confidential_author"
    GRIEVANCE_EXPORT = "grievance.export"
    SLA_POLICY_VIEW = "sla_policy.view"
    SLA_POLICY_CHANGE = "sla_policy.change"
    NOTIFICATION_VIEW = "notification.view"
    NOTIFICATION_RESEND = "notification.resend"
    STATISTICS_VIEW = "statistics.view"
    AUDIT_ENTRY_VIEW = "audit_entry.view"
    AUDIT_ENTRY_VERIFY = "audit_entry.verify"
    API_CLIENT_VIEW = "api_client.view"
    API_CLIENT_MANAGE = "api_client.manage"
    WEBHOOK_VIEW = "webhook.view"
    WEBHOOK_MANAGE = "webhook.manage"
    WEBHOOK_REPLAY = "webhook.replay"
    EXPORT_JOB_VIEW = "export_job.view"


ROLES = tuple(Role)
EVERY_ROLE = (ANONYMOUS, OUTSIDER, *ROLES)


def _everyone(extent: Extent) -> dict[str, Extent]:
    """Return the same extent for everybody, signed in or not."""
    return dict.fromkeys(EVERY_ROLE, extent)


def _signed_in(extent: Extent) -> dict[str, Extent]:
    """Return the same extent for every role that is appointed."""
    return dict.fromkeys(ROLES, extent)


# Roles that are not named in a line have no access. `outsider` is everybody who is signed in.
CAPABILITIES: dict[Capability, dict[str, Extent]] = {
    Capability.DIVISION_VIEW: {**_signed_in(Extent.ALL), OUTSIDER: Extent.ALL},
    Capability.DIVISION_CHANGE: {Role.SYSTEM_ADMIN: Extent.ALL},
    Capability.WORKDAY_VIEW: {**_signed_in(Extent.ALL), OUTSIDER: Extent.ALL},
    Capability.WORKDAY_CHANGE: {Role.SYSTEM_ADMIN: Extent.ALL},
    Capability.ORGANIZATION_VIEW_PUBLIC: _everyone(Extent.ALL),
    Capability.ORGANIZATION_VIEW: {
        Role.CLERK: Extent.SUBTREE,
        Role.LEADER: Extent.SUBTREE,
        Role.ORGANISATION_READER: Extent.GUIDED,
        Role.SECRETARY: Extent.UNIT,
        Role.BRANCH_COMMITTEE_MEMBER: Extent.UNIT,
        Role.INSTRUCTOR: Extent.ASSIGNED,
        Role.STATION_MANAGER: Extent.UNIT,
        Role.HANDLER: Extent.UNIT,
        Role.PARTNER: Extent.UNIT,
        Role.SECURITY_ADMIN: Extent.ALL,
        Role.SYSTEM_ADMIN: Extent.ALL,
    },
    Capability.ORGANIZATION_ADD: {Role.CLERK: Extent.SUBTREE},
    Capability.ORGANIZATION_CHANGE: {Role.CLERK: Extent.SUBTREE},
    Capability.ORGANIZATION_DISSOLVE: {Role.CLERK: Extent.SUBTREE_BELOW},
    Capability.ORGANIZATION_EXPORT: {
        Role.CLERK: Extent.SUBTREE,
        Role.LEADER: Extent.SUBTREE,
        Role.ORGANISATION_READER: Extent.GUIDED,
    },
    Capability.GUIDANCE_VIEW: {
        Role.CLERK: Extent.SUBTREE,
        Role.LEADER: Extent.SUBTREE,
        Role.ORGANISATION_READER: Extent.GUIDED,
    },
    Capability.GUIDANCE_CHANGE: {Role.CLERK: Extent.SUBTREE},
    Capability.APPOINTMENT_VIEW: {
        Role.CLERK: Extent.SUBTREE,
        Role.LEADER: Extent.SUBTREE,
        Role.ORGANISATION_READER: Extent.GUIDED,
        Role.SECRETARY: Extent.UNIT,
        Role.INSTRUCTOR: Extent.ASSIGNED,
        Role.SECURITY_ADMIN: Extent.ALL,
    },
    Capability.APPOINTMENT_APPOINT: {Role.CLERK: Extent.SUBTREE_BELOW, Role.SECURITY_ADMIN: Extent.ALL},
    Capability.APPOINTMENT_END: {Role.CLERK: Extent.SUBTREE_BELOW, Role.SECURITY_ADMIN: Extent.ALL},
    Capability.APPOINTMENT_SET_DEPUTY: {
        Role.CLERK: Extent.SUBTREE,
        Role.SECRETARY: Extent.UNIT,
        Role.HANDLER: Extent.OWN,
    },
    Capability.USER_VIEW: {
        Role.CLERK: Extent.SUBTREE,
        Role.SECURITY_ADMIN: Extent.ALL,
        Role.SYSTEM_ADMIN: Extent.ALL,
    },
    Capability.USER_ADD: {Role.CLERK: Extent.SUBTREE_BELOW, Role.SECURITY_ADMIN: Extent.ALL},
    Capability.USER_ISSUE_RESET_CODE: {Role.CLERK: Extent.SUBTREE_BELOW, Role.SECURITY_ADMIN: Extent.ALL},
    Capability.USER_LOCK: {Role.SECURITY_ADMIN: Extent.ALL},
    Capability.USER_OWN_PROFILE: {**_signed_in(Extent.OWN), OUTSIDER: Extent.OWN},
    Capability.ENTERPRISE_VIEW: {
        Role.CLERK: Extent.SUBTREE,
        Role.LEADER: Extent.SUBTREE,
        Role.ORGANISATION_READER: Extent.GUIDED,
        Role.SECRETARY: Extent.UNIT,
        Role.INSTRUCTOR: Extent.ASSIGNED,
        Role.PARTNER: Extent.OWN,
    },
    Capability.ENTERPRISE_ADD: {Role.CLERK: Extent.SUBTREE},
    Capability.ENTERPRISE_CHANGE: {Role.CLERK: Extent.SUBTREE},
    Capability.ENTERPRISE_EXPORT: {Role.CLERK: Extent.SUBTREE, Role.LEADER: Extent.SUBTREE},
    Capability.DRIVER_VIEW: {
        Role.CLERK: Extent.SUBTREE,
        Role.LEADER: Extent.SUBTREE,
        Role.ORGANISATION_READER: Extent.GUIDED,
        Role.SECRETARY: Extent.UNIT,
        Role.BRANCH_COMMITTEE_MEMBER: Extent.UNIT,
        Role.INSTRUCTOR: Extent.ASSIGNED,
        Role.PARTNER: Extent.OWN,
    },
    Capability.DRIVER_ADD: {Role.CLERK: Extent.SUBTREE, Role.PARTNER: Extent.OWN},
    Capability.DRIVER_CHANGE: {Role.CLERK: Extent.SUBTREE, Role.PARTNER: Extent.OWN},
    Capability.DRIVER_CLAIM_REGISTRATION: {Role.CLERK: Extent.SUBTREE},
    Capability.DRIVER_RELEASE_REGISTRATION: {Role.CLERK: Extent.SUBTREE},
    Capability.DRIVER_EXPORT: {Role.CLERK: Extent.SUBTREE},
    Capability.DRIVER_MERGE: {Role.CLERK: Extent.SUBTREE},
    Capability.DRIVER_IDENTITY_MASKED: {
        Role.CLERK: Extent.SUBTREE,
        Role.LEADER: Extent.SUBTREE,
        Role.ORGANISATION_READER: Extent.GUIDED,
        Role.SECRETARY: Extent.UNIT,
        Role.BRANCH_COMMITTEE_MEMBER: Extent.UNIT,
        Role.INSTRUCTOR: Extent.ASSIGNED,
        Role.PARTNER: Extent.OWN,
    },
    Capability.DRIVER_IDENTITY_REVEAL: {Role.CLERK: Extent.SUBTREE, Role.SECRETARY: Extent.UNIT},
    Capability.DRIVER_IDENTITY_FIND_BY_ID_NUMBER: {Role.CLERK: Extent.SUBTREE, Role.PARTNER: Extent.OWN},
    Capability.VEHICLE_VIEW: {
        Role.CLERK: Extent.SUBTREE,
        Role.LEADER: Extent.SUBTREE,
        Role.ORGANISATION_READER: Extent.GUIDED,
        Role.SECRETARY: Extent.UNIT,
        Role.PARTNER: Extent.OWN,
    },
    Capability.VEHICLE_ADD: {Role.CLERK: Extent.SUBTREE, Role.PARTNER: Extent.OWN},
    Capability.VEHICLE_CHANGE: {Role.CLERK: Extent.SUBTREE, Role.PARTNER: Extent.OWN},
    Capability.CREDENTIAL_VIEW: {
        Role.CLERK: Extent.SUBTREE,
        Role.LEADER: Extent.SUBTREE,
        Role.SECRETARY: Extent.UNIT,
        Role.PARTNER: Extent.OWN,
    },
    Capability.CREDENTIAL_CHANGE: {Role.CLERK: Extent.SUBTREE, Role.PARTNER: Extent.OWN},
    Capability.ROSTER_IMPORT_VIEW: {
        Role.CLERK: Extent.SUBTREE,
        Role.LEADER: Extent.SUBTREE,
        Role.PARTNER: Extent.OWN,
    },
    Capability.ROSTER_IMPORT_UPLOAD: {Role.CLERK: Extent.SUBTREE, Role.PARTNER: Extent.OWN},
    Capability.ROSTER_IMPORT_APPLY: {Role.CLERK: Extent.SUBTREE, Role.PARTNER: Extent.OWN},
    Capability.ROSTER_IMPORT_UNDO: {Role.CLERK: Extent.SUBTREE},
    Capability.PARTY_MEMBER_VIEW: {
        Role.CLERK: Extent.SUBTREE,
        Role.LEADER: Extent.SUBTREE,
        Role.ORGANISATION_READER: Extent.GUIDED,
        Role.SECRETARY: Extent.UNIT,
        Role.BRANCH_COMMITTEE_MEMBER: Extent.UNIT,
        Role.INSTRUCTOR: Extent.ASSIGNED,
    },
    Capability.PARTY_MEMBER_PLACE: {Role.CLERK: Extent.SUBTREE},
    Capability.PARTY_MEMBER_CHANGE: {Role.CLERK: Extent.SUBTREE},
    Capability.PARTY_MEMBER_RECEIVE_FLOWING: {Role.CLERK: Extent.SUBTREE, Role.SECRETARY: Extent.UNIT},
    Capability.PARTY_MEMBER_END: {Role.CLERK: Extent.SUBTREE},
    Capability.PARTY_MEMBER_EXPORT: {Role.CLERK: Extent.SUBTREE, Role.ORGANISATION_READER: Extent.GUIDED},
    Capability.TRANSFER_VIEW: {
        Role.CLERK: Extent.SUBTREE,
        Role.LEADER: Extent.SUBTREE,
        Role.ORGANISATION_READER: Extent.GUIDED,
        Role.SECRETARY: Extent.UNIT,
    },
    Capability.TRANSFER_DRAFT: {Role.CLERK: Extent.SUBTREE, Role.SECRETARY: Extent.UNIT},
    Capability.TRANSFER_APPROVE: {Role.CLERK: Extent.SUBTREE},
    Capability.TRANSFER_RECEIVE: {Role.CLERK: Extent.SUBTREE, Role.SECRETARY: Extent.UNIT},
    Capability.LOST_CONTACT_VIEW: {
        Role.CLERK: Extent.SUBTREE,
        Role.LEADER: Extent.SUBTREE,
        Role.ORGANISATION_READER: Extent.GUIDED,
        Role.SECRETARY: Extent.UNIT,
    },
    Capability.LOST_CONTACT_RECORD: {Role.CLERK: Extent.SUBTREE, Role.SECRETARY: Extent.UNIT},
    Capability.LOST_CONTACT_APPROVE: {Role.CLERK: Extent.SUBTREE},
    Capability.LOST_CONTACT_FILE: {Role.CLERK: Extent.SUBTREE, Role.ORGANISATION_READER: Extent.GUIDED},
    Capability.VERIFICATION_VIEW: {
        Role.CLERK: Extent.SUBTREE,
        Role.LEADER: Extent.SUBTREE,
        Role.ORGANISATION_READER: Extent.GUIDED,
        Role.SECRETARY: Extent.ASSIGNED,
    },
    Capability.VERIFICATION_RECORD_CHECK: {Role.CLERK: Extent.SUBTREE, Role.SECRETARY: Extent.ASSIGNED},
    Capability.VERIFICATION_RECORD_REGISTER_CONFIRMATION: {
        Role.CLERK: Extent.SUBTREE,
        Role.ORGANISATION_READER: Extent.GUIDED,
    },
    Capability.VERIFICATION_CONFIRM: {Role.CLERK: Extent.SUBTREE},
    Capability.VERIFICATION_REFUTE: {Role.CLERK: Extent.SUBTREE},
    Capability.DECLARATION_SUBMIT: _everyone(Extent.PUBLIC),
    Capability.DECLARATION_VIEW: {Role.CLERK: Extent.SUBTREE},
    Capability.DECLARATION_DECIDE: {Role.CLERK: Extent.SUBTREE},
    Capability.DEVELOPMENT_VIEW: {
        Role.CLERK: Extent.SUBTREE,
        Role.LEADER: Extent.SUBTREE,
        Role.ORGANISATION_READER: Extent.GUIDED,
        Role.SECRETARY: Extent.UNIT,
        Role.BRANCH_COMMITTEE_MEMBER: Extent.UNIT,
        Role.INSTRUCTOR: Extent.ASSIGNED,
    },
    Capability.DEVELOPMENT_RECORD_STEP: {Role.SECRETARY: Extent.UNIT},
    Capability.DEVELOPMENT_APPROVE_STEP: {Role.CLERK: Extent.SUBTREE, Role.ORGANISATION_READER: Extent.GUIDED},
    Capability.DEVELOPMENT_OVERRIDE_GATE: {Role.CLERK: Extent.SUBTREE},
    Capability.DUES_VIEW: {Role.CLERK: Extent.SUBTREE, Role.SECRETARY: Extent.UNIT},
    Capability.DUES_RECORD: {Role.SECRETARY: Extent.UNIT},
    Capability.MEMBER_CARD_VIEW: {Role.CLERK: Extent.SUBTREE, Role.SECRETARY: Extent.UNIT},
    Capability.MEMBER_CARD_ISSUE: {Role.CLERK: Extent.SUBTREE},
    Capability.MEMBER_CARD_REVOKE: {Role.CLERK: Extent.SUBTREE},
    Capability.MEMBER_CARD_CHECK_QR: _everyone(Extent.PUBLIC),
    Capability.APPRAISAL_VIEW: {Role.SECRETARY: Extent.UNIT, Role.BRANCH_COMMITTEE_MEMBER: Extent.UNIT},
    Capability.APPRAISAL_RECORD: {Role.SECRETARY: Extent.UNIT},
    Capability.CONTACT_PAIR_VIEW: {
        Role.CLERK: Extent.SUBTREE,
        Role.LEADER: Extent.SUBTREE,
        Role.ORGANISATION_READER: Extent.GUIDED,
        Role.SECRETARY: Extent.UNIT,
        Role.BRANCH_COMMITTEE_MEMBER: Extent.UNIT,
        Role.INSTRUCTOR: Extent.ASSIGNED,
    },
    Capability.CONTACT_PAIR_RECORD: {
        Role.CLERK: Extent.SUBTREE,
        Role.SECRETARY: Extent.UNIT,
        Role.BRANCH_COMMITTEE_MEMBER: Extent.UNIT,
    },
    Capability.PERSON_TAG_RECORD: {Role.CLERK: Extent.SUBTREE, Role.SECRETARY: Extent.UNIT},
    Capability.ACTIVITY_VIEW: {
        Role.CLERK: Extent.SUBTREE,
        Role.LEADER: Extent.SUBTREE,
        Role.ORGANISATION_READER: Extent.GUIDED,
        Role.SECRETARY: Extent.UNIT,
        Role.BRANCH_COMMITTEE_MEMBER: Extent.UNIT,
        Role.INSTRUCTOR: Extent.ASSIGNED,
    },
    Capability.ACTIVITY_RECORD: {
        Role.CLERK: Extent.SUBTREE,
        Role.SECRETARY: Extent.UNIT,
        Role.BRANCH_COMMITTEE_MEMBER: Extent.UNIT,
    },
    Capability.ACTIVITY_RECORD_VISIT: {Role.INSTRUCTOR: Extent.ASSIGNED},
    Capability.COMPLIANCE_RULE_VIEW: {
        Role.CLERK: Extent.ALL,
        Role.LEADER: Extent.ALL,
        Role.ORGANISATION_READER: Extent.ALL,
        Role.SECRETARY: Extent.ALL,
        Role.BRANCH_COMMITTEE_MEMBER: Extent.ALL,
        Role.INSTRUCTOR: Extent.ALL,
        Role.SYSTEM_ADMIN: Extent.ALL,
    },
    Capability.COMPLIANCE_RULE_CHANGE: {Role.SYSTEM_ADMIN: Extent.ALL},
    Capability.JOINT_CONFERENCE_VIEW: {
        Role.CLERK: Extent.SUBTREE,
        Role.LEADER: Extent.SUBTREE,
        Role.ORGANISATION_READER: Extent.GUIDED,
    },
    Capability.JOINT_CONFERENCE_RECORD: {Role.CLERK: Extent.SUBTREE},
    Capability.BRANCH_FILE_VIEW: {
        Role.CLERK: Extent.SUBTREE,
        Role.LEADER: Extent.SUBTREE,
        Role.ORGANISATION_READER: Extent.GUIDED,
        Role.SECRETARY: Extent.UNIT,
        Role.INSTRUCTOR: Extent.ASSIGNED,
    },
    Capability.BRANCH_FILE_FREEZE: {Role.CLERK: Extent.SUBTREE},
    Capability.STATION_VIEW_PUBLIC: _everyone(Extent.ALL),
    Capability.STATION_ADD: {Role.CLERK: Extent.SUBTREE},
    Capability.STATION_CHANGE: {Role.CLERK: Extent.SUBTREE},
    Capability.STATION_UPDATE_TODAY: {Role.CLERK: Extent.SUBTREE, Role.STATION_MANAGER: Extent.OWN},
    Capability.BOOKING_BOOK: _everyone(Extent.PUBLIC),
    Capability.BOOKING_VIEW: {Role.CLERK: Extent.SUBTREE, Role.STATION_MANAGER: Extent.OWN, Role.PARTNER: Extent.OWN},
    Capability.BOOKING_VIEW_BY_CODE: _everyone(Extent.PUBLIC),
    Capability.BOOKING_CHECK_IN: {Role.STATION_MANAGER: Extent.OWN},
    Capability.VISIT_RECORD: {Role.STATION_MANAGER: Extent.OWN},
    Capability.VISIT_VIEW: {
        Role.CLERK: Extent.SUBTREE,
        Role.LEADER: Extent.SUBTREE,
        Role.STATION_MANAGER: Extent.OWN,
    },
    Capability.FEEDBACK_SUBMIT: _everyone(Extent.PUBLIC),
    Capability.FEEDBACK_MODERATE: {Role.CLERK: Extent.SUBTREE},
    Capability.FEEDBACK_ANSWER: {Role.CLERK: Extent.SUBTREE, Role.STATION_MANAGER: Extent.OWN},
    Capability.ASSESSMENT_SELF_ASSESS: {Role.STATION_MANAGER: Extent.OWN},
    Capability.ASSESSMENT_CHECK: {Role.CLERK: Extent.SUBTREE},
    Capability.ASSESSMENT_DECIDE: {Role.CLERK: Extent.SUBTREE_ABOVE},
    Capability.ASSESSMENT_VIEW: {
        Role.CLERK: Extent.SUBTREE,
        Role.LEADER: Extent.SUBTREE,
        Role.STATION_MANAGER: Extent.OWN,
    },
    Capability.GRIEVANCE_SUBMIT: _everyone(Extent.PUBLIC),
    Capability.GRIEVANCE_FOLLOW_BY_CODE: _everyone(Extent.PUBLIC),
    Capability.GRIEVANCE_VIEW: {
        Role.CLERK: Extent.SUBTREE,
        Role.LEADER: Extent.SUBTREE,
        Role.SECRETARY: Extent.LODGED_OR_HELD,
        Role.STATION_MANAGER: Extent.LODGED_OR_HELD,
        Role.HANDLER: Extent.OFFICE,
        Role.PARTNER: Extent.OWN,
    },
    Capability.GRIEVANCE_LODGE_FOR_DRIVER: {
        Role.CLERK: Extent.SUBTREE,
        Role.SECRETARY: Extent.UNIT,
        Role.STATION_MANAGER: Extent.OWN,
        Role.PARTNER: Extent.OWN,
    },
    Capability.GRIEVANCE_ACCEPT: {Role.CLERK: Extent.UNIT},
    Capability.GRIEVANCE_ASSIGN: {Role.CLERK: Extent.UNIT},
    Capability.GRIEVANCE_ANSWER: {
        Role.SECRETARY: Extent.HELD,
        Role.HANDLER: Extent.OFFICE,
        Role.PARTNER: Extent.HELD,
    },
    Capability.GRIEVANCE_CALL_BACK: {Role.CLERK: Extent.UNIT_NOT_HANDLER},
    Capability.GRIEVANCE_TAKE_UP: {Role.CLERK: Extent.SUBTREE_BELOW},
    Capability.GRIEVANCE_SUPERVISE: {Role.CLERK: Extent.SUBTREE_BELOW, Role.LEADER: Extent.SUBTREE},
    Capability.GRIEVANCE_EXTEND_APPROVE: {Role.CLERK: Extent.SUBTREE_BELOW},
    Capability.GRIEVANCE_SEE_CONFIDENTIAL_AUTHOR: {Role.CLERK: Extent.NAMED_OFFICE, Role.HANDLER: Extent.OFFICE},
    Capability.GRIEVANCE_EXPORT: {Role.CLERK: Extent.SUBTREE, Role.LEADER: Extent.SUBTREE},
    Capability.SLA_POLICY_VIEW: {Role.CLERK: Extent.ALL, Role.LEADER: Extent.ALL, Role.HANDLER: Extent.ALL},
    Capability.SLA_POLICY_CHANGE: {Role.SYSTEM_ADMIN: Extent.ALL},
    Capability.NOTIFICATION_VIEW: {**_signed_in(Extent.OWN), OUTSIDER: Extent.OWN},
    Capability.NOTIFICATION_RESEND: {Role.SYSTEM_ADMIN: Extent.ALL},
    Capability.STATISTICS_VIEW: {
        Role.CLERK: Extent.SUBTREE,
        Role.LEADER: Extent.SUBTREE,
        Role.ORGANISATION_READER: Extent.GUIDED,
        Role.SECRETARY: Extent.UNIT,
        Role.INSTRUCTOR: Extent.ASSIGNED,
        Role.PARTNER: Extent.AGGREGATE,
    },
    Capability.AUDIT_ENTRY_VIEW: {Role.AUDITOR: Extent.ALL},
    Capability.AUDIT_ENTRY_VERIFY: {Role.AUDITOR: Extent.ALL},
    Capability.API_CLIENT_VIEW: {Role.PARTNER: Extent.OWN, Role.SECURITY_ADMIN: Extent.ALL},
    Capability.API_CLIENT_MANAGE: {Role.SECURITY_ADMIN: Extent.ALL},
    Capability.WEBHOOK_VIEW: {Role.PARTNER: Extent.OWN, Role.SYSTEM_ADMIN: Extent.ALL},
    Capability.WEBHOOK_MANAGE: {Role.PARTNER: Extent.OWN},
    Capability.WEBHOOK_REPLAY: {Role.PARTNER: Extent.OWN, Role.SYSTEM_ADMIN: Extent.ALL},
    Capability.EXPORT_JOB_VIEW: {
        Role.CLERK: Extent.OWN,
        Role.LEADER: Extent.OWN,
        Role.ORGANISATION_READER: Extent.OWN,
    },
}
