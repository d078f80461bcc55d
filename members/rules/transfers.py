"""Rules of the transfer of a formal relation: who signs, how long a letter is valid. Pure; the day is passed in."""

from __future__ import annotations

from datetime import date, timedelta

from branches.capabilities import Capability
from branches.scope import Reach
from members.choices import LetterStatus

# 介绍信 are valid for 10 to 90 days (《中国共产党组织工作条例》 practice, secondary); each letter carries its own.
VALID_DAYS_LEAST, VALID_DAYS_MOST, VALID_DAYS_USUAL = 10, 90, 90


def expires_on(issued: date, days: int) -> date:
    """Return the last valid day of a letter: the day of issue does not count (民法典第二百零一条)."""
    return issued + timedelta(days=days)


def is_expired(transfer, on: date) -> bool:
    """Return whether a signed letter that nobody received is past its last valid day."""
    return transfer.status == LetterStatus.AWAITING and transfer.expires_date is not None and transfer.expires_date < on


def may_change_draft(reach: Reach, transfer) -> bool:
    """Return whether somebody may change or hand in a draft: the sending side; from outside the receiving.

    Reads both organisations, no query.
    """
    return _covers(reach, Capability.TRANSFER_DRAFT, _own_side(transfer))


def may_approve(reach: Reach, transfer) -> bool:
    """Return whether somebody may sign the letter, or send the draft back: the committee of the sending side.

    What comes from outside was signed there; our side attests it. Reads both organisations, no query.
    """
    return _covers(reach, Capability.TRANSFER_APPROVE, _own_side(transfer))


def may_withdraw(reach: Reach, transfer) -> bool:
    """Return whether somebody may take a transfer back: a signed letter whoever may sign, before that who may draft.

    Reads both organisations, no query.
    """
    return (
        may_approve(reach, transfer) if transfer.status == LetterStatus.AWAITING else may_change_draft(reach, transfer)
    )


def may_receive(reach: Reach, transfer) -> bool:
    """Return whether somebody may receive or return the letter: the receiving side.

    A letter to somewhere outside is answered there; our side notes the receipt. Reads both organisations, no query.
    """
    return _covers(reach, Capability.TRANSFER_RECEIVE, transfer.to_organization or transfer.from_organization)


def needs_two_people(transfer) -> bool:
    """Return whether signing and receiving must be two persons' acts: both sides lie within the system."""
    return transfer.from_organization_id is not None and transfer.to_organization_id is not None


def _own_side(transfer):
    return transfer.from_organization or transfer.to_organization


def _covers(reach: Reach, capability: Capability, organization) -> bool:
    return organization is not None and reach.covers(capability, organization)
