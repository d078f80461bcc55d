"""Rules of the member card: its number, what a scan says. Pure."""

from __future__ import annotations

from members.choices import MEMBER_PAYING, CardStatus

TOKEN_BYTES = 16  # 128 bits: nobody guesses one
SHOWN_SECONDS = 15 * 60  # a fresh QR code may be printed so long, by the browser that asked for it
CHECKS_PER_ADDRESS = 300  # in an hour: for machines; a service area scans through one address of its carrier


def card_number(division: str, serial: int) -> str:
    """Return the number of a card: 510411-083117. It says where it was first issued and nothing of the person."""
    return f"{division}-{serial:06}"


def says_valid(card_status: str, member_status: str) -> bool:
    """Return whether a scan says 有效: the card is active, and its holder exercises a member's rights."""
    return card_status == CardStatus.ACTIVE and member_status in MEMBER_PAYING
