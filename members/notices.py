"""Words of what is done with memberships and verifications; who is told of the latter. No name is in a message."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.urls import reverse
from django.utils import timezone

from branches.choices import Duty, Role
from branches.models import Appointment, Organization
from branches.workflow import acting_at
from foundation.notifications.workflow.publishing import Recipient, publish
from members.choices import VerificationStatus

ACTIONS = {
    "member.admit": "登记为党员",
    "member.change": "修改党员登记",
    "member.absent": "登记外出",
    "member.back": "登记返回",
    "member.suspend": "停止党籍",
    "member.restore": "恢复党籍",
    "member.end": "党籍结束",
    "member.move": "组织关系转入",
    "affiliation.exported": "导出活动关系",
    "transfer.exported": "导出组织关系转接",
    "lostcontact.exported": "导出失联查找",
    "member.export": "申请导出党员",
    "member.export_download": "下载党员名单",
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
    "member.confirm": "转为正式党员",
    "development.open": "登记入党申请",
    "development.step": "记发展党员的一步",
    "development.activist": "确定为入党积极分子",
    "development.target": "列为发展对象",
    "development.admit": "批准为预备党员",
    "development.confirm": "批准转正",
    "development.extend": "批准延长预备期",
    "development.cancel": "批准取消预备党员资格",
    "development.refuse": "没有批准，退回支部",
    "development.take_back": "作废重办",
    "development.review": "记半年考察",
    "development.sponsors": "更换联系人、介绍人",
    "development.override": "特批放行",
    "development.follow": "发展党员档案随组织关系转出",
    "development.end": "终止发展党员档案",
    "dues.set_rate": "定党费标准",
    "dues.record": "登记党费",
    "dues.take_back": "冲正党费",
    "appraisal.record": "登记民主评议",
    "appraisal.correct": "更正民主评议",
    "member_card.issue": "发党员卡",
    "member_card.renew": "换党员卡二维码",
    "member_card.lose": "党员卡挂失",
    "member_card.cancel": "党员卡注销",
    "member_card.consent": "同意扫码显示支部",
    "member_card.withdraw_consent": "不再同意扫码显示支部",
    "contact_pair.pair": "结对联系司机",
    "contact_pair.touch": "联系过结对的司机",
    "contact_pair.end": "结束结对联系",
    "contact_pair.not_found": "结对时没有对上司机",
    "person.backbone": "标为骨干",
    "person.backbone_end": "取消骨干",
    "person.veteran": "登记是否退役军人",
    "verification.open": "登记线索",
    "verification.collect": "从名册生成线索",
    "verification.assign": "分派核查",
    "verification.check": "记一次查核",
    "verification.link": "对上登记里的人",
    "verification.confirm": "确认党员身份",
    "verification.refute": "否定线索",
    "verification.close": "关闭核查",
    "verification.hand_over": "核查交给承接的党委",
    "verification.purge": "到期删除否定和关闭的核查",
    "recruit.begin": "发起征集令",
    "recruit.end": "结束征集令",
    "declaration.submit": "自愿亮身份",
    "declaration.turn": "转入核查",
    "declaration.return": "退回自述",
    "declaration.duplicate": "记为重复",
    "declaration.withdraw": "本人撤回",
    "declaration.purge": "到期删除处理过的自述",
}
# What is said of money and of a judgement on somebody is no part of the history that everybody who sees him reads.
NARROW = tuple(action for action in ACTIONS if action.startswith(("dues.", "appraisal.")))
_RESULTS = {
    VerificationStatus.CONFIRMED: "已经确认",
    VerificationStatus.REFUTED: "已经否定",
    VerificationStatus.CLOSED: "已经关闭",
}


# --- verification: who is told ----------------------------------------------------------------------------------------
def verification_assigned(verification, unit: Organization, *, actor, at: datetime) -> None:
    """Tell the secretary of a branch that a case is his to call and to visit. Three queries."""
    _tell(
        verification,
        _without(_secretaries(unit.pk, at), actor),
        "verification.assigned",
        f"有一件核查交给您的支部，{verification.due_date.month}月{verification.due_date.day}日前电话或家访",
        f"assigned:{unit.pk}",
        at,
    )


def lead_reported(verification, *, actor, at: datetime) -> None:
    """Tell the clerks of the committee what a branch has reported. Five queries."""
    people = _without(_clerks(verification.organization, at), actor)
    _tell(verification, people, "verification.reported", "支部上报了一条党员线索，请核查", "reported", at)


def verification_due(verification, *, days: int, at: datetime) -> None:
    """Tell whoever has a case that its last day is near, or gone. Five queries."""
    people = _clerks(verification.organization, at)
    if verification.unit_id is not None:
        people |= _secretaries(verification.unit_id, at)
    words = f"有一件核查还有 {days} 天到期" if days >= 0 else "有一件核查过期了，还没有了结"
    name = "due" if days >= 0 else "overdue"
    _tell(verification, people, f"verification.{name}", words, f"{name}:{verification.due_date}", at)


def verification_decided(verification, *, actor, at: datetime) -> None:
    """Tell the branch that had it and whoever opened it what came of a case. Three queries."""
    people = {verification.opened_by_id} - {None}
    if verification.unit_id is not None:
        people |= _secretaries(verification.unit_id, at)
    words = f"一件核查有了结果：{_RESULTS[VerificationStatus(verification.status)]}"
    _tell(verification, _without(people, actor), "verification.decided", words, "decided", at)


def declarations_waiting(organization: Organization, *, at: datetime) -> None:
    """Tell the clerks of a committee that somebody came forward; once a day, however many do. Five queries."""
    people = _clerks(organization, at)
    if people:
        publish(
            "declaration.submitted",
            recipients=[Recipient(user_id=user) for user in sorted(people)],
            subject=f"branches.organization:{organization.pk}",
            title="今天有人自愿亮身份，请处理",
            url=reverse("members:declaration_list"),
            dedupe=f"declaration:{organization.pk}:{timezone.localdate(at)}",
            at=at,
        )


def _tell(verification, people: Iterable[int], event: str, title: str, happening: str, at: datetime) -> None:
    recipients = [Recipient(user_id=user) for user in sorted(people)]
    if recipients:
        publish(
            event,
            recipients=recipients,
            subject=f"members.verification:{verification.pk}",
            title=title,
            url=reverse("members:verification_detail", args=[verification.pk]),
            dedupe=f"verification:{verification.pk}:{happening}",
            at=at,
        )


def _clerks(organization: Organization, at: datetime) -> set[int]:
    staffed = acting_at([(organization, Duty.REGISTER)], at)
    return {one.user_id for one in staffed[organization.pk, Duty.REGISTER].people}


def _secretaries(unit_id: int, at: datetime) -> set[int]:
    posts = Appointment.objects.running(at).filter(organization_id=unit_id, role=Role.SECRETARY)
    return set(posts.order_by().values_list("user_id", flat=True))


def _without(people: set[int], actor) -> set[int]:
    return people - {getattr(actor, "pk", None)}
