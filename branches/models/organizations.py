"""The organisation tree and who may act in it."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from treebeard.mp_tree import MP_Node, MP_NodeManager

from branches.choices import (
    AppointmentSource,
    DivisionLevel,
    Duty,
    GuidanceLine,
    Kind,
    Level,
    OrganizationStatus,
    Role,
)
from branches.querysets import AppointmentQuerySet, GuidanceQuerySet, OfficeQuerySet, OrganizationQuerySet

# The lists that nobody appointed may change row by row: their rows are everybody's.


class Division(models.Model):
    """An administrative division by GB/T 2260. Never deleted: identity numbers keep the division of their day."""

    code = models.CharField("代码", max_length=6, primary_key=True)
    name = models.CharField("名称", max_length=60)
    level = models.CharField("级别", max_length=10, choices=DivisionLevel)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, verbose_name="上级", related_name="children"
    )
    valid_from = models.DateField("启用日期", null=True, blank=True)
    valid_until = models.DateField("停用日期", null=True, blank=True, help_text="从这一天起不再使用")
    successor = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, verbose_name="继任区划", related_name="predecessors"
    )

    class Meta:
        verbose_name = verbose_name_plural = "行政区划"
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_from__isnull=True) | Q(valid_until__gt=F("valid_from")),
                name="branches_division_period",
                violation_error_message="停用日期必须晚于启用日期。",
            ),
        ]

    def __str__(self) -> str:
        """Return name and code."""
        return f"{self.name} {self.code}"


class Workday(models.Model):
    """One day of the official calendar. A day that is not here is unknown, never guessed (docs/domain: clocks)."""

    date = models.DateField("日期", primary_key=True)
    is_workday = models.BooleanField("工作日")
    note = models.CharField("说明", max_length=60, blank=True)
    source = models.CharField("依据", max_length=120, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "工作日历"
        ordering = ["date"]

    def __str__(self) -> str:
        """Return the day and what it is."""
        return f"{self.date:%Y-%m-%d} {'上班' if self.is_workday else '休息'}"


class OrganizationManager(MP_NodeManager.from_queryset(OrganizationQuerySet)):
    """treebeard's manager with our questions; ordered by place in the tree."""

    def get_queryset(self):
        """Return all organisations in tree order."""
        return OrganizationQuerySet(self.model, using=self._db).order_by("path")


