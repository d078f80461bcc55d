"""党员联系普通司机: who keeps contact with whom; and who was named a backbone (骨干)."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from members.models.drivers import Driver
from members.models.membership import PartyMember
from members.models.people import Person
from members.querysets import BackboneTagQuerySet, ContactPairQuerySet


class ContactPair(models.Model):
    """A member who keeps contact with a driver who is no member. A driver has one at a time, a member a few."""

    member = models.ForeignKey(PartyMember, models.PROTECT, verbose_name="党员", related_name="contact_pairs")
    driver = models.ForeignKey(Driver, models.PROTECT, verbose_name="司机", related_name="contact_pairs")
    # Which of the member's few places this pair takes: unique while it runs, so that two at once cannot make one
    # more than CONTACT_PAIRS_MOST.
    place = models.PositiveSmallIntegerField("第几位", editable=False)
    from_date = models.DateField("自", editable=False)
    until_date = models.DateField("至", null=True, blank=True, editable=False)
    last_contact_date = models.DateField("最近联系", null=True, blank=True, editable=False)
    paired_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name="登记人", related_name="+", editable=False
    )
    end_reason = models.CharField("结束原因", max_length=200, blank=True, editable=False)

    objects = ContactPairQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "党员联系司机"
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["driver"],
                condition=Q(until_date__isnull=True),
                name="members_contactpair_driver",
                violation_error_message="这位司机已经有党员联系。",
            ),
            models.UniqueConstraint(
                fields=["member", "place"],
                condition=Q(until_date__isnull=True),
                name="members_contactpair_place",
                violation_error_message="刚刚有人给这位党员登记了另一位司机，请再试一次。",
            ),
            models.CheckConstraint(
                condition=(Q(until_date__isnull=True) & Q(end_reason=""))
                | (Q(until_date__isnull=False, until_date__gte=F("from_date")) & ~Q(end_reason="")),
                name="members_contactpair_ended",
                violation_error_message="结束要有日期和原因，日期不能早于开始。",
            ),
        ]

    def __str__(self) -> str:
        """Return since when, never who."""
        return f"党员联系司机 {self.pk}"


class BackboneTag(models.Model):
    """Somebody, member or not, who is named a backbone: by whom, since when, why. No score, no rank."""

    person = models.ForeignKey(Person, models.PROTECT, verbose_name="人员", related_name="backbone_tags")
    from_date = models.DateField("自", editable=False)
    until_date = models.DateField("至", null=True, blank=True, editable=False)
    reason = models.CharField("凭什么", max_length=200)
    tagged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name="登记人", related_name="+", editable=False
    )
    end_reason = models.CharField("取消原因", max_length=200, blank=True, editable=False)

    objects = BackboneTagQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "骨干"
        ordering = ["-from_date", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["person"],
                condition=Q(until_date__isnull=True),
                name="members_backbonetag_one",
                violation_error_message="已经标为骨干。",
            ),
            models.CheckConstraint(
                condition=~Q(reason=""),
                name="members_backbonetag_reason",
                violation_error_message="请写明凭什么标为骨干。",
            ),
            models.CheckConstraint(
                condition=(Q(until_date__isnull=True) & Q(end_reason=""))
                | (Q(until_date__isnull=False, until_date__gte=F("from_date")) & ~Q(end_reason="")),
                name="members_backbonetag_ended",
                violation_error_message="取消要有日期和原因，日期不能早于开始。",
            ),
        ]

    def __str__(self) -> str:
        """Return since when, never who."""
        return f"骨干 {self.from_date}"
