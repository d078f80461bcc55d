"""Who is told what, in which words. Written in the transaction of the verb; a person's name is in no message.

Offices are addressed, not persons: whoever does the work of an office at that instant gets the message.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from django.urls import reverse
from django.utils import timezone

from branches.choices import Duty, Kind
from branches.models import Office, Organization
from branches.workflow import acting_at
from branches.workflow.offices import Staffed
from foundation.notifications.channels import available
from foundation.notifications.choices import ChannelKind
from foundation.notifications.workflow import Message, Recipient, publish, publish_many
from grievances.choices import WAITS_FOR_COMMITTEE, ClockKind, Urgency

ACTIONS = {
    "grievance.draft": "写了草稿",
    "grievance.drop_draft": "丢掉草稿",
    "grievance.lodge": "提交诉求",
    "grievance.accept": "受理，列入台账",
    "grievance.refuse": "不予受理",
    "grievance.object": "对不予受理有意见",
    "grievance.assign": "转办",
    "grievance.assist": "请协办",
    "grievance.assist_ended": "结束协办",
    "grievance.report_progress": "反馈进度",
    "grievance.note": "内部意见",
    "grievance.ask_complainant": "请诉求人补充",
    "grievance.reply": "诉求人补充",
    "grievance.add_evidence": "添加材料",
    "grievance.add_internal_evidence": "添加内部材料",
    "grievance.open_evidence": "打开材料",
    "grievance.evidence_purged": "材料过了保存期，已删除",
    "grievance.suspend": "挂起",
    "grievance.resume": "恢复办理",
    "grievance.return": "退回",
    "grievance.answer": "答复",
    "grievance.answer_draft": "写了一半的答复，先存着",
    "grievance.answer_draft_purged": "没写完的答复过了保存期，已删除",
    "grievance.follow_up": "回访，没联系上",
    "grievance.close": "办结",
    "grievance.reopen": "没解决，转上一级重办",
    "grievance.escalate": "升级到上一级",
    "grievance.escalate_by_clock": "逾期，自动升级",
    "grievance.take_up": "提级办理",
    "grievance.supervise": "督办",
    "grievance.supervision_reported": "回报督办",
    "grievance.extension_requested": "申请延期",
    "grievance.extension_approved": "批准延期",
    "grievance.extension_refused": "不批准延期",
    "grievance.merge": "并入另一件",
    "grievance.merged_in": "并入了另一件",
    "grievance.withdraw": "撤回",
    "grievance.reveal": "查看诉求人电话",
    "grievance.reveal_braked": "要查看诉求人电话，超过每天上限被拦下",
    "grievance.export": "导出台账",
    "grievance.export_download": "下载台账文件",
    "grievance.sample": "抽取回访名单",
    "grievance.seed": "装入虚构诉求",
    "work_order.upload": "上传热线工单",
    "work_order.finish": "热线工单登记完",
    "work_order.fail": "热线工单没读成",
}
# What the complainant sees of the history; the words of public statements besides.
PUBLIC_ACTIONS = frozenset(ACTIONS) - {
    "grievance.draft",
    "grievance.drop_draft",
    "grievance.note",
    "grievance.answer_draft",
    "grievance.answer_draft_purged",
    "grievance.assist",
    "grievance.assist_ended",
    "grievance.return",
    "grievance.supervise",
    "grievance.supervision_reported",
    "grievance.extension_requested",
    "grievance.extension_refused",
    "grievance.add_internal_evidence",
    "grievance.open_evidence",
    "grievance.merged_in",
    "grievance.reveal",
    "grievance.reveal_braked",
    "grievance.export",
    "grievance.export_download",
    "grievance.sample",
    "grievance.seed",
    "work_order.upload",
    "work_order.finish",
    "work_order.fail",
}


def sends_texts() -> bool:
    """Return whether text messages leave the portal: what pages promise about them. No query."""
    return available(ChannelKind.SMS)


Place = tuple[Organization, str]  # an office as work is addressed to it: organisation and duty


@dataclass(frozen=True, slots=True)
class _Letter:
    """One message that waits in a bag; without a place it goes to the complainant."""

    grievance: Any
    place: Place | None
    event: str
    words: str
    rung: int  # as it was when this was said
    but: Place | None = None  # whoever does the work of this office was told already


class Mailbag:
    """What a batch of cases has to tell, gathered case by case and published in one go, in the order it was said."""

    def __init__(self, at: datetime) -> None:
        self.at = at
        self._letters: list[_Letter] = []

    def to_office(self, grievance, place: Place, event: str, words: str, *, but: Place | None = None) -> None:
        """Tell whoever does the work of an office, and not that of another, who was told already. No query."""
        self._letters.append(_Letter(grievance, place, event, f"{words}：{grievance.number}", grievance.rung, but))

    def to_complainant(self, grievance, event: str, words: str) -> None:
        """Send word to who left a phone; who follows by code alone reads it there. No query."""
        if grievance.phone and not grievance.is_anonymous:
            words = f"您的诉求 {_code(grievance)} {words}"
            self._letters.append(_Letter(grievance, None, event, words, grievance.rung))

    def __enter__(self) -> Self:
        """Return itself: what is gathered in the block is published at its end."""
        return self

    def __exit__(self, kind, error, traceback) -> None:
        """Publish what was gathered, unless the block failed."""
        if kind is None:
            self.send()

    def send(self) -> None:
        """Publish what was gathered: three queries for the offices, and what `publish_many` costs."""
        places = [letter.place for letter in self._letters if letter.place is not None]
        staffed = acting_at(places, self.at) if places else {}
        pages = {one.grievance.pk: reverse("grievances:detail", args=[one.grievance.pk]) for one in self._letters}
        publish_many([self._message(letter, staffed, pages[letter.grievance.pk]) for letter in self._letters])
        self._letters.clear()

    def _message(self, letter: _Letter, staffed: dict[tuple[int, str], Staffed], page: str) -> Message:
        grievance, office = letter.grievance, 0
        recipients: list = []
        if letter.place is None:
            recipients = [Recipient(phone=grievance.phone)]
        else:
            found = staffed[letter.place[0].pk, letter.place[1]]
            people = dict.fromkeys(one.user_id for one in found.people)
            if letter.but is not None:
                told = {one.user_id for one in staffed[letter.but[0].pk, letter.but[1]].people}
                people = {pk: None for pk in people if pk not in told}
            recipients = [Recipient(user_id=pk) for pk in people]
            office = found.office.pk
        return Message(
            f"grievance.{letter.event.split(':')[0]}",
            recipients,
            subject=f"grievances.grievance:{grievance.pk}",
            title=letter.words,
            url=page if office else reverse("grievances:track"),
            urgent=grievance.urgency == Urgency.URGENT,
            dedupe=f"grievance:{grievance.pk}:{letter.event}:{office}:{letter.rung}:{self.at.timestamp():.3f}",
            at=self.at,
        )


def unit_name(organization: Organization) -> str:
    """Return how a unit is called to people outside: a committee's short name is its place, so say what it is."""
    name = organization.short_name
    is_place = organization.kind == Kind.INDUSTRY_COMMITTEE and not name.endswith(("党委", "委员会"))
    return f"{name}行业党委" if is_place else name


