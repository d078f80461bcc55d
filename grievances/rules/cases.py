"""Who may do what to a grievance, and when. Pure except for the reach that is passed in; time is passed in.

Source: docs/permissions.csv, lines grievance,*; docs/domain (tiers, closing, reopening).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from branches.capabilities import Capability
from branches.choices import Extent
from branches.rules import may
from grievances.choices import NEXT, TO_CONFIRM, Result, Satisfaction, Status

FAILED_ATTEMPTS_TO_CLOSE = 3  # three documented attempts: closed as 未联系上, counted apart (docs/domain: d.8)
BETWEEN_ATTEMPTS = timedelta(hours=4)  # three calls in a row are one attempt
MAY_OBJECT = frozenset({Status.NOT_ACCEPTED})  # the complainant may still say why it has to be accepted
REOPEN_WITHIN = timedelta(days=90)  # a closed case may be said to be unsolved so long (unverified, set locally)


def may_lodge(who) -> bool:
    """Return whether somebody may lodge: everybody may, signed in or not."""
    return may(who, Capability.GRIEVANCE_SUBMIT)


def may_lodge_for_driver(reach, organization) -> bool:
    """Return whether a reader may lodge for a driver at his own unit (or, a clerk, below it)."""
    return reach.covers(Capability.GRIEVANCE_LODGE_FOR_DRIVER, organization)


def may_lodge_for_drivers(reach) -> bool:
    """Return whether a reader may lodge for a driver anywhere: whether to offer it."""
    return reach.has(Capability.GRIEVANCE_LODGE_FOR_DRIVER)


def may_accept(reach, grievance) -> bool:
    """Return whether a reader decides on acceptance: the clerk of the committee that has it now, nobody above."""
    return reach.covers(Capability.GRIEVANCE_ACCEPT, grievance.organization)


def may_assign(reach, grievance) -> bool:
    """Return whether a reader assigns, suspends, merges and moves up: the clerk of the committee that has it now.

    A superior reads a subordinate's case but decides it only once it was escalated or taken up.
    """
    return reach.covers(Capability.GRIEVANCE_ASSIGN, grievance.organization)


def may_handle(reach, grievance, office_ids: Iterable[int]) -> bool:
    """Return whether a reader reports progress, asks and answers: his office, or his unit, has it in hand.

    `office_ids` are the offices whose work falls to him now. Who deputises an office does its work, whatever his own
    post is: a clerk who was named answers while the holder is away, and may then not call back.
    Source: docs/permissions.md, office ("holds or deputises").
    """
    if grievance.handler_id is None:
        return False
    if grievance.handler_id in office_ids:
        return True
    return grievance.handler.organization_id in reach.units(Capability.GRIEVANCE_ANSWER, {Extent.HELD})


def may_call_back(reach, grievance, office_ids: Iterable[int]) -> bool:
    """Return whether a reader may ask the complainant: a clerk there, neither of the handling office nor who answered.

    Source: docs/permissions.md, unit_not_handler.
    """
    return (
        reach.covers(Capability.GRIEVANCE_CALL_BACK, grievance.organization)
        and grievance.handler_id not in office_ids
        and grievance.answered_by_id != reach.user_id
    )


def may_take_up(reach, grievance) -> bool:
    """Return whether a reader may take a case up from a unit below his own (提级)."""
    return reach.covers(Capability.GRIEVANCE_TAKE_UP, grievance.organization)


def may_supervise(reach, grievance) -> bool:
    """Return whether a reader may order a case to be seen to (督办)."""
    return reach.covers(Capability.GRIEVANCE_SUPERVISE, grievance.organization)


def may_approve_extension(reach, grievance) -> bool:
    """Return whether a reader decides on more time: one level up or more, never at the committee itself."""
    return reach.covers(Capability.GRIEVANCE_EXTEND_APPROVE, grievance.organization)


def may_see_complainant(reach, grievance, office_ids: Iterable[int]) -> bool:
    """Return whether a reader of the case may know who the complainant is (masked; a reveal is another matter).

    A confidential author is known to the named office alone.
    """
    if grievance.is_anonymous:
        return False
    if grievance.confidential_to_id is None:
        return True
    return grievance.confidential_to_id in office_ids and reach.has(Capability.GRIEVANCE_SEE_CONFIDENTIAL_AUTHOR)


def may_reveal_phone(reach, grievance, office_ids: Iterable[int]) -> bool:
    """Return whether a reader may see the phone for a reason: who has to speak with the complainant."""
    office_ids = frozenset(office_ids)
    return may_see_complainant(reach, grievance, office_ids) and (
        may_assign(reach, grievance) or may_handle(reach, grievance, office_ids)
    )


def may_withdraw_for_driver(reach, grievance) -> bool:
    """Return whether a reader may withdraw a case because the driver said so: the unit itself that lodged it for him.

    Who lodged himself withdraws himself, with code and passphrase. Reads collector with its organization.
    """
    if grievance.lodged_by_id is None or grievance.collector is None:
        return False
    units = reach.units(Capability.GRIEVANCE_LODGE_FOR_DRIVER, set(Extent) - {Extent.NONE})
    return grievance.collector.organization_id in units


def may_read_internal(reach, grievance, office_ids: Iterable[int], helping: bool = False) -> bool:
    """Return whether a reader of the case reads what the complainant does not: offices and committees that work on it.

    `helping`: his office helps. A unit that only lodged it, and a platform, read what the complainant reads.
    """
    committees = (grievance.organization, grievance.origin)
    if any(Extent.SUBTREE in reach.extents_at(Capability.GRIEVANCE_VIEW, one) for one in committees):
        return True
    return helping or may_handle(reach, grievance, office_ids)


def supervising_unit(reach, grievance) -> int | None:
    """Return the reader's own unit for which he orders supervision, the nearest above the case; None: he may not."""
    units = reach.units(Capability.GRIEVANCE_SUPERVISE, {Extent.SUBTREE, Extent.SUBTREE_BELOW})
    above = [
        post for post in reach.posts if post.organization_id in units and _stands_above(post, grievance.organization)
    ]
    return max(above, key=lambda post: len(post.path)).organization_id if above else None


