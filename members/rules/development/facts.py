"""What gates ask about a file, the numbers of the rules, and the days that follow from them. Pure.

Months and years end on the corresponding day, else on the last of the month (`months_after`; 《民法典》第二百零二条).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from branches.choices import Kind
from members.rules.membership import PROBATION_YEARS, months_after

AGE_LEAST = 18  # 第五条；党章第一条
TALK_MONTHS = 1  # 第七条
CULTIVATION_MONTHS = 12  # 第十三条：经过一年以上培养教育和考察
REVIEW_MONTHS = 6  # 第十一条：每半年进行一次考察
CULTIVATORS_MOST = 2  # 第九条：一至两名正式党员
INTRODUCERS = 2  # 第十四条
TRAINING_DAYS_LEAST, TRAINING_HOURS_LEAST = 3, 24  # 第十七条：不少于三天或不少于二十四个学时
POLITICAL_REVIEW_MONTHS = 12  # no number of the rules: practice, secondary (domain b.1)
MEETING_MONTHS = 1  # 《入党志愿书》发放后一个月内开支部大会: practice, secondary (domain b.1)
APPROVAL_MONTHS, APPROVAL_MONTHS_MOST = 3, 6  # 第二十六条
CONFIRMATION_APPROVAL_MONTHS = 3  # 第三十三条
EXTENSION_LEAST, EXTENSION_MOST = 6, 12  # 第三十一条：延长不能少于半年，最长不超过一年
IN_TIME_MONTHS = 1  # 第三十一条 says 及时; a month is ours and only warns
NOTICE_WORKDAYS = 5  # 公示: no number of the rules, unverified; settings.DEVELOPMENT_NOTICE_WORKDAYS
OVERRIDE_REASON_LEAST = 10  # characters; who lets something pass says why
# Whether such a branch may admit anybody is for the committee above (domain b.1): `may_develop_members`.
NEEDS_LEAVE_TO_DEVELOP = frozenset({Kind.MOBILE_BRANCH, Kind.CLOUD_BRANCH})


@dataclass(frozen=True, slots=True)
class Votes:
    """The count of a branch meeting. Written opinions given before it are among for, against and abstained."""

    entitled: int
    present: int
    votes_for: int
    votes_against: int
    votes_abstained: int
    written_opinions: int = 0

    @property
    def adds_up(self) -> bool:
        """Whether those who spoke are those who were there or wrote, and no more than were entitled."""
        spoke = self.present + self.written_opinions
        return self.votes_for + self.votes_against + self.votes_abstained == spoke <= self.entitled


@dataclass(frozen=True, slots=True)
class Facts:
    """What a file says at a moment; `None` and empty where it says nothing yet."""

    born: date | None = None
    done: Mapping[int, date] = field(default_factory=dict)  # step → day, of those that count now
    half_years: frozenset[int] = frozenset()  # half-years whose review is recorded
    cultivators: int = 0  # full members who cultivate him now
    introducers: int = 0  # full members who introduce him now
    review_result: str = ""
    extended_months: int | None = None
    probation_until: date | None = None
    outcome: str = ""  # of the meeting on his confirmation
    may_develop: bool = True
    notice_workdays: int = NOTICE_WORKDAYS


@dataclass(frozen=True, slots=True)
class Proposal:
    """What is about to be written down for a step, as far as gates ask."""

    on: date
    votes: Votes | None = None
    training_days: Decimal | None = None
    training_hours: int | None = None
    notice: tuple[date, date] | None = None
    result: str = ""
    months: int | None = None
    late_reason: str = ""
    sponsors: int | None = None
    calendar: Mapping[date, bool] = field(default_factory=dict)
    is_preview: bool = False  # nothing was typed yet: gates on what is typed are not asked


# --- the days ---------------------------------------------------------------------------------------------------------
def of_age_from(born: date) -> date:
    """Return the 18th birthday; of who was born on 29 February the 28th. Source: 第五条; 党章第一条."""
    return months_after(born, 12 * AGE_LEAST)


def target_from(activist: date) -> date:
    """Return the first day on which an activist may become a target: a year by calendar. Source: 第十三条."""
    return months_after(activist, CULTIVATION_MONTHS)


def half_year_ends(activist: date, number: int) -> date:
    """Return the day by which the review for the n-th half-year is due. Source: 第十一条."""
    return months_after(activist, REVIEW_MONTHS * number)


def half_years_full(activist: date, on: date) -> int:
    """Return how many half-years are full on a day."""
    number = 0
    while half_year_ends(activist, number + 1) <= on:
        number += 1
    return number


def review_to_record(activist: date, recorded: Iterable[int], on: date) -> int | None:
    """Return the half-year a review on a day is for: the first without one that has begun; None when all have one."""
    there, number = frozenset(recorded), 1
    while number in there:
        number += 1
    return number if half_year_ends(activist, number - 1) <= on else None


def probation_ends(admitted: date, extended_months: int | None = None) -> date:
    """Return the day the probation is over, from the day of the branch meeting. Source: 第三十一条."""
    return months_after(admitted, 12 * PROBATION_YEARS + (extended_months or 0))


def workdays_in(first: date, last: date, calendar: Mapping[date, bool]) -> int | None:
    """Return the working days from a day to another, both counted; None where the calendar does not reach."""
    number, day = 0, first
    while day <= last:
        if day not in calendar:
            return None
        number += bool(calendar[day])
        day += timedelta(days=1)
    return number
