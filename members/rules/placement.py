"""Which branch a confirmed member goes to: the firm's own first, else the territory's, else a cloud one for activities.

Pure; the candidates are passed in. Source: domain a.1 (Panzhihua: 29 to the branch of the firm, 1 to the mobile branch
of his district).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from branches.models import Organization
from members.choices import AffiliationKind


class Rung(StrEnum):
    """By which step of the rule a branch was found."""

    ENTERPRISE = "enterprise"
    TERRITORIAL = "territorial"
    CLOUD = "cloud"
    NONE = "none"


@dataclass(frozen=True)
class Suggestion:
    """A branch with the reason; `organization` is None when no branch fits and one has to be founded."""

    rung: Rung
    organization: Organization | None
    kind: str
    reason: str

    @property
    def places(self) -> bool:
        """Whether a member who goes there counts as placed."""
        return self.rung in (Rung.ENTERPRISE, Rung.TERRITORIAL)


def suggest(
    of_enterprise: Sequence[Organization], of_territory: Sequence[Organization], cloud: Sequence[Organization]
) -> Suggestion:
    """Return where a member should go, given the running branches of his firm, of his territory and in the cloud.

    Each list in the order of preference; the first is taken.
    """
    if of_enterprise:
        return Suggestion(
            Rung.ENTERPRISE, of_enterprise[0], AffiliationKind.FLOWING, "所在企业有党支部，优先编入企业党支部。"
        )
    if of_territory:
        return Suggestion(
            Rung.TERRITORIAL,
            of_territory[0],
            AffiliationKind.FLOWING,
            "所在企业没有党支部，编入登记地的流动党员党支部。",
        )
    if cloud:
        return Suggestion(
            Rung.CLOUD,
            cloud[0],
            AffiliationKind.ACTIVITY,
            "企业和登记地都没有可编入的党支部，先参加云上党支部的活动；不算已编入，请尽快建支部。",
        )
    return Suggestion(Rung.NONE, None, "", "企业和登记地都没有可编入的党支部，需要先建一个（应建尽建）。")
