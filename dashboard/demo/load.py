"""Loading the demo: the organisations of cities.py, who holds which post, and synthetic drivers. In one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils import timezone

from branches.choices import BRANCHES, AppointmentSource, Duty, Kind, OrganizationStatus, Role
from branches.models import Appointment, Office, Organization
from branches.rules import opens_admin
from branches.workflow import (
    add_guidance,
    add_organization,
    appoint,
    dissolve_organization,
    mark_absent,
    move_organization,
    open_office,
    set_deputy,
)
from branches.workflow.organizations import hold_tree
from dashboard.demo import cities
from dashboard.demo.accounts import ACCOUNTS, PASSWORD
from dashboard.demo.activities import load_activities, load_terms
from dashboard.demo.cases import load_cases
from dashboard.demo.cities import CHENGDU, DONGYING, PANZHIHUA, PLATFORM, SUZHOU
from dashboard.demo.conferences import load_conferences
from dashboard.demo.development import load_development
from dashboard.demo.inbox import load_inbox
from dashboard.demo.instructors import load_instructors
from dashboard.demo.memberships import load_hand_over, load_memberships
from dashboard.demo.names import People, counties_of
from dashboard.demo.records import load_records
from dashboard.demo.registry import Placement, write
from dashboard.demo.scale import synthetic_uscc
from dashboard.demo.tree import Tree
from dashboard.demo.verifications import load_verifications
from foundation.accounts.models import User
from foundation.audit import trail
from foundation.protection.canonical import name_key
from members.choices import Coverage, Group, Ownership, WorkStatus
from members.models import Driver, Enterprise, RegistrationTransfer
from members.workflow.registration import claim_registration, refuse, release
from service_stations.choices import Brand, StationStatus
from service_stations.models import Station

# Domain a.1, 攀枝花: certified, and of these actually operating, each with a compliant vehicle; members 29 + 1.
CERTIFIED, OPERATING, PLACED_IN_FIRM, PLACED_BY_PLACE = 1464, 619, 29, 1
CLAIM = ("510403", "510402")  # a county of 攀枝花 claims drivers of another
_SOURCES = (AppointmentSource.ELECTED, AppointmentSource.SELECTED, AppointmentSource.DELEGATED)
_LONG_AGO = timedelta(days=500)
_DOCUMENT = "示例〔2025〕{} 号"


class InUse(Exception):
    """People work in this registry: the demo, with its public password, is not put into it. The text is a sentence."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """How many rows the demo has brought; all zero when it was there already."""

    organizations: int = 0
    appointments: int = 0
    drivers: int = 0
    members: int = 0


def is_loaded() -> bool:
    """Return whether the demo has been loaded. One query."""
    names = [account.username for account in ACCOUNTS]
    return User.objects.filter(username__in=names).count() == len(names)


def load_demo(*, at: datetime | None = None, force: bool = False) -> Loaded:
    """Load the demo and return what was added; nothing when it is there. A few seconds, one transaction.

    Organisations that are there already are used as they are. Raises InUse when somebody holds a post in this registry
    and `force` is not set.
    """
    at = at or timezone.now()
    if is_loaded():
        return Loaded()
    if not force and Appointment.objects.exists():
        raise InUse(
            "这个库里已经有人任职，不再装入演示数据：演示账号的密码是公开的。"
            "确实要装，请加 --force，并在上线前停用演示账号。"
        )
    with transaction.atomic():
        hold_tree()
        before = Organization.objects.count()
        organizations = _organizations(at)
        _guidance(organizations, timezone.localdate(at))
        _people_with_posts(organizations, at)
        _offices(organizations, at)
        firms = _firms(organizations, timezone.localdate(at))
        drivers, members = write(
            list(_drivers(organizations, firms, timezone.localdate(at))), as_of=timezone.localdate(at), at=at
        )
        _stations(organizations)
        _transfers(organizations, at)
        load_cases(organizations, at)
        load_activities(organizations, at)
        load_terms(organizations, at)
        load_instructors(organizations, at)
        load_conferences(organizations, at)
        load_inbox(at)
        load_memberships(organizations, at, _clerk_of(organizations[CLAIM[1]], at))
        members += load_development(organizations, at)
        load_records(organizations, at)
        load_hand_over(organizations, at)
        load_verifications(organizations, at)
        trail.record("seed.demo", None, actor=None, details={"drivers": drivers, "members": members})
    return Loaded(Organization.objects.count() - before, Appointment.objects.count(), drivers, members)


# --- organisations --------------------------------------------------------------------------------------------------
def _organizations(at: datetime) -> dict[str, Organization]:
    known = {row.code: row for row in Organization.objects.all()}
    tree = Tree()
    stray = []
    for unit in cities.units():
        parent, there = known.get(unit.parent), known.get(unit.code)
        if there is None:
            known[unit.code] = tree.add(
                parent,
                code=unit.code,
                name=unit.name,
                short_name=unit.short_name,
                kind=unit.kind,
                level=unit.level,
                **unit.fields,
            )
        elif parent is not None and there.depth == 1:
            stray.append((there, unit.parent))
    tree.write()
    for organization, parent in stray:
        move_organization(organization, known[parent], actor=None, reason="演示：归入所属省级委员会")
    if "510422-P1" not in known:
        county = known["510422"]
        fields = {"kind": Kind.MOBILE_BRANCH, "level": "base", "division": county.division}
        preparing = {
            "code": "510422-P1",
            "name": "盐边县物流园流动党员党支部（筹）",
            "short_name": "盐边县物流园支部（筹）",
        }
        add_organization(county, preparing | fields, actor=None, preparing=True)
        closed = {"code": "510422-D1", "name": "盐边县示例车队党支部", "short_name": "盐边县示例车队党支部"}
        branch = add_organization(county, closed | fields | {"founded_date": date(2021, 9, 1)}, actor=None)
        day = timezone.localdate(at) - timedelta(days=90)
        dissolve_organization(branch, actor=None, document=_DOCUMENT.format(9), dissolved_date=day, reason="车队解散")
    return {row.code: row for row in Organization.objects.select_related("division")}


def _guidance(organizations: dict[str, Organization], today: date) -> None:
    for code, guiding, line in cities.GUIDANCE:
        organization, guide = organizations[code], organizations[guiding]
        if not organization.guidance_received.filter(guiding_organization=guide, line=line).exists():
            add_guidance(
                organization, guide, line, from_date=today - _LONG_AGO, document=_DOCUMENT.format(3), actor=None
            )


# --- posts ----------------------------------------------------------------------------------------------------------
def _people_with_posts(organizations: dict[str, Organization], at: datetime) -> None:
    # One hash for all: the password is public anyway, and each would take half a second on a small machine.
    hashed = make_password(PASSWORD)
    for account in ACCOUNTS:
        user = User.objects.filter(username=account.username).first() or User(
            username=account.username, name=account.name, activated_at=at
        )
        user.password, user.password_changed_at, user.must_change_password = hashed, at, False
        user.save()
        if account.role:
            source = AppointmentSource.ELECTED if account.role == Role.SECRETARY else AppointmentSource.DELEGATED
            place = organizations[account.organization]
            appoint(user, place, account.role, source=source, actor=None, from_at=at - _LONG_AGO, at=at)
    # The demo is to be looked at: nobody has an authenticator for it. Said where the accounts are printed.
    names = [account.username for account in ACCOUNTS]
    User.objects.filter(username__in=names).update(second_factor_required=False)
    held = set(Appointment.objects.running(at).values_list("organization_id", "role"))
    users, appointments, ended = [], [], 0
    for number, (organization, role) in enumerate(_posts(organizations), start=1):
        # Every fifth post is vacant; three of those were held until lately. The clerks of the claims are needed.
        is_vacant = number % 5 == 0 and not (role == Role.CLERK and organization.code in CLAIM)
        if (organization.pk, role) in held or (is_vacant and ended >= 3):
            continue
        ended += is_vacant
        is_first_secretary = role == Role.LEADER and (number % 7 == 0 or organization.code in _FIRST_SECRETARIES)
        users.append(
            User(
                username=f"demo-{number:03}",
                name=f"示例{Role(role).label}{number:03}",
                password=make_password(None),
                is_staff=opens_admin([role]),
            )
        )
        appointments.append(
            Appointment(
                user=users[-1],
                organization=organization,
                role=role,
                title="第一书记" if is_first_secretary else "",
                source=AppointmentSource.SECONDED if is_first_secretary else _SOURCES[number % len(_SOURCES)],
                seconded_from=_seconding(organization) if is_first_secretary else "",
                document=_DOCUMENT.format(number),
                from_at=at - _LONG_AGO,
                until_at=_until(number, ended, is_vacant, is_first_secretary, at),
                end_reason="任期届满" if is_vacant else "",
            )
        )
    User.objects.bulk_create(users, batch_size=500)
    Appointment.objects.bulk_create(appointments, batch_size=500)


def _seconding(organization: Organization) -> str:
    place = organization.division.name if organization.division else ""
    return f"{place}委组织部（两新工委）"


def _until(number: int, ended: int, is_vacant: bool, is_first_secretary: bool, at: datetime) -> datetime | None:
    """Return when a post of the demo ended, or when a secondment will; most go on without an end."""
    if is_vacant:
        return at - timedelta(days=20 * ended)
    return at + timedelta(days=25 + number % 5 * 60) if is_first_secretary else None


# Where somebody signs in to look at them.
_FIRST_SECRETARIES = ("510402", "510411")


def _posts(organizations: dict[str, Organization]) -> Iterator[tuple[Organization, str]]:
    """Yield the posts to be filled, in the order of the codes."""
    for code in sorted(organizations):
        organization = organizations[code]
        if organization.status != OrganizationStatus.ACTIVE:
            continue
        if organization.kind == Kind.INDUSTRY_COMMITTEE:
            yield organization, Role.LEADER
            yield organization, Role.CLERK
        elif organization.kind == Kind.ENTERPRISE_COMMITTEE:
            yield organization, Role.LEADER
        elif organization.kind in BRANCHES or organization.kind == Kind.GENERAL_BRANCH:
            yield organization, Role.SECRETARY


def _offices(organizations: dict[str, Organization], at: datetime) -> None:
    """Set up the offices of 攀枝花 and its counties: who asks, who handles, who supervises; some stand empty."""
    is_stood_in = False
    for code in (PANZHIHUA, "510402", "510403", "510411"):
        organization = organizations[code]
        posts = {one.role: one for one in Appointment.objects.running(at).filter(organization=organization)}
        clerk, leader = posts.get(Role.CLERK), posts.get(Role.LEADER)
        for duty, holder in (
            (Duty.COLLECT, clerk),
            (Duty.HANDLE, posts.get(Role.HANDLER)),
            (Duty.SUPERVISE, leader),
            (Duty.REGISTER, clerk),
        ):
            if not Office.objects.filter(organization=organization, duty=duty).exists():
                office = open_office(organization, duty, holder=holder, actor=None, at=at)
                # One leader is away for a fortnight and the clerk stands in; not where somebody signs in to work.
                if code != PANZHIHUA and duty == Duty.SUPERVISE and clerk and holder and not is_stood_in:
                    is_stood_in = True
                    office = set_deputy(office, clerk, actor=None, at=at)
                    mark_absent(office, from_at=at, until_at=at + timedelta(days=14), actor=None)


# --- registry -------------------------------------------------------------------------------------------------------
def _firms(organizations: dict[str, Organization], today: date) -> dict[str, list[Enterprise]]:
    """Add the firms; return those of each committee by its code."""
    found: dict[str, list[Enterprise]] = {}
    for number, firm in enumerate(cities.firms(), start=1):
        committee = organizations[firm.committee]
        covering = organizations.get(firm.covered_by)
        enterprise, _ = Enterprise.objects.get_or_create(
            committee=committee,
            name_key=name_key(firm.name),
            defaults={
                "name": firm.name,
                "uscc": synthetic_uscc(firm.committee[-6:], 5, number) if number % 6 else None,
                "kind": firm.kind,
                "ownership": Ownership.STATE if number % 9 == 0 else Ownership.PRIVATE,
                "division_id": committee.division_id,
                "organization": organizations.get(firm.organization),
                "coverage": firm.coverage if covering or firm.coverage == Coverage.INSTRUCTOR else Coverage.NONE,
                "coverage_organization": covering,
                "employee_count": 20 + number * 7,
                "last_verified_date": today - timedelta(days=number * 11),
            },
        )
        found.setdefault(firm.committee, []).append(enterprise)
    return found


def _drivers(
    organizations: dict[str, Organization], firms: dict[str, list[Enterprise]], today: date
) -> Iterator[Placement]:
    yield from _panzhihua_drivers(organizations, firms, today)
    for city, seed, areas, plates, count, members in (
        (CHENGDU, 2, counties_of("5101"), "川AG", 400, 60),
        (SUZHOU, 3, counties_of("3205"), "苏EU", 600, 93),
        (DONGYING, 4, counties_of("3705"), "鲁E", 150, 6),
    ):
        yield from _city_drivers(organizations, firms, today, city, People(seed, areas, plates), count, members)
    yield from _platform_drivers(organizations, firms)


def _panzhihua_drivers(organizations, firms, today: date) -> Iterator[Placement]:
    """Yield the drivers of 攀枝花: 1,464 certified, 619 of them operating, 30 members among these, 29 + 1 placed."""
    people = People(1, counties_of("5104"), "川D")
    counties = [organizations[code] for code in ("510402", "510403", "510411", "510421", "510422")]
    ride_hailing = firms["510402"] + firms["510411"]
    for index in range(CERTIFIED):
        person, operates = people[index], index < OPERATING
        is_member = index < PLACED_IN_FIRM + PLACED_BY_PLACE
        branch = cities.PANZHIHUA_FIRM_BRANCH if index < PLACED_IN_FIRM else cities.PANZHIHUA_MOBILE_BRANCH
        county = organizations[branch[:6]] if is_member else counties[person.dice % len(counties)]
        firm = ride_hailing[0] if index < PLACED_IN_FIRM else ride_hailing[person.dice // 3 % len(ride_hailing)]
        yield Placement(
            person,
            county.pk,
            county.code,
            Group.RIDE_HAILING,
            WorkStatus.ON_DUTY if operates else "",
            firm_id=firm.pk if operates else None,
            phone=people[index - 1].phone if index % 150 == 7 else "",
            has_vehicle=operates,
            expires_date=_expiry(index, today),
            is_member=is_member,
            branch_id=organizations[branch].pk if is_member else None,
            is_formal=index % 3 == 0,
        )


def _city_drivers(
    organizations, firms, today: date, city: str, people: People, count: int, members: int
) -> Iterator[Placement]:
    """Yield the drivers of a city by turns of its counties; the first are members, by turns of its branches."""
    counties = [
        one for one in organizations.values() if one.code[:4] == city[:4] and one.kind == Kind.INDUSTRY_COMMITTEE
    ]
    counties = sorted((one for one in counties if one.code != city), key=lambda one: one.code)
    branches = [
        one
        for one in sorted(organizations.values(), key=lambda one: one.code)
        if one.code[:4] == city[:4] and one.kind in BRANCHES and one.status == OrganizationStatus.ACTIVE
    ]
    by_code = {one.code: one for one in counties}
    for index in range(count):
        person, is_member = people[index], index < members
        branch = branches[index % len(branches)] if is_member else None
        county = by_code.get(branch.code[:6]) if branch else None
        county = county or counties[person.dice % len(counties)]
        firm = next(iter(firms.get(county.code, [])), None) if person.dice // 3 % 10 < 6 else None
        yield Placement(
            person,
            county.pk,
            county.code,
            cities.GROUP_OF_FIRM.get(firm.kind, person.group) if firm else person.group,
            person.work_status,
            firm_id=firm.pk if firm else None,
            phone=people[index - 1].phone if index % 150 == 7 else "",
            has_vehicle=person.dice // 7 % 12 > 0,
            has_credential=person.dice // 9 % 10 > 0,
            expires_date=_expiry(index, today),
            is_member=is_member,
            branch_id=branch.pk if branch else None,
            is_formal=index % 2 == 0
            and branch is not None
            and branch.kind not in (Kind.MOBILE_BRANCH, Kind.CLOUD_BRANCH),
        )


def _platform_drivers(organizations, firms) -> Iterator[Placement]:
    """Yield the platform's drivers: ten for each branch, three of them members who belong to it."""
    areas = counties_of("4403") + counties_of("4401") + counties_of("4406") + ("441900",)
    people, committee = People(5, areas, "粤ABES"), organizations[PLATFORM]
    branches = [organizations[f"{PLATFORM}-{number:02}"] for number in range(1, 28)]
    for index in range(10 * len(branches)):
        branch, is_member = branches[index % len(branches)], index < 3 * len(branches)
        yield Placement(
            people[index],
            committee.pk,
            branch.division_id,
            Group.TRUCK,
            WorkStatus.ON_DUTY,
            firm_id=firms[PLATFORM][0].pk,
            is_member=is_member,
            branch_id=branch.pk if is_member else None,
            is_formal=True,
        )


