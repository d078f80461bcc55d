"""Channels, groups of events, the life of a delivery, and what is on by default."""

from django.db import models


class ChannelKind(models.TextChoices):
    """The ways a notification reaches somebody."""

    IN_APP = "in_app", "站内"
    EMAIL = "email", "邮件"
    SMS = "sms", "短信"
    WECOM = "wecom", "企业微信"


EXTERNAL = (ChannelKind.EMAIL, ChannelKind.SMS, ChannelKind.WECOM)


class EventGroup(models.TextChoices):
    """What notifications are about, as people choose them."""

    GRIEVANCE = "grievance", "诉求"
    ORGANISATION = "organisation", "组织与任职"
    MEMBERSHIP = "membership", "党员与组织关系"
    STATION = "station", "服务站"
    REGISTRY = "registry", "登记、导入和导出"
    ACCOUNT = "account", "账号与安全"
    OTHER = "other", "其他"


# The first word of an event ("grievance.accepted") → its group; words nobody named here are OTHER.
GROUP_OF = {
    "grievance": EventGroup.GRIEVANCE,
    "supervision": EventGroup.GRIEVANCE,
    "organization": EventGroup.ORGANISATION,
    "appointment": EventGroup.ORGANISATION,
    "office": EventGroup.ORGANISATION,
    "activity": EventGroup.ORGANISATION,
    "visit": EventGroup.ORGANISATION,
    "action_item": EventGroup.ORGANISATION,
    "term": EventGroup.ORGANISATION,
    "party_member": EventGroup.MEMBERSHIP,
    "transfer": EventGroup.MEMBERSHIP,
    "verification": EventGroup.MEMBERSHIP,
    "development": EventGroup.MEMBERSHIP,
    "declaration": EventGroup.MEMBERSHIP,
    "dues": EventGroup.MEMBERSHIP,
    "station": EventGroup.STATION,
    "booking": EventGroup.STATION,
    "driver": EventGroup.REGISTRY,
    "registration_transfer": EventGroup.REGISTRY,
    "roster_import": EventGroup.REGISTRY,
    "export_job": EventGroup.REGISTRY,
    "account": EventGroup.ACCOUNT,
}
# Which channels are on until somebody chooses otherwise; IN_APP always is. Short messages cost money and attention.
DEFAULTS: dict[EventGroup, frozenset[ChannelKind]] = {
    group: frozenset({ChannelKind.EMAIL, ChannelKind.WECOM}) for group in EventGroup
} | {
    EventGroup.GRIEVANCE: frozenset(EXTERNAL),
    EventGroup.ACCOUNT: frozenset(EXTERNAL),
}


class DeliveryStatus(models.TextChoices):
    """The life of a delivery."""

    WAITING = "waiting", "待发"
    SENT = "sent", "已发"
    BUNDLED = "bundled", "并入汇总"
    REFUSED = "refused", "被拒绝"
    QUARANTINED = "quarantined", "已搁置"


NOT_CONFIGURED = "not_configured"  # the error code of what met a channel that is off: nobody has failed
GIVEN_UP = (DeliveryStatus.REFUSED, DeliveryStatus.QUARANTINED)
DELIVERY_NEXT: dict[DeliveryStatus, frozenset[DeliveryStatus]] = {
    DeliveryStatus.WAITING: frozenset({DeliveryStatus.SENT, DeliveryStatus.BUNDLED, *GIVEN_UP}),
    DeliveryStatus.SENT: frozenset(),
    DeliveryStatus.BUNDLED: frozenset(),
    DeliveryStatus.REFUSED: frozenset({DeliveryStatus.WAITING}),
    DeliveryStatus.QUARANTINED: frozenset({DeliveryStatus.WAITING}),
}

DIGEST = "notification.digest"  # the event of a daily digest: sent outside only, the inbox has its parts already
