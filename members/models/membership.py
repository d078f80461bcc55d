"""Party membership: exactly one formal affiliation, guarded on one row; activity ties are rows of their own."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from branches.models import Organization
from members.choices import AffiliationKind, MemberStatus
from members.models.people import Person
from members.querysets import PartyMemberQuerySet

_LEFT = [MemberStatus.REMOVED, MemberStatus.TRANSFERRED_OUT, MemberStatus.DECEASED]


class PartyMember(models.Model):
    """A confirmed Party member. Rosters never make one: a declared status stays on the driver."""

    person = models.OneToOneField(
        Person, models.PROTECT, primary_key=True, verbose_name="人员", related_name="party_member"
    )
    status = models.CharField("党籍", max_length=16, choices=MemberStatus)
    joined_date = models.DateField("入党日期", null=True, blank=True, help_text="支部大会通过的日期")
    full_date = models.DateField("转正日期", null=True, blank=True, help_text="党龄从这一天算起")
    formal_organization = models.ForeignKey(
        Organization, models.PROTECT, null=True, blank=True, verbose_name="组织关系", related_name="members"
    )
    external_organization = models.CharField("系统外的组织关系（流出地）", max_length=120, blank=True)
    created_at = models.DateTimeField("登记时间", auto_now_add=True)
    updated_at = models.DateTimeField("更新时间", auto_now=True)

    objects = PartyMemberQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "党员"
        constraints = [
            models.CheckConstraint(
                condition=(Q(formal_organization__isnull=False) & Q(external_organization=""))
                | (Q(formal_organization__isnull=True) & ~Q(external_organization=""))
                | (Q(status__in=_LEFT) & Q(formal_organization__isnull=True) & Q(external_organization="")),
                name="members_partymember_formal",
                violation_error_message="组织关系只能有一个：或者在系统内的支部，或者写明系统外的组织。",
            ),
            models.CheckConstraint(
                condition=Q(full_date__isnull=True) | Q(joined_date__isnull=True) | Q(full_date__gt=F("joined_date")),
                name="members_partymember_dates",
                violation_error_message="转正日期必须晚于入党日期。",
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
    from_date = models.DateField("开始日期")
    until_date = models.DateField("结束日期", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "活动关系"
        constraints = [
            models.UniqueConstraint(
                fields=["member"],
                condition=Q(kind=AffiliationKind.FLOWING, until_date__isnull=True),
                name="members_affiliation_one_flowing",
                violation_error_message="这位党员已经纳入一个流动（云上）支部，请先结束那一条。",
            ),
            models.CheckConstraint(
                condition=Q(until_date__isnull=True) | Q(until_date__gte=F("from_date")),
                name="members_affiliation_period",
                violation_error_message="结束日期不能早于开始日期。",
            ),
        ]

    def __str__(self) -> str:
        """Return who takes part where."""
        return f"{self.member} {self.organization}"
