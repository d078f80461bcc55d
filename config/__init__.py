"""Wiring: settings, addresses, the Celery application. No model, no rule, no template."""

from config.celery import app as celery_app

__all__ = ["celery_app"]
