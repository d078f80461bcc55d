"""Wake-ups of the roster pipeline. The batch in the database is the truth; these only look at it."""

from celery import shared_task
from django.utils import timezone

from members.models import RosterImport
from members.workflow import import_reports
from members.workflow.import_run import advance


@shared_task
def advance_import(pk: int) -> None:
    """Work on a batch for about five seconds and come back for the rest."""
    if advance(pk):
        advance_import.delay(pk)


@shared_task
def sweep_imports() -> None:
    """Wake the batches that have work and no worker: a lost message, a killed process."""
    for pk in RosterImport.objects.claimable(timezone.now()).order_by("created_at").values_list("pk", flat=True)[:20]:
        advance_import.delay(pk)
    import_reports.discard_old()


@shared_task
def write_report(pk: int, kind: str) -> None:
    """Write a big workbook of a batch; twice does no harm."""
    batch = RosterImport.objects.filter(pk=pk).first()
    if batch is not None:
        import_reports.write(batch, kind)
