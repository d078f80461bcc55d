"""Wake-ups of the outbox. The rows in the database are the truth; these only look at them."""

from celery import shared_task

from foundation.notifications import workflow

STALE = 120  # seconds: a wake-up nobody heard need not be kept, the sweep comes


@shared_task
def drain_outbox() -> None:
    """Send for about five seconds and come back for the rest. Twice, or at the same time, does no harm."""
    if workflow.drain():
        drain_outbox.apply_async(expires=STALE)


@shared_task
def sweep_outbox() -> None:
    """Wake the worker for what is due: lost messages, dead workers, retries, the end of quiet hours."""
    if workflow.sweep():
        drain_outbox.apply_async(expires=STALE)


@shared_task
def build_digests() -> None:
    """Make the daily digests that are due and have them sent."""
    workflow.build_digests()
    drain_outbox.apply_async(expires=STALE)
