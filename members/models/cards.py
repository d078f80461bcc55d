"""一名党员一张卡: the member card, checked by an opaque token of which only a keyed digest is kept."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from foundation.protection.fields import BlindIndexField
from members.choices import CardStatus
from members.models.membership import PartyMember
from members.querysets import MemberCardQuerySet


class MemberCard(models.Model):
    """A card of a member. At most one is not cancelled; its token changes with each renewal, old ones stop."""

    number = models.CharField("卡号", max_length=24, editable=False)
    member = models.ForeignKey(PartyMember, models.PROTECT, verbose_name="党员", related_name="cards")
    status = models.CharField("状态", max_length=9, choices=CardStatus, default=CardStatus.ACTIVE, editable=False)
    issued_date = models.DateField("发卡日期", editable=False)
    issued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name="发卡人", related_name="+", editable=False
    )
    token_index = BlindIndexField("二维码索引", null=True, editable=False)
    renewed_at = models.DateTimeField("二维码换于", editable=False)
    consent_at = models.DateTimeField("同意显示支部名称", null=True, blank=True, editable=False)
    consent_note = models.CharField("怎么同意的", max_length=120, blank=True, editable=False)
    ended_date = models.DateField("挂失或注销日期", null=True, blank=True, editable=False)
    end_reason = models.CharField("挂失或注销原因", max_length=200, blank=True, editable=False)

    objects = MemberCardQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "党员卡"
        ordering = ["-issued_date", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["number"], name="members_membercard_number", violation_error_message="这个卡号已经用过。"
            ),
            models.UniqueConstraint(
                fields=["member"],
                condition=~Q(status=CardStatus.CANCELLED),
                name="members_membercard_one",
                violation_error_message="这位党员已经有一张卡，没有再发。",
            ),
            models.UniqueConstraint(
                fields=["token_index"],
                name="members_membercard_token",
                violation_error_message="二维码重复，请再换一次。",
            ),
            models.CheckConstraint(
                condition=Q(status=CardStatus.ACTIVE, token_index__isnull=False, ended_date__isnull=True, end_reason="")
                | (Q(status__in=[CardStatus.LOST, CardStatus.CANCELLED], ended_date__isnull=False) & ~Q(end_reason="")),
                name="members_membercard_status",
                violation_error_message="有效的卡才有二维码；挂失、注销要有日期和原因。",
            ),
            models.CheckConstraint(
                condition=Q(consent_at__isnull=True, consent_note="")
                | (Q(consent_at__isnull=False) & ~Q(consent_note="")),
                name="members_membercard_consent",
                violation_error_message="同意显示支部名称要写明怎么同意的。",
            ),
        ]

    def __str__(self) -> str:
        """Return the number."""
        return self.number
