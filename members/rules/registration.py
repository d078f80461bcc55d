"""Rules of claims on a driver's registration. Pure; time is passed in."""

from __future__ import annotations

from datetime import datetime

from branches.capabilities import CAPABILITIES, Capability
from branches.choices import Extent
from branches.scope import Reach
from members.choices import TRANSFER_OPEN, TransferStatus

RELEASE_WORKDAYS = 5  # working days the old committee has to answer
CLAIMS_PER_HOUR = 30  # of one account: a claim must not become a way to try out identity numbers
SENT_SENTENCE = (
    "认领已受理。这个人如果登记在别的委员会，对方会在 5 个工作日内答复；放行后，他会出现在您的司机名单里。"
    "为保护个人信息，不论有没有登记，这里都是同一句话。"
)


def may_answer(reach: Reach, transfer) -> bool:
    """Return whether this reach may release or refuse: it covers the committee the driver is registered with. No query.

    Reads transfer.from_committee.
    """
    return reach.covers(Capability.DRIVER_RELEASE_REGISTRATION, transfer.from_committee)


def may_withdraw(reach: Reach, transfer) -> bool:
    """Return whether this reach may take the claim back: it covers the claiming committee. No query."""
    return reach.covers(Capability.DRIVER_CLAIM_REGISTRATION, transfer.to_committee)


def may_decide(reach: Reach, transfer) -> bool:
    """Return whether this reach may decide in place of the two committees. No query.

    One level up: a post above the old committee, and above the new one too where both stand in one tree.
    """
    old, new = transfer.from_committee.path, transfer.to_committee.path
    one_tree = old[: transfer.from_committee.steplen] == new[: transfer.to_committee.steplen]
    for post in reach.posts:
        if CAPABILITIES[Capability.DRIVER_RELEASE_REGISTRATION].get(post.role) != Extent.SUBTREE:
            continue
        above_old = old.startswith(post.path) and old != post.path
        if above_old and (not one_tree or new.startswith(post.path)):
            return True
    return False


def is_decidable(transfer, at: datetime) -> bool:
    """Return whether a decision is due: refused, or not answered in time (without a due time: refused only)."""
    if transfer.status == TransferStatus.REFUSED:
        return True
    return transfer.status == TransferStatus.CLAIMED and transfer.due_at is not None and transfer.due_at <= at


def is_open(transfer) -> bool:
    """Return whether somebody still has to do something."""
    return transfer.status in TRANSFER_OPEN
