"""An answer that is not finished: kept for the office that writes it, until the answer is given."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import ValidationError
from django.utils import timezone

from grievances.choices import Measure, Result, Status
from grievances.models import AnswerDraft, Grievance
from grievances.rules import cases
from grievances.workflow.steps import acting, held, note, require, require_step

LONGEST = {"text": 4000, "amount_recovered": 40, "person_times": 10}
NOT_KEPT = "只有现在办这件的岗位能存答复。"


def kept_answer(grievance: Grievance) -> AnswerDraft | None:
    """Return what the handling office has begun to answer, with who wrote it; None without any. One query."""
    if grievance.handler_id is None:
        return None
    drafts = AnswerDraft.objects.filter(grievance=grievance, office_id=grievance.handler_id)
    return drafts.select_related("written_by").first()


def keep_answer(
    grievance: Grievance,
    *,
    actor,
    at: datetime,
    seen: str = "",
    text: str = "",
    result: str = "",
    amount_recovered: str = "",
    measure: str = "",
    person_times: str = "",
) -> AnswerDraft | None:
    """Keep what is written so far for the handling office and return it; None when nothing is left, then it is dropped.

    `seen` is `version_of` the draft the writer began with: over words of somebody else that came meanwhile nothing is
    written. The case does not move, no clock stops. The trail says that an office began, and when another hand went on.

    Raises PermissionDenied, ValidationError, trail.NotAllowed, trail.Conflict.
    """
    who = acting(actor, at)
    require(cases.may_handle(who.reach, grievance, who.offices), NOT_KEPT)
    require_step(grievance, Status.ANSWERED)
    written = {
        "text": text.replace("\x00", "").strip(),
        "amount_recovered": amount_recovered.replace("\x00", "").strip(),
        "person_times": person_times.replace("\x00", "").strip(),
        "result": result if result in Result.values else "",
        "measure": measure if measure in Measure.values else "",
    }
    errors = {
        name: f"最多 {most:,} 个字，现在 {len(written[name]):,} 个。"
        for name, most in LONGEST.items()
        if len(written[name]) > most
    }
    if errors:
        raise ValidationError(errors)
    with held(grievance):
        before = kept_answer(grievance)
        if before is not None and before.written_by_id != actor.pk and seen != version_of(before):
            raise ValidationError(
                f"{before.written_by.name} {timezone.localtime(before.at):%m-%d %H:%M} 也存了一稿，您的还没有存。"
                "您写的都在下面；再点一次“先存着”，就用您这一稿换掉那一稿。"
            )
        if not (written["text"] or written["amount_recovered"] or written["result"]):
            if before is not None:
                before.delete()
            return None
        draft, is_new = AnswerDraft.objects.update_or_create(
            grievance=grievance, office=grievance.handler, defaults=written | {"written_by": actor, "at": at}
        )
        if is_new or before is None or before.written_by_id != actor.pk:
            note(grievance, actor=actor, action="grievance.answer_draft")
    return draft


def version_of(draft: AnswerDraft | None) -> str:
    """Return what a form carries of the draft it was filled with."""
    return "" if draft is None else f"{draft.written_by_id}.{draft.at.timestamp():.6f}"
