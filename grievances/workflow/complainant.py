"""Verbs of the complainant, who has shown code and passphrase and needs no account."""

from __future__ import annotations

from datetime import datetime

from foundation.audit import trail
from grievances import notices
from grievances.choices import OPEN, ClockKind, StatementKind, Status
from grievances.models import Grievance
from grievances.rules import cases
from grievances.workflow import clocks
from grievances.workflow.codes import is_passphrase, typed_code
from grievances.workflow.steps import (
    COMPLAINANT,
    acting,
    committee_above,
    held,
    move,
    note,
    require,
    require_step,
    require_text,
    say,
)

NO_PASSPHRASE = "0" * 32  # no digest of any passphrase; as long as one


def found_by_code(track_code: str, passphrase: str) -> Grievance | None:
    """Return the case of a code with its passphrase; None for a wrong one of either. One query, two when it is right.

    An unknown code costs what a wrong passphrase costs: the digest is taken and compared all the same.
    """
    code = typed_code(track_code)[:8]
    filed = Grievance.objects.exclude(status=Status.DRAFT).filter(track_code=code).only("track_code", "passphrase_hash")
    found = filed.first() or Grievance(track_code=code, passphrase_hash=NO_PASSPHRASE)
    if not is_passphrase(found, passphrase) or found.pk is None:
        return None
    return Grievance.objects.with_names().get(pk=found.pk)


def followed(grievance: Grievance) -> Grievance:
    """Return the case in which a complainant's matter goes on: the one it was merged into, else itself.

    One query for each time it was merged.
    """
    while grievance.merged_into_id is not None:
        grievance = Grievance.objects.with_names().get(pk=grievance.merged_into_id)
    return grievance


def reply(grievance: Grievance, *, text: str, at: datetime) -> None:
    """Add something, or answer a question: a case that waited for it goes on. Also to a case that was merged.

    Raises ValidationError without a word, trail.NotAllowed when the matter has ended, trail.Conflict.
    """
    text = require_text(text, "text", "请写要补充的内容。")
    if followed(grievance).status not in OPEN:
        raise trail.NotAllowed(f"这件诉求现在是「{grievance.get_status_display()}」，不用再补充。")
    with held(grievance):
        waited = grievance.status == Status.WAITING_FOR_COMPLAINANT
        if waited:
            entry = move(grievance, Status.IN_HAND, actor=COMPLAINANT, action="grievance.reply")
        else:
            entry = note(grievance, actor=COMPLAINANT, action="grievance.reply")
        say(grievance, StatementKind.REPLY, text, at=at, is_public=True, entry_id=entry)
        if waited:
            clocks.unpause(grievance, at)
        notices.replied(grievance, followed(grievance), at)


def withdraw(grievance: Grievance, *, at: datetime, words: str = "", actor=COMPLAINANT) -> None:
    """Withdraw a case; it is counted nowhere. Raises trail.NotAllowed, trail.Conflict."""
    with held(grievance):
        entry = move(grievance, Status.WITHDRAWN, actor=actor, action="grievance.withdraw")
        text = words.strip() or "诉求人撤回。"
        say(grievance, StatementKind.REASON, text, at=at, actor=actor, is_public=True, entry_id=entry)
        clocks.unpause(grievance, at)
        clocks.stop(grievance, at)
        notices.withdrawn(grievance, at)


def withdraw_for_driver(grievance: Grievance, *, actor, words: str, at: datetime) -> None:
    """Withdraw a case because the driver said so: by the unit that lodged it for him, with what he said.

    Raises PermissionDenied, ValidationError without a word, trail.NotAllowed, trail.Conflict.
    """
    may = cases.may_withdraw_for_driver(acting(actor, at).reach, grievance)
    require(may, "替诉求人撤回，由当初替他登记的单位办。")
    words = require_text(words, "words", "请写诉求人怎么说的。")
    require_step(grievance, Status.WITHDRAWN)
    withdraw(grievance, at=at, words=words, actor=actor)


def object_to_refusal(grievance: Grievance, *, words: str, at: datetime) -> None:
    """Object to 不予受理: the committee above decides whether it is taken.

    Raises ValidationError without a word, trail.NotAllowed, trail.Conflict.
    """
    words = require_text(words, "words", "请写一句为什么应该受理。")
    require_step(grievance, Status.LODGED)
    above = committee_above(grievance.organization) or grievance.organization
    with held(grievance):
        entry = move(
            grievance,
            Status.LODGED,
            actor=COMPLAINANT,
            action="grievance.object",
            changes={"organization": above, "rung": grievance.rung + 1},
        )
        say(grievance, StatementKind.REPLY, words, at=at, is_public=True, entry_id=entry)
        clocks.start(grievance, [ClockKind.TRANSFER], at)
        with notices.Mailbag(at) as bag:
            notices.moved_up(grievance, bag)
