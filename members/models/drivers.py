"""Firms, vehicles, drivers and what ties them together."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from branches.models import Division, Organization
from foundation.protection.fields import BlindIndexField, KeyField, ProtectedField
from members.choices import (
    TRANSFER_OPEN,
    Coverage,
    CredentialKind,
    Employment,
    EnterpriseKind,
    Group,
    Ownership,
    PlateColour,
    PoliticalStatus,
    Source,
    TransferStatus,
    VehicleKind,
    VehicleStatus,
    WorkStatus,
)
from members.models.people import Person
from members.querysets import (
    DriverQuerySet,
    DriverVehicleQuerySet,
    EnterpriseQuerySet,
    OfDriverQuerySet,
    RegistrationTransferQuerySet,
    VehicleQuerySet,
)


class Enterprise(models.Model):
    """A firm or platform that employs drivers."""

    name = models.CharField("名称", max_length=120)
    name_key = KeyField("检索名", max_length=120, editable=False)
    uscc = models.CharField(  # noqa: DJ001 unique where it is known: two unknown codes must not be equal
        "统一社会信用代码", max_length=18, null=True, blank=True, help_text="18 位，核对过校验码才能填；还没核对就留空"
    )
    kind = models.CharField("类型", max_length=24, choices=EnterpriseKind, default=EnterpriseKind.OTHER)
    ownership = models.CharField("所有制", max_length=8, choices=Ownership, blank=True)
    committee = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="登记委员会", related_name="enterprises_registered"
    )
    division = models.ForeignKey(
        Division, models.PROTECT, null=True, blank=True, verbose_name="所在地", related_name="enterprises"
    )
    organization = models.ForeignKey(
        Organization,
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name="企业自己的党组织",
        related_name="enterprises",
        help_text="平台服务账号在这个组织任职，就能看到本企业的司机",
    )
    coverage = models.CharField("组织覆盖", max_length=10, choices=Coverage, default=Coverage.NONE)
    coverage_organization = models.ForeignKey(
        Organization,
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name="覆盖它的党组织",
        related_name="enterprises_covered",
    )
    employee_count = models.PositiveIntegerField("从业人数", null=True, blank=True)
    last_verified_date = models.DateField("最近核实", null=True, blank=True)
    version = models.PositiveIntegerField("版本", default=1, editable=False)
    created_at = models.DateTimeField("登记时间", auto_now_add=True)
    updated_at = models.DateTimeField("更新时间", auto_now=True)

    objects = EnterpriseQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "企业"
        ordering = ["name_key", "pk"]
        indexes = [models.Index(fields=["name_key"], name="members_enterprise_key")]
        constraints = [
            models.UniqueConstraint(
                fields=["uscc"],
                name="members_enterprise_uscc",
                violation_error_message="这个统一社会信用代码已经登记过了。",
            ),
            models.UniqueConstraint(
                fields=["committee", "name_key"],
                condition=Q(uscc__isnull=True),
                name="members_enterprise_name",
                violation_error_message="这个委员会已经登记过同名企业。",
            ),
            models.CheckConstraint(
                condition=Q(coverage__in=[Coverage.NONE, Coverage.INSTRUCTOR]) | Q(coverage_organization__isnull=False),
                name="members_enterprise_coverage",
                violation_error_message="独立建、联合建要写明是哪个党组织。",
            ),
        ]

    def __str__(self) -> str:
        """Return the name."""
        return self.name


class Vehicle(models.Model):
    """A vehicle by its plate (GA 36)."""

    is_ours: bool  # annotated by VehicleQuerySet.with_is_ours: whether its particulars may be read

    plate = KeyField("车牌号", max_length=9)
    colour = models.CharField("车牌颜色", max_length=14, choices=PlateColour, blank=True)
    kind = models.CharField("车型", max_length=14, choices=VehicleKind, blank=True)
    gross_mass_kg = models.PositiveIntegerField("总质量（千克）", null=True, blank=True)
    transport_certificate = models.CharField("道路运输证号", max_length=40, blank=True)
    enterprise = models.ForeignKey(
        Enterprise, models.PROTECT, null=True, blank=True, verbose_name="所属企业", related_name="vehicles"
    )
    registering_committee = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="登记委员会", related_name="vehicles_registered"
    )
    status = models.CharField("状态", max_length=8, choices=VehicleStatus, default=VehicleStatus.ACTIVE)
    version = models.PositiveIntegerField("版本", default=1, editable=False)
    created_at = models.DateTimeField("登记时间", auto_now_add=True)
    updated_at = models.DateTimeField("更新时间", auto_now=True)

    objects = VehicleQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "车辆"
        constraints = [
            models.UniqueConstraint(
                fields=["plate", "colour"],
                condition=Q(status=VehicleStatus.ACTIVE),
                name="members_vehicle_plate",
                violation_error_message="这块车牌（同一颜色）已经登记过，还在使用。",
            ),
        ]

    def __str__(self) -> str:
        """Return the plate."""
        return self.plate


class Driver(models.Model):
    """A person who drives for a living. Certified and actually operating are two facts, each with its dates."""

    person = models.OneToOneField(Person, models.PROTECT, primary_key=True, verbose_name="人员", related_name="driver")
    registering_committee = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="登记委员会", related_name="drivers_registered", db_index=False
    )
    group = models.CharField("司机类别", max_length=16, choices=Group, blank=True)
    employment = models.CharField("从业方式", max_length=14, choices=Employment, blank=True)
    enterprise = models.ForeignKey(
        Enterprise, models.PROTECT, null=True, blank=True, verbose_name="所属企业（平台）", related_name="drivers"
    )
    work_status = models.CharField("从业状态", max_length=10, choices=WorkStatus, blank=True)
    certified_from_date = models.DateField("持证起", null=True, blank=True)
    certified_until_date = models.DateField("持证止", null=True, blank=True, help_text="从这一天起证件失效")
    operating_from_date = models.DateField("实际营运起", null=True, blank=True)
    operating_until_date = models.DateField("实际营运止", null=True, blank=True, help_text="从这一天起不再营运")
    driving_class = models.CharField("准驾车型", max_length=10, blank=True)
    platform_since_date = models.DateField("入驻平台", null=True, blank=True)
    # Declared on rosters: they give no scope and make nobody a member.
    declared_political_status = models.CharField("政治面貌（自述）", max_length=12, choices=PoliticalStatus, blank=True)
    declared_branch = models.ForeignKey(
        Organization,
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name="所在支部（自述）",
        related_name="drivers_declared",
        db_index=False,
    )
    declared_joined = models.CharField("入党时间（自述）", max_length=10, blank=True, help_text="如 2012-01")
    union_member = models.BooleanField("工会会员", null=True, blank=True)
    remarks = models.CharField("备注", max_length=500, blank=True)
    source = models.CharField("登记来源", max_length=8, choices=Source, default=Source.FORM)
    last_verified_date = models.DateField("最近核实", null=True, blank=True)
    version = models.PositiveIntegerField("版本", default=1, editable=False)
    created_at = models.DateTimeField("登记时间", auto_now_add=True)
    updated_at = models.DateTimeField("更新时间", auto_now=True)

    objects = DriverQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "司机"
        indexes = [
            models.Index(fields=["registering_committee", "person"], name="members_driver_committee"),
            models.Index(
                fields=["declared_branch"],
                condition=Q(declared_branch__isnull=False),
                name="members_driver_declared",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(certified_until_date__isnull=True)
                | Q(certified_from_date__isnull=True)
                | Q(certified_until_date__gt=F("certified_from_date")),
                name="members_driver_certified",
                violation_error_message="持证止必须晚于持证起。",
            ),
            # A driver who stops on the day he was first seen has an empty period: hence not strictly greater.
            models.CheckConstraint(
                condition=Q(operating_until_date__isnull=True)
                | Q(operating_from_date__isnull=True)
                | Q(operating_until_date__gte=F("operating_from_date")),
                name="members_driver_operating",
                violation_error_message="实际营运止不能早于实际营运起。",
            ),
        ]

    def __str__(self) -> str:
        """Return the name."""
        return str(self.person)


class DriverVehicle(models.Model):
    """Who drives which vehicle, from when to when."""

    driver = models.ForeignKey(
        Driver, models.PROTECT, verbose_name="司机", related_name="vehicle_links", db_index=False
    )
    vehicle = models.ForeignKey(Vehicle, models.PROTECT, verbose_name="车辆", related_name="driver_links")
    from_date = models.DateField("开始日期", null=True, blank=True)
    until_date = models.DateField("结束日期", null=True, blank=True, help_text="从这一天起不再驾驶这辆车")

    objects = DriverVehicleQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "司机的车"
        indexes = [
            # All of a driver's, running and ended: deleting him (a roster taken back) asks for any.
            models.Index(fields=["driver"], name="members_drivervehicle_driver"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["driver", "vehicle"],
                condition=Q(until_date__isnull=True),
                name="members_drivervehicle_once",
                violation_error_message="这位司机名下已经有这辆车。",
            ),
            models.CheckConstraint(
                condition=Q(until_date__isnull=True) | Q(from_date__isnull=True) | Q(until_date__gte=F("from_date")),
                name="members_drivervehicle_period",
                violation_error_message="结束日期不能早于开始日期。",
            ),
        ]

    def __str__(self) -> str:
        """Return driver and plate."""
        return f"{self.driver} {self.vehicle}"


class Credential(models.Model):
    """A licence to work. Optional where all vehicles weigh 4.5 t or less."""

    driver = models.ForeignKey(Driver, models.PROTECT, verbose_name="司机", related_name="credentials", db_index=False)
    kind = models.CharField("证件", max_length=20, choices=CredentialKind)
    # Often the identity number itself: protected like it.
    number = ProtectedField("证号", mask="certificate")
    number_index = BlindIndexField("证号索引", editable=False)
    issuer = models.ForeignKey(
        Division, models.PROTECT, null=True, blank=True, verbose_name="发证地", related_name="+", db_index=False
    )
    issued_date = models.DateField("发证日期", null=True, blank=True)
    expires_date = models.DateField("有效期至", null=True, blank=True, help_text="最后有效的一天")
    created_at = models.DateTimeField("登记时间", auto_now_add=True)
    updated_at = models.DateTimeField("更新时间", auto_now=True)

    objects = OfDriverQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "从业资格"
        indexes = [
            models.Index(
                fields=["expires_date"], condition=Q(expires_date__isnull=False), name="members_credential_expiry"
            )
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["driver", "kind"],
                name="members_credential_once",
                violation_error_message="这位司机已经有这种证件，请直接改证号和有效期。",
            ),
            models.CheckConstraint(
                condition=Q(expires_date__isnull=True)
                | Q(issued_date__isnull=True)
                | Q(expires_date__gte=F("issued_date")),
                name="members_credential_period",
                violation_error_message="有效期不能早于发证日期。",
            ),
        ]

    def __str__(self) -> str:
        """Return what licence it is, never its number."""
        return f"{self.driver} {self.get_kind_display()}"


class RegistrationTransfer(models.Model):
    """A committee claims a driver whom another has registered; after 5 working days it is decided one level up."""

    driver = models.ForeignKey(Driver, models.PROTECT, verbose_name="司机", related_name="registration_transfers")
    from_committee = models.ForeignKey(Organization, models.PROTECT, verbose_name="原登记委员会", related_name="+")
    to_committee = models.ForeignKey(Organization, models.PROTECT, verbose_name="认领委员会", related_name="+")
    status = models.CharField("状态", max_length=14, choices=TransferStatus, default=TransferStatus.CLAIMED)
    reason = models.CharField("认领理由", max_length=200)
    claimed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, verbose_name="认领人", related_name="+")
    claimed_at = models.DateTimeField("认领时间")
    due_at = models.DateTimeField("放行期限", null=True, blank=True, help_text="日历未载入时为空")
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, verbose_name="答复人", related_name="+"
    )
    answered_at = models.DateTimeField("答复时间", null=True, blank=True)
    answer_reason = models.CharField("答复说明", max_length=200, blank=True)

    objects = RegistrationTransferQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "登记转移"
        ordering = ["-claimed_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["driver"],
                condition=Q(status__in=sorted(TRANSFER_OPEN)),
                name="members_registrationtransfer_open",
                violation_error_message="这位司机已经有一个没办完的登记转移。",
            ),
            models.CheckConstraint(
                condition=~Q(from_committee=F("to_committee")),
                name="members_registrationtransfer_other",
                violation_error_message="这位司机已经登记在这个委员会。",
            ),
            models.CheckConstraint(
                condition=Q(status=TransferStatus.CLAIMED) | Q(answered_at__isnull=False, answered_by__isnull=False),
                name="members_registrationtransfer_answered",
                violation_error_message="答复必须有答复人和时间。",
            ),
        ]

    def __str__(self) -> str:
        """Return who claims whom."""
        return f"{self.driver}：{self.from_committee} → {self.to_committee}"
