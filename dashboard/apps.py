"""Home pages, search, help, health: reads all, owns no business rows."""

from django.apps import AppConfig


class DashboardConfig(AppConfig):
    """Pages over all apps."""

    name = "dashboard"
    verbose_name = "工作台"
