"""Branch life of the demo: this year's activities of every branch, with gaps, and something to do this month."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from uuid import UUID, uuid5

from django.utils import timezone

from activities.choices import ActivityKind, ActivityStatus, AttendanceStatus, Mode
from activities.models import Activity, Attendance, Venue
from activities.rules.acts import sums
from activities.workflow import recompute
from activities.workflow.roll import candidates
from branches.choices import BRANCHES, ElectionMethod, Kind, OrganizationStatus
from branches.models import Organization, Term
from branches.rules import end_of_term, may_have_term, months_after
from dashboard.demo.cities import PANZHIHUA_FIRM_BRANCH, PLATFORM

_NAMES = UUID("5f0f8c0e-3c0d-4c53-9a53-6c1f6d1d5a10")
_TOPICS = {
    ActivityKind.THEME_DAY: ("冬季行车安全", "帮新来的司机认路", "清洁服务区", "学习劳模事迹", "慰问困难司机"),
    ActivityKind.PARTY_LECTURE: ("条例第几条管什么", "新就业群体政策", "安全生产十五条", "从严治党要点"),
    ActivityKind.MEMBER_ASSEMBLY: ("讨论季度工作", "通报诉求办理", "听取支部报告", "讨论发展对象"),
    ActivityKind.COMMITTEE_MEETING: ("研究本月安排", "研究司机诉求", "研究困难帮扶"),
}
_UNVEILED_AT = ("主会场：深圳", "分会场：广州", "分会场：东莞", "分会场：佛山")
_ROLLS = (ActivityKind.THEME_DAY, ActivityKind.COMMITTEE_MEETING)  # every other kind has the roll of the first
_MODES = (Mode.OFFLINE, Mode.MIXED, Mode.ONLINE)
_ABSENCES = (AttendanceStatus.EXCUSED, AttendanceStatus.ABSENT, AttendanceStatus.MADE_UP)


def load_activities(organizations: Mapping[str, Organization], at: datetime) -> int:
    """Write the activities of every branch that has a roll, and count this year's calendar; return how many.

    Of the present month the 主题党日 of some branches only: the rest is what secretaries find to do. About three
    queries per branch.
    """
    today = timezone.localdate(at)
    activities: list[Activity] = []
    rolls: list[tuple[Activity, list[Attendance]]] = []
    branches = [
        one for one in organizations.values() if one.kind in BRANCHES and one.status == OrganizationStatus.ACTIVE
    ]
    for number, branch in enumerate(sorted(branches, key=lambda one: one.code)):
        by_kind = {kind.value: candidates([branch], kind, at) for kind in _ROLLS}
        for kind, held in [*_calendar(number, branch, today), *_this_month(number, branch, today)]:
            roll = by_kind.get(str(kind), by_kind[ActivityKind.THEME_DAY.value])
            if not roll:
                continue
            activity, lines = _held(branch, kind, held, roll, len(activities))
            activities.append(activity)
            rolls.append((activity, lines))
    planned = [*_planned(branches, at), *_unveiling(organizations, at)]
    Activity.objects.bulk_create([*activities, *planned], batch_size=500)
    Attendance.objects.bulk_create([line for _, lines in rolls for line in lines], batch_size=1000)
    Venue.objects.bulk_create(
        Venue(activity=one, place=place, position=position)
        for one in [*activities, *planned]
        for position, place in enumerate(_places(one), start=1)
    )
    recompute(today.year)
    return len(activities) + len(planned)


def load_terms(organizations: Mapping[str, Organization], at: datetime) -> int:
    """Write the term of every second branch that works, some of them due soon and a few overdue; return how many."""
    today = timezone.localdate(at)
    branches = [
        one
        for one in organizations.values()
        if one.kind in BRANCHES and may_have_term(one.kind) and one.status == OrganizationStatus.ACTIVE
    ]
    terms = []
    for number, branch in enumerate(sorted(branches, key=lambda one: one.code)[::2]):
        # From a month ago to thirty-five months ahead.
        elected = months_after(today.replace(day=1), -37 + number * 5 % 37)
        entitled = 9 + number % 7
        terms.append(
            Term(
                organization=branch,
                elected_date=elected,
                years=3,
                planned_end_date=end_of_term(elected, 3),
                method=ElectionMethod.ASSEMBLY,
                entitled=entitled,
                present=entitled - number % 2,
                document=f"示例〔{elected.year}〕{number + 1} 号",
            )
        )
    return len(Term.objects.bulk_create(terms, batch_size=500))


def _calendar(number: int, branch: Organization, today: date) -> Iterator[tuple[str, datetime]]:
    """Yield what a branch held this year until last month; every seventh misses something."""
    china = timezone.get_default_timezone()
    for month in range(1, today.month):
        day = date(today.year, month, 5 + (number * 3 + month) % 20)
        at = datetime.combine(day, time(9 + number % 8, 30), tzinfo=china)
        if (number + month) % 7:
            yield ActivityKind.THEME_DAY, at
        if month % 3 == 2 and (number + month) % 9:
            yield ActivityKind.PARTY_LECTURE, at + timedelta(hours=2)
        if month % 3 == 0 and (number + month) % 8 and branch.kind != Kind.CLOUD_BRANCH:
            yield ActivityKind.MEMBER_ASSEMBLY, at + timedelta(hours=3)
        if (number + month) % 5 and branch.kind != Kind.CLOUD_BRANCH:
            yield ActivityKind.COMMITTEE_MEETING, at - timedelta(days=2)


def _this_month(number: int, branch: Organization, today: date) -> Iterator[tuple[str, datetime]]:
    """Yield the 主题党日 that some branches have held this month already; not that of the demo's secretary."""
    if number % 5 not in (0, 2, 3) or branch.code == PANZHIHUA_FIRM_BRANCH or today.day < 3:
        return
    day = today.replace(day=1 + number * 3 % (today.day - 1))
    yield (
        ActivityKind.THEME_DAY,
        datetime.combine(day, time(9 + number % 8, 30), tzinfo=timezone.get_default_timezone()),
    )


