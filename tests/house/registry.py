"""The rows of the house tests: synthetic people around the tree of tests/conftest.py, each for one way to be seen.

Every name begins with 测试, every phone ends with 7720, every plate begins with 川D: one search text finds all rows a
reader may see, so that a missing one and a foreign one both show.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from uuid import uuid4

from django.db import transaction
from django.utils import timezone

from activities.models import (
    ActionItem,
    Activity,
    Attendance,
    ConferenceDepartment,
    ConferenceMeeting,
    CoOrganizer,
    InstructionVisit,
    JointConference,
    VisitFollowUp,
)
from branches.models import BranchFileSnapshot, Guidance, Office, Organization, Term
from branches.workflow.files import digest_of
from foundation.notifications.models import Delivery, Notification
from foundation.notifications.workflow import Recipient, publish
from foundation.protection.canonical import name_key
from foundation.protection.identifiers import check_character
from grievances.choices import ClockKind, Status
from grievances.models import (
    Assist,
    Campaign,
    Category,
    Clock,
    Evidence,
    Extension,
    Grievance,
    SlaPolicy,
    WorkOrderImport,
)
from members.choices import ExportStatus, ImportPhase, ImportStatus, TransferStatus
from members.models import (
    Affiliation,
    Appraisal,
    Check,
    ContactPair,
    Credential,
    Declaration,
    Development,
    DevelopmentStep,
    Driver,
    DriverVehicle,
    DuesRate,
    DuesRecord,
    Enterprise,
    ExportJob,
    LostContact,
    MemberCard,
    PartyMember,
    Person,
    RecruitCampaign,
    RegistrationTransfer,
    RosterImport,
    RosterRow,
    SavedFilter,
    Transfer,
    Vehicle,
    Verification,
)
from members.rules.people import credential_index, phone_columns
from members.workflow.cards import index_of
from members.workflow.people import person_columns
from tests.factories import OrganizationFactory, UserFactory

TODAY = date(2026, 11, 23)
TAIL = "7720"
PLATE = "川D"
NAME = "测试"
INITIALS = "cs"


def id_number(number: int) -> str:
    """Return a synthetic identity number with a right check character."""
    first = f"51040219800101{number:03}"
    return first + check_character(first)


_DUTIES = ("collect", "handle", "supervise")


@dataclass
class House:
    """The rows by name, and how a test finds one that is near to a member of the cast."""

    tree: object
    cast: dict = field(default_factory=dict)
    drivers: dict[str, Driver] = field(default_factory=dict)
    enterprises: dict[str, Enterprise] = field(default_factory=dict)
    imports: dict[str, RosterImport] = field(default_factory=dict)
    exports: dict[str, ExportJob] = field(default_factory=dict)
    transfers: dict[str, RegistrationTransfer] = field(default_factory=dict)
    notifications: dict[str, Notification] = field(default_factory=dict)
    deliveries: dict[str, Delivery] = field(default_factory=dict)
    offices: dict[str, Office] = field(default_factory=dict)
    terms: dict[str, Term] = field(default_factory=dict)
    cases: dict[str, Grievance] = field(default_factory=dict)  # "county lodged", "branch in_hand" …
    follow_ups: dict[str, VisitFollowUp] = field(default_factory=dict)  # "county", "branch answered" …
    items: dict[str, ActionItem] = field(default_factory=dict)  # of joint conferences, by place
    activities: dict[str, Activity] = field(default_factory=dict)  # "county done", "branch planned" …
    drafts: dict[str, Grievance] = field(default_factory=dict)
    work_orders: dict[str, WorkOrderImport] = field(default_factory=dict)
    letters: dict[str, Transfer] = field(default_factory=dict)
    searches: dict[str, LostContact] = field(default_factory=dict)
    ties: dict[str, Affiliation] = field(default_factory=dict)
    developments: dict[str, Development] = field(default_factory=dict)
    records: dict[str, object] = field(default_factory=dict)  # "dues near", "card far" …

    def keep_records(self, key: str, member: str, driver: str, unit, by) -> None:
        """Write what a branch keeps about a member: a rate, a paid month, an appraisal, a card, a contact pair."""
        at, one = timezone.now(), PartyMember.objects.get(pk=self.drivers[member].pk)
        month = date(2026, 1, 1)
        self.records[f"rate {key}"] = DuesRate.objects.create(
            member=one, category="relief", monthly_due=Decimal("0.20"), from_date=month, set_by=by, set_at=at
        )
        self.records[f"dues {key}"] = DuesRecord.objects.create(
            member=one,
            organization=unit,
            month=month,
            due=Decimal("0.20"),
            paid=Decimal("0.20"),
            paid_date=month,
            method="cash",
            recorded_by=by,
            recorded_at=at,
        )
        PartyMember.objects.filter(pk=one.pk).update(dues_paid_until_date=date(2026, 2, 1))
        self.records[f"appraisal {key}"] = Appraisal.objects.create(
            member=one,
            year=2024,
            grade="qualified",
            organization=unit,
            held_date=date(2024, 12, 1),
            recorded_by=by,
            recorded_at=at,
        )
        self.records[f"card {key}"] = MemberCard.objects.create(
            number=f"510402-{len(self.records):06}",
            member=one,
            issued_date=TODAY,
            issued_by=by,
            token_index=index_of(f"token {key}"),
            renewed_at=at,
            consent_at=at,
            consent_note="当面同意",
        )
        self.records[f"pair {key}"] = ContactPair.objects.create(
            member=one, driver=self.drivers[driver], place=1, from_date=TODAY, paired_by=by
        )

    verifications: dict[str, Verification] = field(default_factory=dict)
    declarations: dict[str, Declaration] = field(default_factory=dict)
    calls: dict[str, RecruitCampaign] = field(default_factory=dict)

    def add_driver(self, key: str, committee, *, enterprise: Enterprise | None = None, **fields) -> Driver:
        """Add a driver with one vehicle and one licence."""
        number = len(self.drivers) + 1
        written = {
            "name": f"{NAME}{'甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未申酉'[number - 1]}",
            "id_number": id_number(number),
            "phone": f"190{number:04}{TAIL}",
            "address": f"{committee.short_name}测试路 {number} 号",
        }
        person = Person.objects.create(**person_columns(written, TODAY))
        driver = Driver.objects.create(
            person=person,
            registering_committee=committee,
            enterprise=enterprise,
            group="truck",
            operating_from_date=date(2020, 1, 1),
            last_verified_date=date(2026, 11, 1),
            **fields,
        )
        vehicle = Vehicle.objects.create(
            plate=f"{PLATE}{number:05}", colour="blue", registering_committee=committee, enterprise=enterprise
        )
        DriverVehicle.objects.create(driver=driver, vehicle=vehicle, from_date=date(2024, 1, 1))
        Credential.objects.create(
            driver=driver,
            kind="freight",
            number=id_number(number),
            number_index=credential_index(id_number(number)),
            expires_date=TODAY + timedelta(days=10),
        )
        self.drivers[key] = driver
        return driver

    def place(self, person: Person, *, formal=None, tied_to=None, until: date | None = None) -> None:
        """Make somebody a Party member of a branch, or one from elsewhere who is tied to it."""
        member = PartyMember.objects.create(
            person=person,
            status="full",
            joined_date=date(2010, 7, 1),
            full_date=date(2011, 7, 1),
            formal_organization=formal,
            external_organization="" if formal else "外省某支部",
        )
        if tied_to is not None:
            Affiliation.objects.create(
                member=member,
                organization=tied_to,
                kind="flowing",
                status="ended" if until else "reported_in",
                from_date=date(2025, 1, 1),
                reported_in_date=date(2025, 1, 8),
                until_date=until,
            )

    def write_letter(self, key: str, driver: str, to, *, status: str = "draft", by=None) -> Transfer:
        """Add the transfer of a member to a unit, or (a text) to somewhere outside."""
        member = PartyMember.objects.get(pk=self.drivers[driver].pk)
        values = {"drafted_by": by, "drafted_at": timezone.now(), "reason": "换了地方跑车", "status": status}
        if status == "awaiting":
            values |= {"approved_by": by, "approved_at": timezone.now(), "number": f"T-{key}"}
            values |= {"issued_date": TODAY, "expires_date": TODAY + timedelta(days=90)}
        self.letters[key] = Transfer.objects.create(
            member=member,
            from_organization=member.formal_organization,
            from_external=member.external_organization,
            to_organization=None if isinstance(to, str) else to,
            to_external=to if isinstance(to, str) else "",
            **values,
        )
        return self.letters[key]

    def search_for(self, key: str, driver: str, by, organization=None, status: str = "searching") -> LostContact:
        """Add a search for a member whom nobody has reached for a year, as far as it has come."""
        decided, approved = TODAY - timedelta(days=60), TODAY - timedelta(days=30)
        values = {}
        if status != "searching":
            values |= {"status": status, "decided_date": decided, "decision": "停止党籍"}
        if status == "approved":
            values |= {"approved_date": approved, "approved_by": by, "approval_document": "1 号"}
        member = PartyMember.objects.get(pk=self.drivers[driver].pk)
        self.searches[key] = LostContact.objects.create(
            member=member,
            organization=organization or member.formal_organization,
            since_date=TODAY - timedelta(days=365),
            opened_by=by,
            opened_at=timezone.now(),
            **values,
        )
        return self.searches[key]

    def add_development(self, key: str, organization, steps: int = 1) -> Development:
        """Add the file of somebody who has applied for membership, as far as the first 1 or 7 of the 25 steps."""
        number = 500 + len(self.developments)
        written = {"name": f"{NAME}申请{number}", "id_number": id_number(number)}
        person = Person.objects.create(**person_columns(written, TODAY))
        at, values = timezone.now(), {"applied_date": TODAY - timedelta(days=60)}
        if steps > 1:
            values |= {"applied_date": TODAY - timedelta(days=500), "activist_date": TODAY - timedelta(days=400)}
            values |= {"stage": "activist", "next_step": 8}
        file = Development.objects.create(
            person=person, organization=organization, opened_at=at, **({"next_step": 2} | values)
        )
        for one in range(1, steps + 1):
            days = {1: 500, 2: 480}.get(one, 400 if one == 3 else 20) if steps > 1 else 60
            paper = {"document": f"测 {one} 号"} if one == 4 else {}
            done = TODAY - timedelta(days=days)
            DevelopmentStep.objects.create(development=file, number=one, done_date=done, recorded_at=at, **paper)
        self.developments[key] = file
        return file

    def add_verification(self, key: str, driver: str, committee, by, unit=None) -> Verification:
        """Add a case that could be confirmed: found in the register, and the home organisation has answered."""
        day = TODAY - timedelta(days=5)
        case = Verification.objects.create(
            person=self.drivers[driver].person,
            origin="import",
            organization=committee,
            unit=unit,
            due_date=TODAY + timedelta(days=30),
            status="checking",
            opened_by=by,
            opened_at=timezone.now(),
            started_at=timezone.now(),
            check_agrees_date=day,
            organisation_agrees_date=day,
        )
        for kind in ("transport_register", "home_organisation"):
            Check.objects.create(
                verification=case, kind=kind, result="agrees", on_date=day, by=by, evidence="1 号", at=timezone.now()
            )
        self.verifications[key] = case
        return case

    def add_call(self, key: str, committee, by) -> RecruitCampaign:
        """Add a call that takes declarations, and one declaration to it."""
        number = len(self.calls)
        call = RecruitCampaign.objects.create(
            title=f"{NAME}征集{number}",
            text="请来",
            organization=committee,
            from_date=date(2020, 1, 1),
            until_date=date(2199, 1, 1),
            consent_version="2026-11",
            slug=f"testca{number:02}",
            opened_by=by,
            opened_at=timezone.now(),
        )
        columns = {k: v for k, v in phone_columns(f"190{number:04}{TAIL}").items() if k != "phone_tail"}
        self.declarations[key] = Declaration.objects.create(
            campaign=call,
            organization=committee,
            declared_name=f"{NAME}自述",
            consent_version="2026-11",
            receipt_index=uuid4(),
            submitted_at=timezone.now(),
            **columns,
        )
        self.calls[key] = call
        return call

    def add_batch(self, key: str, organization, user, driver: Driver | None = None) -> RosterImport:
        """Add a batch that waits for its confirmation, with one row."""
        batch = RosterImport.objects.create(
            organization=organization,
            uploaded_by=user,
            file_name=f"{key}.xlsx",
            file_size=1,
            file_digest=f"{len(self.imports):064}",
            status=ImportStatus.PREVIEW,
            phase=ImportPhase.NONE,
            rows=1,
            created=1,
            plan_digest="d" * 64,
            planned_at=timezone.now(),
            shape="s" * 64,
        )
        RosterRow.objects.create(
            roster_import=batch,
            ordinal=0,
            sheet="名单",
            row=2,
            sealed='{"raw": [], "values": {}}',
            person_id=driver.pk if driver else None,
        )
        self.imports[key] = batch
        return batch

    def add_export(self, key: str, user) -> ExportJob:
        """Add an export that waits for its writer."""
        self.exports[key] = ExportJob.objects.create(
            created_by=user,
            list_name="drivers",
            query={"values": {}},
            columns=["name"],
            format="csv",
            reason="核对名单",
            row_limit=100,
            status=ExportStatus.WAITING,
        )
        return self.exports[key]

    def notify(self, key: str, user, number: int = 1) -> Notification:
        """Add a notification in somebody's inbox."""
        with transaction.atomic():
            publish(
                "account.welcome",
                recipients=[user],
                subject=f"accounts.user:{user.pk}",
                title=f"{NAME}通知 {number}",
                url="/help/",
                dedupe=f"house:{user.pk}:{number}",
            )
        self.notifications[key] = Notification.objects.filter(user=user).latest("pk")
        return self.notifications[key]

    def give_up(self, key: str, phone: str) -> Delivery:
        """Add a text message that was refused, to somebody without an account."""
        with transaction.atomic():
            publish(
                "grievance.accepted",
                recipients=[Recipient(phone=phone)],
                subject="grievances.grievance:1",
                title=f"{NAME}短信",
                dedupe=f"house:{key}",
            )
        delivery = Delivery.objects.latest("pk")
        delivery.status, delivery.error_code, delivery.error = "refused", "http_400", "短信网关不收这条消息。"
        delivery.failed_at = timezone.now()
        delivery.save()
        self.deliveries[key] = delivery
        return delivery

    def add_term(self, key: str, organization) -> Term:
        """Add a term that is due in a year."""
        self.terms[key] = Term.objects.create(
            organization=organization,
            elected_date=TODAY - timedelta(days=700),
            years=3,
            planned_end_date=TODAY + timedelta(days=395),
            method="assembly",
            entitled=10,
            present=9,
        )
        return self.terms[key]

    def add_activity(self, key: str, organization, user, *, person: Person | None = None, **fields) -> Activity:
        """Add an activity: planned for tomorrow, or held yesterday where `status` says done, with somebody excused."""
        at = timezone.now()
        values = {"status": "planned", "starts_at": at + timedelta(days=1)} | fields
        if values["status"] == "done":
            held = at - timedelta(days=1)
            values |= {"starts_at": held, "held_at": held, "rolled_at": held, "expected": 2, "present": 1, "excused": 1}
        activity = Activity.objects.create(
            organization=organization, kind="theme_day", topic=f"{NAME}活动{len(self.activities)}", **values
        )
        if activity.status == "done":
            who = {"person": person} if person else {"user": UserFactory()}
            for line, status in (({"user": user}, "present"), (who, "excused")):
                Attendance.objects.create(activity=activity, organization=organization, status=status, **line)
        self.activities[key] = activity
        return activity

    def add_visit(self, key: str, organization, instructor, **fields) -> VisitFollowUp:
        """Add a visit with a problem the organisation shall see to; `status` says where that stands."""
        visit = InstructionVisit.objects.create(
            organization=organization, instructor=instructor, visited_date=TODAY, content=f"{NAME}走访"
        )
        self.follow_ups[key] = VisitFollowUp.objects.create(
            visit=visit,
            owner_organization=organization,
            problem=f"{NAME}问题",
            due_date=TODAY + timedelta(days=9),
            **fields,
        )
        return self.follow_ups[key]

    def add_conference(self, key: str, organization) -> ActionItem:
        """Add a joint conference of two departments with a meeting and something it decided."""
        conference = JointConference.objects.create(
            organization=organization, name=f"{NAME}联席会议{len(self.items)}", from_date=TODAY - timedelta(days=99)
        )
        first, _ = (
            ConferenceDepartment.objects.create(conference=conference, name=name, position=number)
            for number, name in enumerate(("测试公安局", "测试总工会"), start=1)
        )
        meeting = ConferenceMeeting.objects.create(conference=conference, held_date=TODAY, chair="测试主持")
        self.items[key] = ActionItem.objects.create(
            meeting=meeting, text=f"{NAME}事项", department=first, due_date=TODAY + timedelta(days=30)
        )
        return self.items[key]

    def add_draft(self, key: str, organization, user) -> Grievance:
        """Add a grievance that somebody has begun to note for a driver."""
        self.drafts[key] = Grievance.objects.create(
            number=f"SQ510000-DRAFT-{len(self.drafts)}",
            track_code=f"DRAFT{len(self.drafts):03}",
            channel="direct_line",
            category=Category.objects.get(code="freight"),
            title=f"{NAME}草稿",
            description="经过",
            status="draft",
            organization=organization,
            origin=organization,
            collector=Office.objects.get_or_create(organization=organization, duty="collect")[0],
            lodged_by=user,
            lodged_at=timezone.now(),
        )
        return self.drafts[key]

    def add_work_orders(self, key: str, organization, user) -> WorkOrderImport:
        """Add a file of work orders that was read."""
        self.work_orders[key] = WorkOrderImport.objects.create(
            organization=organization,
            channel="hotline_12328",
            uploaded_by=user,
            file_name=f"{key}.csv",
            file_digest="d" * 64,
            status="done",
            created_at=timezone.now(),
            finished_at=timezone.now(),
        )
        return self.work_orders[key]

    def claim(self, key: str, driver: Driver, to, by, **fields) -> RegistrationTransfer:
        """Add a claim on a driver's registration."""
        values = {"from_committee": driver.registering_committee, "status": TransferStatus.CLAIMED} | fields
        if values["status"] != TransferStatus.CLAIMED:
            values |= {"answered_by": by, "answered_at": timezone.now()}
        self.transfers[key] = RegistrationTransfer.objects.create(
            driver=driver,
            to_committee=to,
            reason="已在本区营运半年",
            claimed_by=by,
            claimed_at=timezone.now(),
            **values,
        )
        return self.transfers[key]

    def add_case(self, place: str, state: str, committee, unit, **fields) -> Grievance:
        """Add a case that a committee decides; it was lodged by a unit and, once accepted, lies with its office."""
        number = len(self.cases) + 1
        at = timezone.now() - timedelta(days=1)
        ours, theirs = ({"organization": one} for one in (committee, unit))
        values = {
            "number": f"SQTEST-{number:04}",
            "track_code": f"TEST{number:04}",
            "channel": "branch",
            "category": Category.objects.get(code="parking_space"),
            "title": f"{NAME}诉求{number}",
            "description": "测试经过",
            "complainant_name": f"{NAME}人",
            "phone": f"190{number:04}{TAIL}",
            "organization": committee,
            "origin": committee,
            "lodged_at": at,
            "status": state,
            "collector": Office.objects.get_or_create(duty="collect", **theirs)[0],
        }
        if state != Status.LODGED:
            values |= {
                "accepted_at": at,
                "handler": Office.objects.get_or_create(duty="handle", **theirs)[0],
                "supervisor": Office.objects.get_or_create(duty="supervise", **ours)[0],
            }
        if state in (Status.IN_HAND, Status.ANSWERED):
            values |= {"assigned_at": at, "first_assigned_at": at, "next_due_at": at + timedelta(days=9)}
        if state == Status.ANSWERED:
            values |= {"answered_at": at, "result": "solved"}
        case = Grievance.objects.create(**values | fields)
        self.cases[f"{place} {state}"] = case
        return case

    def ask_for_more_time(self, case: Grievance, user) -> Extension:
        """Let the answer of a case run, and ask for more time for it."""
        clock = Clock.objects.create(
            grievance=case,
            kind=ClockKind.ANSWER,
            policy=SlaPolicy.objects.get(clock=ClockKind.ANSWER, urgency=""),
            amount=5,
            unit="working_days",
            closes_at="18:00",
            organization=case.organization,
            started_at=case.lodged_at,
            due_at=timezone.now() + timedelta(days=5),
        )
        return Extension.objects.create(
            clock=clock, days=2, reason="测试理由", requested_by=user, requested_at=timezone.now()
        )


