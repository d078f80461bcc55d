"""Verifications of the demo: a lead in every state, a call with what it brought; all by the verbs, nobody real."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.utils import timezone

from branches.choices import Role
from branches.models import Appointment, Organization
from dashboard.demo.cities import PANZHIHUA, PANZHIHUA_FIRM_BRANCH
from dashboard.demo.names import People, counties_of
from foundation.accounts.models import User
from members.choices import CheckKind, CheckResult, VerificationOrigin
from members.models import Declaration, Driver, Person, Verification
from members.workflow import declarations, verification
from members.workflow.leads import Told, open_lead

_TOKENS = [f"{number:032x}" for number in range(1, 5)]


def load_verifications(organizations: dict[str, Organization], at: datetime) -> None:
    """Open a few cases of 攀枝花东区 and carry each to another state; begin a call of the city with four answers.

    Does nothing where nobody holds the posts, or where there are cases already.
    """
    county, branch, city = (organizations[code] for code in ("510402", PANZHIHUA_FIRM_BRANCH, PANZHIHUA))
    clerk, secretary = _holder(county, Role.CLERK, at), _holder(branch, Role.SECRETARY, at)
    city_clerk = _holder(city, Role.CLERK, at)
    if clerk is None or secretary is None or city_clerk is None or Verification.objects.exists():
        return
    before = at - timedelta(days=12)
    people = People(9, counties_of("5104"), "川D")
    cases = _Cases(county, clerk, before)
    free = Driver.objects.filter(registering_committee=county, person__party_member__isnull=True)
    drivers = list(free.select_related("person").order_by("-pk")[:5])
    # Waiting to be begun: what the branch has heard, and what a firm has sent in.
    open_lead(
        Told(name=people[0].name, phone=people[0].phone, home="老家的村党支部", joined="2009 年"),
        branch,
        origin=VerificationOrigin.BRANCH,
        actor=secretary,
        at=before,
    )
    cases.open(VerificationOrigin.FIRM, name=people[1].name, phone=people[1].phone, note="示例企业 11 月名单")
    # Under way, late, and given to the branch.
    checking = cases.open(VerificationOrigin.PLATFORM, person=drivers[0].person, note="示例平台 11 月名单")
    due = timezone.localdate(at) + timedelta(days=2)
    verification.assign(checking, branch, due_date=due, actor=clerk, at=before)
    cases.open(VerificationOrigin.TRANSPORT_REGISTER, person=drivers[1].person, due=timezone.localdate(at))
    # He says so himself, nobody else does yet.
    awaiting = cases.open(VerificationOrigin.TRANSPORT_REGISTER, person=drivers[2].person)
    cases.check(awaiting, CheckKind.PHONE, note="本人说 2011 年在部队入党")
    doubtful = cases.open(VerificationOrigin.PLATFORM, person=drivers[3].person, note="示例平台 11 月名单")
    cases.check(doubtful, CheckKind.PHONE, note="本人说是党员")
    cases.check(
        doubtful,
        CheckKind.HOME_ORGANISATION,
        result=CheckResult.CONTRADICTS,
        evidence="函复示例〔2026〕7 号",
        note="查无此人",
    )
    refuted = cases.open(VerificationOrigin.PLATFORM, person=drivers[4].person, note="示例平台 11 月名单")
    cases.check(refuted, CheckKind.PHONE, result=CheckResult.CONTRADICTS, note="本人说填错了，是团员")
    verification.refute(refuted, reason="本人说明名单填错", actor=clerk, at=at)
    # Confirmed: who is placed in the branch already, so that the figures of the article stay 29 + 1.
    member = Person.objects.filter(party_member__formal_organization=branch).order_by("pk").first()
    if member is not None:
        confirmed = cases.open(VerificationOrigin.TRANSPORT_REGISTER, person=member)
        cases.check(confirmed, CheckKind.MEMBER_REGISTER, evidence="查询 2026-11-20 第 3 条")
        verification.confirm(confirmed, actor=clerk, at=at)
    closed = cases.open(VerificationOrigin.FIRM, name=people[2].name, note="示例企业 11 月名单")
    verification.close(closed, reason="回原籍，不再跑车", actor=clerk, at=at)
    _call(city, city_clerk, people, at)


class _Cases:
    """What a clerk of a county writes down."""

    def __init__(self, county: Organization, clerk: User, at: datetime) -> None:
        self.county, self.clerk, self.at = county, clerk, at

    def open(self, origin: str, *, due: date | None = None, **told) -> Verification:
        """Open a case and return it."""
        return open_lead(Told(**told), self.county, origin=origin, actor=self.clerk, due_date=due, at=self.at)

    def check(self, case: Verification, kind: str, *, result: str = CheckResult.AGREES, **words) -> None:
        """Write down one of the six, a few days later."""
        at = self.at + timedelta(days=4)
        verification.record_check(
            case, kind, result=result, on_date=timezone.localdate(at), actor=self.clerk, at=at, **words
        )


def _call(city: Organization, clerk: User, people: People, at: datetime) -> None:
    today = timezone.localdate(at)
    values = {
        "title": "致在攀枝花跑车的党员同志",
        "text": "同志，您在路上，组织在您身边。\n"
        "无论组织关系在哪里，请告诉我们一声，我们帮您就近找到支部，一起参加组织生活。",
        "from_date": today - timedelta(days=20),
        "until_date": today + timedelta(days=70),
    }
    call = declarations.begin_campaign(city, values, actor=clerk, at=at - timedelta(days=20))
    for number, token in enumerate(_TOKENS):
        person = people[10 + number]
        declared = declarations.Declared(
            name=person.name, phone=person.phone, home=f"示例县第{number + 1}村党支部", joined=f"{2005 + number} 年"
        )
        days = timedelta(days=9 - 2 * number)
        declarations.declare(declared, token=token, consents=True, campaign=call, at=at - days)
    first, second, *_ = Declaration.objects.filter(campaign=call).order_by("submitted_at")
    declarations.turn_into_verification(first, city, actor=clerk, at=at - timedelta(days=2))
    words = "您的组织关系就在本市的支部，请直接与支部书记联系。"
    declarations.give_back(second, words=words, actor=clerk, at=at - timedelta(days=1))


def _holder(organization: Organization, role: str, at: datetime) -> User | None:
    post = Appointment.objects.running(at).filter(organization=organization, role=role).select_related("user").first()
    return post.user if post else None
