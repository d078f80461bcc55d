"""Verbs on ties beside the formal one: registered, notified, reported in, ended. None of them gives a vote."""

from __future__ import annotations

from datetime import date, datetime

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from branches.capabilities import Capability
from branches.choices import BRANCHES, COMMITTEES, Kind, OrganizationStatus, Role
from branches.constraints import in_words
from branches.models import Appointment, Organization
from branches.rules import may
from branches.scope import reach_of, subtree
from foundation.audit import trail
from foundation.audit.trail import NotAllowed
from foundation.notifications.workflow.publishing import publish
from foundation.protection.masks import mask_name
from members.choices import (
    AFFILIATION_NEXT,
    MEMBER_CURRENT,
    AffiliationKind,
    AffiliationStatus,
)
from members.models import Affiliation, PartyMember
from members.querysets import PLACING_KINDS
from members.rules.placement import Suggestion, suggest
from members.workflow.membership import write_member


# --- where to ---------------------------------------------------------------------------------------------------------
def suggestion_for(member: PartyMember) -> Suggestion:
    """Return where a member should be placed, by the rule of `members.rules.placement`. At most four queries.

    The firm: its own organisation, or the one that covers it. The territory: mobile branches of the division where
    the driver is registered, or below that committee. The cloud: any running one.
    """
    driver = getattr(member.person, "driver", None)
    running = Organization.objects.running()
    of_enterprise: list[Organization] = []
    of_territory: list[Organization] = []
    if driver is not None and driver.enterprise is not None:
        firm = driver.enterprise
        own = [pk for pk in (firm.organization_id, firm.coverage_organization_id) if pk is not None]
        found = running.filter(pk__in=own, kind__in=sorted(PLACING_KINDS))
        of_enterprise = sorted(found, key=lambda one: own.index(one.pk))
        if not of_enterprise and own:
            # The committee of a firm has its branches below it.
            committees = running.filter(pk__in=own, kind__in=sorted(COMMITTEES))
            for committee in committees:
                below = running.filter(subtree(committee.path), kind__in=sorted(PLACING_KINDS))
                of_enterprise += list(below[:1])
    if driver is not None:
        committee = driver.registering_committee
        inside = Q(subtree(committee.path))
        if committee.division_id is not None:
            inside |= Q(division_id=committee.division_id)
        of_territory = list(running.filter(inside, kind=Kind.MOBILE_BRANCH)[:1])
    cloud = list(running.filter(kind=Kind.CLOUD_BRANCH)[:1]) if not of_enterprise and not of_territory else []
    return suggest(of_enterprise, of_territory, cloud)


# --- the life of a tie ------------------------------------------------------------------------------------------------
def register_tie(
    member: PartyMember,
    organization: Organization,
    kind: str,
    *,
    from_date: date,
    actor,
    absent_since_date: date | None = None,
    absent_to: str = "",
    at: datetime | None = None,
) -> Affiliation:
    """Take a member into a branch beside his formal relation (编入), and return the tie; he has to report in there.

    A flowing member's absence is noted where it is not yet. Its secretary is told. About eight statements.
    Raises PermissionDenied, ValidationError (no member now, wrong kind of unit, tied already).
    """
    at = at or timezone.now()
    today = timezone.localdate(at)
    reach = reach_of(actor)
    places = may(reach, Capability.PARTY_MEMBER_PLACE, at=organization)
    receives = may(reach, Capability.PARTY_MEMBER_RECEIVE_FLOWING, at=organization)
    if not (places or receives) or not PartyMember.objects.visible_to(reach).filter(pk=member.pk).exists():
        raise PermissionDenied("把党员编入这个支部不在您的权限里。")
    _refuse_misplaced(member, organization, kind)
    if from_date > today:
        raise ValidationError({"from_date": "开始的日期还没有到。"})
    tie = Affiliation(member=member, organization=organization, kind=kind, from_date=from_date)
    with transaction.atomic():
        with in_words(Affiliation):
            tie.save(force_insert=True)
        if absent_since_date is not None and member.absent_since_date is None:
            changes = {"absent_since_date": absent_since_date, "absent_to": absent_to.strip()}
            write_member(member, changes, version=member.version, at=at)
        _trace("affiliation.register", tie, actor, details={"kind": kind})
        _tell_secretary(tie, at)
    return tie


def _refuse_misplaced(member: PartyMember, organization: Organization, kind: str) -> None:
    if member.status not in MEMBER_CURRENT:
        raise ValidationError("这个人现在不是党员，不能编入支部。")
    if organization.kind not in BRANCHES:
        raise ValidationError({"organization": f"{organization.short_name}不是党支部。"})
    if organization.kind == Kind.CLOUD_BRANCH and kind == AffiliationKind.FLOWING:
        raise ValidationError({"kind": "云上党支部只组织活动，性质请选“双重组织生活”。"})
    if organization.status == OrganizationStatus.DISSOLVED:
        raise ValidationError({"organization": f"{organization.short_name}已经撤销。"})
    if member.formal_organization_id == organization.pk:
        raise ValidationError({"organization": "他的组织关系就在这个支部，不用另外编入。"})


