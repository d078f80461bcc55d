"""The daily look at limits on the way to membership: reviews, meetings, approvals, ends of probation."""

from celery import shared_task
from django.utils import timezone

from members.workflow import development


@shared_task(name="members.tasks.remind_of_development")
def remind_of_development() -> None:
    """Remind, once each, of limits that come near."""
    development.remind(timezone.now())
