"""Who can sign in."""

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import PermissionsMixin
from django.core.validators import MinLengthValidator, RegexValidator
from django.db import models
from django.utils import timezone

from foundation.accounts.querysets import UserManager
from foundation.protection.fields import BlindIndexField, ProtectedField


class UsernameField(models.CharField):
    """A user name: stored and compared in lower case, so that nobody is locked out by a caps lock."""

    def to_python(self, value):
        """Return the value in lower case."""
        value = super().to_python(value)
        return value.lower() if isinstance(value, str) else value

    def get_prep_value(self, value):
        """Store and compare in lower case."""
        return self.to_python(super().get_prep_value(value))


class User(AbstractBaseUser, PermissionsMixin):
    """A sign-in. What its holder may do where is said by the appointments in branches."""

    username = UsernameField(
        "用户名",
        max_length=32,
        unique=True,
        validators=[
            MinLengthValidator(2, "用户名至少 2 个字符。"),
            RegexValidator(r"^[A-Za-z0-9._-]+\Z", "用户名只能用英文字母、数字和 . _ -，不能有空格和汉字。"),
        ],
        error_messages={"unique": "这个用户名已经有人用了，换一个，例如在后面加数字。"},
        help_text="英文字母、数字和 . _ -，不分大小写。",
    )
    name = models.CharField("姓名", max_length=50)
    phone = ProtectedField("电话", mask="phone", blank=True, default="")
    phone_index = BlindIndexField("电话索引", null=True, blank=True, editable=False, db_index=True)
    is_active = models.BooleanField("启用", default=True, help_text="停用的账号不能登录，历史记录保留。")
    is_staff = models.BooleanField("可进管理后台", default=False)
    must_change_password = models.BooleanField("下次登录须改密码", default=False)
    second_factor_required = models.BooleanField("须用动态验证码", default=False, help_text="由所任职务决定。")
    password_changed_at = models.DateTimeField("密码修改时间", null=True, blank=True, editable=False)
    activated_at = models.DateTimeField("启用时间", null=True, blank=True, editable=False)
    last_seen_at = models.DateTimeField("最近使用时间", null=True, blank=True, editable=False)
    locked_at = models.DateTimeField("锁定时间", null=True, blank=True, editable=False)
    lock_reason = models.CharField("锁定原因", max_length=200, blank=True, default="")
    large_text = models.BooleanField("大字版", default=False)
    date_joined = models.DateTimeField("开通时间", default=timezone.now, editable=False)

    objects = UserManager()

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        verbose_name = verbose_name_plural = "用户"
        ordering = ["username"]

    def __str__(self):
        return f"{self.name}（{self.username}）"

    def get_full_name(self):
        """Return the name as written."""
        return self.name

    def get_short_name(self):
        """Return the name as written; Chinese names have no short form."""
        return self.name

    def set_password(self, raw_password):
        """Hash a new password and note when; None leaves the account without one until a code is redeemed."""
        super().set_password(raw_password)
        self.password_changed_at = timezone.now() if raw_password is not None else None


class PasswordRecord(models.Model):
    """The hash of one of the last passwords, so that it is not used again (validators.ReuseValidator)."""

    user = models.ForeignKey(User, models.CASCADE, related_name="password_records", verbose_name="用户")
    password = models.CharField("密码散列", max_length=128)
    set_at = models.DateTimeField("设定时间")

    class Meta:
        verbose_name = verbose_name_plural = "用过的密码"
        ordering = ["-set_at"]

    def __str__(self):
        return f"{self.user_id} {self.set_at:%Y-%m-%d}"


class ResetCode(models.Model):
    """A one-time code by which a person sets a password: handed over by the clerk, stored as a keyed hash only."""

    user = models.ForeignKey(User, models.CASCADE, related_name="reset_codes", verbose_name="用户")
    code_hash = models.CharField("验证码散列", max_length=64)
    issued_by = models.ForeignKey(
        User, models.PROTECT, related_name="+", null=True, blank=True, verbose_name="发出人", help_text="空：系统。"
    )
    issued_at = models.DateTimeField("发出时间")
    expires_at = models.DateTimeField("失效时间")
    used_at = models.DateTimeField("使用时间", null=True, blank=True)
    attempts = models.PositiveSmallIntegerField("试过次数", default=0)

    class Meta:
        verbose_name = verbose_name_plural = "一次性验证码"
        ordering = ["-issued_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(expires_at__gte=models.F("issued_at")),
                name="accounts_resetcode_expiry_not_before_issue",
                violation_error_message="失效时间不能早于发出时间。",
            ),
        ]

    def __str__(self):
        return f"{self.user_id} {self.issued_at:%Y-%m-%d %H:%M}"
