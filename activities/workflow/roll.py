"""Who stands on a roll: what the registry and the appointments know, so that nobody types a name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from activities.choices import OF_COMMITTEE
from activities.rules.acts import has_members
from branches.choices import Kind, OrganizationStatus, Role
from branches.models import Appointment, Organization
from branches.scope import Region
from members.choices import MemberStatus
from members.models import PartyMember

_TAKING_PART = (MemberStatus.FULL, MemberStatus.PROBATIONARY)
_POSTS = {
    True: (Role.SECRETARY, Role.BRANCH_COMMITTEE_MEMBER),
    False: (Role.LEADER, Role.CLERK),
}


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who belongs on the roll. `key` names him in a form: p12 for a person, u7 for an account."""

    key: str
    organization_id: int
    name: str
    note: str = ""
    person_id: int | None = None
    user_id: int | None = None
    may_vote: bool = False


def candidates(organizations: Iterable[Organization], kind: str, at: datetime) -> list[Candidate]:
    """Return who belongs on the roll of an activity of these organisations, by organisation and name. Three queries.

    Of a branch: its members and those tied to it, full and probationary; of a committee meeting, and where no member is
    registered yet: who holds its posts. Who stands on two rolls is named once, with the first.
    """
    organizations = list(organizations)
    place = {one.pk: one.pk for one in organizations}
    branches = [one for one in organizations if has_members(one.kind)]
    for pk, path in _groups_of(branches):
        place[pk] = next(one.pk for one in branches if path.startswith(one.path))
    posts = _posts(organizations, at)
    titles = {post.user_id: post.title or post.get_role_display() for post in posts}
    found: dict[str, Candidate] = {}
    if kind not in OF_COMMITTEE and branches:
        _add_members(found, place, branches, titles)
    listed = {one.organization_id for one in found.values()}
    for post in posts:
        if post.organization_id not in listed:
            person = getattr(post.user, "person", None)
            key = f"p{person.pk}" if person else f"u{post.user_id}"
            found.setdefault(
                key,
                Candidate(
                    key,
                    post.organization_id,
                    person.name if person else post.user.name,
                    titles[post.user_id],
                    person_id=person.pk if person else None,
                    user_id=None if person else post.user_id,
                    may_vote=kind in OF_COMMITTEE,
                ),
            )
    order = {one.pk: number for number, one in enumerate(organizations)}
    return sorted(found.values(), key=lambda one: (order[one.organization_id], not one.may_vote, one.name, one.key))


def _groups_of(branches: list[Organization]) -> list[tuple[int, str]]:
    groups: list[tuple[int, str]] = []
    for branch in branches:
        if branch.numchild:
            below = Organization.objects.subtree_of(branch).filter(kind=Kind.GROUP)
            groups += below.exclude(status=OrganizationStatus.DISSOLVED).order_by("path").values_list("pk", "path")
    return groups


def _posts(organizations: list[Organization], at: datetime) -> list[Appointment]:
    wanted = {one.pk: _POSTS[has_members(one.kind)] for one in organizations}
    roles = sorted({role for posts in wanted.values() for role in posts})
    running = Appointment.objects.running(at).filter(organization__in=organizations, role__in=roles)
    running = running.select_related("user", "user__person").order_by("organization_id", "-role", "pk")
    return [post for post in running if post.role in wanted[post.organization_id]]


def _add_members(found, place, branches, titles) -> None:
    ids = frozenset(pk for pk in place if place[pk] in {one.pk for one in branches})
    members = PartyMember.objects.within(Region(organization_ids=ids)).filter(status__in=_TAKING_PART)
    ties: dict[int, int] = {}
    rows = list(members.select_related("person").order_by("person__name_key", "pk"))
    tied = [row.pk for row in rows if row.formal_organization_id not in ids]
    if tied:
        running = PartyMember.objects.filter(
            pk__in=tied, affiliations__organization_id__in=ids, affiliations__until_date__isnull=True
        )
        ties = dict(running.order_by().values_list("pk", "affiliations__organization_id"))
    for row in rows:
        is_formal = row.formal_organization_id in ids
        home = place.get(row.formal_organization_id) if is_formal else place.get(ties.get(row.pk, 0))
        if home is None:
            continue
        note = titles.get(row.person.user_id, "") if row.person.user_id else ""
        if not is_formal:
            note = "流动纳入，计活动不计表决"
        elif row.status == MemberStatus.PROBATIONARY:
            note = note or "预备党员"
        key = f"p{row.pk}"
        found[key] = Candidate(
            key,
            home,
            row.person.name,
            note,
            person_id=row.pk,
            may_vote=is_formal and row.status == MemberStatus.FULL,
        )
