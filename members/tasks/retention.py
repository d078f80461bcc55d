"""The daily deletion of what is kept for a time only."""

from celery import shared_task
from django.utils import timezone

from members.workflow import retention

SECONDS = 30  # far below the time limit of a task


@shared_task(name="members.tasks.purge_expired")
def purge_expired() -> None:
    """Delete what has outlived its retention, for about half a minute, and come back for the rest."""
    _, done = retention.purge_expired(timezone.now(), seconds=SECONDS)
    if not done:
        purge_expired.delay()
