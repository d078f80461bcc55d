"""Clocks of a case: started, met, stopped and counted anew. A due time is a function of policy, calendar and history.

The limit is copied from the policy at the start, so a later change of policy moves no running clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Min

from branches.constraints import checked, in_words
from branches.models import Workday
from branches.workflow import lines_of
from foundation.audit import trail
from grievances import notices
from grievances.choices import LEVEL_CLOCKS, ClockKind, ClockState, ExtensionStatus, PauseKind
from grievances.models import Clock, Extension, Grievance, Pause, SlaPolicy
from grievances.rules import cases, clocks, policies
from grievances.workflow.steps import acting, held, note, require, require_text

TOGETHER = 100  # cases whose clocks are counted in one transaction
REACH_DAYS = 120  # no limit with its extension and pauses is read further ahead at once


def start(grievance: Grievance, kinds: Iterable[str], at: datetime) -> None:
    """Start clocks of a held case, those that no policy knows left out. About eight queries.

    The policy is that of the committee that has the case now, of its level, category and urgency, on this day.
    """
    start_all([grievance], kinds, at)


def start_all(grievances: Sequence[Grievance], kinds: Iterable[str], at: datetime) -> None:
    """Start clocks of held cases as `start` those of one, and count all that run. As many queries as for one.

    One query more for each due time that differs.
    """
    lines = lines_of(grievance.organization for grievance in grievances)
    rows = list(SlaPolicy.objects.in_force(at.astimezone(clocks.CHINA).date()))
    kinds, begun, applying = list(kinds), [], {}
    for grievance in grievances:
        organization, category = grievance.organization, grievance.category
        for kind in kinds:
            key = kind, category.pk, organization.pk, grievance.urgency
            if key not in applying:
                applying[key] = policies.applying(
                    rows,
                    clock=kind,
                    category_ids=[pk for pk in (category.pk, category.parent_id) if pk],
                    level=organization.level,
                    urgency=grievance.urgency,
                    line=[one.pk for one in lines[organization.pk]],
                )
            policy = applying[key]
            if policy is not None:
                begun.append(
                    Clock(
                        grievance=grievance,
                        kind=kind,
                        policy=policy,
                        amount=policy.amount,
                        unit=policy.unit,
                        closes_at=policy.closes_at,
                        organization=organization,
                        rung=grievance.rung,
                        started_at=at,
                        explanation="",
                    )
                )
    recount_all(grievances, begun)


def meet(grievance: Grievance, kinds: Iterable[str], at: datetime) -> None:
    """Stop the running clocks of these kinds as met. Two or three queries."""
    _end(grievance, kinds, ClockState.MET, at)


def stop(grievance: Grievance, at: datetime, kinds: Iterable[str] = frozenset(ClockKind)) -> None:
    """Stop running clocks that count no more: another level, or the case ended another way."""
    _end(grievance, kinds, ClockState.VOID, at)


def restore_promise(grievance: Grievance) -> None:
    """Let the promise run on with its first due time: an answer that did not help kept no promise."""
    Clock.objects.filter(grievance=grievance, kind=ClockKind.PROMISE, state=ClockState.MET).update(
        state=ClockState.RUNNING, ended_at=None
    )


def _end(grievance: Grievance, kinds: Iterable[str], state: ClockState, at: datetime) -> None:
    rows = Clock.objects.running().filter(grievance=grievance, kind__in=list(kinds))
    if rows.update(state=state, ended_at=at):
        _keep_next([grievance], list(Clock.objects.running().filter(grievance=grievance)))


def restart_all(grievances: Sequence[Grievance], at: datetime, *, stop: Iterable[str], start: Iterable[str]) -> None:
    """Let clocks of held cases count no more and others begin: another level. One query more than `start_all`."""
    running = Clock.objects.running().filter(grievance__in=grievances, kind__in=list(stop))
    running.update(state=ClockState.VOID, ended_at=at)
    start_all(grievances, start, at)


def pause(grievance: Grievance, kind: PauseKind, at: datetime) -> None:
    """Let the clocks of a held case stand still."""
    Pause.objects.create(grievance=grievance, kind=kind, from_at=at)
    recount(grievance)


def unpause(grievance: Grievance, at: datetime) -> None:
    """Let them go on; a case that was not paused stays as it is."""
    unpause_all([grievance], at)


def unpause_all(grievances: Sequence[Grievance], at: datetime) -> None:
    """Let the clocks of held cases go on. One query where none was paused."""
    if Pause.objects.filter(grievance__in=grievances, until_at__isnull=True).update(until_at=at):
        recount_all(grievances)


def recount(grievance: Grievance) -> None:
    """Count every running clock of a case from its own start, with all pauses, and keep the earliest due time.

    Three queries, one more per clock whose due time changed and one for the case.
    """
    recount_all([grievance])


def recount_all(grievances: Sequence[Grievance], begun: Sequence[Clock] = ()) -> None:
    """Count the running clocks of held cases, and write those that begin now with their due times.

    Three queries and one INSERT, one more for each due time that changed and for each set of values a case keeps.
    """
    running = list(Clock.objects.running().filter(grievance__in=grievances).select_related("policy"))
    pauses: dict[int, list[tuple]] = {}
    for pk, *span in Pause.objects.filter(grievance__in=grievances).values_list("grievance_id", "from_at", "until_at"):
        pauses.setdefault(pk, []).append(tuple(span))
    rested_until = [until for spans in pauses.values() for _, until in spans if until is not None]
    calendar = _calendar([clock.started_at for clock in (*running, *begun)], rested_until)
    changed: dict[tuple, list[int]] = {}
    for clock in (*running, *begun):
        due = clocks.due(
            clock.started_at,
            policies.limit_of(clock),
            pauses=pauses.get(clock.grievance_id, ()),
            calendar=calendar,
            extension=clock.extension,
        )
        counted = (due.at, str(due)[:400], due.missing, _reminder(clock, due.at))
        if counted != tuple(getattr(clock, name) for name in _COUNTED):
            for name, value in zip(_COUNTED, counted, strict=True):
                setattr(clock, name, value)
            if clock.pk is not None:
                changed.setdefault(counted, []).append(clock.pk)
    for counted, keys in changed.items():
        Clock.objects.filter(pk__in=keys).update(**dict(zip(_COUNTED, counted, strict=True)))
    Clock.objects.bulk_create(begun)
    _keep_next(grievances, (*running, *begun))


_COUNTED = ("due_at", "explanation", "missing_date", "remind_at")


def _reminder(clock: Clock, due_at: datetime | None) -> datetime | None:
    hours = clock.policy.remind_hours
    if not hours or due_at is None:
        return None
    before = due_at - timedelta(hours=hours)
    return before if before > clock.started_at else None


def _calendar(starts: Sequence[datetime], rested_until: Sequence[datetime]) -> dict[date, bool]:
    """Return the days after the first start, far enough behind the last one and the last pause.

    A court may have a case for years.
    """
    if not starts:
        return {}
    first = min(starts).astimezone(clocks.CHINA).date()
    last = max((*starts, *rested_until)).astimezone(clocks.CHINA).date() + timedelta(days=REACH_DAYS * 4)
    days = Workday.objects.filter(date__gt=first, date__lte=last)
    return dict(days.values_list("date", "is_workday"))


def _keep_next(grievances: Iterable[Grievance], running: Iterable[Clock]) -> None:
    """Keep on the cases what the work list sorts by; `running` are all their running clocks."""
    clocks_of: dict[int, list[Clock]] = {}
    for clock in running:
        clocks_of.setdefault(clock.grievance_id, []).append(clock)
    alike: dict[tuple, list[int]] = {}
    for grievance in grievances:
        own = sorted(clocks_of.get(grievance.pk, ()), key=lambda clock: clock.pk)
        first = min((clock for clock in own if clock.due_at), key=lambda clock: clock.due_at, default=None)
        grievance.next_due_at = first.due_at if first else None
        grievance.next_clock = (first or own[0]).kind if own else ""
        grievance.calendar_missing = any(clock.missing_date for clock in own)
        alike.setdefault(tuple(getattr(grievance, name) for name in _KEPT), []).append(grievance.pk)
    for kept, keys in alike.items():
        Grievance.objects.filter(pk__in=keys).update(**dict(zip(_KEPT, kept, strict=True)))


_KEPT = ("next_due_at", "next_clock", "calendar_missing")


def recount_missing(limit: int = 500) -> int:
    """Count the clocks whose calendar has been loaded meanwhile; return how many cases. For the sweep.

    A case somebody holds is left for the next minute. One query when there is nothing to do.
    """
    last = Workday.objects.order_by("-date").values_list("date", flat=True).first()
    first_missing = Clock.objects.running().aggregate(day=Min("missing_date"))["day"]
    if last is None or first_missing is None or first_missing > last:
        return 0
    late = Clock.objects.without_calendar(last + timedelta(days=1)).values_list("grievance_id", flat=True).distinct()
    keys = list(late.order_by("grievance_id")[:limit])
    for first in range(0, len(keys), TOGETHER):
        with transaction.atomic():
            part = keys[first : first + TOGETHER]
            recount_all(list(Grievance.objects.select_for_update(skip_locked=True).filter(pk__in=part)))
    return len(keys)


# --- more time ------------------------------------------------------------------------------------------------------
def request_extension(grievance: Grievance, *, actor, days: int, reason: str, at: datetime) -> Extension:
    """Ask for more time for the answer: once, before it is due, decided one level up.

    Raises PermissionDenied, ValidationError (too late, twice, too many days, nobody above). Source: docs/domain,
    clocks, Counting 4.
    """
    who = acting(actor, at)
    require(cases.may_handle(who.reach, grievance, who.offices), "延期由承办岗申请。")
    if grievance.organization.is_root():
        raise ValidationError("这一级上面没有可以批延期的委员会，请按时答复；办不完的，在答复里写清下一步。")
    reason = require_text(reason, "reason", "请写明为什么要延期。")
    with held(grievance):
        clock = (
            Clock.objects.running().filter(grievance=grievance, kind=ClockKind.ANSWER).select_related("policy").first()
        )
        if clock is None:
            raise ValidationError("现在没有在走的答复时限，不用延期。")
        if clock.due_at is not None and at >= clock.due_at:
            raise ValidationError("已经过了答复时限，不能再申请延期。")
        if not 1 <= days <= clock.policy.extension_days:
            raise ValidationError({"days": f"最多延长 {clock.policy.extension_days} 个工作日。"})
        extension = Extension(clock=clock, days=days, reason=reason, requested_by=actor, requested_at=at)
        checked(extension, exclude=["clock", "decided_by", "decided_at"])
        with in_words(Extension):
            extension.save()
        note(grievance, actor=actor, action="grievance.extension_requested", details={"days": days})
        notices.extension_requested(grievance, extension, at)
    return extension


def decide_extension(extension: Extension, *, actor, approve: bool, note_text: str = "", at: datetime) -> None:
    """Grant or refuse more time. A refusal changes no due time; the promise is never shortened.

    Raises PermissionDenied, trail.Conflict when it was decided already, or granted after the clock has ended.
    """
    grievance = extension.clock.grievance
    require(cases.may_approve_extension(acting(actor, at).reach, grievance), "延期由上一级委员会的专干批准。")
    with held(grievance):
        status = ExtensionStatus.APPROVED if approve else ExtensionStatus.REFUSED
        asked = Extension.objects.filter(pk=extension.pk, status=ExtensionStatus.REQUESTED)
        if asked.update(status=status, decided_by=actor, decided_at=at, note=note_text.strip()[:200]) != 1:
            raise trail.Conflict("这个延期申请已经有人决定过了。")
        if approve:
            if not Clock.objects.running().filter(pk=extension.clock_id).exists():
                raise trail.Conflict("这个答复时限已经不走了：已经答复，或者转到了上一级，批了也不算数。请选“不批准”。")
            promised = Clock.objects.running().filter(grievance=grievance, kind=ClockKind.PROMISE)
            longer = [extension.clock, *promised]
            for clock in longer:
                Clock.objects.filter(pk=clock.pk).update(extension=max(clock.extension, extension.days))
            recount(grievance)
            # The new due time is one of its own: reminded of and marked once more.
            later = Clock.objects.filter(pk__in=[clock.pk for clock in longer], due_at__gt=at)
            later.update(reminded_at=None, overdue_at=None)
        action = "grievance.extension_approved" if approve else "grievance.extension_refused"
        note(grievance, actor=actor, action=action, details={"days": extension.days})
        extension.refresh_from_db()
        notices.extension_decided(grievance, extension, at)


__all__ = [
    "LEVEL_CLOCKS",
    "meet",
    "pause",
    "recount",
    "recount_missing",
    "restart_all",
    "restore_promise",
    "start",
    "start_all",
    "stop",
    "unpause",
    "unpause_all",
]
