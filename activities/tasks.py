"""Work of the night and the morning. The rows are the truth; running twice does nothing twice."""

from celery import shared_task
from django.utils import timezone

from activities.workflow.calendar import recompute
from activities.workflow.promises import remind_of_follow_ups, remind_of_items
from activities.workflow.reminders import remind_of_missing as remind


@shared_task
def keep_calendar() -> None:
    """Count the calendar of this year anew, and in January the year before as well."""
    today = timezone.localdate()
    if today.month == 1:
        recompute(today.year - 1)
    recompute(today.year)


@shared_task
def remind_of_promises() -> None:
    """Remind of problems of visits and items of joint conferences that are nearly due, or late."""
    at = timezone.now()
    remind_of_follow_ups(at)
    remind_of_items(at)


@shared_task
def remind_of_missing() -> None:
    """Tell secretaries what is missing in the last days of a period."""
    remind(timezone.now())
