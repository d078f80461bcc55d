"""An activity, who held it where, and its roll."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from activities.choices import AHEAD, ActivityKind, ActivityStatus, AttendanceStatus, Mode
from activities.querysets import ActivityQuerySet, AttendanceQuerySet
from branches.models import Organization
from members.models import Person
from service_stations.models import Station


class Activity(models.Model):
    """Something a branch or committee does together. The roll is kept by the secretary; nobody checks in."""

    organization = models.ForeignKey(Organization, models.PROTECT, verbose_name="组织", related_name="activities")
    kind = models.CharField("种类", max_length=30, choices=ActivityKind)
    topic = models.CharField("主题", max_length=120)
    mode = models.CharField("方式", max_length=8, choices=Mode, default=Mode.OFFLINE)
    starts_at = models.DateTimeField("开始时间")
    ends_at = models.DateTimeField("结束时间", null=True, blank=True)
    agenda = models.TextField("议程", max_length=2000, blank=True)
    minutes = models.TextField("记录", max_length=8000, blank=True, help_text="议了什么")
    decisions = models.TextField("决定", max_length=4000, blank=True, help_text="定了什么，谁办，什么时候办完")
    status = models.CharField(
        "状态", max_length=10, choices=ActivityStatus, default=ActivityStatus.PLANNED, editable=False
    )
    notified_at = models.DateTimeField("通知时间", null=True, blank=True, editable=False)
    held_at = models.DateTimeField("召开时间", null=True, blank=True, editable=False)
    rolled_at = models.DateTimeField("名册记完时间", null=True, blank=True, editable=False)
    cancelled_at = models.DateTimeField("取消时间", null=True, blank=True, editable=False)
    cancel_reason = models.CharField("取消原因", max_length=200, blank=True, editable=False)
    # The sums of the roll on the row itself: what is done has a complete roll, and the database can say so.
    expected = models.PositiveIntegerField("应到（人）", default=0, editable=False)
    present = models.PositiveIntegerField("到会（人）", default=0, editable=False)
    excused = models.PositiveIntegerField("请假（人）", default=0, editable=False)
    absent = models.PositiveIntegerField("缺席（人）", default=0, editable=False)
    made_up = models.PositiveIntegerField("补学（人）", default=0, editable=False)
    guests = models.PositiveIntegerField(
        "其他参加（人次）", default=0, help_text="不在名册上的人，如听宣讲的司机；只计人次，不计人数"
    )
    # One per form: posted twice over a bad line, it is one record.
    key = models.UUIDField("登记号", default=uuid.uuid4, unique=True, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, verbose_name="登记人", related_name="+"
    )
    created_at = models.DateTimeField("登记时间", auto_now_add=True)
    updated_at = models.DateTimeField("更新时间", auto_now=True)
    version = models.PositiveIntegerField("版本", default=1, editable=False)

    objects = ActivityQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "活动"
        ordering = ["-starts_at", "-pk"]
        indexes = [
            models.Index(fields=["organization", "-starts_at", "-id"], name="activities_activity_place"),
            models.Index(fields=["-starts_at", "-id"], name="activities_activity_newest"),
            models.Index(fields=["held_at"], condition=Q(status=ActivityStatus.DONE), name="activities_activity_done"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=ActivityKind.values, mode__in=Mode.values, status__in=ActivityStatus.values),
                name="activities_activity_choices",
                violation_error_message="种类、方式或状态不对。",
            ),
            models.CheckConstraint(
                condition=~Q(topic=""),
                name="activities_activity_topic",
                violation_error_message="请写主题。",
            ),
            models.CheckConstraint(
                condition=Q(ends_at__isnull=True) | Q(ends_at__gt=F("starts_at")),
                name="activities_activity_period",
                violation_error_message="结束时间必须晚于开始时间。",
            ),
            models.CheckConstraint(
                condition=~Q(status=ActivityStatus.NOTIFIED) | Q(notified_at__isnull=False),
                name="activities_activity_notified",
                violation_error_message="已通知的活动要有通知时间。",
            ),
            models.CheckConstraint(
                condition=~Q(status=ActivityStatus.DONE)
                | Q(held_at__isnull=False, rolled_at__isnull=False, expected__gt=0),
                name="activities_activity_done",
                violation_error_message="已完成的活动要有召开时间和记完的名册。",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=sorted(AHEAD)) | Q(held_at__isnull=True, rolled_at__isnull=True, expected=0),
                name="activities_activity_ahead",
                violation_error_message="还没有开的活动不能有到会情况。",
            ),
            models.CheckConstraint(
                condition=(Q(status=ActivityStatus.CANCELLED, cancelled_at__isnull=False) & ~Q(cancel_reason=""))
                | (~Q(status=ActivityStatus.CANCELLED) & Q(cancelled_at__isnull=True, cancel_reason="")),
                name="activities_activity_cancelled",
                violation_error_message="取消的活动要有取消时间和原因，没有取消的不能有。",
            ),
            models.CheckConstraint(
                condition=Q(expected=F("present") + F("excused") + F("absent") + F("made_up")),
                name="activities_activity_roll",
                violation_error_message="名册不完整：到会、请假、缺席、补学加起来要等于应到。",
            ),
        ]

    def __str__(self) -> str:
        """Return kind and topic."""
        return f"{self.get_kind_display()}：{self.topic}"

    @property
    def person_times(self) -> int:
        """Return how many took part, those outside the roll included. Unit: 人次."""
        return self.present + self.made_up + self.guests


class CoOrganizer(models.Model):
    """Another organisation that holds an activity together with the one that keeps the record."""

    activity = models.ForeignKey(Activity, models.PROTECT, verbose_name="活动", related_name="co_organizers")
    organization = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="组织", related_name="activities_with_others"
    )
    # Each unit keeps the roll of its own people; until it has, the activity does not count for it.
    rolled_at = models.DateTimeField("名册记完时间", null=True, blank=True, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = "联合举办组织"
        ordering = ["activity", "organization"]
        constraints = [
            models.UniqueConstraint(
                fields=["activity", "organization"],
                name="activities_coorganizer_once",
                violation_error_message="这个组织已经在里面了。",
            ),
        ]

    def __str__(self) -> str:
        """Return activity and organisation."""
        return f"{self.activity_id} {self.organization_id}"


class Venue(models.Model):
    """Where an activity takes place: a station, or a place in words. Several are joined by video."""

    activity = models.ForeignKey(Activity, models.PROTECT, verbose_name="活动", related_name="venues")
    station = models.ForeignKey(
        Station, models.PROTECT, null=True, blank=True, verbose_name="服务站", related_name="activity_venues"
    )
    place = models.CharField("地点", max_length=120, blank=True)
    position = models.PositiveSmallIntegerField("顺序", default=1)

    class Meta:
        verbose_name = verbose_name_plural = "会场"
        ordering = ["activity", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["activity", "position"],
                name="activities_venue_position",
                violation_error_message="同一个活动的会场不能有相同的顺序。",
            ),
            models.CheckConstraint(
                condition=Q(station__isnull=False) | ~Q(place=""),
                name="activities_venue_place",
                violation_error_message="会场要选服务站或写明地点。",
            ),
        ]

    def __str__(self) -> str:
        """Return the place."""
        return self.place or str(self.station)


class Attendance(models.Model):
    """One line of a roll: a person of the registry, or a post-holder who has an account and no row there."""

    activity = models.ForeignKey(Activity, models.PROTECT, verbose_name="活动", related_name="roll")
    organization = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="在哪个组织的名册上", related_name="attendances"
    )
    person = models.ForeignKey(
        Person, models.PROTECT, null=True, blank=True, verbose_name="人员", related_name="attendances"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name="任职人",
        related_name="attendances",
    )
    status = models.CharField("到会情况", max_length=8, choices=AttendanceStatus)
    # As it was on that day: votes are counted where the formal affiliation is.
    may_vote = models.BooleanField("有表决权", default=False)
    made_up_date = models.DateField("补学日期", null=True, blank=True)
    note = models.CharField("说明", max_length=120, blank=True)

    objects = AttendanceQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "到会名册"
        ordering = ["activity", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(person__isnull=False, user__isnull=True) | Q(person__isnull=True, user__isnull=False),
                name="activities_attendance_one",
                violation_error_message="名册的一行是一个人。",
            ),
            models.UniqueConstraint(
                fields=["activity", "person"],
                name="activities_attendance_person",
                violation_error_message="这个人已经在名册上。",
            ),
            models.UniqueConstraint(
                fields=["activity", "user"],
                name="activities_attendance_user",
                violation_error_message="这个人已经在名册上。",
            ),
            models.CheckConstraint(
                condition=Q(status__in=AttendanceStatus.values),
                name="activities_attendance_status",
                violation_error_message="到会情况不对。",
            ),
            models.CheckConstraint(
                condition=Q(status=AttendanceStatus.MADE_UP, made_up_date__isnull=False)
                | (~Q(status=AttendanceStatus.MADE_UP) & Q(made_up_date__isnull=True)),
                name="activities_attendance_made_up",
                violation_error_message="补学要写日期，没有补学的不能有。",
            ),
        ]

    def __str__(self) -> str:
        """Return activity and state."""
        return f"{self.activity_id} {self.get_status_display()}"
