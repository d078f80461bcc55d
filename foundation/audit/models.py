"""The entries of the trail and the cuts of its retention."""

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils import timezone

from foundation.audit.querysets import AppendOnly, EntryQuerySet
from foundation.protection.fields import KeyField


class _WrittenOnce(models.Model):
    class Meta:
        abstract = True

    def save(self, *args, **kwargs):
        """Insert; an existing row is never saved again."""
        if not self._state.adding:
            raise TypeError("The audit trail is append-only.")
        super().save(*args, **(kwargs | {"force_insert": True}))

    def delete(self, *args, **kwargs):
        """Refuse."""
        raise TypeError("The audit trail is append-only.")


class Entry(_WrittenOnce):
    """One act, written in the transaction of the change. No personal data: names of fields, masked values, digests.

    Accounts, organisations and persons are plain integers: an entry outlives what it speaks of.
    """

    at = models.DateTimeField("时间", default=timezone.now)
    actor_id = models.BigIntegerField("操作账号", null=True, blank=True)
    actor_name = models.CharField("操作人", max_length=150)
    action = KeyField("操作", max_length=60)
    object_type = models.CharField("对象类型", max_length=60, blank=True)
    object_id = models.CharField("对象编号", max_length=64, blank=True)
    object_label = models.CharField("对象", max_length=200, blank=True)
    organization_id = models.BigIntegerField("组织", null=True, blank=True)
    person_id = models.BigIntegerField("人员", null=True, blank=True)
    fields = models.JSONField("字段", default=dict, blank=True, encoder=DjangoJSONEncoder)
    details = models.JSONField("详情", default=dict, blank=True, encoder=DjangoJSONEncoder)
    reason = models.CharField("理由", max_length=500, blank=True)
    request_id = models.CharField("请求编号", max_length=64, blank=True)
    address = models.CharField("来源地址", max_length=45, blank=True)
    sequence = models.BigIntegerField("序号", null=True, editable=False)
    previous_seal = models.CharField("上一封印", max_length=64, blank=True, editable=False)
    seal = models.CharField("封印", max_length=64, blank=True, editable=False)

    objects = EntryQuerySet.as_manager()

    class Meta:
        verbose_name = "审计记录"
        verbose_name_plural = "审计记录"
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["sequence"], name="audit_entry_sequence_once"),
            models.CheckConstraint(
                condition=models.Q(sequence=None, seal="", previous_seal="")
                | models.Q(sequence__gt=0) & ~models.Q(seal="") & ~models.Q(previous_seal=""),
                name="audit_entry_sealed_whole",
            ),
        ]
        indexes = [
            models.Index(fields=["id"], name="audit_entry_unsealed", condition=models.Q(sequence=None)),
            models.Index(fields=["at"], name="audit_entry_at"),
            models.Index(fields=["actor_id", "-id"], name="audit_entry_actor"),
            models.Index(
                fields=["person_id", "-id"], name="audit_entry_person", condition=models.Q(person_id__isnull=False)
            ),
            models.Index(fields=["object_type", "object_id", "-id"], name="audit_entry_object"),
            models.Index(fields=["organization_id", "-id"], name="audit_entry_organization"),
            models.Index(fields=["action", "-id"], name="audit_entry_action"),
        ]

    def __str__(self):
        return f"{self.actor_name} {self.action} {self.object_label}".strip()


class Cut(_WrittenOnce):
    """Where retention ended the trail: entries up to `sequence` may be deleted, the chain goes on from `seal`."""

    at = models.DateTimeField("时间", default=timezone.now)
    sequence = models.BigIntegerField("序号", unique=True)
    seal = models.CharField("该序号的封印", max_length=64)
    proof = models.CharField("截断凭证", max_length=64)

    objects = AppendOnly.as_manager()

    class Meta:
        verbose_name = "审计截断"
        verbose_name_plural = "审计截断"
        default_permissions = ()

    def __str__(self):
        return f"{self.sequence}"
