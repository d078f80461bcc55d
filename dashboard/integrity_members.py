"""What must hold of the records kept about members: dues, contact pairs, appraisals. Part of dashboard.integrity."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime

from django.db.models import F, Q

from members.choices import MEMBER_LEFT
from members.models import Appraisal, ContactPair, DuesRate, DuesRecord, PartyMember
from members.rules.dues import paid_until


def dues(at: datetime) -> Iterator[str]:
    """Compare up to when dues are said to be paid with the months; counters with what they counter. Six queries."""
    paid: dict[int, set] = defaultdict(set)
    undone: dict[int, set] = defaultdict(set)
    rows = DuesRecord.objects.filter(counters__isnull=True).order_by().values_list("member", "month", "reversed_at")
    for member, month, reversed_at in rows.iterator(chunk_size=5000):
        (undone if reversed_at else paid)[member].add(month)
    stored = PartyMember.objects.order_by("pk").values_list("pk", "dues_paid_until_date")
    for key, until in stored.iterator(chunk_size=5000):
        if key not in paid and key not in undone:
            continue
        if until is None or until != paid_until(until, paid[key], undone[key] - paid[key]):
            yield f"党员 {key}：党费交到的月份和登记的不一样"
    for model in (DuesRate, DuesRecord):
        name = "from_date" if model is DuesRate else "month"
        for key, month in model.objects.order_by("pk").values_list("pk", name).iterator(chunk_size=5000):
            if month.day != 1:
                yield f"{model._meta.verbose_name} {key}：月份不是从 1 日起"
    countered = Q(countered_by__isnull=False, reversed_at__isnull=False) | Q(countered_by=None, reversed_at=None)
    odd = DuesRecord.objects.filter(counters__isnull=True).exclude(countered)
    for key in odd.order_by("pk").values_list("pk", flat=True):
        yield f"党费登记 {key}：冲正和原来的一笔对不上"
    unlike = DuesRecord.objects.filter(counters__isnull=False)
    unlike = unlike.exclude(paid=-F("counters__paid"), month=F("counters__month"), member=F("counters__member"))
    for key in unlike.order_by("pk").values_list("pk", flat=True):
        yield f"党费登记 {key}：冲正的数、月份或人和原来的一笔不一样"


def pairs(at: datetime) -> Iterator[str]:
    """Look for running pairs of who is no member, or of a driver who is one; dates of appraisals. Two queries."""
    running = ContactPair.objects.running().order_by("pk")
    members = PartyMember.objects.filter(status__in=sorted(MEMBER_LEFT)).values("pk")
    for key in running.filter(member__in=members).values_list("pk", flat=True):
        yield f"党员联系司机 {key}：联系的人已经不是党员"
    current = PartyMember.objects.exclude(status__in=sorted(MEMBER_LEFT)).values("pk")
    for key in running.filter(driver__in=current).values_list("pk", flat=True):
        yield f"党员联系司机 {key}：被联系的司机自己是党员"
    for key, year, held in Appraisal.objects.order_by("pk").values_list("pk", "year", "held_date").iterator():
        if held.year not in (year, year + 1):
            yield f"民主评议结果 {key}：日期不在这一年或者第二年"
