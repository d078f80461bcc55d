"""Whom an import may touch and which organisations its rows may name: one subtree, cut to the importer's own scope."""

from __future__ import annotations

from dataclasses import dataclass

from branches.capabilities import Capability
from branches.choices import BRANCHES, COMMITTEES, Kind
from branches.models import Organization
from branches.scope import Region, reach_of
from members.roster.check.catalogue import Catalogue, Unit


class OrganizationGone(Exception):
    """The organisation was dissolved after the upload."""


@dataclass(frozen=True)
class Bounds:
    """Drivers of these committees, or of one's own platform; `catalogue` holds the organisations a row may name."""

    catalogue: Catalogue
    committee_ids: frozenset[int]
    organization_ids: frozenset[int]
    own_organization_ids: frozenset[int]
    view: Region | None  # None: the system, which sees all


def bounds_of(organization: Organization, actor) -> Bounds:
    """Return the bounds of an import under `organization` by `actor` (None: the system). Two to four queries.

    Raises OrganizationGone.

    Source: docs/permissions.csv, lines roster_import,upload and driver,change.
    """
    below = list(
        Organization.objects.subtree_of(organization)
        .running()
        .values_list("pk", "path", "code", "name", "short_name", "aliases", "kind")
    )
    allowed = {row[0] for row in below}
    own: frozenset[int] = frozenset()
    view = None
    if actor is not None:
        reach = reach_of(actor)
        region = reach.region(Capability.DRIVER_CHANGE)
        view = reach.region(Capability.DRIVER_VIEW)
        own = region.own_organization_ids & allowed
        if not region.everything:
            allowed &= region.organization_ids | region.own_organization_ids
    by_path = {row[1]: row[0] for row in below}
    units = [
        Unit(
            id=pk,
            code=code,
            name=name,
            short_name=short_name,
            aliases=tuple(aliases),
            parent_id=by_path.get(path[: -Organization.steplen]),
            is_committee=kind in COMMITTEES,
            is_branch=kind in BRANCHES or kind == Kind.GENERAL_BRANCH,
            is_territorial=kind == Kind.INDUSTRY_COMMITTEE,
        )
        for pk, path, code, name, short_name, aliases, kind in below
        if pk in allowed or pk == organization.pk
    ]
    importing = next((unit for unit in units if unit.id == organization.pk), None)
    if importing is None:
        raise OrganizationGone
    return Bounds(
        catalogue=Catalogue(importing, [unit for unit in units if unit.id != organization.pk]),
        committee_ids=frozenset(unit.id for unit in units if unit.is_committee and unit.id in allowed),
        organization_ids=frozenset(allowed),
        own_organization_ids=own,
        view=view,
    )
