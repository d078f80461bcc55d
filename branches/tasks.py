"""The daily look at the calendar."""

from celery import shared_task
from django.utils import timezone

from branches.workflow.reference import remind_of_calendar as remind


@shared_task(name="branches.tasks.remind_of_calendar")
def remind_of_calendar() -> None:
    """Remind the administrators of a year whose working days are not loaded."""
    remind(timezone.now())
