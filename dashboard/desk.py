"""The committee desk: each figure counted from the rows its link shows.

A panel at the side is a function (reach, at) → Panel or None. To add one, write it and name it in PANELS.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone

from activities.models import ComplianceStatus
from activities.statistics import ending_in, fulfilled
from branches import rules
from branches.capabilities import Capability
from branches.choices import Role
from branches.models import Organization, Term
from branches.scope import Reach
from branches.statistics import posts_required, tree_counts, vacant
from grievances.lists.desk import Waiting, waiting
from grievances.lists.worklist import Reader
from members.choices import DEVELOPMENT_OPEN, DevelopmentStage, DevelopmentWhen, FunnelStage
from members.models import Development, Driver, Enterprise, PartyMember, RegistrationTransfer, RosterImport
from members.rules.membership import BRANCH_LEAST_FULL, BRANCH_MOST
from members.statistics import (
    branch_sizes,
    coverage,
    driver_counts,
    funnel,
    open_transfers,
    pipeline,
    placed_counts,
    recent_imports,
)

VACANCIES_SHOWN = TERMS_SHOWN = 4
UNITS_SHOWN = 6


@dataclass(frozen=True, slots=True)
class Line:
    """One figure of a panel with the list it counts."""

    label: str
    number: int
    url: str
    is_bad: bool = False


@dataclass(frozen=True, slots=True)
class Panel:
    """A small table of figures."""

    title: str
    unit: str  # 本年，人
    lines: tuple[Line, ...]
    note: str = ""


def committee_desk(reach: Reach) -> dict[str, Any]:
    """Return what the desk of a committee shows. At most twenty-three queries, whatever the size of the scope."""
    at = timezone.now()
    context: dict[str, Any] = {
        "at": at,
        "tree": tree_counts(Organization.objects.visible_to(reach)),
        "drivers": driver_counts(Driver.objects.visible_to(reach), timezone.localdate(at)),
        "coverage": coverage(Enterprise.objects.visible_to(reach)),
        "may_upload": reach.has(Capability.ROSTER_IMPORT_UPLOAD),
        "has_imports": reach.has(Capability.ROSTER_IMPORT_VIEW),
        "has_transfers": reach.has(Capability.DRIVER_CLAIM_REGISTRATION),
        "panels": [panel for make in PANELS if (panel := make(reach, at)) is not None],
    }
    context |= _posts(reach, at) | _cases(reach, at)
    if reach.has(Capability.PARTY_MEMBER_VIEW):
        context["members"] = placed_counts(PartyMember.objects.visible_to(reach))
    if context["has_imports"]:
        context["imports"] = recent_imports(RosterImport.objects.visible_to(reach))
    if context["has_transfers"]:
        context["transfers"] = open_transfers(RegistrationTransfer.objects.visible_to(reach))
    return context


def _posts(reach: Reach, at: datetime) -> dict[str, Any]:
    """Return vacancies of secretaries and terms that are due. Five queries."""
    # Where one may see posts, as the list behind the figure: who only handles cases at a unit learns of no vacancy.
    staffed = Organization.objects.manageable_by(reach, Capability.APPOINTMENT_VIEW)
    # Keys first, then the few that are shown: a large scope is asked once, not once for the number and once for rows.
    empty = list(vacant(staffed, Role.SECRETARY, at).values_list("pk", "vacant_since"))
    shown = Organization.objects.in_bulk([pk for pk, _ in empty[:VACANCIES_SHOWN]])
    for pk, since in empty[:VACANCIES_SHOWN]:
        shown[pk].vacant_since = since
    today = timezone.localdate(at)
    due = Term.objects.visible_to(reach).due_by(rules.months_after(today, max(rules.TERM_REMINDERS)))
    terms = list(due.values_list("organization_id", "due_date"))
    named = Organization.objects.in_bulk([pk for pk, _ in terms[:TERMS_SHOWN]])
    return {
        "vacancies": [shown[pk] for pk, _ in empty[:VACANCIES_SHOWN]],
        "vacancy_count": len(empty),
        "posts_required": posts_required(staffed, Role.SECRETARY).order_by().count(),
        "terms": [(named[pk], day, (day - today).days) for pk, day in terms[:TERMS_SHOWN]],
        "terms_overdue": sum(day <= today for _, day in terms),
        "terms_due": len(terms),
    }


def _cases(reach: Reach, at: datetime) -> dict[str, Any]:
    """Return the open cases of the scope by who decides them. At most five queries."""
    if not reach.has(Capability.GRIEVANCE_VIEW):
        return {}
    found = waiting(Reader(reach, frozenset(), frozenset()), at)
    shown = found[:UNITS_SHOWN]
    return {
        "cases": [(one, *_addresses(one)) for one in shown],
        "cases_hidden": len(found) - len(shown),
        "cases_below": sum(one.late for one in found if one.tab == "below"),
        "cases_own": sum(one.late for one in found if one.tab == "unit"),
        "cases_today": sum(one.today for one in found if one.tab == "unit"),
        "cases_open": sum(one.open for one in found),
        "has_below": any(one.tab == "below" for one in found),
        "cases_url": reverse("grievances:list"),
    }


def _addresses(one: Waiting) -> tuple[str, str, str]:
    every = f"{reverse('grievances:list')}?tab={one.tab}&unit={one.organization_id}"
    return every, f"{every}&when=late", f"{every}&when=today"


# --- panels -----------------------------------------------------------------------------------------------------------
def branch_life(reach: Reach, at: datetime) -> Panel | None:
    """Return what branches had to do by the end of this month, and last. Three queries."""
    if not reach.has(Capability.ACTIVITY_VIEW):
        return None
    first = timezone.localdate(at).replace(day=1)
    before = (first - timedelta(days=1)).replace(day=1)
    rows, lines, notes = ComplianceStatus.objects.visible_to(reach), [], []
    for month, word in ((first, "本月"), (before, "上月")):
        counted = fulfilled(ending_in(rows, month, _following(month)))
        url = f"{reverse('activities:calendar')}?month={month:%Y-%m}"
        lines.append(Line(f"{word}没做够的支部", counted.incomplete, url, is_bad=month == before))
        notes.append(f"{word}做了 {counted.done:,} 次，应做 {counted.due:,} 次")
    return Panel("组织生活", "个支部", tuple(lines), "；".join(notes))


def branch_members(reach: Reach, at: datetime) -> Panel | None:
    """Return the branches with too few full members or too many members. Three queries."""
    if not reach.has(Capability.PARTY_MEMBER_VIEW):
        return None
    sizes = branch_sizes(Organization.objects.manageable_by(reach, Capability.PARTY_MEMBER_VIEW))
    if not sizes:
        return None
    url = reverse("members:branch_list")
    few, many = (sum(one.size == size for one in sizes) for size in ("few", "many"))
    lines = (
        Line(f"正式党员不足 {BRANCH_LEAST_FULL} 人", few, f"{url}?size=few", True),
        Line(f"党员超过 {BRANCH_MOST} 人", many, f"{url}?size=many", True),
    )
    return Panel("支部人数", "个支部", lines, f"共 {len(sizes):,} 个支部")


def _following(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def verification(reach: Reach, at: datetime) -> Panel | None:
    """Return how far candidates have come from leads to branches. One query."""
    if not reach.has(Capability.VERIFICATION_VIEW):
        return None
    rows, url = funnel(reach), reverse("members:verification_list")
    lines = tuple(
        Line(stage.label, sum(getattr(row, stage.value) for row in rows), f"{url}?stage={stage.value}")
        for stage in FunnelStage
    )
    return Panel("党员核查", "件", lines) if rows else None


def development(reach: Reach, at: datetime) -> Panel | None:
    """Return how many are on their way to membership, by stage, and what opens or is due. One query."""
    if not reach.has(Capability.DEVELOPMENT_VIEW):
        return None
    found, url = (
        pipeline(Development.objects.visible_to(reach), timezone.localdate(at)),
        reverse("members:development_list"),
    )
    stages = [
        Line(one.label, found.by_stage[one], f"{url}?stage={one.value}")
        for one in DevelopmentStage
        if one in DEVELOPMENT_OPEN
    ]
    times = [
        Line(one.label, found.by_time[one], f"{url}?when={one.value}", is_bad=one == DevelopmentWhen.LATE)
        for one in DevelopmentWhen
        if found.by_time[one]
    ]
    return Panel("发展党员", "人", (*stages, *times), f"正在办的 {found.open:,} 人")


# The panels at the side, in their order, each one function.
PANELS: tuple[Callable[[Reach, datetime], Panel | None], ...] = (branch_life, branch_members, verification, development)
