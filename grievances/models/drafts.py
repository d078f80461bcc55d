"""What an office has begun to write."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from branches.models import Office
from grievances.models.cases import Grievance


class AnswerDraft(models.Model):
    """An answer somebody has begun and not sent (先存着): one per case and office, gone with the answer.

    It belongs to the office, like the work: a deputy or a successor goes on with it. Amount and person-times are kept
    as they were typed; nothing is checked before the answer is given.
    """

    grievance = models.ForeignKey(
        Grievance, models.PROTECT, verbose_name="诉求", related_name="answer_drafts", db_index=False
    )
    office = models.ForeignKey(Office, models.PROTECT, verbose_name="岗位", related_name="+")
    result = models.CharField("办成了吗", max_length=12, blank=True)
    amount_recovered = models.CharField("追回多少钱", max_length=40, blank=True)
    text = models.TextField("答复", max_length=4000, blank=True)
    measure = models.CharField("计为", max_length=20, blank=True)
    person_times = models.CharField("人次", max_length=10, blank=True)
    written_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name="谁写的", related_name="+", db_index=False
    )
    at = models.DateTimeField("存下的时间", db_index=True)

    class Meta:
        verbose_name = verbose_name_plural = "没写完的答复"
        ordering = ["-at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["grievance", "office"], name="grievances_answerdraft_once"),
        ]

    def __str__(self) -> str:
        """Return which case it is for."""
        return f"{self.grievance_id} {self.office_id}"
