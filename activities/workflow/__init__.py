"""The verbs of branch life: may? → check → change → trace → tell. Every door calls these."""

from activities.workflow.activities import amend, cancel, hold, join, make_up, notify, plan, record
from activities.workflow.calendar import recompute
from activities.workflow.rules import end_rule, save_rule

__all__ = [
    "amend",
    "cancel",
    "end_rule",
    "hold",
    "join",
    "make_up",
    "notify",
    "plan",
    "recompute",
    "record",
    "save_rule",
]
