"""How far a person reaches: running appointments turned into regions of the organisation tree.

Nothing here is remembered between calls: a `Reach` is what one query found at one instant. Pages take it once per
request (`request.reach`), verbs and tasks ask anew. Paths of the tree live in a Reach for as long as the Reach does
and are never stored: treebeard gives the paths of moved and deleted nodes to others.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db.models import Q
from django.utils import timezone

from branches.capabilities import CAPABILITIES, Capability
from branches.choices import ANONYMOUS, COMMITTEES, OUTSIDER, Extent, Role

if TYPE_CHECKING:
    from branches.models import Organization


def path_after(path: str) -> str:
    """Return the smallest path that sorts after the whole subtree of `path` (digits only: integer + 1, zero-padded).

    A path of nines has no successor of its own length; the bound `":"` sorts after every digit.
    """
    following = str(int(path) + 1).zfill(len(path))
    return following if len(following) == len(path) else ":"


def subtree(path: str, prefix: str = "") -> Q:
    """Return the condition "in the subtree of `path`" as a range, which every index on a path can serve."""
    return Q(**{f"{prefix}path__gte": path, f"{prefix}path__lt": path_after(path)})


@dataclass(frozen=True)
class Post:
    """A running appointment, or an organisation that one guides: role, organisation and its path at that instant."""

    role: str
    organization_id: int
    path: str
    kind: str
    name: str


@dataclass(frozen=True)
class Region:
    """What one capability covers: everything, or some organisations, plus rows of oneself.

    `organization_ids` and `committee_ids` (those among them that register drivers) are filled by `Reach.region`.
    """

    everything: bool = False
    organization_ids: frozenset[int] = frozenset()
    committee_ids: frozenset[int] = frozenset()
    own_user_id: int | None = None
    own_organization_ids: frozenset[int] = frozenset()
    every_committee: bool = False  # none stands outside it: no driver is registered, no case decided elsewhere

    @property
    def empty(self) -> bool:
        """Whether no row at all can lie in it."""
        return not (self.everything or self.organization_ids or self.own_user_id or self.own_organization_ids)


@dataclass
class Reach:
    """Where a person may act at one instant; `region()` costs at most one query per distinct set of subtrees."""

    user_id: int | None
    at: datetime
    posts: tuple[Post, ...] = ()
    guided: tuple[Post, ...] = ()
    # By subtrees: what was found there, none of which outlives the reach.
    _resolved: dict[tuple, _Found] = field(default_factory=dict, repr=False)
    # What workflow.offices_of has found for this reach, by the duties it was asked for.
    offices: dict[frozenset[str], list[Any]] = field(default_factory=dict, repr=False, compare=False)

    @property
    def is_anonymous(self) -> bool:
        """Whether nobody is signed in."""
        return self.user_id is None

    @property
    def roles(self) -> frozenset[str]:
        """Return the roles of the running appointments."""
        return frozenset(post.role for post in self.posts)

    def _grants(self, capability: Capability) -> Iterable[tuple[Extent, Post | None]]:
        cells = CAPABILITIES[capability]
        if self.is_anonymous:
            yield cells.get(ANONYMOUS, Extent.NONE), None
            return
        yield cells.get(OUTSIDER, Extent.NONE), None
        for post in self.posts:
            yield cells.get(post.role, Extent.NONE), post

    def has(self, capability: Capability) -> bool:
        """Return whether any appointment gives the capability anywhere. No query."""
        return any(extent != Extent.NONE for extent, _ in self._grants(capability))

    def extents_at(self, capability: Capability, organization: Organization) -> frozenset[Extent]:
        """Return by which extents the capability reaches this organisation; empty: not at all. No query.

        Extents that depend on the row (own, held, office …) answer for the organisation of the appointment itself;
        the rule of the row decides the rest.
        """
        return frozenset(
            extent
            for extent, post in self._grants(capability)
            if extent in (Extent.ALL, Extent.PUBLIC)
            or (post is not None and extent != Extent.NONE and self._lies_in(extent, post, organization))
        )

    def _lies_in(self, extent: Extent, post: Post, organization: Organization) -> bool:
        inside = organization.path.startswith(post.path)
        if extent in (Extent.SUBTREE, Extent.AGGREGATE):
            return inside
        if extent in (Extent.SUBTREE_BELOW, Extent.SUBTREE_ABOVE):
            return inside and organization.path != post.path
        if extent == Extent.GUIDED:
            return any(organization.path.startswith(guided.path) for guided in self.guided)
        return organization.pk == post.organization_id

    def covers(self, capability: Capability, organization: Organization) -> bool:
        """Return whether the capability reaches this organisation. No query (the organisation's path is compared)."""
        return bool(self.extents_at(capability, organization))

    def units(self, capability: Capability, extents: Iterable[Extent]) -> frozenset[int]:
        """Return the organisations of the posts that give the capability by one of these extents. No query."""
        wanted = frozenset(extents)
        return frozenset(
            post.organization_id for extent, post in self._grants(capability) if post is not None and extent in wanted
        )

    def region(self, capability: Capability, only: Iterable[Extent] = frozenset(Extent)) -> Region:
        """Return what the capability covers, by every extent or by some of them only.

        At most one query per distinct set of subtrees in a reach's life.
        """
        wanted = frozenset(only)
        ranges: set[tuple[str, bool]] = set()  # path, whether the organisation itself belongs to it
        units: set[int] = set()
        own_organizations: set[int] = set()
        own_user = None
        for extent, post in self._grants(capability):
            if extent not in wanted:
                continue
            if extent in (Extent.ALL, Extent.PUBLIC):
                return Region(everything=True, own_user_id=self.user_id)
            if extent == Extent.OWN:
                own_user = self.user_id
                if post is not None:
                    own_organizations.add(post.organization_id)
            if post is None or extent in (Extent.NONE, Extent.OWN):
                continue
            if extent in (Extent.SUBTREE, Extent.AGGREGATE):
                ranges.add((post.path, True))
            elif extent in (Extent.SUBTREE_BELOW, Extent.SUBTREE_ABOVE):
                ranges.add((post.path, False))
            elif extent == Extent.GUIDED:
                ranges.update((guided.path, True) for guided in self.guided)
            else:
                units.add(post.organization_id)
        found = self._resolve(frozenset(ranges), frozenset(units))
        return Region(
            organization_ids=frozenset(found.organizations),
            committee_ids=found.committee_ids,
            own_user_id=own_user,
            own_organization_ids=frozenset(own_organizations),
            every_committee=found.every_committee,
        )

    def below(self, organization_id: int) -> frozenset[int] | None:
        """Return an organisation and those under it, of the regions asked for; None: it is in none. No query."""
        known: dict[int, tuple[str, str, str]] = {}
        for found in self._resolved.values():
            known |= found.organizations
        if organization_id not in known:
            return None
        top = known[organization_id][1]
        return frozenset(pk for pk, (_, path, _) in known.items() if path.startswith(top))

    def names(self, organization_ids: Iterable[int]) -> list[tuple[int, str]]:
        """Return (id, short name) of organisations of regions that were asked for, in tree order. No query.

        Others are left out; what a region that covers everything holds must be asked of the database.
        """
        wanted, found = frozenset(organization_ids), {}
        for known in self._resolved.values():
            found |= {pk: (path, name) for pk, (_, path, name) in known.organizations.items() if pk in wanted}
        return [(pk, name) for pk, (_, name) in sorted(found.items(), key=lambda one: one[1])]

    def _resolve(self, ranges: frozenset[tuple[str, bool]], units: frozenset[int]) -> _Found:
        if not ranges and not units:
            return _Found({})
        key = (ranges, units)
        if key not in self._resolved:
            self._resolved[key] = _found(ranges, units)
        return self._resolved[key]


@dataclass(frozen=True)
class _Found:
    """The organisations of some subtrees, each with its kind, path and short name, and whether a committee is left."""

    organizations: dict[int, tuple[str, str, str]]
    every_committee: bool = False

    @cached_property
    def committee_ids(self) -> frozenset[int]:
        """Those that register drivers."""
        return frozenset(pk for pk, (kind, _, _) in self.organizations.items() if kind in COMMITTEES)


def _found(ranges: frozenset[tuple[str, bool]], units: frozenset[int]) -> _Found:
    model = apps.get_model("branches", "Organization")
    rows = model._base_manager.order_by().values_list("pk", "kind", "path", "short_name")
    if not any(itself and len(path) == model.steplen for path, itself in ranges):
        condition = Q(pk__in=units)
        for path, itself in ranges:
            condition |= subtree(path) if itself else (subtree(path) & ~Q(path=path))
        return _Found({pk: (kind, path, name) for pk, kind, path, name in rows.filter(condition)})
    # From the top nearly every row is wanted: all are read, so that it is known whether a committee is left out.
    inside, outside = {}, []
    for pk, kind, path, name in rows:
        if pk in units or any(path.startswith(top) and (itself or path != top) for top, itself in ranges):
            inside[pk] = (kind, path, name)
        else:
            outside.append(kind)
    return _Found(inside, every_committee=COMMITTEES.isdisjoint(outside))


def reach_of(who, at: datetime | None = None) -> Reach:
    """Return the reach of a user at an instant (default: now). A Reach is returned as it is.

    One query; two for liaison officers of a guiding department. Nobody signed in, a closed account or no running
    appointment: an empty reach.
    """
    if isinstance(who, Reach):
        return who
    at = at or timezone.now()
    if who is None or not who.is_authenticated:
        return Reach(user_id=None, at=at)
    if not who.is_active or who.locked_at is not None:
        return Reach(user_id=who.pk, at=at)
    appointments = apps.get_model("branches", "Appointment")._base_manager
    running = appointments.filter(
        Q(until_at__isnull=True) | Q(until_at__gt=at), user_id=who.pk, from_at__lte=at
    ).order_by("pk")
    posts = tuple(
        Post(*row)
        for row in running.values_list(
            "role", "organization_id", "organization__path", "organization__kind", "organization__short_name"
        )
    )
    guided: tuple[Post, ...] = ()
    guiding = [post.organization_id for post in posts if post.role == Role.ORGANISATION_READER]
    if guiding:
        today = timezone.localdate(at)
        lines = apps.get_model("branches", "Guidance")._base_manager.filter(
            Q(until_date__isnull=True) | Q(until_date__gt=today),
            guiding_organization_id__in=guiding,
            from_date__lte=today,
        )
        guided = tuple(
            Post(Role.ORGANISATION_READER, *row)
            for row in lines.values_list(
                "organization_id", "organization__path", "organization__kind", "organization__short_name"
            )
        )
    return Reach(user_id=who.pk, at=at, posts=posts, guided=guided)
