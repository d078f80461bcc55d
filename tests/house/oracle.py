"""Who sees what, once more and differently: the cells of docs/permissions.csv and a walk over parent links.

Nothing here asks branches.scope or a queryset of ours: parents by treebeard's own question, rows compared one by one.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, lru_cache
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from activities.models import (
    ActionItem,
    Activity,
    ConferenceMeeting,
    CoOrganizer,
    InstructionVisit,
    JointConference,
    VisitFollowUp,
)
from branches.models import Appointment, BranchFileSnapshot, Guidance, Office, Organization, Term
from foundation.accounts.models import User
from foundation.notifications.models import Delivery, Notification
from grievances.models import Assist, Campaign, Grievance
from members.models import (
    Affiliation,
    Appraisal,
    ContactPair,
    Credential,
    Declaration,
    Development,
    Driver,
    DriverVehicle,
    DuesRate,
    DuesRecord,
    Enterprise,
    ExportJob,
    LostContact,
    MemberCard,
    PartyMember,
    RecruitCampaign,
    RegistrationTransfer,
    RosterImport,
    Transfer,
    Vehicle,
    Verification,
)


@lru_cache
def cells() -> dict[str, dict[str, str]]:
    """Return {"driver.view": {column: cell}} as the specification has it."""
    path = Path(settings.BASE_DIR) / "docs" / "permissions.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return {f"{row.pop('resource')}.{row.pop('action')}": row for row in csv.DictReader(file)}


@dataclass(frozen=True)
class Covered:
    """What one capability covers for one person."""

    everything: bool
    organizations: frozenset[int]
    own_organizations: frozenset[int]
    own: bool

    def __contains__(self, organization_id) -> bool:
        return self.everything or organization_id in self.organizations


class Oracle:
    """The answers at one instant; reads every row it is asked about."""

    def __init__(self, at: datetime | None = None):
        self.at = at or timezone.now()

    @cached_property
    def parents(self) -> dict[int, int | None]:
        """Return each organisation's parent."""
        every = list(Organization.objects.all())
        by_path = {one.path: one.pk for one in every}
        return {one.pk: by_path.get(one.path[: -Organization.steplen]) for one in every}

    def below(self, pk: int | None, top: int) -> bool:
        """Return whether an organisation is `top` or stands below it."""
        while pk is not None:
            if pk == top:
                return True
            pk = self.parents[pk]
        return False

    def covered(self, user, capability: str) -> Covered:
        """Return what the capability covers by the user's running appointments."""
        row, found, own_organizations, own, everything = cells()[capability], set(), set(), False, False
        posts = [
            post
            for post in Appointment.objects.filter(user=user)
            if post.from_at <= self.at and (post.until_at is None or self.at < post.until_at)
        ]
        for post in posts if user.is_active and user.locked_at is None else []:
            cell, home = row[post.role], post.organization_id
            everything |= cell in ("all", "public")
            if cell in ("subtree", "aggregate"):
                found |= {pk for pk in self.parents if self.below(pk, home)}
            elif cell == "subtree_below":
                found |= {pk for pk in self.parents if pk != home and self.below(pk, home)}
            elif cell == "guided":
                today = timezone.localdate(self.at)
                for line in Guidance.objects.filter(guiding_organization=home):
                    if line.from_date <= today and (line.until_date is None or today < line.until_date):
                        found |= {pk for pk in self.parents if self.below(pk, line.organization_id)}
            elif cell == "own":
                own = True
                own_organizations.add(home)
            elif cell in ("unit", "assigned"):
                found.add(home)
        if row["outsider"] == "own":
            own = True
        everything |= row["outsider"] in ("all", "public")
        return Covered(everything, frozenset(found), frozenset(own_organizations), own)

    # --- rows ---------------------------------------------------------------------------------------------------------
    def rows(self, model, user, capability: str | None = None) -> set:
        """Return the keys of the rows of a model that a user may see, or on which he holds another capability."""
        name, test = _TESTS[model]
        where = self.covered(user, capability or name)
        return {row.pk for row in model._base_manager.all() if test(self, row, where, user)}

    def driver(self, row: Driver, where: Covered, user) -> bool:
        # Registered there, placed there, or of one's platform (its firms', its own committee's).
        # The declared branch counts for nothing.
        return (
            row.registering_committee_id in where
            or row.registering_committee_id in where.own_organizations
            or self.placed(row.pk, where)
            or (row.enterprise is not None and row.enterprise.organization_id in where.own_organizations)
        )

    def placed(self, person_id: int, where: Covered) -> bool:
        # A member there, or tied to a unit there by an affiliation that runs.
        member = PartyMember.objects.filter(pk=person_id).first()
        if member is None:
            return False
        ties = Affiliation.objects.filter(member=member, until_date=None)
        return (member.formal_organization_id is not None and member.formal_organization_id in where) or any(
            tie.organization_id in where for tie in ties
        )

    def enterprise(self, row: Enterprise, where: Covered, user) -> bool:
        # Registered there, or the firm of a unit there.
        return (
            row.committee_id in where
            or (row.organization_id is not None and row.organization_id in where)
            or row.organization_id in where.own_organizations
        )

    def vehicle(self, row: Vehicle, where: Covered, user) -> bool:
        # Registered there, of one's own platform, or driven now by a driver of there.
        links = DriverVehicle.objects.filter(vehicle=row, until_date=None).select_related("driver__enterprise")
        return (
            row.registering_committee_id in where
            or row.registering_committee_id in where.own_organizations
            or (row.enterprise is not None and row.enterprise.organization_id in where.own_organizations)
            or any(self.driver(link.driver, where, user) for link in links)
        )

    def of_driver(self, row, where: Covered, user) -> bool:
        # What belongs to a driver lies where he lies.
        return self.driver(row.driver, where, user)

    def party_member(self, row: PartyMember, where: Covered, user) -> bool:
        # Placed there; registered there as a driver and of no unit of ours yet; gone from a unit there.
        if row.status in ("removed", "transferred_out", "deceased"):
            return self.placed(row.pk, where) or (
                row.last_organization_id is not None and row.last_organization_id in where
            )
        driver = Driver.objects.filter(pk=row.pk).first()
        to_place = row.formal_organization_id is None and driver is not None
        return self.placed(row.pk, where) or (to_place and driver.registering_committee_id in where)

    def tie(self, row: Affiliation, where: Covered, user) -> bool:
        # Seen from both ends.
        formal = row.member.formal_organization_id
        return row.organization_id in where or (formal is not None and formal in where)

    def of_member(self, row, where: Covered, user) -> bool:
        # What belongs to a member lies where he lies.
        return self.party_member(row.member, where, user)

    def kept(self, row, where: Covered, user) -> bool:
        # By the unit that wrote it down, and where the member is formally.
        formal = row.member.formal_organization_id
        return row.organization_id in where or (formal is not None and formal in where)

    def pair(self, row: ContactPair, where: Covered, user) -> bool:
        # From both ends: where the member is placed, where the driver is registered.
        return self.placed(row.member_id, where) or row.driver.registering_committee_id in where

    def letter(self, row: Transfer, where: Covered, user) -> bool:
        # The sending side always; the receiving side once it is signed, and what comes from outside at once.
        if row.from_organization_id is not None and row.from_organization_id in where:
            return True
        arrived = row.from_organization_id is None or row.status in ("awaiting", "received", "returned", "expired")
        return row.to_organization_id is not None and row.to_organization_id in where and arrived

    def transfer(self, row: RegistrationTransfer, where: Covered, user) -> bool:
        # The committee that has the driver sees the claim; the one that claims only once he has come to it.
        return row.from_committee_id in where or (
            row.to_committee_id in where and row.status in ("released", "decided_moved")
        )

    def batch(self, row: RosterImport, where: Covered, user) -> bool:
        # Uploaded there, or by oneself at one's own platform.
        own = where.own and row.organization_id in where.own_organizations
        return row.organization_id in where or (own and row.uploaded_by_id == user.pk)

    def export(self, row: ExportJob, where: Covered, user) -> bool:
        # One's own.
        return where.own and row.created_by_id == user.pk

    def notification(self, row: Notification, where: Covered, user) -> bool:
        # One's own, once it is due; a digest is no entry of the inbox.
        return where.own and row.user_id == user.pk and row.due_at <= self.at and row.event != "notification.digest"

    def delivery(self, row: Delivery, where: Covered, user) -> bool:
        # What was given up, for whoever may send it again.
        return where.everything and row.status in ("refused", "quarantined")

    def at_organization(self, row, where: Covered, user) -> bool:
        # What belongs to an organisation lies there.
        return row.organization_id in where

    # A role for the work of an office that names nobody; whoever is meant by an office with nobody: the level above.
    HANDLES = frozenset({"handler", "secretary", "partner"})

    def acts(self, office: Office | None, user) -> bool:
        """Return whether the work of a handling office falls to a user."""
        unit = office.organization_id if office is not None else None
        while unit is not None:
            here = Office.objects.filter(organization=unit, duty="handle").first()
            if here is not None and here.holder is not None and here.holder.is_running(self.at):
                return here.holder.user_id == user.pk
            people = {
                post.user_id
                for post in Appointment.objects.filter(organization=unit)
                if post.is_running(self.at) and post.role in self.HANDLES
            }
            if people:
                return user.pk in people
            unit = self.parents[unit]
        return False

    def grievance(self, row: Grievance, where: Covered, user) -> bool:
        # By the committee that decides or had it first; what one's unit lodged or has; what one's office has or helps.
        posts = [post for post in Appointment.objects.filter(user=user) if post.is_running(self.at)]
        for post in posts if user.is_active and user.locked_at is None else []:
            cell, home = cells()["grievance.view"][post.role], post.organization_id
            with_handler = row.status in ("assigned", "in_hand", "waiting_for_complainant", "suspended")
            inside = self.below(row.organization_id, home) or self.below(row.origin_id, home)
            if cell == "subtree" and row.status != "draft" and inside:
                return True
            if cell in ("lodged_or_held", "own"):
                if row.status != "draft" and row.collector is not None and row.collector.organization_id == home:
                    return True
                held = row.handler is not None and row.handler.organization_id == home
                if held and (with_handler or row.status in ("answered", "follow_up")):
                    return True
            if cell == "office":
                helpers = Assist.objects.filter(grievance=row, until_at=None)
                if self.acts(row.handler, user) or any(self.acts(one.office, user) for one in helpers):
                    return True
        return False

    def verification(self, row: Verification, where: Covered, user) -> bool:
        # At the committee that checks, and at the branch it is assigned to.
        return row.organization_id in where or (row.unit_id is not None and row.unit_id in where)

    def campaign(self, row: Campaign, where: Covered, user) -> bool:
        # Led there; a handler sees those of his own unit.
        posts = [post for post in Appointment.objects.filter(user=user) if post.is_running(self.at)]
        narrow = {"lodged_or_held", "own", "office"}
        own = {post.organization_id for post in posts if cells()["grievance.view"][post.role] in narrow - {"own"}}
        is_open = user.is_active and user.locked_at is None
        return row.organization_id in where or (is_open and row.organization_id in own)

    def activity(self, row: Activity, where: Covered, user) -> bool:
        # Of a unit there, alone or together with others.
        others = CoOrganizer.objects.filter(activity=row)
        return row.organization_id in where or any(one.organization_id in where for one in others)

    def follow_up(self, row: VisitFollowUp, where: Covered, user) -> bool:
        # Of a visit to a unit there.
        return row.visit.organization_id in where

    def meeting(self, row: ConferenceMeeting, where: Covered, user) -> bool:
        # Of a joint conference kept there.
        return row.conference.organization_id in where

    def item(self, row: ActionItem, where: Covered, user) -> bool:
        # Decided by a joint conference kept there.
        return row.meeting.conference.organization_id in where

    def organization(self, row: Organization, where: Covered, user) -> bool:
        # The organisation itself, or that of one's own post.
        return row.pk in where or row.pk in where.own_organizations

    def user(self, row: User, where: Covered, user) -> bool:
        # Whoever holds or held a post there.
        return where.everything or any(
            post.organization_id in where.organizations for post in Appointment.objects.filter(user=row)
        )


