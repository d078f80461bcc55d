"""Drawing closed cases at random for a call-back by others: who has the seed draws the same ones again, anywhere."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, datetime, time

from django.core import signing
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction

from branches.capabilities import Capability
from branches.scope import reach_of
from foundation.audit import trail
from grievances.choices import Status
from grievances.models import Grievance
from grievances.querysets import GrievanceQuerySet
from grievances.rules.clocks import CHINA

MOST = 1_000
_SALT = "grievances.sample"


@dataclass(frozen=True, slots=True)
class Drawing:
    """What a sample was drawn from: cases closed in a month, how many, and the seed."""

    month: date
    number: int
    seed: str

    def token(self) -> str:
        """Return the drawing as a signed text: an address that carries it was drawn, and stands in the trail."""
        return signing.dumps([self.month.isoformat(), self.number, self.seed], salt=_SALT)

    @classmethod
    def read(cls, token: str) -> Drawing | None:
        """Return the drawing of a token, None for one that is not ours."""
        try:
            month, number, seed = signing.loads(token, salt=_SALT)
        except (signing.BadSignature, ValueError, TypeError):
            return None
        return cls(date.fromisoformat(month), number, seed)


def closed_in(rows: GrievanceQuerySet, month: date) -> GrievanceQuerySet:
    """Return the counted cases closed in a month (China) whose complainant can be asked: anonymous ones cannot."""
    first = datetime.combine(month, time(0), CHINA)
    after = datetime.combine(date(month.year + month.month // 12, month.month % 12 + 1, 1), time(0), CHINA)
    closed = rows.counted().filter(status=Status.CLOSED, closed_at__gte=first, closed_at__lt=after)
    return closed.exclude(is_anonymous=True)


def rank(seed: str, number: str) -> bytes:
    """Return where a case stands in the order of a seed: a digest, the same on every machine and database."""
    return hashlib.sha256(f"{seed}\n{number}".encode()).digest()


def cases_of(rows: GrievanceQuerySet, drawing: Drawing) -> list[int]:
    """Return the keys of the sample in the order of its seed, from scoped rows. One query, all numbers of the month.

    A case that was closed later does not push others out of their order: it takes the place its digest gives it.
    """
    found = closed_in(rows, drawing.month).order_by().values_list("pk", "number")
    ordered = sorted((rank(drawing.seed, number), pk) for pk, number in found)
    return [pk for _, pk in ordered[: drawing.number]]


def draw(*, actor, month: date, number: int, seed: str, at: datetime) -> Drawing:
    """Draw a sample of one's scope and write down that it was drawn, with how many of how many. Five queries.

    Raises PermissionDenied outside grievance.export (the list is to be printed), ValidationError (month, number, seed).
    """
    reach = reach_of(actor)
    if not reach.has(Capability.GRIEVANCE_EXPORT):
        raise PermissionDenied("抽查名单由专干和负责人抽取。")
    seed = seed.strip()
    errors = {}
    if not 1 <= number <= MOST:
        errors["number"] = f"一次抽 1 到 {MOST:,} 件。"
    if not seed or len(seed) > 40:
        errors["seed"] = "请填种子，40 个字以内；同一个种子抽出同样的诉求。"
    if month > at.astimezone(CHINA).date():
        errors["month"] = "这个月还没有到。"
    if errors:
        raise ValidationError(errors)
    drawing = Drawing(month.replace(day=1), number, seed)
    rows = Grievance.objects.manageable_by(reach, Capability.GRIEVANCE_EXPORT)
    available, drawn = closed_in(rows, drawing.month).count(), cases_of(rows, drawing)
    if not drawn:
        raise ValidationError({"month": "这个月没有可以回访的已办结诉求。"})
    with transaction.atomic():
        place = next((post.organization_id for post in reach.posts), None)
        trail.record(
            "grievance.sample",
            None,
            actor=actor,
            organization_id=place,
            details={"month": f"{drawing.month:%Y-%m}", "number": len(drawn), "of": available, "seed": seed},
        )
    return drawing
