"""Service stations: places where drivers park, eat, wash and sleep."""

from django.apps import AppConfig


class ServiceStationsConfig(AppConfig):
    """Stations."""

    name = "service_stations"
    verbose_name = "服务站"
