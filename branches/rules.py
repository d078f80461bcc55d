"""Rules of the organisation tree: who may do what, what may stand where. Pure; time is passed in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta

from branches.capabilities import CAPABILITIES, Capability
from branches.choices import (
    BUSINESS_ROLES,
    DUTY_ROLES,
    MAY_STAND_UNDER,
    ROLE_AT,
    SEPARATED_ROLES,
    STAFF_ROLES,
    AppointmentSource,
    DivisionLevel,
    Duty,
    Extent,
    Kind,
    Level,
    Role,
)
from branches.scope import reach_of

__all__ = ["CAPABILITIES", "Capability", "excluded_by", "may", "may_hold_at", "may_stand_under"]

_RUNGS = [Level.PROVINCE, Level.CITY, Level.COUNTY, Level.BASE]
_LEVEL_OF_DIVISION = {
    DivisionLevel.PROVINCE: Level.PROVINCE,
    DivisionLevel.PREFECTURE: Level.CITY,
    DivisionLevel.COUNTY: Level.COUNTY,
}
# Rows of the division list that stand for "everything else below here" and are no places themselves.
COLLECTIVE_DIVISIONS = frozenset({"市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划"})


# --- permission -----------------------------------------------------------------------------------------------------
def may(who, capability: Capability, at=None) -> bool:
    """Return whether a user (or reach) may do this at an organisation; without `at`, whether anywhere at all.

    Costs the one or two queries of `reach_of` for a user, none for a reach. Source: docs/permissions.csv.
    """
    reach = reach_of(who)
    return reach.has(capability) if at is None else reach.covers(capability, at)


def may_appoint(who, role: str, organization) -> bool:
    """Return whether a user (or reach) may fill this role at this organisation.

    The three administrators are appointed by a security administrator only, whatever else somebody covers.
    Source: docs/permissions.md (subtree_below: nobody appoints himself; separated roles). Queries as `may`.
    """
    reach = reach_of(who)
    return reach.covers(Capability.APPOINTMENT_APPOINT, organization) and _may_touch_role(reach, role)


def may_end_appointment(who, appointment) -> bool:
    """Return whether a user (or reach) may end this appointment. Queries as `may`; reads appointment.organization."""
    reach = reach_of(who)
    return reach.covers(Capability.APPOINTMENT_END, appointment.organization) and _may_touch_role(
        reach, appointment.role
    )


def may_add_user(who, organization) -> bool:
    """Return whether a user (or reach) may open an account for a post at this organisation. Queries as `may`."""
    return may(who, Capability.USER_ADD, organization)


def may_issue_reset_code(who, target, appointments: Iterable) -> bool:
    """Return whether a user (or reach) may give out a one-time code for the account `target`.

    `appointments` are all of the target's that have not ended, with their organisations. A clerk: every one of them
    lies below his own organisation and none is an administrator's; an account without a post is nobody's below.
    Never for oneself, never for a superuser. Queries as `may`.
    """
    reach = reach_of(who)
    if target.pk == reach.user_id or target.is_superuser:
        return False
    appointments = list(appointments)
    if Role.SECURITY_ADMIN in reach.roles:
        return True
    return bool(appointments) and all(
        appointment.role not in SEPARATED_ROLES
        and reach.covers(Capability.USER_ISSUE_RESET_CODE, appointment.organization)
        for appointment in appointments
    )


def may_lock(who, target) -> bool:
    """Return whether a user (or reach) may lock and unlock the account: security administrators, never their own."""
    reach = reach_of(who)
    return target.pk != reach.user_id and reach.has(Capability.USER_LOCK)


def may_arrange_office(who, office) -> bool:
    """Return whether a user (or reach) may name the deputy of an office and note its absence.

    The clerk for every office of his subtree, the secretary for those of his unit, the handler for the one he holds.
    Reads office.organization and office.holder. Queries as `may`. Source: docs/permissions.csv.
    """
    reach = reach_of(who)
    extents = reach.extents_at(Capability.APPOINTMENT_SET_DEPUTY, office.organization)
    if extents - {Extent.OWN}:
        return True
    return bool(extents) and office.holder is not None and office.holder.user_id == reach.user_id


def _may_touch_role(reach, role: str) -> bool:
    return role not in SEPARATED_ROLES or Role.SECURITY_ADMIN in reach.roles


# --- the tree -------------------------------------------------------------------------------------------------------
def may_stand_under(kind: str, parent_kind: str | None) -> bool:
    """Return whether an organisation of this kind may stand under that kind (None: at the top)."""
    return (Kind(parent_kind) if parent_kind else None) in MAY_STAND_UNDER[Kind(kind)]


def level_fits(level: str, parent_level: str | None) -> bool:
    """Return whether a level may stand under that one: never above its parent, base units under base units."""
    if parent_level is None:
        return True
    return _RUNGS.index(Level(level)) >= _RUNGS.index(Level(parent_level))


def level_of_division(level: str) -> Level:
    """Return the level of the committee of a division of this level (province, prefecture, county)."""
    return _LEVEL_OF_DIVISION[DivisionLevel(level)]


def is_functional_zone(code: str) -> bool:
    """Return whether a county code is a statistical one (71 to 79 at the end), no division of GB/T 2260.

    Such zones (开发区, 工业园区) may have a committee, but none is missing when they have not.
    Source: the numbering of the National Bureau of Statistics.
    """
    return len(code) == 6 and "71" <= code[4:] <= "79"


# --- posts ----------------------------------------------------------------------------------------------------------
def may_hold_at(role: str, kind: str) -> bool:
    """Return whether a role can be held at an organisation of this kind."""
    return Kind(kind) in ROLE_AT[Role(role)]


def excluded_by(role: str, held: frozenset[str]) -> frozenset[str]:
    """Return those of the held roles that exclude the new one.

    Auditor, security and system administrator exclude each other and every business role (docs/permissions.md).
    """
    role = Role(role)
    if role in SEPARATED_ROLES:
        return frozenset(other for other in held if other != role)
    return frozenset(other for other in held if other not in BUSINESS_ROLES)


def opens_admin(roles: Iterable[str]) -> bool:
    """Return whether one of these roles works in the admin."""
    return not STAFF_ROLES.isdisjoint(roles)


def needs_second_factor(roles: Iterable[str], required_for: Iterable[str]) -> bool:
    """Return whether one of these roles is among those that need a second factor (SECOND_FACTOR_ROLES)."""
    return not frozenset(required_for).isdisjoint(roles)


def seconding_sentence(role: str, source: str, seconded_from: str) -> str:
    """Return why a post cannot be filled in this way as far as seconding goes; "" when it can.

    A first secretary (第一书记) is a leader who is seconded: it is said from where. Source: domain a.1, d.2.
    """
    if seconded_from and source != AppointmentSource.SECONDED:
        return "派出单位只有派驻的才填；产生方式请选“派驻”，或者把它空着。"
    if role == Role.LEADER and source == AppointmentSource.SECONDED and not seconded_from:
        return "派驻的第一书记要写派出单位，如 市委组织部。"
    return ""


# --- offices --------------------------------------------------------------------------------------------------------
def acting(office, present: Iterable, at: datetime) -> list:
    """Return the appointments that do the work of an office at an instant; none: it falls to the level above.

    The holder who is there; else the deputy; else whoever holds a role for the duty at the organisation (`DUTY_ROLES`)
    and is not the absent holder. `present` are the running appointments there. Reads office.holder and office.deputy.
    """
    if office.holder is not None and office.holder.is_running(at) and not is_absent(office, at):
        return [office.holder]
    if office.deputy is not None and office.deputy.is_running(at):
        return [office.deputy]
    roles = DUTY_ROLES[Duty(office.duty)]
    return [one for one in present if one.role in roles and one.pk != office.holder_id]


def is_absent(office, at: datetime) -> bool:
    """Return whether the holder of an office is noted as away at an instant."""
    begun = office.absent_from_at is not None and office.absent_from_at <= at
    return begun and (office.absent_until_at is None or office.absent_until_at > at)


# --- working days -----------------------------------------------------------------------------------------------------
def nth_workday(start_date: date, n: int, calendar: Mapping[date, bool]) -> date | None:
    """Return the n-th working day after a date, or None where the calendar does not reach (never guessed).

    `calendar` maps each known day to whether it is worked. The day of the start is not counted; make-up Saturdays
    count, holidays do not. Source: 《民法典》第二百零一条、第二百零三条.
    """
    day, left = start_date, n
    while left > 0:
        day += timedelta(days=1)
        if day not in calendar:
            return None
        left -= bool(calendar[day])
    return day


# --- terms ------------------------------------------------------------------------------------------------------------
# Months ahead of the end of a term at which people are reminded; 0: it is due.
TERM_REMINDERS = (6, 3, 1, 0)


def may_have_term(kind: str) -> bool:
    """Return whether an organisation of this kind is elected for a term: committees, 党总支 and branches."""
    return kind not in (Kind.DEPARTMENT, Kind.GROUP, Kind.CLOUD_BRANCH)


def months_after(day: date, months: int) -> date:
    """Return the same day some months later; where a month has no such day, its last (《民法典》第二百零二条)."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = (date(year + (month == 11), (month + 1) % 12 + 1, 1) - timedelta(days=1)).day
    return date(year, month + 1, min(day.day, last))


