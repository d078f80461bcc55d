"""Brands and states of stations. Imports nothing of ours."""

from django.db.models import TextChoices


class Brand(TextChoices):
    """Under which name a station is known."""

    WARM_HOME = "warm_home", "暖心之家"
    DRIVERS_HOME = "drivers_home", "司机之家"
    TRUCKER_POST = "trucker_post", "卡友驿站"
    WARM_POST = "warm_post", "暖心驿站"
    PARTY_SERVICE = "party_service", "党群服务中心（站）"


class StationStatus(TextChoices):
    """Life of a station."""

    PLANNED = "planned", "规划"
    BUILDING = "building", "建设"
    TRIAL = "trial", "试运行"
    RUNNING = "running", "运行"
    RECTIFYING = "rectifying", "整改"
    CLOSED = "closed", "停用"
