"""What posts of the registry and of membership hand over."""

from __future__ import annotations

from django.urls import reverse

from branches import handover
from branches.choices import COMMITTEES, Role
from branches.scope import Region
from members.choices import ImportStatus

_BOTH = (Role.SECRETARY, Role.CLERK)


def register() -> None:
    """Register our kinds of work; called once when the app is ready."""
    from members.models import LostContact, PartyMember, RegistrationTransfer, RosterImport, Transfer

    def unplaced(post, at) -> int:
        members = PartyMember.objects.within(_region(post)).current().with_placement()
        return members.filter(placed_id__isnull=True).count()

    handover.register(
        "members.unplaced",
        label="还没有编入支部的党员",
        unit="人",
        roles=_BOTH,
        count=unplaced,
        address=lambda post: reverse("members:member_list") + "?placement=unplaced",
    )
    handover.register(
        "members.letters",
        label="没办完的组织关系介绍信",
        unit="件",
        roles=_BOTH,
        count=lambda post, at: Transfer.objects.within(_region(post)).open().count(),
        address=lambda post: reverse("members:transfer_list") + "?status=open",
    )
    handover.register(
        "members.searches",
        label="失联查找",
        unit="件",
        roles=_BOTH,
        count=lambda post, at: LostContact.objects.within(_region(post)).open().count(),
        address=lambda post: reverse("members:lost_list"),
    )
    handover.register(
        "members.claims",
        label="没办完的司机登记转移",
        unit="件",
        roles=[Role.CLERK],
        count=lambda post, at: RegistrationTransfer.objects.within(_region(post)).open().count(),
        address=lambda post: reverse("members:registration_list"),
    )
    handover.register(
        "members.imports",
        label="等着核对的名册",
        unit="批",
        roles=[Role.CLERK],
        count=lambda post, at: RosterImport.objects.within(_region(post)).filter(status=ImportStatus.PREVIEW).count(),
        address=lambda post: reverse("members:import_list") + "?show=waiting",
    )


def _region(post) -> Region:
    """Return what the rights of a post cover by `subtree` or `unit`: its committee and all below, or its unit."""
    from branches.models import Organization

    units = frozenset(handover.units_of(post.organization))
    committees = Organization.objects.filter(pk__in=units, kind__in=COMMITTEES)
    return Region(organization_ids=units, committee_ids=frozenset(committees.order_by().values_list("pk", flat=True)))
