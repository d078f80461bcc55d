"""A joint conference (联席会议) of departments at a committee, its meetings, and what they decided to do."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from activities.choices import PENDING, ActionItemStatus, DepartmentKind
from activities.querysets import (
    ActionItemQuerySet,
    ConferenceMeetingQuerySet,
    JointConferenceQuerySet,
)
from branches.models import Organization


class JointConference(models.Model):
    """A standing conference of departments, kept by the committee of a province, city or county."""

    organization = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="牵头的党委", related_name="joint_conferences"
    )
    name = models.CharField("名称", max_length=80)
    document = models.CharField("成立文件", max_length=80, blank=True)
    from_date = models.DateField("成立日期")
    until_date = models.DateField("停止日期", null=True, blank=True, help_text="从这一天起不再召开")
    version = models.PositiveIntegerField("版本", default=1, editable=False)

    objects = JointConferenceQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "联席会议"
        ordering = ["organization", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "name"],
                name="activities_jointconference_name",
                violation_error_message="这个党委已经有同名的联席会议。",
            ),
            models.CheckConstraint(
                condition=~Q(name=""),
                name="activities_jointconference_named",
                violation_error_message="请写名称。",
            ),
            models.CheckConstraint(
                condition=Q(until_date__isnull=True) | Q(until_date__gt=F("from_date")),
                name="activities_jointconference_period",
                violation_error_message="停止日期必须晚于成立日期。",
            ),
        ]

    def __str__(self) -> str:
        """Return the name."""
        return self.name


class ConferenceDepartment(models.Model):
    """A member department (成员单位) of a joint conference. One that left stays for what it had to do."""

    conference = models.ForeignKey(JointConference, models.PROTECT, verbose_name="联席会议", related_name="departments")
    name = models.CharField("部门", max_length=60)
    kind = models.CharField("类别", max_length=20, choices=DepartmentKind, default=DepartmentKind.OTHER)
    contact_office = models.CharField("联系处室", max_length=60, blank=True)
    position = models.PositiveSmallIntegerField("顺序", default=1)
    has_left = models.BooleanField("已退出", default=False)

    class Meta:
        verbose_name = verbose_name_plural = "成员单位"
        ordering = ["conference", "position", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["conference", "name"],
                name="activities_conferencedepartment_once",
                violation_error_message="这个部门已经在里面了。",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=DepartmentKind.values) & ~Q(name=""),
                name="activities_conferencedepartment_named",
                violation_error_message="请写部门名称。",
            ),
        ]

    def __str__(self) -> str:
        """Return the name."""
        return self.name


class ConferenceMeeting(models.Model):
    """One meeting of a joint conference."""

    conference = models.ForeignKey(JointConference, models.PROTECT, verbose_name="联席会议", related_name="meetings")
    held_date = models.DateField("召开日期")
    place = models.CharField("地点", max_length=120, blank=True)
    chair = models.CharField("主持", max_length=60, help_text="姓名和职务")
    present = models.CharField("到会单位", max_length=600, blank=True)
    minutes = models.TextField("记录", max_length=8000, blank=True)
    decisions = models.TextField("决定", max_length=4000, blank=True)
    key = models.UUIDField("登记号", default=uuid.uuid4, unique=True, editable=False)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, verbose_name="登记人", related_name="+"
    )
    created_at = models.DateTimeField("登记时间", auto_now_add=True)
    version = models.PositiveIntegerField("版本", default=1, editable=False)

    objects = ConferenceMeetingQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "联席会议会次"
        ordering = ["-held_date", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["conference", "held_date"],
                name="activities_conferencemeeting_once",
                violation_error_message="这一天的会议已经登记过了。",
            ),
            models.CheckConstraint(
                condition=~Q(chair=""),
                name="activities_conferencemeeting_chair",
                violation_error_message="请写主持人。",
            ),
        ]

    def __str__(self) -> str:
        """Return conference and day."""
        return f"{self.conference} {self.held_date:%Y-%m-%d}"


class ActionItem(models.Model):
    """Something a meeting decided (议定事项): which department leads, until when, and what came of it."""

    meeting = models.ForeignKey(ConferenceMeeting, models.PROTECT, verbose_name="会次", related_name="items")
    text = models.CharField("要做什么", max_length=300)
    department = models.ForeignKey(ConferenceDepartment, models.PROTECT, verbose_name="牵头单位", related_name="items")
    contact_office = models.CharField("具体处室", max_length=60, blank=True)
    due_date = models.DateField("什么时候前办完")
    status = models.CharField(
        "状态", max_length=10, choices=ActionItemStatus, default=ActionItemStatus.OPEN, editable=False
    )
    result = models.TextField("结果", max_length=1000, blank=True, editable=False)
    closed_at = models.DateTimeField("了结时间", null=True, blank=True, editable=False)

    objects = ActionItemQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "议定事项"
        ordering = ["due_date", "pk"]
        indexes = [
            models.Index(
                fields=["due_date", "id"], condition=Q(status__in=sorted(PENDING)), name="activities_item_pending"
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=ActionItemStatus.values) & ~Q(text=""),
                name="activities_actionitem_text",
                violation_error_message="请写明要做什么。",
            ),
            models.CheckConstraint(
                condition=(
                    Q(status__in=[ActionItemStatus.DONE, ActionItemStatus.DROPPED], closed_at__isnull=False)
                    & ~Q(result="")
                )
                | Q(status__in=sorted(PENDING), closed_at__isnull=True, result=""),
                name="activities_actionitem_closed",
                violation_error_message="办结或不再办的要写明结果和时间，没有了结的不能有。",
            ),
        ]

    def __str__(self) -> str:
        """Return what is to be done, shortened."""
        return self.text[:40]


class ActionItemNote(models.Model):
    """How an item goes on, in somebody's words. Written once, never changed."""

    item = models.ForeignKey(ActionItem, models.PROTECT, verbose_name="议定事项", related_name="notes")
    text = models.CharField("进展", max_length=500)
    at = models.DateTimeField("时间")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, verbose_name="记录人", related_name="+"
    )

    class Meta:
        verbose_name = verbose_name_plural = "议定事项进展"
        ordering = ["item", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(text=""),
                name="activities_actionitemnote_text",
                violation_error_message="请写几个字。",
            ),
        ]

    def __str__(self) -> str:
        """Return the words, shortened."""
        return self.text[:40]