def _expiry(index: int, today: date) -> date | None:
    """Let one licence in 25 expire within the next weeks, one in 60 have expired."""
    if index % 60 == 11:
        return today - timedelta(days=3 + index % 40)
    return today + timedelta(days=5 + index % 75) if index % 25 == 3 else None


def _stations(organizations: dict[str, Organization]) -> None:
    for code, name, county, place, beds in cities.STATIONS:
        Station.objects.get_or_create(
            code=code,
            defaults={
                "name": name,
                "brand": Brand.DRIVERS_HOME,
                "organization": organizations[county],
                "branch": organizations[cities.DONGYING_BRANCH] if county == "370502" else None,
                "division_id": county,
                "location": place,
                "opening_hours": "全天",
                "truck_spaces": 6,
                "beds": beds,
                "free_parking": True,
                "free_hot_water": True,
                "free_meal_heating": True,
                "free_shower": beds > 0,
                "free_laundry": beds > 2,
                "status": StationStatus.RUNNING if beds else StationStatus.TRIAL,
            },
        )


def _transfers(organizations: dict[str, Organization], at: datetime) -> None:
    """Let a county claim three drivers of another: one waits, one was refused, one was released."""
    if RegistrationTransfer.objects.exists():
        return
    west, east = (organizations[code] for code in CLAIM)
    claiming, answering = _clerk_of(west, at), _clerk_of(east, at)
    if claiming is None or answering is None:
        return
    held = Driver.objects.filter(registering_committee=east, person__party_member__isnull=True)
    for number, driver in enumerate(held.select_related("person").order_by("pk")[:3]):
        day = at - timedelta(days=2 + 10 * number)
        claim_registration(west, driver.person.id_number, "现在在西区营运", actor=claiming, at=day)
        transfer = RegistrationTransfer.objects.get(driver=driver)
        if number == 1:
            refuse(transfer, actor=answering, reason="他仍在东区营运", at=day + timedelta(days=2))
        elif number == 2:
            release(transfer, actor=answering, at=day + timedelta(days=3))


def _clerk_of(organization: Organization, at: datetime) -> User | None:
    running: Iterable[Appointment] = Appointment.objects.running(at).filter(organization=organization, role=Role.CLERK)
    return next((one.user for one in running), None)
