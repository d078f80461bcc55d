"""The nouns of the registry, one file per subject."""

from members.models.development import (
    Development,
    DevelopmentReview,
    DevelopmentSponsor,
    DevelopmentStep,
    GateOverride,
)
from members.models.drivers import (
    Credential,
    Driver,
    DriverVehicle,
    Enterprise,
    RegistrationTransfer,
    Vehicle,
)
from members.models.lists import ExportJob, SavedFilter
from members.models.lost_contact import ContactAttempt, LostContact
from members.models.membership import Affiliation, PartyMember
from members.models.people import Person
from members.models.roster import RosterImport, RosterMapping, RosterResult, RosterRow
from members.models.transfers import Transfer

__all__ = [
    "Affiliation",
    "ContactAttempt",
    "Credential",
    "Development",
    "DevelopmentReview",
    "DevelopmentSponsor",
    "DevelopmentStep",
    "Driver",
    "DriverVehicle",
    "Enterprise",
    "ExportJob",
    "GateOverride",
    "LostContact",
    "PartyMember",
    "Person",
    "RegistrationTransfer",
    "RosterImport",
    "RosterMapping",
    "RosterResult",
    "RosterRow",
    "SavedFilter",
    "Transfer",
    "Vehicle",
]
