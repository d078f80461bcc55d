"""How the driver list becomes rows of a file: values read apart, sealed ones opened in batches, else masked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from django.conf import settings
from django.db.models import ExpressionWrapper, F, Q, TextField

from branches.capabilities import Capability
from branches.choices import Role
from branches.scope import Reach
from foundation.protection.fields import ProtectedField
from foundation.protection.seal import open_sealed, opener, seal
from members.lists.columns import Column, chosen, seen_rows
from members.lists.drivers import DriverList
from members.lists.exporting import Exporting, register
from members.models import Credential, DriverVehicle, Person, Vehicle
from members.rules.search import Kind, Query

CHUNK = 5_000
# Rows per file: masked, unmasked. A role that is not named exports nothing.
ROW_LIMITS: dict[str, tuple[int, int]] = {Role.CLERK: (500_000, 5_000)}
_SEARCH = "export.search"
_PERSON = "person__"


def limits() -> Mapping[str, tuple[int, int]]:
    """Return the rows per file by role; the setting EXPORT_ROW_LIMITS overrides."""
    return getattr(settings, "EXPORT_ROW_LIMITS", ROW_LIMITS)


def list_of(job_query: dict, reach: Reach, on: date) -> DriverList:
    """Return the list a stored query names, within what this reader may export now."""
    token = job_query.get("search")
    query = None
    if token:
        kind, _, text = open_sealed(token, _SEARCH).partition(" ")
        query = Query(Kind(kind), text)
    return DriverList(
        reach,
        on,
        job_query.get("values", {}),
        query,
        keys=tuple(job_query.get("keys", ())),
        scope=Capability.DRIVER_EXPORT,
    )


def query_of(asked: DriverList) -> dict:
    """Return a list as it is stored with a job: a typed text only sealed."""
    stored: dict = {"values": asked.values}
    if asked.query is not None:
        stored["search"] = seal(f"{asked.query.kind.value} {asked.query.canonical}", _SEARCH)
    if asked.keys:
        stored["keys"] = list(asked.keys)
    return stored


def said(asked: DriverList) -> str:
    """Return the conditions in words, for the notes of the file."""
    if asked.keys:
        return f"名单上勾选的 {len(asked.keys)} 人"
    conditions = "；".join(label for _, label in asked.in_force()) or "全部"
    return conditions if asked.query is None else f"{conditions}；按{asked.query.label}查找"


def chunks(
    asked: DriverList, columns: Sequence[Column], reach: Reach, masked: bool, limit: int
) -> Iterator[list[list[str]]]:
    """Yield rows of texts by CHUNK in the order of registration; two to five queries per chunk.

    Drivers and persons are read apart: joined, the planner walks all persons from the first one for every chunk.
    """
    paths = list(dict.fromkeys(path for column in columns for path in column.paths))
    of_person = [path for path in paths if path.startswith(_PERSON)]
    of_driver = [path for path in paths if not path.startswith(_PERSON)]
    places = {path: n for n, path in enumerate([*of_driver, *of_person], start=1)}
    persons, openers = _person_values(of_person)
    rows = asked.rows().order_by("pk")
    needed = [*columns, *([] if masked else [_REVEALED])]
    last, left = 0, limit
    while left > 0:
        found = list(rows.filter(pk__gt=last).values_list("pk", *of_driver)[: min(CHUNK, left)])
        if not found:
            return
        keys = [row[0] for row in found]
        last, left = keys[-1], left - len(found)
        if of_person:
            known = {row[0]: row[1:] for row in persons.filter(_of(keys, "pk"))}
            found = [row + known[row[0]] for row in found]
        seen = seen_rows(reach, needed, keys)
        opened = frozenset() if masked else seen[Capability.DRIVER_IDENTITY_REVEAL]
        fields = [_field(column, places, keys, seen[column.needs], opened, openers) for column in columns]
        yield [[field(row) for field in fields] for row in found]


def _person_values(paths: list[str]):
    """Return (rows of key and values of Person, functions that open the sealed ones among them by path).

    Sealed values are read as they are stored: a field opens each with all its checks, an opener does it for a batch.
    """
    names = [path.removeprefix(_PERSON) for path in paths]
    sealed = {name: field for name in names if isinstance(field := Person._meta.get_field(name), ProtectedField)}
    rows = Person.objects.order_by().annotate(
        **{f"sealed_{name}": ExpressionWrapper(F(name), TextField()) for name in sealed}
    )
    openers = {f"{_PERSON}{name}": opener(field.aad) for name, field in sealed.items()}
    return rows.values_list("pk", *(f"sealed_{name}" if name in sealed else name for name in names)), openers


def _field(column: Column, places: dict[str, int], keys: list[int], seen: frozenset[int], opened, openers):
    """Return a function from a row of values to the text of one column."""
    text, mask = column.text, column.masked
    if column.code in _ELSEWHERE:
        found = _ELSEWHERE[column.code](keys)

        def read(row):
            return "、".join(mask(v) if mask and row[0] not in opened else v for v in found.get(row[0], ()))

    elif len(column.paths) == 1:
        at = places[column.paths[0]]
        if mask:
            open_text = openers[column.paths[0]]

            def read(row):
                if not row[at]:
                    return ""
                value = open_text(row[at])
                return value if row[0] in opened else mask(value)

        else:

            def read(row):
                return text(row[at])

    else:
        several = [places[path] for path in column.paths]

        def read(row):
            return text(*(row[at] for at in several))

    if seen.issuperset(keys):
        return read
    return lambda row: read(row) if row[0] in seen else ""


def _of(keys: Sequence[int], name: str = "driver_id") -> Q:
    """Return "of these drivers": as a range where they lie close together, which is read much faster than a list."""
    if keys[-1] - keys[0] < 3 * len(keys):
        return Q(**{f"{name}__gte": keys[0], f"{name}__lte": keys[-1]})
    return Q(**{f"{name}__in": keys})


def _plates(keys: Sequence[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    links = list(
        DriverVehicle.objects.running().filter(_of(keys)).order_by("pk").values_list("driver_id", "vehicle_id")
    )
    # By their keys and not by a join: for one the planner reads all vehicles.
    plates = dict(Vehicle.objects.filter(pk__in={vehicle for _, vehicle in links}).values_list("pk", "plate"))
    for driver, vehicle in links:
        found.setdefault(driver, []).append(plates[vehicle])
    return found


def _expiries(keys: Sequence[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    rows = Credential.objects.filter(_of(keys), expires_date__isnull=False).order_by("expires_date")
    for driver, day in rows.values_list("driver_id", "expires_date"):
        found.setdefault(driver, []).append(day.isoformat())
    return found


def _licences(keys: Sequence[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    rows = Credential.objects.filter(_of(keys)).order_by("kind")
    for driver, number in rows.values_list("driver_id", "number"):
        found.setdefault(driver, []).append(number)
    return found


_ELSEWHERE = {"plates": _plates, "expires": _expiries, "credential": _licences}
_REVEALED = Column("revealed", "", Capability.DRIVER_IDENTITY_REVEAL, (), str)


def register_drivers() -> None:
    """Register the driver list; called once when the app is ready."""
    register(
        Exporting(
            name=DriverList.list_name,
            title="司机名单",
            thing="司机",
            unit="人",
            capability=Capability.DRIVER_EXPORT,
            action="driver",
            limits=limits,
            stored=query_of,
            opened=list_of,
            columns=chosen,
            chunks=chunks,
            said=said,
            reveal=Capability.DRIVER_IDENTITY_REVEAL,
        )
    )
