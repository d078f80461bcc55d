"""Who is told what about activities, in which words. Written in the transaction of the verb; no name is in a message.

Told are those who hold posts in the units concerned, and members who have an account; a member without one hears it
from the secretary, as ever.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from django.urls import reverse
from django.utils import timezone

from activities.choices import ActivityKind
from branches.choices import Role
from branches.models import Appointment
from branches.scope import Region
from foundation.notifications.workflow import Recipient, publish
from members.models import PartyMember

ACTIONS = {
    "activity.plan": "列入计划",
    "activity.notify": "发通知",
    "activity.record": "记下活动和名册",
    "activity.join": "记下一起举办的支部的名册",
    "activity.amend": "更正记录",
    "activity.make_up": "记补学",
    "activity.cancel": "取消",
    "visit.record": "登记走访",
    "visit.withdraw": "撤回走访",
    "visit_follow_up.answer": "回复走访发现的问题",
    "visit_follow_up.confirm": "确认问题已解决",
    "visit_follow_up.give_back": "退回再办",
    "visit_follow_up.drop": "不再办这个问题",
    "visit_target.save": "写走访次数",
    "joint_conference.set_up": "建立联席会议",
    "joint_conference.change": "修改联席会议",
    "joint_conference.meeting": "登记联席会议会次",
    "joint_conference.amend_meeting": "更正联席会议记录",
    "action_item.add": "登记议定事项",
    "action_item.begin": "议定事项开始办理",
    "action_item.note": "记议定事项进展",
    "action_item.close": "了结议定事项",
}
_TOLD = (Role.SECRETARY, Role.BRANCH_COMMITTEE_MEMBER, Role.INSTRUCTOR)


def notified(activity, unit_ids: Iterable[int], *, actor, at: datetime) -> int:
    """Tell those concerned when and how; return how many are told. Three queries."""
    when = timezone.localtime(activity.starts_at)
    words = f"{when.month}月{when.day}日 {when:%H:%M} {activity.get_kind_display()}"
    return _tell(activity, unit_ids, "activity.notified", words, activity.topic, actor=actor, at=at)


def cancelled(activity, unit_ids: Iterable[int], *, actor, at: datetime) -> int:
    """Tell those who had been told that it will not take place. Three queries."""
    when = timezone.localtime(activity.starts_at)
    words = f"{when.month}月{when.day}日的{activity.get_kind_display()}不开了"
    return _tell(activity, unit_ids, "activity.cancelled", words, activity.cancel_reason, actor=actor, at=at)


def missing(organization, kinds: Iterable[str], until_date: date, users: Iterable[int], at: datetime) -> None:
    """Tell the secretary what the calendar still misses, once per period. One message however many kinds."""
    names = "、".join(ActivityKind(kind).label for kind in kinds)
    last = date.fromordinal(until_date.toordinal() - 1)
    publish(
        "activity.missing",
        recipients=[Recipient(user_id=user) for user in users],
        subject=f"branches.organization:{organization.pk}",
        title=f"{last.month}月{last.day}日前还没做：{names}",
        url=reverse("activities:branch_calendar", args=[organization.pk]),
        dedupe=f"activity:missing:{organization.pk}:{until_date}",
        at=at,
    )


def _tell(activity, unit_ids, event: str, words: str, body: str, *, actor, at: datetime) -> int:
    ids = frozenset(unit_ids)
    users = set(
        Appointment.objects.running(at)
        .filter(organization_id__in=ids, role__in=_TOLD)
        .order_by()
        .values_list("user_id", flat=True)
    )
    with_account = PartyMember.objects.within(Region(organization_ids=ids)).filter(person__user__isnull=False)
    users |= set(with_account.order_by().values_list("person__user_id", flat=True))
    users.discard(getattr(actor, "pk", None))
    if users:
        publish(
            event,
            recipients=[Recipient(user_id=user) for user in sorted(users)],
            subject=f"activities.activity:{activity.pk}",
            title=words,
            body=body,
            url=reverse("activities:detail", args=[activity.pk]),
            dedupe=f"activity:{activity.pk}:{event}",
            at=at,
        )
    return len(users)


# --- visits of instructors ------------------------------------------------------------------------------------------
def problems_found(visit, follow_ups: Iterable, *, at: datetime) -> None:
    """Tell those who have to see to the problems of a visit, once per visit and unit. Two queries per unit."""
    by_unit: dict[int, list] = {}
    for one in follow_ups:
        by_unit.setdefault(one.owner_organization_id, []).append(one)
    for unit, rows in by_unit.items():
        first = min(one.due_date for one in rows)
        _publish_to_holders(
            "visit.problems",
            unit,
            (Role.SECRETARY, Role.CLERK),
            f"指导员走访发现 {len(rows)} 个问题要办，最早 {first.month}月{first.day}日前",
            visit,
            f"visit:{visit.pk}:problems:{unit}",
            at,
        )


def answered(follow_up, *, actor, at: datetime) -> None:
    """Tell the instructors of the branch that something was answered and waits for them. Two queries."""
    unit = follow_up.visit.organization
    _publish_to_holders(
        "visit.answered",
        unit.pk,
        (Role.INSTRUCTOR,),
        f"{unit.short_name[:30]}回复了走访发现的问题，请确认",
        follow_up.visit,
        f"visit_follow_up:{follow_up.pk}:answered:{follow_up.answered_at.isoformat()}",
        at,
    )


def given_back(follow_up, *, at: datetime) -> None:
    """Tell those who answered that it is not done yet. Two queries."""
    _publish_to_holders(
        "visit.given_back",
        follow_up.owner_organization_id,
        (Role.SECRETARY, Role.CLERK),
        "指导员看过回复，请接着办",
        follow_up.visit,
        f"visit_follow_up:{follow_up.pk}:back:{at.isoformat()}",
        at,
    )


def follow_up_due(follow_up, stage: str, users: Iterable[int], *, at: datetime) -> None:
    """Tell that a problem is nearly due, or late; once per stage and day it is due."""
    due = follow_up.due_date
    word = "过了期限还没回复" if stage == "late" else "快到期了"
    publish(
        f"visit.follow_up_{stage}",
        recipients=[Recipient(user_id=user) for user in sorted(users)],
        subject=f"activities.instructionvisit:{follow_up.visit_id}",
        title=f"走访发现的问题{word}：{due.month}月{due.day}日前，{follow_up.visit.organization.short_name[:30]}",
        url=reverse("activities:visit_detail", args=[follow_up.visit_id]),
        dedupe=f"visit_follow_up:{follow_up.pk}:{due}:{stage}",
        at=at,
    )


def item_due(item, stage: str, users: Iterable[int], *, at: datetime) -> None:
    """Tell that something a joint conference decided is nearly due, or late; once per stage and day it is due."""
    due = item.due_date
    word = "过了期限还没办结" if stage == "late" else "快到期了"
    publish(
        f"action_item.{stage}",
        recipients=[Recipient(user_id=user) for user in sorted(users)],
        subject=f"activities.actionitem:{item.pk}",
        title=f"议定事项{word}：{due.month}月{due.day}日前，{item.department.name[:30]}牵头",
        url=reverse("activities:item_detail", args=[item.pk]),
        dedupe=f"action_item:{item.pk}:{due}:{stage}",
        at=at,
    )


def _publish_to_holders(event: str, unit: int, roles, title: str, visit, dedupe: str, at: datetime) -> None:
    posts = Appointment.objects.running(at).filter(organization_id=unit, role__in=roles)
    if users := sorted(set(posts.order_by().values_list("user_id", flat=True))):
        publish(
            event,
            recipients=[Recipient(user_id=user) for user in users],
            subject=f"activities.instructionvisit:{visit.pk}",
            title=title,
            url=reverse("activities:visit_detail", args=[visit.pk]),
            dedupe=dedupe,
            at=at,
        )
