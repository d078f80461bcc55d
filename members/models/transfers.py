"""Transfers of a formal relation (组织关系转接): one letter, signed by both sides."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from branches.models import Organization
from members.choices import LETTER_OPEN, LETTER_SIGNED, LetterStatus
from members.models.membership import PartyMember
from members.querysets import TransferQuerySet

_SIGNED = sorted(LETTER_SIGNED)
_INSIDE_FROM, _INSIDE_TO = Q(from_organization__isnull=False), Q(to_organization__isnull=False)


class Transfer(models.Model):
    """The way of one member from one organisation to another; either end may lie outside the system."""

    member = models.ForeignKey(PartyMember, models.PROTECT, verbose_name="党员", related_name="transfers")
    from_organization = models.ForeignKey(
        Organization, models.PROTECT, null=True, blank=True, verbose_name="转出组织", related_name="transfers_out"
    )
    from_external = models.CharField("转出组织（系统外）", max_length=120, blank=True)
    to_organization = models.ForeignKey(
        Organization, models.PROTECT, null=True, blank=True, verbose_name="转入组织", related_name="transfers_in"
    )
    to_external = models.CharField("转入组织（系统外）", max_length=120, blank=True)
    status = models.CharField("状态", max_length=10, choices=LetterStatus, default=LetterStatus.DRAFT, editable=False)
    reason = models.CharField("转接原因", max_length=200)
    number = models.CharField(  # noqa: DJ001 unique where there is one: two drafts must not be equal
        "介绍信编号", max_length=60, null=True, blank=True, editable=False
    )
    issued_date = models.DateField("开具日期", null=True, blank=True, editable=False)
    expires_date = models.DateField("有效期至", null=True, blank=True, editable=False, help_text="最后有效的一天")
    dues_paid_until_date = models.DateField("党费交到", null=True, blank=True, help_text="还没有交的第一个月的 1 日")
    drafted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name="起草人", related_name="+", editable=False
    )
    drafted_at = models.DateTimeField("起草时间", editable=False)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name="转出方签发人",
        related_name="+",
        editable=False,
    )
    approved_at = models.DateTimeField("签发时间", null=True, blank=True, editable=False)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name="转入方签收人",
        related_name="+",
        editable=False,
    )
    answered_at = models.DateTimeField("签收或退回时间", null=True, blank=True, editable=False)
    answer_reason = models.CharField("说明", max_length=200, blank=True, editable=False)
    receipt_number = models.CharField(  # noqa: DJ001 unique where there is one
        "回执编号", max_length=60, null=True, blank=True, editable=False
    )
    version = models.PositiveIntegerField("版本", default=1, editable=False)
    updated_at = models.DateTimeField("更新时间", auto_now=True)

    objects = TransferQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "组织关系转接"
        ordering = ["-drafted_at", "-pk"]
        indexes = [
            models.Index(fields=["status", "expires_date"], name="members_transfer_due"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["member"],
                condition=Q(status__in=sorted(LETTER_OPEN)),
                name="members_transfer_open",
                violation_error_message="这位党员已经有一份没办完的组织关系转接。",
            ),
            models.UniqueConstraint(
                fields=["number"], name="members_transfer_number", violation_error_message="这个介绍信编号已经用过。"
            ),
            models.UniqueConstraint(
                fields=["receipt_number"],
                name="members_transfer_receipt",
                violation_error_message="这个回执编号已经用过。",
            ),
            models.CheckConstraint(
                condition=((_INSIDE_FROM & Q(from_external="")) | (~_INSIDE_FROM & ~Q(from_external="")))
                & ((_INSIDE_TO & Q(to_external="")) | (~_INSIDE_TO & ~Q(to_external=""))),
                name="members_transfer_ends",
                violation_error_message="转出、转入两头各写一个组织：系统内的或者系统外的。",
            ),
            models.CheckConstraint(
                condition=(_INSIDE_FROM | _INSIDE_TO)
                & (~_INSIDE_FROM | ~_INSIDE_TO | ~Q(from_organization=F("to_organization"))),
                name="members_transfer_other",
                violation_error_message="转出和转入不能是同一个组织，也不能都在系统外。",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=_SIGNED)
                | Q(
                    approved_by__isnull=False,
                    approved_at__isnull=False,
                    number__isnull=False,
                    issued_date__isnull=False,
                    expires_date__isnull=False,
                ),
                name="members_transfer_signed",
                violation_error_message="介绍信要有编号、开具日期、有效期和签发人。",
            ),
            models.CheckConstraint(
                condition=Q(expires_date__isnull=True) | Q(expires_date__gte=F("issued_date")),
                name="members_transfer_validity",
                violation_error_message="有效期不能早于开具日期。",
            ),
            models.CheckConstraint(
                condition=~Q(status=LetterStatus.RECEIVED)
                | Q(answered_by__isnull=False, answered_at__isnull=False, receipt_number__isnull=False),
                name="members_transfer_received",
                violation_error_message="接收要有签收人、时间和回执编号。",
            ),
            models.CheckConstraint(
                condition=~Q(status=LetterStatus.RETURNED)
                | (Q(answered_by__isnull=False, answered_at__isnull=False) & ~Q(answer_reason="")),
                name="members_transfer_returned",
                violation_error_message="退回要写明谁、什么时候、为什么。",
            ),
            models.CheckConstraint(
                # Two sides, two people; where one side lies outside there is only our own.
                condition=~Q(status=LetterStatus.RECEIVED)
                | ~_INSIDE_FROM
                | ~_INSIDE_TO
                | ~Q(approved_by=F("answered_by")),
                name="members_transfer_two_sides",
                violation_error_message="签发和签收要由两个人来办。",
            ),
        ]

    def __str__(self) -> str:
        """Return from where to where, never the name."""
        return f"{self.from_name} → {self.to_name}"

    @property
    def from_name(self) -> str:
        """The name of the sending organisation; reads from_organization."""
        return self.from_organization.short_name if self.from_organization else self.from_external

    @property
    def to_name(self) -> str:
        """The name of the receiving organisation; reads to_organization."""
        return self.to_organization.short_name if self.to_organization else self.to_external
