"""The app of notifications."""

from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    """Outbox, channels, preferences, digests. Knows accounts, no posts and no business."""

    name = "foundation.notifications"
    label = "notifications"
    verbose_name = "通知"

    def ready(self):
        """Register the tasks in every process: whoever publishes sends a wake-up."""
        from foundation.notifications import tasks  # noqa: F401
