"""Putting many organisations into the tree at once."""

from __future__ import annotations

from branches.choices import OrganizationStatus
from branches.models import Organization


class Tree:
    """Adds organisations in a few statements however many: treebeard would take four each. Inside `hold_tree`."""

    def __init__(self) -> None:
        self._new: list[Organization] = []
        self._last_step: dict[str, int] = {}
        self._grown: dict[str, int] = {}

    def add(self, parent: Organization | None, **fields) -> Organization:
        """Return a new organisation as last child of `parent`; it is written by `write`."""
        above = parent.path if parent is not None else ""
        if above not in self._last_step:
            depth = len(above) // Organization.steplen + 1
            below = Organization.objects.filter(depth=depth, path__gte=above, path__lt=(above or "") + ":")
            last = below.order_by("-path").values_list("path", flat=True).first()
            self._last_step[above] = int(last[-Organization.steplen :]) if last else 0
        self._last_step[above] += 1
        path = f"{above}{self._last_step[above]:0{Organization.steplen}}"
        made = Organization(
            **fields, path=path, depth=len(path) // Organization.steplen, status=OrganizationStatus.ACTIVE
        )
        self._new.append(made)
        if parent is not None:
            self._grown[above] = self._grown.get(above, 0) + 1
        return made

    def write(self) -> None:
        """Write what was added; the organisations then have their keys."""
        for made in self._new:
            made.numchild = self._grown.pop(made.path, 0)
        Organization.objects.bulk_create(self._new, batch_size=500)
        for path, number in self._grown.items():
            parent = Organization.objects.get(path=path)
            Organization.objects.filter(pk=parent.pk).update(numchild=parent.numchild + number)
