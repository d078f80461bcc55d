"""Where leads come from: a clerk or a secretary writes one down, or the drivers who declared it on a roster."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from branches.capabilities import Capability
from branches.choices import BRANCHES, COMMITTEES
from branches.models import Organization
from branches.rules import may
from branches.scope import Reach, reach_of
from branches.workflow import lines_of
from foundation.audit import trail
from foundation.protection.canonical import canonical_name, canonical_phone
from foundation.protection.identifiers import NAME_MAX
from members import notices
from members.choices import CheckKind, CheckResult, PoliticalStatus, VerificationOrigin
from members.models import Check, Driver, Person, Verification
from members.querysets import DriverQuerySet
from members.rules.drivers import phone_sentence
from members.rules.people import phone_index
from members.rules.verification import DUE_DAYS
from members.workflow.verification import settle, trace, write_lead

DECLARED = (PoliticalStatus.MEMBER, PoliticalStatus.PROBATIONARY)
COLLECTED_AT_ONCE = 2_000
# The list itself is the check: who stands on it was found there.
FOUND_BY = {
    VerificationOrigin.PLATFORM: CheckKind.PLATFORM_DATA,
    VerificationOrigin.TRANSPORT_REGISTER: CheckKind.TRANSPORT_REGISTER,
}
BY_HAND = (
    VerificationOrigin.PLATFORM,
    VerificationOrigin.TRANSPORT_REGISTER,
    VerificationOrigin.FIRM,
)


@dataclass(frozen=True, kw_only=True)
class Told:
    """What is told of a candidate: somebody registered, or a name with what else is known."""

    person: Person | None = None
    name: str = ""
    phone: str = ""
    home: str = ""
    joined: str = ""
    note: str = ""


def open_lead(
    told: Told,
    at_organization: Organization,
    *,
    origin: str,
    actor,
    due_date: date | None = None,
    at: datetime | None = None,
) -> Verification:
    """Open the case of one candidate and return it. About eight statements.

    At a committee: its own lead, from a list of a platform, of the transport register or of a firm. At a branch: what
    its secretary reports; the case is the committee's above and the branch's to call and to visit.

    Raises PermissionDenied, ValidationError per field (a case runs for him already; nobody says who it is).
    """
    at = at or timezone.now()
    if not may(actor, Capability.VERIFICATION_RECORD_CHECK, at=at_organization):
        raise PermissionDenied("登记线索由党委专干或支部书记来办。")
    unit = at_organization if at_organization.kind in BRANCHES else None
    committee = _committee_above(at_organization)
    by_hand = (VerificationOrigin.BRANCH,) if unit is not None else BY_HAND
    if origin not in by_hand:
        raise ValidationError({"origin": "请选来源。"})
    verification = lead(told, committee, origin=origin, unit=unit, due_date=due_date, actor=actor, at=at)
    with transaction.atomic():
        write_lead(verification)
        trace("verification.open", verification, actor, details={"origin": origin})
        if kind := FOUND_BY.get(VerificationOrigin(origin)):
            found = {"kind": kind, "result": CheckResult.AGREES}
            today = timezone.localdate(at)
            Check.objects.create(
                verification=verification, **found, on_date=today, by=actor, evidence=told.note[:120], at=at
            )
            settle(verification, actor, at, **found)
        if unit is not None:
            notices.lead_reported(verification, actor=actor, at=at)
    return verification


def lead(
    told: Told,
    committee: Organization,
    *,
    origin: str,
    actor,
    at: datetime,
    unit: Organization | None = None,
    due_date: date | None = None,
) -> Verification:
    """Return a case of a committee that is not written yet. No query. Raises ValidationError per field."""
    name, phone = canonical_name(told.name or ""), canonical_phone(told.phone or "")
    errors = {}
    if told.person is None and not 2 <= len(name) <= NAME_MAX:
        errors["name"] = f"请填姓名，2 到 {NAME_MAX} 个字。"
    if sentence := phone_sentence(phone):
        errors["phone"] = sentence
    if due_date is not None and due_date < timezone.localdate(at):
        errors["due_date"] = "期限已经过了。"
    if errors:
        raise ValidationError(errors)
    known = told.person is not None
    return Verification(
        person=told.person,
        candidate_name="" if known else name,
        phone="" if known else phone,
        phone_index=None if known or not phone else phone_index(phone),
        home_told=told.home.strip(),
        joined_told=told.joined.strip(),
        origin=origin,
        origin_note=told.note.strip()[:120],
        organization=committee,
        unit=unit,
        due_date=due_date or timezone.localdate(at) + timedelta(days=DUE_DAYS),
        opened_by=actor,
        opened_at=at,
    )


def _committee_above(organization: Organization) -> Organization:
    """Return the nearest committee of a unit, itself when it is one. At most one query."""
    if organization.kind in COMMITTEES:
        return organization
    line = lines_of([organization])[organization.pk]
    found = next((one for one in line if one.kind in COMMITTEES), None)
    if found is None:
        raise ValidationError("这个支部上面没有党委，不能登记线索。")
    return found


def same_phone(verification: Verification, reach: Reach):
    """Return other open cases within reach with the phone of this lead; none for who has no phone. One query."""
    rows = Verification.objects.visible_to(reach).open().exclude(pk=verification.pk)
    return rows.filter(phone_index=verification.phone_index) if verification.phone_index else rows.none()


# --- declared on a roster ---------------------------------------------------------------------------------------------
def declared_without_case(who) -> DriverQuerySet:
    """Return the drivers of one's committees who declared it on a roster, are no members and have no case yet.

    Who was refuted has a case as long as that is kept. The index of the committee serves it.
    """
    region = reach_of(who).region(Capability.VERIFICATION_CONFIRM)
    cases = Verification.objects.filter(person_id=OuterRef("pk"))
    return Driver.objects.filter(
        ~Exists(cases),
        registering_committee_id__in=region.committee_ids,
        declared_political_status__in=DECLARED,
        person__party_member__isnull=True,
    )


def collect_declared(*, actor, at: datetime | None = None, limit: int = COLLECTED_AT_ONCE) -> int:
    """Open a case for each driver whom `declared_without_case` finds, at most `limit`, and return how many are new.

    Set-based: one SELECT, an INSERT for 500, one entry per committee. Whoever is there already through somebody else
    at the same moment is passed over. Raises PermissionDenied.
    """
    at = at or timezone.now()
    reach = reach_of(actor)
    if not reach.has(Capability.VERIFICATION_CONFIRM):
        raise PermissionDenied("从名册生成线索由党委专干来办。")
    with transaction.atomic():
        wanted = declared_without_case(reach).order_by("pk").values_list("pk", "registering_committee_id")
        rows = list(wanted[:limit])
        due = timezone.localdate(at) + timedelta(days=DUE_DAYS)
        before = Verification.objects.filter(person_id__in=[pk for pk, _ in rows]).count()
        Verification.objects.bulk_create(
            (
                Verification(
                    person_id=pk,
                    origin=VerificationOrigin.IMPORT,
                    organization_id=committee,
                    due_date=due,
                    opened_by=actor,
                    opened_at=at,
                )
                for pk, committee in rows
            ),
            batch_size=500,
            ignore_conflicts=True,  # somebody else has just opened one: the unique constraint says who was first
        )
        new = Verification.objects.filter(person_id__in=[pk for pk, _ in rows]).count() - before
        by_committee: dict[int, int] = {}
        for _, committee in rows:
            by_committee[committee] = by_committee.get(committee, 0) + 1
        trail.record_all(
            [
                trail.draft(
                    "verification.collect",
                    None,
                    actor=actor,
                    organization_id=committee,
                    details={"leads": number},
                    label="从名册生成线索",
                )
                for committee, number in sorted(by_committee.items())
            ]
        )
    return new
