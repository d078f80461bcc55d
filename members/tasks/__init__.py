"""Celery tasks of the registry, one file per subject; importing the package registers them."""

from members.tasks.development import remind_of_development
from members.tasks.exports import sweep_exports, write_export
from members.tasks.imports import advance_import, sweep_imports, write_report
from members.tasks.retention import purge_expired
from members.tasks.transfers import sweep_letters
from members.tasks.verification import remind_of_verifications

__all__ = [
    "advance_import",
    "purge_expired",
    "remind_of_development",
    "remind_of_verifications",
    "sweep_exports",
    "sweep_imports",
    "sweep_letters",
    "write_export",
    "write_report",
]
