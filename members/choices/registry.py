"""Choices of the registry: people, drivers, firms, vehicles, and the claims on a registration."""

from django.db.models import TextChoices


class Sex(TextChoices):
    """Sex as written on the identity card."""

    MALE = "male", "男"
    FEMALE = "female", "女"


class Group(TextChoices):
    """What a driver drives for a living (司机类别)."""

    TRUCK = "truck", "货车司机"
    RIDE_HAILING = "ride_hailing", "网约车司机"
    TAXI = "taxi", "巡游出租"
    PASSENGER = "passenger", "客运"
    DANGEROUS_GOODS = "dangerous_goods", "危货"


class Employment(TextChoices):
    """For whom a driver drives."""

    EMPLOYED = "employed", "企业"
    SELF_EMPLOYED = "self_employed", "个体"


class WorkStatus(TextChoices):
    """Whether a driver drives at present (从业状态)."""

    ON_DUTY = "on_duty", "在岗"
    LEFT = "left", "离职"
    SUSPENDED = "suspended", "停运"


class PoliticalStatus(TextChoices):
    """What a person says of himself (政治面貌，自述): never a membership."""

    MEMBER = "member", "中共党员"
    PROBATIONARY = "probationary", "中共预备党员"
    ACTIVIST = "activist", "入党积极分子"
    LEAGUE = "league", "共青团员"
    MASSES = "masses", "群众"


class Source(TextChoices):
    """Where a registration came from."""

    ROSTER = "roster", "名册"
    FORM = "form", "页面登记"
    PARTNER = "partner", "平台接口"


class EnterpriseKind(TextChoices):
    """What a firm does."""

    FREIGHT = "freight", "道路货运"
    FREIGHT_PLATFORM = "freight_platform", "网络货运平台"
    RIDE_HAILING_PLATFORM = "ride_hailing_platform", "网约车平台"
    TAXI = "taxi", "出租"
    PASSENGER = "passenger", "客运"
    DANGEROUS_GOODS = "dangerous_goods", "危货运输"
    REPAIR = "repair", "维修"
    LOGISTICS_PARK = "logistics_park", "物流园"
    OTHER = "other", "其他"


class Ownership(TextChoices):
    """Who owns a firm."""

    PRIVATE = "private", "非公"
    STATE = "state", "国有"
    OTHER = "other", "其他"


class Coverage(TextChoices):
    """How the Party covers a firm (应建尽建)."""

    OWN = "own", "独立建"
    JOINT = "joint", "联合建"
    INSTRUCTOR = "instructor", "派指导员"
    NONE = "none", "未覆盖"


class CoverageAsked(TextChoices):
    """What the list of firms may be asked for: covered in any way, or one way."""

    COVERED = "covered", "已覆盖"
    OWN = Coverage.OWN.value, Coverage.OWN.label
    JOINT = Coverage.JOINT.value, Coverage.JOINT.label
    INSTRUCTOR = Coverage.INSTRUCTOR.value, Coverage.INSTRUCTOR.label
    NONE = Coverage.NONE.value, Coverage.NONE.label


class PlateColour(TextChoices):
    """Colour of a number plate (GA 36)."""

    BLUE = "blue", "蓝"
    YELLOW = "yellow", "黄"
    GREEN = "green", "绿"
    YELLOW_GREEN = "yellow_green", "黄绿"
    WHITE = "white", "白"
    BLACK = "black", "黑"


class VehicleKind(TextChoices):
    """What a vehicle is."""

    HEAVY_TRUCK = "heavy_truck", "重型货车"
    MEDIUM_TRUCK = "medium_truck", "中型货车"
    LIGHT_TRUCK = "light_truck", "轻型货车"
    CAR = "car", "小客车"
    BUS = "bus", "大客车"
    TRAILER = "trailer", "挂车"
    OTHER = "other", "其他"


class VehicleStatus(TextChoices):
    """Whether a vehicle is in use."""

    ACTIVE = "active", "在用"
    RETIRED = "retired", "停用"


class CredentialKind(TextChoices):
    """Licences to work. Ordinary freight up to 4.5 t needs none since 2019-01-01."""

    FREIGHT = "freight", "货运从业资格证"
    RIDE_HAILING = "ride_hailing", "网络预约出租汽车驾驶员证"
    TAXI = "taxi", "巡游出租汽车驾驶员证"
    PASSENGER = "passenger", "客运从业资格证"
    DANGEROUS_DRIVING = "dangerous_driving", "危货驾驶从业资格证"
    DANGEROUS_ESCORT = "dangerous_escort", "危货押运从业资格证"


CREDENTIAL_OF_GROUP: dict[str, CredentialKind] = {
    Group.TRUCK: CredentialKind.FREIGHT,
    Group.RIDE_HAILING: CredentialKind.RIDE_HAILING,
    Group.TAXI: CredentialKind.TAXI,
    Group.PASSENGER: CredentialKind.PASSENGER,
    Group.DANGEROUS_GOODS: CredentialKind.DANGEROUS_DRIVING,
}


class TransferStatus(TextChoices):
    """Life of a claim on a driver's registration."""

    CLAIMED = "claimed", "等待放行"
    RELEASED = "released", "已放行"
    REFUSED = "refused", "不同意，等上级裁定"
    DECIDED_MOVED = "decided_moved", "上级裁定：改登记"
    DECIDED_KEPT = "decided_kept", "上级裁定：不变"
    WITHDRAWN = "withdrawn", "已撤回"


TRANSFER_NEXT: dict[str, frozenset[str]] = {
    TransferStatus.CLAIMED: frozenset(
        {
            TransferStatus.RELEASED,
            TransferStatus.REFUSED,
            TransferStatus.WITHDRAWN,
            TransferStatus.DECIDED_MOVED,
            TransferStatus.DECIDED_KEPT,
        }
    ),
    TransferStatus.REFUSED: frozenset(
        {TransferStatus.DECIDED_MOVED, TransferStatus.DECIDED_KEPT, TransferStatus.WITHDRAWN}
    ),
    TransferStatus.RELEASED: frozenset(),
    TransferStatus.DECIDED_MOVED: frozenset(),
    TransferStatus.DECIDED_KEPT: frozenset(),
    TransferStatus.WITHDRAWN: frozenset(),
}
TRANSFER_OPEN = frozenset({TransferStatus.CLAIMED, TransferStatus.REFUSED})
TRANSFER_MOVED = frozenset({TransferStatus.RELEASED, TransferStatus.DECIDED_MOVED})
