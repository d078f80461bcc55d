"""The cases of the demo: every status, one late, waiting, anonymous, confidential, escalated, beyond the calendar.

They live through the product's own verbs, as the people who hold the posts; nothing here writes a status.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.contrib.auth.hashers import make_password

from branches.choices import AppointmentSource, Duty, Role
from branches.models import Appointment, Organization, Workday
from branches.workflow import appoint, office_of
from dashboard.demo.cities import PANZHIHUA, PANZHIHUA_FIRM_BRANCH, PLATFORM
from foundation.accounts.models import User
from grievances import workflow
from grievances.choices import Channel, ClockKind, FollowUpMethod, Result, Satisfaction, Unit
from grievances.models import Category, Grievance, SlaPolicy
from grievances.rules.clocks import CHINA
from grievances.workflow.figures import refresh_figures
from grievances.workflow.lodging import Complaint

_HOUR = timedelta(hours=1)
CHANNEL_OF = {Role.SECRETARY: Channel.BRANCH, Role.STATION_MANAGER: Channel.STATION, Role.PARTNER: Channel.PLATFORM}
_LOCAL_RULE = "演示：本地规定的期限，一直数到日历以外"


class _Desk:
    """Who works on the cases of one county."""

    def __init__(self, county: Organization, at: datetime) -> None:
        self.county, self.at = county, at
        self.office = office_of(county, Duty.HANDLE)
        self.clerk = self._clerk(county)
        self.handler = self._handler(county)

    def _clerk(self, unit: Organization) -> User | None:
        return _who(unit, Role.CLERK, self.at)

    def _handler(self, unit: Organization) -> User:
        """Return who holds the handling post of the county, appointed here: without him a deputy could not answer."""
        user = User.objects.create(
            username=f"demo-handler-{unit.code}", name="示例承办岗", password=make_password(None), activated_at=self.at
        )
        long_ago = self.at - timedelta(days=400)
        appoint(user, unit, Role.HANDLER, source=AppointmentSource.DELEGATED, actor=None, from_at=long_ago, at=self.at)
        return user

    @property
    def is_manned(self) -> bool:
        """Whether somebody accepts and somebody else handles here."""
        return self.clerk is not None

    def lodged(self, hours: int, kind: str, title: str, text: str, **told) -> Grievance:
        """Lodge a case so many hours ago."""
        values = {"division": self.county.division, "category": Category.objects.get(code=kind), "title": title}
        complaint = Complaint(description=text, **(values | told))
        return workflow.lodge(complaint, at=self.at - hours * _HOUR).grievance

    def accepted(self, hours: int, *told, **more) -> Grievance:
        """Return one in the ledger."""
        case = self.lodged(hours, *told, **more)
        workflow.accept(case, actor=self.clerk, at=case.lodged_at + _HOUR / 2)
        return case

    def assigned(self, hours: int, *told, **more) -> Grievance:
        """Return one that the county's office has."""
        case = self.accepted(hours, *told, **more)
        workflow.assign(case, self.office, actor=self.clerk, at=case.lodged_at + _HOUR)
        return case

    def in_hand(self, hours: int, *told, **more) -> Grievance:
        """Return one of which the complainant has heard."""
        case = self.assigned(hours, *told, **more)
        text = "已经联系双方，约好后天对账。"
        workflow.report_progress(case, actor=self.handler, text=text, at=case.lodged_at + 3 * _HOUR)
        return case

    def answered(self, hours: int, *told, recovered: int | None = None, **more) -> Grievance:
        """Return an answered one."""
        case = self.in_hand(hours, *told, **more)
        workflow.answer(
            case,
            actor=self.handler,
            result=Result.SOLVED,
            text="对方已经付清，凭证给您发过去了。不满意可以说没解决，转上一级重办。",
            amount_recovered=None if recovered is None else Decimal(recovered),
            at=case.lodged_at + 8 * _HOUR,
        )
        return case


