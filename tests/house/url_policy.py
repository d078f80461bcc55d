"""Who opens which address. One row per URL name of the whole product; tests/house/test_doors.py tries each.

Add a row when you add an address. `needs` is the capability of docs/permissions.csv, "public" or "signed in" (then
the rows behind it are scoped). `allow` is let in, `deny` is refused with the status `refused`. `names` says which
model each parameter of the address names: tests take the nearest row of `allow`, a foreign one and one that is not.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Door:
    """One address."""

    needs: str
    allow: str = "county_clerk"
    deny: str | None = "outsider"
    refused: int = 403
    names: dict[str, str] = field(default_factory=dict)
    fixed: dict[str, str] = field(default_factory=dict)  # parameters that are words, not rows
    data: dict | None = None  # given: a POST
    query: str = ""
    allowed: int = 200
    anonymous: int = 302  # to the sign-in page, unless public


def public(**more) -> Door:
    """Return a door for everybody, signed in or not."""
    return Door("public", deny=None, **more)


def signed_in(**more) -> Door:
    """Return a door for everybody who is signed in."""
    return Door("signed in", deny=None, **more)


def on(model: str, needs: str, **more) -> Door:
    """Return a door to one row, `pk`: who may not see the row finds nothing."""
    return Door(needs, names={"pk": model}, **({"refused": 404} | more))


def act(model: str, needs: str, **more) -> Door:
    """Return a door to an act on one row: the leader sees it and is told that he may not."""
    return Door(needs, names={"pk": model}, **({"deny": "leader"} | more))


DOORS: dict[str, Door] = {
    # --- dashboard
    "dashboard:home": public(),
    "dashboard:search": signed_in(data={"q": "测试"}),
    "dashboard:help": public(),
    "dashboard:design": Door(
        "role system_admin", allow="system_admin", deny="county_clerk", refused=404, anonymous=404
    ),
    "dashboard:help_topic": public(fixed={"topic": "search"}),
    "dashboard:privacy": public(),
    "dashboard:feedback": public(),
    "dashboard:branch_file": on("organization of a branch", "branch_file.view", refused=403),
    "dashboard:branch_file_freeze": act("organization of a branch", "branch_file.freeze"),
    "dashboard:branch_file_snapshot": Door(
        "branch_file.view", names={"pk": "organization of a branch"}, fixed={"year": "2025"}
    ),
    "dashboard:audit": Door("audit_entry.view", allow="auditor", deny="county_clerk"),
    "dashboard:audit_verify": Door("audit_entry.verify", allow="auditor", deny="county_clerk", data={}, allowed=302),
    "dashboard:healthz": public(),
    "dashboard:readyz": public(),
    "dashboard:metrics": public(),  # this machine only, or with the token: tests/dashboard/test_health.py
    # --- accounts: one's own
    "account_login": public(allow="nobody"),
    "mfa_authenticate": public(allow="nobody", allowed=302),  # back to the door: no password was given
    "account_logout": public(allowed=200),
    "account_redeem": public(allow="nobody"),
    "account_profile": signed_in(),
    "account_large_text": public(data={"large_text": "1"}, allowed=302),
    "usersessions_list": signed_in(),
    "account_change_password": signed_in(),
    "account_reauthenticate": signed_in(),
    "mfa_reauthenticate": signed_in(allowed=302),
    "mfa_index": signed_in(),
    "mfa_activate_totp": signed_in(),
    "mfa_deactivate_totp": signed_in(allowed=404),
    "mfa_view_recovery_codes": signed_in(allowed=404),
    "mfa_generate_recovery_codes": signed_in(),
    # --- notifications: one's own, and what was given up
    "notifications:list": Door("notification.view", deny=None),
    "notifications:read": Door("notification.view", deny=None, names={"pk": "notification"}, data={}, allowed=302),
    "notifications:read_all": Door("notification.view", deny=None, data={}, allowed=302),
    "notifications:preferences": Door("notification.view", deny=None),
    "notifications:deliveries": Door("notification.resend", allow="system_admin", deny="county_clerk"),
    "notifications:resend_all": Door(
        "notification.resend", allow="system_admin", deny="county_clerk", data={}, allowed=302
    ),
    "notifications:resend": Door(
        "notification.resend",
        allow="system_admin",
        deny="county_clerk",
        names={"pk": "delivery"},
        data={},
        allowed=302,
    ),
    # --- branches
    "branches:organization_list": signed_in(),
    "branches:organization_export": Door("organization.export", data={}),
    "branches:organization_create": Door(
        "organization.add", deny="leader", names={"parent": "organization"}, query="parent"
    ),
    "branches:organization_detail": on("organization", "organization.view"),
    "branches:organization_change": act("organization", "organization.change"),
    "branches:organization_move": act("organization", "organization.dissolve"),
    "branches:organization_start": act("organization", "organization.change"),
    "branches:organization_rectify": act("organization", "organization.change"),
    "branches:organization_resume": act("organization", "organization.change"),
    "branches:organization_dissolve": act("organization", "organization.dissolve"),
    "branches:guidance_create": act("organization", "guidance.change"),
    "branches:office_create": act("organization", "organization.change"),
    "branches:appointment_create": act("organization", "appointment.appoint"),
    "branches:user_create": act("organization", "user.add"),
    "branches:guidance_end": act("guidance", "guidance.change"),
    "branches:office_assign": act("office", "organization.change"),
    "branches:office_arrange": act("office", "appointment.set_deputy"),
    "branches:appointment_list": Door("appointment.view"),
    "branches:vacancy_list": Door("appointment.view"),
    "branches:appointment_end": act("appointment", "appointment.end"),
    "branches:hand_over_list": Door("appointment.view"),
    "branches:hand_over": on("appointment", "signed in"),
    "branches:hand_over_print": on("appointment", "signed in"),
    "branches:hand_over_note": Door(
        "signed in",
        allow="secretary",
        deny="county_clerk",
        names={"pk": "appointment"},
        data={"note": "等货主回话"},
        allowed=302,
    ),
    # The post still runs: whoever may take note of it later is told so.
    "branches:hand_over_acknowledge": Door(
        "signed in", deny="leader", names={"pk": "appointment"}, data={}, allowed=409
    ),
    "branches:first_secretary_list": Door("appointment.view"),
    "branches:term_list": Door("appointment.view"),
    "branches:term_create": act("organization", "appointment.appoint"),
    "branches:term_change": act("term", "appointment.appoint"),
    "branches:user_list": Door("user.view"),
    "branches:user_detail": on("user", "user.view"),
    "branches:user_reset_code": on("user", "user.issue_reset_code", data={}),
    "branches:user_lock": on("user", "user.lock", allow="security_admin", deny="county_clerk", refused=403),
    "branches:user_unlock": on("user", "user.lock", allow="security_admin", deny="county_clerk", refused=403),
    "branches:user_second_factor": on("user", "user.lock", allow="security_admin", deny="county_clerk", refused=403),
    # --- members: drivers
    "members:driver_list": Door("driver.view"),
    "members:search": Door("driver.view", data={"q": "测试"}),
    "members:driver_create": Door("driver.add", deny="leader"),
    "members:driver_bulk": Door(
        "driver.change", deny="leader", names={"row": "driver"}, data={"action": "verify"}, allowed=302
    ),
    "members:columns_save": Door("driver.view", data={"cols": ["name"]}, allowed=302),
    "members:filter_save": Door("driver.view", data={"name": "货运", "group": "truck"}, allowed=302),
    "members:filter_delete": on("filter", "signed in", data={}, allowed=302),
    "members:driver_duplicates": Door("driver.merge", deny="leader"),
    "members:of_organization": on("organization", "driver.view", deny="handler", refused=403),
    "members:driver_detail": on("driver", "driver.view", refused=403),
    "members:driver_change": act("driver", "driver.change"),
    "members:driver_verify": act("driver", "driver.change"),
    "members:driver_reveal": act("driver", "driver_identity.reveal", data={"field": "phone", "reason": "核对名册"}),
    "members:driver_assign_vehicle": act("driver", "driver.change"),
    "members:driver_end_vehicle": Door("driver.change", deny="leader", names={"pk": "driver", "link": "link"}),
    "members:driver_set_credential": act("driver", "credential.change"),
    "members:driver_merge": Door("driver.merge", deny="leader", names={"pk": "driver", "other": "twin"}),
    # --- members: firms, vehicles, registration, exports
    "members:enterprise_list": Door("enterprise.view"),
    "members:enterprise_export": Door("enterprise.export", data={}),
    "members:enterprise_create": Door("enterprise.add", deny="leader"),
    "members:enterprise_detail": on("enterprise", "enterprise.view", refused=403),
    "members:enterprise_change": act("enterprise", "enterprise.change"),
    "members:vehicle_list": Door("vehicle.view"),
    "members:vehicle_create": Door("vehicle.add", deny="leader"),
    "members:vehicle_detail": on("vehicle", "vehicle.view", refused=403),
    "members:vehicle_change": act("vehicle", "vehicle.change"),
    "members:registration_list": Door("driver.claim_registration", deny="leader"),
    "members:registration_claim": Door("driver.claim_registration", deny="leader"),
    "members:registration_withdraw": Door("driver.claim_registration", deny="leader"),
    "members:registration_answer": Door(
        "driver.release_registration", deny="leader", names={"pk": "transfer"}, fixed={"step": "release"}
    ),
    "members:export_list": Door("export_job.view"),
    "members:export_create": Door("driver.export", deny="leader"),
    "members:export_detail": on("export", "export_job.view", refused=403),
    "members:export_progress": on("export", "export_job.view", refused=403),
    "members:export_download": on("ready_export", "driver.export", refused=403),
    # --- members: Party membership
    "members:member_list": Door("party_member.view"),
    "members:member_search": Door("party_member.view", data={"q": "测试"}),
    "members:member_export": Door("party_member.export", deny="leader"),
    "members:coverage": Door("party_member.view"),
    "members:branch_list": Door("party_member.view"),
    "members:member_detail": on("member", "party_member.view", refused=403),
    "members:member_phone": act("member", "driver_identity.reveal", data={}),
    "members:member_change": act("member", "party_member.change"),
    "members:member_absence": act("member", "party_member.receive_flowing"),
    "members:member_end": act("member", "party_member.end"),
    "members:member_place": act("member", "party_member.place"),
    "members:tie_notify": act("tie", "party_member.receive_flowing"),
    "members:tie_report_in": act("tie", "party_member.receive_flowing"),
    "members:tie_decline": act("tie", "party_member.receive_flowing"),
    "members:tie_end": act("tie", "party_member.receive_flowing"),
    "members:transfer_list": Door("transfer.view"),
    "members:transfer_detail": on("letter", "transfer.view", refused=403),
    "members:transfer_print": on("signed letter", "transfer.view", refused=403),
    "members:transfer_create": act("member", "transfer.draft"),
    "members:transfer_submit": act("letter", "transfer.draft"),
    "members:transfer_withdraw": act("letter", "transfer.draft"),
    "members:transfer_approve": act("letter from outside", "transfer.approve"),
    "members:transfer_send_back": act("letter from outside", "transfer.approve"),
    "members:transfer_receive": act("signed letter", "transfer.receive"),
    "members:transfer_return": act("signed letter", "transfer.receive"),
    "members:lost_list": Door("lost_contact.view"),
    "members:lost_detail": on("search", "lost_contact.view", refused=403),
    "members:lost_open": act("member", "lost_contact.record"),
    "members:lost_attempt": act("search", "lost_contact.record"),
    "members:lost_decide": act("search", "lost_contact.record"),
    "members:lost_close": act("search", "lost_contact.record"),
    "members:lost_approve": act("decided search", "lost_contact.approve"),
    "members:lost_refuse": act("decided search", "lost_contact.approve"),
    "members:lost_restore": act("decided search", "lost_contact.approve"),
    "members:lost_remove": act("decided search", "lost_contact.approve"),
    "members:lost_file": act("approved search", "lost_contact.file"),
    # --- members: the way to membership
    "members:development_list": Door("development.view"),
    "members:development_create": Door("development.record_step", allow="secretary", deny="leader"),
    "members:development_detail": on("file", "development.view", refused=403),
    "members:development_print": on("file", "development.view", refused=403),
    "members:development_step": act("file", "development.record_step", allow="secretary", fixed={"number": "2"}),
    "members:development_approve": act("file to approve", "development.approve_step", fixed={"number": "8"}),
    "members:development_refuse": act("file to approve", "development.approve_step", fixed={"number": "8"}),
    "members:development_override": act("file to approve", "development.override_gate", fixed={"number": "15"}),
    "members:development_review": act("file to approve", "development.record_step", allow="secretary"),
    "members:development_sponsors": act(
        "file", "development.record_step", allow="secretary", fixed={"kind": "cultivator"}
    ),
    "members:development_take_back": act(
        "file", "development.record_step or approve_step", allow="secretary", fixed={"number": "2"}
    ),
    "members:development_end": act("file", "development.record_step or approve_step", allow="secretary"),
    # --- members: dues, appraisals, cards, contact pairs, tags
    "members:dues_list": Door("dues.view", deny="leader"),
    "members:dues_register": Door(
        "dues.record", allow="secretary", deny="county_clerk", names={"pk": "organization of a branch"}
    ),
    "members:dues_record": Door(
        "dues.record", allow="secretary", deny="county_clerk", names={"pk": "organization of a branch"}
    ),
    "members:member_dues": Door("dues.record", allow="secretary", deny="county_clerk", names={"pk": "member"}),
    "members:dues_rate": Door("dues.record", allow="secretary", deny="county_clerk", names={"pk": "member"}),
    "members:dues_take_back": Door("dues.record", allow="secretary", deny="county_clerk", names={"pk": "dues"}),
    "members:appraisal_list": Door("appraisal.view", allow="secretary", deny="county_clerk", allowed=302),
    "members:appraisal_register": Door(
        "appraisal.view", allow="secretary", deny="county_clerk", names={"pk": "organization of a branch"}
    ),
    "members:appraisal_record": Door(
        "appraisal.record", allow="secretary", deny="branch_committee_member", names={"pk": "organization of a branch"}
    ),
    "members:appraisal_correct": Door(
        "appraisal.record", allow="secretary", deny="branch_committee_member", names={"pk": "appraisal"}
    ),
    "members:card": act("member", "member_card.view"),
    "members:card_print": act("member", "member_card.view"),
    "members:card_issue": act("member without card", "member_card.issue"),
    "members:card_renew": act("member", "member_card.issue"),
    "members:card_consent": act("member", "member_card.issue"),
    "members:card_withdraw": act("member", "member_card.view"),
    "members:card_lose": act("member", "member_card.revoke"),
    "members:card_cancel": act("member", "member_card.revoke"),
    "members:card_check": public(fixed={"token": "no-such-token"}),
    "members:contact_list": Door("contact_pair.view"),
    "members:contact_create": act("member", "contact_pair.record"),
    "members:contact_touch": act("pair", "contact_pair.record", data={}, allowed=302),
    "members:contact_phone": act("pair", "contact_pair.record", data={}),
    "members:contact_end": act("pair", "contact_pair.record"),
    "members:member_backbone": act("member", "person_tag.record"),
    "members:member_veteran": act("member", "person_tag.record"),
    "members:driver_backbone": act("driver", "person_tag.record"),
    # --- members: verification, calls, declarations
    "members:verification_list": Door("verification.view"),
    "members:verification_funnel": Door("verification.view"),
    "members:verification_create": Door("verification.record_check", deny="leader"),
    "members:verification_collect": Door("verification.confirm", deny="leader"),
    "members:verification_detail": on("verification", "verification.view", refused=403),
    "members:verification_phone": act("verification", "driver_identity.reveal", data={}),
    "members:verification_assign": act("verification", "verification.confirm"),
    "members:verification_check": act("verification", "verification.record_check"),
    "members:verification_register": act("verification", "verification.record_register_confirmation"),
    "members:verification_link": act("verification", "verification.confirm"),
    "members:verification_confirm": act("verification", "verification.confirm"),
    "members:verification_refute": act("verification", "verification.refute"),
    "members:verification_close": act("verification", "verification.refute"),
    "members:recruit_list": Door("declaration.view", deny="leader"),
    "members:recruit_create": Door("declaration.decide", deny="leader"),
    "members:recruit_detail": on("call", "declaration.view", refused=403),
    "members:recruit_notice": on("call", "declaration.view", refused=403),
    "members:recruit_end": act("call", "declaration.decide"),
    "members:declaration_list": Door("declaration.view", deny="leader"),
    "members:declaration_detail": on("declaration", "declaration.view", refused=403),
    "members:declaration_turn": act("declaration", "declaration.decide"),
    "members:declaration_return": act("declaration", "declaration.decide"),
    "members:declaration_duplicate": act("declaration", "declaration.decide"),
    "members:join": public(),
    "members:join_call": public(names={"slug": "slug of a call"}),
    "members:join_done": public(allowed=302),  # shown to the browser that declared: tests/members/test_join.py
    "members:join_receipt": public(),
    # --- grievances: ledger, figures, samples, files of the hotlines
    "grievances:ledger": Door("grievance.view"),
    "grievances:ledger_export": Door("grievance.export"),
    "grievances:figures": Door("statistics.view"),
    "grievances:sample": Door("grievance.export"),
    "grievances:hotline": Door("clerk of a committee", deny="leader"),
    "grievances:hotline_detail": Door("clerk of a committee", deny="leader", names={"pk": "work_orders"}),
    # --- members: roster imports
    "members:import_list": Door("roster_import.view"),
    "members:import_create": Door("roster_import.upload", deny="leader"),
    "members:import_template": Door(
        "roster_import.upload", deny="leader", names={"organization": "committee code"}, query="organization"
    ),
    "members:import_detail": on("import", "roster_import.view"),
    "members:import_progress": on("import", "roster_import.view", allowed=204),
    "members:import_columns": act("import", "roster_import.upload", data={}, allowed=302),
    "members:import_plan": on("import", "roster_import.view"),
    "members:import_leave_out": act("import", "roster_import.upload", data={"field": "remarks"}, allowed=302),
    "members:import_confirm": act("import", "roster_import.apply", data={"plan_digest": "d" * 64}, allowed=302),
    "members:import_cancel": act("import", "roster_import.upload"),
    "members:import_undo": act("import", "roster_import.undo", allowed=302),  # nothing written yet: a sentence
    "members:import_report": Door(
        "roster_import.upload", deny="leader", names={"pk": "import"}, fixed={"kind": "result"}, allowed=302
    ),
    "members:import_report_file": Door(
        "roster_import.upload", deny="leader", names={"pk": "import"}, fixed={"kind": "result"}
    ),
    # --- grievances: those who work on them. A case is seen by many and moved by one: who else, is refused.
    "grievances:list": Door("grievance.view"),
    "grievances:detail": on("case", "grievance.view", refused=403),
    "grievances:reveal": act(
        "case", "who has to speak with the complainant", data={"field": "phone", "reason": "核实情况"}
    ),
    "grievances:evidence": Door("grievance.view of the case", names={"pk": "county's case", "evidence": "evidence"}),
    "grievances:end_assist": Door("grievance.assign", deny="leader", names={"pk": "county's case", "assist": "assist"}),
    "grievances:accept": act("lodged case", "grievance.accept"),
    "grievances:refuse": act("lodged case", "grievance.accept"),
    "grievances:assign": act("accepted case", "grievance.assign"),
    "grievances:assist": act("case", "grievance.assign"),
    "grievances:merge": act("case", "grievance.assign"),
    "grievances:suspend": act("case", "grievance.assign"),
    "grievances:resume": act("case", "grievance.assign or who has it"),
    "grievances:report": act("case", "grievance.answer", allow="handler"),
    "grievances:answer": act("case", "grievance.answer", allow="handler"),
    "grievances:ask": act("case", "grievance.answer", allow="handler"),
    "grievances:return": act("case", "grievance.answer", allow="handler"),
    "grievances:extend": act("case", "grievance.answer", allow="handler"),
    "grievances:note": act("case", "who works on it or supervises it", deny="station_manager"),
    "grievances:follow_up": act("answered case", "grievance.call_back"),
    "grievances:report_back": act("case", "grievance.assign or who has it, when ordered", allowed=403),
    "grievances:escalate": act("case", "grievance.assign or who has it"),
    "grievances:take_up": act("case below", "grievance.take_up"),
    "grievances:supervise": act("case below", "grievance.supervise", deny="outsider"),
    "grievances:withdraw": Door(
        "the unit that lodged it", allow="secretary", deny="leader", names={"pk": "branch's case"}, allowed=403
    ),
    "grievances:extension_list": Door("grievance.extend_approve", deny="leader"),
    "grievances:extension_decide": act("extension", "grievance.extend_approve"),
    "grievances:policy_list": Door("sla_policy.view"),
    "grievances:policy_keep": Door("sla_policy.change", allow="system_admin", deny="county_clerk"),
    "grievances:policy_create": Door("sla_policy.change", allow="system_admin", deny="county_clerk"),
    "grievances:policy_end": on("policy", "sla_policy.change", allow="system_admin", deny="county_clerk", refused=403),
    "grievances:category_list": Door("sla_policy.change", allow="system_admin", deny="county_clerk"),
    "grievances:category_create": Door("sla_policy.change", allow="system_admin", deny="county_clerk"),
    "grievances:category_change": on(
        "category", "sla_policy.change", allow="system_admin", deny="county_clerk", refused=403
    ),
    "grievances:campaign_list": Door("grievance.view"),
    "grievances:campaign_create": Door("grievance.assign", deny="leader"),
    "grievances:campaign_detail": on("campaign", "grievance.view of the committee", refused=403),
    "grievances:campaign_add_case": act("campaign", "grievance.assign"),
    "grievances:campaign_end": act("campaign", "grievance.assign"),
    # --- grievances: the complainant, by code and passphrase; no address names his case
    "grievances:create": public(),
    "grievances:lodged": public(allowed=302),  # shown to the browser that lodged: tests/grievances/test_public.py
    "grievances:track": public(),
    "grievances:progress": public(allowed=302),
    "grievances:own_evidence": public(fixed={"number": "1"}, allowed=404),
    "grievances:act": public(fixed={"step": "withdraw"}, data={}, allowed=302),
    # --- grievances: for a driver
    "grievances:lodge": Door("grievance.lodge_for_driver", deny="leader"),
    "grievances:draft": on("draft", "signed in", refused=403),
    # --- activities
    "activities:list": Door("activity.view"),
    "activities:record": Door("activity.record", deny="leader", names={"unit": "committee"}, query="unit"),
    "activities:create": Door("activity.record", deny="leader", names={"unit": "committee"}, query="unit"),
    "activities:calendar": Door("activity.view"),
    "activities:branch_calendar": on("committee", "activity.view", refused=403),
    "activities:rules": Door("compliance_rule.view"),
    "activities:detail": on("activity", "activity.view", refused=403),
    "activities:minutes": on("activity", "activity.view", refused=403),
    "activities:notify": act("planned activity", "activity.record"),
    "activities:hold": act("planned activity", "activity.record"),
    "activities:amend": act("activity", "activity.record"),
    "activities:cancel": act("planned activity", "activity.record"),
    "activities:make_up": act("activity", "activity.record"),
    "activities:instructors": Door("activity.view"),
    "activities:visit_list": Door("activity.view"),
    "activities:visit_detail": on("visit", "activity.view", refused=403),
    "activities:visit_record": Door(
        "activity.record_visit", allow="instructor", deny="county_clerk", names={"unit": "organization"}, query="unit"
    ),
    "activities:visit_withdraw": act("visit", "activity.record_visit", allow="instructor", deny="county_clerk"),
    "activities:follow_up_list": Door("activity.view"),
    "activities:follow_up_answer": act("follow-up", "activity.record"),
    "activities:follow_up_close": act(
        "answered follow-up", "activity.record_visit", allow="instructor", deny="county_clerk"
    ),
    "activities:conference_list": Door("joint_conference.view"),
    "activities:conference_create": Door("joint_conference.record", deny="leader"),
    "activities:conference_detail": on("conference", "joint_conference.view", refused=403),
    "activities:conference_change": act("conference", "joint_conference.record"),
    "activities:meeting_create": act("conference", "joint_conference.record"),
    "activities:meeting_detail": on("meeting", "joint_conference.view", refused=403),
    "activities:meeting_print": on("meeting", "joint_conference.view", refused=403),
    "activities:meeting_amend": act("meeting", "joint_conference.record"),
    "activities:item_create": act("meeting", "joint_conference.record"),
    "activities:item_list": Door("joint_conference.view"),
    "activities:item_detail": on("item", "joint_conference.view", refused=403),
    "activities:item_progress": act("item", "joint_conference.record"),
    "activities:join": Door(
        "activity.record", deny="leader", names={"pk": "shared activity", "organization": "committee"}
    ),
    # --- admin
    "admin:index": Door("role of staff", deny="leader", refused=404),
    "admin:login": Door("nobody: the portal's own page", allow="nobody", deny="county_clerk", refused=404, allowed=302),
    "admin:logout": public(data={}, allowed=302),
    "admin:password_change": Door("role of staff", deny="leader", refused=404, allowed=302),
    "admin:password_change_done": Door("role of staff", deny="leader", refused=404),
    "admin:autocomplete": Door(
        "role of staff",
        deny="leader",
        refused=404,
        query="app_label=branches&model_name=organization&field_name=division&term=5104",
    ),
    "admin:jsi18n": Door("role of staff", deny="leader", refused=404),
    "admin:view_on_site": Door(
        "role of staff",
        deny="leader",
        refused=404,
        names={"object_id": "organization"},
        fixed={"content_type_id": "organization"},
        allowed=404,  # no row of ours has such an address
    ),
    "admin:app_list": Door("role of staff", deny="leader", refused=404, fixed={"app_label": "branches"}),
}


@dataclass(frozen=True)
class Table:
    """A table of the admin: who sees, adds, changes, exports and imports; "" means nobody, there is no such page."""

    row: str
    view: str
    allow: str = "county_clerk"
    deny: str = "auditor"
    add: str = ""
    change: str = ""
    export: str = ""
    imports: str = ""
    changes_as: str = ""  # who may, when `allow` may only look


TABLES: dict[str, Table] = {
    "branches_organization": Table(
        "organization",
        "organization.view",
        add="organization.add",
        change="organization.change",
        export="organization.export",
        imports="organization.add",
    ),
    "branches_appointment": Table("appointment", "appointment.view"),
    "branches_guidance": Table("guidance", "guidance.view"),
    "branches_office": Table("office", "appointment.view"),
    "accounts_user": Table("user", "user.view", export="user.view"),
    "members_enterprise": Table(
        "enterprise",
        "enterprise.view",
        add="enterprise.add",
        change="enterprise.change",
        export="enterprise.export",
        imports="enterprise.add",
    ),
    "members_vehicle": Table(
        "vehicle",
        "vehicle.view",
        add="vehicle.add",
        change="vehicle.change",
        export="driver.export",  # no line of its own: whoever may export drivers
        imports="vehicle.add",
    ),
    "members_driver": Table("driver", "driver.view"),
    "members_partymember": Table("member", "party_member.view"),
    "members_affiliation": Table("tie", "party_member.view", export="party_member.export"),
    "members_transfer": Table("letter", "transfer.view", export="party_member.export"),
    "members_lostcontact": Table("search", "lost_contact.view", export="party_member.export"),
    "grievances_grievance": Table("case", "grievance.view"),
    "grievances_campaign": Table("campaign", "grievance.view"),
    "grievances_category": Table(
        "category",
        "sla_policy.change",
        allow="system_admin",
        deny="county_clerk",
        add="sla_policy.change",
        change="sla_policy.change",
        changes_as="system_admin",
    ),
    "grievances_slapolicy": Table(
        "policy",
        "sla_policy.change",
        allow="system_admin",
        deny="county_clerk",
        add="sla_policy.change",
        changes_as="system_admin",
    ),
    "activities_activity": Table("activity", "activity.view"),
    "activities_visittarget": Table(
        "visit target",
        "compliance_rule.change",
        allow="system_admin",
        deny="county_clerk",
        add="compliance_rule.change",
        changes_as="system_admin",
    ),
    "activities_compliancerule": Table(
        "rule",
        "compliance_rule.change",
        allow="system_admin",
        deny="county_clerk",
        add="compliance_rule.change",
        change="compliance_rule.change",
        changes_as="system_admin",
    ),
    "branches_division": Table(
        "division",
        "division.view",
        deny="leader",
        add="division.change",
        change="division.change",
        export="division.view",
        imports="division.change",
        changes_as="system_admin",
    ),
    "branches_workday": Table(
        "workday",
        "workday.view",
        deny="leader",
        add="workday.change",
        change="workday.change",
        export="workday.view",
        imports="workday.change",
        changes_as="system_admin",
    ),
}


def _doors_of(name: str, table: Table) -> dict[str, Door]:
    """Return the doors Django and import-export open for one table."""
    # Whoever has no business in the admin at all gets 404, a member of staff without the capability 403.
    refused = 404 if table.deny == "leader" else 403
    look = {"allow": table.allow, "deny": table.deny, "refused": refused}
    write = {
        "allow": table.changes_as or table.allow,
        "deny": "city_clerk" if table.changes_as else "security_admin",
        "refused": 403,
    }
    row = {"names": {"object_id": table.row}}
    never = {"allow": table.allow, "deny": None}
    doors = {
        "changelist": Door(table.view, **look),
        "change": Door(table.view, **look, **row),
        "history": Door(table.view, **look | {"refused": 404}, **row),
        "delete": Door("nobody: nothing is deleted", **never, **row, allowed=404),
        "add": Door(table.add, **write) if table.add else Door("nobody", **never, allowed=403),
    }
    if table.export:
        doors["export"] = Door(table.export, **look)
    if table.imports:
        doors["import"] = Door(table.imports, **write)
        doors["process_import"] = Door(table.imports, **write, data={})  # an empty form comes back
    return {f"admin:{name}_{door}": policy for door, policy in doors.items()}


for _name, _table in TABLES.items():
    DOORS |= _doors_of(_name, _table)
