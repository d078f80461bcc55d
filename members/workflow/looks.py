"""How much that is protected one person may look at in a day: values revealed one by one, rows exported in clear.

A right to look is a right to look at what the work needs. The limit is per account and day in China, for values over
drivers and cases together; who meets it is told so, and the attempt stands in the trail.
"""

from __future__ import annotations

from datetime import datetime, time

from django.conf import settings
from django.db.models import Sum
from django.utils import timezone

from foundation.accounts.models import User
from foundation.audit.models import Entry
from members.choices import ExportStatus
from members.models import ExportJob

REVEALED = ".reveal"  # how the action of a look ends in the trail, whatever was looked at


def start_of_day(at: datetime) -> datetime:
    """Return the midnight an instant's day began with, in the time of the site."""
    local = timezone.localtime(at)
    return timezone.make_aware(datetime.combine(local.date(), time(0)))


def may_look_again(actor) -> bool:
    """Return whether an account may reveal one more value today. Two queries, in the transaction of the look.

    The account is held meanwhile, so that two looks at once are counted one after the other.
    """
    _hold(actor)
    today = Entry.objects.by_actor(actor).filter(action__endswith=REVEALED, at__gte=start_of_day(timezone.now()))
    return today.order_by().count() < settings.REVEALS_PER_DAY


def unmasked_rows_left(actor, at: datetime) -> int:
    """Return how many rows an account may still export in clear today; failed files count nothing. Two queries.

    To be asked in the transaction that stores the export: the account is held until its end.
    """
    _hold(actor)
    asked = ExportJob.objects.filter(created_by=actor, masked=False, created_at__gte=start_of_day(at))
    rows = asked.exclude(status=ExportStatus.FAILED).order_by().aggregate(rows=Sum("total"))["rows"] or 0
    return max(0, settings.UNMASKED_ROWS_PER_DAY - rows)


def reveals_sentence() -> str:
    """Return what somebody is told who has looked at as much as a day allows."""
    return (
        f"您今天已经查看了 {settings.REVEALS_PER_DAY} 次完整信息，到了每天的上限。明天可以再看；"
        "今天一定要用，请同事查看，或者联系上级委员会。"
    )


def unmasked_sentence(left: int) -> str:
    """Return what somebody is told whose export in clear would be more than the day allows."""
    return (
        f"不打码的导出每人每天最多 {settings.UNMASKED_ROWS_PER_DAY:,} 行，您今天还可以导出 {left:,} 行。"
        "请加条件、选打码导出，或者明天再来。"
    )


def _hold(actor) -> None:
    User.objects.select_for_update().filter(pk=actor.pk).values_list("pk", flat=True).first()