def notify(tie: Affiliation, *, actor, at: datetime | None = None) -> None:
    """Note that the member has been told to report in. Raises PermissionDenied, NotAllowed, Conflict."""
    at = at or timezone.now()
    _require(tie, actor)
    _move(tie, AffiliationStatus.NOTIFIED, "affiliation.notify", actor, {"notified_at": at})


def report_in(tie: Affiliation, *, on_date: date, actor, at: datetime | None = None) -> None:
    """Note that the member has reported to the branch; from then on he counts there.

    Raises PermissionDenied, ValidationError (a day to come, before the tie began), NotAllowed, Conflict.
    """
    at = at or timezone.now()
    _require(tie, actor)
    if not tie.from_date <= on_date <= timezone.localdate(at):
        raise ValidationError({"on_date": f"报到日期要在 {tie.from_date:%Y-%m-%d} 到今天之间。"})
    changes = {"reported_in_date": on_date, "received_by": actor}
    _move(tie, AffiliationStatus.REPORTED_IN, "affiliation.report_in", actor, changes)


def decline(tie: Affiliation, *, reason: str, actor, at: datetime | None = None) -> None:
    """Say that the branch does not take the member, and why. Raises PermissionDenied, ValidationError, NotAllowed."""
    at = at or timezone.now()
    _require(tie, actor)
    _over(tie, AffiliationStatus.DECLINED, "affiliation.decline", timezone.localdate(at), _reason(reason), actor)


def end_tie(tie: Affiliation, *, on_date: date, reason: str, actor, at: datetime | None = None) -> None:
    """End a tie: he has gone home, moved on, or his formal relation has come here.

    Raises PermissionDenied, ValidationError, NotAllowed, Conflict.
    """
    at = at or timezone.now()
    _require(tie, actor)
    if not tie.from_date <= on_date <= timezone.localdate(at):
        raise ValidationError({"on_date": f"结束日期要在 {tie.from_date:%Y-%m-%d} 到今天之间。"})
    _over(tie, AffiliationStatus.ENDED, "affiliation.end", on_date, _reason(reason), actor)


def close_tie(tie: Affiliation, *, on_date: date, reason: str, actor) -> None:
    """End a tie as a part of another verb, which has asked who may. Raises NotAllowed, Conflict."""
    _over(tie, AffiliationStatus.ENDED, "affiliation.end", max(on_date, tie.from_date), reason, actor)


def move_placement(
    tie: Affiliation, organization: Organization, *, on_date: date, reason: str, actor, at: datetime | None = None
) -> Affiliation:
    """Place a flowing member in another branch: one tie ends and one begins, in one transaction.

    Returns the new tie, which waits for him to report in. Raises as `end_tie` and `register_tie`.
    """
    with transaction.atomic():
        end_tie(tie, on_date=on_date, reason=reason, actor=actor, at=at)
        return register_tie(tie.member, organization, tie.kind, from_date=on_date, actor=actor, at=at)


def _over(tie: Affiliation, to: str, action: str, on_date: date, reason: str, actor) -> None:
    _move(tie, to, action, actor, {"until_date": on_date, "end_reason": reason[:200]}, reason)


def _move(tie: Affiliation, to: str, action: str, actor, changes: dict, reason: str = "") -> None:
    trail.transition(
        tie,
        to,
        actor=actor,
        action=action,
        reason=reason,
        next_table=AFFILIATION_NEXT,
        changes=changes,
        organization_id=tie.organization_id,
        person_id=tie.member_id,
        label=mask_name(tie.member.person.name),
    )


def _require(tie: Affiliation, actor) -> None:
    if not may(actor, Capability.PARTY_MEMBER_RECEIVE_FLOWING, at=tie.organization):
        raise PermissionDenied("接收流动党员要由接收的支部或它的上级党委来办。")
    if tie.status not in AFFILIATION_NEXT:
        raise NotAllowed("这条活动关系的状态不对。")


def _reason(reason: str) -> str:
    reason = " ".join((reason or "").split())
    if not 2 <= len(reason) <= 200:
        raise ValidationError({"reason": "请写明原因，2 到 200 个字。"})
    return reason


def _trace(action: str, tie: Affiliation, actor, *, details: dict) -> None:
    trail.record(
        action,
        tie,
        actor=actor,
        organization_id=tie.organization_id,
        person_id=tie.member_id,
        label=mask_name(tie.member.person.name),
        details=details,
    )


def _tell_secretary(tie: Affiliation, at: datetime) -> None:
    posts = Appointment.objects.running(at).filter(organization=tie.organization, role=Role.SECRETARY)
    publish(
        "membership.tie_registered",
        recipients=[post.user for post in posts.select_related("user")],
        subject=f"members.affiliation:{tie.pk}",
        title="有一位流动党员编入您的支部，请联系他报到",
        url=reverse("members:member_detail", args=[tie.member_id]),
        dedupe=f"affiliation:{tie.pk}:registered",
        at=at,
    )