def lodged(grievance, at: datetime) -> None:
    """Tell the committee that has it."""
    _tell_committee(grievance, Duty.COLLECT, "lodged", "有一件新诉求待受理", at)


def lodged_again(grievance, at: datetime) -> None:
    """Tell the owner of a phone, once a day, that he has an open case: a second one came in under the number."""
    if grievance.phone and not grievance.is_anonymous:
        publish(
            "grievance.lodged_again",
            recipients=[Recipient(phone=grievance.phone)],
            subject=f"grievances.grievance:{grievance.pk}",
            title=f"您的诉求 {_code(grievance)} 还在办。这个号码刚又提了一件；是同一件事，凭查询码补充就行",
            url=reverse("grievances:track"),
            dedupe=f"grievance:{grievance.pk}:lodged_again:{timezone.localdate(at)}",
            at=at,
        )


def accepted(grievance, at: datetime) -> None:
    """Tell the complainant."""
    _tell_complainant(grievance, "accepted", "已经受理", at)


def refused(grievance, at: datetime) -> None:
    """Tell the complainant, who may object."""
    _tell_complainant(grievance, "refused", "没有受理，原因和该找谁写在查询页上", at)


def assigned(grievance, at: datetime) -> None:
    """Tell the handling office and the complainant."""
    _tell_office(grievance, _place(grievance.handler), "assigned", "有一件诉求转给您办", at)
    _tell_complainant(grievance, "assigned", "已经转给办理单位", at)


def assist_asked(grievance, office: Office, at: datetime) -> None:
    """Tell the office that is asked to help."""
    _tell_office(grievance, _place(office), "assist", "有一件诉求请您协办", at)


def progressed(grievance, at: datetime) -> None:
    """Tell the complainant."""
    _tell_complainant(grievance, "progressed", "有新进展", at)


def asked(grievance, at: datetime) -> None:
    """Tell the complainant that something is asked of him."""
    _tell_complainant(grievance, "asked", "要请您补充一点情况", at)


def replied(grievance, followed, at: datetime) -> None:
    """Tell who works on it; of a merged case, on the one it follows."""
    _tell_office(grievance, _at_work(followed), "replied", "诉求人补充了情况", at)


def suspended(grievance, at: datetime) -> None:
    """Tell the complainant."""
    _tell_complainant(grievance, "suspended", "暂时挂起，原因写在查询页上", at)


def returned(grievance, at: datetime) -> None:
    """Tell the committee that assigned it."""
    _tell_committee(grievance, Duty.COLLECT, "returned", "有一件诉求被退回，请另行转办", at)


