"""The app of notifications."""

from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    """Outbox, channels, preferences, digests. Knows accounts, no posts and no business."""

    name = "foundation.notifications"
    label = "notifications"
    verbose_name = "通知"

    def ready(self):
        """Register the tasks in every process: whoever publishes sends a wake-up. The bell comes with the account."""
        from foundation.accounts.querysets import bring_along
        from foundation.notifications import tasks  # noqa: F401
        from foundation.notifications.workflow.inbox import UNREAD, unread_of_account

        bring_along(UNREAD, unread_of_account)
