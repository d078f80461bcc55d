"""What the complainant reads of his case: the answer in the heading, the promise, the ladder, what happened.

Everything here is asked of a case that came by code and passphrase. Staff are named by their office, never by person.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from django.utils import timezone

from branches.choices import Kind, OrganizationStatus
from branches.models import Organization, Workday
from foundation.audit.models import Entry
from grievances.choices import (
    PAUSED,
    TO_CONFIRM,
    WITH_HANDLER,
    ClockKind,
    ClockState,
    CloseReason,
    Result,
    StatementKind,
    Status,
    Unit,
)
from grievances.models import Clock, Grievance, Statement
from grievances.notices import ACTIONS, PUBLIC_ACTIONS, unit_name

# What the complainant himself did, in his words.
OWN_ACTIONS = {
    "grievance.lodge": "您提交了诉求",
    "grievance.reply": "您补充了情况",
    "grievance.add_evidence": "您加了材料",
    "grievance.object": "您对不予受理有意见，转到上一级",
    "grievance.withdraw": "您撤回了诉求",
    "grievance.close": "您确认了，办结",
    "grievance.reopen": "您说没解决，转到上一级重办",
}
# Said by the title of the line already.
SAID_ALREADY = frozenset({"已经受理，列入台账。"})
# Of another complainant's case, into which one's own was merged: what the offices said to both.
OF_BOTH = frozenset({StatementKind.PROGRESS, StatementKind.ANSWER})
TONES = {
    Status.ANSWERED: "gold",
    Status.FOLLOW_UP: "gold",
    Status.CLOSED: "ok",
    Status.NOT_ACCEPTED: "warn",
    Status.WAITING_FOR_COMPLAINANT: "warn",
    Status.SUSPENDED: "warn",
    Status.WITHDRAWN: "",
}


@dataclass
class Promise:
    """One clock in words. `value` of `most` is what of the time has gone; `value` is None when nothing can be drawn."""

    label: str
    left: str
    tone: str = ""
    value: float | None = None
    most: float = 1
    started: str = ""
    due: str = ""
    explanation: str = ""
    by_days: bool = False
    also: str = ""  # the promise, while something else is waited for first


@dataclass
class Rung:
    """One step of the ladder: "done", "now" or "next"."""

    title: str
    text: str
    state: str


@dataclass
class Event:
    """One line of the history."""

    at: datetime
    title: str
    words: list[str] = field(default_factory=list)


def day_and_time(at: datetime, now: datetime) -> str:
    """Return a due time as people say it: 今天 16:48, 11月27日 18:00, in another year 2027年1月4日 18:00."""
    at, now = timezone.localtime(at), timezone.localtime(now)
    if at.date() == now.date():
        return f"今天 {at:%H:%M}"
    year = "" if at.year == now.year else f"{at.year}年"
    return f"{year}{at.month}月{at.day}日 {at:%H:%M}"


def no_later_than(at: datetime, now: datetime) -> str:
    """Return 最迟今天 16:48, 最迟 11月27日 18:00."""
    said = day_and_time(at, now)
    return f"最迟{said}" if said.startswith("今天") else f"最迟 {said}"


# Of a case that one's own was merged into: who is asked, and who may say that it is solved, is the other one.
HEADINGS_OF_BOTH: dict[str, str] = {
    Status.WAITING_FOR_COMPLAINANT: "正在等另一位补充情况",
    Status.ANSWERED: "有答复了，您的没解决就重新提一件",
    Status.FOLLOW_UP: "有答复了，您的没解决就重新提一件",
    Status.CLOSED: "合办的那一件办结了，您的没解决就重新提一件",
    Status.WITHDRAWN: "合办的那一件撤回了，您的还要办就重新提一件",
}


def heading(case: Grievance, clock: Clock | None, now: datetime, *, is_own: bool = True) -> list[str]:
    """Return the answer to "how is it going" in parts that may stand on lines of their own. No query."""
    if not is_own and case.status in HEADINGS_OF_BOTH:
        return [HEADINGS_OF_BOTH[case.status]]
    due = clock.due_at if clock is not None and clock.state == ClockState.RUNNING else None
    status = case.status
    if status in WITH_HANDLER - PAUSED:
        who = unit_name(case.handler.organization)
        return [f"{who}正在办，", *_until(due, now, "答复您", "还没答复")]
    if status == Status.LODGED:
        who = "收到了，" if case.rung == 0 else f"转到{unit_name(case.organization)}，"
        return [who, *_until(due, now, "转给能办的单位", "还没转办")]
    if status == Status.ACCEPTED:
        words = "重办，" if case.reopened else "已经受理，"
        return [f"{unit_name(case.organization)}{words}", *_until(due, now, "转给能办的单位", "还没转办")]
    return [
        {
            Status.WAITING_FOR_COMPLAINANT: "请您补充一点情况，补充以后接着办",
            Status.SUSPENDED: "暂时挂起了，原因写在下面",
            Status.ANSWERED: "有答复了，请看看解决没有",
            Status.FOLLOW_UP: "有答复了，请看看解决没有",
            Status.NOT_ACCEPTED: "没有受理，原因写在下面",
            Status.WITHDRAWN: "您已经撤回，不再办了",
            Status.CLOSED: _closed(case),
        }[Status(status)]
    ]


def _until(due: datetime | None, now: datetime, does: str, has_not: str) -> list[str]:
    if due is None:
        return [f"办好马上{does}"]
    if due <= now:
        return [f"原定 {day_and_time(due, now)} 的时限已过，{has_not}"]
    return [no_later_than(due, now), does]


def _closed(case: Grievance) -> str:
    if case.close_reason == CloseReason.UNREACHABLE:
        return "几次没联系上您，先办结了"
    return "办结了：您说解决了一部分" if case.solved == Result.PARTLY else "办结了：您说解决了"


def promise_clock(case: Grievance) -> Clock | None:
    """Return the clock the complainant looks at: the promise, before it the transfer; None without one. One query.

    While the case is with a committee that has not passed it on, that is what he waits for.
    """
    by_kind = {clock.kind: clock for clock in Clock.objects.filter(grievance=case).exclude(state=ClockState.VOID)}
    transfer, promised = by_kind.get(ClockKind.TRANSFER), by_kind.get(ClockKind.PROMISE)
    if transfer is not None and transfer.state == ClockState.RUNNING:
        return transfer
    return promised or transfer


def promise(case: Grievance, clock: Clock | None, now: datetime) -> Promise | None:
    """Return the clock in words. At most two queries (the promise beside it, working days that are left)."""
    if clock is None:
        return None
    also = ""
    if clock.kind != ClockKind.PROMISE and case.first_assigned_at is not None:
        promised = Clock.objects.running().filter(grievance=case, kind=ClockKind.PROMISE, due_at__isnull=False).first()
        if promised is not None:
            also = f"答复您的时限没有变，还是 {day_and_time(promised.due_at, now)}"
    label = "给您的答复时限" if clock.kind == ClockKind.PROMISE else "转给能办的单位的时限"
    started = timezone.localtime(clock.started_at).strftime("%m-%d %H:%M 起算")
    by_days = clock.unit == Unit.WORKING_DAYS
    said = Promise(label, "", started=started, explanation=clock.explanation, by_days=by_days, also=also)
    if clock.state == ClockState.MET:
        said.left, said.tone = f"{timezone.localtime(clock.ended_at):%m-%d %H:%M} 做到了", "ok"
        if clock.is_overdue(now):
            said.left, said.tone = f"{timezone.localtime(clock.ended_at):%m-%d %H:%M} 才做到，晚了", "bad"
        return said
    if case.status in PAUSED:
        said.left, said.tone = "时限先停着", "warn"
        return said
    if clock.due_at is None:
        said.left = "还在算"
        if clock.missing_date:
            said.left = f"{clock.missing_date:%Y} 年的日历还没有载入，载入以后马上算出哪一天"
        return said
    said.due = f"{timezone.localtime(clock.due_at):%m-%d %H:%M} 前"
    if clock.due_at <= now:
        said.left, said.tone, said.value = f"过了 {_length(now - clock.due_at)}", "bad", 1
        return said
    if not by_days:
        said.left = f"还有 {_length(clock.due_at - now)}"
        said.most = (clock.due_at - clock.started_at).total_seconds()
        said.value = max((now - clock.started_at).total_seconds(), 0)
        return said
    left = _working_days(timezone.localdate(now), timezone.localdate(clock.due_at))
    said.left = f"还有 {left} 个工作日" if left else f"还有 {_length(clock.due_at - now)}"
    said.most = clock.amount + clock.extension
    said.value = max(said.most - left, 0.05)
    return said


def _working_days(after: date, until: date) -> int:
    return Workday.objects.filter(date__gt=after, date__lte=until, is_workday=True).count()


def _length(length) -> str:
    minutes = max(int(length.total_seconds() // 60), 1)
    days, minutes = divmod(minutes, 24 * 60)
    hours, minutes = divmod(minutes, 60)
    parts = [(days, "天"), (hours, "小时"), (minutes if not days else 0, "分钟")]
    return " ".join(f"{number} {unit}" for number, unit in parts if number)


def ladder(case: Grievance, clock: Clock | None, now: datetime) -> list[Rung]:
    """Return who had it, who has it, and where it goes when it is late. Two queries."""
    origin = Organization.objects.get_ancestors(case.origin)
    line = [case.origin, *_committees(origin)]
    here = case.organization_id
    at = next((place for place, one in enumerate(line) if one.pk == here), None)
    if at is None:  # taken over by another committee: only where it is now, and what stands above it
        line = [case.organization, *_committees(Organization.objects.get_ancestors(case.organization))]
        at = 0
    rungs = []
    if case.collector is not None and case.collector.organization_id != case.origin_id:
        lodged = timezone.localtime(case.lodged_at)
        rungs.append(Rung(unit_name(case.collector.organization), f"{lodged:%m-%d %H:%M} 收下诉求", "done"))
    rungs += [Rung(unit_name(one), "已经转到上一级", "done") for one in line[:at]]
    is_over = case.status in (Status.CLOSED, Status.WITHDRAWN)
    rungs.append(Rung(unit_name(line[at]), _here(case, clock, now), "done" if is_over else "now"))
    if is_over:
        return rungs
    for place, one in enumerate(line[at + 1 :]):
        if place:
            words = "还没解决，再转到这里"
        elif case.status in TO_CONFIRM:
            words = "您说没解决，就转到这里重办"
        elif case.status == Status.NOT_ACCEPTED:
            words = "您有意见，由这里决定受理不受理"
        else:
            words = "到期没答复，自动转到这里；答复了您说没解决，也转到这里"
        rungs.append(Rung(unit_name(one), words, "next"))
    return rungs


def _committees(rows) -> list[Organization]:
    kept = rows.filter(kind=Kind.INDUSTRY_COMMITTEE).exclude(status=OrganizationStatus.DISSOLVED)
    return list(kept.order_by("-depth"))


def _here(case: Grievance, clock: Clock | None, now: datetime) -> str:
    if case.status == Status.LODGED:
        due = clock.due_at if clock is not None else None
        return f"等着受理，{no_later_than(due, now)} 转办" if due is not None and due > now else "等着受理"
    if case.status == Status.NOT_ACCEPTED:
        return "没有受理"
    if case.status == Status.WITHDRAWN:
        return "您撤回了"
    accepted = f"{timezone.localtime(case.accepted_at):%m-%d %H:%M} 受理" if case.rung == 0 else "转到这一级"
    if case.status == Status.CLOSED:
        return f"{accepted}，{timezone.localtime(case.closed_at):%m-%d %H:%M} 办结"
    if case.status == Status.ACCEPTED:
        return f"{accepted}，正在安排由谁办"
    handler = case.handler.organization
    by = "本单位承办岗办" if handler.pk == case.organization_id else f"交{unit_name(handler)}办"
    supervisor = case.supervisor.organization
    watched = "督办岗" if supervisor.pk == case.organization_id else unit_name(supervisor)
    return f"{accepted}，{by}；{watched}盯着"


def history(case: Grievance, *, is_own: bool = True, lodged_by_himself: bool = True) -> list[Event]:
    """Return what happened, newest first; of another's case (`is_own` False) only what its offices said. Three queries.

    Only entries of notices.PUBLIC_ACTIONS and public statements; units are named, persons are not.
    """
    said: dict[int | None, list[Statement]] = {}
    words = Statement.objects.filter(grievance=case, is_public=True)
    for statement in words.select_related("office__organization"):
        if is_own or statement.kind in OF_BOTH:
            said.setdefault(statement.entry_id, []).append(statement)
    entries = [one for one in Entry.objects.for_object(case) if one.action in PUBLIC_ACTIONS]
    if not is_own:
        entries = [one for one in entries if one.pk in said]
    placed = Organization.objects.filter(pk__in={one.organization_id for one in entries})
    units = {one.pk: unit_name(one) for one in placed}
    events = []
    for entry in entries:
        statements = said.get(entry.pk, [])
        by_staff = entry.actor_id is not None
        office = next((one.office for one in statements if one.office is not None), None)
        unit = unit_name(office.organization) if office is not None else units.get(entry.organization_id, "")
        if entry.action == "grievance.lodge" and by_staff:
            unit = unit_name(case.collector.organization) if case.collector is not None else unit
            title = f"{unit}替您登记了诉求"
        elif by_staff:
            title = f"{unit}：{ACTIONS[entry.action]}"
        else:
            title = OWN_ACTIONS.get(entry.action, ACTIONS[entry.action])
        at = case.lodged_at if entry.action == "grievance.lodge" else statements[0].at if statements else entry.at
        events.append(Event(at, title, [one.text for one in statements if one.text not in SAID_ALREADY]))
    events.sort(key=lambda one: one.at, reverse=True)
    return events


def question(case: Grievance) -> str:
    """Return what is asked of the complainant now. One query while it waits for him, else none."""
    if case.status != Status.WAITING_FOR_COMPLAINANT:
        return ""
    asked = Statement.objects.filter(grievance=case, kind=StatementKind.QUESTION, is_public=True)
    return asked.order_by("-at", "-pk").values_list("text", flat=True).first() or ""


def last_words(case: Grievance, kind: StatementKind) -> str:
    """Return what was said last of a kind: the answer, the reason of a refusal. One query."""
    said = Statement.objects.filter(grievance=case, kind=kind, is_public=True)
    return said.order_by("-at", "-pk").values_list("text", flat=True).first() or ""
