"""One row per human being."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from foundation.protection.fields import BlindIndexField, KeyField, ProtectedField, TailIndexField
from members.choices import Sex


class Person(models.Model):
    """A human being: name as written, folded keys for search, identity number and phone sealed.

    The keys and indexes are derived; `members.workflow.people.identify` fills them from the plain values.
    """

    name = models.CharField("姓名", max_length=50)
    name_key = KeyField("检索名", max_length=50, editable=False)
    given_key = KeyField("检索名（名）", max_length=50, editable=False)
    initials = KeyField("拼音首字母", max_length=50, editable=False)
    sex = models.CharField("性别", max_length=6, choices=Sex, blank=True)
    birth_date = models.DateField("出生日期", null=True, blank=True)
    ethnicity = models.CharField("民族", max_length=20, blank=True)
    id_number = ProtectedField("身份证号", blank=True, default="", mask="id_number")
    id_number_index = BlindIndexField("身份证号索引", null=True, editable=False)
    id_number_tail = TailIndexField("身份证号后四位索引", null=True, editable=False)
    phone = ProtectedField("手机号", blank=True, default="", mask="phone")
    phone_index = BlindIndexField("手机号索引", null=True, editable=False)
    phone_tail = TailIndexField("手机号后四位索引", null=True, editable=False)
    address = ProtectedField("住址", blank=True, default="", mask="address")
    is_veteran = models.BooleanField("退役军人", null=True, blank=True)
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, verbose_name="账号", related_name="person"
    )
    # A merged duplicate stays as a signpost to the person it was merged into.
    merged_into = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, editable=False, db_index=False, related_name="merged_from"
    )
    version = models.PositiveIntegerField("版本", default=1, editable=False)
    created_at = models.DateTimeField("登记时间", auto_now_add=True)
    updated_at = models.DateTimeField("更新时间", auto_now=True)

    class Meta:
        verbose_name = verbose_name_plural = "人员"
        indexes = [
            models.Index(fields=["name_key", "id"], name="members_person_name"),
            models.Index(fields=["given_key", "id"], name="members_person_given"),
            models.Index(fields=["initials", "id"], name="members_person_initials"),
            models.Index(fields=["phone_index"], name="members_person_phone"),
            models.Index(fields=["phone_tail"], name="members_person_phone_tail"),
            models.Index(fields=["id_number_tail"], name="members_person_id_tail"),
            # Deleting a person asks whether anybody was merged into him; few ever were.
            models.Index(
                fields=["merged_into"], condition=Q(merged_into__isnull=False), name="members_person_merged_into"
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["id_number_index"],
                name="members_person_id_number",
                violation_error_message="这个身份证号已经登记过了。",
            ),
            models.CheckConstraint(
                condition=~Q(name=""), name="members_person_name", violation_error_message="姓名不能空着。"
            ),
            models.CheckConstraint(
                condition=Q(id_number="", id_number_index__isnull=True)
                | (~Q(id_number="") & Q(id_number_index__isnull=False)),
                name="members_person_id_indexed",
                violation_error_message="身份证号和它的索引必须同时有或同时没有。",
            ),
            models.CheckConstraint(
                condition=Q(phone="", phone_index__isnull=True) | (~Q(phone="") & Q(phone_index__isnull=False)),
                name="members_person_phone_indexed",
                violation_error_message="手机号和它的索引必须同时有或同时没有。",
            ),
        ]

    def __str__(self) -> str:
        """Return the name."""
        return self.name
