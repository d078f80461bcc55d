"""Notifications that cannot be lost: outbox, channels, preferences, digests, and leases on work of any kind."""