def answered(grievance, at: datetime) -> None:
    """Tell the complainant, and the committee that has to call back."""
    _tell_complainant(grievance, "answered", "有答复了，请看看解决没有", at)
    _tell_committee(grievance, Duty.COLLECT, "answered", "有一件诉求已答复，请回访", at)


def closed(grievance, at: datetime) -> None:
    """Tell the complainant and the collector."""
    _tell_complainant(grievance, "closed", "已经办结", at)
    _tell_office(grievance, _place(grievance.collector), "closed", "您收集的诉求已办结", at)


def moved_up(grievance, bag: Mailbag, *, reopened: bool = False) -> None:
    """Tell the committee that has it now, and the complainant."""
    said = "有一件诉求没解决，转到您这一级重办" if reopened else "有一件诉求升到您这一级"
    bag.to_office(grievance, (grievance.organization, Duty.COLLECT), f"moved_up:{grievance.rung}", said)
    bag.to_complainant(grievance, f"moved_up:{grievance.rung}", "已经转到上一级办理")


def supervised(grievance, at: datetime) -> None:
    """Tell the committee and the handler."""
    _tell_committee(grievance, Duty.COLLECT, "supervised", "有一件诉求被督办", at)
    if grievance.handler is not None:
        _tell_office(grievance, _place(grievance.handler), "supervised", "您办的一件诉求被督办", at)


def merged(grievance, into, at: datetime) -> None:
    """Tell both complainants' sides: the one whose case was merged, and the handler of the other."""
    _tell_complainant(grievance, "merged", "和另一件合在一起办", at)
    _tell_office(into, _at_work(into), "merged_in", "有一件同样的诉求并进来", at)


def withdrawn(grievance, at: datetime) -> None:
    """Tell who works on it."""
    _tell_office(grievance, _at_work(grievance), "withdrawn", "诉求人撤回了诉求", at)


def extension_requested(grievance, extension, at: datetime) -> None:
    """Tell the committee above, which decides."""
    above = Organization.objects.get_parent(grievance.organization) or grievance.organization
    _tell_office(grievance, (above, Duty.SUPERVISE), "extension", "有一件诉求申请延期，请批", at)


def extension_decided(grievance, extension, at: datetime) -> None:
    """Tell the handler; the complainant when it takes longer."""
    said = f"延期申请：{extension.get_status_display()}"
    _tell_office(grievance, _place(grievance.handler), f"extension:{extension.status}", said, at)
    if extension.status == "approved":
        _tell_complainant(grievance, "extension", "办理时间要延长，新的期限写在查询页上", at)


def due_soon(grievance, clock, bag: Mailbag) -> None:
    """Remind who works on it."""
    when = timezone.localtime(clock.due_at)
    said = f"有一件诉求 {when:%m-%d %H:%M} 到期（{clock.get_kind_display()}）"
    bag.to_office(grievance, _awaited(grievance, clock), f"clock:{clock.pk}:soon", said)


def overdue(grievance, clock, bag: Mailbag) -> None:
    """Tell who works on it and who supervises it; who does both is told once."""
    said = f"有一件诉求过了时限（{clock.get_kind_display()}）"
    event = f"clock:{clock.pk}:overdue"
    awaited = _awaited(grievance, clock)
    bag.to_office(grievance, awaited, event, said)
    own = (grievance.organization, Duty.SUPERVISE)
    supervisor = _place(grievance.supervisor) if grievance.supervisor is not None else own
    words = said.replace("有一件", "您管的一件")
    bag.to_office(grievance, supervisor, f"{event}:supervisor", words, but=awaited)


def _place(office: Office) -> Place:
    return office.organization, office.duty


def _at_work(grievance) -> Place:
    """Return the office whose turn it is: the handler it was given to, the committee's collector while there is none.

    A case that came back or went up names the committee's own handling office, which has not been given it yet.
    """
    if grievance.handler is None or grievance.status in WAITS_FOR_COMMITTEE:
        return grievance.organization, Duty.COLLECT
    return _place(grievance.handler)


def _awaited(grievance, clock) -> Place:
    """Return the office that owes what the clock waits for."""
    if clock.kind in (ClockKind.TRANSFER, ClockKind.CALL_BACK):
        return grievance.organization, Duty.COLLECT
    return _at_work(grievance)


def _tell_committee(grievance, duty: str, event: str, words: str, at: datetime) -> None:
    _tell_office(grievance, (grievance.organization, duty), event, words, at)


def _tell_office(grievance, place: Place, event: str, words: str, at: datetime) -> None:
    with Mailbag(at) as bag:
        bag.to_office(grievance, place, event, words)


def _tell_complainant(grievance, event: str, words: str, at: datetime) -> None:
    with Mailbag(at) as bag:
        bag.to_complainant(grievance, event, words)


def _code(grievance) -> str:
    return f"{grievance.track_code[:4]}-{grievance.track_code[4:]}"
