"""Wake-ups of the clocks. The stored due times are the truth; these only look at them."""

from celery import shared_task
from django.utils import timezone

from grievances.models import WorkOrderImport
from grievances.workflow import sweep
from grievances.workflow.figures import refresh_figures
from grievances.workflow.work_orders import read_next

SECONDS = 5


@shared_task
def sweep_clocks() -> None:
    """Do what is due for about five seconds and come back for the rest."""
    if sweep(timezone.now(), seconds=SECONDS):
        sweep_clocks.delay()


@shared_task
def count_months() -> None:
    """Count the monthly figures anew."""
    refresh_figures(timezone.now())


@shared_task
def read_work_orders(pk: int) -> None:
    """Read a file of work orders for about five seconds and come back for the rest."""
    if read_next(pk, seconds=SECONDS):
        read_work_orders.delay(pk)


@shared_task
def sweep_work_orders() -> None:
    """Wake the files that wait and have no worker: a lost message, a killed process."""
    for pk in (
        WorkOrderImport.objects.claimable(timezone.now()).order_by("created_at").values_list("pk", flat=True)[:20]
    ):
        read_work_orders.delay(pk)
