"""How often one address, or one code, may try. Counters live an hour in the cache under keyed digests, no address does.

A carrier sends thousands of phones through one address and an office sits behind another: the limits of an address are
for machines, only what failed counts against following a case, and who has code and passphrase right gets in from a
blocked address as well.
"""

from __future__ import annotations

from foundation.audit.limits import HOUR, address_of, count, counted

__all__ = [
    "FILES_PER_ADDRESS",
    "HOUR",
    "LODGED_PER_ADDRESS",
    "WRONG_PER_ADDRESS",
    "WRONG_PER_CODE",
    "address_of",
    "count",
    "counted",
]

LODGED_PER_ADDRESS = 60
FILES_PER_ADDRESS = 200  # requests with files: each picture is drawn anew, which costs
WRONG_PER_ADDRESS = 100
WRONG_PER_CODE = 20  # of 32^6 passphrases
