"""The verbs of the organisation tree: may? → check → change → trace → tell. Every door calls these."""

from branches.workflow.appointments import appoint, end_appointment
from branches.workflow.guidance import add_guidance, end_guidance
from branches.workflow.handover import acknowledge_hand_over, note_for_successor
from branches.workflow.offices import (
    acting_at,
    acting_for,
    assign_office,
    lines_of,
    mark_absent,
    mark_back,
    office_of,
    offices_at,
    offices_of,
    open_office,
    set_deputy,
    who_acts,
)
from branches.workflow.organizations import (
    add_organization,
    change_organization,
    dissolve_organization,
    move_organization,
    rectify_organization,
    resume_organization,
    start_organization,
)
from branches.workflow.terms import change_term_end, record_term
from branches.workflow.users import add_user, issue_reset_code, lock_user, remove_second_factor, unlock_user

__all__ = [
    "acknowledge_hand_over",
    "acting_at",
    "acting_for",
    "add_guidance",
    "add_organization",
    "add_user",
    "appoint",
    "assign_office",
    "change_organization",
    "change_term_end",
    "dissolve_organization",
    "end_appointment",
    "end_guidance",
    "issue_reset_code",
    "lines_of",
    "lock_user",
    "mark_absent",
    "mark_back",
    "move_organization",
    "note_for_successor",
    "office_of",
    "offices_at",
    "offices_of",
    "open_office",
    "record_term",
    "rectify_organization",
    "remove_second_factor",
    "resume_organization",
    "set_deputy",
    "start_organization",
    "unlock_user",
    "who_acts",
]
