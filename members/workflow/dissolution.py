"""What becomes of the registry's rows when their organisation is dissolved: they go to the successor, or they end."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db.models import F, Q
from django.utils import timezone

from branches import endings
from foundation.audit import trail
from foundation.protection.masks import mask_name
from members.choices import (
    DEVELOPMENT_OPEN,
    IMPORT_NEXT,
    LETTER_NEXT,
    TRANSFER_NEXT,
    TRANSFER_OPEN,
    AffiliationStatus,
    Coverage,
    ImportStatus,
    LetterStatus,
    TransferStatus,
)
from members.models import (
    Affiliation,
    Appraisal,
    Development,
    Driver,
    DuesRecord,
    Enterprise,
    LostContact,
    PartyMember,
    RegistrationTransfer,
    RosterImport,
    RosterMapping,
    Transfer,
    Vehicle,
)
from members.workflow.imports import request_cancel

_REASON = "组织撤销"


def register() -> None:
    """Register the rows of this app; called once when the app is ready."""
    # Claims before drivers: a claim follows the driver it is about.
    endings.register("members.RegistrationTransfer", label="登记转移", unit="件", find=_claims, end=_end_claims)
    endings.register("members.RosterImport", label="没做完的名册导入", unit="批", find=_imports, end=_end_imports)
    endings.register(
        "members.Driver", label="司机", unit="人", find=_drivers, end=_hand_over(_drivers), needs_successor=True
    )
    endings.register(
        "members.Vehicle", label="车辆", unit="辆", find=_vehicles, end=_hand_over(_vehicles), needs_successor=True
    )
    endings.register(
        "members.Enterprise", label="企业", unit="户", find=_firms, end=_hand_over_firms, needs_successor=True
    )
    endings.register(
        "members.Enterprise.coverage_organization", label="组织覆盖", unit="户", find=_covered, end=_end_coverage
    )
    # Letters before members: a letter from the unit is withdrawn while it is still there.
    endings.register("members.Transfer", label="没办完的组织关系转接", unit="件", find=_letters, end=_end_letters)
    endings.register(
        "members.LostContact",
        label="没了结的失联查找",
        unit="件",
        find=_searches,
        end=_hand_over_searches,
        needs_successor=True,
    )
    endings.register(
        "members.PartyMember", label="党员", unit="人", find=_members, end=_hand_over_members, needs_successor=True
    )
    endings.register(
        "members.Affiliation", label="活动关系", unit="条", find=_ties, end=_hand_over_ties, needs_successor=True
    )
    endings.register(
        "members.Development",
        label="没办完的发展党员档案",
        unit="份",
        find=_files,
        end=_hand_over_files,
        needs_successor=True,
    )
    # Dues and appraisals stay with the unit that wrote them down: they say what was, not what is.
    endings.register("members.DuesRecord", label="党费登记", unit="笔", find=_no_dues)
    endings.register("members.Appraisal", label="民主评议结果", unit="条", find=_no_appraisals)
    # Mappings of columns stay where they were saved; they are nobody's any more.
    endings.register("members.RosterMapping", label="列对应", unit="份", find=_nothing)


def _nothing(organization, at):
    return RosterMapping.objects.none()


def _no_dues(organization, at):
    return DuesRecord.objects.none()


def _no_appraisals(organization, at):
    return Appraisal.objects.none()


# --- drivers, vehicles, firms -----------------------------------------------------------------------------------------
def _drivers(organization, at):
    return Driver.objects.filter(registering_committee=organization)


def _vehicles(organization, at):
    return Vehicle.objects.filter(registering_committee=organization)


def _hand_over(find):
    """Return how rows with a registering committee go to the successor. One UPDATE however many."""

    def hand_over(organization, *, at, actor, successor):
        find(organization, at).update(registering_committee=successor, version=F("version") + 1, updated_at=at)

    return hand_over


def _firms(organization, at):
    return Enterprise.objects.filter(committee=organization)


def _hand_over_firms(organization, *, at, actor, successor):
    firms = _firms(organization, at)
    twice = firms.filter(uscc=None, name_key__in=_firms(successor, at).filter(uscc=None).values("name_key"))
    names = list(twice.order_by("pk").values_list("name", flat=True)[:3])
    if names:
        sentence = f"承接的党委已经登记了同名企业：{'、'.join(names)}。请先核对统一社会信用代码，或改掉一个的名称。"
        raise ValidationError({"successor": sentence})
    firms.update(committee=successor, version=F("version") + 1, updated_at=at)


def _covered(organization, at):
    return Enterprise.objects.filter(Q(coverage_organization=organization) | Q(organization=organization))


def _end_coverage(organization, *, at, actor, successor):
    rows = {"version": F("version") + 1, "updated_at": at}
    covered = _covered(organization, at).filter(coverage_organization=organization)
    if successor is None:
        covered.update(coverage_organization=None, coverage=Coverage.NONE, **rows)
    else:
        covered.update(coverage_organization=successor, **rows)
    # The firm's own organisation is gone: whoever took over is not the firm's.
    _covered(organization, at).filter(organization=organization).update(organization=None, **rows)


# --- members ----------------------------------------------------------------------------------------------------------
def _members(organization, at):
    return PartyMember.objects.filter(formal_organization=organization)


def _hand_over_members(organization, *, at, actor, successor):
    rows = {"version": F("version") + 1, "updated_at": at}
    _members(organization, at).update(formal_organization=successor, **rows)


def _ties(organization, at):
    return Affiliation.objects.filter(organization=organization, until_date__isnull=True)


def _hand_over_ties(organization, *, at, actor, successor):
    today = timezone.localdate(at)
    running = list(_ties(organization, at).order_by("pk"))
    # Who has a tie there or belongs there formally is not tied to it twice.
    there = set(_ties(successor, at).values_list("member_id", flat=True))
    there |= set(_members(successor, at).values_list("pk", flat=True))
    follow = []
    for tie in running:
        until = max(today, tie.from_date)
        if tie.member_id not in there:
            there.add(tie.member_id)
            follow.append(
                Affiliation(
                    member_id=tie.member_id,
                    organization=successor,
                    kind=tie.kind,
                    status=tie.status,
                    from_date=until,
                    notified_at=tie.notified_at,
                    reported_in_date=tie.reported_in_date,
                    received_by_id=tie.received_by_id,
                )
            )
        tie.until_date, tie.status, tie.end_reason = until, AffiliationStatus.ENDED, _REASON
    Affiliation.objects.bulk_update(running, ["until_date", "status", "end_reason"], batch_size=500)
    Affiliation.objects.bulk_create(follow, batch_size=500)


def _letters(organization, at):
    return Transfer.objects.open().filter(Q(from_organization=organization) | Q(to_organization=organization))


def _end_letters(organization, *, at, actor, successor):
    for transfer in _letters(organization, at).select_related("member__person"):
        trail.transition(
            transfer,
            LetterStatus.WITHDRAWN,
            actor=actor,
            action="transfer.withdraw",
            reason=_REASON,
            next_table=LETTER_NEXT,
            changes={"answered_by": actor, "answered_at": at, "answer_reason": _REASON, "updated_at": at},
            organization_id=organization.pk,
            person_id=transfer.member_id,
            label=mask_name(transfer.member.person.name),
        )


def _searches(organization, at):
    return LostContact.objects.open().filter(organization=organization)


def _hand_over_searches(organization, *, at, actor, successor):
    _searches(organization, at).update(organization=successor)


def _files(organization, at):
    return Development.objects.filter(organization=organization, stage__in=sorted(DEVELOPMENT_OPEN))


def _hand_over_files(organization, *, at, actor, successor):
    _files(organization, at).update(organization=successor, version=F("version") + 1, updated_at=at)


# --- what is under way ------------------------------------------------------------------------------------------------
def _claims(organization, at):
    concerned = Q(from_committee=organization) | Q(to_committee=organization)
    return RegistrationTransfer.objects.filter(concerned, status__in=TRANSFER_OPEN)


def _end_claims(organization, *, at, actor, successor):
    """Withdraw the claims of the dissolved committee and of its successor; others go on against the successor."""
    for claim in _claims(organization, at).select_related("driver__person", "claimed_by"):
        if claim.from_committee_id == organization.pk and successor and claim.to_committee_id != successor.pk:
            claim.from_committee = successor
            claim.save(update_fields=["from_committee"])
            continue
        trail.transition(
            claim,
            TransferStatus.WITHDRAWN,
            actor=actor,
            action="registration.withdraw",
            reason=_REASON,
            next_table=TRANSFER_NEXT,
            changes={"answered_by": actor or claim.claimed_by, "answered_at": at, "answer_reason": _REASON},
            organization_id=organization.pk,
            person_id=claim.driver_id,
            label=mask_name(claim.driver.person.name),
        )


def _imports(organization, at):
    going_on = [status for status in IMPORT_NEXT if ImportStatus.CANCELLED in IMPORT_NEXT[status]]
    return RosterImport.objects.filter(organization=organization, status__in=going_on, cancel_requested=False)


def _end_imports(organization, *, at, actor, successor):
    for batch in _imports(organization, at):
        request_cancel(None, batch)
