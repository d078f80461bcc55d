"""People on the way to membership in the demo: the eight of 攀枝花 (domain a.2), one at every later stage in 苏州."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta

from django.utils import timezone

from branches.choices import Kind, OrganizationStatus, Role
from branches.models import Appointment, Organization, Workday
from branches.rules import months_after
from branches.workflow.organizations import change_organization
from dashboard.demo.cities import PANZHIHUA, PANZHIHUA_FIRM_BRANCH, SUZHOU
from foundation.accounts.models import User
from members.choices import STEPS, StepNumber, StepRecorder
from members.models import Development, Driver, PartyMember, Person
from members.workflow import development as verbs

# Days ago on which the eight of this year applied; the first three are activists (S1: 8 applications, 3 of them).
_APPLIED = (310, 280, 250, 200, 150, 100, 60, 20)
_ACTIVISTS, _TALKED = 3, 6
_N = StepNumber


def load_development(organizations: Mapping[str, Organization], at: datetime) -> int:
    """Write the files by the verbs; return how many became members. About a second.

    Does nothing where nobody holds the posts that have to record.
    """
    today = timezone.localdate(at)
    firm = organizations[PANZHIHUA_FIRM_BRANCH]
    secretary, clerk = _holder(firm, Role.SECRETARY, at), _holder(organizations[PANZHIHUA], Role.CLERK, at)
    if secretary is not None and clerk is not None:
        _panzhihua(firm, today, secretary, clerk)
    clerk = _holder(organizations[SUZHOU], Role.CLERK, at)
    if clerk is None:
        return 0
    before = PartyMember.objects.count()
    people = _people("3205", 4)
    branches = _branches(organizations, at)
    # The day of becoming an activist, in months before today, and the last step that is recorded.
    for months, last in ((14, _N.TRAINING), (20, _N.OATH), (29, _N.ARCHIVED), (8, _N.CULTIVATORS)):
        branch, writer = next(branches, (None, None))
        if branch is None:
            break
        branch = change_organization(branch, {"may_develop_members": True}, version=branch.version, actor=None)
        file = _walk(next(people), branch, months_after(today, -months), last, writer, clerk)
        if last == _N.CULTIVATORS:
            reason = "本人迁回原籍，撤回申请"
            verbs.end(file, kind="withdrawn", reason=reason, on_date=today, version=file.version, actor=writer)
    return PartyMember.objects.count() - before


def _panzhihua(branch: Organization, today: date, secretary: User, clerk: User) -> None:
    for number, (person, days) in enumerate(zip(_people("5104", len(_APPLIED)), _APPLIED, strict=False)):
        applied = today - timedelta(days=days)
        last = _N.CULTIVATORS if number < _ACTIVISTS else _N.TALK if number < _TALKED else _N.APPLICATION
        _walk(person, branch, applied + timedelta(days=45), last, secretary, clerk, applied=applied)


def _walk(
    person: Person, branch: Organization, activist: date, last: int, secretary: User, clerk: User, applied=None
) -> Development:
    """Open the file of a person and record its steps up to one, each on its usual day."""
    days = _days(activist, applied or activist - timedelta(days=60))
    file = verbs.open_file(
        branch,
        name=person.name,
        id_number=person.id_number,
        applied_date=days[_N.APPLICATION],
        actor=secretary,
        at=_noon(days[_N.APPLICATION]),
    )
    friends = list(verbs.candidates(branch).order_by("pk")[:2])
    for number in sorted(days, key=lambda one: (days[one], one)):
        if number == _N.APPLICATION or number > last:
            continue
        if number == _N.TARGET:
            for months in (5, 11):
                on = months_after(activist, months) + timedelta(days=15)
                opinion = "按时参加学习，主动帮助同行司机，表现良好。"
                verbs.record_review(
                    file, on_date=on, opinion=opinion, version=file.version, actor=secretary, at=_noon(on)
                )
        day, values = days[number], _values(number, days, friends)
        side = secretary if STEPS[number].by == StepRecorder.BRANCH else clerk
        notice = values.get("notice_from_date")
        if notice is not None and not _is_known(notice, values["notice_until_date"]):
            reason = "演示数据：公示所在年份的工作日历还没有载入"
            verbs.override_gate(file, number, "notice", reason=reason, version=file.version, actor=clerk)
        verbs.record_step(file, number, done_date=day, version=file.version, actor=side, values=values, at=_noon(day))
    return file


def _days(activist: date, applied: date) -> dict[int, date]:
    """Return on which day each step is done, from the day somebody became an activist."""
    year = months_after(activist, 12)
    after = {
        _N.CULTIVATED: 2, _N.TARGET: 18, _N.TARGET_FILED: 20, _N.INTRODUCERS: 21, _N.POLITICAL_REVIEW: 22,
        _N.TRAINING: 25, _N.BRANCH_REVIEW: 43, _N.PRE_REVIEW: 45, _N.FORM: 46, _N.ADMISSION_MEETING: 55,
        _N.COMMITTEE_TALK: 60, _N.ADMISSION_APPROVED: 75, _N.ASSIGNED: 76, _N.ADMISSION_FILED: 80, _N.OATH: 90,
    }  # fmt: skip
    days: dict[int, date] = {number: year + timedelta(days=number_of) for number, number_of in after.items()}
    full = months_after(days[_N.ADMISSION_MEETING], 12)
    late = {_N.OBSERVED: -10, _N.CONFIRMATION_ASKED: -5, _N.CONFIRMATION_MEETING: 3, _N.CONFIRMATION_APPROVED: 20}
    days |= {number: full + timedelta(days=number_of) for number, number_of in late.items()}
    return days | {
        _N.APPLICATION: applied,
        _N.TALK: applied + timedelta(days=15),
        _N.ACTIVIST: activist,
        _N.ACTIVIST_FILED: activist + timedelta(days=5),
        _N.CULTIVATORS: activist + timedelta(days=6),
        _N.ARCHIVED: full + timedelta(days=40),
    }


_OPINIONS = {
    _N.TALK: "支部书记谈话：动机端正，了解党的基本知识，愿意带头遵守行车纪律。",
    _N.ACTIVIST: "党员推荐产生人选，支部委员会研究同意。",
    _N.CULTIVATED: "党小组、培养联系人和车队司机都肯定他的表现。",
    _N.TARGET: "支部委员会讨论同意列为发展对象。",
    _N.POLITICAL_REVIEW: "同本人谈话，函调原籍和现住地，没有发现问题。",
    _N.BRANCH_REVIEW: "支部委员会集体讨论，认为合格。",
    _N.COMMITTEE_TALK: "组织员谈话，意见写入志愿书。",
    _N.ASSIGNED: "编入本支部第一党小组。",
    _N.OBSERVED: "参加组织生活，完成支部交给的工作。",
}


def _values(number: int, days: dict[int, date], friends: list[PartyMember]) -> dict:
    until = days[number] - timedelta(days=1)
    wanted: dict[str, dict] = {
        "document": {"document": f"示例〔{days[number].year}〕{number} 号"},
        "opinion": {"opinion": _OPINIONS.get(StepNumber(number), "")},
        "votes": {
            "entitled": 3, "present": 2, "votes_for": 3, "votes_against": 0, "votes_abstained": 0,
            "written_opinions": 1,
        },
        "notice": {"notice_from_date": until - timedelta(days=14), "notice_until_date": until},
        "training": {"training_days": 3, "training_hours": 24},
        "qualified": {"result": "qualified"},
        "outcome": {"result": "confirm"},
        "cultivators": {"members": friends[:1]},
        "introducers": {"members": friends},
    }  # fmt: skip
    found: dict = {}
    for name in STEPS[number].fields:
        found |= wanted.get(name, {})
    return found


def _is_known(first: date, last: date) -> bool:
    return Workday.objects.filter(date__range=(first, last)).count() == (last - first).days + 1


def _people(prefix: str, count: int) -> Iterator[Person]:
    """Yield people of a city who drive and are no members, always the same ones."""
    drivers = Driver.objects.filter(
        registering_committee__code__startswith=prefix, person__party_member=None, person__id_number_index__isnull=False
    )
    yield from (one.person for one in drivers.select_related("person").order_by("pk")[:count])


def _branches(organizations: Mapping[str, Organization], at: datetime) -> Iterator[tuple[Organization, User]]:
    """Yield mobile branches of 苏州 with a secretary and at least two full members."""
    for code in sorted(organizations):
        branch = organizations[code]
        runs = branch.kind == Kind.MOBILE_BRANCH and branch.status == OrganizationStatus.ACTIVE
        if not runs or not code.startswith("3205"):
            continue
        secretary = _holder(branch, Role.SECRETARY, at)
        if secretary is not None and verbs.candidates(branch).count() > 1:
            yield branch, secretary


def _holder(organization: Organization, role: str, at: datetime) -> User | None:
    post = Appointment.objects.running(at).filter(organization=organization, role=role).select_related("user").first()
    return post.user if post else None


def _noon(day: date) -> datetime:
    return datetime.combine(day, time(12), tzinfo=timezone.get_default_timezone())
