"""Figures of the way to membership (发展党员). Unit: 人. Takes an already scoped queryset of files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from django.db.models import Count, Q

from members.choices import DEVELOPMENT_OPEN, DevelopmentStage, DevelopmentWhen
from members.querysets import DevelopmentQuerySet, development_when


@dataclass(frozen=True)
class Pipeline:
    """How many stand at each stage, and what time asks for; every figure is the length of a list of files."""

    by_stage: Mapping[str, int] = field(default_factory=dict)  # every stage, zero included
    by_time: Mapping[str, int] = field(default_factory=dict)  # DevelopmentWhen → open files

    @property
    def open(self) -> int:
        """People on the way now: neither ended nor full members yet."""
        return sum(number for stage, number in self.by_stage.items() if stage in DEVELOPMENT_OPEN)


def pipeline(files: DevelopmentQuerySet, on: date) -> Pipeline:
    """Return how many files stand at each stage, open this month, are due within a month and are late. One query."""
    under_way = Q(stage__in=sorted(DEVELOPMENT_OPEN))
    found = files.order_by().aggregate(
        **{f"stage_{stage}": Count("pk", filter=Q(stage=stage)) for stage in DevelopmentStage.values},
        **{f"when_{what}": Count("pk", filter=under_way & development_when(what, on)) for what in DevelopmentWhen},
    )
    return Pipeline(
        {stage: found[f"stage_{stage}"] for stage in DevelopmentStage.values},
        {what: found[f"when_{what}"] for what in DevelopmentWhen.values},
    )
