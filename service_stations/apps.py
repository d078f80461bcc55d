"""Service stations: places where drivers park, eat, wash and sleep."""

from django.apps import AppConfig


class ServiceStationsConfig(AppConfig):
    """Stations."""

    name = "service_stations"
    verbose_name = "服务站"

    def ready(self) -> None:
        """Say what becomes of stations when the unit in charge is dissolved."""
        from service_stations import workflow

        workflow.register_endings()
