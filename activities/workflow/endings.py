"""What becomes of branch life when a unit is dissolved, and when two people turn out to be one."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from activities.choices import NEXT, UNRESOLVED, ActivityStatus, AttendanceStatus
from activities.models import (
    Activity,
    Attendance,
    ComplianceRule,
    ComplianceStatus,
    CoOrganizer,
    InstructionVisit,
    JointConference,
    VisitFollowUp,
    VisitTarget,
)
from activities.rules import acts
from activities.workflow import visits
from branches import endings as organizations
from foundation.audit import trail
from members import endings as people


def register() -> None:
    """Register the rows of this app; called once when the app is ready."""
    organizations.register("activities.Activity", label="还没开的活动", unit="个", find=_ahead, end=_cancel)
    # What was held, with whom and who was there stays as history.
    organizations.register("activities.CoOrganizer", label="联合举办", unit="个", find=_nothing(CoOrganizer))
    organizations.register("activities.Attendance", label="到会名册", unit="条", find=_nothing(Attendance))
    organizations.register("activities.ComplianceStatus", label="组织生活完成情况", unit="条", find=_later, end=_forget)
    organizations.register("activities.ComplianceRule", label="组织生活规定", unit="条", find=_rules, end=_end_rules)
    organizations.register("activities.InstructionVisit", label="走访", unit="次", find=_nothing(InstructionVisit))
    organizations.register(
        "activities.VisitFollowUp", label="走访发现的问题", unit="个", find=_unresolved, end=_drop_problems
    )
    organizations.register("activities.VisitTarget", label="走访次数", unit="条", find=_targets, end=_end_targets)
    organizations.register(
        "activities.JointConference", label="联席会议", unit="个", find=_conferences, end=_end_conferences
    )
    people.register("activities.Attendance", on_merge=_follow_person)


def _nothing(model):
    return lambda organization, at: model.objects.none()


def _ahead(organization, at):
    return Activity.objects.ahead().filter(organization=organization)


def _cancel(organization, *, at, actor, successor):
    for activity in _ahead(organization, at):
        trail.transition(
            activity,
            ActivityStatus.CANCELLED,
            actor=actor,
            changes={"cancelled_at": at, "cancel_reason": "组织撤销"},
            action="activity.cancel",
            reason="组织撤销",
            next_table=NEXT,
            organization_id=organization.pk,
            label=activity.get_kind_display(),
        )


def _later(organization, at):
    return ComplianceStatus.objects.filter(organization=organization, until_date__gt=timezone.localdate(at))


def _forget(organization, *, at, actor, successor):
    # Derived rows of periods it will not see the end of.
    _later(organization, at).delete()


def _rules(organization, at):
    return ComplianceRule.objects.filter(organization=organization, until_date__isnull=True)


def _end_rules(organization, *, at, actor, successor):
    today = timezone.localdate(at)
    for rule in _rules(organization, at):
        until = max(today, rule.from_date + timedelta(days=1))
        ComplianceRule.objects.filter(pk=rule.pk).update(until_date=until)


def _unresolved(organization, at):
    concerned = Q(owner_organization=organization) | Q(visit__organization=organization)
    return VisitFollowUp.objects.filter(concerned, status__in=UNRESOLVED)


def _drop_problems(organization, *, at, actor, successor):
    for follow_up in _unresolved(organization, at).select_related("visit"):
        visits.drop(follow_up, "组织撤销", actor=actor, at=at)


def _targets(organization, at):
    return VisitTarget.objects.filter(organization=organization, until_date__isnull=True)


def _end_targets(organization, *, at, actor, successor):
    today = timezone.localdate(at)
    for row in _targets(organization, at):
        VisitTarget.objects.filter(pk=row.pk).update(until_date=max(today, row.from_date + timedelta(days=1)))


def _conferences(organization, at):
    return JointConference.objects.filter(organization=organization, until_date__isnull=True)


def _end_conferences(organization, *, at, actor, successor):
    # Its items stay as they are: who takes over decides what becomes of them.
    today = timezone.localdate(at)
    for row in _conferences(organization, at):
        JointConference.objects.filter(pk=row.pk).update(until_date=max(today, row.from_date + timedelta(days=1)))


def _follow_person(winner_id: int, loser_id: int) -> list[int]:
    """Move the lines of the loser; where both stand on one roll, the line that says he took part is kept."""
    moved = []
    for line in Attendance.objects.filter(person_id=loser_id).select_related("activity").order_by("pk"):
        twin = Attendance.objects.filter(activity_id=line.activity_id, person_id=winner_id).first()
        if twin is None:
            Attendance.objects.filter(pk=line.pk).update(person_id=winner_id)
            moved.append(line.pk)
            continue
        keep, drop = (line, twin) if _rank(line) < _rank(twin) else (twin, line)
        drop.delete()
        Attendance.objects.filter(pk=keep.pk).update(person_id=winner_id)
        sums = acts.sums(Attendance.objects.filter(activity_id=line.activity_id).values_list("status", flat=True))
        Activity.objects.filter(pk=line.activity_id).update(**sums)
        moved.append(keep.pk)
    return moved


def _rank(line: Attendance) -> int:
    order = [AttendanceStatus.PRESENT, AttendanceStatus.MADE_UP, AttendanceStatus.EXCUSED, AttendanceStatus.ABSENT]
    return order.index(AttendanceStatus(line.status))
