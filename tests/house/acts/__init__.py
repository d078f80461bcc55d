"""The acts of the house, which test_matrix does as every role: what a POST needs, where it goes, what it carries."""

from tests.house.acts import activities, grievances, membership, records, registry, units
from tests.house.acts.act import Act, filled, state

ACTS = units.ACTS | registry.ACTS | membership.ACTS | records.ACTS | activities.ACTS | grievances.ACTS

__all__ = ["ACTS", "Act", "filled", "state"]