def _stands_above(post, organization) -> bool:
    return organization.path.startswith(post.path)


def may_lead_campaigns(reach, organization=None) -> bool:
    """Return whether a reader opens, fills and ends campaigns: the clerk of the committee that leads it."""
    if organization is None:
        return reach.has(Capability.GRIEVANCE_ASSIGN)
    return reach.covers(Capability.GRIEVANCE_ASSIGN, organization)


def may_change_policies(reach) -> bool:
    """Return whether a reader keeps limits and categories: system administrators."""
    return may(reach, Capability.SLA_POLICY_CHANGE)


def may_export(reach) -> bool:
    """Return whether a reader may export the ledger of his scope."""
    return may(reach, Capability.GRIEVANCE_EXPORT)


def is_open_for_reopening(grievance, at: datetime) -> bool:
    """Return whether the complainant may still say "not solved": answered, or closed no longer than 90 days."""
    if grievance.status in TO_CONFIRM:
        return True
    return grievance.status == Status.CLOSED and at - grievance.closed_at <= REOPEN_WITHIN


def reopens(solved: str, satisfaction: str) -> bool:
    """Return whether what the complainant said sends the case one level up: not solved, or not satisfied.

    Source: docs/domain (a case is not closed over a complainant's "no"). Partly solved and satisfied closes.
    """
    return solved == Result.NOT_SOLVED or satisfaction == Satisfaction.DISSATISFIED


def closes_unreached(failed_attempts: int) -> bool:
    """Return whether so many documented failed attempts close a case as 未联系上."""
    return failed_attempts >= FAILED_ATTEMPTS_TO_CLOSE


def is_counted_as_attempt(before: Iterable[datetime], at: datetime) -> bool:
    """Return whether an attempt at an instant is one of its own: at least four hours after every earlier one."""
    return all(at - one >= BETWEEN_ATTEMPTS for one in before)


def can(grievance, to: str) -> bool:
    """Return whether the life-cycle allows the step; who may take it is another question."""
    return to in NEXT[grievance.status]


def needs_amount(grievance) -> bool:
    """Return whether an answer must say how much was recovered."""
    return grievance.category.is_money or bool(grievance.amount_involved)