def _places(activity: Activity) -> tuple[str, ...]:
    if activity.kind == ActivityKind.UNVEILING:
        return _UNVEILED_AT
    return ("线上会议室",) if activity.mode == Mode.ONLINE else ("支部活动室",)


def _unveiling(organizations: Mapping[str, Organization], at: datetime) -> Iterator[Activity]:
    """Yield one unveiling to come of the platform: a main venue and three joined by video (domain a.1, S3)."""
    if PLATFORM in organizations:
        yield Activity(
            organization=organizations[PLATFORM],
            kind=ActivityKind.UNVEILING,
            topic="六个新建党支部揭牌授牌",
            mode=Mode.MIXED,
            starts_at=(at + timedelta(days=6)).replace(minute=0, second=0, microsecond=0),
            agenda="一、宣读批复。二、授牌。三、支部书记表态。四、分会场连线。",
            status=ActivityStatus.PLANNED,
            key=uuid5(_NAMES, "unveiling"),
        )


def _held(branch, kind: str, held: datetime, roll, number: int) -> tuple[Activity, list[Attendance]]:
    topics = _TOPICS[ActivityKind(kind)]
    is_assembly = kind == ActivityKind.MEMBER_ASSEMBLY
    activity = Activity(
        organization=branch,
        kind=kind,
        topic=topics[number % len(topics)],
        mode=Mode.OFFLINE if is_assembly and branch.kind != Kind.MOBILE_BRANCH else _MODES[number % len(_MODES)],
        starts_at=held,
        minutes="通报上月诉求办理情况；各人说路上的难处；商定下月的事。",
        decisions="下月帮两名新司机认路，书记负责。" if number % 3 == 0 else "",
        status=ActivityStatus.DONE,
        held_at=held,
        rolled_at=held + timedelta(hours=1),
        guests=12 if kind == ActivityKind.PARTY_LECTURE and number % 4 == 0 else 0,
        key=uuid5(_NAMES, f"{branch.code} {kind} {held.date()}"),
    )
    lines = []
    for place, one in enumerate(roll):
        is_away = place > 0 and (place + number) % 6 == 0
        status = _ABSENCES[(place + number) // 6 % len(_ABSENCES)] if is_away else AttendanceStatus.PRESENT
        lines.append(
            Attendance(
                activity=activity,
                organization_id=one.organization_id,
                person_id=one.person_id,
                user_id=one.user_id,
                status=status,
                may_vote=one.may_vote,
                made_up_date=held.date() + timedelta(days=3) if status == AttendanceStatus.MADE_UP else None,
            )
        )
    for name, total in sums(line.status for line in lines).items():
        setattr(activity, name, total)
    return activity, lines


def _planned(branches: list[Organization], at: datetime) -> list[Activity]:
    """Return a few meetings to come, of every tenth branch; each second one is notified already."""
    found = []
    for number, branch in enumerate(sorted(branches, key=lambda one: one.code)[::10]):
        starts = (at + timedelta(days=2 + number % 3)).replace(minute=0, second=0, microsecond=0)
        is_notified = number % 2 == 0
        found.append(
            Activity(
                organization=branch,
                kind=ActivityKind.MEMBER_ASSEMBLY if branch.kind != Kind.CLOUD_BRANCH else ActivityKind.STUDY,
                topic="讨论年度工作",
                starts_at=starts,
                agenda="一、通报诉求办理。二、讨论年度总结。三、其他。",
                status=ActivityStatus.NOTIFIED if is_notified else ActivityStatus.PLANNED,
                notified_at=at if is_notified else None,
                key=uuid5(_NAMES, f"{branch.code} planned"),
            )
        )
    return found
