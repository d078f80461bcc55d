"""Acts on what a branch keeps about its members: dues, appraisals, cards, contact pairs, tags."""

from tests.house.acts.act import Act


def _member(house) -> int:
    return house.drivers["member_of_branch"].pk


ACTS = {
    "set what a member owes": Act(
        "dues.record", "members:dues_rate", lambda house, place: {"category": "relief", "from_month": "2026-03"}
    ),
    "write down who paid": Act(
        "dues.record",
        "members:dues_record",
        lambda house, place: {
            "pay": [_member(house)],
            f"from-{_member(house)}": "2026-02",
            f"amount-{_member(house)}": "0.20",
            "until_month": "2026-02",
            "paid_date": "2026-02-03",
            "method": "cash",
        },
    ),
    "take a month of dues back": Act(
        "dues.record", "members:dues_take_back", lambda house, place: {"reason": "记错了人"}
    ),
    "record an appraisal": Act(
        "appraisal.record",
        "members:appraisal_record",
        lambda house, place: {"year": "2025", "held_date": "2025-12-01", f"grade-{_member(house)}": "qualified"},
    ),
    "correct an appraisal": Act(
        "appraisal.record",
        "members:appraisal_correct",
        lambda house, place: {"grade": "excellent", "held_date": "2024-12-01", "reason": "记错了"},
    ),
    "give a member his card": Act("member_card.issue", "members:card_issue", lambda house, place: {}),
    "renew the code of a card": Act("member_card.issue", "members:card_renew", lambda house, place: {}),
    "note the consent of a holder": Act(
        "member_card.issue", "members:card_consent", lambda house, place: {"note": "书面同意"}
    ),
    "note that a holder agrees no more": Act("member_card.view", "members:card_withdraw", lambda house, place: {}),
    "note that a card is lost": Act(
        "member_card.revoke", "members:card_lose", lambda house, place: {"reason": "在路上丢了"}
    ),
    "cancel a card": Act("member_card.revoke", "members:card_cancel", lambda house, place: {"reason": "本人不要了"}),
    "pair a member with a driver": Act(
        "contact_pair.record",
        "members:contact_create",
        lambda house, place: {
            "name": house.drivers["claimed_from_county"].person.name,
            "phone": house.drivers["claimed_from_county"].person.phone,
        },
    ),
    "note that they spoke": Act("contact_pair.record", "members:contact_touch", lambda house, place: {}),
    "call the driver of a pair": Act("contact_pair.record", "members:contact_phone", lambda house, place: {}),
    "end a pair": Act("contact_pair.record", "members:contact_end", lambda house, place: {"reason": "不跑车了"}),
    "name a member a backbone": Act(
        "person_tag.record", "members:member_backbone", lambda house, place: {"reason": "带头做志愿服务"}
    ),
    "name a driver a backbone": Act(
        "person_tag.record", "members:driver_backbone", lambda house, place: {"reason": "带头做志愿服务"}
    ),
    "note a veteran": Act(
        "person_tag.record",
        "members:member_veteran",
        lambda house, place: {"is_veteran": "1", "reason": "看过退伍证"},
    ),
}
