"""Which lists can be written to files: one table, to which a higher app adds its own when it is ready.

The job, its lease, the file, the trail and the pages are the same for every list (`members.workflow.exports`); what
differs between lists stands here: the right, the limits, the columns, and how rows become texts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

from django.db.models import QuerySet

from branches.capabilities import Capability
from branches.scope import Reach
from members.lists.columns import Column


class Asked(Protocol):
    """A list somebody asked for: which one, its conditions, and exactly its rows."""

    list_name: str
    values: dict[str, str]

    def rows(self) -> QuerySet:
        """Return exactly the rows, scoped, in no order."""


@dataclass(frozen=True, slots=True)
class Exporting:
    """What a list must say to be written to files."""

    name: str  # ExportJob.list_name
    title: str  # 司机名单
    thing: str  # 司机
    unit: str  # 人
    capability: Capability
    action: str  # "driver": the trail says driver.export, driver.export_download
    limits: Callable[[], Mapping[str, tuple[int, int]]]  # role → rows per file, masked and unmasked
    stored: Callable[[Any], dict]  # a list as it is kept with the job; a typed text only sealed
    opened: Callable[[dict, Reach, date], Any]  # and back, within what this reader may export now
    columns: Callable[[Sequence[str], Reach], list[Column]]  # the readable ones among these codes
    chunks: Callable[[Any, Sequence[Column], Reach, bool, int], Iterator[list[list[str]]]]
    said: Callable[[Any], str]  # the conditions in words
    reveal: Capability | None = None  # the right to protected values in clear; None: nobody gets them

    def row_limit(self, reach: Reach, masked: bool) -> int:
        """Return how many rows this reader may export at once: the highest of his roles. No query."""
        limits = self.limits()
        return max((limits[role][0 if masked else 1] for role in reach.roles if role in limits), default=0)

    def may(self, reach: Reach, masked: bool) -> bool:
        """Return whether this reader may have such a file at all. No query."""
        return reach.has(self.capability) and (masked or (self.reveal is not None and reach.has(self.reveal)))

    def place_of(self, reach: Reach) -> int | None:
        """Return the organisation of the post by which he exports, for the trail."""
        return next((post.organization_id for post in reach.posts if post.role in self.limits()), None)


_lists: dict[str, Exporting] = {}


def register(exporting: Exporting) -> None:
    """Make a list one that can be written to files; called once when its app is ready."""
    _lists[exporting.name] = exporting


def exporting(name: str) -> Exporting:
    """Return what the list of this name says. Raises KeyError for a list nobody registered."""
    return _lists[name]
