"""The nouns of the registry, one file per subject."""

from members.models.drivers import (
    Credential,
    Driver,
    DriverVehicle,
    Enterprise,
    RegistrationTransfer,
    Vehicle,
)
from members.models.lists import ExportJob, SavedFilter
from members.models.membership import Affiliation, PartyMember
from members.models.people import Person
from members.models.roster import RosterImport, RosterMapping, RosterResult, RosterRow

__all__ = [
    "Affiliation",
    "Credential",
    "Driver",
    "DriverVehicle",
    "Enterprise",
    "ExportJob",
    "PartyMember",
    "Person",
    "RegistrationTransfer",
    "RosterImport",
    "RosterMapping",
    "RosterResult",
    "RosterRow",
    "SavedFilter",
    "Vehicle",
]
