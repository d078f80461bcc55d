"""The outbox: what somebody is told, and each way it goes to him."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from foundation.notifications.choices import GIVEN_UP, NOT_CONFIGURED, ChannelKind, DeliveryStatus, EventGroup
from foundation.notifications.querysets import DeliveryQuerySet, NotificationQuerySet
from foundation.protection.fields import KeyField, ProtectedField


class Notification(models.Model):
    """One message to one recipient, written in the transaction of what it tells; the inbox reads this row itself.

    The recipient is an account or, for somebody without one, a phone number or an e-mail address. `recipient` names
    either by an opaque key ("user:12", "phone:…" with a blind index) that may be seen outside.
    """

    event = KeyField("事件", max_length=60)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="收件账号",
        db_index=False,
    )
    phone = ProtectedField("收件电话", mask="phone", blank=True, default="")
    email = ProtectedField("收件邮箱", mask="email", blank=True, default="")
    recipient = KeyField("收件人代号", max_length=48)
    subject = KeyField("事项", max_length=100)
    title = models.CharField("标题", max_length=100)
    body = models.TextField("正文", max_length=2000, blank=True, default="")
    url = models.CharField("链接", max_length=200, blank=True, default="")
    urgent = models.BooleanField("紧急", default=False)
    dedupe_key = KeyField("去重键", max_length=250, unique=True)
    created_at = models.DateTimeField("产生时间", default=timezone.now)
    due_at = models.DateTimeField("从何时起显示")
    read_at = models.DateTimeField("已读时间", null=True, blank=True)

    objects = NotificationQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "通知"
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                condition=models.Q(user__isnull=False, phone="", email="")
                | (models.Q(user__isnull=True) & ~models.Q(phone="", email="")),
                name="notifications_notification_one_recipient",
                violation_error_message="收件人是一个账号，或者是电话、邮箱，不能都有或都没有。",
            ),
        ]
        indexes = [
            models.Index(fields=["user", "-due_at", "-id"], name="notifications_inbox"),
            models.Index(
                fields=["user", "due_at"], name="notifications_unread", condition=models.Q(read_at__isnull=True)
            ),
            models.Index(fields=["created_at"], name="notifications_age"),
        ]

    def __str__(self):
        return self.title


class Delivery(models.Model):
    """A notification on one channel. Recipient, subject and urgency are copied: the order is asked of this table."""

    # CASCADE: a delivery is part of its notification and goes with it.
    notification = models.ForeignKey(
        Notification, models.CASCADE, related_name="deliveries", verbose_name="通知", db_index=False
    )
    channel = models.CharField("通道", max_length=8, choices=ChannelKind.choices)
    status = models.CharField("状态", max_length=12, choices=DeliveryStatus.choices, default=DeliveryStatus.WAITING)
    recipient = KeyField("收件人代号", max_length=48)
    subject = KeyField("事项", max_length=100)
    urgent = models.BooleanField("紧急", default=False)
    digest = models.BooleanField("等每日汇总", default=False)
    not_before = models.DateTimeField("不早于", null=True, blank=True)
    due_at = models.DateTimeField("下次发送时间")
    attempts = models.PositiveSmallIntegerField("试过次数", default=0)
    starts = models.PositiveSmallIntegerField("启动次数", default=0)
    lease_owner = models.CharField(max_length=60, blank=True, default="")
    lease_until = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField("发出时间", null=True, blank=True)
    error_code = models.CharField("错误代码", max_length=40, blank=True, default="")
    error = models.CharField("错误", max_length=200, blank=True, default="")
    failed_at = models.DateTimeField("最近失败时间", null=True, blank=True)
    bundled_into = models.ForeignKey(
        Notification,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="bundled",
        verbose_name="并入的汇总",
        db_index=False,
    )

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "投递"
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["notification", "channel"],
                name="notifications_delivery_once_per_channel",
                violation_error_message="一条通知在一个通道上只投递一次。",
            ),
            models.CheckConstraint(
                condition=(
                    models.Q(status=DeliveryStatus.WAITING, sent_at__isnull=True, bundled_into__isnull=True)
                    | models.Q(status=DeliveryStatus.SENT, sent_at__isnull=False, bundled_into__isnull=True)
                    | models.Q(status=DeliveryStatus.BUNDLED, sent_at__isnull=True, bundled_into__isnull=False)
                    | (
                        models.Q(status__in=GIVEN_UP, failed_at__isnull=False, sent_at__isnull=True)
                        & ~models.Q(error_code="")
                    )
                ),
                name="notifications_delivery_evidence",
                violation_error_message="投递的状态和它的依据（发出时间、汇总、错误）不符。",
            ),
            models.CheckConstraint(
                condition=models.Q(lease_owner="", lease_until__isnull=True)
                | (~models.Q(lease_owner="") & models.Q(lease_until__isnull=False)),
                name="notifications_delivery_lease_whole",
                violation_error_message="占用人和占用到期时间要么都有，要么都没有。",
            ),
        ]
        indexes = [
            # Two, and the channel is in neither: an index that began with it would look as good as the one below for
            # the question of order, and before the first ANALYZE PostgreSQL would walk the whole backlog for each row.
            models.Index(
                fields=["due_at", "id"],
                name="notifications_due_in_app",
                condition=models.Q(status=DeliveryStatus.WAITING, channel=ChannelKind.IN_APP),
            ),
            models.Index(
                fields=["due_at", "id"],
                name="notifications_due_outside",
                condition=models.Q(status=DeliveryStatus.WAITING) & ~models.Q(channel=ChannelKind.IN_APP),
            ),
            models.Index(
                fields=["recipient", "subject", "channel", "id"],
                name="notifications_in_order",
                condition=models.Q(status=DeliveryStatus.WAITING) & ~models.Q(channel=ChannelKind.IN_APP),
            ),
            models.Index(
                fields=["bundled_into"],
                name="notifications_bundled",
                condition=models.Q(bundled_into__isnull=False),
            ),
            models.Index(fields=["-id"], name="notifications_given_up", condition=models.Q(status__in=GIVEN_UP)),
        ]

    def __str__(self):
        return f"{self.notification_id} {self.get_channel_display()}"

    @property
    def met_no_channel(self) -> bool:
        """Whether it was not sent because its channel was off: nobody refused it and nothing failed."""
        return self.status == DeliveryStatus.REFUSED and self.error_code == NOT_CONFIGURED


class RecipientSettings(models.Model):
    """Where and how one account wants to be told outside the portal."""

    # CASCADE: somebody's own settings go with the account.
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", primary_key=True, verbose_name="账号"
    )
    email = ProtectedField("邮箱", mask="email", blank=True, default="")
    wecom_id = ProtectedField("企业微信账号", mask="all", blank=True, default="")
    digest = models.BooleanField("不急的每天汇总一次", default=False)

    class Meta:
        verbose_name = verbose_name_plural = "收件设置"
        default_permissions = ()

    def __str__(self):
        return f"{self.user_id}"


class Preference(models.Model):
    """A choice that differs from choices.DEFAULTS: one channel for one group of events."""

    # CASCADE: somebody's own settings go with the account.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name="账号", db_index=False
    )
    group = models.CharField("事件类别", max_length=12, choices=EventGroup.choices)
    channel = models.CharField("通道", max_length=8, choices=ChannelKind.choices)
    is_on = models.BooleanField("开启")

    class Meta:
        verbose_name = verbose_name_plural = "通知偏好"
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["user", "group", "channel"],
                name="notifications_preference_once",
                violation_error_message="同一类通知在一个通道上只有一个选择。",
            ),
            models.CheckConstraint(
                condition=~models.Q(channel=ChannelKind.IN_APP),
                name="notifications_preference_in_app_stays_on",
                violation_error_message="站内通知不能关闭。",
            ),
        ]

    def __str__(self):
        return f"{self.user_id} {self.get_group_display()} {self.get_channel_display()}"
