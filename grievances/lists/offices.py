"""To whom a case can be given: units with a handling office at or below a committee, with who acts there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from branches.choices import DUTY_ROLES, Duty
from branches.models import Appointment, Office, Organization
from branches.rules import acting
from branches.scope import Reach, subtree
from branches.workflow import acting_for

SHOWN = 200


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit that can take a case, and who acts there in words."""

    organization: Organization
    who: str

    @property
    def words(self) -> str:
        """Return the unit and who acts: 区交通执法大队：李某 · 区交通执法大队：空缺，由市行业党委王某代管."""
        return f"{self.organization.short_name}：{self.who}"


def taking_units(committee: Organization, reach: Reach, at: datetime, text: str = "") -> list[Unit]:
    """Return at most `SHOWN` + 1 units at or below a committee that can take a case, in tree order. Six queries.

    Units with people of their own for the work, or with an office whose work falls to the level above; the committee
    itself always when anybody acts for it. `text` is a part of the name.
    """
    below = Organization.objects.visible_to(reach).filter(subtree(committee.path)).running()
    everybody = Appointment.objects.visible_to(reach).running(at).filter(role__in=DUTY_ROLES[Duty.HANDLE])
    present: dict[int, list[Appointment]] = {}
    for post in everybody.filter(subtree(committee.path, "organization__")).select_related("user", "organization"):
        present.setdefault(post.organization_id, []).append(post)
    offices = {
        one.organization_id: one
        for one in Office.objects.visible_to(reach)
        .filter(subtree(committee.path, "organization__"), duty=Duty.HANDLE)
        .select_related("holder__user", "holder__organization", "deputy__user", "deputy__organization")
    }
    wanted = below.filter(pk__in={committee.pk, *present, *offices})
    if text:
        wanted = wanted.filter(short_name__contains=text)
    by_path = {one.path: one for one in below.filter(pk__in={committee.pk, *present, *offices})}
    above = acting_for(Office(organization=committee, duty=Duty.HANDLE), at)
    found = []
    for unit in wanted.order_by("path")[: SHOWN + 1]:
        acts = _acting_at(unit, committee, by_path, offices, present, at) or above
        if acts:
            found.append(_unit(unit, acts))
    return found


def _acting_at(unit, committee, by_path, offices, present, at) -> list[Appointment]:
    path = unit.path
    while len(path) >= len(committee.path):
        here = by_path.get(path)
        if here is not None:
            office = offices.get(here.pk) or Office(organization=here, duty=Duty.HANDLE)
            if found := acting(office, present.get(here.pk, ()), at):
                return found
        path = path[: -Organization.steplen]
    return []


def _unit(unit: Organization, acts: list[Appointment]) -> Unit:
    names = "、".join(one.user.name for one in acts[:3]) + ("等" if len(acts) > 3 else "")
    if acts[0].organization_id == unit.pk:
        return Unit(unit, names)
    return Unit(unit, f"空缺，由{acts[0].organization.short_name}{names}代管")
