"""The verbs of branch life: may? → check → change → trace → tell. Every door calls these."""

from activities.workflow.activities import amend, cancel, hold, join, make_up, notify, plan, record
from activities.workflow.calendar import recompute
from activities.workflow.conferences import add_item, amend_meeting, change, progress, record_meeting, set_up
from activities.workflow.rules import end_rule, save_rule
from activities.workflow.visits import (
    Problem,
    answer_follow_up,
    close_follow_up,
    record_visit,
    save_target,
    withdraw_visit,
)

__all__ = [
    "Problem",
    "add_item",
    "amend",
    "amend_meeting",
    "answer_follow_up",
    "cancel",
    "change",
    "close_follow_up",
    "end_rule",
    "hold",
    "join",
    "make_up",
    "notify",
    "plan",
    "progress",
    "recompute",
    "record",
    "record_meeting",
    "record_visit",
    "save_rule",
    "save_target",
    "set_up",
    "withdraw_visit",
]
