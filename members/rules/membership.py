"""Rules of membership: standing, votes, absence, where a formal relation may lie. Pure; the day is passed in."""

from __future__ import annotations

import calendar
from datetime import date

from branches.capabilities import Capability
from branches.choices import BRANCHES, Kind
from branches.scope import Reach
from members.choices import MEMBER_VOTING, Absence, AdmissionBasis, MemberStatus

# 《关于进一步加强和改进流动党员管理工作的意见》（中办 2024）: six months in a row away from the branch's activities.
FLOWING_MONTHS = 6
# 《中国共产党支部工作条例（试行）》第四条 (secondary): at least three full members, as a rule at most fifty members.
BRANCH_LEAST_FULL, BRANCH_MOST = 3, 50
PROBATION_YEARS = 1  # 《中国共产党章程》第七条：预备党员的预备期为一年
# 云上党支部 gathers for activities only: a formal relation needs a branch that meets (支部工作条例第四条).
FORMAL_KINDS = BRANCHES - {Kind.CLOUD_BRANCH} | {Kind.GENERAL_BRANCH}
# Whoever may say that the evidence is there may make a member of it.
ADMITTED_BY: dict[str, Capability] = {
    AdmissionBasis.VERIFICATION: Capability.VERIFICATION_CONFIRM,
    AdmissionBasis.DEVELOPMENT: Capability.DEVELOPMENT_APPROVE_STEP,
    AdmissionBasis.LETTER: Capability.TRANSFER_RECEIVE,
}


def months_after(day: date, months: int) -> date:
    """Return the day so many calendar months later; where that month has no such day, its last one.

    29 February plus twelve months is 28 February. Source: 《民法典》第二百零二条.
    """
    years, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(years, month + 1, min(day.day, calendar.monthrange(years, month + 1)[1]))


def absence_of(since: date | None, on: date) -> Absence:
    """Return what an absence that began on a day is on another: short until six months are full, then flowing."""
    if since is None or since > on:
        return Absence.HOME
    return Absence.FLOWING if months_after(since, FLOWING_MONTHS) <= on else Absence.SHORT


def flowing_since_before(on: date) -> date:
    """Return the last day on which an absence must have begun to be six months old on a date; for queries."""
    day = months_after(on, -FLOWING_MONTHS)
    # At the end of a month several days reach the same one: 29, 30 and 31 August all reach 28 February.
    while months_after(date.fromordinal(day.toordinal() + 1), FLOWING_MONTHS) <= on:
        day = date.fromordinal(day.toordinal() + 1)
    return day


def party_standing(full_date: date | None, on: date) -> int | None:
    """Return 党龄 in whole years: from the day the probation, prolonged or not, was over. None for who is not full.

    Source: 《中国共产党章程》第七条：党员的党龄，从预备期满转为正式党员之日算起.
    """
    if full_date is None or full_date > on:
        return None
    years = on.year - full_date.year
    return years - (months_after(full_date, 12 * years) > on)


def size_of_branch(full: int, members: int) -> str:
    """Return "few" for a branch with too few full members, "many" for one with too many members, else "".

    A warning, never a bar: a branch may be on its way (《支部工作条例》第四条, secondary).
    """
    if full < BRANCH_LEAST_FULL:
        return "few"
    return "many" if members > BRANCH_MOST else ""


def has_vote_at(status: str, formal_organization_id: int | None, organization_id: int) -> bool:
    """Return whether a member has vote and election rights in a unit: full, and formally there.

    Source: 《关于进一步加强和改进流动党员管理工作的意见》; 《发展党员工作细则》 (预备党员 have none).
    """
    return status in MEMBER_VOTING and formal_organization_id == organization_id


def may_hold_formal(kind: str) -> bool:
    """Return whether formal relations may lie with a unit of this kind."""
    return kind in FORMAL_KINDS


def date_sentences(status: str, joined: date | None, full: date | None, on: date) -> dict[str, str]:
    """Return what is wrong with the dates of a membership, one sentence per field; nothing when they fit.

    Full membership comes one calendar year after the meeting that admitted, or later when it was prolonged.
    Source: 《中国共产党章程》第七条; 《发展党员工作细则》.
    """
    wrong: dict[str, str] = {}
    if joined is None:
        if status in (MemberStatus.PROBATIONARY, MemberStatus.FULL, MemberStatus.SUSPENDED):
            wrong["joined_date"] = "入党日期没有填：支部大会通过的那一天。"
    elif joined > on:
        wrong["joined_date"] = "入党日期还没有到。"
    if status == MemberStatus.PROBATIONARY:
        if full is not None:
            wrong["full_date"] = "预备党员还没有转正日期。"
    elif full is None:
        if status in (MemberStatus.FULL, MemberStatus.SUSPENDED):
            wrong["full_date"] = "正式党员要填转正日期，党龄从这一天算起。"
    elif full > on:
        wrong["full_date"] = "转正日期还没有到。"
    elif joined is not None and full < months_after(joined, 12 * PROBATION_YEARS):
        earliest = months_after(joined, 12 * PROBATION_YEARS)
        wrong["full_date"] = f"预备期一年（党章第七条），最早 {earliest:%Y-%m-%d} 转正。"
    return wrong


# --- permission -------------------------------------------------------------------------------------------------------
def covers_member(reach: Reach, capability: Capability, member) -> bool:
    """Return whether a capability reaches a member where he formally is, or was. Reads the two organisations.

    A member of a unit outside is covered by whoever sees him: the caller asks the scoped queryset. No query.
    """
    at = member.formal_organization or member.last_organization
    return reach.has(capability) if at is None else reach.covers(capability, at)
