"""Verbs on the yearly appraisal of members: recorded in one go from the roll of the branch, corrected with a reason."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone

from branches.capabilities import Capability
from branches.constraints import checked, in_words
from branches.models import Organization
from branches.rules import may
from foundation.audit import trail
from foundation.audit.trail import Conflict
from foundation.protection.masks import mask_name
from members.choices import MEMBER_PAYING, AppraisalGrade
from members.models import Appraisal, PartyMember


def roll_of(organization: Organization):
    """Return whom a unit appraises: those who take part in its life, at home or where they flow, by name. No query.

    Source: 流动党员意见 2024 (secondary): appraised where they flow, if they take part there.
    """
    members = PartyMember.objects.taking_part_at(organization).filter(status__in=sorted(MEMBER_PAYING))
    return members.select_related("person").order_by("person__name_key", "pk")


def record_appraisals(
    organization: Organization,
    year: int,
    grades: Mapping[int, str],
    *,
    held_date: date,
    actor,
    at: datetime | None = None,
) -> list[Appraisal]:
    """Write down what the appraisal of a year found of members ({key: grade}), all or nothing, and return the rows.

    Five queries and two statements per member. Raises PermissionDenied, ValidationError (dates, somebody not on the
    roll, somebody who has his grade of the year already, here or elsewhere).
    """
    at = at or timezone.now()
    if not may(actor, Capability.APPRAISAL_RECORD, at=organization):
        raise PermissionDenied("民主评议由开会的支部书记来登记。")
    _check(year, held_date, timezone.localdate(at))
    if not grades:
        raise ValidationError("还没有给谁选等次。")
    if set(grades.values()) - set(AppraisalGrade.values):
        raise ValidationError("有的等次看不懂，请重新选。")
    made = []
    with transaction.atomic():
        roll = {one.pk: one for one in roll_of(organization).filter(pk__in=list(grades))}
        if set(grades) - set(roll):
            raise ValidationError("名册里有人已经不在本支部。请刷新页面再填，什么都没有保存。")
        for pk, member in roll.items():
            row = Appraisal(
                member=member, year=year, grade=grades[pk], organization=organization, held_date=held_date,
                recorded_by=actor, recorded_at=at,
            )  # fmt: skip
            try:
                with in_words(Appraisal):
                    checked(row, exclude=["member", "organization", "recorded_by"]).save(force_insert=True)
            except ValidationError as error:
                said = "".join(error.messages)
                raise ValidationError(f"{member.person.name}：{said}什么都没有保存。") from error
            # The grade is a judgement on a person: the trail says that it was recorded, not what.
            _trace("appraisal.record", row, member, actor)
            made.append(row)
    return made


def correct(
    appraisal: Appraisal, *, grade: str, held_date: date, reason: str, actor, at: datetime | None = None
) -> Appraisal:
    """Correct grade or date of an appraisal with a reason and return it. By the unit that held it.

    One UPDATE of the row as it was read. Raises PermissionDenied, ValidationError, Conflict.
    """
    at = at or timezone.now()
    if not may(actor, Capability.APPRAISAL_RECORD, at=appraisal.organization):
        raise PermissionDenied("更正由开会的支部书记来办。")
    said = " ".join((reason or "").split())
    if not 2 <= len(said) <= 200:
        raise ValidationError({"reason": "请写明为什么更正，2 到 200 个字。"})
    if grade not in AppraisalGrade.values:
        raise ValidationError({"grade": "请选等次。"})
    _check(appraisal.year, held_date, timezone.localdate(at))
    names = [name for name, value in (("grade", grade), ("held_date", held_date)) if getattr(appraisal, name) != value]
    if not names:
        return appraisal
    with transaction.atomic():
        rows = Appraisal.objects.filter(pk=appraisal.pk, grade=appraisal.grade, held_date=appraisal.held_date)
        if rows.update(grade=grade, held_date=held_date, recorded_by=actor, recorded_at=at) != 1:
            raise Conflict("这条评议刚刚被别人更正过，您的操作没有保存。请刷新页面再看。")
        appraisal.grade, appraisal.held_date = grade, held_date
        _trace("appraisal.correct", appraisal, appraisal.member, actor, fields=names, reason=said)
    return appraisal


def _check(year: int, held_date: date, today: date) -> None:
    if held_date > today:
        raise ValidationError({"held_date": "评议日期还没有到。"})
    if held_date.year not in (year, year + 1):
        raise ValidationError({"held_date": f"{year} 年的评议在 {year} 年或者 {year + 1} 年开。"})


def _trace(action: str, row: Appraisal, member: PartyMember, actor, *, fields=(), reason: str = "") -> None:
    trail.record(
        action,
        row,
        actor=actor,
        organization_id=row.organization_id,
        person_id=member.pk,
        fields=fields,
        reason=reason,
        label=mask_name(member.person.name),
        details={"year": row.year},
    )
