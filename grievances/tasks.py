"""Wake-ups of the clocks. The stored due times are the truth; these only look at them."""

from celery import shared_task
from django.utils import timezone

from grievances.workflow import sweep

SECONDS = 5


@shared_task
def sweep_clocks() -> None:
    """Do what is due for about five seconds and come back for the rest."""
    if sweep(timezone.now(), seconds=SECONDS):
        sweep_clocks.delay()
