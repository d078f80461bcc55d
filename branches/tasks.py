"""The daily look at the calendar."""

from celery import shared_task
from django.utils import timezone

from branches.workflow import terms
from branches.workflow.reference import remind_of_calendar as remind


@shared_task(name="branches.tasks.remind_of_terms")
def remind_of_terms() -> None:
    """Remind secretaries and clerks of terms that are due in six, three and one months."""
    terms.remind_of_terms(timezone.now())


@shared_task(name="branches.tasks.remind_of_calendar")
def remind_of_calendar() -> None:
    """Remind the administrators of a year whose working days are not loaded."""
    remind(timezone.now())
