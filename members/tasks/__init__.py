"""Celery tasks of the registry, one file per subject; importing the package registers them."""

from members.tasks.exports import purge_expired, sweep_exports, write_export
from members.tasks.imports import advance_import, sweep_imports, write_report

__all__ = [
    "advance_import",
    "purge_expired",
    "sweep_exports",
    "sweep_imports",
    "write_export",
    "write_report",
]
