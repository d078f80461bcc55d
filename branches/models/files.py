"""The branch file of a year as it was frozen."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from branches.models.organizations import Organization
from branches.querysets import BranchFileSnapshotQuerySet


class BranchFileSnapshot(models.Model):
    """What the file of a branch said when it was frozen for a year. Never changed: the digest says so."""

    organization = models.ForeignKey(Organization, models.PROTECT, verbose_name="支部", related_name="file_snapshots")
    year = models.PositiveSmallIntegerField("年度")
    content = models.JSONField("内容", editable=False)
    digest = models.CharField("校验值", max_length=64, editable=False, help_text="内容的 SHA-256")
    frozen_at = models.DateTimeField("冻结时间", editable=False)
    frozen_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name="冻结人",
        related_name="+",
        editable=False,
    )

    objects = BranchFileSnapshotQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "支部档案年度快照"
        ordering = ["organization", "-year"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "year"],
                name="branches_branchfilesnapshot_once",
                violation_error_message="这一年的档案已经冻结过了。",
            ),
            models.CheckConstraint(
                condition=Q(year__gte=2018, year__lte=2200) & ~Q(digest=""),
                name="branches_branchfilesnapshot_evidence",
                violation_error_message="快照要有年度和校验值。",
            ),
        ]

    def __str__(self) -> str:
        """Return branch and year."""
        return f"{self.organization} {self.year}"