class Organization(MP_Node):
    """A unit of the tree: committee, general branch, branch, group, or a department that guides."""

    # Digits only: separators and letters sort differently under ICU collations, digits everywhere the same.
    alphabet = "0123456789"
    steplen = 4

    code = models.CharField("代码", max_length=40)
    name = models.CharField("全称", max_length=120)
    short_name = models.CharField("简称", max_length=60)
    aliases = models.JSONField("别名", default=list, blank=True, help_text="名册里见过的其他写法")
    kind = models.CharField("类型", max_length=24, choices=Kind)
    level = models.CharField("级别", max_length=10, choices=Level)
    division = models.ForeignKey(
        Division, models.PROTECT, null=True, blank=True, verbose_name="行政区划", related_name="organizations"
    )
    host_unit = models.CharField("依托单位", max_length=120, blank=True)
    host_platform = models.CharField("依托平台", max_length=120, blank=True)
    grid_area = models.CharField("网格", max_length=120, blank=True)
    serial_number = models.PositiveSmallIntegerField("序号", null=True, blank=True, help_text="如第二十一党支部填 21")
    status = models.CharField(
        "状态", max_length=12, choices=OrganizationStatus, default=OrganizationStatus.ACTIVE, editable=False
    )
    founded_date = models.DateField("成立日期", null=True, blank=True)
    founding_document = models.CharField("成立批文号", max_length=80, blank=True)
    dissolved_date = models.DateField("撤销日期", null=True, blank=True, editable=False)
    dissolution_document = models.CharField("撤销批文号", max_length=80, blank=True, editable=False)
    successor = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name="承接组织",
        related_name="predecessors",
        editable=False,
    )
    may_develop_members = models.BooleanField(
        "可以发展党员", default=False, help_text="流动党员党支部能否发展党员由上级党委决定"
    )
    is_pilot = models.BooleanField("试点", default=False)
    contact_name = models.CharField("联系人", max_length=50, blank=True)
    contact_phone = models.CharField(
        "办公电话", max_length=30, blank=True, help_text="对外公布的办公电话，不要填个人手机"
    )
    version = models.PositiveIntegerField("版本", default=1, editable=False)
    created_at = models.DateTimeField("建立时间", auto_now_add=True)
    updated_at = models.DateTimeField("更新时间", auto_now=True)

    objects = OrganizationManager()

    class Meta:
        verbose_name = verbose_name_plural = "党组织"
        constraints = [
            models.UniqueConstraint(
                fields=["code"], name="branches_organization_code", violation_error_message="这个代码已经用过了。"
            ),
            models.UniqueConstraint(
                fields=["division"],
                condition=Q(kind=Kind.INDUSTRY_COMMITTEE) & ~Q(status=OrganizationStatus.DISSOLVED),
                name="branches_organization_one_committee",
                violation_error_message="这个区划已经有一个行业党委，一个区划只能有一个。",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=Kind.values),
                name="branches_organization_kind",
                violation_error_message="类型不对。",
            ),
            models.CheckConstraint(
                condition=~Q(kind=Kind.INDUSTRY_COMMITTEE) | Q(level__in=[Level.PROVINCE, Level.CITY, Level.COUNTY]),
                name="branches_organization_committee_level",
                violation_error_message="行业党委只设在省、市、县三级。",
            ),
            models.CheckConstraint(
                condition=~Q(kind=Kind.CLOUD_BRANCH) | Q(division__isnull=True),
                name="branches_organization_cloud_division",
                violation_error_message="云上党支部不属于任何行政区划，请把行政区划留空。",
            ),
            models.CheckConstraint(
                condition=Q(status=OrganizationStatus.DISSOLVED, dissolved_date__isnull=False)
                | (~Q(status=OrganizationStatus.DISSOLVED) & Q(dissolved_date__isnull=True)),
                name="branches_organization_dissolved",
                violation_error_message="撤销的组织必须有撤销日期，没有撤销的不能有。",
            ),
        ]

    def __str__(self) -> str:
        """Return the short name."""
        return self.short_name


class Guidance(models.Model):
    """A unit guides another without leading it (组织线, 交通线): read scope for its liaison officers."""

    organization = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="被指导组织", related_name="guidance_received"
    )
    guiding_organization = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="指导单位", related_name="guidance_given"
    )
    line = models.CharField("指导线", max_length=14, choices=GuidanceLine)
    from_date = models.DateField("开始日期")
    until_date = models.DateField("结束日期", null=True, blank=True, help_text="从这一天起不再指导")
    document = models.CharField("依据文件", max_length=80, blank=True)

    objects = GuidanceQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "指导关系"
        ordering = ["organization", "line", "from_date"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "guiding_organization", "line"],
                condition=Q(until_date__isnull=True),
                name="branches_guidance_once",
                violation_error_message="这条指导关系已经登记过，还没有结束。",
            ),
            models.CheckConstraint(
                condition=~Q(organization=F("guiding_organization")),
                name="branches_guidance_other",
                violation_error_message="组织不能指导自己。",
            ),
            models.CheckConstraint(
                condition=Q(until_date__isnull=True) | Q(until_date__gt=F("from_date")),
                name="branches_guidance_period",
                violation_error_message="结束日期必须晚于开始日期。",
            ),
        ]

    def __str__(self) -> str:
        """Return who guides whom on which line."""
        return f"{self.guiding_organization} → {self.organization}（{self.get_line_display()}）"


