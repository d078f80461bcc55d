"""Verbs on offices: what work is addressed to, whoever holds it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from branches import rules
from branches.capabilities import Capability
from branches.choices import DUTY_ROLES, Duty, OrganizationStatus
from branches.constraints import checked, in_words
from branches.models import Appointment, Office, Organization
from branches.scope import Reach, reach_of, subtree
from foundation.audit import trail


def office_of(organization: Organization, duty: str) -> Office:
    """Return the office of an organisation for a duty, set up vacant when it has none. One query, three to set it up.

    Work that arrives must be addressed to somebody; who does it is asked later (`acting_for`).
    """
    office = Office.objects.filter(organization=organization, duty=duty).first()
    if office is not None:
        office.organization = organization  # the caller's own: who reads it asks nothing again
        return office
    with transaction.atomic():
        office, is_new = Office.objects.get_or_create(organization=organization, duty=duty)
        if is_new:
            _record("office.opened", office, None, {"duty": (None, duty), "holder": (None, None)})
    return office


def acting_for(office: Office, at: datetime) -> list[Appointment]:
    """Return who does the work of an office at an instant: its own people, else those of the nearest level above.

    At most three queries. An empty list: nobody up to the top.
    """
    place = office.organization_id, office.duty
    return acting_at([(office.organization, office.duty)], at)[place].people


def offices_at(places: Iterable[tuple[Organization, str]]) -> dict[tuple[int, str], Office]:
    """Return {(organisation id, duty): its office} as `office_of` finds or sets up each. One query where all are."""
    asked = {(organization.pk, duty): organization for organization, duty in places}
    units, duties = {pk for pk, _ in asked}, {duty for _, duty in asked}
    offices = Office.objects.filter(organization__in=units, duty__in=duties)
    found = {(office.organization_id, office.duty): office for office in offices}
    for place, office in found.items():
        if place in asked:
            office.organization = asked[place]  # the caller's own: who reads it asks nothing again
    return {(pk, duty): found.get((pk, duty)) or office_of(one, duty) for (pk, duty), one in asked.items()}


@dataclass(frozen=True, slots=True)
class Staffed:
    """An office and who does its work at an instant, one appointment for each."""

    office: Office
    people: list[Appointment]


def acting_at(places: Iterable[tuple[Organization, str]], at: datetime) -> dict[tuple[int, str], Staffed]:
    """Return {(organisation id, duty): office and who does its work} for any number of (organisation, duty).

    As `acting_for`, for all of them at once: three queries. An office that is missing is set up vacant (`office_of`).
    """
    asked = {(organization.pk, duty): organization for organization, duty in places}
    offices, people = _staffed(asked, at)
    return {
        place: Staffed(offices.get(place) or office_of(organization, place[1]), people[place])
        for place, organization in asked.items()
    }


def who_acts(
    places: Iterable[tuple[Organization, str]], at: datetime, *, without: Appointment | None = None
) -> dict[tuple[int, str], list[Appointment]]:
    """Return {(organisation id, duty): who does the work at an instant, which may lie ahead}. Three queries, no write.

    `without`: as if that appointment were over. An empty list: nobody up to the top.
    """
    asked = {(organization.pk, duty): organization for organization, duty in places}
    return _staffed(asked, at, without.pk if without is not None else None)[1]


def _staffed(asked: dict[tuple[int, str], Organization], at: datetime, without: int | None = None) -> tuple[dict, dict]:
    """Return the offices that are there and the people of every place. Three queries."""
    lines = lines_of(asked.values())
    units = {unit.pk for line in lines.values() for unit in line}
    duties = {duty for _, duty in asked}
    offices = {
        (one.organization_id, one.duty): one
        for one in Office.objects.filter(organization__in=units, duty__in=duties).select_related("holder", "deputy")
    }
    roles = frozenset().union(*(DUTY_ROLES[Duty(duty)] for duty in duties))
    present: dict[int, list[Appointment]] = {}
    running = Appointment.objects.running(at).filter(organization__in=units, role__in=roles)
    if without is not None:
        running = running.exclude(pk=without)
    for appointment in running.select_related("user", "organization").order_by("pk"):
        present.setdefault(appointment.organization_id, []).append(appointment)
    for office in offices.values() if without is not None else ():
        office.holder = None if office.holder_id == without else office.holder
        office.deputy = None if office.deputy_id == without else office.deputy
    found = {}
    for pk, duty in asked:
        people: list[Appointment] = []
        for unit in lines[pk]:
            here = offices.get((unit.pk, duty)) or Office(organization=unit, duty=duty)
            people = rules.acting(here, present.get(unit.pk, ()), at)
            if people:
                break
        found[pk, duty] = people
    return offices, found


def lines_of(organizations: Iterable[Organization]) -> dict[int, list[Organization]]:
    """Return {organisation id: itself and those above it, nearest first}. One query for any number of them."""
    below = {one.pk: one for one in organizations}
    by_path = {one.path: one for one in below.values()}
    above = {path[:end] for path in by_path for end in _ends(path)} - by_path.keys()
    by_path |= {one.path: one for one in Organization.objects.filter(path__in=above)}
    return {
        pk: [by_path[one.path[:end]] for end in reversed(_ends(one.path)) if one.path[:end] in by_path]
        for pk, one in below.items()
    }


def offices_of(who, at: datetime, duties: Iterable[str] = tuple(Duty)) -> list[Office]:
    """Return the offices whose work falls to a user (or reach) at an instant, with organisation. Three queries.

    Those of one's own units, and those below whose own people, and everybody between, are missing (`acting_for`).
    A reach that is asked again at its own instant, for the same duties or some of them, costs no query.
    """
    reach, duties = reach_of(who, at), frozenset(duties)
    if not reach.posts:
        return []
    if at != reach.at:
        return _offices_of(reach, at, duties)
    for asked, found in reach.offices.items():
        if duties <= asked:
            return [office for office in found if office.duty in duties]
    reach.offices[duties] = _offices_of(reach, at, duties)
    return list(reach.offices[duties])


def _offices_of(reach: Reach, at: datetime, duties: Iterable[str]) -> list[Office]:
    condition = Q()
    for path in {post.path for post in reach.posts}:
        condition |= subtree(path, "organization__")
    offices = list(Office.objects.filter(condition, duty__in=duties).select_related("organization", "holder", "deputy"))
    present: dict[int, list[Appointment]] = {}
    paths = {path[:end] for path in {office.organization.path for office in offices} for end in _ends(path)}
    running = Appointment.objects.running(at).filter(organization__path__in=paths)
    for appointment in running.select_related("organization"):
        present.setdefault(appointment.organization.path, []).append(appointment)
    by_place = {(office.organization.path, office.duty): office for office in offices}
    return [office for office in offices if _falls_to(reach.user_id, office, by_place, present, at)]


def _ends(path: str) -> range:
    return range(Organization.steplen, len(path) + 1, Organization.steplen)


def _falls_to(user_id, office: Office, by_place: dict, present: dict, at: datetime) -> bool:
    for end in reversed(_ends(office.organization.path)):
        path = office.organization.path[:end]
        here = by_place.get((path, office.duty)) or Office(duty=office.duty)
        if found := rules.acting(here, present.get(path, ()), at):
            return any(one.user_id == user_id for one in found)
    return False


def open_office(
    organization: Organization, duty: str, *, holder: Appointment | None = None, actor, at: datetime | None = None
) -> Office:
    """Set up an office with a duty, held by a running appointment or vacant, and return it.

    Raises PermissionDenied, ValidationError.
    """
    _require_change(actor, organization)
    if organization.status == OrganizationStatus.DISSOLVED:
        raise ValidationError({"organization": f"“{organization.short_name}”已经撤销，不能再设岗位。"})
    _check_person(holder, organization, at or timezone.now(), "holder")
    office = Office(organization=organization, duty=duty, holder=holder)
    checked(office)
    with transaction.atomic():
        with in_words(Office):
            office.save(force_insert=True)
        _record("office.opened", office, actor, {"duty": (None, duty), "holder": (None, office.holder_id)})
    return office


def assign_office(office: Office, holder: Appointment | None, *, actor, at: datetime | None = None) -> Office:
    """Give an office to an appointment, or leave it vacant, and return it. A deputy who becomes holder is no deputy.

    Raises PermissionDenied, ValidationError.
    """
    _require_change(actor, office.organization)
    _check_person(holder, office.organization, at or timezone.now(), "holder")
    changes = {"holder": holder}
    if holder is not None and office.deputy_id == holder.pk:
        changes["deputy"] = None
    return _write(office, changes, "office.assigned", actor)


def set_deputy(office: Office, deputy: Appointment | None, *, actor, at: datetime | None = None) -> Office:
    """Name who stands in while the holder is absent (None: nobody), and return the office.

    Raises PermissionDenied, ValidationError.
    """
    _require_arrange(actor, office)
    if deputy is not None and deputy.pk == office.holder_id:
        raise ValidationError({"deputy": "代理人不能是任职人自己。"})
    _check_person(deputy, office.organization, at or timezone.now(), "deputy")
    return _write(office, {"deputy": deputy}, "office.deputy_set", actor)


def mark_absent(office: Office, *, from_at: datetime, until_at: datetime | None = None, actor) -> Office:
    """Note that the holder is away from one instant to another (None: until further notice); return the office.

    Raises PermissionDenied, ValidationError.
    """
    _require_arrange(actor, office)
    if office.holder_id is None:
        raise ValidationError("这个岗位现在没有任职人，不用登记缺岗。")
    if until_at is not None and until_at <= from_at:
        raise ValidationError({"absent_until_at": "缺岗结束时间必须晚于开始时间。"})
    return _write(office, {"absent_from_at": from_at, "absent_until_at": until_at}, "office.absent", actor)


def mark_back(office: Office, *, actor) -> Office:
    """Note that the holder is back; return the office. Raises PermissionDenied, ValidationError."""
    _require_arrange(actor, office)
    if office.absent_from_at is None:
        raise ValidationError("这个岗位没有登记缺岗。")
    return _write(office, {"absent_from_at": None, "absent_until_at": None}, "office.back", actor)


def _require_change(actor, organization: Organization) -> None:
    if actor is not None and not reach_of(actor).covers(Capability.ORGANIZATION_CHANGE, organization):
        raise PermissionDenied("岗位由本级或上级委员会的专干设置。")


def _require_arrange(actor, office: Office) -> None:
    if actor is not None and not rules.may_arrange_office(actor, office):
        raise PermissionDenied("代理和缺岗由专干、本支部书记或任职人自己登记。")


def _check_person(appointment: Appointment | None, organization: Organization, at: datetime, field: str) -> None:
    if appointment is None:
        return
    if appointment.organization_id != organization.pk or not appointment.is_running(at):
        raise ValidationError({field: f"请选在“{organization.short_name}”任职的人。"})


def _write(office: Office, changes: dict, action: str, actor) -> Office:
    with transaction.atomic():
        current = Office.objects.select_for_update().get(pk=office.pk)
        before = {name: getattr(current, name) for name in changes}
        for name, value in changes.items():
            setattr(office, name, value)
        with in_words(Office):
            Office.objects.filter(pk=office.pk).update(**changes)
        _record(action, office, actor, {name: (before[name], value) for name, value in changes.items()})
    return office


def _record(action: str, office: Office, actor, fields) -> None:
    trail.record(
        action,
        office,
        actor=actor,
        organization_id=office.organization_id,
        fields=fields,
        label=f"{office.organization.short_name} {office.get_duty_display()}",
    )