def load_cases(organizations: dict[str, Organization], at: datetime) -> int:
    """Add the cases of one county and return how many; none where its posts are empty, or where cases are already."""
    county = organizations["510402"]
    if Grievance.objects.exists():
        return 0
    desk = _Desk(county, at)
    if not desk.is_manned:
        return 0
    contact: dict[str, Any] = {"name": "示例司机", "phone": "19000007720"}
    arrears = "freight_arrears", "运费拖了两个月没给", "说好到货三天付，打电话不接。"
    workflow.save_draft(
        Complaint(title="停车场夜里没有灯", description="走访时司机说的。", category=_category("parking_space")),
        at=at - 2 * _HOUR,
        actor=desk.clerk,
        unit=county,
    )
    desk.lodged(1, "passage_rescue", "冰雪路段车辆被困", "车上两个人，还有油。", urgency="urgent", **contact)
    desk.lodged(1, *arrears, is_anonymous=True, amount_involved=Decimal(18600))
    refused = desk.lodged(30, "other", "和邻居的纠纷", "房子漏水，和运输没有关系。", **contact)
    workflow.refuse(refused, actor=desk.clerk, reason="不属于交通运输，请找社区调解委员会。", at=at - 29 * _HOUR)
    desk.accepted(3, "platform_penalty", "平台封号没有说理由", "跑了三年，昨天突然登不上。", **contact)
    desk.assigned(4, "service_station", "服务站热水经常停", "上周停了三次。", **contact)
    desk.assigned(
        24 * 12, "accident_damages", "事故赔偿谈不拢", "对方全责，一直不赔。", amount_involved=Decimal(5200), **contact
    )
    kept = desk.in_hand(6, *arrears, amount_involved=Decimal(18600), **contact)
    waiting = desk.in_hand(
        30, "insurance_claim", "保险少赔了", "定损和赔的差四千。", amount_involved=Decimal(4000), **contact
    )
    workflow.ask_complainant(waiting, actor=desk.handler, text="请补充定损单。", at=at - 20 * _HOUR)
    resting = desk.in_hand(60, "labour_contract", "没有签劳动合同", "干了一年没有合同。", **contact)
    workflow.suspend(resting, actor=desk.clerk, reason="已经申请劳动仲裁，等结果。", at=at - 40 * _HOUR)
    desk.answered(12, *arrears, recovered=9000, amount_involved=Decimal(9000), **contact)
    unheard = desk.answered(40, *arrears, recovered=3000, amount_involved=Decimal(3000), **contact)
    workflow.follow_up(
        unheard,
        actor=desk.clerk,
        method=FollowUpMethod.PHONE,
        was_reached=False,
        note_text="上午十点响铃没有人接。",
        at=at - 10 * _HOUR,
    )
    secret = desk.answered(
        70, "enforcement_conduct", "执法时态度不好", "当着别的司机骂人。",
        confidential_to=office_of(county, Duty.COLLECT), **contact,
    )  # fmt: skip
    for case, satisfaction in (
        (secret, Satisfaction.BASICALLY_SATISFIED),
        (
            desk.answered(90, *arrears, recovered=31050, amount_involved=Decimal(31050), **contact),
            Satisfaction.SATISFIED,
        ),
    ):
        workflow.confirm(case, solved=Result.SOLVED, satisfaction=satisfaction, at=at - 24 * _HOUR)
    workflow.withdraw(desk.in_hand(50, *arrears, amount_involved=Decimal(800), **contact), at=at - 30 * _HOUR)
    twice = desk.accepted(5, *arrears, amount_involved=Decimal(18600), **contact)
    workflow.merge(twice, kept, actor=desk.clerk, at=at - 4 * _HOUR)
    upward = desk.in_hand(
        48, "loan_trap", "套路购车", "首付交了，车是别人的名字。", amount_involved=Decimal(86000), **contact
    )
    workflow.escalate(upward, actor=desk.clerk, reason="卖车的在外市，要市里协调。", at=at - 20 * _HOUR)
    _beyond_the_calendar(desk, contact)
    _where_people_sign_in(organizations, at)
    refresh_figures(at)
    return Grievance.objects.count()


