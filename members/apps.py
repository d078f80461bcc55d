"""People, drivers, firms, vehicles and the roster pipeline."""

from django.apps import AppConfig


class MembersConfig(AppConfig):
    """The registry."""

    name = "members"
    verbose_name = "司机与党员"

    def ready(self) -> None:
        """Register the tasks in every process, not only in the worker; say what becomes of rows of a dissolved unit.

        Pages and commands send wake-ups, so they must know the tasks.
        """
        from members import tasks  # noqa: F401
        from members.lists import driver_export, member_export
        from members.workflow import dissolution, handover, membership_endings, verification_endings

        dissolution.register()
        membership_endings.register()
        verification_endings.register()
        handover.register()
        driver_export.register_drivers()
        member_export.register_members()
