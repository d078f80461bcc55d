"""Branch life: activities with their roll, the compliance calendar, visits, joint conferences."""

from django.apps import AppConfig


class ActivitiesConfig(AppConfig):
    """Activities."""

    name = "activities"
    verbose_name = "组织生活"

    def ready(self) -> None:
        """Register the tasks everywhere; say what becomes of our rows when a unit or a person ends."""
        from activities import tasks  # noqa: F401
        from activities.workflow import endings, handover

        endings.register()
        handover.register()
