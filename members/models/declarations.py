"""红色征集令: calls for members to come forward, and what people declare of themselves, by consent."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from branches.models import Organization
from foundation.protection.fields import BlindIndexField, ProtectedField
from members.choices import DeclarationStatus, RecruitStatus
from members.models.verification import Verification
from members.querysets import DeclarationQuerySet, RecruitCampaignQuerySet

_DECIDED = [DeclarationStatus.TURNED, DeclarationStatus.RETURNED, DeclarationStatus.DUPLICATE]


class RecruitCampaign(models.Model):
    """A call of one committee with its own address, which a printed notice carries as a QR code."""

    title = models.CharField("标题", max_length=60)
    text = models.TextField("正文", max_length=1000)
    organization = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="发起的党委", related_name="recruit_campaigns"
    )
    from_date = models.DateField("开始日期")
    until_date = models.DateField("结束日期", help_text="这一天还收，第二天起不收")
    consent_version = models.CharField("同意书版本", max_length=12, editable=False)
    slug = models.CharField("地址代号", max_length=8, unique=True, editable=False)
    status = models.CharField(
        "状态", max_length=8, choices=RecruitStatus, default=RecruitStatus.RUNNING, editable=False
    )
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name="发起人", related_name="+", editable=False
    )
    opened_at = models.DateTimeField("发起时间", editable=False)
    ended_at = models.DateTimeField("结束时间", null=True, blank=True, editable=False)

    objects = RecruitCampaignQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "红色征集令"
        ordering = ["-from_date", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "title"],
                name="members_recruitcampaign_title",
                violation_error_message="这个党委已经有同名的征集令。",
            ),
            models.CheckConstraint(
                condition=Q(until_date__gte=F("from_date")),
                name="members_recruitcampaign_period",
                violation_error_message="结束日期不能早于开始日期。",
            ),
            models.CheckConstraint(
                condition=(Q(status=RecruitStatus.ENDED) & Q(ended_at__isnull=False))
                | (Q(status=RecruitStatus.RUNNING) & Q(ended_at__isnull=True)),
                name="members_recruitcampaign_ended",
                violation_error_message="结束了的征集令要有结束时间。",
            ),
        ]

    def __str__(self) -> str:
        """Return the title."""
        return self.title


class Declaration(models.Model):
    """What somebody declared of himself, with his consent; sealed, and gone when he withdraws it.

    The receipt is kept as a blind index only: who has it can withdraw, nobody can read it back.
    """

    campaign = models.ForeignKey(
        RecruitCampaign, models.PROTECT, null=True, blank=True, verbose_name="征集令", related_name="declarations"
    )
    organization = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="收到的党委", related_name="declarations"
    )
    declared_name = ProtectedField("姓名", blank=True, default="", mask="all")
    phone = ProtectedField("手机号", blank=True, default="", mask="all")
    phone_index = BlindIndexField("手机号索引", null=True, editable=False)
    home_told = ProtectedField("组织关系所在地", blank=True, default="", mask="all")
    joined_told = ProtectedField("入党时间", blank=True, default="", mask="all")
    consent_version = models.CharField("同意书版本", max_length=12, editable=False)
    receipt_index = BlindIndexField("回执索引", editable=False)
    submitted_at = models.DateTimeField("提交时间", editable=False)
    status = models.CharField(
        "状态", max_length=9, choices=DeclarationStatus, default=DeclarationStatus.SUBMITTED, editable=False
    )
    verification = models.ForeignKey(
        Verification,
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name="转入的核查",
        related_name="declarations",
        editable=False,
    )
    answer = models.CharField("答复", max_length=200, blank=True, editable=False)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name="处理人",
        related_name="+",
        editable=False,
    )
    decided_at = models.DateTimeField("处理时间", null=True, blank=True, editable=False)
    withdrawn_at = models.DateTimeField("撤回时间", null=True, blank=True, editable=False)

    objects = DeclarationQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "自愿亮身份"
        ordering = ["-submitted_at", "-pk"]
        indexes = [
            models.Index(fields=["organization", "status", "submitted_at"], name="members_declaration_work"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["receipt_index"],
                name="members_declaration_receipt",
                violation_error_message="这张表已经提交过。",
            ),
            models.CheckConstraint(
                condition=(Q(status=DeclarationStatus.WITHDRAWN) & Q(declared_name="", phone="", home_told=""))
                & Q(joined_told="", withdrawn_at__isnull=False)
                | (
                    ~Q(status=DeclarationStatus.WITHDRAWN)
                    & ~Q(declared_name="")
                    & ~Q(phone="")
                    & Q(withdrawn_at__isnull=True)
                ),
                name="members_declaration_withdrawn",
                violation_error_message="撤回的不再留个人信息；没有撤回的要有姓名和手机号。",
            ),
            models.CheckConstraint(
                condition=Q(phone="", phone_index__isnull=True) | (~Q(phone="") & Q(phone_index__isnull=False)),
                name="members_declaration_phone_indexed",
                violation_error_message="手机号和它的索引必须同时有或同时没有。",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=_DECIDED) | Q(decided_at__isnull=False, decided_by__isnull=False),
                name="members_declaration_decided",
                violation_error_message="处理要有时间和处理人。",
            ),
            models.CheckConstraint(
                condition=~Q(status=DeclarationStatus.TURNED) | Q(verification__isnull=False),
                name="members_declaration_turned",
                violation_error_message="转入核查要有那件核查。",
            ),
            models.CheckConstraint(
                condition=~Q(status=DeclarationStatus.RETURNED) | ~Q(answer=""),
                name="members_declaration_returned",
                violation_error_message="退回要写明原因。",
            ),
            models.CheckConstraint(
                condition=~Q(consent_version=""),
                name="members_declaration_consent",
                violation_error_message="没有同意书不能收。",
            ),
        ]

    def __str__(self) -> str:
        """Return number and state, never the name."""
        return f"自愿亮身份 {self.pk} {self.get_status_display()}"
