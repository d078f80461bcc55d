"""The hourly look at letters of transfer: the day on the letter says that it is over, the sweep only writes it down."""

from celery import shared_task
from django.utils import timezone

from members.workflow import transfers


@shared_task(name="members.tasks.sweep_letters")
def sweep_letters() -> None:
    """Remind of letters that run out soon, and mark those that ran out; come back for the rest."""
    at = timezone.now()
    transfers.remind_of_letters(at)
    if transfers.expire_letters(at) == transfers.SWEPT_AT_ONCE:
        sweep_letters.delay()
