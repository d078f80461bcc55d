"""The daily look at the calendar."""

from celery import shared_task
from django.utils import timezone

from branches.workflow import handover, secondments, terms
from branches.workflow.reference import remind_of_calendar as remind


@shared_task(name="branches.tasks.remind_of_terms")
def remind_of_terms() -> None:
    """Remind secretaries and clerks of terms that are due in six, three and one months."""
    terms.remind_of_terms(timezone.now())


@shared_task(name="branches.tasks.remind_of_secondments")
def remind_of_secondments() -> None:
    """Remind first secretaries and the clerks above of secondments that end in three and one months."""
    secondments.remind_of_secondments(timezone.now())


@shared_task(name="branches.tasks.remind_of_calendar")
def remind_of_calendar() -> None:
    """Remind the administrators of a year whose working days are not loaded."""
    remind(timezone.now())


@shared_task(name="branches.tasks.count_hand_overs")
def count_hand_overs() -> None:
    """Write down what was open where a post has ended, and tell who has the work now."""
    handover.count_ended(timezone.now())


@shared_task(name="branches.tasks.remind_of_endings")
def remind_of_endings() -> None:
    """Remind holders and the clerks above of posts that end within a month and within a week."""
    handover.remind_of_endings(timezone.now())
