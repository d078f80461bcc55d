"""Service stations. Only what an organisation's page and the demo need so far; the finder comes with its own part."""

from django.db import models
from django.db.models import Q

from branches.models import Division, Organization
from service_stations.choices import Brand, StationStatus


class Station(models.Model):
    """A place where drivers park, eat, wash and sleep. Position in WGS84 degrees."""

    code = models.CharField("代码", max_length=40)
    name = models.CharField("名称", max_length=80)
    brand = models.CharField("品牌", max_length=14, choices=Brand)
    organization = models.ForeignKey(Organization, models.PROTECT, verbose_name="主管组织", related_name="stations")
    branch = models.ForeignKey(
        Organization, models.PROTECT, null=True, blank=True, verbose_name="驻站支部", related_name="stations_on_site"
    )
    division = models.ForeignKey(
        Division, models.PROTECT, null=True, blank=True, verbose_name="行政区划", related_name="stations"
    )
    location = models.CharField("位置", max_length=120, help_text="道路、桩号、方向，或门牌")
    latitude = models.DecimalField("纬度", max_digits=8, decimal_places=6, null=True, blank=True)
    longitude = models.DecimalField("经度", max_digits=9, decimal_places=6, null=True, blank=True)
    opening_hours = models.CharField("开放时间", max_length=80, blank=True)
    truck_spaces = models.PositiveSmallIntegerField("货车位（个）", null=True, blank=True)
    beds = models.PositiveSmallIntegerField("床位（张）", null=True, blank=True)
    # The five free basic services of 交办运函〔2025〕1059号.
    free_parking = models.BooleanField("免费停车休息", default=False)
    free_hot_water = models.BooleanField("免费热水", default=False)
    free_meal_heating = models.BooleanField("免费热饭", default=False)
    free_shower = models.BooleanField("免费淋浴", default=False)
    free_laundry = models.BooleanField("免费洗衣", default=False)
    status = models.CharField("状态", max_length=10, choices=StationStatus, default=StationStatus.PLANNED)
    updated_at = models.DateTimeField("更新时间", auto_now=True)

    class Meta:
        verbose_name = verbose_name_plural = "服务站"
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(
                fields=["code"], name="service_stations_station_code", violation_error_message="这个代码已经用过了。"
            ),
            models.CheckConstraint(
                condition=(Q(latitude__isnull=True) & Q(longitude__isnull=True))
                | (Q(latitude__range=(-90, 90)) & Q(longitude__range=(-180, 180))),
                name="service_stations_station_position",
                violation_error_message="经纬度要一起填，纬度在 -90 到 90、经度在 -180 到 180 之间。",
            ),
        ]

    def __str__(self) -> str:
        """Return the name."""
        return self.name
