"""What an organisation takes with it when it is dissolved.

The tree knows nobody above it, so whoever points at an organisation registers here, in `ready()`, what becomes of the
rows: they end, they go to the successor, or they stay as history. A house test finds a foreign key to Organization
whose model is not registered.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Ending:
    """One kind of row. `find` returns the running rows of an organisation, `end` ends or moves them."""

    model: str  # "members.Driver"
    label: str  # 司机
    unit: str  # 人
    find: Callable
    end: Callable | None = None  # (organization, *, at, actor, successor); None: the rows stay as history
    needs_successor: bool = False


_endings: dict[str, Ending] = {}


def register(
    model: str,
    *,
    label: str,
    unit: str,
    find: Callable[[object, datetime], object],
    end: Callable | None = None,
    needs_successor: bool = False,
) -> None:
    """Say what becomes of the rows of `model` ("app.Model") when their organisation is dissolved.

    `find(organization, at)` returns a queryset of the rows that run at that instant. `end(organization, at=, actor=,
    successor=)` is called inside the transaction of the dissolution; without it the rows stay as they are.
    `needs_successor`: there must be an organisation that takes them over.
    """
    _endings[model] = Ending(model, label, unit, find, end, needs_successor)


def registered() -> tuple[Ending, ...]:
    """Return every ending, in the order of registration: lower apps first. No query."""
    return tuple(_endings.values())


def running_rows(organization, at: datetime) -> list[tuple[Ending, int]]:
    """Return (ending, number of rows) for whatever still runs at an organisation. One query per registered model."""
    counted = ((ending, ending.find(organization, at).count()) for ending in registered())
    return [(ending, number) for ending, number in counted if number]
