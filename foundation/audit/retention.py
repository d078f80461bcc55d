"""The end of the trail's retention: the only way an entry leaves, at a cut the chain goes on from."""

from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from foundation.audit.models import Cut, Entry
from foundation.audit.sealing import proof_of_cut
from foundation.audit.trail import record

KEPT_DAYS_AT_LEAST = 180  # Cybersecurity Law, article 21: six months


def cut(before: datetime, *, actor: Any, now: datetime | None = None) -> int:
    """Delete the sealed entries written before `before` (aware) and return how many.

    The cut falls before the first entry of the chain that is younger; unsealed entries stay. The cut is an entry
    itself. Interrupted, it goes on at the next call. Deletes 5,000 rows per transaction.

    Raises ValueError when `before` is less than 180 days ago. Source: Cybersecurity Law, article 21.
    """
    now = now or timezone.now()
    if before > now - timedelta(days=KEPT_DAYS_AT_LEAST):
        raise ValueError(f"审计记录至少保存 {KEPT_DAYS_AT_LEAST} 天，不能删除 {before:%Y-%m-%d} 以前的。")
    younger = Entry.objects.sealed().filter(at__gte=before).values_list("sequence", flat=True).first()
    older = Entry.objects.sealed().filter(**({"sequence__lt": younger} if younger else {}))
    last = older.reverse().first()
    with transaction.atomic():
        if last is not None and not Cut.objects.filter(sequence__gte=last.sequence).exists():
            Cut(
                at=now,
                sequence=last.sequence,
                seal=last.seal,
                proof=proof_of_cut(last.sequence, last.seal, now),
            ).save()
            record("audit.cut", None, actor=actor, details={"sequence": last.sequence, "seal": last.seal})
    return _delete_what_is_cut()


def _delete_what_is_cut() -> int:
    total = 0
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "DELETE FROM audit_entry WHERE id IN (SELECT id FROM audit_entry "
                "WHERE sequence <= (SELECT max(sequence) FROM audit_cut) ORDER BY sequence LIMIT 5000)"
            )
            deleted = cursor.rowcount
        total += deleted
        if deleted < 5000:
            return total
