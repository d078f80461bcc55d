"""Figures of membership. Unit everywhere: 人. Every function takes an already scoped queryset of members."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from django.db.models import Count, Q

from branches.choices import Kind, OrganizationStatus
from branches.models import Organization
from branches.querysets import OrganizationQuerySet
from members.choices import MEMBER_CURRENT, Absence, AffiliationKind, AffiliationStatus, MemberStatus
from members.models import Affiliation, PartyMember
from members.querysets import PLACING_KINDS, PartyMemberQuerySet
from members.rules.membership import flowing_since_before, size_of_branch


@dataclass(frozen=True)
class MemberCoverage:
    """Placed of confirmed (domain a.1: all assigned = 100 %), with the parts that add up to both."""

    confirmed: int = 0
    placed: int = 0
    by_branch: Mapping[int, int] = field(default_factory=dict)  # branch → placed there; the sum is `placed`
    # Committee (None: no unit of ours has them) → (placed, confirmed); the sums are `placed` and `confirmed`.
    by_committee: Mapping[int | None, tuple[int, int]] = field(default_factory=dict)

    @property
    def unplaced(self) -> int:
        """Confirmed members whom no branch has."""
        return self.confirmed - self.placed

    @property
    def percent(self) -> float | None:
        """Placed in a hundred confirmed, to one decimal and never rounded up to 100; None when nobody is confirmed."""
        if not self.confirmed:
            return None
        return int(self.placed * 1000 / self.confirmed) / 10


def committee_map() -> dict[int, int | None]:
    """Return {organisation: the industry committee it is or stands under, the nearest}. One query, the whole tree."""
    nearest: dict[str, int | None] = {}
    found: dict[int, int | None] = {}
    step = Organization.steplen
    rows = Organization.objects.order_by("path").values_list("pk", "path", "kind")
    for pk, path, kind in rows:
        nearest[path] = pk if kind == Kind.INDUSTRY_COMMITTEE else nearest.get(path[:-step])
        found[pk] = nearest[path]
    return found


def member_coverage(members: PartyMemberQuerySet) -> MemberCoverage:
    """Return how many of the current members have a branch, by branch and by committee. Two queries.

    Everybody counts once: with the branch that has him, else where he is to be placed (`with_unit`).
    """
    committees = committee_map()
    rows = members.current().with_unit().order_by().values_list("placed_id", "unit_id").annotate(number=Count("pk"))
    by_branch: Counter[int] = Counter()
    by_committee: dict[int | None, tuple[int, int]] = {}
    confirmed = 0
    for branch, unit, number in rows:
        confirmed += number
        if branch is not None:
            by_branch[branch] += number
        key = committees.get(unit) if unit is not None else None
        placed, known = by_committee.get(key, (0, 0))
        by_committee[key] = (placed + (number if branch is not None else 0), known + number)
    return MemberCoverage(confirmed, sum(by_branch.values()), dict(by_branch), by_committee)


@dataclass(frozen=True, slots=True)
class BranchSize:
    """A branch and who is counted in it: full members, and all of them. Unit: 人."""

    organization: Organization
    full: int
    members: int

    @property
    def size(self) -> str:
        """Return "few", "many" or "" (rules.membership.size_of_branch)."""
        return size_of_branch(self.full, self.members)


_NAMED = 200  # branches that a query names one by one


def branch_sizes(organizations: OrganizationQuerySet) -> list[BranchSize]:
    """Return the working branches that place members, in tree order, with their members. Three queries.

    Counted as `member_coverage` counts: with the branch of the formal relation, else with the one that took them in.
    `organizations` are scoped; of a branch in scope everybody in it counts.
    """
    working = [OrganizationStatus.ACTIVE, OrganizationStatus.RECTIFYING]
    rows = organizations.filter(kind__in=sorted(PLACING_KINDS), status__in=working).order_by("path")
    branches = list(rows.only("pk", "path", "short_name", "kind", "status"))
    is_full = Q(status=MemberStatus.FULL)
    formal = PartyMember.objects.current().filter(formal_organization__isnull=False).order_by()
    tied = Affiliation.objects.filter(
        Q(member__formal_organization__isnull=True) | ~Q(member__formal_organization__kind__in=sorted(PLACING_KINDS)),
        kind=AffiliationKind.FLOWING,
        status=AffiliationStatus.REPORTED_IN,
        until_date__isnull=True,
        member__status__in=sorted(MEMBER_CURRENT),
    ).order_by()
    if len(branches) <= _NAMED:  # else every branch is counted and those asked for are picked: no list of a thousand
        keys = [one.pk for one in branches]
        formal, tied = formal.filter(formal_organization__in=keys), tied.filter(organization__in=keys)
    full: Counter[int] = Counter()
    every: Counter[int] = Counter()
    counted = [
        *formal.values_list("formal_organization_id").annotate(Count("pk"), full=Count("pk", filter=is_full)),
        *tied.values_list("organization_id").annotate(
            Count("pk"), full=Count("pk", filter=Q(member__status=MemberStatus.FULL))
        ),
    ]
    for branch, members, number in counted:
        every[branch] += members
        full[branch] += number
    return [BranchSize(one, full[one.pk], every[one.pk]) for one in branches]


def placed_counts(members: PartyMemberQuerySet) -> MemberCoverage:
    """Return the two sums of `member_coverage` without its parts: what a desk shows. One query."""
    placed = Count("pk", filter=Q(placed_id__isnull=False))
    found = members.current().with_placement().order_by().aggregate(confirmed=Count("pk"), placed=placed)
    return MemberCoverage(found["confirmed"], found["placed"])


def member_counts(members: PartyMemberQuerySet) -> dict[str, int]:
    """Return {status: n} for every status, zero included. One query."""
    found = dict(members.order_by().values_list("status").annotate(number=Count("pk")))
    return {status: found.get(status, 0) for status in MemberStatus.values}


def absences(members: PartyMemberQuerySet, on: date) -> dict[str, int]:
    """Return {absence: n} of the current members on a date: at home, away for less than six months, flowing. One query.

    Source: 《关于进一步加强和改进流动党员管理工作的意见》: six months in a row.
    """
    flowing = Q(absent_since_date__lte=flowing_since_before(on))
    away = Q(absent_since_date__lte=on)
    return (
        members.current()
        .order_by()
        .aggregate(
            **{
                Absence.HOME: Count("pk", filter=~away | Q(absent_since_date__isnull=True)),
                Absence.SHORT: Count("pk", filter=away & ~flowing),
                Absence.FLOWING: Count("pk", filter=flowing),
            }
        )
    )
