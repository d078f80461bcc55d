"""What a branch of the demo keeps about its members: dues, last year's appraisal, cards, contacts; all by the verbs."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

from django.utils import timezone

from branches.models import Appointment, Organization
from dashboard.demo.cities import PANZHIHUA, PANZHIHUA_FIRM_BRANCH
from foundation.accounts.models import User
from members.choices import AppraisalGrade, DuesCategory
from members.models import Driver, PartyMember
from members.rules.dues import month_of
from members.rules.membership import months_after
from members.workflow import appraisals, cards, contacts, dues, tags
from members.workflow.dues import Payment

_INCOMES = (4200, 5200, 2800, 6100, 3600, 5000, 10400)
_GRADES = (AppraisalGrade.QUALIFIED, AppraisalGrade.QUALIFIED, AppraisalGrade.EXCELLENT, AppraisalGrade.QUALIFIED)


def load_records(organizations: dict[str, Organization], at: datetime) -> None:
    """Let the secretary of the firm's branch keep its books for ten members; fixed rows.

    Its first five have letters and a search under way and are left alone. Does nothing where nobody holds the posts
    or few are there.
    """
    branch = organizations[PANZHIHUA_FIRM_BRANCH]
    secretary, clerk = _holder(branch, "secretary", at), _holder(organizations[PANZHIHUA], "clerk", at)
    begun = date(timezone.localdate(at).year, 1, 1)
    busy = PartyMember.objects.filter(formal_organization=branch).order_by("pk").values_list("pk", flat=True)[:5]
    roll = PartyMember.objects.paying_in([branch.pk]).filter(joined_date__lt=begun).exclude(pk__in=list(busy))
    people = list(roll.select_related("person", "formal_organization", "last_organization").order_by("pk")[:10])
    if secretary is None or clerk is None or len(people) < 8:
        return
    today = timezone.localdate(at)
    _dues(branch, people, secretary, today, at)
    year = today.year - 1
    found = {one.pk: _GRADES[number % len(_GRADES)] for number, one in enumerate(people[:8])}
    appraisals.record_appraisals(branch, year, found, held_date=date(year, 12, 20), actor=secretary, at=at)
    for number, member in enumerate(people[:3]):
        card, _ = cards.issue(member, actor=clerk, serial=17 + number, at=at - timedelta(days=200 - number))
        if number == 0:
            cards.give_consent(card, note="当面同意", actor=clerk, at=at)
    drivers = Driver.objects.filter(
        registering_committee=organizations[PANZHIHUA_FIRM_BRANCH[:6]],
        person__party_member__isnull=True,
        person__merged_into__isnull=True,
    )
    for number, driver in enumerate(drivers.select_related("person").order_by("pk")[10:14]):
        begun = at - timedelta(days=90 - number)
        pair = contacts.pair(
            people[number // 2], name=driver.person.name, phone=driver.person.phone, actor=clerk, at=begun
        )
        if number < 3:
            contacts.touch(pair, actor=secretary, at=at - timedelta(days=5 * number + 2))
    tags.tag_backbone(people[0].person, reason="带头参加志愿服务队，帮带 3 名新司机", actor=secretary, at=at)


def _dues(branch: Organization, people: list[PartyMember], secretary: User, today: date, at: datetime) -> None:
    """Set rates from the beginning of the year, one by hardship; most have paid up to last month, one is behind."""
    first = month_of(today).replace(month=1)
    for number, member in enumerate(people[:8]):
        values: dict = {"category": DuesCategory.INCOME, "income": Decimal(_INCOMES[number % len(_INCOMES)])}
        if number == 7:
            values = {
                "category": DuesCategory.HARDSHIP,
                "monthly_due": Decimal("1.00"),
                "reason": "家里有病人",
                "document": "示例〔2026〕11 号",
            }
        dues.set_rate(member, from_month=first, actor=secretary, at=at, **values)
    last = months_after(month_of(today), -1)
    if last < first:
        return
    payments = []
    for number, member in enumerate(people[:8]):
        until = months_after(last, -7) if number == 5 else last
        if until < first:
            continue
        rates = list(member.dues_rates.values_list("monthly_due", flat=True))
        months = (until.year - first.year) * 12 + until.month - first.month + 1
        payments.append(Payment(member.pk, first, until, rates[0] * months))
    dues.record_payments(branch, payments, paid_date=today - timedelta(days=3), method="phone", actor=secretary, at=at)


def _holder(organization: Organization, role: str, at: datetime) -> User | None:
    post = Appointment.objects.running(at).filter(organization=organization, role=role).select_related("user").first()
    return post.user if post else None
