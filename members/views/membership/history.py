"""The history of a membership: a view of its entries in the trail, in words."""

from __future__ import annotations

from members.choices import (
    AdmissionBasis,
    MemberStatus,
)
from members.models import PartyMember

ACTIONS = {
    "member.admit": "登记为党员",
    "member.change": "修改党员登记",
    "member.absent": "登记外出",
    "member.back": "登记返回",
    "member.suspend": "停止党籍",
    "member.restore": "恢复党籍",
    "member.end": "党籍结束",
    "member.move": "组织关系转入",
    "affiliation.register": "编入支部",
    "affiliation.notify": "通知报到",
    "affiliation.report_in": "报到",
    "affiliation.decline": "未接收",
    "affiliation.end": "结束活动关系",
    "transfer.draft": "起草介绍信",
    "transfer.submit": "介绍信提交审核",
    "transfer.send_back": "介绍信退回修改",
    "transfer.approve": "签发介绍信",
    "transfer.receive": "接收组织关系",
    "transfer.return": "退回介绍信",
    "transfer.withdraw": "撤销介绍信",
    "transfer.expire": "介绍信逾期",
    "lost_contact.open": "登记失联",
    "lost_contact.attempt": "联系一次",
    "lost_contact.decide": "支部大会决定",
    "lost_contact.approve": "党委批准",
    "lost_contact.refuse": "退回支部再找",
    "lost_contact.file": "组织部门备案",
    "lost_contact.restore": "恢复党籍",
    "lost_contact.remove": "除名（取消资格）",
    "lost_contact.close": "联系上了",
    "lost_contact.end": "不再查找",
}
_LABELS = {field.name: str(field.verbose_name) for field in PartyMember._meta.concrete_fields}
_SHOWN = ("joined_date", "full_date", "status", "absent_since_date", "absent_to", "external_organization")
_WORDS = dict(MemberStatus.choices) | dict(AdmissionBasis.choices)


def member_history(entries, limit: int = 30) -> list[dict]:
    """Return the newest entries about a membership as timeline rows. One query."""
    found = entries.filter(action__in=sorted(ACTIONS))[:limit]
    return [_line(entry) for entry in found]


def _line(entry) -> dict:
    changes = []
    if entry.action.startswith("member.") and entry.action != "member.admit":
        for name in _SHOWN:
            pair = entry.fields.get(name)
            if pair and pair[0] != pair[1]:
                before, after = (_WORDS.get(value, value) or "" for value in pair)
                changes.append({"label": _LABELS[name], "before": str(before), "after": str(after)})
    return {
        "at": entry.at,
        "who": entry.actor_name,
        "text": ACTIONS[entry.action],
        "note": entry.reason,
        "changes": changes,
    }
