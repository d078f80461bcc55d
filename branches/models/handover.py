"""What an outgoing holder leaves to his successor: a note, the list as it stood, and that it was taken note of."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from branches.models.organizations import Appointment


class HandOver(models.Model):
    """The paper of a hand-over. The work itself passes by the end of the post, with or without this row."""

    appointment = models.OneToOneField(Appointment, models.PROTECT, verbose_name="任职", related_name="hand_over")
    note = models.TextField(
        "给接任者的话", max_length=2000, blank=True, help_text="正在等谁、约好了什么、要当心什么。不要写证件号和手机号"
    )
    noted_at = models.DateTimeField("写下的时间", null=True, blank=True, editable=False)
    # [{"key", "label", "unit", "number"}]: what was open just after the post had ended.
    content = models.JSONField("交接清单", default=list, editable=False)
    counted_at = models.DateTimeField("清点时间", null=True, blank=True, editable=False)
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name="接手人",
        related_name="+",
        editable=False,
    )
    acknowledged_at = models.DateTimeField("确认接手时间", null=True, blank=True, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = "交接"
        constraints = [
            models.CheckConstraint(
                condition=Q(note="", noted_at__isnull=True) | (~Q(note="") & Q(noted_at__isnull=False)),
                name="branches_handover_noted",
                violation_error_message="交接说明要有写下的时间。",
            ),
            models.CheckConstraint(
                condition=Q(acknowledged_by__isnull=True, acknowledged_at__isnull=True)
                | Q(acknowledged_by__isnull=False, acknowledged_at__isnull=False, counted_at__isnull=False),
                name="branches_handover_acknowledged",
                violation_error_message="确认接手要有接手人、时间和清点过的清单。",
            ),
        ]

    def __str__(self) -> str:
        """Return whose post it is about."""
        return f"{self.appointment} 交接"
