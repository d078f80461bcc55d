"""Drivers who may be one human being twice: those who share a phone, or name and birth date."""

from __future__ import annotations

from collections import Counter

from django.db.models import Count, QuerySet

from members.models import Person
from members.querysets import DriverQuerySet

BY_PHONE = ("phone_index",)
BY_NAME = ("name_key", "birth_date")
SMALL = 10_000  # drivers of a scope whose keys are compared here rather than in the database


def shared_keys(scoped: DriverQuerySet, keys: tuple[str, ...], limit: int) -> list[tuple]:
    """Return at most `limit` keys (BY_PHONE, BY_NAME) that several of these drivers share. One query, two for many."""
    paths = [f"person__{key}" for key in keys]
    known: QuerySet = scoped.filter(**{f"{path}__isnull": False for path in paths}).order_by()
    values = list(known.values_list(*paths)[: SMALL + 1])
    if len(values) <= SMALL:
        return sorted(key for key, number in Counter(values).items() if number > 1)[:limit]
    if not scoped.query.where:
        # Everybody: along the index of all people whole groups come one after the other, the first ones are enough.
        known, paths = Person.objects.filter(**{f"{key}__isnull": False for key in keys}), list(keys)
    counted = known.values_list(*paths).annotate(people=Count("pk")).filter(people__gt=1).order_by(*paths)
    return [tuple(row[:-1]) for row in counted[:limit]]


def sharing(scoped: DriverQuerySet, keys: tuple[str, ...], shared: list[tuple]) -> dict[tuple, list]:
    """Return the drivers of each shared key with their person, oldest registration first. One query."""
    wanted = {f"person__{key}__in": {one[place] for one in shared} for place, key in enumerate(keys)}
    found: dict[tuple, list] = {one: [] for one in shared}
    if shared:
        for driver in scoped.filter(**wanted).with_person().order_by("pk"):
            key = tuple(getattr(driver.person, name) for name in keys)
            if key in found:
                found[key].append(driver)
    return found
