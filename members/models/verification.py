"""Verification of who says, or is said, to be a Party member (双查四核): one case per candidate, its checks as rows."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from branches.models import Organization
from foundation.protection.fields import BlindIndexField, ProtectedField
from members.choices import (
    VERIFICATION_OPEN,
    CheckKind,
    CheckResult,
    VerificationOrigin,
    VerificationStatus,
)
from members.models.people import Person
from members.querysets import VerificationQuerySet

_OVER = sorted(frozenset(VerificationStatus) - VERIFICATION_OPEN)


class Verification(models.Model):
    """The case of one candidate: somebody registered, or a lead of whom only what was said is known, sealed.

    `check_agrees_date`, `contact_agrees_date`, `organisation_agrees_date` and `contradictions` are sums of the checks
    (`members.rules.verification.facts_of`): what the states demand stands on the row itself.
    """

    person = models.ForeignKey(
        Person, models.PROTECT, null=True, blank=True, verbose_name="人员", related_name="verifications"
    )
    candidate_name = ProtectedField("线索上的姓名", blank=True, default="", mask="name")
    phone = ProtectedField("线索上的电话", blank=True, default="", mask="phone")
    phone_index = BlindIndexField("电话索引", null=True, editable=False)
    home_told = ProtectedField("自述的组织关系所在地", blank=True, default="", mask="all")
    joined_told = ProtectedField("自述的入党时间", blank=True, default="", mask="all")
    origin = models.CharField("来源", max_length=18, choices=VerificationOrigin)
    origin_note = models.CharField("来源说明", max_length=120, blank=True, help_text="如 某平台 11 月名单")
    organization = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="核查的党委", related_name="verifications"
    )
    unit = models.ForeignKey(
        Organization,
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name="交给的支部",
        related_name="verifications_assigned",
    )
    due_date = models.DateField("期限")
    status = models.CharField(
        "状态", max_length=10, choices=VerificationStatus, default=VerificationStatus.LEAD, editable=False
    )
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name="登记人",
        related_name="+",
        editable=False,
    )
    opened_at = models.DateTimeField("登记时间", editable=False)
    started_at = models.DateTimeField("开始核查", null=True, blank=True, editable=False)
    check_agrees_date = models.DateField("查到的日期", null=True, blank=True, editable=False)
    contact_agrees_date = models.DateField("本人认可的日期", null=True, blank=True, editable=False)
    organisation_agrees_date = models.DateField("组织核实的日期", null=True, blank=True, editable=False)
    contradictions = models.PositiveSmallIntegerField("没有解决的不符", default=0, editable=False)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name="了结人",
        related_name="+",
        editable=False,
    )
    decided_at = models.DateTimeField("了结时间", null=True, blank=True, editable=False)
    decision_reason = models.CharField("了结说明", max_length=200, blank=True, editable=False)
    version = models.PositiveIntegerField("版本", default=1, editable=False)

    objects = VerificationQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "党员核查"
        ordering = ["due_date", "pk"]
        indexes = [
            models.Index(fields=["organization", "status", "due_date"], name="members_verification_work"),
            models.Index(
                fields=["phone_index"], condition=Q(phone_index__isnull=False), name="members_verification_phone"
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["person"],
                condition=Q(status__in=sorted(VERIFICATION_OPEN)),
                name="members_verification_open",
                violation_error_message="这个人已经有一件没办完的核查。",
            ),
            models.CheckConstraint(
                condition=Q(status__in=VerificationStatus.values),
                name="members_verification_status",
                violation_error_message="核查的状态不对。",
            ),
            models.CheckConstraint(
                condition=Q(person__isnull=False) | ~Q(candidate_name="") | Q(status__in=_OVER),
                name="members_verification_candidate",
                violation_error_message="线索要写明姓名，或者对上登记里的人。",
            ),
            models.CheckConstraint(
                condition=Q(phone="", phone_index__isnull=True) | (~Q(phone="") & Q(phone_index__isnull=False)),
                name="members_verification_phone_indexed",
                violation_error_message="电话和它的索引必须同时有或同时没有。",
            ),
            models.CheckConstraint(
                condition=Q(status__in=[VerificationStatus.LEAD, *_OVER]) | Q(started_at__isnull=False),
                name="members_verification_started",
                violation_error_message="开始核查要有时间。",
            ),
            models.CheckConstraint(
                # The candidate's own word, without that of an organisation.
                condition=~Q(status=VerificationStatus.AWAITING)
                | Q(
                    check_agrees_date__isnull=False,
                    contact_agrees_date__isnull=False,
                    organisation_agrees_date__isnull=True,
                    contradictions=0,
                ),
                name="members_verification_awaiting",
                violation_error_message="待组织核实：查到了、本人认可，组织还没有核实，也没有不符。",
            ),
            models.CheckConstraint(
                condition=(Q(status=VerificationStatus.DOUBTFUL) & Q(contradictions__gt=0))
                | (Q(status__in=[VerificationStatus.LEAD, VerificationStatus.CHECKING, VerificationStatus.AWAITING]))
                & Q(contradictions=0)
                | Q(status__in=_OVER),
                name="members_verification_doubtful",
                violation_error_message="有没解决的不符就是存疑，没有就不是。",
            ),
            models.CheckConstraint(
                condition=~Q(status=VerificationStatus.CONFIRMED)
                | Q(
                    person__isnull=False,
                    check_agrees_date__isnull=False,
                    organisation_agrees_date__isnull=False,
                    contradictions=0,
                ),
                name="members_verification_confirmed",
                violation_error_message="确认要对上登记里的人、查到、由组织核实，并且没有不符。",
            ),
            models.CheckConstraint(
                condition=(Q(status__in=_OVER) & Q(decided_at__isnull=False) & ~Q(decision_reason=""))
                | (~Q(status__in=_OVER) & Q(decided_at__isnull=True, decided_by__isnull=True, decision_reason="")),
                name="members_verification_over",
                violation_error_message="确认、否定和关闭要有时间和说明。",
            ),
        ]

    def __str__(self) -> str:
        """Return number and state, never the name."""
        return f"核查 {self.pk} {self.get_status_display()}"

    @property
    def name(self) -> str:
        """The candidate's name: as registered, else as told. Reads person."""
        return self.person.name if self.person is not None else self.candidate_name


class Check(models.Model):
    """One of the six: kind, result, by whom, on which day, on what evidence. Nothing is overwritten."""

    verification = models.ForeignKey(Verification, models.PROTECT, verbose_name="核查", related_name="checks")
    kind = models.CharField("方式", max_length=18, choices=CheckKind)
    result = models.CharField("结果", max_length=11, choices=CheckResult)
    on_date = models.DateField("日期")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, verbose_name="核的人", related_name="+"
    )
    evidence = models.CharField("依据", max_length=120, blank=True, help_text="如 函件文号、查询编号")
    note = models.CharField("经过", max_length=200, blank=True)
    at = models.DateTimeField("记下的时间", editable=False)

    class Meta:
        verbose_name = verbose_name_plural = "查核记录"
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=CheckKind.values, result__in=CheckResult.values),
                name="members_check_words",
                violation_error_message="方式或结果不对。",
            ),
        ]

    def __str__(self) -> str:
        """Return kind and result."""
        return f"{self.get_kind_display()} {self.get_result_display()}"
