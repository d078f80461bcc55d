"""The organisation tree: who stands where, who may act where."""

from django.apps import AppConfig


class BranchesConfig(AppConfig):
    """Organisations, appointments, scope and capabilities."""

    name = "branches"
    verbose_name = "组织与任职"
