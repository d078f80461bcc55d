"""Verbs of notifications, one file per subject. Other apps need `publish`, `publish_many`, `Message`, `Recipient`."""

from foundation.notifications.workflow.digests import build_digests
from foundation.notifications.workflow.inbox import mark_all_read, mark_read, unread_count
from foundation.notifications.workflow.publishing import Message, Recipient, publish, publish_many
from foundation.notifications.workflow.sending import drain, sweep

__all__ = [
    "Message",
    "Recipient",
    "build_digests",
    "drain",
    "mark_all_read",
    "mark_read",
    "publish",
    "publish_many",
    "sweep",
    "unread_count",
]
