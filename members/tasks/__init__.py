"""Celery tasks of the registry, one file per subject; importing the package registers them."""

from members.tasks.imports import advance_import, sweep_imports

__all__ = ["advance_import", "sweep_imports"]