def end_of_term(elected_date: date, years: int) -> date:
    """Return the day by which the next election is due; a term of 29 February ends on 28 February."""
    return months_after(elected_date, 12 * years)


def reminder_of(due_date: date, today: date) -> int | None:
    """Return the stage of a reminder: 0 when due, else 1, 3 or 6 months ahead; None: not yet."""
    if due_date <= today:
        return 0
    return next((months for months in sorted(TERM_REMINDERS[:-1]) if due_date <= months_after(today, months)), None)


# --- hand-over --------------------------------------------------------------------------------------------------------
# Days ahead of the end of a post at which people are reminded: a month and a week.
POST_REMINDERS = (31, 7)
COUNTED_WITHIN = timedelta(days=31)  # a post that ended longer ago is not counted any more


def days_left(until_at: datetime, at: datetime) -> int:
    """Return the whole days from an instant to another, never below 0."""
    return max((until_at - at).days, 0)


def post_reminder_of(until_at: datetime, at: datetime) -> int | None:
    """Return the stage of a reminder before a post ends: 7 or 31 days; None: not yet, or over."""
    if until_at <= at:
        return None
    return next((days for days in sorted(POST_REMINDERS) if until_at - at <= timedelta(days=days)), None)


# Months ahead of the end of a secondment at which people are reminded (local custom).
SECONDMENT_REMINDERS = (3, 1)
