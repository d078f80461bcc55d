"""Who may do what with joint conferences and their items, and what a list of departments says. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from activities.choices import PENDING, DepartmentKind
from branches.capabilities import Capability
from branches.choices import Kind
from branches.scope import reach_of

DAYS_AHEAD = 7  # how long before an item is due people are reminded (local custom)
NAME_LENGTH = 60
# What a department is, by a word in its name; the first that fits.
_WORDS = (
    (DepartmentKind.SOCIAL_WORK, ("社会工作部", "社工部")),
    (DepartmentKind.ORGANISATION, ("组织部", "两新工委", "组织人事")),
    (DepartmentKind.POLITICAL_LEGAL, ("政法",)),
    (DepartmentKind.PUBLIC_SECURITY, ("公安", "交警")),
    (DepartmentKind.DEVELOPMENT_REFORM, ("发改", "发展改革", "发展和改革")),
    (DepartmentKind.HUMAN_RESOURCES, ("人社", "人力资源")),
    (DepartmentKind.TRANSPORT, ("交通",)),
    (DepartmentKind.MARKET, ("市场监管", "市场监督")),
    (DepartmentKind.UNION, ("工会",)),
)


@dataclass(frozen=True, slots=True)
class Department:
    """A member department as it is written down: its name and the office to call."""

    name: str
    contact_office: str = ""

    @property
    def kind(self) -> DepartmentKind:
        """Return what kind of department it is, by its name."""
        return next((kind for kind, words in _WORDS if any(word in self.name for word in words)), DepartmentKind.OTHER)


def may_keep(who, organization) -> bool:
    """Return whether a user (or reach) keeps joint conferences of a committee. Source: `joint_conference,record`."""
    return reach_of(who).covers(Capability.JOINT_CONFERENCE_RECORD, organization)


def may_have(kind: str) -> bool:
    """Return whether an organisation of this kind leads a joint conference: industry committees, on their three levels.

    Source: domain a.1 (S2: 联席会议制度 at province, city and county).
    """
    return kind == Kind.INDUSTRY_COMMITTEE


def departments_of(text: str) -> list[Department]:
    """Return the departments of a text: one a line, after a comma the office to call (市公安局，交警支队)."""
    found: dict[str, Department] = {}
    for line in text.splitlines():
        name, *rest = (part.strip() for part in re.split(r"[，,、\t|]", line, maxsplit=1))
        if name:
            found.setdefault(name, Department(name, rest[0] if rest else ""))
    return list(found.values())


def in_text(departments: Iterable) -> str:
    """Return departments as the text `departments_of` reads."""
    return "\n".join(f"{one.name}，{one.contact_office}" if one.contact_office else one.name for one in departments)


def is_overdue(item, on: date) -> bool:
    """Return whether an item should have been done before a day and is not."""
    return item.status in PENDING and item.due_date < on
