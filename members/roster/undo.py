"""Taking a batch back from its line results; what was changed since is left as it is and listed."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import orjson
from django.db import transaction
from django.db.models import ProtectedError
from django.db.models.deletion import RestrictedError

from members.choices import Fate
from members.models import Credential, Driver, DriverVehicle, Enterprise, Person, RosterResult, Vehicle
from members.rules.people import credential_index

UNDONE, CHANGED = "undone", "changed"


def undo(results: Sequence[RosterResult]) -> tuple[int, int]:
    """Take back a chunk of line results, given newest first; return (taken back, left because changed since).

    A row counts as changed since when the version of its person or driver is not the one the import left behind, or
    when something else has come to hang on a person whom the import made. Runs in the caller's transaction, in a
    handful of statements per row that was changed, per chunk for those that were made.
    """
    keys = [result.person_id for result in results]
    # Locked in one order: an edit that comes in between waits and then meets the next version.
    people = {row.pk: row for row in Person._base_manager.select_for_update().filter(pk__in=keys).order_by("pk")}
    drivers = {row.pk: row for row in Driver._base_manager.select_for_update().filter(pk__in=keys).order_by("pk")}
    taken: list[RosterResult] = []
    left: list[RosterResult] = []
    removable: list[RosterResult] = []
    for result in results:
        person, driver = people.get(result.person_id), drivers.get(result.person_id)
        if (
            person is None
            or driver is None
            or person.version != result.made.get("person_version")
            or driver.version != result.made.get("driver_version")
        ):
            left.append(result)
        elif result.fate == Fate.CREATED:
            removable.append(result)
        else:
            _restore(result, person, driver)
            taken.append(result)
    gone, stuck = _remove(removable)
    taken += gone
    left += stuck
    _remove_unused(taken)
    _carry_on([result for result in taken if result.fate == Fate.UPDATED])
    for outcome, group in ((UNDONE, taken), (CHANGED, left)):
        RosterResult.objects.filter(pk__in=[result.pk for result in group]).update(undone=outcome)
    return len(taken), len(left)


def _restore(result: RosterResult, person: Person, driver: Driver) -> None:
    before = orjson.loads(result.preimage)
    made = result.made
    if made.get("link"):
        DriverVehicle.objects.filter(pk=made["link"]).delete()
    if made.get("credential"):
        Credential.objects.filter(pk=made["credential"]).delete()
    elif before.get("credential"):
        old = Credential.objects.get(pk=before["credential"]["id"])
        old.number = before["credential"]["number"]
        old.number_index = credential_index(old.number)
        old.save(update_fields=["number", "number_index", "updated_at"])
    if before["driver"] is None:
        driver.delete()
    else:
        _put_back(driver, before["driver"])
    _put_back(person, before["person"])


def _carry_on(results: list[RosterResult]) -> None:
    """Let an earlier import of the same people be taken back too: what it left behind stands there again.

    Versions only grow (an open edit form must notice), so the earlier line result learns the new number.
    """
    now = {result.person_id: result.made for result in results}
    if not now:
        return
    earlier = RosterResult.objects.filter(person_id__in=now, undone="").exclude(pk__in=[row.pk for row in results])
    for result in earlier:
        later, changed = now[result.person_id], False
        for key in ("person_version", "driver_version"):
            if result.made.get(key) == later[key] - 1:
                result.made[key] = later[key] + 1
                changed = True
        if changed:
            result.save(update_fields=["made"])


def _put_back(instance: Person | Driver, before: dict) -> None:
    for name, value in before.items():
        if name == "phone_index" and value is not None:
            value = UUID(value)
        setattr(instance, name, instance._meta.get_field(name).to_python(value) if value is not None else None)
    instance.version += 1
    names = [instance._meta.get_field(name).name for name in before]
    instance.save(update_fields=[*names, "version", "updated_at"])


def _remove(results: list[RosterResult]) -> tuple[list[RosterResult], list[RosterResult]]:
    """Delete the people whom the import made; return those deleted and those something else hangs on by now."""
    if not results:
        return [], []
    try:
        with transaction.atomic():
            _delete_people(results)
        return results, []
    except (ProtectedError, RestrictedError):
        if len(results) == 1:
            return [], results
        half = len(results) // 2
        first, second = _remove(results[:half]), _remove(results[half:])
        return first[0] + second[0], first[1] + second[1]


def _delete_people(results: list[RosterResult]) -> None:
    keys = [result.person_id for result in results]
    made_links = [result.made["link"] for result in results if result.made.get("link")]
    made_credentials = [result.made["credential"] for result in results if result.made.get("credential")]
    # Only what the import made goes without question; anything else that hangs on the person protects him.
    DriverVehicle.objects.filter(pk__in=made_links).delete()
    Credential.objects.filter(pk__in=made_credentials).delete()
    Driver._base_manager.filter(pk__in=keys).delete()
    Person._base_manager.filter(pk__in=keys).delete()


def _remove_unused(results: list[RosterResult]) -> None:
    """Delete the vehicles and firms the import made that nobody uses and nobody has changed."""
    vehicles = [result.made["vehicle"] for result in results if result.made.get("vehicle")]
    firms = [result.made["enterprise"] for result in results if result.made.get("enterprise")]
    if vehicles:
        Vehicle._base_manager.filter(pk__in=vehicles, version=1, driver_links__isnull=True).delete()
    if firms:
        Enterprise._base_manager.filter(pk__in=firms, version=1, drivers__isnull=True, vehicles__isnull=True).delete()
