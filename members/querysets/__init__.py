"""Questions of the registry, one file per subject. Every one that takes a user answers only for his scope."""

from members.querysets.membership import (
    PLACING_KINDS,
    AffiliationQuerySet,
    LostContactQuerySet,
    PartyMemberQuerySet,
    TransferQuerySet,
)
from members.querysets.registry import (
    EVERYTHING,
    FEW,
    MANY,
    DriverQuerySet,
    DriverVehicleQuerySet,
    EnterpriseQuerySet,
    ExportJobQuerySet,
    OfDriverQuerySet,
    Ordered,
    Part,
    RegistrationTransferQuerySet,
    RosterImportQuerySet,
    VehicleQuerySet,
    any_of,
)

__all__ = [
    "EVERYTHING",
    "FEW",
    "MANY",
    "PLACING_KINDS",
    "AffiliationQuerySet",
    "DriverQuerySet",
    "DriverVehicleQuerySet",
    "EnterpriseQuerySet",
    "ExportJobQuerySet",
    "LostContactQuerySet",
    "OfDriverQuerySet",
    "Ordered",
    "Part",
    "PartyMemberQuerySet",
    "RegistrationTransferQuerySet",
    "RosterImportQuerySet",
    "TransferQuerySet",
    "VehicleQuerySet",
    "any_of",
]