class Appointment(models.Model):
    """Who may act where, from when to when, and how the post was filled. A role *is* an appointment."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, verbose_name="人员", related_name="appointments")
    organization = models.ForeignKey(Organization, models.PROTECT, verbose_name="组织", related_name="appointments")
    role = models.CharField("角色", max_length=24, choices=Role)
    title = models.CharField("职务", max_length=40, blank=True, help_text="如 第一书记、组织委员、副书记")
    source = models.CharField("产生方式", max_length=10, choices=AppointmentSource)
    seconded_from = models.CharField("派出单位", max_length=80, blank=True, help_text="派驻的写从哪个单位来")
    from_at = models.DateTimeField("开始时间")
    until_at = models.DateTimeField("结束时间", null=True, blank=True, help_text="从这一刻起不再任职")
    document = models.CharField("任免文件号", max_length=80, blank=True)
    appointed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, verbose_name="任命人", related_name="+"
    )
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, verbose_name="免职人", related_name="+"
    )
    end_reason = models.CharField("免职原因", max_length=200, blank=True)
    created_at = models.DateTimeField("登记时间", auto_now_add=True)

    objects = AppointmentQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "任职"
        ordering = ["organization", "role", "-from_at"]
        indexes = [models.Index(fields=["organization", "role"], name="branches_appointment_place")]
        constraints = [
            models.CheckConstraint(
                # Equal: withdrawn before it began, never in force.
                condition=Q(until_at__isnull=True) | Q(until_at__gte=F("from_at")),
                name="branches_appointment_period",
                violation_error_message="结束时间不能早于开始时间。",
            ),
            models.CheckConstraint(
                condition=Q(seconded_from="") | Q(source=AppointmentSource.SECONDED),
                name="branches_appointment_seconded",
                violation_error_message="派出单位只有派驻的才有。",
            ),
            models.UniqueConstraint(
                fields=["organization"],
                condition=Q(role=Role.SECRETARY, until_at__isnull=True),
                name="branches_appointment_one_secretary",
                violation_error_message="这个支部已经有在任书记，请先办免职。",
            ),
            models.UniqueConstraint(
                fields=["user", "organization", "role"],
                condition=Q(until_at__isnull=True),
                name="branches_appointment_once",
                violation_error_message="这个人已经在这里担任这个角色。",
            ),
        ]

    def __str__(self) -> str:
        """Return role, organisation and person."""
        return f"{self.organization} {self.get_role_display()} {self.user}"

    def is_running(self, at: datetime) -> bool:
        """Return whether the appointment is in force at an instant."""
        return self.from_at <= at and (self.until_at is None or self.until_at > at)


class Office(models.Model):
    """An organisation and a duty: what work is addressed to, whoever holds it (岗位)."""

    organization = models.ForeignKey(Organization, models.PROTECT, verbose_name="组织", related_name="offices")
    duty = models.CharField("职责", max_length=10, choices=Duty)
    holder = models.ForeignKey(
        Appointment, models.PROTECT, null=True, blank=True, verbose_name="任职人", related_name="offices_held"
    )
    deputy = models.ForeignKey(
        Appointment, models.PROTECT, null=True, blank=True, verbose_name="代理人", related_name="offices_deputised"
    )
    absent_from_at = models.DateTimeField("缺岗开始", null=True, blank=True)
    absent_until_at = models.DateTimeField("缺岗结束", null=True, blank=True)

    objects = OfficeQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "岗位"
        ordering = ["organization", "duty"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "duty"],
                name="branches_office_once",
                violation_error_message="这个组织已经有这个岗位。",
            ),
            models.CheckConstraint(
                condition=Q(absent_until_at__isnull=True)
                | (Q(absent_from_at__isnull=False) & Q(absent_until_at__gt=F("absent_from_at"))),
                name="branches_office_absence",
                violation_error_message="缺岗结束时间必须晚于开始时间。",
            ),
            models.CheckConstraint(
                condition=Q(deputy__isnull=True) | Q(holder__isnull=True) | ~Q(deputy=F("holder")),
                name="branches_office_deputy",
                violation_error_message="代理人不能是任职人自己。",
            ),
        ]

    def __str__(self) -> str:
        """Return organisation and duty."""
        return f"{self.organization} {self.get_duty_display()}"
