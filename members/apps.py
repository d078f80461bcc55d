"""People, drivers, firms, vehicles and the roster pipeline."""

from django.apps import AppConfig


class MembersConfig(AppConfig):
    """The registry."""

    name = "members"
    verbose_name = "司机与党员"

    def ready(self) -> None:
        """Register the tasks in every process, not only in the worker: pages and commands send wake-ups."""
        from members import tasks  # noqa: F401
