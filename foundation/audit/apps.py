"""The audit trail."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """Append-only entries, transitions, seals."""

    name = "foundation.audit"
    label = "audit"
    verbose_name = "审计"
