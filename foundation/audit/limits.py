"""How often one address, or one code, may try something. Counters live an hour in the cache under keyed digests.

No address is kept. What each limit is stands with the page that has it.
"""

from __future__ import annotations

from django.core.cache import cache

from foundation.audit.trail import origin_of
from foundation.protection.seal import blind

HOUR = 3600


def address_of(request) -> str:
    """Return the address a request came from, as the trail would note it (BEHIND_PROXY)."""
    return origin_of(request).address


def count(what: str, subject: str) -> int:
    """Count one more of something and return how many it were within the hour."""
    key = _key(what, subject)
    cache.add(key, 0, timeout=HOUR)
    try:
        return cache.incr(key)
    except ValueError:  # the hour ended between the two calls
        return 1


def counted(what: str, subject: str) -> int:
    """Return how many of something were counted within the hour."""
    return cache.get(_key(what, subject), 0)


def _key(what: str, subject: str) -> str:
    return f"limits:{what}:{blind(subject, 'audit.limits').hex}"
