"""Grievances: what drivers ask for and what becomes of it."""

from django.apps import AppConfig


class GrievancesConfig(AppConfig):
    """Grievances."""

    name = "grievances"
    verbose_name = "诉求"
