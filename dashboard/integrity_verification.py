"""What `verify_integrity` checks of verifications: their sums, and that a membership stands behind a confirmation."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

from members.choices import VerificationStatus
from members.models import Check, PartyMember, Verification
from members.rules.verification import facts_of, status_of

_SUMS = ("check_agrees_date", "contact_agrees_date", "organisation_agrees_date", "contradictions")


def verifications(at: datetime) -> Iterator[str]:
    """Yield what is wrong with cases: sums that are not those of the checks, a confirmation without a member.

    Three queries, whatever there is.
    """
    lines: dict[int, list[tuple[str, str, date]]] = {}
    for key, kind, result, day in Check.objects.order_by("pk").values_list("verification", "kind", "result", "on_date"):
        lines.setdefault(key, []).append((kind, result, day))
    members = set(PartyMember.objects.values_list("pk", flat=True))
    rows = Verification.objects.order_by("pk").values_list("pk", "status", "person", *_SUMS)
    open_by_checks = {VerificationStatus.CHECKING, VerificationStatus.AWAITING, VerificationStatus.DOUBTFUL}
    for key, status, person, *sums in rows:
        found = facts_of(lines.get(key, ()))
        if list(found.columns().values()) != sums:
            yield f"核查 {key}：查核的合计与记录不符"
        elif status in open_by_checks and status != status_of(found):
            yield f"核查 {key}：状态与查核的记录不符"
        if status == VerificationStatus.CONFIRMED and person not in members:
            yield f"核查 {key}：确认了，没有党员登记"
