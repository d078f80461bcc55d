"""Letting a gate pass: the committee's act, with a reason, in the trail and on the page for ever."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import ValidationError
from django.utils import timezone

from branches.capabilities import Capability
from branches.constraints import checked, in_words
from foundation.audit.trail import NotAllowed
from members.choices import DEVELOPMENT_OPEN, STEPS
from members.models import Development, GateOverride
from members.rules.development import GATE_LABELS, OVERRIDE_REASON_LEAST, Proposal, closed_gates, gate_codes
from members.workflow.development.files import facts_of, held, record, require, sentence_of


def override_gate(
    development: Development,
    number: int,
    gate: str,
    *,
    reason: str,
    version: int,
    actor,
    at: datetime | None = None,
) -> GateOverride:
    """Let one gate of one step that is still to come pass, and return it. The step itself is recorded as always.

    Raises PermissionDenied, NotAllowed (the file is over, the step is done), ValidationError (no such gate, let pass
    already, a short reason), Conflict.
    """
    at = at or timezone.now()
    require(
        actor, Capability.DEVELOPMENT_OVERRIDE_GATE, development.organization, "放行要由上级党委专干来办，并写明原因。"
    )
    if development.stage not in DEVELOPMENT_OPEN:
        raise NotAllowed("这份档案已经办完了。")
    facts = facts_of(development)
    if number in facts.done:
        raise NotAllowed(f"第 {number} 步{STEPS[number].name}已经办了，不用放行。")
    if gate not in gate_codes(number):
        raise ValidationError({"gate": "这一步没有这个条件。"})
    said = sentence_of(reason, "reason", least=OVERRIDE_REASON_LEAST, most=500)
    closed = []
    if all(before in facts.done for before in STEPS[number].after):
        closed = closed_gates(number, facts, Proposal(on=timezone.localdate(at), is_preview=True))
    sentence = next((str(one) for one in closed if one.code == gate), GATE_LABELS[gate])
    row = GateOverride(
        development=development, number=number, gate=gate, sentence=sentence[:300], reason=said, by=actor, at=at
    )
    with held(development, version, at):
        with in_words(GateOverride):
            checked(row, exclude=["development", "by"]).save(force_insert=True)
        record("development.override", development, actor, details={"step": number, "gate": gate}, reason=said)
    return row
