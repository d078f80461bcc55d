"""Verbs on a driver's registration: one committee claims, the other releases or refuses, else it is decided above."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from branches.capabilities import Capability
from branches.constraints import in_words
from branches.models import Workday
from branches.rules import may, nth_workday
from branches.scope import reach_of
from foundation.audit import trail
from foundation.audit.models import Entry
from foundation.audit.trail import Conflict, NotAllowed
from foundation.protection.canonical import canonical_id_number
from foundation.protection.masks import mask_id_number, mask_name
from members.choices import TRANSFER_NEXT, TRANSFER_OPEN, TransferStatus
from members.models import Driver, Person, RegistrationTransfer
from members.rules.drivers import id_number_sentence
from members.rules.people import id_number_index
from members.rules.registration import (
    CLAIMS_PER_HOUR,
    RELEASE_WORKDAYS,
    is_decidable,
    may_answer,
    may_decide,
    may_withdraw,
)

CLOSING_TIME = time(18)  # domain: clocks, rule 2
CLAIM_ACTION = "driver.claim_registration"


class TooMany(Exception):
    """More claims than somebody who looks after real drivers would make; `retry_after` in seconds."""

    retry_after = 3600


def due_at(start_at: datetime) -> datetime | None:
    """Return 18:00 of the fifth working day after an instant (Asia/Shanghai), None where no calendar is loaded.

    One query.
    """
    start = timezone.localdate(start_at)
    span = Workday.objects.filter(date__gt=start, date__lte=start + timedelta(days=45))
    day = nth_workday(start, RELEASE_WORKDAYS, dict(span.values_list("date", "is_workday")))
    return timezone.make_aware(datetime.combine(day, CLOSING_TIME)) if day else None


def claim_registration(committee, id_number: str, reason: str, *, actor, at: datetime | None = None) -> None:
    """Claim the registration of whoever has this identity number; returns nothing, whatever was found.

    A claim arises only when a driver is registered with another committee and nobody claims him yet. Whether it did
    must not show: the caller says SENT_SENTENCE in every case.

    Raises PermissionDenied, ValidationError (number or reason malformed: this depends on the text alone), TooMany.
    """
    at = at or timezone.now()
    if not may(actor, Capability.DRIVER_CLAIM_REGISTRATION, at=committee):
        raise PermissionDenied("您不能为这个委员会认领司机。")
    number, reason = canonical_id_number(id_number or ""), " ".join((reason or "").split())
    errors = {}
    if sentence := id_number_sentence(number, timezone.localdate(at)):
        errors["id_number"] = sentence
    if not 2 <= len(reason) <= 200:
        errors["reason"] = "请写明为什么认领，2 到 200 个字。"
    if errors:
        raise ValidationError(errors)
    recent = Entry.objects.by_actor(actor).filter(action=CLAIM_ACTION, at__gt=at - timedelta(hours=1))
    if recent.order_by().count() >= CLAIMS_PER_HOUR:
        raise TooMany
    with transaction.atomic():
        driver = _driver_of(number)
        due = due_at(at)
        transfer = None
        claimed = RegistrationTransfer.objects.filter(driver=driver, status__in=TRANSFER_OPEN)
        if driver is not None and driver.registering_committee_id != committee.pk and not claimed.exists():
            transfer = _claimed(
                driver=driver,
                from_committee_id=driver.registering_committee_id,
                to_committee=committee,
                reason=reason,
                claimed_by=actor,
                claimed_at=at,
                due_at=due,
            )
        trail.record(
            CLAIM_ACTION,
            transfer,
            actor=actor,
            organization_id=committee.pk,
            person_id=driver.pk if driver else None,
            reason=reason,
            label=mask_id_number(number),
        )


def _claimed(**values) -> RegistrationTransfer | None:
    """Write a claim and return it, None when somebody else's was written first: that must not show either."""
    try:
        with in_words(RegistrationTransfer):
            return RegistrationTransfer.objects.create(**values)
    except ValidationError:
        return None


def release(transfer: RegistrationTransfer, *, actor, at: datetime | None = None, note: str = "") -> None:
    """Let the driver go: he is registered with the claiming committee from now on.

    Raises PermissionDenied, NotAllowed, Conflict.
    """
    _require(may_answer(reach_of(actor), transfer), "放行要由现在登记他的委员会来办。")
    with transaction.atomic():
        _move_driver(transfer)
        _answer(transfer, TransferStatus.RELEASED, "registration.release", actor, at, note)