def add_grievances(house: House) -> None:
    """Add a case in each state at each place, with what belongs to one; and a committee below the first county."""
    tree, cast = house.tree, house.cast
    # The county clerk takes up, supervises and allows more time below himself only.
    below = OrganizationFactory(
        parent=Organization.objects.get(pk=tree.county.pk),
        code="E510402",
        kind="enterprise_committee",
        level="county",
        short_name="测试东区企业党委",
    )
    for place, committee, unit in (
        ("county", tree.county, tree.county),
        ("branch", tree.county, tree.branch),
        ("company", tree.company, tree.company),
        ("below", below, below),
        ("far", tree.neighbour_county, tree.neighbour_county),
    ):
        for state in (Status.LODGED, Status.ACCEPTED, Status.IN_HAND, Status.ANSWERED):
            house.add_case(place, state, committee, unit)
    for place in ("below", "far"):
        house.ask_for_more_time(house.cases[f"{place} in_hand"], cast["city_clerk"])
    for place, committee in (("county", tree.county), ("far", tree.neighbour_county)):
        case = house.cases[f"{place} in_hand"]
        team = OrganizationFactory(parent=Organization.objects.get(pk=committee.pk), kind="general_branch")
        Assist.objects.create(
            grievance=case,
            office=Office.objects.create(organization=team, duty="handle"),
            asked_by=cast["county_clerk"],
            from_at=case.lodged_at,
        )
        Evidence.objects.create(
            grievance=case, stored_file=f"{case.pk:032}.jpg", name="测试.jpg", kind="jpg", size=7, at=case.lodged_at
        )
        Campaign.objects.create(name=f"{NAME}整治", organization=committee, from_date=TODAY)


