"""People, drivers, firms, vehicles and the roster pipeline."""

from django.apps import AppConfig


class MembersConfig(AppConfig):
    """The registry."""

    name = "members"
    verbose_name = "司机与党员"
