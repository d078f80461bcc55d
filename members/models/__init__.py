"""The nouns of the registry, one file per subject."""

from members.models.appraisals import Appraisal
from members.models.cards import MemberCard
from members.models.contacts import BackboneTag, ContactPair
from members.models.declarations import Declaration, RecruitCampaign
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
from members.models.dues import DuesRate, DuesRecord
from members.models.lists import ExportJob, SavedFilter
from members.models.lost_contact import ContactAttempt, LostContact
from members.models.membership import Affiliation, PartyMember
from members.models.people import Person
from members.models.roster import RosterImport, RosterMapping, RosterResult, RosterRow
from members.models.transfers import Transfer
from members.models.verification import Check, Verification

__all__ = [
    "Affiliation",
    "Appraisal",
    "BackboneTag",
    "Check",
    "ContactAttempt",
    "ContactPair",
    "Credential",
    "Declaration",
    "Development",
    "DevelopmentReview",
    "DevelopmentSponsor",
    "DevelopmentStep",
    "Driver",
    "DriverVehicle",
    "DuesRate",
    "DuesRecord",
    "Enterprise",
    "ExportJob",
    "GateOverride",
    "LostContact",
    "MemberCard",
    "PartyMember",
    "Person",
    "RecruitCampaign",
    "RegistrationTransfer",
    "RosterImport",
    "RosterMapping",
    "RosterResult",
    "RosterRow",
    "SavedFilter",
    "Transfer",
    "Vehicle",
    "Verification",
]
