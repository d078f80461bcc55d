"""The verbs of grievances: may? → check → change → trace → tell. Every door calls these; `choices.NEXT` is their map.

lodge ─ accept ─ assign ─ report_progress ─ answer ─ follow_up / confirm
        refuse   return_to_unit            ⇄ ask_complainant, suspend
sideways: assist, merge, withdraw, supervise, request_extension     upwards: escalate, take_up, reopen
"""

from grievances.workflow.campaigns import add_case, begin_campaign, end_campaign
from grievances.workflow.clocks import decide_extension, recount_missing, request_extension
from grievances.workflow.closing import confirm, follow_up, say_not_solved
from grievances.workflow.codes import new_token
from grievances.workflow.complainant import (
    COMPLAINANT,
    followed,
    found_by_code,
    object_to_refusal,
    reply,
    withdraw,
    withdraw_for_driver,
)
from grievances.workflow.drafts import keep_answer, kept_answer
from grievances.workflow.evidence import add_evidence, open_evidence, public_evidence
from grievances.workflow.handling import (
    answer,
    ask_complainant,
    note_internally,
    report_progress,
    resume,
    return_to_unit,
    suspend,
)
from grievances.workflow.ladder import escalate, report_on_supervision, supervise, take_up
from grievances.workflow.ledger import accept, assign, assist, end_assist, merge, refuse, units_that_answered
from grievances.workflow.lodging import (
    Lodged,
    change_draft,
    drop_draft,
    lodge,
    lodge_draft,
    lodge_feedback,
    save_draft,
    similar_to,
)
from grievances.workflow.policies import add_policy, end_policy, save_category
from grievances.workflow.reading import reveal
from grievances.workflow.sweep import sweep

__all__ = [
    "COMPLAINANT",
    "Lodged",
    "accept",
    "add_case",
    "add_evidence",
    "add_policy",
    "answer",
    "ask_complainant",
    "assign",
    "assist",
    "begin_campaign",
    "change_draft",
    "confirm",
    "decide_extension",
    "drop_draft",
    "end_assist",
    "end_campaign",
    "end_policy",
    "escalate",
    "follow_up",
    "followed",
    "found_by_code",
    "keep_answer",
    "kept_answer",
    "lodge",
    "lodge_draft",
    "lodge_feedback",
    "merge",
    "new_token",
    "note_internally",
    "object_to_refusal",
    "open_evidence",
    "public_evidence",
    "recount_missing",
    "refuse",
    "reply",
    "report_on_supervision",
    "report_progress",
    "request_extension",
    "resume",
    "return_to_unit",
    "reveal",
    "save_category",
    "save_draft",
    "say_not_solved",
    "similar_to",
    "supervise",
    "suspend",
    "sweep",
    "take_up",
    "units_that_answered",
    "withdraw",
    "withdraw_for_driver",
]