_TESTS = {
    Organization: ("organization.view", Oracle.organization),
    Guidance: ("guidance.view", Oracle.at_organization),
    Appointment: ("appointment.view", Oracle.at_organization),
    Office: ("appointment.view", Oracle.at_organization),
    Term: ("appointment.view", Oracle.at_organization),
    BranchFileSnapshot: ("branch_file.view", Oracle.at_organization),
    User: ("user.view", Oracle.user),
    Enterprise: ("enterprise.view", Oracle.enterprise),
    Driver: ("driver.view", Oracle.driver),
    Vehicle: ("vehicle.view", Oracle.vehicle),
    DriverVehicle: ("vehicle.view", Oracle.of_driver),
    Credential: ("credential.view", Oracle.of_driver),
    PartyMember: ("party_member.view", Oracle.party_member),
    Affiliation: ("party_member.view", Oracle.tie),
    Transfer: ("transfer.view", Oracle.letter),
    LostContact: ("lost_contact.view", Oracle.at_organization),
    Development: ("development.view", Oracle.at_organization),
    DuesRate: ("dues.view", Oracle.of_member),
    DuesRecord: ("dues.view", Oracle.kept),
    Appraisal: ("appraisal.view", Oracle.kept),
    MemberCard: ("member_card.view", Oracle.of_member),
    ContactPair: ("contact_pair.view", Oracle.pair),
    Verification: ("verification.view", Oracle.verification),
    RecruitCampaign: ("declaration.view", Oracle.at_organization),
    Declaration: ("declaration.view", Oracle.at_organization),
    RegistrationTransfer: ("driver.claim_registration", Oracle.transfer),
    RosterImport: ("roster_import.view", Oracle.batch),
    ExportJob: ("export_job.view", Oracle.export),
    Notification: ("notification.view", Oracle.notification),
    Delivery: ("notification.resend", Oracle.delivery),
    Grievance: ("grievance.view", Oracle.grievance),
    Campaign: ("grievance.view", Oracle.campaign),
    Activity: ("activity.view", Oracle.activity),
    InstructionVisit: ("activity.view", Oracle.at_organization),
    VisitFollowUp: ("activity.view", Oracle.follow_up),
    JointConference: ("joint_conference.view", Oracle.at_organization),
    ConferenceMeeting: ("joint_conference.view", Oracle.meeting),
    ActionItem: ("joint_conference.view", Oracle.item),
}
# A delivery has no question of its own: its page is for one role, all or nothing.
MODELS = tuple(model for model in _TESTS if model is not Delivery)
