"""Verbs of notifications, one file per subject. Other apps need `publish`, `publish_many`, `Message`, `Recipient`."""

from foundation.notifications.workflow.digests import build_digests
from foundation.notifications.workflow.inbox import mark_all_read, mark_read, unread_count, unread_shown
from foundation.notifications.workflow.preferences import choices_of, choose, settings_of
from foundation.notifications.workflow.publishing import Message, Recipient, publish, publish_many
from foundation.notifications.workflow.resending import resend, resend_all, resendable
from foundation.notifications.workflow.retention import purge
from foundation.notifications.workflow.sending import drain, sweep

__all__ = [
    "Message",
    "Recipient",
    "build_digests",
    "choices_of",
    "choose",
    "drain",
    "mark_all_read",
    "mark_read",
    "publish",
    "publish_many",
    "purge",
    "resend",
    "resend_all",
    "resendable",
    "settings_of",
    "sweep",
    "unread_count",
    "unread_shown",
]