def add_activities(house: House) -> None:
    """Add at each place an activity that was held, one to come, and one of others that the place helped to hold."""
    tree, cast = house.tree, house.cast
    for place, unit, host, person in (
        ("county", tree.county, tree.second_county, None),
        ("branch", tree.branch, tree.second_branch, house.drivers["member_of_branch"].person),
        ("company", tree.company, tree.city, None),
        ("far", tree.neighbour_county, tree.neighbour_branch, None),
    ):
        house.add_activity(f"{place} done", unit, cast["province_clerk"], person=person, status="done")
        house.add_activity(f"{place} planned", unit, cast["province_clerk"])
        shared = house.add_activity(f"{place} shared", host, cast["city_clerk"], status="done")
        CoOrganizer.objects.create(activity=shared, organization=unit)
        house.add_visit(place, unit, cast["instructor"])
        answered = {"status": "answered", "answer": f"{NAME}回复", "answered_at": timezone.now()}
        house.add_visit(f"{place} answered", unit, cast["instructor"], **answered)
    for place, unit in (("county", tree.county), ("far", tree.neighbour_county)):
        house.add_conference(place, unit)


def build(tree, cast: dict) -> House:
    """Write all rows. `cast` maps the names of the cast to their users."""
    house = House(tree, cast)
    firm = house.enterprises
    for key, name, committee, organization in (
        ("county", "东区运输", tree.county, None),
        ("of_branch", "书记运输", tree.county, tree.branch),
        ("second_county", "西区运输", tree.second_county, None),
        ("neighbour", "涪城运输", tree.neighbour_county, None),
        ("platform", "顺达平台", tree.city, tree.company),
        ("neighbour_platform", "邻市平台", tree.other_city, tree.neighbour_branch),
    ):
        name = f"{NAME}{name}有限公司"
        firm[key] = Enterprise.objects.create(
            name=name, name_key=name_key(name), committee=committee, organization=organization
        )
    # Registered somewhere.
    house.add_driver("county", tree.county, enterprise=firm["county"], declared_political_status="member")
    house.add_driver("second_county", tree.second_county, enterprise=firm["second_county"])
    house.add_driver("neighbour", tree.neighbour_county, enterprise=firm["neighbour"])
    house.add_driver("company", tree.company)
    # Registered in one place, a member in another.
    house.add_driver("member_of_branch", tree.neighbour_county)
    house.add_driver("member_of_second_branch", tree.county)
    house.add_driver("member_of_company_branch", tree.neighbour_county)
    house.add_driver("member_of_neighbour_branch", tree.neighbour_county)
    house.add_driver("flowing_to_branch", tree.neighbour_county)
    house.add_driver("left_branch", tree.neighbour_county)
    house.add_driver("moving", tree.neighbour_county)
    house.add_driver("leaving", tree.neighbour_county)
    house.add_driver("to_place", tree.county)
    # What gives no scope: a branch somebody named himself.
    house.add_driver(
        "declares_branch", tree.neighbour_county, declared_branch=tree.branch, declared_political_status="member"
    )
    house.add_driver("of_platform", tree.neighbour_county, enterprise=firm["platform"])
    house.add_driver("claimed_from_county", tree.county)
    house.add_driver("claimed_by_county", tree.neighbour_county)
    for key, branch in (
        ("member_of_branch", tree.branch),
        ("member_of_second_branch", tree.second_branch),
        ("member_of_company_branch", tree.company_branch),
        ("member_of_neighbour_branch", tree.neighbour_branch),
        ("moving", tree.branch),
        ("leaving", tree.neighbour_branch),
    ):
        house.place(house.drivers[key].person, formal=branch)
    house.place(house.drivers["flowing_to_branch"].person, tied_to=tree.branch)
    house.place(house.drivers["to_place"].person)
    house.place(house.drivers["left_branch"].person, tied_to=tree.branch, until=date(2026, 1, 1))
    letters = (
        ("county", "moving", tree.second_branch, "draft"),
        ("to_county", "member_of_second_branch", tree.branch, "awaiting"),
        ("company", "member_of_company_branch", "外省某支部", "in_review"),
        ("far", "member_of_neighbour_branch", "外省某支部", "in_review"),
        ("far signed", "leaving", "外省某支部", "awaiting"),
        ("from_outside", "flowing_to_branch", tree.branch, "in_review"),
    )
    for key, driver, to, status in letters:
        house.write_letter(key, driver, to, status=status, by=cast["city_clerk"])
    house.search_for("county", "moving", cast["county_clerk"])
    house.search_for("decided", "member_of_second_branch", cast["county_clerk"], status="decided")
    house.search_for("approved", "flowing_to_branch", cast["county_clerk"], tree.branch, status="approved")
    for place, unit in (("branch", tree.branch), ("far", tree.neighbour_branch)):
        house.add_development(place, unit)
        house.add_development(f"{place} to approve", unit, steps=7)
    house.ties["near"] = Affiliation.objects.get(member=house.drivers["flowing_to_branch"].pk)
    house.ties["far"] = Affiliation.objects.create(
        member_id=house.drivers["leaving"].pk, organization=tree.branches[7], kind="activity", from_date=TODAY
    )
    house.search_for("far", "member_of_neighbour_branch", cast["neighbour_clerk"])
    house.add_verification("county", "claimed_from_county", tree.county, cast["county_clerk"], unit=tree.branch)
    house.add_verification("far", "claimed_by_county", tree.neighbour_county, cast["neighbour_clerk"])
    house.add_call("county", tree.county, cast["county_clerk"])
    house.add_call("far", tree.neighbour_county, cast["neighbour_clerk"])
    # A vehicle of the county that a foreign driver drives, and one he no longer drives.
    of_county = Vehicle.objects.create(plate=f"{PLATE}90001", registering_committee=tree.county)
    DriverVehicle.objects.create(driver=house.drivers["neighbour"], vehicle=of_county)
    foreign = Vehicle.objects.create(plate=f"{PLATE}90002", registering_committee=tree.neighbour_county)
    DriverVehicle.objects.create(
        driver=house.drivers["county"], vehicle=foreign, from_date=date(2020, 1, 1), until_date=date(2021, 1, 1)
    )
    Vehicle.objects.create(
        plate=f"{PLATE}90003", registering_committee=tree.neighbour_county, enterprise=firm["platform"]
    )
    for key, organization, user in (
        ("county", tree.county, cast["county_clerk"]),
        ("second_county", tree.second_county, cast["city_clerk"]),
        ("neighbour", tree.neighbour_county, cast["neighbour_clerk"]),
        ("partner", tree.company, cast["partner"]),
        ("company", tree.company, cast["city_clerk"]),
    ):
        house.add_batch(key, organization, user)
    for key in ("county_clerk", "neighbour_clerk", "province_clerk", "leader", "organisation_reader"):
        house.add_export(key, cast[key])
        SavedFilter.objects.create(user=cast[key], list_name="drivers", name="货车", query={"group": "truck"})
    for key, user in cast.items():
        house.notify(key, user)
    house.notify("county_clerk", cast["county_clerk"], 2)
    house.give_up("near", "19000017720")
    house.give_up("far", "19000027720")
    house.add_work_orders("county", tree.county, cast["county_clerk"])
    house.add_work_orders("neighbour", tree.neighbour_county, cast["neighbour_clerk"])
    by, other = cast["county_clerk"], cast["neighbour_clerk"]
    house.add_draft("county_clerk", tree.county, by)
    house.add_draft("neighbour_clerk", tree.neighbour_county, other)
    house.claim("from_county", house.drivers["claimed_from_county"], tree.neighbour_county, other)
    house.claim("by_county", house.drivers["claimed_by_county"], tree.county, by)
    house.claim(
        "came_to_county",
        house.drivers["member_of_second_branch"],
        tree.county,
        other,
        from_committee=tree.neighbour_county,
        status=TransferStatus.RELEASED,
    )
    house.claim(
        "kept_away",
        house.drivers["neighbour"],
        tree.county,
        other,
        status=TransferStatus.DECIDED_KEPT,
    )
    for key, organization, holder in (
        ("county", tree.county, cast["handler"]),
        ("branch", tree.branch, cast["secretary"]),
        ("neighbour", tree.neighbour_county, other),
    ):
        post = holder.appointments.get()
        house.offices[key] = Office.objects.create(organization=organization, duty="handle", holder=post)
    Guidance.objects.create(
        organization=tree.neighbour_county,
        guiding_organization=tree.other_city,
        line="transport",
        from_date=date(2020, 1, 1),
    )
    for key, organization in (("branch", tree.branch), ("company", tree.company), ("far", tree.neighbour_branch)):
        house.add_term(key, organization)
    for organization in (tree.branch, tree.company_branch, tree.neighbour_branch):
        content = {"year": 2025, "basics": {"short_name": organization.short_name}}
        BranchFileSnapshot.objects.create(
            organization=organization, year=2025, content=content, digest=digest_of(content), frozen_at=timezone.now()
        )
    add_grievances(house)
    add_activities(house)
    house.keep_records("near", "member_of_branch", "county", tree.branch, cast["secretary"])
    house.keep_records("far", "member_of_neighbour_branch", "neighbour", tree.neighbour_branch, other)
    return house
