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
