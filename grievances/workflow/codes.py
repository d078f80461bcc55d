"""Code and passphrase of a case: how whoever lodged it follows it without an account."""

from __future__ import annotations

import hmac
import secrets
from unicodedata import normalize

from foundation.protection.seal import blind
from grievances.models import Grievance

LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # no 0 O 1 I: codes are read out on the telephone
PURPOSE = "grievances.passphrase"  # of the keyed digest


def passphrase_digest(track_code: str, passphrase: str) -> str:
    """Return the keyed digest of a passphrase; it is worth nothing for another case.

    Small letters, full-width ones, spaces and hyphens are as good as what was shown.
    """
    return blind(f"{track_code}:{typed_code(passphrase)}", PURPOSE).hex


def typed_code(text: str) -> str:
    """Return a code or passphrase as it was given out, however it was typed: letters and digits, capital."""
    return "".join(letter for letter in normalize("NFKC", text).upper() if letter.isalnum())


def is_passphrase(grievance: Grievance, passphrase: str) -> bool:
    """Return whether the passphrase is that of the case. No query; compared in constant time."""
    return bool(grievance.passphrase_hash) and hmac.compare_digest(
        grievance.passphrase_hash, passphrase_digest(grievance.track_code, passphrase)
    )


def new_code(length: int) -> str:
    """Return random letters and digits without look-alikes, five bits each."""
    return "".join(secrets.choice(LETTERS) for _ in range(length))


def new_token() -> str:
    """Return what one form carries, so that it makes one case however often it is sent."""
    return secrets.token_hex(16)


def codes_of(token: str) -> tuple[str, str]:
    """Return code and passphrase of the case that a form makes: who has the form has both, nobody can guess them."""
    return _letters(f"code:{token}", 8), _letters(f"passphrase:{token}", 6)


def _letters(text: str, length: int) -> str:
    number = blind(text, "grievances.form").int
    return "".join(LETTERS[number >> (5 * place) & 31] for place in range(length))
