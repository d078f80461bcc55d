"""The nouns of branch life."""

from activities.models.activities import Activity, Attendance, CoOrganizer, Venue
from activities.models.calendar import ComplianceRule, ComplianceStatus

__all__ = ["Activity", "Attendance", "CoOrganizer", "ComplianceRule", "ComplianceStatus", "Venue"]
