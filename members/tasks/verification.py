"""The morning's look at verifications: whose last day is near or gone is told once."""

from celery import shared_task
from django.utils import timezone

from members.workflow.verification_reminders import remind_of_due


@shared_task(name="members.tasks.remind_of_verifications")
def remind_of_verifications() -> None:
    """Remind of cases that are due in three days, and of those that are overdue."""
    remind_of_due(timezone.now())
