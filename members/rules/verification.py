"""Rules of verification (双查四核): what its checks say together, what is missing, who records what. Pure.

Source: domain a.2 (S2 Sichuan): one of the two checks must find the candidate before anything is confirmed; only the
member register or the home organisation makes a member; telephone and visit alone wait for the organisation.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from branches.capabilities import Capability
from branches.scope import Reach
from members.choices import (
    BY_CONTACT,
    BY_ORGANISATION,
    FOUR_CONFIRMATIONS,
    SAYING,
    TWO_CHECKS,
    CheckKind,
    CheckResult,
    VerificationStatus,
)

DUE_DAYS = 30  # no rule names a number: a case has its own last day, this is what the page offers
OPENING_SENTENCE = "先要在数据平台或者运政系统查到（符合），才能开始四核。"


@dataclass(frozen=True)
class Facts:
    """What the checks of a case say together; the dates and the number are columns of the case."""

    check_agrees_date: date | None = None
    contact_agrees_date: date | None = None
    organisation_agrees_date: date | None = None
    contradicting: tuple[str, ...] = ()  # kinds, in the order of the board

    @property
    def contradictions(self) -> int:
        """Number of kinds that contradict."""
        return len(self.contradicting)

    def columns(self) -> dict:
        """Return the columns of the case that repeat this."""
        return {
            "check_agrees_date": self.check_agrees_date,
            "contact_agrees_date": self.contact_agrees_date,
            "organisation_agrees_date": self.organisation_agrees_date,
            "contradictions": self.contradictions,
        }


def facts_of(lines: Iterable[tuple[str, str, date]]) -> Facts:
    """Return what checks say together; `lines` are (kind, result, day) in the order they were written down.

    Of each kind the newest answer counts. Who was not reached or might not ask has no answer: it takes nothing back,
    so a contradiction stays until the same kind agrees.
    """
    newest: dict[str, tuple[str, date]] = {}
    for kind, result, day in lines:
        if result in SAYING and (kind not in newest or newest[kind][1] <= day):
            newest[kind] = (result, day)

    def agrees(kinds: Iterable[str]) -> date | None:
        return max(
            (newest[kind][1] for kind in kinds if newest.get(kind, ("",))[0] == CheckResult.AGREES), default=None
        )

    against = (*TWO_CHECKS, *FOUR_CONFIRMATIONS)
    return Facts(
        check_agrees_date=agrees(TWO_CHECKS),
        contact_agrees_date=agrees(BY_CONTACT),
        organisation_agrees_date=agrees(BY_ORGANISATION),
        contradicting=tuple(kind for kind in against if newest.get(kind, ("",))[0] == CheckResult.CONTRADICTS),
    )


def status_of(facts: Facts) -> str:
    """Return the open state that follows from the checks of a case that has begun."""
    if facts.contradicting:
        return VerificationStatus.DOUBTFUL
    if facts.check_agrees_date and facts.contact_agrees_date and not facts.organisation_agrees_date:
        return VerificationStatus.AWAITING
    return VerificationStatus.CHECKING


def opening_sentence(kind: str, facts: Facts) -> str:
    """Return why a check of this kind cannot be recorded yet, "" when it can."""
    if kind in FOUR_CONFIRMATIONS and facts.check_agrees_date is None:
        return OPENING_SENTENCE
    return ""


def missing(facts: Facts, *, has_person: bool) -> list[str]:
    """Return what is missing for a confirmation, one sentence each; nothing when it may be confirmed."""
    found = []
    if facts.check_agrees_date is None:
        found.append("还没有查到：数据平台和运政系统至少一处“符合”。")
    if facts.organisation_agrees_date is None:
        found.append("还没有组织核实：全国党员管理系统或者组织关系所在地党组织，至少一处“符合”。电话、家访不能代替。")
    for kind in facts.contradicting:
        found.append(f"{CheckKind(kind).label}不符，还没有解决：查清以后再核一次，或者否定。")
    if not has_person:
        found.append("还没有对上登记里的人：用身份证号对上，或者先登记。")
    return found


# --- permission -------------------------------------------------------------------------------------------------------
def covers(reach: Reach, capability: Capability, verification) -> bool:
    """Return whether a capability reaches a case: at its committee, or at the branch it is assigned to. No query.

    Reads the two organisations.
    """
    if reach.covers(capability, verification.organization):
        return True
    return verification.unit is not None and reach.covers(capability, verification.unit)


def kinds_for(reach: Reach, verification) -> frozenset[str]:
    """Return the kinds of checks somebody may record in a case. No query.

    The committee's clerk: all. The branch it is assigned to: telephone and visit. The organisation department: what an
    organisation answers. Source: docs/permissions.csv, lines verification.
    """
    kinds: set[str] = set()
    if reach.covers(Capability.VERIFICATION_RECORD_CHECK, verification.organization):
        kinds.update((*TWO_CHECKS, *BY_CONTACT))
    elif covers(reach, Capability.VERIFICATION_RECORD_CHECK, verification):
        kinds.update(BY_CONTACT)
    if reach.covers(Capability.VERIFICATION_RECORD_REGISTER_CONFIRMATION, verification.organization):
        kinds.update(BY_ORGANISATION)
    return frozenset(kinds)


def may_decide(reach: Reach, capability: Capability, verification) -> bool:
    """Return whether somebody may assign, confirm, refute or close: at the committee that has the case. No query."""
    return reach.covers(capability, verification.organization)