def refuse(transfer: RegistrationTransfer, *, actor, reason: str, at: datetime | None = None) -> None:
    """Say no with a reason: it is decided above. Raises PermissionDenied, ValidationError, NotAllowed, Conflict."""
    _require(may_answer(reach_of(actor), transfer), "答复要由现在登记他的委员会来办。")
    with transaction.atomic():
        _answer(transfer, TransferStatus.REFUSED, "registration.refuse", actor, at, _reason(reason))


def decide(transfer: RegistrationTransfer, *, moved: bool, actor, reason: str, at: datetime | None = None) -> None:
    """Decide above both committees after a refusal or when the answer is overdue.

    Raises PermissionDenied, ValidationError (no reason), NotAllowed (too early, decided), Conflict.
    """
    at = at or timezone.now()
    _require(may_decide(reach_of(actor), transfer), "裁定要由两个委员会共同的上级来办。")
    reason = _reason(reason)
    if transfer.status in TRANSFER_OPEN and not is_decidable(transfer, at):
        raise NotAllowed("对方还在答复期限内，没有答复也没有拒绝，现在不能裁定。")
    with transaction.atomic():
        if moved:
            _move_driver(transfer)
        to = TransferStatus.DECIDED_MOVED if moved else TransferStatus.DECIDED_KEPT
        _answer(transfer, to, "registration.decide", actor, at, reason)


def withdraw(committee, id_number: str, *, actor, at: datetime | None = None) -> None:
    """Take back one's committee's claim on whoever has this number; returns nothing, whatever was found.

    By number, not by row: the claimant does not see whether there is one. Raises PermissionDenied, ValidationError.
    """
    at = at or timezone.now()
    if not may(actor, Capability.DRIVER_CLAIM_REGISTRATION, at=committee):
        raise PermissionDenied("您不能撤回这个委员会的认领。")
    number = canonical_id_number(id_number or "")
    if sentence := id_number_sentence(number, timezone.localdate(at)):
        raise ValidationError({"id_number": sentence})
    open_claims = RegistrationTransfer.objects.open().select_related("from_committee", "to_committee", "driver__person")
    transfer = open_claims.filter(driver=_driver_of(number), to_committee=committee).first()
    if transfer is not None and may_withdraw(reach_of(actor), transfer):
        _answer(transfer, TransferStatus.WITHDRAWN, "registration.withdraw", actor, at, "")
    else:
        with transaction.atomic():
            trail.record(
                "registration.withdraw", None, actor=actor, organization_id=committee.pk, label=mask_id_number(number)
            )


def _driver_of(number: str) -> Driver | None:
    person = Person.objects.filter(id_number_index=id_number_index(number)).values("pk", "merged_into_id").first()
    if person is None:
        return None
    return Driver.objects.filter(pk=person["merged_into_id"] or person["pk"]).first()


def _require(allowed: bool, sentence: str) -> None:
    if not allowed:
        raise PermissionDenied(sentence)


def _reason(reason: str) -> str:
    reason = " ".join((reason or "").split())
    if not 2 <= len(reason) <= 200:
        raise ValidationError({"reason": "请写明理由，2 到 200 个字。"})
    return reason


def _move_driver(transfer: RegistrationTransfer) -> None:
    rows = Driver.objects.filter(pk=transfer.driver_id, registering_committee=transfer.from_committee_id)
    changed = {"version": F("version") + 1, "updated_at": timezone.now()}
    if rows.update(registering_committee=transfer.to_committee_id, **changed) != 1:
        raise Conflict("这位司机的登记委员会已经变了，这次没有改动。请刷新页面再看。")


def _answer(transfer, to: TransferStatus, action: str, actor, at: datetime | None, note: str) -> None:
    trail.transition(
        transfer,
        to,
        actor=actor,
        action=action,
        reason=note,
        next_table=TRANSFER_NEXT,
        changes={"answered_by": actor, "answered_at": at or timezone.now(), "answer_reason": note[:200]},
        organization_id=transfer.from_committee_id,
        person_id=transfer.driver_id,
        label=mask_name(transfer.driver.person.name),
        details={"from": transfer.from_committee_id, "to": transfer.to_committee_id},
    )
