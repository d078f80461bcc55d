"""Verbs on the way to membership (发展党员): opening and ending a file, its steps, sponsors, reviews, exceptions."""

from members.workflow.development.files import end, facts_from, facts_of, follow, open_file
from members.workflow.development.overrides import override_gate
from members.workflow.development.reminders import remind
from members.workflow.development.sponsors import candidates, change_sponsors, record_review
from members.workflow.development.steps import gates_before, record_step, refuse_step, take_back

__all__ = [
    "candidates",
    "change_sponsors",
    "end",
    "facts_from",
    "facts_of",
    "follow",
    "gates_before",
    "open_file",
    "override_gate",
    "record_review",
    "record_step",
    "refuse_step",
    "remind",
    "take_back",
]
