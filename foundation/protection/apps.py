"""Protected fields, masks and canonical forms."""

from django.apps import AppConfig


class ProtectionConfig(AppConfig):
    """Register the check that the key file can be used."""

    name = "foundation.protection"
    label = "protection"
    verbose_name = "字段保护"

    def ready(self):
        """Register the system checks."""
        from foundation.protection import checks  # noqa: F401 - registers itself
