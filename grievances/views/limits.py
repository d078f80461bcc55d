"""How often one address, or one code, may try. Counters live an hour in the cache under keyed digests, no address does.

A carrier sends thousands of phones through one address and an office sits behind another: the limits of an address are
for machines, only what failed counts against following a case, and who has code and passphrase right gets in from a
blocked address as well.
"""

from __future__ import annotations

from django.core.cache import cache

from foundation.audit.trail import origin_of
from foundation.protection.seal import blind

HOUR = 3600
LODGED_PER_ADDRESS = 60
FILES_PER_ADDRESS = 200  # requests with files: each picture is drawn anew, which costs
WRONG_PER_ADDRESS = 100
WRONG_PER_CODE = 20  # of 32^6 passphrases


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
    return f"grievances:{what}:{blind(subject, 'grievances.limits').hex}"
