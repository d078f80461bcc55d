"""Members who cannot be reached (失联): attempts, the decision of the branch, the approval, the filing."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from branches.models import Organization
from members.choices import LOST_OPEN, ContactChannel, LostStatus
from members.models.membership import PartyMember
from members.querysets import LostContactQuerySet

_DECIDED = [LostStatus.DECIDED, LostStatus.APPROVED, LostStatus.FILED, LostStatus.RESTORED, LostStatus.REMOVED]
_APPROVED = [LostStatus.APPROVED, LostStatus.FILED, LostStatus.RESTORED]
_OVER = sorted(frozenset(LostStatus) - LOST_OPEN)


class LostContact(models.Model):
    """One search for one member: since when nobody has reached him and what was decided, each step with its date."""

    member = models.ForeignKey(PartyMember, models.PROTECT, verbose_name="党员", related_name="lost_contacts")
    organization = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="查找的支部", related_name="lost_contacts"
    )
    status = models.CharField("状态", max_length=10, choices=LostStatus, default=LostStatus.SEARCHING, editable=False)
    since_date = models.DateField("失去联系自", help_text="最后一次联系上的日期")
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name="登记人", related_name="+", editable=False
    )
    opened_at = models.DateTimeField("登记时间", editable=False)
    decided_date = models.DateField("支部大会决定日期", null=True, blank=True, editable=False)
    decision = models.CharField("支部决定", max_length=200, blank=True, editable=False)
    approved_date = models.DateField("党委批准日期", null=True, blank=True, editable=False)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name="批准经办人",
        related_name="+",
        editable=False,
    )
    approval_document = models.CharField("批复文号", max_length=80, blank=True, editable=False)
    filed_date = models.DateField("组织部门备案日期", null=True, blank=True, editable=False)
    filing_document = models.CharField("备案文号", max_length=80, blank=True, editable=False)
    ended_date = models.DateField("了结日期", null=True, blank=True, editable=False)
    end_reason = models.CharField("了结说明", max_length=200, blank=True, editable=False)

    objects = LostContactQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "失联查找"
        ordering = ["since_date", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["member"],
                condition=Q(status__in=sorted(LOST_OPEN)),
                name="members_lostcontact_open",
                violation_error_message="这位党员已经有一份没了结的失联查找。",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=_DECIDED) | (Q(decided_date__isnull=False) & ~Q(decision="")),
                name="members_lostcontact_decided",
                violation_error_message="支部决定要有日期和内容。",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=_APPROVED)
                | (Q(approved_date__isnull=False, approved_by__isnull=False) & ~Q(approval_document="")),
                name="members_lostcontact_approved",
                violation_error_message="党委批准要有日期、文号和经办人。",
            ),
            models.CheckConstraint(
                condition=~Q(status=LostStatus.FILED) | (Q(filed_date__isnull=False) & ~Q(filing_document="")),
                name="members_lostcontact_filed",
                violation_error_message="备案要有日期和文号。",
            ),
            models.CheckConstraint(
                condition=(Q(status__in=_OVER) & Q(ended_date__isnull=False) & ~Q(end_reason=""))
                | (~Q(status__in=_OVER) & Q(ended_date__isnull=True)),
                name="members_lostcontact_over",
                violation_error_message="了结要有日期和说明。",
            ),
            models.CheckConstraint(
                condition=(Q(decided_date__isnull=True) | Q(decided_date__gt=F("since_date")))
                & (Q(approved_date__isnull=True) | Q(approved_date__gte=F("decided_date")))
                & (Q(filed_date__isnull=True) | Q(filed_date__gte=F("approved_date"))),
                name="members_lostcontact_order",
                violation_error_message="先失联、再决定、再批准、再备案，日期不能倒过来。",
            ),
        ]

    def __str__(self) -> str:
        """Return the state, never the name."""
        return f"失联查找 {self.pk} {self.get_status_display()}"


class ContactAttempt(models.Model):
    """One try to reach a member: how, when, by whom, with what result."""

    lost_contact = models.ForeignKey(LostContact, models.PROTECT, verbose_name="失联查找", related_name="attempts")
    channel = models.CharField("方式", max_length=18, choices=ContactChannel)
    on_date = models.DateField("日期")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, verbose_name="联系人", related_name="+")
    was_reached = models.BooleanField("联系上了", default=False)
    note = models.CharField("经过", max_length=200, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "联系记录"
        ordering = ["on_date", "pk"]

    def __str__(self) -> str:
        """Return how and when."""
        return f"{self.get_channel_display()} {self.on_date}"
