"""What a typed text finds among people, each kind by one index; shared by drivers and Party members."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

from django.apps import apps
from django.db.models import Q

from branches.querysets import ScopedQuerySet
from foundation.protection.seal import tail
from members.choices import VehicleStatus
from members.rules.people import ID_NUMBER, PHONE, id_number_index, phone_index
from members.rules.search import Kind, Query


@dataclass(frozen=True)
class Ordered:
    """Rows in the order of one index: what a keyset page is cut from."""

    rows: Any
    order: tuple[str, ...]
    descending: bool = False


class TypedSearch(ScopedQuerySet):
    """Scoped rows whose key is that of a person."""

    def matching(self, query: Query) -> Self:
        """Return the rows a typed text means, in no order; nothing for what no index could answer. No query yet."""
        conditions = _conditions(query)
        if not conditions:
            return self.none()
        found = Q()
        for condition, _ in conditions:
            found |= condition
        return self.filter(found)

    def in_order_of(self, query: Query) -> list[Ordered]:
        """Return the answers to a typed text as runs, best first, each in the order of its own index, without overlap.

        One run for most kinds; two for names (whole, then given), letters (initials, then Latin names) and four digits.
        """
        runs, before = [], Q()
        for condition, order in _conditions(query):
            runs.append(Ordered(self.filter(condition).exclude(before) if before else self.filter(condition), order))
            before |= condition
        return runs


def _conditions(query: Query) -> list[tuple[Q, tuple[str, ...]]]:
    """Return (condition on a row of a person, order that the same index gives) for a typed text."""
    text, person = query.canonical, ("pk",)
    if query.kind == Kind.ID_NUMBER:
        return [(Q(person__id_number_index=id_number_index(text)), person)]
    if query.kind == Kind.ID_TAIL:
        return [(Q(person__id_number_tail=tail(text, ID_NUMBER)), person)]
    if query.kind == Kind.PHONE:
        return [(Q(person__phone_index=phone_index(text)), person)]
    if query.kind == Kind.PHONE_TAIL:
        # Four digits end phones, and most identity numbers too.
        return [
            (Q(person__phone_tail=tail(text, PHONE)), person),
            (Q(person__id_number_tail=tail(text, ID_NUMBER)), person),
        ]
    if query.kind == Kind.PLATE:
        links = apps.get_model("members", "DriverVehicle")._base_manager.filter(
            until_date__isnull=True, vehicle__status=VehicleStatus.ACTIVE, vehicle__plate__prefix=text
        )
        return [(Q(pk__in=links.values("driver_id")), person)]
    by_name = (Q(person__name_key__prefix=text), ("person__name_key", "pk"))
    if query.kind == Kind.INITIALS:
        return [(Q(person__initials__prefix=text), ("person__initials", "pk")), by_name]
    if query.kind == Kind.NAME:
        return [by_name, (Q(person__given_key__prefix=text), ("person__given_key", "pk"))]
    return []
