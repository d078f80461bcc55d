"""Acts on Party membership: placing, ending, letters, searches, verification, declarations."""

from tests.house.acts.act import Act
from tests.house.registry import id_number

ACTS = {
    "place a member": Act(
        "party_member.place",
        "members:member_place",
        lambda house, place: {
            "organization": house.tree.second_branch.pk,
            "kind": "activity",
            "from_date": "2026-01-01",
        },
    ),
    "change a membership": Act(
        "party_member.change",
        "members:member_change",
        lambda house, place: {"joined_date": "2009-07-01"},
        asks="form",
    ),
    "note that a member is away": Act(
        "party_member.receive_flowing",
        "members:member_absence",
        lambda house, place: {"since": "2026-01-01", "to": "外省"},
        asks="form",
    ),
    "end the tie of a member": Act(
        "party_member.receive_flowing",
        "members:tie_end",
        lambda house, place: {"on_date": "2026-01-01", "reason": "回老家了"},
    ),
    "end a membership": Act(
        "party_member.end",
        "members:member_end",
        lambda house, place: {"to": "deceased", "on_date": "2026-01-01", "document": "1 号", "reason": "病故"},
        asks="form",
    ),
    "draft a transfer": Act(
        "transfer.draft",
        "members:transfer_create",
        lambda house, place: {"to_organization": house.tree.second_branch.code, "reason": "迁居"},
    ),
    "hand a transfer in": Act("transfer.draft", "members:transfer_submit", lambda house, place: {}),
    "sign a letter": Act(
        "transfer.approve",
        "members:transfer_approve",
        lambda house, place: {"valid_days": "90", "number": "外 7", "issued_date": "2026-01-01"},
    ),
    "receive a letter": Act("transfer.receive", "members:transfer_receive", lambda house, place: {}),
    "search for a member": Act(
        "lost_contact.record", "members:lost_open", lambda house, place: {"since_date": "2026-01-01"}
    ),
    "note a try": Act(
        "lost_contact.record",
        "members:lost_attempt",
        lambda house, place: {"channel": "phone", "on_date": "2026-01-01", "note": "没有人接"},
    ),
    "suspend a member": Act(
        "lost_contact.approve",
        "members:lost_approve",
        lambda house, place: {"on_date": "2026-11-01", "document": "2 号"},
    ),
    "note a filing": Act(
        "lost_contact.file", "members:lost_file", lambda house, place: {"on_date": "2026-11-01", "document": "3 号"}
    ),
    "take an application": Act(
        "development.record_step",
        "members:development_create",
        lambda house, place: {
            "organization": (house.tree.neighbour_branch if place == "far" else house.tree.branch).pk,
            "name": "测试新人",
            "id_number": id_number(990),
            "applied_date": "2026-01-05",
        },
    ),
    "talk with an applicant": Act(
        "development.record_step",
        "members:development_step",
        lambda house, place: {"done_date": "2026-11-01", "opinion": "谈过了"},
        asks="form",
    ),
    "review an activist": Act(
        "development.record_step",
        "members:development_review",
        lambda house, place: {"on_date": "2026-11-01", "opinion": "表现不错"},
        asks="form",
    ),
    "file a development target": Act(
        "development.approve_step",
        "members:development_approve",
        lambda house, place: {"done_date": "2026-11-20", "document": "测 8 号"},
        asks="form",
    ),
    "refuse a development target": Act(
        "development.approve_step",
        "members:development_refuse",
        lambda house, place: {"done_date": "2026-11-20", "reason": "材料不全"},
        asks="form",
    ),
    "let a gate pass": Act(
        "development.override_gate",
        "members:development_override",
        lambda house, place: {"gate": "majority", "reason": "测试放行，原因写够十个字"},
        asks="form",
    ),
    "open a lead": Act(
        "verification.record_check",
        "members:verification_create",
        lambda house, place: {
            "organization": {"branch": house.tree.branch, "far": house.tree.neighbour_county}.get(
                place, house.tree.county
            ).pk,
            "origin": "firm",
            "name": "测试新线索",
        },
    ),
    "collect leads": Act("verification.confirm", "members:verification_collect", lambda house, place: {"go": "1"}),
    "assign a case": Act(
        "verification.confirm", "members:verification_assign", lambda house, place: {"due_date": "2199-01-01"}
    ),
    "note a check": Act(
        "verification.record_check",
        "members:verification_check",
        lambda house, place: {"kind": "phone", "result": "agrees", "on_date": "2026-01-01"},
    ),
    "note what an organisation answers": Act(
        "verification.record_register_confirmation",
        "members:verification_register",
        lambda house, place: {
            "kind": "member_register",
            "result": "agrees",
            "on_date": "2026-01-01",
            "evidence": "查询 7 号",
        },
    ),
    "confirm a candidate": Act(
        "verification.confirm",
        "members:verification_confirm",
        lambda house, place: {
            "status": "full",
            "joined_date": "2010-07-01",
            "full_date": "2011-07-01",
            "external_organization": "外省某支部",
        },
    ),
    "refute a lead": Act(
        "verification.refute", "members:verification_refute", lambda house, place: {"reason": "查无此人"}
    ),
    "close a case": Act(
        "verification.refute", "members:verification_close", lambda house, place: {"reason": "重复的线索"}
    ),
    "begin a call": Act(
        "declaration.decide",
        "members:recruit_create",
        lambda house, place: {
            "organization": (house.tree.neighbour_county if place == "far" else house.tree.county).pk,
            "title": "测试新征集",
            "text": "请来",
            "from_date": "2026-01-01",
            "until_date": "2199-01-01",
        },
    ),
    "end a call": Act("declaration.decide", "members:recruit_end", lambda house, place: {}),
    "turn a declaration into a case": Act(
        "declaration.decide",
        "members:declaration_turn",
        lambda house, place: {"committee": house.tree.county.pk},
    ),
    "answer a declaration": Act(
        "declaration.decide", "members:declaration_return", lambda house, place: {"words": "请与原支部联系"}
    ),
    "note a duplicate": Act("declaration.decide", "members:declaration_duplicate", lambda house, place: {}),
}
