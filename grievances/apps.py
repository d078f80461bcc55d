"""Grievances: what drivers ask for and what becomes of it."""

from django.apps import AppConfig


class GrievancesConfig(AppConfig):
    """Grievances."""

    name = "grievances"
    verbose_name = "诉求"

    def ready(self) -> None:
        """Register the tasks everywhere; say what becomes of cases of a dissolved committee or a merged person."""
        from grievances import tasks  # noqa: F401
        from grievances.lists import ledger_export
        from grievances.workflow import endings, handover, retention

        endings.register()
        retention.register()
        handover.register()
        ledger_export.register_ledger()
