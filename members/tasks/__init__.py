"""Celery tasks of the registry, one file per subject; importing the package registers them."""

from members.tasks.imports import advance_import, sweep_imports, write_report

__all__ = ["advance_import", "sweep_imports", "write_report"]