def _where_people_sign_in(organizations: dict[str, Organization], at: datetime) -> None:
    """Give those who can sign in to the demo something to work on: a county clerk, a handler, and who lodges."""
    contact: dict[str, Any] = {"name": "示例司机", "phone": "19000007731"}
    desk = _Desk(organizations["510106"], at)
    if desk.is_manned:
        desk.lodged(1, "parking_space", "货车晚上没有地方停", "小区不让进，路边又贴条。", **contact)
        desk.accepted(2, "freight_arrears", "卸完货不给运费", "说公司没钱。", amount_involved=Decimal(7300), **contact)
        desk.in_hand(9, "service_station", "服务区厕所晚上锁门", "夜里十点以后进不去。", **contact)
        desk.answered(20, "service_station", "司机之家洗澡水不热", "去了两次都是凉的。", **contact)
    city = organizations[PANZHIHUA]
    clerk, handler = _who(city, Role.CLERK, at), _who(city, Role.HANDLER, at)
    if clerk and handler:
        for hours, title in ((26, "外市货主欠运费，两个县都管不了"), (4, "跨县的路段限行没有提前说")):
            told = Complaint(
                title=title,
                description="两个县都去问过，说要市里协调。",
                category=_category("freight_arrears" if hours == 26 else "passage_restriction"),
                division=city.division,
                amount_involved=Decimal(12400) if hours == 26 else None,
                **contact,
            )
            case = workflow.lodge(told, at=at - hours * _HOUR).grievance
            workflow.accept(case, actor=clerk, at=at - (hours - 1) * _HOUR)
            workflow.assign(case, office_of(city, Duty.HANDLE), actor=clerk, at=at - (hours - 1.5) * _HOUR)
            if hours == 26:
                text = "已经发函给货主所在市，等回函。"
                workflow.report_progress(case, actor=handler, text=text, at=at - 20 * _HOUR)
                workflow.keep_answer(case, actor=handler, text="货主所在市回函：", at=at - 2 * _HOUR)
    for code, role, title in (
        (PANZHIHUA_FIRM_BRANCH, Role.SECRETARY, "平台扣的保证金不退"),
        ("370502", Role.STATION_MANAGER, "停车位让小车占了"),
        (PLATFORM, Role.PARTNER, "司机说接单被限了"),
    ):
        unit = organizations[code]
        if actor := _who(unit, role, at):
            told = Complaint(
                title=title,
                description="司机当面说的。",
                category=_category("other"),
                channel=CHANNEL_OF[role],
                division=unit.division,
                **contact,
            )
            workflow.lodge(told, at=at - _HOUR, actor=actor, unit=unit)


def _who(unit: Organization, role: Role, at: datetime) -> User | None:
    posts = Appointment.objects.running(at).filter(organization=unit, role=role).select_related("user")
    return next((post.user for post in posts.order_by("pk")), None)


def _category(code: str) -> Category:
    return Category.objects.get(code=code)


def _beyond_the_calendar(desk: _Desk, contact: dict) -> None:
    """Have one case whose limit reaches past the last day the calendar holds (日历未载入)."""
    category, today = _category("accident_injury"), desk.at.astimezone(CHINA).date()
    left = Workday.objects.filter(date__gt=today, is_workday=True).count()
    SlaPolicy.objects.create(
        clock=ClockKind.ANSWER,
        category=category,
        organization=desk.county,
        from_date=today - timedelta(days=30),
        amount=left + 5,
        unit=Unit.WORKING_DAYS,
        closes_at=time(18, 0),
        rule=_LOCAL_RULE,
        source="演示",
    )
    desk.assigned(2, category.code, "工伤认定卡住了", "单位不肯盖章。", amount_involved=Decimal(0), **contact)
