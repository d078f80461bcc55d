"""Wake-ups of the exports. The job in the database is the truth; these only look at it."""

from celery import shared_task
from django.utils import timezone

from members.models import ExportJob
from members.workflow import exports


@shared_task(name="members.tasks.write_export")
def write_export(pk: int) -> None:
    """Write one export, unless somebody else does or has."""
    exports.write_next(pk)


@shared_task(name="members.tasks.sweep_exports")
def sweep_exports() -> None:
    """Wake the exports that wait and have no writer: a lost message, a killed process."""
    for pk in ExportJob.objects.claimable(timezone.now()).order_by("created_at").values_list("pk", flat=True)[:20]:
        write_export.delay(pk)
