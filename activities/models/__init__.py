"""The nouns of branch life."""

from activities.models.activities import Activity, Attendance, CoOrganizer, Venue
from activities.models.calendar import ComplianceRule, ComplianceStatus
from activities.models.conferences import (
    ActionItem,
    ActionItemNote,
    ConferenceDepartment,
    ConferenceMeeting,
    JointConference,
)
from activities.models.visits import InstructionVisit, VisitFollowUp, VisitTarget

__all__ = [
    "ActionItem",
    "ActionItemNote",
    "Activity",
    "Attendance",
    "CoOrganizer",
    "ComplianceRule",
    "ComplianceStatus",
    "ConferenceDepartment",
    "ConferenceMeeting",
    "InstructionVisit",
    "JointConference",
    "Venue",
    "VisitFollowUp",
    "VisitTarget",
]
