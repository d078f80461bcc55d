"""What every verb of a grievance does: hold the case, ask who may, move it with its words, and leave the trace."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction

from branches.choices import Duty, Kind, OrganizationStatus
from branches.models import Office, Organization
from branches.scope import Reach, reach_of
from branches.workflow import lines_of, offices_of
from foundation.audit import trail
from grievances.choices import NEXT, StatementKind
from grievances.models import Grievance, Statement
from grievances.rules import cases


@dataclass(frozen=True)
class Complainant:
    """Who acts by code and passphrase. The trail names nobody and no address: anonymous means anonymous."""

    pk: None = None
    name: str = "诉求人"
    is_authenticated: bool = False

    def get_username(self) -> str:
        """Return the name."""
        return self.name


COMPLAINANT = Complainant()
MOVED_ON = "这件诉求刚刚被别人办过一步，您的操作没有保存。请刷新页面，看过现在的情况再做。"


@contextmanager
def held(grievance: Grievance) -> Iterator[None]:
    """Hold a case for one verb, in one transaction: nobody moves it meanwhile. One query.

    Raises trail.Conflict when it is no longer as the caller saw it.
    """
    with transaction.atomic():
        now = Grievance.objects.select_for_update().values_list("status", "rung", "handler_id").get(pk=grievance.pk)
        if now != (grievance.status, grievance.rung, grievance.handler_id):
            raise trail.Conflict(MOVED_ON)
        yield


@dataclass(frozen=True)
class Acting:
    """Who acts: the reach at that instant and the handling offices whose work falls to him."""

    reach: Reach
    offices: frozenset[int]

    def office_at(self, grievance: Grievance) -> Office | None:
        """Return the handling office when he acts for it."""
        return grievance.handler if grievance.handler_id in self.offices else None


def acting(actor, at: datetime) -> Acting:
    """Return what an actor holds at an instant. Up to five queries."""
    reach = reach_of(actor, at)
    return Acting(reach, frozenset(office.pk for office in offices_of(reach, at, [Duty.HANDLE, Duty.COLLECT])))


def require(allowed: bool, sentence: str) -> None:
    """Raise PermissionDenied with the sentence unless allowed."""
    if not allowed:
        raise PermissionDenied(sentence)


def require_visible(actor, grievance: Grievance) -> None:
    """Raise PermissionDenied for who does not see the case: the door answers like for none."""
    if not Grievance.objects.visible_to(actor).filter(pk=grievance.pk).exists():
        raise PermissionDenied("没有这件诉求，或者不在您的辖区。")


def require_text(text: str, field: str, sentence: str) -> str:
    """Return the text without spaces around it; raise ValidationError at the field when nothing is left."""
    text = text.strip()
    if not text:
        raise ValidationError({field: sentence})
    return text


def require_step(grievance: Grievance, to: str) -> None:
    """Raise trail.NotAllowed in words when the life-cycle has no such step."""
    if to not in NEXT[grievance.status]:
        raise trail.NotAllowed(f"这件诉求现在是「{grievance.get_status_display()}」，不能这样办。")


def move(
    grievance: Grievance,
    to: str,
    *,
    actor,
    action: str,
    changes: Mapping[str, Any] | None = None,
    reason: str = "",
    details: Mapping[str, Any] | None = None,
) -> int:
    """Move a held case to a status with its changes and return the number of the audit entry. Two queries."""
    return move_all([(grievance, to, changes or {})], actor=actor, action=action, reason=reason, details=details)[0]


def move_all(
    moves: Sequence[tuple[Grievance, str, Mapping[str, Any]]],
    *,
    actor,
    action: str,
    reason: str = "",
    details: Mapping[str, Any] | None = None,
) -> list[int]:
    """Move held cases, each to its status with its changes, and return the numbers of the audit entries in order.

    One query for each group that changes alike and one for 1,000 entries.
    """
    steps = [
        trail.Step(
            grievance,
            to,
            changes,
            reason=reason,
            details=details,
            organization_id=changes.get("organization", grievance.organization).pk,
            person_id=person_of(grievance),
            label=grievance.number,
        )
        for grievance, to, changes in moves
    ]
    return [entry.pk for entry in trail.transition_all(steps, actor=actor, action=action, next_table=NEXT)]


def note(grievance: Grievance, *, actor, action: str, details: Mapping[str, Any] | None = None, fields=()) -> int:
    """Leave the trace of an act that moves nothing and return its entry. One query."""
    return trail.record(
        action,
        grievance,
        actor=actor,
        organization_id=grievance.organization_id,
        person_id=person_of(grievance),
        fields=fields,
        details=details,
        label=grievance.number,
    ).pk


def say(
    grievance: Grievance,
    kind: StatementKind,
    text: str,
    *,
    at: datetime,
    actor=None,
    office: Office | None = None,
    is_public: bool,
    entry_id: int,
) -> Statement:
    """Write what was said with an act. One query."""
    return Statement.objects.create(
        grievance=grievance,
        kind=kind,
        text=text,
        is_public=is_public,
        office=office,
        said_by=actor if getattr(actor, "pk", None) else None,
        at=at,
        entry_id=entry_id,
    )


def say_all(
    said: Iterable[tuple[Grievance, str, int]], kind: StatementKind, *, at: datetime, actor=None, is_public: bool
) -> None:
    """Write (case, text, number of its entry) for many cases at once. One query."""
    said_by = actor if getattr(actor, "pk", None) else None
    Statement.objects.bulk_create(
        Statement(
            grievance=grievance, kind=kind, text=text, is_public=is_public, said_by=said_by, at=at, entry_id=entry_id
        )
        for grievance, text, entry_id in said
    )


def person_of(grievance: Grievance) -> int | None:
    """Return the person whose trail an entry belongs to; none for a confidential author."""
    return None if grievance.is_confidential else grievance.person_id


def committee_above(organization: Organization) -> Organization | None:
    """Return the nearest working industry committee above a unit; None at the top. One query."""
    return committees_above([organization])[organization.pk]


def committees_above(organizations: Iterable[Organization]) -> dict[int, Organization | None]:
    """Return {unit id: the nearest working industry committee above it}. One query for any number of units."""
    return {
        pk: next(
            (
                one
                for one in line[1:]
                if one.kind == Kind.INDUSTRY_COMMITTEE and one.status != OrganizationStatus.DISSOLVED
            ),
            None,
        )
        for pk, line in lines_of(organizations).items()
    }


def deciding_committee(organization: Organization) -> Organization | None:
    """Return the committee that decides what comes in at a unit: itself if it is one, else the nearest above."""
    from branches.choices import COMMITTEES

    if organization.kind in COMMITTEES:
        return organization
    return (
        Organization.objects.get_ancestors(organization)
        .filter(kind__in=COMMITTEES)
        .exclude(status=OrganizationStatus.DISSOLVED)
        .order_by("-depth")
        .first()
    )


__all__ = [
    "COMPLAINANT",
    "Acting",
    "acting",
    "cases",
    "committee_above",
    "committees_above",
    "deciding_committee",
    "held",
    "move",
    "move_all",
    "note",
    "require",
    "require_step",
    "require_text",
    "require_visible",
    "say",
    "say_all",
]
