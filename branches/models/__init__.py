"""The nouns of the organisation tree."""

from branches.models.files import BranchFileSnapshot
from branches.models.handover import HandOver
from branches.models.organizations import (
    Appointment,
    Division,
    Guidance,
    Office,
    Organization,
    OrganizationManager,
    Workday,
)
from branches.models.terms import Term

__all__ = [
    "Appointment",
    "BranchFileSnapshot",
    "Division",
    "Guidance",
    "HandOver",
    "Office",
    "Organization",
    "OrganizationManager",
    "Term",
    "Workday",
]
