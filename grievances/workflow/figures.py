"""Counting the months ahead, so that the figures of 110,000 cases are a page and not a wait. The system's own verb."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from django.db import transaction
from django.db.models import Count

from grievances import statistics
from grievances.models import Category, Grievance, MonthlyFigures

_COUNTED = (
    "counts", "person_times", "channels", "categories", "amount_involved", "amount_recovered", "as_of",
)  # fmt: skip


def refresh_figures(at: datetime) -> int:
    """Count every month of every committee anew and return how many rows there are. Nine queries and the writing.

    About two seconds of one core for 110,000 cases; whoever reads meanwhile gets the rows of before. Running it twice
    at once is harmless: both write what they counted, the rows of the earlier count go.
    """
    main = {pk: parent or pk for pk, parent in Category.objects.values_list("pk", "parent_id")}
    found: list[MonthlyFigures] = []
    for by in ("lodged", "closed"):
        dated = statistics.with_month(Grievance.objects.all(), by).counted().order_by()
        channels: dict[tuple, dict[str, int]] = defaultdict(dict)
        for unit, month, channel, number in dated.values_list("origin_id", "month", "channel").annotate(Count("pk")):
            channels[unit, month][channel] = number
        categories: dict[tuple, dict[int, int]] = defaultdict(lambda: defaultdict(int))
        for unit, month, category, number in dated.values_list("origin_id", "month", "category_id").annotate(
            Count("pk")
        ):
            categories[unit, month][main[category]] += number
        for (unit, month), counts in statistics.counts_by_month(Grievance.objects.all(), by, at).items():
            found.append(
                MonthlyFigures(
                    organization_id=unit,
                    by=by,
                    month=month,
                    counts=counts.cases,
                    person_times=counts.person_times,
                    channels=channels[unit, month],
                    categories=categories[unit, month],
                    amount_involved=counts.involved,
                    amount_recovered=counts.recovered,
                    as_of=at,
                )
            )
    with transaction.atomic():
        MonthlyFigures.objects.bulk_create(
            found,
            batch_size=500,
            update_conflicts=True,
            unique_fields=["by", "month", "organization"],
            update_fields=list(_COUNTED),
        )
        MonthlyFigures.objects.filter(as_of__lt=at).delete()
    return len(found)
