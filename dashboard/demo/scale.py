"""Registries of any size: organisations, firms, drivers with vehicles and licences, members. Bulk-loaded.

One province like 四川: its 21 cities and 183 counties have a committee each, the other organisations are branches.
Everything follows from the seed and an index; no clock is read, so two loads on two databases are equal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.db import connection, transaction
from stdnum.cn import uscc

from activities.models import Activity, Attendance
from branches.choices import Kind, Level
from branches.models import Organization
from branches.reference import division_rows
from branches.rules import COLLECTIVE_DIVISIONS, is_functional_zone
from branches.workflow.organizations import hold_tree
from dashboard.demo.branch_life import load_branch_life
from dashboard.demo.grievances import load_grievances
from dashboard.demo.names import People
from dashboard.demo.registry import Placement, write
from dashboard.demo.tree import Tree
from foundation.audit import trail
from foundation.protection.canonical import name_key
from members.choices import Coverage, EnterpriseKind, Group, Ownership
from members.models import Affiliation, Credential, Driver, DriverVehicle, Enterprise, PartyMember, Person, Vehicle
from members.roster import bulk

PROVINCE = "51"
COMMITTEES_OF_PROVINCE = 205  # the province, 21 cities, 183 counties
FIRMS, DRIVERS_OF_FIRMS = 17_029, 430_000  # domain a.8: so many firms to so many drivers
CHUNK = 10_000
MOST_GRIEVANCES = 1_000_000  # their numbers count in six digits
# The day all dates of the load count from: no clock, so that the same seed gives the same rows on any day.
AS_OF = date(2026, 1, 1)
_AT = datetime(2026, 1, 1, tzinfo=UTC)
_FIRM_KINDS: dict[str, str] = {
    Group.TRUCK: EnterpriseKind.FREIGHT,
    Group.RIDE_HAILING: EnterpriseKind.RIDE_HAILING_PLATFORM,
    Group.TAXI: EnterpriseKind.TAXI,
    Group.PASSENGER: EnterpriseKind.PASSENGER,
    Group.DANGEROUS_GOODS: EnterpriseKind.DANGEROUS_GOODS,
}
_BRANCH_KINDS = (
    (Kind.MOBILE_BRANCH, "货车司机流动党员党支部"),
    (Kind.JOINT_BRANCH, "物流园区联合党支部"),
    (Kind.MOBILE_BRANCH, "网约车司机流动党员党支部"),
    (Kind.ENTERPRISE_BRANCH, "示例运输企业党支部"),
)
_USCC_CHARACTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"


@dataclass(frozen=True, slots=True)
class Loaded:
    """How many rows a load added."""

    organizations: int
    enterprises: int
    drivers: int
    members: int
    grievances: int = 0
    activities: int = 0


@dataclass(frozen=True, slots=True)
class _Place:
    """A committee that registers drivers, its branches, its firms, and how many of a hundred thousand drivers."""

    committee_id: int
    division: str
    name: str
    branch_ids: tuple[int, ...]
    firm_ids: tuple[int, ...] = ()


def load(
    *,
    drivers: int,
    members: int,
    organizations: int,
    seed: int,
    grievances: int = 0,
    activities: int = 0,
    tell: Callable[[str], None] = lambda sentence: None,
) -> Loaded:
    """Load a registry and return how many rows were added. Rows that are there already stay: running it again adds
    what is missing, so a load that was killed goes on.

    One transaction for organisations and firms, one per 10,000 drivers, 5,000 grievances or 2,000 activities. Raises
    ValueError for numbers that do not fit together (more members than drivers, drivers without a committee).
    """  # noqa: D205 - two sentences
    if members > drivers:
        raise ValueError("党员数不能多于司机数：党员是从司机里来的。")
    if drivers and organizations < 1:
        raise ValueError("有司机就至少要有 1 个组织来登记他们。")
    if grievances and organizations < 1:
        raise ValueError("有诉求就至少要有 1 个组织来受理。")
    if activities and not members:
        raise ValueError("有活动就要有党员：到会名册上是党员。")
    if grievances > MOST_GRIEVANCES:
        raise ValueError(f"诉求最多 {MOST_GRIEVANCES:,} 件。")
    with transaction.atomic():
        places, new_organizations = _organizations(organizations, seed)
        places, new_firms = _enterprises(places, round(drivers * FIRMS / DRIVERS_OF_FIRMS), seed)
        trail.record(
            "seed.scale",
            None,
            actor=None,
            details={
                "drivers": drivers,
                "members": members,
                "organizations": organizations,
                "grievances": grievances,
                "seed": seed,
            },
        )
    tell(f"组织 {new_organizations} 个，企业 {new_firms} 户")
    people, turns = People(seed), _turns(places)
    is_empty = not Driver.objects.exists() and not Vehicle.objects.exists()
    new_drivers = new_members = 0
    for first in range(0, drivers, CHUNK):
        chunk = range(first, min(first + CHUNK, drivers))
        # Members are spread evenly over the drivers: index i is one when the running quota steps up at i.
        placements = [
            _placement(people, i, turns, is_member=(i + 1) * members // drivers > i * members // drivers) for i in chunk
        ]
        with transaction.atomic():
            added = write(placements, as_of=AS_OF, at=_AT, may_meet_others=not is_empty)
        new_drivers += added[0]
        new_members += added[1]
        tell(f"司机 {first + len(chunk)} / {drivers}")
    _analyze()
    new_grievances = load_grievances([place.committee_id for place in places], grievances, seed, tell)
    branches = [pk for place in places for pk in place.branch_ids]
    new_activities = load_branch_life(branches, activities, seed, AS_OF, tell)
    if new_activities:
        _analyze()
    return Loaded(new_organizations, new_firms, new_drivers, new_members, new_grievances, new_activities)


# --- organisations --------------------------------------------------------------------------------------------------
def _organizations(wanted: int, seed: int) -> tuple[list[_Place], int]:
    """Add committees, two in five at most, and branches under them until there are `wanted`; return the places."""
    hold_tree()
    committees = list(_committee_rows())[: min(COMMITTEES_OF_PROVINCE, max(1, wanted * 2 // 5))] if wanted else []
    known = {row.code: row for row in Organization.objects.filter(code__in=[code for code, *_ in committees])}
    tree = Tree()
    added = 0
    for code, name, level, parent in committees:
        if code not in known:
            known[code] = tree.add(
                known.get(parent),
                code=code,
                name=f"中共{name}道路运输行业委员会",
                short_name=name,
                kind=Kind.INDUSTRY_COMMITTEE,
                level=level,
                division_id=code,
            )
            added += 1
    # Who registers drivers: the counties; in a small load whatever stands lowest.
    lowest = [row for row in committees if row[2] == Level.COUNTY] or committees[-1:]
    branches: dict[str, list[Organization]] = {code: [] for code, *_ in lowest}
    total = max(wanted - len(committees), 0)
    codes = [
        (f"{lowest[number % len(lowest)][0]}-S{number // len(lowest) + 1:03}", lowest[number % len(lowest)])
        for number in range(total)
    ]
    there = {row.code: row for row in Organization.objects.filter(code__in=[code for code, _ in codes])}
    for number, (code, (county, name, *_)) in enumerate(codes):
        branch = there.get(code)
        if branch is None:
            serial = number // len(lowest) + 1
            kind, words = _BRANCH_KINDS[(number + serial) % len(_BRANCH_KINDS)]
            branch = tree.add(
                known[county],
                code=code,
                name=f"{name}{words}（{serial}）",
                short_name=f"{name}{words}（{serial}）",
                kind=kind,
                level=Level.BASE,
                division_id=county,
                serial_number=serial,
            )
            added += 1
        branches[county].append(branch)
    tree.write()
    return [
        _Place(known[code].pk, code, name, tuple(branch.pk for branch in branches[code])) for code, name, *_ in lowest
    ], added


def _committee_rows() -> Iterator[tuple[str, str, str, str]]:
    """Yield (code, name, level, code above) of the committees of the province: each city before its counties."""
    rows = [row for row in division_rows() if row["code"].startswith(PROVINCE)]
    rows = [row for row in rows if row["name"] not in COLLECTIVE_DIVISIONS and not is_functional_zone(row["code"])]
    levels = {"province": Level.PROVINCE, "prefecture": Level.CITY, "county": Level.COUNTY}
    for row in sorted(rows, key=lambda row: row["code"]):
        yield row["code"], row["name"], levels[row["level"]], row["parent_id"] or ""


# --- firms ----------------------------------------------------------------------------------------------------------
_FIRM = (
    "id",
    "name",
    "name_key",
    "uscc",
    "kind",
    "ownership",
    "committee_id",
    "division_id",
    "coverage",
    "coverage_organization_id",
    "employee_count",
    "last_verified_date",
    "version",
    "created_at",
    "updated_at",
)


def _enterprises(places: list[_Place], wanted: int, seed: int) -> tuple[list[_Place], int]:
    """Add firms, by turns in each place, and return the places with the keys of their firms, and how many are new."""
    if not places:
        return places, 0
    groups = list(_FIRM_KINDS)
    firms = Enterprise.objects.filter(committee_id__in=[place.committee_id for place in places])
    there = {(committee, name): pk for committee, name, pk in firms.values_list("committee_id", "name", "pk")}
    firm_ids: dict[int, list[int]] = {place.committee_id: [] for place in places}
    new = []
    for number in range(wanted):
        place, turn = places[number % len(places)], number // len(places)
        group = groups[turn % len(groups)]
        name = f"示例{place.name}{Group(group).label}运输第{seed}-{turn + 1}号有限公司"
        pk = there.get((place.committee_id, name))
        if pk is None:
            new.append((number, place, group, name))
        else:
            firm_ids[place.committee_id].append(pk)
    rows = []
    for pk, (number, place, group, name) in zip(bulk.reserve_ids(Enterprise, len(new)), new, strict=True):
        firm_ids[place.committee_id].append(pk)
        rows.append((pk, *_firm(number, place, group, name, seed)))
    bulk.insert(Enterprise, _FIRM, rows)
    return [
        _Place(place.committee_id, place.division, place.name, place.branch_ids, tuple(firm_ids[place.committee_id]))
        for place in places
    ], len(new)


def _firm(number: int, place: _Place, group: str, name: str, seed: int) -> tuple:
    # Domain a.1: 526 organisations over 17,029 firms; some firms share one, some have an instructor.
    coverage = {0: Coverage.JOINT, 1: Coverage.INSTRUCTOR, 2: Coverage.OWN}.get(number % 33, Coverage.NONE)
    if not place.branch_ids and coverage != Coverage.INSTRUCTOR:
        coverage = Coverage.NONE
    covered_by = (
        place.branch_ids[number % len(place.branch_ids)] if coverage in (Coverage.OWN, Coverage.JOINT) else None
    )
    return (
        name,
        name_key(name),
        None if number % 10 == 9 else synthetic_uscc(place.division, seed, number),
        _FIRM_KINDS[group],
        Ownership.STATE if number % 12 == 5 else Ownership.PRIVATE,
        place.committee_id,
        place.division,
        coverage,
        covered_by,
        10 + number % 190,
        AS_OF - timedelta(days=number % 400),
        1,
        _AT,
        _AT,
    )


def synthetic_uscc(division: str, seed: int, number: int) -> str:
    """Return a valid credit code (GB 32100) of a firm that does not exist, the same for the same arguments."""
    rest, body = (seed * 7_368_787 + number) % 31**8, ""
    for _ in range(8):
        rest, place = divmod(rest, 31)
        body += _USCC_CHARACTERS[place]
    first = f"91{division}{body}{_USCC_CHARACTERS[(seed + number) % 31]}"
    return first + uscc.calc_check_digit(first)


# --- drivers ------------------------------------------------------------------------------------------------------
def _turns(places: list[_Place]) -> list[_Place]:
    """Return the places, those of the capital five times: by lot among them a driver finds where he is registered."""
    return [place for place in places for _ in range(5 if place.division.startswith(f"{PROVINCE}01") else 1)]


def _placement(people: People, index: int, turns: list[_Place], *, is_member: bool) -> Placement:
    person = people[index]
    dice = person.dice
    place = turns[dice % len(turns)]
    self_employed = dice // 3 % 10 < 3 or not place.firm_ids
    branch = place.branch_ids[dice // 23 % len(place.branch_ids)] if place.branch_ids else None
    return Placement(
        person,
        place.committee_id,
        place.division,
        person.group,
        person.work_status,
        firm_id=None if self_employed else place.firm_ids[dice // 31 % len(place.firm_ids)],
        # One phone in 200 is shared with the driver before: couples, and what the list of duplicates is for.
        phone=people[index - 1].phone if index % 200 == 7 else "",
        has_vehicle=dice // 7 % 12 > 0,
        has_credential=dice // 9 % 10 > 0,
        is_member=is_member,
        branch_id=branch,
        is_formal=dice // 19 % 5 < 3,
    )


def _analyze() -> None:
    """Let the planner see what is there now: after a bulk load its figures are those of the empty tables."""
    with connection.cursor() as cursor:
        if connection.vendor != "postgresql":
            cursor.execute("PRAGMA analysis_limit = 1000")
            cursor.execute("ANALYZE")
            return
        loaded = (
            Person,
            Driver,
            Vehicle,
            DriverVehicle,
            Credential,
            PartyMember,
            Affiliation,
            Enterprise,
            Organization,
            Activity,
            Attendance,
        )
        for model in loaded:
            cursor.execute(f"ANALYZE {connection.ops.quote_name(model._meta.db_table)}")
