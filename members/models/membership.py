"""Party membership: exactly one formal affiliation, guarded on one row; activity ties are rows of their own."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from branches.models import Organization
from members.choices import (
    AFFILIATION_OVER,
    MEMBER_LEFT,
    AdmissionBasis,
    AffiliationKind,
    AffiliationStatus,
    MemberStatus,
)
from members.models.people import Person
from members.querysets import AffiliationQuerySet, PartyMemberQuerySet

_LEFT = sorted(MEMBER_LEFT)
_NO_LONGER = [MemberStatus.SUSPENDED, *_LEFT]  # no rights now: since when and by what paper is written down


class PartyMember(models.Model):
    """A confirmed Party member. Rosters never make one: a declared status stays on the driver."""

    person = models.OneToOneField(
        Person, models.PROTECT, primary_key=True, verbose_name="人员", related_name="party_member"
    )
    status = models.CharField("党籍", max_length=16, choices=MemberStatus)
    status_from_date = models.DateField("党籍状态自", null=True, blank=True, help_text="停止党籍、离开的日期")
    status_document = models.CharField("依据", max_length=120, blank=True, help_text="决定、批复或介绍信的文号")
    joined_date = models.DateField("入党日期", null=True, blank=True, help_text="支部大会通过的日期")
    full_date = models.DateField("转正日期", null=True, blank=True, help_text="党龄从这一天算起")
    basis = models.CharField(
        "登记依据", max_length=12, choices=AdmissionBasis, default=AdmissionBasis.VERIFICATION, editable=False
    )
    basis_reference = models.CharField("依据编号", max_length=60, blank=True, editable=False)
    formal_organization = models.ForeignKey(
        Organization, models.PROTECT, null=True, blank=True, verbose_name="组织关系", related_name="members"
    )
    external_organization = models.CharField("系统外的组织关系（流出地）", max_length=120, blank=True)
    external_contact = models.CharField("流出地联系人", max_length=50, blank=True)
    external_phone = models.CharField("流出地党组织电话", max_length=30, blank=True, help_text="办公电话")
    # Where somebody was last who is no member any more: his papers stay with that unit.
    last_organization = models.ForeignKey(
        Organization,
        models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        verbose_name="离开前的组织",
        related_name="former_members",
    )
    dues_paid_until_date = models.DateField(
        "党费交到", null=True, blank=True, help_text="还没有交的第一个月的 1 日；交清 10 月就是 11 月 1 日"
    )
    absent_since_date = models.DateField("外出起", null=True, blank=True, help_text="离开组织关系所在支部的日期")
    absent_to = models.CharField("外出到", max_length=120, blank=True)
    version = models.PositiveIntegerField("版本", default=1, editable=False)
    created_at = models.DateTimeField("登记时间", auto_now_add=True)
    updated_at = models.DateTimeField("更新时间", auto_now=True)

    objects = PartyMemberQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "党员"
        constraints = [
            models.CheckConstraint(
                condition=(
                    ~Q(status__in=_LEFT)
                    & (
                        (Q(formal_organization__isnull=False) & Q(external_organization=""))
                        | (Q(formal_organization__isnull=True) & ~Q(external_organization=""))
                    )
                )
                | (Q(status__in=_LEFT) & Q(formal_organization__isnull=True) & Q(external_organization="")),
                name="members_partymember_formal",
                violation_error_message="组织关系只能有一个：或者在系统内的支部，或者写明系统外的组织；离开的没有。",
            ),
            models.CheckConstraint(
                condition=Q(full_date__isnull=True) | Q(joined_date__isnull=True) | Q(full_date__gt=F("joined_date")),
                name="members_partymember_dates",
                violation_error_message="转正日期必须晚于入党日期。",
            ),
            models.CheckConstraint(
                condition=Q(status__in=MemberStatus.values),
                name="members_partymember_status",
                violation_error_message="党籍状态不对。",
            ),
            models.CheckConstraint(
                condition=~Q(status=MemberStatus.PROBATIONARY) | Q(joined_date__isnull=False, full_date__isnull=True),
                name="members_partymember_probationary",
                violation_error_message="预备党员要写明入党日期，还没有转正日期。",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=[MemberStatus.FULL, MemberStatus.SUSPENDED])
                | Q(joined_date__isnull=False, full_date__isnull=False),
                name="members_partymember_full",
                violation_error_message="正式党员要写明入党日期和转正日期。",
            ),
            models.CheckConstraint(
                condition=(Q(status__in=_NO_LONGER) & Q(status_from_date__isnull=False) & ~Q(status_document=""))
                | (~Q(status__in=_NO_LONGER) & Q(status_from_date__isnull=True)),
                name="members_partymember_evidence",
                violation_error_message="停止党籍、出党、转出、去世都要写明日期和依据。",
            ),
            models.CheckConstraint(
                condition=Q(absent_since_date__isnull=False) | Q(absent_to=""),
                name="members_partymember_absence",
                violation_error_message="外出要写明从哪一天起。",
            ),
        ]

    def __str__(self) -> str:
        """Return the name."""
        return str(self.person)


class Affiliation(models.Model):
    """A tie beside the formal one: taken in while flowing, or taking part elsewhere. No vote comes with it."""

    member = models.ForeignKey(PartyMember, models.PROTECT, verbose_name="党员", related_name="affiliations")
    organization = models.ForeignKey(Organization, models.PROTECT, verbose_name="组织", related_name="affiliations")
    kind = models.CharField("性质", max_length=10, choices=AffiliationKind)
    status = models.CharField(
        "状态", max_length=12, choices=AffiliationStatus, default=AffiliationStatus.REGISTERED, editable=False
    )
    from_date = models.DateField("开始日期")
    notified_at = models.DateTimeField("通知时间", null=True, blank=True, editable=False)
    reported_in_date = models.DateField("报到日期", null=True, blank=True, editable=False)
    received_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        verbose_name="接收人",
        related_name="+",
    )
    until_date = models.DateField("结束日期", null=True, blank=True)
    end_reason = models.CharField("结束原因", max_length=200, blank=True, editable=False)

    objects = AffiliationQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "活动关系"
        constraints = [
            models.UniqueConstraint(
                fields=["member"],
                condition=Q(kind=AffiliationKind.FLOWING, until_date__isnull=True),
                name="members_affiliation_one_flowing",
                violation_error_message="这位党员已经纳入一个流动（云上）支部，请先结束那一条。",
            ),
            models.UniqueConstraint(
                fields=["member", "organization"],
                condition=Q(until_date__isnull=True),
                name="members_affiliation_once",
                violation_error_message="这位党员在这个支部已经有一条没有结束的活动关系。",
            ),
            models.CheckConstraint(
                condition=Q(until_date__isnull=True) | Q(until_date__gte=F("from_date")),
                name="members_affiliation_period",
                violation_error_message="结束日期不能早于开始日期。",
            ),
            models.CheckConstraint(
                condition=(Q(status__in=sorted(AFFILIATION_OVER)) & Q(until_date__isnull=False))
                | (~Q(status__in=sorted(AFFILIATION_OVER)) & Q(until_date__isnull=True)),
                name="members_affiliation_over",
                violation_error_message="结束和未接收的活动关系要有结束日期，别的不能有。",
            ),
            models.CheckConstraint(
                condition=~Q(status=AffiliationStatus.NOTIFIED) | Q(notified_at__isnull=False),
                name="members_affiliation_notified",
                violation_error_message="通知报到要有通知时间。",
            ),
            models.CheckConstraint(
                condition=~Q(status=AffiliationStatus.REPORTED_IN) | Q(reported_in_date__isnull=False),
                name="members_affiliation_reported",
                violation_error_message="报到要有报到日期。",
            ),
        ]

    def __str__(self) -> str:
        """Return who takes part where."""
        return f"{self.member} {self.organization}"
